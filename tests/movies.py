"""MP4 and QuickTime files made of headers alone, so that a film of ten minutes and ten gigabytes costs nothing."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

# The matrices of EXIF's orientations, as cameras write them.
MATRICES = {
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}


def box(name: bytes, *content: bytes, wide: bool = False) -> bytes:
    """A box; `wide` writes its size with 64 bits."""
    data = b"".join(content)
    if wide:
        return struct.pack(">I4sQ", 1, name, len(data) + 16) + data
    return struct.pack(">I4s", len(data) + 8, name) + data


def full(name: bytes, *content: bytes, version: int = 0) -> bytes:
    return box(name, bytes([version, 0, 0, 0]), *content)


@dataclass(frozen=True)
class Film:
    """What a film is to be; `stored` overrides the size in the sample description, `table` the times of pictures."""

    seconds: float = 130.0
    rate: Fraction = Fraction(25)
    size: tuple[int, int] = (1920, 1080)
    orientation: int = 1
    brand: bytes = b"isom"
    shown: tuple[int, int] | None = None
    pixels: tuple[int, int] | None = None
    aperture: tuple[int, int] | None = None
    table: Sequence[tuple[int, int]] = ()
    has_picture: bool = True
    has_sound: bool = True
    is_fragmented: bool = False
    version: int = 0
    # Length of the track in its header where an edit list makes it shorter, and of the sound.
    edited_seconds: float | None = None
    sound_seconds: float | None = None
    sound_rate_hz: int = 48_000
    header_first: bool = False
    media_bytes: int = 1000
    extra: bytes = field(default=b"")

    def moov(self) -> bytes:
        longest = max(self.sound_seconds or 0.0, self.seconds)
        mvhd = self._timed(b"mvhd", 1000, longest, bytes(80))
        tracks = ([self._picture()] if self.has_picture else []) + ([self._sound()] if self.has_sound else [])
        mvex = [box(b"mvex", full(b"trex", bytes(20)))] if self.is_fragmented else []
        return box(b"moov", mvhd, *tracks, *mvex)

    def _timed(self, name: bytes, scale: int, seconds: float, rest: bytes) -> bytes:
        units = 0 if self.is_fragmented else round(seconds * scale)
        if self.version == 1:
            return full(name, bytes(16), struct.pack(">IQ", scale, units), rest, version=1)
        return full(name, bytes(8), struct.pack(">II", scale, units), rest)

    def _tkhd(self, number: int, seconds: float, orientation: int, size: tuple[int, int]) -> bytes:
        units = 0 if self.is_fragmented else round(seconds * 1000)
        a, b, c, d = (value << 16 for value in MATRICES[orientation])
        matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        rest = bytes(16) + matrix + struct.pack(">2I", size[0] << 16, size[1] << 16)
        if self.version == 1:
            return full(b"tkhd", bytes(16), struct.pack(">IIQ", number, 0, units), rest, version=1)
        return full(b"tkhd", bytes(8), struct.pack(">III", number, 0, units), rest)

    def _picture(self) -> bytes:
        scale, delta = self.rate.numerator, self.rate.denominator
        table = self.table or [(round(self.seconds * scale / delta), delta)]
        table = [] if self.is_fragmented else table
        entry = struct.pack(">4s6xH16x2H", b"avc1", 1, *self.size) + bytes(50)
        if self.pixels:
            entry += box(b"pasp", struct.pack(">2I", *self.pixels))
        if self.aperture:
            entry += box(b"clap", struct.pack(">8I", self.aperture[0], 1, self.aperture[1], 1, 0, 1, 0, 1))
        edited = self.seconds if self.edited_seconds is None else self.edited_seconds
        shown = self.shown or self.size
        return self._track(
            1, b"vide", entry, table, scale, self.seconds, self._tkhd(1, edited, self.orientation, shown)
        )

    def _sound(self) -> bytes:
        seconds = self.seconds if self.sound_seconds is None else self.sound_seconds
        rate = self.sound_rate_hz
        entry = struct.pack(">4s6xH8x2H4xI", b"mp4a", 1, 2, 16, (rate if rate < 65_536 else 0) << 16)
        table = [(round(seconds * rate / 1024), 1024)]
        return self._track(2, b"soun", entry, table, rate, seconds, self._tkhd(2, seconds, 1, (0, 0)))

    def _track(
        self,
        number: int,
        handler: bytes,
        entry: bytes,
        table: Sequence[tuple[int, int]],
        scale: int,
        seconds: float,
        tkhd: bytes,
    ) -> bytes:
        mdhd = self._timed(b"mdhd", scale, seconds, bytes(4))
        hdlr = full(b"hdlr", bytes(4), handler, bytes(13))
        stsd = full(b"stsd", struct.pack(">II", 1, len(entry) + 4), entry)
        stts = full(b"stts", struct.pack(">I", len(table)), *(struct.pack(">II", *each) for each in table))
        stbl = box(b"stbl", stsd, stts)
        return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", stbl)))

    def write(self, path: Path) -> Path:
        """The film as a sparse file: its media are a hole of so many bytes."""
        ftyp = box(b"ftyp", self.brand, bytes(4), self.brand)
        media = struct.pack(">I4sQ", 1, b"mdat", self.media_bytes + 16)
        with open(path, "wb") as file:
            file.write(ftyp + (self.moov() if self.header_first else b"") + media)
            file.seek(self.media_bytes, 1)
            file.write((b"" if self.header_first else self.moov()) + self.extra)
            file.truncate()
        return path
