"""The files that a finished production leaves on this machine."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tadh_cli.api.waiter import Waiter
from tadh_cli.engine.tasks import Tasks
from tadh_cli.engine.transfer import Progress, Source, download, unwritable
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import FileError, InputError, NotFound
from tadh_cli.media import subtitles

STDOUT = "-"
_KINDS = {"video": ("mp4", "webm", "mov"), "audio": ("mp3", "wav", "m4a")}
_SUFFIXES = {".mp4", ".webm", ".mov", ".mp3", ".wav", ".m4a"}
_DEFAULT_SUFFIX = {"video": ".mp4", "audio": ".mp3"}

# Shows the progress of a transfer whose name is given.
Display = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class Target:
    """Where a result goes: a file, a directory (a slash at its end, or it exists), or stdout."""

    given: str
    force: bool = False

    @property
    def is_stdout(self) -> bool:
        return self.given == STDOUT

    @property
    def is_directory(self) -> bool:
        return self.given.endswith(("/", os.sep)) or Path(self.given).is_dir()

    def path(self, task_id: str, suffix: str) -> Path:
        """The file for a task's media."""
        return Path(self.given) / f"{task_id}{suffix}" if self.is_directory else Path(self.given)

    def check(self) -> list[str]:
        """Problems that can be told before there is a task: nothing is paid for that can't be stored."""
        if self.is_stdout:
            return []
        place = Path(self.given)
        if not self.is_directory and place.exists() and not self.force:
            return [f"--download {self.given} exists already; use --force to overwrite it, or another name"]
        folder = place if self.is_directory else place.parent
        existing = next((path for path in (folder, *folder.parents) if path.exists()), Path("."))
        if not existing.is_dir():
            return [f"--download {self.given}: {existing} is not a directory"]
        return [] if os.access(existing, os.W_OK) else [f"--download {self.given}: {existing} can't be written"]


@dataclass
class Results:
    """Downloads of productions."""

    tasks: Tasks
    transport: Transport
    display: Display

    def fetch(
        self, waiter: Waiter, record: Mapping[str, Any], target: Target, *, only_subtitles: bool = False
    ) -> list[str]:
        """Download media and subtitles of a finished task; returns the files, the media first."""
        task_id = str(record["TaskId"])
        if not record.get("MediaUrl") and not only_subtitles:
            raise NotFound(
                f"{waiter.kind} {task_id} has no link to download from",
                hint="a result that went to a storage of your own is found there",
                task_id=task_id,
            )
        media = target.path(task_id, _suffix(record, waiter.kind))
        files: list[str] = []
        if not only_subtitles:
            files.append(self._one(waiter, record, "MediaUrl", media, _KINDS[waiter.kind], target))
        if record.get("SubtitlesUrl"):
            beside = media.with_suffix(".srt") if not (only_subtitles and media.suffix == ".srt") else media
            files.append(self._one(waiter, record, "SubtitlesUrl", beside, (), target))
        elif only_subtitles:
            raise NotFound(
                f"{waiter.kind} {task_id} has no subtitles",
                hint="the service makes them only for videos from text",
                task_id=task_id,
            )
        self.tasks.ledger.wrote(task_id, [os.path.abspath(name) for name in files])
        return files

    def to_stdout(self, waiter: Waiter, record: Mapping[str, Any]) -> None:
        """Write the media to stdout, once it is complete."""
        with tempfile.TemporaryDirectory(prefix="tadh-") as folder:
            path = Path(folder) / f"media{_suffix(record, waiter.kind)}"
            source = self._source(waiter, record, "MediaUrl", _KINDS[waiter.kind])
            with self.display(source.what) as moved:
                download(self.transport, source, path, clock=self.tasks.clock, progress=moved)
            with open(path, "rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.flush()

    def _one(
        self, waiter: Waiter, record: Mapping[str, Any], field: str, path: Path, kinds: tuple[str, ...], target: Target
    ) -> str:
        self._refuse_foreign(path, str(record["TaskId"]), target)
        source = self._source(waiter, record, field, kinds)
        with self.display(path.name) as moved:
            download(self.transport, source, path, clock=self.tasks.clock, progress=moved)
        return str(path)

    def _source(self, waiter: Waiter, record: Mapping[str, Any], field: str, kinds: tuple[str, ...]) -> Source:
        task_id = str(record["TaskId"])

        def link(is_stale: bool) -> str:
            fresh = self.tasks.look(waiter, task_id) if is_stale else record
            return str(fresh.get(field) or record[field])

        what = "the subtitles" if field == "SubtitlesUrl" else f"the {waiter.kind}"
        return Source(f"{task_id}:{field}", link, kinds, f"{what} of {task_id}")

    def _refuse_foreign(self, path: Path, task_id: str, target: Target) -> None:
        """An existing file is overwritten only when it is this task's own, or on demand."""
        if target.force or not path.exists() or path.stem == task_id:
            return
        if self.tasks.ledger.files_of(os.path.abspath(path)) != task_id:
            raise InputError(
                f"{path} exists already and is not known to be a result of {task_id}",
                hint="use --force to overwrite it, or another name",
            )


def _suffix(record: Mapping[str, Any], kind: str) -> str:
    suffix = Path(urlsplit(str(record.get("MediaUrl") or "")).path).suffix.lower()
    return suffix if suffix in _SUFFIXES else _DEFAULT_SUFFIX[kind]


def write_subtitles(record: Mapping[str, Any], name: str) -> str:
    """Write the subtitles of an audio in the format that the file's name asks for; `-` writes SRT to stdout."""
    found = subtitles.cues(record.get("TextTimestampResult") or [])
    if not found:
        raise NotFound(
            f"audio {record['TaskId']} has no word times, so no subtitles can be made", task_id=str(record["TaskId"])
        )
    if name == STDOUT:
        sys.stdout.write(subtitles.srt(found))
        return name
    path = Path(name)
    text = subtitles.WRITERS[path.suffix.lower()](found)
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise _of(path, error) from error
    return name


def _of(path: Path, error: OSError) -> FileError:
    return unwritable(path, error)
