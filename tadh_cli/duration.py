"""Spans of time as people write them: `90s`, `30m`, `2h`, `7d`."""

from __future__ import annotations

import re

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = r"(?i)(\d+(?:\.\d+)?)(ms|s|m|h|d)"


def seconds(text: str) -> float:
    """Seconds in a duration like `90s`, `1h30m` or a bare number; raises ValueError."""
    compact = text.strip().replace(" ", "")
    if re.fullmatch(r"\d+(?:\.\d+)?", compact):
        return float(compact)
    parts = re.findall(_PART, compact)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != compact:
        raise ValueError(f"{text!r} is not a duration such as 90s, 30m, 2h or 7d")
    return sum(float(number) * _UNITS_S[unit.lower()] for number, unit in parts)


def words(span_s: float) -> str:
    """A duration for people: `4s`, `2m05s`, `1h02m`, `6d 3h`."""
    total = max(0, round(span_s))
    minutes, s = divmod(total, 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    if days:
        return f"{days}d {h}h"
    if hours:
        return f"{hours}h{m:02}m"
    return f"{m}m{s:02}s" if minutes else f"{s}s"
