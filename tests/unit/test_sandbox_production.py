"""What orders for videos and audios are refused for, and how accepted ones go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.sandbox import account, orders
from tadh_cli.sandbox.catalogue import DAY_S
from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.jobs import Audio, JobFailed, Video
from tadh_cli.sandbox.progress import Task, ending, standing
from tests.unit.sandbox_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.state.close()


def video(bench: Bench, operation: str = "video.create", **more: Any) -> tuple[int, dict[str, Any]]:
    payload = {"VirtualmanKey": bench.avatar(), "InputSsml": "Hello", "SpeechParam": {"Speed": 1.0}, **more}
    return bench.call(operation, **{name: value for name, value in payload.items() if value is not None})


def audio(bench: Bench, **more: Any) -> tuple[int, dict[str, Any]]:
    return bench.call("audio.create", **{"TimbreKey": "female_1", "InputSsml": "Hello", "Speed": 1.0, **more})


def job(bench: Bench, **more: Any) -> Video:
    """The job that an advanced video becomes."""
    _, answer = video(bench, "video.create-advanced", **more)
    task = bench.service.tasks.get(answer["TaskID"])
    assert task is not None
    made = orders.job_of(bench.service, task, Path("/results"))
    assert isinstance(made, Video)
    return made


def test_a_video_waits_is_made_and_succeeds_when_its_file_is_there(bench: Bench) -> None:
    id = video(bench)[1]["TaskId"]
    first = bench.good("video.get", TaskId=id)
    assert (first["Status"], first["Progress"]) == ("COMMIT", 0)
    assert first["ArrayCount"] >= 1
    bench.wait(3)
    second = bench.good("video.get", TaskId=id)
    assert second["Status"] == "MAKING"
    assert 0 < second["Progress"] < 100
    bench.wait(1000)
    assert bench.good("video.get", TaskId=id)["Status"] == "MAKING"
    bench.finish(id, 4.92)
    last = bench.good("video.get", TaskId=id)
    assert (last["Status"], last["Progress"], last["Duration"], last["FailCode"]) == ("SUCCESS", 100, 4920, 0)
    assert f"/media/{id}.mp4?" in last["MediaUrl"]
    assert f"/media/{id}.srt?" in last["SubtitlesUrl"]


def test_a_file_alone_is_not_enough_its_time_has_to_pass_too(bench: Bench) -> None:
    id = video(bench)[1]["TaskId"]
    bench.finish(id, 100.0)
    bench.wait(20)
    assert bench.good("video.get", TaskId=id)["Status"] == "MAKING"
    bench.wait(40)
    assert bench.good("video.get", TaskId=id)["Status"] == "SUCCESS"


def test_an_audio_answers_with_the_times_of_its_words(bench: Bench) -> None:
    id = audio(bench)[1]["TaskId"]
    words = [{"Sentence": "Hello", "Words": [{"Word": "Hello", "StartTimestamp": 0, "EndTimestamp": 4_500_000}]}]
    bench.finish(id, 1.0, media=f"{id}.mp3", subtitles="", timestamps=words)
    bench.wait(30)
    answer = bench.good("video.get", TaskId=id)
    assert answer["TextTimestampResult"] == words
    assert answer["SubtitlesUrl"] == ""


def test_each_question_gives_a_fresh_link(bench: Bench) -> None:
    id = video(bench)[1]["TaskId"]
    bench.finish(id)
    bench.wait(60)
    first = bench.good("video.get", TaskId=id)["MediaUrl"]
    bench.wait(DAY_S)
    assert bench.good("video.get", TaskId=id)["MediaUrl"] != first


def test_a_failed_task_tells_code_and_reason(bench: Bench) -> None:
    id = video(bench)[1]["TaskId"]
    bench.service.tasks.change(id, failed=bench.real, fail_code=801010, fail_message="no such file")
    bench.wait(10)
    answer = bench.good("video.get", TaskId=id)
    assert (answer["Status"], answer["Progress"]) == ("FAIL", -1)
    assert (answer["FailCode"], answer["FailMessage"]) == (801010, "no such file")


@pytest.mark.parametrize(
    ("code", "more"),
    [
        (100016, {"VirtualmanKey": "0" * 32}),
        (100009, {"SpeechParam": {"Speed": 1.0, "TimbreKey": "female_99"}}),
        (100002, {"SpeechParam": {"Speed": 1.0, "TimbreKey": "female_2", "EmotionCategory": "tc_sad"}}),
        (100002, {"InputSsml": "<break time='5'/>Hello"}),
        (100002, {"InputSsml": "a < b"}),
        (100002, {"InputSsml": "…"}),
        (100002, {"InputSsml": "line\nbreak"}),
        (100003, {"InputSsml": None}),
        (100003, {"DriverType": "OriginalVoice"}),
        (801005, {"InputSsml": "this is SENSITIVE"}),
        (801005, {"InputSsml": "这是敏感测试"}),
        (100002, {"DriverType": "Voice"}),
    ],
)
def test_what_the_service_refuses_is_refused(bench: Bench, code: int, more: dict[str, Any]) -> None:
    given, answer = video(bench, **more)
    assert given == code, answer
    assert ":" in answer["Message"]
    assert not bench.studio.tasks


def test_an_emotion_that_the_voice_has_is_fine(bench: Bench) -> None:
    speech = {"Speed": 1.0, "TimbreKey": "female_1", "EmotionCategory": "tc_happy", "EmotionIntensity": 100}
    assert video(bench, SpeechParam=speech)[0] == 0


def test_avatars_that_expired_are_refused(bench: Bench) -> None:
    now = bench.real
    soon_after = next(one for one in bench.service.avatars(now) if -30 * DAY_S < one.expires - now < 0)
    long_after = next(one for one in bench.service.avatars(now) if one.expires - now < -30 * DAY_S)
    assert video(bench, VirtualmanKey=soon_after.key)[0] == 100015
    assert video(bench, VirtualmanKey=long_after.key)[0] == 110007


def test_a_driver_type_that_the_avatar_lacks_is_refused(bench: Bench) -> None:
    cartoon = bench.avatar(type_code="cartoon_3d")
    assert video(bench, VirtualmanKey=cartoon, DriverType="OriginalVoice", InputAudioUrl="http://a/b.mp3")[0] == 100002


def test_five_videos_of_each_type_run_at_a_time(bench: Bench) -> None:
    ids = [video(bench)[1]["TaskId"] for _ in range(5)]
    code, answer = video(bench)
    assert code == 100008
    assert "exceeds the limit: 5" in answer["Message"]
    other = bench.avatar(type_code="small_sample_general_2d")
    assert video(bench, VirtualmanKey=other)[0] == 0
    bench.finish(ids[0])
    bench.wait(60)
    assert video(bench)[0] == 0
    assert video(bench)[0] == 100008


def test_one_audio_runs_at_a_time(bench: Bench) -> None:
    id = audio(bench)[1]["TaskId"]
    code, answer = audio(bench)
    assert code == 100008
    assert "exceeds the limit: 1" in answer["Message"]
    assert video(bench)[0] == 0
    bench.service.tasks.change(id, failed=bench.real, fail_code=801000)
    bench.wait(60)
    assert audio(bench)[0] == 0


def test_an_audio_is_spoken_by_its_voice_or_by_that_of_the_avatar(bench: Bench) -> None:
    assert audio(bench, TimbreKey="", VirtualmanKey=bench.avatar(anchor_name="David"))[0] == 0
    assert bench.studio.tasks[0].voice == "male_1"
    bench.wait(1)
    assert audio(bench, TimbreKey="", VirtualmanKey="0" * 32)[0] == 100016
    assert audio(bench, TimbreKey="")[0] == 100003


def test_hours_run_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "ORDERED_MS", 10_000)
    id = video(bench)[1]["TaskId"]
    bench.finish(id, 9.8)
    bench.wait(60)
    assert video(bench)[0] == 100013
    assert video(bench, VirtualmanKey=bench.avatar(type_code="real_man_3d"))[0] == 0


def test_a_fault_lets_a_task_fail_at_its_end(bench: Bench) -> None:
    payload = {"VirtualmanKey": bench.avatar(), "InputSsml": "Hello", "SpeechParam": {"Speed": 1.0}}
    _, answer = bench.call("video.create", Fault("*", "task_fail", 801004), **payload)
    assert bench.good("video.get", **answer)["Status"] == "COMMIT"
    bench.wait(3)
    assert bench.good("video.get", **answer)["Status"] == "MAKING"
    bench.wait(10)
    end = bench.good("video.get", **answer)
    assert (end["Status"], end["FailCode"]) == ("FAIL", 801004)
    assert not bench.studio.tasks


def test_subtitles_in_the_picture_take_more_time(bench: Bench) -> None:
    plain = Task("a", "video", "", "", "", "", {}, 0.0, 2.0, 10.0, made=0.0, duration_ms=10_000)
    shown = Task("b", "video", "", "", "", "", {"VideoParam": {"ShowSubtitles": True}}, 0.0, 2.0, 10.0)
    assert ending(plain) == 10.0
    assert standing(shown, 10.0).progress < 100
    assert ending(shown) is None


# What the studio is asked for ----------------------------------------------------------------------------


def test_formats_have_their_documented_defaults(bench: Bench) -> None:
    assert job(bench).format == "Mp4"
    _, answer = video(bench)
    task = bench.service.tasks.get(answer["TaskId"])
    assert task is not None
    basic = orders.job_of(bench.service, task, Path("/results"))
    assert isinstance(basic, Video)
    assert (basic.format, basic.target.suffix) == ("TransparentWebm", ".webm")


def test_a_job_has_the_avatars_resolution_and_voice(bench: Bench) -> None:
    made = job(bench, VirtualmanKey=bench.avatar(anchor_name="小雅", resolution="1080x1920"))
    assert made.size == (1080, 1920)
    assert made.line is not None
    assert (made.line.voice, made.line.gender, made.line.language) == ("female_2", "female", "zh-CN")


@pytest.mark.parametrize(
    ("type_code", "given", "place"),
    [
        ("small_sample_2d", {"HorizontalPosition": -0.2, "VerticalPosition": -0.1, "Scale": 1.5}, (-0.2, -0.1, 1.5)),
        ("real_man_2d", {"HorizontalPosition": 0.3, "VerticalPosition": -0.1, "Scale": 2}, (0.0, 0.0, 1.0)),
        ("half_realistic_3d", {"HorizontalPosition": 0.3, "VerticalPosition": 0.1, "Scale": 0.5}, (0.3, 0.1, 0.5)),
    ],
)
def test_what_an_anchors_tag_does_not_allow_is_taken_for_nothing(
    bench: Bench, type_code: str, given: dict[str, float], place: tuple[float, float, float]
) -> None:
    made = job(bench, VirtualmanKey=bench.avatar(type_code=type_code), VideoParam={"AnchorParam": given})
    assert made.place == place


@pytest.mark.parametrize(("type_code", "longest_s"), [("small_sample_2d", 3600), ("real_man_3d", 600)])
def test_small_sample_avatars_take_longer_sounds(bench: Bench, type_code: str, longest_s: float) -> None:
    stored = _store(bench, "customer-pipeline/1/a/audio/a.mp3")
    made = job(
        bench,
        VirtualmanKey=bench.avatar(type_code=type_code),
        DriverType="OriginalVoice",
        InputAudioUrl=stored,
    )
    assert made.longest_s == longest_s
    assert made.sound is not None
    assert made.subtitles is None


def _store(bench: Bench, key: str) -> str:
    received = bench.service.store.receiver()
    received.write(b"something")
    bench.service.store.keep(key, received, "audio/mpeg", bench.real)
    return f"http://127.0.0.1:8765/{key}"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/customer-pipeline/1/a/audio/a.mp3",
        "http://127.0.0.1:8766/customer-pipeline/1/a/audio/a.mp3",
        "https://127.0.0.1:8765/customer-pipeline/1/a/audio/a.mp3",
        "http://127.0.0.1:8765/customer-pipeline/1/a/audio/b.mp3",
        "http://127.0.0.1:8765/media/../state.db",
        "http://127.0.0.1:8765/%2e%2e/state.db",
        "http://user@127.0.0.1:8766/a.mp3",
    ],
)
def test_only_what_the_sandbox_serves_itself_is_read(bench: Bench, url: str) -> None:
    _store(bench, "customer-pipeline/1/a/audio/a.mp3")
    with pytest.raises(JobFailed) as caught:
        job(bench, DriverType="OriginalVoice", InputAudioUrl=url)
    assert caught.value.code == 801010


def test_an_escaped_url_finds_its_object(bench: Bench) -> None:
    _store(bench, "customer-pipeline/1/a/audio/你好 a.mp3")
    url = "http://127.0.0.1:8765/customer-pipeline/1/a/audio/%E4%BD%A0%E5%A5%BD%20a.mp3"
    assert job(bench, DriverType="OriginalVoice", InputAudioUrl=url).sound


def test_frames_beyond_the_clip_fail(bench: Bench) -> None:
    with pytest.raises(JobFailed) as caught:
        job(bench, VideoParam={"SmallSampleParam": {"MakeType": "Custom", "StartIdx": 0, "EndIdx": 99_999}})
    assert caught.value.code == 801509


def test_an_audio_job_has_codec_rate_and_the_rules_for_sentences(bench: Bench) -> None:
    audio(bench, Codec="wav", SampleRate=16000, SentenceMaxWords=12, SentenceDisplayPunctuation="0", Volume=3)
    made = orders.job_of(bench.service, bench.studio.tasks[0], Path("/results"))
    assert isinstance(made, Audio)
    assert (made.codec, made.sample_rate, made.target.suffix) == ("wav", 16000, ".wav")
    assert (made.line.max_words, made.line.display_punctuation, made.line.volume) == (12, "0", 3)
