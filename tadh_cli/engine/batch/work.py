"""The videos of a list, each checked completely, with what is to be done about it; nothing has been sent yet."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tadh_cli.api.video import VideoOptions
from tadh_cli.engine.batch.home import Home
from tadh_cli.engine.batch.identity import digest, identity
from tadh_cli.engine.batch.items import Item, kinds
from tadh_cli.engine.batch.manifest import Problem
from tadh_cli.engine.batch.plan import Action, Decision, Wishes, decide, is_sending
from tadh_cli.engine.client import Client, Prepared
from tadh_cli.engine.ledger_claims import Attempt, Claim
from tadh_cli.engine.studio import Plan, actions, plan_video
from tadh_cli.errors import InputError

# The states of a video beside those of its task.
WAITING, RUNNING, DONE, FAILED, UNKNOWN = "waiting", "running", "done", "failed", "unknown"


@dataclass
class Work:
    """A video of the list: what is wished, what is known, how it ends."""

    item: Item
    plan: Plan
    identity: str
    attempt: Attempt | None
    decision: Decision
    # What is sent; its sound has a URL once it is uploaded.
    prepared: Prepared
    is_uploaded: bool = False
    # The digest of the local file that it needs, empty when it needs none.
    sound: str = ""
    state: str = WAITING
    # Whether `attempt` is one of this run, or of another one meanwhile.
    is_tried: bool = False
    # What the service said last.
    record: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[str] = ()
    error: Exception | None = None

    @property
    def name(self) -> str:
        return self.item.name

    @property
    def known(self) -> Mapping[str, Any]:
        """What the service said last of its task, else what the ledger knows; nothing of one that is to be replaced."""
        if self.record or self.attempt is None or (self.decision.action.makes and not self.is_tried):
            return self.record
        return self.attempt.record

    @property
    def task_id(self) -> str:
        """The task that makes it, or its entry in the ledger, empty when there is none."""
        return str(self.known.get("TaskId") or "")

    @property
    def needs_file(self) -> bool:
        """Whether its sound has to be uploaded before it can be sent."""
        return self.plan.upload is not None and not self.is_uploaded

    @property
    def is_held(self) -> bool:
        """Whether another run is sending it: should that fail, it is made here."""
        return self.decision.action is Action.ADOPT and self.attempt is not None and is_sending(self.attempt)

    def tried(self, attempt: Attempt | None) -> None:
        """Its last attempt is another one by now."""
        self.attempt, self.is_tried = attempt, True

    def claim(self) -> Claim:
        """The right to make it, unless somebody else has tried since `attempt` was read."""
        if self.attempt is None:
            return Claim(self.identity, self.name)
        return Claim(self.identity, self.name, self.attempt.entry, self.attempt.record["State"])


def check(client: Client, item: Item, complete: Callable[[VideoOptions], VideoOptions]) -> tuple[Plan, list[Problem]]:
    """A video as it would be ordered, and everything that is wrong with it; nothing is sent, not even a question."""
    try:
        plan = plan_video(client, complete(item.options), is_rehearsal=True, overrides=item.overrides)
    except InputError as error:
        return Plan.nothing(), [told(item, problem) for problem in error.problems]
    return plan, []


def check_actions(
    client: Client, works: Sequence[Work], complete: Callable[[VideoOptions], VideoOptions]
) -> list[Problem]:
    """Ask the service for the actions of each avatar whose markup names some, once, and check the markup by them."""
    known: dict[str | None, Collection[str] | None] = {}
    problems: list[Problem] = []
    for work in works:
        options = complete(work.item.options)
        if options.ssml is None or "<insert-action" not in (work.plan.script.text or ""):
            continue
        if options.avatar not in known:
            known[options.avatar] = actions(client, options.avatar)
        try:
            ask = partial(known.get, options.avatar)
            work.plan = plan_video(client, options, ask=ask, overrides=work.item.overrides)
        except InputError as error:
            problems += [told(work.item, problem) for problem in error.problems]
    return problems


def work_for(
    item: Item, plan: Plan, options: VideoOptions, home: Home, wishes: Wishes, account: str, now_s: float
) -> Work:
    """What is to be done about a video that passed its checks."""
    tasks = home.tasks
    sound = digest(plan.upload.path) if plan.upload else ""
    known = identity(tasks.client.provider, account, item.name, options, item.overrides, plan.script, sound)
    attempt = tasks.ledger.attempt(known)
    decision = decide(
        attempt,
        wishes,
        now_s=now_s,
        is_home=attempt is not None and home.has(item.name, attempt.record),
        changed=home.former(item.name) if attempt is None else "",
        is_stale=attempt is not None and attempt.pid == os.getpid(),
    )
    return Work(item, plan, known, attempt, decision, plan.prepared, sound=sound, state=_state(decision))


def _state(decision: Decision) -> str:
    if decision.action is Action.UNKNOWN:
        return UNKNOWN
    if decision.action is Action.SKIP:
        return FAILED if decision.is_failed else DONE
    return RUNNING if decision.action is Action.ADOPT else WAITING


def told(item: Item, sentence: str) -> Problem:
    """A problem in the words of a manifest: the key instead of the option, and where it stands."""
    keys = {kind.option.flag: key for key, kind in kinds().items()}
    named = [keys[flag] for flag in re.findall(r"--[a-z][a-z-]*", sentence) if flag in keys]
    given = [key for key in named if key in item.keys]
    text = re.sub(r"--[a-z][a-z-]*", lambda flag: keys.get(flag[0], "set" if flag[0] == "--set" else flag[0]), sentence)
    return Problem(item.place(given[0]) if given else item.at, f"{item.name}: {text}")
