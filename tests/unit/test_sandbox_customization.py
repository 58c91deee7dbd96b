"""The walk of customizations and inspections through their stages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.sandbox_bench import URL, Bench

PREFIX = "customer-pipeline/352/u"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.state.close()


def upload(bench: Bench, name: str) -> str:
    received = bench.service.store.receiver()
    received.write(b"material")
    bench.service.store.keep(f"{PREFIX}/{name}", received, "video/mp4", bench.real)
    return f"{URL}/{PREFIX}/{name}"


def make(bench: Bench, make_type: str = "IMAGE", name: str = "Tom", **more: Any) -> tuple[int, dict[str, Any]]:
    payload = {
        "AnchorName": name,
        "MakeType": make_type,
        "SexType": "MALE",
        "MaterialCosUrl": upload(bench, "video/a.mp4"),
        "IdentityCosUrl": upload(bench, "idcard/a.mp4"),
        **more,
    }
    return bench.call("customization.create", **payload)


def walk(bench: Bench, id: str, seconds: int = 400) -> list[str]:
    """The different answers of the progress query, second by second, up to a decision or the end."""
    seen: list[str] = []
    for _ in range(seconds):
        at = bench.good("customization.get", TaskId=id)
        word = f"{at['StageV2']} {at['StatusV2']}"
        if not seen or seen[-1] != word:
            seen.append(word)
        if at["Status"] != "MAKING" or word == "CONFIRM WAIT_PROCESS":
            break
        bench.wait(1)
    return seen


TRAINED = ["TRAIN WAIT_PROCESS", "TRAIN PROCESSING"]
BEFORE = ["SUBMIT WAIT_PROCESS", "SUBMIT PROCESSING", "AUDIT WAIT_PROCESS", "AUDIT PROCESSING"]
PREPARED = ["PROCESS WAIT_PROCESS", "PROCESS PROCESSING"]


def test_an_avatar_is_trained_confirmed_and_then_owned(bench: Bench) -> None:
    id = make(bench)[1]["TaskId"]
    assert walk(bench, id) == [*BEFORE, *PREPARED, *TRAINED, "CONFIRM WAIT_PROCESS"]
    info = json.loads(bench.good("customization.get", TaskId=id)["StageInfo"])
    assert len(info["TrainResult"]) == 1
    assert info["RejectReason"] == ""
    bench.good("customization.confirm", TaskId=id, Operate="AGREE")
    end = bench.good("customization.get", TaskId=id)
    assert (end["Status"], end["StageV2"]) == ("SUCCESS", "END")
    listed = [one for one in bench.service.avatars(bench.real) if one.anchor_name == "Tom"]
    assert [one.type_code for one in listed] == ["small_sample_2d"]
    code, _ = bench.call("video.create", VirtualmanKey=listed[0].key, InputSsml="hi", SpeechParam={"Speed": 1})
    assert code == 0


def test_a_rejection_trains_again_until_it_is_too_often(bench: Bench) -> None:
    id = make(bench)[1]["TaskId"]
    walk(bench, id)
    for rejections in (1, 2):
        bench.good("customization.confirm", TaskId=id, Operate="REJECT", Reason="a green outline")
        assert walk(bench, id) == [*TRAINED, "CONFIRM WAIT_PROCESS"]
        info = json.loads(bench.good("customization.get", TaskId=id)["StageInfo"])
        assert len(info["TrainRecord"]) == rejections
    bench.good("customization.confirm", TaskId=id, Operate="REJECT", Reason="still")
    info = json.loads(bench.good("customization.get", TaskId=id)["StageInfo"])
    assert "3 times" in info["RejectReason"]


def test_there_is_nothing_to_confirm_before_its_time(bench: Bench) -> None:
    id = make(bench)[1]["TaskId"]
    assert bench.call("customization.confirm", TaskId=id, Operate="AGREE")[0] == 100002
    assert bench.call("customization.confirm", TaskId="0", Operate="AGREE")[0] == 110006
    assert bench.call("customization.confirm", TaskId=id, Operate="REJECT")[0] == 100003


def test_a_photo_needs_no_confirmation_and_answers_with_its_avatar(bench: Bench) -> None:
    id = make(bench, "IMAGE_PHOTO", MaterialCosUrl=upload(bench, "photo/me.png"))[1]["TaskId"]
    assert walk(bench, id)[-1] == "END SUCCESS"
    (asset,) = bench.good("customization.get", TaskId=id)["AssetList"]
    assert (asset["VirtualmanTypeCode"], asset["MakeType"]) == ("small_sample_photo_2d", "IMAGE_PHOTO")
    assert bench.service.avatar(asset["VirtualmanKey"], bench.real)


def test_a_voice_has_no_preprocessing(bench: Bench) -> None:
    id = make(bench, "VOICE", MaterialCosUrl=upload(bench, "audio/a.zip"))[1]["TaskId"]
    assert walk(bench, id) == [*BEFORE, *TRAINED, "CONFIRM WAIT_PROCESS"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"MaterialCosUrl": "http://example.com/video/a.mp4"}, "example.com"),
        ({"MaterialCosUrl": f"{URL}/{PREFIX}/video/missing.mp4"}, "nothing is stored"),
        ({"IdentityCosUrl": f"{URL}/{PREFIX}/video/a.mp4"}, "idcard/"),
    ],
)
def test_material_that_is_not_there_fails_in_the_audit(bench: Bench, more: dict[str, str], words: str) -> None:
    id = make(bench, **more)[1]["TaskId"]
    assert walk(bench, id) == [*BEFORE, "AUDIT FAIL"]
    end = bench.good("customization.get", TaskId=id)
    assert end["Status"] == "FAIL"
    assert words in end["FailMessage"]


def test_names_are_unique_and_customizations_run_out(bench: Bench) -> None:
    assert make(bench)[0] == 0
    assert make(bench)[0] == 110005
    for number in range(9):
        assert make(bench, name=f"Tom{number}")[0] == 0
    assert make(bench, name="Tommy")[0] == 100008
    assert make(bench, "VOICE", "Voice", MaterialCosUrl=upload(bench, "audio/a.zip"))[0] == 0


def test_the_text_of_the_demo_is_checked(bench: Bench) -> None:
    assert make(bench, TextDriver="a < b c")[0] == 100002
    assert make(bench, TextDriver="SENSITIVE")[0] == 801005


# Inspections -------------------------------------------------------------------------------------------


def inspected(bench: Bench, edition: str = "ultra", **heard: Any) -> dict[str, Any]:
    """The end of an inspection in which this was heard."""
    facts = {"duration_s": 15.0, "noise_db": 50.0, **heard}
    id = bench.good(f"{edition}-check.create", AudioUrl=upload(bench, "zeroshot/a.wav"))["TaskId"]
    bench.service.inspections.change(id, heard=bench.real, **facts)
    bench.wait(10)
    return bench.good(f"{edition}-check.get", TaskId=id)


def test_the_basic_edition_measures(bench: Bench) -> None:
    id = bench.good("basic-check.create", AudioUrl="http://a/b.wav", ReferenceText="one two")["TaskId"]
    states = []
    for _ in range(4):
        states.append(bench.good("basic-check.get", TaskId=id)["Status"])
        bench.wait(1.5)
    assert states == ["CREATED", "QUEUING", "PROCESSING", "PROCESSING"]
    bench.service.inspections.change(id, heard=bench.real, duration_s=700.0, noise_db=41.5)
    bench.wait(10)
    answer = bench.good("basic-check.get", TaskId=id)
    assert answer["Status"] == "SUCCESS"
    assert answer["Result"]["Snr"]["Value"] == 41.5
    assert answer["Result"]["Duration"] == {
        "Value": 700.0,
        "QualifiedRange": [600, 2147483600],
        "Description": "Effective duration: It is measured in seconds, and being greater than 600 is acceptable",
    }
    assert answer["Result"]["AlignDetails"][1]["Detail"] == ["two", "two"]


def test_a_file_that_is_no_recording_fails(bench: Bench) -> None:
    answer = inspected(bench, "basic", flaw="the file is not a WAV file")
    assert (answer["Status"], answer["ErrorMsg"]) == ("FAIL", "the file is not a WAV file")


@pytest.mark.parametrize(
    ("code", "heard"),
    [(0, {}), (-2, {"duration_s": 2.0}), (-2, {"duration_s": 90.0}), (-3, {"noise_db": 4.0})],
)
def test_the_ultra_edition_judges(bench: Bench, code: int, heard: dict[str, float]) -> None:
    answer = inspected(bench, **heard)
    assert (answer["TaskState"], answer["DetectionCode"]) == ("SUCCESS", code)
    assert bool(answer["AudioId"]) == (code == 0)


def test_a_recording_that_passed_becomes_a_voice(bench: Bench) -> None:
    audio_id = inspected(bench)["AudioId"]
    payload = {"AnchorName": "Ann", "MakeType": "ZERO_SHOT_VOICE", "SexType": "FEMALE"}
    assert bench.call("customization.create", **payload, AudioId="0" * 32)[0] == 100002
    id = bench.good("customization.create", **payload, AudioId=audio_id)["TaskId"]
    assert walk(bench, id)[-1] == "END SUCCESS"
    (asset,) = bench.good("customization.get", TaskId=id)["AssetList"]
    spoken = {"InputSsml": "Hello", "Speed": 1.0, "TimbreKey": asset["TimbreKey"]}
    assert bench.call("audio.create", **spoken)[0] == 0


def test_texts_to_read_have_ids_that_are_checked(bench: Bench) -> None:
    texts = bench.good("voice.texts")["Texts"]
    url = upload(bench, "zeroshot/a.wav")
    assert bench.call("ultra-check.create", AudioUrl=url, TextId=texts[0]["TextId"])[0] == 0
    assert bench.call("ultra-check.create", AudioUrl=url, TextId="nothing")[0] == 100002


def test_editions_do_not_know_each_others_tasks(bench: Bench) -> None:
    id = bench.good("basic-check.create", AudioUrl="http://a/b.wav")["TaskId"]
    assert bench.call("ultra-check.get", TaskId=id)[0] == 110006
