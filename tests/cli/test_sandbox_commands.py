"""`tadh sandbox` as an operator sees it: a process of its own, found again, steered, and gone without a trace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tadh_cli import config
from tadh_cli.sandbox import process, record
from tests.program import Program, Ran

ANNA = "4414462893dc74f31473010ff3f6c977"
ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


Tadh = Callable[..., Ran]


@pytest.fixture(autouse=True)
def directory(own_environment: None) -> Iterator[Path]:
    """Where the sandbox of a test lives; one that is left running is ended."""
    yield config.sandbox_dir()
    process.stop(config.sandbox_dir())


@pytest.fixture
def run(tadh: Program) -> Tadh:
    """The program, whatever its exit code."""
    return partial(tadh, code=None)


def test_a_sandbox_is_started_found_and_stopped(run: Tadh, directory: Path) -> None:
    started = run("sandbox", "start", "--seed", "3", "--speed", "50")
    assert started.code == 0
    facts = started.json
    assert (facts["Profile"], facts["Seed"], facts["Speed"], facts["Status"]) == ("sandbox", 3, 50, "running")
    assert facts["Url"] == f"http://127.0.0.1:{facts['Port']}"
    assert facts["StateDir"] == str(directory)
    assert (directory / "server.json").stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    status = run("sandbox", "status")
    assert status.code == 0
    assert (status.json["Pid"], status.json["Productions"]) == (facts["Pid"], 0)
    assert run("-p", "sandbox", "avatar", "list", "--limit", "2", "-o", "id").out.count("\n") == 2
    stopped = run("sandbox", "stop")
    assert (stopped.code, stopped.json["Status"]) == (0, "stopped")
    assert not (directory / "server.json").exists()
    assert run("sandbox", "status").code == 5
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", facts["Port"]), timeout=1)


def test_secrets_are_not_printed(run: Tadh, directory: Path) -> None:
    out = run("sandbox", "start", "-o", "yaml").out + run("sandbox", "status").out
    running = record.read(directory)
    assert running is not None
    assert running.access_token not in out
    assert running.admin_token not in out


def test_a_second_start_finds_the_first(run: Tadh) -> None:
    first = run("sandbox", "start", "--speed", "20")
    again = run("sandbox", "start")
    assert (again.code, again.json) == (0, first.json)
    assert run("sandbox", "start", "--speed", "20").json == first.json
    other = run("sandbox", "start", "--speed", "30", "--port", "1")
    assert other.code == 2
    assert "runs already with --speed 20" in other.err
    assert "runs already with --port" in other.err
    assert "tadh sandbox stop" in other.err


def test_two_starts_at_the_same_time_end_in_one_sandbox(directory: Path) -> None:
    command = [sys.executable, "-m", "tadh_cli", "sandbox", "start", "-o", "json"]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [start.communicate(timeout=60) for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], outputs
    assert len({json.loads(out)["Pid"] for out, _ in outputs}) == 1


def test_stopping_nothing_is_no_error(run: Tadh) -> None:
    stopped = run("sandbox", "stop")
    assert (stopped.code, stopped.out) == (0, "")
    assert "not running" in stopped.err


def test_what_a_dead_server_left_behind_is_cleaned_up(run: Tadh, directory: Path) -> None:
    first = run("sandbox", "start").json
    os.kill(first["Pid"], signal.SIGKILL)
    assert (directory / "server.json").exists()
    assert run("sandbox", "status").code == 5
    assert not (directory / "server.json").exists()
    again = run("sandbox", "start")
    assert again.code == 0
    # Links that were handed out go on to work.
    assert again.json["Url"] == first["Url"]


def test_a_port_that_somebody_else_listens_at_is_not_ours(run: Tadh, directory: Path) -> None:
    facts = run("sandbox", "start").json
    running = record.read(directory)
    assert running is not None
    run("sandbox", "stop")
    with socket.create_server(("127.0.0.1", facts["Port"])):
        record.write(directory, running)
        taken = run("sandbox", "start", "--port", str(facts["Port"]))
    assert taken.code == 2
    assert f"--port {facts['Port']} is in use" in taken.err


def test_the_state_outlives_a_restart_but_not_a_reset(run: Tadh, directory: Path) -> None:
    run("sandbox", "start", "--speed", "1000")
    made = run("-p", "sandbox", "video", "create", "--avatar", ANNA, "--text", "Hi").json["TaskId"]
    run("sandbox", "stop")
    assert run("sandbox", "start").json["Speed"] == 10
    assert run("sandbox", "status").json["Productions"] == 1
    assert run("-p", "sandbox", "api", "video.get", "-f", f"TaskId={made}").code == 0
    assert run("sandbox", "reset").code == 0
    assert run("-p", "sandbox", "api", "video.get", "-f", f"TaskId={made}").code == 5
    run("-p", "sandbox", "video", "create", "--avatar", ANNA, "--text", "Hi")
    run("sandbox", "stop")
    assert run("sandbox", "reset").code == 0
    assert not list((directory / "media").iterdir())
    run("sandbox", "start")
    assert run("sandbox", "status").json["Productions"] == 0


def test_rules_are_set_shown_and_cleared_while_it_runs(run: Tadh, tmp_path: Path) -> None:
    rules = tmp_path / "faults.yaml"
    rules.write_text("- operation: avatar.list\n  code: 100013\n  times: 1\n")
    run("sandbox", "start")
    assert run("sandbox", "faults", "set", str(rules)).json[0]["code"] == 100013
    assert run("-p", "sandbox", "avatar", "list").code == 6
    assert run("-p", "sandbox", "avatar", "list", "--limit", "1").code == 0
    shown = run("sandbox", "faults", "show", "-o", "csv").out
    assert "avatar.list" in shown
    assert run("sandbox", "faults", "show").json[0]["fired"] == 1
    assert run("sandbox", "faults", "clear").json == []


def test_rules_can_be_given_at_the_start(run: Tadh, tmp_path: Path) -> None:
    rules = tmp_path / "faults.json"
    rules.write_text('[{"operation": "avatar.list", "http": 500}]')
    assert run("sandbox", "start", "--faults", str(rules)).json["Faults"] == str(rules)
    assert run("sandbox", "status").json["FaultRules"] == 1
    assert run("sandbox", "start", "--faults", str(rules)).code == 0
    other = tmp_path / "other.json"
    other.write_text("[]")
    assert run("sandbox", "start", "--faults", str(other)).code == 2


def test_rules_can_come_through_stdin(run: Tadh) -> None:
    assert run("sandbox", "start", "--faults", "-", stdin=b"- {operation: avatar.list, http: 500}").code == 0
    assert run("sandbox", "faults", "show").json[0]["http"] == 500
    assert run("sandbox", "faults", "set", "-", stdin=b"- {operation: voice.list, http: 502}").json[0]["http"] == 502


def test_wrong_rules_are_told_with_file_and_line(run: Tadh, tmp_path: Path) -> None:
    rules = tmp_path / "faults.yaml"
    rules.write_text("- operation: avatar.list\n  htp: 500\n- operation: avatr.list\n  http: 500\n")
    for args in (("sandbox", "start", "--faults", str(rules)), ("sandbox", "faults", "set", str(rules))):
        if args[1] == "faults":
            run("sandbox", "start")
        refused = run(*args)
        assert refused.code == 2
        assert f"{rules}:2: unknown key htp; did you mean http?" in refused.err
        assert f"{rules}:3: operation 'avatr.list' is unknown; did you mean avatar.list?" in refused.err


@pytest.mark.parametrize(
    "args",
    [
        ("faults", "look"),
        ("faults", "set"),
        ("faults", "show", "file"),
        ("faults", "set", "/nowhere/at/all.yaml"),
        ("start", "--faults", "/nowhere/at/all.yaml"),
        ("start", "--port", "0"),
        ("start", "--port", "x"),
        ("start", "--speed", "0"),
    ],
)
def test_wrong_arguments_start_nothing(run: Tadh, directory: Path, args: tuple[str, ...]) -> None:
    assert run("sandbox", *args).code == 2
    assert not (directory / "server.json").exists()


@pytest.mark.parametrize("args", [("faults", "show"), ("status",)])
def test_what_needs_a_running_sandbox_says_so(run: Tadh, args: tuple[str, ...]) -> None:
    outcome = run("sandbox", *args)
    assert outcome.code == 5
    assert "tadh sandbox start" in outcome.err


def test_the_log_has_a_line_a_request(run: Tadh) -> None:
    assert run("sandbox", "logs").code == 5
    run("sandbox", "start")
    run("-p", "sandbox", "avatar", "list", "--limit", "1")
    lines = run("sandbox", "logs", "--lines", "1").out.splitlines()
    assert len(lines) == 1
    assert " avatar.list 0 " in lines[0]
    assert run("sandbox", "logs", "--lines", "0").out.strip() == ""


def test_a_missing_library_is_named_with_its_extra(run: Tadh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "NEEDED", ("aiohttp", "no_such_library"))
    outcome = run("sandbox", "start")
    assert outcome.code == 3
    assert "no_such_library" in outcome.err
    assert "pip install 'tadh-cli[sandbox]'" in outcome.err


def test_packages_that_the_demo_has_fetched_are_used(run: Tadh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "NEEDED", ("aiohttp", "fetched_before"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    cached = config.cache_dir() / "sandbox-packages"
    cached.mkdir(parents=True)
    assert "pip install '.[sandbox]'" in run("sandbox", "start").err
    (cached / "fetched_before.py").touch()
    assert run("sandbox", "start").code == 0


@pytest.mark.parametrize("speed", ["nan", "inf"])
def test_a_speed_is_a_number(run: Tadh, speed: str) -> None:
    assert run("sandbox", "start", "--speed", speed).code == 2


@pytest.mark.parametrize("name", ["hello.mp4", "hello.srt"])
def test_the_demo_takes_the_place_of_no_file(run: Tadh, name: str) -> None:
    Path("out").mkdir()
    Path("out", name).write_text("MINE")
    assert run("demo", "--out", "out", "--text", "Hello").json["Files"] == ["out/hello-2.mp4", "out/hello-2.srt"]
    assert Path("out", name).read_text() == "MINE"


def test_the_demo_looks_at_its_place_first(run: Tadh) -> None:
    Path("file").touch()
    ran = run("demo", "--out", "file", "-o", "json")
    assert ran.code == 2 and "--out file: file is not a directory" in ran.err and "$ tadh" not in ran.err


def test_a_demo_that_fails_names_no_way_back_to_what_is_gone(run: Tadh) -> None:
    ran = run("demo", "--text", "SENSITIVE words", "-o", "json")
    assert ran.code == 11 and (ran.error["Resume"], ran.error["TaskId"]) == ("", "")


# Processes -------------------------------------------------------------------------------------------------


def children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listed in lists for child in listed.read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return found


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_rendering_processes_end_with_the_server(run: Tadh, number: int) -> None:
    pid = run("sandbox", "start").json["Pid"]
    run("-p", "sandbox", "video", "create", "--avatar", ANNA, "--text", "a long text. " * 200)
    (worker, *_) = until(lambda: children(pid), "a rendering process starts")
    os.kill(pid, number)
    until(lambda: not is_alive(pid), "the server ends")
    until(lambda: not is_alive(worker), "its rendering process ends")


@ON_LINUX
def test_it_ends_with_its_directory(run: Tadh, directory: Path) -> None:
    pid = run("sandbox", "start").json["Pid"]
    (directory / "server.json").unlink()
    until(lambda: not is_alive(pid), "the server ends")


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_runs_until_a_signal(run: Tadh, directory: Path, number: int) -> None:
    command = [sys.executable, "-m", "tadh_cli", "sandbox", "start", "--foreground", "-o", "ndjson"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        facts = json.loads(running.stdout.readline())
        assert (facts["Pid"], facts["Status"]) == (running.pid, "running")
        assert run("sandbox", "start", "--foreground").code == 2
        assert run("-p", "sandbox", "avatar", "list", "--limit", "1").code == 0
        running.send_signal(number)
        out, err = running.communicate(timeout=20)
    assert (running.returncode, out, err) == (0, "", "")
    assert not (directory / "server.json").exists()


@pytest.mark.skipif(os.name != "posix", reason="sessions")
def test_the_server_is_no_child_of_the_terminal(run: Tadh) -> None:
    pid = run("sandbox", "start").json["Pid"]
    assert os.getsid(pid) == pid
    assert os.getsid(pid) != os.getsid(0)


@pytest.mark.parametrize("lines", ["0", "5"])
def test_a_log_can_be_followed(run: Tadh, lines: str) -> None:
    run("sandbox", "start")
    command = [sys.executable, "-m", "tadh_cli", "sandbox", "logs", "--follow", "--lines", lines]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        if lines != "0":
            assert "listening" in following.stdout.readline()
        else:
            until(lambda: b"logs" in Path(f"/proc/{following.pid}/cmdline").read_bytes(), "it runs")
            time.sleep(0.5)
        run("-p", "sandbox", "avatar", "list", "--limit", "1")
        assert " avatar.list 0 " in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=20)
    assert following.returncode == 130


def test_the_demo_is_traced_and_told_like_any_command(tadh: Program) -> None:
    ran = tadh("demo", "--text", "Hi", "--trace", "t.ndjson", "-v")
    urls = [json.loads(line)["Url"] for line in Path("t.ndjson").read_text().splitlines()]
    assert any("videomake" in url for url in urls)
    assert "> POST" in ran.err and Path(ran.json["Files"][0]).exists()


def test_the_demo_drives_a_live_session_and_closes_it(tadh: Program) -> None:
    ran = tadh("demo", "--text", "Hi", "--trace", "t.ndjson")
    lines = Path("t.ndjson").read_text().splitlines()
    calls = [json.loads(line)["Url"].rpartition("/")[2].partition("?")[0] for line in lines]
    steps = ("createsession", "createsessionbyasset", "startsession", "closesession")
    assert [call for call in calls if call in steps] == ["createsessionbyasset", "startsession", "closesession"]
    assert ran.json["Pacing"]["Packets"] > 5 and ran.json["SessionId"]
    assert "arrived: " in ran.err


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers of POSIX")
def test_a_start_that_is_interrupted_leaves_no_server(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    really = process._spawn

    def spawn_and_interrupt(*args: Any) -> subprocess.Popen[bytes]:
        started.append(really(*args))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        return started[0]

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(process, "_spawn", spawn_and_interrupt)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            process.start(directory, record.Options())
    finally:
        signal.signal(signal.SIGALRM, before)
    assert started[0].returncode is not None and process.find(directory) is None
