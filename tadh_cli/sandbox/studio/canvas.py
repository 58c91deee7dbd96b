"""Draw filled shapes with smooth edges into YUV 4:2:0 planes with alpha, without any imaging library.

A row of a shape is a handful of runs: the long solid ones are slices of a bytearray, only the pixels on an edge are
computed one by one. That is what makes a full-HD figure affordable in plain Python.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
# Luma and the two chroma values.
Paint = tuple[int, int, int]

# Lines a pixel row is sampled at; across, coverage is exact.
SAMPLES = 4
FAINT, FULL = 0.004, 0.996


@dataclass(frozen=True)
class Shape:
    """A filled outline; where it crosses itself the even-odd rule holds."""

    outline: Sequence[Point]
    paint: Paint
    opacity: float = 1.0


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels; even edges, because chroma has half the resolution."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def within(self, other: Box) -> Box:
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Box(left, top, max(right - left, 0), max(bottom - top, 0))


def paint_of(rgb: int) -> Paint:
    """RRGGBB to limited-range BT.709, which is how every file here is tagged."""
    red, green, blue = rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (
        round(16 + luma * 219 / 255),
        round(128 + (blue - luma) / 1.8556 * 224 / 255),
        round(128 + (red - luma) / 1.5748 * 224 / 255),
    )


@dataclass(frozen=True)
class Layer:
    """A part of the picture in straight alpha; what is drawn on it is clipped.

    Shapes are given in the coordinates of the whole picture; `box` says which part of it this layer holds.
    """

    box: Box
    _luma: _Grid
    _chroma: _Grid

    @classmethod
    def transparent(cls, box: Box) -> Layer:
        return cls(box, _grid(box.width, box.height, 1), _grid(box.width // 2, box.height // 2, 2))

    @property
    def planes(self) -> tuple[bytearray, bytearray, bytearray, bytearray]:
        """Y, U, V and alpha, rows without padding."""
        blue, red = self._chroma.planes
        return self._luma.planes[0], blue, red, self._luma.alpha

    def draw(self, shapes: Sequence[Shape]) -> None:
        left, top = self.box.left, self.box.top
        for shape in shapes:
            outline = [(x - left, y - top) for x, y in shape.outline]
            self._luma.fill(outline, shape.paint[:1], shape.opacity)
            self._chroma.fill([(x / 2, y / 2) for x, y in outline], shape.paint[1:], shape.opacity)

    def copy(self) -> Layer:
        return Layer(self.box, self._luma.copy(), self._chroma.copy())

    def cut(self, box: Box) -> Layer:
        """Copy a part; it has to lie inside this layer."""
        part = Layer.transparent(box)
        left, top = box.left - self.box.left, box.top - self.box.top
        part._luma.take(self._luma, left, top)
        part._chroma.take(self._chroma, left // 2, top // 2)
        return part

    def put(self, part: Layer) -> None:
        """Copy a part back to where it was cut."""
        left, top = part.box.left - self.box.left, part.box.top - self.box.top
        self._luma.give(part._luma, left, top)
        self._chroma.give(part._chroma, left // 2, top // 2)


@dataclass(frozen=True)
class _Grid:
    """Planes of one resolution with the alpha they are blended by."""

    width: int
    height: int
    planes: tuple[bytearray, ...]
    alpha: bytearray

    def copy(self) -> _Grid:
        return _Grid(self.width, self.height, tuple(plane[:] for plane in self.planes), self.alpha[:])

    def fill(self, outline: Sequence[Point], values: Sequence[int], opacity: float) -> None:
        for row, start, end, cover in _runs(outline, self.width, self.height):
            first, last = row * self.width + start, row * self.width + end
            share = cover * opacity
            if share >= FULL:
                self._cover(first, last, values)
            elif last - first > 4 and self._is_opaque(first, last):
                self._tint(first, last, values, share)
            else:
                self._blend(first, last, values, share)

    def take(self, other: _Grid, left: int, top: int) -> None:
        for mine, theirs in zip((*self.planes, self.alpha), (*other.planes, other.alpha), strict=True):
            for row in range(self.height):
                place = (top + row) * other.width + left
                mine[row * self.width : (row + 1) * self.width] = theirs[place : place + self.width]

    def give(self, other: _Grid, left: int, top: int) -> None:
        for mine, theirs in zip((*self.planes, self.alpha), (*other.planes, other.alpha), strict=True):
            for row in range(other.height):
                place = (top + row) * self.width + left
                mine[place : place + other.width] = theirs[row * other.width : (row + 1) * other.width]

    def _is_opaque(self, first: int, last: int) -> bool:
        return self.alpha.count(255, first, last) == last - first

    def _cover(self, first: int, last: int, values: Sequence[int]) -> None:
        for plane, value in zip(self.planes, values, strict=True):
            plane[first:last] = bytes((value,)) * (last - first)
        self.alpha[first:last] = b"\xff" * (last - first)

    def _tint(self, first: int, last: int, values: Sequence[int], share: float) -> None:
        for plane, value in zip(self.planes, values, strict=True):
            table = bytes(round(old + (value - old) * share) for old in range(256))
            plane[first:last] = plane[first:last].translate(table)

    def _blend(self, first: int, last: int, values: Sequence[int], share: float) -> None:
        for index in range(first, last):
            under = self.alpha[index]
            weight = share
            if under != 255:
                above = share + under / 255 * (1 - share)
                weight = share / above
                self.alpha[index] = round(255 * above)
            for plane, value in zip(self.planes, values):  # noqa: B905 - the innermost loop of all drawing
                old = plane[index]
                plane[index] = round(old + (value - old) * weight)


def _grid(width: int, height: int, planes: int) -> _Grid:
    return _Grid(width, height, tuple(bytearray(width * height) for _ in range(planes)), bytearray(width * height))


def _runs(outline: Sequence[Point], width: int, height: int) -> Iterator[tuple[int, int, int, float]]:
    """Yield row, first and last pixel (exclusive) and coverage for every run of equally covered pixels."""
    top, crossings = _crossings(outline, height)
    for row in range(top // SAMPLES, -(-(top + len(crossings)) // SAMPLES)):
        # How much the coverage changes at a pixel: an edge inside a pixel is shared between it and the next.
        change: dict[int, float] = {}
        for line in crossings[max(row * SAMPLES - top, 0) : (row + 1) * SAMPLES - top]:
            line.sort()
            for index in range(0, len(line) - 1, 2):
                _mark(change, line[index], line[index + 1], width)
        cover, start = 0.0, 0
        for pixel in sorted(change):
            if cover > FAINT * SAMPLES and start < width:
                yield row, start, min(pixel, width), cover / SAMPLES
            cover += change[pixel]
            start = pixel


def _mark(change: dict[int, float], left: float, right: float, width: int) -> None:
    left, right = max(left, 0.0), min(right, float(width))
    if right <= left:
        return
    pixel = int(left)
    inside = left - pixel
    change[pixel] = change.get(pixel, 0.0) + 1.0 - inside
    change[pixel + 1] = change.get(pixel + 1, 0.0) + inside
    pixel = int(right)
    inside = right - pixel
    change[pixel] = change.get(pixel, 0.0) - 1.0 + inside
    change[pixel + 1] = change.get(pixel + 1, 0.0) - inside


def _crossings(outline: Sequence[Point], height: int) -> tuple[int, list[list[float]]]:
    """Where the outline crosses each sampling line, from the first line that it touches."""
    points = [(x, y * SAMPLES - 0.5) for x, y in outline]
    top = max(math.ceil(min(y for _, y in points)), 0)
    bottom = min(math.ceil(max(y for _, y in points)), height * SAMPLES)
    lines: list[list[float]] = [[] for _ in range(top, bottom)]
    ahead = points[0]
    for here in reversed(points):
        (x, y), (x_end, y_end) = (here, ahead) if here[1] < ahead[1] else (ahead, here)
        ahead = here
        first, last = max(math.ceil(y), top), min(math.ceil(y_end), bottom)
        if first < last:
            slope = (x_end - x) / (y_end - y)
            x += (first - y) * slope
            for line in lines[first - top : last - top]:
                line.append(x)
                x += slope
    return top, lines
