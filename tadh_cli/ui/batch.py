"""The progress of a batch: a line for each video that is under way and one for all, in a log a line for each change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tadh_cli.duration import words
from tadh_cli.ui.messages import Messages
from tadh_cli.ui.records import printable

if TYPE_CHECKING:
    from tadh_cli.engine.batch.score import Change

Show = Callable[["Change"], None]


@contextmanager
def board(messages: Messages, of: int) -> Iterator[Show]:
    """A function that shows each change as it comes."""
    if messages.is_quiet:
        yield lambda change: None
    elif messages.is_terminal:
        with _live(messages, of) as show:
            yield show
    else:
        yield _plain(messages)


def _plain(messages: Messages) -> Show:
    last: dict[str, str] = {}

    def show(change: Change) -> None:
        if last.get(change.name) != change.words:
            last[change.name] = change.words
            count = f" ({change.over} of {change.of}{_left(change)})" if change.is_over else ""
            messages.say(f"{change.name}: {change.words}{count}")

    return show


def _left(change: Change) -> str:
    is_known = change.left_s is not None and change.over < change.of
    return f", about {words(change.left_s or 0.0)} left" if is_known else ""


@contextmanager
def _live(messages: Messages, of: int) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=messages.stream, no_color=not messages.color, highlight=False)
    columns = (
        TextColumn("{task.fields[name]}", markup=False),
        TextColumn("{task.description}", markup=False, style="bold"),
        BarColumn(),
        TextColumn("{task.fields[more]}", markup=False, style="dim"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=False) as progress:
        total = progress.add_task("", total=of, name="total", more="")
        rows: dict[str, Any] = {}

        def show(change: Change) -> None:
            if change.is_over:
                if (row := rows.pop(change.name, None)) is not None:
                    progress.remove_task(row)
                if change.words != "done":
                    console.print(printable(f"{change.name}: {change.words}"), markup=False)
            elif change.name in rows:
                progress.update(rows[change.name], description=printable(change.words))
            else:
                rows[change.name] = progress.add_task(
                    printable(change.words), total=None, name=printable(change.name), more=""
                )
            told = f"{change.over} of {change.of}{_left(change)}"
            progress.update(total, completed=change.over, more=told)

        yield show
