"""The object store's disk: objects by key, written in a stream, visible when they are complete."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tadh_cli.sandbox import checksum
from tadh_cli.sandbox.spliced import Stored
from tadh_cli.sandbox.state import State

_ZEROS = bytes(1 << 20)


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
    # Names and sizes of the files of an upload in parts, instead of `file`.
    parts: list[tuple[str, int]] = field(default_factory=list)

    @property
    def files(self) -> list[tuple[str, int]]:
        return self.parts or [(self.file, self.size)]


@dataclass(frozen=True)
class Upload:
    """An unfinished upload in parts."""

    id: str
    key: str
    content_type: str
    started: float


@dataclass(frozen=True)
class Part:
    """A part of an upload; `stored` is virtual."""

    upload: str
    number: int
    file: str
    size: int
    etag: str
    crc64: str
    stored: float

    @property
    def id(self) -> str:
        return f"{self.upload}/{self.number}"


class Receiver:
    """A file that is being received, with its checksums."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._file: IO[bytes] = path.open("wb", buffering=0)
        self._md5 = hashlib.md5()
        self._update_crc = checksum.crc64()
        self._crc = 0

    def write(self, *blocks: bytes) -> None:
        """Append bytes; takes its time without holding up other threads."""
        for block in blocks:
            self._store(block)
            self._md5.update(block)
            self._crc = self._update_crc(block, self._crc)
            self.size += len(block)

    def close(self) -> None:
        if not self._file.closed:
            self._file.truncate(self.size)
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
        return str(self._crc)

    def _store(self, block: bytes) -> None:
        """Write a block; zeros become a hole, so that sparse files of many gigabytes stay sparse."""
        if block == (_ZEROS if len(block) == len(_ZEROS) else _ZEROS[: len(block)]):
            self._file.seek(len(block), os.SEEK_CUR)
            return
        view = memoryview(block)
        while view:
            view = view[self._file.write(view) :]


class Store:
    """Objects in a directory, their facts in the state."""

    def __init__(self, directory: Path, state: State) -> None:
        self.directory = directory
        self.objects = state.table(Object)
        self.uploads = state.table(Upload)
        self._parts = state.table(Part)
        self._numbers = itertools.count()
        directory.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def receiver(self) -> Receiver:
        """A new file to write to."""
        return Receiver(self.directory / f"{os.urandom(8).hex()}-{next(self._numbers)}")

    def content(self, key: str) -> Stored | None:
        """The bytes of an object."""
        found = self.objects.get(key)
        return Stored(tuple((self.directory / name, size) for name, size in found.files)) if found else None

    def keep(self, key: str, received: Receiver, content_type: str, now: float) -> Object:
        """Make what was received the object of this key, in place of the one before."""
        received.close()
        return self._put(
            Object(key, received.path.name, received.size, received.md5.hex(), received.crc64, content_type, now)
        )

    def remove(self, key: str) -> None:
        if (found := self.objects.get(key)) is not None:
            self.objects.remove(key)
            self._unlink(name for name, _ in found.files)

    # Multipart uploads ---------------------------------------------------------------------------------

    def parts(self, upload: Upload) -> list[Part]:
        """What has arrived, in the order of its numbers."""
        found = [part for part in self._parts.values() if part.upload == upload.id]
        return sorted(found, key=lambda part: part.number)

    def add_part(self, upload: Upload, number: int, received: Receiver, now: float) -> Part:
        """Keep a part, in place of an earlier one of the same number."""
        received.close()
        part = Part(upload.id, number, received.path.name, received.size, received.md5.hex(), received.crc64, now)
        before = self._parts.get(part.id)
        self._parts.put(part.id, part)
        if before:
            self._unlink([before.file])
        return part

    def join(self, upload: Upload, parts: Sequence[Part], now: float) -> Object:
        """Make one object of parts, whose files stay as they are; its ETag is a hash of theirs, as in COS."""
        crc = 0
        for part in parts:
            crc = checksum.joined(crc, int(part.crc64), part.size)
        md5s = b"".join(bytes.fromhex(part.etag) for part in parts)
        made = Object(
            upload.key,
            "",
            sum(part.size for part in parts),
            f"{hashlib.md5(md5s).hexdigest()}-{len(parts)}",
            str(crc),
            upload.content_type,
            now,
            [(part.file, part.size) for part in parts],
        )
        self._put(made)
        self._end(upload, keep={part.file for part in parts})
        return made

    def abort(self, upload: Upload) -> None:
        self._end(upload, keep=set())

    def _end(self, upload: Upload, *, keep: set[str]) -> None:
        """Forget an upload and remove the files of its parts except some."""
        self.uploads.remove(upload.id)
        for part in self.parts(upload):
            self._parts.remove(part.id)
            if part.file not in keep:
                self._unlink([part.file])

    def forget(self) -> None:
        """Remove all files; the state forgets their facts."""
        for path in self.directory.iterdir():
            path.unlink(missing_ok=True)

    def _put(self, made: Object) -> Object:
        before = self.objects.get(made.key)
        self.objects.put(made.key, made)
        if before is not None:
            self._unlink(name for name, _ in before.files)
        return made

    def _unlink(self, files: Iterable[str]) -> None:
        for file in files:
            (self.directory / file).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a killed process had not finished."""
        known = {name for found in self.objects.values() for name, _ in found.files}
        known |= {part.file for part in self._parts.values()}
        for path in self.directory.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)
