"""What making, following and fetching have in common for videos and audio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tadh_cli.api.video import AudioOptions, VideoOptions
from tadh_cli.api.waiter import State, Waiter
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import Following, pairs
from tadh_cli.duration import seconds, words
from tadh_cli.errors import InputError, TadhError, TaskFailed
from tadh_cli.ui.records import Record, Records, View

if TYPE_CHECKING:
    from tadh_cli.engine.results import Results, Target
    from tadh_cli.engine.studio import Plan


@dataclass(frozen=True)
class Delivery:
    """What is to happen around a production."""

    wait: bool = False
    download: str | None = None
    force: bool = False
    dry_run: bool = False
    max_minutes: float | None = None
    set: Sequence[str] = ()


def make(
    tadh: Tadh,
    kind: str,
    options: VideoOptions | AudioOptions,
    delivery: Delivery,
    following: Following,
    view: View,
) -> Record | None:
    """Check, order, and if asked for follow and download one production."""
    plan = _planned(tadh, options, delivery, following)
    for warning in plan.warnings:
        tadh.messages.warn(warning)
    if delivery.dry_run:
        return Record(_rehearsal(tadh, plan))
    record = _submitted(tadh, plan)
    task_id = record["TaskId"]
    tadh.messages.say(f"{kind} {task_id} is submitted{_about(plan)}")
    if not (delivery.wait or delivery.download):
        return Record(record, view)
    # Audio is followed by the same commands as video.
    resume = f"video wait {task_id}" + (f" --download {delivery.download}" if delivery.download else "")
    with tadh.resumable(resume, task_id):
        found = _followed(tadh, kind, [task_id], following)
        return _delivered(tadh, kind, found, _target(delivery.download, force=delivery.force), view)


def look(tadh: Tadh, kind: str, given: Sequence[str] | None, view: View, *, all_: bool) -> Records | Record:
    """One question about each task."""
    ids = _ids(tadh, kind, given, all_=all_)
    waiter = tadh.provider.waiter(kind)
    records: list[Mapping[str, Any]] = []
    for task_id in ids:
        try:
            records.append(tadh.tasks.look(waiter, task_id))
        except TadhError as error:
            error.task_id, error.records = task_id, records
            raise
    return Record(records[0], view) if len(ids) == 1 and not all_ else Records(records, view)


def follow(
    tadh: Tadh,
    kind: str,
    given: Sequence[str] | None,
    following: Following,
    view: View,
    *,
    all_: bool,
    download: str | None,
    force: bool,
) -> Records | Record | None:
    """Tasks to their end, and their files to this machine."""
    following.check(tadh)
    target = _target(download, force=force)
    ids = _ids(tadh, kind, given, all_=all_)
    if target is not None and not target.is_directory and len(ids) > 1:
        tadh.problems.append(f"--download {download}: {len(ids)} tasks need a directory, with a slash at its end")
    tadh.problems += target.check(is_new=False) if target else []
    tadh.refuse()
    resume = f"{kind} wait {' '.join(ids)}" + (f" --download {download}" if download else "")
    with tadh.resumable(resume, ids[0] if len(ids) == 1 else ""):
        found = _followed(tadh, kind, ids, following)
        if len(ids) == 1 and not all_:
            return _delivered(tadh, kind, found, target, view)
        return _all_delivered(tadh, kind, found, target, view)


def fetch(
    tadh: Tadh, kind: str, task_id: str, path: str | None, view: View, *, subtitles_only: bool, force: bool
) -> Record | None:
    """The files of one finished task."""
    from tadh_cli.engine.results import Target

    waiter = tadh.provider.waiter(kind)
    target = Target(path or _home(tadh), force)
    more = (" --subtitles-only" if subtitles_only else "") + (" --force" if force else "")
    tadh.problems += target.check(is_new=False)
    tadh.refuse()
    with tadh.resumable(f"{kind} download {task_id} {target.given}{more}", task_id):
        record = tadh.tasks.look(waiter, task_id)
        state = waiter.classify(record)
        if state is State.FAILED:
            raise _with(tadh.tasks.failure(waiter, record), [record])
        if state is not State.DONE:
            raise _with(
                TaskFailed(
                    f"{kind} {task_id} is not finished: {record['Status']}", hint=f"`tadh {kind} wait {task_id}`"
                ),
                [record],
            )
        if target.is_stdout and not subtitles_only:
            _results(tadh).to_stdout(waiter, record)
            return None
        files = _results(tadh).fetch(waiter, record, target, only_subtitles=subtitles_only)
        return Record({**record, "Files": files}, view)


def _home(tadh: Tadh) -> str:
    """Where results go when no place is named: the profile's directory, else the current one."""
    folder = tadh.settings.defaults.get("output_dir")
    return f"{folder.rstrip('/')}/" if folder else "./"


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


# Steps -------------------------------------------------------------------------------------------------


def _planned(tadh: Tadh, options: VideoOptions | AudioOptions, delivery: Delivery, following: Following) -> Plan:
    from tadh_cli.engine.studio import plan_audio, plan_video

    following.check(tadh)
    target = _target(delivery.download, force=delivery.force)
    found = [*tadh.problems, *(target.check(is_new=True) if target else [])]
    overrides = dict(pairs(tadh, "--set", delivery.set))
    found += [problem for problem in tadh.problems if problem not in found]
    tadh.problems.clear()
    options = _with_defaults(tadh, options)
    wishes = {"overrides": overrides, "found": found, "most_minutes": delivery.max_minutes}
    if isinstance(options, VideoOptions):
        return plan_video(tadh.client, options, **wishes)
    return plan_audio(tadh.client, options, **wishes)


