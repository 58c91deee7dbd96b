"""Pages merged into one list: in order, ahead of the reader, and whole although the list moves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from tadh_cli.api.operation import Paging
from tadh_cli.engine.pages import WIDTH, in_order, merged
from tadh_cli.errors import ServiceError

KEYED = Paging("Items", key=("Key",))
PLAIN = Paging("Items")
Change = Callable[[list[str], int], None]


class Service:
    """A list that changes after so many answers."""

    def __init__(self, count: int, *, change: Change | None = None, total: Any = "all", largest: int = 1000) -> None:
        self.keys = [f"k{number}" for number in range(count)]
        self.asked: list[int] = []
        self._change = change
        self._total = total
        self._largest = largest

    def page(self, size: int) -> Callable[[int], dict[str, Any]]:
        def ask(page: int) -> dict[str, Any]:
            self.asked.append(page)
            given = min(size, self._largest)
            found = self.keys[(page - 1) * given : page * given]
            answer: dict[str, Any] = {"Items": [{"Key": key} for key in found]}
            if self._total is not None:
                answer["Total"] = len(self.keys) if self._total == "all" else self._total
            if self._change:
                self._change(self.keys, len(self.asked))
            return answer

        return ask

    def read(self, size: int, paging: Paging = KEYED, **options: Any) -> list[str]:
        return [item["Key"] for item in merged(self.page(size), paging, size, width=1, **options)]


def at(answer: int, change: Callable[[list[str]], object]) -> Change:
    """A change behind an answer."""
    return lambda keys, number: change(keys) if number == answer else None


def test_a_list_that_stands_still_is_read_once_and_in_order() -> None:
    service = Service(25)
    assert service.read(10) == service.keys
    assert service.asked == [1, 2, 3]


@pytest.mark.parametrize("total", ["all", None, 1000, 25])
@pytest.mark.parametrize("paging", [KEYED, PLAIN])
def test_nothing_is_lost_whatever_the_total_says(total: object, paging: Paging) -> None:
    assert Service(25, total=total).read(10, paging) == [f"k{number}" for number in range(25)]


def test_a_service_may_give_smaller_pages_than_it_is_asked_for() -> None:
    service = Service(25, largest=7)
    assert service.read(10) == service.keys


@pytest.mark.parametrize(
    "change",
    [
        lambda keys: keys.insert(0, "new"),
        lambda keys: keys.insert(0, keys.pop(24)),
        lambda keys: keys.append(keys.pop(0)),
        lambda keys: keys.append("new"),
        lambda keys: keys.reverse(),
        lambda keys: keys.insert(3, keys.pop(17)),
    ],
)
@pytest.mark.parametrize("answer", [1, 2])
def test_what_moves_meanwhile_is_neither_lost_nor_doubled(change: Callable[[list[str]], object], answer: int) -> None:
    service = Service(25, change=at(answer, change))
    found = service.read(10)
    assert sorted(found) == sorted(service.keys)


@pytest.mark.parametrize("answer", [1, 2])
def test_what_is_removed_meanwhile_takes_nothing_with_it(answer: int) -> None:
    service = Service(25, change=at(answer, lambda keys: keys.pop(0)))
    found = service.read(10)
    assert set(service.keys) <= set(found) and len(set(found)) == len(found)


def test_a_list_that_never_stands_still_has_an_end() -> None:
    service = Service(25, change=lambda keys, _: keys.insert(0, f"new{len(keys)}"))
    found = service.read(10)
    assert len(set(found)) == len(found) and len(service.asked) < 15


def test_twins_of_a_list_without_keys_stay_two() -> None:
    answers = {
        1: {"Items": [{"Type": "Hour"}, {"Type": "Hour"}], "Total": 3},
        2: {"Items": [{"Type": "X"}], "Total": 3},
    }
    assert len(list(merged(answers.__getitem__, PLAIN, 2))) == 3


def test_a_reader_who_wants_few_causes_few_questions() -> None:
    service = Service(95)
    assert service.read(10, most=15)[:15] == service.keys[:15]
    assert service.asked == [1, 2]


def test_a_reader_who_stops_causes_no_more() -> None:
    service = Service(95)
    assert len(list(islice(merged(service.page(10), KEYED, 10), 10))) == 10
    assert service.asked == [1]


def test_answers_come_in_the_order_of_their_questions_however_late() -> None:
    gates = {number: threading.Event() for number in range(8)}

    def ask(number: int) -> int:
        # Each waits for the next one of its group, so that they end in the opposite order.
        if number % WIDTH < WIDTH - 1:
            assert gates[number + 1].wait(10)
        gates[number].set()
        return number

    assert list(in_order(ask, range(WIDTH))) == list(range(WIDTH))


def test_no_more_are_asked_at_a_time_than_allowed() -> None:
    lock, running, most = threading.Lock(), [0], [0]
    barrier = threading.Barrier(3)

    def ask(number: int) -> int:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        barrier.wait(10)
        with lock:
            running[0] -= 1
        return number

    assert list(in_order(ask, range(9), width=3)) == list(range(9))
    assert most[0] == 3


def test_what_a_question_raises_is_raised_at_its_place() -> None:
    def ask(number: int) -> int:
        if number == 2:
            raise ServiceError("broken")
        return number

    answers = in_order(ask, range(5))
    assert [next(answers), next(answers)] == [0, 1]
    with pytest.raises(ServiceError, match="broken"):
        next(answers)
