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


def _pacing() -> str:
    return """\
What the service wants of sound that drives a live avatar over its WebSocket:

  format       PCM, 16 bits little-endian, 16 kHz, mono
  packets      5120 bytes (160 ms of sound), numbered from 1; the last one may be shorter
  schedule     one packet every 120 ms from the start on, not from the packet before: a late one delays no other
  burst        up to 6 packets may go at once at the beginning
  too fast     under 120 ms the service holds packets back
  too slow     over 160 ms the picture stutters
  the end      an empty packet marked final; without it the service ends the utterance by itself after 2 seconds
  one ReqId    for all packets of an utterance, the final one included

Sound from a microphone comes in real time: send each 160 ms as they are complete, without the burst.
The source is the documentation of the interactive driving interface, Audio Driving."""


# A list of videos, made one after another; run again it goes on where it ended.
BATCH_SCRIPT = """\
jq -c . list.jsonl | while read -r row; do
  name=$(jq -r .name <<<"$row")
  [ -e "out/$name.mp4" ] && continue
  jq -r .text <<<"$row" | tadh video create --avatar "$AVATAR" --text - --format mp4 \\
    --wait --download "out/$name.mp4" || break
done"""


def _manifest() -> str:
    script = BATCH_SCRIPT.replace("\n", "\n  ")
    return f"""\
A list of videos is best kept as lines of JSON, one video a line:

  {{"name": "welcome", "text": "Welcome to our shop."}}
  {{"name": "goodbye", "text": "Come back soon."}}

This makes what is not there yet, one after another, and stops at the first failure:

  {script}

A file appears when it is complete, so that what is there need not be made again. After exit code 8, 9 or 10 the
video goes on at the service: `tadh video list` shows its id, `tadh video wait ID --download out/NAME.mp4` brings it
home. After exit code 12 look at `tadh task list --state unknown` before anything is made twice."""


TOPICS = {
    "exit-codes": _exit_codes,
    "environment": _environment,
    "pacing": _pacing,
    "manifest": _manifest,
    "ssml": _ssml,
}


@commands.command("help", examples=("tadh help exit-codes", "tadh help environment"))
def help_(tadh: Tadh, topic: Annotated[str | None, typer.Argument(metavar="TOPIC")] = None) -> Text:
    """Explain a topic: exit-codes, environment, pacing, manifest, ssml."""
    if topic is None:
        return Text("Topics: " + ", ".join(TOPICS) + "\nOf a command: tadh COMMAND --help")
    if topic not in TOPICS:
        raise InputError(f"there is no topic {topic!r}", hint=f"topics: {', '.join(TOPICS)}")
    return Text(TOPICS[topic]())
