"""Pictures and films that others made, brought to the size and the frame rate of ours."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.studio.errors import UnreadableMedia
from tadh_cli.sandbox.studio.sound import listen
from tadh_cli.sandbox.studio.source import opened

if TYPE_CHECKING:
    import av

DECODING_THREADS = 2


def picture(path: Readable, width: int, height: int, pixels: str = "yuv420p") -> av.VideoFrame:
    """Read a picture, or the first frame of a film, and scale it to a size."""
    with opened(path, "picture") as container:
        frame = next(container.decode(video=0), None)
        if frame is None:
            raise UnreadableMedia(path, "holds no picture")
        return scaled(frame, width, height, pixels)


def picture_size(path: Readable) -> tuple[int, int]:
    with opened(path, "picture") as container:
        return container.streams.video[0].width, container.streams.video[0].height


def is_picture(path: Readable) -> bool:
    """Tell a still from a film by what is inside: stored files need not keep their names."""
    with opened(path, "picture") as container:
        return container.format.name.endswith("_pipe")


def clip(path: Readable, width: int, height: int, fps: int) -> Iterator[av.VideoFrame]:
    """Yield the frames of a film at our frame rate: each shows what is on screen at its time."""
    with opened(path, "picture") as container:
        container.streams.video[0].codec_context.thread_count = DECODING_THREADS
        shown = 0
        first: Fraction | None = None
        current: av.VideoFrame | None = None
        ends = Fraction(0)
        for frame in container.decode(video=0):
            at = _time(frame)
            first = at if first is None else first
            while current is not None and Fraction(shown, fps) < at - first:
                yield current
                shown += 1
            current = scaled(frame, width, height, "yuv420p")
            ends = at - first + _length(frame, fps)
        if current is None:
            raise UnreadableMedia(path, "holds no picture")
        while not shown or Fraction(shown, fps) < ends:
            yield current
            shown += 1


def endless(path: Readable, width: int, height: int, fps: int) -> Iterator[av.VideoFrame]:
    """Repeat a film, or hold a picture, for as long as somebody asks."""
    if is_picture(path):
        still = picture(path, width, height)
        while True:
            yield still
    while True:
        yield from clip(path, width, height, fps)


def clip_sound(path: Readable, rate_hz: int) -> bytes:
    """The sound of a film, nothing where it is silent."""
    with opened(path, "picture") as container:
        if not container.streams.audio:
            return b""
    return listen(path, rate_hz).pcm


def scaled(frame: av.VideoFrame, width: int, height: int, pixels: str) -> av.VideoFrame:
    from av.video.reformatter import ColorRange, Colorspace

    return frame.reformat(width, height, pixels, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


def _time(frame: av.VideoFrame) -> Fraction:
    return (frame.pts or 0) * (frame.time_base or Fraction(0))


def _length(frame: av.VideoFrame, fps: int) -> Fraction:
    return (frame.duration or 0) * (frame.time_base or Fraction(0)) or Fraction(1, fps)
