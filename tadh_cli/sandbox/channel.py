"""The driving channel: a WebSocket per started session, instructions up, what becomes of them down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import WSMsgType, web

from tadh_cli.sandbox import authentication, envelope, instructions, livestream, sessions
from tadh_cli.sandbox.faults import CHANNEL, Fault, Faults
from tadh_cli.sandbox.live import Live
from tadh_cli.sandbox.livestream import CHANNEL_IDLE_S, RESTART, Session
from tadh_cli.sandbox.punctuality import Punctuality
from tadh_cli.sandbox.refusals import Malformed, Refusal, Unauthorized
from tadh_cli.sandbox.replies import abort
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.wire import Incoming, Json, Outgoing

PATH = "/v2/ws/ivh/interactdriver/interactdriverservice/commandchannel"
LARGEST_FRAME_BYTES = 1 << 20
# How a service that is being updated says goodbye.
GOING_AWAY, VIOLATION = 1001, 1008


class Channels:
    """All open channels, one a session."""

    def __init__(self, service: Service, tokens: Mapping[str, str], faults: Faults) -> None:
        self._service = service
        self._tokens = tokens
        self._faults = faults
        self._punctuality = Punctuality()
        self._open: dict[str, _Channel] = {}
        service.sessions.watch = self._wake
        service.clock.watch = self._wake_all

    def admit(self, incoming: Incoming, fault: Fault | None) -> Session | Outgoing:
        """The session that a handshake is for, or the answer that refuses it."""
        clock = self._service.clock
        skew_s = fault.value if fault is not None and fault.kind == "clock_skew_s" else 0.0
        try:
            if incoming.headers.get("Upgrade", "").lower() != "websocket":
                raise Malformed(426, "this is a WebSocket")
            needs = (*authentication.REQUIRED, "requestid")
            given = authentication.verify(incoming.query, self._tokens, clock.real() + skew_s, needs=needs)
            if fault is not None and fault.kind == "code":
                raise Refusal(fault.value, "FailedOperation.Fault", fault.message or "provoked by a fault rule")
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
        sessions.check_drivable(session, self._service.clock.now(), self._service.clock.paced())
        if id in self._open:
            raise Refusal(100008, "LimitExceeded.Channel", "Only one long connection channel is allowed per session.")
        return session

    async def serve(self, request: web.Request, session: Session) -> web.StreamResponse:
        """Run a channel until one of the two sides ends it."""
        socket = web.WebSocketResponse(max_msg_size=LARGEST_FRAME_BYTES, autoping=True)
        channel = _Channel(self._service, self._faults, self._punctuality, session, request, socket)
        self._open[session.id] = channel
        self._punctuality.watch()
        try:
            await socket.prepare(request)
            await channel.run()
        finally:
            self._open.pop(session.id, None)
        return socket

    async def close(self) -> None:
        await self._punctuality.end()
        for channel in list(self._open.values()):
            await channel.close()

    def _wake(self, id: str) -> None:
        if id in self._open:
            self._open[id].wake()

    def _wake_all(self) -> None:
        for channel in self._open.values():
            channel.wake()


class _Channel:
    """One connection: reads instructions, and tells what becomes of them when it does."""

    def __init__(
        self,
        service: Service,
        faults: Faults,
        punctuality: Punctuality,
        session: Session,
        request: web.Request,
        socket: web.WebSocketResponse,
    ) -> None:
        self._service = service
        self._faults = faults
        self._punctuality = punctuality
        self._id = session.id
        self._live: Live = service.lives.of(session)
        self._request = request
        self._socket = socket
        self._changed = asyncio.Event()
        # When the last valid instruction came.
        self._heard = service.clock.paced()
        self._is_stalled = False
        # Two tasks tell what has happened; it stays in its order.
        self._telling = asyncio.Lock()

    def wake(self) -> None:
        self._changed.set()

    async def run(self) -> None:
        self._live.wake = self.wake
        for event in self._live.connected():
            await self._tell(livestream.frame(self._id, event))
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
            message = await self._socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            fault = self._faults.pick(CHANNEL, PATH, frame=True)
            if fault is not None and not await self._goes_on(fault):
                return
            if not self._is_stalled:
                await self._obey(message.data, fault)

    async def _goes_on(self, fault: Fault) -> bool:
        """Whether the channel lives on with a fault that met a frame."""
        if fault.value == "stall":
            self._is_stalled = True
        elif fault.value == "end":
            session = self._service.sessions.get(self._id)
            if session is not None:
                sessions.close(self._service, session, self._service.clock.now(), RESTART, 110013)
        elif fault.value == "reset":
            abort(self._request)
            return False
        elif fault.value == "close":
            await self._socket.close(code=GOING_AWAY)
            return False
        return True

    async def _obey(self, data: Any, fault: Fault | None) -> None:
        """Do what an instruction says; what is wrong with it is answered, and the session goes on."""
        req_id = ""
        try:
            order = instructions.order(data, self._id)
            req_id = order.req_id
            self._drive(order, fault)
        except Refusal as error:
            # What happened before comes first.
            await self._tell_events()
            await self._tell(livestream.refusal(self._id, req_id, error.code, error.message))

    def _drive(self, order: instructions.Order, fault: Fault | None) -> None:
        try:
            given = instructions.read(order)
            if fault is not None and fault.value == "error":
                raise Refusal(-111005, "InternalError.Drive", "An error occurred when the digital human was driven.")
        except Refusal as error:
            self._live.refuse(order.req_id, error)
            raise
        session = self._service.sessions.get(self._id)
        if session is None:
            raise Refusal(110018, "ResourceNotFound.Session", "The session does not exist.")
        sessions.drive(self._service, session, given, late_s=self._punctuality.late_s())
        self._heard = self._service.clock.paced()

    # Downstream ------------------------------------------------------------------------------------------

    async def _speak(self) -> None:
        while not self._socket.closed:
            self._changed.clear()
            await self._tell_events()
            if await self._is_over():
                return
            await self._until(min(self._live.due() or self._drops_at(), self._drops_at()))

    async def _tell_events(self) -> None:
        async with self._telling:
            for event in self._live.told():
                await self._tell(livestream.frame(self._id, event))

    def _drops_at(self) -> float:
        return self._heard + CHANNEL_IDLE_S

    async def _until(self, moment: float) -> None:
        """Wait for a paced moment, or for a change."""
        left = moment - self._service.clock.paced()
        try:
            # Timers may fire a little early.
            await asyncio.wait_for(self._changed.wait(), max(0.0, left) + 0.001)
        # Not the built-in one before Python 3.11.
        except asyncio.TimeoutError:
            return

    async def _is_over(self) -> bool:
        """Whether the session was closed; then the channel says why and closes too. An idle one closes as well."""
        session = self._service.sessions.get(self._id)
        if session is None or session.closed is not None:
            code = (session.error_code if session else 0) or 110013
            message = (session.error_message if session else "") or "The session has been closed."
            await self._tell(livestream.refusal(self._id, "", code, message))
            await self._socket.close(code=VIOLATION, message=b"session closed")
            return True
        if self._service.clock.paced() >= self._drops_at():
            await self._socket.close(code=GOING_AWAY, message=b"idle")
            return True
        return False

    async def _tell(self, frame: dict[str, Json]) -> None:
        if not self._is_stalled and not self._socket.closed:
            await self._socket.send_str(json.dumps(frame, ensure_ascii=False))
