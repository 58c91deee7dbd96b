"""Whether the packets of an utterance come at the right pace, and figures about when they came: pure, times go in.

"The real-time rate of sending audio must be between [0.75, 1] … for a 160 ms audio packet size, the sending interval
must not be less than 120 ms or more than 160 ms" (Voice-driven Instructions); the first six packets may come at once.
"""

from __future__ import annotations

from array import array
from typing import Any

# s16le, 16 kHz, mono.
BYTES_A_SECOND = 32_000
PACKET_BYTES = 5120
# Packets at the beginning that are exempt.
BURST = 6
FASTEST_RATE = 0.75
SHORTEST_S, LONGEST_S = 0.120, 0.160

# The one place for tolerance. By how much an interval may leave the window before it counts as outside of it.
NOISE_S = 0.002
# A packet is refused once a client is ahead of the fastest schedule by more than this: a packet may be late, on a busy
# machine or its way, and the next in time. A client that is too fast by a sixth gets there with the sixth packet
# after the burst, a burst of seven at once.
JITTER_S = 0.100


class Pace:
    """The arrivals of one utterance.

    The schedule is that of a leaky bucket: after a packet, three quarters of its length have to pass. A late packet
    starts the schedule anew, so that lost time can't be made up for by a burst.
    """

    def __init__(self) -> None:
        self.intervals = array("d")
        self.burst = 0
        self._count = 0
        self._first = 0.0
        self._last: float | None = None
        # The sound of all packets, and of the last.
        self._sound_s = self._last_sound_s = 0.0
        # When the next packet is due at the fastest rate.
        self._due = float("-inf")

    def is_early(self, at: float) -> bool:
        """Whether a packet comes too soon to be taken."""
        return self._count >= BURST and at < self._due - JITTER_S

    def took(self, at: float, length_s: float, *, late_s: float = 0.0) -> None:
        """Note a packet; `late_s` is for how long it may have waited because we were busy: that is not its fault."""
        if self._last is None:
            self._first = at
        else:
            self._note(at - self._last)
        self._last = at
        self._sound_s += length_s
        self._last_sound_s = length_s
        self._count += 1
        came = at - late_s
        begun = max(came, self._due) if self._count > BURST else came
        self._due = begun + length_s * FASTEST_RATE - NOISE_S

    def _note(self, interval_s: float) -> None:
        if self._count < BURST and interval_s < SHORTEST_S - NOISE_S:
            self.burst += 1
        else:
            self.intervals.append(interval_s)

    def figures(self) -> dict[str, Any]:
        """Intervals between data packets in milliseconds, without those of the burst; how many left the window.

        Ratio is the real-time rate: from the first packet to the last, by the sound of all but the last.
        """
        times = sorted(self.intervals)
        if not times:
            return {"Burst": self.burst}
        took_s = (self._last or 0.0) - self._first
        return {
            "Burst": self.burst,
            "Ratio": round(took_s / (self._sound_s - self._last_sound_s), 3),
            "Intervals": {
                "Count": len(times),
                "MinMs": _ms(times[0]),
                "P50Ms": _ms(times[len(times) // 2]),
                "P99Ms": _ms(times[min(len(times) - 1, len(times) * 99 // 100)]),
                "MaxMs": _ms(times[-1]),
            },
            "Early": sum(one < SHORTEST_S - NOISE_S for one in times),
            "Late": sum(one > LONGEST_S + NOISE_S for one in times),
        }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
