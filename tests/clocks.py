"""A clock that moves only when somebody sleeps on it, so that waiting is tested without waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from tadh_cli.engine.clock import Clock

# 2026-03-01T12:00:00Z
NOON_S = 1_772_366_400.0


class FakeClock(Clock):
    """Remembers every pause; `jitters` are thrown in order, the last one for ever."""

    def __init__(self, now_s: float = NOON_S, jitters: Iterable[float] = (1.0,)) -> None:
        self._now_s = now_s
        self._monotonic_s = 1000.0
        self._jitters = list(jitters)
        self.slept: list[float] = []

    def now_s(self) -> float:
        return self._now_s

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def sleep(self, span_s: float) -> None:
        self.slept.append(span_s)
        self.advance(max(0.0, span_s))

    def wait(self, event: threading.Event, span_s: float) -> bool:
        self.sleep(span_s)
        return event.is_set()

    def jitter(self) -> float:
        return self._jitters.pop(0) if len(self._jitters) > 1 else self._jitters[0]

    def advance(self, span_s: float) -> None:
        """Time that passes by itself, while a question is on its way."""
        self._now_s += span_s
        self._monotonic_s += span_s
