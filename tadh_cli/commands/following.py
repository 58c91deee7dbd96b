"""What following has in common for everything that takes time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tadh_cli.api.waiter import Snapshot, State, Waiter
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import Following
from tadh_cli.duration import seconds
from tadh_cli.errors import InputError, NotFound, TadhError, TaskFailed, carrying, together
from tadh_cli.ui.records import Record, Records, View

Complete = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass
class Course:
    """How far the waiting for tasks has come."""

    waiter: Waiter
    ids: Sequence[str]
    # The last record of each task, and those that the service does not know.
    found: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    view: View | None = None

    def saw(self, snapshot: Snapshot) -> None:
        if snapshot.record:
            self.found[snapshot.task_id] = snapshot.record
        if isinstance(snapshot.error, NotFound):
            self.gone.add(snapshot.task_id)

    def failed(self, error: TadhError) -> TadhError:
        """The failure that ended it, with what is known."""
        if isinstance(error, NotFound):
            self.gone |= set(error.task_id.split())
        return carrying(error, list(self.found.values()), is_list=len(self.ids) > 1, view=self.view)

    def left(self, *, with_done: bool) -> list[str]:
        """The tasks that are worth waiting for again: those not known to have ended, or not to have failed."""
        over = {State.FAILED} if with_done else {State.FAILED, State.DONE}
        return [id for id in self.ids if id not in self.gone and self._state(id) not in over]

    def _state(self, task_id: str) -> State:
        return self.waiter.classify(self.found[task_id]) if task_id in self.found else State.QUEUED


def look(
    tadh: Tadh, kind: str, given: Sequence[str] | None, view: View, *, all_: bool, complete: Complete | None = None
) -> Records | Record:
    """One question about each task; a failure is raised when all have been asked, with the records of the others.

    `complete` adds to a record what the task's own answer lacks.
    """
    ids = chosen(tadh, kind, given, all_=all_)
    waiter = tadh.provider.waiter(kind)
    is_list = all_ or len(ids) > 1
    records: list[Mapping[str, Any]] = []
    failures: list[TadhError] = []
    for task_id in ids:
        try:
            record = tadh.tasks.look(waiter, task_id)
            records.append(complete(record) if complete else record)
        except TadhError as error:
            error.task_id = task_id
            failures.append(error)
            if error.is_general:
                break
    if failures:
        raise carrying(together(failures, len(ids)), records, is_list=is_list, view=view)
    return Records(records, view) if is_list else Record(records[0], view)


def followed(
    tadh: Tadh, waiter: Waiter, ids: Sequence[str], following: Following, course: Course | None = None
) -> dict[str, Mapping[str, Any]]:
    """The last record of each task; raised failures carry what is known, and `course` always knows it."""
    from tadh_cli.ui.progress import following as shown

    course = course or Course(waiter, ids)
    try:
        with shown(tadh.messages, waiter.stages) as show:
            for snapshot in tadh.tasks.watch(waiter, ids, following.patience(tadh)):
                course.saw(snapshot)
                show(snapshot)
    except TadhError as error:
        raise course.failed(error) from error.__cause__
    return course.found


def concluded(tadh: Tadh, waiter: Waiter, record: Mapping[str, Any], view: View) -> Mapping[str, Any]:
    """The record of one task; raises its failure."""
    if waiter.classify(record) is State.FAILED:
        raise carrying(tadh.tasks.failure(waiter, record), [record], view=view)
    return record


def all_concluded(
    tadh: Tadh, waiter: Waiter, records: Sequence[Mapping[str, Any]], view: View
) -> Sequence[Mapping[str, Any]]:
    """The records of several tasks; raises a failure for those that failed."""
    failed = [tadh.tasks.failure(waiter, record) for record in records if waiter.classify(record) is State.FAILED]
    if failed:
        many = TaskFailed(f"{len(failed)} of {len(records)} failed: {failed[0].message}")
        raise carrying(failed[0] if len(failed) == 1 else many, records, is_list=True, view=view)
    return records


def past(
    tadh: Tadh,
    kind: str,
    state: str | None,
    since: str | None,
    limit: int | None,
    older_than: str | None = None,
    name: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Tasks of a kind (all when empty) from the ledger, of one profile when it was named by -p."""
    from tadh_cli.engine.clock import iso, unix
    from tadh_cli.engine.ledger_choice import Choice
    from tadh_cli.engine.tasks import kept_until, without_dead_links

    start, end = (_ago(tadh, flag, text) for flag, text in (("--since", since), ("--older-than", older_than)))
    tadh.refuse()
    choice = Choice(kind, state or "", tadh.common.profile or "", start, end, name or "")
    for record in tadh.ledger.chosen(choice, -1 if limit is None else limit):
        expires = kept_until(record)
        if expires is not None:
            record["ExpiresAt"] = iso(expires)
            record["DaysLeft"] = max(0, int((unix(iso(expires)) - tadh.clock.now_s()) // 86_400))
        yield without_dead_links(record)


def _ago(tadh: Tadh, flag: str, span: str | None) -> str:
    """The time so long ago, empty when no span is given."""
    from tadh_cli.engine.clock import iso

    try:
        return iso(tadh.clock.now_s() - seconds(span)) if span else ""
    except (ValueError, OverflowError, OSError) as error:
        tadh.problems.append(f"{flag} {error}")
        return ""


def chosen(tadh: Tadh, kind: str, given: Sequence[str] | None, *, all_: bool) -> list[str]:
    """The tasks that are meant: those named, or all of the profile that have not ended."""
    if bool(given) == all_:
        raise InputError("name at least one TASK, or use --all" if not given else "either name tasks or use --all")
    if given:
        return list(dict.fromkeys(tadh.tasks.named(name) if name.startswith("#") else name for name in given))
    found: list[str] = tadh.ledger.unfinished(kind, tadh.settings.profile)
    return found
