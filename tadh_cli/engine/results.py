"""The files that a finished production leaves on this machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tadh_cli.api.waiter import Waiter
from tadh_cli.engine.places import STDOUT, SUBTITLES, scratch, unfit, unreachable, write_text
from tadh_cli.engine.tasks import Tasks
from tadh_cli.engine.transfer import Progress, Source, download
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import InputError, NotFound, TadhError
from tadh_cli.media import subtitles

_KINDS = {"video": ("mp4", "webm", "mov"), "audio": ("mp3", "wav", "m4a")}
_SUFFIXES = {".mp4", ".webm", ".mov", ".mp3", ".wav", ".m4a"}
_DEFAULT_SUFFIX = {"video": ".mp4", "audio": ".mp3"}

# Shows the progress of a transfer whose name is given.
Display = Callable[[str], AbstractContextManager[Progress]]


class Target(NamedTuple):
    """Where a result goes: a file, a directory (a slash at its end, or it exists), or stdout."""

    given: str
    force: bool = False

    @property
    def is_stdout(self) -> bool:
        return self.given == STDOUT

    @property
    def is_directory(self) -> bool:
        return self.given.endswith(("/", os.sep)) or os.path.isdir(self.given)

    def path(self, task_id: str, suffix: str) -> Path:
        """The file for a task's media."""
        return Path(self.given) / f"{task_id}{suffix}" if self.is_directory else Path(self.given)

    def check(self, *, is_new: bool, with_subtitles: bool = False) -> list[str]:
        """Problems that can be told before anything is sent: nothing is paid for that can't be stored.

        A task that does not exist yet (`is_new`) can't own a file that does.
        """
        if self.is_stdout:
            return []
        if self.is_directory:
            reasons = [unreachable(Path(self.given))]
        elif with_subtitles and Path(self.given).suffix.lower() == SUBTITLES:
            reasons = [f"{self.given} is where the subtitles go; give the media another name"]
        else:
            media = Path(self.given)
            names = [media, media.with_suffix(SUBTITLES)] if with_subtitles else [media]
            reasons = [unfit(name, may_replace=self.force or not is_new) for name in names]
        return [f"--download {reason}" if is_new else reason for reason in reasons if reason]


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
        wanted = self._wanted(record, target, only_subtitles=only_subtitles)
        for _, path in wanted:
            self._refuse_foreign(path, task_id, target)
        # Written down before they exist: should we be killed in between, they are known to be ours.
        self.tasks.claim(task_id, [os.path.abspath(path) for _, path in wanted])
        return [self._one(waiter, record, field, path) for field, path in wanted]

    def _wanted(self, record: Mapping[str, Any], target: Target, *, only_subtitles: bool) -> list[tuple[str, Path]]:
        """The links to follow and the files for what they lead to."""
        task_id = str(record["TaskId"])
        media = target.path(task_id, suffix_of(record))
        subtitles_path = media if only_subtitles and media.suffix == SUBTITLES else media.with_suffix(SUBTITLES)
        if only_subtitles and not record.get("SubtitlesUrl"):
            raise NotFound(
                f"{task_id} has no subtitles", hint="the service makes them only for videos from text", task_id=task_id
            )
        if not only_subtitles and not record.get("MediaUrl"):
            raise NotFound(
                f"{task_id} has no link to download from",
                hint="a result that went to a storage of your own is found there",
                task_id=task_id,
            )
        found = [] if only_subtitles else [("MediaUrl", media)]
        return [*found, ("SubtitlesUrl", subtitles_path)] if record.get("SubtitlesUrl") else found

    def to_stdout(self, waiter: Waiter, record: Mapping[str, Any]) -> None:
        """Write the media to stdout, once it is complete."""
        with scratch() as folder:
            path = folder / f"media{suffix_of(record)}"
            self._one(waiter, record, "MediaUrl", path)
            with open(path, "rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.flush()

    def _one(self, waiter: Waiter, record: Mapping[str, Any], field: str, path: Path) -> str:
        source = self._source(waiter, record, field)
        try:
            with self.display(path.name) as moved:
                download(self.transport, source, path, clock=self.tasks.clock, progress=moved)
        except TadhError as error:
            error.task_id = error.task_id or str(record["TaskId"])
            raise
        return str(path)

    def _source(self, waiter: Waiter, record: Mapping[str, Any], field: str) -> Source:
        task_id, kind = str(record["TaskId"]), str(record["Kind"])

        def link(is_stale: bool) -> str:
            fresh = self.tasks.look(waiter, task_id) if is_stale else record
            return str(fresh.get(field) or record[field])

        if field == "SubtitlesUrl":
            return Source(f"{task_id}:{field}", link, (), f"the subtitles of {task_id}")
        return Source(f"{task_id}:{field}", link, _KINDS[kind], f"the {kind} of {task_id}")

    def _refuse_foreign(self, path: Path, task_id: str, target: Target) -> None:
        """An existing file is overwritten only when it is this task's own, or on demand."""
        if path.exists() and not target.force and self.tasks.owner(os.path.abspath(path)) != task_id:
            raise InputError(
                f"{path} exists already and is not known to be a result of {task_id}",
                hint="use --force to overwrite it, or another name",
            )


def suffix_of(record: Mapping[str, Any]) -> str:
    """The extension of a task's media: that of its link, else the usual one."""
    suffix = Path(urlsplit(str(record.get("MediaUrl") or "")).path).suffix.lower()
    return suffix if suffix in _SUFFIXES else _DEFAULT_SUFFIX[str(record["Kind"])]


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
    write_text(path, subtitles.WRITERS[path.suffix.lower()](found))
    return name
