"""Sound on a driving channel: SEND_AUDIO, paced (Voice-driven Instructions)."""

from __future__ import annotations

import math
from collections import deque

from tadh_cli.api.driving import Audio, Event, Frame, Loss, Pacing, Step
from tadh_cli.providers.tencent import frames
from tadh_cli.providers.tencent.pacing import BYTES_PER_S, PACKET_BYTES, Schedule
from tadh_cli.providers.tencent.speech import (
    MUTE_S,
    NO_REPLAY_S,
    PAUSE_S,
    REPLAY_S,
    STREAM_MAX_INTERVAL_S,
    Desk,
    Speech,
)

# Sound that is read ahead: 10 s, which the slowest disk is not silent for.
_AHEAD_BYTES = 10 * BYTES_PER_S
# Sound that is kept in case the service refuses the utterance or never hears of it: more than what leaves until its
# silence is noticed.
_KEPT_PACKETS = 100
# Who ended it, as AudioOver tells (FinalType).
_BY_CLIENT = 1


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
        # Packets that left under this id, the last ones; and of all of them when they did, and their sizes.
        self._recent: deque[bytes] = deque(maxlen=_KEPT_PACKETS)
        self._gone: list[tuple[float, int]] = []
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
        self.say_again_if_unarrived(now_s)
        if self.unarrived_s < math.inf and not self.is_cut:
            return Step(self.unarrived_s)
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
        self._recent.append(self._offered)
        self._gone.append((now_s, len(self._offered)))
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
        if event.final_type == _BY_CLIENT:
            # Our last packet has come, and with it all before.
            self.trust()
        if self.is_cut or (self._is_ended and not self._sound):
            self.close()
        else:
            # The service ended it by itself, or the sound paused; what is left is an utterance of its own.
            if not self._is_final:
                self.desk.tell("the service ended the sound by itself; the rest is another utterance")
            self._go_on_anew()

    def again(self) -> bool:
        if len(self._recent) < len(self._gone):
            return False
        self._sound[:0] = b"".join(self._recent)
        self._begin()
        return True

    def rejoin(self, since_s: float) -> bool:
        count = sum(at_s >= since_s for at_s, _ in self._gone)
        if count > len(self._recent):
            return False
        self._sound[:0] = b"".join(list(self._recent)[len(self._recent) - count :])
        self._go_on_anew()
        return True

    def be_patient(self, now_s: float) -> None:
        if self._is_final or self.is_cut:
            super().be_patient(now_s)

    def expected_s(self) -> float:
        return self._schedule.sound_s

    @property
    def mute_s(self) -> float:
        if self.is_begun and self.desk.is_told and not (self.is_heard or self.is_cut or self.is_probed):
            # That sound has come is said as soon as it comes, by a service that says anything.
            return self.begun_s + MUTE_S
        return super().mute_s

    def doubtful(self, since_s: float) -> Loss | None:
        lost = [size for at_s, size in self._gone if at_s >= since_s]
        return Loss(len(lost), round(sum(lost) / BYTES_PER_S * 1000)) if lost else None

    def resume(self, now_s: float) -> None:
        super().resume(now_s)
        if not self.is_begun or self.unarrived_s < math.inf:
            return
        # Whether the service has ended the utterance meanwhile is told at once, if it is told.
        if self._is_final or now_s + REPLAY_S - self._certain_s < STREAM_MAX_INTERVAL_S:
            self._quiet_until_s = now_s + REPLAY_S
            self._schedule.excuse()
            return
        self._await_own_end(now_s)

    @property
    def _certain_s(self) -> float:
        """When the last packet left that has arrived for sure."""
        certain = self._gone[: len(self._gone) - (self.doubt.packets if self.doubt else 0)]
        return certain[-1][0] if certain else self.begun_s

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
        self._gone.clear()
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
