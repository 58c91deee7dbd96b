"""The moment by which the request that a thread makes has to be over, whatever it is doing then."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_s: ContextVar[float] = ContextVar("ends_s", default=math.inf)


@contextmanager
def within(span_s: float) -> Iterator[None]:
    """What happens in this block has so many seconds, or what a block around it has left if that is less."""
    before = _ends_s.set(min(_ends_s.get(), time.monotonic() + span_s))
    try:
        yield
    finally:
        _ends_s.reset(before)


def shortened(patience_s: float | None) -> float | None:
    """Seconds to wait for one step that may take so long by itself; TimeoutError when no time is left."""
    left_s = _ends_s.get() - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("timed out")
    if left_s == math.inf:
        return patience_s
    return left_s if patience_s is None else min(patience_s, left_s)
