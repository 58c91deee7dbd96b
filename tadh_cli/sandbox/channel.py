"""The driving channel: a WebSocket per started session, commands up, the status of what is spoken down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from tadh_cli.sandbox import authentication, envelope, livestream, sessions
from tadh_cli.sandbox.faults import CHANNEL, Fault, Faults
from tadh_cli.sandbox.livestream import Session
from tadh_cli.sandbox.refusals import Malformed, Refusal, Unauthorized
from tadh_cli.sandbox.replies import abort
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.wire import Incoming, Json, Outgoing

PATH = "/v2/ws/ivh/interactdriver/interactdriverservice/commandchannel"
COMMANDS = ("SEND_TEXT", "SEND_HEARTBEAT")
LARGEST_FRAME_BYTES = 1 << 20
# How a service that is being updated says goodbye.
GOING_AWAY, VIOLATION = 1001, 1008


class Channels:
    """All open channels, one a session."""

    def __init__(self, service: Service, tokens: Mapping[str, str], faults: Faults) -> None:
        self._service = service
        self._tokens = tokens
        self._faults = faults
        self._open: dict[str, _Channel] = {}
        service.sessions.watch = self._wake

    def admit(self, incoming: Incoming, fault: Fault | None) -> Session | Outgoing:
        """The session that a handshake is for, or the answer that refuses it."""
        clock = self._service.clock
        skew_s = fault.value if fault is not None and fault.kind == "clock_skew_s" else 0.0
        try:
            if incoming.headers.get("Upgrade", "").lower() != "websocket":
                raise Malformed(426, "this is a WebSocket")
            needs = (*authentication.REQUIRED, "requestid")
            given = authentication.verify(incoming.query, self._tokens, clock.real() + skew_s, needs=needs)
            return self._session(given["requestid"])
        except Malformed as error:
            return envelope.failure(error.status, error.code, error.message, "")
        except Unauthorized as error:
            return envelope.failure(401, error.code, error.message, "")
        except Refusal as error:
            return envelope.failure(400, error.code, error.message, "")

    def _session(self, id: str) -> Session:
        session = self._service.sessions.get(id)
        if session is None:
            raise Refusal(110018, "ResourceNotFound.Session", "The session does not exist.")
        sessions.check_drivable(session, self._service.clock.now(), self._service.clock.real())
        if id in self._open:
            raise Refusal(100008, "LimitExceeded.Channel", "Only one long connection channel is allowed per session.")
        return session

    async def serve(self, request: web.Request, session: Session) -> web.StreamResponse:
        """Run a channel until one of the two sides ends it."""
        socket = web.WebSocketResponse(max_msg_size=LARGEST_FRAME_BYTES, autoping=True)
        channel = _Channel(self._service, self._faults, session.id, request, socket)
        self._open[session.id] = channel
        try:
            await socket.prepare(request)
            await channel.run()
        finally:
            self._open.pop(session.id, None)
        return socket

    async def close(self) -> None:
        for channel in list(self._open.values()):
            await channel.close()

    def _wake(self, id: str) -> None:
        if id in self._open:
            self._open[id].wake()


@dataclass(frozen=True)
class _Event:
    """A change of status that the client is told of."""

    at: float
    req_id: str
    word: str


class _Channel:
    """One connection: reads commands, and tells what becomes of them when it does."""

    def __init__(
        self, service: Service, faults: Faults, id: str, request: web.Request, socket: web.WebSocketResponse
    ) -> None:
        self._service = service
        self._faults = faults
        self._id = id
        self._request = request
        self._socket = socket
        self._changed = asyncio.Event()
        self._told: set[tuple[str, str]] = set()
        self._is_stalled = False

    def wake(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        await self._replay()
        speaker = asyncio.create_task(self._speak())
        try:
            await self._listen()
        finally:
            speaker.cancel()
            await asyncio.gather(speaker, return_exceptions=True)

    async def close(self) -> None:
        await self._socket.close(code=GOING_AWAY)

    # Upstream --------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while not self._socket.closed:
            try:
                message = await self._socket.receive(timeout=livestream.CHANNEL_IDLE_S)
            except asyncio.TimeoutError:
                await self._socket.close(code=GOING_AWAY, message=b"idle")
                return
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            fault = self._faults.pick(CHANNEL, PATH, frame=True)
            if fault is not None and not await self._goes_on(fault):
                return
            if not self._is_stalled:
                await self._obey(message.data)

    async def _goes_on(self, fault: Fault) -> bool:
        if fault.value == "stall":
            self._is_stalled = True
            return True
        if fault.value == "reset":
            abort(self._request)
        else:
            await self._socket.close(code=GOING_AWAY)
        return False

    async def _obey(self, data: Any) -> None:
        """Do what a command says; what it does wrong is answered, and the session goes on."""
        req_id = ""
        try:
            payload = _payload(data, self._id)
            req_id = payload["ReqId"]
            session = self._service.sessions.get(self._id)
            assert session is not None
            clock = self._service.clock
            if payload["Command"] == "SEND_TEXT":
                sessions.drive(self._service, session, req_id, payload["Data"], clock.now(), clock.real())
            else:
                self._service.sessions.change(self._id, alive_real=clock.real())
        except Refusal as error:
            frame = livestream.frame(self._id, req_id, 0, "Error", code=error.code, message=error.message)
            await self._tell(frame)

    # Downstream ------------------------------------------------------------------------------------------

    async def _replay(self) -> None:
        """After a reconnection: how the last few texts stand."""
        now = self._service.clock.now()
        for drive in self._drives():
            past = [event for event in _events([drive]) if event.at <= now]
            self._told |= {(event.req_id, event.word) for event in past}
            if past:
                await self._tell(livestream.frame(self._id, past[-1].req_id, 0, past[-1].word))

    async def _speak(self) -> None:
        clock = self._service.clock
        while not self._socket.closed:
            self._changed.clear()
            pending = [event for event in _events(self._drives()) if (event.req_id, event.word) not in self._told]
            for event in pending:
                if event.at <= clock.now():
                    self._told.add((event.req_id, event.word))
                    await self._tell(livestream.frame(self._id, event.req_id, 0, event.word))
            if await self._is_over():
                return
            ahead = [event.at for event in pending if event.at > clock.now()]
            await self._until(min(ahead, default=None))

    async def _until(self, moment: float | None) -> None:
        """Wait for a virtual moment, or for a change of the session."""
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._changed.wait())]
        if moment is not None:
            waits.append(asyncio.create_task(self._service.clock.until(moment)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _is_over(self) -> bool:
        """Whether the session was closed; then the channel says why and closes too."""
        session = self._service.sessions.get(self._id)
        if session is not None and session.closed is None:
            return False
        code = (session.error_code if session else 0) or 110013
        message = (session.error_message if session else "") or "The session has been closed."
        await self._tell(livestream.frame(self._id, "", 0, "Error", code=code, message=message))
        await self._socket.close(code=VIOLATION, message=b"session closed")
        return True

    async def _tell(self, frame: dict[str, Json]) -> None:
        if not self._is_stalled and not self._socket.closed:
            await self._socket.send_str(json.dumps(frame, ensure_ascii=False))

    def _drives(self) -> list[dict[str, Json]]:
        session = self._service.sessions.get(self._id)
        return session.drives if session else []


def _events(drives: list[dict[str, Json]]) -> list[_Event]:
    """What happens when, in order; a text ends before the next begins."""

    def each() -> Iterator[_Event]:
        for drive in drives:
            yield _Event(drive["start"], drive["ReqId"], "TextStart")
            yield _Event(drive["over"], drive["ReqId"], "TextOver")

    return sorted(each(), key=lambda event: event.at)


def _payload(data: Any, session_id: str) -> dict[str, Json]:
    """The command in a frame; raises the refusal of anything else."""
    if not isinstance(data, str):
        raise _bad("Frame", "a frame has to be text")
    try:
        request = envelope.read(data.encode())
    except Malformed as error:
        raise Refusal(error.code, "InvalidParameter.Frame", error.message) from None
    payload = request.payload
    for name, kind in (("ReqId", str), ("SessionId", str), ("Command", str), ("Data", dict)):
        if not isinstance(payload.get(name), kind):
            raise _bad(name, f"{name} is missing or of the wrong type")
    if payload["SessionId"] != session_id:
        raise _bad("SessionId", "SessionId is not that of the channel")
    if payload["Command"] not in COMMANDS:
        raise _bad("Command", f"Command {payload['Command']} is not one of {', '.join(COMMANDS)}")
    text = payload["Data"].get("Text", "")
    if not isinstance(text, str) or len(text.encode("utf-8", "replace")) > 4000:
        raise _bad("Text", "Text is not a string of at most 4000 bytes")
    return payload


def _bad(name: str, text: str) -> Refusal:
    return Refusal(100001, f"InvalidParameter.{name}", text)
