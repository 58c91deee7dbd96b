"""Where the files of a list go, and whose they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tadh_cli.api.waiter import Waiter
from tadh_cli.engine.places import SUBTITLES, unfit, unwritable
from tadh_cli.engine.results import Results, Target, suffix_of
from tadh_cli.engine.tasks import Tasks
from tadh_cli.engine.transfer import Progress

# The files that a video may leave.
_SUFFIXES = (".mp4", ".webm", ".mov", SUBTITLES)


@dataclass(frozen=True)
class Home:
    """Where the files of a list go."""

    folder: Path
    tasks: Tasks
    force: bool = False

    def media(self, name: str, record: Mapping[str, Any]) -> Path:
        return self.folder / f"{name}{suffix_of(record)}"

    def files(self, name: str, record: Mapping[str, Any]) -> list[Path]:
        """The files that the result of a task is, none when it went to a storage of the user's own."""
        if not record.get("MediaUrl"):
            return []
        media = self.media(name, record)
        return [media, self.folder / f"{name}{SUBTITLES}"] if record.get("SubtitlesUrl") else [media]

    def has(self, name: str, record: Mapping[str, Any]) -> bool:
        """Whether all files of a finished task are there, and none of them is another task's by now."""
        return all(path.is_file() and self._owner(path) == record["TaskId"] for path in self.files(name, record))

    def former(self, name: str) -> str:
        """The task of this name, made of other values, whose files are there; empty when there is none."""
        owners = (self._owner(path) for path in self._existing(name))
        return next((owner for owner in owners if owner and self.is_own(name, owner)), "")

    def problems(self, name: str) -> Iterator[str]:
        """Why the files can't be written: what is there is overwritten only when it is of the same name."""
        for path in self._existing(name):
            if not (self.force or self.is_own(name, self._owner(path))):
                yield f"{path} exists already and is not known to come from here; use --force to overwrite it, or --out"
            elif reason := unfit(path, may_replace=True):
                yield reason

    def make_room(self, name: str, record: Mapping[str, Any]) -> None:
        """Remove files of this name that another task left: from then on what is there is of this one, or nothing.

        Raises FileError.
        """
        for path in self.files(name, record):
            owner = self._owner(path)
            if path.is_file() and owner != record["TaskId"] and (self.force or self.is_own(name, owner)):
                _remove(path)

    def bring(self, tasks: Tasks, waiter: Waiter, name: str, record: Mapping[str, Any], moved: Progress) -> list[str]:
        """Download the files of a finished task, over connections of its own; returns them, the media first."""
        if not self.files(name, record):
            return []
        self.make_room(name, record)
        target = Target(str(self.media(name, record)))
        results = Results(tasks, tasks.client.transport, lambda _name: nullcontext(moved))
        return results.fetch(waiter, record, target)

    def is_own(self, name: str, task_id: str) -> bool:
        """Whether a task was made for a video of this name."""
        return bool(task_id) and self.tasks.ledger.item_of(task_id) == name

    def _existing(self, name: str) -> Iterator[Path]:
        paths = (self.folder / f"{name}{suffix}" for suffix in _SUFFIXES)
        return (path for path in paths if os.path.lexists(path))

    def _owner(self, path: Path) -> str:
        return self.tasks.owner(os.path.abspath(path))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
