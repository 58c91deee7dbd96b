"""Three times: that of the machine, that of the service, which runs faster, and that of whoever drives a session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Clock:
    """Virtual seconds run `speed` times as fast as real ones; all times start as Unix time.

    Signatures are compared with real time. What the service takes its time for (queues, productions, loading,
    validity) is virtual. What a client paces by its own clock (sound, heartbeats, frequencies, and so the limits on
    being idle) is paced time: as fast as real time at any speed, so that a heartbeat every 45 seconds is right at any
    speed. A jump moves virtual and paced time by the same, so that a test reaches ten idle minutes at once.
    """

    def __init__(
        self,
        speed: float = 1.0,
        *,
        now: float | None = None,
        ahead_s: float = 0.0,
        real: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.speed = speed
        self._real = real
        self._ticks = ticks
        self._moved = asyncio.Event()
        # Told of every jump.
        self.watch: Callable[[], None] = lambda: None
        # How far paced time has jumped ahead of the machine's.
        self.ahead_s = ahead_s
        self._paced_base = real() - ticks()
        self._anchor(real() if now is None else now)

    def real(self) -> float:
        """Unix seconds of the machine."""
        return self._real()

    def now(self) -> float:
        """Unix seconds of the service."""
        return self._base + (self._ticks() - self._base_ticks) * self.speed

    def paced(self) -> float:
        """Unix seconds as a client paces them; steps of the machine's clock do not disturb them."""
        return self._paced_base + self._ticks() + self.ahead_s

    def advance(self, span_s: float) -> None:
        """Let virtual and paced time jump ahead; whoever waits for a moment on the way wakes up."""
        self.ahead_s += span_s
        self.set(self.now() + span_s)

    def set(self, now: float) -> None:
        self._anchor(now)
        waiting, self._moved = self._moved, asyncio.Event()
        waiting.set()
        self.watch()

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
