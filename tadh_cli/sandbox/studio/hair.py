"""Haircuts: what lies behind the neck, and what falls over the forehead."""

from __future__ import annotations

from collections.abc import Callable

from tadh_cli.sandbox.studio.canvas import Point
from tadh_cli.sandbox.studio.outlines import AXIS, ellipse, flipped, mirrored, path

Outlines = list[list[Point]]


def back_hair(haircut: str) -> Outlines:
    return BACK[haircut]() if haircut in BACK else []


def front_hair(haircut: str) -> Outlines:
    return FRONT[haircut]()


def _long_back() -> Outlines:
    half = path(
        (AXIS, 322),
        (620, 318, 690, 440, 688, 600),
        (688, 760, 730, 900, 704, 1080),
        (690, 1120, 600, 1130, 560, 1100),
        (AXIS, 1000),
    )
    return [mirrored(half, AXIS)]


def _wavy_back() -> Outlines:
    half = path(
        (AXIS, 312),
        (600, 300, 690, 380, 690, 520),
        (690, 590, 742, 640, 728, 720),
        (716, 790, 764, 840, 744, 930),
        (730, 1000, 742, 1060, 660, 1076),
        (580, 1080, 540, 1040, AXIS, 1000),
    )
    return [mirrored(half, AXIS)]


def _bob_back() -> Outlines:
    half = path(
        (AXIS, 322),
        (630, 318, 704, 450, 698, 620),
        (694, 740, 716, 820, 690, 876),
        (660, 910, 580, 900, 540, 880),
        (AXIS, 860),
    )
    return [mirrored(half, AXIS)]


def _bun_back() -> Outlines:
    return [ellipse(AXIS, 300, 92, 84), mirrored(path((AXIS, 330), (600, 330, 664, 450, 652, 640), (AXIS, 700)), AXIS)]


def _long_front() -> Outlines:
    """Parted on the side: a wide sweep over one half of the forehead, a narrow one over the other."""
    return [
        path(
            (396, 404),
            (470, 470, 580, 486, 616, 560),
            (634, 620, 640, 690, 650, 770),
            (664, 720, 672, 660, 668, 600),
            (672, 430, 590, 326, AXIS, 324),
            (310, 326, 228, 430, 232, 600),
            (228, 660, 236, 720, 250, 770),
            (260, 690, 264, 620, 280, 570),
            (300, 510, 350, 470, 396, 404),
        )
    ]


def _bangs_front() -> Outlines:
    half = path(
        (AXIS, 326),
        (620, 322, 690, 440, 682, 640),
        (680, 720, 676, 790, 662, 850),
        (640, 800, 640, 640, 622, 518),
        (570, 528, 500, 522, AXIS, 514),
    )
    return [mirrored(half, AXIS)]


def _bun_front() -> Outlines:
    half = path(
        (AXIS, 338),
        (590, 336, 654, 440, 650, 610),
        (646, 640, 640, 650, 634, 660),
        (630, 560, 590, 480, AXIS, 428),
    )
    return [mirrored(half, AXIS)]


def _parted_front() -> Outlines:
    top = path(
        (268, 600),
        (246, 470, 270, 360, 390, 330),
        (520, 296, 640, 350, 646, 480),
        (648, 530, 640, 570, 632, 600),
        (622, 560, 622, 520, 600, 480),
        (520, 484, 420, 470, 350, 416),
        (330, 470, 290, 500, 284, 550),
        (278, 570, 274, 586, 268, 600),
    )
    return [top]


def _cropped_front() -> Outlines:
    half = path(
        (AXIS, 340),
        (580, 338, 650, 430, 634, 592),
        (628, 570, 624, 540, 614, 512),
        (600, 462, 560, 446, AXIS, 446),
    )
    return [mirrored(half, AXIS)]


def _curly_front() -> Outlines:
    curls = [(450, 372, 84), (540, 378, 72), (604, 436, 62), (634, 510, 44), (500, 418, 60), (572, 444, 50)]
    right = [ellipse(x, y, radius, radius * 0.94) for x, y, radius in curls]
    return [*right, *(flipped(curl, AXIS) for curl in right)]


def _swept_front() -> Outlines:
    quiff = path(
        (268, 596),
        (250, 500, 262, 420, 306, 392),
        (330, 316, 480, 270, 610, 318),
        (640, 334, 632, 356, 622, 372),
        (650, 420, 646, 520, 632, 596),
        (626, 560, 622, 520, 606, 480),
        (560, 440, 440, 470, 320, 452),
        (292, 490, 290, 540, 284, 566),
        (278, 578, 274, 588, 268, 596),
    )
    return [quiff]


BACK: dict[str, Callable[[], Outlines]] = {
    "long": _long_back,
    "bob": _bob_back,
    "bun": _bun_back,
    "wavy": _wavy_back,
}
FRONT: dict[str, Callable[[], Outlines]] = {
    "long": _long_front,
    "bob": _bangs_front,
    "bun": _bun_front,
    "wavy": _long_front,
    "parted": _parted_front,
    "cropped": _cropped_front,
    "curly": _curly_front,
    "swept": _swept_front,
}
