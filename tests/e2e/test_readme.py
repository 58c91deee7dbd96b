"""The command lines of the README's chapters about automation run as they stand there."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tadh_cli.sandbox.hosting import Hosted
from tests.program import SCRIPT, Program, until
from tests.snapshots import ROOT

CHAPTERS = ("In CI", "From cron and systemd", "Callbacks", "Under a workflow engine")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="shells, cron and systemd")


class Block(NamedTuple):
    """A block of code, and the commands in it, in order."""

    name: str
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        return [command for command in READERS[self.language](self.text) if command]


def _of_yaml(text: str) -> Iterator[str]:
    """What a job of GitHub, GitLab or Argo runs."""
    for mapping in _mappings(yaml.safe_load(text)):
        yield from [mapping["run"]] if isinstance(mapping.get("run"), str) else []
        yield from mapping.get("script", [])
        yield from mapping.get("args", [])


def _mappings(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _mappings(child)


def _of_crontab(text: str) -> Iterator[str]:
    for line in text.splitlines():
        entry = re.fullmatch(r"(?:[-\d*/,]+\s+){5}(.+)", line)
        assert entry or re.match(r"[A-Z_]+=|#", line), line
        if entry:
            assert "%" not in entry[1], "cron takes that for the end of the line"
            yield entry[1]


def _of_units(text: str) -> Iterator[str]:
    """What systemd starts: it knows quotes, but is no shell."""
    for part in re.split(r"(?m)^# /", text):
        unit = configparser.RawConfigParser(strict=True)
        unit.read_string(part.partition("\n")[2])
        start = unit.get("Service", "ExecStart", fallback="")
        assert not re.search(r"[$%|<>;&]", start), "systemd does something else with these"
        yield shlex.join(shlex.split(start))


def _of_python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.keyword) and node.arg == "bash_command":
            yield ast.literal_eval(node.value)


READERS: dict[str, Callable[[str], Iterator[str]]] = {
    "yaml": _of_yaml,
    "sh": lambda text: iter([text]),
    "crontab": _of_crontab,
    "ini": _of_units,
    "python": _of_python,
    "nginx": lambda text: iter(()),
}


def blocks() -> Iterator[Block]:
    for chapter in re.split(r"(?m)^## ", (ROOT / "README.md").read_text())[1:]:
        title = chapter.partition("\n")[0]
        found = re.findall(r"(?ms)^```(\w*)\n(.*?)^```", chapter) if title in CHAPTERS else []
        for number, (language, text) in enumerate(found, 1):
            yield Block(f"{title} {number} {language}", language, text)


BLOCKS = list(blocks())
RUN = [block for block in BLOCKS if block.commands and "video callback" not in block.text and "#!" not in block.text]
(RECEIVER,) = [block for block in BLOCKS if "video callback" in block.text]
(ON_CHANGE,) = [block.text for block in BLOCKS if "#!" in block.text]


class Machine:
    """A machine with what the chapters take for granted, in a directory of the test."""

    def __init__(self, place: Path, sandbox: Hosted, tadh: Program) -> None:
        self.place = place
        self._run = tadh
        running = json.loads((sandbox.directory / "server.json").read_text())
        self.avatar = tadh("-p", "sandbox", "avatar", "list", "--limit", 1, "-o", "id").out.strip()
        self.env = {
            **os.environ,
            "PATH": f"{place / 'bin'}{os.pathsep}{Path(SCRIPT).parent}{os.pathsep}{os.environ['PATH']}",
            "TADH_ENDPOINT": running["url"],
            "TADH_APP_KEY": running["app_key"],
            "TADH_ACCESS_TOKEN": running["access_token"],
            "AVATAR": self.avatar,
        }
        for folder in ("bin", "srv", "lib"):
            (place / folder).mkdir()
        for name in ("pip", "mail"):
            self.put(f"bin/{name}", f'#!/bin/sh\necho "$@" >> {place}/{name}.log\n', executable=True)
        self.put("lib/on-change", self.here(ON_CHANGE), executable=True)
        manifest = f"defaults: {{avatar: {self.avatar}}}\nvideos: [{{name: one, text: Hi}}, {{name: two, text: Bye}}]\n"
        for name in ("videos.yaml", "srv/videos.yaml"):
            self.put(name, manifest)
        for name in ("hello.txt", "srv/hello.txt"):
            self.put(name, "Hello, how are you?")

    def put(self, name: str, text: str, *, executable: bool = False) -> None:
        path = self.place / name
        path.write_text(text)
        path.chmod(0o755 if executable else 0o644)

    def here(self, command: str) -> str:
        """A command of the README with the paths of this machine."""
        command = command.replace("/usr/local/bin/", "").replace("/usr/local/lib/tadh/", f"{self.place}/lib/")
        return command.replace("/srv/", f"{self.place}/srv/").replace("@/srv", f"@{self.place}/srv")

    def run(self, command: str) -> str:
        ran = subprocess.run(
            ["sh", "-c", self.here(command)], env=self.env, cwd=self.place, capture_output=True, text=True, timeout=100
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def made(self) -> str:
        """A video that was ordered here."""
        return str(json.loads(self.run('tadh video create --avatar "$AVATAR" --text Hello'))["TaskId"])


@pytest.fixture
def machine(tmp_path: Path, sandbox: Hosted, tadh: Program) -> Machine:
    place = tmp_path / "machine"
    place.mkdir()
    return Machine(place, sandbox, tadh)


def test_every_chapter_shows_commands() -> None:
    assert {block.name.rpartition(" ")[0].rstrip(" 0123456789") for block in RUN} | {"Callbacks"} == set(CHAPTERS)
    assert sum(len(block.commands) for block in RUN) > 10


@pytest.mark.parametrize("block", RUN, ids=[block.name for block in RUN])
def test_the_commands_of_a_block_run(block: Block, machine: Machine, sandbox: Hosted) -> None:
    last = ""
    for _ in range(2):  # a job is run again
        for command in block.commands:
            last = machine.run(re.sub(r"\{\{.*?\}\}", last.strip(), command))
    if "video batch" in block.text:
        assert {path.name for path in machine.place.rglob("*.webm")} >= {"one.webm", "two.webm"}
        assert len(sandbox.journal("video.create")) == 2 + 2 * ("video create" in block.text)


def test_the_hook_brings_videos_home_and_tells_people_of_the_rest(machine: Machine, sandbox: Hosted) -> None:
    good = machine.made()
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801010}])
    bad = machine.made()
    sandbox.settle()
    sandbox.advance(3600)
    machine.run("tadh task sync --exec lib/on-change")
    assert (machine.place / f"srv/videos/{good}.webm").exists()
    assert (machine.place / "mail.log").read_text() == f"-s video {bad}: failed ops@example.com\n"


def test_the_receiver_starts_and_is_stopped_as_by_systemd(machine: Machine) -> None:
    (command,) = RECEIVER.commands
    line = machine.here(command).replace("127.0.0.1:8080", "127.0.0.1:0")
    said = machine.place / "said"
    with said.open("w") as err, subprocess.Popen(shlex.split(line), env=machine.env, stderr=err) as process:
        until(lambda: "waiting for callbacks at" in said.read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "/tadh/REPLACE-BY-A-LONG-SECRET" in said.read_text()
