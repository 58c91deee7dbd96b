"""A client of the real provider against any URL, and the least that its operations accept."""

from __future__ import annotations

from typing import Any

from tadh_cli.api.field import Field
from tadh_cli.api.provider import Provider
from tadh_cli.config import Settings
from tadh_cli.engine.client import Client, Prepared
from tadh_cli.engine.clock import Clock
from tadh_cli.engine.transport import Transport
from tadh_cli.masking import Mask
from tadh_cli.providers.tencent import TENCENT

APP_KEY, TOKEN = "e38267c0e86411ebb02aed82acb0ed99", "f68f2d10ae9e4604b76fb05cf46bccec"
VIDEO = {"VirtualmanKey": "avatar-1", "InputSsml": "Hello", "SpeechParam.Speed": 1.0}


def settings_for(url: str) -> Settings:
    """A profile that points at a URL."""
    return Settings("test", endpoint=url, keys={"": {"app_key": APP_KEY, "access_token": TOKEN}})


def client_for(url: str, transport: Transport, clock: Clock, *, provider: Provider = TENCENT) -> Client:
    """A client that signs for a URL."""
    return Client(provider, settings_for(url), transport, Mask(), clock)


def question(client: Client, task_id: str = "T1") -> Prepared:
    """A request that may be repeated."""
    return client.prepare(client.provider.operation("video.get"), {"TaskId": task_id})


def creation(client: Client, **values: Any) -> Prepared:
    """A request that may not: it makes a video."""
    return client.prepare(client.provider.operation("video.create"), {**VIDEO, **values})


def least(fields: tuple[Field, ...]) -> dict[str, Any]:
    """A body with every required field and nothing else; rules over several fields may want more."""
    return {field.name: value_of(field) for field in fields if field.required}


def value_of(field: Field) -> Any:
    """A value that a field accepts."""
    if field.many:
        return [_one(field)]
    return _one(field)


def _one(field: Field) -> Any:
    if field.type is dict:
        return least(field.fields)
    if field.choices:
        return field.type(field.choices[0])
    if field.type is bool:
        return True
    if field.type in (int, float):
        return field.type(_number(field))
    return field.fill() if field.fill else _text(field)


def _number(field: Field) -> float:
    if field.low is not None:
        return field.low
    return 1.0 if field.above is None else field.above + 1


def _text(field: Field) -> str:
    if field.url:
        return "https://example.com/a"
    if field.pattern.startswith("rtmp"):
        return "rtmp://example.com/live/a"
    return "a" * max(field.least or 0, 3)
