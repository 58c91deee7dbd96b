"""The order of checks, and the frame around every answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.operation import Operation
from tadh_cli.providers.tencent import operations
from tadh_cli.sandbox import echo
from tadh_cli.sandbox.faults import Fault
from tests.unit.sandbox_bench import PATHS, REQ_ID, Bench, signed_query

OPERATIONS = tuple(operations())
EMPTY: dict[str, Any] = {"Header": {}, "Payload": {}}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.state.close()


def header(answer: Any) -> dict[str, Any]:
    return json.loads(answer.body)["Header"]


@pytest.mark.parametrize(
    ("status", "change"),
    [
        (405, {"method": "GET"}),
        (415, {"headers": {"Content-Type": "text/plain"}}),
        (411, {"headers": {"Transfer-Encoding": "chunked"}}),
        (400, {"document": b"{"}),
        (400, {"document": b'{"Header":{},"Payload":{"PageIndex":NaN}}'}),
        (400, {"document": b'{"Header":{},"Payload":{},"Payload":{}}'}),
        (400, {"document": b'\xff\xfe{"Header":{},"Payload":{}}'}),
        (400, {"document": b"[]"}),
        (400, {"document": {"Payload": {}}}),
        (400, {"document": {"Header": {}}}),
        (400, {"document": {"Header": {}, "Payload": None}}),
        (400, {"document": {"Header": {}, "Payload": {}, "AppKey": "a"}}),
        (404, {"path": "/v2/ivh/crmserver/customerassetsservice/describetimbre"}),
    ],
)
def test_what_is_no_request_of_the_service_is_refused_as_the_documentation_words_it(
    bench: Bench, status: int, change: dict[str, Any]
) -> None:
    answer = bench.send("voice.texts", change.pop("document", EMPTY), **change)
    assert answer.status == status
    assert "miss Content Length" in header(answer)["Message"]


def test_a_length_is_needed(bench: Bench) -> None:
    from tadh_cli.sandbox.wire import Incoming

    body = json.dumps(EMPTY).encode()
    incoming = Incoming(
        "POST", PATHS["voice.texts"], signed_query(int(bench.real)), {"Content-Type": "application/json"}, body
    )
    assert bench.gateway.answer(incoming).status == 411


def test_a_bad_signature_is_http_401_with_the_code_of_unauthorised_operations(bench: Bench) -> None:
    answer = bench.send("voice.texts", EMPTY, query=signed_query(int(bench.real)) + "x")
    assert answer.status == 401
    assert header(answer)["Code"] == 100005
    assert header(answer)["Message"].startswith("AuthFailure.SignatureFailure:")


def test_the_frame_is_checked_before_the_signature_and_the_signature_before_the_parameters(bench: Bench) -> None:
    assert bench.send("avatar.list", {"Payload": {}}, query="").status == 400
    assert bench.send("avatar.list", {"Header": {}, "Payload": {"Nonsense": 1}}, query="").status == 401


def test_timestamps_are_compared_with_the_machines_time_whatever_the_virtual_one_says(bench: Bench) -> None:
    bench.clock.advance(1_000_000)
    assert bench.call("voice.texts")[0] == 0


def test_a_fault_shifts_the_clock(bench: Bench) -> None:
    answer = bench.send("voice.texts", EMPTY, fault=Fault("*", "clock_skew_s", 400))
    assert answer.status == 401
    assert "400 seconds behind" in header(answer)["Message"]


def test_the_request_id_comes_back_or_is_made(bench: Bench) -> None:
    mine = bench.send("voice.texts", {"Header": {"RequestID": "mine"}, "Payload": {}})
    assert header(mine)["RequestID"] == "mine"
    assert header(bench.send("voice.texts", EMPTY))["RequestID"]


def test_answers_have_the_documented_header(bench: Bench) -> None:
    assert set(header(bench.send("voice.texts", EMPTY))) == {"Code", "Message", "RequestID", "SessionID", "DialogID"}


def test_business_errors_are_http_200_without_a_payload(bench: Bench) -> None:
    answer = bench.send("video.get", {"Header": {}, "Payload": {"TaskId": "nobody"}})
    assert answer.status == 200
    assert set(json.loads(answer.body)) == {"Header"}
    assert header(answer)["Code"] == 110006


@pytest.mark.parametrize(
    ("code", "payload", "words"),
    [
        (100003, {"PageSize": 10}, ["PageIndex"]),
        (100001, {"PageIndex": "1", "PageSize": 10}, ["PageIndex"]),
        (100001, {"PageIndex": True, "PageSize": 10}, ["PageIndex"]),
        (100001, {"PageIndex": 1, "PageSize": 10, "Colour": "red"}, ["Colour"]),
        (100002, {"PageIndex": 0, "PageSize": 10}, ["PageIndex"]),
        (100002, {"PageIndex": 1, "PageSize": 101}, ["PageSize"]),
        (100001, {"PageIndex": 1, "PageSize": 10, "AnchorCodes": [1]}, ["AnchorCodes[0]"]),
        (100001, {"PageIndex": 1, "PageSize": 10, "AnchorCodes": "anna"}, ["AnchorCodes"]),
        (100001, {"PageIndex": 0, "PageSize": 0, "Colour": "red"}, ["PageIndex", "PageSize", "Colour"]),
    ],
)
def test_wrong_parameters_are_all_named(bench: Bench, code: int, payload: dict[str, Any], words: list[str]) -> None:
    given, answer = bench.call("avatar.list", **payload)
    assert given == code
    assert answer["Message"].startswith("InvalidParameter.")
    assert all(word in answer["Message"] for word in words)


def test_nested_problems_are_named_by_their_path(bench: Bench) -> None:
    code, answer = bench.call("video.create", VirtualmanKey="k", InputSsml="hi", SpeechParam={"Speed": 3})
    assert code == 100002
    assert "SpeechParam.Speed" in answer["Message"]


def test_the_samples_spelling_of_page_indexes_is_understood(bench: Bench) -> None:
    assert bench.good("avatar.list", pageIndex=1, PageSize=10)["Total"] > 100


def test_a_fault_answers_with_any_code(bench: Bench) -> None:
    code, answer = bench.call("voice.texts", Fault("*", "code", 100008, message="slots are full"))
    assert (code, answer["Message"]) == (100008, "FailedOperation.Fault:slots are full")


def payloads(bench: Bench) -> dict[str, dict[str, Any]]:
    """A request for every operation that needs more than pages and ids."""
    avatar, three_d = bench.avatar(), bench.avatar(type_code="real_man_3d")
    older = next(one for one in bench.service.avatars(bench.real) if one.type_code == "real_man_2d")
    session = bench.good("session.create-by-avatar", ReqId=REQ_ID, AssetVirtualmanKey=avatar, UserId="u", **STREAM)
    bench.wait(30)
    bench.good("session.start", ReqId=REQ_ID, SessionId=session["SessionId"])
    task = bench.good("video.create", VirtualmanKey=avatar, InputSsml="hi", SpeechParam={"Speed": 1})
    material = {"MaterialCosUrl": "http://a/b", "SexType": "MALE"}
    made = bench.good("customization.create", AnchorName="Tom", MakeType="IMAGE_PHOTO", **material)
    bench.service.customizations.change(made["TaskId"], audited=bench.real, make_type="IMAGE")
    basic = bench.good("basic-check.create", AudioUrl="http://a/b.wav")
    ultra = bench.good("ultra-check.create", AudioUrl="http://a/b.wav")
    bench.wait(1000)
    bench.service.sessions.change(session["SessionId"], alive=bench.clock.paced())
    one = {"SessionId": session["SessionId"]}
    return {
        "customization.create": {"AnchorName": "Jim", "MakeType": "IMAGE_PHOTO", **material},
        "customization.get": made,
        "customization.confirm": {**made, "Operate": "AGREE"},
        "basic-check.create": {"AudioUrl": "http://a/b.wav"},
        "basic-check.get": basic,
        "ultra-check.create": {"AudioUrl": "http://a/b.wav"},
        "ultra-check.get": ultra,
        "audio.create": {"TimbreKey": "female_1", "InputSsml": "hi", "Speed": 1},
        "video.create": {"VirtualmanKey": avatar, "InputSsml": "hi", "SpeechParam": {"Speed": 1}},
        "video.create-advanced": {"VirtualmanKey": avatar, "InputSsml": "hi", "SpeechParam": {"Speed": 1}},
        "video.get": task,
        "legacy.anchors": {"GetAllResource": True},
        "legacy.images": {"GetAllResource": True, "AnchorCode": older.anchor_code},
        "legacy.voices": {"VirtualmanKey": avatar},
        "legacy.actions": {"VirtualmanKey": three_d},
        "avatar.anchors": {"VirtualmanTypeCode": "real_man_3d"},
        "avatar.images": {"VirtualmanTypeCode": "real_man_3d"},
        "avatar.actions": {"VirtualmanKey": three_d},
        "avatar.voices": {"VirtualmanKey": avatar},
        "session.create": {"VirtualmanProjectId": bench.service.projects[0], "UserId": "v", **STREAM},
        "session.create-by-avatar": {"AssetVirtualmanKey": avatar, "UserId": "w", **STREAM},
        "session.get": one,
        "session.start": one,
        "session.close": {"SessionId": bench.good("session.create", ReqId=REQ_ID, **_other(bench))["SessionId"]},
        "session.list-by-project": {"VirtualmanProjectId": bench.service.projects[0]},
        "session.list-by-avatar": {"AssetVirtualmanKey": avatar},
        "session.update": one,
        "session.trtc-key": {**one, "RoomId": "1", "UserId": "me"},
        "session.say": {**one, "Command": "SEND_TEXT", "Data": {"Text": "hi"}},
    }


STREAM = {"Protocol": "trtc", "DriverType": 1}


def _other(bench: Bench) -> dict[str, Any]:
    return {"VirtualmanProjectId": bench.service.projects[1], "UserId": "x", **STREAM}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_operation_answers_what_it_declares(tmp_path: Path, operation: Operation, seed: int) -> None:
    bench = Bench(tmp_path, seed=seed)
    payload = {"PageIndex": 1, "PageSize": 20, "ReqId": REQ_ID, **payloads(bench).get(operation.name, {})}
    names = {field.name for field in operation.request}
    answer = bench.good(operation.name, **{name: value for name, value in payload.items() if name in names})
    # Without what we add to answers ourselves.
    decoded = operation._replace(amend=None).decode(answer)
    missing = [field.name for field in operation.response if field.required and field.name not in decoded]
    unknown = set(decoded) - {field.name for field in operation.response} - {"CloseType"}
    bench.state.close()
    assert not missing
    assert not unknown


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_what_is_declared_and_nothing_more_can_be_echoed(operation: Operation) -> None:
    answer = echo.answer(operation, {"ReqId": REQ_ID})
    assert set(operation.decode(answer)) >= {field.name for field in operation.response if field.required}


def test_seeds_differ_in_the_spelling_that_the_documentation_leaves_open(tmp_path: Path) -> None:
    spelled = []
    for seed in (1, 2):
        (tmp_path / str(seed)).mkdir()
        bench = Bench(tmp_path / str(seed), seed=seed)
        task = bench.good(
            "video.create-advanced", VirtualmanKey=bench.avatar(), InputSsml="hi", SpeechParam={"Speed": 1.0}
        )
        voices = bench.good("voice.list", PageIndex=1, PageSize=1)
        spelled.append((*task, *voices))
        bench.state.close()
    assert spelled == [("TaskID", "TimbreDetails", "Total"), ("TaskId", "TimbreAssets", "Total")]


def test_a_field_can_be_left_out_as_in_the_sample(bench: Bench) -> None:
    task = bench.good("video.create", VirtualmanKey=bench.avatar(), InputSsml="hi", SpeechParam={"Speed": 1})
    code, answer = bench.call("video.get", Fault("video.get", "omit", "Status"), **task)
    assert code == 0
    assert "Status" not in answer
    assert "Progress" in answer


def test_half_a_character_is_refused_without_a_crash(bench: Bench) -> None:
    body = b'{"Header": {"RequestID": "\\ud83d"}, "Payload": {"\\udc00": "\\ud83d"}}'
    answer = bench.send("voice.texts", body)
    assert header(answer)["Code"] == 100001


# Request samples of the documentation, as they are printed; the codes are those of their made-up keys and ids.
# Left out are those that its own tables refuse: TaskId as a number, requests without ReqId or SexType.
SAMPLES = [
    ("basic-check.create", {"AudioUrl": "http://xxx", "ReferenceText": "Hello"}, 0),
    ("basic-check.get", {"TaskId": "xxx"}, 110006),
    ("assets.credentials", {}, 0),
    ("voice.texts", {}, 0),
    ("audio.create", {"VirtualmanKey": "123", "InputSsml": "Hello, virtual anchor", "Speed": 1}, 100016),
    (
        "video.create",
        {
            "VirtualmanKey": "123",
            "InputSsml": 'Hello, I am the virtual <phoneme alphabet="py" ph="fu4">复</phoneme> anchor',
            "SpeechParam": {"Speed": 1.0},
            "VideoParam": {"Format": "GreenScreenMp4"},
        },
        100016,
    ),
    (
        "video.create-advanced",
        {
            "VirtualmanKey": "123",
            "InputSsml": "Hello, I am the virtual anchor",
            "SpeechParam": {"Speed": 1},
            "VideoParam": {
                "Format": "Mp4",
                "BackgroundFileUrl": "http://url1",
                "VideoHeadFileUrl": "http://url2",
                "VideoTailFileUrl": "http://url3",
                "ShowSubtitles": True,
                "LogoParams": [{"LogoFileUrl": "http://logo", "PositionX": 1561, "PositionY": 751, "Scale": 1.0}],
                "AnchorParam": {
                    "HorizontalPosition": 0.5,
                    "Scale": 1.0,
                    "AnchorExtraParam": '{"shirtColor": {"colorValue": 10491928}}',
                },
            },
        },
        100016,
    ),
    ("legacy.anchors", {"GetAllResource": True, "VirtualmanTypeCode": "real_man_2d"}, 0),
    ("legacy.images", {"GetAllResource": True, "AnchorCode": "yani"}, 100009),
    ("legacy.voices", {"VirtualmanKey": "2803ca3b5ec64260a2c11e396eaac519"}, 100009),
    ("legacy.actions", {"VirtualmanKey": "2803ca3b5ec64260a2c11e396eaac519"}, 100009),
    ("avatar.list", {"pageIndex": 1, "PageSize": 10}, 0),
    ("avatar.voices", {"VirtualmanKey": "963a2a7d4c734a6ca2984835d9eae765"}, 100009),
    ("assets.quota", {"ServiceType": "ImageAsset", "pageIndex": 1, "PageSize": 10}, 0),
    ("voice.list", {"PageIndex": 1, "PageSize": 10}, 0),
    (
        "avatar.anchors",
        {"pageIndex": 1, "PageSize": 10, "VirtualmanTypeCode": "real_man_3d", "AnchorCodes": []},
        0,
    ),
    (
        "avatar.images",
        {
            "VirtualmanTypeCode": "small_sample_2d",
            "AnchorCodes": ["wl_pink_skirt_suit_stand"],
            "pageIndex": 1,
            "PageSize": 10,
        },
        0,
    ),
    ("avatar.actions", {"VirtualmanKey": "xxxx"}, 100009),
    (
        "session.create",
        {
            "ReqId": "f2612aa810014e8997f95bda97917268",
            "VirtualmanProjectId": "1b2c9f1c268a4edfbf6c6274da31bc5d",
            "UserId": "f2612aa810014e8997f95bda97917268",
            "Protocol": "rtmp",
            "DriverType": 1,
        },
        100009,
    ),
    (
        "session.create-by-avatar",
        {
            "ReqId": "d7aa08da33dd4a662ad5be508c5b77cf",
            "AssetVirtualmanKey": "d7aa08da33dd4a662ad5be508c5b77cf",
            "DriverType": 1,
            "UserId": "henry",
            "Protocol": "rtmp",
        },
        100016,
    ),
    ("session.get", {"ReqId": "d7aa08da33dd4a662ad5be508c5b77cf", "SessionId": "m123"}, 110018),
    ("session.start", {"SessionId": "m123", "ReqId": "d7aa08da33dd4a662ad5be508c5b77cf"}, 110018),
    ("session.close", {"SessionId": "m123adfafvbadsafd", "ReqId": "d7aa08da33dd4a662ad5be508c5b77cf"}, 110018),
    ("session.list", {"ReqId": "d7aa08da33dd4a662ad5be508c5b77cf"}, 0),
    (
        "session.update",
        {
            "ReqId": "d7aa08da33dd4a662ad5be508c5b77cf",
            "SessionId": "m123adfafvbadsafd",
            "ImageParam": {
                "ImageVerticalOffset": 10,
                "ImageHorizontalOffset": 10,
                "ImageExtraParam": '{"JacketColor":{"colorValue":10491928}}',
            },
            "SpaceParam": {
                "BackgroundUrl": "https://virtualhuman-cos-prod-1251316161.cos.ap-nanjing.myqcloud.com/a.png",
                "ImagePosition": -0.01,
                "ImagePositionVertical": -0.01,
                "ImageZoom": 1,
            },
        },
        110018,
    ),
    (
        "session.trtc-key",
        {
            "ReqId": "d7aa08da33dd4a662ad5be508c5b77cf",
            "SessionId": "12123132",
            "RoomId": "1200111",
            "UserId": "avcvdafasfds",
        },
        110018,
    ),
]


@pytest.mark.parametrize(("operation", "payload", "code"), SAMPLES, ids=[sample[0] for sample in SAMPLES])
def test_the_documentations_samples_are_understood(
    bench: Bench, operation: str, payload: dict[str, Any], code: int
) -> None:
    given, answer = bench.call(operation, **payload)
    assert given == code, answer
