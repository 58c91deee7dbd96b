"""The sandbox's own reading of InputSsml: what is refused, and what is spoken."""

from __future__ import annotations

import pytest

from tadh_cli.sandbox.refusals import Refusal
from tadh_cli.sandbox.ssml import check, seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, I am here.", "Hello, I am here."),
        ("<speak>你好</speak>", "你好"),
        ('Hi<break time="500ms"/> there<break time="1s"/><break strength="weak"/>', "Hi there"),
        ('<phoneme alphabet="py" ph="fu4">复</phoneme>制', "复制"),
        ('<phoneme alphabet="py" ph="chong2 qing4">重庆</phoneme>', "重庆"),
        ('<sub alias="World Wide Web">WWW</sub>', "WWW"),
        ('<word>one<insert-action type="bow"/> two</word>', "one two"),
        ('<say-as interpret-as="digits">123</say-as>', "123"),
        ("Tom &amp; Jerry &lt;3 &#33;", "Tom & Jerry <3 !"),
        ("<prosody rate='2'>later tags are unknown, not wrong</prosody>", "later tags are unknown, not wrong"),
    ],
)
def test_well_formed_texts_pass(text: str, words: str) -> None:
    assert check(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Tom & Jerry",
        "3 < 4",
        "<break>",
        "<speak>Hi",
        "Hi</speak>",
        "<speak>a</speak><speak>b</speak>",
        "<speak><speak>a</speak></speak>",
        "a<speak>b</speak></ssml><ssml>",
        '<phoneme ph="fu4">复</phoneme>',
        '<phoneme alphabet="ipa" ph="fu4">复</phoneme>',
        '<phoneme alphabet="py" ph="fu">复</phoneme>',
        '<phoneme alphabet="py" ph="fu6">复</phoneme>',
        '<phoneme alphabet="py" ph="fu4 zhi4">复</phoneme>',
        '<phoneme alphabet="py" ph="fu4"><break/>复</phoneme>',
        '<break time="5"/>Hi',
        '<break strength="loud"/>Hi',
        "<break>Hi</break>",
        "<sub>WWW</sub>",
        "<say-as>12</say-as>",
        "<insert-action/>Hi",
        '<word>a<break time="1s"/></word>',
        '<!DOCTYPE x [<!ENTITY e "e">]>&e;',
        "&unknown;",
        "<?php echo 1 ?>Hi",
        "half a character \ud83d",
        "…。!",
        "   ",
    ],
)
def test_everything_else_is_a_bad_value(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        check(text)
    assert caught.value.code == 100002
    assert caught.value.message.startswith("InvalidParameterValue.InputSsml:InputSsml ")


@pytest.mark.parametrize("text", ["SENSITIVE words", "这里有敏感测试。", "<speak>SENSI<break/>TIVE</speak>"])
def test_marker_words_do_not_pass_the_moderation(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        check(text)
    assert caught.value.code == 801005


def test_length_is_estimated_from_characters_words_and_speed() -> None:
    assert seconds("一二三四五六七八九十一二", 1.0) == pytest.approx(12 / 4.2)
    assert seconds("ten words of any kind take about four seconds here", 1.0) == pytest.approx(10 / 2.6)
    assert seconds("一" * 42, 2.0) == pytest.approx(5.0)
