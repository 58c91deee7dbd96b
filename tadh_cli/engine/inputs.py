"""Text and sound that a user hands in: read, checked, measured, before anything is sent."""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from tadh_cli.api.material import Limit
from tadh_cli.errors import InputError
from tadh_cli.media.kind import EXTENSIONS
from tadh_cli.media.preflight import Report, inspect, refuse, warnings

# No text that a service takes comes near this; more is a mistake in the file's name.
_LARGEST_TEXT_BYTES = 4 * 1024 * 1024
# No file that a service takes is larger.
LARGEST_FILE_BYTES = 10 * 1024**3
# Stands for the URL of a file that has yet to be uploaded.
TO_BE_UPLOADED = "https://to-be-uploaded/"
_PIECE_BYTES = 1024 * 1024
_ARRIVING_BYTES = 16 * 1024


@dataclass(frozen=True)
class Sound:
    """A local sound file: what it is, how large, and how long if that can be told."""

    path: Path
    kind: str
    size_bytes: int
    seconds: float | None
    warnings: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The extension for what the file really is, whatever it is called."""
        return EXTENSIONS[self.kind]


def text_argument(flag: str, given: str) -> str:
    """The text of an option: itself, `@FILE`, or `-` for stdin."""
    if given == "-":
        try:
            return _decoded(flag, "stdin", sys.stdin.buffer.read(_LARGEST_TEXT_BYTES + 1))
        except OSError as error:
            raise InputError(f"{flag} -: stdin can't be read: {_words(error)}") from None
    return text_file(flag, given[1:]) if given.startswith("@") else given


def text_file(flag: str, name: str) -> str:
    """The text in a file, `-` for stdin; raises InputError when it can't be read as UTF-8."""
    if name == "-":
        return text_argument(flag, "-")
    try:
        with open(name, "rb") as file:
            return _decoded(flag, name, file.read(_LARGEST_TEXT_BYTES + 1))
    except OSError as error:
        raise InputError(f"{flag} {name}: {_words(error)}") from None


def arriving(flag: str, name: str) -> Iterator[bytes]:
    """What comes through a pipe or stands in a file, `-` for stdin, piece by piece as it arrives.

    Raises InputError when it can't be read, for a file that can't be opened before anything else happens.
    """
    try:
        number = sys.stdin.fileno() if name == "-" else os.open(name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    except (OSError, ValueError) as error:
        raise InputError(f"{flag} {name}: {_words(error)}") from None
    return _pieces(number, is_ours=name != "-")


def _pieces(number: int, *, is_ours: bool) -> Iterator[bytes]:
    """By its number, not as a stream: a thread that waits in one would be in the way when the program ends."""
    try:
        while data := os.read(number, _ARRIVING_BYTES):
            yield data
    finally:
        if is_ours:
            os.close(number)


def _decoded(flag: str, name: str, data: bytes) -> str:
    if len(data) > _LARGEST_TEXT_BYTES:
        raise InputError(f"{flag} {name} is larger than {_LARGEST_TEXT_BYTES >> 20} MiB: is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{flag} {name} is not UTF-8 (byte 0x{data[error.start]:02X} at position {error.start})",
            hint="convert it, for instance with: iconv -f GB18030 -t UTF-8",
        ) from None


def is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def sound(flag: str, name: str, limit: Limit) -> Sound:
    """A local sound file that satisfies a limit; raises InputError with every reason why it does not.

    It may come through a pipe, with a name (`<(…)`) or as stdin.
    """
    report = _piped(flag, name, limit) if _is_pipe(name) else inspected(flag, name, limit)
    refuse(flag, report)
    assert report.facts is not None
    facts = report.facts
    return Sound(report.path, facts.kind, facts.size_bytes, facts.seconds, tuple(warnings(flag, report)))


def inspected(flag: str, name: str, limit: Limit) -> Report:
    """What a file is, and whether it is within a limit; stdin for `-` is kept in a file until the program ends."""
    return _piped(flag, name, limit) if name == "-" else inspect(Path(name), limit)


def _piped(flag: str, name: str, limit: Limit) -> Report:
    """It has no name that could be wrong or stand in a command."""
    most_bytes = limit.size.most_bytes if limit.size else LARGEST_FILE_BYTES
    report = inspect(spooled(flag, name, most_bytes), replace(limit, name=None), name=name)
    return replace(report, findings=tuple(replace(finding, command="") for finding in report.findings))


def _is_pipe(name: str) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(name).st_mode)
    except (OSError, ValueError):
        return False


def spooled(flag: str, name: str = "-", most_bytes: int = LARGEST_FILE_BYTES) -> Path:
    """What comes through a pipe in a file of its own: it has to be measured and may have to be sent twice.

    No more is kept than it takes to see that it is too much.
    """
    left = most_bytes + 1
    try:
        folder = Path(tempfile.mkdtemp(prefix="tadh-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        path = folder / "stdin"
        with open(path, "wb") as file, nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb") as source:
            while left > 0 and (piece := source.read(min(left, _PIECE_BYTES))):
                file.write(piece)
                left -= len(piece)
    except OSError as error:
        raise InputError(f"{flag} {name}: {_words(error)}") from None
    return path


def _words(error: OSError | ValueError) -> str:
    return (getattr(error, "strerror", None) or type(error).__name__).lower()
