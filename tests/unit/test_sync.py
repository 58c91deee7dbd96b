"""A round of questions: each task once, several at a time, and no further when all would meet the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from tadh_cli.engine.client import FIRST_PAUSE_S
from tadh_cli.engine.ledger import Ledger
from tadh_cli.engine.sync import AT_ONCE, Looked, ask_all, open_questions, question
from tadh_cli.engine.tasks import Tasks
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import NetworkError, ServiceError
from tadh_cli.providers.tencent import TENCENT
from tests.calls import client_for
from tests.clocks import FakeClock
from tests.wire import Connection, Step, closed_url, envelope, head, reply, say, serving

IDS = [f"T{number}" for number in range(20)]


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.db", clock)) as ledger:
        yield ledger


def accept(ledger: Ledger, task_id: str, kind: str = "video", operation: str = "video.create") -> None:
    entry = ledger.intend(kind=kind, profile="test", operation=operation, request={})
    ledger.accepted(entry, task_id, "COMMIT", {})


def round_of(url: str, ledger: Ledger, transport: Transport, clock: FakeClock) -> list[Looked]:
    tasks = Tasks(client_for(url, transport, clock), ledger, clock, print)
    return list(ask_all(tasks, transport, open_questions(TENCENT, ledger, "test")))


def state(ledger: Ledger, task_id: str) -> str:
    return str((ledger.find(task_id) or {})["State"])


def test_each_task_is_asked_about_once_and_written_down(ledger: Ledger, transport: Transport, clock: FakeClock) -> None:
    for task_id in IDS:
        accept(ledger, task_id)
    with serving(say({"Status": "SUCCESS", "FailCode": 0})) as server:
        looked = round_of(server.url, ledger, transport, clock)
        assert sorted(seen.payload["TaskId"] for seen in server.seen) == sorted(IDS)
        assert len({seen.connection for seen in server.seen}) <= AT_ONCE + 1
    assert sorted(each.question.task_id for each in looked) == sorted(IDS)
    assert {state(ledger, task_id) for task_id in IDS} == {"done"}
    assert open_questions(TENCENT, ledger, "test") == []


def test_several_questions_are_on_their_way_at_a_time(ledger: Ledger, transport: Transport, clock: FakeClock) -> None:
    """The service answers none of a group before all of it has arrived."""
    meeting = Barrier(AT_ONCE)
    first = iter([True])

    def answer(connection: Connection) -> bool:
        connection.read()
        if not next(first, False):
            try:
                meeting.wait(20)
            except BrokenBarrierError:
                return False
        body = envelope({"Status": "MAKING"})
        connection.send(head(200, {"Content-Length": str(len(body))}) + body)
        return True

    for number in range(2 * AT_ONCE + 1):
        accept(ledger, f"T{number}")
    with serving(answer) as server:
        looked = round_of(server.url, ledger, transport, clock)
    assert [each.error for each in looked] == [None] * (2 * AT_ONCE + 1)


def test_a_question_that_fails_concerns_its_task_alone(ledger: Ledger, transport: Transport, clock: FakeClock) -> None:
    def answer(connection: Connection) -> bool:
        is_bad = connection.read().payload["TaskId"] == "T3"
        body = envelope({"Status": "SUCCESS"}, code=100003 if is_bad else 0)
        connection.send(head(200, {"Content-Length": str(len(body))}) + body)
        return True

    for task_id in IDS[:6]:
        accept(ledger, task_id)
    with serving(answer) as server:
        looked = round_of(server.url, ledger, transport, clock)
    failed = [each.error for each in looked if each.error is not None]
    assert [error.task_id for error in failed] == ["T3"] and state(ledger, "T3") == "queued"
    assert len(looked) == 6


@pytest.mark.parametrize(("step", "kind"), [(None, NetworkError), (reply("no json", status=500), ServiceError)])
def test_only_what_all_would_meet_ends_the_round(
    ledger: Ledger, transport: Transport, clock: FakeClock, step: Step | None, kind: Any
) -> None:
    for task_id in IDS[:3]:
        accept(ledger, task_id)
    with serving(step or say({})) as server:
        looked = round_of(server.url if step else closed_url(), ledger, transport, clock)
    assert isinstance(looked[0].error, kind) and FIRST_PAUSE_S in clock.slept
    assert len(looked) == (1 if kind is NetworkError else 3)
    assert {state(ledger, task_id) for task_id in IDS[:3]} == {"queued"}


def test_a_task_that_is_gone_is_an_answer(ledger: Ledger, transport: Transport, clock: FakeClock) -> None:
    accept(ledger, "T1")
    with serving(say({}, code=110006, message="InternalError.DataNotExist:")) as server:
        (looked,) = round_of(server.url, ledger, transport, clock)
    assert looked.error is None and looked.record is not None and looked.record["State"] == "failed"


@pytest.mark.parametrize("code", [110013, 110018, 110022, 100009])
def test_a_session_that_the_service_forgot_is_closed(
    ledger: Ledger, transport: Transport, clock: FakeClock, code: int
) -> None:
    accept(ledger, "S1", "session", "session.create")
    with serving(say({}, code=code)) as server:
        (looked,) = round_of(server.url, ledger, transport, clock)
    assert looked.error is None and looked.record is not None
    assert (looked.record["State"], looked.record["Status"]) == ("done", "CLOSED")
    assert looked.record["FinishedAt"] and "FailMessage" not in looked.record


@pytest.mark.parametrize(
    ("kind", "operation", "asked"),
    [
        ("video", "video.create-advanced", "video.get"),
        ("audio", "audio.create", "video.get"),
        ("avatar", "customization.create", "customization.get"),
        ("voice", "customization.create", "customization.get"),
        ("voice-check", "basic-check.create", "basic-check.get"),
        ("voice-check", "ultra-check.create", "ultra-check.get"),
        ("hologram", "hologram.create", None),
    ],
)
def test_each_kind_and_edition_is_asked_by_its_own_call(kind: str, operation: str, asked: str | None) -> None:
    found = question(TENCENT, "T1", kind, operation)
    assert (found and found.waiter.operation) == asked
