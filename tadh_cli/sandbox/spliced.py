"""Stored bytes as a file to read, whether they came in one piece or in parts; nothing is copied together for that."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, Protocol

BUFFER_BYTES = 1 << 18


class Readable(Protocol):
    """What can be opened for reading: a path is one."""

    @property
    def name(self) -> str: ...

    def open(self, mode: Literal["rb"]) -> IO[bytes]: ...


@dataclass(frozen=True)
class Stored:
    """The files that hold the bytes of an object, one after the other, and how many of each count."""

    pieces: tuple[tuple[Path, int], ...]

    @property
    def name(self) -> str:
        return "object"

    @property
    def size(self) -> int:
        return sum(size for _, size in self.pieces)

    def open(self, mode: Literal["rb"] = "rb") -> IO[bytes]:
        if len(self.pieces) == 1:
            return self.pieces[0][0].open(mode)
        return io.BufferedReader(_Spliced(self), BUFFER_BYTES)


class _Spliced(io.RawIOBase):
    """Reads pieces as one file; one of them is open at a time."""

    def __init__(self, stored: Stored) -> None:
        super().__init__()
        self._stored = stored
        self._at = 0
        self._open: tuple[Path, IO[bytes]] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._stored.size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        start = 0
        for path, size in self._stored.pieces:
            if self._at < start + size:
                file = self._file(path)
                file.seek(self._at - start)
                block = file.read(min(len(buffer), start + size - self._at))
                buffer[: len(block)] = block
                self._at += len(block)
                return len(block)
            start += size
        return 0

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None
        super().close()

    def _file(self, path: Path) -> IO[bytes]:
        if self._open is None or self._open[0] != path:
            if self._open is not None:
                self._open[1].close()
            self._open = (path, path.open("rb", buffering=0))
        return self._open[1]
