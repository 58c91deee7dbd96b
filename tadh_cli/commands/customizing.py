"""What customizing avatars and cloning voices have in common: making, following, deciding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tadh_cli.api.customization import Customization
from tadh_cli.api.production import Names
from tadh_cli.api.waiter import State
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.following import all_concluded, chosen, concluded, followed
from tadh_cli.commands.options import Following, pairs
from tadh_cli.commands.submitting import Sending, planned, rehearsal, rehearsed, submitted
from tadh_cli.errors import InputError, TadhError
from tadh_cli.ui.forms import lines
from tadh_cli.ui.records import Column, Record, Records, View

CUSTOMIZED = View(
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Status"),
        Column("StageV2", "Stage"),
        Column("StatusV2", "In the stage"),
        Column("VirtualmanKey", "Avatar", whole=True),
        Column("TimbreKey", "Voice", whole=True),
        Column("SubmittedAt", "Submitted"),
        Column("FailMessage", "Failure"),
    ),
    wide=(
        Column("FinishedAt", "Finished"),
        Column("Resolution"),
        Column("DemoUrls", "Demo", lines),
        Column("TimbreSample", "Sample"),
        Column("Profile"),
    ),
    hidden=("StageInfo", "AssetList"),
)


def make(
    tadh: Tadh, kind: str, wanted: Customization, sending: Sending, following: Following, *, auto_confirm: bool
) -> Record | Records:
    """Check, upload, submit, and if asked for follow one avatar or voice."""
    following.check(tadh)
    wanted = replace(wanted, demo_text=_demo_text(tadh, wanted.demo_text))
    submission = planned(tadh, tadh.provider.customization_order(wanted), sending)
    if sending.dry_run:
        return Record(rehearsed(tadh, submission))
    record = submitted(tadh, submission)
    task_id = record["TaskId"]
    status = tadh.command(f"{kind} status {task_id}")
    tadh.messages.say(f"{kind} {task_id} is submitted; `{status}` tells where it stands")
    if not sending.wait:
        return Record(record, CUSTOMIZED)
    return _followed_to_the_end(tadh, kind, [task_id], following, is_one=True, auto_confirm=auto_confirm)


def _demo_text(tadh: Tadh, given: str | None) -> str | None:
    """The text of the demo as it is sent: on one line; what has no tags is escaped, as elsewhere."""
    from tadh_cli.engine.inputs import text_argument
    from tadh_cli.media import narration, ssml

    if given is None:
        return None
    try:
        text = text_argument("--demo-text", given)
    except InputError as error:
        tadh.problems += error.problems
        return None
    if not ssml.looks_like_ssml(text):
        return narration.escape(text)
    errors = [finding for finding in ssml.check(text) if finding.level == "error"]
    tadh.problems += [f"--demo-text:{found.line}:{found.column}: {found.message}" for found in errors]
    return narration.fold(text)


def wait(
    tadh: Tadh, kind: str, given: Sequence[str] | None, following: Following, *, all_: bool, auto_confirm: bool
) -> Record | Records:
    """Avatars or voices to their end, or to a decision that a person has to make."""
    following.check(tadh)
    ids = chosen(tadh, kind, given, all_=all_)
    tadh.refuse()
    is_one = len(ids) == 1 and not all_
    return _followed_to_the_end(tadh, kind, ids, following, is_one=is_one, auto_confirm=auto_confirm)


def _followed_to_the_end(
    tadh: Tadh, kind: str, ids: Sequence[str], following: Following, *, is_one: bool, auto_confirm: bool
) -> Record | Records:
    resume = f"{kind} wait {' '.join(ids)}" + (" --auto-confirm" if auto_confirm else "")
    waiter = tadh.provider.waiter(kind)
    with tadh.resumable(resume, ids[0] if len(ids) == 1 else ""):
        found = followed(tadh, waiter, ids, following)
        undecided = [task_id for task_id, record in found.items() if waiter.classify(record) is State.DECISION]
        if auto_confirm and undecided:
            for task_id in undecided:
                _decide(tadh, {"TaskId": task_id, "Operate": "AGREE"})
            # The service may need a moment to heed the decision: it is not waited for again.
            rows = tuple(row for row in waiter.rows if row[1] is not State.DECISION)
            found |= followed(tadh, waiter._replace(rows=rows), undecided, following)
        else:
            for task_id in undecided:
                _ask_for_decision(tadh, kind, found[task_id])
        records = {task_id: _with_key(tadh, kind, record) for task_id, record in found.items()}
        if is_one:
            return Record(concluded(tadh, waiter, records[ids[0]]), CUSTOMIZED)
        return Records(all_concluded(tadh, waiter, list(records.values())), CUSTOMIZED)


def _ask_for_decision(tadh: Tadh, kind: str, record: Mapping[str, Any]) -> None:
    task_id = record["TaskId"]
    for url in record.get("DemoUrls") or ():
        tadh.messages.say(f"demo: {url}")
    confirm, reject = (tadh.command(f"{kind} {word} {task_id}") for word in ("confirm", "reject"))
    tadh.messages.say(f"{kind} {task_id} waits for your decision: `{confirm}` or `{reject} --reason TEXT`")


def decide(
    tadh: Tadh, kind: str, task_id: str, operate: str, reason: str | None, *, dry_run: bool, set_: Sequence[str]
) -> Record:
    """Accept or reject the demo of an avatar or a voice; the decision is sent once."""
    values = {"TaskId": task_id, "Operate": operate, "Reason": reason}
    overrides = dict(pairs(tadh, "--set", set_))
    with tadh.resumable(f"{kind} status {task_id}", task_id):
        if dry_run:
            return Record(rehearsal(tadh, _prepared(tadh, values, overrides), (), ()))
        _decide(tadh, values, overrides)
    told = "accepted" if operate == "AGREE" else "rejected"
    tadh.messages.say(f"{kind} {task_id}: the demo is {told}; `{tadh.command(f'{kind} wait {task_id}')}` follows it on")
    try:
        return Record(tadh.tasks.look(tadh.provider.waiter(kind), task_id), CUSTOMIZED)
    except TadhError as error:
        tadh.messages.warn(f"the decision is made, but the task can't be looked at now: {error.message}")
        return Record({"TaskId": task_id, "Kind": kind, "Profile": tadh.settings.profile, "Operate": operate})


def _decide(tadh: Tadh, values: Mapping[str, object], overrides: Mapping[str, str] | None = None) -> None:
    tadh.client.send(_prepared(tadh, values, overrides))


def _prepared(tadh: Tadh, values: Mapping[str, object], overrides: Mapping[str, str] | None) -> Any:
    operation = tadh.provider.operation("customization.confirm")
    names = Names({"TaskId": "TASK", "Reason": "--reason"})
    return tadh.client.prepare(operation, values, overrides=overrides, names=names)


# Where the key of what was made is found when the service does not tell it with the task: list, its name, its key.
_LISTS = {
    "avatar": ("avatar.list", "AnchorName", "VirtualmanKey"),
    "voice": ("voice.list", "TimbreName", "TimbreKey"),
}


def _with_key(tadh: Tadh, kind: str, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A finished task with the key of what was made, looked up by its name where the answer lacks it."""
    listing, name_field, key_field = _LISTS[kind]
    if record.get(key_field) or tadh.provider.waiter(kind).classify(record) is not State.DONE:
        return record
    past = tadh.ledger.find(record["TaskId"]) or {}
    name = (past.get("Request") or {}).get("AnchorName")
    found = _keys_of(tadh, listing, name_field, key_field, name) if name else []
    if len(found) == 1:
        record = {**record, key_field: found[0]}
        tadh.tasks.note(tadh.provider.waiter(kind), record)
        return record
    search = tadh.command(f"{kind} list --search {name or 'NAME'}")
    tadh.messages.say(f"the service does not tell the key with the task: `{search}` shows it")
    return record


def _keys_of(tadh: Tadh, listing: str, name_field: str, key_field: str, name: str) -> list[str]:
    """Keys by name; a list that can't be had is no failure of the task."""
    try:
        return [str(item[key_field]) for item in tadh.client.pages(listing) if item.get(name_field) == name]
    except TadhError as error:
        tadh.messages.warn(f"the key can't be looked up now: {error.message}")
        return []
