"""What is loaded to answer: the start-up budget, counted in modules instead of milliseconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "requests",
    "urllib3",
    "rich",
    "yaml",
    "jmespath",
    "qcloud_cos",
    "websocket",
    "av",
    "aiohttp",
    "defusedxml",
    "sqlite3",
}


def loaded(*args: str) -> set[str]:
    """Top-level modules that are loaded when a command line has been answered."""
    code = (
        f"import sys; sys.argv = {['tadh', *args]!r}\nfrom tadh_cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write('\\n' + ' '.join(name for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stderr.splitlines()[-1].split())


def test_the_version_loads_no_library() -> None:
    modules = loaded("--version")
    assert "typer" not in modules and "re" not in modules
    assert {name for name in modules if name.startswith("tadh_cli")} == {"tadh_cli", "tadh_cli.main"}


@pytest.mark.parametrize(
    "args",
    [
        ("--help",),
        ("video", "--help"),
        ("video", "status", "--help"),
        ("video", "create", "--help"),
        ("config", "path"),
        ("help", "exit-codes"),
        ("completion", "bash"),
        ("nonsense",),
    ],
)
def test_help_and_simple_answers_load_no_heavy_library(args: tuple[str, ...]) -> None:
    assert loaded(*args) & HEAVY == set()


def test_only_the_group_that_is_named_is_loaded() -> None:
    groups = {name for name in loaded("video", "status", "--help") if name.startswith("tadh_cli.commands.")}
    assert "tadh_cli.commands.video" in groups
    assert not groups & {
        f"tadh_cli.commands.{name}" for name in ("avatar", "voice", "api", "sandbox", "task", "settings")
    }


def test_a_structured_answer_needs_no_rich() -> None:
    assert "rich" not in loaded("task", "list", "-o", "json")
    assert "rich" not in loaded("api", "--list", "-o", "json")


def test_a_call_loads_the_declarations_of_its_own_service_alone() -> None:
    modules = loaded("api", "video.get", "--schema", "-o", "json")
    assert "tadh_cli.providers.tencent.video" in modules and "tadh_cli.providers.tencent.session" not in modules
