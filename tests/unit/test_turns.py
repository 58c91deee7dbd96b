"""What processes agree on about a session: one drives it, and calls come one after the other, far enough apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tadh_cli.engine.turns import Turns
from tadh_cli.errors import ConfigError, Refused
from tests import processes
from tests.clocks import FakeClock

DRIVER = """
import sys
from pathlib import Path
from tadh_cli.engine.clock import Clock
from tadh_cli.engine.turns import Turns
with Turns(Path(sys.argv[1]), Clock()).driving("m1"):
    print("ready", flush=True)
    input()
"""


@pytest.fixture
def turns(tmp_path: Path, clock: FakeClock) -> Turns:
    return Turns(tmp_path / "sessions", clock)


def paused(turns: Turns, session_id: str = "m1", what: str = "text", apart_s: float = 1.0) -> float:
    """How long a call had to wait."""
    told = [0.0]
    with turns.apart(session_id, what, apart_s, told.append):
        pass
    return told[-1]


def test_the_first_call_waits_for_nothing_and_the_next_for_its_turn(turns: Turns, clock: FakeClock) -> None:
    assert paused(turns) == 0
    assert paused(turns) == pytest.approx(1.05, abs=0.01)
    clock.advance(0.8)
    assert paused(turns) == pytest.approx(0.25, abs=0.01)
    clock.advance(2)
    assert paused(turns) == 0


def test_other_sessions_and_other_calls_have_turns_of_their_own(turns: Turns) -> None:
    assert [paused(turns), paused(turns, "m2"), paused(turns, what="picture")] == [0, 0, 0]


def test_a_clock_that_was_set_back_says_nothing_about_the_past(turns: Turns, clock: FakeClock) -> None:
    paused(turns)
    clock._now_s -= 86_400
    assert paused(turns) == pytest.approx(1.05)


def test_a_note_that_can_not_be_read_is_none(turns: Turns, tmp_path: Path) -> None:
    paused(turns)
    (tmp_path / "sessions" / "m1.text").write_bytes(b"\xff")
    assert paused(turns) == 0


def test_a_call_that_fails_had_its_turn_all_the_same(turns: Turns) -> None:
    with pytest.raises(ZeroDivisionError), turns.apart("m1", "text", 1.0, print):
        raise ZeroDivisionError
    assert paused(turns) > 1


def test_one_process_drives_at_a_time(turns: Turns, tmp_path: Path) -> None:
    with turns.driving("m1"):
        assert turns.is_driven("m1") and not turns.is_driven("m2")
        with pytest.raises(Refused, match=f"process {os.getpid()}"), turns.driving("m1"):
            raise AssertionError("two drive")
    assert not turns.is_driven("m1")
    with turns.driving("m1"):
        pass


def test_a_process_that_died_drives_nothing(turns: Turns, tmp_path: Path) -> None:
    process = processes.start(DRIVER, tmp_path / "sessions")
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    assert turns.is_driven("m1")
    process.kill()
    process.communicate()
    assert not turns.is_driven("m1")
    with turns.driving("m1"):
        pass


def test_nothing_is_left_of_a_session_that_is_closed(turns: Turns, tmp_path: Path) -> None:
    for what in ("text", "picture"):
        paused(turns, "../m 1.x", what)
    paused(turns, "m2")
    turns.forget("../m 1.x")
    assert [path.name for path in (tmp_path / "sessions").iterdir()] == ["m2.text"]


def test_a_directory_that_can_not_be_written_is_told(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be used"):
        paused(Turns(tmp_path / "file", clock))
