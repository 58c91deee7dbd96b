"""The ledger: what was meant, what came of it, and who else writes at the same time."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.waiter import State
from tadh_cli.engine.clock import iso, unix
from tadh_cli.engine.ledger import REFUSED, SENDING, UNKNOWN, Ledger
from tadh_cli.engine.ledger_choice import LONGEST_SENDING_S
from tadh_cli.engine.ledger_claims import Claim
from tadh_cli.errors import ConfigError
from tests import processes
from tests.clocks import NOON_S, FakeClock

posix = pytest.mark.skipif(os.name != "posix", reason="modes, limits and signals of POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def ledger(path: Path, clock: FakeClock) -> Iterator[Ledger]:
    ledger = Ledger(path, clock)
    yield ledger
    ledger.close()


def intend(ledger: Ledger, **more: Any) -> int:
    given = {"kind": "video", "profile": "prod", "operation": "video.create", "request": {"InputSsml": "你好"}, **more}
    return ledger.intend(**given)


def accept(ledger: Ledger, task_id: str, **more: Any) -> None:
    ledger.accepted(intend(ledger, **more), task_id, "COMMIT", {"TaskId": task_id})


def ids(ledger: Ledger, **wanted: Any) -> list[str]:
    return [record["TaskId"] for record in ledger.tasks(**wanted)]


def stored(path: Path) -> list[dict[str, Any]]:
    """What another process would read."""
    with closing(Ledger(path, FakeClock())) as ledger:
        return list(ledger.tasks())


# From intent to outcome --------------------------------------------------------------------------------


def test_an_intent_is_there_before_the_request_leaves(ledger: Ledger, path: Path) -> None:
    entry = intend(ledger)
    (record,) = stored(path)
    assert record == {
        "TaskId": f"#{entry}",
        "Kind": "video",
        "Profile": "prod",
        "Status": "SENDING",
        "State": SENDING,
        "SubmittedAt": "2026-03-01T12:00:00Z",
        "FinishedAt": None,
        "Operation": "video.create",
        "Request": {"InputSsml": "你好"},
        "Files": [],
    }


def test_an_accepted_task_has_its_id(ledger: Ledger) -> None:
    entry = intend(ledger)
    ledger.accepted(entry, "T1", "COMMIT", {"TaskId": "T1", "New": 1})
    record = ledger.find("T1")
    assert record == ledger.find(f"#{entry}")
    assert record is not None and (record["State"], record["Status"], record["New"]) == ("queued", "COMMIT", 1)
    assert record["FinishedAt"] is None


@pytest.mark.parametrize("state", [REFUSED, UNKNOWN])
def test_a_request_without_a_task_keeps_the_reason(ledger: Ledger, clock: FakeClock, state: str) -> None:
    entry = intend(ledger)
    clock.advance(5)
    ledger.rejected(entry, state, "no room")
    record = ledger.find(f"#{entry}")
    assert record is not None
    assert (record["TaskId"], record["State"], record["Status"]) == (f"#{entry}", state, state.upper())
    ended = iso(NOON_S + 5) if state == REFUSED else None
    assert (record["FailMessage"], record["FinishedAt"]) == ("no room", ended), "what is unknown has not ended"


def test_what_the_service_says_is_noted_and_the_end_only_once(ledger: Ledger, clock: FakeClock) -> None:
    accept(ledger, "T1")
    for state, status in ((State.RUNNING, "MAKING"), (State.DONE, "SUCCESS"), (State.DONE, "SUCCESS")):
        clock.advance(60)
        ledger.observed("T1", state, status, {"Status": status, "MediaUrl": "u"})
    record = ledger.find("T1")
    assert record is not None and (record["State"], record["Status"], record["MediaUrl"]) == ("done", "SUCCESS", "u")
    assert record["FinishedAt"] == iso(NOON_S + 120)


def test_a_task_from_elsewhere_is_not_made_up(ledger: Ledger) -> None:
    ledger.observed("T9", State.DONE, "SUCCESS", {})
    assert ledger.find("T9") is None and ids(ledger) == []


@pytest.mark.parametrize("task_id", ["T1", "#1", "#x", "", "'; DROP TABLE tasks; --"])
def test_what_nobody_knows_is_not_found(ledger: Ledger, task_id: str) -> None:
    assert ledger.find(task_id) is None
    intend(ledger)
    assert (ledger.find(task_id) is None) == (task_id != "#1")


def test_no_request_is_sent_for_ever(ledger: Ledger, clock: FakeClock) -> None:
    """The number of its process may be another one's by now: in a container it always is."""
    entry = intend(ledger)
    clock.advance(LONGEST_SENDING_S + 1)
    assert (ledger.find(f"#{entry}") or {})["State"] == UNKNOWN
    assert [record["State"] for record in ledger.tasks(state=UNKNOWN)] == [UNKNOWN]


