"""Whether a file can be written to a place: told before anything is paid for that could not be stored there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tadh_cli.errors import FileError

# The name that stands for stdin and stdout.
STDOUT = "-"
SUBTITLES = ".srt"
# What a name is given while the file is not whole, and the note beside it: `.PID.part.json`.
_LONGEST_ADDITION = len(".4194304.part.json")
_LONGEST_NAME = 255


def unfit(path: Path, *, may_replace: bool) -> str:
    """Why a file can't be written there, empty when it can; `may_replace` one that exists."""
    try:
        return _unfit(path, may_replace=may_replace)
    except (OSError, ValueError) as error:
        return f"{path}: {_words(error)}"


def unreachable(folder: Path) -> str:
    """Why files can't be written to a directory, which is made when it is needed; empty when they can."""
    try:
        return _unreachable(folder, folder)
    except (OSError, ValueError) as error:
        return f"{folder}: {_words(error)}"


def real(path: Path) -> Path:
    """The file itself, where a link leads to it: what is renamed into its place must not replace the link."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else path


def unwritable(target: Path, error: OSError) -> FileError:
    """The failure to write a file, for people."""
    import errno

    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "make room, then download it again" if full else "choose another place, or correct its permissions"
    return FileError(f"can't write {target}: {(error.strerror or type(error).__name__).lower()}", hint=hint)


def _unfit(path: Path, *, may_replace: bool) -> str:
    place = real(path)
    longest = _LONGEST_NAME - _LONGEST_ADDITION
    if len(os.fsencode(place.name)) > longest:
        return f"{path}: the name is longer than {longest} bytes"
    if reason := _unreachable(path, place.parent):
        return reason
    if place.is_dir():
        return f"{path} is a directory"
    if place.exists() and not place.is_file():
        return f"{path} is not a regular file, and would be replaced by one"
    if place.exists() and not may_replace:
        return f"{path} exists already; use --force to overwrite it, or another name"
    return ""


def _unreachable(path: Path, folder: Path) -> str:
    if not folder.is_absolute() and not _has_current_directory():
        return f"{path}: the current directory does not exist any more"
    existing = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), Path("."))
    if not existing.exists():
        return f"{path}: {existing} is a link to {os.readlink(existing)}, which does not exist"
    if not existing.is_dir():
        return f"{path}: {existing} is not a directory"
    return "" if _takes_files(existing) else f"{path}: {existing} can't be written"


def _takes_files(folder: Path) -> bool:
    """Whether a file can be made in a directory: by trying, since permissions tell little about file systems."""
    probe = folder / f".{os.getpid()}.tadh"
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        probe.unlink()
    except FileExistsError:
        return True
    except OSError:
        return False
    return True


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _has_current_directory() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def write_text(target: Path, text: str) -> None:
    """A text file, whole or not at all; raises FileError."""
    place = real(target)
    part = place.with_name(place.name + ".part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", errors="replace")
        os.replace(part, place)
    except OSError as error:
        raise unwritable(target, error) from error


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory for files of this block; raises FileError where none can be made."""
    import tempfile

    try:
        folder = tempfile.TemporaryDirectory(prefix="tadh-", ignore_cleanup_errors=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise FileError(f"no temporary directory can be made: {reason}", hint="make room in TMPDIR") from error
    with folder as name:
        yield Path(name)
