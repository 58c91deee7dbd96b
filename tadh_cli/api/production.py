"""An order for a video or an audio: what is spoken, and the call that makes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tadh_cli.api.operation import Operation

# A name of the service's, alone or at the end of others.
_PATH = r"\b[A-Z][A-Za-z0-9_]+(?:\.[A-Z][A-Za-z0-9_]+)*\b"


class Script(NamedTuple):
    """What drives the avatar: text for the wire (one line, escaped or SSML), or the URL of a sound."""

    text: str | None = None
    audio_url: str | None = None
    # Estimated length of the result in seconds, None when it can't be told.
    estimate_s: float | None = None


class Names(NamedTuple):
    """How a user knows the parts of a request: the option of a path, the friendly word for a value."""

    flags: Mapping[str, str] = MappingProxyType({})
    words: Mapping[str, str] = MappingProxyType({})

    def flag(self, path: str) -> str:
        """The option that fills a path, the path itself when none does."""
        return self.flags.get(path) or self.flags.get(path.partition("[")[0]) or path

    def told(self, message: str) -> str:
        """A sentence about a request in which its parts are called as the user knows them."""
        leaves = {path.rpartition(".")[2]: flag for path, flag in self.flags.items()}
        return re.sub(
            _PATH, lambda found: self.flags.get(found[0]) or leaves.get(found[0]) or str(self.spell(found[0])), message
        )

    def spell(self, value: object) -> object:
        """A value as the user writes it."""
        return self.words.get(value, value) if isinstance(value, str) else value


class Attachment(NamedTuple):
    """A value that may be a local file: its place in the request, its option, what kind of material it has to be."""

    path: str
    flag: str
    role: str


class Order(NamedTuple):
    """The call, its values by dotted path, how the user knows them, and what was wrong already."""

    operation: Operation
    values: dict[str, Any]
    names: Names
    problems: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
