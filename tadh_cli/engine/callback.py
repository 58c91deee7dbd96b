"""A receiver of the service's callbacks: it answers at once, and hands on which tasks they speak of.

A callback is one POST that is not signed and never repeated (Appendix II: Callback Request Body Format). So nothing in
it is believed but the id, and that is only a reason to ask the service. Whoever does not know the secret path learns
nothing, and nobody can hold a connection for longer than a few seconds.
"""

from __future__ import annotations

import hmac
import io
import json
import socket
import socketserver
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tadh_cli.engine.deadline import shortened, within
from tadh_cli.errors import InputError

# The documented body has six fields, of which two are links.
LARGEST_BYTES = 64 * 1024
# A whole request, however slowly it comes.
REQUEST_S = 10.0
# Connections that are read at the same time; more wait in the queue of the system.
_AT_ONCE = 32
# Tasks that wait to be asked about; with more, a callback is refused, and the next round finds its task.
_MOST_CLAIMS = 10_000
_LONGEST_ID = 256
_ID_NAMES = ("TaskId", "taskId", "TaskID")


def address(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:8080`, `[::1]:8080` or `:8080`; raises ValueError."""
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:8080; with port 0 a free one is taken")
    return host or "127.0.0.1", int(port)


def claimed(body: bytes) -> str:
    """The id of the task that a callback speaks of, empty when it speaks of none; tolerant of how it is wrapped."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    payload = told.get("Payload", told) if isinstance(told, dict) else None
    if not isinstance(payload, dict):
        return ""
    found = next((payload[name] for name in _ID_NAMES if isinstance(payload.get(name), (str, int))), "")
    task_id = str(found)
    return task_id if len(task_id) <= _LONGEST_ID else ""


class Inbox:
    """Tasks that callbacks spoke of, each once until it is taken."""

    def __init__(self, most: int = _MOST_CLAIMS) -> None:
        self._most = most
        self._waiting: dict[str, None] = {}
        self._arrival = threading.Condition()

    def put(self, task_id: str) -> bool:
        """Whether there was room for it."""
        with self._arrival:
            if task_id not in self._waiting and len(self._waiting) >= self._most:
                return False
            self._waiting[task_id] = None
            self._arrival.notify()
            return True

    def take(self, patience_s: float) -> str | None:
        """The one that waits longest, None when none comes within some seconds."""
        with self._arrival:
            if not self._waiting:
                self._arrival.wait(max(0.0, patience_s))
            task_id = next(iter(self._waiting), None)
            if task_id is not None:
                del self._waiting[task_id]
            return task_id


class Receiver:
    """A server on a thread; `note` is told of what was refused, from several threads."""

    def __init__(self, host: str, port: int, path: str, note: Callable[[str], None]) -> None:
        """Raises InputError when the address can't be had."""
        self.inbox = Inbox()
        try:
            self._server = _Server((host, port), path, self.inbox, note)
        except (OSError, UnicodeError) as error:
            reason = (getattr(error, "strerror", None) or "it is no address of this machine").lower()
            raise InputError(
                f"--listen {host}:{port}: {reason}", hint="choose another address; with port 0 a free one is taken"
            ) from error
        self._path = path
        threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is reached on this machine."""
        host, port = self._server.server_address[:2]
        return f"http://{f'[{host!s}]' if ':' in str(host) else host!s}:{port}{self._path}"

    def close(self) -> None:
        """Take no more; what is being read is given up."""
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, place: tuple[str, int], path: str, inbox: Inbox, note: Callable[[str], None]) -> None:
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self.path = path.encode()
        self.inbox = inbox
        self.note = note
        self.closing = threading.Event()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        super().__init__(place, _Handler)

    def server_bind(self) -> None:
        # Not that of HTTPServer, which asks DNS for our name.
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        while not self._slots.acquire(timeout=0.2):
            if self.closing.is_set():
                return self.shutdown_request(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.note(f"a request from {client_address[0]} broke off")


class _Timed(io.RawIOBase):
    """What a socket receives before the deadline of its request."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(shortened(None))
        return self._sock.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_Timed(self.connection))

    def handle(self) -> None:
        self.connection.settimeout(REQUEST_S)
        with within(REQUEST_S):
            self.handle_one_request()

    def __getattr__(self, name: str) -> Any:
        """Every method is answered by us, also those that the library does not know."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        path = self.path.partition("?")[0].encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(path, self.server.path):
            return self._answer(404)
        if self.command != "POST":
            return self._answer(405)
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return self._answer(411)
        if len(length) > 9 or int(length) > LARGEST_BYTES:
            return self._answer(413)
        task_id = claimed(self.rfile.read(int(length)))
        if not task_id:
            return self._answer(400)
        self._answer(200 if self.server.inbox.put(task_id) else 503)

    def _answer(self, status: int) -> None:
        body = b"{}" if status == 200 else b""
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if status != 200:
            self.server.note(f"a request from {self.client_address[0]} was answered with {status}")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library refuses, without its page."""
        self.command = self.command or ""
        self._answer(code)

    def log_message(self, format: str, *args: Any) -> None:
        return None
