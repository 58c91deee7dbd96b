"""Help: current, with examples that run."""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path

import pytest

from tadh_cli.commands._command import Spec
from tadh_cli.main import ENTRIES
from tadh_cli.sandbox.hosting import Hosted
from tests.media import wav
from tests.movies import Film
from tests.program import SCRIPT, Program
from tests.snapshots import ROOT, stale

SPECS = [
    (name, spec)
    for name, (module, _) in ENTRIES.items()
    for spec in importlib.import_module(f"tadh_cli.commands.{module}").commands.specs.values()
]
# These run for minutes, serve for ever, or end what other tests use: their commands have tests of their own.
TESTED_ELSEWHERE = ("tadh demo", "tadh sandbox")
EXAMPLES = [
    (spec, example) for _, spec in SPECS for example in spec.examples if not example.startswith(TESTED_ELSEWHERE)
]


def test_help_and_completions_in_the_repository_are_current() -> None:
    assert [str(path.relative_to(ROOT)) for path in stale()] == [], "python -m tests.snapshots --update"


@pytest.mark.parametrize(("group", "spec"), SPECS, ids=lambda value: value.name if isinstance(value, Spec) else value)
def test_every_command_has_a_summary_and_two_examples(group: str, spec: Spec) -> None:
    assert len(spec.examples) >= 2 and 10 < len(spec.summary) < 80


def test_help_lines_of_the_groups_are_those_of_their_modules(tadh: Program) -> None:
    text = tadh("--help").out
    assert all(f"  {name} " in text for name in ENTRIES)


@pytest.mark.parametrize(("spec", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_examples_run(spec: Spec, example: str, sandbox: Hosted, tadh: Program, tmp_path: Path) -> None:
    Path("hello.txt").write_text("Hello, how are you?")
    Path("talk.ssml").write_text("<speak>Hello</speak>")
    Path("voice.wav").write_bytes(wav(seconds=1.0))
    Film().write(Path("video.mp4"))
    Path("config.example.yaml").write_text((ROOT / "config.example.yaml").read_text())
    (tmp_path / "config.yaml").write_text("profiles: {}\n")
    avatar = tadh("-p", "sandbox", "avatar", "list", "--limit", 1, "-o", "id").out.strip()
    env = {"TADH_PROFILE": "sandbox", "AVATAR": avatar, "VOICE": "female_1", "HOME": str(tmp_path)}
    if "$TASK" in example:
        made = tadh("-p", "sandbox", "video", "create", "--avatar", avatar, "--text", "Hello", "--wait")
        env["TASK"] = made.json["TaskId"]
    for place in (".local/share/bash-completion/completions", ".zfunc"):
        (tmp_path / place).mkdir(parents=True)
    path = f"{Path(SCRIPT).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", example], env={**os.environ, **env, "PATH": path}, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
