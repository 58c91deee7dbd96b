"""What making, following and fetching have in common for videos and audio."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tadh_cli.api.video import AudioOptions, VideoOptions
from tadh_cli.api.waiter import State, Waiter
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.following import Course, all_concluded, chosen, concluded, followed
from tadh_cli.commands.names import Lookup, asker, keyed
from tadh_cli.commands.options import Following, pairs
from tadh_cli.commands.submitting import rehearsal
from tadh_cli.duration import words
from tadh_cli.engine.places import STDOUT, SUBTITLES
from tadh_cli.errors import TadhError, TaskFailed, carrying
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
    # Where subtitles are written that we make ourselves.
    subtitles: str | None = None
    # How names of avatars and voices are looked up.
    lookup: Lookup = field(default_factory=Lookup)

    def rest(self, course: Course) -> list[str]:
        """The commands that do what is left to do. Audio is followed by the same ones as video."""
        left = course.left(with_done=bool(self.download))
        commands = [_waiting("video", left, self.download, force=self.force)] if left else []
        if self.subtitles and course.left(with_done=True):
            force = ["--force"] if self.force else []
            commands.append(_line("video", "download", *course.ids, self.subtitles, "--subtitles-only", *force))
        return commands

    def problems(self, *, with_subtitles: bool) -> list[str]:
        """What keeps the files from being written; `with_subtitles` of the service's beside the media."""
        target = _target(self.download, force=self.force)
        found = target.check(is_new=True, with_subtitles=with_subtitles) if target else []
        if self.download == STDOUT == self.subtitles:
            found.append("--download - and --subtitles - can't both go to stdout")
        elif self.subtitles and self.subtitles != STDOUT:
            found += self._subtitle_problems(Path(self.subtitles))
        return found

    def _subtitle_problems(self, path: Path) -> list[str]:
        from tadh_cli.engine.places import unfit
        from tadh_cli.media.subtitles import WRITERS

        if path.suffix.lower() not in WRITERS:
            return [f"--subtitles {path}: the name has to end in {', '.join(WRITERS)}"]
        if self.download and os.path.realpath(self.download) == os.path.realpath(path):
            return [f"--subtitles {path} is where --download puts the audio; give one of them another name"]
        reason = unfit(path, may_replace=self.force)
        return [f"--subtitles {reason}"] if reason else []


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
    for warning in (*plan.warnings, *_misnamed(options, delivery)):
        tadh.messages.warn(warning)
    if delivery.dry_run:
        return Record(_rehearsed(tadh, plan))
    record = _submitted(tadh, plan)
    task_id = record["TaskId"]
    waiter = tadh.provider.waiter(kind)
    course = Course(waiter, [task_id], view=view)
    with tadh.resumable(lambda: delivery.rest(course), task_id):
        tadh.messages.say(f"{kind} {task_id} is submitted{_about(plan)}")
        if not (delivery.wait or delivery.download):
            return Record(record, view)
        found = followed(tadh, waiter, [task_id], following, course)
        made = _delivered(tadh, waiter, found, _target(delivery.download, force=delivery.force), view)
        if delivery.subtitles is None:
            return made
        subtitled = _subtitled(found[task_id], made, delivery.subtitles, view)
        return None if made is None else subtitled


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
    waiter = tadh.provider.waiter(kind)
    course = Course(waiter, ids, view=view)

    def rest() -> list[str]:
        left = course.left(with_done=bool(download))
        return [_waiting(kind, left, download, force=force)] if left else []

    with tadh.resumable(rest, ids[0] if len(ids) == 1 else ""), _listing(is_list=all_ or len(ids) > 1, view=view):
        found = followed(tadh, waiter, ids, following, course)
        if len(ids) == 1 and not all_:
            return _delivered(tadh, waiter, found, target, view)
        return _all_delivered(tadh, waiter, found, target, view)


@contextmanager
def _listing(*, is_list: bool, view: View) -> Iterator[None]:
    """What a failure in the block brings along is shown as the result would be."""
    try:
        yield
    except TadhError as error:
        raise carrying(error, (), is_list=is_list, view=view) from error.__cause__


def _waiting(kind: str, ids: Sequence[str], download: str | None, *, force: bool) -> str:
    """The command that waits for tasks."""
    where = ["--download", download] if download else []
    return _line(kind, "wait", *ids, *where, *(["--force"] if force else []))


def _line(*words: str) -> str:
    return shlex.join(words)


