"""MP4 and QuickTime files: what their boxes say, in a few small reads wherever the boxes are.

Nothing of the sound and picture is read, so that the size of a file does not matter. Boxes that lie about their
size end the walk; there is no input on which it does not end. ISO/IEC 14496-12; QuickTime File Format.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO, NamedTuple

# A fragmented hour has some ten thousand boxes; a file with more is not worth the time.
_MOST_BOXES = 100_000
_MOST_INNER_BOXES = 1_000
_MOST_TRACKS = 64
# Of the tables of a track: eight bytes for each change of the time between two pictures.
_MOST_TABLE_BYTES = 8 * 1024 * 1024


class Box(NamedTuple):
    """Its name, and where its content is; `end` may lie beyond the end of the file."""

    name: bytes
    start: int
    end: int


@dataclass(frozen=True)
class Track:
    """A track of a movie."""

    handler: bytes = b""
    codec: str = ""
    seconds: float | None = None
    # As stored.
    width: int = 0
    height: int = 0
    # Width of a pixel by its height.
    pixel_ratio: float = 1.0
    # As in EXIF: 1, 3, 6 and 8 are no, two, one and three quarter turns clockwise.
    orientation: int = 1
    frames: int = 0
    frame_rate: float | None = None
    has_variable_frame_rate: bool = False
    sample_rate_hz: int | None = None
    channels: int | None = None
    sample_bits: int | None = None

    @property
    def seen(self) -> tuple[int, int]:
        """Width and height on a screen."""
        width, height = round(self.width * self.pixel_ratio), self.height
        return (height, width) if self.orientation >= 5 else (width, height)


@dataclass(frozen=True)
class Movie:
    """What the boxes of a file say."""

    seconds: float | None = None
    tracks: tuple[Track, ...] = ()
    is_fragmented: bool = False
    media_bytes: int = 0
    damage: str = ""

    @property
    def picture(self) -> Track | None:
        """The longest track of pictures, of several the largest; a still beside a sound is its cover."""
        found = [track for track in self.tracks if track.handler == b"vide"]
        if self.sound is not None:
            found = [track for track in found if track.frames != 1]
        return max(found, key=lambda track: (track.seconds or 0.0, track.width * track.height), default=None)

    @property
    def sound(self) -> Track | None:
        return next((track for track in self.tracks if track.handler == b"soun"), None)


def movie(file: IO[bytes], size: int) -> Movie:
    """Read the boxes of a file of so many bytes."""
    found: Movie | None = None
    has_header = has_fragments = False
    media_bytes = 0
    damage = ""
    for box in _boxes(file, 0, size, _MOST_BOXES):
        if box.name == b"moov" and not has_header:
            has_header = True
            if box.end <= size:
                found = _header(file, box)
        elif box.name == b"mdat":
            media_bytes += max(0, min(box.end, size) - box.start)
        elif box.name == b"moof":
            has_fragments = True
        if box.end > size:
            damage = f"is truncated in the middle of its box {_word(box.name)!r}, {box.end - size:,} bytes are missing"
    if not has_header:
        damage = damage or "has no header (box 'moov'): it is truncated, or its recording never finished"
    elif not media_bytes:
        damage = damage or "has a header and nothing after it (no box 'mdat')"
    found = found or Movie()
    is_fragmented = found.is_fragmented or has_fragments
    return replace(found, is_fragmented=is_fragmented, media_bytes=media_bytes, damage=damage)


def _boxes(file: IO[bytes], start: int, end: int, most: int = _MOST_INNER_BOXES) -> Iterator[Box]:
    """The boxes one after the other; ends where one can't be a box."""
    for _ in range(most):
        if end - start < 8:
            return
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        length, name = struct.unpack(">I4s", header[:8])
        head = 8
        if length == 1:
            if len(header) < 16:
                return
            (length,) = struct.unpack(">Q", header[8:])
            head = 16
        elif length == 0:
            length = end - start
        if length < head:
            return
        yield Box(name, start + head, start + length)
        start += length


