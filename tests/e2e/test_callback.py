"""The receiver of callbacks as a process: real requests, a real service behind them, stopped and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.program import SCRIPT, Program, call, spawn, until

PATH = "/callback/0123456789abcdef"
TEXT = "Hello, how are you?"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


class Listener:
    """`tadh video callback` on a free port, and what it prints."""

    def __init__(self, *args: object, path: str | None = PATH) -> None:
        given = ["--path", path] if path else []
        self.process = spawn(
            *("-p", "sandbox", "video", "callback", "--listen", "127.0.0.1:0", "--ready-file", "ready", *given, *args)
        )
        until(lambda: Path("ready").exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.stop()
        self.url: str = json.loads(Path("ready").read_text())["Url"]
        self.told: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(json.loads(line))

    def ids(self) -> list[str]:
        return [record["TaskId"] for record in self.told]

    def wait_for(self, *ids: str) -> None:
        until(lambda: set(ids) <= set(self.ids()))

    def ask(self, body: bytes = b"", *, method: str = "POST", path: str | None = None, **headers: str) -> int:
        parts = urlsplit(self.url)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=20)
        with closing(connection):
            connection.request(method, parts.path if path is None else path, body, headers)
            return connection.getresponse().status

    def claim(self, task: str, status: str = "SUCCESS", **more: object) -> int:
        payload = {"Progress": 100, "MediaUrl": "http://evil/x.mp4", "Status": status, "TaskId": task, **more}
        return self.ask(json.dumps({"Payload": payload}).encode())

    def stop(self, number: int = signal.SIGTERM) -> str:
        """What it said on stderr; it has to end well."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        assert self.process.stderr is not None
        said = self.process.stderr.read().decode()
        code = self.process.wait(20)
        self._reader.join(20)
        Path("ready").unlink(missing_ok=True)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        assert code == 0, said
        return said


@contextmanager
def listening(*args: object, **options: Any) -> Iterator[Listener]:
    listener = Listener(*args, **options)
    try:
        yield listener
    finally:
        if listener.process.returncode is None:
            listener.stop()


@pytest.fixture
def create(tadh: Program, sandbox: Hosted) -> Callable[..., str]:
    avatar = tadh("-p", "sandbox", "avatar", "list", "--limit", 1, "-o", "id").out.strip()

    def submit(*args: object, text: str = TEXT) -> str:
        command = ("-p", "sandbox", "video", "create", "--avatar", avatar, "--text", text)
        return str(tadh(*command, *args).json["TaskId"])

    return submit


def finish(sandbox: Hosted) -> None:
    sandbox.settle()
    sandbox.advance(3600)


def test_a_callback_of_the_service_is_told_and_in_the_ledger(create: Any, sandbox: Hosted, tadh: Program) -> None:
    with listening() as listener:
        task = create("--callback-url", listener.url)
        finish(sandbox)
        listener.wait_for(task)
        (record,) = listener.told
    assert (record["State"], record["Status"], record["PreviousState"]) == ("done", "SUCCESS", "queued")
    assert record["MediaUrl"].startswith("http") and "***" not in record["MediaUrl"]
    assert tadh("task", "show", task).json["State"] == "done"


def test_what_a_callback_claims_is_not_believed(create: Any, sandbox: Hosted, tadh: Program) -> None:
    task = create(text="Many words. " * 300)
    with listening("-v") as listener:
        asked = len(sandbox.journal("video.get"))
        assert listener.claim(task) == 200
        until(lambda: len(sandbox.journal("video.get")) > asked)
        assert listener.told == []
        finish(sandbox)
        assert listener.claim(task) == 200
        listener.wait_for(task)
        assert listener.told[0]["MediaUrl"] != "http://evil/x.mp4"


def test_the_same_end_is_told_once_and_strangers_are_ignored(create: Any, sandbox: Hosted) -> None:
    one, two = create(), create(text="Another text.")
    finish(sandbox)
    with listening("-v") as listener:
        listener.wait_for(one, two)
        for _ in range(5):
            assert listener.claim(one) == 200
        assert listener.claim("0" * 32) == 200
        said = listener.stop()
    assert sorted(listener.ids()) == sorted([one, two])
    assert f"a callback for {'0' * 32} is ignored" in said and "video.get" not in said


