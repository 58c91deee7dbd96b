"""What an account owns: how avatars and voices are listed, told apart and called by name, and what is left of hours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

Item = Mapping[str, Any]


class AvatarType(NamedTuple):
    """A type of avatar: a short word for it, the service's code, its name."""

    word: str
    code: str
    title: str


def type_code(types: Sequence[AvatarType], text: str) -> str:
    """The code of a type for its word, code or name in any case; others are passed on, since types grow."""
    wanted = _folded(text)
    return next((kind.code for kind in types if wanted in map(_folded, kind)), text)


class Source(NamedTuple):
    """A call that lists assets, and the values it takes."""

    operation: str
    values: Mapping[str, str] = MappingProxyType({})
    # The service may refuse it to an account that has none of these.
    is_optional: bool = False

    @property
    def label(self) -> str:
        return "-".join([self.operation, *self.values.values()])


class Asset(NamedTuple):
    """A kind of thing that an account owns."""

    kind: str
    # The fields that identify an item, and that people call it by.
    key: str
    name: str
    # The calls that list all of them between them.
    sources: tuple[Source, ...]
    # What people can add to a name to tell items of the same name apart: "Anna, Blue suit, 1920x1080".
    details: Callable[[Item], Iterable[str]]
    # What can only be a key, whether or not it is known: nobody need look it up.
    key_pattern: str
    # Other fields by which an item may be called.
    aliases: tuple[str, ...] = ()

    def is_key(self, text: str) -> bool:
        return re.fullmatch(self.key_pattern, text) is not None

    def label(self, item: Item) -> str:
        """An item as it can be called."""
        parts = (" ".join(part.split()) for part in (str(item.get(self.name) or ""), *self.details(item)))
        return ", ".join(dict.fromkeys(part for part in parts if part))

    def called(self, items: Sequence[Item], text: str) -> list[Item]:
        """The items that a text may mean: by key, by name, by a name with details behind commas."""
        if by_key := [item for item in items if item.get(self.key) == text]:
            return by_key[:1]
        if by_name := [item for item in items if self._has_name(item, text)]:
            exactly = [item for item in by_name if text in (item.get(field) for field in (self.name, *self.aliases))]
            return exactly or by_name
        name, *details = (part.strip() for part in text.split(","))
        if not details:
            return []
        return [item for item in items if self._has_name(item, name) and self._has_all(item, details)]

    def _has_name(self, item: Item, text: str) -> bool:
        names = (item.get(field) for field in (self.name, *self.aliases))
        return _folded(text) in (_folded(str(name)) for name in names if name)

    def _has_all(self, item: Item, details: Iterable[str]) -> bool:
        known = {_folded(detail) for detail in self.details(item)}
        return all(_folded(detail) in known for detail in details)


class Balance(NamedTuple):
    """What is left of something that was bought; None where it does not apply."""

    title: str
    hours: float | None = None
    hours_left: float | None = None
    concurrency: int | None = None
    customizations: int | None = None
    customizations_left: int | None = None


def _no_balance(item: Item) -> Balance:
    return Balance(str(item.get("ServiceType") or ""))


def _no_moment(_: object) -> None:
    return None


class Holdings(NamedTuple):
    """What accounts of a vendor own; empty for a vendor that does not tell."""

    assets: Mapping[str, Asset] = MappingProxyType({})
    types: tuple[AvatarType, ...] = ()
    # Names of what can be bought, by code.
    services: Mapping[str, str] = MappingProxyType({})
    # What a record of `assets.quota` says is left.
    balance: Callable[[Item], Balance] = _no_balance
    # Unix seconds of a date as the service writes it, None for none.
    moment: Callable[[object], float | None] = _no_moment


def _folded(text: str) -> str:
    """A text without differences that nobody sees or means."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
