"""How a drive is shown: a line for each change, what a model says as text, a live line on a terminal."""

from __future__ import annotations

import io

import pytest

from tadh_cli.api.driving import Connection, Event, Notice, Progress
from tadh_cli.masking import Mask
from tadh_cli.ui.driving import line, watching
from tadh_cli.ui.messages import Messages
from tests.unit.conftest import Screen

OPEN = Progress(Connection.OPEN, speaker="audio", packets=25, sound_ms=4000, ratio=0.75, waiting=1)


def told(*events: Event | Notice | Progress, quiet: bool = False) -> list[str]:
    """The lines that are written about what happened."""
    stream = io.StringIO()
    messages = Messages(Mask(), stream=stream)
    messages.is_quiet = quiet
    with watching(messages, "m1", is_conversation=False) as watcher:
        for each in events:
            if isinstance(each, Event):
                watcher.came(each)
            elif isinstance(each, Notice):
                watcher.told(each)
            else:
                watcher.stands(each)
    return stream.getvalue().splitlines()


def test_each_change_is_told_once() -> None:
    assert told(Progress(), OPEN, OPEN, Event({}, status="AudioStart"), Progress(Connection.CLOSED)) == [
        "channel connecting",
        "channel open",
        "AudioStart",
        "channel closed",
    ]


def test_what_is_told_again_after_a_reconnection_is_not_told_twice() -> None:
    assert told(Event({}, status="TextOver", is_replay=True)) == []


def test_an_error_is_told_with_its_code() -> None:
    assert told(Event({}, status="Error", code=110015, message="too early")) == ["Error: too early (code 110015)"]


def test_what_a_model_says_is_text() -> None:
    parts = [Event({}, type=4, content=text) for text in ("One, ", "two.\nThr", "ee\x1b[31m")]
    assert told(*parts, Event({}, type=4, content=".", is_final_content=True)) == [
        "One, two.",
        "Three\N{REPLACEMENT CHARACTER}[31m.",
    ]
    assert told(Event({}, type=4, content="unfinished")) == ["unfinished"]


def test_quiet_leaves_warnings() -> None:
    assert told(OPEN, Notice("2 packets may be lost"), Notice("back again", is_warning=False), quiet=True) == [
        "warning: 2 packets may be lost"
    ]


def test_the_live_line_says_all_that_matters() -> None:
    last = Event({}, status="AudioStart")
    shown = line("m1", Progress(Connection.OPEN, "audio", 1, 30, 4, 25, 4000, 0.75, 0, last))
    assert shown == "m1 · channel open · plays a sound · 25 packets, 4.0 s · ratio 0.75 · 1 waiting · AudioStart"


@pytest.mark.parametrize("is_conversation", [False, True])
def test_a_conversation_has_the_last_line_for_itself(screen: Screen, is_conversation: bool) -> None:
    messages = Messages(Mask(), stream=screen)
    with watching(messages, "m1", is_conversation=is_conversation) as watcher:
        watcher.stands(OPEN)
    assert ("ratio 0.75" in screen.getvalue()) != is_conversation
