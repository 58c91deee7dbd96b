"""Tencent Cloud AI Digital Human."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tadh_cli.api.provider import Provider
from tadh_cli.providers.tencent import codes, signing

if TYPE_CHECKING:
    from tadh_cli.api.asset import Holdings
    from tadh_cli.api.customization import Customization, RecordingCheck
    from tadh_cli.api.driving import Driving
    from tadh_cli.api.material import Limit
    from tadh_cli.api.operation import Operation
    from tadh_cli.api.production import Order, Script
    from tadh_cli.api.session import PictureOptions, SessionOptions
    from tadh_cli.api.store import ObjectStore
    from tadh_cli.api.video import AudioOptions, VideoOptions
    from tadh_cli.api.waiter import Waiter


def operations() -> Iterator[Operation]:
    """All declared operations, by service; a service's module is loaded when the ones before it did not suffice."""
    from tadh_cli.providers.tencent import video

    yield from video.OPERATIONS
    from tadh_cli.providers.tencent import assets

    yield from assets.OPERATIONS
    from tadh_cli.providers.tencent import session

    yield from session.OPERATIONS
    from tadh_cli.providers.tencent import customization

    yield from customization.OPERATIONS


def waiters() -> Iterator[Waiter]:
    """All things that take time."""
    from tadh_cli.providers.tencent import customization, session, video

    yield from (video.MADE, video.SPOKEN, *customization.WAITERS, session.READY)


def _wrap(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Header": {}, "Payload": payload}


def _video_order(chosen: VideoOptions, script: Script) -> Order:
    from tadh_cli.providers.tencent.production import video_order

    return video_order(chosen, script)


def _audio_order(chosen: AudioOptions, script: Script) -> Order:
    from tadh_cli.providers.tencent.production import audio_order

    return audio_order(chosen, script)


def _customization_order(chosen: Customization) -> Order:
    from tadh_cli.providers.tencent.customizing import customization_order

    return customization_order(chosen)


def _check_order(chosen: RecordingCheck) -> Order:
    from tadh_cli.providers.tencent.customizing import check_order

    return check_order(chosen)


def _session_order(chosen: SessionOptions) -> Order:
    from tadh_cli.providers.tencent.staging import session_order

    return session_order(chosen)


def _picture_order(session_id: str, chosen: PictureOptions) -> Order:
    from tadh_cli.providers.tencent.staging import picture_order

    return picture_order(session_id, chosen)


def limits() -> Mapping[str, Limit]:
    """What files may be, by their roles."""
    from tadh_cli.providers.tencent.material import LIMITS

    return LIMITS


def _store() -> ObjectStore:
    from tadh_cli.providers.tencent.store import COS

    return COS


def _channel() -> Driving:
    from tadh_cli.providers.tencent.channel import DRIVING

    return DRIVING


def _most_characters() -> int:
    from tadh_cli.providers.tencent import video

    return video.MOST_CHARACTERS


def _holdings() -> Holdings:
    from tadh_cli.providers.tencent.holdings import HOLDINGS

    return HOLDINGS


TENCENT = Provider(
    name="tencent",
    operations=operations,
    waiters=waiters,
    sign=signing.signed_url,
    wrap=_wrap,
    unwrap=codes.unwrap,
    task_failure=codes.task_failure,
    headers={"Content-Type": "application/json;charset=utf-8"},
    clock_tolerance_s=signing.CLOCK_TOLERANCE_S,
    most_characters=_most_characters,
    video_order=_video_order,
    audio_order=_audio_order,
    customization_order=_customization_order,
    check_order=_check_order,
    session_order=_session_order,
    picture_order=_picture_order,
    limits=limits,
    store=_store,
    channel=_channel,
    holdings=_holdings,
)
