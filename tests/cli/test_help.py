"""Help: current, with examples that run."""

from __future__ import annotations

import importlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli.commands._command import Spec
from tadh_cli.commands.topics import MANIFEST
from tadh_cli.main import ENTRIES
from tadh_cli.sandbox.hosting import Hosted
from tests import footage
from tests.media import wav
from tests.movies import Film
from tests.program import SCRIPT, Program, Ran
from tests.snapshots import ROOT, stale

SPECS = [
    (name, spec)
    for name, (module, _) in ENTRIES.items()
    for spec in importlib.import_module(f"tadh_cli.commands.{module}").commands.specs.values()
]
# These run for minutes, serve for ever, or end what other tests use: their commands have tests of their own.
TESTED_ELSEWHERE = ("tadh demo", "tadh sandbox", "tadh video callback")
EXAMPLES = [
    (group, example) for group, spec in SPECS for example in spec.examples if not example.startswith(TESTED_ELSEWHERE)
]


Run = Callable[..., Ran]
# One that the sandbox always has.
AVATAR = "4414462893dc74f31473010ff3f6c977"
LIST = f"videos: [{{name: welcome, avatar: {AVATAR}, text: Hello}}]\n"

# What examples take for granted: files, and keys and ids in variables.
FILES: dict[str, Callable[[Path], object]] = {
    "hello.txt": lambda path: path.write_text("Hello, how are you?"),
    "script.txt": lambda path: path.write_text("One two three four five six. " * 160),
    "talk.ssml": lambda path: path.write_text("<speak>Hello</speak>"),
    "voice.wav": lambda path: path.write_bytes(wav(seconds=1.0)),
    "video.mp4": lambda path: Film().write(path),
    "config.example.yaml": lambda path: path.write_text((ROOT / "config.example.yaml").read_text()),
    "videos.yaml": lambda path: path.write_text(LIST),
    "videos.csv": lambda path: path.write_text(f"name,avatar,text\nwelcome,{AVATAR},Hello\n"),
    "portrait.jpg": footage.photo,
    "training.mp4": lambda path: footage.film(path, seconds=121),
    "letter.mp4": lambda path: footage.film(path, seconds=5),
    "letter.pdf": footage.pdf,
    "recording.wav": lambda path: footage.speech(path, seconds=610),
    "recording.mp3": lambda path: footage.mp3(path, seconds=15),
    "recordings/": lambda path: (path.mkdir(), footage.speech(path / "one.wav", seconds=610)),
}


def _avatar(run: Run) -> str:
    return run("avatar", "list", "--limit", 1, "-o", "id").out.strip()


def _video(run: Run) -> str:
    return str(run("video", "create", "--avatar", _avatar(run), "--text", "Hello", "--wait").json["TaskId"])


def _undecided_avatar(run: Run) -> str:
    footage.film(Path("t.mp4"), seconds=121)
    footage.pdf(Path("p.pdf"))
    args = ("--type", "studio", "--name", "Host-1", "--gender", "male", "--material", "t.mp4")
    return str(run("avatar", "customize", *args, "--identity-pdf", "p.pdf", "--wait").json["TaskId"])


def _undecided_voice(run: Run) -> str:
    footage.speech(Path("r.wav"), seconds=610)
    footage.pdf(Path("p.pdf"))
    args = ("--edition", "basic", "--name", "Voice-1", "--gender", "male", "--material", "r.wav")
    return str(run("voice", "clone", *args, "--identity-pdf", "p.pdf", "--wait").json["TaskId"])


def _check(run: Run) -> str:
    footage.speech(Path("r.wav"), seconds=610)
    return str(run("voice", "check", "r.wav", "--edition", "basic", "--wait").json["TaskId"])


def _session(run: Run, *more: str) -> str:
    return str(run("session", "create", "--avatar", _avatar(run), "--start", *more).json["TaskId"])


def _project(run: Run) -> str:
    return str(run("sandbox", "status").json["ProjectIds"][0])


VALUES: dict[str, Callable[[Run], str]] = {
    "AVATAR": _avatar,
    "CHECK": _check,
    "DONE": _video,
    "PROJECT": _project,
    "SESSION": _session,
    "TRTC_SESSION": lambda run: _session(run, "--protocol", "trtc"),
    "TEXT": lambda run: str(run("voice", "texts").json[0]["TextId"]),
}
TASKS = {"video": _video, "avatar": _undecided_avatar, "voice": _undecided_voice}


def test_help_and_completions_in_the_repository_are_current() -> None:
    assert [str(path.relative_to(ROOT)) for path in stale()] == [], "python -m tests.snapshots --update"


@pytest.mark.parametrize(("group", "spec"), SPECS, ids=lambda value: value.name if isinstance(value, Spec) else value)
def test_every_command_has_a_summary_and_two_examples(group: str, spec: Spec) -> None:
    assert len(spec.examples) >= 2 and 10 < len(spec.summary) < 80


def test_help_lines_of_the_groups_are_those_of_their_modules(tadh: Program) -> None:
    text = tadh("--help").out
    assert all(f"  {name} " in text for name in ENTRIES)


@pytest.mark.parametrize(("group", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_examples_run(group: str, example: str, sandbox: Hosted, tadh: Program, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("profiles: {}\n")
    for name, make in FILES.items():
        if name in example:
            make(Path(name))
    env = {"TADH_PROFILE": "sandbox", "VOICE": "female_1", "HOME": str(tmp_path)}
    for name, ask in {"TASK": TASKS.get(group, TASKS["video"]), **VALUES}.items():
        if f"${name}" in example:
            env[name] = ask(lambda *args: tadh("-p", "sandbox", *args))
    for place in (".local/share/bash-completion/completions", ".zfunc"):
        (tmp_path / place).mkdir(parents=True)
    path = f"{Path(SCRIPT).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", example], env={**os.environ, **env, "PATH": path}, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr


def test_the_list_of_the_topic_is_made(sandbox: Hosted, tadh: Program) -> None:
    assert MANIFEST.splitlines()[1] in tadh("help", "manifest").out
    Path("videos.yaml").write_text(MANIFEST)
    Path("news.txt").write_text("Here is the news.")
    Path("voice.wav").write_bytes(wav(seconds=1.0))
    tadh("-p", "sandbox", "video", "batch", "videos.yaml", "--out", "out/")
    found = sorted(path.name for path in Path("out").iterdir())
    assert found == ["greeting.mp4", "news.mp4", "news.srt", "welcome.mp4", "welcome.srt"]
