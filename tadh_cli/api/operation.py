"""An operation of a service, declared once: checks, body, decoding and JSON Schema derive from it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from tadh_cli.errors import InputError

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


class Paging(NamedTuple):
    """A list call that answers page by page: the field with the items, and the largest page."""

    items: str
    largest: int = 100
    # The fields that tell items apart; none when several may look the same.
    key: tuple[str, ...] = ()


Rule = Callable[["Body"], Iterable[Problem]]
Amend = Callable[[Payload], Payload]


class Operation(NamedTuple):
    """One call of the service: where it is, what it takes and gives, and whether it may be repeated."""

    name: str
    path: str
    summary: str
    # Whether the call may be sent again after its bytes left the machine: a query, or the same result twice.
    safe: bool
    # Which of the account's credentials sign it: customization, video, session or assets.
    service: str
    doc: str
    request: tuple[Field, ...] = ()
    response: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()
    paging: Paging | None = None
    # The kind of task record this call creates, empty for all others; a function when the request decides.
    creates: str | Callable[[Body], str] = ""
    deprecated: str = ""
    # Adds to an answer what it leaves out and what can be derived from the rest.
    amend: Amend | None = None
    method: str = "POST"
    # What a Header.Code means for this very call, and what to do about it, told by its request.
    remedies: Mapping[int | str | None, Callable[[Body], str]] = MappingProxyType({})
    # Seconds that have to lie between two such calls about the same thing; more often is refused.
    apart_s: float = 0.0

    def encode(self, values: Mapping[str, object]) -> Payload:
        """The request body for values named by their dotted path; None and missing ones are left out."""
        body: Payload = {}
        for path, value in values.items():
            if value is not None:
                put(body, path, value)
        for field in self.request:
            if field.fill is not None and field.name not in body:
                body[field.name] = field.fill()
        return {**body, **{key: normalise(field, body[key]) for key, field in self._present(body)}}

    def check(self, body: Payload, exempt: Iterable[str] = ()) -> list[Problem]:
        """Every problem of a request body at once; paths in `exempt` (and below) are the caller's own risk."""
        excused = tuple(exempt)
        problems = [*_check_object(self.request, body, ""), *self._check_rules(body)]
        return [problem for problem in problems if not _is_excused(problem.path, excused)]

    def decode(self, payload: object) -> Payload:
        """An answer in one spelling: declared fields first, whatever else the service adds behind them."""
        if not isinstance(payload, Mapping):
            payload = {}
        answer = _decode_object(self.response, payload)
        return self.amend(answer) if self.amend else answer

    def lacking(self, answer: Mapping[str, Any]) -> list[str]:
        """The paths of fields that a decoded answer has to have and has not."""
        return list(_lacking(self.response, answer))

    def kind(self, body: Body) -> str:
        """The kind of task that a request creates."""
        return self.creates if isinstance(self.creates, str) else self.creates(body)

    def field(self, path: str) -> Field | None:
        """The declared request field at a dotted path, case ignored; a unique last part is enough."""
        wanted = path.lower()
        matches = [(p, f) for p, f in walk(self.request) if p.lower() == wanted]
        matches = matches or [(p, f) for p, f in walk(self.request) if p.lower().endswith("." + wanted)]
        return matches[0][1] if len(matches) == 1 else None

    def full_path(self, path: str) -> str:
        """The dotted path as declared for what a user wrote; unknown ones come back as they are."""
        field = self.field(path)
        return next((p for p, f in walk(self.request) if f is field), path)

    def parse(self, path: str, text: str) -> Any:
        """A value that a user typed for a path: text where the declaration says so, else JSON if it reads as that."""
        field = self.field(path)
        if field is not None and field.type is str and not field.many:
            return text
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return text

    def schema(self) -> Payload:
        """JSON Schema of the request body; that of the answer stands in `$defs`."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": f"{self.summary}. {self.method} {self.path} ({self.doc})",
            **_object_schema(self.request, closed=True),
            "$defs": {"Response": _object_schema(self.response, closed=False)},
        }

    def _present(self, body: Payload) -> Iterator[tuple[str, Field]]:
        return ((field.name, field) for field in self.request if field.name in body)

    def _check_rules(self, body: Payload) -> Iterator[Problem]:
        view = Body(body)
        for rule in self.rules:
            yield from rule(view)


def _lacking(fields: Sequence[Field], answer: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for field in fields:
        value = answer.get(field.name)
        if field.required and value in (None, "", {}):
            yield f"{prefix}{field.name}"
        elif field.fields and isinstance(value, Mapping):
            yield from _lacking(field.fields, value, f"{prefix}{field.name}.")


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


class Body:
    """A request body read by dotted paths; what is absent, null or empty reads as None."""

    def __init__(self, body: Payload) -> None:
        self._body = body

    def __getitem__(self, path: str) -> Any:
        value: Any = self._body
        for part in path.split("."):
            if not isinstance(value, Mapping):
                return None
            value = value.get(part)
        return None if value in ("", [], {}) else value


def walk(fields: Iterable[Field], prefix: str = "") -> Iterator[tuple[str, Field]]:
    """All fields with their dotted paths, objects before what is in them."""
    for field in fields:
        path = f"{prefix}{field.name}"
        yield path, field
        yield from walk(field.fields, f"{path}[]." if field.many else f"{path}.")


def put(body: Payload, path: str, value: object) -> None:
    """Set the value at a dotted path, making the objects on the way; digits count items of an array.

    Raises InputError for an item that is not there.
    """
    *parents, last = path.split(".")
    node: Any = body
    for part in parents:
        node = _child(node, part, path)
    if isinstance(node, list):
        node[_index(node, last, path)] = value
    else:
        node[last] = value


def _index(items: list[Any], part: str, path: str) -> int:
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    raise InputError(f"{path}: there is no item {part} among {len(items)}")


def _child(node: Any, part: str, path: str) -> Any:
    if isinstance(node, list):
        return node[_index(node, part, path)]
    if not isinstance(node.get(part), (dict, list)):
        node[part] = {}
    return node[part]


def normalise(field: Field, value: Any) -> Any:
    """The value as the service spells it: an enumeration's case, a whole number where a float is due."""
    if field.many and isinstance(value, list):
        return [_normalise_one(field, item) for item in value]
    return _normalise_one(field, value)


