"""Texts that arrive bit by bit, on a driving channel: SEND_STREAMTEXT (Streaming Text-driven Instructions)."""

from __future__ import annotations

import codecs
import math
from typing import Any, NamedTuple

from tadh_cli.api.driving import Event, Frame, Loss, Step, StreamedText
from tadh_cli.errors import InputError
from tadh_cli.providers.tencent import frames
from tadh_cli.providers.tencent.speech import REPLAY_S, Desk, Speech

# Text of one packet; newer pages say 2000.
MOST_FRAGMENT_BYTES = 1000
_AHEAD_BYTES = 16 * 1024
_KEPT_PACKETS = 50


class Packet(NamedTuple):
    """A text on its way, and what it is in the whole."""

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
        # Packets that left under this id, and when.
        self._gone: list[tuple[float, Packet]] = []
        self._offered = Packet("")
        self._prepared: tuple[str, int, Packet, Frame] | None = None
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
            return Step() if self._is_interrupted else Step(now_s, self._frame(Packet("", True, is_interrupt=True)))
        self.say_again_if_unarrived(now_s)
        if self._is_final:
            return Step(self.unarrived_s)
        quiet_until_s = self._quiet_until_s if self.unarrived_s == math.inf else self.unarrived_s
        if quiet_until_s > now_s:
            return Step(quiet_until_s)
        step = self._next(now_s)
        return step._replace(at_s=max(step.at_s, self.not_before_s))

    def sent(self, now_s: float) -> None:
        self.is_begun = True
        self._prepared = None
        self._seq += 1
        self._last_s = now_s
        packet = self._offered
        self._gone.append((now_s, packet))
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
        if len(self._gone) > _KEPT_PACKETS:
            return False
        self._take_back([packet for _, packet in self._gone if packet.text])
        self._begin()
        return True

    def rejoin(self, since_s: float) -> bool:
        self._take_back([packet for at_s, packet in self._gone if packet.text and at_s >= since_s])
        self._go_on_anew()
        return True

    @property
    def certain_s(self) -> float:
        """When the last packet left that has arrived for sure."""
        certain = self._gone[: len(self._gone) - (self.doubt.packets if self.doubt else 0)]
        return certain[-1][0] if certain else self.begun_s

    def expected_s(self) -> float:
        return self._expected_s

    def doubtful(self, since_s: float) -> Loss | None:
        packets = [packet for at_s, packet in self._gone if at_s >= since_s]
        return Loss(len(packets), text="".join(packet.text for packet in packets)) if packets else None

    def resume(self, now_s: float) -> None:
        super().resume(now_s)
        if self.is_begun:
            self._quiet_until_s = now_s + REPLAY_S

    def goes_on(self, event: Event, now_s: float) -> None:
        self._quiet_until_s = -math.inf

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

    def _took(self, packet: Packet) -> None:
        """A packet has left: it is no longer what is to be sent."""
        raise NotImplementedError

    def _take_back(self, packets: list[Packet]) -> None:
        """These are to be sent once more."""
        raise NotImplementedError

    def _has_more(self) -> bool:
        return bool(self._text)

    def _data(self, packet: Packet) -> dict[str, Any]:
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
        return Step(-math.inf, self._frame(Packet("", is_final=True)))

    def _go_on_anew(self) -> None:
        self.renew()
        self._begin()

    def _begin(self) -> None:
        self._is_final = False
        self._seq = 0
        self._expected_s = 0.0
        self._gone.clear()
        self._prepared = None
        self._quiet_until_s = -math.inf

    def _refuse(self, error: UnicodeDecodeError, now_s: float) -> None:
        """It is not text: what came before is said, and the utterance ends."""
        self._is_ended = True
        self.failure = InputError(
            f"the text that arrives is not UTF-8 (byte 0x{error.object[error.start]:02X})",
            hint="convert it, for instance with: iconv -f GB18030 -t UTF-8",
        )

    def _frame(self, packet: Packet) -> Frame:
        self._offered = packet
        if self._prepared is None or self._prepared[:3] != (self.req_id, self._seq, packet):
            frame = self.desk.command(self.req_id, frames.STREAM, self._data(packet))
            self._prepared = (self.req_id, self._seq, packet, frame)
        return self._prepared[3]
