"""Threads that do jobs in order and report to the thread that gave them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from tadh_cli.engine.tasks import Tasks

T = TypeVar("T")

# What is to be done with the outcome of a job, by the thread that gave it.
Report = Callable[[], None]


class Reports:
    """What the crews report, to be taken in by one thread."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Report] = SimpleQueue()

    def put(self, report: Report) -> None:
        self._queue.put(report)

    def take(self, patience_s: float) -> bool:
        """Wait for reports and act on all there are; False when none came in time."""
        try:
            self._queue.get(timeout=max(0.0, patience_s))()
        except Empty:
            return False
        while not self._queue.empty():
            self._queue.get()()
        return True


class Crew:
    """So many threads, each with connections of its own; started when they are needed, gone with the process."""

    def __init__(self, tasks: Tasks, size: int, reports: Reports) -> None:
        self._tasks = tasks
        self._size = size
        self._reports = reports
        self._jobs: SimpleQueue[Callable[[Tasks], None]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0

    def do(self, job: Callable[[Tasks], T], then: Callable[[Future[T]], None]) -> None:
        """Have a job done; `then` gets its outcome, on the thread that takes the reports."""
        outcome: Future[T] = Future()

        def finish() -> None:
            self._busy -= 1
            then(outcome)

        def work(tasks: Tasks) -> None:
            try:
                outcome.set_result(job(tasks))
            except BaseException as error:  # told to whoever asks for the result, as by concurrent.futures
                outcome.set_exception(error)
            self._reports.put(finish)

        self._busy += 1
        if self._busy > len(self._threads) and len(self._threads) < self._size:
            thread = threading.Thread(target=self._serve, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put(work)

    @property
    def is_busy(self) -> bool:
        return self._busy > 0

    def _serve(self) -> None:
        transport: Any = self._tasks.client.transport.twin()
        tasks = self._tasks.twin(transport)
        while True:
            self._jobs.get()(tasks)
