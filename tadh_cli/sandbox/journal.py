"""What happened: one line a request in the log, and the last of them as data for tests."""

from __future__ import annotations

import traceback
from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import IO, Any

REMEMBERED = 10_000


@dataclass(frozen=True)
class Entry:
    """One request: what it was, what it was answered with (Header.Code or HTTP status), the fault that hit it."""

    at: float
    operation: str
    code: int
    status: int
    ms: float
    fault: str = ""

    def line(self) -> str:
        hit = f" fault={self.fault}" if self.fault else ""
        http = f" http={self.status}" if self.status != 200 else ""
        return f"{self.operation} {self.code}{http} {self.ms:.0f}ms{hit}"


class Journal:
    """Never told a secret: names, codes and times are all that goes in."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._entries: deque[Entry] = deque(maxlen=REMEMBERED)

    def request(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._write(entry.line(), entry.at)

    def note(self, text: str) -> None:
        """Something that is no request."""
        self._write(text)

    def failure(self, what: str, error: BaseException) -> None:
        """A fault of the sandbox itself."""
        self._write(f"{what}: {''.join(traceback.format_exception(error))}")

    def entries(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self._entries]

    def forget(self) -> None:
        self._entries.clear()

    def _write(self, text: str, at: float | None = None) -> None:
        moment = datetime.now(timezone.utc) if at is None else datetime.fromtimestamp(at, timezone.utc)
        self._out.write(f"{moment.isoformat(timespec='milliseconds').replace('+00:00', 'Z')} {text.rstrip()}\n")
        self._out.flush()
