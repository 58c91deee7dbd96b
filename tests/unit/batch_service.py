"""A service in virtual time, and a run of the schedule against it: whole batches in milliseconds."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tadh_cli.engine.batch.pace import Pace
from tadh_cli.engine.batch.schedule import Order, Schedule, Stage, Verb

FLOOR_S = 1.0


@dataclass
class VirtualService:
    """Makes so many videos at once; `taken(now)` slots belong to others."""

    slots: int
    service_s: Callable[[int], float]
    taken: Callable[[float], int] = lambda now_s: 0
    ends_s: dict[int, float] = field(default_factory=dict)
    refused_s: list[float] = field(default_factory=list)
    most: int = 0
    asked_s: dict[int, list[float]] = field(default_factory=dict)

    def create(self, number: int, now_s: float) -> bool:
        running = sum(end_s > now_s for end_s in self.ends_s.values())
        if running >= self.slots - self.taken(now_s):
            self.refused_s.append(now_s)
            return False
        assert number not in self.ends_s, "made twice"
        self.ends_s[number] = now_s + self.service_s(number)
        self.most = max(self.most, running + 1)
        return True

    def is_done(self, number: int, now_s: float) -> bool:
        self.asked_s.setdefault(number, []).append(now_s)
        return now_s >= self.ends_s[number]


@dataclass
class Ran:
    """How a run went."""

    seconds: float
    service: VirtualService

    @property
    def asks(self) -> int:
        return sum(map(len, self.service.asked_s.values()))


def run(
    service: VirtualService,
    count: int,
    *,
    limit: int = 5,
    trip_s: float = 0.01,
    stages: Sequence[Stage] | None = None,
    pace: Pace | None = None,
    timeout_s: float = 1800.0,
) -> Ran:
    """Run the schedule to its end; every request takes `trip_s` there and as much back."""
    schedule = Schedule(stages or [Stage.READY] * count, limit, pace or Pace(FLOOR_S), FLOOR_S, timeout_s)
    now_s, events, ties = 0.0, list[tuple[float, int, Callable[[], None]]](), itertools.count()

    def later(moment_s: float, event: Callable[[], None]) -> None:
        heapq.heappush(events, (moment_s, next(ties), event))

    def begin(order: Order, sent_s: float) -> None:
        number, there_s, back_s = order.number, sent_s + trip_s, sent_s + 2 * trip_s

        def arrived() -> None:
            if order.verb is Verb.SEND:
                made = service.create(number, there_s)
                later(
                    back_s, lambda: schedule.accepted(number, sent_s, now_s) if made else schedule.full(number, now_s)
                )
            elif order.verb is Verb.ASK:
                done = service.is_done(number, there_s)
                later(
                    back_s,
                    lambda: schedule.done(number, sent_s, now_s) if done else _open(schedule, number, sent_s, now_s),
                )
            else:
                later(back_s, lambda: schedule.uploaded(number) if order.verb is Verb.UPLOAD else schedule.over(number))

        later(there_s, arrived)

    while not schedule.is_over:
        for order in schedule.orders(now_s):
            begin(order, now_s)
        moment_s = min(schedule.wake_s(), events[0][0] if events else float("inf"))
        assert moment_s < float("inf"), "nothing is going to happen any more"
        assert moment_s < 1e6, "it does not end"
        now_s = max(now_s, moment_s)
        while events and events[0][0] <= now_s:
            heapq.heappop(events)[2]()
    return Ran(now_s, service)


def _open(schedule: Schedule, number: int, asked_s: float, now_s: float) -> None:
    schedule.unfinished(number, asked_s, now_s)
