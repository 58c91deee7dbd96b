"""The service's side of a driving channel over a real socket: WebSocket by hand, each connection by a script."""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.wire import Connection, Seen, Server, envelope, head, serving

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CHANNEL = "/v2/ws/ivh/interactdriver/interactdriverservice/commandchannel"


@dataclass(frozen=True)
class Arrived:
    """A frame of the client, and when it was there, in seconds of a clock that never jumps."""

    at_s: float
    payload: dict[str, Any]

    @property
    def command(self) -> str:
        return str(self.payload["Command"])

    @property
    def req_id(self) -> str:
        return str(self.payload["ReqId"])

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.payload["Data"]
        return data

    @property
    def sound(self) -> bytes:
        return base64.b64decode(self.data["Audio"])


@dataclass
class Peer:
    """An open channel, in the hands of a script."""

    connection: Connection
    handshake: Seen
    service: Service
    # How the client closed it.
    close_code: int | None = None

    def frame(self) -> Arrived | None:
        """The next frame; None once the client has closed the channel."""
        while True:
            opcode, data = self._read()
            if opcode == 8:
                self.close_code = struct.unpack("!H", data[:2])[0] if data else None
                self.send(data, opcode=8)
                return None
            if opcode == 1:
                arrived = Arrived(time.monotonic(), json.loads(data)["Payload"])
                self.service.frames.append(arrived)
                self.service.arrivals.put(arrived)
                return arrived
            self.service.controls.append((opcode, data))

    def frames(self) -> Iterator[Arrived]:
        while (arrived := self.frame()) is not None:
            yield arrived

    def say(self, status: str, of: Arrived | str, **more: Any) -> None:
        req_id = of if isinstance(of, str) else of.req_id
        payload = {"Type": 3, "ReqId": req_id, "SessionId": "m1", "Seq": 0, "SpeakStatus": status, **more}
        self.send(json.dumps({"Header": {"Code": 0}, "Payload": payload}, ensure_ascii=False).encode())

    def send(self, data: bytes, *, opcode: int = 1) -> None:
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
        self.connection.send(bytes([0x80 | opcode]) + size + data)

    def close(self, code: int = 1001) -> None:
        self.send(struct.pack("!H", code), opcode=8)

    def _read(self) -> tuple[int, bytes]:
        first, second = self._bytes(2)
        size = second & 127
        if size == 126:
            (size,) = struct.unpack("!H", self._bytes(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._bytes(8))
        assert second & 128, "a client masks what it sends"
        mask = self._bytes(4)
        data = self._bytes(size)
        return first & 15, bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))

    def _bytes(self, count: int) -> bytes:
        while len(self.connection.ahead) < count:
            data = self.connection.socket.recv(65_536)
            if not data:
                raise ConnectionError("closed by the client")
            self.connection.ahead += data
        found, self.connection.ahead = self.connection.ahead[:count], self.connection.ahead[count:]
        return found


Script = Callable[[Peer], None]


@dataclass
class Service:
    """Channels, each by the next script, the last one for ever; an int is a refusal of the handshake by that code."""

    scripts: list[Script | int | bytes]
    # The answer of statsession.
    session: dict[str, Any] = field(default_factory=lambda: {"SessionStatus": 1, "IsSessionStarted": True})
    frames: list[Arrived] = field(default_factory=list)
    arrivals: queue.SimpleQueue[Arrived] = field(default_factory=queue.SimpleQueue)
    controls: list[tuple[int, bytes]] = field(default_factory=list)
    handshakes: list[Seen] = field(default_factory=list)
    asked: int = 0
    peers: list[Peer] = field(default_factory=list)

    def step(self, connection: Connection) -> bool | None:
        seen = connection.read()
        if seen.path != CHANNEL:
            self.asked += 1
            body = envelope({"ReqId": "r", **self.session})
            connection.send(head(200, {"Content-Length": str(len(body))}) + body)
            return True
        self.handshakes.append(seen)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        if isinstance(script, bytes):
            connection.send(script)
            return False
        if isinstance(script, int):
            body = envelope({}, code=script)
            connection.send(head(400, {"Content-Length": str(len(body))}) + body)
            return False
        accept = base64.b64encode(hashlib.sha1(seen.headers["sec-websocket-key"].encode() + _GUID).digest()).decode()
        fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}
        connection.send(head(101, fields))
        peer = Peer(connection, seen, self)
        self.peers.append(peer)
        script(peer)
        return False

    @property
    def sound(self) -> bytes:
        return b"".join(frame.sound for frame in self.frames if frame.command == "SEND_AUDIO")

    @property
    def text(self) -> str:
        return "".join(frame.data["Text"] for frame in self.frames if frame.command != "SEND_HEARTBEAT")


@contextmanager
def driven(*scripts: Script | int | bytes, **more: Any) -> Iterator[tuple[Service, Server]]:
    """A service with its server, for the length of a block."""
    service = Service(list(scripts) or [obey])
    with serving(service.step, **more) as server:
        yield service, server


# Scripts -------------------------------------------------------------------------------------------------


def obey(peer: Peer) -> None:
    """Everything is said at once."""
    for frame in peer.frames():
        if frame.command == "SEND_TEXT":
            peer.say("TextStart", frame)
            peer.say("TextOver", frame)
        elif frame.data.get("IsFinal"):
            peer.say("AudioOver" if frame.command == "SEND_AUDIO" else "TextOver", frame)


def breaking(after: int, how: Callable[[Peer], None]) -> Script:
    """Take so many frames and say so, then break off."""

    def script(peer: Peer) -> None:
        for number in range(after):
            frame = peer.frame()
            assert frame is not None
            if number == 0:
                peer.say("WaitingAudioStart" if frame.command == "SEND_AUDIO" else "WaitingTextStart", frame)
        how(peer)

    return script


def mute(peer: Peer) -> None:
    """Take everything and never say a word."""
    for _ in peer.frames():
        pass
