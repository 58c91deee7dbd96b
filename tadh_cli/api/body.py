"""The body of a request, by dotted paths: put together, read, and spelled as the service does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tadh_cli.api.field import Field, Payload
from tadh_cli.errors import InputError

# No service counts so far; also the edge beyond which JSON readers lose digits or fail.
UNSENDABLE = 2**63


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
    if field.type is float and type(value) is int and abs(value) < UNSENDABLE:
        return float(value)
    return value