def _with_defaults(tadh: Tadh, options: Any) -> Any:
    """Avatar and voice of the profile, where none is given; a default voice does not suit a sound."""
    from dataclasses import replace

    defaults = tadh.settings.defaults
    wants_voice = getattr(options, "audio", None) is None
    return replace(
        options,
        avatar=options.avatar or defaults.get("avatar") or None,
        voice=options.voice or (defaults.get("voice") if wants_voice else None) or None,
    )


def _rehearsal(tadh: Tadh, plan: Plan) -> dict[str, Any]:
    """What would be sent."""
    from tadh_cli.api.operation import Json

    body: Json = tadh.provider.wrap(plan.prepared.payload)
    uploads = []
    if plan.upload is not None:
        uploads.append({"File": str(plan.upload.path), "Bytes": plan.upload.size_bytes, "Folder": "audio/"})
    return {
        "DryRun": True,
        "Method": plan.prepared.method,
        "Url": tadh.mask.text(tadh.client.url(plan.prepared)),
        "Body": tadh.mask.document(body),
        "Uploads": uploads,
        "EstimatedMinutes": plan.minutes,
        "Warnings": list(plan.warnings),
    }


def _submitted(tadh: Tadh, plan: Plan) -> dict[str, Any]:
    """The record of the task, after its sound was uploaded where it has one."""
    from tadh_cli.commands.uploads import in_store, uploaded

    if plan.upload is None:
        return tadh.tasks.submit(plan.prepared)
    url = uploaded(tadh, plan.upload.path, "audio", suffix=plan.upload.suffix)
    with in_store({"--audio": url}):
        return tadh.tasks.submit(plan.with_upload(url))


def _about(plan: Plan) -> str:
    return "" if plan.estimate_s is None else f", about {words(plan.estimate_s)} are estimated"


def _followed(tadh: Tadh, kind: str, ids: Sequence[str], following: Following) -> dict[str, Mapping[str, Any]]:
    """The last record of each task; raised failures carry what is known."""
    from tadh_cli.ui.progress import following as shown

    waiter = tadh.provider.waiter(kind)
    found: dict[str, Mapping[str, Any]] = {}
    try:
        with shown(tadh.messages) as show:
            for snapshot in tadh.tasks.watch(waiter, ids, following.patience(tadh)):
                if snapshot.record:
                    found[snapshot.task_id] = snapshot.record
                show(snapshot)
    except TadhError as error:
        raise _with(error, list(found.values())) from error.__cause__
    return found


def _delivered(
    tadh: Tadh, kind: str, found: Mapping[str, Mapping[str, Any]], target: Target | None, view: View
) -> Record | None:
    """One finished task, its files fetched; raises its failure."""
    waiter = tadh.provider.waiter(kind)
    (record,) = found.values()
    if waiter.classify(record) is State.FAILED:
        raise _with(tadh.tasks.failure(waiter, record), [record])
    if target is None:
        return Record(record, view)
    if target.is_stdout:
        _results(tadh).to_stdout(waiter, record)
        return None
    return Record({**record, "Files": _fetched(tadh, waiter, record, target)}, view)


def _all_delivered(
    tadh: Tadh, kind: str, found: Mapping[str, Mapping[str, Any]], target: Target | None, view: View
) -> Records:
    """Several tasks: the good ones are fetched before a failure is told."""
    waiter = tadh.provider.waiter(kind)
    records: list[Mapping[str, Any]] = []
    failed: list[TadhError] = []
    for record in found.values():
        if waiter.classify(record) is State.FAILED:
            failed.append(tadh.tasks.failure(waiter, record))
        elif target is not None:
            record = {**record, "Files": _fetched(tadh, waiter, record, target)}
        records.append(record)
    if failed:
        first = (
            failed[0] if len(failed) == 1 else TaskFailed(f"{len(failed)} of {len(found)} failed: {failed[0].message}")
        )
        raise _with(first, records)
    return Records(records, view)


def _fetched(tadh: Tadh, waiter: Waiter, record: Mapping[str, Any], target: Target) -> list[str]:
    try:
        files = _results(tadh).fetch(waiter, record, target)
    except TadhError as error:
        raise _with(error, [record]) from error.__cause__
    tadh.messages.say(f"{record['TaskId']}: {', '.join(files)}")
    return files


def _results(tadh: Tadh) -> Results:
    from tadh_cli.engine.results import Results
    from tadh_cli.ui.progress import Moved, moving

    def display(name: str) -> AbstractContextManager[Moved]:
        return moving(tadh.messages, name)

    return Results(tadh.tasks, tadh.transport, display)


def _target(given: str | None, *, force: bool) -> Target | None:
    from tadh_cli.engine.results import Target

    return Target(given, force) if given else None


def _ids(tadh: Tadh, kind: str, given: Sequence[str] | None, *, all_: bool) -> list[str]:
    """The tasks that are meant: those named, or all of the profile that have not ended."""
    if bool(given) == all_:
        raise InputError("name at least one TASK, or use --all" if not given else "either name tasks or use --all")
    if given:
        return list(dict.fromkeys(given))
    found: list[str] = tadh.ledger.unfinished(kind, tadh.settings.profile)
    return found


def _with(error: TadhError, records: Sequence[Mapping[str, Any]]) -> TadhError:
    error.records = error.records or records
    return error
