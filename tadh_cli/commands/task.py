"""`tadh task`: the ledger of everything submitted from here."""

from __future__ import annotations

from typing import Annotated

import typer

from tadh_cli.commands import offers
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.following import past
from tadh_cli.commands.options import (
    KINDS,
    Exec,
    ExecTimeout,
    Kind,
    Limit,
    Name,
    OlderThan,
    Since,
    State,
    Tasks,
)
from tadh_cli.errors import NotFound
from tadh_cli.ui.forms import milliseconds, moment
from tadh_cli.ui.records import Column, Record, Records, View

commands = Commands("task", "The ledger of everything submitted from here.")

_TASKS = View(
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Kind"),
        Column("Status"),
        Column("State"),
        Column("Profile"),
        Column("SubmittedAt", "Submitted", moment, whole=True),
        Column("FinishedAt", "Finished", moment, whole=True),
    ),
    wide=(
        Column("Name"),
        Column("Operation"),
        Column("ExpiresAt", "Kept until"),
        Column("Duration", form=milliseconds),
        Column("Files"),
        Column("FailMessage", "Failure"),
    ),
)
_CHANGES = View(
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Kind"),
        Column("Name"),
        Column("PreviousState", "Was"),
        Column("State"),
        Column("Status"),
        Column("StageV2", "Stage"),
        Column("FailMessage", "Failure"),
    ),
    wide=_TASKS.wide,
)


@commands.command(
    "list",
    examples=(
        "tadh task list",
        "tadh task list --kind video --state unknown",
        "tadh task list --older-than 30d --name Anna -p sandbox",
    ),
)
def list_(
    tadh: Tadh,
    kind: Kind = None,
    state: State = None,
    since: Since = None,
    older_than: OlderThan = None,
    name: Name = None,
    limit: Limit = None,
) -> Records:
    """List what was submitted from here, newest first.

    Without a request, of all profiles; -p NAME leaves those of one. UNKNOWN stands for a request whose answer was
    lost: the service may or may not have accepted it.
    """
    return Records(past(tadh, _kind(tadh, kind), state, since, limit, older_than, name), _TASKS)


@commands.command("show", examples=('tadh task show "$TASK"', 'tadh task show "$TASK" -o yaml'))
def show(
    tadh: Tadh,
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="id of the task, or #N for an entry", autocompletion=offers.tasks)
    ],
) -> Record:
    """Show everything the ledger knows of a task, with the request that made it."""
    record = tadh.ledger.find(task)
    if record is None:
        raise NotFound(f"the ledger has no task {task}", hint="`tadh task list` shows what was submitted from here")
    return Record(record, _TASKS)


@commands.command(
    "sync",
    examples=(
        "tadh task sync",
        "tadh task sync --changed -o ndjson --fail-on-failure",
        "tadh task sync --changed --exec 'echo \"$TADH_TASK_ID is $TADH_TASK_STATE\"'",
    ),
)
def sync(
    tadh: Tadh,
    changed: Annotated[
        bool, typer.Option("--changed", help="print only what changed since it was printed last, else nothing")
    ] = False,
    exec_: Exec = None,
    exec_timeout: ExecTimeout = None,
    fail_on_failure: Annotated[
        bool,
        typer.Option(
            "--fail-on-failure",
            help="exit code 7 when a task has failed since the last time (as a failing CMD always does)",
        ),
    ] = False,
    all_profiles: Annotated[
        bool, typer.Option("--all-profiles", help="the tasks of all profiles that submitted some, not only of one")
    ] = False,
) -> None:
    """Ask about all unfinished tasks once, and write down how they stand.

    For cron, and for every kind of task. A change is one of the state, of the service's word for it, or of a
    customization's stage, not of progress; also one that another command saw first. --changed prints each change
    once, whatever else runs at the same time, and nothing at all when there is none; what can't be written is printed
    the next time. A copy that is killed while it prints may leave its last changes to be printed again.

    CMD is run by the shell, once for each change, with TADH_TASK_ID, TADH_TASK_KIND, TADH_TASK_STATE and
    TADH_TASK_PREVIOUS_STATE (queued, running, decision, done, failed, unknown); what it prints goes to stderr. When
    it fails the others go on, the exit code is 7, and each following run offers it that task again as it stands then.
    When tadh looks for changes for the first time, what ended more than a day ago is no news.
    """
    from tadh_cli.commands.syncing import Wishes, synced

    tadh.refuse()
    profiles = tadh.ledger.profiles() if all_profiles else [""]
    wishes = Wishes(changed, exec_, exec_timeout, fail_on_failure)
    synced(tadh, profiles, wishes, _CHANGES if changed else _TASKS)


@commands.command(
    "forget",
    examples=(
        "tadh task forget --older-than 90d --dry-run",
        'tadh task forget "$DONE"',
    ),
)
def forget(
    tadh: Tadh,
    task: Tasks = None,
    kind: Kind = None,
    state: State = None,
    older_than: OlderThan = None,
    name: Name = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="also what has not ended or has an unknown outcome, without being asked")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be forgotten, change nothing")] = False,
) -> Records:
    """Remove tasks from the ledger, by id or all that are older.

    Nothing happens to them at the service. Those that have not ended, or whose outcome is unknown, are asked about
    first, or kept when they are chosen by age: the ledger is what keeps a video from being paid twice. An item of a
    batch that is forgotten is made again when the batch is run again, and its files count as foreign.
    """
    from tadh_cli.commands.forgetting import forgotten

    chosen = past(tadh, _kind(tadh, kind), state, None, None, older_than, name) if not task else None
    if task and (kind or state or older_than or name):
        tadh.problems.append("either name tasks or choose them by --older-than, --kind, --state and --name")
    if not task and not older_than:
        tadh.problems.append("name at least one TASK, or use --older-than")
    return Records(forgotten(tadh, task, chosen, yes=yes, dry_run=dry_run), _TASKS)


@commands.command(
    "export",
    examples=("tadh task export --out ledger.ndjson", "tadh task export --since 30d -o csv"),
)
def export(
    tadh: Tadh,
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="to this file, as NDJSON unless -o says otherwise")
    ] = None,
    kind: Kind = None,
    state: State = None,
    since: Since = None,
    older_than: OlderThan = None,
    name: Name = None,
) -> Records | None:
    """Write everything the ledger knows, with the requests.

    Newest first; secrets are masked. The file appears when it is complete, and only its owner may read it: it has the
    texts of all requests.
    """
    from tadh_cli.commands.forgetting import exported

    found = past(tadh, _kind(tadh, kind), state, since, None, older_than, name)
    if out is None:
        return Records(found, _TASKS)
    tadh.refuse()
    exported(tadh, out, Records(found, _TASKS))
    return None


def _kind(tadh: Tadh, given: str | None) -> str:
    """A kind as the ledger spells it; others become problems."""
    if given and given.lower() not in KINDS:
        tadh.problems.append(f"--kind {given!r} is not one of {', '.join(KINDS)}")
    return (given or "").lower()
