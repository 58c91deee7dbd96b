"""What an account owns, as far as its calls do not say it themselves: which list what, what is left, until when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from tadh_cli.api.asset import Asset, Balance, Holdings, Item, Source
from tadh_cli.providers.tencent.assets import AVATARS, IMAGES, VOICES
from tadh_cli.providers.tencent.terms import AVATAR_TYPES, SERVICE_TYPES

# Dates come without a zone; the service's origin is at UTC+8.
_ZONE = timezone(timedelta(hours=8))
_DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
_MS_PER_HOUR = 3_600_000

# Keys are 32 hexadecimal characters, numbers, or long; `male_1` and `female_1` are public voices. Names of avatars and
# voices may be anything of 2 to 50 characters: what could be either is looked up.
_KEY = r"[0-9A-Fa-f]{16,}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|(?=[^0-9]*[0-9])[0-9A-Za-z_-]{24,}|[0-9]+"


def _avatar_details(item: Item) -> Iterator[str]:
    yield from (str(item.get(name) or "") for name in ("ClothesName", "PoseName", "Resolution"))
    code = str(item.get("VirtualmanTypeCode") or "")
    yield next((kind.word for kind in AVATAR_TYPES if kind.code == code), code)


_GENDERS = {1: "male", 2: "female"}


def _voice_details(item: Item) -> Iterator[str]:
    yield str(item.get("TimbreType") or "")
    yield _GENDERS.get(item.get("TimbreGender") or 0, "")
    yield from map(str, item.get("TimbreLanguages") or ())


_ASSETS = (
    Asset(
        kind="avatar",
        key="VirtualmanKey",
        name="AnchorName",
        aliases=("AnchorCode",),
        # The list has the avatars made from recordings and photos; the others are listed by their types.
        sources=(
            Source(AVATARS.name),
            *(
                Source(IMAGES.name, {"VirtualmanTypeCode": kind.code}, is_optional=True)
                for kind in AVATAR_TYPES
                if not kind.code.startswith("small_sample")
            ),
        ),
        details=_avatar_details,
        key_pattern=_KEY,
    ),
    Asset(
        kind="voice",
        key="TimbreKey",
        name="TimbreName",
        sources=(Source(VOICES.name),),
        details=_voice_details,
        key_pattern=rf"{_KEY}|(fe)?male_[0-9]+",
    ),
)

# In answers beside those of appendix 1.
_UNIVERSAL = {
    "UniversalAsset": "customizations of any type",
    "UniversalConcurrency": "concurrency of any type",
    "UniversalHour": "hours of any type",
}
_SERVICES = {**SERVICE_TYPES, **_UNIVERSAL}


def moment(text: object) -> float | None:
    """Unix seconds of a date of the service; None for none, which means unlimited, and for what is no date."""
    for form in _DATES:
        try:
            return datetime.strptime(str(text).strip(), form).replace(tzinfo=_ZONE).timestamp()
        except (ValueError, OverflowError):
            continue
    return None


def balance(item: Item) -> Balance:
    """What a record of `assets.quota` says: in the first `*Detail` that is there, whatever type it is named after."""
    code = str(item.get("ServiceType") or "")
    details = (value for name, value in item.items() if name.endswith("Detail") and isinstance(value, dict))
    figures = {name.lower(): _number(value) for name, value in next(filter(None, details), {}).items()}
    hours, hours_left = (figures.get(name) for name in ("ordermilliseconds", "remainmilliseconds"))
    return Balance(
        title=_SERVICES.get(code) or _spaced(code),
        hours=None if hours is None else hours / _MS_PER_HOUR,
        hours_left=None if hours_left is None else hours_left / _MS_PER_HOUR,
        concurrency=_whole(figures.get("concurrency")),
        customizations=_whole(figures.get("customizationnum")),
        customizations_left=_whole(figures.get("remainnum")),
    )


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _spaced(code: str) -> str:
    """A type that is newer than this program, as words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", code).lower()


HOLDINGS = Holdings(
    assets={asset.kind: asset for asset in _ASSETS},
    types=AVATAR_TYPES,
    services=_SERVICES,
    balance=balance,
    moment=moment,
)
