"""The XML API of the object store as far as it decides: who may do what, and how it says no.

Written from Tencent Cloud COS: Request Signature (436/7778), Error Codes (436/7730).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

from tadh_cli.sandbox.wire import Incoming

TOKEN_HEADER = "x-cos-security-token"
_NEEDED = ("q-sign-algorithm", "q-ak", "q-sign-time", "q-key-time", "q-header-list", "q-url-param-list", "q-signature")
# "RequestTimeTooSkewed": the client's clock is this far ahead.
SKEW_S = 900


class CosError(Exception):
    """An answer of the store that is no success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def document(self, resource: str, request_id: str) -> bytes:
        fields = {"Code": self.code, "Message": self.message, "Resource": resource, "RequestId": request_id}
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
        return f"<?xml version='1.0' encoding='utf-8' ?>\n<Error>{inner}</Error>".encode()


@dataclass(frozen=True)
class Grant:
    """Temporary keys: whose secret and token these are, what they open, and until when (virtual)."""

    secret_id: str
    secret_key: str
    token: str
    prefix: str
    expires: float


def authorize(
    incoming: Incoming,
    find: Callable[[str], Grant | None],
    folders: Collection[str],
    *,
    now: float,
    real: float,
) -> Grant:
    """The grant that a request is signed with; its key, time, token and the object's folder have all been checked.

    `find` knows the grants by key, `folders` are those that the account was ever given.
    """
    given = _signature_fields(incoming)
    grant = find(given["q-ak"])
    if grant is None:
        raise CosError(403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records.")
    _check_time(given, real)
    if not any(
        hmac.compare_digest(given["q-signature"].encode(), signature(incoming, given, grant.secret_key, host).encode())
        for host in _hosts(incoming)
    ):
        raise CosError(403, "SignatureDoesNotMatch", "The Signature you specified is invalid.")
    token = incoming.headers.get(TOKEN_HEADER) or given.get(TOKEN_HEADER, "")
    if not token:
        # The key of temporary credentials means nothing without its token.
        raise CosError(403, "InvalidAccessKeyId", "The Access Key Id needs its security token.")
    if not hmac.compare_digest(token.encode(), grant.token.encode()):
        raise CosError(403, "AccessDenied", "The security token does not belong to the key.")
    if now >= grant.expires:
        raise CosError(403, "ExpiredToken", "The provided token has expired.")
    # Fresh keys have to be good for an upload that was begun with those before: the account's older folders stay open.
    if not any(key_of(incoming).startswith(folder) for folder in (grant.prefix, *folders)):
        raise CosError(403, "AccessDenied", "Access Denied.")
    return grant


def key_of(incoming: Incoming) -> str:
    """The object's key: the path without its first slash."""
    return incoming.path.removeprefix("/")


def signature(incoming: Incoming, given: Mapping[str, str], secret_key: str, host: str) -> str:
    """What q-signature has to be."""
    sign_key = hmac.new(secret_key.encode(), given["q-key-time"].encode(), hashlib.sha1).hexdigest()
    plain = http_string(incoming, _names(given["q-header-list"]), _names(given["q-url-param-list"]), host)
    return signed(sign_key, given["q-sign-time"], plain)


def signed(sign_key: str, sign_time: str, plain: str) -> str:
    """The last step of the signature."""
    text = f"sha1\n{sign_time}\n{hashlib.sha1(plain.encode()).hexdigest()}\n"
    return hmac.new(sign_key.encode(), text.encode(), hashlib.sha1).hexdigest()


def http_string(incoming: Incoming, headers: list[str], parameters: list[str], host: str) -> str:
    """The canonical text of a request: what is in the lists of the signature, and nothing else."""
    given = parse_qsl(incoming.query, keep_blank_values=True)
    query = {quote(name, safe="-_.~").lower(): value for name, value in given}
    for name in parameters:
        if name not in query:
            raise CosError(403, "SignatureDoesNotMatch", f"The signed parameter {name} is not in the request.")
    pairs = "&".join(f"{name}={quote(query[name], safe='-_.~')}" for name in sorted(parameters))
    values = {name: host if name == "host" else _header(incoming, name) for name in headers}
    lines = "&".join(f"{name}={quote(values[name], safe='-_.~')}" for name in sorted(headers))
    return f"{incoming.method.lower()}\n{incoming.path}\n{pairs}\n{lines}\n"


def _hosts(incoming: Incoming) -> tuple[str, str]:
    """The host as it was sent, and without its port: the Python SDK signs it so."""
    host = incoming.headers.get("Host", "")
    return host, host.rpartition(":")[0] or host


def _header(incoming: Incoming, name: str) -> str:
    value = incoming.headers.get(unquote(name))
    if value is None:
        raise CosError(403, "SignatureDoesNotMatch", f"The signed header {name} is not in the request.")
    return value


def _signature_fields(incoming: Incoming) -> dict[str, str]:
    """The parts of the signature, from the header Authorization or from the query."""
    in_header = incoming.headers.get("Authorization", "")
    source = in_header or incoming.query
    pairs = (part.partition("=") for part in source.split("&"))
    given = {name: value if in_header else unquote(value) for name, _, value in pairs}
    if "q-signature" not in given:
        raise CosError(403, "AccessDenied", "Access Denied.")
    for name in _NEEDED:
        if name not in given:
            raise CosError(403, "AccessDenied", f"Authorization has no {name}.")
    if given["q-sign-algorithm"] != "sha1":
        raise CosError(403, "AccessDenied", "q-sign-algorithm is not sha1.")
    return given


def _check_time(given: Mapping[str, str], real: float) -> None:
    for name in ("q-sign-time", "q-key-time"):
        start, _, end = given[name].partition(";")
        if not (start.isdigit() and end.isdigit() and int(start) < int(end)):
            raise CosError(403, "AccessDenied", f"{name} is not START;END.")
        if int(end) <= real:
            raise CosError(403, "AccessDenied", "Request has expired.")
        if int(start) > real + SKEW_S:
            text = "The difference between the request time and the current time is too large."
            raise CosError(403, "RequestTimeTooSkewed", text)


def _names(listed: str) -> list[str]:
    return [name for name in listed.split(";") if name]
