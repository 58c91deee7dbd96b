"""The file by which a running sandbox is found: where it listens, and the keys to it."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "server.json"
LOG = "server.log"


@dataclass(frozen=True)
class Running:
    """A sandbox that listens; `admin_token` opens its routes under /-/."""

    url: str
    app_key: str
    access_token: str
    admin_token: str
    pid: int
    port: int
    speed: float
    seed: int
    directory: str
    # The file of rules it was started with, empty for none.
    faults: str
    started: float
    projects: list[str]

    def __repr__(self) -> str:
        return f"Running({self.url!r}, pid={self.pid})"


@dataclass(frozen=True)
class Options:
    """How a sandbox is wanted; None leaves the choice to it."""

    port: int | None = None
    speed: float | None = None
    seed: int | None = None
    faults: Path | None = None


DEFAULT_SPEED = 10.0
DEFAULT_SEED = 1


def read(directory: Path) -> Running | None:
    """What the file says, None when there is none that can be understood."""
    try:
        fields: dict[str, Any] = json.loads((directory / FILE).read_text(encoding="utf-8"))
        return Running(**fields)
    except (OSError, ValueError, TypeError):
        return None


def write(directory: Path, running: Running) -> int:
    """Replace the file in one step; only its owner may read it. Returns its inode: another file has another."""
    unfinished = directory / f".{FILE}.{os.getpid()}"
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(dataclasses.asdict(running), file, indent=2)
        inode = os.fstat(file.fileno()).st_ino
    os.replace(unfinished, directory / FILE)
    return inode


def remove(directory: Path, running: Running) -> None:
    """Remove the file unless it is another's by now."""
    if read(directory) == running:
        (directory / FILE).unlink(missing_ok=True)
