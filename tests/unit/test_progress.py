"""Progress: one plain line a change where nobody watches, a display where somebody does."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tadh_cli.api.waiter import Snapshot, State
from tadh_cli.errors import NetworkError
from tadh_cli.masking import Mask
from tadh_cli.ui.messages import Messages
from tadh_cli.ui.progress import following, moving, size


def snapshot(status: str = "MAKING", waited_s: float = 0.0, task_id: str = "T1", **more: Any) -> Snapshot:
    state = {"SUCCESS": State.DONE, "FAIL": State.FAILED}.get(status, State.RUNNING)
    error = more.pop("error", None)
    return Snapshot(task_id, state, {"Status": status, **more} if status else {}, waited_s, 1.0, error)


def shown(out: io.StringIO, *snapshots: Snapshot, is_quiet: bool = False) -> list[str]:
    messages = Messages(Mask(), stream=out)
    messages.is_quiet = is_quiet
    with following(messages) as show:
        for each in snapshots:
            show(each)
    return out.getvalue().splitlines()


# Without a terminal ------------------------------------------------------------------------------------


def test_one_line_for_each_change_of_state() -> None:
    lines = shown(
        io.StringIO(),
        snapshot("COMMIT", ArrayCount=3),
        snapshot("COMMIT", 1, ArrayCount=2),
        snapshot("MAKING", 5),
        snapshot("MAKING", 65),
        snapshot("SUCCESS", 3700),
    )
    assert lines == ["T1: COMMIT, 3 ahead in the queue (0s)", "T1: MAKING (5s)", "T1: SUCCESS (1h01m)"]


def test_several_tasks_are_told_apart() -> None:
    lines = shown(io.StringIO(), snapshot(task_id="A"), snapshot(task_id="B"), snapshot(task_id="A"))
    assert lines == ["A: MAKING (0s)", "B: MAKING (0s)"]


def test_stages_are_part_of_the_state() -> None:
    lines = shown(
        io.StringIO(),
        snapshot(StageV2="TRAIN", StatusV2="PROCESSING"),
        snapshot(StageV2="CONFIRM", StatusV2="WAIT_PROCESS"),
        snapshot(StageV2="END", StatusV2=None),
    )
    assert lines == ["T1: MAKING TRAIN PROCESSING (0s)", "T1: MAKING CONFIRM WAIT_PROCESS (0s)", "T1: MAKING END (0s)"]


def test_a_failed_question_is_told_once_and_its_end_too() -> None:
    lost = NetworkError("lost")
    lost.transient = True
    lines = shown(io.StringIO(), snapshot(), snapshot(error=lost), snapshot(error=lost), snapshot())
    assert lines == ["T1: MAKING (0s)", "T1: no answer, trying again: lost (0s)", "T1: MAKING (0s)"]


def test_a_task_nobody_has_said_anything_about_is_a_task() -> None:
    assert shown(io.StringIO(), snapshot("")) == ["T1: … (0s)"]


def test_lines_have_no_control_characters() -> None:
    (line,) = shown(io.StringIO(), snapshot("NEW_WORD"))
    assert line == "T1: NEW_WORD (0s)" and line.isprintable()


@pytest.mark.parametrize("stream", [io.StringIO, None])
def test_quiet_shows_nothing(stream: Any, screen: io.StringIO) -> None:
    assert shown(stream() if stream else screen, snapshot(), snapshot("SUCCESS"), is_quiet=True) == []


def test_bytes_are_not_told_without_a_terminal() -> None:
    out = io.StringIO()
    with moving(Messages(Mask(), stream=out), "a.mp4") as moved:
        moved(1, 2)
    assert out.getvalue() == ""


# On a terminal -----------------------------------------------------------------------------------------


def test_a_terminal_shows_task_state_and_place_in_the_queue(screen: io.StringIO) -> None:
    text = "\n".join(shown(screen, snapshot("COMMIT", ArrayCount=7), snapshot("SUCCESS", task_id="T2")))
    assert "T1" in text and "COMMIT" in text and "7 ahead in the queue" in text and "T2" in text


def test_a_terminal_shows_why_a_question_failed(screen: io.StringIO) -> None:
    lost = NetworkError("[bold]lost[/bold]")
    lost.transient = True
    text = "\n".join(shown(screen, snapshot(error=lost)))
    assert "no answer, trying again: [bold]lost[/bold]" in text


def test_a_terminal_without_colours_gets_none(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown(screen, snapshot())
    assert "\x1b[3" not in screen.getvalue()


def test_a_terminal_shows_bytes(screen: io.StringIO) -> None:
    with moving(Messages(Mask(), stream=screen), "a.mp4") as moved:
        moved(500_000, 1_000_000)
    assert "a.mp4" in screen.getvalue() and "1.0" in screen.getvalue()


def test_a_transfer_tells_rate_and_time_left_of_this_run_alone(
    screen: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of it was there from an earlier run; since then it is a megabyte a second."""
    now_s = [0.0]
    monkeypatch.setattr("rich.console.monotonic", lambda: now_s[0])
    with moving(Messages(Mask(), stream=screen), "a.mp4") as moved:
        for step in range(11):
            now_s[0] = float(step)
            moved(50_000_000 + step * 1_000_000, 100_000_000)
    text = screen.getvalue()
    assert "1.0 MB/s" in text and "0:00:40" in text and "50.0 MB/s" not in text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_500_000, "1.5 MB"),
        (5 * 10**9, "5.0 GB"),
        (10**15, "1000.0 TB"),
    ],
)
def test_sizes_are_written_for_people(count: int, text: str) -> None:
    assert size(count) == text
