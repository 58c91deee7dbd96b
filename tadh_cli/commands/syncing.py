"""What `task sync` and `video callback` have in common: asking, and telling what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tadh_cli import config
from tadh_cli.commands.context import Tadh
from tadh_cli.engine.hooks import TIMEOUT_S, Hook
from tadh_cli.engine.ledger_changes import Changes, Reader
from tadh_cli.engine.sync import Looked, Question, ask_all, by_id, open_questions, question
from tadh_cli.engine.telling import Telling
from tadh_cli.errors import HookFailed, TadhError, TaskFailed, together
from tadh_cli.ui.records import Records, View


@dataclass(frozen=True)
class Wishes:
    """What is to be done with what changed."""

    changed: bool = False
    command: str | None = None
    command_s: float | None = None
    fail_on_failure: bool = False

    @property
    def readers(self) -> tuple[Reader, ...]:
        return (Reader.PRINTED,) * self.changed + (Reader.HOOKED,) * bool(self.command)


@dataclass
class Outcome:
    """What a round brought."""

    shown: list[Mapping[str, Any]] = field(default_factory=list)
    asked: int = 0
    lost: list[TadhError] = field(default_factory=list)
    hooks: list[HookFailed] = field(default_factory=list)

    def conclude(self, tadh: Tadh, *, fail_on_failure: bool) -> None:
        """Raise what went wrong, the gravest; the others are told."""
        errors: list[TadhError] = []
        if fail_on_failure and (failed := [record for record in self.shown if record.get("State") == "failed"]):
            errors.append(_task_failure(failed))
        if self.lost:
            errors.append(together(self.lost, self.asked))
        if self.hooks:
            errors.append(_hook_failure(self.hooks))
        for error in errors[1:]:
            tadh.messages.warn(error.message)
        if errors:
            raise errors[0]


def synced(tadh: Tadh, profiles: Sequence[str], wishes: Wishes, view: View) -> None:
    """Ask about all unfinished tasks of the profiles once, and tell what the wishes are for.

    Drawn here, not by the caller: a change counts as printed when it is written, and hooks run after that.
    """
    outcome = Outcome()
    for profile in profiles:
        with _of(tadh, profile) as own:
            _round(own, profile, wishes, outcome, view)
    if not wishes.changed:
        tadh.draw(Records(outcome.shown, view))
    outcome.conclude(tadh, fail_on_failure=wishes.fail_on_failure)


def _round(tadh: Tadh, profile: str, wishes: Wishes, outcome: Outcome, view: View) -> None:
    """The tasks of one profile, which is named where there are several."""
    try:
        telling = telling_of(tadh)
        looked = list(asked(tadh, telling, wishes.readers))
    except TadhError as error:
        error.message = f"profile {profile}: {error.message}" if profile else error.message
        outcome.lost.append(error)
        outcome.asked += 1
        return
    outcome.asked += len(looked)
    outcome.lost += [each.error for each in looked if each.error is not None]
    if not wishes.changed:
        outcome.shown += [shown(tadh, each) for each in looked if each.record is not None]
    else:
        outcome.shown += telling.hand_over(Reader.PRINTED, lambda records: tadh.draw(Records(records, view)))
    if wishes.command:
        outcome.hooks += telling.run(hook(tadh, wishes.command, wishes.command_s))


def asked(tadh: Tadh, telling: Telling, readers: Sequence[Reader], kinds: Sequence[str] = ()) -> Iterator[Looked]:
    """Ask about what has not ended, of some kinds or all, and about what is to be told and has no links any more."""
    profile = tadh.settings.profile
    tadh.ledger.abandon(profile)
    wanted = open_questions(tadh.provider, tadh.ledger, profile)
    wanted = [each for each in wanted if not kinds or each.waiter.kind in kinds]
    wanted += linkless(tadh, telling, readers)
    for looked in ask_all(tadh.tasks, tadh.transport, wanted):
        telling.fresh |= by_id([looked])
        yield looked


def linkless(tadh: Tadh, telling: Telling, readers: Sequence[Reader]) -> list[Question]:
    """How to come by links that work, for what another command saw first."""
    past = (change.record for change in telling.linkless(readers))
    found = (question(tadh.provider, each["TaskId"], each["Kind"], each["Operation"]) for each in past)
    return [each for each in found if each is not None]


def telling_of(tadh: Tadh, only_ended: Sequence[str] = ()) -> Telling:
    """What changed among the tasks of the profile."""
    changes = Changes(tadh.ledger, tadh.clock)
    return Telling(changes, tadh.settings.profile, config.locks_dir(), tadh.clock, only_ended)


def hook(tadh: Tadh, command: str, timeout_s: float | None) -> Hook:
    """The user's command, with an environment in which tadh means the same profile."""
    env = {}
    if tadh.settings.profile != "default":
        env["TADH_PROFILE"] = tadh.settings.profile
    if tadh.common.config:
        env["TADH_CONFIG"] = str(Path(tadh.common.config).expanduser().absolute())
    return Hook(command, env, TIMEOUT_S if timeout_s is None else timeout_s)


def shown(tadh: Tadh, looked: Looked) -> Mapping[str, Any]:
    """The record of a task that was asked about, with our word for how it stands."""
    past = tadh.ledger.find(looked.question.task_id) or {}
    record = {name: value for name, value in (looked.record or {}).items() if name not in ("Request", "Operation")}
    return {**record, "State": past.get("State", "")}


@contextmanager
def _of(tadh: Tadh, profile: str) -> Iterator[Tadh]:
    """The same run with another profile."""
    if not profile:
        yield tadh
        return
    other = Tadh(replace(tadh.common, profile=profile), tadh.mask, tadh.clock)
    other.check_common()
    try:
        yield other
    finally:
        other.close()


def _task_failure(failed: Sequence[Mapping[str, Any]]) -> TadhError:
    first = failed[0]
    reason = first.get("FailMessage") or first.get("Status") or "no reason given"
    what = f"{first['Kind']} {first['TaskId']} failed: {reason}"
    error = TaskFailed(what if len(failed) == 1 else f"{len(failed)} tasks failed; {what}")
    error.task_id = " ".join(str(record["TaskId"]) for record in failed)
    return error


def _hook_failure(failures: Sequence[HookFailed]) -> TadhError:
    first = failures[0]
    if len(failures) > 1:
        first.message = "\n  ".join(
            [f"--exec failed for {len(failures)} changes", *(each.message for each in failures)]
        )
    return first
