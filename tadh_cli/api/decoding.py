"""Answers in one spelling, with values in their declared types where that is possible without loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tadh_cli.api.field import Field, Payload

# Decoding ----------------------------------------------------------------------------------------------


def decode_object(fields: tuple[Field, ...], payload: Mapping[str, Any]) -> Payload:
    """The declared fields of an object first, whatever else it has behind them."""
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
        return decode_object(field.fields, value)
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


def lacking(fields: Sequence[Field], answer: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The paths of required fields that a decoded answer has not."""
    for field in fields:
        value = answer.get(field.name)
        if field.required and value in (None, "", {}):
            yield f"{prefix}{field.name}"
        elif field.fields and isinstance(value, Mapping):
            yield from lacking(field.fields, value, f"{prefix}{field.name}.")
