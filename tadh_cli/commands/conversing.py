"""A conversation at a terminal: what is typed is said, line by line, while the avatar's channel is open."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from tadh_cli.api.script import DriveOptions
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.script import is_question, spoken
from tadh_cli.ui.driving import line

if TYPE_CHECKING:
    from tadh_cli.engine.streaming import Drive

HELP = "type a line to have it said; /stop falls silent, /status tells how it stands, /quit says the rest and ends"


def converse(tadh: Tadh, drive: Drive, chosen: DriveOptions) -> None:
    """Have said what is typed, until /quit or the end of the input."""
    tadh.messages.say(HELP)
    talk = _Conversation(tadh, drive, chosen)
    # A thread that is not waited for: nothing ends its reading but a line.
    threading.Thread(target=talk.run, name="conversation", daemon=True).start()


class _Conversation:
    def __init__(self, tadh: Tadh, drive: Drive, chosen: DriveOptions) -> None:
        self._tadh, self._drive, self._chosen = tadh, drive, chosen
        self._commands = {"/stop": drive.interrupt, "/status": self._tell, "/help": self._help}

    def run(self) -> None:
        try:
            for text in _lines():
                if text in ("/quit", "/exit"):
                    break
                self._take(text)
        finally:
            # Whatever ends it: what is open and waits for nobody costs money.
            self._drive.finish()

    def _take(self, text: str) -> None:
        if text.startswith("/"):
            self._commands.get(text, self._help)()
        elif text:
            self._say(text)

    def _say(self, text: str) -> None:
        from tadh_cli.media import narration, ssml

        if is_question(self._chosen):
            self._drive.say(spoken(self._chosen, narration.fold(text)))
            return
        errors = [found for found in ssml.check(text) if found.level == "error"]
        if not ssml.looks_like_ssml(text):
            self._drive.say(spoken(self._chosen, narration.escape(text)))
        elif errors:
            self._tadh.messages.warn(f"not said, {errors[0].message}")
        else:
            self._drive.say(spoken(self._chosen, narration.fold(text)))

    def _tell(self) -> None:
        self._tadh.messages.say(line("", self._drive.progress).strip(" ·"))

    def _help(self) -> None:
        self._tadh.messages.say(HELP)


def _lines() -> Iterator[str]:
    """Lines of stdin, without their ends."""
    from tadh_cli.engine.inputs import arriving

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    # A terminal that is gone can't be read: that is its end.
    with suppress(OSError):
        for piece in arriving("stdin", "-"):
            *lines, rest = (rest + decoder.decode(piece)).split("\n")
            yield from (text.strip() for text in lines)
    if rest.strip():
        yield rest.strip()
