"""The signature of a request, verified from the documentation alone (Avatar aPaas API Calling Methods)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote_plus

from tadh_cli.sandbox.refusals import Unauthorized

# "The timestamp cannot differ from the current time by more than five minutes."
TOLERANCE_S = 300
REQUIRED = ("appkey", "timestamp", "signature")


def parameters(query: str) -> dict[str, str]:
    """The parameters of a raw query string; as on every web server, an unescaped `+` is a space."""
    found: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        name = unquote_plus(name)
        if name in found:
            raise Unauthorized("InvalidParameter", f"the query parameter {name} is given twice")
        found[name] = unquote_plus(value)
    return found


def expected_signature(given: Mapping[str, str], access_token: str) -> str:
    """All parameters but the signature, sorted, joined, hashed with the token, in base64."""
    plain = "&".join(f"{name}={given[name]}" for name in sorted(given) if name != "signature")
    digest = hmac.new(access_token.encode(), plain.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def verify(query: str, tokens: Mapping[str, str], now_s: float, *, needs: tuple[str, ...] = REQUIRED) -> dict[str, str]:
    """The parameters of a query that is signed as it should be; `tokens` are access tokens by appkey.

    `needs` are the parameters that must be there; `now_s` is the machine's time, since that is the client's too.
    """
    given = parameters(query)
    for name in needs:
        if not given.get(name):
            raise Unauthorized("InvalidParameter", f"the query parameter {name} is missing")
    _check_timestamp(given["timestamp"], now_s)
    token = tokens.get(given["appkey"])
    if token is None:
        raise Unauthorized("AppkeyNotFound", f"the appkey {given['appkey'][:8]}… is unknown")
    if not hmac.compare_digest(given["signature"].encode(), expected_signature(given, token).encode()):
        raise Unauthorized("SignatureFailure", _why(given["signature"]))
    return given


def _check_timestamp(text: str, now_s: float) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise Unauthorized("InvalidTimestamp", f"timestamp {text[:20]!r} is not a number of seconds")
    apart_s = int(text) - now_s
    if abs(apart_s) > TOLERANCE_S:
        side = "behind" if apart_s < 0 else "ahead of"
        raise Unauthorized(
            "TimestampExpired", f"timestamp is {abs(apart_s):.0f} seconds {side} the service's, at most {TOLERANCE_S}"
        )


def _why(signature: str) -> str:
    if " " in signature:
        return "the signature does not match; it has a space in it: + has to be escaped as %2B"
    return "the signature does not match the query parameters"
