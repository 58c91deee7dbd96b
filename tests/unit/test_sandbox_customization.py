"""The walk of customizations and inspections through their stages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.sandbox.cos import Grant
from tests.unit.sandbox_bench import URL, Bench

PREFIX = "customer-pipeline/352/u"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.service.grants.put("id", Grant("id", "key", "token", f"{PREFIX}/", bench.real))
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


def audited(bench: Bench, make_type: str = "IMAGE", name: str = "Tom", *, flaw: str = "", **more: Any) -> str:
    """The task of a customization whose files were inspected, with nothing or something found."""
    code, answer = make(bench, make_type, name, **more)
    assert code == 0, answer
    id: str = answer["TaskId"]
    bench.service.customizations.change(id, audited=bench.real, flaw=flaw, resolution="1080x1920")
    return id


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
    id = audited(bench)
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
    id = audited(bench)
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
    id = audited(bench)
    assert bench.call("customization.confirm", TaskId=id, Operate="AGREE")[0] == 100002
    assert bench.call("customization.confirm", TaskId="0", Operate="AGREE")[0] == 110006
    assert bench.call("customization.confirm", TaskId=id, Operate="REJECT")[0] == 100003


def test_a_photo_needs_no_confirmation_and_answers_with_its_avatar(bench: Bench) -> None:
    id = audited(bench, "IMAGE_PHOTO", MaterialCosUrl=upload(bench, "photo/me.png"))
    assert walk(bench, id)[-1] == "END SUCCESS"
    (asset,) = bench.good("customization.get", TaskId=id)["AssetList"]
    assert (asset["VirtualmanTypeCode"], asset["MakeType"]) == ("small_sample_photo_2d", "IMAGE_PHOTO")
    assert bench.service.avatar(asset["VirtualmanKey"], bench.real)


def test_a_voice_has_no_preprocessing(bench: Bench) -> None:
    id = audited(bench, "VOICE", MaterialCosUrl=upload(bench, "audio/a.zip"))
    assert walk(bench, id) == [*BEFORE, *TRAINED, "CONFIRM WAIT_PROCESS"]


def test_material_that_breaks_a_limit_fails_in_the_audit_with_the_reason(bench: Bench) -> None:
    id = audited(bench, flaw="MaterialCosUrl: it has 90.0 seconds, allowed are 120 to 600")
    assert walk(bench, id) == [*BEFORE, "AUDIT FAIL"]
    end = bench.good("customization.get", TaskId=id)
    assert (end["Status"], end["FailMessage"]) == (
        "FAIL",
        "MaterialCosUrl: it has 90.0 seconds, allowed are 120 to 600",
    )
    assert bench.call("customization.confirm", TaskId=id, Operate="AGREE")[0] == 100002


def test_the_audit_takes_as_long_as_the_inspection_of_the_files(bench: Bench) -> None:
    id = make(bench)[1]["TaskId"]
    bench.wait(1000)
    assert bench.good("customization.get", TaskId=id)["StageV2"] == "AUDIT"
    bench.service.customizations.change(id, audited=bench.real)
    assert walk(bench, id) == [*PREPARED, *TRAINED, "CONFIRM WAIT_PROCESS"]


@pytest.mark.parametrize(
    "more",
    [
        {"IdentityCosUrl": f"{URL}/{PREFIX}/video/a.mp4"},
        {"MaterialCosUrl": f"{URL}/{PREFIX}/audio/a.mp4"},
        {"MaterialCosUrl": f"{URL}/{PREFIX}/video/deeper/a.mp4"},
        {"MaterialCosUrl": f"{URL}/{PREFIX}/video/"},
        {"MaterialCosUrl": f"{URL}/customer-pipeline/352/video/a.mp4"},
        {"MaterialCosUrl": f"{URL}/customer-pipeline/352/another/video/a.mp4"},
        {"VoiceDriverCosFile": f"{URL}/{PREFIX}/zeroshot/a.mp3"},
    ],
)
def test_files_belong_into_their_folder_below_the_prefix(bench: Bench, more: dict[str, str]) -> None:
    code, answer = make(bench, **more)
    assert code == 100002
    assert next(iter(more)) in answer["Message"]


def test_names_are_unique_and_customizations_run_out(bench: Bench) -> None:
    assert make(bench)[0] == 0
    assert make(bench)[0] == 110005
    for number in range(9):
        assert make(bench, name=f"Tom{number}")[0] == 0
    assert make(bench, name="Tommy")[0] == 100008
    assert make(bench, "VOICE", "Voice", MaterialCosUrl=upload(bench, "audio/a.zip"))[0] == 0


def test_what_failed_gives_back_its_name_and_its_place(bench: Bench) -> None:
    def left() -> int:
        (asset,) = bench.good("assets.quota", ServiceType="ImageAsset", PageIndex=1, PageSize=1)["ServiceAssetInfos"]
        number: int = asset["ImageAssetInfoDetail"]["RemainNum"]
        return number

    before = left()
    audited(bench, flaw="too short")
    assert (left(), make(bench)[0]) == (before - 1, 110005)
    bench.wait(1000)
    assert left() == before
    audited(bench)
    assert left() == before - 1


def test_the_text_of_the_demo_is_checked(bench: Bench) -> None:
    assert make(bench, TextDriver="a < b c")[0] == 100002
    assert make(bench, TextDriver="SENSITIVE")[0] == 801005


# Inspections -------------------------------------------------------------------------------------------


GOOD = {"speech_s": 15.0, "snr_db": 50.0, "c50_db": 45.0}


def inspected(
    bench: Bench, edition: str = "ultra", order: dict[str, str] | None = None, **heard: Any
) -> dict[str, Any]:
    """The end of an inspection in which this was heard."""
    url = upload(bench, "zeroshot/recording.wav")
    id = bench.good(f"{edition}-check.create", AudioUrl=url, **(order or {}))["TaskId"]
    bench.service.inspections.change(id, heard=bench.real, **{**GOOD, **heard})
    bench.wait(10)
    return bench.good(f"{edition}-check.get", TaskId=id)


def test_an_inspection_is_queued_first(bench: Bench) -> None:
    id = bench.good("basic-check.create", AudioUrl="http://a/b.wav", ReferenceText="one two")["TaskId"]
    states = []
    for _ in range(4):
        states.append(bench.good("basic-check.get", TaskId=id)["Status"])
        bench.wait(1.5)
    assert states == ["CREATED", "QUEUING", "PROCESSING", "PROCESSING"]
    assert "Result" not in bench.good("basic-check.get", TaskId=id)


def test_the_basic_edition_tells_what_was_measured_beside_what_is_qualified(bench: Bench) -> None:
    answer = inspected(bench, "basic", speech_s=700.0, snr_db=41.5, c50_db=33.25, clipping=0.5)
    assert answer["Status"] == "SUCCESS"
    result = answer["Result"]
    values = {name: (one["Value"], one["QualifiedRange"]) for name, one in result.items()}
    assert values == {
        "Snr": (41.5, [30, 2147483600]),
        "C50": (33.25, [30, 2147483600]),
        "Clipping": (0.5, [-2147483600, 0]),
        "Duration": (700.0, [600, 2147483600]),
    }
    assert result["Duration"]["Description"].startswith("Effective duration: It is measured in seconds")


def test_a_text_is_aligned_with_what_there_is_time_for(bench: Bench) -> None:
    text = " ".join(f"word{number}" for number in range(26))
    whole = inspected(bench, "basic", {"ReferenceText": text}, speech_s=10.0)["Result"]
    assert whole["Wer"]["Value"] == 1
    assert whole["AlignDetails"][1] == {"Detail": ["word1", "word1"]}
    half = inspected(bench, "basic", {"ReferenceText": text}, speech_s=2.5)["Result"]
    assert (half["Wer"]["Value"], half["Wer"]["QualifiedRange"]) == (0.5, [0.7, 1])
    assert half["AlignDetails"][-1] == {"Detail": ["word25", "<eps>"]}


def test_a_file_that_is_no_recording_fails(bench: Bench) -> None:
    answer = inspected(bench, "basic", flaw="it is mp3, not wav")
    assert (answer["Status"], answer["ErrorMsg"]) == ("FAIL", "it is mp3, not wav")


@pytest.mark.parametrize(
    ("code", "heard"),
    [
        (0, {}),
        (-2, {"speech_s": 2.0}),
        (-2, {"speech_s": 90.0}),
        (-3, {"snr_db": 4.0}),
        (-2, {"snr_db": 0.0, "speech_s": 0.0}),
    ],
)
def test_the_ultra_edition_judges(bench: Bench, code: int, heard: dict[str, float]) -> None:
    answer = inspected(bench, **heard)
    assert (answer["TaskState"], answer["DetectionCode"]) == ("SUCCESS", code)
    assert bool(answer["AudioId"]) == (code == 0)


def test_a_recording_outside_of_the_limits_is_no_finished_detection(bench: Bench) -> None:
    answer = inspected(bench, flaw="it has 30 MB, allowed are 20 MB")
    assert (answer["TaskState"], answer["DetectionCode"], answer["AudioId"]) == ("FAIL", -1, "")
    assert answer["DetectionMsg"] == "it has 30 MB, allowed are 20 MB"


@pytest.mark.parametrize("seconds", [6.0, 55.0])
def test_a_text_that_does_not_fit_the_recording_was_misread(bench: Bench, seconds: float) -> None:
    """All texts take about ten seconds: too short and too long without any text are other limits."""
    texts = bench.good("voice.texts")["Texts"]
    long = max(texts, key=lambda one: len(one["Text"].split()))
    assert inspected(bench, order={"TextId": long["TextId"]}, speech_s=8.0)["DetectionCode"] == 0
    words = {6.0: 60, 55.0: 20}[seconds]
    reference = {"ReferenceText": " ".join(["word"] * words)}
    assert inspected(bench, order=reference, speech_s=seconds)["DetectionCode"] == -2


def test_a_recording_of_the_ultra_edition_belongs_into_its_folder(bench: Bench) -> None:
    assert bench.call("ultra-check.create", AudioUrl=upload(bench, "audio/recording.wav"))[0] == 100002


def test_a_recording_that_passed_becomes_a_voice(bench: Bench) -> None:
    audio_id = inspected(bench)["AudioId"]
    payload = {"AnchorName": "Ann", "MakeType": "ZERO_SHOT_VOICE", "SexType": "FEMALE"}
    assert bench.call("customization.create", **payload, AudioId="0" * 32)[0] == 100002
    id = bench.good("customization.create", **payload, AudioId=audio_id)["TaskId"]
    bench.service.customizations.change(id, audited=bench.real)
    assert bench.call("customization.create", **{**payload, "AnchorName": "Ann2"}, AudioId=audio_id)[0] == 110005
    assert walk(bench, id)[-1] == "END SUCCESS"
    (asset,) = bench.good("customization.get", TaskId=id)["AssetList"]
    spoken = {"InputSsml": "Hello", "Speed": 1.0, "TimbreKey": asset["TimbreKey"]}
    assert bench.call("audio.create", **spoken)[0] == 0


def test_a_recording_whose_customization_failed_can_be_used_again(bench: Bench) -> None:
    payload = {"MakeType": "ZERO_SHOT_VOICE", "SexType": "FEMALE", "AudioId": inspected(bench)["AudioId"]}
    id = bench.good("customization.create", AnchorName="Ann", **payload)["TaskId"]
    bench.service.customizations.change(id, audited=bench.real, flaw="something")
    bench.wait(1000)
    assert bench.call("customization.create", AnchorName="Ann2", **payload)[0] == 0


def test_texts_to_read_have_ids_that_are_checked(bench: Bench) -> None:
    texts = bench.good("voice.texts")["Texts"]
    url = upload(bench, "zeroshot/recording.wav")
    assert bench.call("ultra-check.create", AudioUrl=url, TextId=texts[0]["TextId"])[0] == 0
    assert bench.call("ultra-check.create", AudioUrl=url, TextId="nothing")[0] == 100002
    both = {"TextId": texts[0]["TextId"], "ReferenceText": "a"}
    assert bench.call("ultra-check.create", AudioUrl=url, **both)[0] == 100002


def test_editions_do_not_know_each_others_tasks(bench: Bench) -> None:
    id = bench.good("basic-check.create", AudioUrl="http://a/b.wav")["TaskId"]
    assert bench.call("ultra-check.get", TaskId=id)[0] == 110006
