"""Two times: that of the machine, and that of the service, which runs faster."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Clock:
    """Virtual seconds run `speed` times as fast as real ones; both start as Unix time.

    What a client paces (timestamps, frequencies, heartbeats) is measured in real seconds, what the service takes its
    time for (queues, productions, validity) in virtual ones.
    """

    def __init__(
        self,
        speed: float = 1.0,
        *,
        now: float | None = None,
        real: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.speed = speed
        self._real = real
        self._ticks = ticks
        self._moved = asyncio.Event()
        self._anchor(real() if now is None else now)

    def real(self) -> float:
        """Unix seconds of the machine."""
        return self._real()

    def now(self) -> float:
        """Unix seconds of the service."""
        return self._base + (self._ticks() - self._base_ticks) * self.speed

    def advance(self, span_s: float) -> None:
        """Let virtual time jump ahead; whoever waits for a moment on the way wakes up."""
        self.set(self.now() + span_s)

    def set(self, now: float) -> None:
        self._anchor(now)
        waiting, self._moved = self._moved, asyncio.Event()
        waiting.set()

    async def until(self, moment: float) -> None:
        """Wait for a virtual moment."""
        while (left := moment - self.now()) > 0:
            try:
                await asyncio.wait_for(self._moved.wait(), left / self.speed)
            # Not the built-in one before Python 3.11.
            except asyncio.TimeoutError:
                continue

    def real_of(self, moment: float) -> float:
        """When a virtual moment comes, in real Unix seconds: what a client can compare with its own clock."""
        return self.real() + (moment - self.now()) / self.speed

    def _anchor(self, now: float) -> None:
        self._base = now
        self._base_ticks = self._ticks()
