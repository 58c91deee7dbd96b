"""Packing recordings into the flat zip that a voice clone takes."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tadh_cli.api.material import Limit
from tadh_cli.errors import FileError, InputError
from tadh_cli.media.preflight import Report, inspect, inspect_recordings, refuse

_COPIED_AT_ONCE = 1024 * 1024
_LONGEST_STEM = 60


@dataclass(frozen=True)
class Packed:
    """A zip that was made: its path, what its inspection says, the name each source got in it, what was left out."""

    path: Path
    report: Report
    names: tuple[tuple[Path, str], ...]
    ignored: tuple[Path, ...] = ()


def recordings(sources: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The WAV files that are meant by files and directories, in order of their names, and what else is in these.

    Hidden files are no recordings. Raises InputError for a directory that can't be read.
    """
    found: list[Path] = []
    ignored: list[Path] = []
    for source in sources:
        if not source.is_dir():
            found.append(source)
            continue
        try:
            inside = sorted(source.iterdir(), key=lambda path: _natural(path.name))
        except OSError as error:
            raise InputError(f"{source}: {(error.strerror or type(error).__name__).lower()}") from None
        shown = [path for path in inside if not path.name.startswith(".")]
        found += [path for path in shown if path.suffix.lower() == ".wav" and not path.is_dir()]
        ignored += [path for path in shown if path.suffix.lower() != ".wav" or path.is_dir()]
    return found, ignored


def pack(sources: Sequence[Path], target: Path, limit: Limit, *, flag: str = "") -> Packed:
    """Pack WAV files, or those in directories, into the flat zip that a voice clone takes.

    `limit` is that of the zip. The same files give the same bytes; names are made to follow the rule. Memory stays
    bounded, and `target` appears when it is whole. Raises InputError with every reason why these can't be packed,
    each beginning with `flag`, and FileError when the zip can't be written.
    """
    found, ignored = recordings(sources)
    named = tuple(zip(found, safe_names(found), strict=True))
    if not found:
        lead = f"{flag} " if flag else ""
        raise InputError(f"{lead}{', '.join(map(str, sources))}: has no WAV file in it ({limit.source})")
    refuse(flag, *inspect_recordings(found, limit))
    part = target.with_name(f"{target.name}.part")
    try:
        _write(part, named)
        report = inspect(part, limit, name=str(target))
        refuse(flag, report)
        os.replace(part, target)
    except OSError as error:
        raise FileError(f"{error.filename or part}: {(error.strerror or type(error).__name__).lower()}") from None
    finally:
        part.unlink(missing_ok=True)
    return Packed(target, replace(report, path=target), named, tuple(ignored))


def safe_names(paths: Sequence[Path]) -> list[str]:
    """A name in the zip for each file: ASCII letters, digits, _ and -, extension .wav, none twice.

    Programs that unpack zips disagree on how other letters are written.
    """
    names: list[str] = []
    for number, path in enumerate(paths, 1):
        stem = re.sub(r"[^A-Za-z0-9_]+", "-", path.stem).strip("-")[:_LONGEST_STEM] or f"voice-{number}"
        names.append(f"{_unique(stem, names)}.wav")
    return names


def _unique(stem: str, taken: Collection[str]) -> str:
    """The stem, numbered when it was given away, also in other case: some systems can't tell these apart."""
    folded = {name.casefold() for name in taken}
    numbered = (f"{stem}-{number}" if number > 1 else stem for number in range(1, len(folded) + 2))
    return next(found for found in numbered if f"{found}.wav".casefold() not in folded)


def _natural(name: str) -> list[tuple[int, str]]:
    """A sort key with take 2 before take 10."""
    return [(int(part), "") if part.isdecimal() else (0, part.casefold()) for part in re.split(r"(\d+)", name)]


def _write(target: Path, named: Sequence[tuple[Path, str]]) -> None:
    """Stored, not compressed, with one fixed time: sound hardly shrinks, and the same files give the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path, name in named:
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o644 << 16
            info.file_size = path.stat().st_size
            with open(path, "rb") as source, archive.open(info, "w") as packed:
                shutil.copyfileobj(source, packed, _COPIED_AT_ONCE)
