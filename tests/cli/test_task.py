"""The ledger as an operator uses it: chosen, followed by cron, shortened, taken elsewhere."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.cli.conftest import TEXT
from tests.program import Program, Ran

On = Callable[..., Ran]
LONG = "Many words. " * 300


@pytest.fixture
def create(on: On, avatar: str) -> Callable[..., str]:
    """A video that is submitted and not waited for."""

    def submit(text: str = TEXT) -> str:
        return str(on("video", "create", "--avatar", avatar, "--text", text).json["TaskId"])

    return submit


def finish(sandbox: Hosted) -> None:
    """Everything that was ordered is made."""
    sandbox.settle()
    sandbox.advance(3600)


def changes(ran: Ran) -> list[tuple[str, str, str]]:
    records = [json.loads(line) for line in ran.out.splitlines()]
    return [(record["TaskId"], record["PreviousState"], record["State"]) for record in records]


def sync(on: On, *args: object, code: int = 0) -> list[tuple[str, str, str]]:
    return changes(on("task", "sync", "--changed", "-o", "ndjson", *args, code=code))


def age(days: int, task: str = "%") -> None:
    """Tasks were submitted and ended so long ago."""
    with closing(sqlite3.connect(Path(os.environ["TADH_STATE_DIR"]) / "ledger.db")) as db, db:
        db.execute(
            "UPDATE tasks SET submitted_at = strftime('%Y-%m-%dT%H:%M:%SZ', submitted_at, ?), finished_at ="
            " strftime('%Y-%m-%dT%H:%M:%SZ', finished_at, ?) WHERE task_id LIKE ?",
            (f"-{days} days", f"-{days} days", task),
        )


# What changed ------------------------------------------------------------------------------------------


def test_a_change_is_printed_once_and_nothing_when_there_is_none(on: On, create: Any, sandbox: Hosted) -> None:
    task = create()
    finish(sandbox)
    assert sync(on) == [(task, "queued", "done")]
    ran = on("task", "sync", "--changed")
    assert (ran.out, ran.err) == ("", "")


@pytest.mark.parametrize("form", ["json", "ndjson", "yaml", "csv", "id", "table", "wide"])
def test_nothing_is_printed_in_any_format_when_nothing_changed(on: On, made: str, form: str) -> None:
    sync(on)
    assert on("task", "sync", "--changed", "-o", form).out == ""


def test_without_a_ledger_there_is_nothing_to_do(on: On, sandbox: Hosted) -> None:
    assert on("task", "sync", "--changed").out == ""
    assert on("task", "sync").json == []


def test_what_another_command_saw_first_is_not_missed(on: On, made: str, sandbox: Hosted) -> None:
    (record,) = on("task", "sync", "--changed").json
    assert (record["TaskId"], record["PreviousState"], record["State"]) == (made, "queued", "done")
    assert "***" not in record["MediaUrl"], "asked once more for a link that works"
    assert sync(on) == []


def test_a_task_is_asked_about_once(on: On, create: Any, sandbox: Hosted) -> None:
    ids = [create(LONG) for _ in range(4)]
    before = len(sandbox.journal("video.get"))
    assert sorted(record["TaskId"] for record in on("task", "sync").json) == sorted(ids)
    assert len(sandbox.journal("video.get")) == before + 4


def test_sync_without_changed_tells_of_all_and_keeps_changes_for_later(on: On, create: Any, sandbox: Hosted) -> None:
    task = create()
    finish(sandbox)
    (record,) = on("task", "sync").json
    assert (record["TaskId"], record["State"], record["Status"]) == (task, "done", "SUCCESS")
    assert on("task", "sync").json == []
    assert sync(on) == [(task, "queued", "done")]


def test_every_kind_is_asked_in_its_own_way(on: On, avatar: str, create: Any, sandbox: Hosted) -> None:
    from tests import footage

    footage.photo(Path("portrait.jpg"))
    footage.speech(Path("r.wav"), seconds=610)
    video = create()
    audio = on("voice", "speak", "--avatar", avatar, "--text", TEXT).json["TaskId"]
    photo = ("--type", "photo", "--name", "Wuji", "--gender", "male", "--material", "portrait.jpg")
    made = on("avatar", "customize", *photo).json["TaskId"]
    check = on("voice", "check", "r.wav", "--edition", "basic").json["TaskId"]
    finish(sandbox)
    told = {task: state for task, _, state in sync(on)}
    assert set(told) == {video, audio, made, check} and told[video] == told[audio] == told[check] == "done"
    assert [each["Name"] for each in on("task", "list", "--name", "Wuji").json] == ["Wuji"]


def test_a_task_that_has_newly_failed_ends_with_7_once(on: On, create: Any, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801010}])
    task = create()
    finish(sandbox)
    ran = on("task", "sync", "--changed", "-o", "ndjson", "--fail-on-failure", code=7)
    assert changes(ran) == [(task, "queued", "failed")] and ran.error["TaskId"] == task
    on("task", "sync", "--changed", "--fail-on-failure")


def test_a_task_that_the_service_forgot_is_a_change(on: On, create: Any, sandbox: Hosted) -> None:
    task = create()
    sandbox.reset()
    assert sync(on) == [(task, "queued", "failed")]
    assert sync(on) == []


def test_a_question_that_fails_is_no_change(on: On, create: Any, sandbox: Hosted) -> None:
    task = create()
    finish(sandbox)
    sandbox.set_faults([{"operation": "video.get", "http": 502}])
    ran = on("task", "sync", "--changed", code=10)
    assert ran.out == "" and task in ran.err
    sandbox.clear_faults()
    assert sync(on) == [(task, "queued", "done")]


def test_what_can_not_be_printed_is_printed_the_next_time(on: On, create: Any, sandbox: Hosted) -> None:
    task = create()
    finish(sandbox)
    on("task", "sync", "--changed", "--query", "join(',', [0])", code=2)
    assert sync(on) == [(task, "queued", "done")]


def test_what_ended_long_ago_is_no_news_to_who_looks_for_the_first_time(on: On, create: Any, sandbox: Hosted) -> None:
    old = create()
    finish(sandbox)
    on("video", "wait", old)
    age(2)
    recent = create()
    finish(sandbox)
    assert sync(on) == [(recent, "queued", "done")]


def test_only_the_chosen_profile_is_asked_unless_all_are_wanted(
    on: On, tadh: Program, create: Any, sandbox: Hosted, tmp_path: Path
) -> None:
    task = create()
    finish(sandbox)
    elsewhere = {"TADH_ENDPOINT": "http://127.0.0.1:9", "TADH_APP_KEY": "k", "TADH_ACCESS_TOKEN": "t"}
    assert tadh("task", "sync", "--changed", **elsewhere).out == ""
    assert changes(tadh("task", "sync", "--changed", "--all-profiles", "-o", "ndjson", **elsewhere)) == [
        (task, "queued", "done")
    ]


def test_a_profile_that_can_not_be_used_does_not_stop_the_others(
    on: On, tadh: Program, create: Any, sandbox: Hosted
) -> None:
    task = create()
    finish(sandbox)
    with closing(sqlite3.connect(Path(os.environ["TADH_STATE_DIR"]) / "ledger.db")) as db, db:
        db.execute(
            "INSERT INTO tasks (task_id, kind, profile, operation, state, status, submitted_at, pid, request, record)"
            " VALUES ('X', 'video', 'gone', 'video.create', 'queued', '', '2026-03-01T12:00:00Z', 1, '{}', '{}')"
        )
    ran = tadh("task", "sync", "--changed", "--all-profiles", "-o", "ndjson", code=3)
    assert changes(ran) == [(task, "queued", "done")] and "profile gone: there is no profile gone" in ran.err
    assert ran.error["TaskId"] == ""


# Hooks -------------------------------------------------------------------------------------------------

NOTE = 'cat > "$TADH_TASK_ID.json"; echo "$TADH_TASK_KIND $TADH_TASK_PREVIOUS_STATE $TADH_TASK_STATE" >> seen'


def test_a_hook_is_told_everything_once(on: On, create: Any, sandbox: Hosted) -> None:
    task = create()
    finish(sandbox)
    ran = on("task", "sync", "--exec", NOTE)
    assert [record["TaskId"] for record in ran.json] == [task]
    assert Path("seen").read_text() == "video queued done\n"
    told = json.loads(Path(f"{task}.json").read_text())
    assert (told["TaskId"], told["State"], told["PreviousState"]) == (task, "done", "queued")
    assert told["MediaUrl"].startswith("http") and "***" not in told["MediaUrl"]
    on("task", "sync", "--changed", "--exec", NOTE)
    assert Path("seen").read_text() == "video queued done\n"


def test_what_a_hook_prints_is_not_among_the_data(on: On, create: Any, sandbox: Hosted, capfd: Any) -> None:
    create()
    finish(sandbox)
    assert len(on("task", "sync", "--changed", "--exec", "echo loud").json) == 1
    assert capfd.readouterr().err == "loud\n"


def test_a_hook_that_fails_is_offered_its_change_again(on: On, create: Any, sandbox: Hosted) -> None:
    bad, good = create(), create("Another text.")
    finish(sandbox)
    command = f'echo "$TADH_TASK_ID" >> seen; [ "$TADH_TASK_ID" != {bad} ] || [ -e mended ]'
    ran = on("task", "sync", "--changed", "-o", "ndjson", "--exec", command, code=7)
    assert len(changes(ran)) == 2 and f"exit code 1 for {bad}" in ran.err
    assert Path("seen").read_text().split() == [bad, good]
    ran = on("task", "sync", "--changed", "--exec", command, code=7)
    assert ran.out == "" and Path("seen").read_text().split() == [bad, good, bad], "printed once, offered again"
    Path("mended").touch()
    for _ in range(2):
        on("task", "sync", "--changed", "--exec", command)
    assert Path("seen").read_text().split() == [bad, good, bad, bad]


def test_a_hook_that_can_not_be_run_is_tried_once(on: On, create: Any, sandbox: Hosted) -> None:
    create(), create("Another text.")
    finish(sandbox)
    ran = on("task", "sync", "--changed", "--exec", "./nothing-there", code=7)
    assert "exit code 127" in ran.err and "changes" not in ran.err
    on("task", "sync", "--exec", NOTE)
    assert len(Path("seen").read_text().splitlines()) == 2


def test_a_hook_that_hangs_is_ended(on: On, create: Any, sandbox: Hosted) -> None:
    create()
    finish(sandbox)
    ran = on("task", "sync", "--exec", "sleep 600", "--exec-timeout", "0.2s", code=7)
    assert "did not end within" in ran.err


def test_a_failed_task_counts_more_than_a_failed_hook(on: On, create: Any, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801010}])
    create()
    finish(sandbox)
    ran = on("task", "sync", "--changed", "--exec", "false", "--fail-on-failure", code=7)
    assert "warning: --exec ended with exit code 1" in ran.err


def test_a_hook_calls_tadh_with_the_same_profile(on: On, create: Any, sandbox: Hosted) -> None:
    create()
    finish(sandbox)
    on("task", "sync", "--exec", 'echo "$TADH_PROFILE" > profile')
    assert Path("profile").read_text() == "sandbox\n"


# Choosing, forgetting, taking away ---------------------------------------------------------------------


def test_tasks_are_chosen_by_age_and_profile(on: On, tadh: Program, create: Any) -> None:
    old = create(LONG)
    age(40)
    new = create(LONG)

    def listed(*args: str) -> list[str]:
        return [record["TaskId"] for record in tadh("task", "list", *args).json]

    assert listed("--older-than", "30d") == [old] and listed("--since", "30d") == [new]
    assert listed("-p", "sandbox") == [new, old] and listed("-p", "other") == []
    assert "is not a duration" in tadh("task", "list", "--older-than", "long", code=2).err
    assert listed("--older-than", "99999d") == []


def test_what_has_not_ended_is_not_forgotten(on: On, create: Any, made: str) -> None:
    going = create(LONG)
    ran = on("task", "forget", made, going, code=2)
    assert f"{going} is queued) asks before it goes on" in ran.err and "--yes" in ran.err
    assert len(on("task", "forget", made, going, "--dry-run").json) == 2
    assert len(on("task", "list").json) == 2
    assert [record["TaskId"] for record in on("task", "forget", made).json] == [made]
    on("task", "show", made, code=5)
    on("task", "forget", going, "--yes")
    assert on("task", "list").json == []


def test_what_is_old_and_has_ended_is_forgotten(on: On, create: Any, sandbox: Hosted, made: str) -> None:
    going = create(LONG)
    age(40)
    kept = create(LONG)
    for more in (("--dry-run",), ()):
        ran = on("task", "forget", "--older-than", "30d", *more)
        assert [record["TaskId"] for record in ran.json] == [made] and "1 kept" in ran.err
    assert [record["TaskId"] for record in on("task", "list").json] == [kept, going]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "name at least one TASK"),
        (("--kind", "video"), "use --older-than"),
        (("T1", "--kind", "video"), "either name tasks"),
        (("--older-than", "1d", "--kind", "film"), "--kind 'film' is not one of"),
    ],
)
def test_what_is_to_be_forgotten_has_to_be_said(on: On, sandbox: Hosted, args: tuple[str, ...], words: str) -> None:
    assert words in on("task", "forget", *args, code=2).err


def test_an_id_that_nobody_knows_forgets_nothing(on: On, made: str) -> None:
    assert "nothing was forgotten" in on("task", "forget", made, "T9", code=5).err
    assert len(on("task", "list").json) == 1


def test_everything_is_exported(on: On, create: Any, made: str) -> None:
    create(LONG)
    on("task", "export", "--out", "out/ledger.ndjson")
    path = Path("out/ledger.ndjson")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert written == on("task", "export").json and written[1]["Request"]["InputSsml"] == TEXT
    assert on("task", "export", "--out", "ledger.json", "-o", "json").out == ""
    assert json.loads(Path("ledger.json").read_text()) == written
    assert [file.name for file in Path("out").iterdir()] == ["ledger.ndjson"]


def test_an_export_that_can_not_be_written_is_told(on: On, made: str) -> None:
    Path("taken").mkdir()
    assert "--out taken is a directory" in on("task", "export", "--out", "taken", code=2).err
