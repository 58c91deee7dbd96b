"""A channel on a bench opposite the sandbox's avatar, with a line between them that breaks: all of it in numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tadh_cli.sandbox import instructions, livestream
from tadh_cli.sandbox.instructions import Fragment, Sound, Text
from tadh_cli.sandbox.refusals import Refusal
from tadh_cli.sandbox.speaker import Manner, Speaker
from tadh_cli.sandbox.utterances import Event
from tests.unit.channel_bench import SESSION, Bench, Sent

# How a line breaks: with the frame that is on it, behind it, or without a word while it still takes frames.
LOST, BEHIND, SILENT = "lost", "behind", "silent"


@dataclass
class Line:
    """The way to a service and back, cut at the frame of that number for a while; frames take time on it."""

    bench: Bench
    cut_at: int = 0
    how: str = LOST
    outage_s: float = 0.0
    way_s: float = 0.02
    speaker: Speaker = field(default_factory=lambda: Speaker(Manner()))
    # What was taken, in the order in which it came.
    sound: bytes = b""
    texts: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen = 0
        self._connection = 1
        self._is_silent = False
        self.bench.service = self._carry
        self.bench.dial = self._dial
        self.bench.hang_up = self._hang_up

    def _carry(self, sent: Sent) -> None:
        self._later(lambda: self._arrive(sent))

    def _arrive(self, sent: Sent) -> None:
        self._seen += 1
        is_cut = self._seen == self.cut_at
        if is_cut and self.how == SILENT:
            self._is_silent = True
        if not self._is_silent and not (is_cut and self.how == LOST):
            self._obey(sent)
        if is_cut and self.how != SILENT:
            self._tell()
            self._connection += 1
            self._later(lambda: self.bench.channel.disconnected(self.bench.now_s))
            # What is told on a line that is gone is heard by nobody.
            self._is_silent = True

    def _obey(self, sent: Sent) -> None:
        req_id = sent.req_id
        try:
            frame = json.dumps({"Header": {}, "Payload": sent.payload})
            given = instructions.read(instructions.order(frame, SESSION))
            self.speaker.obey(given, self.bench.now_s)
            self._note(given)
        except Refusal as error:
            self.refusals.append(f"{sent.command} {sent.data.get('Seq', '')}: {error.message}")
            self._tell()
            refusal = json.dumps(livestream.refusal(SESSION, req_id, error.code, error.message))
            self._later(lambda: self._down(refusal))
            return
        self._tell()

    def _note(self, given: object) -> None:
        if isinstance(given, Sound):
            self.sound += given.sound
        elif isinstance(given, (Text, Fragment)):
            self.texts.append(given.text)

    def _tell(self) -> None:
        """Say what has happened, and come back when more does."""
        self.speaker.advance(self.bench.now_s)
        for event in self.speaker.told():
            self._say(event)
        if (due := self.speaker.due()) is not None:
            self.bench.later(max(0.0, due - self.bench.now_s) + 0.001, self._tell)

    def _say(self, event: Event) -> None:
        if not self._is_silent:
            text = json.dumps(livestream.frame(SESSION, event))
            self._later(lambda: self._down(text))

    def _down(self, text: str) -> None:
        if not self._is_silent:
            self.bench.events.append(self.bench.channel.received(text, self.bench.now_s))

    def _later(self, deed: Callable[[], None]) -> None:
        """After the time it takes, unless the line breaks before."""
        connection = self._connection
        self.bench.later(self.way_s, lambda: deed() if connection == self._connection else None)

    def _hang_up(self) -> None:
        self._connection += 1
        self._is_silent = True
        self.bench.channel.disconnected(self.bench.now_s)

    def _dial(self, bench: Bench) -> None:
        gap_s, self.outage_s = (self.outage_s, 0.0) if self._seen else (0.0, self.outage_s)
        bench.later(gap_s + 3 * self.way_s, self._accept)

    def _accept(self) -> None:
        self._connection += 1
        self._is_silent = False
        # Two ways there and back: one for TCP, one for the handshake.
        self._later(lambda: self.bench.channel.connected(self.bench.now_s, 4 * self.way_s))
        for event in self.speaker.reconnected(self.bench.now_s):
            self._say(event)
        self._tell()
