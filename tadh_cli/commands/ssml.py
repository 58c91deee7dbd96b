"""`tadh ssml`: text with markup."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tadh_cli.api.options import READERS
from tadh_cli.commands import offers
from tadh_cli.commands._command import Commands, reading
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.names import Lookup, key_of
from tadh_cli.errors import InputError, carrying
from tadh_cli.ui.records import Column, Records, Text, View

commands = Commands("ssml", "Text with markup: check, escape, strip.")

_FINDINGS = View(
    id="Message", columns=(Column("Line"), Column("Column"), Column("Level"), Column("Message"), Column("Hint"))
)

File = Annotated[str, typer.Argument(metavar="FILE|-", help="file with SSML, - for stdin")]


@commands.command(
    "check",
    examples=(
        "tadh ssml check talk.ssml",
        'tadh ssml check talk.ssml --avatar "$AVATAR" --speed 1.2',
        "tadh ssml check - < talk.ssml",
    ),
)
def check(
    tadh: Tadh,
    file: File,
    lookup: Lookup,
    avatar: Annotated[
        str | None,
        typer.Option(
            "--avatar",
            metavar="KEY|NAME",
            help="ask the service which actions this avatar has",
            autocompletion=offers.avatars,
        ),
    ] = None,
    speed: Annotated[
        Any,
        typer.Option(
            "--speed", metavar="F", help="speed of the estimate (1.0)", parser=reading("--speed", READERS[float])
        ),
    ] = None,
) -> Records:
    """Check SSML as `tadh video create --ssml` does.

    Lists errors and warnings; ends with exit code 2 when there is an error. Without --avatar no account is needed.
    How long it takes to speak the text is estimated on stderr.
    """
    from tadh_cli.config import PROVIDERS
    from tadh_cli.duration import words
    from tadh_cli.engine.inputs import text_file
    from tadh_cli.media import narration, ssml
    from tadh_cli.providers import provider

    if speed is not None and not 0 < speed < float("inf"):
        tadh.problems.append(f"--speed {speed:g} is not above 0")
    tadh.refuse()
    text = text_file("FILE", file)
    # No profile is asked without --avatar: a text is checked without an account, too.
    most = provider(PROVIDERS[0]).most_characters()
    findings = ssml.check(text, most_chars=most, actions=_actions(tadh, avatar, lookup))
    rows = [
        {"Line": found.line, "Column": found.column, "Level": found.level, "Message": found.message, "Hint": found.hint}
        for found in findings
    ]
    errors = [found for found in findings if found.level == "error"]
    if errors:
        failure = InputError([f"{file}:{found.line}:{found.column}: {found.message}" for found in errors], sends=False)
        raise carrying(failure, rows, is_list=True, view=_FINDINGS)
    if narration.fold(text) != text.strip():
        tadh.messages.say("line breaks and tabs are folded when it is sent, which has to be one line")
    tadh.messages.say(f"about {words(narration.spoken_seconds(text, speed=speed or 1.0))} when it is spoken")
    return Records(rows, _FINDINGS)


def _actions(tadh: Tadh, avatar: str | None, lookup: Lookup) -> list[str] | None:
    """The codes of an avatar's actions, None when no avatar is named."""
    if avatar is None:
        return None
    key = key_of(tadh, "avatar", avatar, lookup, "--avatar")
    return [action["ActionCode"] for action in tadh.call("avatar.actions", VirtualmanKey=key)["Actions"]]


@commands.command("escape", examples=('tadh ssml escape "Fish & chips"', "tadh ssml escape - < hello.txt"))
def escape(tadh: Tadh, text: Annotated[str, typer.Argument(metavar="TEXT|-", help="plain text, - for stdin")]) -> Text:
    """Print plain text as it is sent: on one line, with &, < and > escaped."""
    from tadh_cli.engine.inputs import text_argument
    from tadh_cli.media import narration

    return Text(narration.escape(text_argument("TEXT", text)))


@commands.command("strip", examples=("tadh ssml strip talk.ssml", "tadh ssml strip - < talk.ssml"))
def strip(tadh: Tadh, file: File) -> Text:
    """Print the text of SSML without its tags."""
    from tadh_cli.engine.inputs import text_file
    from tadh_cli.media import narration, ssml

    text = text_file("FILE", file)
    errors = [found for found in ssml.check(text) if found.level == "error"]
    if errors:
        raise InputError([f"{file}:{found.line}:{found.column}: {found.message}" for found in errors])
    return Text(narration.strip(text))
