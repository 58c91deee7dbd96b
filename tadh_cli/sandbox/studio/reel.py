"""Write a film file: frames and sound go in side by side, a finished file comes out or none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from tadh_cli.sandbox.studio.delivery import delivered
from tadh_cli.sandbox.studio.sound import audio_frames, audio_stream

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer
    from av.subtitles.stream import SubtitleStream
    from av.video.stream import VideoStream

RATE_HZ = 48_000
ENCODING_THREADS = 2
# The numbers of FFmpeg: untagged, a player guesses the colours from the size.
BT709, LIMITED = 1, 1

_SUBTITLE_STYLE = (
    "[Script Info]\r\nScriptType: v4.00+\r\nPlayResX: 384\r\nPlayResY: 288\r\n\r\n[V4+ Styles]\r\n"
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
    "MarginV, Encoding\r\n"
    "Style: Default,Sans,16,&Hffffff,&Hffffff,&H0,&H80000000,0,0,0,0,100,100,0,0,3,1,0,2,10,10,16,1\r\n\r\n"
    "[Events]\r\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
)


@dataclass(frozen=True)
class Stock:
    """What a film is written on: container, codecs and their settings."""

    container: str
    video: str
    audio: str
    pixels: str
    video_options: tuple[tuple[str, str], ...]
    audio_bit_rate: int


# The fastest settings that still look clean on flat colours.
OPAQUE = Stock("mp4", "libx264", "aac", "yuv420p", (("preset", "ultrafast"), ("crf", "23")), 96_000)
TRANSPARENT = Stock(
    "webm",
    "libvpx-vp9",
    "libopus",
    "yuva420p",
    (
        ("deadline", "realtime"),
        ("cpu-used", "8"),
        # Hidden reference frames and alpha do not go together in this encoder.
        ("auto-alt-ref", "0"),
        ("row-mt", "1"),
        ("crf", "30"),
        ("b", "0"),
    ),
    64_000,
)


@dataclass(frozen=True)
class Cue:
    """A line of subtitles and when it is shown."""

    text: str
    start_ms: int
    end_ms: int


class Reel:
    """A film file while it is written; see `reel()`."""

    def __init__(
        self, container: OutputContainer, stock: Stock, width: int, height: int, fps: int, *, subtitled: bool
    ) -> None:
        self.frames = 0
        self._samples = 0
        self._container = container
        self._fps = fps
        self._video = _video_stream(container, stock, width, height, fps)
        self._audio = audio_stream(container, stock.audio, RATE_HZ)
        self._audio.codec_context.bit_rate = stock.audio_bit_rate
        self._subtitles = _subtitle_stream(container) if subtitled else None

    def add(self, frames: Iterable[av.VideoFrame], pcm: bytes, cues: Sequence[Cue] = ()) -> None:
        """Append frames with their sound at RATE_HZ, which is cut or filled with silence to their length."""
        first_frame, first_sample = self.frames, self._samples
        waiting = deque(cues)
        for frame in frames:
            frame.pts, frame.time_base = self.frames, Fraction(1, self._fps)
            self._container.mux(self._video.encode(frame))
            self.frames += 1
            while waiting and waiting[0].start_ms * self._fps < (self.frames - first_frame) * 1000:
                self._show(waiting.popleft(), first_frame)
            # A second of sound at a time keeps the streams side by side in the file.
            if self.frames % self._fps == 0:
                self._hear(pcm, first_sample)
        self._hear(pcm, first_sample)

    def finish(self) -> None:
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))

    def _hear(self, pcm: bytes, first_sample: int) -> None:
        start, end = self._samples - first_sample, round(self.frames * RATE_HZ / self._fps) - first_sample
        heard = pcm[2 * start : 2 * end]
        for frame in audio_frames(heard.ljust(2 * (end - start), b"\0"), RATE_HZ, self._samples):
            self._container.mux(self._audio.encode(frame))
        self._samples = first_sample + end

    def _show(self, cue: Cue, first_frame: int) -> None:
        import av

        if self._subtitles is None:
            return
        text = cue.text.encode()
        # A sample of mov_text: its length, then the text.
        packet = av.Packet(len(text).to_bytes(2, "big") + text)
        packet.stream = self._subtitles
        packet.time_base = Fraction(1, 1000)
        packet.pts = packet.dts = cue.start_ms + first_frame * 1000 // self._fps
        packet.duration = cue.end_ms - cue.start_ms
        self._container.mux(packet)


@contextmanager
def reel(target: Path, stock: Stock, width: int, height: int, fps: int, *, subtitled: bool = False) -> Iterator[Reel]:
    """Open a film for writing; it gets its name when the block ends well, and is gone when it does not."""
    import av

    # Bit-exact: no version, no random id, so that equal films are equal files. Faststart: the index comes first.
    options = {"fflags": "+bitexact", **({"movflags": "+faststart"} if stock.container == "mp4" else {})}
    with (
        delivered(target) as unfinished,
        av.open(str(unfinished), "w", format=stock.container, options=options) as container,
    ):
        film = Reel(container, stock, width, height, fps, subtitled=subtitled)
        yield film
        film.finish()


def _video_stream(container: OutputContainer, stock: Stock, width: int, height: int, fps: int) -> VideoStream:
    from av.video.stream import VideoStream

    stream = container.add_stream(stock.video, rate=fps, options={**dict(stock.video_options), "g": str(fps * 2)})
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = width, height, stock.pixels
    context = stream.codec_context
    context.thread_count = ENCODING_THREADS
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = LIMITED
    return stream


def _subtitle_stream(container: OutputContainer) -> SubtitleStream:
    stream = container.add_stream("mov_text")
    stream.codec_context.subtitle_header = _SUBTITLE_STYLE.encode()
    stream.time_base = Fraction(1, 1000)
    return stream
