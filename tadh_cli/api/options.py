"""Options as data: the command line and other entrances (manifests) read the same declaration."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple


class Opt(NamedTuple):
    """One option: its flag, what it is for, and the words it takes with what they stand for."""

    flag: str
    help: str
    metavar: str = ""
    # Friendly words and the service's own for them; both are understood, case ignored.
    words: Mapping[str, str] | None = None
    # Reads the value where its type is not enough, raises ValueError.
    reader: Callable[[str], Any] | None = None
    # The kind of asset whose key or name it takes: avatar, voice.
    asset: str = ""


def whole(text: str) -> int:
    """A whole number; raises ValueError."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def decimal(text: str) -> float:
    """A number; raises ValueError."""
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None


# How values are read whose type says it all.
READERS: Mapping[Any, Callable[[str], Any]] = {int: whole, float: decimal}


def opt(flag: str, help: str, *, default: Any = None, many: bool = False, **more: Any) -> Any:
    """A dataclass field that is an option; `many` may be given several times."""
    metadata = {"opt": Opt(flag, help, **more)}
    if many:
        return dataclasses.field(default=(), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def options(kind: type | object) -> Iterator[tuple[str, Opt]]:
    """The options of a dataclass, by attribute."""
    for item in dataclasses.fields(kind):  # type: ignore[arg-type]
        if "opt" in item.metadata:
            yield item.name, item.metadata["opt"]


def word(option: Opt, value: str) -> str | None:
    """The service's word for what a user wrote, None when it is not one of the option's words."""
    assert option.words is not None
    for friendly, wire in option.words.items():
        if value.lower() in (friendly.lower(), wire.lower()):
            return wire
    return None


def is_given(value: object) -> bool:
    """Whether an option was given; 0 is a value like any other."""
    return value is not None and value is not False and value != ()
