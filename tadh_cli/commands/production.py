"""What making, following and fetching have in common for videos and audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tadh_cli.api.video import AudioOptions, VideoOptions
from tadh_cli.api.waiter import State, Waiter
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.following import all_concluded, carrying, chosen, concluded, followed
from tadh_cli.commands.options import Following, pairs
from tadh_cli.commands.submitting import rehearsal
from tadh_cli.duration import words
from tadh_cli.errors import TadhError, TaskFailed
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
        return Record(_rehearsed(tadh, plan))
    record = _submitted(tadh, plan)
    task_id = record["TaskId"]
    tadh.messages.say(f"{kind} {task_id} is submitted{_about(plan)}")
    if not (delivery.wait or delivery.download):
        return Record(record, view)
    # Audio is followed by the same commands as video.
    resume = f"video wait {task_id}" + (f" --download {delivery.download}" if delivery.download else "")
    with tadh.resumable(resume, task_id):
        waiter = tadh.provider.waiter(kind)
        found = followed(tadh, waiter, [task_id], following)
        return _delivered(tadh, waiter, found, _target(delivery.download, force=delivery.force), view)


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
    ids = chosen(tadh, kind, given, all_=all_)
    if target is not None and not target.is_directory and len(ids) > 1:
        tadh.problems.append(f"--download {download}: {len(ids)} tasks need a directory, with a slash at its end")
    tadh.problems += target.check(is_new=False) if target else []
    tadh.refuse()
    resume = f"{kind} wait {' '.join(ids)}" + (f" --download {download}" if download else "")
    with tadh.resumable(resume, ids[0] if len(ids) == 1 else ""):
        waiter = tadh.provider.waiter(kind)
        found = followed(tadh, waiter, ids, following)
        if len(ids) == 1 and not all_:
            return _delivered(tadh, waiter, found, target, view)
        return _all_delivered(tadh, waiter, found, target, view)


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
            raise carrying(tadh.tasks.failure(waiter, record), [record])
        if state is not State.DONE:
            raise carrying(
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


def _rehearsed(tadh: Tadh, plan: Plan) -> dict[str, Any]:
    """What would be sent, and about how long the result will be."""
    uploads = []
    if plan.upload is not None:
        uploads.append({"File": str(plan.upload.path), "Bytes": plan.upload.size_bytes, "Folder": "audio/"})
    return {**rehearsal(tadh, plan.prepared, uploads, plan.warnings), "EstimatedMinutes": plan.minutes}


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


def _delivered(
    tadh: Tadh, waiter: Waiter, found: Mapping[str, Mapping[str, Any]], target: Target | None, view: View
) -> Record | None:
    """One finished task, its files fetched; raises its failure."""
    (record,) = found.values()
    concluded(tadh, waiter, record)
    if target is None:
        return Record(record, view)
    if target.is_stdout:
        _results(tadh).to_stdout(waiter, record)
        return None
    return Record({**record, "Files": _fetched(tadh, waiter, record, target)}, view)


def _all_delivered(
    tadh: Tadh, waiter: Waiter, found: Mapping[str, Mapping[str, Any]], target: Target | None, view: View
) -> Records:
    """Several tasks: the good ones are fetched before a failure is told."""
    records = list(found.values())
    if target is not None:
        records = [
            {**record, "Files": _fetched(tadh, waiter, record, target)}
            if waiter.classify(record) is State.DONE
            else record
            for record in records
        ]
    return Records(all_concluded(tadh, waiter, records), view)


def _fetched(tadh: Tadh, waiter: Waiter, record: Mapping[str, Any], target: Target) -> list[str]:
    try:
        files = _results(tadh).fetch(waiter, record, target)
    except TadhError as error:
        raise carrying(error, [record]) from error.__cause__
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
