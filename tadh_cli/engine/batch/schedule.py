"""What to do next for each of many videos, and when: decided here, without a clock, a thread or a socket.

In go what happened and the time, out come orders. The service says how many videos it makes at once only by refusing
one too many: then no more than those under way are tried until one of them ends, or until it is time to see whether
others have left room.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from tadh_cli.engine.batch.pace import Pace, Seen

# Pauses before it is tried whether there is room again: doubled each time.
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 15.0
# While nothing of ours is under way, and its end can't give us a slot.
LONGEST_IDLE_PAUSE_S = 4.0
# Questions within a second, about all videos together.
MOST_ASKS = 20
# How often the ledger is read for a video that another run is sending.
HELD_INTERVAL_S = 0.5


class Stage(Enum):
    """Where a video is on its way."""

    FILE = "its file has to be uploaded"
    UPLOADING = "its file is being uploaded"
    READY = "it can be sent"
    SENDING = "it is being sent"
    HELD = "another run is sending it"
    LOOKING = "the ledger is being read"
    OPEN = "it is being made"
    ASKING = "it is being asked about"
    FETCHING = "its files are being fetched"
    OVER = "nothing is left to do"


class Verb(Enum):
    """What an order asks for."""

    UPLOAD = "upload"
    SEND = "send"
    LOOK = "look"
    ASK = "ask"
    FETCH = "fetch"


class Order(NamedTuple):
    """Something to do for a video, by its number."""

    verb: Verb
    number: int


@dataclass
class _Track:
    """A video on its way."""

    number: int
    stage: Stage
    # When its production began, as far as this run knows: exactly when it is its own.
    began_s: float | None = None
    is_own: bool = False
    # The latest age at which it was seen unfinished.
    open_s: float = 0.0
    gives_up_s: float = float("inf")
    # When it is to be asked about.
    due_s: float = 0.0


@dataclass
class Schedule:
    """The state of a run; `stages` are those in which the videos are at `begins_s`, in order.

    `jitter` stretches pauses, so that several runs do not march in step.
    """

    stages: Sequence[Stage]
    limit: int
    pace: Pace
    floor_s: float
    timeout_s: float
    begins_s: float = 0.0
    jitter: Callable[[], float] = lambda: 1.0
    # How many uploads go on at once.
    uploads: int = 2
    _tracks: list[_Track] = field(init=False)
    _counts: Counter[Stage] = field(init=False)
    # Numbers of videos that can be sent, the first one first.
    _ready: list[int] = field(default_factory=list)
    # Those that the service makes.
    _open: set[int] = field(default_factory=set)
    # Videos under way that the service allows us, as far as it let us know.
    _allowed: int = field(init=False)
    _pause_s: float = FIRST_PAUSE_S
    _probe_s: float = float("inf")
    _held_until_s: float = 0.0
    # Requests in a row that could not be sent.
    _postponements: int = 0
    _asks: deque[float] = field(default_factory=deque)
    _due: list[tuple[float, int]] = field(default_factory=list)
    _orders: list[Order] = field(default_factory=list)
    _is_stopped: bool = False

    def __post_init__(self) -> None:
        self._tracks = [_Track(number, Stage.OVER) for number in range(len(self.stages))]
        self._counts = Counter({Stage.OVER: len(self._tracks)})
        self._allowed = self.limit
        for track, stage in zip(self._tracks, self.stages, strict=True):
            self._move(track, stage)
            track.gives_up_s = self.begins_s + self.timeout_s
            if stage in (Stage.OPEN, Stage.HELD):
                self._wait(track, self.begins_s)
            elif stage is Stage.FETCHING:
                self._orders.append(Order(Verb.FETCH, track.number))

    # What is to be done ------------------------------------------------------------------------------------

    def orders(self, now_s: float) -> list[Order]:
        """What is to begin now; each order is answered by one of the events below."""
        found, self._orders = self._orders, []
        found += self._questions(now_s)
        if not self._is_stopped:
            found += self._submissions(now_s)
            found += self._uploads()
        return found

    def wake_s(self) -> float:
        """When there may be something to do although nothing happens, infinite when never."""
        question_s = self._due[0][0] if self._due else float("inf")
        if len(self._asks) >= MOST_ASKS:
            question_s = max(question_s, self._asks[0] + 1.0)
        return min(question_s, self._next_submission_s())

    @property
    def is_over(self) -> bool:
        """Whether nothing is going on and nothing will."""
        idle = (Stage.OVER, Stage.READY, Stage.FILE) if self._is_stopped else (Stage.OVER,)
        return sum(self._counts[stage] for stage in idle) == len(self._tracks)

    def under_way(self, now_s: float) -> int:
        """Videos that hold a slot of the service, as far as this run knows or has reason to suppose."""
        return self._counts[Stage.SENDING] + sum(now_s < self._ends_s(track) for track in self._made())

    @property
    def allowed(self) -> int:
        """How many may be under way at once."""
        return min(self._allowed, self.limit)

    def rounds_left(self) -> float:
        """How often all slots are filled until every video is made: what is not begun, and half of what is."""
        waiting = sum(self._counts[stage] for stage in (Stage.FILE, Stage.UPLOADING, Stage.READY))
        going = self._counts[Stage.SENDING] + len(self._open)
        return (waiting + going / 2) / max(1, self.allowed)

    def stage(self, number: int) -> Stage:
        return self._tracks[number].stage

    def stop(self) -> None:
        """Begin nothing new; what is under way goes on."""
        self._is_stopped = True

    # What happened -----------------------------------------------------------------------------------------

    def uploaded(self, number: int) -> None:
        """A video's file is in the store."""
        self._move(self._tracks[number], Stage.READY)

    def accepted(self, number: int, began_s: float, now_s: float) -> None:
        """The service makes the video; `began_s` is when the request left."""
        track = self._tracks[number]
        self._move(track, Stage.OPEN)
        track.began_s, track.is_own = began_s, True
        track.gives_up_s = now_s + self.timeout_s
        self._postponements = 0
        if (under_way := self.under_way(now_s)) > self._allowed:
            # There was room for one more than was known: perhaps there is for another.
            self._allowed, self._pause_s = under_way, FIRST_PAUSE_S
        if self._probe_s == float("inf"):
            self._probe(now_s)
        self._wait(track, began_s + self.pace.first_s(number, explores=bool(self._ready)))

    def full(self, number: int, now_s: float) -> None:
        """The service has no slot for the video, and nothing was made."""
        self._move(self._tracks[number], Stage.READY)
        if any(now_s >= self._ends_s(other) for other in self._made()):
            self.pace.doubt()
        # Those that are under way fit in; nobody knows about one more.
        self._allowed = self.under_way(now_s)
        self._probe(now_s)

    def postponed(self, number: int, now_s: float, pause_s: float = 0.0) -> None:
        """The video could not be sent now, and nothing was made."""
        self._move(self._tracks[number], Stage.READY)
        own_s = min(FIRST_PAUSE_S * 2.0**self._postponements, LONGEST_PAUSE_S) * self.jitter()
        self._postponements += 1
        self._held_until_s = now_s + max(pause_s, own_s)

    def taken(self, number: int, now_s: float, *, by_task: bool) -> None:
        """Another run tries to make the video: it has a task already, or is about to get one."""
        track = self._tracks[number]
        self._move(track, Stage.OPEN if by_task else Stage.HELD)
        track.gives_up_s = now_s + self.timeout_s
        self._wait(track, now_s if by_task else now_s + HELD_INTERVAL_S)

    def released(self, number: int, *, needs_file: bool) -> None:
        """Nobody makes the video after all, or its result is gone: it is to be sent, after its file."""
        self._move(self._tracks[number], Stage.FILE if needs_file else Stage.READY)

    def unfinished(self, number: int, asked_s: float, now_s: float) -> bool:
        """The video was still being made at `asked_s`; False when its time is over and it is left to itself."""
        track = self._tracks[number]
        if now_s >= track.gives_up_s:
            self.over(number)
            return False
        self._move(track, Stage.OPEN)
        if track.began_s is None:
            track.began_s = asked_s
        track.open_s = asked_s - track.began_s
        if track.is_own:
            self.pace.is_open(number, track.open_s, now_s - track.due_s)
        self._wait(track, max(track.began_s + self.pace.next_s(track.open_s), now_s + self.floor_s))
        return True

    def unanswered(self, number: int, now_s: float, pause_s: float = 0.0) -> None:
        """The question failed; it is put again."""
        track = self._tracks[number]
        self._move(track, Stage.OPEN)
        waited_s = now_s - (track.began_s if track.began_s is not None else now_s)
        self._wait(track, now_s + max(self.floor_s, min(waited_s / 10, LONGEST_PAUSE_S), pause_s))

    def done(self, number: int, asked_s: float, now_s: float) -> None:
        """The video was ready at `asked_s`; its files are to be fetched, or not, by `fetch`."""
        track = self._tracks[number]
        if track.began_s is not None and track.is_own:
            self.pace.is_done(number, Seen(track.open_s, asked_s - track.began_s), now_s - track.due_s)
        self.over(number)

    def fetch(self, number: int) -> None:
        """The files of a video that is ready are wanted."""
        self._move(self._tracks[number], Stage.FETCHING)
        self._orders.append(Order(Verb.FETCH, number))

    def over(self, number: int) -> None:
        """There is nothing left to do for the video."""
        self._move(self._tracks[number], Stage.OVER)
        self.pace.is_gone(number)

    # Deciding ----------------------------------------------------------------------------------------------

    def _move(self, track: _Track, stage: Stage) -> None:
        self._counts[track.stage] -= 1
        self._counts[stage] += 1
        track.stage = stage
        (self._open.add if stage in (Stage.OPEN, Stage.ASKING) else self._open.discard)(track.number)
        if stage is Stage.READY:
            heapq.heappush(self._ready, track.number)

    def _wait(self, track: _Track, due_s: float) -> None:
        track.due_s = due_s
        heapq.heappush(self._due, (due_s, track.number))

    def _questions(self, now_s: float) -> Iterator[Order]:
        while self._asks and self._asks[0] + 1.0 <= now_s:
            self._asks.popleft()
        while self._due and self._due[0][0] <= now_s:
            track = self._tracks[self._due[0][1]]
            if track.stage is Stage.OPEN and len(self._asks) >= MOST_ASKS:
                return
            heapq.heappop(self._due)
            if track.stage is Stage.OPEN:
                self._move(track, Stage.ASKING)
                self._asks.append(now_s)
                yield Order(Verb.ASK, track.number)
            elif track.stage is Stage.HELD:
                self._move(track, Stage.LOOKING)
                yield Order(Verb.LOOK, track.number)

    def _submissions(self, now_s: float) -> Iterator[Order]:
        """One at a time: so no more than one is refused when there is no room any more."""
        if now_s >= self._next_submission_s():
            if self.under_way(now_s) >= self.allowed:
                self._probe_s = float("inf")
            track = self._tracks[heapq.heappop(self._ready)]
            self._move(track, Stage.SENDING)
            yield Order(Verb.SEND, track.number)

    def _next_submission_s(self) -> float:
        if self._is_stopped or not self._ready or self._counts[Stage.SENDING]:
            return float("inf")
        ends_s = sorted(self._ends_s(track) for track in self._made())
        return max(
            self._held_until_s, min(_freed_s(ends_s, self.allowed), max(self._probe_s, _freed_s(ends_s, self.limit)))
        )

    def _made(self) -> Iterator[_Track]:
        return (self._tracks[number] for number in self._open)

    def _ends_s(self, track: _Track) -> float:
        """When a video gives back its slot, if all take as long as those before it; infinite when nobody knows."""
        surely_s = self.pace.surely_s
        return track.began_s + surely_s if surely_s and track.is_own and track.began_s is not None else float("inf")

    def _uploads(self) -> Iterator[Order]:
        """Files go ahead of their videos, but not far: what is never made need not be uploaded."""
        if not self._counts[Stage.FILE]:
            return
        ahead = self.limit + self.uploads
        for track in self._tracks:
            if self._counts[Stage.UPLOADING] >= self.uploads or ahead <= 0:
                return
            if track.stage is Stage.FILE:
                self._move(track, Stage.UPLOADING)
                yield Order(Verb.UPLOAD, track.number)
            ahead -= track.stage in (Stage.UPLOADING, Stage.READY)

    def _probe(self, now_s: float) -> None:
        """Try after a pause whether there is more room than is known."""
        # Twice as long each time, but not much longer than it takes to make a video.
        most_s = LONGEST_PAUSE_S if self._open else LONGEST_IDLE_PAUSE_S
        longest_s = min(most_s, max(self.pace.usual_s or most_s, FIRST_PAUSE_S))
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, longest_s)
        self._probe_s = now_s + pause_s * self.jitter() if self._allowed < self.limit else float("inf")


def _freed_s(ends_s: Sequence[float], most: int) -> float:
    """When less than `most` of the videos with these ends are left; minus infinity when that is so already."""
    if most <= 0:
        return float("inf")
    return ends_s[len(ends_s) - most] if len(ends_s) >= most else float("-inf")
