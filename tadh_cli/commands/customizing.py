"""What customizing avatars and cloning voices have in common: making, following, deciding."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tadh_cli.api.customization import Customization
from tadh_cli.api.production import Names
from tadh_cli.api.waiter import State, Waiter
from tadh_cli.commands import following
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import Following, pairs
from tadh_cli.commands.speaking import given_text, marked_up
from tadh_cli.commands.submitting import Sending, advised, planned, rehearsal, rehearsed, submitted
from tadh_cli.engine.ledger import REFUSED, SENDING, UNKNOWN
from tadh_cli.errors import OutcomeUnknown, Refused, TadhError, carrying, together
from tadh_cli.ui.forms import lines, moment
from tadh_cli.ui.records import Column, Record, Records, View

if TYPE_CHECKING:
    from tadh_cli.engine.client import Prepared
    from tadh_cli.engine.submission import Submission

CUSTOMIZED = View(
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Status"),
        Column("StageV2", "Stage"),
        Column("StatusV2", "In the stage"),
        Column("VirtualmanKey", "Avatar", whole=True),
        Column("TimbreKey", "Voice", whole=True),
        Column("SubmittedAt", "Submitted", moment, whole=True),
        Column("FailMessage", "Failure"),
    ),
    wide=(
        Column("FinishedAt", "Finished", moment),
        Column("Resolution"),
        Column("DemoUrls", "Demo", lines),
        Column("TimbreSample", "Sample"),
        Column("Profile"),
    ),
    hidden=("StageInfo", "AssetList"),
)


def make(
    tadh: Tadh, kind: str, wanted: Customization, sending: Sending, patience: Following, *, auto_confirm: bool
) -> Record | Records:
    """Check, upload, submit, and if asked for follow one avatar or voice."""
    submission = prepared(tadh, wanted, sending, patience)
    if sending.dry_run:
        return Record(rehearsed(tadh, submission))
    return outcome(tadh, kind, ordered(tadh, kind, submission), sending, patience, auto_confirm=auto_confirm)


def prepared(tadh: Tadh, wanted: Customization, sending: Sending, patience: Following) -> Submission:
    """The completely checked request for one avatar or voice."""
    patience.check(tadh)
    wanted = replace(wanted, demo_text=_demo_text(tadh, wanted.demo_text))
    return planned(tadh, tadh.provider.customization_order(wanted), sending)


def ordered(tadh: Tadh, kind: str, submission: Submission) -> dict[str, Any]:
    """The record of an avatar or voice that was submitted, its files uploaded before."""
    earlier = _of_this_name(tadh, submission)
    if earlier:
        tadh.messages.warn(f"{earlier}; the service refuses a name that it has already")
    try:
        record = submitted(tadh, submission)
    except Refused as error:
        raise (advised(error, f"{earlier}: do not order it again under another name") if earlier else error) from None
    status = tadh.command(f"{kind} status {record['TaskId']}")
    tadh.messages.say(f"{kind} {record['TaskId']} is submitted; `{status}` tells where it stands")
    return record


def _of_this_name(tadh: Tadh, submission: Submission) -> str:
    """What the ledger knows of an earlier order of the same name, in words; empty when there is none that matters."""
    payload = submission.prepared.payload
    name = str(payload.get("AnchorName") or "")
    for past in tadh.ledger.tasks(profile=tadh.settings.profile, name=name) if name else ():
        request = past.get("Request") or {}
        if request.get("MakeType"):
            if past["State"] in (UNKNOWN, SENDING):
                return f"{past['TaskId']} in the ledger has this name and may have been made, its outcome is unknown"
            if past["State"] not in (REFUSED, State.FAILED.value):
                return f"{past['Kind']} {past['TaskId']} was submitted under this name"
    return ""


def outcome(
    tadh: Tadh, kind: str, record: dict[str, Any], sending: Sending, patience: Following, *, auto_confirm: bool
) -> Record | Records:
    """What was submitted, followed to its end if asked for."""
    if not sending.wait:
        return Record(record, CUSTOMIZED)
    return _followed_to_the_end(tadh, kind, [record["TaskId"]], patience, is_one=True, auto_confirm=auto_confirm)


def _demo_text(tadh: Tadh, given: str | None) -> str | None:
    """The text of the demo as it is sent: on one line; what has no tags is escaped, as elsewhere."""
    text = given_text(tadh, "--demo-text", given)
    return None if text is None else marked_up(tadh, "--demo-text", text)


def look(tadh: Tadh, kind: str, given: Sequence[str] | None, *, all_: bool) -> Record | Records:
    """Where avatars or voices stand, with the key of what is finished."""
    return following.look(
        tadh, kind, given, CUSTOMIZED, all_=all_, complete=lambda record: _with_key(tadh, kind, record)
    )


def wait(
    tadh: Tadh, kind: str, given: Sequence[str] | None, patience: Following, *, all_: bool, auto_confirm: bool
) -> Record | Records:
    """Avatars or voices to their end, or to a decision that a person has to make."""
    patience.check(tadh)
    ids = following.chosen(tadh, kind, given, all_=all_)
    tadh.refuse()
    is_one = len(ids) == 1 and not all_
    return _followed_to_the_end(tadh, kind, ids, patience, is_one=is_one, auto_confirm=auto_confirm)


def _followed_to_the_end(
    tadh: Tadh, kind: str, ids: Sequence[str], patience: Following, *, is_one: bool, auto_confirm: bool
) -> Record | Records:
    resume = shlex.join([kind, "wait", *ids, *(["--auto-confirm"] if auto_confirm else [])])
    waiter = tadh.provider.waiter(kind)
    with tadh.resumable(resume, ids[0] if len(ids) == 1 else ""):
        found = following.followed(tadh, waiter, ids, patience, _course(waiter, ids))
        undecided = [task_id for task_id, record in found.items() if waiter.classify(record) is State.DECISION]
        failures: list[TadhError] = []
        if auto_confirm and undecided:
            failures = _agree_to_all(tadh, kind, undecided)
            agreed = [task_id for task_id in undecided if task_id not in {error.task_id for error in failures}]
            # The service may need a moment to heed the decision: it is not waited for again.
            heeding = waiter._replace(rows=tuple(row for row in waiter.rows if row[1] is not State.DECISION))
            found |= following.followed(tadh, heeding, agreed, patience, _course(heeding, agreed))
        else:
            for task_id in undecided:
                _ask_for_decision(tadh, kind, found[task_id])
        records = {task_id: _with_key(tadh, kind, record) for task_id, record in found.items()}
        if failures:
            whole = together(failures, len(ids))
            raise carrying(whole, list(records.values()), is_list=not is_one, view=CUSTOMIZED)
        if is_one:
            return Record(following.concluded(tadh, waiter, records[ids[0]], CUSTOMIZED), CUSTOMIZED)
        return Records(following.all_concluded(tadh, waiter, list(records.values()), CUSTOMIZED), CUSTOMIZED)


def _course(waiter: Waiter, ids: Sequence[str]) -> following.Course:
    return following.Course(waiter, ids, view=CUSTOMIZED)


def _agree_to_all(tadh: Tadh, kind: str, ids: Sequence[str]) -> list[TadhError]:
    """Accept each demo; one that fails does not stop the others."""
    failures: list[TadhError] = []
    for task_id in ids:
        try:
            _decide(tadh, kind, {"TaskId": task_id, "Operate": "AGREE"})
        except TadhError as error:
            error.task_id = task_id
            failures.append(error)
    return failures


def _ask_for_decision(tadh: Tadh, kind: str, record: Mapping[str, Any]) -> None:
    task_id = record["TaskId"]
    for training in record.get("TrainRecord") or ():
        tadh.messages.say(
            f"earlier demo ({training.get('StartTime')}): {' '.join(map(str, training.get('Record') or ()))}"
        )
    for url in record.get("DemoUrls") or ():
        tadh.messages.say(f"demo: {url}")
    if not record.get("DemoUrls"):
        said = record.get("StageInfo") or "nothing"
        tadh.messages.warn(f"the service gave no link to a demo that can be read; it says: {said}")
    confirm, reject = (tadh.command(f"{kind} {word} {task_id}") for word in ("confirm", "reject"))
    tadh.messages.say(f"{kind} {task_id} waits for your decision: `{confirm}` or `{reject} --reason TEXT`")


def decide(
    tadh: Tadh, kind: str, given: str, operate: str, reason: str | None, *, dry_run: bool, set_: Sequence[str]
) -> Record:
    """Accept or reject the demo of an avatar or a voice; the decision is sent once."""
    task_id = tadh.tasks.identify(given)
    values = {"TaskId": task_id, "Operate": operate, "Reason": reason}
    overrides = dict(pairs(tadh, "--set", set_))
    if dry_run:
        return Record(rehearsal(tadh, _decision(tadh, values, overrides), (), ()))
    with tadh.resumable(f"{kind} status {task_id}", task_id):
        _decide(tadh, kind, values, overrides)
    told = "accepted" if operate == "AGREE" else "rejected"
    tadh.messages.say(f"{kind} {task_id}: the demo is {told}; `{tadh.command(f'{kind} wait {task_id}')}` follows it on")
    try:
        record = tadh.tasks.look(tadh.provider.waiter(kind), task_id)
        return Record(_with_key(tadh, kind, record), CUSTOMIZED)
    except TadhError as error:
        tadh.messages.warn(f"the decision is made, but the task can't be looked at now: {error.message}")
        return Record({"TaskId": task_id, "Kind": kind, "Profile": tadh.settings.profile, "Operate": operate})


def _decide(tadh: Tadh, kind: str, values: Mapping[str, object], overrides: Mapping[str, str] | None = None) -> None:
    """Send a decision once. When its answer is lost the task itself tells whether it was heeded."""
    try:
        tadh.client.send(_decision(tadh, values, overrides))
    except OutcomeUnknown as error:
        waiter, task_id = tadh.provider.waiter(kind), str(values["TaskId"])
        try:
            heeded = waiter.classify(tadh.tasks.look(waiter, task_id)) is not State.DECISION
        except TadhError:
            heeded = False
        if not heeded:
            status = tadh.command(f"{kind} status {task_id}")
            error.hint = f"nothing was repeated; `{status}` tells whether the decision was heeded"
            raise


def _decision(tadh: Tadh, values: Mapping[str, object], overrides: Mapping[str, str] | None) -> Prepared:
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
