"""Where an avatar stands in a picture: pixels and the parameters of the service, from one to the other.

documentation: Video Generation Service API, API Integration FAQs, Anchor Position Calculation Method
"""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """Width and height in pixels."""

    width: float
    height: float

    def times(self, factor: float) -> Size:
        return Size(self.width * factor, self.height * factor)

    def __str__(self) -> str:
        return f"{self.width:g}x{self.height:g}"


class Position(NamedTuple):
    """The parameters of the service: 0, 0 is where the avatar stands by itself; negative is left and up."""

    horizontal: float
    vertical: float


class Box(NamedTuple):
    """A part of a canvas in pixels, counted from its upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def is_within(self, canvas: Size) -> bool:
        """Whether all of it can be seen, half a pixel aside."""
        beyond = (-self.left, -self.top, self.right - canvas.width, self.bottom - canvas.height)
        return max(beyond) <= 0.5

    def touches(self, canvas: Size) -> bool:
        """Whether any of it can be seen."""
        return self.left < canvas.width and self.top < canvas.height and self.right > 0 and self.bottom > 0


def position(canvas: Size, avatar: Size, left: float, top: float) -> Position:
    """The parameters that put an avatar, of a size that includes zoom and scale, with its corner at left, top."""
    return Position(
        (left + avatar.width / 2 - canvas.width / 2) / canvas.width,
        (avatar.height + top - canvas.height) / 2 / avatar.height,
    )


def box(canvas: Size, avatar: Size, at: Position) -> Box:
    """Where an avatar of a size that includes zoom and scale stands by these parameters."""
    return Box(
        at.horizontal * canvas.width + canvas.width / 2 - avatar.width / 2,
        at.vertical * 2 * avatar.height + canvas.height - avatar.height,
        avatar.width,
        avatar.height,
    )
