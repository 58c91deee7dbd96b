"""Texts that arrive bit by bit, on a driving channel: SEND_STREAMTEXT (Streaming Text-driven Instructions)."""

from __future__ import annotations

import codecs
import math
from collections import deque
from typing import Any, NamedTuple

from tadh_cli.api.driving import Event, Frame, Loss, Step, StreamedText
from tadh_cli.errors import InputError
from tadh_cli.providers.tencent import frames
from tadh_cli.providers.tencent.speech import NO_REPLAY_S, PAUSE_S, REPLAY_S, STREAM_MAX_INTERVAL_S, Desk, Speech

# Text of one packet; newer pages say 2000.
MOST_FRAGMENT_BYTES = 1000
# Packets follow each other at this distance, so that a text arriving by single letters is not sent by them.
FRAGMENT_INTERVAL_S = 0.05
# An emoji at the end of what has arrived may go on; no more than so long.
HOLD_S = 0.05
# Text that has paused for so long after a sentence goes out without what might have belonged to it.
SENTENCE_PAUSE_S = 0.5
# After a reconnection the service may have asked for the next clause unheard.
UNHEARD_S = 3.0
_AHEAD_BYTES = 16 * 1024
_KEPT_PACKETS = 50
# After this a sentence that has come to its end is one for sure.
_PROBE = " x"


class _Packet(NamedTuple):
    text: str
    is_final: bool = False
    is_insert: bool = False
    is_interrupt: bool = False


