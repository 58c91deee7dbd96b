"""What a drive is to say: read as far as it has to be to know that it can be said, before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import IO, Any

from tadh_cli.api.driving import Audio, SpokenText, StreamedText, Utterance
from tadh_cli.api.production import Names
from tadh_cli.api.script import DriveOptions, input_of, problems_of
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.speaking import given_text, marked_up
from tadh_cli.errors import InputError

# In place of a file: stdin or stdout.
STDIO = "-"


@dataclass(frozen=True)
class Script:
    """What is to be said, read as far as it has to be to know that it can be; nothing in a conversation."""

    utterance: Utterance | None
    source: Iterable[bytes] = ()
    inserts: tuple[str, ...] = ()
    # What the sound itself turns out to be wrong with, while it is read.
    remarks: list[str] = field(default_factory=list)
    close: Callable[[], None] = lambda: None
    # Seconds of sound, where they are known.
    seconds: float | None = None
    # Where frames are written as they come.
    events: IO[str] | None = None
    # The options, as the service spells their values.
    chosen: DriveOptions = field(default_factory=DriveOptions)

    def describe(self) -> dict[str, Any]:
        """What would be said, for a rehearsal."""
        said = self.utterance
        told: dict[str, Any] = {"Input": type(said).__name__ if said else "Conversation"}
        if isinstance(said, SpokenText):
            told["Text"] = said.text
        return told if self.seconds is None else {**told, "Seconds": round(self.seconds, 3)}


@contextmanager
def scripted(tadh: Tadh, chosen: DriveOptions, *, is_rehearsal: bool = False) -> Iterator[Script]:
    """What is to be said; raises InputError with every problem, before anything is sent or written."""
    tadh.problems += problems_of(chosen)
    chosen = replace(chosen, chat_command=_chat_command(tadh, chosen.chat_command))
    tadh.problems += _problems_of_stdout(tadh, chosen)
    name = input_of(chosen)
    if not name and not chosen.keep_alive and not sys.stdin.isatty():
        tadh.problems.append("--text, --stream, --audio or --pcm is required: there is no terminal to type at")
    # One more problem of what is read does not help somebody who has to choose between inputs.
    script = Script(None) if tadh.problems else _read(tadh, chosen, name)
    with ExitStack() as stack:
        stack.callback(script.close)
        events = None if is_rehearsal or tadh.problems else stack.enter_context(_events(tadh, chosen.events))
        tadh.refuse()
        yield replace(script, events=events, chosen=chosen)


@contextmanager
def _events(tadh: Tadh, name: str | None) -> Iterator[IO[str] | None]:
    if name in (None, STDIO):
        yield sys.stdout if name else None
        return
    try:
        file = open(str(name), "a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        tadh.problems.append(f"--events {name} can't be written: {str(reason).lower()}")
        yield None
        return
    with file:
        yield file


def _problems_of_stdout(tadh: Tadh, chosen: DriveOptions) -> Iterator[str]:
    if chosen.events != STDIO:
        return
    if tadh.common.query or (tadh.common.output or "ndjson").lower() != "ndjson":
        flag = "--query" if tadh.common.query else f"-o {tadh.common.output}"
        yield f"--events - and {flag} both write to stdout; with -o ndjson the report is the last line"


def _read(tadh: Tadh, chosen: DriveOptions, name: str) -> Script:
    try:
        return _READERS[name](tadh, chosen) if name else Script(None)
    except InputError as error:
        # What helps is part of the problem: other problems may be told beside it.
        *others, last = error.problems
        tadh.problems += [*others, f"{last}: {error.hint}" if error.hint else last]
        return Script(None)


def _chat_command(tadh: Tadh, given: str | None) -> str | None:
    """As the service spells it, by the declaration of the same text over HTTPS."""
    if not given:
        return given
    values = {"SessionId": STDIO, "Command": "SEND_TEXT", "Data.ChatCommand": given}
    names = Names({"Data.ChatCommand": "--chat-command"})
    try:
        prepared = tadh.client.prepare(tadh.provider.operation("session.say"), values, names=names)
    except InputError as error:
        tadh.problems += error.problems
        return None
    return str(prepared.payload["Data"]["ChatCommand"])


def _text(tadh: Tadh, chosen: DriveOptions) -> Script:
    from tadh_cli.media.narration import fold

    given = given_text(tadh, "--text", chosen.text) or ""
    paragraphs = [part for part in given.replace("\r\n", "\n").split("\n\n") if part.strip()]
    if not paragraphs and not tadh.problems:
        raise InputError("--text is empty")
    if is_question(chosen):
        text = "\n\n".join(map(fold, paragraphs))
    else:
        text = "\n\n".join(marked_up(tadh, "--text", paragraph) for paragraph in paragraphs)
    return Script(spoken(chosen, text))


def is_question(chosen: DriveOptions) -> bool:
    """Whether a text is for a model, which reads it as it is, and not for the voice, which reads SSML."""
    return bool(chosen.chat_round_id or chosen.visitor_id) and not chosen.chat_command


def spoken(chosen: DriveOptions, text: str) -> SpokenText:
    """A text that is ready to be sent, as the options want it said."""
    return SpokenText(
        text,
        interrupt=chosen.interrupt,
        chat_command=chosen.chat_command or "",
        chat_round_id=chosen.chat_round_id or "",
        visitor_id=chosen.visitor_id or "",
    )


def _stream(_tadh: Tadh, chosen: DriveOptions) -> Script:
    from tadh_cli.engine.inputs import arriving

    said = StreamedText(
        sentences=chosen.sentences,
        smart_actions=chosen.smart_actions,
        inserts=chosen.insert,
        interrupt=chosen.interrupt,
    )
    return Script(said, arriving("--stream", chosen.stream or ""))


def _sound(_tadh: Tadh, chosen: DriveOptions) -> Script:
    from tadh_cli.media import pcm

    remarks: list[str] = []
    if chosen.pcm is not None:
        found = pcm.raw("--pcm", chosen.pcm, remarks.append)
    else:
        found = pcm.sound("--audio", chosen.audio or "", remarks.append)
    said = Audio(live=chosen.live, burst=chosen.burst or 0, interrupt=chosen.interrupt)
    return Script(said, found.chunks, remarks=remarks, close=found.close, seconds=found.seconds)


_READERS: Mapping[str, Callable[[Tadh, DriveOptions], Script]] = {
    "text": _text,
    "stream": _stream,
    "audio": _sound,
    "pcm": _sound,
}