def _child(file: IO[bytes], box: Box | None, *path: bytes) -> Box | None:
    """The first box along a path of names."""
    for name in path:
        if box is None:
            return None
        box = next((inner for inner in _boxes(file, box.start, box.end) if inner.name == name), None)
    return box


def _content(file: IO[bytes], box: Box | None, most: int = 4096) -> bytes:
    if box is None:
        return b""
    file.seek(box.start)
    return file.read(max(0, min(box.end - box.start, most)))


def _header(file: IO[bytes], box: Box) -> Movie:
    tracks: list[Track] = []
    movie_clock = _Clock()
    is_fragmented = False
    for inner in _boxes(file, box.start, box.end):
        if inner.name == b"mvhd":
            movie_clock = _clock(_content(file, inner))
        elif inner.name == b"mvex":
            is_fragmented = True
        elif inner.name == b"trak" and len(tracks) < _MOST_TRACKS:
            tracks.append(_track(file, inner, movie_clock))
    return Movie(movie_clock.seconds, tuple(tracks), is_fragmented)


class _Clock(NamedTuple):
    """Units a second, and how many of them something takes, 0 when that is left open."""

    scale: int = 0
    units: int = 0

    @property
    def seconds(self) -> float | None:
        return self.units / self.scale if self.scale and self.units else None


_OPEN = {0: 0xFFFFFFFF, 1: 0xFFFFFFFFFFFFFFFF}


def _clock(content: bytes) -> _Clock:
    """The time scale and length in `mvhd` and `mdhd`, which begin alike."""
    version = content[0] if content else 0
    try:
        scale, units = (
            struct.unpack_from(">IQ", content, 20) if version == 1 else struct.unpack_from(">II", content, 12)
        )
    except struct.error:
        return _Clock()
    return _Clock(scale, 0 if units == _OPEN.get(version) else units)


def _track(file: IO[bytes], box: Box, movie_clock: _Clock) -> Track:
    media = _child(file, box, b"mdia")
    handler = _content(file, _child(file, media, b"hdlr"))[8:12]
    table = _child(file, media, b"minf", b"stbl")
    clock = _clock(_content(file, _child(file, media, b"mdhd")))
    shown = _shown(_content(file, _child(file, box, b"tkhd")))
    entry = _content(file, _child(file, table, b"stsd"))[8:]
    times = _Times() if handler != b"vide" else _times(file, _child(file, table, b"stts"))
    # An edit list may leave out some of it, which the track's header knows and its media do not.
    lengths = (clock.seconds, _Clock(movie_clock.scale, shown.units).seconds, _Clock(clock.scale, times.units).seconds)
    track = Track(
        handler,
        codec=_word(entry[4:8]),
        seconds=min((length for length in lengths if length), default=None),
        orientation=shown.orientation,
        frames=times.frames,
        frame_rate=times.frames * clock.scale / times.units if times.units and clock.scale else None,
        has_variable_frame_rate=times.varies,
    )
    if handler == b"vide":
        return _with_picture(track, entry, shown)
    return _with_sound(track, entry, clock.scale) if handler == b"soun" else track


class _Shown(NamedTuple):
    """How a track is presented: length in the movie's units, turn, size."""

    units: int = 0
    orientation: int = 1
    width: float = 0.0
    height: float = 0.0


def _shown(content: bytes) -> _Shown:
    version = content[0] if content else 0
    try:
        if version == 1:
            (units,) = struct.unpack_from(">Q", content, 28)
            matrix, size = struct.unpack_from(">9i", content, 52), struct.unpack_from(">2I", content, 88)
        else:
            (units,) = struct.unpack_from(">I", content, 20)
            matrix, size = struct.unpack_from(">9i", content, 40), struct.unpack_from(">2I", content, 76)
    except struct.error:
        return _Shown()
    units = 0 if units == _OPEN.get(version) else units
    return _Shown(units, _turn(matrix[0], matrix[1], matrix[3], matrix[4]), size[0] / 65536, size[1] / 65536)


