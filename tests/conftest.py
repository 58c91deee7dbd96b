"""Fixtures for every test: an environment of its own, and a sandbox over real sockets."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tadh_cli.sandbox import hosting
from tests.program import Program

_FOREIGN = ("TADH_", "_TADH_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "NO_COLOR", "REQUESTS_CA_BUNDLE")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-update", action="store_true", help="rewrite the golden files that differ")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the machine's own settings leaks in, and nothing is written outside the test's directory."""
    for name in os.environ:
        if name.upper().startswith(_FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TADH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TADH_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hosting.Hosted]:
    """One sandbox for all tests of a worker."""
    with hosting.run(tmp_path_factory.mktemp("shared")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: hosting.Hosted, tmp_path: Path) -> hosting.Hosted:
    """The sandbox, empty and without faults; the profile `sandbox` of this test points at it."""
    shared_sandbox.reset()
    shared_sandbox.clear_faults()
    place = tmp_path / "state" / "sandbox"
    place.mkdir(parents=True)
    shutil.copy(shared_sandbox.directory / "server.json", place)
    return shared_sandbox


@pytest.fixture
def tadh(monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program, run inside this process."""
    return Program(monkeypatch)
