"""Sound on a driving channel: SEND_AUDIO, paced (Voice-driven Instructions)."""

from __future__ import annotations

import math
from collections import deque

from tadh_cli.api.driving import Audio, Event, Frame, Loss, Pacing, Step
from tadh_cli.providers.tencent import frames
from tadh_cli.providers.tencent.pacing import BYTES_PER_S, PACKET_BYTES, Schedule
from tadh_cli.providers.tencent.speech import NO_REPLAY_S, PAUSE_S, REPLAY_S, STREAM_MAX_INTERVAL_S, Desk, Speech

# Sound that is read ahead: 5 s.
_AHEAD_BYTES = 5 * BYTES_PER_S
# Sound that is kept until the service has said that it plays, in case it refuses the utterance: 8 s.
_KEPT_PACKETS = 50


class AudioSpeech(Speech):
    """Packets on a schedule, then an empty one that ends the utterance.

    Where the sound pauses for so long that the service would end the utterance, it is ended here, and what
    comes later is another one.
    """

    kind = "audio"

    def __init__(self, desk: Desk, number: int, audio: Audio) -> None:
        super().__init__(desk, number)
        self._schedule = Schedule(burst=audio.burst, is_live=audio.live)
        self._sound = bytearray()
        self._is_ended = False
        # The packet that ends the utterance has left, or the service must have ended it.
        self._is_final = False
        # The last packet was cut short because the sound pauses: only the end may follow.
        self._is_short = False
        self._seq = 0
        # When the next packet became complete.
        self._ready_s = -math.inf
        # Packets that left under this id and when, the last ones.
        self._recent: deque[tuple[float, bytes]] = deque(maxlen=_KEPT_PACKETS)
        self._offered = b""
        self._prepared: tuple[str, int, bytes, Frame] | None = None
        # After a break: the service's word is awaited until then.
        self._quiet_until_s = -math.inf

    @property
    def pacing(self) -> Pacing:
        return self._schedule.report()

    @property
    def packets(self) -> int:
        return self._schedule.packets

    @property
    def sound_s(self) -> float:
        return self._schedule.sound_s

    @property
    def ratio(self) -> float:
        return self._schedule.ratio

    def feed(self, data: bytes, now_s: float) -> None:
        if self.is_cut or self.is_over:
            return
        was_complete = len(self._sound) >= PACKET_BYTES
        self._sound += data
        if not was_complete and len(self._sound) >= PACKET_BYTES:
            self._ready_s = now_s

    def end(self, now_s: float) -> None:
        if self._is_ended:
            return
        self._is_ended = True
        if len(self._sound) % 2:
            self._sound.pop()
            self.desk.tell("the sound ended in the middle of a sample: its last byte is left out")
        if len(self._sound) < PACKET_BYTES:
            self._ready_s = now_s

    def wants(self) -> int:
        return -1 if self._is_ended else max(0, _AHEAD_BYTES - len(self._sound))

    def offer(self, now_s: float) -> Step:
        if self._seq and not self._is_final and now_s - self._schedule.last_s >= STREAM_MAX_INTERVAL_S:
            self._await_own_end(now_s)
        if self._is_final:
            return Step()
        if self.is_cut:
            return Step(now_s, self._frame(b""))
        if self._quiet_until_s > now_s:
            return Step(self._quiet_until_s)
        if self._is_short:
            return Step(self._schedule.due_s(now_s), self._frame(b""))
        if len(self._sound) >= PACKET_BYTES or (self._is_ended and self._sound):
            packet = bytes(self._sound[:PACKET_BYTES])
            return Step(max(self._schedule.due_s(now_s), self.not_before_s), self._frame(packet))
        if self._is_ended:
            return self._end_of_all(now_s)
        return self._end_of_part(now_s) if self._seq else Step()

    def sent(self, now_s: float) -> None:
        self.is_begun = True
        self._prepared = None
        self._seq += 1
        if not self._offered:
            self._is_final = True
            self.be_patient(now_s)
            return
        del self._sound[: len(self._offered)]
        self._schedule.sent(len(self._offered), now_s, self._ready_s)
        self._recent.append((now_s, self._offered))
        self._is_short = len(self._offered) < PACKET_BYTES
        if len(self._sound) < PACKET_BYTES and not self._is_ended:
            self._ready_s = math.inf

    def cut(self, now_s: float) -> None:
        self.is_cut = self._is_ended = True
        self._sound.clear()
        if not self.is_begun:
            self.close()
        elif self._is_final:
            self.be_patient(now_s)

    def is_over_at(self, event: Event, now_s: float) -> None:
        if self.is_cut or (self._is_ended and not self._sound):
            self.close()
        else:
            # The service ended it by itself, or the sound paused; what is left is an utterance of its own.
            if not self._is_final:
                self.desk.tell("the service ended the sound by itself; the rest is another utterance")
            self._go_on_anew()

    def again(self) -> bool:
        if len(self._recent) == self._recent.maxlen:
            return False
        self._sound[:0] = b"".join(packet for _, packet in self._recent)
        self._begin()
        return True

    def be_patient(self, now_s: float) -> None:
        if self._is_final or self.is_cut:
            super().be_patient(now_s)

    def expected_s(self) -> float:
        return self._schedule.sound_s

    def lose(self, now_s: float, window_s: float) -> None:
        if not self.is_begun:
            return
        lost = [packet for at_s, packet in self._recent if now_s - at_s <= window_s]
        if lost:
            sound_ms = round(sum(map(len, lost)) / BYTES_PER_S * 1000)
            self.desk.losses.append(Loss(len(lost), sound_ms))
            self.desk.tell(f"packets of sound that may be lost with the connection: {len(lost)} ({sound_ms} ms)")

    def resume(self, now_s: float) -> None:
        if not self.is_begun:
            return
        # Whether the service has ended the utterance meanwhile is told at once, if it is told.
        if self._is_final or now_s + REPLAY_S - self._schedule.last_s < STREAM_MAX_INTERVAL_S:
            self._quiet_until_s = now_s + REPLAY_S
            self._schedule.excuse()
            return
        self._await_own_end(now_s)

    def expire(self, now_s: float) -> None:
        if self._is_final and not self.is_cut and (self._sound or not self._is_ended):
            self._go_on_anew()
        else:
            super().expire(now_s)

    def goes_on(self, event: Event, now_s: float) -> None:
        self._quiet_until_s = -math.inf

    def _await_own_end(self, now_s: float) -> None:
        """So long without a packet, the service has ended the utterance and says so, if it is still there."""
        self._is_final = True
        if self._sound or not self._is_ended:
            self.deadline_s = now_s + NO_REPLAY_S
        else:
            self.be_patient(now_s)

    def _end_of_all(self, now_s: float) -> Step:
        """All sound has left, or there was none."""
        if not self._seq and not self.is_begun:
            self.close()
            return Step(now_s)
        return Step(self._schedule.due_s(now_s), self._frame(b""))

    def _end_of_part(self, now_s: float) -> Step:
        """The sound pauses: what there is of a packet, then the end, before the service makes it."""
        at_s = self._schedule.last_s + PAUSE_S
        whole = len(self._sound) - len(self._sound) % 2
        return Step(at_s, self._frame(bytes(self._sound[:whole])))

    def _go_on_anew(self) -> None:
        self.renew()
        self._begin()

    def _begin(self) -> None:
        self._is_final = self._is_short = False
        self._seq = 0
        self._recent.clear()
        self._schedule.restart()
        self._prepared = None
        self._quiet_until_s = -math.inf

    def _frame(self, packet: bytes) -> Frame:
        """A packet with its number, made once and ahead of its moment."""
        self._offered = packet
        if self._prepared is None or self._prepared[:3] != (self.req_id, self._seq, packet):
            data = {"Audio": packet, "Seq": self._seq + 1, "IsFinal": not packet}
            frame = self.desk.command(self.req_id, frames.AUDIO, data)
            self._prepared = (self.req_id, self._seq, packet, frame)
        return self._prepared[3]