def _turn(a: int, b: int, c: int, d: int) -> int:
    """The matrix's first four numbers as EXIF's number; other angles than quarters count as none."""
    return _TURNS.get((_sign(a), _sign(b), _sign(c), _sign(d)), 1)


def _sign(value: int) -> int:
    """The sign of a fixed-point number, of which 65536 is one; what rounding left is zero."""
    return (value > 32768) - (value < -32768)


_TURNS = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}


class _Times(NamedTuple):
    """How many pictures there are, for how many units, and whether their distances differ."""

    frames: int = 0
    units: int = 0
    varies: bool = False


def _times(file: IO[bytes], box: Box | None) -> _Times:
    content = _content(file, box, _MOST_TABLE_BYTES)
    if box is None or len(content) < 8 or box.end - box.start > _MOST_TABLE_BYTES:
        return _Times()
    count = min(struct.unpack_from(">I", content, 4)[0], (len(content) - 8) // 8)
    entries = list(struct.iter_unpack(">II", content[8 : 8 + count * 8]))
    frames = sum(number for number, _ in entries)
    units = sum(number * distance for number, distance in entries)
    # The last picture may stay for any time, and whole units make neighbours differ by one.
    distances = [distance for number, distance in entries[:-1] + [entry for entry in entries[-1:] if entry[0] > 1]]
    varies = bool(distances) and max(distances) - min(distances) > 1
    return _Times(frames, units, varies)


def _with_picture(track: Track, entry: bytes, shown: _Shown) -> Track:
    if len(entry) < 36:
        return track
    width, height = struct.unpack_from(">2H", entry, 32)
    # A clean aperture cuts what the encoder had to add to fill its blocks: 1088 lines for 1080.
    inner = _extensions(entry, 86)
    aperture = inner.get(b"clap", b"")
    if len(aperture) >= 16:
        wn, wd, hn, hd = struct.unpack_from(">4I", aperture)
        if wd and hd and 0 < wn / wd <= width and 0 < hn / hd <= height:
            if (shown.width, shown.height) == (width, height):
                shown = _Shown()
            width, height = round(wn / wd), round(hn / hd)
    return replace(track, width=width, height=height, pixel_ratio=_pixel_ratio(inner, width, height, shown))


def _pixel_ratio(inner: dict[bytes, bytes], width: int, height: int, shown: _Shown) -> float:
    ratio = 1.0
    if len(inner.get(b"pasp", b"")) >= 8:
        across, down = struct.unpack_from(">2I", inner[b"pasp"])
        ratio = across / down if across and down else 1.0
    elif width and height and shown.width and shown.height:
        ratio = shown.width / shown.height / (width / height)
    # The stretch of whole pixels that rounding leaves is none.
    is_square = not 1 / 100 < ratio < 100 or math.isclose(ratio, 1.0, abs_tol=1 / max(width, height, 1))
    return 1.0 if is_square else ratio


def _with_sound(track: Track, entry: bytes, scale: int) -> Track:
    if len(entry) < 36:
        return track
    version, channels, bits = struct.unpack_from(">H6x2H", entry, 16)
    rate = struct.unpack_from(">I", entry, 32)[0] >> 16
    if version == 2 and len(entry) >= 52:
        exact, channels = struct.unpack_from(">dI", entry, 40)
        rate = round(exact) if math.isfinite(exact) and 0 < exact < 1e9 else 0
    # Rates of 65,536 Hz and more do not fit, encoders then write 0; the clock of a sound ticks once a sample.
    return replace(track, sample_rate_hz=rate or scale or None, channels=channels, sample_bits=bits)


def _extensions(entry: bytes, start: int) -> dict[bytes, bytes]:
    """The boxes at the end of an entry, by name."""
    found: dict[bytes, bytes] = {}
    while start + 8 <= len(entry):
        length, name = struct.unpack_from(">I4s", entry, start)
        if length < 8:
            break
        found.setdefault(name, entry[start + 8 : start + length])
        start += length
    return found


def _word(name: bytes) -> str:
    """A four-letter name as text."""
    return "".join(chr(code) if 32 < code < 127 else "?" for code in name).strip()