def _normalise_one(field: Field, value: Any) -> Any:
    if isinstance(value, dict):
        known = {child.name: child for child in field.fields}
        return {key: normalise(known[key], item) if key in known else item for key, item in value.items()}
    if field.choices and isinstance(value, str):
        return next((choice for choice in field.choices if choice.lower() == value.lower()), value)
    if field.type is float and type(value) is int and abs(value) < _UNSENDABLE:
        return float(value)
    return value


def _is_excused(path: str, excused: tuple[str, ...]) -> bool:
    """Whether a path is one of those, in one of them, or on the way to one; `[0]` and `.0` are the same item."""
    place = f"{path.replace('[', '.').replace(']', '')}."
    return any(place.startswith(f"{root}.") or f"{root}.".startswith(place) for root in excused)


def secrets(fields: Iterable[Field], payload: Mapping[str, Any]) -> Iterator[str]:
    """The values of fields that are declared secret."""
    for field in fields:
        value = payload.get(field.name)
        if isinstance(value, Mapping):
            yield from secrets(field.fields, value)
        elif field.secret and isinstance(value, str):
            yield value


# Checking ----------------------------------------------------------------------------------------------


def _check_object(fields: tuple[Field, ...], body: Mapping[str, Any], prefix: str) -> Iterator[Problem]:
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
        yield from _check_object(field.fields, value, f"{path}.") if field.fields else ()
    elif isinstance(value, str):
        yield from _check_string(field, value, path)
    elif not isinstance(value, bool):
        yield from _check_number(field, value, path)


