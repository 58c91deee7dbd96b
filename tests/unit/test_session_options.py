"""From the options of a session to its requests: every option in its place, in the documented spelling."""

from __future__ import annotations

from typing import Any

import pytest

from tadh_cli.api.body import Body
from tadh_cli.api.options import options
from tadh_cli.api.production import Order
from tadh_cli.api.script import DriveOptions, input_of, problems_of
from tadh_cli.api.session import PictureOptions, SessionOptions
from tadh_cli.providers.tencent.session import CREATE, CREATE_BY_AVATAR, UPDATE
from tadh_cli.providers.tencent.staging import picture_order, session_order
from tadh_cli.providers.tencent.standing import tell_session

# Option, what is given, where it goes, what is sent.
BY_ANY: dict[str, tuple[Any, str, Any]] = {
    "user": ("u", "UserId", "u"),
    "protocol": ("RTMP", "Protocol", "rtmp"),
    "driver": ("text", "DriverType", 1),
    "alpha": (True, "ExtraInfo.AlphaChannelEnable", True),
    "push_url": ("rtmp://a/b?c=d", "ProtocolOption.CssCustomPushUrl", "rtmp://a/b?c=d"),
    "stream_max_interval": (2000, "StreamMaxInterval", 2000),
    "trtc_app_id": ("14", "ProtocolOption.TrtcAppId", "14"),
    "trtc_room_id": (0, "ProtocolOption.TrtcRoomId", 0),
    "trtc_room_name": ("hall", "ProtocolOption.TrtcStrRoomId", "hall"),
    "trtc_room_kind": ("number", "ProtocolOption.TrtcAutoGenRoomIdType", 0),
    "trtc_user_sig": ("s", "ProtocolOption.TrtcUserSig", "s"),
    "trtc_private_map_key": ("k", "ProtocolOption.TrtcPrivateMapKey", "k"),
}
BY_AVATAR: dict[str, tuple[Any, str, Any]] = {
    "voice": ("female_1", "SpeechParam.TimbreKey", "female_1"),
    "speed": (50.0, "SpeechParam.Speed", 50.0),
    "volume": (0, "SpeechParam.Volume", 0),
    "language": ("yue-cn", "SpeechParam.TimbreLanguage", "yue-CN"),
}
PICTURE: dict[str, tuple[Any, str, Any]] = {
    "background": ("https://a/b.png", "SpaceParam.BackgroundUrl", "https://a/b.png"),
    "x": (-0.5, "SpaceParam.ImagePosition", -0.5),
    "y": (0.25, "SpaceParam.ImagePositionVertical", 0.25),
    "zoom": (2.0, "SpaceParam.ImageZoom", 2.0),
    "vertical_angle": (10.0, "ImageParam.ImageVerticalOffset", 10.0),
    "horizontal_angle": (0.0, "ImageParam.ImageHorizontalOffset", 0.0),
    "color": (("a=#0000FF",), "ImageParam.ImageExtraParam", '{"a": {"colorValue": 255}}'),
}


def body(order: Order) -> Body:
    assert order.problems == ()
    return Body(order.operation.encode(order.values))


def test_every_option_has_its_place() -> None:
    assert {name for name, _ in options(SessionOptions)} == {*BY_ANY, *BY_AVATAR, "project", "avatar"}
    assert {name for name, _ in options(PictureOptions)} == set(PICTURE)


@pytest.mark.parametrize("name", {**BY_ANY, **BY_AVATAR})
def test_an_option_of_a_session_is_sent_under_its_documented_name(name: str) -> None:
    value, path, wanted = {**BY_ANY, **BY_AVATAR}[name]
    order = session_order(SessionOptions(avatar="A", **{name: value}))
    sent = body(order)
    assert order.operation is CREATE_BY_AVATAR and (sent["AssetVirtualmanKey"], sent[path]) == ("A", wanted)
    own = sent["ProtocolOption.TrtcUseExternalApp"]
    assert own is (True if name in ("trtc_app_id", "trtc_user_sig", "trtc_private_map_key") else None)


@pytest.mark.parametrize("name", BY_ANY)
def test_a_project_takes_the_same_but_speech(name: str) -> None:
    value, path, wanted = BY_ANY[name]
    order = session_order(SessionOptions(project="P", **{name: value}))
    sent = body(order)
    assert order.operation is CREATE and (sent["VirtualmanProjectId"], sent[path]) == ("P", wanted)


def test_sound_over_webrtc_is_what_is_meant_without_a_word() -> None:
    sent = body(session_order(SessionOptions(avatar="A", user="u")))
    assert (sent["Protocol"], sent["DriverType"]) == ("webrtc", 3)


@pytest.mark.parametrize("name", BY_AVATAR)
def test_speech_needs_an_avatar(name: str) -> None:
    order = session_order(SessionOptions(project="P", **{name: BY_AVATAR[name][0]}))
    assert order.problems == (f"--{name} needs --avatar: a project has a voice of its own",)
    assert body(order._replace(problems=()))["SpeechParam"] is None


@pytest.mark.parametrize("name", PICTURE)
def test_an_option_of_the_picture_is_sent_under_its_documented_name(name: str) -> None:
    value, path, wanted = PICTURE[name]
    order = picture_order("m1", PictureOptions(**{name: value}))
    assert order.operation is UPDATE and (body(order)["SessionId"], body(order)[path]) == ("m1", wanted)


# Where it stands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"SessionStatus": 3}, "PREPARING"),
        ({"SessionStatus": 1, "IsSessionStarted": False}, "READY"),
        ({"SessionStatus": 1, "IsSessionStarted": True}, "STARTED"),
        ({"SessionStatus": 2, "IsSessionStarted": True}, "CLOSED"),
        ({"SessionStatus": 4}, "FAILED"),
        ({"SessionStatus": 17}, "FAILED"),
        ({"SessionStatus": "odd"}, "FAILED"),
        ({}, None),
    ],
)
def test_a_status_is_a_word(answer: dict[str, Any], status: str | None) -> None:
    told = tell_session(answer)
    assert told.get("Status") == status and told.get("SessionStatus") == answer.get("SessionStatus")


def test_codes_have_a_meaning() -> None:
    told = tell_session({"SessionStatus": 2, "ErrorCode": 110022, "CloseType": 5})
    assert "same user" in told["ErrorMeaning"] and "same user" in told["CloseReason"]
    odd = tell_session({"SessionStatus": 2, "ErrorCode": 1, "CloseType": 9})
    assert "does not know" in odd["ErrorMeaning"] and "does not know" in odd["CloseReason"]
    assert tell_session({"SessionStatus": 1, "ErrorCode": 0}) == {"SessionStatus": 1, "ErrorCode": 0, "Status": "READY"}


# What is said ------------------------------------------------------------------------------------------


def test_one_input_is_chosen() -> None:
    assert input_of(DriveOptions()) == "" and list(problems_of(DriveOptions())) == []
    assert input_of(DriveOptions(pcm="-")) == "pcm" and list(problems_of(DriveOptions(pcm="-", live=True))) == []
    assert list(problems_of(DriveOptions(audio="a", burst=0))) == []
    # A conversation has no input, and its lines are texts.
    assert list(problems_of(DriveOptions(chat_command="NotUseChat"))) == []


def test_everything_that_does_not_go_together_is_told() -> None:
    told = list(problems_of(DriveOptions(text="a", stream="b", live=True, burst=9, insert=("c",), max_duration=0.0)))
    assert len(told) == 7
