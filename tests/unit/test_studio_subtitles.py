"""Sentences and subtitles: cut by the rules of the service, timed by the words."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
import srt as oracle

from tadh_cli.sandbox.studio.speech import CaptionRule, Speech
from tadh_cli.sandbox.studio.subtitles import fitting_max_words, srt
from tadh_cli.sandbox.studio.voice import Timbre, speak

LONG = "人工智能正在改变我们的生活，从手机到汽车，从医院到学校，它无处不在而且越来越聪明"


def said(text: str) -> Speech:
    return speak(text, timbre=Timbre("a"), engine="synth")


def sentences(text: str, rule: CaptionRule | None = None) -> list[str]:
    return [sentence.text for sentence in said(text).split(rule or CaptionRule())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好。世界！", ["你好。", "世界！"]),
        ("真的吗？！是的……好", ["真的吗？！", "是的……", "好"]),
        ("It costs 3.5 dollars. Really.", ["It costs 3.5 dollars.", "Really."]),
        ("See www.qq.com; wait...", ["See www.qq.com;", "wait..."]),
        ("他说：“你好。”然后走了。", ["他说：“你好。”", "然后走了。"]),
        ("他走了。“再见！”", ["他走了。", "“再见！”"]),
        ('He left. "Bye!" she said.', ["He left.", '"Bye!"', "she said."]),
        ("你好", ["你好"]),
        ("A &amp; B. C", ["A & B.", "C"]),
    ],
)
def test_sentences_end_at_their_marks(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_long_sentences_are_cut_after_a_comma() -> None:
    assert sentences(LONG) == ["人工智能正在改变我们的生活，从手机到汽车，从医院到学校，", "它无处不在而且越来越聪明"]


@pytest.mark.parametrize("longest", [1, 5, 8, 13, 30, 999])
def test_no_sentence_is_longer_than_allowed(longest: int) -> None:
    found = sentences(LONG, CaptionRule(max_words=longest))

    # A character and the comma after it stay together.
    assert all(len(text) <= max(longest, 2) for text in found)
    assert "".join(found) == LONG


def test_a_word_is_never_torn_apart() -> None:
    found = sentences("internationalization is an extraordinarily long word", CaptionRule(max_words=10))

    assert found == ["internationalization", "is an", "extraordinarily", "long word"]


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        ("1", ["你好，“世界”！", "Hello, world."]),
        ("", ["你好，“世界”！", "Hello, world."]),
        ("0", ["你好 世界", "Hello world"]),
        ("！.", ["你好 世界 ！", "Hello world."]),
    ],
)
def test_marks_can_be_hidden(display: str, expected: list[str]) -> None:
    assert sentences("你好，“世界”！Hello, world.", CaptionRule(display_punctuation=display)) == expected


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("", ["你好，世界。", "再见"]),
        ("1", ["你好，世界。", "再见"]),
        ("0", ["你好，世界。再见"]),
        ("，", ["你好，", "世界。再见"]),
    ],
)
def test_marks_that_end_a_sentence_can_be_chosen(split: str, expected: list[str]) -> None:
    assert sentences("你好，世界。再见", CaptionRule(split_punctuation=split)) == expected


def test_sentences_hold_every_word_once() -> None:
    speech = said(LONG)

    assert tuple(word for sentence in speech.sentences for word in sentence.words) == speech.words


def test_srt_matches_the_words() -> None:
    speech = said("你好，世界！Hello world, it is 3.5. 再见。" + LONG)

    cues = list(oracle.parse(srt(speech), ignore_errors=False))

    assert [cue.index for cue in cues] == list(range(1, len(cues) + 1))
    assert [cue.content for cue in cues] == [sentence.text for sentence in speech.sentences]
    for cue, sentence in zip(cues, speech.sentences, strict=True):
        assert cue.start.total_seconds() == pytest.approx(sentence.words[0].start_s, abs=0.0006)
        assert cue.end.total_seconds() == pytest.approx(sentence.words[-1].end_s, abs=0.0006)
    assert all(cue.start < cue.end for cue in cues)
    assert all(before.end <= after.start for before, after in pairwise(cues))
    assert cues[-1].end <= timedelta(seconds=speech.duration_s)


def test_srt_is_what_the_oracle_would_write() -> None:
    text = srt(said("你好。世界"), max_words=10, display_punctuation="0")

    assert text.strip() == oracle.compose(oracle.parse(text)).strip()
    assert text.startswith("1\n00:00:00,060 --> ") and "\r" not in text and "。" not in text


def test_subtitles_in_a_film_fill_most_of_the_width() -> None:
    assert fitting_max_words(1080, 1920) == 16
    assert fitting_max_words(1920, 1080) == 28
