"""Keeps secrets out of everything that is shown, logged or stored."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "***"

# Names of query parameters and of JSON fields that carry secrets, whoever sends them.
_SECRET_NAMES = (
    "signature|q-signature|sign|sig|token|access_?token|x-cos-security-token|q-ak|q-sign-time|q-key-time|"
    "x-amz-signature|x-amz-credential|x-amz-security-token|secret|txsecret|usersig|trtcusersig|privatemapkey|"
    "trtcprivatemapkey|tmpsecretid|tmpsecretkey|authorization|password"
)
_IN_QUERY = rf"(?i)([?&;](?:{_SECRET_NAMES})=)[^&\s\"'<>]+"
# Name and password before the host of a URL, up to the last @ before its path.
_IN_HOST = r"(\w://)[^/?#\s\"'<>]*@"
_IS_SECRET_NAME = rf"(?i)(?:{_SECRET_NAMES})"


class Mask:
    """Knows the secrets of this run; what passes through it comes out without them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first: one may be a part of another.
        self._secrets: tuple[str, ...] = ()
        self._hiding = threading.Lock()
        self.hide(*secrets)

    def hide(self, *secrets: str) -> None:
        """Mask these values from now on; very short ones would mask half of every text and are ignored."""
        with self._hiding:
            known = {*self._secrets, *(secret for secret in secrets if len(secret) >= 6)}
            self._secrets = tuple(sorted(known, key=len, reverse=True))

    def reveal(self, *secrets: str) -> None:
        """Show these values from now on, because their owner asked to see them."""
        self._secrets = tuple(secret for secret in self._secrets if secret not in secrets)

    def values(self, text: str) -> str:
        """The text without the known secrets; everything else stays, also URLs with a signature of their own."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def data(self, value: Any) -> Any:
        """A copy of JSON data with all its texts as by `values`: what is printed for its reader to use."""
        if isinstance(value, str):
            return self.values(value)
        if isinstance(value, Mapping):
            return {self.data(key): self.data(item) for key, item in value.items()}
        return [self.data(item) for item in value] if isinstance(value, (list, tuple)) else value

    def text(self, text: str) -> str:
        """The text without known secrets, without what query parameters like `signature` carry, no URL with a login."""
        return re.sub(_IN_HOST, rf"\1{MASK}@", re.sub(_IN_QUERY, rf"\1{MASK}", self.values(text)))

    def document(self, value: Any) -> Any:
        """A copy of JSON data in which fields with a secret's name are masked, and all texts as by `text`."""
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): MASK if _hides(str(key), item) else self.document(item)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.document(item) for item in value]
        return self.text(value) if isinstance(value, str) else value


def _hides(name: str, value: object) -> bool:
    return bool(value) and isinstance(value, str) and re.fullmatch(_IS_SECRET_NAME, name) is not None
