"""Zip files: their directory, and what the first bytes of the files in them say.

Reading never unpacks more than the beginning of a file, whatever the archive claims. APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import IO, NamedTuple

from tadh_cli.media.facts import Facts, Member
from tadh_cli.media.kind import HEAD_BYTES, kind_of
from tadh_cli.media.sounds import wave

# An archive of more is none of ours; its number is told, its names are not read.
MOST_MEMBERS = 1_000
_MOST_DIRECTORY_BYTES = 1024 * 1024
# Enough for the chunks that editing programs put before the sound.
_BEGINNING_BYTES = 64 * 1024
_MOST_COMMENT_BYTES = 65_535
_STORED, _DEFLATED = 0, 8
_IN_ZIP64 = 0xFFFFFFFF


class Contents(NamedTuple):
    """What an archive says that it holds."""

    members: tuple[Member, ...] = ()
    number: int = 0
    damage: str = ""


class _Directory(NamedTuple):
    number: int
    start: int
    length: int
    # Where the archive begins, when something stands before it.
    offset: int


class _Entry(NamedTuple):
    """An entry of the directory."""

    name: str
    is_folder: bool
    is_encrypted: bool
    method: int
    packed_bytes: int
    size_bytes: int
    # Of the entry's own header, from the archive's beginning.
    place: int


def contents(file: IO[bytes], size: int) -> Contents:
    """Read the directory of an archive of so many bytes, and the beginning of each file in it."""
    directory = _directory(file, size)
    if isinstance(directory, str):
        return Contents(damage=directory)
    if directory.number > MOST_MEMBERS or directory.length > _MOST_DIRECTORY_BYTES:
        return Contents(number=directory.number)
    file.seek(directory.start + directory.offset)
    entries = _entries(file.read(directory.length), directory.number)
    damage = "" if len(entries) == directory.number else "has a directory that breaks off"
    members = tuple(_member(file, size, entry, directory.offset) for entry in entries)
    return Contents(members, directory.number, damage)


def _directory(file: IO[bytes], size: int) -> _Directory | str:
    """Where the directory is, or what is wrong."""
    tail_bytes = min(size, 22 + _MOST_COMMENT_BYTES)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return "has no directory: it is truncated"
    disk, first_disk, _, count, length, start = struct.unpack_from("<4H2I", tail, at + 4)
    end = size - tail_bytes + at
    if count == 0xFFFF or _IN_ZIP64 in (length, start):
        found = _zip64(file, end)
        if found is not None:
            count, length, start, end = found
    elif disk or first_disk:
        return "is a part of an archive that was split"
    offset = end - length - start
    if offset < 0:
        return "has a directory that lies outside of the file: it is truncated"
    return _Directory(count, start, length, offset)


def _zip64(file: IO[bytes], end: int) -> tuple[int, int, int, int] | None:
    """Count, length, start, and where the directory ends, as the larger records say."""
    file.seek(max(0, end - 20))
    locator = file.read(20)
    if locator[:4] != b"PK\x06\x07" or len(locator) < 20:
        return None
    (place,) = struct.unpack_from("<Q", locator, 8)
    file.seek(min(place, end))
    record = file.read(56)
    if record[:4] != b"PK\x06\x06" or len(record) < 56:
        return None
    count, length, start = struct.unpack_from("<3Q", record, 32)
    return count, length, start, place


def _entries(directory: bytes, count: int) -> list[_Entry]:
    entries: list[_Entry] = []
    place = 0
    while len(entries) < count and directory[place : place + 4] == b"PK\x01\x02" and len(directory) >= place + 46:
        flags, method = struct.unpack_from("<2H", directory, place + 8)
        packed, unpacked, name_bytes, extra_bytes, comment_bytes = struct.unpack_from("<2I3H", directory, place + 20)
        attributes, start = struct.unpack_from("<2I", directory, place + 38)
        raw = directory[place + 46 : place + 46 + name_bytes]
        extra = directory[place + 46 + name_bytes : place + 46 + name_bytes + extra_bytes]
        unpacked, packed, start = _wide(extra, unpacked, packed, start)
        name = _text(raw, is_utf8=bool(flags & 0x800))
        is_folder = name.endswith(("/", "\\")) or bool(attributes & 0x10 and not unpacked)
        entries.append(_Entry(name, is_folder, bool(flags & 1), method, packed, unpacked, start))
        place += 46 + name_bytes + extra_bytes + comment_bytes
    return entries


def _wide(extra: bytes, *values: int) -> list[int]:
    """Values that did not fit into 32 bits stand in an extra field, those alone, in this order."""
    place = 0
    wide: bytes = b""
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            wide = extra[place + 4 : place + 4 + length]
        place += 4 + length
    found = []
    for value in values:
        if value == _IN_ZIP64 and len(wide) >= 8:
            (value,) = struct.unpack_from("<Q", wide)
            wide = wide[8:]
        found.append(value)
    return found


def _text(raw: bytes, *, is_utf8: bool) -> str:
    """A name; without a flag that says so it is UTF-8 (macOS), GB 18030 (Chinese Windows) or the DOS code page."""
    for encoding in ("utf-8",) if is_utf8 else ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp437")


def _member(file: IO[bytes], size: int, entry: _Entry, offset: int) -> Member:
    if entry.is_folder or entry.is_encrypted:
        return Member(
            entry.name,
            entry.size_bytes,
            is_folder=entry.is_folder,
            is_encrypted=entry.is_encrypted and not entry.is_folder,
        )
    beginning = _beginning(file, size, entry, offset)
    if isinstance(beginning, str):
        return Member(entry.name, entry.size_bytes, unread=beginning)
    kind = kind_of(beginning[:HEAD_BYTES])
    facts = Facts(kind, entry.size_bytes, has_sound=kind == "wav")
    if kind == "wav":
        found = wave(io.BytesIO(beginning), entry.size_bytes)
        facts = Facts(
            kind,
            entry.size_bytes,
            found.damage,
            seconds=found.seconds,
            has_sound=True,
            audio_codec=found.codec,
            sample_rate_hz=found.sample_rate_hz,
            channels=found.channels,
            sample_bits=found.sample_bits,
        )
    return Member(entry.name, entry.size_bytes, facts)


def _beginning(file: IO[bytes], size: int, entry: _Entry, offset: int) -> bytes | str:
    """The first bytes of a file in the archive, or why they can't be had."""
    place = entry.place + offset
    if place + 30 + entry.packed_bytes > size:
        return "lies beyond the end of the archive"
    file.seek(place)
    header = file.read(30)
    if header[:4] != b"PK\x03\x04" or len(header) < 30:
        return "is not where the directory says"
    name_bytes, extra_bytes = struct.unpack_from("<2H", header, 26)
    file.seek(place + 30 + name_bytes + extra_bytes)
    packed = file.read(min(entry.packed_bytes, _BEGINNING_BYTES))
    if entry.method == _STORED:
        return packed
    if entry.method != _DEFLATED:
        return f"is packed by method {entry.method}, not by deflate"
    try:
        return zlib.decompressobj(-15).decompress(packed, _BEGINNING_BYTES)
    except zlib.error:
        return "can't be unpacked: it is damaged"
