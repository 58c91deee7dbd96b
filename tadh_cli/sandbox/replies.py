"""Answers on their way out: the one place that writes to a connection, and that spoils what it writes on request."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate

from aiohttp import web

from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.wire import Outgoing

BLOCK = 256 * 1024
# How often a slow body gets its next few bytes.
SLOW_STEP_S = 0.1


@dataclass(frozen=True)
class Piece:
    """A part of a file."""

    source: Readable
    start: int
    length: int


@dataclass(frozen=True)
class Reply:
    """An answer; `code` is what the log shows beside the HTTP status."""

    status: int
    body: bytes | Piece = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    code: int | None = None

    @property
    def length(self) -> int:
        return self.body.length if isinstance(self.body, Piece) else len(self.body)

    def blocks(self, size: int) -> Iterator[bytes]:
        if isinstance(self.body, bytes):
            for start in range(0, len(self.body), size):
                yield self.body[start : start + size]
            return
        with self.body.source.open("rb") as file:
            file.seek(self.body.start)
            left = self.body.length
            while left and (block := file.read(min(size, left))):
                left -= len(block)
                yield block


def of(outgoing: Outgoing) -> Reply:
    headers = {"Content-Type": outgoing.content_type, **outgoing.headers}
    return Reply(outgoing.status, outgoing.body, headers, outgoing.code)


def html(fault: Fault) -> Reply:
    """What a proxy in front of the service says when it has nothing better."""
    reason = {429: "Too Many Requests", 502: "Bad Gateway", 503: "Service Unavailable"}.get(fault.value, "Error")
    body = f"<html>\r\n<head><title>{fault.value} {reason}</title></head>\r\n<body>{reason}</body>\r\n</html>\r\n"
    headers = {"Content-Type": "text/html"}
    if fault.retry_after is not None:
        headers["Retry-After"] = f"{fault.retry_after:g}"
    return Reply(fault.value, body.encode(), headers)


def spoiled(reply: Reply, fault: Fault | None) -> Reply:
    """The reply with a body that is no JSON any more, if that is the fault."""
    if fault is None or fault.kind != "bad_json" or isinstance(reply.body, Piece):
        return reply
    return replace(reply, body=reply.body[: max(1, len(reply.body) * 2 // 3)])


def abort(request: web.Request) -> web.StreamResponse:
    """Reset the connection: not a farewell, but an RST."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    # Nobody will see it: what it is written to is gone.
    return web.Response()


async def send(request: web.Request, reply: Reply, fault: Fault | None) -> web.StreamResponse:
    """Write a reply, cut off or slowly if that is the fault; its Content-Length is right in any case."""
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    if fault is not None and fault.kind == "clock_skew_s":
        response.headers["Date"] = formatdate(time.time() + fault.value, usegmt=True)
    if reply.status != 304:
        response.content_length = reply.length
    await response.prepare(request)
    if request.method == "HEAD" or not reply.length:
        return response
    left = _allowed(reply, fault)
    rate = fault.value if fault is not None and fault.kind == "slow_bytes_s" else 0
    for block in reply.blocks(max(1, int(rate * SLOW_STEP_S)) if rate else BLOCK):
        if rate:
            await asyncio.sleep(len(block) / rate)
        await response.write(block[:left])
        left -= len(block)
        if left < 0:
            return _cut_off(request, response)
    return response


def _allowed(reply: Reply, fault: Fault | None) -> int:
    """How many bytes of the body may leave."""
    if fault is None or fault.kind != "truncate":
        return reply.length
    wanted = fault.value if isinstance(fault.value, int) else int(reply.length * fault.value)
    return min(wanted, reply.length - 1)


def _cut_off(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        # Sends what was written, then ends the connection in the middle of the body.
        request.transport.close()
    return response
