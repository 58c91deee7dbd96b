"""Audio that comes in packets and is played in real time while it comes (Voice-driven Instructions)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tadh_cli.sandbox import instructions
from tadh_cli.sandbox.pace import BYTES_A_SECOND, PACKET_BYTES, Pace
from tadh_cli.sandbox.refusals import Refusal
from tadh_cli.sandbox.utterances import Event, Happening, Utterance, wrong_moment

# From the first packet until the avatar opens its mouth.
START_S = 0.2
# Who sent the packet that ended it.
BY_CLIENT, BY_SERVER = 1, 2


class Playback(Utterance):
    """The sound under one ReqId.

    It plays from shortly after the first packet; when a packet comes after all before it were played, the picture
    stutters and the end is later by as much.
    """

    kind = "audio"
    over = "AudioOver"

    def __init__(self, req_id: str, now: float, gap_s: float) -> None:
        super().__init__(req_id, now)
        # StreamMaxInterval: without a packet for so long, the service sends the final one itself.
        self._gap_s = gap_s
        self._pace = Pace()
        self._bytes = 0
        self._last = now
        self._start = now + START_S
        # When everything that has come so far is played.
        self._played = self._start
        self._is_short = False
        self._final_at: float | None = None
        self._final_type = 0
        self._underruns = 0
        self._silent_s = 0.0

    def take(self, packet: instructions.Sound, now: float, *, late_s: float = 0.0) -> None:
        """Play a packet; raises Refusal."""
        if self._final_at is not None:
            raise wrong_moment("the final packet of this audio has come, AudioOver has not")
        self._count(packet.seq)
        if packet.sound:
            self._add(len(packet.sound), now, late_s)
        self._last = now
        if packet.is_final:
            self._finish(now, BY_CLIENT)

    def record(self) -> dict[str, Any]:
        return {
            **super().record(),
            "Bytes": self._bytes,
            "DurationMs": round(self._bytes / BYTES_A_SECOND * 1000, 3),
            "FinalType": self._final_type,
            "Underruns": self._underruns,
            "UnderrunMs": round(self._silent_s * 1000, 1),
            **self._pace.figures(),
        }

    def _add(self, size: int, now: float, late_s: float) -> None:
        if self._is_short:
            raise Refusal(100001, "InvalidParameter.Audio", f"a packet before this had less than {PACKET_BYTES} bytes")
        if self._pace.is_early(now):
            raise Refusal(100012, "RequestLimitExceeded", "Audio comes faster than a real-time rate of 0.75.")
        length_s = size / BYTES_A_SECOND
        self._pace.took(now, length_s, late_s=late_s)
        if self._bytes and now > self._played:
            self._underruns += 1
            self._silent_s += now - self._played
        self._played = max(self._played, now) + length_s
        self._bytes += size
        self._is_short = size < PACKET_BYTES

    def _finish(self, at: float, by: int) -> None:
        self._final_at, self._final_type = at, by

    def _ahead(self) -> Iterator[Happening]:
        if "WaitingAudioStart" not in self.statuses:
            yield Happening(self.began, self._telling("WaitingAudioStart"))
        if self._bytes and "AudioStart" not in self.statuses:
            yield Happening(self._start, self._telling("AudioStart"))
        if self._final_at is None:
            yield Happening(self._last + self._gap_s, self._end_itself)
            return
        over = max(self._played, self._final_at) if self._bytes else self._final_at
        waiting = max(self._final_at, self._start)
        if waiting < over and "WaitingAudioOver" not in self.statuses:
            yield Happening(waiting, self._telling("WaitingAudioOver"))
        yield Happening(over, self._go_silent)

    def _end_itself(self, at: float) -> Iterator[Event]:
        self._finish(at, BY_SERVER)
        return iter(())

    def _go_silent(self, at: float) -> Iterator[Event]:
        yield self._end(at, self.over, FinalType=self._final_type)
