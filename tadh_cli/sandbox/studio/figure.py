"""The avatar on its place in the picture: every pose is drawn once, from a base and two patches."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from tadh_cli.sandbox.studio.acting import LIDS, MOUTHS, SWAYS, Pose
from tadh_cli.sandbox.studio.canvas import Box, Layer, Shape
from tadh_cli.sandbox.studio.look import Look
from tadh_cli.sandbox.studio.outlines import Move
from tadh_cli.sandbox.studio.portrait import (
    BOARD_HEIGHT,
    BOARD_WIDTH,
    EYES_AREA,
    MOUTH_AREA,
    NECK,
    behind,
    body,
    eyes,
    head,
    mouth,
)

TILT_RAD = math.radians(0.9)
# In units of the board.
SHIFT, BREATH = 5.0, 4.0


@dataclass(frozen=True)
class Placement:
    """Where the avatar stands, in the service's own measures (AnchorParam).

    `horizontal` is the way from the middle of the picture to the middle of the avatar, as a share of the picture's
    width; `vertical` the way from the lower edge of the picture down to the avatar's, as a share of twice the avatar's
    height. These formulas hold for every scale: a smaller avatar stays on its axis and on its lower edge.
    """

    horizontal: float = 0.0
    vertical: float = 0.0
    scale: float = 1.0


class Figure:
    """Draws an avatar of a certain look for a picture of a certain size."""

    def __init__(self, look: Look, width: int, height: int, placement: Placement) -> None:
        scale = min(width / BOARD_WIDTH, height / BOARD_HEIGHT) * placement.scale
        tall = BOARD_HEIGHT * scale
        left = width / 2 + placement.horizontal * width - BOARD_WIDTH * scale / 2
        top = height + 2 * tall * placement.vertical - tall
        self._look = look
        self._place = Move(scale, left, top)
        board = _even_box(left, top, left + BOARD_WIDTH * scale, top + tall)
        visible = board.within(Box(0, 0, width, height))
        # Standing outside the picture is allowed: then two pixels of nothing are what is seen of it.
        self.box = visible if visible.width and visible.height else Box(0, 0, 2, 2)
        self._base = functools.lru_cache(maxsize=SWAYS)(self._drawn_base)
        self._patches = functools.lru_cache(maxsize=SWAYS * (MOUTHS + LIDS))(self._drawn_patch)

    def layer(self, pose: Pose) -> Layer:
        """The avatar in a pose; outside of it the layer is transparent."""
        layer = self._base(pose.sway).copy()
        for area, part, step in ((EYES_AREA, "eyes", pose.lids), (MOUTH_AREA, "mouth", pose.mouth)):
            patch = self._patches(pose.sway, part, step, area)
            if patch is not None:
                layer.put(patch)
        return layer

    def _drawn_base(self, sway: int) -> Layer:
        layer = Layer.transparent(self.box)
        still, moved = self._moves(sway)
        layer.draw(_moved(behind(self._look), moved))
        layer.draw(_moved(body(self._look), still))
        layer.draw(_moved(head(self._look), moved))
        return layer

    def _drawn_patch(self, sway: int, part: str, step: int, area: tuple[float, float, float, float]) -> Layer | None:
        _, moved = self._moves(sway)
        corners = moved([(x, y) for x in area[::2] for y in area[1::2]])
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        box = _even_box(min(xs), min(ys), max(xs), max(ys)).within(self.box)
        if not (box.width and box.height):
            return None
        patch = self._base(sway).cut(box)
        shapes = eyes(self._look, 1 - step / (LIDS - 1)) if part == "eyes" else mouth(self._look, step / (MOUTHS - 1))
        patch.draw(_moved(shapes, moved))
        return patch

    def _moves(self, sway: int) -> tuple[Move, Move]:
        """How the body moves, and how the head does: it leans to a side while the chest rises."""
        side = 2 * sway / (SWAYS - 1) - 1
        scale, lift = self._place.scale, BREATH * side * side
        still = Move(scale, self._place.right, self._place.down - lift * scale)
        right = self._place.right + SHIFT * side * scale
        return still, Move(scale, right, still.down, TILT_RAD * side, NECK)


def _moved(shapes: Sequence[Shape], move: Move) -> list[Shape]:
    return [Shape(move(shape.outline), shape.paint, shape.opacity) for shape in shapes]


def _even_box(left: float, top: float, right: float, bottom: float) -> Box:
    """The smallest box of even edges around a rectangle, give or take a rounding error."""
    first, last = 2 * math.floor(left / 2 + 1e-6), 2 * math.ceil(right / 2 - 1e-6)
    upper, lower = 2 * math.floor(top / 2 + 1e-6), 2 * math.ceil(bottom / 2 - 1e-6)
    return Box(first, upper, last - first, lower - upper)
