"""What sessions can tell about themselves: /-/sessions, /-/sessions/ID, /-/sessions/ID/sound and …/transcript."""

from __future__ import annotations

import json
from typing import Any

from tadh_cli.sandbox import livestream
from tadh_cli.sandbox.livestream import Session
from tadh_cli.sandbox.replies import Piece, Reply
from tadh_cli.sandbox.service import Service

ROUTE = "sessions"


def answer(service: Service, rest: str) -> Reply:
    """The answer to a route behind /-/sessions."""
    id, _, what = rest.removeprefix("/").partition("/")
    if not id:
        return _document({"Sessions": [summary(service, one) for one in service.sessions.values()]})
    session = service.sessions.get(id)
    if session is None or what not in ("", "sound", "transcript"):
        return _document({"Error": f"there is no {what or 'session'} {id}"}, status=404)
    if what == "sound":
        return sound(service, session)
    if what == "transcript":
        return _text("".join(f"{line}\n" for line in service.lives.of(session).lines()))
    return _document(record(service, session))


def summary(service: Service, session: Session) -> dict[str, Any]:
    """A session in a line: where it stands."""
    at = livestream.status(session, service.clock.now(), service.clock.paced())
    code, message = livestream.error(session, at)
    return {
        "SessionId": session.id,
        "Status": livestream.WORDS[at],
        "SessionStatus": at,
        "IsSessionStarted": session.is_started,
        "CloseType": livestream.close_type(session, service.clock.paced()),
        "ErrorCode": code,
        "ErrorMessage": message,
        "UserId": session.user,
        "VirtualmanProjectId": session.project,
        "AssetVirtualmanKey": session.avatar,
        "Protocol": session.protocol,
        "DriverType": session.driver,
    }


def record(service: Service, session: Session) -> dict[str, Any]:
    """Everything that is known of a session."""
    live = service.lives.of(session)
    drives = live.records()
    # Written down meanwhile.
    session = service.sessions.get(session.id) or session
    return {
        **summary(service, session),
        "SpeakStatus": live.status,
        "Connections": session.connections,
        "Heartbeats": session.heartbeats,
        "SoundBytes": _size(service, session),
        "Drives": drives,
        "Refused": session.refused,
        "Refusals": session.refusals,
    }


def sound(service: Service, session: Session) -> Reply:
    """All sound in the order in which it came, which is the one in which it is played: s16le, 16 kHz, mono."""
    size = _size(service, session)
    headers = {"Content-Type": "application/octet-stream"}
    return Reply(200, Piece(service.lives.sound(session.id), 0, size) if size else b"", headers)


def _size(service: Service, session: Session) -> int:
    path = service.lives.sound(session.id)
    return path.stat().st_size if path.exists() else 0


def _document(document: dict[str, Any], *, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document, ensure_ascii=False).encode(), {"Content-Type": "application/json"})


def _text(text: str) -> Reply:
    return Reply(200, text.encode("utf-8", "replace"), {"Content-Type": "text/plain;charset=utf-8"})
