"""The installed program as a process: pipes, signals, crashes, two at once, completions."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from tadh_cli.config import ledger_path
from tadh_cli.sandbox.hosting import Hosted
from tests.cli.conftest import TEXT
from tests.program import SCRIPT, Program, call, spawn, until
from tests.snapshots import ROOT

ON = ("-p", "sandbox")
LONG = "Many words. " * 400


@pytest.fixture
def avatar(tadh: Program, sandbox: Hosted) -> str:
    return tadh(*ON, "avatar", "list", "--limit", 1, "-o", "id").out.strip()


def lines_until(stream: IO[bytes], wanted: str) -> str:
    """Read lines until one contains what is waited for."""
    seen = ""
    for line in stream:
        seen += line.decode()
        if wanted in seen:
            return seen
    raise AssertionError(f"{wanted!r} did not come: {seen}")


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"tadh \d+\.\d+\.\d+\n", call("--version").out)
    ran = subprocess.run([sys.executable, "-m", "tadh_cli", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == call("--version").out


def test_a_group_without_a_command_shows_its_help() -> None:
    ran = call("video", code=2)
    assert "create" in ran.err and ran.out == ""


def test_a_video_in_a_pipe(sandbox: Hosted, avatar: str) -> None:
    line = (
        f'"{SCRIPT}" video create --avatar {avatar} --text "{TEXT}" --wait --download out/ -o json | jq -r ".Files[0]"'
    )
    if shutil.which("jq") is None:
        line = line.replace(
            'jq -r ".Files[0]"', f"{sys.executable} -c 'import json,sys; print(json.load(sys.stdin)[\"Files\"][0])'"
        )
    env = {**os.environ, "TADH_PROFILE": "sandbox"}
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", line], env=env, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0 and Path(ran.stdout.strip()).stat().st_size > 1000, ran.stderr


def test_a_video_with_the_environment_alone(sandbox: Hosted, avatar: str) -> None:
    env = {"TADH_ENDPOINT": sandbox.url, "TADH_APP_KEY": sandbox.app_key, "TADH_ACCESS_TOKEN": sandbox.access_token}
    record = call("video", "create", "--avatar", avatar, "--text", TEXT, "--wait", "--download", "a.webm", env=env).json
    assert record["Files"] == ["a.webm", "a.srt"] and record["Profile"] == "default"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_wait_and_names_the_way_back(sandbox: Hosted, avatar: str, name: str) -> None:
    with spawn(*ON, "video", "create", "--avatar", avatar, "--text", LONG, "--wait", "-o", "json") as process:
        assert process.stderr is not None
        seen = lines_until(process.stderr, ": MAKING")
        process.send_signal(getattr(signal, name))
        seen += process.stderr.read().decode()
        process.wait(timeout=20)
    task = re.search(r"video (\w{32}) is submitted", seen)
    assert task is not None and process.returncode == 130
    error = json.loads(seen.splitlines()[-1])["error"]
    assert (error["TaskId"], error["Resume"]) == (task[1], f"tadh -p sandbox video wait {task[1]}")
    assert "Traceback" not in seen


def test_ctrl_c_while_the_request_is_on_its_way_leaves_a_trace_of_it(sandbox: Hosted, avatar: str) -> None:
    sandbox.set_faults([{"operation": "video.create", "delay_s": 30, "times": 1}])
    with spawn(*ON, "-v", "video", "create", "--avatar", avatar, "--text", TEXT, "-o", "json") as process:
        wait_for_intent()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        error = json.loads(process.stderr.read().splitlines()[-1])["error"]
    assert process.returncode == 130 and error["TaskId"] == "#1" and "unknown" in error["Message"]
    assert call("task", "list", "--state", "unknown", "-o", "id").out == "#1\n"


def wait_for_intent() -> None:
    """Until another process has written down what it is about to send."""

    def is_there() -> bool:
        if not ledger_path().exists():
            return False
        try:
            with sqlite3.connect(ledger_path()) as db:
                return bool(db.execute("SELECT COUNT(*) FROM tasks").fetchone()[0])
        except sqlite3.OperationalError:
            return False

    until(is_there)


def test_killed_while_the_request_is_on_its_way_the_intent_remains(sandbox: Hosted, avatar: str) -> None:
    sandbox.set_faults([{"operation": "video.create", "delay_s": 30, "times": 1}])
    with spawn(*ON, "video", "create", "--avatar", avatar, "--text", TEXT) as process:
        wait_for_intent()
        process.kill()
    (entry,) = call("task", "list").json
    assert entry["State"] == "unknown" and entry["Request"]["InputSsml"] == TEXT


def test_killed_while_downloading_the_next_run_goes_on(sandbox: Hosted, avatar: str, tadh: Program) -> None:
    task = tadh(*ON, "video", "create", "--avatar", avatar, "--text", TEXT, "--wait").json["TaskId"]
    whole = tadh(*ON, "video", "download", task, "-").raw
    sandbox.set_faults([{"operation": "media.get", "slow_bytes_s": len(whole) // 4, "times": 1}])
    with spawn(*ON, "video", "download", task, "a.webm") as process:
        wait_for_bytes(Path("a.webm.part"))
        process.kill()
    assert not Path("a.webm").exists()
    tadh(*ON, "video", "download", task, "a.webm")
    assert Path("a.webm").read_bytes() == whole and not list(Path().glob("*.part*"))
    assert sandbox.journal("media.get")[-1]["status"] == 206


def wait_for_bytes(path: Path) -> None:
    until(lambda: path.exists() and path.stat().st_size > 0)


def test_two_downloads_of_one_file_at_once_do_not_spoil_it(sandbox: Hosted, avatar: str, tadh: Program) -> None:
    task = tadh(*ON, "video", "create", "--avatar", avatar, "--text", TEXT, "--wait").json["TaskId"]
    whole = tadh(*ON, "video", "download", task, "-").raw
    processes = [spawn(*ON, "video", "download", task, "a.webm") for _ in range(3)]
    assert [process.communicate()[0] != b"" and process.returncode for process in processes] == [0, 0, 0]
    assert Path("a.webm").read_bytes() == whole and not list(Path().glob("*.part*"))


def test_a_reader_that_has_seen_enough_is_no_failure(sandbox: Hosted) -> None:
    line = f'"{SCRIPT}" -p sandbox avatar list -o ndjson | head -n 1'
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "") and json.loads(ran.stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_stdout_does_not_lose_the_task(sandbox: Hosted, avatar: str) -> None:
    with open("/dev/full", "wb") as full:
        ran = call(*ON, "video", "create", "--avatar", avatar, "--text", TEXT, "-o", "json", stdout=full, code=1)
    assert "can't write to stdout: no space left on device" in ran.err and len(ran.error["TaskId"]) == 32


def test_chinese_text_survives_a_plain_locale(sandbox: Hosted, avatar: str) -> None:
    env = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    shown = call(*ON, "video", "create", "--avatar", avatar, "--text", "@-", "--dry-run", code=2, env=env)
    assert "@" not in shown.out
    Path("hello.txt").write_text("你好，世界", "utf-8")
    body = call(*ON, "video", "create", "--avatar", avatar, "--text", "@hello.txt", "--dry-run", env=env).json["Body"]
    assert body["Payload"]["InputSsml"] == "你好，世界"


def test_an_argument_that_is_not_utf_8_is_refused(sandbox: Hosted, avatar: str) -> None:
    command = [
        SCRIPT.encode(),
        b"-p",
        b"sandbox",
        b"video",
        b"create",
        b"--avatar",
        avatar.encode(),
        b"--text",
        b"\xb0\xb1",
    ]
    ran = subprocess.run(command, capture_output=True, timeout=60)
    assert ran.returncode == 2 and b"not UTF-8" in ran.stderr


def test_many_processes_share_one_new_ledger(sandbox: Hosted, avatar: str) -> None:
    fields = ("-f", f"AssetVirtualmanKey={avatar}", "-f", "Protocol=rtmp", "-f", "DriverType=1", "-o", "id")
    create = ("api", "session.create-by-avatar", *fields)
    processes = [spawn(*ON, *create, "-f", f"UserId=u{number}") for number in range(6)]
    outcomes = [(process.communicate()[0].decode().strip(), process.returncode) for process in processes]
    created = {task for task, code in outcomes if code == 0}
    listed = call("task", "list", "--kind", "session").json
    assert {entry["TaskId"] for entry in listed if entry["State"] == "queued"} == created and len(listed) == 6


def completions(line: str, **env: str) -> list[str]:
    """What bash offers after a line."""
    words = line.split(" ")
    script = (
        f"source {ROOT / 'completions' / 'tadh.bash'}; COMP_WORDS=({' '.join(word or chr(39) * 2 for word in words)});"
        f" COMP_CWORD={len(words) - 1}; _tadh_completion tadh; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    path = f"{Path(SCRIPT).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", script], env={**os.environ, "PATH": path, **env}, capture_output=True, text=True, timeout=30
    )
    assert ran.stderr == ""
    return ran.stdout.split()


def test_groups_commands_options_and_words_complete() -> None:
    assert "video" in completions("tadh vi")
    assert completions("tadh video sta") == ["status"]
    assert "--timeout" in completions("tadh video wait --ti")
    assert completions("tadh video create --format g") == ["green-screen-mp4"]
    assert completions("tadh -o nd") == ["ndjson"]


def test_tasks_profiles_and_operations_complete(sandbox: Hosted, avatar: str, tadh: Program, tmp_path: Path) -> None:
    task = tadh(*ON, "video", "create", "--avatar", avatar, "--text", TEXT).json["TaskId"]
    (tmp_path / "config.yaml").write_text("profiles: {prod: {}, staging: {}}")
    assert completions(f"tadh video wait {task[:4]}") == [task]
    assert completions("tadh -p s") == ["staging", "sandbox"]
    assert "video.create-advanced" in completions("tadh api video.cr")


def test_completion_is_silent_when_everything_is_broken(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    (tmp_path / "state").write_text("a file where a directory should be")
    assert completions("tadh -p s") == ["sandbox"]
    assert completions("tadh video wait x") == []
