"""A manifest as it was read: rows of values, each with its place, whatever the file's format."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tadh_cli.errors import InputError

STDIN = "-"
# No list of videos comes near it; more is a mistake in the file's name.
LARGEST_BYTES = 64 * 1024 * 1024
# Files by the ends of their names.
YAML, CSV, JSONL = (".yaml", ".yml"), (".csv", ".tsv"), (".jsonl", ".ndjson")


class Position(NamedTuple):
    """A place in a file; column 0 when only the line is known."""

    file: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Problem(NamedTuple):
    """Something wrong in a manifest, and where."""

    at: Position
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


class Value(NamedTuple):
    """A single value as it is written, None for one that is empty on purpose (null)."""

    text: str | None
    at: Position


class Row(NamedTuple):
    """The values of a video, or of `defaults`, by key; a key may have several."""

    at: Position
    values: Mapping[str, tuple[Value, ...]]
    # Where each key stands.
    keys: Mapping[str, Position]


class Manifest(NamedTuple):
    """Everything a manifest says; paths in it are relative to `folder`."""

    name: str
    folder: Path
    defaults: Row
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    # The columns of a table, also those in which nothing stands.
    columns: Mapping[str, Position] = {}


def read(name: str) -> Manifest:
    """The manifest in a YAML, CSV or JSONL file, or `-`; raises InputError when there is nothing to be read."""
    path = Path(name)
    data = _bytes(name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"{name}:{line}: byte 0x{data[error.start]:02X} is not UTF-8",
            hint="convert it, for instance with: iconv -f GB18030 -t UTF-8",
        ) from None
    folder = Path() if name == STDIN else path.parent
    return _reader(name, text)(name if name != STDIN else "stdin", folder, text)


def _bytes(name: str) -> bytes:
    try:
        if name == STDIN:
            data = sys.stdin.buffer.read(LARGEST_BYTES + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"MANIFEST {name}: {(getattr(error, 'strerror', None) or str(error)).lower()}") from None
    if len(data) > LARGEST_BYTES:
        raise InputError(f"MANIFEST {name} is larger than {LARGEST_BYTES >> 20} MiB: is it the right file?")
    return data


def _reader(name: str, text: str) -> Callable[[str, Path, str], Manifest]:
    from tadh_cli.engine.batch import tables, yaml_manifest

    suffix = Path(name).suffix.lower()
    if name == STDIN:
        return tables.read_jsonl if tables.looks_like_jsonl(text) else yaml_manifest.read_yaml
    if suffix in CSV:
        return tables.read_csv
    if suffix in JSONL:
        return tables.read_jsonl
    if suffix in YAML:
        return yaml_manifest.read_yaml
    known = ", ".join((*YAML, *CSV, *JSONL))
    raise InputError(f"MANIFEST {name}: the name has to end in {known}, or be - for stdin")
