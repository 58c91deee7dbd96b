"""Driving a live session from a command: what is said is read and checked, what happens is shown and summed up."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from tadh_cli.api.driving import Connection, Notice, Received, Report
from tadh_cli.api.script import DriveOptions
from tadh_cli.api.waiter import State
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.conversing import converse
from tadh_cli.commands.opening import SESSION, opened
from tadh_cli.commands.options import Following
from tadh_cli.commands.script import STDIO, Script
from tadh_cli.duration import words
from tadh_cli.errors import FileError, InputError, Interrupted, NotFound, Refused, TadhError, WaitTimeout, carrying
from tadh_cli.ui.driving import Watcher, watching
from tadh_cli.ui.forms import milliseconds
from tadh_cli.ui.records import Column, Record, View

if TYPE_CHECKING:
    from tadh_cli.engine.client import Prepared
    from tadh_cli.engine.streaming import Drive

DRIVEN = View(
    columns=(
        Column("TaskId", "Session", whole=True),
        Column("Said"),
        Column("Packets"),
        Column("SoundMs", "Sound", milliseconds),
        Column("Ratio"),
        Column("JitterP50Ms", "Jitter p50, ms"),
        Column("JitterP99Ms", "p99"),
        Column("JitterMaxMs", "max"),
        Column("Underruns"),
        Column("LostPackets", "Lost"),
    ),
    hidden=("ReqIds", "Pacing"),
)
# What somebody else lets be said is waited for so long, and asked for so often.
_OTHERS_S, _LOOK_AGAIN_S = 300.0, 1.0
# The view is drawn so often; notes of inputs and the end of time are looked at no later.
_EVERY_S = 0.2


# Driving -----------------------------------------------------------------------------------------------


def driven(
    tadh: Tadh,
    session_id: str,
    script: Script,
    chosen: DriveOptions,
    *,
    longest_s: float = math.inf,
    is_speaking: bool = False,
) -> Record | None:
    """Say the script over the session's channel; failures bring the report along.

    `is_speaking`: somebody else lets a text be said.
    """
    from tadh_cli.engine.streaming import Drive

    account = _Account(tadh, session_id)
    is_conversation = script.utterance is None and not (chosen.keep_alive and not sys.stdin.isatty())
    failure: TadhError | None = None
    with ExitStack() as stack:
        watcher = stack.enter_context(watching(tadh.messages, session_id, is_conversation=is_conversation))
        drive = stack.enter_context(Drive(tadh.client, session_id, longest_s=longest_s, is_speaking=is_speaking))
        if script.utterance is not None:
            drive.say(script.utterance, script.source)
            if not chosen.keep_alive:
                drive.finish()
        if is_conversation:
            converse(tadh, drive, script.chosen)
        try:
            try:
                _follow(drive, script, account, watcher, raises_failures=not is_conversation)
            except KeyboardInterrupt:
                # What comes of the end is told, too.
                drive.stop()
                failure = Interrupted("interrupted", task_id=session_id)
                _follow(drive, script, account, watcher, raises_failures=False)
        except TadhError as error:
            failure = failure or error
    record = account.record(drive.report)
    if drive.report.was_late and not chosen.keep_alive and not is_conversation:
        failure = failure or WaitTimeout(
            f"--max-duration {words(chosen.max_duration or longest_s)} is over, and not everything is said"
        )
    if failure is None and chosen.stream is not None and drive.report.said and not drive.report.sent:
        failure = InputError("--stream brought no text: nothing was said", sends=False)
    is_shown = chosen.events != STDIO or (tadh.form == "ndjson" and tadh.common.output is not None)
    if failure is not None:
        failure.task_id = failure.task_id or session_id
        raise carrying(failure, [record] if is_shown else [], view=DRIVEN) from failure.__cause__
    return Record(record, DRIVEN) if is_shown else None


def _follow(
    drive: Drive,
    script: Script,
    account: _Account,
    watcher: Watcher,
    *,
    raises_failures: bool,
) -> None:
    for each in drive.events(_EVERY_S, raises_failures=raises_failures):
        # That it is closed is told behind all that came before.
        if drive.progress.connection is not Connection.CLOSED:
            watcher.stands(drive.progress)
        if isinstance(each, Received):
            account.came(each)
            watcher.came(each.event)
            if script.events is not None:
                _write(script.events, account.line(each))
        elif isinstance(each, Notice):
            watcher.told(each)
        while script.remarks:
            watcher.told(Notice(script.remarks.pop(0)))
    watcher.stands(drive.progress)


class _Account:
    """What is remembered of a drive beside the engine's own report."""

    def __init__(self, tadh: Tadh, session_id: str) -> None:
        self._tadh, self._session_id = tadh, session_id
        self._started_s = tadh.clock.monotonic_s()
        self._final_types: dict[str, int | None] = {}
        self._answers: dict[str, str] = {}

    def came(self, received: Received) -> None:
        event = received.event
        if event.req_id and event.status:
            known = self._final_types.get(event.req_id)
            self._final_types[event.req_id] = known if event.final_type is None else event.final_type
        if event.content:
            self._answers[event.req_id] = self._answers.get(event.req_id, "") + event.content

    def line(self, received: Received) -> str:
        """A frame as it came, with the moment at which it did."""
        import json
        from datetime import datetime, timezone

        at = datetime.fromtimestamp(received.at_s, timezone.utc).isoformat(timespec="milliseconds")
        frame = {"ReceivedAt": at.replace("+00:00", "Z"), "IsReplay": received.event.is_replay, **received.event.frame}
        return json.dumps(self._tadh.mask.data(frame), ensure_ascii=False)

    def record(self, report: Report) -> dict[str, Any]:
        """The report of a drive; of a single sound its pacing stands by itself."""
        sound = report.pacing[0] if len(report.pacing) == 1 else None
        pacing = {} if sound is None else {**sound.record(), "Bytes": sound.sound_ms * _BYTES_A_MS}
        ended = [kind for kind in self._final_types.values() if kind is not None]
        return {
            "TaskId": self._session_id,
            "SessionId": self._session_id,
            "Kind": "session",
            "Profile": self._tadh.settings.profile,
            "Seconds": round(self._tadh.clock.monotonic_s() - self._started_s, 3),
            "ReqIds": list(self._final_types),
            **report.record(),
            **pacing,
            **({"FinalType": ended[-1]} if ended else {}),
            **({"Answers": list(self._answers.values())} if self._answers else {}),
            "WasStopped": report.was_stopped,
            "Failures": [failure.message for failure in report.failures],
        }


