"""The avatar as flat shapes on a board of 900 by 1600: what moves is drawn apart from what does not."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

from tadh_cli.sandbox.studio.canvas import Point, Shape, paint_of
from tadh_cli.sandbox.studio.hair import back_hair, front_hair
from tadh_cli.sandbox.studio.look import Look, mix, shaded
from tadh_cli.sandbox.studio.outlines import AXIS, ellipse, flipped, mirrored, path, stroke
from tadh_cli.sandbox.studio.wardrobe import garment

BOARD_WIDTH, BOARD_HEIGHT = 900, 1600
NECK = (AXIS, 930.0)
# Left, top, right, bottom of what changes while it speaks; the rest of a pose is drawn once.
EYES_AREA = (300.0, 560.0, 600.0, 680.0)
MOUTH_AREA = (370.0, 730.0, 530.0, 852.0)

EYE_Y, EYE_APART = 618.0, 80.0
MOUTH_Y = 768.0
# A colour, and its share over the skin.
LIPS = {"female": (0xC2394F, 0.72), "male": (0x9A3A3C, 0.5)}
_TURNS = 24


def flat(rgb: int, outline: Sequence[Point], opacity: float = 1.0) -> Shape:
    return Shape(outline, paint_of(rgb), opacity)


@functools.lru_cache(maxsize=8)
def behind(look: Look) -> tuple[Shape, ...]:
    """Hair that hangs behind neck and shoulders; it moves with the head."""
    return tuple(flat(shaded(look.hair, 0.16), outline) for outline in back_hair(look.haircut))


@functools.lru_cache(maxsize=8)
def body(look: Look) -> tuple[Shape, ...]:
    """Shoulders, clothes and neck."""
    neck = mirrored(
        path((AXIS, 760), (528, 760), (530, 930), (534, 970, 548, 990, 572, 1000), (560, 1100), (AXIS, 1120)), AXIS
    )
    shadow = mirrored(path((AXIS, 930), (498, 928, 522, 900, 530, 872), (530, 780), (AXIS, 780)), AXIS)
    return (
        *(flat(rgb, outline) for rgb, outline in garment(look, "under")),
        flat(look.skin, neck),
        flat(shaded(look.skin, 0.2), shadow),
        *(flat(rgb, outline) for rgb, outline in garment(look, "over")),
    )


@functools.lru_cache(maxsize=8)
def head(look: Look) -> tuple[Shape, ...]:
    """The face without eyes and mouth, ears, hair."""
    shade = shaded(look.skin, 0.17)
    blush = mix(look.skin, 0xE8566A, 0.45)
    face = mirrored(
        path(
            (AXIS, 388),
            (568, 388, 630, 480, 630, 600),
            (630, 690, 606, 770, 566, 818),
            (530, 858, 492, 872, AXIS, 872),
        ),
        AXIS,
    )
    ear = ellipse(632, 632, 30, 48)
    fold = stroke(path((640, 606), (656, 622, 646, 650, 632, 656)), 8, 0.6)
    nose = stroke(path((456, 654), (446, 684, 430, 704, 440, 714), (448, 720, 460, 720, 470, 714)), 8, 0.7)
    cheek = ellipse(568, 712, 38, 25)
    brow = stroke(path((488, 560), (508, 540, 540, 536, 574, 552)), 15 if look.gender == "male" else 11, 0.5)
    brow_rgb = shaded(look.hair, 0.25)
    return (
        flat(look.skin, ear),
        flat(look.skin, flipped(ear, AXIS)),
        flat(shade, fold),
        flat(shade, flipped(fold, AXIS)),
        flat(look.skin, face),
        flat(blush, cheek, 0.4),
        flat(blush, flipped(cheek, AXIS), 0.4),
        flat(shade, nose),
        *(flat(shaded(look.skin, 0.12), outline) for outline in _hair_shadows(look)),
        *(flat(look.hair, outline) for outline in front_hair(look.haircut)),
        flat(brow_rgb, brow),
        flat(brow_rgb, flipped(brow, AXIS)),
    )


def eyes(look: Look, openness: float) -> tuple[Shape, ...]:
    """Both eyes; an openness of 0 is a blink."""
    shapes: list[Shape] = []
    for centre, outward in ((AXIS - EYE_APART, -1), (AXIS + EYE_APART, 1)):
        shapes.extend(_eye(look, centre, outward, openness))
    return (*shapes, *_glasses(look))


def mouth(look: Look, opening: float) -> tuple[Shape, ...]:
    """The mouth from a closed smile (0) to wide open (1)."""
    lip = mix(look.skin, *LIPS[look.gender])
    if opening <= 0:
        smile = stroke(path((394, 762), (414, 790, 486, 790, 506, 762)), 8)
        below = stroke(path((424, 806), (440, 813, 460, 813, 476, 806)), 6)
        return flat(shaded(lip, 0.25), smile), flat(shaded(look.skin, 0.13), below)
    half = 52.0 - 6 * opening
    depth = 10 + 46 * opening
    across = [-1 + 2 * step / _TURNS for step in range(_TURNS + 1)]
    upper = [(AXIS + half * x, MOUTH_Y - 7 * (1 - x * x) * (0.4 + opening)) for x in across]
    lower = [(AXIS + half * x, MOUTH_Y + depth * math.sqrt(max(1 - x * x, 0.0))) for x in across]
    teeth_y = MOUTH_Y + 2 + 9 * opening
    teeth = [(x, max(y, min(low, teeth_y))) for (x, y), (_, low) in zip(upper, lower, strict=True)]
    tongue_y = MOUTH_Y + depth * 0.58
    tongue = [
        (x, min(low, max(y, tongue_y + 14 * ((x - AXIS) / half) ** 2 + 2)))
        for (x, y), (_, low) in zip(upper, lower, strict=True)
    ]
    return (
        flat(lip, [(AXIS + (x - AXIS) * 1.13, y - 6) for x, y in upper] + _fuller(lower)),
        flat(0x571C28, [*upper, *reversed(lower)]),
        flat(0xD8626F, [*tongue, *reversed(lower)]),
        flat(0xFFFDF8, [*upper, *reversed(teeth)]),
    )


def _fuller(lower: list[Point]) -> list[Point]:
    """The outer edge of the lower lip, back from right to left."""
    return [(AXIS + (x - AXIS) * 1.13, MOUTH_Y + 5 + (y - MOUTH_Y) * 1.06) for x, y in reversed(lower)]


def _eye(look: Look, centre: float, outward: int, openness: float) -> list[Shape]:
    line = shaded(look.hair, 0.5)
    half, tall = 41.0, 28.0 * openness
    across = [-1 + 2 * step / _TURNS for step in range(_TURNS + 1)]
    # The lower lid hardly moves; the upper one comes down to it.
    lower = [(centre + half * x, EYE_Y + 12 + 9 * (1 - x * x)) for x in across]
    upper = [(x, y - (tall + 9) * openness * (1 - share * share)) for (x, y), share in zip(lower, across, strict=True)]
    lashes = [flat(line, outline) for outline in _lashes(look, upper if outward > 0 else upper[::-1], outward)]
    if openness <= 0:
        return lashes

    def visible(outline: list[Point]) -> list[Point]:
        return [(x, min(max(y, _at(upper, x)), _at(lower, x))) for x, y in outline]

    return [
        flat(0xFFFEFC, [*upper, *reversed(lower)]),
        flat(look.eyes, visible(ellipse(centre, EYE_Y + 4, 20, 20))),
        flat(0x17110F, visible(ellipse(centre, EYE_Y + 4, 10, 10))),
        flat(0xFFFFFF, visible(ellipse(centre - 6, EYE_Y - 3, 6, 6))),
        *lashes,
    ]


def _lashes(look: Look, lid: list[Point], outward: int) -> list[list[Point]]:
    """The upper lid from its inner corner outwards, and for women two lashes at its end."""
    if look.gender == "male":
        return [stroke(lid, 8)]
    flicks = [[(x, y), (x + 8 * outward, y - 3), (x + 15 * outward, y - 9)] for x, y in (lid[-5], lid[-2])]
    return [stroke(lid[::-1], 11, 0.5), *(stroke(flick, 7, 0.4) for flick in flicks)]


def _at(line: Sequence[Point], x: float) -> float:
    """The height of a line that runs from left to right."""
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        if x <= x1:
            return y0 + (y1 - y0) * (max(x, x0) - x0) / (x1 - x0)
    return line[-1][1]


def _glasses(look: Look) -> list[Shape]:
    if not look.glasses:
        return []
    frame = 0x2C2A33
    outer, inner = (ellipse(AXIS + EYE_APART, EYE_Y + 4, 60 - edge, 51 - edge) for edge in (0, 7))
    # One outline around and back: by the even-odd rule what both enclose stays open.
    rim = [*outer, outer[0], inner[0], *inner[:0:-1], inner[0]]
    bridge = stroke(path((428, EYE_Y - 4), (440, EYE_Y - 16, 460, EYE_Y - 16, 472, EYE_Y - 4)), 7)
    return [flat(frame, rim), flat(frame, flipped(rim, AXIS)), flat(frame, bridge)]


def _hair_shadows(look: Look) -> list[list[Point]]:
    """The locks once more, a little lower and narrower, down to the cheeks: they lie on the forehead."""
    return [[(AXIS + (x - AXIS) * 0.985, min(y + 9, 600)) for x, y in outline] for outline in front_hair(look.haircut)]
