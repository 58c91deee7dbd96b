"""Put the picture together frame by frame: backdrop, avatar, logos; the blending is done by the filters of FFmpeg."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.studio.acting import Pose
from tadh_cli.sandbox.studio.canvas import Box, Layer, Shape, paint_of
from tadh_cli.sandbox.studio.figure import Figure
from tadh_cli.sandbox.studio.footage import picture, picture_size
from tadh_cli.sandbox.studio.look import mix
from tadh_cli.sandbox.studio.outlines import ellipse

if TYPE_CHECKING:
    import av
    from av.filter import Graph
    from av.filter.context import FilterContext

# Finished poses that are kept; the avatar comes back to few of them within a second.
POSE_CACHE_BYTES = 96 << 20
FILTER_THREADS = 2


@dataclass(frozen=True)
class Logo:
    """A picture on top of all: its upper left corner in pixels of the film, its size as a share of its own."""

    path: Readable
    left: int = 0
    top: int = 0
    scale: float = 1.0


def backdrop_of(rgb: int, width: int, height: int, *, plain: bool) -> av.VideoFrame:
    """A wall of one colour, with a lighter disc behind the avatar unless it has to be plain."""
    layer = Layer.transparent(Box(0, 0, width, height))
    layer.draw([Shape([(0, 0), (width, 0), (width, height), (0, height)], paint_of(rgb))])
    if not plain:
        radius = min(width * 0.46, height * 0.36)
        layer.draw([Shape(ellipse(width / 2, height * 0.42, radius, radius), paint_of(mix(rgb, 0xFFFFFF, 0.38)))])
    return frame_of(layer).reformat(format="yuv420p")


def frame_of(layer: Layer) -> av.VideoFrame:
    """Copy a layer into a frame, whose rows may be longer than the picture is wide."""
    import av

    frame = av.VideoFrame(layer.box.width, layer.box.height, "yuva420p")
    for plane, rows in zip(frame.planes, layer.planes, strict=True):
        if plane.line_size == plane.width:
            plane.update(bytes(rows))
            continue
        padding = bytes(plane.line_size - plane.width)
        ends = range(plane.width, len(rows) + 1, plane.width)
        plane.update(padding.join([bytes(rows[end - plane.width : end]) for end in ends]) + padding)
    return frame


class Stage:
    """One avatar on one canvas."""

    def __init__(self, figure: Figure, width: int, height: int, fps: int) -> None:
        self._box = figure.box
        self._width = width
        self._height = height
        self._time_base = Fraction(1, fps)
        kept = max(POSE_CACHE_BYTES // (self._box.width * self._box.height * 5 // 2), 4)
        self._pose = functools.lru_cache(maxsize=kept)(lambda pose: frame_of(figure.layer(pose)))

    def transparent(self, poses: Iterable[Pose]) -> Iterator[av.VideoFrame]:
        """Frames with alpha, and nothing in them but the avatar."""
        graph = _graph()
        actor = self._source(graph, self._box.width, self._box.height, "yuva420p")
        pad = graph.add("pad", f"{self._width}:{self._height}:{self._box.left}:{self._box.top}:color=black@0")
        actor.link_to(pad)
        sink = _configured(graph, pad)
        for index, pose in enumerate(poses):
            self._push(actor, self._pose(pose), index)
            yield from _pulled(sink)
        actor.push(None)
        yield from _pulled(sink)

    def opaque(
        self, poses: Iterable[Pose], backdrops: Iterator[av.VideoFrame], logos: Sequence[Logo] = ()
    ) -> Iterator[av.VideoFrame]:
        """Frames with the avatar before a backdrop, which is asked for one frame a pose, and logos before both."""
        graph = _graph()
        wall = self._source(graph, self._width, self._height, "yuv420p")
        actor = self._source(graph, self._box.width, self._box.height, "yuva420p")
        scene = _overlaid(graph, wall, actor, self._box.left, self._box.top)
        stills = [_picture_of(logo) for logo in logos]
        stickers = [self._source(graph, still.width, still.height, "yuva420p") for still in stills]
        for logo, sticker in zip(logos, stickers, strict=True):
            scene = _overlaid(graph, scene, sticker, logo.left, logo.top)
        sink = _configured(graph, scene)
        for still, sticker in zip(stills, stickers, strict=True):
            self._push(sticker, still, 0)
            # The last frame of a source that has ended stays on screen.
            sticker.push(None)
        for index, pose in enumerate(poses):
            self._push(wall, next(backdrops), index)
            self._push(actor, self._pose(pose), index)
            yield from _pulled(sink)
        wall.push(None)
        actor.push(None)
        yield from _pulled(sink)

    def _source(self, graph: Graph, width: int, height: int, pixels: str) -> FilterContext:
        from av import VideoFormat

        return graph.add_buffer(width=width, height=height, format=VideoFormat(pixels), time_base=self._time_base)

    def _push(self, source: FilterContext, frame: av.VideoFrame, index: int) -> None:
        # The filter takes its own reference: the same picture can be sent again under another time.
        frame.pts, frame.time_base = index, self._time_base
        source.push(frame)


def _graph() -> Graph:
    from av.filter import Graph

    graph = Graph()
    graph.threads = FILTER_THREADS
    return graph


def _configured(graph: Graph, last: FilterContext) -> FilterContext:
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    return sink


def _overlaid(graph: Graph, below: FilterContext, above: FilterContext, left: int, top: int) -> FilterContext:
    overlay = graph.add("overlay", f"{left}:{top}:format=yuv420")
    below.link_to(overlay, 0, 0)
    above.link_to(overlay, 0, 1)
    return overlay


def _picture_of(logo: Logo) -> av.VideoFrame:
    width, height = (max(round(side * logo.scale / 2) * 2, 2) for side in picture_size(logo.path))
    return picture(logo.path, width, height, "yuva420p")


def _pulled(sink: FilterContext) -> Iterator[av.VideoFrame]:
    import av

    while True:
        try:
            frame = sink.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, av.VideoFrame)
        yield frame
