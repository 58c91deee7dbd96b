"""Text clause by clause, on a driving channel: each when the service asks for it (clause mode)."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from tadh_cli.api.driving import Event, Loss, Step, StreamedText
from tadh_cli.providers.tencent.speech import Desk
from tadh_cli.providers.tencent.speech_stream import MOST_FRAGMENT_BYTES, Packet, StreamSpeech

# Text that has paused for so long after a sentence goes out without what might have belonged to it. But for the
# first, a clause waits so long for another one, since the service takes none of 10 characters or words and less.
SENTENCE_PAUSE_S = 0.5
# After a reconnection the service may have asked for the next clause unheard, or the last one may never have come: an
# avatar that has been silent for so long has nothing more to say.
SILENCE_S = 1.5
# The same where nothing tells whether it speaks, beyond what speaking takes.
UNHEARD_S = 3.0
# Clauses that may wait at the service behind the one that is spoken: documented for A1 to A4, of which A2 is spoken.
_QUEUE = 4
# After this a sentence that has come to its end is one for sure.
_PROBE = " x"


class ClauseSpeech(StreamSpeech):
    """Whole clauses, each when the service asks for it; others can be put between."""

    def __init__(self, desk: Desk, number: int, streamed: StreamedText) -> None:
        super().__init__(desk, number, streamed)
        self._clauses: deque[str] = deque()
        self._inserts: deque[str] = deque(streamed.inserts)
        self._is_wanted = True
        # After a reconnection: when the service is taken to wait for us, whatever it has told.
        self._stuck_s = math.inf
        # Clauses that the avatar began and ended last.
        self._started = self._ended = 0
        # Sent once more although it may have arrived.
        self._repeated: Packet | None = None

    def wants(self) -> int:
        wanted = super().wants()
        return wanted if wanted < 0 else max(0, wanted - sum(map(len, self._clauses)))

    def insert(self, text: str) -> None:
        self._inserts.append(text)

    def goes_on(self, event: Event, now_s: float) -> None:
        super().goes_on(event, now_s)
        if event.seq >= self._seq or event.status == "WaitingTextOver":
            self.trust()
            self._repeated = None
        self._note(event)
        if event.status == "SentenceNext" and not event.is_replay:
            self._is_wanted = True
            self._stuck_s = math.inf
            self.be_patient(now_s)
        elif self._stuck_s < math.inf:
            is_silent = self._ended and self._ended == self._started
            self._stuck_s = now_s + (SILENCE_S if is_silent else self._patience_s())

    def _note(self, event: Event) -> None:
        if event.status == "SentenceStart":
            self._started = event.seq
        elif event.status == "SentenceOver":
            # Told again in whatever order, a clause that is over has begun.
            self._ended, self._started = event.seq, self._started or event.seq

    def resume(self, now_s: float) -> None:
        super().resume(now_s)
        if self.is_begun and (self.doubt or not self._is_wanted):
            self._stuck_s = now_s + self._patience_s()

    def expected_s(self) -> float:
        return sum(self.desk.cut.seconds(packet.text) for _, packet in self._gone[-_QUEUE:])

    def _patience_s(self) -> float:
        return self.expected_s() + UNHEARD_S

    def offer(self, now_s: float) -> Step:
        if now_s >= self._stuck_s and not self.is_cut:
            self._go_on_unasked()
        step = super().offer(now_s)
        return step if step.frame else step._replace(at_s=min(step.at_s, self._stuck_s))

    def _go_on_unasked(self) -> None:
        """The service says nothing any more: it waits for a clause that never came, or has asked unheard."""
        self._stuck_s = math.inf
        if self.doubt is None:
            self._is_wanted = True
            return
        _, packet = self._gone.pop()
        self.trust()
        self._seq -= 1
        self._is_final = False
        self._take_back([packet] if packet.text else [])
        self._repeated = packet
        self.desk.tell("a clause did not arrive before the connection broke; it is sent again")

    def rejoin(self, since_s: float) -> bool:
        self._stuck_s = math.inf
        if self._repeated is not None:
            # It had arrived, and is lost with what waited at the service when this was refused.
            since_s = math.inf
            self.doubt = Loss(1, text=self._repeated.text)
        return super().rejoin(since_s)

    def _begin(self) -> None:
        super()._begin()
        self._started = self._ended = 0
        self._repeated = None

    def _next(self, now_s: float) -> Step:
        if not self._is_wanted:
            return Step()
        self._cut_off(now_s)
        if self._inserts and (self.is_begun or (self._is_ended and not self._clauses)):
            return self._say(self._inserts[0], is_insert=True)
        is_fresh = now_s < self._fed_s + SENTENCE_PAUSE_S
        if self._clauses and not (is_fresh and self._may_grow()):
            return self._say(self._clauses[0])
        if self._is_ended:
            return self._ending()
        return Step(self._fed_s + SENTENCE_PAUSE_S) if is_fresh and (self._text or self._clauses) else Step()

    def _cut_off(self, now_s: float) -> None:
        """The complete clauses of what has arrived."""
        if self._is_ended and self._text and self._clauses:
            self._text = self._clauses.pop() + self._text
        found, self._text = self.desk.cut.clauses(self._text, MOST_FRAGMENT_BYTES, is_all=self._is_ended)
        self._clauses += found
        if self._text and not self._clauses and now_s >= self._fed_s + SENTENCE_PAUSE_S:
            probed, rest = self.desk.cut.clauses(self._text + _PROBE, MOST_FRAGMENT_BYTES, is_all=False)
            if len(rest) < len(_PROBE) and probed:
                self._clauses.append(self._text)
                self._text = ""

    def _may_grow(self) -> bool:
        """Whether it may be the last: what comes then may be too short for a clause of its own."""
        return self.is_begun and not self._is_ended and len(self._clauses) == 1

    def _say(self, text: str, *, is_insert: bool = False) -> Step:
        is_last = self._is_ended and len(self._clauses) + len(self._inserts) == 1 and not self._text
        return Step(-math.inf, self._frame(Packet(text, is_last, is_insert)))

    def _took(self, packet: Packet) -> None:
        if packet.is_interrupt or not packet.text:
            return
        self._is_wanted = False
        self._stuck_s = math.inf
        (self._inserts if packet.is_insert else self._clauses).popleft()

    def _take_back(self, packets: list[Packet]) -> None:
        self._clauses.extendleft(packet.text for packet in reversed(packets) if not packet.is_insert)
        self._inserts.extendleft(packet.text for packet in reversed(packets) if packet.is_insert)
        self._is_wanted = True

    def _is_theirs(self) -> bool:
        return super()._is_theirs() or not self._is_wanted

    def _has_more(self) -> bool:
        return bool(self._text or self._clauses or self._inserts)

    def _data(self, packet: Packet) -> dict[str, Any]:
        data = super()._data(packet)
        if not packet.is_interrupt:
            data["IsSentence"] = True
        # There is something to insert it in only when something was said.
        if packet.is_insert and self.is_begun:
            data["IsInsertSentence"] = True
        return data
