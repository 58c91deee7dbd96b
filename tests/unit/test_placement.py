"""Where an avatar stands: the documented formulas, both ways, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.media.placement import Box, Position, Size, box, position
from tadh_cli.ui.frame import sketch, svg

Golden = Callable[[str, str], None]
HD = Size(1920, 1080)

# By the formulas of the documentation (Anchor Position Calculation Method), worked out by hand: canvas, picture,
# OriginZoom times Scale, x and y in pixels, HorizontalPosition and VerticalPosition.
WORKED_OUT = [
    # (0 + 480 - 960) / 1920 and (540 + 540 - 1080) / 2 / 540: as the service puts it, moved to the left edge.
    (HD, Size(1920, 1080), 0.5, 0, 540, -0.25, 0.0),
    # (480 + 480 - 960) / 1920: the centre.
    (HD, Size(1920, 1080), 0.5, 480, 540, 0.0, 0.0),
    # (1440 + 480 - 960) / 1920: half out of the right edge; (540 + 0 - 1080) / 2 / 540: at the top.
    (HD, Size(1920, 1080), 0.5, 1440, 0, 0.5, -0.5),
    # An upright picture of 1080x1920 with OriginZoom 0.5 and Scale 0.5: 270x480.
    (HD, Size(1080, 1920), 0.25, 825, 840, 0.0, 0.25),
    (Size(1080, 1920), Size(1080, 1920), 1.0, 108, 192, 0.1, 0.05),
]


@pytest.mark.parametrize(("canvas", "picture", "zoom", "left", "top", "horizontal", "vertical"), WORKED_OUT)
def test_the_formulas_of_the_documentation(
    canvas: Size, picture: Size, zoom: float, left: float, top: float, horizontal: float, vertical: float
) -> None:
    avatar = picture.times(zoom)
    assert position(canvas, avatar, left, top) == pytest.approx((horizontal, vertical))
    assert box(canvas, avatar, Position(horizontal, vertical))[:2] == pytest.approx((left, top))


def test_nothing_given_is_the_middle_of_the_lower_edge() -> None:
    stands = box(HD, Size(600, 900), Position(0, 0))
    assert (stands.left + stands.right) / 2 == 960 and stands.bottom == 1080


def test_the_lower_left_corner_stays_when_it_is_scaled_in_place() -> None:
    """ "The lower left vertex remains motionless": the same corner gives other parameters for another size."""
    large, small = Size(600, 900), Size(300, 450)
    corner = (100, 1000)
    places = [position(HD, size, corner[0], corner[1] - size.height) for size in (large, small)]
    found = [box(HD, size, at) for size, at in zip((large, small), places, strict=True)]
    assert [(each.left, each.bottom) for each in found] == [pytest.approx(corner)] * 2


sizes = st.builds(Size, st.floats(1, 1e4), st.floats(1, 1e4))


@given(sizes, sizes, st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_pixels_survive_the_way_there_and_back(canvas: Size, avatar: Size, left: float, top: float) -> None:
    found = box(canvas, avatar, position(canvas, avatar, left, top))
    assert found == pytest.approx((left, top, *avatar), abs=1e-5)


@pytest.mark.parametrize(
    ("at", "is_within", "touches"),
    [
        (Box(0, 0, 1920, 1080), True, True),
        (Box(-0.4, 0, 1920.4, 1080), True, True),
        (Box(-2, 0, 100, 100), False, True),
        (Box(1900, 1000, 100, 100), False, True),
        (Box(1920, 0, 100, 100), False, False),
        (Box(0, -100, 100, 100), False, False),
    ],
)
def test_what_can_be_seen(at: Box, is_within: bool, touches: bool) -> None:
    assert (at.is_within(HD), at.touches(HD)) == (is_within, touches)


# Drawings ----------------------------------------------------------------------------------------------

FRAMES = {
    "inside": (HD, Box(660, 0, 600, 1080)),
    "over-the-edge": (HD, Box(-200, 500, 600, 1000)),
    "upright": (Size(540, 960), Box(135, 480, 270, 480)),
    "tiny": (HD, Box(960, 540, 1, 1)),
    "far-away": (HD, Box(9000, 9000, 100, 100)),
    "beyond-all": (HD, Box(-5000, -5000, 12000, 12000)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_drawn_in_characters(golden: Golden, name: str) -> None:
    drawn = sketch(*FRAMES[name])
    golden(f"frame/{name}.txt", drawn + "\n")
    lines = drawn.splitlines()
    assert len(lines) <= 28 and max(map(len, lines)) <= 66


@given(sizes, st.builds(Box, *[st.floats(-1e5, 1e5)] * 2, *[st.floats(0.01, 1e5)] * 2))
def test_a_drawing_fits_on_a_screen_whatever_it_shows(canvas: Size, at: Box) -> None:
    drawn = sketch(canvas, at)
    assert drawn.count("┌") == drawn.count("┘") == 1
    assert len(drawn.splitlines()) <= 28 and max(map(len, drawn.splitlines())) <= 70


def test_a_document_has_a_frame_a_box_and_a_picture_that_are_harmless() -> None:
    hostile = 'https://example.com/a.png?x="><script>alert(1)</script>'
    text = svg(HD, Box(10, 20, 30, 40), label='<b>"&', picture=hostile)
    root = ElementTree.fromstring(text)
    names = [element.tag.rpartition("}")[2] for element in root]
    assert names == ["title", "rect", "image", "rect", "text"] and root[0].text == '<b>"&'
    assert root[2].get("href") == hostile and root[3].get("x") == "10.00"


@pytest.mark.parametrize("picture", ["", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_a_picture_that_is_no_link_is_left_out(picture: str) -> None:
    assert "<image" not in svg(HD, Box(0, 0, 1, 1), label="", picture=picture)
