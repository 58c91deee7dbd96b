"""`tadh video batch` against the sandbox: planned, made, run again, refused, reported."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tadh_cli.config import ledger_path
from tadh_cli.sandbox.hosting import Hosted
from tests.media import wav
from tests.program import Ran

On = Callable[..., Ran]
CREATIONS = ("video.create", "video.create-advanced")


@pytest.fixture
def three(avatar: str) -> str:
    """A list of three videos, each made otherwise."""
    Path("texts").mkdir()
    Path("texts/two.txt").write_text("The second one, from a file.")
    Path("voice.wav").write_bytes(wav(seconds=1.0))
    Path("videos.yaml").write_text(
        f"""\
defaults:
  avatar: {avatar}
  text: Hello from the defaults.
videos:
  - name: one
  - name: two
    text: "@texts/two.txt"
    format: mp4
  - name: three
    audio: voice.wav
"""
    )
    return "videos.yaml"


def listed(avatar: str, count: int, **more: object) -> str:
    """A list of videos in lines of JSON."""
    rows = [{"name": f"v{number}", "avatar": avatar, "text": f"Video {number}.", **more} for number in range(count)]
    Path("list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return "list.jsonl"


def made(sandbox: Hosted) -> int:
    """Videos that the service accepted."""
    return sum(entry["operation"] in CREATIONS and entry["code"] == 0 for entry in sandbox.journal())


def by_name(ran: Ran) -> dict[str, dict[str, Any]]:
    return {record["Name"]: record for record in ran.json}


# Made, and run again -----------------------------------------------------------------------------------


def test_all_are_made_and_brought_home(on: On, three: str, sandbox: Hosted) -> None:
    found = by_name(on("video", "batch", three, "--out", "out/"))
    assert {name: record["State"] for name, record in found.items()} == {"one": "done", "two": "done", "three": "done"}
    assert found["two"]["Files"] == ["out/two.mp4", "out/two.srt"] and found["three"]["Files"] == ["out/three.webm"]
    assert all(Path(file).stat().st_size for record in found.values() for file in record["Files"])
    assert "second one" in Path("out/two.srt").read_text() and made(sandbox) == 3
    assert [record["Line"] for record in found.values()] == [5, 6, 9]


def test_what_is_finished_is_skipped(on: On, three: str, sandbox: Hosted) -> None:
    on("video", "batch", three, "--out", "out/")
    before = len(sandbox.journal())
    found = by_name(on("video", "batch", three, "--out", "out/"))
    assert {record["Action"] for record in found.values()} == {"skip"} and len(sandbox.journal()) == before
    assert found["two"]["Files"] == ["out/two.mp4", "out/two.srt"]


def test_a_list_is_the_same_wherever_it_stands(on: On, three: str, sandbox: Hosted) -> None:
    on("video", "batch", three, "--out", "out/")
    Path("elsewhere").mkdir()
    for name in ("videos.yaml", "voice.wav", "texts"):
        Path(name).rename(Path("elsewhere") / name)
    found = by_name(on("video", "batch", "elsewhere/videos.yaml", "--out", "out/"))
    assert {record["Action"] for record in found.values()} == {"skip"} and made(sandbox) == 3


def test_a_file_that_is_gone_is_fetched_again_and_not_paid_again(on: On, three: str, sandbox: Hosted) -> None:
    on("video", "batch", three, "--out", "out/")
    Path("out/two.srt").unlink()
    found = by_name(on("video", "batch", three, "--out", "out/"))
    assert found["two"]["Action"] == "fetch" and Path("out/two.srt").exists()
    found = by_name(on("video", "batch", three, "--out", "other/"))
    assert {record["Action"] for record in found.values()} == {"fetch"} and Path("other/one.webm").exists()
    assert made(sandbox) == 3


def test_what_changed_is_made_anew_and_replaces_its_file(on: On, three: str, sandbox: Hosted) -> None:
    first = by_name(on("video", "batch", three, "--out", "out/"))
    before = Path("out/two.srt").read_text()
    Path("texts/two.txt").write_text("Another text altogether.")
    Path("voice.wav").write_bytes(wav(seconds=2.0))
    found = by_name(on("video", "batch", three, "--out", "out/"))
    assert [record["Action"] for record in found.values()] == ["skip", "make", "make"]
    assert found["two"]["Reason"] == f"changed since {first['two']['TaskId']}"
    assert Path("out/two.srt").read_text() != before and made(sandbox) == 5
    Path("texts/two.txt").write_text("The second one, from a file.")
    back = by_name(on("video", "batch", three, "--out", "out/"))
    assert back["two"]["Action"] == "fetch" and Path("out/two.srt").read_text() == before and made(sandbox) == 5


def test_where_results_are_told_of_does_not_count(on: On, avatar: str, sandbox: Hosted) -> None:
    on("video", "batch", listed(avatar, 1), "--out", "out/")
    again = listed(avatar, 1, callback_url="https://example.com/done", concurrency_type="shared")
    assert by_name(on("video", "batch", again, "--out", "out/"))["v0"]["Action"] == "skip" and made(sandbox) == 1


def test_what_goes_to_a_storage_of_ones_own_is_finished_without_files(on: On, avatar: str, sandbox: Hosted) -> None:
    url = sandbox.storage_url("bucket/video.webm")
    assert by_name(on("video", "batch", listed(avatar, 1, storage_url=url), "--out", "out/"))["v0"]["State"] == "done"
    other = sandbox.storage_url("bucket/video.webm")
    found = by_name(on("video", "batch", listed(avatar, 1, storage_url=other), "--out", "out/"))
    assert found["v0"]["State"] == "done" and made(sandbox) == 1


def test_a_task_under_way_is_adopted(on: On, avatar: str, sandbox: Hosted) -> None:
    long = listed(avatar, 1, text="Many words. " * 200)
    on("video", "batch", long, "--out", "out/", "--timeout", "0.3s", code=8)
    found = by_name(on("video", "batch", long, "--out", "out/"))
    assert found["v0"]["Action"] == "adopt" and found["v0"]["State"] == "done" and made(sandbox) == 1


def test_more_than_the_service_takes_at_once_waits_for_a_slot(on: On, avatar: str, sandbox: Hosted) -> None:
    ran = on("video", "batch", listed(avatar, 9), "--out", "out/", "--concurrency", 9, "-o", "id")
    assert sorted(ran.out.split()) == [f"v{number}" for number in range(9)] and made(sandbox) == 9
    refused = [entry for entry in sandbox.journal() if entry["code"] == 100008]
    assert refused and "waiting for a slot" in ran.err
    assert len(on("task", "list").json) == 9, "what was refused is no task of its own"


def test_a_sound_that_several_videos_use_is_uploaded_once(on: On, avatar: str, voice_file: Path) -> None:
    on("video", "batch", listed(avatar, 3, text=None, audio=str(voice_file)), "--out", "out/")
    assert len({entry["Request"]["InputAudioUrl"] for entry in on("task", "list").json}) == 1


# Failures ----------------------------------------------------------------------------------------------


def test_a_failure_does_not_stop_the_others(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801010, "times": 1}])
    ran = on("video", "batch", listed(avatar, 3), "--out", "out/", code=7)
    failed = [record for record in ran.json if record["State"] == "failed"]
    assert len(failed) == 1 and failed[0]["FailCode"] == 801010 and "1 of 3 videos failed" in ran.err
    assert sum(record["State"] == "done" for record in ran.json) == 2
    ran = on("video", "batch", "list.jsonl", "--out", "out/", code=7)
    assert made(sandbox) == 3 and "--retry-failed" in ran.err
    found = by_name(on("video", "batch", "list.jsonl", "--out", "out/", "--retry-failed"))
    assert found[failed[0]["Name"]]["Action"] == "retry" and made(sandbox) == 4


def test_a_text_that_is_refused_fails_alone(on: On, avatar: str, sandbox: Hosted) -> None:
    rows = [{"name": name, "avatar": avatar, "text": text} for name, text in (("bad", "SENSITIVE"), ("good", "Hello"))]
    Path("list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = by_name(on("video", "batch", "list.jsonl", "--out", "out/", code=7))
    assert found["bad"]["State"] == "failed" and found["bad"]["ExitCode"] == 11 and found["good"]["State"] == "done"
    assert by_name(on("video", "batch", "list.jsonl", "--out", "out/", code=7))["bad"]["Action"] == "skip"


def test_fail_fast_begins_nothing_new(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "code": 801005, "times": 1}])
    ran = on("video", "batch", listed(avatar, 5), "--out", "out/", "--fail-fast", "--concurrency", 1, code=7)
    assert [record["State"] for record in ran.json] == ["failed", *["waiting"] * 4] and made(sandbox) == 0
    assert "1 of 5 videos failed" in ran.err and "4 not begun" in ran.err
    assert ran.error["Resume"].endswith("video batch list.jsonl --out out/ --concurrency 1 --fail-fast")


def test_an_unknown_outcome_is_told_and_made_again_only_on_demand(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "reset": "after", "times": 1}])
    ran = on("video", "batch", listed(avatar, 3), "--out", "out/", code=12)
    unknown = [record["Name"] for record in ran.json if record["State"] == "unknown"]
    assert len(unknown) == 1 and ran.error["ExitCode"] == 12 and made(sandbox) == 3
    on("video", "batch", "list.jsonl", "--out", "out/", "--retry-failed", code=12)
    assert made(sandbox) == 3
    found = by_name(on("video", "batch", "list.jsonl", "--out", "out/", "--retry-unknown"))
    assert found[unknown[0]]["Action"] == "retry" and made(sandbox) == 4


def test_an_unknown_outcome_counts_more_than_a_failure(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults(
        [
            {"operation": "video.create", "reset": "after", "times": 1},
            {"operation": "video.create", "code": 801005, "times": 1},
        ]
    )
    ran = on("video", "batch", listed(avatar, 3), "--out", "out/", code=12)
    assert sorted(record["State"] for record in ran.json) == ["done", "failed", "unknown"]


def test_a_service_that_breaks_again_and_again_is_sent_no_more(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "code": -101000}])
    ran = on("video", "batch", listed(avatar, 9), "--out", "out/", code=12)
    states = [record["State"] for record in ran.json]
    assert states.count("unknown") == 3 and states.count("waiting") == 6 and "in a row" in ran.err


def test_what_would_meet_all_stops_the_run(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "code": 100013, "times": 1}])
    ran = on("video", "batch", listed(avatar, 4), "--out", "out/", code=6)
    assert made(sandbox) == 0 and ran.error["Resume"] == "tadh -p sandbox video batch list.jsonl --out out/"
    assert {record["State"] for record in ran.json} == {"waiting"}
    on("video", "batch", "list.jsonl", "--out", "out/")
    assert made(sandbox) == 4


def test_an_unknown_outcome_counts_more_than_what_stops_the_run(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults(
        [
            {"operation": "video.create", "reset": "after", "times": 1},
            {"operation": "video.create", "code": 100013, "times": 1},
        ]
    )
    ran = on("video", "batch", listed(avatar, 4), "--out", "out/", code=12)
    assert sorted(record["State"] for record in ran.json) == ["unknown", "waiting", "waiting", "waiting"]
    assert "no hours left" in ran.err and "1 of 4 videos have an unknown outcome" in ran.err


def test_what_waits_to_be_made_again_is_not_told_with_its_past(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801010}])
    on("video", "batch", listed(avatar, 2), "--out", "out/", code=7)
    sandbox.set_faults([{"operation": "video.create", "code": 100013, "times": 1}])
    refused, left = on("video", "batch", "list.jsonl", "--out", "out/", "--retry-failed", code=6).json
    assert (refused["State"], refused["TaskId"], refused["ExitCode"]) == ("waiting", "#3", 6)
    assert (left["State"], left["Action"], left["TaskId"], left["Seconds"]) == ("waiting", "retry", "", None)
    assert "URL" not in refused["FailMessage"] and "FailMessage" not in left


def test_questions_that_fail_are_borne(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.get", "http": 502, "times": 4}])
    on("video", "batch", listed(avatar, 2), "--out", "out/")
    assert made(sandbox) == 2


def test_results_that_are_gone_are_made_again_only_on_demand(on: On, avatar: str, sandbox: Hosted) -> None:
    on("video", "batch", listed(avatar, 1), "--out", "out/")
    Path("out/v0.webm").unlink()
    sandbox.advance(8 * 86_400)
    ran = on("video", "batch", "list.jsonl", "--out", "out/", code=7)
    assert made(sandbox) == 1 and ran.json[0]["State"] == "failed"
    on("video", "batch", "list.jsonl", "--out", "out/", "--retry-failed")
    assert made(sandbox) == 2 and Path("out/v0.webm").exists()


# Refused before anything is sent -----------------------------------------------------------------------


def test_all_problems_of_all_rows_are_told_with_their_places(on: On, sandbox: Hosted) -> None:
    Path("bad.yaml").write_text(
        """\
