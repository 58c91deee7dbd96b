"""Lists that come page by page: asked ahead, merged in order, and read again when something moved meanwhile."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from tadh_cli.api.field import Payload
from tadh_cli.api.operation import Paging

if TYPE_CHECKING:
    from concurrent.futures import Future

# Questions that are on their way at a time.
WIDTH = 4
# A list that moves faster than it can be read is read so often.
_SWEEPS = 3

Question = TypeVar("Question")
Answer = TypeVar("Answer")


def in_order(ask: Callable[[Question], Answer], questions: Iterable[Question], width: int = WIDTH) -> Iterator[Answer]:
    """The answers in the order of the questions, of which several are asked at a time; raises what one raised."""
    left = iter(questions)
    pending = deque(_asked(ask, question) for question in islice(left, width))
    while pending:
        answer = _awaited(pending.popleft())
        pending.extend(_asked(ask, question) for question in islice(left, 1))
        yield answer


def _asked(ask: Callable[[Question], Answer], question: Question) -> Future[Answer]:
    # Most lists have one page, and need none of this.
    from concurrent.futures import Future
    from contextvars import copy_context

    future: Future[Answer] = Future()
    context = copy_context()

    def work() -> None:
        try:
            future.set_result(context.run(ask, question))
        except BaseException as error:  # told to whoever waits for the answer
            future.set_exception(error)

    # A daemon: Ctrl-C ends the program, whatever the service is busy with.
    threading.Thread(target=work, daemon=True).start()
    return future


def _awaited(future: Future[Answer]) -> Answer:
    from concurrent.futures import wait

    # With a timeout Ctrl-C gets through on every system.
    while not wait([future], timeout=0.5).done:
        pass
    return future.result()


def merged(
    ask: Callable[[int], Payload], paging: Paging, size: int, *, most: int | None = None, width: int = WIDTH
) -> Iterator[Payload]:
    """The items of all pages, of which `ask` gets one; each item once.

    What is inserted, removed or sorted anew while pages are read shows in repeated items and in the total: then the
    list is read again, and what the first reading missed is added at the end. `most`: nobody wants more than that.
    """
    if not paging.key:
        yield from _whole(ask, paging, size, most, width)
        return
    told: set[Hashable] = set()
    for number in range(_SWEEPS):
        sweep = _Sweep(paging, size, width)
        known = len(told)
        for item in sweep.items(ask, None if number else most):
            if (identity := _identity(item, paging.key)) not in told:
                told.add(identity)
                yield item
        is_enough = most is not None and len(told) >= most
        if is_enough or sweep.is_complete or (number and len(told) == known):
            return


def _whole(ask: Callable[[int], Payload], paging: Paging, size: int, most: int | None, width: int) -> Iterator[Payload]:
    """Items that nothing tells apart can only be taken from one reading."""
    items: list[Payload] = []
    for _ in range(_SWEEPS):
        sweep = _Sweep(paging, size, width)
        items = list(sweep.items(ask, most))
        if most is not None or sweep.is_complete:
            break
    yield from items


def _identity(item: Payload, key: tuple[str, ...]) -> Hashable:
    if item.get(key[0]) in (None, ""):
        return json.dumps(item, sort_keys=True, default=str)
    return tuple(str(item.get(name)) for name in key)


class _Sweep:
    """One reading of a list, from its first page to its last."""

    def __init__(self, paging: Paging, size: int, width: int) -> None:
        self._paging = paging
        self._size = size
        self._width = width
        self._totals: set[int | None] = set()
        self._count = 0
        self._seen: set[Hashable] = set()
        self._is_doubled = False

    @property
    def is_complete(self) -> bool:
        """Whether nothing speaks against it: no item came twice, the total stayed the same and was reached."""
        most = max((total for total in self._totals if total is not None), default=0)
        return not self._is_doubled and len(self._totals) == 1 and self._count >= most

    def items(self, ask: Callable[[int], Payload], most: int | None) -> Iterator[Payload]:
        for answer in self._answers(ask, most):
            for item in answer[self._paging.items]:
                self._note(item)
                yield item

    def _note(self, item: Payload) -> None:
        self._count += 1
        if self._paging.key:
            identity = _identity(item, self._paging.key)
            self._is_doubled |= identity in self._seen
            self._seen.add(identity)

    def _answers(self, ask: Callable[[int], Payload], most: int | None) -> Iterator[Payload]:
        """The pages up to the last one, or to an empty one before it."""
        first = ask(1)
        total = self._noted(first)
        # A service may give less than it is asked for; then its pages count.
        size = len(first[self._paging.items])
        yield first
        if total is None:
            more: Iterable[Payload] = map(ask, range(2, 1_000_000)) if size >= self._size else ()
        else:
            wanted = total if most is None else min(total, most)
            more = in_order(ask, range(2, -(-wanted // max(size, 1)) + 1 if size else 2), self._width)
        for answer in more:
            self._noted(answer)
            items = answer[self._paging.items]
            if items:
                yield answer
            if not items or (total is None and len(items) < self._size):
                return

    def _noted(self, answer: Payload) -> int | None:
        total = answer.get("Total")
        total = total if isinstance(total, int) else None
        self._totals.add(total)
        return total
