"""Any sound as the PCM that drives an avatar: 16 kHz, 16 bits little-endian, mono; read while it is needed.

What is such PCM already passes as it is, sample by sample, without PyAV.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from tadh_cli.errors import FileError, InputError
from tadh_cli.media.kind import HEAD_BYTES, kind_of
from tadh_cli.media.probe import has_pyav
from tadh_cli.media.remedy import INSTALL
from tadh_cli.media.sounds import OPEN_LENGTHS, wave_form

RATE_HZ = 16_000
SAMPLE_BYTES = 2
BYTES_A_SECOND = RATE_HZ * SAMPLE_BYTES
_PIECE_BYTES = 64 * 1024
# More in front of the sound of a WAV is left to PyAV.
_MOST_HEADER_BYTES = 1 << 20
# A name for stdin.
_STDIN = "-"
# Of no use to anybody who gives them as a sound.
_NO_SOUNDS = ("html", "xml", "pdf", "zip", "png", "jpg", "gif", "webp", "bmp", "tiff", "heic", "avif", "rar", "7z")

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Pcm:
    """The sound in pieces of any size; `seconds` where its length is known beforehand.

    `chunks` is read once, by one thread; what it meets too late to refuse it raises FileError for.
    """

    chunks: Iterator[bytes]
    seconds: float | None
    # Gives back what was opened, unless `chunks` is being read: then its end does.
    close: Callable[[], None]


def raw(flag: str, name: str, warn: Warn) -> Pcm:
    """PCM without a header, from a file or stdin; raises InputError when there is none to be read."""
    source = Source(flag, name)
    if source.is_seekable:
        # What comes through a pipe is taken at its word, and at once.
        kind = kind_of(source.peek(HEAD_BYTES))
        if kind == "empty":
            raise source.refused("is empty")
        if kind in ("wav", "flac", "m4a", "wma"):
            raise source.refused(f"is {kind}, not raw PCM", hint="--audio takes files of any kind")
    return _as_it_is(source, warn)


def sound(flag: str, name: str, warn: Warn) -> Pcm:
    """The sound of a file of any kind, or of what comes from stdin; raises InputError when there is none to be heard.

    The beginning is read for that, so that nothing is sent before it is known to be a sound.
    """
    source = Source(flag, name)
    kind = kind_of(source.peek(HEAD_BYTES))
    if kind == "empty":
        raise source.refused("is empty")
    if kind in _NO_SOUNDS:
        raise source.refused(f"is no sound but {kind}")
    if kind == "wav":
        found = _ready_made(source)
        if found is not None:
            return _as_it_is(source, warn, *found)
    if not has_pyav():
        hint = f"{INSTALL.command}, or give a WAV of {RATE_HZ} Hz, 16 bits, mono"
        raise source.refused("has to be converted, which needs PyAV", hint=hint)
    from tadh_cli.media import decoding

    return decoding.converted(source, kind, warn)


class Source:
    """A file or a pipe, of which the beginning can be looked at."""

    def __init__(self, flag: str, name: str) -> None:
        self.flag, self.name = flag, name
        self._head = b""
        try:
            self.file = _opened(name)
            self.is_seekable = self.file.seekable()
            self._start = self.file.tell() if self.is_seekable else 0
        except (OSError, ValueError) as error:
            raise self.refused(words(error)) from None

    @property
    def told(self) -> str:
        return f"{self.flag} {self.name}"

    @property
    def size(self) -> int | None:
        """How many bytes are left from here on, None for a pipe."""
        if not self.is_seekable:
            return None
        here = self.file.tell()
        end = self.file.seek(0, os.SEEK_END)
        self.file.seek(here)
        return end - here

    def refused(self, problem: str, hint: str = "") -> InputError:
        self.close()
        return InputError(f"{self.told} {problem}", hint=hint)

    def close(self) -> None:
        if self.name != _STDIN and hasattr(self, "file"):
            self.file.close()

    def peek(self, count: int) -> bytes:
        """The next bytes, fewer only at the end; they are read again."""
        try:
            found = self.exactly(count)
        except OSError as error:
            raise self.refused(f"can't be read: {words(error)}") from None
        if self.is_seekable:
            self.file.seek(-len(found), os.SEEK_CUR)
        else:
            self._head = found + self._head
        return found

    def rewind(self, *, read: bytes = b"") -> None:
        """Begin again; of a pipe, `read` is what has to be read again."""
        if self.is_seekable:
            self.file.seek(self._start)
        else:
            self._head = read + self._head

    def exactly(self, count: int) -> bytes:
        parts = []
        while count > 0 and (part := self.read(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def read(self, count: int = -1) -> bytes:
        """What is there, without waiting for more than the first byte of it; nothing at the end."""
        if self._head:
            count = len(self._head) if count < 0 else count
            found, self._head = self._head[:count], self._head[count:]
            return found
        reader: Any = getattr(self.file, "read1", self.file.read)
        return bytes(reader(_PIECE_BYTES if count < 0 else count) or b"") if count else b""


def _opened(name: str) -> IO[bytes]:
    if name == _STDIN:
        try:
            # By its number: a thread that waits in a stream is in the way when the program ends.
            return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
        except io.UnsupportedOperation:
            return sys.stdin.buffer
    if stat.S_ISDIR(os.stat(name).st_mode):
        raise IsADirectoryError(0, "is a directory")
    return open(name, "rb", buffering=0)


def words(error: Exception) -> str:
    """A failure to read, for a sentence."""
    told = getattr(error, "strerror", None) or str(error)
    return str(told or type(error).__name__).lower()


# As it is ----------------------------------------------------------------------------------------------


def _as_it_is(source: Source, warn: Warn, promised: int | None = None) -> Pcm:
    """As many bytes of PCM as a header promises, or all to the end."""
    sizes = [size for size in (promised, source.size) if size is not None]
    if sizes and min(sizes) < SAMPLE_BYTES:
        raise source.refused("has no sound in it")
    reading = _Reading(source, warn, promised)
    return Pcm(iter(reading), min(sizes) / BYTES_A_SECOND if sizes else None, reading.close)


class _Reading:
    """The pieces of a sound that needs no conversion."""

    def __init__(self, source: Source, warn: Warn, promised: int | None) -> None:
        self._source, self._warn, self._promised = source, warn, promised
        self._has_begun = False

    def close(self) -> None:
        if not self._has_begun:
            self._source.close()

    def __iter__(self) -> Iterator[bytes]:
        self._has_begun = True
        seen, half, told = 0, b"", self._source.told
        try:
            while piece := self._source.read(self._left(seen)):
                seen += len(piece)
                whole = half + piece
                half = whole[len(whole) - len(whole) % SAMPLE_BYTES :]
                if len(whole) > len(half):
                    yield whole[: len(whole) - len(half)]
        except OSError as error:
            raise FileError(f"{told} breaks off after {_seconds(seen)}: {words(error)}") from None
        finally:
            self._source.close()
        if self._promised is not None and seen < self._promised:
            self._warn(f"{told} is truncated: it has {_seconds(seen)} of {_seconds(self._promised)}")
        if half:
            self._warn(f"{told} ends in the middle of a sample: its last byte is left out")

    def _left(self, seen: int) -> int:
        return _PIECE_BYTES if self._promised is None else min(_PIECE_BYTES, self._promised - seen)


def _seconds(count: int) -> str:
    return f"{count / BYTES_A_SECOND:.1f} s"


def _ready_made(source: Source) -> tuple[int | None] | None:
    """The bytes of PCM that follow in a WAV of the right kind (None: all), with the file read up to them.

    None when it is of another kind or can't be told; then what was read of a pipe is put back.
    """
    read = bytearray(source.exactly(12))
    length64, is_right = None, False
    while len(read) < _MOST_HEADER_BYTES:
        header = source.exactly(8)
        read += header
        if len(header) < 8:
            break
        name, length = struct.unpack("<4sI", header)
        if name == b"data":
            if not is_right:
                break
            known = length64 if length == 0xFFFFFFFF and length64 is not None else length
            return (None if known in OPEN_LENGTHS else known,)
        content = source.exactly(min(length + length % 2, _MOST_HEADER_BYTES))
        read += content
        if name == b"ds64" and len(content) >= 16:
            # A WAV of more than 4 GiB has its lengths here.
            (length64,) = struct.unpack_from("<Q", content, 8)
        elif name == b"fmt ":
            form, _ = wave_form(content)
            is_right = form is not None and _is_right(form.codec, form.sample_rate_hz, form.channels, form.sample_bits)
    source.rewind(read=bytes(read))
    return None


def _is_right(codec: str, rate_hz: int | None, channels: int | None, bits: int | None) -> bool:
    return (codec, rate_hz, channels, bits) == ("pcm", RATE_HZ, 1, 8 * SAMPLE_BYTES)
