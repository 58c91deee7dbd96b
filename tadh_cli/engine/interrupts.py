"""Signals that ask the program to end, held back where something must not be left half done."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_Handler = Callable[[int, FrameType | None], Any]


class Held:
    """Signals that came while they were held back, and whether they interrupt at this moment."""

    def __init__(self, told: Callable[[], None], patience_s: float) -> None:
        self._told = told
        self._patience_s = patience_s
        self._before: dict[int, _Handler] = {}
        self._pending: int | None = None
        self._count = 0
        self._is_heeding = False
        self._is_over = False

    def heed(self) -> None:
        """From now on a signal interrupts; one that came before does so at once."""
        self._is_heeding = True
        self._interrupt()

    def hold(self) -> None:
        """From now on a signal waits, however long it takes: what is done now has an end of its own."""
        self._is_heeding = False
        self._patience_s = math.inf
        if self._before and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    @property
    def is_urgent(self) -> bool:
        """Whether somebody has asked twice: whatever can be cut short should be."""
        return self._count > 1

    def _interrupt(self) -> None:
        number = self._pending
        # Only once: what is done about it is not to be interrupted in turn.
        if number is not None and not self._is_over:
            self._is_over = True
            self._before[number](number, None)

    def _came(self, number: int, _frame: FrameType | None) -> None:
        is_first, self._pending = self._pending is None, number
        self._count += 1
        if self._is_heeding:
            self._interrupt()
        elif is_first:
            if hasattr(signal, "setitimer") and self._patience_s < math.inf:
                signal.setitimer(signal.ITIMER_REAL, self._patience_s)
            # What was being written when the signal came can't be written into.
            with suppress(RuntimeError):
                self._told()

    def _waited_long_enough(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupt()


@contextmanager
def held(told: Callable[[], None], patience_s: float) -> Iterator[Held]:
    """Hold back Ctrl-C and its kin in the block: they interrupt where it heeds them, and at its end.

    `told` is called when one is held back; after `patience_s` seconds it interrupts all the same (not on Windows).
    """
    state = Held(told, patience_s)
    if threading.current_thread() is not threading.main_thread():
        yield state
        return
    has_alarm = hasattr(signal, "setitimer")
    alarm = signal.signal(signal.SIGALRM, state._waited_long_enough) if has_alarm else None
    for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
        before = signal.getsignal(number)
        # One that does nothing special, or nothing at all, is left as it is.
        if callable(before):
            state._before[number] = before
            signal.signal(number, state._came)
    try:
        yield state
    finally:
        if has_alarm:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, alarm)
        for number, before in state._before.items():
            signal.signal(number, before)
        state._interrupt()