class StreamSpeech(Speech):
    """What fragments and clauses have in common: bytes to text, numbers, the last packet, breaks."""

    kind = "stream"

    def __init__(self, desk: Desk, number: int, streamed: StreamedText) -> None:
        super().__init__(desk, number)
        self._streamed = streamed
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_beginning = True
        self._text = ""
        self._fed_s = -math.inf
        self._is_ended = False
        # The packet that ends the utterance has left, or the service must have ended it.
        self._is_final = False
        self._seq = 0
        self._last_s = -math.inf
        self._expected_s = 0.0
        self._recent: deque[tuple[float, _Packet]] = deque(maxlen=_KEPT_PACKETS)
        self._offered = _Packet("")
        self._prepared: tuple[str, int, _Packet, Frame] | None = None
        self._quiet_until_s = -math.inf
        self._is_interrupted = False

    def feed(self, data: bytes, now_s: float) -> None:
        if self.is_cut or self.is_over or self._is_ended:
            return
        try:
            text = self._decoder.decode(data)
        except UnicodeDecodeError as error:
            self._refuse(error, now_s)
            return
        if self._is_beginning and text:
            text = text.removeprefix("\ufeff")
            self._is_beginning = False
        if text:
            self._text += text
            self._fed_s = now_s

    def end(self, now_s: float) -> None:
        if self._is_ended:
            return
        self._is_ended = True
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            self._refuse(error, now_s)

    def wants(self) -> int:
        return -1 if self._is_ended else max(0, _AHEAD_BYTES - len(self._text))

    def offer(self, now_s: float) -> Step:
        if self.is_cut:
            return Step() if self._is_interrupted else Step(now_s, self._frame(_Packet("", True, is_interrupt=True)))
        if self._is_final:
            return Step()
        if self._quiet_until_s > now_s:
            return Step(self._quiet_until_s)
        step = self._next(now_s)
        return step._replace(at_s=max(step.at_s, self.not_before_s))

    def sent(self, now_s: float) -> None:
        self.is_begun = True
        self._prepared = None
        self._seq += 1
        self._last_s = now_s
        packet = self._offered
        self._recent.append((now_s, packet))
        self._expected_s += self.desk.cut.seconds(packet.text)
        self._is_interrupted = packet.is_interrupt
        self._is_final = packet.is_final
        self._took(packet)
        self.be_patient(now_s)

    def cut(self, now_s: float) -> None:
        self.is_cut = self._is_ended = True
        if not self.is_begun:
            self.close()
        else:
            self.be_patient(now_s)

    def is_over_at(self, event: Event, now_s: float) -> None:
        if self.is_cut or (self._is_ended and not self._has_more()):
            self.close()
        else:
            self._go_on_anew()

    def again(self) -> bool:
        if len(self._recent) == self._recent.maxlen:
            return False
        self._take_back([packet for _, packet in self._recent if packet.text])
        self._begin()
        return True

    def expected_s(self) -> float:
        return self._expected_s

    def lose(self, now_s: float, window_s: float) -> None:
        if not self.is_begun:
            return
        lost = [packet for at_s, packet in self._recent if now_s - at_s <= window_s]
        if lost:
            text = "".join(packet.text for packet in lost)
            self.desk.losses.append(Loss(len(lost), text=text))
            self.desk.tell(f"{len(lost)} packets of text may be lost with the connection: {text!r}")

    def resume(self, now_s: float) -> None:
        if self.is_begun:
            self._quiet_until_s = now_s + REPLAY_S

    def expire(self, now_s: float) -> None:
        if self._is_final and not self.is_cut and (self._has_more() or not self._is_ended):
            self._go_on_anew()
        elif not self._is_final and not self.is_cut:
            # The packet that ends an utterance is always sent; what is not over then is given up.
            self.failure = self.overdue()
            self.cut(now_s)
        else:
            super().expire(now_s)

    def be_patient(self, now_s: float) -> None:
        if self._is_theirs():
            super().be_patient(now_s)
        else:
            self.deadline_s = math.inf

    # Filled in by the two ways -------------------------------------------------------------------------

    def _next(self, now_s: float) -> Step:
        """The next packet and its moment."""
        raise NotImplementedError

    def _took(self, packet: _Packet) -> None:
        """A packet has left: it is no longer what is to be sent."""
        raise NotImplementedError

    def _take_back(self, packets: list[_Packet]) -> None:
        """These are to be sent once more."""
        raise NotImplementedError

    def _has_more(self) -> bool:
        return bool(self._text)

    def _data(self, packet: _Packet) -> dict[str, Any]:
        data: dict[str, Any] = {"Text": packet.text, "Seq": self._seq + 1, "IsFinal": packet.is_final}
        if packet.is_interrupt:
            data["Interrupt"] = True
        if self._streamed.smart_actions:
            data["SmartActionEnabled"] = True
        return data

    def _is_theirs(self) -> bool:
        """Whether the next word is the service's."""
        return self._is_final or self.is_cut

    # The same for both -----------------------------------------------------------------------------------

    def _ending(self) -> Step:
        """All there was has left."""
        if not self.is_begun:
            self.close()
            return Step()
        return Step(-math.inf, self._frame(_Packet("", is_final=True)))

    def _go_on_anew(self) -> None:
        self.renew()
        self._begin()

    def _begin(self) -> None:
        self._is_final = False
        self._seq = 0
        self._expected_s = 0.0
        self._recent.clear()
        self._prepared = None
        self._quiet_until_s = -math.inf

    def _refuse(self, error: UnicodeDecodeError, now_s: float) -> None:
        """It is not text: what came before is said, and the utterance ends."""
        self._is_ended = True
        self.failure = InputError(
            f"the text that arrives is not UTF-8 (byte 0x{error.object[error.start]:02X})",
            hint="convert it, for instance with: iconv -f GB18030 -t UTF-8",
        )

    def _frame(self, packet: _Packet) -> Frame:
        self._offered = packet
        if self._prepared is None or self._prepared[:3] != (self.req_id, self._seq, packet):
            frame = self.desk.command(self.req_id, frames.STREAM, self._data(packet))
            self._prepared = (self.req_id, self._seq, packet, frame)
        return self._prepared[3]


class FragmentSpeech(StreamSpeech):
    """Text as it comes; the service makes sentences of it.

    Where the text pauses for so long that the service would end the utterance, it is ended here, and what comes
    later is another one.
    """

    def resume(self, now_s: float) -> None:
        super().resume(now_s)
        if self.is_begun and not self._is_final and now_s + REPLAY_S - self._last_s >= STREAM_MAX_INTERVAL_S:
            self._await_own_end(now_s)

    def goes_on(self, event: Event, now_s: float) -> None:
        self._quiet_until_s = -math.inf

    def _next(self, now_s: float) -> Step:
        if self.is_begun and now_s - self._last_s >= STREAM_MAX_INTERVAL_S:
            self._await_own_end(now_s)
            return Step()
        is_all = self._is_ended or now_s >= self._fed_s + HOLD_S
        text = self.desk.cut.fragment(self._text, MOST_FRAGMENT_BYTES, is_all=is_all)
        if text:
            is_final = self._is_ended and len(text) == len(self._text)
            return Step(self._last_s + FRAGMENT_INTERVAL_S, self._frame(_Packet(text, is_final)))
        if self._text:
            return Step(self._fed_s + HOLD_S)
        if self._is_ended:
            return self._ending()
        if self.is_begun:
            return Step(self._last_s + PAUSE_S, self._frame(_Packet("", is_final=True)))
        return Step()

    def _took(self, packet: _Packet) -> None:
        self._text = self._text[len(packet.text) :]

    def _take_back(self, packets: list[_Packet]) -> None:
        self._text = "".join(packet.text for packet in packets) + self._text

    def _await_own_end(self, now_s: float) -> None:
        """So long without a packet, the service has ended the utterance and says so, if it is still there."""
        self._is_final = True
        if self._has_more() or not self._is_ended:
            is_told_at_once = self._quiet_until_s > now_s
            self.deadline_s = now_s + NO_REPLAY_S + (0 if is_told_at_once else 2 * self._expected_s)
        else:
            self.be_patient(now_s)


