"""What changed since somebody was told: decided by how a task stands, told once to each reader."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.waiter import State
from tadh_cli.engine.hooks import Hook
from tadh_cli.engine.ledger import SENDING, UNKNOWN, Ledger
from tadh_cli.engine.ledger_changes import Changes, Reader, track_changes
from tadh_cli.engine.ledger_choice import LONGEST_SENDING_S
from tadh_cli.engine.ledger_tables import MIGRATIONS
from tadh_cli.engine.telling import Telling
from tadh_cli.errors import HookFailed
from tests.clocks import FakeClock

DAY_S = 86_400.0


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "ledger.db", clock)) as ledger:
        yield ledger


@pytest.fixture
def changes(ledger: Ledger, clock: FakeClock) -> Changes:
    return Changes(ledger, clock)


@pytest.fixture
def telling(changes: Changes, clock: FakeClock, tmp_path: Path) -> Telling:
    return Telling(changes, "p", tmp_path / "locks", clock)


def accept(ledger: Ledger, task_id: str, kind: str = "video", profile: str = "p", **request: Any) -> int:
    entry = ledger.intend(kind=kind, profile=profile, operation=f"{kind}.create", request=request)
    ledger.accepted(entry, task_id, "COMMIT", {})
    return entry


def see(ledger: Ledger, task_id: str, state: State, status: str = "", **record: Any) -> None:
    ledger.observed(task_id, state, status, {"Status": status, **record})


def news(changes: Changes, reader: Reader = Reader.PRINTED, profile: str = "p") -> list[tuple[str, str, str]]:
    """What a reader is told, once."""
    found = changes.pending(reader, profile)
    changes.told(reader, found)
    return [(change.record["TaskId"], change.previous, change.state) for change in found]


def test_what_was_just_submitted_is_no_news(ledger: Ledger, changes: Changes) -> None:
    accept(ledger, "T1")
    assert news(changes) == []


def test_a_change_is_told_once_to_each_reader(ledger: Ledger, changes: Changes) -> None:
    accept(ledger, "T1")
    see(ledger, "T1", State.RUNNING, "MAKING")
    for reader in Reader:
        assert news(changes, reader) == [("T1", "queued", "running")] and news(changes, reader) == []
    see(ledger, "T1", State.DONE, "SUCCESS")
    assert news(changes) == [("T1", "running", "done")]
    assert news(changes, Reader.HOOKED) == [("T1", "running", "done")]


MAKING = {"status": "MAKING", "StageV2": "TRAIN", "StatusV2": "PROCESSING"}


@pytest.mark.parametrize(
    ("after", "is_change"),
    [
        ({}, False),
        ({"Progress": 50}, False),
        ({"ArrayCount": 3}, False),
        ({"MediaUrl": "https://example.com/a"}, False),
        ({"TrainRecord": []}, False),
        ({"status": "WORKING"}, True),
        ({"StageV2": "CONFIRM"}, True),
        ({"StatusV2": "WAIT_PROCESS"}, True),
        ({"TrainRecord": [{"StartTime": "1"}]}, True),
    ],
)
def test_what_counts_as_a_change(ledger: Ledger, changes: Changes, after: dict[str, Any], is_change: bool) -> None:
    accept(ledger, "T1", "avatar")
    see(ledger, "T1", State.RUNNING, **MAKING)
    news(changes)
    see(ledger, "T1", State.RUNNING, **{**MAKING, **after})
    assert bool(news(changes)) == is_change


def test_what_happens_while_a_change_is_told_is_a_change_again(ledger: Ledger, changes: Changes) -> None:
    accept(ledger, "T1")
    see(ledger, "T1", State.RUNNING, "MAKING")
    found = changes.pending(Reader.PRINTED, "p")
    see(ledger, "T1", State.DONE, "SUCCESS")
    changes.told(Reader.PRINTED, found)
    assert news(changes) == [("T1", "running", "done")]


def test_each_profile_has_its_own_changes(ledger: Ledger, changes: Changes) -> None:
    accept(ledger, "T1"), accept(ledger, "T2", profile="q")
    for task_id in ("T1", "T2"):
        see(ledger, task_id, State.DONE)
    assert news(changes, profile="q") == [("T2", "queued", "done")] and news(changes) == [("T1", "queued", "done")]


def test_an_unknown_outcome_is_told_a_refusal_is_not(ledger: Ledger, changes: Changes) -> None:
    for state in ("unknown", "refused"):
        entry = ledger.intend(kind="video", profile="p", operation="video.create", request={})
        ledger.rejected(entry, state, "no")
    assert news(changes) == [("#1", "sending", "unknown")]


def test_the_outcome_of_a_sender_that_died_is_unknown_after_a_while(ledger: Ledger, clock: FakeClock) -> None:
    ledger.intend(kind="video", profile="p", operation="video.create", request={})

    def stored() -> list[str]:
        return [row["state"] for row in ledger.select("SELECT state FROM tasks", ())]

    ledger.abandon("p")
    assert stored() == [SENDING], "it may be in a container where we can't see it"
    clock.advance(LONGEST_SENDING_S + 1)
    ledger.abandon("q")
    assert stored() == [SENDING]
    ledger.abandon("p")
    assert stored() == [UNKNOWN]


def test_who_begins_to_read_is_not_told_of_what_ended_long_ago(
    ledger: Ledger, changes: Changes, clock: FakeClock
) -> None:
    for task_id in ("old", "going"):
        accept(ledger, task_id)
    see(ledger, "old", State.DONE)
    clock.advance(DAY_S + 1)
    accept(ledger, "new")
    for task_id in ("going", "new"):
        see(ledger, task_id, State.DONE)
    assert [task_id for task_id, _, _ in news(changes)] == ["going", "new"]
    accept(ledger, "late")
    see(ledger, "late", State.DONE)
    clock.advance(9 * DAY_S)
    assert news(changes) == [("late", "queued", "done")], "who has read before misses nothing, however late"


def test_tasks_of_a_ledger_from_before_are_known(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY)")
        for migration in MIGRATIONS[: MIGRATIONS.index(track_changes)]:
            migration(db)
            db.execute("INSERT INTO migrations VALUES (?)", (migration.__name__,))
        db.executemany(
            "INSERT INTO tasks (task_id, kind, profile, operation, state, status, submitted_at, pid, request, record)"
            " VALUES (?, 'video', 'p', 'video.create', ?, '', '2026-03-01T11:00:00Z', 1, '{}', '{}')",
            [("T1", "done"), ("T2", "running")],
        )
    with closing(Ledger(path, clock)) as ledger:
        changes = Changes(ledger, clock)
        assert news(changes) == []
        see(ledger, "T2", State.DONE)
        assert news(changes) == [("T2", "running", "done")]


def test_an_answer_that_was_overtaken_does_not_turn_a_task_back(ledger: Ledger, clock: FakeClock) -> None:
    accept(ledger, "T1")
    asked_s = clock.now_s()
    clock.advance(1)
    see(ledger, "T1", State.RUNNING, "MAKING")
    ledger.observed("T1", State.QUEUED, "COMMIT", {}, asked_s=asked_s)
    assert state(ledger) == "running"
    clock.advance(1)
    ledger.observed("T1", State.DONE, "SUCCESS", {}, asked_s=asked_s)
    assert state(ledger) == "done", "the end is the end, whenever it was asked about"
    ledger.observed("T1", State.RUNNING, "MAKING", {}, asked_s=clock.now_s() - 0.5)
    assert state(ledger) == "done"


def test_a_clock_that_is_set_back_does_not_stop_the_ledger(ledger: Ledger, clock: FakeClock) -> None:
    accept(ledger, "T1")
    see(ledger, "T1", State.QUEUED, "COMMIT")
    clock.advance(-3600)
    see(ledger, "T1", State.RUNNING, "MAKING")
    assert state(ledger) == "running"


def state(ledger: Ledger) -> str:
    return str((ledger.find("T1") or {})["State"])


# Telling -----------------------------------------------------------------------------------------------


def done(ledger: Ledger, *ids: str) -> None:
    for task_id in ids:
        accept(ledger, task_id)
        see(ledger, task_id, State.DONE, "SUCCESS", MediaUrl="https://h/a?sign=secret")


def test_what_is_told_counts_when_it_was_written(ledger: Ledger, telling: Telling) -> None:
    done(ledger, "T1")

    def fail(records: list[dict[str, Any]]) -> None:
        raise OSError

    with pytest.raises(OSError):
        telling.hand_over(Reader.PRINTED, fail)
    told: list[dict[str, Any]] = []
    assert telling.hand_over(Reader.PRINTED, told.extend) == told and len(told) == 1
    telling.hand_over(Reader.PRINTED, fail)


def test_a_stream_marks_what_its_reader_has_taken(ledger: Ledger, telling: Telling) -> None:
    done(ledger, "T1", "T2")
    stream = telling.stream(Reader.STREAMED)
    assert next(stream)["TaskId"] == "T1" and next(stream)["TaskId"] == "T2"
    stream.close()
    assert [record["TaskId"] for record in telling.stream(Reader.STREAMED)] == ["T2"]


def test_while_another_copy_tells_nothing_is_told(ledger: Ledger, telling: Telling, clock: FakeClock) -> None:
    done(ledger, "T1")
    other = Telling(telling.changes, "p", telling.directory, clock)
    stream = telling.stream(Reader.PRINTED)
    next(stream)
    assert other.hand_over(Reader.PRINTED, lambda records: None) == []
    assert other.run(Hook("exit 3", {})) != [], "hooks are another matter"
    stream.close()
    assert len(other.hand_over(Reader.PRINTED, lambda records: None)) == 1


def test_a_record_has_no_dead_link_and_none_of_the_request(ledger: Ledger, telling: Telling) -> None:
    done(ledger, "T1")
    (record,) = telling.stream(Reader.PRINTED)
    assert "MediaUrl" not in record and "Request" not in record and record["PreviousState"] == "queued"
    assert [change.record["TaskId"] for change in telling.linkless([Reader.HOOKED])] == ["T1"]
    telling.fresh["T1"] = {"TaskId": "T1", "Status": "SUCCESS", "MediaUrl": "https://h/a?sign=1"}
    (change,) = telling.pending(Reader.HOOKED)
    assert telling.record(change)["MediaUrl"] == "https://h/a?sign=1"


def test_a_demo_to_be_confirmed_has_links_that_work(ledger: Ledger, telling: Telling) -> None:
    accept(ledger, "A1", "avatar")
    standing = {"StageV2": "CONFIRM", "StatusV2": "WAIT_PROCESS"}
    see(ledger, "A1", State.DECISION, "MAKING", DemoUrls=["https://h/a?sign=secret"], **standing)
    (change,) = telling.linkless([Reader.PRINTED])
    assert "DemoUrls" not in telling.record(change)
    telling.fresh["A1"] = {"Status": "MAKING", "StageV2": "TRAIN", "DemoUrls": ["https://h/a?sign=1"]}
    record = telling.record(change)
    assert (record["DemoUrls"], record["StageV2"]) == (["https://h/a?sign=1"], "CONFIRM"), "as it stood"


def test_only_ends_of_the_kinds_that_matter_are_told(ledger: Ledger, telling: Telling) -> None:
    done(ledger, "T1")
    accept(ledger, "T2"), accept(ledger, "A1", "avatar")
    see(ledger, "T2", State.RUNNING, "MAKING"), see(ledger, "A1", State.DONE)
    telling.only_ended = ("video",)
    assert [record["TaskId"] for record in telling.stream(Reader.STREAMED)] == ["T1"]


# Hooks -------------------------------------------------------------------------------------------------

RECORD = {"TaskId": "T1", "Kind": "video", "State": "done", "PreviousState": "queued", "Text": "你好"}


def test_a_hook_gets_the_task_in_its_environment_and_as_json(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("ID", "KIND", "STATE", "PREVIOUS_STATE")
    command = "cat > told; echo " + " ".join(f'"$TADH_TASK_{name}"' for name in names) + ' "$MORE" > env'
    Hook(command, {"MORE": "x y"}).run(RECORD)
    assert Path("env").read_text() == "T1 video done queued x y\n"
    assert '"Text": "你好"' in Path("told").read_text()


def test_a_hook_need_not_read_what_it_is_told(tmp_path: Path) -> None:
    Hook("exit 0", {}).run({**RECORD, "Long": "x" * 10_000_000})


@pytest.mark.parametrize(
    ("command", "words", "is_unusable"),
    [
        ("exit 3", "ended with exit code 3 for T1", False),
        ("kill -9 $$", "was ended by signal 9 for T1", False),
        ("./nothing-there", "ended with exit code 127", True),
        ("sleep 60 & wait", "did not end within 1s for T1", False),
    ],
)
def test_a_hook_that_fails_is_told(command: str, words: str, is_unusable: bool) -> None:
    with pytest.raises(HookFailed, match=words) as caught:
        Hook(command, {}, timeout_s=1.0).run(RECORD)
    assert caught.value.is_unusable == is_unusable


def test_hooks_that_fail_do_not_stop_others_and_are_offered_again(ledger: Ledger, telling: Telling) -> None:
    done(ledger, "T1", "T2", "T3")
    failures = telling.run(Hook('[ "$TADH_TASK_ID" != T2 ]', {}))
    assert [error.message for error in failures] == ["--exec ended with exit code 1 for T2"]
    assert [change.record["TaskId"] for change in telling.pending(Reader.HOOKED)] == ["T2"]
    assert telling.run(Hook("true", {})) == [] and telling.pending(Reader.HOOKED) == []


def test_what_changes_while_hooks_run_is_hooked_by_the_same_run(
    ledger: Ledger, telling: Telling, tmp_path: Path
) -> None:
    """The one that waits for the lock gives up, and counts on that."""
    done(ledger, "T1")
    seen: list[str] = []

    class Slow(Hook):
        def run(self, record: Any) -> None:
            seen.append(record["TaskId"])
            if len(seen) == 1:
                done(ledger, "T2")

    telling.run(Slow("", {}))
    assert seen == ["T1", "T2"]
