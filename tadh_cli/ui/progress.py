"""Progress on stderr: a live display on a terminal, one plain line per change of state elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tadh_cli.api.waiter import Snapshot
from tadh_cli.duration import words
from tadh_cli.errors import TadhError
from tadh_cli.ui.messages import Messages
from tadh_cli.ui.records import printable

Show = Callable[[Snapshot], None]
Moved = Callable[[int, int | None], None]


@contextmanager
def following(messages: Messages, stages: Sequence[str] = ()) -> Iterator[Show]:
    """A function that shows each snapshot of a wait as it comes, with its place among the stages if there are any."""
    if messages.is_quiet:
        yield lambda snapshot: None
    elif messages.is_terminal:
        with _live(messages, stages) as show:
            yield show
    else:
        yield _plain(messages)


def _plain(messages: Messages) -> Show:
    """One line for each change: nothing else belongs into a log."""
    last: dict[str, str] = {}

    def show(snapshot: Snapshot) -> None:
        state = _trouble(snapshot.error) or _words(snapshot.record)
        if last.get(snapshot.task_id) != state:
            last[snapshot.task_id] = state
            messages.say(f"{snapshot.task_id}: {state}{_ahead(snapshot.record)} ({words(snapshot.waited_s)})")

    return show


@contextmanager
def _live(messages: Messages, stages: Sequence[str]) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(file=messages.stream, no_color=not messages.color, highlight=False)
    columns = (
        SpinnerColumn(finished_text="•"),
        TextColumn("{task.fields[task_id]}", markup=False),
        TextColumn("{task.description}", markup=False, style="bold"),
        TextColumn("{task.fields[more]}", markup=False, style="dim"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=False) as progress:
        rows: dict[str, Any] = {}

        def show(snapshot: Snapshot) -> None:
            if snapshot.task_id not in rows:
                rows[snapshot.task_id] = progress.add_task("", total=None, task_id=printable(snapshot.task_id), more="")
            row = rows[snapshot.task_id]
            more = _trouble(snapshot.error) or _ahead(snapshot.record).strip(", ") or _line(snapshot.record, stages)
            state = _in_stage(snapshot.record) if stages else _words(snapshot.record)
            progress.update(row, description=printable(state), more=printable(more))
            if snapshot.state.is_final:
                progress.update(row, total=1, completed=1)

        yield show


def _words(record: Mapping[str, Any]) -> str:
    """The service's own words for where a task stands."""
    stage = record.get("StageV2")
    status = str(record.get("Status") or "")
    return (
        " ".join(part for part in (status, stage and f"{stage} {record.get('StatusV2') or ''}".strip()) if part) or "…"
    )


def _in_stage(record: Mapping[str, Any]) -> str:
    """Where a task stands within its stage, which is told beside it."""
    is_on = record.get("Status") == "MAKING" and record.get("StatusV2")
    return str(record["StatusV2"] if is_on else record.get("Status") or "…")


def _line(record: Mapping[str, Any], stages: Sequence[str]) -> str:
    """All stages in a line, the current one marked."""
    return " ".join(f"[{stage}]" if stage == record.get("StageV2") else stage.lower() for stage in stages)


def _ahead(record: Mapping[str, Any]) -> str:
    count = record.get("ArrayCount")
    return f", {count} ahead in the queue" if record.get("Status") == "COMMIT" and count else ""


def _trouble(error: Exception | None) -> str:
    if not isinstance(error, TadhError):
        return ""
    return f"no answer, trying again: {error.message}" if error.transient else error.message


@contextmanager
def moving(messages: Messages, what: str) -> Iterator[Moved]:
    """A function that shows how many bytes of how many have been moved."""
    if messages.is_terminal and not messages.is_quiet:
        with _bar(messages, what) as moved:
            yield moved
    else:
        yield lambda done, total: None


@contextmanager
def _bar(messages: Messages, what: str) -> Iterator[Moved]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(file=messages.stream, no_color=not messages.color, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        row: Any = None

        def moved(done: int, total: int | None) -> None:
            nonlocal row
            if row is None:
                # What is there from an earlier run is no part of the rate.
                row = progress.add_task(printable(what), total=total, completed=done)
            progress.update(row, completed=done, total=total)

        yield moved


@contextmanager
def counting(messages: Messages, what: str, of: int) -> Iterator[Callable[[int], None]]:
    """A function that shows how many of a number of things are done."""
    if messages.is_terminal and not messages.is_quiet:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(file=messages.stream, no_color=not messages.color, highlight=False)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            row = progress.add_task(printable(what), total=of)
            yield lambda done: progress.update(row, completed=done)
    else:
        if of:
            messages.say(f"{what}: {of}")
        yield lambda done: None


def size(count: int) -> str:
    """A number of bytes for people."""
    if count < 1000:
        return f"{count} B"
    value, units = float(count), iter(("kB", "MB", "GB", "TB"))
    for unit in units:
        value /= 1000
        if value < 1000 or unit == "TB":
            return f"{value:.1f} {unit}"
    return f"{count} B"
