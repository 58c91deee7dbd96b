"""What is not given up too soon, without waiting for it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tadh_cli.commands.persisting import SPAN_S, persistently
from tadh_cli.errors import AuthError, ServiceError, TadhError
from tests.clocks import FakeClock


class Deed:
    """Fails so often, and takes so long each time."""

    def __init__(self, error: TadhError, fails: float, takes_s: float = 0.0) -> None:
        self.clock = FakeClock()
        self.tried: list[float] = []
        self.told: list[str] = []
        self._error, self._fails, self._takes_s = error, fails, takes_s

    def __call__(self) -> str:
        self.tried.append(self.clock.monotonic_s())
        self.clock.advance(self._takes_s)
        if len(self.tried) <= self._fails:
            raise self._error
        return "done"

    def run(self, hurries_after: float = 1000) -> str:
        return persistently(self.clock, self.told.append, "closing m1", self, lambda: len(self.tried) >= hurries_after)


def passing() -> TadhError:
    error = ServiceError("busy")
    error.transient = True
    return error


def test_what_fails_for_a_while_succeeds_in_the_end() -> None:
    deed = Deed(passing(), 4)
    assert deed.run() == "done"
    assert [later - earlier for earlier, later in pairwise(deed.tried)] == pytest.approx([0.5, 1, 2, 4])
    assert deed.told[0] == "closing m1 failed: busy; trying again for 15 s, another Ctrl-C gives up"


@pytest.mark.parametrize("takes_s", [0.0, 5.0])
def test_it_ends_within_its_span(takes_s: float) -> None:
    deed = Deed(passing(), 1000, takes_s)
    with pytest.raises(ServiceError):
        deed.run()
    assert 3 <= len(deed.tried) <= 6 and deed.tried[-1] - deed.tried[0] <= SPAN_S


def test_what_will_not_pass_is_told_at_once() -> None:
    deed = Deed(AuthError("no"), 1)
    with pytest.raises(AuthError):
        deed.run()
    assert len(deed.tried) == 1 and deed.told == []


def test_in_a_hurry_it_is_tried_once_all_the_same() -> None:
    deed = Deed(passing(), 1)
    with pytest.raises(ServiceError):
        deed.run(hurries_after=0)
    assert len(deed.tried) == 1