def _check_number(field: Field, value: float, path: str) -> Iterator[Problem]:
    if value != value or value in (math.inf, -math.inf):
        yield Problem(path, "is not a finite number", value)
    elif abs(value) >= _UNSENDABLE:
        yield Problem(path, "is too large to be sent")
    elif _is_outside(field, value):
        yield Problem(path, f"is outside {field.range()}", value)
    elif field.choices and str(value) not in field.choices:
        yield Problem(path, f"is not one of {field.range()}", value)


# No service counts so far; also the edge beyond which JSON readers lose digits or fail.
_UNSENDABLE = 2**63


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
    if field.choices and not field.open and value not in field.choices and not _stands_for_none(field, value):
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


def _stands_for_none(field: Field, value: str) -> bool:
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


# Decoding ----------------------------------------------------------------------------------------------


def _decode_object(fields: tuple[Field, ...], payload: Mapping[str, Any]) -> Payload:
    rest = dict(payload)
    answer: Payload = {}
    for field in fields:
        spellings = _spellings(field, rest)
        values = [rest.pop(spelling) for spelling in spellings]
        filled = [value for value in values if value not in (None, "")]
        if field.many:
            answer[field.name] = _decode_list(field, filled[0] if filled else None)
        elif values:
            answer[field.name] = _decode_one(field, (filled or values)[0])
    return {**answer, **rest}


def _spellings(field: Field, payload: Mapping[str, Any]) -> list[str]:
    """The keys under which an answer has this field: as declared, other known names, any case."""
    wanted = [field.name, *field.also]
    exact = [name for name in wanted if name in payload]
    lower = {name.lower() for name in wanted}
    return exact + [key for key in payload if key not in exact and key.lower() in lower]


def _decode_list(field: Field, value: Any) -> list[Any]:
    if value is None:
        return []
    return [_decode_one(field, item) for item in (value if isinstance(value, list) else [value])]


def _decode_one(field: Field, value: Any) -> Any:
    """The value in its declared type where that is possible without loss, else as it came."""
    if isinstance(value, Mapping):
        return _decode_object(field.fields, value)
    if field.type is str and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if field.type in (int, float) and isinstance(value, str):
        return _number(field.type, value)
    if field.type is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if field.type is bool and isinstance(value, (int, str)) and not isinstance(value, bool):
        return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower(), value)
    return value


def _number(kind: type, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        return text


# JSON Schema -------------------------------------------------------------------------------------------


def _object_schema(fields: tuple[Field, ...], *, closed: bool) -> Payload:
    schema: Payload = {"type": "object", "properties": {f.name: _field_schema(f, closed=closed) for f in fields}}
    required = [field.name for field in fields if field.required]
    if required:
        schema["required"] = required
    if closed:
        schema["additionalProperties"] = False
    return schema


def _field_schema(field: Field, *, closed: bool) -> Payload:
    schema = _value_schema(field, closed=closed)
    if field.many:
        schema = {"type": "array", "items": schema}
        if field.most is not None:
            schema["maxItems"] = field.most
    if field.help:
        schema["description"] = field.help
    if field.default is not None:
        schema["default"] = field.default
    return schema


_SCHEMA_TYPES: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}


def _value_schema(field: Field, *, closed: bool) -> Payload:
    if field.type is dict and field.fields:
        return _object_schema(field.fields, closed=closed)
    limits = {
        "minimum": field.low,
        "maximum": field.high,
        "exclusiveMinimum": field.above,
        "minLength": field.least,
        "maxLength": None if field.many else field.most,
        "pattern": f"^(?:{field.pattern})$" if field.pattern else None,
        "format": "uri" if field.url else None,
    }
    schema: Payload = {"type": _SCHEMA_TYPES[field.type]}
    schema |= {word: limit for word, limit in limits.items() if limit is not None}
    if field.choices:
        choices = [field.type(choice) for choice in field.choices]
        choices += [""] if field.type is str and not field.open and _stands_for_none(field, "") else []
        schema["examples" if field.open else "enum"] = choices
    if field.endings:
        schema["x-endings"] = list(field.endings)
    return schema
