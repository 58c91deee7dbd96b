"""The object store's disk: objects by key, written in a stream, visible when they are complete."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tadh_cli.sandbox.state import State

# The CRC of xz and of COS (x-cos-hash-crc64ecma).
_CRC64 = 0x142F0E1EBA9EA3693
_ALL_ONES = 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True)
class Object:
    """A stored object; `stored` is virtual."""

    key: str
    file: str
    size: int
    etag: str
    crc64: str
    content_type: str
    stored: float


@dataclass(frozen=True)
class Part:
    """A part of a multipart upload."""

    number: int
    file: str
    size: int
    etag: str


@dataclass(frozen=True)
class Multipart:
    """An unfinished upload in parts."""

    id: str
    key: str
    content_type: str
    started: float
    parts: dict[str, dict[str, Any]]

    def sorted_parts(self) -> list[Part]:
        return sorted((Part(**part) for part in self.parts.values()), key=lambda part: part.number)


class Receiver:
    """A file that is being received, with its checksums."""

    def __init__(self, path: Path) -> None:
        import crcmod  # type: ignore[import-untyped]

        self.path = path
        self.size = 0
        self._file: IO[bytes] = path.open("wb")
        self._md5 = hashlib.md5()
        self._crc = crcmod.Crc(_CRC64, initCrc=0, rev=True, xorOut=_ALL_ONES)

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._md5.update(data)
        self._crc.update(data)
        self.size += len(data)

    def close(self) -> None:
        self._file.close()

    def discard(self) -> None:
        """Give up: nothing of it stays."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    @property
    def md5(self) -> bytes:
        return self._md5.digest()

    @property
    def crc64(self) -> str:
        return str(self._crc.crcValue)


class Store:
    """Objects in a directory, their facts in the state."""

    def __init__(self, directory: Path, state: State) -> None:
        self.directory = directory
        self.objects = state.table(Object)
        self.uploads = state.table(Multipart)
        self._numbers = itertools.count()
        directory.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def receiver(self) -> Receiver:
        """A new file to write to."""
        return Receiver(self.directory / f"{os.urandom(8).hex()}-{next(self._numbers)}")

    def path(self, key: str) -> Path | None:
        """The file of an object."""
        found = self.objects.get(key)
        return self.directory / found.file if found else None

    def keep(self, key: str, received: Receiver, content_type: str, now: float) -> Object:
        """Make what was received the object of this key, in place of the one before."""
        received.close()
        return self._put(
            Object(key, received.path.name, received.size, received.md5.hex(), received.crc64, content_type, now)
        )

    def remove(self, key: str) -> None:
        if (found := self.objects.get(key)) is not None:
            self.objects.remove(key)
            self._unlink(found.file)

    # Multipart uploads ---------------------------------------------------------------------------------

    def add_part(self, upload: Multipart, number: int, received: Receiver) -> Part:
        received.close()
        part = Part(number, received.path.name, received.size, received.md5.hex())
        before = upload.parts.get(str(number))
        parts = {**upload.parts, str(number): {**vars(part)}}
        self.uploads.change(upload.id, parts=parts)
        if before:
            self._unlink(before["file"])
        return part

    def join(self, upload: Multipart, parts: Iterable[Part], now: float) -> Object:
        """Make one object of parts; its ETag is no MD5 but a hash of theirs, as in COS."""
        chosen = list(parts)
        received = self.receiver()
        for part in chosen:
            with (self.directory / part.file).open("rb") as file:
                while block := file.read(1 << 20):
                    received.write(block)
        received.close()
        md5s = b"".join(bytes.fromhex(part.etag) for part in chosen)
        etag = f"{hashlib.md5(md5s).hexdigest()}-{len(chosen)}"
        made = Object(upload.key, received.path.name, received.size, etag, received.crc64, upload.content_type, now)
        self._put(made)
        self.abort(upload)
        return made

    def abort(self, upload: Multipart) -> None:
        self.uploads.remove(upload.id)
        for part in upload.sorted_parts():
            self._unlink(part.file)

    def forget(self) -> None:
        """Remove all files; the state forgets their facts."""
        for path in self.directory.iterdir():
            path.unlink(missing_ok=True)

    def _put(self, made: Object) -> Object:
        before = self.objects.get(made.key)
        self.objects.put(made.key, made)
        if before is not None:
            self._unlink(before.file)
        return made

    def _unlink(self, file: str) -> None:
        (self.directory / file).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a killed process had not finished."""
        known = {found.file for found in self.objects.values()}
        known |= {part.file for upload in self.uploads.values() for part in upload.sorted_parts()}
        for path in self.directory.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)
