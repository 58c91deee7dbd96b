"""Clothes: what lies under the neck, and what lies over it."""

from __future__ import annotations

from typing import Literal

from tadh_cli.sandbox.studio.canvas import Point
from tadh_cli.sandbox.studio.look import Look, mix, shaded
from tadh_cli.sandbox.studio.outlines import AXIS, ellipse, flipped, mirrored, path, stroke

Piece = tuple[int, list[Point]]

# Below the board on purpose: breathing lifts the body, and no gap may open under it.
_FLOOR = 1660


def garment(look: Look, part: Literal["under", "over"]) -> list[Piece]:
    if part == "under":
        return [(look.cloth, _torso()), *_creases(look)]
    return {"blazer": _blazer, "crew neck": _crew_neck, "shirt": _shirt, "v-neck": _v_neck}[look.garment](look)


def _torso() -> list[Point]:
    half = path(
        (AXIS, 1000),
        (560, 985),
        (640, 1030, 740, 1040, 786, 1110),
        (836, 1190, 850, 1400, 862, _FLOOR),
        (AXIS, _FLOOR),
    )
    return mirrored(half, AXIS)


def _creases(look: Look) -> list[Piece]:
    crease = stroke(path((694, 1280), (712, 1380, 716, 1500, 714, _FLOOR)), 9, 1.2)
    return [(shaded(look.cloth, 0.22), line) for line in (crease, flipped(crease, AXIS))]


def _neckline(depth: float, width: float) -> list[Point]:
    """The right half of a collar, from its middle up to the side of the neck."""
    return path((AXIS, depth), (AXIS + width * 0.7, depth, AXIS + width, 1050, AXIS + width + 4, 1000))


def _crew_neck(look: Look) -> list[Piece]:
    collar = _neckline(1090, 108)
    line = [*reversed(flipped(collar, AXIS)), *collar[1:]]
    below = [*line, (600, 1010), (640, 1060), (640, 1180), (260, 1180), (260, 1060), (300, 1010)]
    return [(look.cloth, below), (shaded(look.cloth, 0.2), stroke(line, 30))]


def _v_neck(look: Look) -> list[Piece]:
    half = path((AXIS, 1236), (556, 984))
    line = [*reversed(flipped(half, AXIS)), *half[1:]]
    below = [*line, (640, 1020), (660, 1290), (240, 1290), (260, 1020)]
    skin = mirrored(path((AXIS, 1236), (556, 984), (AXIS, 1000)), AXIS)
    return [(look.skin, skin), (look.cloth, below), (shaded(look.cloth, 0.2), stroke(line, 26))]


def _shirt(look: Look) -> list[Piece]:
    light = mix(look.cloth, 0xFFFFFF, 0.2)
    below = path((342, 984), (AXIS, 1108), (558, 984), (650, 1030), (650, 1200), (250, 1200), (250, 1030))
    collar = path(
        (AXIS, 1104), (470, 1060, 520, 1010, 552, 954), (590, 1000), (588, 1080, 560, 1130, 540, 1164), (AXIS, 1104)
    )
    edge = shaded(look.cloth, 0.2)
    placket = stroke([(AXIS, 1110), (AXIS, 1380), (AXIS, _FLOOR)], 5)
    buttons = [(mix(look.cloth, 0xFFFFFF, 0.75), ellipse(466, y, 8, 8)) for y in (1210, 1350, 1490)]
    return [
        (look.cloth, below),
        (edge, placket),
        *buttons,
        *_both(edge, [(x + 4, y + 10) for x, y in collar]),
        *_both(light, collar),
    ]


def _blazer(look: Look) -> list[Piece]:
    white = mix(0xFFFFFF, look.cloth, 0.04)
    front = mirrored(path((AXIS, 1440), (590, 1000), (540, 960), (AXIS, 1096)), AXIS)
    collar = path(
        (AXIS, 1108), (476, 1060, 520, 1010, 546, 956), (580, 1010), (566, 1080, 540, 1120, 520, 1150), (AXIS, 1108)
    )
    lapel = path(
        (AXIS, 1446), (498, 1290, 560, 1120, 582, 984), (660, 1050), (664, 1130), (612, 1152), (646, 1196), (AXIS, 1446)
    )
    seam = stroke([(AXIS, 1446), (AXIS, 1560), (AXIS, _FLOOR)], 6)
    dark = shaded(look.cloth, 0.24)
    pieces = [(white, front), *_both(shaded(white, 0.12), [(x + 2, y + 8) for x, y in collar]), *_both(white, collar)]
    if look.gender == "male":
        pieces += _tie(look)
    return [*pieces, (dark, seam), *_both(dark, lapel), (dark, ellipse(AXIS + 24, 1500, 10, 10))]


def _tie(look: Look) -> list[Piece]:
    rgb = mix(look.cloth, 0x9C2F45, 0.75)
    knot = mirrored(path((AXIS, 1100), (478, 1104), (466, 1150), (AXIS, 1154)), AXIS)
    blade = mirrored(path((AXIS, 1148), (464, 1150), (488, 1330), (AXIS, 1440)), AXIS)
    return [(shaded(rgb, 0.12), blade), (rgb, knot)]


def _both(rgb: int, right: list[Point]) -> list[Piece]:
    return [(rgb, right), (rgb, flipped(right, AXIS))]
