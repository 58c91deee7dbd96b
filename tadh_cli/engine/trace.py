"""What was sent and answered: for the eye with -v, as lines of JSON with --trace; always without secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from tadh_cli.api.provider import Exchange
from tadh_cli.engine.clock import Clock, iso, to_the_millisecond
from tadh_cli.errors import FileError
from tadh_cli.masking import Mask

_BODY_CHARACTERS = 4000


# A trace that goes where the log goes.
STDERR = "-"


class Observer:
    """Tells of exchanges as they happen. Only making one can fail: later on an answer is worth more than its trace."""

    def __init__(
        self, write: Callable[[str], None], mask: Mask, *, verbosity: int, path: str | None, clock: Clock | None = None
    ) -> None:
        self._write = write
        self._mask = mask
        self._verbosity = verbosity
        self._path = path
        self._clock = clock or Clock()
        # Several threads may have something to tell.
        self._telling = threading.Lock()
        if self._has_file:
            self._append("")  # a trace that can't be written is told before anything is sent

    @property
    def _has_file(self) -> bool:
        return bool(self._path) and self._path != STDERR

    def saw(self, exchange: Exchange) -> None:
        """Tell of an exchange; raises nothing."""
        if not (self._verbosity or self._path):
            return
        try:
            shown = self._shown(exchange)
            line = json.dumps(shown, ensure_ascii=False)
        except RecursionError:
            return self.saw(exchange._replace(request=None, response="(nested too deeply to be shown)"))
        with self._telling:
            if self._verbosity > exchange.is_frame:
                self._tell(shown, is_frame=exchange.is_frame)
            if self._has_file:
                self._go_on(line)
            elif self._path:
                self._write(line)

    def _go_on(self, line: str) -> None:
        try:
            self._append(line + "\n")
        except FileError as error:
            self._path = None
            self._write(f"warning: {error.message}; it ends here")

    def _shown(self, exchange: Exchange) -> dict[str, Any]:
        now_s = self._clock.now_s()
        return {
            "Time": to_the_millisecond(now_s) if exchange.is_frame else iso(now_s),
            "Method": exchange.method,
            "Url": self._mask.text(exchange.url),
            "Request": self._mask.document(exchange.request),
            "Status": exchange.status,
            "Response": self._mask.document(exchange.response),
            "Milliseconds": round(exchange.took_s * 1000),
            "Error": self._mask.text(exchange.error) or None,
        }

    def _tell(self, shown: dict[str, Any], *, is_frame: bool) -> None:
        if is_frame:
            self._write(f"{shown['Method']} {_short(shown['Request'] or shown['Response'])}")
            return
        status = shown["Status"] or shown["Error"]
        self._write(f"> {shown['Method']} {shown['Url']} -> {status}, {shown['Milliseconds']} ms")
        if self._verbosity > 1:
            for sign, body in ((">", shown["Request"]), ("<", shown["Response"])):
                if body is not None:
                    self._write(f"{sign} {_short(body)}")

    def _append(self, text: str) -> None:
        assert self._path is not None
        try:
            with open(self._path, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError as error:
            raise FileError(
                f"can't write the trace {self._path}: {error.strerror}", hint="choose another --trace"
            ) from None


def _short(body: Any) -> str:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text if len(text) <= _BODY_CHARACTERS else f"{text[:_BODY_CHARACTERS]}… ({len(text):,} characters)"
