"""Cloning a voice: recordings packed or inspected first, then submitted like an avatar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tadh_cli.api.customization import RecordingCheck, VoiceClone
from tadh_cli.commands import customizing
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.following import Course, concluded, followed
from tadh_cli.commands.options import Following
from tadh_cli.commands.packing import packed
from tadh_cli.commands.submitting import Sending, advised, planned, rehearsed, submitted
from tadh_cli.errors import InputError, TadhError
from tadh_cli.ui.forms import alignment, metrics
from tadh_cli.ui.records import Column, Record, Records, View

if TYPE_CHECKING:
    from tadh_cli.api.waiter import Waiter
    from tadh_cli.engine.submission import Submission

CHECKED = View(
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Status"),
        Column("Passed"),
        Column("AudioId", "Recording", whole=True),
        Column("Metrics", form=metrics),
        Column("Alignment", form=alignment),
        Column("FailMessage", "Failure"),
    ),
    hidden=("Result", "TaskState"),
)
# Stands for the id of a recording that has yet to pass its inspection.
_TO_BE_INSPECTED = "to-be-inspected"


def check(tadh: Tadh, wanted: RecordingCheck, sending: Sending, following: Following) -> Record:
    """Let the service inspect a recording."""
    following.check(tadh)
    wanted = replace(wanted, text=_text(tadh, wanted.text))
    submission = planned(tadh, tadh.provider.check_order(wanted), sending)
    if sending.dry_run:
        return Record(rehearsed(tadh, submission))
    record = submitted(tadh, submission)
    resume = f"voice check-status {record['TaskId']} --edition {wanted.edition}"
    if not sending.wait:
        tadh.messages.say(f"the recording is submitted; `{tadh.command(resume)}` shows the result")
        return Record(record, CHECKED)
    return Record(_inspected(tadh, record["TaskId"], str(wanted.edition), following), CHECKED)


def _text(tadh: Tadh, given: str | None) -> str | None:
    from tadh_cli.engine.inputs import text_argument

    if given is None:
        return None
    try:
        return text_argument("--text", given).strip()
    except InputError as error:
        tadh.problems += error.problems
        return None


def look(tadh: Tadh, task_id: str, edition: str | None, following: Following, *, waits: bool) -> Record:
    """What an inspection found; raises TaskFailed when the recording did not pass."""
    following.check(tadh)
    if (edition or "").lower() not in ("basic", "ultra"):
        tadh.problems.append(f"--edition {edition or ''!r} is not one of basic, ultra")
    tadh.refuse()
    assert edition is not None
    task_id = tadh.tasks.identify(task_id)
    if waits:
        return Record(_inspected(tadh, task_id, edition, following), CHECKED)
    waiter = _waiter(tadh, edition)
    with tadh.resumable(f"voice check-status {task_id} --edition {edition}", task_id):
        return Record(concluded(tadh, waiter, tadh.tasks.look(waiter, task_id), CHECKED), CHECKED)


def _waiter(tadh: Tadh, edition: str) -> Waiter:
    return tadh.provider.waiter("voice-check", edition.lower())


def _inspected(tadh: Tadh, task_id: str, edition: str, following: Following) -> Mapping[str, Any]:
    """The record of an inspection that ended well."""
    waiter = _waiter(tadh, edition)
    with tadh.resumable(f"voice check-status {task_id} --edition {edition} --wait", task_id):
        course = Course(waiter, [task_id], view=CHECKED)
        return concluded(tadh, waiter, followed(tadh, waiter, [task_id], following, course)[task_id], CHECKED)


def clone(
    tadh: Tadh, wanted: VoiceClone, sending: Sending, following: Following, *, auto_confirm: bool
) -> Record | Records:
    """Make a voice: from recordings, from one that passed the inspection, or from one that is inspected first."""
    is_ultra = (wanted.edition or "").lower() == "ultra"
    if is_ultra and wanted.audio and not wanted.audio_id:
        return _inspect_and_clone(tadh, wanted, sending, following, auto_confirm=auto_confirm)
    with packed(tadh, () if is_ultra else wanted.material) as material:
        submission = customizing.prepared(
            tadh, replace(wanted, material=material or wanted.material), sending, following
        )
        if sending.dry_run:
            return Record(rehearsed(tadh, submission))
        record = customizing.ordered(tadh, "voice", submission)
    return customizing.outcome(tadh, "voice", record, sending, following, auto_confirm=auto_confirm)


def _inspect_and_clone(
    tadh: Tadh, wanted: VoiceClone, sending: Sending, following: Following, *, auto_confirm: bool
) -> Record | Records:
    """Both requests are checked before the first one leaves."""
    assert wanted.audio is not None
    following.check(tadh)
    recording = RecordingCheck(recording=wanted.audio, source="--audio", edition="ultra", text_id=wanted.text_id)
    named = replace(wanted, audio=None, text_id=None, audio_id=_TO_BE_INSPECTED)
    inspection, cloning = _planned_both(tadh, recording, named, sending, following)
    if sending.dry_run:
        return Record({**rehearsed(tadh, cloning), "Before": rehearsed(tadh, inspection)})
    task_id = submitted(tadh, inspection)["TaskId"]
    tadh.messages.say(f"recording {task_id} is submitted for inspection")
    audio_id = str(_inspected(tadh, task_id, "ultra", following)["AudioId"])
    tadh.messages.say(f"the recording passed: {audio_id}")
    try:
        cloning = replace(cloning, prepared=cloning.with_urls({"AudioId": audio_id}))
        record = customizing.ordered(tadh, "voice", cloning)
    except TadhError as error:
        advice = f"the recording passed its inspection: give --audio-id {audio_id} instead of --audio"
        raise advised(error, advice) from error.__cause__
    return customizing.outcome(tadh, "voice", record, sending, following, auto_confirm=auto_confirm)


def _planned_both(
    tadh: Tadh, recording: RecordingCheck, voice: VoiceClone, sending: Sending, following: Following
) -> tuple[Submission, Submission]:
    """The inspection and the clone; problems of both are told together."""
    problems: list[str] = []
    plans: list[Submission] = []
    steps: tuple[Callable[[], Submission], ...] = (
        lambda: customizing.prepared(tadh, voice, sending, following),
        # What --set says is meant for the clone.
        lambda: planned(tadh, tadh.provider.check_order(recording), replace(sending, set=())),
    )
    for step in steps:
        try:
            plans.append(step())
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return plans[1], plans[0]
