"""The sounds of a list's videos, each uploaded once, however many videos speak with it."""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path

from tadh_cli.engine import upload as uploading
from tadh_cli.engine.batch.identity import digest
from tadh_cli.engine.inputs import Sound
from tadh_cli.engine.tasks import Tasks
from tadh_cli.engine.transfer import Progress
from tadh_cli.errors import InputError


class Uploads:
    """URLs of sounds by their content; `records` is where unfinished uploads are on record."""

    def __init__(self, records: Path, moved: Progress) -> None:
        self._records = records
        self._moved = moved
        self._urls: dict[str, str] = {}
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._choosing = threading.Lock()

    def url(self, tasks: Tasks, sound: Sound, expected: str) -> str:
        """Where the service finds a sound, which is uploaded unless it was before; for several threads.

        Raises InputError when its digest is not the expected one any more, and what `uploading.upload` raises.
        """
        if digest(sound.path) != expected:
            raise InputError(f"{sound.path} has changed since it was checked; run the list again")
        with self._choosing:
            turn = self._turns[expected]
        with turn:
            if expected not in self._urls:
                self._urls[expected] = self._uploaded(tasks, sound)
            return self._urls[expected]

    def _uploaded(self, tasks: Tasks, sound: Sound) -> str:
        client = tasks.client
        return uploading.upload(
            client,
            client.transport,
            sound.path,
            "audio",
            self._moved,
            suffix=sound.suffix,
            records=self._records,
            warn=tasks.warn,
        ).url
