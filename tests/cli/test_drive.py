"""Live sessions over their channel: what is said arrives, what happens is told, what can't be meant is refused."""

from __future__ import annotations

import json
import os
import struct
import time
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli import config
from tadh_cli.engine.clock import Clock
from tadh_cli.engine.turns import Turns
from tadh_cli.sandbox.hosting import Hosted
from tests.media import sound as compressed
from tests.media import wav
from tests.program import Ran

On = Callable[..., Ran]
EMOJI = "你好，世界。👩‍👩‍👧 said hello. 再见！"


@pytest.fixture
def session(on: On, avatar: str) -> str:
    """The id of a started session."""
    return on("session", "create", "--avatar", avatar, "--start", "-o", "id").out.strip()


@pytest.fixture
def speech() -> bytes:
    """A second and a bit of PCM, no sample like the next."""
    return b"".join(struct.pack("<h", (n * 7919) % 60_000 - 30_000) for n in range(18_001))


def opened(on: On) -> list[str]:
    return [str(session["SessionId"]) for session in on("session", "list").json]


def arrived(on: On, session_id: str) -> tuple[bytes, str]:
    """Sound and text that arrived at the service."""
    on("sandbox", "session", session_id, "--audio", "out.wav", "--transcript", "out.txt")
    sound = b""
    if Path("out.wav").exists():
        with wave.open("out.wav") as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
            sound = file.readframes(file.getnframes())
    return sound, Path("out.txt").read_text("utf-8") if Path("out.txt").exists() else ""


def statuses(name: str) -> list[str]:
    return [json.loads(line)["Payload"].get("SpeakStatus") for line in Path(name).read_text("utf-8").splitlines()]


# What is said ------------------------------------------------------------------------------------------


