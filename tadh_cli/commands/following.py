"""What following has in common for everything that takes time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tadh_cli.api.waiter import State, Waiter
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import Following
from tadh_cli.duration import seconds
from tadh_cli.errors import InputError, TadhError, TaskFailed
from tadh_cli.ui.records import Record, Records, View


def look(tadh: Tadh, kind: str, given: Sequence[str] | None, view: View, *, all_: bool) -> Records | Record:
    """One question about each task."""
    ids = chosen(tadh, kind, given, all_=all_)
    waiter = tadh.provider.waiter(kind)
    records: list[Mapping[str, Any]] = []
    for task_id in ids:
        try:
            records.append(tadh.tasks.look(waiter, task_id))
        except TadhError as error:
            error.task_id, error.records = task_id, records
            raise
    return Record(records[0], view) if len(ids) == 1 and not all_ else Records(records, view)


def followed(tadh: Tadh, waiter: Waiter, ids: Sequence[str], following: Following) -> dict[str, Mapping[str, Any]]:
    """The last record of each task; raised failures carry what is known."""
    from tadh_cli.ui.progress import following as shown

    found: dict[str, Mapping[str, Any]] = {}
    try:
        with shown(tadh.messages, waiter.stages) as show:
            for snapshot in tadh.tasks.watch(waiter, ids, following.patience(tadh)):
                if snapshot.record:
                    found[snapshot.task_id] = snapshot.record
                show(snapshot)
    except TadhError as error:
        raise carrying(error, list(found.values())) from error.__cause__
    return found


def concluded(tadh: Tadh, waiter: Waiter, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record of one task; raises its failure."""
    if waiter.classify(record) is State.FAILED:
        raise carrying(tadh.tasks.failure(waiter, record), [record])
    return record


def all_concluded(tadh: Tadh, waiter: Waiter, records: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The records of several tasks; raises a failure for those that failed."""
    failed = [tadh.tasks.failure(waiter, record) for record in records if waiter.classify(record) is State.FAILED]
    if failed:
        many = TaskFailed(f"{len(failed)} of {len(records)} failed: {failed[0].message}")
        raise carrying(failed[0] if len(failed) == 1 else many, records)
    return records


def past(tadh: Tadh, kind: str, state: str | None, since: str | None, limit: int | None) -> Iterator[dict[str, Any]]:
    """Tasks of a kind (all when empty) from the ledger."""
    from tadh_cli.engine.clock import iso, unix
    from tadh_cli.engine.tasks import kept_until

    start = ""
    if since:
        try:
            start = iso(tadh.clock.now_s() - seconds(since))
        except ValueError as error:
            tadh.problems.append(f"--since {error}")
    tadh.refuse()
    for record in tadh.ledger.tasks(kind=kind, state=state or "", since=start, limit=-1 if limit is None else limit):
        expires = kept_until(record)
        if expires is not None:
            record["ExpiresAt"] = iso(expires)
            record["DaysLeft"] = max(0, int((unix(iso(expires)) - tadh.clock.now_s()) // 86_400))
        yield record


def chosen(tadh: Tadh, kind: str, given: Sequence[str] | None, *, all_: bool) -> list[str]:
    """The tasks that are meant: those named, or all of the profile that have not ended."""
    if bool(given) == all_:
        raise InputError("name at least one TASK, or use --all" if not given else "either name tasks or use --all")
    if given:
        return list(dict.fromkeys(given))
    found: list[str] = tadh.ledger.unfinished(kind, tadh.settings.profile)
    return found


def carrying(error: TadhError, records: Sequence[Mapping[str, Any]]) -> TadhError:
    """A failure that brings along what is known."""
    error.records = error.records or records
    return error
