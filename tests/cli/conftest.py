"""What tests of commands share: keys of the sandbox's catalogue, and the profile that points at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.media import wav
from tests.program import Program, Ran

SANDBOX = ("-p", "sandbox")
TEXT = "Hello, how are you?"


@pytest.fixture
def on(tadh: Program, sandbox: Hosted) -> Callable[..., Ran]:
    """The program on the sandbox's profile."""

    def run(*args: object, **options: object) -> Ran:
        return tadh(*SANDBOX, *args, **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def avatar(on: Callable[..., Ran]) -> str:
    """A small avatar that everything can drive."""
    found = on("avatar", "list", "--limit", 1, "-o", "id").out.strip()
    assert len(found) == 32
    return found


@pytest.fixture
def made(on: Callable[..., Ran], avatar: str) -> str:
    """The id of a finished video."""
    task: str = on("video", "create", "--avatar", avatar, "--text", TEXT, "--wait").json["TaskId"]
    return task


@pytest.fixture
def voice_file() -> Path:
    """A second of sound."""
    path = Path("voice.wav")
    path.write_bytes(wav(seconds=1.0))
    return path
