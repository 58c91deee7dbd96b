"""The run of a list: what the schedule orders is done by threads, and what they find out is told to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tadh_cli.api.video import USUAL_CONCURRENCY
from tadh_cli.api.waiter import State
from tadh_cli.engine.batch.crew import Crew, Reports
from tadh_cli.engine.batch.home import Home
from tadh_cli.engine.batch.pace import Pace
from tadh_cli.engine.batch.plan import Action, Decision
from tadh_cli.engine.batch.schedule import Order, Schedule, Stage, Verb
from tadh_cli.engine.batch.score import Score, Tell
from tadh_cli.engine.batch.uploads import Uploads
from tadh_cli.engine.batch.work import DONE, FAILED, RUNNING, UNKNOWN, WAITING, Work
from tadh_cli.engine.ledger_choice import REFUSED, SENDING
from tadh_cli.engine.ledger_choice import UNKNOWN as UNKNOWN_ENTRY
from tadh_cli.engine.ledger_claims import Claimed
from tadh_cli.engine.tasks import Tasks, proves_nothing_made
from tadh_cli.engine.waiting import POLL_TIMEOUT_S, Patience
from tadh_cli.errors import (
    FileError,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    QuotaError,
    Reach,
    TadhError,
    WaitTimeout,
)

ASKERS, FETCHERS, UPLOADERS = 6, 4, 2
# Unknown outcomes in a row after which no more is sent: whatever breaks the service would break the others too.
MOST_UNKNOWN = 3
# After Ctrl-C: how long the answer to the request on its way is waited for.
FAREWELL_S = 5.0
# The main thread looks up so often at least, to hear of Ctrl-C also where waiting can't be interrupted.
_LONGEST_NAP_S = 1.0


@dataclass
class Run:
    """Works through a list; `tell` hears of every change, on the thread that iterates."""

    works: Sequence[Work]
    home: Home
    tasks: Tasks
    limit: int
    patience: Patience
    tell: Tell
    fails_fast: bool = False
    # Whether a result that turns out to be gone is made again.
    remakes: bool = False
    # Where unfinished uploads are on record.
    records: Path = Path()
    # The failure that ended the run before its time.
    fatal: TadhError | None = None
    _reports: Reports = field(default_factory=Reports)
    _failing_since_s: dict[int, float] = field(default_factory=dict)
    _unknown_in_a_row: int = 0
    _is_leaving: bool = False

    def __post_init__(self) -> None:
        self._clock = self.tasks.clock
        self._waiter = self.tasks.client.provider.waiter("video")
        # With fewer slots than the account has, the service would not refuse one too many.
        supposes = self.limit >= USUAL_CONCURRENCY
        self._pace = Pace(self.patience.floor_s, self.patience.interval_s, supposes=supposes)
        self._schedule = Schedule(
            [_stage(work) for work in self.works],
            self.limit,
            self._pace,
            self.patience.floor_s,
            self.patience.timeout_s,
            self._clock.monotonic_s(),
            self._clock.jitter,
            uploads=UPLOADERS,
        )
        self._score = Score(len(self.works), self.tell, self._left_s)
        self._uploads = Uploads(self.records, self._moved)
        self._sender = Crew(self.tasks, 1, self._reports)
        self._askers = Crew(self.tasks, min(self.limit, ASKERS), self._reports)
        self._fetchers = Crew(self.tasks, FETCHERS, self._reports)
        self._uploaders = Crew(self.tasks, UPLOADERS, self._reports)
        self._begin_by: Mapping[Verb, Callable[[int], None]] = {
            Verb.UPLOAD: self._upload,
            Verb.SEND: self._send,
            Verb.LOOK: self._look,
            Verb.ASK: self._ask,
            Verb.FETCH: self._fetch,
        }

    def finished(self) -> Iterator[Work]:
        """Each video as it comes to its end; raises Interrupted on Ctrl-C, and leaves what went wrong in the works."""
        for work in self.works:
            if work.decision.action in (Action.SKIP, Action.UNKNOWN):
                self._score.skip()
                yield work
        try:
            while not self._schedule.is_over:
                now_s = self._clock.monotonic_s()
                for order in self._schedule.orders(now_s):
                    self._begin(order)
                nap_s = min(self._schedule.wake_s() - self._clock.monotonic_s(), _LONGEST_NAP_S)
                self._reports.take(nap_s)
                yield from self._score.news()
            yield from self._score.news()
        except KeyboardInterrupt:
            self._leave()
            raise Interrupted("interrupted") from None
        except GeneratorExit:
            self._leave()
            raise

    def _leave(self) -> None:
        """Begin nothing new; downloads stop where they are, the one request on its way may still be answered."""
        self._is_leaving = True
        self._schedule.stop()
        ends_s = self._clock.monotonic_s() + FAREWELL_S
        while self._sender.is_busy and (left_s := ends_s - self._clock.monotonic_s()) > 0:
            self._reports.take(left_s)

    def _begin(self, order: Order) -> None:
        self._begin_by[order.verb](order.number)

    # Uploading ---------------------------------------------------------------------------------------------

    def _upload(self, number: int) -> None:
        work = self.works[number]
        sound = work.plan.upload
        assert sound is not None
        self._score.say(work, f"uploading {sound.path.name}")

        def job(tasks: Tasks) -> str:
            return self._uploads.url(tasks, sound, work.sound)

        def then(outcome: Future[str]) -> None:
            try:
                work.prepared, work.is_uploaded = work.plan.with_upload(outcome.result()), True
            except Interrupted:
                return
            except TadhError as error:
                self._unsent(number, error)
            else:
                self._schedule.uploaded(number)

        self._uploaders.do(job, then)

    def _moved(self, _done: int, _total: int | None) -> None:
        """Ends a transfer when the run is to end."""
        if self._is_leaving:
            raise Interrupted("interrupted")

    # Sending -----------------------------------------------------------------------------------------------

    def _send(self, number: int) -> None:
        work = self.works[number]
        claim = work.claim()

        def job(tasks: Tasks) -> tuple[float, Mapping[str, Any]]:
            began_s = self._clock.monotonic_s()
            return began_s, tasks.submit(work.prepared, claim)

        def then(outcome: Future[tuple[float, Mapping[str, Any]]]) -> None:
            try:
                began_s, work.record = outcome.result()
            except Claimed:
                self._taken_elsewhere(number)
            except TadhError as error:
                work.tried(self.tasks.ledger.attempt(work.identity))
                self._not_made(number, error)
            else:
                self._unknown_in_a_row = 0
                self._failing_since_s.pop(_SENDING, None)
                work.state = RUNNING
                self._schedule.accepted(number, began_s, self._clock.monotonic_s())
                self._score.say(work, f"submitted as {work.task_id}")

        self._sender.do(job, then)

    def _not_made(self, number: int, error: TadhError) -> None:
        """A request that brought no task: there is no room, it is no time, it is refused, or nobody knows."""
        work, now_s = self.works[number], self._clock.monotonic_s()
        if not proves_nothing_made(error):
            self._unknown(work, number, error)
        elif error.is_full:
            self._schedule.full(number, now_s)
            self._score.say(work, f"waiting for a slot, {self._schedule.under_way(now_s)} under way")
        elif error.transient and error.reach is Reach.NOT_SENT and self._is_borne(_SENDING, now_s):
            self._schedule.postponed(number, now_s, error.retry_after_s or 0.0)
            self._score.say(work, f"not sent, trying again: {error.message}")
        else:
            self._unsent(number, error)

    def _unknown(self, work: Work, number: int, error: TadhError) -> None:
        work.state, work.error = UNKNOWN, error
        self._end(number, f"outcome unknown: {error.message}")
        self._unknown_in_a_row += 1
        if self._unknown_in_a_row >= MOST_UNKNOWN:
            self._stop(OutcomeUnknown(f"the outcome of {MOST_UNKNOWN} requests in a row is unknown: no more is sent"))

    def _unsent(self, number: int, error: TadhError) -> None:
        """A video of which nothing was made: it is to blame, or what would meet all others as well."""
        work = self.works[number]
        work.error = error
        if error.is_general or isinstance(error, (QuotaError, FileError)) or error.transient:
            self._end(number, f"not sent: {error.message}")
            self._stop(error)
            return
        self._failed(number, f"refused: {error.message}")

    def _taken_elsewhere(self, number: int) -> None:
        """Another run has tried the same video since this one was planned."""
        work = self.works[number]
        work.tried(self.tasks.ledger.attempt(work.identity))
        state = work.attempt.record["State"] if work.attempt else REFUSED
        if state == UNKNOWN_ENTRY:
            work.state = UNKNOWN
            self._end(number, "another run sent it, and its outcome is unknown")
        elif state == REFUSED:
            if not work.decision.action.makes:
                work.decision, work.state = Decision(Action.MAKE, "another run could not get it made"), WAITING
            self._schedule.released(number, needs_file=work.needs_file)
        else:
            is_sending = state == SENDING
            work.state = RUNNING
            if not is_sending and work.attempt:
                work.record = work.attempt.record
            self._schedule.taken(number, self._clock.monotonic_s(), by_task=not is_sending)
            self._score.say(work, "another run is making it")

    def _look(self, number: int) -> None:
        """See in the ledger what has become of a request of another run."""
        self._taken_elsewhere(number)

    # Asking ------------------------------------------------------------------------------------------------

    def _ask(self, number: int) -> None:
        work = self.works[number]

        def job(tasks: Tasks) -> tuple[float, Mapping[str, Any]]:
            asked_s = self._clock.monotonic_s()
            return asked_s, tasks.look(self._waiter, work.task_id, timeout_s=POLL_TIMEOUT_S)

        def then(outcome: Future[tuple[float, Mapping[str, Any]]]) -> None:
            try:
                asked_s, work.record = outcome.result()
            except TadhError as error:
                self._unanswered(number, error)
            else:
                self._failing_since_s.pop(number, None)
                self._answered(number, asked_s)

        self._askers.do(job, then)

    def _answered(self, number: int, asked_s: float) -> None:
        work = self.works[number]
        state = self._waiter.classify(work.record)
        if state is State.DONE:
            self._schedule.done(number, asked_s, self._clock.monotonic_s())
            self._bring_home(number)
        elif state is State.FAILED:
            work.error = self.tasks.failure(self._waiter, work.record)
            self._failed(number, f"failed: {work.error.message}")
        elif self._schedule.unfinished(number, asked_s, self._clock.monotonic_s()):
            self._score.say(work, str(work.record.get("Status") or "under way"))
        else:
            work.error = WaitTimeout(f"{work.name} is not finished in time; it goes on at the service")
            self._end(number, f"left alone: {work.error.message}")

    def _unanswered(self, number: int, error: TadhError) -> None:
        work, now_s = self.works[number], self._clock.monotonic_s()
        if error.transient and self._is_borne(number, now_s):
            self._schedule.unanswered(number, now_s, error.retry_after_s or 0.0)
            self._score.say(work, f"no answer, trying again: {error.message}")
            return
        work.error = error
        if isinstance(error, NotFound):
            self._failed(number, f"lost: {error.message}")
            return
        self._end(number, f"left alone: {error.message}")
        if error.is_general or error.transient:
            self._stop(error)

    def _is_borne(self, what: int, now_s: float) -> bool:
        """Whether failures are put up with still: for as long as the user wants, counted from the first one."""
        since_s = self._failing_since_s.setdefault(what, now_s)
        return now_s - since_s < self.patience.failures_s

    # Fetching ----------------------------------------------------------------------------------------------

    def _bring_home(self, number: int) -> None:
        work = self.works[number]
        if self.home.files(work.name, work.record):
            self._score.say(work, "made, downloading")
            self._schedule.fetch(number)
            return
        work.state = DONE
        self._end(number, "done")

    def _fetch(self, number: int) -> None:
        work = self.works[number]

        def job(tasks: Tasks) -> tuple[Mapping[str, Any], list[str]]:
            # Links in the ledger have no signature: one that is followed has to be fresh.
            record = work.record or tasks.look(self._waiter, work.task_id)
            return record, self.home.bring(tasks, self._waiter, work.name, record, self._moved)

        def then(outcome: Future[tuple[Mapping[str, Any], list[str]]]) -> None:
            try:
                work.record, work.files = outcome.result()
            except Interrupted:
                return
            except TadhError as error:
                self._unfetched(number, error)
            else:
                work.state = DONE
                self._end(number, "done")

        self._fetchers.do(job, then)

    def _unfetched(self, number: int, error: TadhError) -> None:
        work = self.works[number]
        if isinstance(error, NotFound) and self.remakes and not work.decision.action.makes:
            work.decision = Decision(Action.RETRY, f"{error.message}; --retry-failed")
            work.record, work.state = {}, WAITING
            self._schedule.released(number, needs_file=work.needs_file)
            self._score.say(work, "its result is gone, made again")
            return
        work.error = error
        if isinstance(error, NotFound):
            self._failed(number, f"lost: {error.message}")
            return
        # It is made; the next run brings it home.
        work.state = RUNNING
        self._end(number, f"made, but not here: {error.message}")
        if error.is_general or isinstance(error, FileError):
            self._stop(error)

    # Ends --------------------------------------------------------------------------------------------------

    def _failed(self, number: int, words: str) -> None:
        self.works[number].state = FAILED
        self._end(number, words)
        if self.fails_fast:
            self._schedule.stop()

    def _stop(self, error: TadhError) -> None:
        """Begin nothing new: what went wrong would go wrong again."""
        self.fatal = self.fatal or error
        self._schedule.stop()

    def _end(self, number: int, words: str) -> None:
        self._schedule.over(number)
        self._score.end(self.works[number], words)

    def _left_s(self) -> float | None:
        """An estimate of what is left."""
        usual_s = self._pace.usual_s
        if usual_s is None:
            return None
        return self._schedule.rounds_left() * usual_s


# Stands for the sending of requests among the numbers of videos.
_SENDING = -1


def _stage(work: Work) -> Stage:
    """Where a video begins, by what was decided about it."""
    action = work.decision.action
    if action.makes:
        return Stage.FILE if work.needs_file else Stage.READY
    if action is Action.FETCH:
        return Stage.FETCHING
    if action is Action.ADOPT:
        return Stage.HELD if work.is_held else Stage.OPEN
    return Stage.OVER
