"""One question about each task that has not ended, a few at a time."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tadh_cli.api.provider import Provider
from tadh_cli.api.waiter import Waiter
from tadh_cli.engine.ledger import Ledger
from tadh_cli.engine.ledger_choice import ENDED
from tadh_cli.engine.tasks import Record, Tasks
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import NotFound, TadhError

# Questions on their way at the same time. The service names no limit; a browser has six connections to a host.
AT_ONCE = 6


class Question(NamedTuple):
    """A task, and how its kind and edition is asked about."""

    waiter: Waiter
    task_id: str


class Looked(NamedTuple):
    """What asking about a task brought: its record, or the failure that it met."""

    question: Question
    record: Record | None = None
    error: TadhError | None = None


def question(provider: Provider, task_id: str, kind: str, operation: str) -> Question | None:
    """How a task of the ledger is asked about; None for kinds that can't be."""
    alike = (waiter for waiter in provider.waiters() if waiter.kind == kind and operation.startswith(waiter.edition))
    waiter = next(alike, None)
    return None if waiter is None else Question(waiter, task_id)


def open_questions(provider: Provider, ledger: Ledger, profile: str) -> list[Question]:
    """About all tasks of a profile that are not known to have ended, oldest first."""
    found = (question(provider, *task) for task in ledger.open_tasks(profile))
    return [each for each in found if each is not None]


def ask_all(tasks: Tasks, transport: Transport, questions: Sequence[Question]) -> Iterator[Looked]:
    """The answers as they come; what they say is in the ledger by then.

    The first question goes alone: what it meets that every other one would meet too ends the round. Several
    threads ask the rest, each over connections of its own.
    """
    if not questions:
        return
    first = _looked(tasks, questions[0])
    yield first
    if _is_general(first) or len(questions) == 1:
        return
    for service in {tasks.client.provider.operation(each.waiter.operation).service for each in questions}:
        tasks.client.account(service)  # a command for the token may ask a person: not in several threads
    yield from _ask_by_threads(tasks, transport, questions[1:])


def _ask_by_threads(tasks: Tasks, transport: Transport, questions: Sequence[Question]) -> Iterator[Looked]:
    todo = deque(questions)
    told: queue.SimpleQueue[Looked | BaseException | None] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        own = transport.twin()
        try:
            for each in _taken(todo, stop):
                told.put(_looked(tasks.twin(own), each))
        except BaseException as error:  # told to whoever waits for the thread
            told.put(error)
        finally:
            own.close()
            told.put(None)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(AT_ONCE, len(todo)))]
    for thread in threads:
        thread.start()
    try:
        for looked in _received(told, len(threads)):
            if _is_general(looked):
                stop.set()
            yield looked
    finally:
        stop.set()


def _taken(todo: deque[Question], stop: threading.Event) -> Iterator[Question]:
    while not stop.is_set():
        try:
            yield todo.popleft()
        except IndexError:
            return


def _received(told: queue.SimpleQueue[Looked | BaseException | None], senders: int) -> Iterator[Looked]:
    """What all senders tell until each has said that it ends; raises what broke one of them."""
    while senders:
        try:
            # With a timeout Ctrl-C gets through on every system.
            item = told.get(timeout=0.5)
        except queue.Empty:
            continue
        if item is None:
            senders -= 1
        elif isinstance(item, BaseException):
            raise item
        else:
            yield item


def _looked(tasks: Tasks, asked: Question) -> Looked:
    try:
        return Looked(asked, tasks.look(asked.waiter, asked.task_id))
    except NotFound as error:
        past = tasks.ledger.find(asked.task_id)
        # That the service has forgotten it is what there was to learn, and it is written down.
        is_told = past is not None and past["State"] in ENDED
        return Looked(asked, past) if is_told else _failed(asked, error)
    except TadhError as error:
        return _failed(asked, error)


def _failed(asked: Question, error: TadhError) -> Looked:
    error.task_id = asked.task_id
    return Looked(asked, error=error)


def _is_general(looked: Looked) -> bool:
    return looked.error is not None and looked.error.is_general


def by_id(found: Iterable[Looked]) -> dict[str, dict[str, Any]]:
    """The records that were brought, by their task."""
    return {looked.question.task_id: looked.record for looked in found if looked.record is not None}
