"""What a server does once a second: keep its clock, throw away what is old, notice that it is unwanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from tadh_cli.sandbox import progress
from tadh_cli.sandbox.clock import Clock
from tadh_cli.sandbox.record import FILE
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.state import State

EVERY_S = 1.0
# Rounds.
SWEEP_EVERY, KEEP_EVERY = 60, 10
# Virtual time is stored ahead by so many real seconds: after a kill it goes on from there, and never runs backwards.
LEASE_S = 15.0


def resumed_clock(state: State, speed: float) -> Clock:
    """A clock that goes on where the last server's stood."""
    stored: float | None = state.note("clock")
    return Clock(speed, now=stored, ahead_s=state.note("clock_ahead") or 0.0)


def keep_clock(state: State, clock: Clock, *, is_last: bool = False) -> None:
    """Store virtual time; has to happen again before the lease is over, and after every jump."""
    ahead_s = 0.0 if is_last else LEASE_S * clock.speed
    state.set_note("clock", clock.now() + ahead_s)
    state.set_note("clock_ahead", clock.ahead_s)


async def keep_house(service: Service, directory: Path, inode: int, stop: Callable[[], None]) -> None:
    """Go round until somebody cancels it; `inode` is that of the server's own record."""
    rounds = 0
    while True:
        if _inode(directory / FILE) != inode:
            stop()
            return
        if rounds % KEEP_EVERY == 0:
            keep_clock(service.state, service.clock)
        if rounds % SWEEP_EVERY == 0:
            sweep(service)
        rounds += 1
        await asyncio.sleep(EVERY_S)


def sweep(service: Service) -> None:
    """Remove results whose days are over, and what nobody knows any more."""
    service.lives.sweep()
    now = service.clock.now()
    kept = set()
    for task in service.tasks.values():
        until = progress.kept_until(task)
        if until is None or now <= until:
            kept.add(task.id)
    for path in service.media.iterdir():
        # Unfinished files begin with a dot.
        if path.name.lstrip(".").partition(".")[0] not in kept:
            path.unlink(missing_ok=True)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return -1