def test_a_wav_arrives_sample_by_sample(on: On, session: str, speech: bytes) -> None:
    with wave.open("voice.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(speech)
    ran = on("session", "drive", session, "--audio", "voice.wav", "--burst", 6, "--events", "events.ndjson")
    report = ran.json
    assert arrived(on, session)[0] == speech
    assert (report["SessionId"], report["Packets"], report["SoundMs"], report["FinalType"]) == (session, 8, 1125, 1)
    assert (report["LostPackets"], report["Underruns"], len(report["ReqIds"])) == (0, 0, 1)
    assert set(report) >= {"Ratio", "JitterP50Ms", "JitterP99Ms", "JitterMaxMs", "Slips", "Bytes", "Seconds"}
    assert statuses("events.ndjson")[-1] == "AudioOver"
    assert "channel open" in ran.err and "AudioOver" in ran.err


def test_any_other_sound_arrives_converted(on: On, session: str) -> None:
    from tadh_cli.media.pcm import sound

    path = compressed(Path("语音.mp3"), seconds=1.0)
    on("session", "drive", session, "--audio", path, "--burst", 6)
    assert arrived(on, session)[0] == b"".join(sound("--audio", str(path), print).chunks)


def test_raw_sound_and_live_sound_arrive_whole(on: On, session: str, speech: bytes) -> None:
    Path("a.pcm").write_bytes(speech + b"x")
    ran = on("session", "drive", session, "--pcm", "a.pcm", "--live")
    assert arrived(on, session)[0] == speech and "in the middle of a sample" in ran.err


def test_a_long_text_arrives_whole_in_parts_a_second_apart(on: On, session: str) -> None:
    Path("t.txt").write_text("Fish & chips.\n\n第二段。", "utf-8")
    report = on("session", "drive", session, "--text", "@t.txt", "--chat-command", "NotUseChat").json
    assert report["Sent"] == 2 and report["Seconds"] > 1
    text = arrived(on, session)[1]
    assert "Fish &amp; chips." in text and "第二段。" in text


@pytest.mark.parametrize("interrupts", [False, True])
@pytest.mark.parametrize("what", ["audio", "text", "stream"])
def test_what_somebody_else_says_is_waited_for_or_cut_off(
    on: On, session: str, sandbox: Hosted, what: str, interrupts: bool
) -> None:
    Path("v.wav").write_bytes(wav(seconds=0.1))
    Path("t.txt").write_text("Hello.", "utf-8")
    on("session", "say", session, "数" * 1300)
    time.sleep(1.05)  # texts are more than a second apart, whoever says them
    said = {"audio": "v.wav", "text": "Hello.", "stream": "t.txt"}[what]
    ran = on("session", "drive", session, f"--{what}", said, *(["--interrupt"] if interrupts else []))
    assert ("waiting for the end" in ran.err) is not interrupts
    found = sandbox.session(session)
    first = found["Drives"][0]
    assert found["Refusals"] == [] and (first["EndedAt"] - first["BeganAt"] < 2.9) is interrupts
    assert on("session", "status", session).json["SpeakStatus"].endswith("Over")


def test_a_question_for_a_model_is_sent_as_it_is(on: On, avatar: str) -> None:
    def text(*args: str) -> str:
        shown = on("session", "drive", "m1", "--text", "Is 1 < 2 & what is <b>?", *args, "--dry-run").json
        return str(shown["Text"])

    assert text("--chat-round-id", "r1") == text("--visitor-id", "v1") == "Is 1 < 2 & what is <b>?"
    said = "Is 1 &lt; 2 &amp; what is &lt;b&gt;?"
    assert text() == text("--visitor-id", "v1", "--chat-command", "notusechat") == said


def test_a_chat_command_is_spelled_as_the_service_does(on: On, session: str, sandbox: Hosted) -> None:
    on("session", "drive", session, "--text", "Hi", "--chat-command", "NOTUSECHAT")
    assert sandbox.session(session)["Refusals"] == []


@pytest.mark.parametrize("more", [(), ("--sentences",)])
def test_streamed_text_arrives_whole(on: On, session: str, more: tuple[str, ...]) -> None:
    Path("t.txt").write_text(EMOJI, "utf-8")
    on("session", "drive", session, "--stream", "t.txt", *more)
    assert "".join(arrived(on, session)[1].split()) == "".join(EMOJI.split())


def test_a_clause_is_inserted(on: On, session: str) -> None:
    Path("t.txt").write_text("The first clause is here. The second clause is here. The third clause is here.")
    on("session", "drive", session, "--stream", "t.txt", "--sentences", "--insert", "An inserted clause is here.")
    assert "An inserted clause is here." in arrived(on, session)[1]


def test_frames_on_stdout_are_all_there_is_on_it(on: On, session: str) -> None:
    lines = on("session", "drive", session, "--text", "Hi", "--events", "-").out.splitlines()
    frames = [json.loads(line) for line in lines]
    assert frames[-1]["Payload"]["SpeakStatus"] == "TextOver" and frames[0]["ReceivedAt"].endswith("Z")
    both = on("session", "drive", session, "--text", "Hi", "--events", "-", "-o", "ndjson").out.splitlines()
    assert json.loads(both[-1])["Said"] == 1 and "Payload" in json.loads(both[0])


# Sessions that can be driven ----------------------------------------------------------------------------


def test_one_that_is_not_started_is_refused_with_the_way_to_start_it(on: On, avatar: str) -> None:
    id = on("session", "create", "--avatar", avatar, "--wait", "-o", "id").out.strip()
    ran = on("session", "drive", id, "--text", "Hi", code=11)
    assert f"session start {id} --wait" in ran.error["Hint"] and "is not started" in ran.error["Message"]


def test_one_that_is_preparing_closed_or_failed_is_refused(on: On, session: str, sandbox: Hosted) -> None:
    for status, code in ((3, 11), (4, 7), (2, 5)):
        sandbox.set_faults([{"operation": "session.get", "replace": "SessionStatus", "by": status}])
        assert on("session", "drive", session, "--text", "Hi", code=code).error["TaskId"] == session
    sandbox.clear_faults()
    assert on("session", "drive", "m1", "--text", "Hi", code=5)


def test_only_one_process_drives_a_session(on: On, session: str) -> None:
    with Turns(config.sessions_dir(), Clock()).driving(session):
        ran = on("session", "drive", session, "--text", "Hi", code=11)
    assert f"process {os.getpid()}" in ran.err
    on("session", "drive", session, "--text", "Hi")


def test_a_failed_text_is_told_with_the_report(on: On, session: str) -> None:
    ran = on("session", "drive", session, "--text", "SENSITIVE words", code=None)
    assert ran.code in (10, 11) and ran.json["Failures"]


def test_a_hard_stop_says_that_something_is_left(on: On, session: str) -> None:
    Path("v.wav").write_bytes(wav(seconds=5.0))
    ran = on("session", "drive", session, "--audio", "v.wav", "--max-duration", "700ms", code=8)
    assert ran.json["WasStopped"] and ran.json["SoundMs"] < 5000
    assert 0 < len(arrived(on, session)[0]) < 5 * 32_000


def test_a_channel_is_held_after_all_is_said(on: On, session: str) -> None:
    report = on("session", "drive", session, "--text", "Hi", "--keep-alive", "--max-duration", "900ms").json
    assert report["Seconds"] >= 0.9 and report["Said"] == 1


# All in one --------------------------------------------------------------------------------------------


def test_a_run_opens_drives_and_closes(on: On, avatar: str) -> None:
    ran = on("session", "run", "--avatar", avatar, "--text", "Hello.")
    record = ran.json
    assert ran.err.index("play address") < ran.err.index("TextStart")
    assert (record["Status"], record["Said"], record["SessionStatus"]) == ("CLOSED", 1, 2)
    assert record["PlayStreamAddr"] and opened(on) == []
    assert on("task", "show", record["TaskId"]).json["State"] == "done"


def test_as_it_comes_the_session_is_told_before_the_report(on: On, avatar: str) -> None:
    first, last = on("session", "run", "--avatar", avatar, "--text", "Hello.", "-o", "ndjson").out.splitlines()
    assert json.loads(first)["PlayStreamAddr"] and json.loads(last)["Said"] == 1


def test_a_run_that_fails_leaves_nothing_open(on: On, avatar: str, sandbox: Hosted) -> None:
    for rule in (
        {"operation": "session.start", "code": 100001},
        {"operation": "channel", "http": 503},
        {"operation": "session.get", "replace": "SessionStatus", "by": 4},
    ):
        sandbox.set_faults([rule])
        assert on("session", "run", "--avatar", avatar, "--text", "Hi", "--max-duration", "3s", code=None).code > 0
        sandbox.clear_faults()
        assert opened(on) == []


def test_the_time_a_run_may_take_includes_getting_ready(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "session.get", "replace": "SessionStatus", "by": 3}])
    on("session", "run", "--avatar", avatar, "--text", "Hi", "--max-duration", "400ms", code=8)
    sandbox.clear_faults()
    assert opened(on) == []


