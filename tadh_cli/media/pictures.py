"""Pictures by their headers: size and orientation of PNG, JPEG and WebP, and whether the end is there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO

_MOST_CHUNKS = 20_000
_MOST_EXIF_BYTES = 64 * 1024
# What phones and editors append after the end of a JPEG (depth, motion, previews) is rarely larger.
_TAIL_BYTES = 256 * 1024
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Picture:
    """Stored width and height, and EXIF's orientation: 1 upright, from 5 on turned to the side."""

    width: int | None = None
    height: int | None = None
    orientation: int = 1
    is_animated: bool = False
    damage: str = ""

    @property
    def seen(self) -> tuple[int | None, int | None]:
        """Width and height on a screen."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def picture(file: IO[bytes], kind: str, size: int) -> Picture:
    """Read the headers of a "png", "jpg" or "webp" of so many bytes."""
    found = _READERS[kind](file, size)
    if not found.damage and not (found.width and found.height):
        return replace(found, damage="does not say how wide and high it is")
    return found


# PNG ---------------------------------------------------------------------------------------------------


def _png(file: IO[bytes], size: int) -> Picture:
    found = Picture(damage="ends before its end mark (chunk IEND)")
    place = 8
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        header = file.read(8)
        if len(header) < 8:
            break
        length, name = struct.unpack(">I4s", header)
        if name == b"IHDR" and length >= 8 and len(content := file.read(8)) == 8:
            found = replace(
                found, width=struct.unpack(">I", content[:4])[0], height=struct.unpack(">I", content[4:])[0]
            )
        elif name == b"eXIf":
            found = replace(found, orientation=_exif_orientation(file.read(min(length, _MOST_EXIF_BYTES))))
        elif name == b"acTL":
            found = replace(found, is_animated=True)
        elif name == b"IEND":
            return replace(found, damage="")
        place += 12 + length
    return found


# JPEG --------------------------------------------------------------------------------------------------


def _jpeg(file: IO[bytes], size: int) -> Picture:
    found = Picture(damage="ends before its picture begins")
    for marker, start, length in _segments(file):
        if marker == 0xE1 and found.orientation == 1:
            file.seek(start)
            content = file.read(min(length, _MOST_EXIF_BYTES))
            if content.startswith(b"Exif\x00\x00"):
                found = replace(found, orientation=_exif_orientation(content[6:]))
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and found.width is None:
            file.seek(start)
            content = file.read(5)
            if len(content) == 5:
                height, width = struct.unpack(">HH", content[1:])
                found = replace(found, width=width, height=height)
        elif marker == 0xDA:
            has_end = _has_end(file, start, size)
            return replace(found, damage="" if has_end else "is truncated in the middle of the picture")
    return found


def _segments(file: IO[bytes]) -> Iterator[tuple[int, int, int]]:
    """Marker, start of the content and its length, up to the scan."""
    place = 2
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        header = file.read(4)
        if len(header) < 4 or header[0] != 0xFF:
            return
        marker = header[1]
        if marker == 0xFF:  # any number of these may stand before a marker
            place += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD9:  # these have no content
            place += 2
            continue
        length = int(struct.unpack(">H", header[2:])[0])
        if length < 2:
            return
        yield marker, place + 4, length - 2
        if marker == 0xDA:
            return
        place += 2 + length


def _has_end(file: IO[bytes], scan_start: int, size: int) -> bool:
    """Whether the end mark is there; inside a scan its bytes do not occur."""
    file.seek(max(scan_start, size - _TAIL_BYTES))
    return b"\xff\xd9" in file.read(_TAIL_BYTES)


# WebP --------------------------------------------------------------------------------------------------


def _webp(file: IO[bytes], size: int) -> Picture:
    file.seek(4)
    declared = file.read(4)
    if len(declared) < 4:
        return Picture(damage="is truncated in the middle of its header")
    end = int(struct.unpack("<I", declared)[0]) + 8
    found = Picture(damage=f"is truncated, {end - size:,} bytes are missing" if end > size else "")
    place = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        header = file.read(8)
        if len(header) < 8:
            break
        name, length = struct.unpack("<4sI", header)
        if name == b"EXIF":
            content = file.read(min(length, _MOST_EXIF_BYTES))
            found = replace(found, orientation=_exif_orientation(content.removeprefix(b"Exif\x00\x00")))
        elif name in _WEBP_SIZES and found.width is None:
            content = file.read(10)
            if len(content) == 10:
                width, height = _WEBP_SIZES[name](content)
                found = replace(found, width=width, height=height, is_animated=name == b"VP8X" and bool(content[0] & 2))
        place += 8 + length + length % 2
    return found


def _lossy(content: bytes) -> tuple[int | None, int | None]:
    if content[3:6] != b"\x9d\x01\x2a":
        return None, None
    width, height = struct.unpack("<HH", content[6:])
    return width & 0x3FFF, height & 0x3FFF


def _lossless(content: bytes) -> tuple[int | None, int | None]:
    if content[0] != 0x2F:
        return None, None
    (bits,) = struct.unpack("<I", content[1:5])
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _extended(content: bytes) -> tuple[int | None, int | None]:
    return int.from_bytes(content[4:7], "little") + 1, int.from_bytes(content[7:10], "little") + 1


_WEBP_SIZES = {b"VP8 ": _lossy, b"VP8L": _lossless, b"VP8X": _extended}
_READERS = {"png": _png, "jpg": _jpeg, "webp": _webp}


# EXIF --------------------------------------------------------------------------------------------------


def _exif_orientation(content: bytes) -> int:
    """The orientation in the first directory of a TIFF, 1 when it has none or none that exists."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(content[:4])
    if order is None or len(content) < 8:
        return 1
    (start,) = struct.unpack_from(f"{order}I", content, 4)
    if start + 2 > len(content):
        return 1
    (count,) = struct.unpack_from(f"{order}H", content, start)
    for number in range(count):
        place = start + 2 + 12 * number
        if place + 12 > len(content):
            break
        tag, form, _, value = struct.unpack_from(f"{order}HHIH", content, place)
        if tag == _ORIENTATION and form == 3:
            return int(value) if 1 <= value <= 8 else 1
    return 1
