"""`tadh video batch`: what is wished, the plan, the run, and what is told of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tadh_cli.api.video import USUAL_CONCURRENCY
from tadh_cli.commands.batch_options import Reporting, Wanted
from tadh_cli.commands.batch_record import made, minutes, record, write_reports
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.names import Lookup
from tadh_cli.commands.options import Following
from tadh_cli.errors import (
    FileError,
    Interrupted,
    OutcomeUnknown,
    TadhError,
    TaskFailed,
    carrying,
)
from tadh_cli.ui.forms import milliseconds
from tadh_cli.ui.records import Column, Record, Records, Result, View

if TYPE_CHECKING:
    from tadh_cli.engine.batch.work import Work

BATCH = View(
    id="Name",
    columns=(
        Column("Name", whole=True),
        Column("Action"),
        Column("State"),
        Column("TaskId", "Task", whole=True),
        Column("EstimatedMinutes", "Minutes"),
        Column("Duration", form=milliseconds),
        Column("Files"),
        Column("Reason"),
    ),
    wide=(Column("FailMessage", "Failure"), Column("Hint"), Column("Line")),
    hidden=("Method", "Url", "Body", "Uploads", "Warnings"),
)


def batch(
    tadh: Tadh, manifest: str | None, wanted: Wanted, following: Following, reporting: Reporting, lookup: Lookup
) -> Result:
    """The whole command."""
    if wanted.schema:
        from tadh_cli.engine.batch.schema import schema

        return Record(schema(tadh.provider))
    following.check(tadh)
    _check_options(tadh, manifest, wanted, reporting)
    tadh.refuse()
    assert manifest is not None
    job = _Job(tadh, manifest, wanted, following, reporting, lookup)
    return job.rehearsed() if wanted.dry_run else job.run()


def _check_options(tadh: Tadh, manifest: str | None, wanted: Wanted, reporting: Reporting) -> None:
    """What is wrong with the command line, before the manifest is read."""
    from tadh_cli.engine.places import unfit, unreachable

    if manifest is None:
        tadh.problems.append("MANIFEST is missing: a .yaml, .csv or .jsonl file, or - for stdin")
    if reporting.annotates and str(reporting.annotations).lower() != "github":
        tadh.problems.append(f"--annotations {reporting.annotations!r} is not github")
    if reason := unreachable(_folder(tadh, wanted)):
        tadh.problems.append(f"--out {reason}")
    for flag, name in reporting.files():
        if reason := unfit(Path(name), may_replace=True):
            tadh.problems.append(f"{flag} {reason}")


def _folder(tadh: Tadh, wanted: Wanted) -> Path:
    from tadh_cli.commands.production import home

    return Path(wanted.out or home(tadh))


class _Job:
    """One call of the command."""

    def __init__(
        self,
        tadh: Tadh,
        manifest: str,
        wanted: Wanted,
        following: Following,
        reporting: Reporting,
        lookup: Lookup,
    ) -> None:
        from tadh_cli.engine.batch.home import Home

        self._tadh = tadh
        self._manifest = manifest
        self._wanted = wanted
        self._following = following
        self._reporting = reporting
        self._lookup = lookup
        self._home = Home(_folder(tadh, wanted), tadh.tasks, wanted.force)
        self._began_s = tadh.clock.now_s()
        self._works: list[Work] = []
        self._fatal: TadhError | None = None

    def _plan(self, *, asks: bool) -> None:
        from tadh_cli.commands.batch_planning import Planning

        planning = Planning(self._tadh, self._manifest, self._wanted, self._reporting, self._lookup, self._home)
        self._works = planning.works(asks=asks)

    # Telling of the plan ----------------------------------------------------------------------------------

    def _told(self) -> str:
        """The plan in a line."""
        counts: dict[str, int] = {}
        for work in self._works:
            counts[work.decision.action.value] = counts.get(work.decision.action.value, 0) + 1
        told = ", ".join(
            f"{count} to {word}" if word != "unknown" else f"{count} unknown" for word, count in counts.items()
        )
        making = made(self._works)
        return f"{len(self._works)} videos: {told}" + (f"; about {minutes(making):g} minutes to make" if making else "")

    def _tell_quota(self) -> None:
        from tadh_cli.engine.batch.quota import hours_left

        left = hours_left(self._tadh.client)
        if left is None:
            self._tadh.messages.say("what is left of the account's hours can't be told now")
            return
        self._tadh.messages.say("left: " + ", ".join(f"{name} {hours:.1f} h" for name, hours in left.items()))
        if left and minutes(made(self._works)) > max(left.values()) * 60:
            self._tadh.messages.warn(f"about {minutes(made(self._works)):g} minutes are more than any kind has left")

    # Rehearsing --------------------------------------------------------------------------------------------

    def rehearsed(self) -> Records:
        """The plan, with the request of each video that would be made."""
        from tadh_cli.commands.submitting import rehearsal

        self._plan(asks=False)
        self._tadh.messages.say(self._told())
        if self._wanted.quota:
            self._tell_quota()
        else:
            self._tadh.messages.say("what is left of the account's hours is not asked in a rehearsal; --quota asks")
        records = []
        for work in self._works:
            record = self._record(work)
            if work.decision.action.makes:
                sound = work.plan.upload
                uploads = [{"File": str(sound.path), "Bytes": sound.size_bytes, "Folder": "audio/"}] if sound else []
                record |= rehearsal(self._tadh, work.prepared, uploads, work.plan.warnings)
            records.append({**record, "DryRun": True})
        self._report(records, 0)
        return Records(records, BATCH)

    # Running -----------------------------------------------------------------------------------------------

    def run(self) -> Records:
        """Do what is planned; videos are drawn as they finish where the format allows."""
        self._plan(asks=True)
        for work in made(self._works):
            for warning in work.plan.warnings:
                self._tadh.messages.warn(f"{work.item.at}: {work.name}: {warning}")
        self._tadh.messages.say(self._told())
        if made(self._works):
            # What can't be written down later need not be begun.
            self._tadh.ledger.prove()
            self._tell_quota()
        drawn = self._drawn()
        return Records(drawn if self._tadh.draws_as_it_comes else list(drawn), BATCH)

    def _drawn(self) -> Iterator[Mapping[str, Any]]:
        """The record of each video as it finishes; raises how it ended with those that have not been drawn."""
        drawn: set[str] = set()
        failure: TadhError | None = None
        try:
            with closing(self._finished()) as finished:
                for work in finished:
                    drawn.add(work.name)
                    yield self._record(work)
        except TadhError as error:
            failure = error
        except GeneratorExit:
            # Whoever reads what is drawn has gone, or Ctrl-C came while it was drawn.
            self._tadh.messages.say(self._interrupted(Interrupted("interrupted")).message)
            self._report([self._record(work) for work in self._works], Interrupted.exit_code)
            raise
        rest = [work for work in self._works if work.name not in drawn]
        failure = failure or self._failure(self._fatal)
        records = [self._record(work) for work in self._works]
        self._report(records, failure.exit_code if failure else 0)
        if failure is None:
            return
        is_streamed = self._tadh.draws_as_it_comes
        left = [self._record(work) for work in rest] if is_streamed else records
        raise carrying(failure, left, is_list=True, view=BATCH)

    def _finished(self) -> Generator[Work, None, None]:
        from tadh_cli import config
        from tadh_cli.engine.batch.run import Run
        from tadh_cli.ui.batch import board

        tadh = self._tadh
        with board(tadh.messages, len(self._works)) as show:
            run = Run(
                self._works,
                self._home,
                tadh.tasks,
                self._wanted.concurrency or USUAL_CONCURRENCY,
                self._following.patience(tadh),
                show,
                self._wanted.fail_fast,
                self._wanted.retry_failed,
                config.uploads_dir(),
            )
            try:
                yield from run.finished()
            except Interrupted as error:
                raise self._interrupted(error) from None
        self._fatal = run.fatal

    def _interrupted(self, error: Interrupted) -> TadhError:
        going = [f"{work.name} ({work.task_id})" for work in self._works if work.state == "running" and work.task_id]
        told = [f"under way at the service: {', '.join(going)}"] if going else []
        error.message = "; ".join(filter(None, ["interrupted", *told, self._waiting()]))
        return self._resumable(error)

    def _waiting(self) -> str:
        """How many videos were left, empty when none were."""
        waiting = sum(work.state == "waiting" for work in self._works)
        return f"{waiting} not begun" if waiting else ""

    def _resumable(self, error: TadhError) -> TadhError:
        """The failure with the command that takes up what it ended."""
        error.hint = error.hint or "the same command goes on where this one ended"
        error.resume = self._tadh.command(self._line())
        return error

    def _line(self) -> str:
        import shlex

        wanted, reporting = self._wanted, self._reporting
        words = ["video", "batch", self._manifest]
        words += ["--out", wanted.out] if wanted.out else []
        words += [word for name in wanted.only for word in ("--only", name)]
        words += ["--concurrency", str(wanted.concurrency)] if wanted.concurrency else []
        words += [word for pair in reporting.files() for word in pair]
        words += ["--annotations", "github"] if reporting.annotates else []
        words += ["--force"] if wanted.force else []
        words += ["--fail-fast"] if wanted.fail_fast else []
        return shlex.join(words)

    def _failure(self, fatal: TadhError | None) -> TadhError | None:
        """How a run ended: an unknown outcome counts more than what ended it early, and that more than failures."""
        unknown = [work for work in self._works if work.state == "unknown"]
        if unknown:
            error = _many(OutcomeUnknown, "have an unknown outcome", unknown, len(self._works), _UNKNOWN_HINT)
            if fatal is None:
                return error
            error.message += f"\n  and what ended the run: {fatal.message}"
            return self._resumable(error)
        if fatal is not None:
            return self._resumable(_of_a_video(fatal))
        failed = [work for work in self._works if work.state == "failed"]
        if failed:
            hint = "--retry-failed makes those again that failed"
            error = _many(TaskFailed, "failed", failed, len(self._works), hint)
            waiting = self._waiting()
            if not waiting:
                return error
            error.message += f"\n  {waiting}"
            return self._resumable(error)
        left = next((work for work in self._works if isinstance(work.error, TadhError)), None)
        if left is not None:
            assert isinstance(left.error, TadhError)
            left.error.message = f"{left.name}: {left.error.message}"
            return self._resumable(left.error)
        return None

    # Telling -----------------------------------------------------------------------------------------------

    def _record(self, work: Work) -> dict[str, Any]:
        """What is known of a video."""
        return record(work, self._home)

    def _report(self, records: Sequence[Mapping[str, Any]], exit_code: int) -> None:
        write_reports(self._tadh, self._manifest, self._reporting, records, self._began_s, exit_code)


_UNKNOWN_HINT = "look at the service's console: what is made twice is paid twice. --retry-unknown makes those again"
# More names would only be in the way of the message.
_MOST_NAMED = 5


def _of_a_video(error: TadhError) -> TadhError:
    """What ended a run, as a failure of videos where it is one: those whose files have no room have failed."""
    return TaskFailed(error.message, hint=error.hint, task_id=error.task_id) if isinstance(error, FileError) else error


def _many(kind: type[TadhError], what: str, works: Sequence[Work], of: int, hint: str) -> TadhError:
    lines = [f"{work.name}: {_why(work)}" for work in works[:_MOST_NAMED]]
    lines += [f"and {len(works) - _MOST_NAMED} more"] if len(works) > _MOST_NAMED else []
    return kind("\n  ".join([f"{len(works)} of {of} videos {what}", *lines]), hint=hint)


def _why(work: Work) -> str:
    return work.error.message if isinstance(work.error, TadhError) else work.decision.reason
