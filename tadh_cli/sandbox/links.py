"""Links to files, valid for a time and signed, so that a client has to ask for a fresh one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from tadh_cli.sandbox.catalogue import DAY_S

# Virtual seconds for which a link works.
VALID_S = DAY_S


class LinkError(Exception):
    """A link that does not work: forged, or too old."""


class Links:
    """Signs paths of this sandbox with a secret of its own."""

    def __init__(self, base_url: str, secret: str) -> None:
        self.base_url = base_url
        self._secret = secret.encode()

    def link(self, path: str, now: float, *, valid_s: float = VALID_S, method: str = "GET") -> str:
        """The URL of a path, to be used with this method until it expires."""
        expires = int(now + valid_s)
        return f"{self.base_url}{path}?expires={expires}&signature={self._sign(method, path, str(expires))}"

    def check(self, path: str, query: Mapping[str, str], now: float, *, method: str = "GET") -> None:
        """Raise LinkError unless the query is that of a link to the path, and not yet too old."""
        expires, given = query.get("expires", ""), query.get("signature", "")
        if not hmac.compare_digest(given.encode(), self._sign(method, path, expires).encode()):
            raise LinkError("the signature of the link is wrong")
        if now >= int(expires):
            raise LinkError("Request has expired")

    def _sign(self, method: str, path: str, expires: str) -> str:
        return hmac.new(self._secret, f"{method} {path} {expires}".encode(), hashlib.sha256).hexdigest()[:40]
