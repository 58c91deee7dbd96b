"""Frames of the driving channel: commands written, events read (Instruction-driven, Long Link Downstream Message)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tadh_cli.api.driving import Event, Frame
from tadh_cli.errors import NotFound, TadhError
from tadh_cli.providers.tencent import codes

PATH = "/v2/ws/ivh/interactdriver/interactdriverservice/commandchannel"
TEXT, STREAM, AUDIO, HEARTBEAT = "SEND_TEXT", "SEND_STREAMTEXT", "SEND_AUDIO", "SEND_HEARTBEAT"

# Codes after which a channel can't come to anything any more: closed, not ready, unknown, replaced.
ENDS = (110013, 110014, 110018, 110022)
# A command at the wrong moment, and one too soon after another: neither was done.
WRONG_MOMENT, TOO_FREQUENT = 110015, 100012
# What a Seq out of order is refused with, among other things.
BAD_PARAMETER = 100001
_DRIVING_FAILED = -111005
# Somebody else holds the channel.
TOO_MANY = 100008
# What SpeakStatus says at the end of an utterance.
OVER = ("TextOver", "AudioOver", "Error")
TEXT_START = "TextStart"
_TEXT_GOES_ON = ("WaitingTextStart", TEXT_START, "WaitingTextOver", "SentenceNext", "SentenceStart", "SentenceOver")
_AUDIO_GOES_ON = ("WaitingAudioStart", "AudioStart", "WaitingAudioOver")
# Content of a large model: its answer, and what it thinks meanwhile.
_CONTENT_TYPES = (4, 5)
_FAILED_TYPE = 9


def command(session_id: str, req_id: str, name: str, data: Mapping[str, Any]) -> Frame:
    """A frame to send; `Audio` in the data is bytes."""
    sound: bytes = data.get("Audio", b"")
    payload = {"ReqId": req_id, "SessionId": session_id, "Command": name}
    shown = {**data, "Audio": f"({len(sound)} bytes)"} if "Audio" in data else data
    sent = {**data, "Audio": base64.b64encode(sound).decode()} if "Audio" in data else data
    text = json.dumps({"Header": {}, "Payload": {**payload, "Data": sent}}, ensure_ascii=False)
    return Frame(text, {"Header": {}, "Payload": {**payload, "Data": shown}})


def event(text: str) -> Event:
    """A frame that came down; what can't be read is an event that says nothing."""
    document = codes.read(text)
    if document is None:
        return Event({"Unreadable": text[:1000]})
    header = document.get("Header")
    header = header if isinstance(header, Mapping) else {}
    payload = document.get("Payload")
    # The documentation lists the inner fields alone; the service wraps them (official SDKs).
    fields = payload if isinstance(payload, Mapping) else document
    return _decoded(document, header, fields)


def _decoded(document: Mapping[str, Any], header: Mapping[str, Any], fields: Mapping[str, Any]) -> Event:
    kind = codes.integer(fields.get("Type")) or 0
    code = codes.integer(header.get("Code")) or codes.integer(fields.get("ErrorCode")) or 0
    said = (fields.get("ErrorMessage"), fields.get("ErrorMsg"), header.get("Message") if code else "")
    status = str(fields.get("SpeakStatus") or "")
    shown = fields.get("TextDisplay") or fields.get("Text") or ""
    return Event(
        frame=document,
        type=kind,
        req_id=str(fields.get("ReqId") or ""),
        seq=codes.integer(fields.get("Seq")) or 0,
        status="Error" if kind == _FAILED_TYPE else status,
        final_type=codes.integer(fields.get("FinalType")),
        content=str(shown) if kind in _CONTENT_TYPES else "",
        is_final_content=bool(fields.get("Final")),
        code=code,
        message=next((str(text) for text in said if text), ""),
    )


def is_failure(event: Event) -> bool:
    """Whether an event tells of something that went wrong, in one of the three places for it."""
    return event.code != 0 or event.status == "Error"


def is_over(event: Event) -> bool:
    """Whether it is the last of its utterance."""
    return event.status in OVER


def is_text(event: Event) -> bool:
    """Whether it says that a text is being spoken."""
    return event.status in _TEXT_GOES_ON


def is_audio(event: Event) -> bool:
    """Whether it says that sound is being played."""
    return event.status in _AUDIO_GOES_ON


def speaks(record: Mapping[str, Any]) -> str:
    """What is being said as a session's record has it (SpeakStatus): text, audio, or nothing."""
    status = record.get("SpeakStatus")
    return "text" if status in _TEXT_GOES_ON else "audio" if status in _AUDIO_GOES_ON else ""


def failure(event: Event) -> TadhError:
    """What went wrong, by its code."""
    error = codes.failure(event.code or _DRIVING_FAILED, event.message)
    error.code = event.code or None
    return error


def ended(record: Mapping[str, Any]) -> TadhError | None:
    """Why a session's record says that it is not to be driven any more: closed, failed, or in a state not known."""
    state = codes.integer(record.get("SessionStatus"))
    if state in (1, 3):
        return None
    code = codes.integer(record.get("ErrorCode")) or 0
    message = str(record.get("ErrorMessage") or "")
    if code in codes.CODES:
        return codes.failure(code, message)
    text = message or ("the session is closed" if state == 2 else "the session has failed")
    return NotFound(text, hint="create a new session", code=code or None)


def path(session_id: str) -> str:
    """The path of a session's channel: its id stands where other requests have an id of their own."""
    from urllib.parse import urlencode

    return f"{PATH}?{urlencode({'requestid': session_id})}"
