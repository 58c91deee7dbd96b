"""Outlines of flat shapes: curves, ellipses, strokes, mirror images; all as plain lists of points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tadh_cli.sandbox.studio.canvas import Point

# The middle of the board that avatars are designed on.
AXIS = 450.0
CURVE_STEPS = 20


def path(start: Point, *segments: Sequence[float]) -> list[Point]:
    """Follow lines (x, y) and cubic curves (x1, y1, x2, y2, x, y) from a point."""
    points = [start]
    for segment in segments:
        points.extend(_cubic(points[-1], segment) if len(segment) == 6 else [(segment[0], segment[1])])
    return points


def mirrored(right: Sequence[Point], axis: float) -> list[Point]:
    """Close the right half of a symmetric outline with its mirror image."""
    return [*right, *((2 * axis - x, y) for x, y in reversed(right))]


def flipped(points: Sequence[Point], axis: float) -> list[Point]:
    return [(2 * axis - x, y) for x, y in points]


def ellipse(x: float, y: float, half_width: float, half_height: float) -> list[Point]:
    turns = (2 * math.pi * step / 64 for step in range(64))
    return [(x + half_width * math.cos(turn), y + half_height * math.sin(turn)) for turn in turns]


def stroke(line: Sequence[Point], width: float, tip: float = 1.0) -> list[Point]:
    """A line drawn with a round pen; `tip` is the share of the width that is left at its end."""
    left: list[Point] = []
    right: list[Point] = []
    for index, (x, y) in enumerate(line):
        before, after = line[max(index - 1, 0)], line[min(index + 1, len(line) - 1)]
        angle = math.atan2(after[1] - before[1], after[0] - before[0])
        half = width / 2 * (1 + (tip - 1) * index / (len(line) - 1))
        left.append((x + half * math.sin(angle), y - half * math.cos(angle)))
        right.append((x - half * math.sin(angle), y + half * math.cos(angle)))
    return [*left, *_cap(left[-1], right[-1]), *reversed(right), *_cap(right[0], left[0])]


@dataclass(frozen=True)
class Move:
    """Turn about a point, then scale and shift: from the design to the picture."""

    scale: float = 1.0
    right: float = 0.0
    down: float = 0.0
    turn_rad: float = 0.0
    about: Point = (0.0, 0.0)

    def __call__(self, points: Sequence[Point]) -> list[Point]:
        sine, cosine = math.sin(self.turn_rad), math.cos(self.turn_rad)
        x0, y0 = self.about
        return [
            (
                self.scale * (x0 + (x - x0) * cosine - (y - y0) * sine) + self.right,
                self.scale * (y0 + (x - x0) * sine + (y - y0) * cosine) + self.down,
            )
            for x, y in points
        ]


def _cubic(start: Point, curve: Sequence[float]) -> list[Point]:
    x1, y1, x2, y2, x3, y3 = curve
    points = []
    for step in range(1, CURVE_STEPS + 1):
        t = step / CURVE_STEPS
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        points.append((a * start[0] + b * x1 + c * x2 + d * x3, a * start[1] + b * y1 + c * y2 + d * y3))
    return points


def _cap(begin: Point, end: Point) -> list[Point]:
    """Half a circle from one point to another, bulging ahead."""
    x, y = (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2
    dx, dy = begin[0] - x, begin[1] - y
    turns = (math.pi * step / 6 for step in range(1, 6))
    return [
        (x + dx * math.cos(turn) - dy * math.sin(turn), y + dx * math.sin(turn) + dy * math.cos(turn)) for turn in turns
    ]
