"""The three standard streams, made such that what they do wrong is told like any other failure."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

from tadh_cli.errors import FileError

_STDIN, _STDOUT, _STDERR = 0, 1, 2


def guard() -> None:
    """Make the standard streams of this process safe to use, whatever they are connected to.

    One that is closed is opened again, so that no file takes its number and gets what was meant for it: reading
    from such a stdin and writing to such a stdout fails, what goes to such a stderr is lost. Text of any language
    goes out as UTF-8, whatever the locale; undecodable bytes do not stop a message.
    """
    # The wrong way round on purpose, as in gnulib's stdopen: the error is that of a closed stream.
    for number, mode in ((_STDIN, os.O_WRONLY), (_STDOUT, os.O_RDONLY), (_STDERR, os.O_WRONLY)):
        _reserve(number, mode)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(_STDIN, "r", closefd=False)), "utf-8")
    out = io.BufferedWriter(_Stdout(_STDOUT, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(out, "utf-8", "surrogateescape", line_buffering=out.isatty())
    err = io.BufferedWriter(_Stderr(_STDERR, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", line_buffering=True)


def _reserve(number: int, mode: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        # The lowest number that is free is this one: those below it are open.
        os.open(os.devnull, mode)


class _Patient(io.FileIO):
    """A stream that waits for its reader also where a program before us has made it non-blocking."""

    def write(self, data: Any, /) -> int:
        written: int | None = super().write(data)
        while written is None:
            import select

            select.select([], [self], [])
            written = super().write(data)
        return written


class _Stdout(_Patient):
    """stdout as it is; a failure to write becomes ours, and what is still to come goes nowhere."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            # Whoever read it has seen enough (`| head`): that is no failure.
            _silence(self)
            raise SystemExit(0) from None
        except OSError as error:
            _silence(self)
            words = (error.strerror or type(error).__name__).lower()
            raise FileError(f"can't write to stdout: {words}", hint="make room, or write to another place") from error


class _Stderr(_Patient):
    """stderr as it is; a message that nobody gets is no reason to fail."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _silence(stream: io.FileIO) -> None:
    """At its end Python would try once more to write what is left, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
