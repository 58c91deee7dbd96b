"""What is said on stderr: hints, warnings, errors; never data, and never a secret."""

from __future__ import annotations

import json
import os
import sys
from typing import IO, Any

from tadh_cli.errors import TadhError
from tadh_cli.masking import Mask
from tadh_cli.ui.records import printable


class Messages:
    """The voice of a run; `is_quiet` leaves only warnings and errors."""

    def __init__(self, mask: Mask, *, stream: IO[str] | None = None) -> None:
        self._mask = mask
        self._stream = stream
        self.is_quiet = False
        self.allows_color = True

    @property
    def stream(self) -> IO[str]:
        return self._stream or sys.stderr

    @property
    def is_terminal(self) -> bool:
        return self.stream.isatty()

    @property
    def color(self) -> bool:
        return self.allows_color and self.is_terminal and not os.environ.get("NO_COLOR")

    def say(self, text: str) -> None:
        """Something good to know."""
        if not self.is_quiet:
            self.write(text)

    def show(self, text: str) -> None:
        """As `say`, but a link keeps its own signature where only a person sees it: on a terminal."""
        if not self.is_quiet:
            self._print(printable(self._mask.values(text) if self.is_terminal else self._mask.text(text)))

    def warn(self, text: str) -> None:
        self.write(text, "warning:", "33")

    def write(self, text: str, label: str = "", style: str = "") -> None:
        """A line after a label; a stderr that is gone is no reason to fail."""
        shown = printable(self._mask.text(text))
        self._print(*([self._paint(label, style)] if label else []), shown)

    def _print(self, *parts: str) -> None:
        try:
            print(*parts, file=self.stream, flush=True)
        except (OSError, ValueError):
            return

    def report(self, error: TadhError, *, as_json: bool) -> None:
        """An error: what, the service's code, what to do, how to go on; as JSON too for programs."""
        self.write(error.message, "error:", "31;1")
        # An HTTP status stands in the message already.
        is_told = error.code is None or f"HTTP {error.code}" in error.message
        origin = [] if is_told else [f"code {error.code}"]
        origin += [f"RequestID {error.request_id}"] if error.request_id else []
        if origin:
            self.write(f"service: {', '.join(origin)}")
        if error.task_id and error.task_id not in error.message:
            self.write(f"task: {error.task_id}")
        if error.hint:
            self.write(error.hint, "hint:", "36")
        if error.resume:
            self.write(error.resume, "resume:", "36")
        if as_json:
            self.write(json.dumps({"error": error_fields(error)}, ensure_ascii=False))

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if style and self.color else text


def error_fields(error: TadhError) -> dict[str, Any]:
    """An error as data."""
    return {
        "ExitCode": error.exit_code,
        "Code": error.code,
        "Message": error.message,
        "Hint": error.hint,
        "RequestId": error.request_id,
        "TaskId": error.task_id,
        "Resume": error.resume,
    }
