"""Who an avatar looks like: chosen by its key alone, so that the same avatar always has the same face."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Gender = Literal["female", "male"]

# RRGGBB. No greens: the green screen has to be the only one.
SKINS = (0xF7D4BE, 0xF2C6A4, 0xE9B48C, 0xCC9068, 0x9C6644, 0x734A2E)
# Dark first: dark skins take from the front of these two.
HAIRS = (0x2A2422, 0x33343F, 0x3B2A23, 0x5A3824, 0x7A4A2A, 0x7C3320, 0xB98A52)
EYES = (0x2E2A28, 0x4A3222, 0x5E4128, 0x3C5A78, 0x5A6068)
CLOTHES = (0x3D5A80, 0xD96F5C, 0x6D597A, 0x2F4560, 0xB3485A, 0xE3B04B, 0x5B6B8C, 0x3E4157, 0xC98A6B, 0x8C6BB1)
BACKDROPS = (0xDCE6F2, 0xF3E4DA, 0xE6DFF0, 0xDDE9EC, 0xF1E9D8, 0xE4E6EA)

HAIRCUTS: dict[Gender, tuple[str, ...]] = {
    "female": ("long", "bob", "bun", "wavy"),
    "male": ("parted", "cropped", "curly", "swept"),
}
GARMENTS = ("blazer", "crew neck", "shirt", "v-neck")


@dataclass(frozen=True)
class Look:
    """Everything about an avatar that does not move."""

    gender: Gender
    haircut: str
    garment: str
    skin: int
    hair: int
    eyes: int
    cloth: int
    backdrop: int
    glasses: bool


def look_of(key: str, gender: Gender | None = None) -> Look:
    """Dress an avatar; without a gender the key decides that too."""
    dice = random.Random(f"look {key}")
    by_key: Gender = dice.choice(("female", "male"))
    chosen = gender or by_key
    tone = dice.randrange(len(SKINS))
    pale = tone < 3
    return Look(
        gender=chosen,
        haircut=dice.choice(HAIRCUTS[chosen]),
        garment=dice.choice(GARMENTS),
        skin=SKINS[tone],
        hair=dice.choice(HAIRS if pale else HAIRS[:3]),
        eyes=dice.choice(EYES if pale else EYES[:3]),
        cloth=dice.choice(CLOTHES),
        backdrop=dice.choice(BACKDROPS),
        glasses=dice.random() < 0.25,
    )


def mix(rgb: int, other: int, share: float) -> int:
    """Blend two colours; a share of 0 leaves the first as it is."""
    channels = ((rgb >> shift & 255, other >> shift & 255, shift) for shift in (16, 8, 0))
    return sum(round(mine + (theirs - mine) * share) << shift for mine, theirs, shift in channels)


def shaded(rgb: int, share: float) -> int:
    return mix(rgb, 0x1E1024, share)
