"""What several processes of this machine agree on about one live session: who drives it, and whose turn it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from tadh_cli.engine.clock import Clock
from tadh_cli.engine.locks import locked
from tadh_cli.errors import ConfigError, Refused

# Two calls may be closer at the service than they were here, by what the network makes of it.
_MARGIN_S = 0.05
_LOOK_AGAIN_S = 0.05
_MODE = 0o600


@dataclass(frozen=True)
class Turns:
    """A directory with a file for each session that is driven or told something from here."""

    folder: Path
    clock: Clock

    @contextmanager
    def driving(self, session_id: str) -> Iterator[None]:
        """Drive a session alone; raises Refused while another process of this machine does."""
        path = self._path(session_id, "lock")
        file = self._open(path)
        if file is None:
            raise Refused(
                f"session {session_id} is driven by another process of this machine{_owner(path)}",
                hint="a session has one channel only: end that process first",
                task_id=session_id,
            )
        with file:
            file.truncate()
            file.write(b"%d" % os.getpid())
            file.flush()
            try:
                yield
            finally:
                path.unlink(missing_ok=True)

    def is_driven(self, session_id: str) -> bool:
        """Whether a living process of this machine drives a session."""
        path = self._path(session_id, "lock")
        if not path.exists():
            return False
        file = self._open(path)
        if file is not None:
            file.close()
        return file is None

    @contextmanager
    def apart(self, session_id: str, what: str, apart_s: float, tell: Callable[[float], None]) -> Iterator[None]:
        """Wait until the last block of this kind ended long enough ago, in whatever process it was.

        `tell` is called with the seconds, when there are any.
        """
        path = self._path(session_id, what)
        while (file := self._open(path)) is None:
            self.clock.sleep(_LOOK_AGAIN_S)
        with file:
            pause_s = self._pause_s(file.read(), apart_s + _MARGIN_S)
            if pause_s:
                tell(pause_s)
                self.clock.sleep(pause_s)
            try:
                yield
            finally:
                file.seek(0)
                file.truncate()
                file.write(f"{self.clock.now_s():.3f}".encode())

    def forget(self, session_id: str) -> None:
        """A session that is closed needs no file."""
        for path in self.folder.glob(f"{_name(session_id)}.*"):
            path.unlink(missing_ok=True)

    def _pause_s(self, last: bytes, apart_s: float) -> float:
        try:
            since_s = self.clock.now_s() - float(last)
        except ValueError:
            return 0.0
        # A clock that was set back says nothing about how long ago it was.
        return apart_s - since_s if 0 <= since_s < apart_s else (apart_s if since_s < 0 else 0.0)

    def _path(self, session_id: str, what: str) -> Path:
        return self.folder / f"{_name(session_id)}.{what}"

    def _open(self, path: Path) -> IO[bytes] | None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return locked(path, _MODE)
        except OSError as error:
            raise ConfigError(
                f"{path} can't be used: {error.strerror or error}",
                hint="set TADH_STATE_DIR to a directory that can be written",
            ) from error


def _name(session_id: str) -> str:
    """An id as the name of a file, whatever it is made of."""
    return quote(session_id, safe="")[:200].replace(".", "%2E")


def _owner(path: Path) -> str:
    try:
        pid = path.read_bytes()
    except OSError:
        return ""
    return f" (process {int(pid)})" if pid.isdigit() else ""
