"""Live sessions over HTTPS: create, ask, start, close, list, say a text."""

from __future__ import annotations

import hashlib

from tadh_cli.sandbox import livestream, ssml
from tadh_cli.sandbox.account import SESSION_SLOTS
from tadh_cli.sandbox.livestream import CLOSED, PREPARING, READY, SAME_USER, Session
from tadh_cli.sandbox.production import usable_avatar
from tadh_cli.sandbox.refusals import Refusal, unknown
from tadh_cli.sandbox.service import Call, Handler, Service
from tadh_cli.sandbox.wire import Json

# Drives whose status a channel that is opened anew is told.
REMEMBERED_DRIVES = 3


def create(service: Service, call: Call) -> dict[str, Json]:
    """createsession."""
    project = call.payload["VirtualmanProjectId"]
    if project not in service.projects:
        raise unknown("VirtualmanProjectId", project)
    return _create(service, call, project=project)


def create_by_avatar(service: Service, call: Call) -> dict[str, Json]:
    """createsessionbyasset."""
    avatar = usable_avatar(service, call.payload["AssetVirtualmanKey"], call.now)
    speech = call.payload.get("SpeechParam") or {}
    if (key := speech.get("TimbreKey")) and service.voice(key, call.now) is None:
        raise unknown("TimbreKey", key)
    return _create(service, call, avatar=avatar.key)


def _create(service: Service, call: Call, *, project: str = "", avatar: str = "") -> dict[str, Json]:
    payload = call.payload
    if payload.get("SessionId"):
        raise Refusal(100001, "InvalidParameter.SessionId", "SessionId is not allowed in the public cloud")
    for old in _open(service, call):
        if old.user == payload["UserId"]:
            close(service, old, call.now, SAME_USER, 110022)
    if len(_open(service, call)) >= SESSION_SLOTS:
        raise Refusal(100014, "LimitExceeded.Concurrency", f"the concurrency quota is {SESSION_SLOTS} sessions")
    options = payload.get("ProtocolOption") or {}
    session = Session(
        id=f"m{service.new_number()}",
        user=payload["UserId"],
        project=project,
        avatar=avatar,
        protocol=payload["Protocol"],
        driver=payload["DriverType"],
        ready=call.now + livestream.LOADING_S,
        alive_real=call.real,
        speed=float((payload.get("SpeechParam") or {}).get("Speed") or 100),
        is_pushed=bool(options.get("CssCustomPushUrl")),
    )
    service.sessions.put(session.id, session)
    return {**_reply(call), "SessionId": session.id, **_status(service, session, call)}


def close(service: Service, session: Session, now: float, why: int, code: int = 0) -> None:
    """End a session; its slot is free at once."""
    message = "The session was closed by a new one with the same userid." if code else ""
    facts = {"closed": now, "close_type": why, "error_code": code, "error_message": message}
    service.sessions.change(session.id, **facts)


def tell(service: Service, call: Call) -> dict[str, Json]:
    """statsession."""
    session = _known(service, call)
    last = session.drives[-1] if session.drives else None
    answer = {
        **_reply(call),
        **_status(service, session, call),
        "SpeakStatus": livestream.speak_status(last, call.now),
        "IsSessionStarted": session.is_started,
        "ErrorCode": session.error_code,
        "ErrorMessage": session.error_message,
    }
    why = livestream.close_type(session, call.real)
    return answer | ({"CloseType": why} if why else {})


def start(service: Service, call: Call) -> dict[str, Json]:
    """startsession."""
    session = _alive(service, call)
    if livestream.status(session, call.now, call.real) == PREPARING:
        raise not_ready()
    service.sessions.change(session.id, is_started=True, alive_real=call.real)
    return _reply(call)


def end(service: Service, call: Call) -> dict[str, Json]:
    """closesession; closing a closed session is no error."""
    session = _known(service, call)
    if livestream.status(session, call.now, call.real) != CLOSED:
        close(service, session, call.now, livestream.BY_OWNER)
    return _reply(call)


def by_project(service: Service, call: Call) -> dict[str, Json]:
    """listsessionofprojectid."""
    project = call.payload["VirtualmanProjectId"]
    return _list(service, call, [session for session in _open(service, call) if session.project == project])


def by_avatar(service: Service, call: Call) -> dict[str, Json]:
    """listsessionofassetvk."""
    avatar = call.payload["AssetVirtualmanKey"]
    return _list(service, call, [session for session in _open(service, call) if session.avatar == avatar])


def all_open(service: Service, call: Call) -> dict[str, Json]:
    """listsessionofuin."""
    return _list(service, call, _open(service, call))


def update(service: Service, call: Call) -> dict[str, Json]:
    """updatesessionconfig: one request every 5 seconds per session."""
    session = _drivable(service, call)
    if call.real - session.updated_real < livestream.UPDATE_APART_S:
        raise too_frequent()
    service.sessions.change(session.id, updated_real=call.real, alive_real=call.real)
    return _reply(call)


