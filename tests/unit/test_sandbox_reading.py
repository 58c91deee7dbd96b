"""Readings of a text, judged by time."""

from __future__ import annotations

import pytest

from tadh_cli.sandbox.reading import reading

ENGLISH = " ".join(["It's"] * 26)
CHINESE = "今天的天气非常好，我们一起去公园散步。" * 3


@pytest.mark.parametrize(("text", "usual_s"), [(ENGLISH, 10.0), (CHINESE, 12.0)])
@pytest.mark.parametrize(
    ("pace", "accuracy"), [(0.6, 1.0), (1.0, 1.0), (1.9, 1.0), (4.0, 0.5), (0.4, 0.75), (0.1, 0.0)]
)
def test_a_plausible_pace_is_a_good_reading(text: str, usual_s: float, pace: float, accuracy: float) -> None:
    assert reading(text, usual_s / pace).accuracy == pytest.approx(accuracy, abs=0.05)


def test_what_there_was_no_time_for_was_left_out() -> None:
    found = reading("one two three four", 0.4)
    assert found.alignment == (("one", "one"), ("two", "two"), ("three", "<eps>"), ("four", "<eps>"))
    assert found.accuracy == 0.5


def test_what_is_left_of_the_time_was_something_else() -> None:
    assert reading("one two", 2.4).alignment == (("one", "one"), ("two", "two"), ("<eps>", "<unk>"))


def test_han_characters_are_aligned_one_by_one_and_words_whole() -> None:
    assert [pair[0] for pair in reading("你好, it's 5 o'clock!", 3).alignment] == ["你", "好", "it's", "5", "o'clock"]


def test_a_text_without_words_has_nothing_to_be_wrong() -> None:
    assert reading("…!", 10).accuracy == 1
