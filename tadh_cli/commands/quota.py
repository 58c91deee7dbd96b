"""What is left of what the account has bought, what runs out soon, and whether that is still enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tadh_cli.api.asset import Balance
from tadh_cli.api.options import READERS, opt
from tadh_cli.commands.avatars import ends, expiry
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import QuotaError, carrying
from tadh_cli.ui.forms import FEW_DAYS, Expiry, hours
from tadh_cli.ui.records import Column, Item, Records, View

# Less than this share of what was bought catches the eye.
_FEW_PERCENT = 10.0


def _least(text: str) -> float:
    number = float(READERS[float](text))
    if not 0 <= number < float("inf"):
        raise ValueError(f"{text!r} is not a number, 0 or more")
    return number


@dataclass(frozen=True)
class Floors:
    """How little is too little; None is not looked at."""

    hours: float | None = opt("--min-hours", "hours that have to be left of a type", metavar="N", reader=_least)
    customizations: float | None = opt(
        "--min-customizations", "customizations that have to be left of a type", metavar="N", reader=_least
    )
    days: float | None = opt("--min-days", "days that have to be left before anything ends", metavar="N", reader=_least)

    @property
    def is_any(self) -> bool:
        return (self.hours, self.customizations, self.days) != (None, None, None)


class _Row(NamedTuple):
    """A record of the service, what it says, and the days that are left of it."""

    item: Mapping[str, Any]
    balance: Balance
    days: int | None

    @property
    def code(self) -> str:
        return str(self.item.get("ServiceType") or "")

    @property
    def is_over(self) -> bool:
        return self.days is not None and self.days < 0

    def percent(self) -> float | None:
        """What is left of hours or customizations, of a hundred; None where nothing was bought that is used up."""
        bought = self.balance.hours or self.balance.customizations
        left = self.balance.hours_left if self.balance.hours else self.balance.customizations_left
        return None if not bought or left is None else 100 * left / bought


def quota(tadh: Tadh, type_: str | None, floors: Floors, *, is_check: bool) -> Records:
    """What is left, with warnings; as a check it raises QuotaError when something is below a floor."""
    code = _code(tadh, type_)
    shown = expiry(tadh)
    rows = [_row(tadh, item, shown) for item in tadh.client.pages("assets.quota", ServiceType=code)]
    if not rows:
        what = tadh.provider.holdings().services.get(code or "") or code
        tadh.messages.say(f"the account has no {what}" if code else "the account has bought nothing")
    complaints = list(_too_little(rows, floors, code) if floors.is_any else _little(rows))
    view = _view(tadh)
    items = [_told(row) for row in rows]
    if is_check and complaints:
        failure = QuotaError("\n  ".join([f"{len(complaints)} below what is wanted:", *complaints]), hint=_BUY)
        raise carrying(failure, items, is_list=True, view=view)
    for complaint in complaints:
        tadh.messages.warn(complaint)
    return Records(items, view)


_BUY = "hours, concurrency and customizations are bought and renewed in the console of the service"


def _code(tadh: Tadh, text: str | None) -> str | None:
    """The code of a type for its code or name in any case; others are passed on."""
    services = tadh.provider.holdings().services
    wanted = (text or "").strip().lower()
    return next((code for code, title in services.items() if wanted in (code.lower(), title.lower())), text)


def _row(tadh: Tadh, item: Mapping[str, Any], shown: Expiry) -> _Row:
    return _Row(item, tadh.provider.holdings().balance(item), shown.days(item.get("ExpireDate")))


def _told(row: _Row) -> dict[str, Any]:
    """A record of the service with what it says in words and human units."""
    balance, percent = row.balance, row.percent()
    said = {
        "Title": balance.title,
        "Hours": _rounded(balance.hours),
        "HoursLeft": _rounded(balance.hours_left),
        "HoursUsed": _rounded(_used(balance.hours, balance.hours_left)),
        "Concurrency": balance.concurrency,
        "Customizations": balance.customizations,
        "CustomizationsLeft": balance.customizations_left,
        "PercentLeft": _rounded(percent),
        "DaysLeft": row.days,
    }
    return {**row.item, **{name: value for name, value in said.items() if value is not None}}


def _used(bought: float | None, left: float | None) -> float | None:
    return None if bought is None or left is None else bought - left


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


def _view(tadh: Tadh) -> View:
    return View(
        id="ServiceType",
        columns=(
            Column("Title", "What"),
            Column("HoursLeft", "Left", told=_rest, whole=True),
            Column("PercentLeft", "%", lambda percent: f"{percent:.0f}", tone=_tone),
            ends(tadh, blank="unlimited"),
        ),
        wide=(
            Column("ServiceType", "Type", whole=True),
            Column("HoursUsed", "Used", hours, whole=True),
        ),
    )


def _rest(item: Item) -> str:
    """What is left of how much, or how many at a time."""
    if "Hours" in item or "HoursLeft" in item:
        return f"{_short(item.get('HoursLeft'))} of {_short(item.get('Hours'))} h"
    if "Customizations" in item or "CustomizationsLeft" in item:
        return f"{_short(item.get('CustomizationsLeft'))} of {_short(item.get('Customizations'))}"
    return f"{item['Concurrency']} at a time" if "Concurrency" in item else ""


def _short(number: Any) -> str:
    return f"{number:.4g}" if isinstance(number, (int, float)) else "?"


def _tone(percent: Any) -> str:
    if not isinstance(percent, (int, float)) or percent >= _FEW_PERCENT:
        return ""
    return "red" if percent <= 0 else "bold red"


# What is too little ------------------------------------------------------------------------------------


def _little(rows: Sequence[_Row]) -> Iterator[str]:
    """What catches the eye when nobody says how much has to be left."""
    for row in rows:
        percent = row.percent()
        if percent is not None and percent < _FEW_PERCENT and not row.is_over:
            yield f"{row.balance.title}: {_left(row.balance)} left, {percent:.0f} %"
        if row.days is not None and row.days < FEW_DAYS:
            yield f"{row.balance.title}: {_ending(row)}"


def _too_little(rows: Sequence[_Row], floors: Floors, code: str | None) -> Iterator[str]:
    """What is below a floor: of hours and customizations what all packages of a type that have not ended have left."""
    for title, left, is_bought in _sums(rows, "hours", "hours_left"):
        if floors.hours is not None and left < floors.hours and (is_bought or code):
            yield f"{title}: {hours(left)} left, at least {floors.hours:g} h are wanted"
    for title, left, is_bought in _sums(rows, "customizations", "customizations_left"):
        if floors.customizations is not None and left < floors.customizations and (is_bought or code):
            yield f"{title}: {left:g} left, at least {floors.customizations:g} are wanted"
    for row in rows:
        if floors.days is not None and row.days is not None and row.days < floors.days:
            yield f"{row.balance.title}: {_ending(row)}, at least {floors.days:g} days are wanted"
    if code and not rows and (floors.hours or floors.customizations):
        yield f"{code}: the account has none"


def _sums(rows: Sequence[_Row], bought: str, left: str) -> Iterator[tuple[str, float, bool]]:
    """Title, rest, and whether any was ever bought, of each type that has such figures."""
    for code in dict.fromkeys(row.code for row in rows if getattr(row.balance, left) is not None):
        same = [row for row in rows if row.code == code]
        rest = sum(getattr(row.balance, left) or 0 for row in same if not row.is_over)
        yield same[0].balance.title, rest, any(getattr(row.balance, bought) for row in same)


def _left(balance: Balance) -> str:
    return hours(balance.hours_left) if balance.hours else f"{balance.customizations_left}"


def _ending(row: _Row) -> str:
    date = str(row.item.get("ExpireDate"))[:10]
    if row.is_over:
        return f"expired on {date}"
    return f"ends on {date}, {'today' if row.days == 0 else f'in {row.days} days'}"
