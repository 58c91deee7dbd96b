"""Being woken up in time, on a machine that has a lot to do."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def hurry() -> None:
    """Let this thread go before other programs, where the system allows that: to root, or within RLIMIT_RTPRIO.

    It is for threads that sleep nearly all the time. Without it a busy machine wakes them up late by milliseconds,
    measured with as many busy processes as cores: 12 to 140 ms, instead of 0.3. What the thread starts is as before.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
