"""Copies of `task sync --changed` that run all the time while tasks move."""

from __future__ import annotations

import json
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tadh_cli.engine.ledger import Ledger
from tests.program import SCRIPT, call, spawn
from tests.wire import Connection, Server, envelope, head, serving

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks and signals of POSIX")
TASKS = [f"T{number}" for number in range(12)]
# How a video stands, by the service's word and by ours.
COURSE = {"COMMIT": "queued", "MAKING": "running", "SUCCESS": "done"}
WORDS = list(COURSE)


@dataclass
class Service:
    """Answers about tasks late and out of order; a task moves on when somebody was told how it stands."""

    dice: random.Random
    standing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TASKS, 0))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, connection: Connection) -> bool:
        task = connection.read().payload["TaskId"]
        with self.lock:
            # Half of those that nobody has to be told of begin.
            if self.standing[task] == 0 and self.dice.random() < 0.5:
                self.standing[task] = 1
            status = WORDS[self.standing[task]]
            # Some come when the other copy has long asked again, and printed what it was told.
            late_s = 1.0 if self.dice.random() < 0.1 else self.dice.random() * 0.05
        link = f"http://127.0.0.1:9/{task}.mp4?sign=secret" if status == "SUCCESS" else ""
        body = envelope({"Status": status, "FailCode": 0, "MediaUrl": link})
        connection.is_readable(late_s)
        connection.send(head(200, {"Content-Length": str(len(body))}) + body)
        return True

    def told(self, task: str, state: str) -> None:
        """Somebody printed how a task stands: it moves on."""
        with self.lock:
            if COURSE[WORDS[self.standing[task]]] == state and self.standing[task] < 2:
                self.standing[task] += 1


@pytest.fixture
def service() -> Service:
    return Service(random.Random(1))


@pytest.fixture
def server(service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """The service on a port, and a ledger with tasks that were submitted to it."""
    with closing(Ledger(tmp_path / "state" / "ledger.db")) as ledger:
        for task in TASKS:
            entry = ledger.intend(kind="video", profile="default", operation="video.create", request={})
            ledger.accepted(entry, task, "COMMIT", {})
    with serving(service.answer) as server:
        monkeypatch.setenv("TADH_ENDPOINT", server.url)
        monkeypatch.setenv("TADH_APP_KEY", "key")
        monkeypatch.setenv("TADH_ACCESS_TOKEN", "secret-token")
        yield server


def changes(output: bytes) -> list[tuple[str, str]]:
    """Whole lines; of a copy that was killed the last one may be cut."""
    lines = output.decode().split("\n")[:-1]
    return [(record["TaskId"], record["State"]) for record in map(json.loads, lines)]


EXPECTED = sorted((task, state) for task in TASKS for state in ("running", "done"))


def test_two_copies_print_and_hook_each_change_once(service: Service, server: Server) -> None:
    printed: list[tuple[str, str]] = []
    ended = threading.Event()
    failures: list[str] = []
    # What is appended in one piece is never mixed.
    command = 'echo "$TADH_TASK_ID $TADH_TASK_PREVIOUS_STATE $TADH_TASK_STATE" >> hooked'

    def run() -> None:
        while not ended.is_set():
            with spawn("task", "sync", "--changed", "-o", "ndjson", "--exec", command) as process:
                out, err = process.communicate(timeout=60)
            if process.returncode:
                failures.append(err.decode())
                ended.set()
            for change in changes(out):
                printed.append(change)
                service.told(*change)
            if len(printed) >= len(EXPECTED):
                ended.set()

    copies = [threading.Thread(target=run) for _ in range(2)]
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join(100)
    assert failures == []
    call("task", "sync", "--changed", "--exec", command)
    assert sorted(printed) == EXPECTED
    assert call("task", "sync", "--changed").raw == b""
    hooked = [tuple(line.split()) for line in Path("hooked").read_text().splitlines()]
    assert sorted((task, state) for task, _, state in hooked) == EXPECTED
    assert {(was, state) for _, was, state in hooked} == {("queued", "running"), ("running", "done")}


def test_copies_that_are_killed_at_any_moment_keep_nothing_to_themselves(service: Service, server: Server) -> None:
    dice = random.Random(2)
    printed: list[tuple[str, str]] = []
    kills = 0
    while set(printed) < set(EXPECTED):
        with spawn("task", "sync", "--changed", "-o", "ndjson") as process:
            if kills < 20:
                kills += 1
                try:
                    process.wait(dice.uniform(0.1, 1.0))
                except subprocess.TimeoutExpired:
                    process.kill()
            out, _ = process.communicate(timeout=60)
        for change in changes(out):
            printed.append(change)
            service.told(*change)
    assert set(printed) == set(EXPECTED)
    assert call("task", "sync", "--changed").raw == b""


@pytest.mark.parametrize("sink", [">/dev/full", ">&-"])
def test_what_could_not_be_written_is_printed_by_the_next_one(service: Service, server: Server, sink: str) -> None:
    service.standing = dict.fromkeys(TASKS, 2)
    subprocess.run(["bash", "-c", f"{SCRIPT} task sync --changed -o ndjson {sink}"], capture_output=True, timeout=60)
    told = changes(call("task", "sync", "--changed", "-o", "ndjson").raw)
    assert sorted(told) == [(task, "done") for task in sorted(TASKS)]
