"""A valid answer from nothing but a declaration: for operations that the sandbox knows no more about."""

from __future__ import annotations

from tadh_cli.api.field import Field
from tadh_cli.api.operation import Operation
from tadh_cli.sandbox.wire import Json


def answer(operation: Operation, payload: dict[str, Json]) -> dict[str, Json]:
    """Every field of the answer: what the request has under the same name comes back."""
    return {field.name: payload.get(field.name, _value(field)) for field in operation.response}


def _value(field: Field) -> Json:
    if field.many:
        return [_one(field)]
    return _one(field)


def _one(field: Field) -> Json:
    if field.fields:
        return {child.name: _value(child) for child in field.fields}
    if field.choices:
        return field.type(field.choices[0])
    if field.type is str:
        return "http://127.0.0.1/" if field.url else field.name
    if field.type in (int, float):
        return field.type(field.low or 0)
    return field.type()
