"""A task that takes time, as data: whom to ask, and which words of the answer mean what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple


class State(Enum):
    """Where a task stands, in the same five words for everything that takes time."""

    QUEUED = "queued"
    RUNNING = "running"
    DECISION = "decision"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in (State.DONE, State.FAILED)


def _as_it_is(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return record


class Waiter(NamedTuple):
    """The operation to ask, the name of its id, and the first matching row of words decides."""

    operation: str
    kind: str
    rows: tuple[tuple[Mapping[str, object], State], ...]
    id: str = "TaskId"
    # Where the same kind of thing is made in several ways: which of them.
    edition: str = ""
    # The stages that a task walks through, in order, where answers tell them.
    stages: tuple[str, ...] = ()
    # What an answer says, in the fields of task records; the rows speak of these.
    tell: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _as_it_is
    # Where the answer has the reason of a failure.
    code: str = "FailCode"
    message: str = "FailMessage"
    # How one stands that the service does not know any more, in the words of answers; empty when its result is lost.
    forgotten: Mapping[str, str] = {}

    def classify(self, record: Mapping[str, Any]) -> State:
        """The state of an answer; words nobody knows yet count as running, so that waiting goes on."""
        for words, state in self.rows:
            if all(record.get(name) == word for name, word in words.items()):
                return state
        return State.RUNNING


class Snapshot(NamedTuple):
    """What one question about a task brought to light, or the failure it met instead."""

    task_id: str
    state: State
    record: Mapping[str, Any]
    # Seconds since waiting began, and until the next question.
    waited_s: float
    pause_s: float = 0.0
    error: Exception | None = None
