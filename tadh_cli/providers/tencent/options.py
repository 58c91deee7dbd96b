"""From options to the values of a request, and back to the options in messages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tadh_cli.api.options import Opt, is_given, options, word

# Reads values that one option packs together; appends to the list what is wrong.
Special = Callable[[Any, list[str]], Any]


def values_of(
    chosen: object, paths: Mapping[str, str], problems: list[str], special: Mapping[str, Special] = MappingProxyType({})
) -> dict[str, Any]:
    """What was given, by path, in the service's words."""
    values: dict[str, Any] = {}
    flags = dict(options(chosen))
    for name, path in paths.items():
        value = getattr(chosen, name)
        if not is_given(value):
            continue
        option = flags[name]
        if option.words:
            wire = word(option, value)
            if wire is None:
                problems.append(_unknown_word(option, value, path))
                continue
            value = wire
        values[path] = special[name](value, problems) if name in special else value
    return values


def _unknown_word(option: Opt, value: str, path: str) -> str:
    known = ", ".join(option.words or ())
    return f"{option.flag} {value!r} is not one of {known}; a newer value of the service goes with --set {path}=…"


def names_of(chosen: object, paths: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The option of each path, and the friendly word for each of the service's."""
    known = dict(options(chosen))
    flags = {path: known[name].flag for name, path in paths.items()}
    words = {wire: friendly for option in known.values() for friendly, wire in (option.words or {}).items()}
    return flags, words


def colors(specs: tuple[str, ...], problems: list[str], *, source: str) -> str | None:
    """`NAME=#RRGGBB` as the service wants it: the decimal of the hexadecimal number, in JSON, in a string."""
    found = {}
    for spec in specs:
        match = re.fullmatch(r"(\w+)=#?([0-9A-Fa-f]{6})", spec.strip())
        if match:
            found[match[1]] = {"colorValue": int(match[2], 16)}
        else:
            problems.append(f"--color {spec!r} is not NAME=#RRGGBB ({source})")
    return json.dumps(found, ensure_ascii=False) if found else None
