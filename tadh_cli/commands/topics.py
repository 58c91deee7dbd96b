"""`tadh help`: topics explained offline."""

from __future__ import annotations

from typing import Annotated

import typer

from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import InputError
from tadh_cli.ui.records import Text

commands = Commands("help", "Topics explained offline.")


def _exit_codes() -> str:
    from tadh_cli.errors import exit_codes

    lines = [f"{code:>4}  {meaning}" for code, meaning in exit_codes().items()]
    return "\n".join(
        [
            "Every command ends with one of these:",
            "",
            *lines,
            "",
            "With -o json, ndjson or yaml the last line of stderr is the failure as JSON:",
            '{"error": {"ExitCode": …, "Code": …, "Message": …, "Hint": …, "RequestId": …, "TaskId": …, "Resume": …}}',
            "",
            "After 8, 9 and 10 a task goes on at the service: the error names the command that waits on.",
            "After 12 look at the service's console before you create the same thing again.",
        ]
    )


def _environment() -> str:
    from tadh_cli.config import ENVIRONMENT

    width = max(map(len, ENVIRONMENT))
    lines = [f"  {name:<{width}}  {meaning}" for name, meaning in ENVIRONMENT.items()]
    return "\n".join(
        [
            "The command line comes first, then the environment, the profile, the built-in default:",
            "",
            *lines,
            "",
            "With TADH_ENDPOINT, TADH_APP_KEY and TADH_ACCESS_TOKEN no configuration file is needed.",
            "The built-in profile `sandbox` ignores them: it always means the local sandbox.",
        ]
    )


def _ssml() -> str:
    from tadh_cli.config import PROVIDERS
    from tadh_cli.media.ssml_tags import TAGS
    from tadh_cli.providers import provider

    most = provider(PROVIDERS[0]).most_characters()
    lines: list[str] = []
    for tag in TAGS.values():
        lines += [f"  {tag.example}", f"      {tag.help}"]
        for attribute in tag.attributes:
            values = ", ".join(attribute.values) if attribute.values else attribute.help
            lines.append(f"      {attribute.name}{' (required)' if attribute.required else ''}: {values}")
        lines.append("")
    return "\n".join(
        [
            f"Tags for --ssml; the text is sent on one line and has {most} characters at most, tags included:",
            "",
            *lines,
            "In SSML &, < and > are written &amp;, &lt; and &gt;; `tadh ssml escape` does that.",
            "Plain --text needs none of this. `tadh ssml check FILE` finds mistakes before anything is sent.",
        ]
    )


TOPICS = {"exit-codes": _exit_codes, "environment": _environment, "ssml": _ssml}


@commands.command("help", examples=("tadh help exit-codes", "tadh help environment"))
def help_(tadh: Tadh, topic: Annotated[str | None, typer.Argument(metavar="TOPIC")] = None) -> Text:
    """Explain a topic: exit-codes, environment, ssml."""
    if topic is None:
        return Text("Topics: " + ", ".join(TOPICS) + "\nOf a command: tadh COMMAND --help")
    if topic not in TOPICS:
        raise InputError(f"there is no topic {topic!r}", hint=f"topics: {', '.join(TOPICS)}")
    return Text(TOPICS[topic]())
