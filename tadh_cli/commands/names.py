"""Avatars and voices by name: wherever a key is taken, a name that means only one is taken as well."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tadh_cli.api.body import put
from tadh_cli.api.field import Field, walk
from tadh_cli.api.options import opt
from tadh_cli.commands.context import Tadh

if TYPE_CHECKING:
    from tadh_cli.engine.client import Prepared
    from tadh_cli.engine.owned import Owned


@dataclass(frozen=True)
class Lookup:
    """Whether what was listed before may be used and remembered."""

    no_cache: bool = opt("--no-cache", "neither use nor keep lists of avatars and voices", default=False)
    refresh: bool = opt("--refresh", "forget the lists that were kept, ask anew", default=False)


def owned(tadh: Tadh, lookup: Lookup) -> Owned:
    """What the account owns, remembered as far as wanted."""
    from tadh_cli.engine.cache import Cache
    from tadh_cli.engine.owned import Owned

    if tadh.account is None:
        client = tadh.client
        cache = None if lookup.no_cache else Cache(tadh.settings, tadh.clock)
        if cache is not None and lookup.refresh:
            cache.forget()
        tadh.account = Owned(client, cache)
    return tadh.account


def key_of(tadh: Tadh, kind: str, text: str, lookup: Lookup, flag: str) -> str:
    """The key of what a user named; raises InputError for a name that means nothing or several."""
    return owned(tadh, lookup).key(kind, text, flag)


def asker(tadh: Tadh, kind: str, lookup: Lookup, flag: str) -> Callable[[str], str]:
    """`key_of` for whoever may have to ask later."""
    return lambda text: key_of(tadh, kind, text, lookup, flag)


def keyed(
    tadh: Tadh, prepared: Prepared, lookup: Lookup, *, is_rehearsal: bool = False, exempt: Collection[str] = ()
) -> Prepared:
    """A checked request with keys in place of names; fields in `exempt` (--set) stay as they are.

    A rehearsal asks nobody: a name that is not remembered stays, with a warning. Raises InputError for a name that
    means nothing or several.
    """
    named = [(path, field) for path, field in _named(prepared) if path not in exempt]
    if not named:
        return prepared
    account = owned(tadh, lookup)
    payload, warnings = deepcopy(prepared.payload), list(prepared.warnings)
    for path, field in named:
        text = _at(payload, path)
        flag = f"--{field.asset}"
        if key := account.key(field.asset, text, flag, asks=not is_rehearsal):
            put(payload, path, key)
        else:
            warnings.append(f"{flag} {text!r} is no key that is known: a rehearsal does not look up names")
    return prepared._replace(payload=payload, warnings=tuple(warnings))


def _named(prepared: Prepared) -> Iterator[tuple[str, Field]]:
    """The fields of a request that hold a key or a name, with their dotted paths."""
    assert prepared.operation is not None
    for path, field in walk(prepared.operation.request):
        if field.asset and isinstance(_at(prepared.payload, path), str) and _at(prepared.payload, path):
            yield path, field


def _at(payload: Mapping[str, Any], path: str) -> Any:
    value: Any = payload
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