@posix
def test_a_process_that_is_killed_in_between_leaves_an_unknown_outcome(path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from tadh_cli.engine.ledger import Ledger
        Ledger(Path(sys.argv[1])).intend(kind="video", profile="p", operation="video.create", request={})
        print("intended", flush=True)
        input()
        """
    process = processes.start(code, path)
    assert process.stdout is not None and process.stdout.readline() == "intended\n"
    (alive,) = stored(path)
    process.kill()
    process.communicate()
    (dead,) = stored(path)
    assert [(record["State"], record["Status"]) for record in (alive, dead)] == [
        ("sending", "SENDING"),
        ("unknown", "UNKNOWN"),
    ]


@posix
def test_an_outcome_left_unknown_by_a_crash_is_found_by_that_word(path: Path) -> None:
    code = """if True:
        import os, sys
        from pathlib import Path
        from tadh_cli.engine.ledger import Ledger
        Ledger(Path(sys.argv[1])).intend(kind="video", profile="p", operation="video.create", request={})
        os._exit(0)
        """
    processes.run(code, path)
    with closing(Ledger(path)) as ledger:
        assert (ids(ledger, state="unknown"), ids(ledger, state="sending")) == (["#1"], [])


# Several at once ---------------------------------------------------------------------------------------

WRITE = """if True:
    import sys
    from pathlib import Path
    from tadh_cli.engine.ledger import Ledger
    path, count, number = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    print("ready", flush=True)
    input()
    ledger = Ledger(path)
    for index in range(count):
        entry = ledger.intend(kind="video", profile="p", operation="video.create", request={"n": index})
        ledger.accepted(entry, f"T{number}-{index}", "COMMIT", {})
    ledger.close()
    """


def test_two_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    processes.race(WRITE, path, 50, runners=2)
    written = {record["TaskId"]: record["Request"]["n"] for record in stored(path)}
    assert written == {f"T{number}-{index}": index for number in range(2) for index in range(50)}


def test_the_first_use_by_several_processes_at_once_is_no_failure(path: Path) -> None:
    """Many ledgers, one after the other, each new to all of them."""
    code = """if True:
        import sys
        from pathlib import Path
        from tadh_cli.engine.ledger import Ledger
        print("ready", flush=True)
        input()
        for index in range(300):
            ledger = Ledger(Path(sys.argv[1]) / str(index) / "ledger.db")
            ledger.intend(kind="video", profile="p", operation="video.create", request={})
            ledger.close()
        """
    processes.race(code, path.parent, runners=3)
    assert [len(stored(path.parent / str(index) / "ledger.db")) for index in range(300)] == [3] * 300


def test_a_reader_is_not_stopped_by_a_writer(ledger: Ledger, path: Path) -> None:
    accept(ledger, "T1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert ids(ledger) == ["T1"]
    other.execute("ROLLBACK")
    other.close()


def test_a_ledger_of_before_goes_on_where_it_was(ledger: Ledger, path: Path, clock: FakeClock) -> None:
    accept(ledger, "T1")
    ledger.close()
    accept(again := Ledger(path, clock), "T2")
    assert ids(again) == ["T2", "T1"]
    again.close()


# Asking ------------------------------------------------------------------------------------------------


@pytest.fixture
def full(ledger: Ledger, clock: FakeClock) -> Ledger:
    """Four tasks, an hour apart: two videos, an audio, and a video of another profile."""
    for task_id, kind, profile in (
        ("V1", "video", "p"),
        ("A1", "audio", "p"),
        ("V2", "video", "p"),
        ("V3", "video", "q"),
    ):
        accept(ledger, task_id, kind=kind, profile=profile)
        clock.advance(3600)
    ledger.observed("V1", State.DONE, "SUCCESS", {})
    ledger.observed("V2", State.RUNNING, "MAKING", {})
    return ledger


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["V3", "V2", "A1", "V1"]),
        ({"kind": "video"}, ["V3", "V2", "V1"]),
        ({"profile": "p"}, ["V2", "A1", "V1"]),
        ({"kind": "video", "profile": "p", "state": "running"}, ["V2"]),
        ({"state": "done"}, ["V1"]),
        ({"state": "SUCCESS"}, ["V1"]),
        ({"state": "success"}, ["V1"]),
        ({"state": "Queued"}, ["V3", "A1"]),
        ({"state": "nothing"}, []),
        ({"since": iso(NOON_S + 3600)}, ["V3", "V2", "A1"]),
        ({"since": iso(NOON_S + 3601)}, ["V3", "V2"]),
        ({"limit": 2}, ["V3", "V2"]),
        ({"limit": 0}, []),
        ({"kind": "video", "limit": 1}, ["V3"]),
    ],
)
def test_records_are_chosen_and_come_newest_first(full: Ledger, wanted: dict[str, Any], found: list[str]) -> None:
    assert ids(full, **wanted) == found


def test_what_has_not_ended_is_told_oldest_first(full: Ledger) -> None:
    intend(full, profile="p")
    assert full.unfinished("video", "p") == ["V2"]
    assert full.unfinished("video", "q") == ["V3"]
    accept(full, "V4", profile="p")
    assert full.unfinished("video", "p") == ["V2", "V4"]


def test_a_decision_that_is_due_is_not_the_end(full: Ledger) -> None:
    accept(full, "C1", kind="avatar", profile="p")
    full.observed("C1", State.DECISION, "MAKING", {})
    assert full.unfinished("avatar", "p") == ["C1"]


def test_reading_what_does_not_exist_makes_no_file(ledger: Ledger, path: Path) -> None:
    assert (ids(ledger), ledger.find("T1"), ledger.owner("/a"), ledger.unfinished("video", "p")) == ([], None, "", [])
    assert not path.exists()


# Files -------------------------------------------------------------------------------------------------


def test_files_belong_to_the_task_that_claimed_them_last(ledger: Ledger) -> None:
    accept(ledger, "T1")
    ledger.claim("T1", ["/out/a.mp4", "/out/a.srt"])
    record = ledger.find("T1")
    assert record is not None and record["Files"] == ["/out/a.mp4", "/out/a.srt"]
    ledger.claim("T2", ["/out/a.srt"])
    assert (ledger.owner("/out/a.mp4"), ledger.owner("/out/a.srt"), ledger.owner("/out/b")) == ("T1", "T2", "")


def test_files_of_tasks_from_elsewhere_are_remembered_too(ledger: Ledger) -> None:
    ledger.claim("foreign", ["/out/a.mp4"])
    assert ledger.owner("/out/a.mp4") == "foreign" and ids(ledger) == []


def test_files_are_listed_with_the_media_first_whatever_their_names(ledger: Ledger) -> None:
    accept(ledger, "T1")
    ledger.claim("T1", ["/z.mp4", "/a.srt"])
    assert [record["Files"] for record in ledger.tasks()] == [["/z.mp4", "/a.srt"]]


# When it can't be written ------------------------------------------------------------------------------


@posix
def test_only_its_owner_may_read_it(ledger: Ledger, path: Path) -> None:
    accept(ledger, "T1")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert path.name in modes and set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def no_directory(path: Path) -> None:
    path.parent.write_text("in the way")


def a_directory(path: Path) -> None:
    path.mkdir(parents=True)


def no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 500)


def another_database(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE tasks (something INTEGER)")
    db.commit()
    db.close()


@pytest.mark.parametrize("spoil", [no_directory, a_directory, no_database, another_database])
def test_a_ledger_that_can_not_be_used_is_told_before_anything_is_sent(path: Path, ledger: Ledger, spoil: Any) -> None:
    spoil(path)
    with pytest.raises(ConfigError, match=r"the ledger .*ledger\.db can't be used: ") as caught:
        intend(ledger)
    assert "submits nothing that it can't write down" in caught.value.hint


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_can_not_be_written_is_told(path: Path, ledger: Ledger) -> None:
    path.parent.mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="can't be used"):
        intend(ledger)


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="the limit of a file's size is not heeded there")
@pytest.mark.parametrize("room", [0, 4096, 40_000, 100_000])
def test_a_full_disk_is_told_and_what_was_written_stays_readable(path: Path, ledger: Ledger, room: int) -> None:
    if room > 4096:
        accept(ledger, "T1")
    ledger.close()
    code = """if True:
        import resource, signal, sys
        from pathlib import Path
        from tadh_cli.engine.ledger import Ledger
        from tadh_cli.errors import ConfigError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
        ledger = Ledger(Path(sys.argv[1]))
        for count in range(500):
            try:
                ledger.intend(kind="video", profile="p", operation="video.create", request={"Text": "x" * 1000})
            except ConfigError as error:
                print(count, "told:", error.message)
                break
        """
    started_s = time.monotonic()
    count, told, _ = processes.run(code, path, room).split(" ", 2)
    assert told == "told:" and time.monotonic() - started_s < 10
    assert len(ids(ledger)) == int(count) + (room > 4096)


def test_what_the_database_gave_up_by_itself_is_told_by_its_reason(ledger: Ledger) -> None:
    accept(ledger, "T1")
    for pages in (1, 1_000_000):
        with ledger.transaction() as db:
            db.execute(f"PRAGMA max_page_count = {pages}")
        if pages == 1:
            with pytest.raises(ConfigError, match="database or disk is full"):
                intend(ledger, request={"Text": "x" * 1_000_000})
    assert intend(ledger) == 2, "room was made"


def test_moments_are_written_and_read_alike() -> None:
    assert iso(NOON_S) == "2026-03-01T12:00:00Z"
    assert unix(iso(NOON_S + 0.9)) == NOON_S


# By name, age, and no more ----------------------------------------------------------------------------


def test_tasks_are_found_by_the_name_that_the_user_gave_them(ledger: Ledger) -> None:
    accept(ledger, "A1", kind="avatar", request={"AnchorName": "Anna"})
    item = ledger.intend(
        kind="video", profile="p", operation="video.create", request={}, claim=Claim("identity", "Anna")
    )
    ledger.accepted(item, "V1", "COMMIT", {})
    accept(ledger, "A2", kind="avatar", request={"AnchorName": "Anna-2"})
    assert ids(ledger, name="Anna") == ["V1", "A1"] and ids(ledger, name="Anna", kind="avatar") == ["A1"]
    assert [record.get("Name") for record in ledger.tasks()] == ["Anna-2", "Anna", "Anna"]


def test_tasks_are_found_by_their_age(full: Ledger) -> None:
    assert ids(full, before=iso(NOON_S + 3600)) == ["V1"]
    assert ids(full, since=iso(NOON_S + 3600), before=iso(NOON_S + 7201)) == ["V2", "A1"]


def test_a_long_list_is_read_in_pages_and_stays_whole(ledger: Ledger) -> None:
    with ledger.transaction() as db:
        db.executemany(
            "INSERT INTO tasks (task_id, kind, profile, operation, state, status, submitted_at, pid, request, record)"
            " VALUES (?, 'video', 'p', 'video.create', 'done', 'SUCCESS', ?, 1, '{}', '{}')",
            [(f"T{number}", iso(NOON_S)) for number in range(1201)],
        )
    newest_first = [f"T{number}" for number in reversed(range(1201))]
    assert ids(ledger) == newest_first
    assert ids(ledger, limit=1100) == newest_first[:1100] and ids(ledger, limit=500) == newest_first[:500]
    listing = ledger.tasks()
    next(listing)
    accept(ledger, "new")
    assert len(list(listing)) == 1200, "what is submitted meanwhile does not shift the pages"


def test_what_has_not_ended_is_forgotten_only_by_force(ledger: Ledger) -> None:
    accept(ledger, "open"), accept(ledger, "done"), accept(ledger, "failed")
    ledger.observed("done", State.DONE, "SUCCESS", {})
    ledger.observed("failed", State.FAILED, "FAIL", {})
    ledger.rejected(intend(ledger), UNKNOWN, "lost")
    ledger.rejected(intend(ledger), REFUSED, "no")
    ledger.claim("done", ["/out/a.mp4"])
    names = ["open", "done", "failed", "#4", "#5", "nobody"]
    assert ledger.forget(names) == ["done", "failed", "#5"]
    assert ids(ledger) == ["#4", "open"] and ledger.owner("/out/a.mp4") == ""
    assert ledger.forget(names, unended=True) == ["open", "#4"] and ids(ledger) == []


def test_tasks_of_all_kinds_are_asked_about_with_what_submitted_them(full: Ledger) -> None:
    accept(full, "C1", kind="voice-check", profile="p", operation="basic-check.create")
    assert full.open_tasks("p") == [
        ("A1", "audio", "video.create"),
        ("V2", "video", "video.create"),
        ("C1", "voice-check", "basic-check.create"),
    ]
    assert full.profiles() == ["p", "q"]
