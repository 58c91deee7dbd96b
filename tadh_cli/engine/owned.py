"""The avatars and voices of an account: all of them in one list, and found by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tadh_cli.api.asset import Asset, Item, Source
from tadh_cli.engine.cache import Cache
from tadh_cli.engine.client import Client
from tadh_cli.engine.pages import in_order
from tadh_cli.errors import (
    AuthError,
    ConfigError,
    InputError,
    NetworkError,
    NotFound,
    QuotaError,
    Refused,
    ServiceError,
)

# So long a list is believed when a name is looked up.
FRESH_S = 600.0
# So many are named when a name means several, or when there is none.
_MOST_CANDIDATES = 10
_MOST_GUESSES = 3

_ELSEWHERE = "; what is not listed is passed on by --set PATH=KEY"

Items = list[dict[str, Any]]

# Why the lists of an account may not be had; that is no reason to refuse a key.
_UNLISTED = (AuthError, ConfigError, NetworkError, NotFound, QuotaError, Refused, ServiceError)


@dataclass
class Owned:
    """What the account of a client owns; `cache` is None when nothing is to be remembered."""

    client: Client
    cache: Cache | None
    _asked: dict[str, Items] = field(default_factory=dict)

    def asset(self, kind: str) -> Asset:
        return self.client.provider.asset(kind)

    def items(self, kind: str) -> Items:
        """All of a kind, as remembered if that was not long ago, else as the service says now."""
        if kind not in self._asked:
            known = remembered(self.cache, self.asset(kind), younger_than_s=FRESH_S)
            return self.asked(kind) if known is None else known
        return self._asked[kind]

    def asked(self, kind: str) -> Items:
        """All of a kind, as the service says now."""
        asset = self.asset(kind)
        lists = list(in_order(self._listed, asset.sources))
        self._asked[kind] = _joined(asset, lists)
        return self._asked[kind]

    def key(self, kind: str, text: str, flag: str, *, asks: bool = True) -> str:
        """The key of what a text names, the text itself when that is a key.

        What looks like a key, or was listed as one before, is taken at its word: nobody is asked. A single word that
        is not listed may be a key all the same, and what can't be listed need not be: the service decides. Without
        `asks` nobody is asked in any case, and what is not known is empty. Raises InputError for names that mean
        several things, or nothing.
        """
        asset = self.asset(kind)
        if asset.is_key(text) or (kind not in self._asked and self._is_known(asset, text)):
            return text
        try:
            found = self._found(asset, text, asks=asks)
        except _UNLISTED:
            if not _is_word(text):
                raise
            return text
        if len(found) == 1:
            return str(found[0][asset.key])
        if found:
            raise _several(asset, found, f"{flag} {text!r} means {len(found)} {kind}s:")
        if asks and not self._may_be_key(asset, text):
            raise _none(asset, self.items(kind), text, flag)
        if asks:
            self._remember(asset, text)
            return text
        return ""

    def _found(self, asset: Asset, text: str, *, asks: bool) -> list[Item]:
        """The items that a text may mean; what is remembered may be older than the item."""
        known = self._asked.get(asset.kind) or remembered(self.cache, asset, younger_than_s=FRESH_S) or []
        found = asset.called(known, text)
        if found or not asks or asset.kind in self._asked:
            return found
        return asset.called(self.asked(asset.kind), text)

    def _may_be_key(self, asset: Asset, text: str) -> bool:
        """Whether a text that names nothing is passed on; letters alone that resemble a name are a slip of the pen."""
        return _is_word(text) and not (text.isalpha() and any(_resembling(asset, self.items(asset.kind), text)))

    def _is_known(self, asset: Asset, text: str) -> bool:
        """Whether a text was listed as a key, or passed on as one a short while ago."""
        if self.cache is None:
            return False
        passed_on = self.cache.read(_passed_on(asset), younger_than_s=FRESH_S) or []
        return any(item.get(asset.key) == text for item in (*some(self.cache, asset), *passed_on))

    def _remember(self, asset: Asset, text: str) -> None:
        if self.cache is not None:
            passed_on = self.cache.read(_passed_on(asset), younger_than_s=FRESH_S) or []
            self.cache.write(_passed_on(asset), [*passed_on, {asset.key: text}])

    def keep(self, source: Source, items: Sequence[Any]) -> None:
        """Remember a list that was read whole."""
        if self.cache is not None:
            self.cache.write(source.label, items)

    def _listed(self, source: Source) -> Items:
        try:
            items = list(self.client.pages(source.operation, width=1, **dict[str, Any](source.values)))
        except (Refused, NotFound, AuthError):
            if not source.is_optional:
                raise
            items = []
        self.keep(source, items)
        return items


def _is_word(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_.:-]+", text) is not None


def _passed_on(asset: Asset) -> str:
    return f"{asset.kind}-passed-on"


def remembered(cache: Cache | None, asset: Asset, **age: float) -> Items | None:
    """All of a kind from a cache, None when one of their lists is not in it."""
    lists = [cache.read(source.label, **age) for source in asset.sources] if cache else [None]
    found = [items for items in lists if items is not None]
    return _joined(asset, found) if len(found) == len(lists) else None


def some(cache: Cache, asset: Asset) -> Items:
    """Those of a kind that are in a cache, whatever their age."""
    return _joined(asset, [cache.read(source.label) or [] for source in asset.sources])


def _joined(asset: Asset, lists: Sequence[Items]) -> Items:
    """One list without repetitions: an item that several calls list has the fields of all."""
    by_key: dict[str, dict[str, Any]] = {}
    for item in (item for items in lists for item in items if item.get(asset.key)):
        key = str(item[asset.key])
        by_key[key] = {**item, **by_key.get(key, {})}
    return list(by_key.values())


def _several(asset: Asset, found: Sequence[Item], what: str) -> InputError:
    """A name that does not say which one is meant, with those it could mean."""
    lines = [f"  {item[asset.key]}  {asset.label(item)}" for item in found[:_MOST_CANDIDATES]]
    if len(found) > _MOST_CANDIDATES:
        lines.append(f"  and {len(found) - _MOST_CANDIDATES} more")
    labels = Counter(asset.label(item) for item in found)
    telling = next((label for label, count in labels.items() if count == 1), "")
    apart = f", or add what tells it apart, as in {telling!r}" if telling else ": nothing else tells them apart"
    return InputError("\n".join([what, *lines]), hint=f"give the key{apart}")


def _none(asset: Asset, items: Items, text: str, flag: str) -> InputError:
    """A name of nothing: another detail was meant, or another name."""
    name, _, details = text.partition(",")
    if details and (same := asset.called(items, name)):
        return _several(asset, same, f"{flag} {text!r}: no {asset.kind} of this name is {details.strip()!r}:")
    near = _near(asset, items, text)
    guess = f"; did you mean {' or '.join(near)}?" if near else ""
    return InputError(
        f"{flag} {text!r} is neither the key nor the name of {'an' if asset.kind == 'avatar' else 'a'} "
        f"{asset.kind}{guess}",
        hint=f"`tadh {asset.kind} list --search TEXT` shows them{_ELSEWHERE if flag.startswith('--') else ''}",
    )


def _near(asset: Asset, items: Items, text: str) -> list[str]:
    """Names that resemble a text, else names that contain it."""
    wanted = text.partition(",")[0].strip()
    within = (name for name in _names(asset, items).values() if wanted.lower() in name.lower())
    return _resembling(asset, items, wanted) or list(islice(within, _MOST_GUESSES))


def _resembling(asset: Asset, items: Items, text: str) -> list[str]:
    from difflib import get_close_matches

    names = _names(asset, items)
    return [names[name] for name in get_close_matches(text.lower(), names, n=_MOST_GUESSES)]


def _names(asset: Asset, items: Items) -> dict[str, str]:
    """Names as they are, by themselves in lower case."""
    return {str(item[asset.name]).lower(): str(item[asset.name]) for item in items if item.get(asset.name)}
