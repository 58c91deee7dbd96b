"""Live sessions over HTTPS: create, ask, start, close, list, say a text."""

from __future__ import annotations

import hashlib

from tadh_cli.sandbox import instructions, livestream
from tadh_cli.sandbox.account import SESSION_SLOTS
from tadh_cli.sandbox.instructions import Instruction
from tadh_cli.sandbox.livestream import CLOSED, READY, SAME_USER, Session
from tadh_cli.sandbox.production import usable_avatar
from tadh_cli.sandbox.refusals import Refusal, too_frequent, unknown
from tadh_cli.sandbox.service import Call, Handler, Service
from tadh_cli.sandbox.wire import Json

_REASONS = {
    110013: "The session was closed by the service.",
    110022: "The session was closed by a new one with the same userid.",
}
# Why the loading of a model can fail (Error Code List).
_FAILURES = {
    -111003: "An error occurred during the model loading process of the digital human.",
    -111004: "There was an internal stream creation timeout in the digital human service.",
}


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
    fault = call.fault if call.fault is not None and call.fault.kind == "task_fail" else None
    session = Session(
        id=f"m{service.new_number()}",
        user=payload["UserId"],
        project=project,
        avatar=avatar,
        protocol=payload["Protocol"],
        driver=payload["DriverType"],
        ready=call.now + livestream.LOADING_S,
        alive=call.paced,
        created=call.now,
        speed=float((payload.get("SpeechParam") or {}).get("Speed") or 100),
        gap_s=(payload.get("StreamMaxInterval") or 2000) / 1000,
        is_pushed=bool(options.get("CssCustomPushUrl")),
        fail_code=fault.value if fault else 0,
        fail_message=(fault.message or _FAILURES.get(fault.value, "")) if fault else "",
    )
    service.sessions.put(session.id, session)
    return {**_reply(call), "SessionId": session.id, **_status(service, session, call)}


def close(service: Service, session: Session, now: float, why: int, code: int = 0) -> None:
    """End a session; its slot is free at once."""
    message = _REASONS.get(code, "")
    service.lives.of(session).end()
    facts = {"closed": now, "close_type": why, "error_code": code, "error_message": message}
    service.sessions.change(session.id, **facts)


def tell(service: Service, call: Call) -> dict[str, Json]:
    """statsession."""
    session = _known(service, call)
    code, message = livestream.error(session, livestream.status(session, call.now, call.paced))
    answer = {
        **_reply(call),
        **_status(service, session, call),
        "SpeakStatus": service.lives.of(session).status,
        "IsSessionStarted": session.is_started,
        "ErrorCode": code,
        "ErrorMessage": message,
    }
    why = livestream.close_type(session, call.paced)
    return answer | ({"CloseType": why} if why else {})


def start(service: Service, call: Call) -> dict[str, Json]:
    """startsession."""
    session = _alive(service, call)
    if livestream.status(session, call.now, call.paced) != READY:
        raise not_ready()
    service.sessions.change(session.id, is_started=True, alive=call.paced)
    return _reply(call)


def end(service: Service, call: Call) -> dict[str, Json]:
    """closesession; closing a closed session is no error."""
    session = _known(service, call)
    if livestream.status(session, call.now, call.paced) != CLOSED:
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
    if call.paced - session.updated < livestream.UPDATE_APART_S:
        raise too_frequent()
    service.sessions.change(session.id, updated=call.paced, alive=call.paced)
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
    service.lives.of(session).obey(instructions.text(call.payload["ReqId"], call.payload["Data"]))


# Driving, shared with the channel ------------------------------------------------------------------------


def drive(service: Service, session: Session, given: Instruction, *, late_s: float = 0.0) -> None:
    """Do what an instruction says, unless session or instruction are refused."""
    check_drivable(session, service.clock.now(), service.clock.paced())
    service.lives.of(session).obey(given, late_s=late_s)


def not_ready() -> Refusal:
    return Refusal(110014, "FailedOperation.SessionNotReady", "The session is not ready.")


def check_drivable(session: Session, now: float, paced: float) -> None:
    """Raise the refusal of a session that can't be driven."""
    at = livestream.status(session, now, paced)
    if at == CLOSED:
        raise Refusal(session.error_code or 110013, "FailedOperation.SessionClosed", "The session has been closed.")
    if at != READY:
        raise not_ready()
    if not session.is_started:
        text = "A drive command was sent to an inactive session."
        raise Refusal(110016, "FailedOperation.SessionNotStarted", text)


def _drivable(service: Service, call: Call) -> Session:
    session = _known(service, call)
    check_drivable(session, call.now, call.paced)
    return session


def _alive(service: Service, call: Call) -> Session:
    session = _known(service, call)
    if livestream.status(session, call.now, call.paced) == CLOSED:
        raise Refusal(session.error_code or 110013, "FailedOperation.SessionClosed", "The session has been closed.")
    return session


def _known(service: Service, call: Call) -> Session:
    session = service.sessions.get(call.payload["SessionId"])
    if session is None:
        raise Refusal(110018, "ResourceNotFound.Session", "The session does not exist.")
    return session


def _open(service: Service, call: Call) -> list[Session]:
    sessions = service.sessions.values()
    return [session for session in sessions if livestream.is_open(session, call.now, call.paced)]


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
    at = livestream.status(session, call.now, call.paced)
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
