"""Commands of the user's that are run when a task has changed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Any, NamedTuple

from tadh_cli.duration import words
from tadh_cli.errors import HookFailed

TIMEOUT_S = 600.0
# What a shell ends with when it can't run the command at all.
_UNUSABLE = (126, 127)
# Its output is not ours: on stdout it would be among the data.
_STDERR = 2


class Hook(NamedTuple):
    """A command for the shell; `env` is what its own calls of tadh need."""

    command: str
    env: Mapping[str, str]
    timeout_s: float = TIMEOUT_S

    def run(self, record: Mapping[str, Any]) -> None:
        """Run it for a changed task, with the record as JSON on stdin; raises HookFailed."""
        task_id = str(record["TaskId"])
        env = {
            **os.environ,
            **self.env,
            "TADH_TASK_ID": task_id,
            "TADH_TASK_KIND": str(record["Kind"]),
            "TADH_TASK_STATE": str(record["State"]),
            "TADH_TASK_PREVIOUS_STATE": str(record["PreviousState"]),
        }
        try:
            process = subprocess.Popen(
                self.command,
                shell=True,
                stdin=subprocess.PIPE,
                stdout=_STDERR,
                env=env,
                # A group of its own, so that all of it can be ended.
                start_new_session=True,
            )
        except OSError as error:
            raise HookFailed(f"--exec can't be run: {(error.strerror or '').lower()}", is_unusable=True) from error
        code = self._ended(process, json.dumps(record, ensure_ascii=False).encode(), task_id)
        if code:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise HookFailed(f"--exec {how} for {task_id}", is_unusable=code in _UNUSABLE)

    def _ended(self, process: subprocess.Popen[bytes], told: bytes, task_id: str) -> int:
        try:
            process.communicate(told + b"\n", timeout=self.timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            raise HookFailed(f"--exec did not end within {words(self.timeout_s)} for {task_id}") from None
        except BaseException:
            _end(process)
            raise
        return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started, as far as the system knows what that is."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
