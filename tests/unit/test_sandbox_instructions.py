"""Instructions of the channel, read strictly."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tadh_cli.sandbox.instructions import Fragment, Heartbeat, Sound, Text, order, read
from tadh_cli.sandbox.refusals import Refusal

REQ_ID = "f2612aa810014e8997f95bda97917268"


def instruction(command: str, data: dict[str, Any], **more: Any) -> Any:
    payload = {"ReqId": REQ_ID, "SessionId": "m1", "Command": command, "Data": data, **more}
    return read(order(json.dumps({"Header": {}, "Payload": payload}), "m1"))


def sound(size: int) -> str:
    return base64.b64encode(b"\0" * size).decode()


@pytest.mark.parametrize(
    ("command", "data", "wanted"),
    [
        (
            "SEND_TEXT",
            {"Text": "Hello, I am an artificially synthesized digital human", "ChatCommand": "NotUseChat"},
            Text(REQ_ID, "Hello, I am an artificially synthesized digital human", asks=False),
        ),
        ("SEND_TEXT", {"Interrupt": True}, Text(REQ_ID, is_interrupt=True)),
        ("SEND_AUDIO", {"Audio": sound(4), "Seq": 1, "IsFinal": False}, Sound(REQ_ID, 1, b"\0" * 4)),
        ("SEND_AUDIO", {"Audio": "", "Seq": 2, "IsFinal": True}, Sound(REQ_ID, 2, is_final=True)),
        (
            "SEND_STREAMTEXT",
            {"Text": "Streaming Text Content", "Seq": 1, "IsFinal": False},
            Fragment(REQ_ID, 1, "Streaming Text Content"),
        ),
        ("SEND_HEARTBEAT", {"Text": "PING"}, Heartbeat(REQ_ID)),
    ],
)
def test_the_samples_of_the_documentation_are_understood(command: str, data: dict[str, Any], wanted: Any) -> None:
    assert instruction(command, data) == wanted


@pytest.mark.parametrize(
    ("command", "data"),
    [
        ("SEND_VIDEO", {}),
        ("SEND_TEXT", {}),
        ("SEND_TEXT", {"Text": "a" * 4001}),
        ("SEND_TEXT", {"Text": "一" * 1334}),
        ("SEND_TEXT", {"Text": "x", "Interrupt": "true"}),
        ("SEND_TEXT", {"Text": "x", "ChatCommand": "UseChat"}),
        ("SEND_TEXT", {"Text": "x", "CloudAiVisitorBizId": "a" * 65}),
        ("SEND_TEXT", {"Text": "\ud83d"}),
        ("SEND_AUDIO", {"Audio": sound(4)}),
        ("SEND_AUDIO", {"Audio": sound(4), "Seq": True}),
        ("SEND_AUDIO", {"Audio": sound(4), "Seq": "1"}),
        ("SEND_AUDIO", {"Audio": "****", "Seq": 1}),
        ("SEND_AUDIO", {"Audio": sound(4).rstrip("="), "Seq": 1}),
        ("SEND_AUDIO", {"Audio": sound(3), "Seq": 1}),
        ("SEND_AUDIO", {"Audio": sound(5122), "Seq": 1}),
        ("SEND_AUDIO", {"Audio": "", "Seq": 1}),
        ("SEND_AUDIO", {"Interrupt": True}),
        ("SEND_STREAMTEXT", {"Text": "a" * 1001, "Seq": 1}),
        ("SEND_STREAMTEXT", {"Text": "\ude80", "Seq": 1}),
        ("SEND_STREAMTEXT", {"Text": "", "Seq": 1}),
        ("SEND_STREAMTEXT", {"Text": "a", "Seq": 1, "IsInsertSentence": True}),
        ("SEND_HEARTBEAT", {}),
    ],
)
def test_what_is_wrong_is_refused(command: str, data: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as caught:
        instruction(command, data)
    assert caught.value.code == 100001


@pytest.mark.parametrize(
    "more",
    [
        {"ReqId": "f2612aa8-1001-4e89-97f9-5bda97917268"},
        {"ReqId": 1},
        {"SessionId": "m2"},
        {"Data": "x"},
        {"Command": None},
        {"Extra": 1},
    ],
)
def test_what_is_around_it_is_checked_too(more: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        instruction("SEND_HEARTBEAT", {"Text": "PING"}, **more)


@pytest.mark.parametrize("frame", ["", "[]", '{"Payload": {}}', '{"ReqId": "a"}', b"{}"])
def test_a_frame_is_an_envelope(frame: Any) -> None:
    with pytest.raises(Refusal):
        order(frame, "m1")
