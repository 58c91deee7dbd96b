"""How values are written for people in tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tadh_cli.api.asset import AvatarType

# So few days left catch the eye.
FEW_DAYS = 14

_DRIVERS = {"Text": "text", "OriginalVoice": "voice", "ModulatedVoice": "modulated"}
_GENDERS = {1: "male", 2: "female"}


def day(moment: Any) -> str:
    """The date of a point in time; the hour only takes room."""
    return str(moment)[:10]


def moment(text: Any) -> str:
    """A point in time (UTC) to the minute."""
    return str(text)[:16].replace("T", " ")


def lines(items: Any) -> str:
    """One item a line."""
    return "\n".join(str(item) for item in items) if isinstance(items, list) else str(items)


def metrics(measured: Any) -> str:
    """Each metric of a recording beside its qualified range."""
    if not isinstance(measured, list):
        return str(measured)
    rows = [
        (item["Metric"], f"{item['Value']:g}", item["Qualified"], "passed" if item["Passed"] else "NOT passed")
        for item in measured
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(3)] if rows else []
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )


def alignment(pairs: Any) -> str:
    """What was to be read beside what was heard, where they differ; `<eps>` stands for nothing."""
    if not isinstance(pairs, list):
        return str(pairs)
    told = [" -> ".join(map(str, pair)) for pair in pairs if len(set(map(str, pair))) > 1]
    return "\n".join([f"{len(pairs) - len(told)} of {len(pairs)} as written", *told])


def milliseconds(span: Any) -> str:
    """Milliseconds as seconds; none are no length at all, as of what is not finished."""
    if span == 0:
        return ""
    return f"{span / 1000:.1f} s" if isinstance(span, (int, float)) else str(span)


def zoom(factor: Any) -> str:
    """A factor with the three decimals that the service counts with."""
    return f"{round(factor, 3):g}" if isinstance(factor, (int, float)) else str(factor)


def drivers(kinds: Any) -> str:
    """Driver types in short words."""
    return ", ".join(_DRIVERS.get(kind, str(kind)) for kind in kinds) if isinstance(kinds, list) else str(kinds)


def gender(code: Any) -> str:
    """A gender in a word."""
    return _GENDERS.get(code, str(code))


def titles(types: Sequence[AvatarType]) -> Callable[[Any], str]:
    """How codes of types are told: by their names, unknown ones as they are."""
    by_code = {kind.code: kind.title for kind in types}
    return lambda code: by_code.get(code, str(code))


class Expiry:
    """The date until which something can be used, with the days that are left of it."""

    def __init__(self, now_s: Callable[[], float], unix: Callable[[object], float | None]) -> None:
        """`now_s` tells the time of the service, `unix` reads a date of it."""
        self._now_s = now_s
        self._unix = unix

    def ends_s(self, date: object) -> float | None:
        """The Unix seconds of a date, None without one."""
        return self._unix(date)

    def days(self, date: object) -> int | None:
        """Whole days that are left, negative after the end, None without a date."""
        ends_s = self.ends_s(date)
        return None if ends_s is None else math.floor((ends_s - self._now_s()) / 86_400)

    def text(self, date: Any) -> str:
        left = self.days(date)
        if left is None:
            return str(date)
        return f"{day(date)} ({'expired' if left < 0 else 'today' if left == 0 else f'{left} d'})"

    def tone(self, date: Any) -> str:
        left = self.days(date)
        if left is None or left >= FEW_DAYS:
            return ""
        return "red" if left < 0 else "bold red"


def hours(number: Any) -> str:
    """Hours as hours and minutes."""
    if not isinstance(number, (int, float)):
        return str(number)
    minutes = round(number * 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes // 60} h {minutes % 60:02} min"
