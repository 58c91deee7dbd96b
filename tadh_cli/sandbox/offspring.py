"""The avatars and voices that customizations end in: derived from their facts, like everything that takes time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tadh_cli.sandbox.catalogue import DAY_S, Avatar, hex_key
from tadh_cli.sandbox.names import Gender
from tadh_cli.sandbox.stages import Customization, stage
from tadh_cli.sandbox.voices import VoiceEntry

TYPE_CODES = {
    "IMAGE": "small_sample_2d",
    "IMAGE_GENERAL": "small_sample_general_2d",
    "IMAGE_4K": "small_sample_4k_2d",
    "IMAGE_PHOTO": "small_sample_photo_2d",
}
# The shorter side of a photo avatar at most, however large its photo was.
PHOTO_SIDE = 1080
VALID_S = 365 * DAY_S


def own_avatars(customizations: Iterable[Customization], now: float) -> Iterator[Avatar]:
    """One for each that has come to a good end."""
    for made in customizations:
        if made.is_image and stage(made, now).status == "SUCCESS":
            width, height = size(made)
            yield Avatar(
                key=avatar_key(made),
                anchor_name=made.name,
                anchor_code=anchor_code(made),
                gender=gender(made),
                language="zh-CN",
                type_code=TYPE_CODES[made.make_type],
                clothes="As recorded",
                pose="As recorded",
                resolution=f"{width}x{height}",
                drivers=("Text", "OriginalVoice", "ModulatedVoice"),
                zoom=1.0 if height > width else round(height / 1920, 3),
                tag="Basic",
                expires=made.accepted + VALID_S,
                voice=f"{gender(made)}_2",
            )


def own_voices(customizations: Iterable[Customization], now: float) -> Iterator[VoiceEntry]:
    for made in customizations:
        if not made.is_image and stage(made, now).status == "SUCCESS":
            yield VoiceEntry(
                key=voice_key(made),
                name=made.name,
                description="Cloned",
                gender=gender(made),
                languages=("zh-CN",),
                emotions=(),
                purchase_type="Custom",
                timbre_type="SampleBasic" if made.make_type == "VOICE" else "SampleFast",
                drivers=("Text", "ModulatedVoice"),
                type_codes=tuple(TYPE_CODES.values()),
                expires=made.accepted + VALID_S,
            )


def anchor_code(made: Customization) -> str:
    return f"custom_{made.id[:12]}"


def avatar_key(made: Customization) -> str:
    return hex_key("avatar", made.id)


def voice_key(made: Customization) -> str:
    return hex_key("voice", made.id)


def size(made: Customization) -> tuple[int, int]:
    """How large the avatar's films are: as its material, and never with odd sides."""
    width, height = (int(side) for side in (made.resolution or "1080x1920").split("x"))
    share = min(1.0, PHOTO_SIDE / min(width, height)) if made.make_type == "IMAGE_PHOTO" else 1.0
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def gender(made: Customization) -> Gender:
    return "male" if made.payload.get("SexType") == "MALE" else "female"
