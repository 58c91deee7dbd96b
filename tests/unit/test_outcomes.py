"""What customizations and inspections say, in the fields of task records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tadh_cli.api.waiter import State
from tadh_cli.providers.tencent import TENCENT

AVATAR = TENCENT.waiter("avatar")
BASIC, ULTRA = (TENCENT.waiter("voice-check", edition) for edition in ("basic", "ultra"))
CONFIRM = {"Status": "MAKING", "StageV2": "CONFIRM", "StatusV2": "WAIT_PROCESS"}


@pytest.mark.parametrize(
    "text",
    [
        '{"TrainResult": ["u1", "u2"], "RejectReason": ""}',
        # The samples of the documentation escape once too often.
        '{\\"TrainResult\\": [\\"u1\\", \\"u2\\"], \\"RejectReason\\": \\"\\"}',
    ],
)
def test_the_demo_to_confirm_is_read_out_of_the_string(text: str) -> None:
    told = AVATAR.tell({**CONFIRM, "StageInfo": text})
    assert told["DemoUrls"] == ["u1", "u2"] and "RejectReason" not in told
    assert told["StageInfo"] == text and AVATAR.classify(told) is State.DECISION


def test_earlier_demos_and_the_reason_of_a_refused_retraining_are_told() -> None:
    history = [{"StartTime": "2026-01-01 10:00:00", "Record": ["u1"]}]
    info = {"TrainResult": ["u2"], "RejectReason": "trained too often", "TrainRecord": history}
    told = AVATAR.tell({**CONFIRM, "StageInfo": json.dumps(info)})
    assert (told["TrainRecord"], told["RejectReason"]) == (history, "trained too often")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', '{"TrainResult": null}', "[" * 5000, None])
def test_an_empty_or_broken_stage_info_is_no_reason_to_fail(text: str | None) -> None:
    told = AVATAR.tell({**CONFIRM, "StageInfo": text})
    assert "DemoUrls" not in told and AVATAR.classify(told) is State.DECISION


def test_the_keys_of_what_was_made_are_told() -> None:
    assets = [{"VirtualmanKey": "v1", "Resolution": "1080x1920", "MakeType": "IMAGE_PHOTO"}, {"TimbreKey": "t1"}]
    told = AVATAR.tell({"Status": "SUCCESS", "AssetList": assets})
    assert (told["VirtualmanKey"], told["Resolution"]) == ("v1", "1080x1920")


@pytest.mark.parametrize(("stage", "word"), [("AUDIT", "tadh avatar check"), ("TRAIN", "support")])
def test_a_failure_comes_with_what_to_do(stage: str, word: str) -> None:
    told = AVATAR.tell({"Status": "FAIL", "StageV2": stage, "FailMessage": "too dark", "TaskId": "1"})
    error = TENCENT.task_failure(told, AVATAR)
    assert error.exit_code == 7 and "too dark" in error.message and word in error.hint


# Inspections -------------------------------------------------------------------------------------------


def result(**values: float) -> dict[str, Any]:
    ranges = {"Snr": [30, 2147483600], "C50": [30, 2147483600], "Clipping": [-2147483600, 0], "Wer": [0.7, 1]}
    ranges["Duration"] = [600, 2147483600]
    return {
        name: {"Value": value, "QualifiedRange": ranges[name], "Description": name} for name, value in values.items()
    }


GOOD = {"Snr": 72.67, "C50": 57.0, "Clipping": 0.0, "Duration": 650.0}


def test_a_recording_with_all_metrics_in_range_passes() -> None:
    told = BASIC.tell({"TaskState": "SUCCESS", "Result": result(**GOOD)})
    assert told["Passed"] is True and told["Status"] == "SUCCESS" and BASIC.classify(told) is State.DONE
    assert [metric["Qualified"] for metric in told["Metrics"]] == [
        "30 or more",
        "30 or more",
        "0 or less",
        "600 or more",
    ]


@pytest.mark.parametrize("metric", GOOD)
def test_one_metric_out_of_range_is_named_with_its_range_and_what_to_do(metric: str) -> None:
    bad = {**GOOD, metric: {"Snr": 29.9, "C50": 3.0, "Clipping": 0.1, "Duration": 599.0}[metric]}
    told = BASIC.tell({"TaskState": "SUCCESS", "Result": result(**bad)})
    error = TENCENT.task_failure(told, BASIC)
    assert BASIC.classify(told) is State.FAILED and told["Passed"] is False
    assert f"{metric} (" in error.message and error.message.count("qualified is") == 1 and error.hint


def test_the_accuracy_counts_only_when_the_text_was_given() -> None:
    silent = BASIC.tell({"TaskState": "SUCCESS", "Result": result(**GOOD, Wer=0.0)})
    details = [{"Detail": ["good", "<eps>"]}]
    misread = BASIC.tell({"TaskState": "SUCCESS", "Result": {**result(**GOOD, Wer=0.0), "AlignDetails": details}})
    assert (silent["Passed"], misread["Passed"]) == (True, False)


@pytest.mark.parametrize("answer", [{"Result": None}, {}, {"Result": {}}, {"Result": {"Snr": None}}])
def test_a_success_without_metrics_is_not_taken_for_a_pass(answer: dict[str, Any]) -> None:
    told = BASIC.tell({"TaskState": "SUCCESS", **answer})
    assert not told.get("Passed") and BASIC.classify(told) is State.FAILED


@pytest.mark.parametrize(
    ("word", "state"), [("CREATED", State.QUEUED), ("QUEUING", State.QUEUED), ("PROCESSING", State.RUNNING)]
)
def test_an_inspection_goes_on(word: str, state: State) -> None:
    told = BASIC.tell({"TaskState": word, "Result": None})
    assert (BASIC.classify(told), told["Status"]) == (state, word) and "Passed" not in told


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        ({"TaskState": "SUCCESS", "DetectionCode": 0, "AudioId": "a"}, True),
        # A number that is 0 may be left out.
        ({"TaskState": "SUCCESS", "AudioId": "a"}, True),
        ({"TaskState": "SUCCESS", "DetectionCode": 0, "AudioId": ""}, False),
        ({"TaskState": "SUCCESS", "DetectionCode": -2, "AudioId": "a"}, False),
        ({"TaskState": "FAIL", "DetectionCode": 0, "AudioId": "a"}, False),
    ],
)
def test_a_recording_is_usable_only_with_both_words_and_an_id(answer: dict[str, Any], passed: bool) -> None:
    told = ULTRA.tell(answer)
    assert told["Passed"] is passed and ULTRA.classify(told) is (State.DONE if passed else State.FAILED)


@pytest.mark.parametrize(("code", "word"), [(-1, "failed"), (-2, "misread"), (-3, "noise"), (-9, "code -9")])
def test_a_detection_code_is_explained(code: int, word: str) -> None:
    told = ULTRA.tell({"TaskState": "SUCCESS", "DetectionCode": code, "DetectionMsg": "said so", "TaskId": "1"})
    error = TENCENT.task_failure(told, ULTRA)
    assert word in error.message and "said so" in error.message and "record" in error.hint
