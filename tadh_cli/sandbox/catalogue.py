"""The avatars of the account, made from a seed: the same seed gives the same keys on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import NamedTuple, TypeVar

from tadh_cli.providers.tencent.terms import TYPE_CODES
from tadh_cli.sandbox.names import CLOTHES, PEOPLE, POSES, Gender, Person

Thing = TypeVar("Thing")

DAY_S = 86_400.0
# Expired for longer than this, the key itself has been withdrawn (110007 instead of 100015).
WITHDRAWN_AFTER_S = 30 * DAY_S
SMALL_SAMPLE = tuple(code for code in TYPE_CODES if code.startswith("small_sample"))
THREE_D = ("real_man_3d", "half_realistic_3d", "cartoon_3d")

_ALL_DRIVERS = ("Text", "OriginalVoice", "ModulatedVoice")
# The service writes dates without a zone; its origin is at UTC+8.
_ZONE = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Avatar:
    """Anchor, clothes, pose and resolution: what one VirtualmanKey stands for."""

    key: str
    anchor_name: str
    anchor_code: str
    gender: Gender
    language: str
    type_code: str
    clothes: str
    pose: str
    resolution: str
    drivers: tuple[str, ...]
    zoom: float
    tag: str
    # Virtual Unix seconds.
    expires: float
    # Its own voice.
    voice: str

    @property
    def size(self) -> tuple[int, int]:
        width, _, height = self.resolution.partition("x")
        return int(width), int(height)

    @property
    def face(self) -> str:
        """What decides the looks: the same person in every size and pose."""
        return self.anchor_code

    @property
    def pose_size(self) -> tuple[int, int]:
        """The size of the picture of its pose: that, times the zoom, is how large it stands in the video."""
        width, height = self.size
        return (width, height) if height > width else (1080, 1920)

    @property
    def is_small_sample(self) -> bool:
        return self.type_code in SMALL_SAMPLE

    @property
    def is_3d(self) -> bool:
        return self.type_code in THREE_D


class _Range(NamedTuple):
    """One type of avatar: how many anchors have how many images each, and what these are like."""

    type_code: str
    # In the codes of its anchors.
    word: str
    anchors: int
    images: int
    resolutions: tuple[str, ...]
    drivers: tuple[str, ...]
    tag: str


# The first range begins with what demonstrations use: small, upright, driven by everything.
_RANGES = (
    _Range("small_sample_2d", "v3", 24, 4, ("540x960", "1080x1920", "1920x1080", "720x1280"), _ALL_DRIVERS, "Basic"),
    _Range(
        "small_sample_general_2d",
        "general",
        24,
        3,
        ("720x1280", "1080x1920", "1280x720"),
        ("Text", "OriginalVoice"),
        "Basic",
    ),
    _Range("small_sample_4k_2d", "4k", 6, 2, ("3840x2160", "2160x3840"), _ALL_DRIVERS, "Basic"),
    _Range("small_sample_photo_2d", "photo", 16, 2, ("540x960", "720x720"), ("Text", "OriginalVoice"), "Basic"),
    _Range("real_man_2d", "premium", 14, 3, ("1920x1080", "1080x1920"), ("Text", "OriginalVoice"), "Advanced"),
    _Range("real_man_3d", "3d", 8, 3, ("1920x1080", "1080x1920"), _ALL_DRIVERS, "Basic"),
    _Range("half_realistic_3d", "half3d", 5, 2, ("1080x1920",), _ALL_DRIVERS, "Standard"),
    _Range("cartoon_3d", "cartoon", 5, 2, ("1280x720", "720x1280"), ("Text",), "Standard"),
)


def avatars(seed: int, epoch: float) -> tuple[Avatar, ...]:
    """All avatars of an account that was opened at `epoch`."""
    return tuple(avatar for line in _RANGES for avatar in _range(line, seed, epoch))


def hex_key(*parts: object) -> str:
    """32 hexadecimal characters, as the service's own keys look."""
    return hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def date(moment: float) -> str:
    """A moment as the service writes it."""
    return datetime.fromtimestamp(moment, _ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _range(line: _Range, seed: int, epoch: float) -> Iterator[Avatar]:
    dice = Random(f"avatars {seed} {line.type_code}")
    others = _chosen(dice, PEOPLE[4:])
    people = [*PEOPLE[:4], *others] if line is _RANGES[0] else others
    for index in range(line.anchors):
        expires = epoch + _days(index, dice) * DAY_S
        yield from _images(line, seed, people[index], expires)


def _images(line: _Range, seed: int, person: Person, expires: float) -> Iterator[Avatar]:
    code = f"{person.code}_{line.word}"
    wardrobe = _chosen(Random(f"wardrobe {seed} {code}"), CLOTHES[person.gender])
    # Two resolutions of the same clothes, then the next clothes.
    each = min(2, len(line.resolutions))
    for number in range(line.images):
        clothes = wardrobe[number // each % len(wardrobe)]
        pose = POSES[number // each % len(POSES)]
        resolution = line.resolutions[number % len(line.resolutions)]
        width, _, height = resolution.partition("x")
        yield Avatar(
            key=hex_key(seed, code, number),
            anchor_name=person.name,
            anchor_code=code,
            gender=person.gender,
            language=person.language,
            type_code=line.type_code,
            clothes=clothes,
            pose=pose,
            resolution=resolution,
            drivers=line.drivers,
            zoom=1.0 if int(height) > int(width) else round(int(height) / 1920, 3),
            tag=line.tag,
            expires=expires,
            voice=own_voice(person),
        )


def own_voice(person: Person) -> str:
    """The voice an avatar speaks with unless another is chosen."""
    number = 1 if person.language == "en-US" else 2
    return f"{person.gender}_{number}"


def _days(index: int, dice: Random) -> float:
    """Days until the anchor at an index expires: most have long, some soon, a few have expired, some long ago."""
    if index < 4:
        return 730.0
    if index == 5:
        return dice.uniform(-25, -1)
    if index == 7:
        return dice.uniform(-400, -40)
    if index % 8 == 6:
        return dice.uniform(2, 13)
    return dice.uniform(200, 730)


def _chosen(dice: Random, things: Sequence[Thing]) -> list[Thing]:
    return dice.sample(things, len(things))