_BYTES_A_MS = 32


def _write(sink: IO[str], line: str) -> None:
    try:
        sink.write(line + "\n")
        sink.flush()
    except OSError as error:
        raise FileError(f"--events can't be written: {(error.strerror or str(error)).lower()}") from error


# Sessions to drive -------------------------------------------------------------------------------------


def drivable(tadh: Tadh, session_id: str) -> Mapping[str, Any]:
    """The record of a session that can be driven; raises why it can't, and what to do about it."""
    waiter = tadh.provider.waiter("session")
    record = tadh.tasks.look(waiter, session_id)
    state, status = waiter.classify(record), record["Status"]
    if state is State.FAILED:
        raise carrying(tadh.tasks.failure(waiter, record), [record], view=SESSION)
    if state is State.DONE:
        reason = record.get("ErrorMeaning") or record.get("CloseReason") or "closed"
        hint = f"`{tadh.command('session create --start')}` opens another"
        raise NotFound(f"session {session_id} is closed: {reason}", hint=hint, task_id=session_id)
    if status != "STARTED":
        hint = f"`{tadh.command(f'session start {session_id} --wait')}` waits until it is ready and starts it"
        what = "is not started" if status == "READY" else f"is not ready, but {status}"
        raise Refused(f"session {session_id} {what}", hint=hint, task_id=session_id)
    return record


def silent(tadh: Tadh, record: Mapping[str, Any], script: Script, most_s: float) -> bool:
    """Wait until nobody speaks in a session, `most_s` at most; False when a text does that is to be interrupted.

    Sound that comes while a text is spoken is refused, and a text would cut off another one.
    """
    speaks, session_id = tadh.provider.channel().speaks, str(record["TaskId"])
    waiter = tadh.provider.waiter("session")
    is_told = False
    began_s = tadh.clock.monotonic_s()
    while (what := speaks(record)) and (script.utterance is not None or not script.chosen.keep_alive):
        if what == "text" and script.chosen.interrupt:
            return False
        passed_s = tadh.clock.monotonic_s() - began_s
        if passed_s >= most_s:
            return True
        if passed_s >= _OTHERS_S:
            how = "a text is" if what == "text" else "sound is"
            hint = "--interrupt cuts off a text" if what == "text" else "it can only be ended by whoever sends it"
            raise Refused(f"{how} being said in session {session_id}, and does not end", hint=hint, task_id=session_id)
        if not is_told:
            hint = "; --interrupt cuts it off" if what == "text" else ""
            tadh.messages.say(f"waiting for the end of what is being said in session {session_id}{hint}")
            is_told = True
        tadh.clock.sleep(_LOOK_AGAIN_S)
        record = tadh.tasks.look(waiter, session_id)
    return True


def in_a_new_session(
    tadh: Tadh, prepared: Prepared, following: Following, script: Script, chosen: DriveOptions
) -> Record | None:
    """Open a session, drive it, close it."""
    started_s = tadh.clock.monotonic_s()
    most_s = chosen.max_duration or math.inf
    with opened(tadh, prepared) as session:
        if tadh.form == "ndjson" and chosen.events != STDIO:
            # What is drawn as it comes begins with what a player needs.
            tadh.draw(Record(session.record, SESSION))
        session.wait(_within(tadh, following, most_s))
        session.start()
        left_s = most_s - (tadh.clock.monotonic_s() - started_s)
        told = driven(tadh, session.id, script, chosen, longest_s=max(left_s, 0.0))
    return told and Record({**_lasting(session.record), **told.item}, DRIVEN)


# What was said of it while it lived is over.
_PASSING = ("ReqId", "SpeakStatus", "IsSessionStarted", "ErrorCode", "ErrorMessage")


def _lasting(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in _PASSING}


def _within(tadh: Tadh, following: Following, most_s: float) -> Following:
    """Wait for a session no longer than it may last."""
    return replace(following, timeout=min(following.patience(tadh).timeout_s, most_s))


def channel_rehearsal(tadh: Tadh, session_id: str, script: Script) -> dict[str, Any]:
    """What would be said, and over which channel."""
    url = tadh.client.websocket_url(tadh.provider.channel().path(session_id), "session")
    return {"DryRun": True, "Method": "GET", "Url": tadh.mask.text(url), **script.describe()}
