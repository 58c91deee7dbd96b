"""A plain WebSocket client for the sandbox's channel, with nothing of tadh's own client in it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import Any, Protocol
from uuid import uuid4

import aiohttp
from aiohttp import WSMsgType, WSServerHandshakeError

from tadh_cli.sandbox.channel import PATH
from tests.unit.sandbox_bench import REQ_ID, Client

ANNA = "4414462893dc74f31473010ff3f6c977"
WAIT_S = 10.0
QUIET_S = 0.3
_HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class Moves(Protocol):
    """What lets time jump."""

    def advance(self, seconds: float) -> None: ...


def started(sandbox: Moves, client: Client, user: str = "u", driver: int = 3, **more: Any) -> str:
    """A session that can be driven."""
    stream = {"UserId": user, "Protocol": "rtmp", "DriverType": driver, **more}
    if "VirtualmanProjectId" in more:
        id: str = client.good("session.create", ReqId=REQ_ID, **stream)["SessionId"]
    else:
        id = client.good("session.create-by-avatar", ReqId=REQ_ID, AssetVirtualmanKey=ANNA, **stream)["SessionId"]
    sandbox.advance(10)
    client.good("session.start", ReqId=REQ_ID, SessionId=id)
    return id


def refused(client: Client, session: str) -> tuple[int, int]:
    """HTTP status and Header.Code of a handshake that fails."""
    status, _, body = client.request("GET", client.target(PATH, requestid=session), headers=_HANDSHAKE)
    return status, json.loads(body)["Header"]["Code"]


class Channel:
    def __init__(self, client: Client, session: str, **more: str) -> None:
        self.session = session
        self._url = f"http://127.0.0.1:{client.port}{client.target(PATH, requestid=session, **more)}"
        self._loop = asyncio.new_event_loop()
        self._socket: Any = None
        try:
            self._run(self._connect())
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: Any) -> None:
        if not self._loop.is_closed():
            self._run(self._end())
            self._loop.close()

    def leave(self) -> None:
        """Close as a client does that has done its work."""
        self._run(self._socket.close())

    def text(self, frame: str) -> None:
        self._run(self._socket.send_str(frame))

    def send(self, command: str = "SEND_TEXT", req_id: str = REQ_ID, **data: Any) -> None:
        payload = {"ReqId": req_id, "SessionId": self.session, "Command": command, "Data": data}
        self.text(json.dumps({"Header": {}, "Payload": payload}))

    def sound(self, req_id: str, seq: int, sound: bytes = b"", *, final: bool = False) -> None:
        self.send("SEND_AUDIO", req_id, Audio=base64.b64encode(sound).decode(), Seq=seq, IsFinal=final)

    def fragment(self, req_id: str, seq: int, text: str, **more: bool) -> None:
        self.send("SEND_STREAMTEXT", req_id, Text=text, Seq=seq, **more)

    def frame(self, wait_s: float = WAIT_S) -> dict[str, Any]:
        """The payload of the next frame; raises ConnectionError when the channel has ended."""
        message = self._run(asyncio.wait_for(self._socket.receive(), wait_s))
        if message.type != WSMsgType.TEXT:
            raise ConnectionError(f"{message.type} {message.data}")
        document = json.loads(message.data)
        assert set(document) == {"Header", "Payload"}
        payload: dict[str, Any] = document["Payload"]
        return payload

    def words(self, count: int = 1) -> list[str]:
        return [self.frame()["SpeakStatus"] for _ in range(count)]

    def until(self, word: str, req_id: str = "") -> dict[str, Any]:
        """The next frame with a status."""
        while True:
            frame = self.frame()
            if frame.get("SpeakStatus") == word and req_id in ("", frame["ReqId"]):
                return frame

    def ended(self) -> str:
        """What is left until the server ends the channel: the kind of its end."""
        while True:
            try:
                self.frame()
            except ConnectionError as error:
                return str(error)

    def is_quiet(self) -> bool:
        try:
            self.frame(QUIET_S)
        except asyncio.TimeoutError:
            return True
        return False

    async def _connect(self) -> None:
        self._http = aiohttp.ClientSession()
        self._socket = await self._http.ws_connect(self._url)

    async def _end(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._http.close()
        # Its transport is closed in the next round of the loop.
        await asyncio.sleep(0)

    def _run(self, what: Any) -> Any:
        return self._loop.run_until_complete(what)


def reconnected(client: Client, session: str) -> Channel:
    """A channel as soon as the server has noticed that the old one is gone."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return Channel(client, session)
        except WSServerHandshakeError:
            if time.monotonic() > deadline:
                raise


def new_id() -> str:
    return uuid4().hex
