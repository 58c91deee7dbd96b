"""The signature of a request: HMAC-SHA256 over all query parameters in order, in base64."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

if TYPE_CHECKING:
    from tadh_cli.config import Credentials

# The service refuses timestamps further away than this (Avatar aPaas API Calling Methods).
CLOCK_TOLERANCE_S = 300


def signature(parameters: Mapping[str, object], access_token: str) -> str:
    """The signature of query parameters (without `signature` itself), raw, not percent-encoded."""
    text = "&".join(f"{key}={parameters[key]}" for key in sorted(parameters) if key != "signature")
    digest = hmac.new(access_token.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signed_url(endpoint: str, path: str, credentials: Credentials, now_s: int) -> str:
    """The URL to call: parameters that `path` already has are signed too.

    Everything but unreserved characters is percent-encoded: an unescaped `+` in the signature is read as a
    space, the documented cause of failures that come and go.
    """
    split = urlsplit(path)
    parameters = dict(parse_qsl(split.query, keep_blank_values=True))
    parameters.pop("signature", None)
    parameters |= {"appkey": credentials.app_key, "timestamp": str(now_s)}
    query = "&".join(f"{quote(key, safe='')}={quote(parameters[key], safe='')}" for key in sorted(parameters))
    return f"{endpoint}{split.path}?{query}&signature={quote(signature(parameters, credentials.access_token), safe='')}"
