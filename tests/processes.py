"""Python in processes of its own: to be killed, to run out of room, to race."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def start(code: str, *args: object) -> subprocess.Popen[str]:
    """A process that runs the code; its streams are pipes."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen([sys.executable, "-c", code, *map(str, args)], env=env, text=True, **pipes)


def ended(process: subprocess.Popen[str]) -> str:
    """What a process printed until its end, which has to be a good one."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


def run(code: str, *args: object) -> str:
    """What the code prints."""
    return ended(start(code, *args))


def race(code: str, *args: object, runners: int) -> list[str]:
    """What several processes print that are let off their lines at once; the code begins with `input()`."""
    processes = [start(code, *args, number) for number in range(runners)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.wait(60)
    return [ended(process) for process in processes]
