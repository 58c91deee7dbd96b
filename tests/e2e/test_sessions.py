"""Live sessions of the installed program: whatever ends it, nothing stays open; pipes in, pipes out, a terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.e2e.test_installed import lines_until, wait_for_intent
from tests.media import wav
from tests.program import SCRIPT, Program, call, spawn, until

ON = ("-p", "sandbox")
# What is told when a session comes so far.
MOMENTS = ("is PREPARING", "play address", ": READY", "channel open", "AudioStart")
GONE: list[dict[str, Any]] = [{"operation": "*", "reset": "before"}]


@pytest.fixture
def avatar(tadh: Program, sandbox: Hosted) -> str:
    Path("v.wav").write_bytes(wav(seconds=1.6))
    return tadh(*ON, "avatar", "list", "--limit", 1, "-o", "id").out.strip()


@pytest.fixture
def session(tadh: Program, avatar: str) -> str:
    return tadh(*ON, "session", "create", "--avatar", avatar, "--start", "-o", "id").out.strip()


def opened(tadh: Program) -> list[str]:
    return tadh(*ON, "session", "list", "-o", "id").out.split()


def run(avatar: str, *more: object, **options: Any) -> subprocess.Popen[bytes]:
    return spawn(*ON, "session", "run", "--avatar", avatar, "--audio", "v.wav", *more, **options)


# However it ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        *(("SIGINT", moment) for moment in MOMENTS),
        ("SIGTERM", "is PREPARING"),
        ("SIGTERM", "AudioStart"),
        ("SIGHUP", ": READY"),
    ],
)
def test_a_signal_closes_what_was_opened(tadh: Program, sandbox: Hosted, avatar: str, name: str, moment: str) -> None:
    with run(avatar, "-o", "json") as process:
        assert process.stderr is not None
        seen = lines_until(process.stderr, moment)
        for _ in range(3):
            process.send_signal(getattr(signal, name))
        seen += process.stderr.read().decode()
        process.wait(timeout=20)
    assert process.returncode == 130 and "is closed again" in seen and "Traceback" not in seen, seen
    assert opened(tadh) == []


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_the_creation_is_on_its_way_waits_for_its_answer(
    tadh: Program, sandbox: Hosted, avatar: str, name: str
) -> None:
    sandbox.set_faults([{"operation": "session.create-by-avatar", "delay_s": 1.5, "times": 1}])
    with run(avatar) as process:
        wait_for_intent()
        process.send_signal(getattr(signal, name))
        assert process.stderr is not None
        seen = process.stderr.read().decode()
    assert process.returncode == 130 and "waiting for the service's answer" in seen and "is closed again" in seen, seen
    assert opened(tadh) == [] and len(sandbox.journal("session.close")) == 1


def test_a_signal_while_it_is_closed_does_not_keep_it_open(tadh: Program, sandbox: Hosted, avatar: str) -> None:
    sandbox.set_faults([{"operation": "session.close", "delay_s": 1.0, "times": 1}])
    with spawn(*ON, "session", "run", "--avatar", avatar, "--text", "Hi") as process:
        assert process.stderr is not None
        lines_until(process.stderr, "channel closed")
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        process.wait(timeout=20)
    assert opened(tadh) == []


@pytest.mark.parametrize("what", ["create", "run"])
def test_a_stdout_that_nobody_reads_closes_what_was_opened(
    tadh: Program, sandbox: Hosted, avatar: str, what: str
) -> None:
    more = (
        ("create", "--avatar", avatar, "--start") if what == "create" else ("run", "--avatar", avatar, "--text", "Hi")
    )
    events = ("--events", "-") if what == "run" else ()
    with spawn(*ON, "session", *more, *events) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        process.stdout = None
        seen = process.stderr.read().decode()
    assert "is closed again" in seen and opened(tadh) == [], seen


def test_a_service_that_is_gone_is_told_and_its_session_collected_later(
    tadh: Program, sandbox: Hosted, avatar: str
) -> None:
    with run(avatar, "--max-duration", "2s") as process:
        assert process.stderr is not None
        lines_until(process.stderr, "AudioStart")
        sandbox.set_faults(GONE)
        process.send_signal(signal.SIGINT)
        seen = lines_until(process.stderr, "trying again for")
        # A second one gives up.
        process.send_signal(signal.SIGINT)
        seen += process.stderr.read().decode()
    assert process.returncode == 130 and "may still be open" in seen and "session gc" in seen
    sandbox.clear_faults()
    (left,) = opened(tadh)
    assert tadh(*ON, "session", "gc", "-o", "id").out.split() == [left] and opened(tadh) == []


def test_what_was_killed_is_found_in_the_ledger(tadh: Program, sandbox: Hosted, avatar: str) -> None:
    with run(avatar) as process:
        assert process.stderr is not None
        lines_until(process.stderr, "channel open")
        assert "is in use" in tadh(*ON, "session", "gc").err
        process.kill()
    (left,) = opened(tadh)
    assert tadh(*ON, "session", "gc", "-o", "id").out.split() == [left] and opened(tadh) == []


def test_an_interrupted_drive_tells_its_report_and_leaves_the_session(tadh: Program, session: str) -> None:
    with spawn(*ON, "session", "drive", session, "--audio", "v.wav") as process:
        assert process.stderr is not None and process.stdout is not None
        lines_until(process.stderr, "AudioStart")
        process.send_signal(signal.SIGINT)
        report = json.loads(process.stdout.read())
        process.stderr.read()
    assert process.returncode == 130 and report["WasStopped"] and report["Packets"] < 10
    assert opened(tadh) == [session]


# Pipes -------------------------------------------------------------------------------------------------


def test_text_from_a_program_leaves_as_it_comes(tadh: Program, session: str) -> None:
    with spawn(*ON, "session", "drive", session, "--stream", "-", "-v", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stderr is not None
        lines_until(process.stderr, "channel open")
        started = time.monotonic()
        process.stdin.write("你好，".encode()[:7])
        process.stdin.flush()
        lines_until(process.stderr, "TextStart")
        assert time.monotonic() - started < 2
        process.stdin.write("你好，".encode()[7:] + "世界。".encode())
        process.stdin.close()
        process.stdin = None
        process.stderr.read()
    tadh("sandbox", "session", session, "--transcript", "out.txt")
    assert process.returncode == 0 and Path("out.txt").read_text("utf-8").strip() == "你好，世界。"


def test_sound_through_a_pipe_arrives_sample_by_sample(tadh: Program, session: str) -> None:
    with open("v.wav", "rb") as sound:
        call(*ON, "session", "drive", session, "--audio", "-", "--burst", 6, stdin=sound)
    line = f'tail -c +45 v.wav | "{SCRIPT}" -p sandbox session drive {session} --pcm -'
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, timeout=30)
    tadh("sandbox", "session", session, "--audio", "out.pcm")
    assert Path("out.pcm").read_bytes() == Path("v.wav").read_bytes()[44:] * 2


# A terminal --------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals here")
def test_a_conversation_at_a_terminal(tadh: Program, session: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    with spawn(*ON, "session", "drive", session, stdin=theirs) as process:
        os.close(theirs)
        assert process.stderr is not None and process.stdout is not None
        seen = lines_until(process.stderr, "channel open")
        assert "/stop falls silent" in seen
        os.write(ours, "Hello & 你好\n".encode())
        lines_until(process.stderr, "\nTextOver")
        os.write(ours, b"/status\n/what\n<speak>broken\n/stop\n")
        lines_until(process.stderr, "not said")
        os.write(ours, b"/quit\n")
        report = json.loads(process.stdout.read())
        process.stderr.read()
    os.close(ours)
    assert process.returncode == 0 and report["Said"] == 1
    tadh("sandbox", "session", session, "--transcript", "out.txt")
    assert "Hello &amp; 你好" in Path("out.txt").read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals here")
def test_a_terminal_that_is_gone_ends_a_conversation(tadh: Program, sandbox: Hosted, avatar: str) -> None:
    """Under nohup nothing else tells: what reads it fails, and the session would cost money for ever."""
    import pty

    ours, theirs = pty.openpty()
    unheard = partial(signal.signal, signal.SIGHUP, signal.SIG_IGN)
    with spawn(*ON, "session", "run", "--avatar", avatar, stdin=theirs, preexec_fn=unheard) as process:
        os.close(theirs)
        assert process.stderr is not None
        lines_until(process.stderr, "channel open")
        os.close(ours)
        seen = process.stderr.read().decode()
    assert process.returncode == 0 and "Traceback" not in seen, seen
    assert opened(tadh) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals here")
def test_a_terminal_shows_a_live_line(tadh: Program, session: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    env = {"COLUMNS": "120", "TERM": "xterm-256color"}
    with spawn(*ON, "session", "drive", session, "--audio", "v.wav", stderr=theirs, env=env) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 4096)
            except OSError:
                break
    os.close(ours)
    text = seen.decode()
    assert process.returncode == 0 and "plays a sound" in text and "ratio 0." in text and "packets" in text


def test_two_changes_of_two_processes_wait_for_each_other(tadh: Program, sandbox: Hosted, session: str) -> None:
    change = (*ON, "session", "update", session, "--x", 0, "--y", 0, "--zoom", 1)
    processes = [spawn(*change), spawn(*change)]
    until(lambda: all(process.poll() is not None for process in processes))
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0]
    assert [entry["code"] for entry in sandbox.journal("session.update")] == [0, 0]
