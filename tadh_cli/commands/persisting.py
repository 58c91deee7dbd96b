"""Not giving up too soon: what costs money when it is left undone is tried again for a while, and said to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tadh_cli.errors import TadhError

if TYPE_CHECKING:
    from tadh_cli.engine.clock import Clock

_T = TypeVar("_T")

# So long in all, from the first attempt to the end of the last one.
SPAN_S = 15.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 4.0
# While it waits it looks so often whether somebody is in a hurry: no signal handler may wake it up more gently.
_LOOK_S = 0.05


def persistently(
    clock: Clock, say: Callable[[str], None], what: str, deed: Callable[[], _T], is_urgent: Callable[[], bool]
) -> _T:
    """Do it, again and again while it fails for reasons that pass; raises the last one.

    The first attempt is made in any case; after that, `is_urgent` ends it early. `say` is told how it goes.
    """
    from tadh_cli.engine.deadline import within

    ends_s = clock.monotonic_s() + SPAN_S
    pause_s = _FIRST_PAUSE_S
    with within(SPAN_S):
        while True:
            try:
                return deed()
            except TadhError as error:
                left_s = ends_s - clock.monotonic_s()
                if not error.transient or left_s <= pause_s or is_urgent():
                    raise
                say(f"{what} failed: {error.message}; trying again for {left_s:.0f} s, another Ctrl-C gives up")
                failure = error
            again_s = clock.monotonic_s() + max(pause_s * clock.jitter(), min(failure.retry_after_s or 0.0, left_s))
            while (wait_s := again_s - clock.monotonic_s()) > 0:
                if is_urgent():
                    raise failure
                clock.sleep(min(wait_s, _LOOK_S))
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
