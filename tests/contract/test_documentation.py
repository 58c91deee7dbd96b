"""The samples of the documentation: requests that the checks accept, answers that decode completely."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.field import Field
from tadh_cli.api.operation import Operation
from tadh_cli.api.provider import Answer
from tadh_cli.engine.results import Target
from tadh_cli.media.subtitles import Cue, cues
from tadh_cli.providers.tencent import TENCENT
from tadh_cli.providers.tencent.store import place

FOLDER = Path(__file__).parent.parent / "golden" / "documentation"
SAMPLES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
every_sample = pytest.mark.parametrize("name", SAMPLES)


def decoded(operation: Operation, payload: Mapping[str, Any]) -> dict[str, Any]:
    body = {"Header": {"Code": 0, "Message": "ok", "RequestID": "1"}, "Payload": payload}
    reply = TENCENT.unwrap(Answer(200, {}, json.dumps(body).encode()), operation)
    return operation.decode(reply.payload)


def missing(fields: tuple[Field, ...], answer: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Paths of mandatory fields that an answer lacks."""
    for field in fields:
        path = f"{prefix}{field.name}"
        if field.required and (field.name not in answer or answer[field.name] in (None, [])):
            yield path
        for inner in _objects(answer.get(field.name)):
            yield from missing(field.fields, inner, f"{path}[]." if field.many else f"{path}.")


def _objects(value: object) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def test_every_operation_has_a_sample() -> None:
    assert set(SAMPLES) == {operation.name for operation in TENCENT.operations()}


@every_sample
def test_a_sample_says_where_it_is_from(name: str) -> None:
    assert SAMPLES[name]["source"] == TENCENT.operation(name).doc
    assert set(SAMPLES[name]) == {"source", "corrections", "omitted", "request", "response"}


@every_sample
def test_the_request_passes_the_checks_and_is_sent_as_it_stands(name: str) -> None:
    operation, request = TENCENT.operation(name), SAMPLES[name]["request"]
    assert operation.check(request["Payload"]) == []
    encoded = operation.encode(request["Payload"])
    assert TENCENT.wrap(encoded) == request


@every_sample
def test_the_answer_has_every_mandatory_field_but_those_it_omits(name: str) -> None:
    operation, sample = TENCENT.operation(name), SAMPLES[name]
    reply = TENCENT.unwrap(Answer(200, {}, json.dumps(sample["response"]).encode()), operation)
    answer = operation.decode(reply.payload)
    lacking = set(missing(operation.response, answer))
    documented = {path for path in sample["omitted"] if path not in ("Status", "ErrorCode")}
    assert lacking == documented
    assert reply.request_id == sample["response"]["Header"]["RequestID"]


@every_sample
def test_nothing_of_an_answer_is_lost_or_made_up(name: str) -> None:
    operation, payload = TENCENT.operation(name), SAMPLES[name]["response"].get("Payload", {})
    answer = decoded(operation, payload)
    renamed = {"TaskID": "TaskId", "TimbreDetails": "TimbreAssets"} | (
        {"Status": "TaskState"} if "check" in name else {}
    )
    for key, value in payload.items():
        assert json.dumps(answer[renamed.get(key, key)], sort_keys=True).startswith(
            json.dumps(value, sort_keys=True)[:1]
        )
    lists = {field.name for field in operation.response if field.many}
    # What was started is started, and what was closed is closed.
    done = {"SessionStatus", "IsSessionStarted"} if name in ("session.start", "session.close") else set()
    assert set(answer) - {renamed.get(key, key) for key in payload} <= lists | done | {"Status"}


# Both spellings of what the service spells in two ways -------------------------------------------------


@pytest.mark.parametrize(
    ("name", "field", "payload", "value"),
    [
        *((name, "TaskId", {key: "1"}, "1") for name in ("video.create", "video.create-advanced", "audio.create")
          for key in ("TaskId", "TaskID", "taskId")),
        *((name, "TaskId", {"TaskId": 666}, "666") for name in ("customization.create", "video.create")),
        *(("basic-check.get", "TaskState", {key: "SUCCESS"}, "SUCCESS") for key in ("TaskState", "Status")),
        ("basic-check.get", "TaskState", {"TaskState": "", "Status": "FAIL"}, "FAIL"),
        ("ultra-check.get", "AudioId", {"Audioid": "1"}, "1"),
        ("session.get", "ErrorMessage", {"ErrorMsg": "why"}, "why"),
        ("session.get", "ErrorMessage", {"ErrorMessage": "why", "ErrorMsg": ""}, "why"),
    ],
)  # fmt: skip
def test_a_field_is_understood_in_each_of_its_spellings(name: str, field: str, payload: Any, value: str) -> None:
    answer = decoded(TENCENT.operation(name), payload)
    assert answer[field] == value
    assert {key for key, found in answer.items() if found not in ([], "MAKING")} == {field}