def trtc_key(service: Service, call: Call) -> dict[str, Json]:
    """gettrtcsign."""
    session = _alive(service, call)
    if session.protocol != "trtc":
        raise Refusal(100002, "InvalidParameterValue.SessionId", "the session does not use trtc")
    secret = f"{session.id} {call.payload['RoomId']} {call.payload['UserId']}".encode()
    signed = hashlib.sha256(secret).hexdigest()
    return {**_reply(call), "UserSig": f"eJw{signed[:40]}", "PrivateMapKey": f"eJw{signed[24:]}"}


def say(service: Service, call: Call) -> None:
    """command: only the header of its answer matters, so it has nothing else."""
    session = _drivable(service, call)
    drive(service, session, call.payload["ReqId"], call.payload["Data"], call.now, call.real)


# Driving, shared with the channel ------------------------------------------------------------------------


def drive(service: Service, session: Session, req_id: str, data: dict[str, Json], now: float, real: float) -> Session:
    """Let a text be spoken, in place of what is spoken now; an empty one with Interrupt only stops that."""
    if real - session.texted_real <= livestream.TEXT_APART_S:
        raise too_frequent()
    text = data.get("Text") or ""
    if not text and not data.get("Interrupt"):
        raise Refusal(100001, "InvalidParameter.Text", "Text is empty")
    drives = [livestream.cut_short(one, now) for one in session.drives]
    if text:
        words = ssml.check(text, "Text")
        drives.append(livestream.said(req_id, text, now, ssml.seconds(words, session.speed / 100)))
    facts = {"drives": drives[-REMEMBERED_DRIVES:], "texted_real": real, "alive_real": real}
    return service.sessions.change(session.id, **facts)


def not_ready() -> Refusal:
    return Refusal(110014, "FailedOperation.SessionNotReady", "The session is not ready.")


def too_frequent() -> Refusal:
    return Refusal(100012, "RequestLimitExceeded", "Requests are too frequent.")


def check_drivable(session: Session, now: float, real: float) -> None:
    """Raise the refusal of a session that can't be driven."""
    at = livestream.status(session, now, real)
    if at == CLOSED:
        raise Refusal(session.error_code or 110013, "FailedOperation.SessionClosed", "The session has been closed.")
    if at != READY:
        raise not_ready()
    if not session.is_started:
        text = "A drive command was sent to an inactive session."
        raise Refusal(110016, "FailedOperation.SessionNotStarted", text)


def _drivable(service: Service, call: Call) -> Session:
    session = _known(service, call)
    check_drivable(session, call.now, call.real)
    return session


def _alive(service: Service, call: Call) -> Session:
    session = _known(service, call)
    if livestream.status(session, call.now, call.real) == CLOSED:
        raise Refusal(session.error_code or 110013, "FailedOperation.SessionClosed", "The session has been closed.")
    return session


def _known(service: Service, call: Call) -> Session:
    session = service.sessions.get(call.payload["SessionId"])
    if session is None:
        raise Refusal(110018, "ResourceNotFound.Session", "The session does not exist.")
    return session


def _open(service: Service, call: Call) -> list[Session]:
    sessions = service.sessions.values()
    return [session for session in sessions if livestream.status(session, call.now, call.real) != CLOSED]


def _list(service: Service, call: Call, sessions: list[Session]) -> dict[str, Json]:
    return {
        **_reply(call),
        "Sessions": [
            {
                "UserId": session.user,
                "SessionId": session.id,
                **_status(service, session, call),
                # A number in the samples, a string in the table.
                "DriverType": session.driver if service.follows_samples else str(session.driver),
                "IsSessionStarted": session.is_started,
                # Not in the documentation, but known to its SDKs.
                "VirtualmanProjectId": session.project,
                "AssetVirtualmanKey": session.avatar,
            }
            for session in sessions
        ],
    }


def _status(service: Service, session: Session, call: Call) -> dict[str, Json]:
    at = livestream.status(session, call.now, call.real)
    return {"SessionStatus": at} | ({} if session.is_pushed else {"PlayStreamAddr": _address(session)})


def _address(session: Session) -> str:
    host = "127.0.0.1"
    if session.protocol == "trtc":
        return f"trtc://{host}/live/{session.id}?sdkappid=1400000000&roomid=1200111&userid={session.user}"
    return f"{'webrtc' if session.protocol == 'webrtc' else 'rtmp'}://{host}/live/{session.id}"


def _reply(call: Call) -> dict[str, Json]:
    return {"ReqId": call.payload["ReqId"]}


HANDLERS: dict[str, Handler] = {
    "session.create": create,
    "session.create-by-avatar": create_by_avatar,
    "session.get": tell,
    "session.start": start,
    "session.close": end,
    "session.list-by-project": by_project,
    "session.list-by-avatar": by_avatar,
    "session.list": all_open,
    "session.update": update,
    "session.trtc-key": trtc_key,
    "session.say": say,
}
