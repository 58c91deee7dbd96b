"""The avatar: smooth shapes, a mouth that follows the sound, a place in the picture, a face of its own."""

from __future__ import annotations

import itertools
import math
from array import array
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from tadh_cli.sandbox.studio.acting import LIDS, MOUTHS, SWAYS, Pose, act, envelope
from tadh_cli.sandbox.studio.canvas import Box, Layer, Point, Shape, paint_of
from tadh_cli.sandbox.studio.figure import Figure, Placement
from tadh_cli.sandbox.studio.look import CLOTHES, GARMENTS, HAIRCUTS, Gender, look_of
from tadh_cli.sandbox.studio.outlines import ellipse, path, stroke

RATE_HZ = 16_000
REST = Pose(SWAYS // 2, 0, 0)


def tone(seconds: float, amplitude: int = 8000) -> bytes:
    return array("h", (round(amplitude * math.sin(index / 8)) for index in range(int(RATE_HZ * seconds)))).tobytes()


def hush(seconds: float) -> bytes:
    return bytes(2 * int(RATE_HZ * seconds))


def alpha_rows(layer: Layer) -> list[bytes]:
    width = layer.box.width
    alpha = layer.planes[3]
    return [bytes(alpha[start : start + width]) for start in range(0, len(alpha), width)]


def extent(figure: Figure) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is visible, in pixels of the picture."""
    layer = figure.layer(REST)
    rows = alpha_rows(layer)
    seen = [y for y, row in enumerate(rows) if any(row)]
    columns = [x for x in range(layer.box.width) if any(row[x] for row in rows)]
    left, top = layer.box.left, layer.box.top
    return left + columns[0], top + seen[0], left + columns[-1] + 1, top + seen[-1] + 1


# Drawing


@pytest.mark.parametrize(
    "outline",
    [
        ellipse(31.3, 28.7, 20.2, 14.9),
        path((5.5, 3.2), (50.1, 12.7), (22.4, 60.9)),
        stroke(path((8, 50), (20, -10, 40, 80, 56, 12)), 7),
        path((-20, 10), (90, 20), (90, 40), (-20, 55)),
    ],
)
def test_shapes_cover_the_pixels_that_an_oversampled_drawing_covers(outline: list[Point]) -> None:
    layer = Layer.transparent(Box(0, 0, 64, 64))
    layer.draw([Shape(outline, (200, 100, 150))])

    finer = 16
    oracle = Image.new("L", (64 * finer, 64 * finer))
    ImageDraw.Draw(oracle).polygon([(x * finer, y * finer) for x, y in outline], fill=255)
    expected = oracle.resize((64, 64), Image.Resampling.BOX).tobytes()
    differences = [abs(mine - theirs) for mine, theirs in zip(layer.planes[3], expected, strict=True)]
    assert sum(differences) / len(differences) < 2
    assert max(differences) < 80


def test_luma_is_solid_inside_and_only_edges_are_soft() -> None:
    layer = Layer.transparent(Box(0, 0, 64, 64))
    layer.draw([Shape(ellipse(32, 32, 20, 20), (200, 100, 150))])

    soft = [value for value in layer.planes[3] if 0 < value < 255]
    assert 60 < len(soft) < 250
    assert {value for value, alpha in zip(layer.planes[0], layer.planes[3], strict=True) if alpha} == {200}


def test_a_half_transparent_shape_is_blended_with_what_lies_below() -> None:
    layer = Layer.transparent(Box(0, 0, 32, 32))
    square = [(0.0, 0.0), (32.0, 0.0), (32.0, 32.0), (0.0, 32.0)]
    layer.draw([Shape(square, (100, 100, 100)), Shape(square, (200, 200, 200), 0.5)])

    assert [set(plane) for plane in layer.planes] == [{150}, {150}, {150}, {255}]


def test_a_part_can_be_cut_and_put_back() -> None:
    layer = Layer.transparent(Box(0, 0, 32, 32))
    layer.draw([Shape(ellipse(16, 16, 10, 12), (200, 100, 150))])
    before = [bytes(plane) for plane in layer.planes]
    part = layer.cut(Box(8, 10, 12, 14))

    layer.put(part)

    assert [bytes(plane) for plane in layer.planes] == before
    assert len(part.planes[0]) == 12 * 14


def test_colours_are_limited_range_bt709() -> None:
    assert paint_of(0xFFFFFF) == (235, 128, 128)
    assert paint_of(0x000000) == (16, 128, 128)
    assert paint_of(0x00FF00) == (173, 42, 26)


# Acting


def test_the_mouth_opens_in_sound_and_closes_in_silence() -> None:
    poses = list(act(hush(1) + tone(1) + hush(1), RATE_HZ, 25, "a"))

    assert len(poses) == 75
    assert {pose.mouth for pose in poses[:25]} == {0}
    assert {pose.mouth for pose in poses[30:50]} == {MOUTHS - 1}
    assert {pose.mouth for pose in poses[58:]} == {0}


def test_quiet_recordings_move_the_mouth_as_much_as_loud_ones() -> None:
    mouths = [
        [pose.mouth for pose in act(tone(1, amplitude) + hush(0.5), RATE_HZ, 25, "a")] for amplitude in (900, 20_000)
    ]

    assert mouths[0] == mouths[1]


def test_noise_below_hearing_moves_nothing() -> None:
    assert {pose.mouth for pose in act(tone(2, 20), RATE_HZ, 25, "a")} == {0}


def test_it_blinks_now_and_then_and_sways_smoothly() -> None:
    poses = list(act(hush(60), RATE_HZ, 25, "a"))

    blinks = sum(now.lids == 2 and before.lids != 2 for before, now in itertools.pairwise(poses))
    assert 10 <= blinks <= 30
    assert {pose.lids for pose in poses} == set(range(LIDS))
    assert {pose.sway for pose in poses} == set(range(SWAYS))
    assert max(abs(now.sway - before.sway) for before, now in itertools.pairwise(poses)) <= 1


def test_acting_is_repeatable_and_differs_by_avatar() -> None:
    sound = tone(1) + hush(4)

    assert list(act(sound, RATE_HZ, 25, "a")) == list(act(sound, RATE_HZ, 25, "a"))
    assert list(act(sound, RATE_HZ, 25, "a")) != list(act(sound, RATE_HZ, 25, "b"))


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_frames_cover_the_whole_sound(fps: int) -> None:
    assert len(envelope(tone(1.01), RATE_HZ, fps)) == math.ceil(1.01 * fps)


# Figure


@pytest.mark.parametrize("size", [(270, 480), (480, 270), (360, 360), (250, 542)])
def test_the_avatar_stands_in_the_middle_on_the_lower_edge(size: tuple[int, int]) -> None:
    width, height = size
    left, top, right, bottom = extent(Figure(look_of("a"), width, height, Placement()))

    assert (left + right) / 2 == pytest.approx(width / 2, abs=3)
    assert bottom == height
    assert 0 < top < height / 2


def test_placement_follows_the_documented_formulas() -> None:
    plain = extent(Figure(look_of("a"), 480, 480, Placement()))
    aside = extent(Figure(look_of("a"), 480, 480, Placement(horizontal=-0.2)))
    # VerticalPosition is a share of twice the avatar's height, which is the picture's at scale 1.
    lower = extent(Figure(look_of("a"), 480, 480, Placement(vertical=0.1)))
    higher = extent(Figure(look_of("a"), 480, 480, Placement(vertical=-0.1, scale=0.5)))

    assert (aside[0], aside[2]) == (plain[0] - 96, plain[2] - 96)
    assert lower[1] == plain[1] + 96
    assert higher[3] == pytest.approx(480 - 0.1 * 2 * 240, abs=2)


def test_scale_keeps_the_axis_and_the_lower_edge() -> None:
    full = extent(Figure(look_of("a"), 480, 480, Placement()))
    half = extent(Figure(look_of("a"), 480, 480, Placement(scale=0.5)))

    assert half[3] == full[3] == 480
    assert half[2] - half[0] == pytest.approx((full[2] - full[0]) / 2, abs=3)
    assert (half[0] + half[2]) / 2 == pytest.approx(240, abs=3)


@pytest.mark.parametrize("placement", [Placement(horizontal=3), Placement(scale=2.5), Placement(vertical=-2)])
def test_an_avatar_may_stand_partly_or_wholly_outside(placement: Placement) -> None:
    figure = Figure(look_of("a"), 270, 480, placement)

    layer = figure.layer(REST)

    assert figure.box.left >= 0 and figure.box.right <= 270
    assert figure.box.top >= 0 and figure.box.bottom <= 480
    assert len(layer.planes[0]) == figure.box.width * figure.box.height


def test_mouth_and_lids_change_only_their_own_parts() -> None:
    figure = Figure(look_of("a"), 270, 480, Placement())
    rest = figure.layer(REST).planes[0]

    def changed_rows(pose: Pose) -> list[int]:
        now = figure.layer(pose).planes[0]
        return [row for row in range(480) if now[row * 270 : row * 270 + 270] != rest[row * 270 : row * 270 + 270]]

    mouth = changed_rows(replace(REST, mouth=MOUTHS - 1))
    lids = changed_rows(replace(REST, lids=LIDS - 1))
    assert min(mouth) > 210 and max(mouth) < 260
    assert min(lids) > 165 and max(lids) < 205


def test_every_step_of_a_motion_is_another_picture() -> None:
    figure = Figure(look_of("a"), 270, 480, Placement())
    poses = [
        *(replace(REST, sway=step) for step in range(SWAYS)),
        *(replace(REST, mouth=step) for step in range(1, MOUTHS)),
        *(replace(REST, lids=step) for step in range(1, LIDS)),
    ]

    assert len({b"".join(figure.layer(pose).planes) for pose in poses}) == len(poses)


@pytest.mark.parametrize("gender", ["female", "male"])
def test_every_haircut_and_garment_can_be_drawn(gender: Gender) -> None:
    pictures = set()
    for haircut in HAIRCUTS[gender]:
        for garment in GARMENTS:
            look = replace(look_of("a", gender), haircut=haircut, garment=garment, glasses=garment == "shirt")
            pictures.add(b"".join(Figure(look, 90, 160, Placement()).layer(REST).planes))

    assert len(pictures) == len(HAIRCUTS[gender]) * len(GARMENTS)


def test_avatars_differ_and_stay_themselves() -> None:
    looks = {look_of(f"avatar-{number}") for number in range(50)}

    assert len(looks) > 45
    assert look_of("x") == look_of("x")
    assert {look_of("x", "male").gender, look_of("x", "female").gender} == {"male", "female"}


def test_nobody_dresses_like_the_green_screen() -> None:
    for rgb in CLOTHES:
        red, green, blue = rgb >> 16, rgb >> 8 & 255, rgb & 255
        assert green <= max(red, blue)
