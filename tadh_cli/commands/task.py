"""`tadh task`: the ledger of everything submitted from here."""

from __future__ import annotations

from typing import Annotated

import typer

from tadh_cli.commands import offers
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.following import past
from tadh_cli.commands.options import Limit, Since, State
from tadh_cli.errors import NotFound
from tadh_cli.ui.forms import milliseconds, moment
from tadh_cli.ui.records import Column, Record, Records, View

commands = Commands("task", "The ledger of everything submitted from here.")

KINDS = ("video", "audio", "avatar", "voice", "voice-check", "session")

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
        Column("Operation"),
        Column("ExpiresAt", "Kept until"),
        Column("Duration", form=milliseconds),
        Column("Files"),
        Column("FailMessage", "Failure"),
    ),
)


@commands.command("list", examples=("tadh task list", "tadh task list --kind video --state unknown"))
def list_(
    tadh: Tadh,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help=f"{', '.join(KINDS[:-1])} or {KINDS[-1]}")
    ] = None,
    state: State = None,
    since: Since = None,
    limit: Limit = None,
) -> Records:
    """List what was submitted from here, newest first.

    UNKNOWN stands for a request whose answer was lost: the service may or may not have accepted it.
    """
    if kind and kind.lower() not in KINDS:
        tadh.problems.append(f"--kind {kind!r} is not one of {', '.join(KINDS)}")
    return Records(past(tadh, (kind or "").lower(), state, since, limit), _TASKS)


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
