"""What is wrong with the body of a request, all of it at once."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tadh_cli.api.body import UNSENDABLE
from tadh_cli.api.field import Field, Problem

# Checking ----------------------------------------------------------------------------------------------


def check_object(fields: tuple[Field, ...], body: Mapping[str, Any], prefix: str) -> Iterator[Problem]:
    """The problems of an object whose paths begin with `prefix`."""
    known = {field.name: field for field in fields}
    for name, field in known.items():
        value = body.get(name)
        if value is None or (value == "" and field.required):
            if field.required:
                yield Problem(prefix + name, "is required")
        else:
            yield from _check_value(field, value, prefix + name)
    for name in body:
        if name not in known:
            yield Problem(prefix + name, f"is not a parameter of this call{_nearest(name, known)}")


def is_excused(path: str, excused: tuple[str, ...]) -> bool:
    """Whether a path is one of those, in one of them, or on the way to one; `[0]` and `.0` are the same item."""
    place = f"{path.replace('[', '.').replace(']', '')}."
    return any(place.startswith(f"{root}.") or f"{root}.".startswith(place) for root in excused)


def _check_value(field: Field, value: Any, path: str) -> Iterator[Problem]:
    if not field.many:
        yield from _check_one(field, value, path)
    elif not isinstance(value, list):
        yield Problem(path, "has to be an array", value)
    else:
        if field.most is not None and len(value) > field.most:
            yield Problem(path, f"has {len(value)} items, at most {field.most}")
        for index, item in enumerate(value):
            yield from _check_one(field, item, f"{path}[{index}]")


def _check_one(field: Field, value: Any, path: str) -> Iterator[Problem]:
    if not _has_type(field.type, value):
        yield Problem(path, f"is not {_TYPE_WORDS[field.type]}", value)
    elif isinstance(value, dict):
        yield from check_object(field.fields, value, f"{path}.") if field.fields else ()
    elif isinstance(value, str):
        yield from _check_string(field, value, path)
    elif not isinstance(value, bool):
        yield from _check_number(field, value, path)


def _check_number(field: Field, value: float, path: str) -> Iterator[Problem]:
    if value != value or value in (math.inf, -math.inf):
        yield Problem(path, "is not a finite number", value)
    elif abs(value) >= UNSENDABLE:
        yield Problem(path, "is too large to be sent")
    elif _is_outside(field, value):
        yield Problem(path, f"is outside {field.range()}", value)
    elif field.choices and str(value) not in field.choices:
        yield Problem(path, f"is not one of {field.range()}", value)


def _is_outside(field: Field, value: float) -> bool:
    return (
        (field.low is not None and value < field.low)
        or (field.above is not None and value <= field.above)
        or (field.high is not None and value > field.high)
    )


def _lengths(field: Field) -> str:
    if field.least is None or field.most is None:
        return f"at most {field.most}" if field.least is None else f"at least {field.least}"
    return f"allowed are {field.least} to {field.most}"


def _check_string(field: Field, value: str, path: str) -> Iterator[Problem]:
    if field.choices and not field.open and value not in field.choices and not stands_for_none(field, value):
        yield Problem(path, f"is not one of {field.range()}{_nearest(value, field.choices)}", value)
    if not field.many and field.most is not None and len(value) > field.most:
        yield Problem(path, f"has {len(value)} characters, {_lengths(field)}")
    if field.least is not None and len(value) < field.least:
        yield Problem(path, f"has {len(value)} characters, {_lengths(field)}", value)
    if field.most_bytes is not None and (size := len(value.encode("utf-8", "replace"))) > field.most_bytes:
        yield Problem(path, f"has {size} bytes, at most {field.most_bytes}")
    if field.one_line and len(f"{value}.".splitlines()) > 1:
        yield Problem(path, "contains a line break")
    if field.pattern and not re.fullmatch(field.pattern, value):
        yield Problem(path, f"has to be {field.allowed}", value)
    if field.url and not _URL.match(value):
        yield Problem(path, "is not an http or https URL", value)
    if field.endings and (known := _ENDING.fullmatch(value)) and known[1].lower() not in field.endings:
        yield Problem(path, f"ends in .{known[1].lower()}, allowed are {field.range()}", value)
    if any("\ud800" <= character <= "\udfff" for character in value):
        yield Problem(path, "is not valid UTF-8")


def stands_for_none(field: Field, value: str) -> bool:
    """An optional choice may be empty: "Pass empty or do not pass", as the documentation has it of ChatCommand."""
    return value == "" and not field.required and not field.many


# Files that people hand in by mistake, by their endings; what ends otherwise may be made by a program.
_ENDING = re.compile(
    r"https?://[^/?#]+/[^?#]*\.(jpe?g|jfif|png|gif|webp|bmp|tiff?|svg|ico|hei[cf]|avif|psd|mp4|mov|m4v|webm|mkv|avi|flv"
    r"|wmv|mpe?g|mp3|wav|m4a|aac|ogg|opus|flac|wma|pdf|docx?|pptx?|txt|html?|json|xml|zip|rar|7z|gz)(?:[?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
_URL = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)


_TYPE_WORDS: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
}


def _has_type(kind: type, value: object) -> bool:
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    by_lower = {candidate.lower(): candidate for candidate in known}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
