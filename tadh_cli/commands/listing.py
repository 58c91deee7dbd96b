"""What lists have in common: a search, an order, an end, and whether they are remembered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tadh_cli.api.asset import Source
from tadh_cli.api.options import opt
from tadh_cli.api.production import Names
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.names import Lookup, owned
from tadh_cli.commands.options import matches, pairs
from tadh_cli.ui.records import Item, Records, View

Keep = Callable[[Item], bool]

_NAMES = Names({"PageSize": "--page-size", "AnchorCodes": "--anchor", "VirtualmanTypeCode": "--type"})


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a whole number, 0 or more")
    return int(text)


@dataclass(frozen=True)
class Selection:
    """Which items of a list are shown, in which order."""

    search: str | None = opt("--search", "only items that contain this text")
    sort: str | None = opt(
        "--sort",
        "by these columns or fields, first to last; -FIELD for the opposite order, such as -expires,name",
        metavar="FIELD,…",
    )
    limit: int | None = opt("--limit", "at most so many", metavar="N", reader=_count)

    def of(self, tadh: Tadh, items: Iterable[Item], view: View, searched: Sequence[str], keep: Keep | None) -> Records:
        """The selected items; a field to sort by that nothing has is a problem."""
        orders = list(self._orders(tadh, view))
        found = (
            item for item in items if (keep is None or keep(item)) and matches(self.search, *map(item.get, searched))
        )
        if orders:
            return Records(_sorted(tadh, list(found), orders)[: self.limit], view)
        return Records(islice(found, self.limit), view)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.search is None and self.limit is None

    @property
    def most(self) -> int | None:
        """How many items have to be asked for, None for all."""
        return self.limit if self.search is None and self.sort is None else None

    def _orders(self, tadh: Tadh, view: View) -> Iterator[tuple[str, bool]]:
        """Fields with whether the largest comes first; columns are known by their headings, too."""
        titles = {column.heading().lower(): column.name for column in (*view.columns, *view.wide)}
        for part in (self.sort or "").split(",") if self.sort is not None else ():
            name = part.strip().lstrip("-+")
            if name:
                yield titles.get(name.lower(), name), part.strip().startswith("-")
            else:
                tadh.problems.append(f"--sort {self.sort!r} has a field without a name")


def _sorted(tadh: Tadh, items: list[Item], orders: Sequence[tuple[str, bool]]) -> list[Item]:
    for name, is_descending in reversed(orders):
        fields = {key.lower(): key for item in items for key in item}
        field = fields.get(name.lower())
        if field is None:
            if items:
                tadh.problems.append(f"--sort {name}: no item has this field; there are {', '.join(fields.values())}")
            continue
        filled = [item for item in items if item.get(field) not in (None, "", [])]
        empty = [item for item in items if item.get(field) in (None, "", [])]
        filled.sort(key=_by(field), reverse=is_descending)
        items = [*filled, *empty]
    return items


def _by(field: str) -> Callable[[Item], list[tuple[int, float, str]]]:
    return lambda item: _rank(item[field])


def _rank(value: Any) -> list[tuple[int, float, str]]:
    """Numbers by size, also within texts, so that 540x960 comes before 1080x1920; then texts without case."""
    if isinstance(value, (int, float)):
        return [(0, float(value), "")]
    parts = re.findall(r"\d+|\D+", str(value).casefold())
    return [(0, float(part), "") if part.isdigit() else (1, 0.0, part) for part in parts]


def listed(
    tadh: Tadh,
    operation: str,
    values: Mapping[str, Any],
    lookup: Lookup,
    *,
    most: int | None,
    page_size: object = None,
    set_: Sequence[str] | None = None,
    is_whole: bool = True,
) -> Iterator[dict[str, Any]]:
    """The items of a paged call; a list that is asked for whole is remembered for names and completion."""
    overrides = dict(pairs(tadh, "--set", set_))
    given = {name: value for name, value in values.items() if value}
    tadh.refuse()
    account = owned(tadh, lookup)
    seen = []
    for item in tadh.client.pages(operation, overrides=overrides, names=_NAMES, most=most, PageSize=page_size, **given):
        seen.append(item)
        yield item
    if most is None and is_whole and not overrides:
        account.keep(Source(operation, {name: str(value) for name, value in given.items()}), seen)
