"""The instructions that come up through the channel, read as strictly as the documentation describes them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tadh_cli.sandbox import envelope
from tadh_cli.sandbox.pace import PACKET_BYTES
from tadh_cli.sandbox.refusals import Malformed, Refusal
from tadh_cli.sandbox.wire import Json

MOST_TEXT_BYTES = 4000
# One fragment; newer editions of the documentation allow 2000.
MOST_FRAGMENT_BYTES = 1000
MOST_VISITOR = 64
_REQ_ID = re.compile("[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class Text:
    """SEND_TEXT; empty with `is_interrupt` it only stops what is spoken."""

    req_id: str
    text: str = ""
    is_interrupt: bool = False
    # Whether a chatbot, where there is one, answers the text instead of it being spoken.
    asks: bool = True


@dataclass(frozen=True)
class Sound:
    """SEND_AUDIO: a packet of sound, or the empty one that ends it."""

    req_id: str
    seq: int
    sound: bytes = b""
    is_final: bool = False


@dataclass(frozen=True)
class Fragment:
    """SEND_STREAMTEXT: a piece of a text, or a clause of it."""

    req_id: str
    seq: int
    text: str = ""
    is_final: bool = False
    is_interrupt: bool = False
    is_clause: bool = False
    is_inserted: bool = False

    @property
    def stops(self) -> bool:
        """Whether it ends what is spoken now: "passing in true and an empty Text"."""
        return self.is_interrupt and not self.text


@dataclass(frozen=True)
class Heartbeat:
    """SEND_HEARTBEAT."""

    req_id: str


Instruction = Text | Sound | Fragment | Heartbeat


@dataclass(frozen=True)
class Order:
    """What is around every instruction."""

    req_id: str
    command: str
    data: dict[str, Json]


def order(frame: Json, session_id: str) -> Order:
    """The order in a frame of the channel of a session; raises Refusal."""
    if not isinstance(frame, str):
        raise _bad("Frame", "a frame has to be text")
    try:
        payload = envelope.read(frame.encode("utf-8", "replace")).payload
    except Malformed as error:
        raise Refusal(error.code, "InvalidParameter.Frame", error.message) from None
    for name, kind in (("ReqId", str), ("SessionId", str), ("Command", str), ("Data", dict)):
        if not isinstance(payload.get(name), kind):
            raise _bad(name, f"{name} is missing or of the wrong type")
    if extra := sorted(set(payload) - {"ReqId", "SessionId", "Command", "Data"}):
        raise _bad(extra[0], f"{', '.join(extra)} is unknown")
    if not _REQ_ID.fullmatch(payload["ReqId"]):
        raise _bad("ReqId", "ReqId is not a UUID of 32 characters without hyphens")
    if payload["SessionId"] != session_id:
        raise _bad("SessionId", "SessionId is not that of the channel")
    return Order(payload["ReqId"], payload["Command"], payload["Data"])


def read(given: Order) -> Instruction:
    """The instruction of an order; raises Refusal."""
    if given.command not in _DATA:
        raise _bad("Command", f"Command {given.command} is not one of {', '.join(_DATA)}")
    _check(given)
    if given.command == "SEND_TEXT":
        return text(given.req_id, given.data)
    if given.command == "SEND_AUDIO":
        return _sound(given.req_id, given.data)
    if given.command == "SEND_STREAMTEXT":
        return _fragment(given.req_id, given.data)
    return Heartbeat(given.req_id)


def text(req_id: str, data: Mapping[str, Json]) -> Text:
    """SEND_TEXT, which comes by HTTPS as well."""
    spoken = data.get("Text") or ""
    if _length(spoken) > MOST_TEXT_BYTES:
        raise _bad("Text", f"Text has {_length(spoken)} bytes, more than {MOST_TEXT_BYTES}")
    chat = data.get("ChatCommand") or ""
    if chat not in ("", "NotUseChat"):
        raise _bad("ChatCommand", f"ChatCommand {chat} is neither empty nor NotUseChat")
    if len(data.get("CloudAiVisitorBizId") or "") > MOST_VISITOR:
        raise _bad("CloudAiVisitorBizId", f"CloudAiVisitorBizId has more than {MOST_VISITOR} characters")
    is_interrupt = bool(data.get("Interrupt"))
    if not spoken and not is_interrupt:
        raise _bad("Text", "Text is empty")
    return Text(req_id, spoken, is_interrupt, asks=not chat)


def _sound(req_id: str, data: dict[str, Json]) -> Sound:
    try:
        sound = base64.b64decode(data["Audio"], validate=True)
    except (binascii.Error, ValueError):
        raise _bad("Audio", "Audio is not Base64") from None
    if len(sound) % 2:
        raise _bad("Audio", f"Audio has {len(sound)} bytes: half a sample")
    if len(sound) > PACKET_BYTES:
        raise _bad("Audio", f"Audio has {len(sound)} bytes, more than {PACKET_BYTES}")
    is_final = data.get("IsFinal", False)
    if not sound and not is_final:
        raise _bad("Audio", "Audio is empty, and IsFinal is not true")
    return Sound(req_id, data["Seq"], sound, is_final)


def _fragment(req_id: str, data: dict[str, Json]) -> Fragment:
    names = ("IsFinal", "Interrupt", "IsSentence", "IsInsertSentence")
    fragment = Fragment(req_id, data["Seq"], data["Text"], *(data.get(name, False) for name in names))
    if (length := _length(fragment.text)) > MOST_FRAGMENT_BYTES:
        raise _bad("Text", f"Text has {length} bytes, more than {MOST_FRAGMENT_BYTES} in a fragment")
    if fragment.is_inserted and not fragment.is_clause:
        raise _bad("IsInsertSentence", "IsInsertSentence is for clause mode: IsSentence is not true")
    if not (fragment.text or fragment.is_final or fragment.is_interrupt):
        raise _bad("Text", "Text is empty, and IsFinal is not true")
    return fragment


def _length(given: str) -> int:
    try:
        return len(given.encode())
    except UnicodeEncodeError:
        raise _bad("Text", "Text has half a character") from None


# Keys of Data: type, and whether it has to be there. What the documentation's later editions know is known here too.
_LATER: dict[str, tuple[type, bool]] = {"VideoSeiInfo": (str, False)}
_DATA: Mapping[str, Mapping[str, tuple[type, bool]]] = {
    "SEND_TEXT": {
        "Text": (str, False),
        "Interrupt": (bool, False),
        "ChatCommand": (str, False),
        "ChatRoundId": (str, False),
        "CloudAiVisitorBizId": (str, False),
        "SmartActionEnabled": (bool, False),
        "EnhanceText": (int, False),
        **_LATER,
    },
    "SEND_AUDIO": {"Audio": (str, True), "Seq": (int, True), "IsFinal": (bool, False), **_LATER},
    "SEND_STREAMTEXT": {
        "Text": (str, True),
        "Seq": (int, True),
        "IsFinal": (bool, False),
        "Interrupt": (bool, False),
        "SmartActionEnabled": (bool, False),
        "IsSentence": (bool, False),
        "IsInsertSentence": (bool, False),
        **_LATER,
    },
    # "Use the fixed value PING": official clients send other words, and nothing comes of it.
    "SEND_HEARTBEAT": {"Text": (str, True)},
}


def _check(given: Order) -> None:
    """Refuse what Data must not have, and what it lacks."""
    known = _DATA[given.command]
    for name, value in given.data.items():
        if name not in known:
            raise _bad(name, f"Data of {given.command} has no {name}")
        if type(value) is not known[name][0]:
            raise _bad(name, f"{name} is not of type {known[name][0].__name__}")
    for name, (_, is_required) in known.items():
        if is_required and name not in given.data:
            raise _bad(name, f"{name} is missing")


def _bad(name: str, message: str) -> Refusal:
    return Refusal(100001, f"InvalidParameter.{name}", message)