defaults: {avatar: somebody}
videos:
  - name: one
    text: Hello
    speed: 3.0
  - name: two
    txt: Hello
  - name: three
    text: "@nowhere.txt"
    volume: loud
  - name: ONE
    text: Hello
"""
    )
    ran = on("video", "batch", "bad.yaml", code=2)
    for part in (
        "bad.yaml:5:5: one: speed 3.0 is outside 0.5..1.5",
        "bad.yaml:7:5: there is no option 'txt'; did you mean text?",
        "bad.yaml:9:5: three: text nowhere.txt: no such file",
        "bad.yaml:10:13: volume 'loud' is not a whole number",
        "bad.yaml:11:5: name 'ONE' is the same file as one on many disks: see line 3",
    ):
        assert part in ran.err, ran.err
    assert sandbox.journal() == [] and not ledger_path().exists()


def test_a_file_of_somebody_else_is_not_overwritten(on: On, avatar: str, sandbox: Hosted) -> None:
    Path("out").mkdir()
    Path("out/v1.webm").write_text("mine")
    ran = on("video", "batch", listed(avatar, 2), "--out", "out/", code=2)
    assert "list.jsonl:2:2: v1: out/v1.webm exists already" in ran.err and made(sandbox) == 0
    on("video", "batch", "list.jsonl", "--out", "out/", "--force")
    assert Path("out/v1.webm").stat().st_size > 1000


def test_a_dry_run_shows_the_plan_and_sends_nothing(on: On, three: str, sandbox: Hosted) -> None:
    on("video", "batch", three, "--out", "out/", "--only", "one")
    before = len(sandbox.journal())
    ran = on("video", "batch", three, "--out", "out/", "--dry-run", "--report", "plan.json")
    found = by_name(ran)
    assert [record["Action"] for record in found.values()] == ["skip", "make", "make"]
    assert found["three"]["Uploads"][0]["File"] == "voice.wav" and "signature=***" in found["two"]["Url"]
    assert "Body" not in found["one"] and "minutes to make" in ran.err and "--quota" in ran.err
    assert json.loads(Path("plan.json").read_text())["Totals"]["made"] == 2
    assert len(sandbox.journal()) == before
    assert "left: BroadcastHour" in on("video", "batch", three, "--out", "out/", "--dry-run", "--quota").err


def test_more_minutes_than_wanted_are_not_ordered(on: On, avatar: str, sandbox: Hosted) -> None:
    before = made(sandbox)
    ran = on("video", "batch", listed(avatar, 3, text="word " * 300), "--max-minutes", 2, code=2)
    assert "--max-minutes 2 would be exceeded: about" in ran.err and made(sandbox) == before
    on("video", "batch", "list.jsonl", "--out", "out/", "--max-minutes", 3, "--only", "v1")
    assert made(sandbox) == 1


def test_only_some_are_made(on: On, avatar: str, sandbox: Hosted) -> None:
    ran = on("video", "batch", listed(avatar, 12), "--out", "out/", "--only", "v1*", "--only", "v3")
    assert sorted(by_name(ran)) == ["v1", "v10", "v11", "v3"] and made(sandbox) == 4
    ran = on("video", "batch", "list.jsonl", "--only", "w1", code=2)
    assert "--only w1: there is no such video" in ran.err and "did you mean v1" in ran.err


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((), "MANIFEST is missing"),
        (("nowhere.yaml",), "MANIFEST nowhere.yaml: no such file"),
        (("list.txt",), "has to end in .yaml"),
        (("list.jsonl", "--concurrency", 0), "--concurrency 0 is not 1 or more"),
        (("list.jsonl", "--annotations", "gitlab"), "--annotations 'gitlab' is not github"),
        (("list.jsonl", "--report", "list.jsonl/report.json"), "--report list.jsonl/report.json"),
    ],
)
def test_a_wrong_command_line_is_refused(on: On, avatar: str, args: tuple[object, ...], reason: str) -> None:
    listed(avatar, 1)
    Path("list.txt").write_text("")
    assert reason in on("video", "batch", *args, code=2).err


def test_actions_are_checked_before_anything_is_made(on: On, sandbox: Hosted, avatar: str) -> None:
    Path("talk.ssml").write_text('<speak><insert-action type="nonsense"/>Hello</speak>')
    rows = [{"name": f"v{number}", "avatar": avatar, "ssml": "talk.ssml"} for number in range(3)]
    Path("list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    ran = on("video", "batch", "list.jsonl", "--out", "out/", code=None)
    asked = [entry["operation"] for entry in sandbox.journal()]
    assert asked.count("avatar.actions") <= 1, "three videos of one avatar are one question"
    assert made(sandbox) == 0 or "talk.ssml" in ran.err


# Told --------------------------------------------------------------------------------------------------


def test_reports_tell_what_became_of_each(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801010, "times": 1}])
    files = ("--report", "r/report.json", "--junit", "r/junit.xml")
    Path("summary.md").write_text("before\n")
    ran = on(
        "video", "batch", listed(avatar, 3), "--out", "out/", "--concurrency", 1, *files, "--annotations", "github",
        code=7, GITHUB_STEP_SUMMARY=str(Path("summary.md").absolute()),
    )  # fmt: skip
    report = json.loads(Path("r/report.json").read_text())
    assert report["ExitCode"] == 7 and report["Totals"]["failed"] == 1 and report["Totals"]["done"] == 2
    assert [item["Name"] for item in report["Items"]] == ["v0", "v1", "v2"]
    suite = ElementTree.parse("r/junit.xml").getroot()[0]
    assert suite.attrib["tests"] == "3" and suite.attrib["failures"] == "1"
    assert suite[0].find("failure") is not None and suite[1].find("failure") is None
    assert "::error file=list.jsonl,line=1,col=1,title=v0%3A failed::" in ran.err
    summary = Path("summary.md").read_text()
    assert summary.startswith("before\n### list.jsonl\n") and "| v0 | failed |" in summary
    assert sandbox.access_token not in Path("r/report.json").read_text()


def test_problems_of_a_list_are_annotated(on: On, avatar: str) -> None:
    ran = on("video", "batch", listed(avatar, 1, speed=3), "--annotations", "github", code=2)
    assert "::error file=list.jsonl,line=1,col=" in ran.err and "v0: speed 3" in ran.err


def test_a_log_has_a_line_for_each_change(on: On, avatar: str) -> None:
    err = on("video", "batch", listed(avatar, 2), "--out", "out/").err
    assert "2 videos: 2 to make; about" in err and "v0: submitted as" in err
    assert "v1: done (2 of 2)" in err or "v0: done (2 of 2)" in err
    assert on("video", "batch", "list.jsonl", "--out", "out/", "--quiet").err == ""


def test_a_list_comes_from_stdin(on: On, avatar: str, sandbox: Hosted) -> None:
    line = json.dumps({"name": "a", "avatar": avatar, "text": "Hello"}).encode()
    on("video", "batch", "-", "--out", "out/", stdin=line)
    document = f"videos: [{{name: a, avatar: {avatar}, text: Hello}}]".encode()
    assert by_name(on("video", "batch", "-", "--out", "out/", stdin=document))["a"]["Action"] == "skip"


def test_the_profiles_avatar_holds_for_a_list(on: On, avatar: str) -> None:
    Path("list.csv").write_text("name,text\na,Hello\n")
    assert "avatar is required" in on("video", "batch", "list.csv", "--out", "out/", code=2).err


def test_a_batch_of_hundreds_is_planned_in_a_moment(on: On, avatar: str) -> None:
    started = time.monotonic()
    assert len(on("video", "batch", listed(avatar, 500), "--dry-run", "-o", "id").out.split()) == 500
    assert time.monotonic() - started < 20
