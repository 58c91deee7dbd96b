"""Time as an argument, so that everything that waits can be tested without waiting."""

from __future__ import annotations

import random
import threading
import time
from datetime import datetime, timezone


class Clock:
    """The machine's time, sleep and dice."""

    def now_s(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic_s(self) -> float:
        """Seconds on a clock that never jumps."""
        return time.monotonic()

    def sleep(self, span_s: float) -> None:
        time.sleep(max(0.0, span_s))

    def wait(self, event: threading.Event, span_s: float) -> bool:
        """Sleep, but no longer than until something happens; tells whether it did."""
        return event.wait(max(0.0, span_s))

    def jitter(self) -> float:
        """A random number from 0.8 to 1.2, by which pauses are stretched so that clients do not march in step."""
        return random.uniform(0.8, 1.2)


def iso(unix_s: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(unix_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_the_millisecond(unix_s: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(unix_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def unix(text: str) -> float:
    """Unix seconds of an ISO 8601 time as `iso` writes it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
