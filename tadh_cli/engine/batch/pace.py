"""When to ask how a video stands: learned from how long the ones before it took, so that one question is enough."""

from __future__ import annotations

from collections import deque
from math import sqrt
from typing import NamedTuple

from tadh_cli.engine.waiting import LONGEST_INTERVAL_S

# Of the last so many videos.
_MEMORY = 32
# A question costs as much as noticing the end so late, as a share of what a video takes.
_PRICE = 0.01
# Guesses beyond what has been seen, and how close to the end is close enough.
_STEPS = (1.0, 1.01, 1.02, 1.04, 1.08, 1.16)
_CLOSE = 0.01
# Answers from which is learned how long they take.
_TRIPS = 8
# Videos that are enough to tell whether all are alike, and how alike they have to be.
_SOME = 2
_ALIKE = 1.1
_MARGIN = 1.004
_FIRST_DOUBT = 3
# Beyond this nobody can say that the end is known, and several guesses are made at once, so far below it.
_ROUGH = 0.03
_SHARES = (0.5, 0.25, 0.75)
# A guess is never lowered by more at once.
_BOLDNESS = 0.9
# Golden ratio: multiples of it spread evenly, however many there are.
_SPREAD = 0.618034


class Seen(NamedTuple):
    """Of a video: the latest age at which it was still being made, and that at which it was found ready; seconds."""

    open_s: float
    done_s: float


class Pace:
    """Ages at which to ask; `floor_s` is the least time between two questions about one video.

    `supposes`: whether a video may be taken for ready before that is known. Should it not be, the service refuses the
    next one; where it would not refuse, there could be more under way than are wanted.
    """

    def __init__(self, floor_s: float, interval_s: float | None = None, *, supposes: bool = True) -> None:
        self._supposes = supposes
        self._floor_s = floor_s
        self._interval_s = interval_s
        self._seen: deque[Seen] = deque(maxlen=_MEMORY)
        self._best_s: float | None = None
        self._low_s = 0.0
        self._low_age = 0
        # What a question takes until it is answered: nothing can be known more exactly.
        self._trip_s = 0.0
        # The videos on which an earlier end is tried out.
        self._explorers: set[int] = set()
        # Videos that have to be seen before an end is taken for sure again, and how many it was the last time.
        self._doubt = 0
        self._last_doubt = _FIRST_DOUBT

    @property
    def surely_s(self) -> float | None:
        """The age at which every video is ready, None when they differ too much for that to be known."""
        if not self._supposes or self._doubt or len(self._seen) < _SOME or self._interval_s is not None:
            return None
        latest_open_s = max(self._low_s, *(seen.open_s for seen in self._seen))
        ends_s = [seen.done_s for seen in self._seen if seen.done_s > latest_open_s]
        earliest_s = min(ends_s, default=float("inf"))
        if earliest_s > _ALIKE * min(seen.done_s for seen in self._seen):
            return None
        # The earliest was luck: requests do not always take the same time.
        return earliest_s * _MARGIN

    def doubt(self) -> None:
        """What was taken for ready was not: it takes some more videos to believe it again, each time twice as many."""
        self._doubt = self._last_doubt = min(2 * self._last_doubt, 2 * _MEMORY)

    @property
    def usual_s(self) -> float | None:
        """Seconds that a video usually takes, None as long as nobody knows."""
        if not self._seen:
            return None
        return sorted(seen.done_s for seen in self._seen)[len(self._seen) // 2]

    def first_s(self, number: int, *, explores: bool = True) -> float:
        """The age at which to ask about a video for the first time.

        `explores`: whether to try now and then if an earlier age does, which is of use for those that follow.
        """
        if self._interval_s is not None:
            return max(self._interval_s, self._floor_s)
        if self._best_s is None:
            # At different ages: together they tell more than all at the same.
            return self._floor_s * (1 + number * _SPREAD % 1)
        gap_s = self._best_s - self._low_s
        if not explores or gap_s <= max(_CLOSE * self._best_s, self._trip_s):
            return self._best_s
        # A question too early costs another one: one video at a time takes the risk. As long as little is known, but
        # the end is sure enough that no slot waits for the answer, some more do.
        is_early = self.surely_s is not None and gap_s > _ROUGH * self._best_s
        if len(self._explorers) >= (len(_SHARES) if is_early else 1):
            return self._best_s
        share = _SHARES[len(self._explorers)]
        self._explorers.add(number)
        return self._best_s - min(gap_s * share, (1 - _BOLDNESS) * self._best_s)

    def next_s(self, age_s: float) -> float:
        """The age at which to ask again about a video that is still being made."""
        if self._interval_s is not None:
            return age_s + max(self._interval_s, self._floor_s)
        usual_s = self.usual_s
        if usual_s is None or age_s > max(seen.done_s for seen in self._seen):
            return age_s + max(self._floor_s, min(age_s / 10, LONGEST_INTERVAL_S))
        return age_s + self._pause_s(usual_s)

    def is_open(self, number: int, age_s: float, trip_s: float) -> None:
        """A video is still being made at this age; the answer came `trip_s` after the question was due."""
        self._trip_s += (trip_s - self._trip_s) / _TRIPS
        self._explorers.discard(number)
        if self._best_s is None or age_s < self._best_s:
            self._low_s, self._low_age = max(self._low_s, age_s), 0

    def is_done(self, number: int, seen: Seen, trip_s: float) -> None:
        """A video was found ready; the answer came `trip_s` after the question was due."""
        self._trip_s += (trip_s - self._trip_s) / _TRIPS
        self._explorers.discard(number)
        self._seen.append(seen)
        self._low_age += 1
        self._doubt = max(0, self._doubt - 1)
        if seen.done_s <= self._low_s or self._low_age > 3 * _MEMORY:
            self._low_s, self._low_age = 0.0, 0
        usual_s = self.usual_s
        assert usual_s is not None
        pause_s = self._pause_s(usual_s)
        ages = {end.done_s * step for end in self._seen for step in _STEPS}
        self._best_s = min(sorted(ages), key=lambda age_s: self._cost_s(age_s, pause_s, usual_s))

    def is_gone(self, number: int) -> None:
        """A video will not be asked about again."""
        self._explorers.discard(number)

    def _pause_s(self, usual_s: float) -> float:
        """Between two questions once the first came too early: longer the more the videos differ."""
        ends = sorted(seen.done_s for seen in self._seen)
        spread_s = ends[-1 - len(ends) // 10] - ends[len(ends) // 10]
        return max(self._floor_s, min(sqrt(spread_s * _PRICE * usual_s), LONGEST_INTERVAL_S))

    def _cost_s(self, age_s: float, pause_s: float, usual_s: float) -> float:
        """What asking first at this age would have cost: time lost per video, a question counted as time.

        Of a video that was ready when it was first asked about later than this, nobody knows.
        """
        late = [age_s - seen.done_s for seen in self._seen if seen.done_s <= age_s]
        early = sum(seen.open_s >= age_s for seen in self._seen)
        known = len(late) + early
        lost_s = sum(late) + early * (max(self._floor_s, pause_s / 2) + _PRICE * usual_s)
        return lost_s / known if known else float("inf")
