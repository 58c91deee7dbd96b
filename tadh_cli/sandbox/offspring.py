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
_RESOLUTIONS = {"IMAGE_4K": "3840x2160", "IMAGE_PHOTO": "720x1280"}
VALID_S = 365 * DAY_S


def own_avatars(customizations: Iterable[Customization], now: float) -> Iterator[Avatar]:
    """One for each that has come to a good end."""
    for made in customizations:
        if made.is_image and stage(made, now).status == "SUCCESS":
            yield Avatar(
                key=avatar_key(made),
                anchor_name=made.name,
                anchor_code=f"custom_{made.id[:12]}",
                gender=gender(made),
                language="zh-CN",
                type_code=TYPE_CODES[made.make_type],
                clothes="As recorded",
                pose="As recorded",
                resolution=_RESOLUTIONS.get(made.make_type, "1080x1920"),
                drivers=("Text", "OriginalVoice", "ModulatedVoice"),
                zoom=1.0,
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


def avatar_key(made: Customization) -> str:
    return hex_key("avatar", made.id)


def voice_key(made: Customization) -> str:
    return hex_key("voice", made.id)


def gender(made: Customization) -> Gender:
    return "male" if made.payload.get("SexType") == "MALE" else "female"
