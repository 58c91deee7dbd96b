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
    from tadh_cli.config.keys import ENVIRONMENT

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
The source is the documentation of the interactive driving interface, Audio Driving.

What `tadh session drive` and `run` make of it:

  in time      a packet that is late by itself leaves at once; the ones behind it follow 118.5 ms apart until they are
               in time again. After a stall of more than 120 ms the schedule is moved by as much (SlipMs) and nothing
               is sent in a burst. Where the system allows it (root, RLIMIT_RTPRIO) sending has real-time priority
  read ahead   10 s of a file, decoded while it plays; a pipe is sent as it comes. Sound that is not there at its
               moment counts as an underrun; where it pauses for 1.8 s the utterance is ended, and what comes later is
               another one, with a ReqId of its own
  --burst N    the first N packets at once (0: none), then one every 120 ms
  --live       each packet as soon as its 160 ms are there, no closer than 120 ms to the one before
  the report   Packets, SoundMs, Ratio (time taken by sound sent, 0.75 is the pace of files), JitterP50Ms, P99 and
               Max (behind schedule), IntervalMinMs and MaxMs, Underruns, Slips and SlipMs, LostPackets and LostSoundMs

A broken connection is opened again for two minutes. An utterance that the service still knows goes on under its ReqId
with the next packet; one that it has ended meanwhile goes on as another one; one that never arrived is said again from
its beginning. Packets that left just before the break, or since anything was heard on a connection that fell mute, may
be lost and are told with their number. Text is told by its words; a clause that did not arrive is sent again."""


# The list that is shown; a test makes it.
MANIFEST = """\
defaults:                      # hold for every video that does not say otherwise
  avatar: 4414462893dc74f31473010ff3f6c977
  format: mp4
videos:
  - name: welcome              # out/welcome.mp4 and out/welcome.srt
    text: Welcome to our shop.
  - name: news
    text: "@news.txt"          # files are relative to the list
    speed: 1.1
  - name: greeting
    audio: voice.wav           # uploaded, once however many use it"""


def _manifest() -> str:
    from tadh_cli.engine.batch.items import kinds

    keys = ", ".join(kinds())
    return f"""\
`tadh video batch MANIFEST` makes the videos of a list. In YAML:

{_indented(MANIFEST)}

CSV has a column for each option (name,text,speed) and a row for each video; an empty cell is an option that is not
given, and an option that may be given several times has a line of its cell, or a column, for each. JSONL has an object
on each line: {{"name": "welcome", "text": "Welcome to our shop."}}. On stdin (-) a first line that is an object is
JSONL, all else YAML.

Options are those of `tadh video create`, and `set` for fields of the request:

{_folded(keys)}

Values of YAML are taken as they are written: no, 1:30 and 012 stay text. null takes a default away. One of text, ssml
and audio drives a video; the one that a video gives replaces that of the defaults. Names are those of files, without
an extension, and differ also when case is ignored. For editors: tadh video batch --schema > manifest.schema.json, and
in the list's first line: # yaml-language-server: $schema=manifest.schema.json

Run again, a batch goes on where it ended, also after a crash:

  make     never made, or its values or files have changed; also what was refused for want of a slot or of hours
  adopt    under way at the service, also from another run
  fetch    made, but its files are not in --out; the service keeps them for 7 days
  skip     finished; or failed, or no longer kept, and then told as failed: --retry-failed makes it again (retry)
  unknown  nobody knows whether the service accepted it: look at its console; --retry-unknown makes it again (retry)

Two videos are the same when name, account (endpoint and appkey) and everything that determines the result are the
same, files by their content. The place of the list and of --out, the callback, the kind of slots and the signature of
a storage's URL do not count. What was made is known from the ledger (TADH_STATE_DIR): keep it, in CI as a cache.
Without it, files in --out count as somebody else's, and nothing is overwritten without --force.

Nothing is made twice by two runs at once: the second adopts what the first makes. Requests go one at a time, as many
videos at once as --concurrency says. When the service has no slot (100008), because others use them too, a batch waits
until one of its own ends, and tries now and then whether there is more room. After three unknown outcomes in a row it
sends no more. Ctrl-C begins nothing new; what is under way goes on at the service and is adopted by the next run.

Exit code 0: all are done. 12: the outcome of one is unknown, also when others failed. 7: some failed, the others are
done. 8: one took longer than --timeout and goes on. 3, 4, 6, 9: keys, permission, hours or network ended it early.

--dry-run sends nothing; what the account has left is asked only with --quota, and told by every run that makes
something. With a storage_url the result goes there and is not downloaded."""


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _folded(text: str) -> str:
    from textwrap import fill

    return fill(text, width=116, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


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
