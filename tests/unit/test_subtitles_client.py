"""Subtitles from the times of words, judged by a library that reads them."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import srt as oracle
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.media.subtitles import WRITERS, Cue, as_json, cues, srt, vtt

MS = 10_000


def sentence(text: str, *times: tuple[int, int]) -> dict[str, Any]:
    """A sentence of the service, with the times of its words in milliseconds."""
    words = [{"Word": "w", "StartTimestamp": start * MS, "EndTimestamp": end * MS} for start, end in times]
    return {"Sentence": text, "Words": words}


spans = st.tuples(st.integers(0, 10**7), st.integers(0, 10**5)).map(lambda span: (span[0], span[0] + span[1]))
sentences = st.lists(st.builds(sentence, st.text(st.characters(codec="utf-8"), max_size=30), spans, spans), max_size=6)


def test_a_cue_lasts_from_the_first_word_to_the_last() -> None:
    """The sample of the documentation: 4500000 units of 100 ns are 450 ms."""
    assert cues([sentence("How are you?", (450, 610), (610, 820), (820, 970))]) == [Cue(450, 970, "How are you?")]


@pytest.mark.parametrize(
    "useless",
    [
        {},
        {"Sentence": "no words"},
        {"Sentence": "no words", "Words": None},
        {"Sentence": "no times", "Words": [{"Word": "w"}]},
        {"Sentence": "odd times", "Words": [{"StartTimestamp": "1", "EndTimestamp": None}]},
        sentence("", (0, 1)),
        sentence(" \n ", (0, 1)),
        {**sentence("", (0, 1)), "Sentence": None},
    ],
)
def test_sentences_without_text_or_times_are_left_out(useless: dict[str, Any]) -> None:
    assert cues([useless, sentence("Hi", (0, 1000))]) == [Cue(0, 1000, "Hi")]


def test_no_cue_reaches_into_the_next() -> None:
    found = cues([sentence("two", (900, 2000)), sentence("one", (0, 1000))])
    assert found == [Cue(0, 900, "one"), Cue(900, 2000, "two")]


def test_a_sentence_is_one_line() -> None:
    assert cues([sentence(" one\n\n2\r\n\u2028three\t", (0, 1))])[0].text == "one 2 three"


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        (Cue(0, 1, "a"), "1\n00:00:00,000 --> 00:00:00,001\na\n"),
        (Cue(59_999, 60_000, "a"), "1\n00:00:59,999 --> 00:01:00,000\na\n"),
        (Cue(3_599_999, 36_000_000, "数字人"), "1\n00:59:59,999 --> 10:00:00,000\n数字人\n"),
    ],
)
def test_srt_counts_hours_minutes_seconds_and_milliseconds(cue: Cue, text: str) -> None:
    assert srt([cue]) == text


def test_vtt_has_its_head_and_escapes_what_would_be_markup() -> None:
    assert vtt([Cue(0, 61_500, "a <b> & c --> d")]) == (
        "WEBVTT\n\n00:00:00.000 --> 00:01:01.500\na &lt;b&gt; &amp; c --&gt; d\n"
    )


def test_no_cues_are_empty_files() -> None:
    assert (srt([]), vtt([]), as_json([])) == ("", "WEBVTT\n\n", "[]\n")


def test_each_extension_has_its_writer() -> None:
    assert {suffix: write([Cue(0, 1, "a")])[:6] for suffix, write in WRITERS.items()} == {
        ".srt": "1\n00:0",
        ".vtt": "WEBVTT",
        ".json": "[\n  {\n",
    }


@given(said=sentences)
def test_srt_is_read_as_it_was_meant(said: list[dict[str, Any]]) -> None:
    found = cues(said)
    read = list(oracle.parse(srt(found)))
    assert [(one.start, one.end, one.content) for one in read] == [
        (timedelta(milliseconds=cue.start_ms), timedelta(milliseconds=cue.end_ms), cue.text) for cue in found
    ]
    assert [one.index for one in read] == list(range(1, len(found) + 1))


@given(said=sentences)
def test_cues_follow_each_other(said: list[dict[str, Any]]) -> None:
    found = cues(said)
    assert all(cue.start_ms <= cue.end_ms for cue in found)
    assert all(earlier.end_ms <= later.start_ms for earlier, later in pairwise(found))


@given(said=sentences)
def test_every_format_says_the_same(said: list[dict[str, Any]]) -> None:
    found = cues(said)
    blocks = vtt(found).removeprefix("WEBVTT\n\n").split("\n\n") if found else []
    assert len(blocks) == len(found) == len(json.loads(as_json(found)))
    assert [row["Text"] for row in json.loads(as_json(found))] == [cue.text for cue in found]
