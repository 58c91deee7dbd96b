"""HTTP requests and answers as values, so that what the service decides needs no sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True)
class Incoming:
    """A request: the path decoded, the query raw, the names of headers in any case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Outgoing:
    """An answer; `code` is what the access log shows: Header.Code, or the HTTP status."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=utf-8"
    code: int = 0


def document(value: Json, *, status: int = 200, code: int = 0) -> Outgoing:
    """A JSON answer."""
    # Half a character that came in with the request is no reason to fail.
    return Outgoing(status, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), code=code)
