"""What the documentation allows of the files that are handed in, one row for each use of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tadh_cli.providers.tencent.customization import NAME_CHARACTERS

MB, GB = 1024**2, 1024**3
_FULL_HD, _4K = (1920, 1080), (3840, 2160)


@dataclass(frozen=True)
class Limit:
    """Kinds by content, the folder of the PathPrefix, and bounds; None and empty are no bound.

    Sizes and ratios of videos hold upright and lying, those of photos as they stand here.
    """

    kinds: tuple[str, ...]
    folder: str
    most_bytes: int | None = None
    least_s: float = 0.0
    most_s: float | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    ratios: tuple[tuple[int, int], ...] = ()
    fps: tuple[float, float] | None = None
    least_rate_hz: int = 0
    # Characters of the name without its extension.
    least_name: int = 0
    most_name: int | None = None


def _video(most_gb: int, least_min: int, *sizes: tuple[int, int]) -> Limit:
    return Limit(
        ("mp4", "mov"), "video", most_gb * GB, least_s=60 * least_min, most_s=600, sizes=sizes, fps=(25.0, 60.0)
    )


_SOUNDS = ("wav", "mp3", "wma", "m4a", "aac")

# Material by MakeType (Customization API, MaterialCosUrl).
MATERIAL: Mapping[str, Limit] = {
    "IMAGE": _video(5, 2, _FULL_HD, _4K),
    "IMAGE_GENERAL": _video(5, 1, _FULL_HD, _4K),
    "IMAGE_4K": _video(10, 2, _4K),
    "IMAGE_PHOTO": Limit(
        ("jpg", "png", "webp"), "photo", 16 * MB, ratios=((1, 1), (9, 16), (16, 9), (4, 3)), least_name=2
    ),
    "VOICE": Limit(("zip",), "audio", GB, least_rate_hz=24_000),
}
# The other files of a customization, by parameter.
COMPANIONS: Mapping[str, Limit] = {
    "IdentityCosUrl": Limit(("mp4", "mov"), "idcard"),
    "IdentityWrittenCosUrl": Limit(("pdf",), "idcard"),
    "VoiceDriverCosFile": Limit(_SOUNDS, "audio", 10 * MB),
}
# "An audio quantity of no more than 10", each a WAV whose name has no spaces or special characters.
MOST_RECORDINGS = 10
RECORDING_NAME = f"{NAME_CHARACTERS}+\\.wav"
# Recordings to be inspected, by edition (Audio Quality Inspection; Submitting Audio Quality Inspection Task).
RECORDINGS: Mapping[str, Limit] = {
    "basic": Limit(("wav",), ""),
    "ultra": Limit((*_SOUNDS, "asf"), "zeroshot", 20 * MB, least_rate_hz=16_000, least_name=2, most_name=50),
}
