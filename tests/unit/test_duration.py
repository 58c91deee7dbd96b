"""Spans of time, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.duration import seconds, words

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@pytest.mark.parametrize(
    ("text", "span_s"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("7d", 604_800),
        ("1h30m", 5400),
        ("1d 2h 3m 4s", 93_784),
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("2H", 7200),
        ("45", 45),
        ("0", 0),
        ("0.5", 0.5),
        (" 10 s ", 10),
    ],
)
def test_durations_are_read(text: str, span_s: float) -> None:
    assert seconds(text) == pytest.approx(span_s)


@pytest.mark.parametrize(
    "text", ["", " ", "soon", "-5s", "5x", "s", "1h-", "1:30", "5 minutes", "1h30", "1,5h", "inf", "nan"]
)
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 90s, 30m, 2h or 7d"):
        seconds(text)


@pytest.mark.parametrize(
    ("span_s", "text"),
    [
        (0, "0s"),
        (0.4, "0s"),
        (-3, "0s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (125, "2m05s"),
        (3599.6, "1h00m"),
        (3720, "1h02m"),
        (86_399, "23h59m"),
        (529_200, "6d 3h"),
    ],
)
def test_durations_are_written_for_people(span_s: float, text: str) -> None:
    assert words(span_s) == text


@given(span_s=st.integers(0, 10**9))
def test_what_is_written_reads_as_the_same_span_but_for_its_smallest_unit(span_s: int) -> None:
    grain_s = 1 if span_s < 3600 else 60 if span_s < 86_400 else 3600
    assert seconds(words(span_s)) == span_s // grain_s * grain_s


@given(count=st.integers(0, 10**6), unit=st.sampled_from(sorted(UNITS)))
def test_a_count_and_its_unit_are_multiplied(count: int, unit: str) -> None:
    assert seconds(f"{count}{unit}") == count * UNITS[unit]


@given(parts=st.lists(st.tuples(st.integers(0, 999), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4))
def test_parts_add_up(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{count}{unit}" for count, unit in parts)
    assert seconds(text) == sum(count * UNITS[unit] for count, unit in parts)


@given(text=st.text(max_size=12))
def test_any_text_is_a_span_or_a_value_error(text: str) -> None:
    try:
        assert seconds(text) >= 0
    except ValueError as error:
        assert repr(text) in str(error)