def fetch(
    tadh: Tadh, kind: str, task_id: str, path: str | None, view: View, *, subtitles_only: bool, force: bool
) -> Record | None:
    """The files of one finished task."""
    from tadh_cli.engine.results import Target

    waiter = tadh.provider.waiter(kind)
    target = Target(path or home(tadh), force)
    more = ["--subtitles-only"] * subtitles_only + ["--force"] * force
    tadh.problems += target.check(is_new=False)
    tadh.refuse()
    task_id = tadh.tasks.named(task_id)
    course = Course(waiter, [task_id], view=view)

    def rest() -> list[str]:
        left = course.left(with_done=True)
        return [_line(kind, "download", *left, target.given, *more)] if left else []

    with tadh.resumable(rest, task_id):
        try:
            record = course.found[task_id] = tadh.tasks.look(waiter, task_id)
        except TadhError as error:
            error.task_id = task_id
            raise course.failed(error) from error.__cause__
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
        if subtitles_only and not record.get("SubtitlesUrl") and record.get("TextTimestampResult"):
            return _subtitled(record, None, _subtitles_name(target, task_id), view)
        files = _results(tadh).fetch(waiter, record, target, only_subtitles=subtitles_only)
        return Record({**record, "Files": files}, view)


def _subtitles_name(target: Target, task_id: str) -> str:
    """Where the subtitles of an audio go: we make them ourselves, in the format of the name."""
    from tadh_cli.media.subtitles import WRITERS

    if target.is_stdout:
        return STDOUT
    path = target.path(task_id, SUBTITLES)
    return str(path if path.suffix.lower() in WRITERS else path.with_suffix(SUBTITLES))


def _subtitled(record: Mapping[str, Any], made: Record | None, name: str, view: View) -> Record | None:
    """Write the subtitles of an audio; nothing else is told when they went to stdout."""
    from tadh_cli.engine.results import write_subtitles

    try:
        written = write_subtitles(record, name)
    except TadhError as error:
        raise carrying(error, [record]) from error.__cause__
    if written == STDOUT:
        return None
    shown = made.item if made else record
    return Record({**shown, "Files": [*((made and made.item.get("Files")) or []), written]}, view)


def home(tadh: Tadh) -> str:
    """Where results go when no place is named: the profile's directory, else the current one."""
    folder = tadh.settings.defaults.get("output_dir")
    return f"{folder.rstrip('/')}/" if folder else "./"


# Steps -------------------------------------------------------------------------------------------------


def _planned(tadh: Tadh, options: VideoOptions | AudioOptions, delivery: Delivery, following: Following) -> Plan:
    from tadh_cli.engine.studio import plan_audio, plan_video

    following.check(tadh)
    is_spoken = isinstance(options, VideoOptions) and options.audio is None
    found = [*tadh.problems, *delivery.problems(with_subtitles=is_spoken)]
    overrides = dict(pairs(tadh, "--set", delivery.set))
    found += [problem for problem in tadh.problems if problem not in found]
    tadh.problems.clear()
    options = with_defaults(tadh, options)
    wishes: dict[str, Any] = {"overrides": overrides, "found": found, "most_minutes": delivery.max_minutes}
    wishes["is_rehearsal"] = delivery.dry_run
    wishes["key_of"] = asker(tadh, "avatar", delivery.lookup, "--avatar")
    if isinstance(options, VideoOptions):
        plan = plan_video(tadh.client, options, **wishes)
    else:
        plan = plan_audio(tadh.client, options, **wishes)
    return plan.with_request(
        keyed(tadh, plan.prepared, delivery.lookup, is_rehearsal=delivery.dry_run, exempt=overrides)
    )


def with_defaults(tadh: Tadh, options: Any) -> Any:
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


def _misnamed(options: VideoOptions | AudioOptions, delivery: Delivery) -> Iterator[str]:
    """A warning when the name of a file says another format than it will have."""
    if isinstance(options, VideoOptions):
        made, others, flag = (
            "webm" if "webm" in (options.format or "webm").lower() else "mp4",
            ("mp4", "webm"),
            "--format",
        )
    else:
        made, others, flag = (options.codec or "mp3").lower(), ("mp3", "wav"), "--codec"
    said = Path(delivery.download or "").suffix.lower().lstrip(".")
    if said in others and said != made and not any(pair.partition("=")[0].endswith("Format") for pair in delivery.set):
        yield f"--download {delivery.download} will be a {made} file, whatever its name; {flag} chooses another format"


def _about(plan: Plan) -> str:
    return "" if plan.estimate_s is None else f", about {words(plan.estimate_s)} are estimated"


def _delivered(
    tadh: Tadh, waiter: Waiter, found: Mapping[str, Mapping[str, Any]], target: Target | None, view: View
) -> Record | None:
    """One finished task, its files fetched; raises its failure."""
    (record,) = found.values()
    concluded(tadh, waiter, record, view)
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
    return Records(all_concluded(tadh, waiter, records, view), view)


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
