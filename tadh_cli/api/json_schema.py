"""Declared fields as JSON Schema."""

from __future__ import annotations

from tadh_cli.api.checking import stands_for_none
from tadh_cli.api.field import Field, Payload

# JSON Schema -------------------------------------------------------------------------------------------


def object_schema(fields: tuple[Field, ...], *, closed: bool) -> Payload:
    """The schema of an object; a closed one has no other properties."""
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
        return object_schema(field.fields, closed=closed)
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
        choices += [""] if field.type is str and not field.open and stands_for_none(field, "") else []
        schema["examples" if field.open else "enum"] = choices
    if field.endings:
        schema["x-endings"] = list(field.endings)
    return schema
