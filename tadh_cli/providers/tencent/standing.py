"""Where a live session stands, in words: the service says it in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Querying the Session Status, SessionStatus.
_STATUS = {1: "READY", 2: "CLOSED", 3: "PREPARING", 4: "FAILED"}
# CloseType, as the service's own web demo reads it.
_CLOSED_BY = {
    1: "closed by its owner",
    2: "closed because nobody drove it",
    3: "closed because the stream's receiver ended it",
    4: "closed by a restart of the service",
    5: "closed by a new session of the same user",
}


def tell_session(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer about a session with its status in a word, and what its codes mean."""
    number = answer.get("SessionStatus")
    told: dict[str, Any] = dict(answer)
    if number not in (None, ""):
        # A number that nobody knows ends a session (5 was a timeout once), it does not make it wait.
        word = _STATUS.get(number, "FAILED") if isinstance(number, int) else "FAILED"
        # Having been started says nothing about one that was closed since.
        told["Status"] = "STARTED" if word == "READY" and answer.get("IsSessionStarted") is True else word
    if answer.get("CloseType"):
        told["CloseReason"] = _CLOSED_BY.get(answer["CloseType"], "closed for a reason this version does not know")
    if answer.get("ErrorCode"):
        told["ErrorMeaning"] = _meaning(answer["ErrorCode"])
    return told


def tell_started(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a session is that could be started."""
    return tell_session({**answer, "SessionStatus": 1, "IsSessionStarted": True})


def tell_closed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a session is that could be closed."""
    return tell_session({**answer, "SessionStatus": 2})


def tell_sessions(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A list of sessions, each with its status in a word."""
    return {**answer, "Sessions": [tell_session(session) for session in answer.get("Sessions") or ()]}


def _meaning(code: object) -> str:
    from tadh_cli.providers.tencent.codes import CODES

    known = CODES.get(code) if isinstance(code, int) else None
    return known.meaning if known else "a code this version does not know"
