"""The one waiting loop: ask, classify, tell, pause."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tadh_cli.api.waiter import Snapshot, State, Waiter
from tadh_cli.duration import words
from tadh_cli.engine.clock import Clock
from tadh_cli.errors import TadhError, WaitTimeout, together

# One question about one task takes this long at most, also when there is no deadline.
POLL_TIMEOUT_S = 30.0
# The service is never asked about a task more often than this.
SHORTEST_INTERVAL_S = 1.0
LONGEST_INTERVAL_S = 15.0
POLL_PATIENCE_S = 600.0
# No question can be answered in less.
_MOMENT_S = 0.01

Ask = Callable[[str, float], Mapping[str, Any]]


@dataclass(frozen=True)
class Patience:
    """How long and how often to ask; `interval_s` None means quick first, then slower."""

    timeout_s: float
    interval_s: float | None = None
    # Consecutive failures of questions are borne for this long.
    failures_s: float = POLL_PATIENCE_S
    floor_s: float = SHORTEST_INTERVAL_S

    def pause_s(self, waited_s: float, jitter: float) -> float:
        """Seconds to the next question: a tenth of the time waited so far, within bounds."""
        if self.interval_s is not None:
            return max(self.interval_s, self.floor_s)
        adaptive_s = min(waited_s / 10, LONGEST_INTERVAL_S) * jitter
        return max(adaptive_s, self.floor_s)


@dataclass(order=True)
class _Turn:
    due_s: float
    order: int
    task_id: str = field(compare=False)
    state: State = field(compare=False, default=State.QUEUED)
    record: Mapping[str, Any] = field(compare=False, default_factory=dict)
    failing_since_s: float | None = field(compare=False, default=None)


def watch(ask: Ask, waiter: Waiter, task_ids: Sequence[str], patience: Patience, clock: Clock) -> Iterator[Snapshot]:
    """Follow tasks until each has ended or waits for a person's decision; yields what each question brings.

    A failed question is not a failed task: it is repeated for `patience.failures_s`. Raises WaitTimeout at
    the deadline, which also bounds each question, and any failure that asking again can't mend; one that
    concerns a single task is raised when the others have come to their end.
    """
    started_s = clock.monotonic_s()
    ends_s = started_s + patience.timeout_s
    turns = [_Turn(started_s, order, task_id) for order, task_id in enumerate(task_ids)]
    lost: list[TadhError] = []
    has_asked = False
    while turns:
        turn = turns[0]
        _sleep_until(min(turn.due_s, ends_s), clock)
        now_s = clock.monotonic_s()
        if has_asked and ends_s - now_s < _MOMENT_S:
            raise _timeout(turns, patience, waiter)
        has_asked = True
        error = _question(ask, waiter, turn, min(POLL_TIMEOUT_S, ends_s - now_s))
        now_s = clock.monotonic_s()
        is_lost = error is not None and not error.transient
        if error is not None:
            error.task_id = turn.task_id
            if is_lost:
                _drop(error, lost, task_ids)
            else:
                _bear(error, turn, now_s, patience)
        pause_s = patience.pause_s(now_s - started_s, clock.jitter())
        if error is not None and error.retry_after_s is not None:
            pause_s = max(pause_s, error.retry_after_s)
        turn.due_s = now_s + pause_s
        yield Snapshot(turn.task_id, turn.state, turn.record, now_s - started_s, pause_s, error)
        if is_lost or (error is None and (turn.state.is_final or turn.state is State.DECISION)):
            heapq.heappop(turns)
        else:
            heapq.heapreplace(turns, turn)
    if lost:
        raise together(lost, len(task_ids))


def _question(ask: Ask, waiter: Waiter, turn: _Turn, timeout_s: float) -> TadhError | None:
    """Ask about one task and note the answer, or return the failure."""
    try:
        turn.record = ask(turn.task_id, max(timeout_s, 0.05))
    except TadhError as error:
        return error
    turn.state = waiter.classify(turn.record)
    turn.failing_since_s = None
    return None


def _drop(error: TadhError, lost: list[TadhError], task_ids: Sequence[str]) -> None:
    """Go on without a task that asking again does not help; raises what the others would meet as well."""
    if error.is_general or len(task_ids) == 1:
        raise error
    lost.append(error)


def _bear(error: TadhError, turn: _Turn, now_s: float, patience: Patience) -> None:
    """Put up with a failed question for as long as the user wants; raises it after that."""
    if turn.failing_since_s is None:
        turn.failing_since_s = now_s
    if now_s - turn.failing_since_s >= patience.failures_s:
        raise error


def _sleep_until(due_s: float, clock: Clock) -> None:
    pause_s = due_s - clock.monotonic_s()
    if pause_s > 0:
        clock.sleep(pause_s)


def _timeout(turns: Sequence[_Turn], patience: Patience, waiter: Waiter) -> WaitTimeout:
    open_ids = [turn.task_id for turn in sorted(turns, key=lambda turn: turn.order)]
    status = str(turns[0].record.get("Status") or "without an answer")
    what = (
        f"{waiter.kind} {open_ids[0]} is still {status}"
        if len(open_ids) == 1
        else f"{len(open_ids)} tasks are still open"
    )
    return WaitTimeout(
        f"{what} after {words(patience.timeout_s)}; it goes on at the service", task_id=" ".join(open_ids)
    )
