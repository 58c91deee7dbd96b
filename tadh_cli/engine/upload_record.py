"""Records of unfinished uploads: what it takes to go on in another run, and nothing secret.

A record is a file of JSON lines: the upload, then each part as it arrives. It belongs to one process as long
as that has it locked; a second upload of the same file gets a record of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tadh_cli.engine.locks import locked
from tadh_cli.engine.upload_file import LocalFile

# The store keeps the parts of an unfinished upload so long.
LIFE_S = 7 * 86_400.0
_VERSION = 1
# More uploads of one file at the same time go without a record.
_SLOTS = 8


@dataclass(frozen=True)
class Part:
    """A part that has arrived."""

    etag: str
    crc64: int


@dataclass(frozen=True)
class Begun:
    """An upload in parts at the place where it began; `parts` have arrived."""

    url: str
    upload: str
    part_bytes: int
    parts: dict[int, Part] = field(default_factory=dict)


class Record:
    """The record of one upload. What can't be written is told once; the upload goes on without it."""

    def __init__(
        self, source: LocalFile, warn: Callable[[str], None], path: Path | None = None, file: IO[bytes] | None = None
    ) -> None:
        self._size_bytes = source.size_bytes
        self._identity = {
            "File": str(source.path),
            "Bytes": source.size_bytes,
            "ModifiedNs": source.modified_ns,
            "Inode": source.inode,
            "Fingerprint": source.fingerprint(),
        }
        self._warn = warn
        self._path = path
        self._file = file

    @property
    def is_kept(self) -> bool:
        """Whether another run can go on from here."""
        return self._file is not None

    def read(self, now_s: float) -> tuple[Begun | None, bool]:
        """The unfinished upload on record, if any, and whether it is of this very file and young enough to go on."""
        if self._file is None:
            return None, False
        self._file.seek(0)
        lines = self._file.read().split(b"\n")
        head = _decoded(lines[0])
        begun = _begun(head)
        if begun is None:
            return None, False
        # A line that was cut off when the power went is no part; the next one is written in its place.
        good = len(lines[0]) + 1
        for line in lines[1:-1]:
            if not _read_part(_decoded(line), begun, self._size_bytes):
                break
            good += len(line) + 1
        self._file.seek(good)
        self._file.truncate()
        began_s = head.get("BeganAt")
        is_young = isinstance(began_s, (int, float)) and now_s - began_s < LIFE_S
        return begun, is_young and all(head.get(name) == value for name, value in self._identity.items())

    def begin(self, begun: Begun, now_s: float) -> None:
        """Write down a new upload in place of what was here."""
        head = {"Version": _VERSION, "BeganAt": int(now_s), **self._identity}
        self._write({**head, "Url": begun.url, "UploadId": begun.upload, "PartBytes": begun.part_bytes}, is_first=True)

    def add(self, number: int, part: Part) -> None:
        """Write down a part that has arrived."""
        self._write({"Part": number, "ETag": part.etag, "Crc64": str(part.crc64)})

    def clear(self) -> None:
        """The upload is given up, another one begins."""
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(0)

    def forget(self) -> None:
        """The upload is finished or given up."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = self._path = None

    def _write(self, line: Mapping[str, Any], *, is_first: bool = False) -> None:
        """A line that is on the disk when this returns."""
        if self._file is None:
            return
        data = memoryview(json.dumps(line).encode() + b"\n")
        try:
            if is_first:
                self._file.seek(0)
                self._file.truncate()
            while data:
                data = data[self._file.write(data) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._warn(f"{_unkept(error)} (writing {self._path})")
            self.forget()


def _unkept(error: OSError) -> str:
    return f"should the upload break off, it can't go on in another run: {(error.strerror or str(error)).lower()}"


@contextmanager
def record_of(
    directory: Path, owner: str, source: LocalFile, now_s: float, warn: Callable[[str], None]
) -> Iterator[Record]:
    """The record for a file and an owner (account and folder), locked; old ones are swept away on the way."""
    digest = hashlib.sha256(f"{owner}\n{source.path}".encode(errors="surrogateescape")).hexdigest()[:24]
    record = Record(source, warn)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(directory, now_s)
        for slot in range(1, _SLOTS + 1):
            path = directory / f"{digest}-{slot}.jsonl"
            if (file := locked(path, 0o600, buffering=0)) is not None:
                record = Record(source, warn, path, file)
                break
    except OSError as error:
        warn(f"{_unkept(error)} (in {directory})")
    try:
        yield record
    finally:
        record.close()


def _sweep(directory: Path, now_s: float) -> None:
    """Remove the records of uploads that the store has given up by now."""
    for path in directory.glob("*.jsonl"):
        with suppress(FileNotFoundError):
            if now_s - path.stat().st_mtime > LIFE_S and (file := locked(path, 0o600, buffering=0)) is not None:
                path.unlink(missing_ok=True)
                file.close()


# Lines -------------------------------------------------------------------------------------------------


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _begun(head: Mapping[str, Any]) -> Begun | None:
    url, upload, part_bytes = head.get("Url"), head.get("UploadId"), head.get("PartBytes")
    if head.get("Version") != _VERSION or not (isinstance(url, str) and isinstance(upload, str) and url and upload):
        return None
    return Begun(url, upload, part_bytes) if isinstance(part_bytes, int) and part_bytes > 0 else None


def _read_part(line: Mapping[str, Any], begun: Begun, size_bytes: int) -> bool:
    """Take a line over into `begun`; tells whether it is whole."""
    number, etag, crc64 = line.get("Part"), line.get("ETag"), line.get("Crc64")
    if not (isinstance(number, int) and isinstance(etag, str) and isinstance(crc64, str) and crc64.isdigit()):
        return False
    if 1 <= number <= -(-size_bytes // begun.part_bytes):
        begun.parts[number] = Part(etag, int(crc64))
    return True
