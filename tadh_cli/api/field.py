"""A parameter of a request or of an answer, declared once: its name, type, limits and spellings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Json = Any
Payload = dict[str, Any]


class Field(NamedTuple):
    """A parameter of a request or of an answer; an object (`type=dict`) has `fields` of its own."""

    # A named tuple, like other values that every command loads: its class is made six times faster than a
    # frozen dataclass, which shows in the start-up time.
    name: str
    type: type = str
    help: str = ""
    required: bool = False
    many: bool = False
    fields: tuple[Any, ...] = ()
    choices: tuple[str, ...] = ()
    # Other values than `choices` are passed on: the list grows faster than tadh.
    open: bool = False
    low: float | None = None
    high: float | None = None
    # Has to be larger than this; `low` and `high` are allowed themselves.
    above: float | None = None
    # Characters of a string, items of an array.
    least: int | None = None
    most: int | None = None
    most_bytes: int | None = None
    one_line: bool = False
    url: bool = False
    # How the name of the file behind a URL may end; one without an ending that is known may be anything.
    endings: tuple[str, ...] = ()
    # A regular expression for the whole value, and the same in words.
    pattern: str = ""
    allowed: str = ""
    # What the service takes when nothing is sent.
    default: object = None
    # Made by the client for each request when the caller gives none (an id).
    fill: Callable[[], object] | None = None
    # Never shown, logged or stored in clear, not even by `tadh api`.
    secret: bool = False
    # Other spellings that answers of the service are known to use.
    also: tuple[str, ...] = ()
    # The kind of thing whose key this is (avatar, voice): people may write its name instead.
    asset: str = ""

    def range(self) -> str:
        """The allowed values in words, empty when there is no limit."""
        if self.choices:
            return ", ".join(self.choices)
        if self.above is not None:
            return f"values above {self.above:g}" + ("" if self.high is None else f", up to {self.high:g}")
        if self.low is not None or self.high is not None:
            low = "" if self.low is None else f"{self.low:g}"
            high = "" if self.high is None else f"{self.high:g}"
            return f"{low}..{high}"
        return self.allowed or ", ".join(self.endings)


class Problem(NamedTuple):
    """Something wrong with the value at `path` of a request body."""

    path: str
    message: str
    value: object = None
    warning: bool = False


def walk(fields: Iterable[Field], prefix: str = "") -> Iterator[tuple[str, Field]]:
    """All fields with their dotted paths, objects before what is in them."""
    for field in fields:
        path = f"{prefix}{field.name}"
        yield path, field
        yield from walk(field.fields, f"{path}[]." if field.many else f"{path}.")


def secrets(fields: Iterable[Field], payload: Mapping[str, Any]) -> Iterator[str]:
    """The values of fields that are declared secret."""
    for field in fields:
        value = payload.get(field.name)
        if isinstance(value, Mapping):
            yield from secrets(field.fields, value)
        elif field.secret and isinstance(value, str):
            yield value
