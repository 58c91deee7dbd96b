"""Avatars and voices, from the material to the key."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.footage import film, mp3, pdf, photo, speech
from tests.objects import stored
from tests.program import Ran

On = Callable[..., Ran]


@pytest.fixture
def portrait() -> Path:
    return photo(Path("portrait.jpg"))


def customized(on: On, *more: object, name: str = "Wuji", code: int | None = 0) -> Ran:
    """A photo avatar."""
    args = ("--type", "photo", "--name", name, "--gender", "male", "--material", "portrait.jpg")
    return on("avatar", "customize", *args, *more, code=code)


@pytest.fixture
def studio(on: On) -> str:
    """The id of a studio avatar that waits for a decision."""
    film(Path("training.mp4"), seconds=121)
    pdf(Path("letter.pdf"))
    args = ("--type", "studio", "--name", "Our-Host", "--gender", "female", "--material", "training.mp4")
    ran = on("avatar", "customize", *args, "--identity-pdf", "letter.pdf", "--wait")
    task: str = ran.json["TaskId"]
    assert ran.json["StageV2"] == "CONFIRM" and f"avatar confirm {task}" in ran.err
    return task


# Avatars -----------------------------------------------------------------------------------------------


def test_a_photo_becomes_an_avatar_that_speaks(on: On, portrait: Path) -> None:
    made = customized(on, "--wait").json
    assert (made["Status"], made["StageV2"], made["Kind"], made["Resolution"]) == (
        "SUCCESS",
        "END",
        "avatar",
        "720x1280",
    )
    assert made["VirtualmanKey"] in on("avatar", "list", "--search", "Wuji", "-o", "id").out
    video = on("video", "create", "--avatar", made["VirtualmanKey"], "--text", "Hello", "--wait").json
    assert video["Status"] == "SUCCESS"


def test_without_wait_the_task_is_told_and_found_again(on: On, portrait: Path) -> None:
    task = customized(on, "-o", "id").out.strip()
    assert on("avatar", "status", task).json["TaskId"] == task
    assert [record["TaskId"] for record in on("avatar", "status", "--all").json] == [task]
    assert on("avatar", "wait", task).json["VirtualmanKey"]
    assert on("avatar", "status", "--all").json == []
    assert on("task", "show", task).json["VirtualmanKey"]


def test_a_demo_is_rejected_then_accepted(on: On, studio: str) -> None:
    first = on("avatar", "status", studio).json
    assert len(first["DemoUrls"]) == 1 and "TrainRecord" not in first
    rejected = on("avatar", "reject", studio, "--reason", "The mouth lags behind the sound.").json
    assert rejected["StageV2"] in ("TRAIN", "CONFIRM")
    second = on("avatar", "wait", studio).json
    assert second["StageV2"] == "CONFIRM" and second["TrainRecord"][0]["Record"] == first["DemoUrls"]
    assert second["DemoUrls"] != first["DemoUrls"]
    assert on("avatar", "confirm", studio).json["Status"] == "SUCCESS"
    done = on("avatar", "wait", studio).json
    # The service tells no key with a studio avatar: it is found by its name.
    assert done["VirtualmanKey"] in on("avatar", "list", "--search", "Our-Host", "-o", "id").out
    assert on("task", "show", studio).json["VirtualmanKey"] == done["VirtualmanKey"]


def test_the_demo_is_accepted_unseen_only_when_asked_for(on: On, studio: str, sandbox: Hosted) -> None:
    assert sandbox.journal("customization.confirm") == []
    assert on("avatar", "wait", studio, "--auto-confirm").json["Status"] == "SUCCESS"
    assert len(sandbox.journal("customization.confirm")) == 1


def test_links_of_the_demo_are_told_to_people(on: On, studio: str) -> None:
    ran = on("avatar", "wait", studio)
    assert f"demo: {ran.json['DemoUrls'][0]}" in ran.err and f"avatar reject {studio} --reason TEXT" in ran.err


def test_stages_are_told_as_they_pass(on: On, portrait: Path) -> None:
    ran = customized(on, "--wait")
    assert "END SUCCESS" in ran.err and ran.err.index("submitted") < ran.err.index("END SUCCESS")


def test_a_decision_at_the_wrong_moment_is_refused(on: On, portrait: Path) -> None:
    made = customized(on, "--wait").json
    assert on("avatar", "confirm", made["TaskId"], code=None).code in (5, 11)


def test_a_rejection_needs_a_reason(on: On, sandbox: Hosted) -> None:
    assert "--reason is required" in on("avatar", "reject", "T1", code=2).err
    assert on("avatar", "reject", "T1", "--reason", "x" * 301, code=2)
    assert sandbox.journal() == []


def test_a_decision_can_be_rehearsed(on: On, sandbox: Hosted) -> None:
    body = on("avatar", "reject", "T1", "--reason", "Too dark.", "--dry-run").json["Body"]["Payload"]
    assert body == {"TaskId": "T1", "Operate": "REJECT", "Reason": "Too dark."} and sandbox.journal() == []


def test_a_lost_answer_to_a_decision_is_not_repeated(on: On, studio: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "customization.confirm", "reset": "after", "times": 1}])
    assert on("avatar", "confirm", studio).json["Status"] == "SUCCESS"
    assert len(sandbox.journal("customization.confirm")) == 1


def test_a_decision_that_was_lost_on_its_way_is_told(on: On, studio: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "customization.confirm", "reset": "before", "times": 1}])
    ran = on("avatar", "confirm", studio, code=12)
    assert f"avatar status {studio}` tells whether" in ran.error["Hint"]
    assert len(sandbox.journal("customization.confirm")) == 1


def test_a_demo_without_a_readable_link_is_warned_about(on: On, studio: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "customization.get", "replace": "StageInfo", "by": "{broken"}])
    assert "no link to a demo that can be read; it says: {broken" in on("avatar", "wait", studio).err


def test_an_entry_without_an_id_can_not_be_decided(on: On, portrait: Path, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "customization.create", "reset": "after", "times": 1}])
    customized(on, code=12)
    assert on("avatar", "confirm", "#1", code=12).error["TaskId"] == "#1"
    assert sandbox.journal("customization.confirm") == []


def test_status_keeps_the_key_that_was_found(on: On, studio: str) -> None:
    done = on("avatar", "wait", studio, "--auto-confirm").json
    assert on("avatar", "status", studio).json["VirtualmanKey"] == done["VirtualmanKey"]
    assert on("task", "show", studio).json["VirtualmanKey"] == done["VirtualmanKey"]


# What is wrong is told before anything is sent ---------------------------------------------------------


def test_everything_that_is_wrong_is_told_at_once(on: On, sandbox: Hosted) -> None:
    Path("notes.txt").write_text("no video")
    ran = on(
        *("avatar", "customize", "--type", "studio", "--name", "a b", "--material", "notes.txt"),
        *("--identity-pdf", "none.pdf", "--notes", "x" * 101, "--demo-text", "Hi", "--set", "x"),
        code=2,
    )
    named = (
        "--name",
        "--gender is required",
        "--material notes.txt",
        "--identity-pdf none.pdf",
        "--notes",
        "--set 'x'",
    )
    assert [flag for flag in (*named, "--demo-text") if flag not in ran.err] == []
    assert sandbox.journal() == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("avatar", "customize", "--type", "studio", "--material", "https://a/b.mp4"), "--identity-video is required"),
        (
            ("avatar", "customize", "--type", "studio", "--material", "https://a/b.mp4"),
            "required for studio: an authorization letter, as a video or as a PDF (--identity-pdf)",
        ),
        (("avatar", "customize", "--demo-text", "Hello", "--demo-audio", "https://a/b.wav"), "exclude each other"),
        (("avatar", "customize", "--type", "photo"), "--material is required"),
        (("avatar", "customize"), "--type is required"),
        (("avatar", "customize", "--type", "hologram"), "--type 'hologram' is not one of studio, instant, 4k, photo"),
        (("voice", "clone", "--edition", "basic"), "--material is required"),
        (("voice", "clone", "--edition", "basic", "--audio", "a.wav"), "--audio does not belong to --edition basic"),
        (("voice", "clone", "--edition", "ultra"), "exactly one of --audio and --audio-id"),
        (("voice", "clone", "--edition", "ultra", "--audio-id", "1", "--audio", "https://a/b"), "exactly one of"),
        (
            ("voice", "clone", "--edition", "ultra", "--audio-id", "1", "--material", "a.zip"),
            "--material does not belong",
        ),
        (("voice", "clone"), "--edition is required"),
        (("voice", "check", "https://a/b.wav"), "--edition is required"),
        (
            ("voice", "check", "https://a/b.wav", "--edition", "basic", "--text-id", "1"),
            "--text-id needs --edition ultra",
        ),
        (
            ("voice", "check", "https://a/b.wav", "--edition", "ultra", "--text-id", "1", "--text", "Hi"),
            "--text and --text-id exclude each other",
        ),
    ],
)
def test_what_belongs_together_is_checked(on: On, sandbox: Hosted, args: tuple[str, ...], words: str) -> None:
    assert words in on(*args, code=2).err
    assert sandbox.journal() == []


def test_the_request_is_shown_and_the_files_that_would_be_uploaded(on: On, portrait: Path, sandbox: Hosted) -> None:
    shown = customized(on, "--notes", "for the shop", "--keep-background", "--dry-run").json
    body = shown["Body"]["Payload"]
    assert (body["MakeType"], body["AnchorName"], body["SexType"]) == ("IMAGE_PHOTO", "Wuji", "MALE")
    assert (body["Notes"], body["IsHaveBackground"]) == ("for the shop", True)
    assert shown["Uploads"] == [{"File": "portrait.jpg", "Bytes": portrait.stat().st_size, "Folder": "photo/"}]
    assert sandbox.journal() == [] and "signature=***" in shown["Url"]


def test_a_refused_file_can_be_sent_all_the_same(on: On) -> None:
    photo(Path("portrait.jpg"), (600, 400))
    assert "ratio" in customized(on, code=2).err
    refused = customized(on, "--skip-checks", "--wait", code=7)
    assert refused.json["Status"] == "FAIL" and refused.json["StageV2"] == "AUDIT"


def test_a_url_is_passed_on_and_nothing_is_uploaded(on: On, sandbox: Hosted) -> None:
    args = (
        "--type",
        "photo",
        "--name",
        "Wuji",
        "--gender",
        "male",
        "--material",
        "https://cos.example.com/photo/a.jpg",
    )
    failed = on("avatar", "customize", *args, "--wait", code=7)
    assert "MaterialCosUrl" in failed.err and "avatar check" in failed.error["Hint"]
    assert sandbox.journal("assets.credentials") == []


# Money -------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_in_the_ledger_and_the_uploads_are_not_lost(on: On, portrait: Path, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "customization.create", "reset": "after", "times": 1}])
    ran = customized(on, code=12)
    assert len(sandbox.journal("customization.create")) == 1
    assert "--material http" in ran.error["Hint"] and "/photo/portrait-" in ran.error["Hint"]
    assert on("task", "list").json[0]["Status"] == "UNKNOWN"


def test_a_name_of_an_unknown_outcome_is_not_to_be_replaced(on: On, portrait: Path, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "customization.create", "reset": "after", "times": 1}])
    customized(on, code=12)
    ran = customized(on, code=11)
    assert "#1 in the ledger has this name" in ran.err and "do not order it again" in ran.error["Hint"]


def test_a_ledger_that_can_not_be_written_is_told_before_an_upload(on: On, portrait: Path, sandbox: Hosted) -> None:
    on("task", "list")
    ledger = Path(os.environ["TADH_STATE_DIR"]) / "ledger.db"
    ledger.write_bytes(b"this is no database" * 100)
    customized(on, code=3)
    assert sandbox.journal("cos.put") == []


def test_a_name_that_exists_is_told_as_such(on: On, portrait: Path) -> None:
    customized(on)
    ran = customized(on, code=11)
    assert ran.error["Code"] == 110005 and "has Wuji already" in ran.error["Hint"]
    assert "--material http" in ran.error["Hint"]


# Voices ------------------------------------------------------------------------------------------------


def cloned(on: On, *more: object, code: int | None = 0) -> Ran:
    return on("voice", "clone", "--name", "Anna", "--gender", "female", *more, code=code)


def test_a_folder_of_recordings_becomes_a_voice(on: On, sandbox: Hosted) -> None:
    Path("recordings").mkdir()
    speech(Path("recordings/第 1 段.wav"), seconds=310)
    speech(Path("recordings/b.WAV"), seconds=311)
    pdf(Path("letter.pdf"))
    args = ("--edition", "basic", "--material", "recordings", "--identity-pdf", "letter.pdf")
    ran = cloned(on, *args, "--wait", "--auto-confirm")
    assert (ran.json["Kind"], ran.json["Status"]) == ("voice", "SUCCESS")
    assert ran.json["TimbreKey"] in on("voice", "list", "--search", "Anna", "-o", "id").out
    material = on("task", "show", ran.json["TaskId"]).json["Request"]["MaterialCosUrl"]
    with ZipFile(io.BytesIO(stored(sandbox, material))) as archive:
        names = archive.namelist()
        contents = [archive.read(name) for name in names]
    assert all(name.endswith(".wav") and name.isascii() and " " not in name for name in names)
    originals = [Path("recordings/第 1 段.wav").read_bytes(), Path("recordings/b.WAV").read_bytes()]
    assert sorted(contents) == sorted(originals)
    speaks = on("voice", "speak", "--voice", ran.json["TimbreKey"], "--text", "Hi", "--wait").json
    assert speaks["Status"] == "SUCCESS"


def test_recordings_may_be_named_one_by_one(on: On) -> None:
    for name in ("a.wav", "b.wav"):
        speech(Path(name), seconds=305)
    pdf(Path("letter.pdf"))
    args = ("--edition", "basic", "--material", "a.wav", "b.wav", "--identity-pdf", "letter.pdf", "--dry-run")
    shown = cloned(on, *args).json
    assert [upload["Folder"] for upload in shown["Uploads"]] == ["idcard/", "audio/"]
    assert shown["Uploads"][1]["Bytes"] > 2 * 305 * 48_000


def test_unfit_recordings_are_told_with_all_other_problems(on: On, sandbox: Hosted) -> None:
    speech(Path("a.wav"), seconds=5, rate_hz=8_000)
    ran = cloned(on, "--edition", "basic", "--material", "a.wav", "--notes", "x" * 101, code=2)
    assert all(words in ran.err for words in ("a.wav", "8,000", "--notes", "--identity-video"))
    assert sandbox.journal() == []


@pytest.mark.parametrize(
    ("material", "words"),
    [
        (["missing.wav"], "missing.wav: no such file"),
        (["nodir/"], "nodir: no such file"),
        (["empty"], "there is no WAV"),
        (["a.wav", "https://x/y.zip"], "https://x/y.zip is a URL"),
    ],
)
def test_recordings_that_are_not_there_are_told(on: On, sandbox: Hosted, material: list[str], words: str) -> None:
    Path("empty").mkdir()
    speech(Path("a.wav"), seconds=1)
    flags = [part for name in material for part in ("--material", name)]
    ran = cloned(on, "--edition", "basic", *flags, code=2)
    assert words in ran.err and "--identity-video is required" in ran.err and sandbox.journal() == []


def test_the_packed_recordings_do_not_stay(on: On) -> None:
    speech(Path("a.wav"), seconds=610)
    pdf(Path("letter.pdf"))
    cloned(on, "--edition", "basic", "--material", "a.wav", "--identity-pdf", "letter.pdf")
    uploads = Path(os.environ["TADH_STATE_DIR"]) / "uploads"
    assert [path.name for path in uploads.iterdir()] == []


def test_the_text_of_a_demo_is_checked_before_a_recording_is_sent(on: On, sandbox: Hosted) -> None:
    mp3(Path("recording.mp3"), seconds=15)
    for given in ("@none.txt", "x" * 1001, "Hi"):
        args = ("--edition", "ultra", "--audio", "recording.mp3", "--demo-text", given)
        assert "--demo-text" in cloned(on, *args, code=2).err
    assert sandbox.journal() == []


def test_one_recording_becomes_a_voice_in_one_command(on: On, sandbox: Hosted) -> None:
    mp3(Path("recording.mp3"), seconds=15)
    text = on("voice", "texts").json[0]["TextId"]
    ran = cloned(on, "--edition", "ultra", "--audio", "recording.mp3", "--text-id", text, "--wait")
    assert ran.json["TimbreKey"] in on("voice", "list", "--search", "Anna", "-o", "id").out
    calls = [entry["operation"] for entry in sandbox.journal() if entry["operation"].endswith(".create")]
    assert calls == ["ultra-check.create", "customization.create"]


def test_a_noisy_recording_is_not_cloned(on: On, sandbox: Hosted) -> None:
    mp3(Path("recording.mp3"), seconds=15, noise=0.3)
    ran = cloned(on, "--edition", "ultra", "--audio", "recording.mp3", "--wait", code=7)
    assert "noise" in ran.err and "quiet" in ran.error["Hint"] and ran.json["Passed"] is False
    assert sandbox.journal("customization.create") == []


def test_a_recording_that_passed_once_is_cloned_by_its_id(on: On) -> None:
    mp3(Path("recording.mp3"), seconds=15)
    passed = on("voice", "check", "recording.mp3", "--edition", "ultra", "--wait").json
    assert passed["Passed"] is True and passed["Kind"] == "voice-check"
    assert cloned(on, "--edition", "ultra", "--audio-id", passed["AudioId"], "--wait").json["TimbreKey"]


def test_a_clone_that_fails_after_its_inspection_keeps_the_recording(on: On, sandbox: Hosted) -> None:
    mp3(Path("recording.mp3"), seconds=15)
    sandbox.set_faults([{"operation": "customization.create", "code": 100013, "times": 1}])
    ran = cloned(on, "--edition", "ultra", "--audio", "recording.mp3", code=6)
    assert "--audio-id" in ran.error["Hint"]


def test_both_requests_of_an_ultra_clone_are_rehearsed(on: On, sandbox: Hosted) -> None:
    mp3(Path("recording.mp3"), seconds=15)
    shown = cloned(on, "--edition", "ultra", "--audio", "recording.mp3", "--dry-run").json
    assert shown["Body"]["Payload"]["MakeType"] == "ZERO_SHOT_VOICE"
    assert shown["Before"]["Uploads"][0]["Folder"] == "zeroshot/" and sandbox.journal() == []


def test_every_metric_is_shown_beside_its_range(on: On) -> None:
    speech(Path("recording.wav"), seconds=601)
    text = "One two three four five six. " * 160
    passed = on("voice", "check", "recording.wav", "--edition", "basic", "--text", text, "--wait", code=None)
    assert [metric["Metric"] for metric in passed.json["Metrics"]] == ["Snr", "C50", "Clipping", "Duration", "Wer"]
    shown = on("voice", "check-status", passed.json["TaskId"], "--edition", "basic", "-o", "table", code=None)
    assert "600 or more" in shown.out and "as written" in shown.out and "QualifiedRange" not in shown.out


def test_a_short_recording_does_not_pass(on: On) -> None:
    speech(Path("recording.wav"), seconds=20)
    task = on("voice", "check", "recording.wav", "--edition", "basic", "--skip-checks").json["TaskId"]
    ran = on("voice", "check-status", task, "--edition", "basic", "--wait", code=7)
    shown = on("voice", "check-status", task, "--edition", "basic", "-o", "table", code=7).out
    assert "NOT passed" in shown and "QualifiedRange" not in shown
    assert "Duration" in ran.err and ran.json["Passed"] is False and "10 minutes" in ran.error["Hint"]


# Many at once ------------------------------------------------------------------------------------------


def test_many_avatars_are_waited_for_together(on: On, portrait: Path) -> None:
    ids = [customized(on, name=name).json["TaskId"] for name in ("Wuji-1", "Wuji-2", "Wuji-3")]
    found = on("avatar", "wait", *ids, ids[0]).json
    assert [record["TaskId"] for record in found] == ids and {record["Status"] for record in found} == {"SUCCESS"}
    assert len({record["VirtualmanKey"] for record in found}) == 3


def test_many_voices_are_waited_for_together(on: On) -> None:
    mp3(Path("recording.mp3"), seconds=15)
    args = ("--edition", "ultra", "--audio", "recording.mp3")
    ids = [cloned(on, *args, "--name", name).json["TaskId"] for name in ("Anna-1", "Anna-2")]
    found = on("voice", "wait", *ids).json
    assert [record["TaskId"] for record in found] == ids and len({record["TimbreKey"] for record in found}) == 2
    on("voice", "wait", ids[0], "0" * 32, code=5)
