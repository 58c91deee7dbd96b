"""A sandbox inside the own process, for tests: on a free port, in a thread, gone when the block ends."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tadh_cli.config import SANDBOX, Settings
from tadh_cli.providers.tencent import operations
from tadh_cli.sandbox import faults, process
from tadh_cli.sandbox.record import DEFAULT_SEED, LOG, Options, Running

Rules = Sequence[Mapping[str, Any]]
# Productions take a tenth of a real second or so, if rendering is as quick.
SPEED = 100.0
START_S = 20.0
SETTLE_S = 120.0


class Hosted:
    """A running sandbox and what tests want to do with it."""

    def __init__(self, running: Running, directory: Path) -> None:
        self.running = running
        # Where `config.sandbox_dir()` has to point.
        self.directory = directory

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def app_key(self) -> str:
        return self.running.app_key

    @property
    def access_token(self) -> str:
        return self.running.access_token

    def settings(self) -> Settings:
        """The settings under which a client reaches it."""
        keys = {"app_key": self.app_key, "access_token": self.access_token}
        return Settings(SANDBOX, endpoint=self.url, keys={"": keys}, is_sandbox=True)

    def reset(self) -> None:
        """Forget all tasks, objects and sessions, the journal, and faults that were set later on."""
        process.command(self.running, "POST", "reset")

    def set_faults(self, rules: Rules) -> None:
        """Replace the fault rules: each as in a file, such as `{"operation": "video.get", "http": 502, "times": 1}`."""
        process.command(self.running, "PUT", "faults", list(rules))

    def clear_faults(self) -> None:
        process.command(self.running, "DELETE", "faults")

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force, with how often each was `seen` and has `fired`."""
        found: list[dict[str, Any]] = process.command(self.running, "GET", "faults")["Faults"]
        return found

    def advance(self, seconds: float) -> None:
        """Let virtual time jump ahead."""
        process.command(self.running, "POST", "advance", {"Seconds": seconds})

    def settle(self) -> None:
        """Wait until everything that was ordered so far has been rendered; after that, `advance` makes it ready."""
        process.command(self.running, "POST", "settle", timeout_s=SETTLE_S)

    def status(self) -> dict[str, Any]:
        """Virtual time (`Now`) and how much of everything there is."""
        found: dict[str, Any] = process.command(self.running, "GET", "status")
        return found

    def journal(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The requests so far, oldest first: `operation`, `code`, `status`, `ms`, `fault`, `at`."""
        entries: list[dict[str, Any]] = process.command(self.running, "GET", "journal")["Entries"]
        return [entry for entry in entries if operation in (None, entry["operation"])]

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions that there ever were, oldest first, with where they stand."""
        found: list[dict[str, Any]] = process.command(self.running, "GET", "sessions")["Sessions"]
        return found

    def session(self, id: str) -> dict[str, Any]:
        """Everything that is known of a session: its `Drives` with the arrival of their packets, its `Refusals`."""
        found: dict[str, Any] = process.command(self.running, "GET", f"sessions/{id}")
        return found

    def sound(self, id: str) -> bytes:
        """All sound that a session was sent and took: s16le, 16 kHz, mono."""
        return process.fetch(self.running, f"sessions/{id}/sound")

    def transcript(self, id: str) -> str:
        """All text that a session was sent, a line for each utterance or clause in the order in which it is spoken."""
        return process.fetch(self.running, f"sessions/{id}/transcript").decode()

    def storage_url(self, key: str) -> str:
        """A pre-authorised URL like those of --storage-url, `key` is `bucket/name`; it can be fetched from, too."""
        return str(process.command(self.running, "POST", "storage", {"Key": key})["Url"])

    def log(self) -> str:
        return (self.directory / LOG).read_text(encoding="utf-8")


@contextmanager
def run(
    state_dir: Path, *, speed: float = SPEED, seed: int | None = None, rules: Rules = (), port: int | None = None
) -> Iterator[Hosted]:
    """Run a sandbox in a thread; with TADH_STATE_DIR at `state_dir` the profile `sandbox` finds it."""
    directory = state_dir / SANDBOX
    process.prepare(directory)
    host = _Host(directory, Options(port=port, speed=speed, seed=seed), rules)
    running = host.start()
    try:
        yield Hosted(running, directory)
    finally:
        host.stop()


class _Host:
    """The thread with the server's loop."""

    def __init__(self, directory: Path, options: Options, rules: Rules) -> None:
        self._directory = directory
        self._options = options
        self._rules = _checked(rules, options.seed)
        self._thread = threading.Thread(target=self._run, name=f"sandbox {directory}", daemon=True)
        self._started = threading.Event()
        self._running: Running | None = None
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def start(self) -> Running:
        self._thread.start()
        if not self._started.wait(START_S):
            raise TimeoutError("the sandbox did not start")
        if self._running is None:
            raise RuntimeError("the sandbox did not start") from self._error
        return self._running

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._error is not None:
            raise RuntimeError("the sandbox broke down") from self._error

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # told to whoever waits for the thread
            self._error = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        from tadh_cli.sandbox.journal import Journal
        from tadh_cli.sandbox.server import serve

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        with (self._directory / LOG).open("a", encoding="utf-8") as log:
            await serve(
                self._directory, self._options, self._rules, Journal(log), ready=self._is_ready, stop=self._stop
            )

    def _is_ready(self, running: Running) -> None:
        self._running = running
        self._started.set()


def _checked(rules: Rules, seed: int | None) -> faults.Faults:
    read, findings = faults.read(json.dumps(list(rules)), tuple(operations()))
    if findings:
        raise ValueError("; ".join(finding.message for finding in findings))
    return faults.Faults(read, seed=DEFAULT_SEED if seed is None else seed)
