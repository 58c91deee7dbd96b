"""A TCP server that does with each request exactly what a test tells it."""

from __future__ import annotations

import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; `connection` counts the connections of the server from 0."""

    connection: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def payload(self) -> Any:
        return self.json["Payload"]


@dataclass
class Connection:
    """One connection, in the hands of a step."""

    socket: socket.socket
    server: Server
    number: int
    # Bytes that came behind the request that was read last.
    ahead: bytes = b""

    def read(self) -> Seen:
        """The next request, whole."""
        data = self.ahead
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(rest) < length:
            rest += self._receive()
        self.ahead = rest[length:]
        method, target, _ = first.split(" ")
        seen = Seen(self.number, method, target, headers, rest[:length])
        self.server.seen.append(seen)
        return seen

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def speak(self, tls: ssl.SSLContext) -> None:
        """Go on under TLS."""
        self.socket = tls.wrap_socket(self.socket, server_side=True)

    def reset(self) -> None:
        """End the connection with RST, as a crashed peer does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def is_readable(self, seconds: float | None = None) -> bool:
        """Wait for bytes or the end of the connection; False when the time or the server has ended before."""
        ready, _, _ = select.select([self.socket, self.server.stopping], [], [], seconds)
        return self.socket in ready and self.server.stopping not in ready

    def has_more(self) -> bool:
        """Wait for another request; False when the client or the server has ended the connection."""
        if self.ahead:
            return True
        if not self.is_readable():
            return False
        return isinstance(self.socket, ssl.SSLSocket) or bool(self.socket.recv(1, socket.MSG_PEEK))

    def _receive(self) -> bytes:
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionError("closed by the client")
        return data


# What to do with a request; true when the connection stays open for another one.
Step = Callable[[Connection], "bool | None"]


@dataclass
class Server:
    """Does one step for each request; the last one is repeated for ever."""

    steps: list[Step]
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if self.tls else 'http'}://{self.host}"
        # Readable once the server ends: it wakes whoever waits for a client.
        self.stopping, self._stop = socket.socketpair()
        self._lock = threading.Lock()
        self._workers: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def targets(self) -> list[str]:
        return [seen.path for seen in self.seen]

    def close(self) -> None:
        self._stop.send(b"x")
        for thread in (self._acceptor, *self._workers):
            thread.join(10)
        for end in (self._listener, self.stopping, self._stop):
            end.close()

    def _accept(self) -> None:
        number = 0
        while True:
            ready, _, _ = select.select([self._listener, self.stopping], [], [])
            if self.stopping in ready:
                return
            client, _ = self._listener.accept()
            worker = threading.Thread(target=self._serve, args=(client, number), daemon=True)
            self._workers.append(worker)
            worker.start()
            number += 1

    def _serve(self, client: socket.socket, number: int) -> None:
        connection = Connection(client, self, number)
        try:
            if self.tls:
                connection.speak(self.tls)
            while connection.has_more() and self._next()(connection):
                pass
        except (OSError, ValueError):
            pass  # the client has gone, as some tests want it to
        finally:
            connection.socket.close()

    def _next(self) -> Step:
        with self._lock:
            return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]


@contextmanager
def serving(*steps: Step, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that runs for the length of a block."""
    server = Server(list(steps) or [close_unread], tls)
    try:
        yield server
    finally:
        server.close()


def closed_url() -> str:
    """A URL at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


# Steps -------------------------------------------------------------------------------------------------


def reply(body: bytes | str = b"", *, status: int = 200, **headers: str) -> Step:
    """A whole answer; header names are written with _ for -. The connection stays open."""
    data = body.encode() if isinstance(body, str) else body
    fields = {name.replace("_", "-"): value for name, value in headers.items()}

    def step(connection: Connection) -> bool:
        connection.read()
        connection.send(head(status, {"Content-Length": str(len(data)), **fields}) + data)
        return fields.get("Connection") != "close"

    return step


def say(payload: object, *, code: int = 0, message: str = "", **more: Any) -> Step:
    """An answer in the service's envelope."""
    return reply(envelope(payload, code=code, message=message), **more)


def raw(data: bytes) -> Step:
    """These very bytes, then the end of the connection."""

    def step(connection: Connection) -> None:
        connection.read()
        connection.send(data)

    return step


def close_unread(connection: Connection) -> None:
    """Reset before a byte of the request is read."""
    connection.reset()


def no_http(data: bytes) -> Step:
    """These bytes to a client that does not speak HTTP, then the end of the connection."""

    def step(connection: Connection) -> None:
        connection.send(data)

    return step


def close_after_reading(connection: Connection) -> None:
    """Read the whole request, then say nothing."""
    connection.read()


def reset_after_reading(connection: Connection) -> None:
    """Read the whole request, then vanish."""
    connection.read()
    connection.reset()


def tunnel(step: Step, tls: ssl.SSLContext) -> Step:
    """Be a proxy that opens a tunnel, and what lies behind it."""

    def opened(connection: Connection) -> bool | None:
        connection.read()
        connection.send(head(200, {}))
        connection.speak(tls)
        return step(connection)

    return opened


def silence(connection: Connection) -> None:
    """Read the request and leave the client waiting until it gives up."""
    connection.read()
    connection.is_readable()


def cut(body: bytes, *, after: int, length: int | None = None, status: int = 200, **headers: str) -> Step:
    """Announce a body and break off behind so many bytes of it."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    announced = {"Content-Length": str(len(body) if length is None else length), **fields}

    def step(connection: Connection) -> None:
        connection.read()
        connection.send(head(status, announced) + body[:after])

    return step


def drip(data: bytes, *, every_s: float, size: int = 1, first: bytes = b"") -> Step:
    """`first` at once, then the other bytes of an answer, few at a time, until the client has had enough."""

    def step(connection: Connection) -> None:
        connection.read()
        connection.send(first)
        for start in range(0, len(data), size):
            connection.send(data[start : start + size])
            if connection.is_readable(every_s):
                return

    return step


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """The beginning of an answer."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def envelope(payload: object, *, code: int = 0, message: str = "") -> bytes:
    """A body as the service writes it."""
    header = {"Code": code, "Message": message, "RequestID": "req-1"}
    return json.dumps({"Header": header, "Payload": payload}, ensure_ascii=False).encode()
