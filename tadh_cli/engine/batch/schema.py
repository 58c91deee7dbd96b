"""The JSON Schema of a manifest, from the declarations of the options and of the service's calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tadh_cli.api.field import Field, walk
from tadh_cli.api.production import Script
from tadh_cli.api.provider import Provider
from tadh_cli.api.video import VideoOptions
from tadh_cli.engine.batch.items import LONGEST_NAME_BYTES, NAME, SET, Kind, kinds

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
_FILES = {
    "text": "; @FILE is relative to this file",
    "ssml": "; relative to this file",
    "audio": "; a file is relative to this one",
}


def schema(provider: Provider) -> dict[str, Any]:
    """What editors check and complete: draft 2020-12; what only the service knows is checked by the program."""
    fields = _fields(provider)
    properties = {key: _option(key, kind, fields.get(kind.option.flag)) for key, kind in kinds().items()}
    properties[SET] = {
        "description": "fields of the request, unchecked, by path: {VideoParam.Format: …}, or a list of PATH=VALUE",
        "anyOf": [
            {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
            {"type": "array", "items": {"type": "string", "pattern": "^[^=]+="}},
            {"type": ["string", "null"]},
        ],
    }
    name = {
        "description": "name of the file without its extension, unique also when case is ignored",
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_NAME_BYTES,
        "pattern": r"^[^\u0000-\u001f\u007f/\\<>:\"|?*]+$",
    }
    video = {"type": "object", "properties": {NAME: name, **properties}, "required": [NAME]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tadh video batch",
        "description": "Many videos from one list: tadh video batch FILE",
        "type": "object",
        "properties": {
            "defaults": {
                "description": "options that hold for every video that does not give its own",
                "type": ["object", "null"],
                "properties": properties,
                "additionalProperties": False,
            },
            "videos": {
                "description": "the videos, in the order in which they are made",
                "type": "array",
                "minItems": 1,
                "items": {**video, "additionalProperties": False},
            },
        },
        "required": ["videos"],
        "additionalProperties": False,
    }


def _fields(provider: Provider) -> dict[str, Field]:
    """What the service says of the options' values, by flag."""
    order = provider.video_order(VideoOptions(edition="advanced"), Script())
    fields = dict(walk(order.operation.request))
    return {flag: fields[path] for path, flag in order.names.flags.items() if path in fields}


def _option(key: str, kind: Kind, field: Field | None) -> dict[str, Any]:
    one = _one(kind, field)
    found: dict[str, Any] = {"description": kind.option.help + _FILES.get(key, "")}
    if kind.is_many:
        return {**found, "anyOf": [{"type": "array", "items": one}, one, {"type": "null"}]}
    if "anyOf" in one:
        return {**found, "anyOf": [*one["anyOf"], {"type": "null"}]}
    return {**found, **one, "type": [one["type"], "null"]}


def _one(kind: Kind, field: Field | None) -> dict[str, Any]:
    if kind.option.words:
        return _words(kind.option.words)
    found: dict[str, Any] = {"type": _TYPES[kind.type]}
    if field is not None and kind.type in (int, float):
        limits = {"minimum": field.low, "maximum": field.high, "exclusiveMinimum": field.above}
        found |= {word: limit for word, limit in limits.items() if limit is not None}
    return found


def _words(words: Mapping[str, str]) -> dict[str, Any]:
    """The friendly words to choose from; the service's own, and any case, are understood as well."""
    spellings = dict.fromkeys(text.lower() for pair in words.items() for text in pair)
    pattern = "|".join(_any_case(text) for text in spellings)
    return {"anyOf": [{"enum": list(words)}, {"type": "string", "pattern": f"^({pattern})$"}]}


def _any_case(text: str) -> str:
    return "".join(f"[{sign.lower()}{sign.upper()}]" if sign.isalpha() else sign for sign in text)
