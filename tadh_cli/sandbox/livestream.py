"""Where a session stands: a pure function of what is stored about it and of two times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tadh_cli.sandbox.utterances import ERROR, FAILED, Event

PREPARING, READY, CLOSED, BROKEN = 3, 1, 2, 4
WORDS = {PREPARING: "PREPARING", READY: "READY", CLOSED: "CLOSED", BROKEN: "FAILED"}
# Why a session was closed (CloseType).
BY_OWNER, IDLE, RESTART, SAME_USER = 1, 2, 4, 5

# Virtual seconds until the avatar's model is loaded.
LOADING_S = 6.0
# Paced seconds: without instructions or heartbeats the channel is dropped, then the session closed; changes of the
# picture are five seconds apart.
CHANNEL_IDLE_S, SESSION_IDLE_S = 180.0, 600.0
UPDATE_APART_S = 5.0
# Refusals that are remembered, of each session.
MOST_REFUSALS = 100


@dataclass(frozen=True)
class Session:
    """A stream and what happened to it; moments are virtual, `alive` and `updated` are paced."""

    id: str
    user: str
    project: str
    avatar: str
    protocol: str
    driver: int
    ready: float
    # When it was heard of for the last time.
    alive: float = 0.0
    created: float = 0.0
    # The words it speaks with are paced by this, per cent of normal.
    speed: float = 100.0
    # StreamMaxInterval.
    gap_s: float = 2.0
    is_pushed: bool = False
    is_started: bool = False
    # What loading ends with, if not with success.
    fail_code: int = 0
    fail_message: str = ""
    closed: float | None = None
    close_type: int = 0
    error_code: int = 0
    error_message: str = ""
    updated: float = 0.0
    connections: int = 0
    heartbeats: int = 0
    # Instructions that were refused: how many, and the first of them.
    refused: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)


def status(session: Session, now: float, paced: float) -> int:
    """Preparing, then ready, or failed, until somebody closes it or nobody is heard of."""
    if session.closed is not None:
        return CLOSED
    if session.fail_code and now >= session.ready:
        return BROKEN
    if is_abandoned(session, paced):
        return CLOSED
    return PREPARING if now < session.ready else READY


def is_open(session: Session, now: float, paced: float) -> bool:
    """Whether it takes up a slot."""
    return status(session, now, paced) in (PREPARING, READY)


def is_abandoned(session: Session, paced: float) -> bool:
    return paced - session.alive > SESSION_IDLE_S


def close_type(session: Session, paced: float) -> int:
    return session.close_type or (IDLE if is_abandoned(session, paced) else 0)


def error(session: Session, at: int) -> tuple[int, str]:
    """ErrorCode and ErrorMessage of a session with a status."""
    if at == BROKEN:
        return session.fail_code, session.fail_message
    return session.error_code, session.error_message


# Frames -------------------------------------------------------------------------------------------------------


def frame(session_id: str, event: Event) -> dict[str, Any]:
    """A downstream message, wrapped as every answer is."""
    payload = {"Type": event.type, "SessionId": session_id, "ReqId": event.req_id, "Seq": event.seq}
    payload |= {"SpeakStatus": event.word} if event.word else {}
    return _wrapped(session_id, event.req_id, payload | {"ErrorCode": 0, "ErrorMessage": ""} | dict(event.facts))


def refusal(session_id: str, req_id: str, code: int, message: str) -> dict[str, Any]:
    """The message that an instruction was refused, or that the session has ended.

    What belongs to no drive has its code in the Header too, as the answers of the HTTPS part do.
    """
    payload = {
        "Type": FAILED,
        "SessionId": session_id,
        "ReqId": req_id,
        "Seq": 0,
        "SpeakStatus": ERROR,
        "ErrorCode": code,
        "ErrorMessage": message,
    }
    whole = _wrapped(session_id, req_id, payload)
    return whole if req_id else {**whole, "Header": {**whole["Header"], "Code": code, "Message": message}}


def _wrapped(session_id: str, req_id: str, payload: dict[str, Any]) -> dict[str, Any]:
    header = {"Code": 0, "Message": "", "RequestID": req_id, "SessionID": session_id, "DialogID": ""}
    return {"Header": header, "Payload": payload}