# What can't be meant -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--text", "a", "--audio", "b"), "--text and --audio exclude each other"),
        (("--audio", "v.wav", "--live"), "--live needs --pcm"),
        (("--text", "a", "--insert", "b"), "--insert needs --sentences"),
        (("--text", "a", "--sentences"), "--sentences needs --stream"),
        (("--text", "a", "--smart-actions"), "--smart-actions needs --stream"),
        (("--text", "a", "--burst", 1), "--burst needs --audio or --pcm"),
        (("--audio", "v.wav", "--burst", 7), "--burst 7 is outside 0..6"),
        (("--audio", "v.wav", "--chat-command", "NotUseChat"), "--chat-command needs --text"),
        (("--text", "Hi", "--chat-command", "use"), "--chat-command 'use' is not one of NotUseChat"),
        (("--text", "a", "--visitor-id", "v" * 65), "--visitor-id has 65 characters, at most 64"),
        (("--text", "a", "--max-duration", "0s"), "--max-duration has to be more than nothing"),
        (("--text", "a", "--max-duration", "soon"), "--max-duration 'soon' is not a duration"),
        (("--text", "a", "--events", "-", "-o", "json"), "--events - and -o json both write to stdout"),
        (("--text", "a", "--events", "-", "--query", "Said"), "--events - and --query both write to stdout"),
        (("--text", "a", "--events", "/nowhere/e"), "--events /nowhere/e can't be written"),
        (("--text", " "), "--text is empty"),
        (("--text", "<speak>a"), "--text:1:"),
        (("--audio", "nowhere.wav"), "--audio nowhere.wav no such file"),
        (("--stream", "nowhere.txt"), "--stream nowhere.txt"),
        ((), "--text, --stream, --audio or --pcm is required"),
    ],
)
def test_what_can_not_be_meant_is_refused_before_anything_is_sent(
    on: On, sandbox: Hosted, args: tuple[object, ...], told: str
) -> None:
    Path("v.wav").write_bytes(wav(seconds=0.1))
    for command in (("drive", "m1"), ("run", "--avatar", "A")):
        assert told in on("session", *command, *args, code=2).err
    assert sandbox.journal() == []


def test_what_helps_with_an_input_is_no_problem_of_its_own(on: On) -> None:
    Path("random.mp3").write_bytes(bytes(range(1, 200)) * 40)
    told = on("session", "drive", "m1", "--audio", "random.mp3", code=2).error["Message"]
    assert told.startswith("--audio random.mp3 is no sound that can be read: is it complete?")


def test_problems_of_session_and_script_are_told_together(on: On) -> None:
    err = on("session", "run", "--speed", "x", "--text", "a", "--live", "--driver", "text", "--pcm", "p", code=2).err
    assert "--speed 'x' is not a number" in err and "exclude each other" in err and "need --driver audio" in err


def test_a_drive_can_be_rehearsed(on: On, sandbox: Hosted) -> None:
    Path("v.wav").write_bytes(wav(seconds=0.5))
    shown = on("session", "drive", "m1", "--audio", "v.wav", "--dry-run").json
    assert shown["Seconds"] == 0.5 and "requestid=m1" in shown["Url"] and "signature=***" in shown["Url"]
    body = on("session", "run", "--avatar", "A", "--text", "Hi", "--dry-run").json
    assert body["Text"] == "Hi" and body["Body"]["Payload"]["AssetVirtualmanKey"] == "A"
    assert sandbox.journal() == []


def test_a_stream_that_brings_nothing_is_no_success(on: On, session: str) -> None:
    """A model that crashed at once has said nothing."""
    Path("empty.txt").touch()
    ran = on("session", "drive", session, "--stream", "empty.txt", code=2)
    assert "--stream brought no text" in ran.err and ran.json["Sent"] == 0


def test_the_end_of_the_time_is_told_as_it_was_given(on: On, avatar: str) -> None:
    Path("long.wav").write_bytes(wav(seconds=9.0))
    began_s = time.monotonic()
    ran = on("session", "run", "--avatar", avatar, "--audio", "long.wav", "--max-duration", "3s", code=8)
    assert "--max-duration 3s is over" in ran.err and time.monotonic() - began_s < 8 and opened(on) == []
