"""How values are written for people in tables."""

from __future__ import annotations

from typing import Any

_DRIVERS = {"Text": "text", "OriginalVoice": "voice", "ModulatedVoice": "modulated"}
_GENDERS = {1: "male", 2: "female"}


def day(moment: Any) -> str:
    """The date of a point in time; the hour only takes room."""
    return str(moment)[:10]


def milliseconds(span: Any) -> str:
    """Milliseconds as seconds."""
    return f"{span / 1000:.1f} s" if isinstance(span, (int, float)) else str(span)


def drivers(kinds: Any) -> str:
    """Driver types in short words."""
    return ", ".join(_DRIVERS.get(kind, str(kind)) for kind in kinds) if isinstance(kinds, list) else str(kinds)


def gender(code: Any) -> str:
    """A gender in a word."""
    return _GENDERS.get(code, str(code))
