"""`tadh ssml`: text with markup."""

from __future__ import annotations

from typing import Annotated

import typer

from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import InputError, carrying
from tadh_cli.ui.records import Column, Records, Text, View

commands = Commands("ssml", "Text with markup: check, escape, strip.")

_FINDINGS = View(
    id="Message", columns=(Column("Line"), Column("Column"), Column("Level"), Column("Message"), Column("Hint"))
)

File = Annotated[str, typer.Argument(metavar="FILE|-", help="file with SSML, - for stdin")]


@commands.command("check", examples=("tadh ssml check talk.ssml", "tadh ssml check - < talk.ssml"))
def check(tadh: Tadh, file: File) -> Records:
    """Check SSML as `tadh video create --ssml` does.

    Lists errors and warnings; ends with exit code 2 when there is an error.
    """
    from tadh_cli.config import PROVIDERS
    from tadh_cli.engine.inputs import text_file
    from tadh_cli.media import ssml
    from tadh_cli.providers import provider

    # No profile is asked: a text is checked without an account, too.
    findings = ssml.check(text_file("FILE", file), most_chars=provider(PROVIDERS[0]).most_characters())
    rows = [
        {"Line": found.line, "Column": found.column, "Level": found.level, "Message": found.message, "Hint": found.hint}
        for found in findings
    ]
    errors = [found for found in findings if found.level == "error"]
    if errors:
        failure = InputError([f"{file}:{found.line}:{found.column}: {found.message}" for found in errors], sends=False)
        raise carrying(failure, rows, is_list=True, view=_FINDINGS)
    return Records(rows, _FINDINGS)


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
