"""Standard streams that are closed or full, and signals that come more than once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.program import SCRIPT, Program, Ran, spawn

ON = ("-p", "sandbox")


@pytest.fixture
def avatar(tadh: Program, sandbox: Hosted) -> str:
    return tadh(*ON, "avatar", "list", "--limit", 1, "-o", "id").out.strip()


def shell(line: str, **names: str) -> Ran:
    """A line of bash in which `tadh` is the installed program."""
    env = {**os.environ, **names, "TADH": SCRIPT}
    ran = subprocess.run(["bash", "-c", line.replace("tadh", '"$TADH"', 1)], env=env, capture_output=True, timeout=60)
    return Ran(ran.returncode, ran.stdout, ran.stderr.decode())


@pytest.mark.parametrize(
    "line", ["tadh --version", "tadh --help", "tadh help exit-codes", "tadh -p sandbox avatar list"]
)
@pytest.mark.parametrize(
    ("redirection", "reason"), [(">&-", "bad file descriptor"), ("> /dev/full", "no space left on device")]
)
def test_a_stdout_that_can_not_be_written_is_told(sandbox: Hosted, line: str, redirection: str, reason: str) -> None:
    ran = shell(f"{line} {redirection}")
    assert ran.code == 1 and ran.err.startswith("error: can't write to stdout")
    assert reason in ran.err or "--version" in line
    assert "Traceback" not in ran.err and "Exception" not in ran.err


@pytest.mark.parametrize("more", ["-o json >&-", "--download - >&-", "--download - > /dev/full"])
def test_a_video_whose_record_can_not_be_told_is_not_lost(sandbox: Hosted, avatar: str, more: str) -> None:
    ran = shell(f"tadh -p sandbox video create --avatar {avatar} --text Hello --wait {more}")
    task = re.search(r"^video (\w{32}) is submitted", ran.err)
    assert ran.code == 1 and task is not None and "unexpected" not in ran.err
    assert ran.error["TaskId"] == task[1] and "can't write to stdout" in ran.error["Message"]
    if "--download" in more:
        assert ran.error["Resume"] == f"tadh -p sandbox video wait {task[1]} --download -"


def test_a_stdin_that_is_closed_is_told(sandbox: Hosted, avatar: str) -> None:
    ran = shell(f"tadh -p sandbox video create --avatar {avatar} --text - <&-")
    assert ran.code == 2 and "--text -: stdin can't be read: bad file descriptor" in ran.err


@pytest.mark.parametrize("form", ["json", "id"])
@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
def test_without_a_stderr_stdout_has_the_data_and_nothing_else(
    sandbox: Hosted, avatar: str, form: str, redirection: str
) -> None:
    ran = shell(f"tadh -p sandbox video create --avatar {avatar} --text Hello --wait -o {form} {redirection}")
    assert ran.code == 0
    assert len(json.loads(ran.out)["TaskId"] if form == "json" else ran.out.strip()) == 32


def test_without_a_stderr_the_exit_code_is_the_same(sandbox: Hosted) -> None:
    for redirection in ("2>&-", "2> /dev/full"):
        assert shell(f"tadh -p sandbox avatar list --query '[?' {redirection}").code == 2


def test_a_reader_of_help_that_has_seen_enough_is_no_failure() -> None:
    ran = shell("set -o pipefail; tadh help exit-codes | true")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.skipif(not hasattr(os, "set_blocking"), reason="no such pipes here")
def test_a_slow_reader_of_a_pipe_that_does_not_block_gets_everything(sandbox: Hosted) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with spawn(*ON, "avatar", "list", "-o", "json", stdout=writing) as process, open(reading, "rb") as pipe:
        os.close(writing)
        found = json.loads(pipe.read())
    assert process.returncode == 0 and len(json.dumps(found)) > 100_000


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_second_signal_does_not_interrupt_the_report_of_the_first(sandbox: Hosted, avatar: str, name: str) -> None:
    text = "Many words. " * 400
    with spawn(*ON, "video", "create", "--avatar", avatar, "--text", text, "--wait", "-o", "json") as process:
        assert process.stderr is not None
        seen = ""
        while ": MAKING" not in seen:
            seen += process.stderr.readline().decode()
        for _ in range(50):
            process.send_signal(getattr(signal, name))
        seen += process.stderr.read().decode()
        process.wait(timeout=20)
    error = json.loads(seen.splitlines()[-1])["error"]
    assert process.returncode == 130 and error["TaskId"] and error["Resume"].endswith(error["TaskId"])


def test_text_of_any_language_in_an_argument_survives_a_plain_locale(sandbox: Hosted, avatar: str) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    shown = shell(f"tadh -p sandbox video create --avatar {avatar} --text 你好 --dry-run", **plain)
    assert shown.json["Body"]["Payload"]["InputSsml"] == "你好", shown.err
    found = shell("tadh -p sandbox avatar list --search 小 -o json", **plain)
    assert found.json