@pytest.mark.parametrize("key", ["TimbreAssets", "TimbreDetails"])
def test_voices_come_under_either_name(key: str) -> None:
    answer = decoded(TENCENT.operation("voice.list"), {key: [{"TimbreKey": "v", "TimbreName": "n"}], "Total": 1})
    assert [voice["TimbreKey"] for voice in answer["TimbreAssets"]] == ["v"] and "TimbreDetails" not in answer


@pytest.mark.parametrize(
    ("spelled", "wanted"),
    [
        ({"AnchorName": "n", "AnchorCode": "c"}, {"AnchorName": "n", "AnchorCode": "c"}),
        ({"Name": "n", "Code": "c"}, {"AnchorName": "n", "AnchorCode": "c"}),
        ({"PoselImage": "p"}, {"PoseImage": "p"}),
        ({"OriginZoom": "0.567"}, {"OriginZoom": 0.567}),
        ({"OriginZoom": 0.49700000882149}, {"OriginZoom": 0.49700000882149}),
    ],
)
@pytest.mark.parametrize("name", ["avatar.list", "avatar.images", "legacy.images"])
def test_an_avatar_is_understood_in_each_spelling(name: str, spelled: dict[str, Any], wanted: dict[str, Any]) -> None:
    item = {"VirtualmanKey": "k", **spelled}
    payload: dict[str, Any] = {"Virtualmans": [item], "Total": 1}
    if name == "legacy.images":
        payload = {"VirtualmanResources": [{"AppKey": "a", "Virtualmans": [item]}]}
    answer = decoded(TENCENT.operation(name), payload)
    (avatar,) = answer["VirtualmanResources"][0]["Virtualmans"] if name == "legacy.images" else answer["Virtualmans"]
    assert {key: value for key, value in avatar.items() if value != []} == {"VirtualmanKey": "k", **wanted}


@pytest.mark.parametrize("driver", [1, "1"])
def test_the_driver_of_a_session_is_a_number(driver: object) -> None:
    answer = decoded(TENCENT.operation("session.list"), {"ReqId": "r", "Sessions": [{"DriverType": driver}]})
    assert answer["Sessions"][0]["DriverType"] == 1


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ({"Progress": 100, "MediaUrl": "u"}, "SUCCESS"),
        ({"Progress": 100, "MediaUrl": ""}, "MAKING"),
        ({"Progress": -1}, "FAIL"),
        ({"Progress": 50}, "MAKING"),
        ({}, "MAKING"),
        ({"Status": "", "Progress": -1}, "FAIL"),
        ({"Status": "COMMIT", "Progress": 100, "MediaUrl": "u"}, "COMMIT"),
    ],
)
def test_a_missing_status_is_read_from_the_rest(payload: dict[str, Any], status: str) -> None:
    """Progress is "not for reference": it decides only where the service leaves the status out."""
    assert decoded(TENCENT.operation("video.get"), payload)["Status"] == status


@pytest.mark.parametrize("detail", ["Concurrency", "OrderMilliseconds"])
def test_a_concurrency_may_come_with_the_fields_of_hours(detail: str) -> None:
    info = {"ServiceType": "x", "RealMan2DBroadcastConcurrencyInfoDetail": {detail: "7"}}
    answer = decoded(TENCENT.operation("assets.quota"), {"ServiceAssetInfos": [info], "Total": 1})
    assert answer["ServiceAssetInfos"][0]["RealMan2DBroadcastConcurrencyInfoDetail"] == {detail: 7}


# What is made of the samples ---------------------------------------------------------------------------


def test_the_word_times_of_the_sample_are_milliseconds() -> None:
    answer = decoded(TENCENT.operation("video.get"), SAMPLES["video.get"]["response"]["Payload"])
    assert cues(answer["TextTimestampResult"]) == [Cue(450, 1290, "How are you doing, virtual anchor?")]
    assert answer["Duration"] == 11810


def test_the_prefix_of_the_sample_names_a_place() -> None:
    prefix = SAMPLES["assets.credentials"]["response"]["Payload"]["PathPrefix"].replace(
        "domain name", "cos.example.com"
    )
    assert (
        place(prefix).url(place(prefix).key("audio", "a.wav")).startswith("https://cos.example.com/customer-pipeline/")
    )


def test_a_stage_of_the_sample_is_json_in_a_string() -> None:
    stage = SAMPLES["customization.get"]["response"]["Payload"]["StageInfo"]
    assert json.loads(decoded(TENCENT.operation("customization.get"), {"StageInfo": stage})["StageInfo"]) == {
        "TrainResult": ["url1", "url2"],
        "RejectReason": "",
    }


def test_a_result_of_the_sample_gets_the_name_of_its_task() -> None:
    task = SAMPLES["video.create"]["response"]["Payload"]["TaskId"]
    assert str(Target("./").path(task, ".mp4")) == "123.mp4"
