"""The program as a test runs it: arguments in, exit code and streams out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.main import run

# The installed console script, beside the interpreter that runs the tests.
SCRIPT = str(Path(sys.executable).with_name("tadh"))


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> Any:
        """The failure as programs read it: the last line of stderr."""
        return json.loads(self.err.splitlines()[-1])["error"]


@dataclass(frozen=True)
class Program:
    """The program, called inside this process."""

    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *args: object, stdin: bytes = b"", code: int | None = 0, **env: str) -> Ran:
        """Run it; `code` is the exit code that is expected, None for any."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with self.monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
            for name, value in env.items():
                patch.setenv(name, value)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                ended = run([str(arg) for arg in args])
        out.flush()
        err.flush()
        ran = Ran(ended, out.buffer.getvalue(), err.buffer.getvalue().decode())  # type: ignore[attr-defined]
        assert code is None or ran.code == code, f"exit code {ran.code}\n{ran.out}\n{ran.err}"
        assert "Traceback" not in ran.err
        return ran


def spawn(*args: object, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[bytes]:
    """The installed program as a process of its own."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([SCRIPT, *(str(arg) for arg in args)], env={**os.environ, **(env or {})}, **streams)


def until(is_so: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Return as soon as something about another process is true; a process can only be watched by looking."""
    ends_s = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < ends_s, "it did not come about"
        time.sleep(0.005)


def call(*args: object, code: int | None = 0, env: Mapping[str, str] | None = None, **options: Any) -> Ran:
    """The installed program, run to its end."""
    with spawn(*args, env=env, **options) as process:
        out, err = process.communicate(timeout=60)
    ran = Ran(process.returncode, out or b"", (err or b"").decode())
    assert code is None or ran.code == code, f"exit code {ran.code}\n{ran.out}\n{ran.err}"
    assert "Traceback" not in ran.err
    return ran
