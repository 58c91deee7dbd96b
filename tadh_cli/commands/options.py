"""Option types and bundles of options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Annotated, Any

import typer

from tadh_cli.api.options import opt
from tadh_cli.commands import offers
from tadh_cli.commands._command import reading
from tadh_cli.commands.context import Tadh
from tadh_cli.config import DEFAULT_TIMEOUT_S
from tadh_cli.duration import seconds

# Everything that tadh submits.
KINDS = ("video", "audio", "avatar", "voice", "voice-check", "session")

Force = Annotated[bool, typer.Option("--force", help="overwrite files that are not this task's")]
All = Annotated[bool, typer.Option("--all", help="all that are not known to have ended")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="check everything and show the request, send nothing")]
Wait = Annotated[bool, typer.Option("--wait", help="follow the task to its end")]
Download = Annotated[
    str | None, typer.Option("--download", metavar="FILE|DIR/|-", help="wait, then download the result to this place")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="set a field of the request, unchecked: VideoParam.Format=…"),
]
State = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="S",
        help="queued, running, decision, done, failed, sending, unknown, refused, or the service's word",
    ),
]
Since = Annotated[str | None, typer.Option("--since", metavar="DURATION", help="submitted within this time: 7d")]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", metavar="DURATION", help="submitted longer ago than this: 30d")
]
Kind = Annotated[str | None, typer.Option("--kind", metavar="KIND", help=f"{', '.join(KINDS[:-1])} or {KINDS[-1]}")]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="of the avatar, the voice or the batch's item")
]
Exec = Annotated[
    str | None, typer.Option("--exec", metavar="CMD", help="run this for each change, with its record as JSON on stdin")
]
ExecTimeout = Annotated[
    Any,
    typer.Option(
        "--exec-timeout",
        metavar="DURATION",
        help="the longest that CMD may take (10m)",
        parser=reading("--exec-timeout", seconds),
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", metavar="N", help="at most so many", min=0)]
PageSize = Annotated[int | None, typer.Option("--page-size", metavar="N", help="items of one request, 1 to 100")]
Tasks = Annotated[list[str] | None, typer.Argument(metavar="TASK…", help="ids of tasks", autocompletion=offers.tasks)]
OneTask = Annotated[str, typer.Argument(metavar="TASK", help="id of the task", autocompletion=offers.tasks)]
Sessions = Annotated[
    list[str] | None, typer.Argument(metavar="ID…", help="ids of sessions", autocompletion=offers.tasks)
]
OneSession = Annotated[str, typer.Argument(metavar="ID", help="id of the session", autocompletion=offers.tasks)]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]
SkipChecks = Annotated[bool, typer.Option("--skip-checks", help="send files that the local inspection refuses")]
AutoConfirm = Annotated[bool, typer.Option("--auto-confirm", help="accept the demo without looking at it")]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="what has to be better, 300 characters at most")
]
Search = Annotated[str | None, typer.Option("--search", metavar="TEXT", help="only items that contain this text")]


@dataclass(frozen=True)
class Following:
    """How long and how often to ask about a task."""

    timeout: float | None = opt(
        "--timeout",
        "longest wait for the task, such as 90s, 30m, 2h (30m); the request that makes it is given a minute besides",
        metavar="DURATION",
        reader=seconds,
    )
    interval: float | None = opt(
        "--interval", "time between questions (quick first, then slower)", metavar="DURATION", reader=seconds
    )
    poll_patience: float | None = opt(
        "--poll-patience", "bear failing questions for so long (10m)", metavar="DURATION", reader=seconds
    )

    def patience(self, tadh: Tadh) -> Any:
        """The patience of a wait: option, environment, profile, default."""
        from tadh_cli.engine.waiting import POLL_PATIENCE_S, Patience

        return Patience(
            timeout_s=_first(self.timeout, _timeout(tadh), DEFAULT_TIMEOUT_S),
            interval_s=self.interval,
            failures_s=_first(self.poll_patience, POLL_PATIENCE_S),
            floor_s=tadh.tasks.floor_s,
        )

    def check(self, tadh: Tadh) -> None:
        """Problems of the environment's own timeout, told before anything is sent."""
        if self.timeout is None:
            try:
                _timeout(tadh)
            except ValueError as error:
                tadh.problems.append(f"TADH_TIMEOUT {error}")


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def _timeout(tadh: Tadh) -> float | None:
    text = os.environ.get("TADH_TIMEOUT") or tadh.settings.defaults.get("timeout")
    return seconds(text) if text else None


def minutes(text: str) -> float:
    """A number of minutes; raises ValueError. Nothing is longer than what is no number at all."""
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not (isfinite(number) and number >= 0):
        raise ValueError(f"{text!r} is not a number of minutes, 0 or more")
    return number


def pairs(tadh: Tadh, flag: str, given: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """NAME=VALUE options; others become problems."""
    for text in given or ():
        name, sign, value = text.partition("=")
        if name.strip() and sign:
            yield name.strip(), value
        else:
            tadh.problems.append(f"{flag} {text!r} is not NAME=VALUE")


def matches(text: str | None, *values: Any) -> bool:
    """Whether one of the values contains the text, case ignored."""
    return not text or any(text.lower() in str(value).lower() for value in values if value is not None)
