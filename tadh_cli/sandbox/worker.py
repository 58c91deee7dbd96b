"""The process that renders: takes jobs from its stdin, one after the other, and answers on its stdout.

It ends when its stdin does, also in the middle of a job: whoever started it is gone then.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import traceback
from queue import SimpleQueue
from typing import IO

from tadh_cli.sandbox.jobs import Job, JobFailed, Result, perform

# Rendering must not keep the server from answering.
NICENESS = 5


class WorkerDied(Exception):
    """The process ended in the middle of a job, or was told to."""


class Worker:
    """A rendering process as its owner sees it; started with its first job, one job at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = threading.Lock()
        self._is_busy = False
        self._is_doomed = False
        self._is_closed = False

    def do(self, job: Job) -> Result:
        """Have a job done; blocks. Raises JobFailed, WorkerDied, or what went wrong as RuntimeError."""
        process = self._begun()
        try:
            assert process.stdin is not None and process.stdout is not None
            pickle.dump(job, process.stdin)
            process.stdin.flush()
            answer = pickle.load(process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            self._end()
            raise WorkerDied("the rendering process ended") from None
        finally:
            with self._guard:
                self._is_busy = False
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Result)
        return answer

    def interrupt(self) -> None:
        """Give up the job that is under way; the next one starts another process."""
        with self._guard:
            if self._is_busy and self._process is not None:
                self._is_doomed = True
                self._process.kill()

    def close(self) -> None:
        """End the process for good."""
        self._is_closed = True
        self.interrupt()

    def join(self) -> None:
        """After `close`, when nobody waits for a job any more."""
        self._end()

    def _begun(self) -> subprocess.Popen[bytes]:
        """The process, with a job ahead of it."""
        if self._is_doomed:
            self._end()
        if self._is_closed:
            raise WorkerDied("the studio is closed")
        with self._guard:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tadh_cli.sandbox.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            self._is_busy = True
            return self._process

    def _end(self) -> None:
        with self._guard:
            process, self._process = self._process, None
            self._is_doomed = False
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close(pipe)
        process.wait()


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        # What was still to be written can't be.
        return


def main() -> None:
    """Work until stdin ends."""
    # Libraries may print; what goes to stdout has to be answers only.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    jobs: SimpleQueue[Job] = SimpleQueue()
    threading.Thread(target=_read, args=(jobs,), daemon=True).start()
    while True:
        pickle.dump(_outcome(jobs.get()), out)
        out.flush()


def _read(jobs: SimpleQueue[Job]) -> None:
    try:
        while True:
            jobs.put(pickle.load(sys.stdin.buffer))
    except Exception:  # whatever ends the input ends this process
        os._exit(0)


def _outcome(job: Job) -> Result | Exception:
    try:
        return perform(job)
    except JobFailed as error:
        return error
    except Exception:  # the owner logs it and lets the task fail
        return RuntimeError(traceback.format_exc())


if __name__ == "__main__":
    main()
