"""Tasks that the service does not know, of other profiles, without an id; several at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli.commands.context import Tadh
from tadh_cli.errors import InputError, NetworkError, TadhError, TaskFailed, WaitTimeout
from tadh_cli.sandbox.hosting import Hosted
from tests.cli.conftest import TEXT
from tests.program import Program, Ran

On = Callable[..., Ran]
NOBODYS = "0" * 32
LONG = "Many words. " * 300


@pytest.fixture
def gone(on: On, avatar: str, sandbox: Hosted) -> str:
    """A task that the service has forgotten."""
    task: str = on("video", "create", "--avatar", avatar, "--text", TEXT).json["TaskId"]
    sandbox.reset()
    return task


def create(on: On, avatar: str, text: str = TEXT) -> str:
    task: str = on("video", "create", "--avatar", avatar, "--text", text).json["TaskId"]
    return task


def test_a_task_that_is_gone_does_not_keep_the_others_from_being_told(on: On, gone: str, avatar: str) -> None:
    there = create(on, avatar)
    ran = on("video", "status", "--all", code=5)
    assert [record["TaskId"] for record in ran.json] == [there]
    assert ran.error["TaskId"] == gone and "the record does not exist" in ran.err
    (entry,) = on("task", "list", "--state", "failed").json
    assert entry["TaskId"] == gone and "does not know it any more" in entry["FailMessage"]
    assert [record["TaskId"] for record in on("video", "status", "--all").json] == [there], "and it is told once"


def test_those_that_are_found_are_an_array_also_when_there_is_only_one(on: On, made: str) -> None:
    for ids in ((made, NOBODYS), (NOBODYS, made)):
        ran = on("video", "status", *ids, code=5)
        assert [record["TaskId"] for record in ran.json] == [made]
    assert on("video", "status", NOBODYS, NOBODYS[1:], code=5).error["TaskId"] == f"{NOBODYS} {NOBODYS[1:]}"


def test_waiting_goes_on_without_a_task_that_is_gone(on: On, gone: str, avatar: str) -> None:
    there = create(on, avatar)
    ran = on("video", "wait", "--all", "--download", "out/", code=5)
    assert [record["TaskId"] for record in ran.json] == [there] and ran.json[0]["Status"] == "SUCCESS"
    assert ran.error["Resume"] == f"tadh -p sandbox video wait {there} --download out/"
    on("video", "wait", there, "--download", "out/")
    assert on("video", "status", "--all").json == []


def test_a_wait_that_times_out_is_taken_up_with_the_tasks_that_live(on: On, gone: str, avatar: str) -> None:
    quick, slow = create(on, avatar), create(on, avatar, LONG)
    on("video", "wait", quick)
    ran = on("video", "wait", quick, slow, gone, "--timeout", "0.5s", code=8)
    assert ran.error["Resume"] == f"tadh -p sandbox video wait {slow}"


def test_there_is_nothing_to_wait_for_after_a_failure(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801010}])
    task = on("video", "create", "--avatar", avatar, "--text", TEXT, "--wait", code=7).error["TaskId"]
    assert on("video", "wait", task, code=7).error["Resume"] == ""
    assert on("video", "wait", NOBODYS, code=5).error["Resume"] == ""


@pytest.mark.parametrize(
    ("error", "resume"),
    [
        (TaskFailed("it failed"), ""),
        (InputError("it is wrong"), ""),
        (NetworkError("no answer"), "tadh voice wait T1"),
        (WaitTimeout("too long"), "tadh voice wait T1"),
    ],
)
def test_only_what_can_go_on_is_gone_on_with(error: TadhError, resume: str) -> None:
    with pytest.raises(type(error)), Tadh().resumable("voice wait T1", "T1"):
        raise error
    assert (error.resume, error.task_id) == (resume, "T1")


def test_a_task_of_another_profile_is_told_by_its_profile(tadh: Program, made: str) -> None:
    for command in ("wait", "status"):
        error = tadh("video", command, made, code=3).error
        assert error["Hint"] == f"{made} was submitted with the profile sandbox: add -p sandbox"


def test_another_account_that_does_not_know_a_task_proves_nothing(
    tadh: Program, on: On, avatar: str, sandbox: Hosted
) -> None:
    task = create(on, avatar)
    sandbox.reset()
    keys = {"TADH_ENDPOINT": sandbox.url, "TADH_APP_KEY": sandbox.app_key, "TADH_ACCESS_TOKEN": sandbox.access_token}
    assert "add -p sandbox" in tadh("video", "status", task, code=5, **keys).error["Hint"]
    assert on("task", "show", task).json["State"] == "queued"


def test_an_entry_without_an_id_is_not_asked_about(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "reset": "after", "times": 1}])
    on("video", "create", "--avatar", avatar, "--text", TEXT, code=12)
    on("video", "create", "--avatar", avatar, "--text", "SENSITIVE", code=11)
    asked = len(sandbox.journal())
    unknown = on("video", "status", "#1", code=12)
    assert "the outcome of #1 is unknown" in unknown.err and unknown.error["TaskId"] == "#1"
    assert "#2 was refused" in on("video", "wait", "#2", code=5).err
    assert "no entry #3" in on("video", "download", "#3", code=5).err
    assert len(sandbox.journal()) == asked


def test_an_entry_with_an_id_stands_for_it(on: On, made: str) -> None:
    assert on("video", "status", "#1").json["TaskId"] == made
    assert on("video", "download", "#1", "a.webm").json["Files"][0] == "a.webm"
    assert on("task", "show", "#1").json == on("task", "show", "1").json == on("task", "show", made).json


def test_the_way_back_can_be_pasted_into_a_shell(on: On, avatar: str) -> None:
    slow = ("--text", LONG, "--timeout", "0.5s")
    ran = on("video", "create", "--avatar", avatar, *slow, "--download", "vid dir/a b.webm", "--force", code=8)
    task = ran.error["TaskId"]
    assert ran.error["Resume"] == f"tadh -p sandbox video wait {task} --download 'vid dir/a b.webm' --force"
    again = on("video", "wait", task, "--timeout", "0.1s", "--download", "vid dir/a b.webm", "--force", code=8)
    assert again.error["Resume"] == ran.error["Resume"]


def test_the_way_back_to_an_audio_leads_to_its_subtitles_too(on: On, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.get", "delay_s": 0.3}])
    files = ("--download", "a.mp3", "--subtitles", "my a.srt")
    ran = on("voice", "speak", "--voice", "female_1", "--text", LONG, "--timeout", "0.5s", *files, code=8)
    task = ran.error["TaskId"]
    first, second = ran.error["Resume"].split(" && ")
    assert first == f"tadh -p sandbox video wait {task} --download a.mp3"
    assert second == f"tadh -p sandbox video download {task} 'my a.srt' --subtitles-only"
    sandbox.clear_faults()
    on("video", "wait", task, "--download", "a.mp3")
    assert on("video", "download", task, "my a.srt", "--subtitles-only").json["Files"] == ["my a.srt"]
    assert "Many words." in Path("my a.srt").read_text()
