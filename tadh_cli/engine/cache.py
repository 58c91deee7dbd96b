"""Lists that were fetched before, in files: for completion and names, gone at any time without harm."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tadh_cli import config
from tadh_cli.engine.clock import Clock

# What is older is not even good enough to tell a key by.
OLDEST_S = 30 * 86_400.0


class Cache:
    """The lists of one account as one profile sees it; what can't be read or written is not there."""

    def __init__(self, settings: config.Settings, clock: Clock) -> None:
        account = "\n".join([settings.profile, settings.endpoint, settings.account("assets")])
        self._folder = (
            config.cache_dir() / "assets" / hashlib.sha256(account.encode("utf-8", "replace")).hexdigest()[:24]
        )
        self._clock = clock

    def read(self, name: str, *, younger_than_s: float = OLDEST_S) -> list[dict[str, Any]] | None:
        """A list, None when there is none that is young enough."""
        try:
            path = self._path(name)
            age_s = self._clock.now_s() - path.stat().st_mtime
            # One from the future, but for a rounded second, is of a clock that was wrong.
            if not -1 <= age_s < younger_than_s:
                return None
            items = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        is_list = isinstance(items, list) and all(isinstance(item, dict) for item in items)
        return items if is_list else None

    def write(self, name: str, items: Sequence[Any]) -> None:
        """Keep a list; whoever reads meanwhile sees the old one or the new one."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, unfinished = tempfile.mkstemp(dir=self._folder, suffix=".part")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(items, file, ensure_ascii=False)
                now_s = self._clock.now_s()
                os.utime(unfinished, (now_s, now_s))
                os.replace(unfinished, self._path(name))
            except BaseException:
                os.unlink(unfinished)
                raise
        except (OSError, ValueError):
            return

    def forget(self) -> None:
        """Drop everything that is known of the account."""
        for path in self._folder.glob("*"):
            try:
                path.unlink()
            except OSError:
                continue

    def _path(self, name: str) -> Path:
        return self._folder / (re.sub(r"[^\w.-]", "_", name) + ".json")