def test_what_happened_while_nobody_listened_is_caught_up_with_once(create: Any, sandbox: Hosted) -> None:
    task = create("--callback-url", "http://127.0.0.1:9/nobody")
    with listening() as first:
        pass
    finish(sandbox)
    with listening() as second:
        second.wait_for(task)
    with listening() as third:
        assert third.url
    assert (first.told, second.ids(), third.told) == ([], [task], [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_gracefully(sandbox: Hosted, number: int) -> None:
    with listening() as listener:
        assert listener.stop(number).splitlines() == [f"waiting for callbacks at {listener.url}", "stopped"]


def test_the_path_is_made_once_and_kept_for_its_owner(sandbox: Hosted) -> None:
    with listening(path=None) as one:
        pass
    with listening(path=None) as two:
        pass
    path = urlsplit(one.url).path
    assert path == urlsplit(two.url).path and len(path) > 24
    kept = Path(os.environ["TADH_STATE_DIR"]) / "callback.path"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_hook_runs_once_and_again_until_it_succeeds(create: Any, sandbox: Hosted, tadh: Program) -> None:
    command = 'cat > /dev/null; echo "$TADH_TASK_ID $TADH_TASK_STATE" >> seen; [ -e mended ]'
    with listening("--exec", command) as listener:
        one = create("--callback-url", listener.url)
        finish(sandbox)
        listener.wait_for(one)
        until(lambda: Path("seen").exists())
        Path("mended").touch()
        assert "--exec ended with exit code 1" in listener.stop()
    tadh("-p", "sandbox", "task", "sync", "--changed", "--exec", command)
    tadh("-p", "sandbox", "task", "sync", "--changed", "--exec", command)
    assert Path("seen").read_text().splitlines() == [f"{one} done"] * 2


# Requests ----------------------------------------------------------------------------------------------


def test_whoever_does_not_know_the_path_learns_nothing(sandbox: Hosted) -> None:
    with listening() as listener:
        answers = {
            listener.ask(method=method, path=path)
            for method in ("GET", "POST", "HEAD", "PUT", "OPTIONS", "BREW")
            for path in ("/", "/callback", PATH[:-1], PATH + "/", PATH.upper(), "/%63allback/0123456789abcdef")
        }
        assert answers == {404}


@pytest.mark.parametrize(
    ("method", "body", "headers", "status"),
    [
        ("GET", b"", {}, 405),
        ("POST", b"", {}, 400),
        ("POST", b"{", {}, 400),
        ("POST", b"[" * 60_000, {}, 400),
        ("POST", b'{"Payload": {"Status": "SUCCESS"}}', {}, 400),
        ("POST", b'{"Payload": []}', {}, 400),
        ("POST", b"x" * 70_000, {}, 413),
        ("POST", b"", {"Content-Length": "-1"}, 411),
        ("POST", b"", {"Content-Length": "9" * 30}, 413),
        ("POST", b'{"Payload": {"TaskId": "T1"}}', {"Content-Type": "text/plain"}, 200),
        ("POST", b'{"TaskId": "T1"}', {"Content-Type": "application/json; charset=utf-8"}, 200),
        ("POST", b'{"Payload": {"taskId": 17}}', {}, 200),
    ],
)
def test_requests_are_judged(sandbox: Hosted, method: str, body: bytes, headers: dict[str, str], status: int) -> None:
    with listening() as listener:
        assert listener.ask(body, method=method, **headers) == status


def test_slow_and_broken_requests_do_not_keep_others_out(create: Any, sandbox: Hosted) -> None:
    with listening() as listener:
        parts = urlsplit(listener.url)
        idle = [socket.create_connection((str(parts.hostname), int(parts.port or 0))) for _ in range(40)]
        for connection in idle:
            connection.sendall(f"POST {PATH} HTTP/1.1\r\nContent-Length: 100\r\n\r\n{{".encode())
        task = create("--callback-url", listener.url)
        finish(sandbox)
        listener.wait_for(task)
        for connection in idle:
            connection.close()


def test_an_address_that_is_taken_is_told(sandbox: Hosted) -> None:
    with listening() as listener:
        port = urlsplit(listener.url).port
        ran = call("-p", "sandbox", "video", "callback", "--listen", f"127.0.0.1:{port}", code=2)
        assert "--listen" in ran.err and "in use" in ran.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--listen", "8080"), "is not HOST:PORT"),
        (("--listen", "127.0.0.1:99999"), "is not HOST:PORT"),
        (("--path", "secret"), "is not a path"),
        (("-o", "json"), "does not suit what has no end"),
        (("--query", "[0]"), "--query needs all there is"),
    ],
)
def test_what_can_not_work_is_told_at_once(sandbox: Hosted, args: tuple[str, ...], words: str) -> None:
    assert words in call("-p", "sandbox", "video", "callback", *args, code=2).err


def test_who_reads_no_more_loses_nothing(create: Any, sandbox: Hosted) -> None:
    task = create()
    finish(sandbox)
    line = f"{SCRIPT} -p sandbox video callback --listen 127.0.0.1:0 >/dev/full"
    ran = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1 and "can't write to stdout" in ran.stderr
    with listening() as listener:
        listener.wait_for(task)
