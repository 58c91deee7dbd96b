"""The moments at which packets of sound leave: an absolute schedule, so that a late packet delays no other.

Audio Driving: packets of 160 ms, one every 120 ms; faster is held back, slower than 160 ms stutters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tadh_cli.api.driving import Pacing

BYTES_PER_S = 16_000 * 2
PACKET_BYTES = 5120
PACKET_S = PACKET_BYTES / BYTES_PER_S
INTERVAL_S = 0.120
# Behind schedule it catches up by so much a packet: the service measures the distances, which have to be 118 ms.
LEAST_INTERVAL_S = 0.1185
# Later than this and the rest of the schedule is moved.
STALL_S = 0.120
# Sound that is not there at its moment is missed; below this it is the machine that was slow.
_MISSED_S = 0.005


class Schedule:
    """When the next packet is due, and how well that was kept."""

    def __init__(self, *, burst: int = 0, is_live: bool = False) -> None:
        self._burst = burst
        self._is_live = is_live
        # The moment of packet number 0, as if there were no burst, and the number of the next one.
        self._anchor_s: float | None = None
        self._next = 0
        self._first_s = 0.0
        self._last_s = -math.inf
        self._bytes = 0
        self._packets = 0
        self._late_s: list[float] = []
        self._intervals_s: list[float] = []
        self._underruns = 0
        self._slips_s: list[float] = []
        self._is_excused = False

    def due_s(self, now_s: float) -> float:
        """The moment of the next packet."""
        if self._anchor_s is None:
            return now_s
        if self._is_live:
            return max(now_s, self._last_s + INTERVAL_S)
        if self._next < self._burst:
            return self._last_s
        earliest_s = self._last_s + LEAST_INTERVAL_S if self._next > self._burst else -math.inf
        return max(self._planned_s(), earliest_s)

    def sent(self, size_bytes: int, now_s: float, ready_s: float) -> None:
        """A packet left that was complete at `ready_s`."""
        if self._anchor_s is None:
            # The burst takes the moment of the first packet; those behind it follow at the usual distance.
            self._anchor_s = now_s
            self._first_s = self._first_s if self._packets else now_s
            self._late_s.append(0.0)
        else:
            self._judge(now_s, ready_s)
            # Within a burst there are no distances to be kept.
            if self._next >= self._burst:
                self._intervals_s.append(now_s - self._last_s)
        self._last_s = now_s
        self._next += 1
        self._packets += 1
        self._bytes += size_bytes

    def restart(self) -> None:
        """Begin anew with the next packet: those before came to nothing, or a break has come between."""
        self._anchor_s = None
        self._next = 0
        self._burst = 0

    def excuse(self) -> None:
        """The next packet is late for a reason that has nothing to do with pacing."""
        self._is_excused = True

    @property
    def last_s(self) -> float:
        """When the last packet left."""
        return self._last_s

    @property
    def packets(self) -> int:
        return self._packets

    @property
    def sound_s(self) -> float:
        """Seconds of sound that left."""
        return self._bytes / BYTES_PER_S

    @property
    def ratio(self) -> float:
        """Time taken by sound sent: from the first packet to the moment at which one after the last is due."""
        if self._packets < 2:
            return 0.0
        return (self._last_s - self._first_s) / (self.sound_s - self.sound_s / self._packets)

    def report(self) -> Pacing:
        late_ms = sorted(late_s * 1000 for late_s in self._late_s)
        intervals_ms = [interval_s * 1000 for interval_s in self._intervals_s]
        return Pacing(
            packets=self._packets,
            sound_ms=round(self.sound_s * 1000),
            took_ms=(self._last_s - self._first_s) * 1000 if self._packets else 0.0,
            ratio=self.ratio,
            late_p50_ms=percentile(late_ms, 0.50),
            late_p99_ms=percentile(late_ms, 0.99),
            late_max_ms=max(late_ms, default=0.0),
            interval_min_ms=min(intervals_ms, default=0.0),
            interval_max_ms=max(intervals_ms, default=0.0),
            underruns=self._underruns,
            slips=len(self._slips_s),
            slip_ms=sum(self._slips_s) * 1000,
        )

    def _planned_s(self) -> float:
        assert self._anchor_s is not None
        behind = self._next - self._burst + 1 if self._burst else self._next
        return self._anchor_s + max(0, behind) * INTERVAL_S

    def _judge(self, now_s: float, ready_s: float) -> None:
        """Note how late a packet is, and move the schedule when that is too much to be caught up."""
        late_s = max(0.0, now_s - (self.due_s(ready_s) if self._is_live else self._planned_s()))
        is_missed = not self._is_live and ready_s - self.due_s(now_s) > _MISSED_S
        self._underruns += is_missed
        if not self._is_live and late_s > STALL_S and self._next >= self._burst:
            self._slips_s.append(late_s)
            assert self._anchor_s is not None
            self._anchor_s += late_s
        elif not is_missed and not self._is_excused:
            self._late_s.append(late_s)
        self._is_excused = False


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of the others does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
