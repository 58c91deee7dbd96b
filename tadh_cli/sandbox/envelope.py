"""The frame around every call: `{"Header": …, "Payload": …}`, read strictly, written as the documents' samples are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from tadh_cli.sandbox.refusals import Malformed, Refusal
from tadh_cli.sandbox.wire import Incoming, Json, Outgoing, document

# A body of this size is far beyond the longest script.
LARGEST_BODY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """What is inside a well-formed request."""

    request_id: str
    payload: dict[str, Json]


def check_frame(incoming: Incoming) -> None:
    """Refuse what no gateway passes on: method, type of content, length."""
    if incoming.method != "POST":
        raise Malformed(405, f"the method {incoming.method} is not POST")
    kind = incoming.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Malformed(415, f"Content-Type {kind or '(none)'} is not application/json")
    if "chunked" in incoming.headers.get("Transfer-Encoding", "").lower() or "Content-Length" not in incoming.headers:
        raise Malformed(411, "the request has no Content-Length")


def read(body: bytes) -> Request:
    """The request in a body; both keys have to be there, and nothing beside them."""
    whole = _strict_json(body)
    if not isinstance(whole, dict):
        raise Malformed(400, "the body is not a JSON object")
    for name in ("Header", "Payload"):
        if not isinstance(whole.get(name), dict):
            raise Malformed(400, f"the body has no object {name}")
    if extra := sorted(set(whole) - {"Header", "Payload"}):
        raise Malformed(400, f"the body has {', '.join(extra)} beside Header and Payload")
    request_id = whole["Header"].get("RequestID", "")
    if not isinstance(request_id, str):
        raise Malformed(400, "Header.RequestID is not a string")
    return Request(request_id, whole["Payload"])


def answer(payload: Mapping[str, Json] | None, request_id: str, *, message: str, dialog: str) -> Outgoing:
    """A success; some calls answer without any payload."""
    whole: dict[str, Json] = {"Header": _header(0, message, request_id, dialog)}
    if payload is not None:
        whole["Payload"] = payload
    return document(whole)


def refusal(error: Refusal, request_id: str) -> Outgoing:
    """A business error: HTTP 200 all the same."""
    return document({"Header": _header(error.code, error.message, request_id)}, code=error.code)


def failure(status: int, code: int, message: str, request_id: str) -> Outgoing:
    """An error of the gateway."""
    return document({"Header": _header(code, message, request_id)}, status=status, code=code)


def _header(code: int, message: str, request_id: str, dialog: str = "") -> dict[str, Json]:
    return {"Code": code, "Message": message, "RequestID": request_id, "SessionID": dialog, "DialogID": ""}


def _strict_json(body: bytes) -> Json:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise Malformed(400, f"the body is not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise ValueError("a key is given twice in one object")
    return whole
