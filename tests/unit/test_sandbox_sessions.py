"""Sessions over HTTPS, with both clocks set by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.livestream import frame, refusal
from tadh_cli.sandbox.utterances import Event
from tests.unit.sandbox_bench import REQ_ID, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.state.close()


def call(bench: Bench, name: str, **payload: Any) -> tuple[int, dict[str, Any]]:
    return bench.call(f"session.{name}", ReqId=REQ_ID, **payload)


def create(bench: Bench, user: str = "henry", **more: Any) -> dict[str, Any]:
    payload = {"AssetVirtualmanKey": bench.avatar(), "UserId": user, "Protocol": "rtmp", "DriverType": 1, **more}
    return bench.good("session.create-by-avatar", ReqId=REQ_ID, **payload)


def started(bench: Bench, user: str = "henry") -> str:
    id: str = create(bench, user)["SessionId"]
    bench.wait(10)
    assert call(bench, "start", SessionId=id)[0] == 0
    return id


def test_a_session_is_prepared_then_ready_then_started_then_closed(bench: Bench) -> None:
    made = create(bench)
    id = made["SessionId"]
    assert made["SessionStatus"] == 3
    assert made["PlayStreamAddr"].startswith("rtmp://")
    assert call(bench, "start", SessionId=id)[0] == 110014
    bench.wait(10)
    _, ready = call(bench, "get", SessionId=id)
    assert (ready["SessionStatus"], ready["IsSessionStarted"], ready["SpeakStatus"]) == (1, False, "Initial")
    assert call(bench, "start", SessionId=id)[0] == 0
    assert call(bench, "close", SessionId=id)[0] == 0
    _, closed = call(bench, "get", SessionId=id)
    # "It stays true for ever once started."
    assert (closed["SessionStatus"], closed["IsSessionStarted"], closed["CloseType"]) == (2, True, 1)
    assert call(bench, "start", SessionId=id)[0] == 110013
    assert call(bench, "close", SessionId=id)[0] == 0


def test_the_same_user_closes_the_older_session(bench: Bench) -> None:
    first, second = create(bench)["SessionId"], create(bench)["SessionId"]
    _, old = call(bench, "get", SessionId=first)
    assert (old["SessionStatus"], old["ErrorCode"], old["CloseType"]) == (2, 110022, 5)
    assert call(bench, "get", SessionId=second)[1]["SessionStatus"] == 3
    assert call(bench, "start", SessionId=first)[0] == 110022


def test_there_are_no_more_than_the_slots_of_the_account(bench: Bench) -> None:
    ids = [create(bench, user)["SessionId"] for user in ("a", "b", "c")]
    more = {"AssetVirtualmanKey": bench.avatar(), "UserId": "d", "Protocol": "rtmp", "DriverType": 1}
    assert call(bench, "create-by-avatar", **more)[0] == 100014
    call(bench, "close", SessionId=ids[0])
    assert call(bench, "create-by-avatar", **more)[0] == 0


@pytest.mark.parametrize(
    ("code", "more"),
    [
        (100016, {"AssetVirtualmanKey": "0" * 32}),
        (100009, {"SpeechParam": {"TimbreKey": "nobody"}}),
        (100001, {"SessionId": "m1"}),
        (100002, {"Protocol": "RTMP"}),
        (100002, {"DriverType": 2}),
        (100002, {"SpeechParam": {"Speed": 1.0}}),
        (100003, {"UserId": ""}),
    ],
)
def test_what_can_not_be_created(bench: Bench, code: int, more: dict[str, Any]) -> None:
    payload = {"AssetVirtualmanKey": bench.avatar(), "UserId": "u", "Protocol": "rtmp", "DriverType": 1, **more}
    assert call(bench, "create-by-avatar", **payload)[0] == code


def test_projects_are_known_by_their_ids(bench: Bench) -> None:
    project = bench.service.projects[0]
    stream = {"UserId": "u", "Protocol": "webrtc", "DriverType": 3}
    assert call(bench, "create", VirtualmanProjectId="0" * 32, **stream)[0] == 100009
    id = call(bench, "create", VirtualmanProjectId=project, **stream)[1]["SessionId"]
    assert [one["SessionId"] for one in call(bench, "list-by-project", VirtualmanProjectId=project)[1]["Sessions"]] == [
        id
    ]
    assert call(bench, "list-by-project", VirtualmanProjectId=bench.service.projects[1])[1]["Sessions"] == []


def test_lists_have_what_is_open(bench: Bench) -> None:
    first, second = create(bench, "a")["SessionId"], create(bench, "b")["SessionId"]
    call(bench, "close", SessionId=first)
    (listed,) = call(bench, "list")[1]["Sessions"]
    assert (listed["SessionId"], listed["UserId"], listed["IsSessionStarted"]) == (second, "b", False)
    by_avatar = call(bench, "list-by-avatar", AssetVirtualmanKey=bench.avatar())[1]["Sessions"]
    assert [one["SessionId"] for one in by_avatar] == [second]


def test_an_own_push_address_has_no_address_to_play(bench: Bench) -> None:
    assert "PlayStreamAddr" not in create(bench, ProtocolOption={"CssCustomPushUrl": "rtmp://a/b/c?txSecret=x"})


def test_a_session_nobody_is_heard_of_is_closed_after_ten_minutes(bench: Bench) -> None:
    id = started(bench)
    bench.clock.advance(599)
    assert call(bench, "get", SessionId=id)[1]["SessionStatus"] == 1
    bench.clock.advance(2)
    _, gone = call(bench, "get", SessionId=id)
    assert (gone["SessionStatus"], gone["CloseType"]) == (2, 2)
    assert call(bench, "list")[1]["Sessions"] == []


def test_these_minutes_are_those_of_the_client_at_any_speed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, speed=100.0)
    id = started(bench)
    bench.wait(590)
    assert call(bench, "get", SessionId=id)[1]["SessionStatus"] == 1
    bench.state.close()


@pytest.mark.parametrize("code", [-111003, -111004])
def test_loading_can_fail(bench: Bench, code: int) -> None:
    payload = {"AssetVirtualmanKey": bench.avatar(), "UserId": "u", "Protocol": "rtmp", "DriverType": 1}
    fault = Fault("session.create-by-avatar", "task_fail", code)
    made = bench.call("session.create-by-avatar", fault, ReqId=REQ_ID, **payload)[1]
    assert made["SessionStatus"] == 3
    bench.wait(10)
    id = made["SessionId"]
    found = call(bench, "get", SessionId=id)[1]
    assert (found["SessionStatus"], found["ErrorCode"]) == (4, code) and found["ErrorMessage"]
    assert call(bench, "list")[1]["Sessions"] == []
    assert call(bench, "start", SessionId=id)[0] == 110014
    assert call(bench, "close", SessionId=id)[0] == 0


def test_a_text_is_spoken_for_as_long_as_it_takes(bench: Bench) -> None:
    id = started(bench)
    assert say(bench, id, "一二三四五六七八九十一二") == 0
    words = []
    for _ in range(4):
        words.append(call(bench, "get", SessionId=id)[1]["SpeakStatus"])
        bench.wait(1.2)
    assert words == ["WaitingTextStart", "TextStart", "TextStart", "TextOver"]


def say(bench: Bench, id: str, text: str | None = None, **more: Any) -> int:
    data = {**({} if text is None else {"Text": text}), **more}
    return bench.call("session.say", ReqId=uuid4().hex, SessionId=id, Command="SEND_TEXT", Data=data)[0]


def test_texts_are_more_than_a_second_apart(bench: Bench) -> None:
    id = started(bench)
    assert say(bench, id, "one") == 0
    bench.wait(1)
    assert say(bench, id, "two") == 100012
    bench.wait(0.1)
    assert say(bench, id, "two") == 0


def test_a_new_text_ends_the_old_one_and_an_empty_one_ends_all(bench: Bench) -> None:
    id = started(bench)
    say(bench, id, "一" * 100)
    bench.wait(2)
    say(bench, id, "二" * 100)
    session = bench.service.sessions.get(id)
    assert session is not None
    drives = bench.service.lives.of(session).records()
    assert [drive["Status"] for drive in drives] == ["TextOver", "WaitingTextStart"]
    bench.wait(2)
    assert say(bench, id, Interrupt=True) == 0
    assert call(bench, "get", SessionId=id)[1]["SpeakStatus"] == "TextOver"


def test_texts_are_checked(bench: Bench) -> None:
    id = started(bench)
    assert say(bench, id) == 100001
    assert say(bench, id, "a < b") == 100002
    assert say(bench, id, "SENSITIVE") == 801005
    assert say(bench, id, "一" * 1334) == 100002


def test_a_session_has_to_be_started_to_be_driven(bench: Bench) -> None:
    id = create(bench)["SessionId"]
    assert say(bench, id, "hi") == 110014
    bench.wait(10)
    assert say(bench, id, "hi") == 110016
    assert say(bench, "m0", "hi") == 110018


def test_the_picture_is_changed_every_five_seconds_at_most(bench: Bench) -> None:
    id = started(bench)
    assert call(bench, "update", SessionId=id)[0] == 0
    bench.wait(4.9)
    assert call(bench, "update", SessionId=id)[0] == 100012
    bench.wait(0.2)
    assert call(bench, "update", SessionId=id)[0] == 0


def test_a_background_is_a_picture_of_the_documented_kinds(bench: Bench) -> None:
    place = {"ImagePosition": 0, "ImagePositionVertical": 0, "ImageZoom": 1}
    for name, code in (("b.gif", 100002), ("b.jpeg", 0)):
        space = {"BackgroundUrl": f"https://a.example.com/{name}", **place}
        assert call(bench, "update", SessionId=started(bench), SpaceParam=space)[0] == code


def test_room_keys_are_for_trtc(bench: Bench) -> None:
    more = {"RoomId": "1", "UserId": "me"}
    assert call(bench, "trtc-key", SessionId=create(bench)["SessionId"], **more)[0] == 100002
    id = create(bench, Protocol="trtc")["SessionId"]
    assert call(bench, "trtc-key", SessionId=id, **more)[1]["UserSig"]


def test_frames_are_wrapped_and_errors_have_a_type_of_their_own() -> None:
    told = frame("m1", Event(1.0, "r", "AudioOver", facts={"FinalType": 2}))
    assert set(told) == {"Header", "Payload"}
    assert (told["Payload"]["Type"], told["Payload"]["FinalType"], told["Payload"]["ErrorCode"]) == (3, 2, 0)
    error = refusal("m1", "r", 100012, "too fast")["Payload"]
    assert (error["Type"], error["ErrorCode"], error["SpeakStatus"]) == (9, 100012, "Error")
