"""Where a session stands: a pure function of what is stored about it and of the two times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PREPARING, READY, CLOSED, BROKEN = 3, 1, 2, 4
# Why a session was closed (CloseType).
BY_OWNER, IDLE, SAME_USER = 1, 2, 5

# Virtual seconds until the avatar's model is loaded, and until it begins to speak.
LOADING_S = 6.0
TAKING_BREATH_S = 0.4
# Real seconds, since a client paces by its own clock: without commands or heartbeats the channel is dropped, then the
# session closed; texts are more than a second apart, changes of the picture five.
CHANNEL_IDLE_S, SESSION_IDLE_S = 180.0, 600.0
TEXT_APART_S, UPDATE_APART_S = 1.0, 5.0


@dataclass(frozen=True)
class Session:
    """A stream and what happened to it; `…_real` are moments of the machine's clock, the others virtual."""

    id: str
    user: str
    project: str
    avatar: str
    protocol: str
    driver: int
    ready: float
    alive_real: float
    # The words it speaks with are paced by this, per cent of normal.
    speed: float = 100.0
    is_pushed: bool = False
    is_started: bool = False
    closed: float | None = None
    close_type: int = 0
    error_code: int = 0
    error_message: str = ""
    updated_real: float = 0.0
    texted_real: float = 0.0
    drives: list[dict[str, Any]] = field(default_factory=list)


def status(session: Session, now: float, real: float) -> int:
    """Preparing, then ready until somebody closes it or nobody is heard of."""
    if session.closed is not None or is_abandoned(session, real):
        return CLOSED
    return PREPARING if now < session.ready else READY


def is_abandoned(session: Session, real: float) -> bool:
    return real - session.alive_real > SESSION_IDLE_S


def close_type(session: Session, real: float) -> int:
    return session.close_type or (IDLE if is_abandoned(session, real) else 0)


# What the avatar says --------------------------------------------------------------------------------


def said(req_id: str, text: str, now: float, length_s: float) -> dict[str, Any]:
    """A text that is to be spoken, with the moments at which it begins and ends."""
    start = now + TAKING_BREATH_S
    return {"ReqId": req_id, "Text": text, "start": start, "over": start + length_s}


def cut_short(drive: dict[str, Any], now: float) -> dict[str, Any]:
    """The same text, interrupted."""
    return drive if drive["over"] <= now else {**drive, "start": min(drive["start"], now), "over": now}


def speak_status(drive: dict[str, Any] | None, now: float) -> str:
    """The word for what the last text is doing."""
    if drive is None:
        return "Initial"
    if now < drive["start"]:
        return "WaitingTextStart"
    return "TextStart" if now < drive["over"] else "TextOver"


def frame(session_id: str, req_id: str, seq: int, word: str, *, code: int = 0, message: str = "") -> dict[str, Any]:
    """A downstream message: the status of a drive, wrapped as every answer is."""
    return {
        "Header": {"Code": 0, "Message": "", "RequestID": req_id, "SessionID": session_id, "DialogID": ""},
        "Payload": {
            "Type": 9 if word == "Error" else 3,
            "SessionId": session_id,
            "ReqId": req_id,
            "Seq": seq,
            "SpeakStatus": word,
            "ErrorCode": code,
            "ErrorMessage": message,
        },
    }