class ClauseSpeech(StreamSpeech):
    """Whole clauses, each when the service asks for it; others can be put between."""

    def __init__(self, desk: Desk, number: int, streamed: StreamedText) -> None:
        super().__init__(desk, number, streamed)
        self._clauses: deque[str] = deque()
        self._inserts: deque[str] = deque(streamed.inserts)
        self._is_wanted = True
        self._wanted_s = math.inf

    def wants(self) -> int:
        wanted = super().wants()
        return wanted if wanted < 0 else max(0, wanted - sum(map(len, self._clauses)))

    def insert(self, text: str) -> None:
        self._inserts.append(text)

    def goes_on(self, event: Event, now_s: float) -> None:
        self._quiet_until_s = -math.inf
        if event.status == "SentenceNext" and not event.is_replay:
            self._is_wanted = True
            self.be_patient(now_s)

    def resume(self, now_s: float) -> None:
        super().resume(now_s)
        if not self._is_wanted:
            self._wanted_s = now_s + UNHEARD_S

    def _next(self, now_s: float) -> Step:
        self._is_wanted = self._is_wanted or now_s >= self._wanted_s
        if not self._is_wanted:
            return Step(self._wanted_s)
        self._cut_off(now_s)
        if self._inserts and (self.is_begun or (self._is_ended and not self._clauses)):
            return self._say(self._inserts[0], is_insert=True)
        if self._clauses:
            return self._say(self._clauses[0])
        if self._is_ended:
            return self._ending()
        is_fresh = self._text and now_s < self._fed_s + SENTENCE_PAUSE_S
        return Step(self._fed_s + SENTENCE_PAUSE_S) if is_fresh else Step()

    def _cut_off(self, now_s: float) -> None:
        """The complete clauses of what has arrived."""
        found, self._text = self.desk.cut.clauses(self._text, MOST_FRAGMENT_BYTES, is_all=self._is_ended)
        self._clauses += found
        if self._text and not self._clauses and now_s >= self._fed_s + SENTENCE_PAUSE_S:
            probed, rest = self.desk.cut.clauses(self._text + _PROBE, MOST_FRAGMENT_BYTES, is_all=False)
            if len(rest) < len(_PROBE) and probed:
                self._clauses.append(self._text)
                self._text = ""

    def _say(self, text: str, *, is_insert: bool = False) -> Step:
        is_last = self._is_ended and len(self._clauses) + len(self._inserts) == 1 and not self._text
        return Step(-math.inf, self._frame(_Packet(text, is_last, is_insert)))

    def _took(self, packet: _Packet) -> None:
        if packet.is_interrupt or not packet.text:
            return
        self._is_wanted = False
        self._wanted_s = math.inf
        (self._inserts if packet.is_insert else self._clauses).popleft()

    def _take_back(self, packets: list[_Packet]) -> None:
        self._clauses.extendleft(packet.text for packet in reversed(packets) if not packet.is_insert)
        self._inserts.extendleft(packet.text for packet in reversed(packets) if packet.is_insert)
        self._is_wanted = True

    def _is_theirs(self) -> bool:
        return super()._is_theirs() or not self._is_wanted

    def _has_more(self) -> bool:
        return bool(self._text or self._clauses or self._inserts)

    def _data(self, packet: _Packet) -> dict[str, Any]:
        data = super()._data(packet)
        if not packet.is_interrupt:
            data["IsSentence"] = True
        # There is something to insert it in only when something was said.
        if packet.is_insert and self.is_begun:
            data["IsInsertSentence"] = True
        return data
