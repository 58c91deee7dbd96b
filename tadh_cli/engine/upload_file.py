"""A local file on its way to a store: what tells that it is still the same, and its bytes, piece by piece."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import IO

from tadh_cli.engine.crc64 import crc64
from tadh_cli.errors import InputError

# What is read and handed to the socket at a time: small enough for a slow line to take it before a timeout.
BLOCK_BYTES = 256 * 1024
_SAMPLE_BYTES = 64 * 1024


class FileChanged(InputError):
    """The file is no longer the one whose upload began."""


@dataclass(frozen=True)
class LocalFile:
    """A file as it was when its upload began; `path` is absolute."""

    path: Path
    size_bytes: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> LocalFile:
        """The file at a path; raises InputError when there is none that can be uploaded."""
        with readable(path):
            found = os.stat(path)
            # Opening a pipe would wait for its other end.
            if not S_ISREG(found.st_mode):
                raise InputError(f"{path} is no file")
            open(path, "rb").close()
        if not found.st_size:
            raise InputError(f"{path} is empty")
        return cls(Path(os.path.abspath(path)), found.st_size, found.st_mtime_ns, found.st_ino)

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The file for reading, without a buffer; raises FileChanged when it is another one by now."""
        with readable(self.path), open(self.path, "rb", buffering=0) as file:
            self._refuse_other(os.fstat(file.fileno()))
            yield file

    def check(self) -> None:
        """Raises FileChanged when the file is another one by now."""
        with readable(self.path):
            self._refuse_other(os.stat(self.path))

    def fingerprint(self) -> str:
        """A hash of samples: beginning, middle and end."""
        digest = hashlib.sha256()
        middle = max(0, self.size_bytes - _SAMPLE_BYTES) // 2
        with self.opened() as file:
            for start in (0, middle, max(0, self.size_bytes - _SAMPLE_BYTES)):
                file.seek(start)
                digest.update(file.read(_SAMPLE_BYTES))
        return digest.hexdigest()

    def md5(self, start: int, length: int) -> bytes:
        """The MD5 of some of its bytes."""
        with self.opened() as file:
            piece = Slice(self, file, start, length, with_md5=True)
            for _ in iter(piece.read, b""):
                pass
        assert piece.md5 is not None
        return piece.md5.digest()

    def _refuse_other(self, found: os.stat_result) -> None:
        if (found.st_size, found.st_mtime_ns, found.st_ino) != (self.size_bytes, self.modified_ns, self.inode):
            raise changed(self.path)


def changed(path: Path) -> FileChanged:
    """The failure to upload something that does not hold still."""
    return FileChanged(
        f"{path} changed while it was uploaded", hint="upload it again when nobody writes to it any more"
    )


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Failures to read a file, with its name."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from None


def in_base64(md5: bytes) -> str:
    """An MD5 as HTTP headers carry it."""
    return base64.b64encode(md5).decode()


def _ignore(_count: int) -> None:
    return None


def _go_on() -> None:
    return None


class Slice:
    """Some bytes of a file as a body to send, read into one small buffer, with their CRC (and MD5) so far.

    `moved` is told how many bytes are about to leave; `before_last` is called before the last of them do. Both
    may raise to stop the transfer.
    """

    def __init__(
        self,
        source: LocalFile,
        file: IO[bytes],
        start: int,
        length: int,
        moved: Callable[[int], None] = _ignore,
        before_last: Callable[[], None] = _go_on,
        *,
        with_md5: bool = False,
    ) -> None:
        file.seek(start)
        self.crc64 = 0
        self.md5 = hashlib.md5(usedforsecurity=False) if with_md5 else None
        self._source = source
        self._file = file
        self._length = self._left = length
        self._moved = moved
        self._before_last = before_last
        self._buffer = memoryview(bytearray(min(BLOCK_BYTES, length)))

    def __len__(self) -> int:
        return self._length

    def read(self, _size: int = -1, /) -> memoryview:
        """The next block, however much is asked for: it is gone once the next one is read."""
        block = self._buffer[: min(len(self._buffer), self._left)]
        with readable(self._source.path):
            count: int = self._file.readinto(block) if block else 0  # type: ignore[attr-defined]
        if count < len(block):
            raise changed(self._source.path)
        if block:
            self._left -= count
            if not self._left:
                self._before_last()
            self._moved(count)
            self.crc64 = crc64(block, self.crc64)
            if self.md5 is not None:
                self.md5.update(block)
        return block
