"""An order for a video or an audio: what is spoken, and the call that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tadh_cli.api.operation import Operation


@dataclass(frozen=True, eq=False)
class Script:
    """What drives the avatar: text for the wire (one line, escaped or SSML), or the URL of a sound."""

    text: str | None = None
    audio_url: str | None = None
    # Estimated length of the result in seconds, None when it can't be told.
    estimate_s: float | None = None


@dataclass(frozen=True, eq=False)
class Order:
    """The call, its values by dotted path, how to name a path to the user, and what was wrong already."""

    operation: Operation
    values: dict[str, Any]
    label: Callable[[str], str]
    problems: tuple[str, ...] = ()
