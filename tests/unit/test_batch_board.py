"""The display of a batch: a line for each change in a log, what is under way and a total on a terminal."""

from __future__ import annotations

import io

from tadh_cli.engine.batch.score import Change
from tadh_cli.masking import Mask
from tadh_cli.ui.batch import board
from tadh_cli.ui.messages import Messages
from tests.unit.conftest import Screen

CHANGES = (
    Change("one", "submitted as T1", False, 0, 2, None),
    Change("one", "MAKING", False, 0, 2, None),
    Change("one", "MAKING", False, 0, 2, None),
    Change("two", "submitted as T2", False, 0, 2, None),
    Change("one", "done", True, 1, 2, 61.0),
    Change("two", "failed: broken", True, 2, 2, 0.0),
)


def test_a_log_has_one_line_for_each_change() -> None:
    log = io.StringIO()
    with board(Messages(Mask(), stream=log), 2) as show:
        for change in CHANGES:
            show(change)
    assert log.getvalue().splitlines() == [
        "one: submitted as T1",
        "one: MAKING",
        "two: submitted as T2",
        "one: done (1 of 2, about 1m01s left)",
        "two: failed: broken (2 of 2)",
    ]


def test_quiet_is_quiet() -> None:
    log = io.StringIO()
    messages = Messages(Mask(), stream=log)
    messages.is_quiet = True
    with board(messages, 2) as show:
        show(CHANGES[0])
    assert log.getvalue() == ""


def test_a_terminal_shows_what_is_under_way_and_a_total(screen: Screen) -> None:
    with board(Messages(Mask(), stream=screen), 2) as show:
        for change in CHANGES:
            show(change)
    text = screen.getvalue()
    assert "total" in text and "2 of 2" in text and "two: failed: broken" in text and "one: done" not in text
