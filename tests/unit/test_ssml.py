"""Texts for the voice: what is found wrong with them, and how they are folded, escaped, stripped and timed."""

import re
import time

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from tadh_cli.media.narration import escape, fold, spoken, spoken_seconds, strip
from tadh_cli.media.ssml import Finding, check, looks_like_ssml, problem_characters
from tadh_cli.media.ssml_markup import read
from tadh_cli.media.ssml_tags import INTERPRETATIONS, PAUSES_S, TAGS

TEN = "一二三四五六七八九十"
WAVE = '<insert-action type="waving_hand1"/>'

quick = settings(max_examples=150, deadline=None, database=None)


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int, int]]:
    return [(each.level, each.line, each.column) for each in findings]


VALID = [
    "你好，世界",
    "Hello, world",
    "a &amp; b &lt; c &gt; d &quot;e&quot; &#20320;",
    "2 > 1",
    "<speak>你好</speak>",
    "  <speak>\n  你好\n</speak>\n",
    "\ufeff<speak>你好</speak>",
    "你好\r\n世界\u2028再见\x0b\x0c",
    '银<phoneme alphabet="py" ph="hang2">行</phoneme>',
    '<phoneme alphabet="py" ph="lü4">绿</phoneme>',
    "<phoneme alphabet='py' ph='ma5'>吗</phoneme>",
    "你好<break/>世界",
    '你好<break time="1s"/>世界<break time="9s"/>再见<break time="50ms"/>吧<break time="9000ms"/>。',
    *(f'你好<break strength="{strength}"/>世界' for strength in PAUSES_S),
    '你好<break\n  time="500ms"\n/>世界',
    "<word>人工智能</word>",
    "<word>New York</word>",
    "<word>don't</word>",
    f"{TEN}<word>人工{WAVE}智能</word>{TEN}",
    '<sub alias="世界卫生组织">WHO</sub>',
    f'{TEN}<sub alias="组织">WHO{WAVE}</sub>{TEN}',
    *(f'<say-as interpret-as="{value}">10,000</say-as>' for value in INTERPRETATIONS),
    f"{TEN}{WAVE}{TEN}",
    f"{TEN}{WAVE}{TEN}{WAVE}{TEN}",
    *(tag.example for tag in TAGS.values() if tag.text),
]


@pytest.mark.parametrize("text", VALID)
def test_valid_text_has_no_findings(text: str) -> None:
    assert check(text) == ()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        # attributes
        ('<phoneme ph="hang2">行</phoneme>', ("error", 1, 1), "`<phoneme>` lacks `alphabet`"),
        ('<phoneme alphabet="py">行</phoneme>', ("error", 1, 1), "`<phoneme>` lacks `ph`"),
        ('<phoneme alphabet="ipa" ph="hang2">行</phoneme>', ("error", 1, 10), "`ipa`, not `py`"),
        ('<phoneme alphabet="py" ph="">行</phoneme>', ("error", 1, 24), "`ph` of `<phoneme>` is empty"),
        ('<phoneme alphabet="py" ph="hang6">行</phoneme>', ("error", 1, 24), "tone 6 of `hang6` is outside 1..5"),
        ('<phoneme alphabet="py" ph="hang0">行</phoneme>', ("error", 1, 24), "tone 0"),
        ('<phoneme alphabet="py" ph="hang">行</phoneme>', ("error", 1, 24), "`hang` has no tone"),
        ('<phoneme alphabet="py" ph="háng">行</phoneme>', ("error", 1, 24), "`háng` is not letters with a tone"),
        ('<phoneme alphabet="py" ph=" hang2">行</phoneme>', ("error", 1, 24), "parted by one space"),
        ('银<phoneme alphabet="py" ph="hang2"></phoneme>', ("error", 1, 2), "1 syllable for 0 characters"),
        ('<phoneme alphabet="py" ph="hang2 ye4">行</phoneme>', ("error", 1, 1), "2 syllables for 1 character"),
        ("<sub>WHO</sub>", ("error", 1, 1), "`<sub>` lacks `alias`"),
        ('由<sub alias=" ">WHO</sub>', ("error", 1, 7), "`alias` of `<sub>` is empty"),
        ("<say-as>12</say-as>", ("error", 1, 1), "lacks `interpret-as`"),
        ('<say-as interpret-as="name">12</say-as>', ("warning", 1, 9), "`name`, not one of cardinal, digits"),
        (f"{TEN}<insert-action/>{TEN}", ("error", 1, 11), "lacks `type`"),
        (f'{TEN}<insert-action type=""/>{TEN}', ("error", 1, 26), "is empty"),
        ('<word lang="zh">你好</word>', ("warning", 1, 7), "`<word>` has no attribute `lang`"),
        ('<speak version="1.0">你好</speak>', ("warning", 1, 8), "no attribute `version`"),
        # breaks
        ('你好<break time="1"/>', ("error", 1, 10), "`1` of `<break>` has no unit"),
        ('你好<break time="1.5"/>', ("error", 1, 10), "has no unit"),
        ('你好<break time="1 s"/>', ("error", 1, 10), "`1 s` of `<break>` is no number with `ms` or `s`"),
        ('你好<break time="-1s"/>', ("error", 1, 10), "is no number"),
        ('你好<break time="1m"/>', ("error", 1, 10), "is no number"),
        ('你好<break time="9999999999s"/>', ("error", 1, 10), "is no number"),
        ('你好<break time="0s"/>', ("warning", 1, 10), "`0s` of `<break>` is not in the documented range"),
        ('你好<break time="10s"/>', ("warning", 1, 10), "range"),
        ('你好<break time="1.5s"/>', ("warning", 1, 10), "range"),
        ('你好<break time="49ms"/>', ("warning", 1, 10), "range"),
        ('你好<break time="9001ms"/>', ("warning", 1, 10), "range"),
        ('你好<break strength="none"/>', ("error", 1, 10), "`none`, not one of x-weak, weak, medium, strong, x-strong"),
        ("你好，<break/>世界", ("warning", 1, 4), "after the punctuation `，`"),
        ("你好。\n<break/>世界", ("warning", 2, 1), "after the punctuation `。`"),
        ("<break/>世界", ("warning", 1, 1), "before any text"),
        ("你好<break>世界</break>", ("warning", 1, 3), "`<break>` around `世界`"),
        # what tags hold
        ("<word>AI人</word>", ("warning", 1, 1), "`AI人`, which is neither purely Chinese nor purely English"),
        ("<word>3年级</word>", ("warning", 1, 1), "neither"),
        ("你好<word> </word>", ("warning", 1, 3), "`<word>` is around no text"),
        ('<sub alias="你好"/>', ("warning", 1, 1), "around no text"),
        ('你<phoneme alphabet="py" ph="hao3">好<break/></phoneme>', ("warning", 1, 36), "inside `<phoneme>`"),
        ('<say-as interpret-as="id"><word>好</word></say-as>', ("warning", 1, 27), "`<word>` inside `<say-as>`"),
        ("<word><word>好</word></word>", ("warning", 1, 7), "`<word>` inside `<word>`"),
        ("<word>好<break/></word>", ("warning", 1, 8), "`<break>` inside `<word>`"),
        # roots
        ("<speak>一</speak><speak>二</speak>", ("error", 1, 17), "a second `<speak>`"),
        ("<word><speak>一</speak></word>", ("error", 1, 7), "`<speak>` inside `<word>`"),
        ("<speak><speak>一</speak></speak>", ("error", 1, 8), "`<speak>` inside `<speak>`"),
        ("<speak>一</speak>二", ("error", 1, 17), "text outside of `<speak>`"),
        ("<word>一</word>\n<speak>二</speak>", ("error", 1, 1), "`<word>` outside of `<speak>`"),
        # what the documentation does not name
        ("<brake/>你好", ("warning", 1, 1), "`<brake>` is not in the documentation"),
        ("<mstts:express-as>你好</mstts:express-as>", ("warning", 1, 1), "`<mstts:express-as>`"),
        ("你好<!-- later -->", ("warning", 1, 3), "a comment"),
        ("你好<?php x?>", ("warning", 1, 3), "a processing instruction"),
        ("你好\n<![CDATA[<b>]]>", ("warning", 2, 1), "a CDATA section"),
        # the text as a whole
        ("", ("error", 1, 1), "nothing to speak"),
        (" \n\u200b ", ("error", 1, 1), "nothing to speak"),
        ("<speak></speak>", ("error", 1, 1), "nothing to speak"),
        ("……？", ("warning", 1, 1), "nothing to speak but punctuation"),
        ("你好\n世界\x00\x01", ("error", 2, 3), "U+0000 cannot be sent, nor can the 1 after it"),
        ("你好\x1b", ("error", 1, 3), "the character U+001B"),
        ("你好\ufffe", ("error", 1, 3), "U+FFFE"),
        ("你好\udce9", ("error", 1, 3), "the byte 0xE9, which is not UTF-8"),
        ("你好\ud83d", ("error", 1, 3), "half of a surrogate pair"),
        ("你好&#10;😀😀<brake/>", ("warning", 1, 10), "`<brake>`"),
    ],
)
def test_a_finding_has_level_place_and_words(text: str, place: tuple[str, int, int], words: str) -> None:
    findings = check(text)
    assert places(findings) == [place]
    assert words in findings[0].message


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("研发 R&D 部", ("error", 1, 5), "`&` starts no entity"),
        ("a &", ("error", 1, 3), "`&` starts no entity"),
        ("a\r\nb & c", ("error", 2, 3), "`&` starts no entity"),
        ("&amp 你好", ("error", 1, 1), "`&` starts no entity"),
        ('<sub alias="R&D">研发</sub>', ("error", 1, 14), "`&` starts no entity"),
        ("你&nbsp;好", ("error", 1, 2), "`&nbsp;` is no entity"),
        ("你&#0;好", ("error", 1, 2), "belongs to no character"),
        ("1 < 2", ("error", 1, 3), "`<` starts no tag"),
        ("1<2", ("error", 1, 2), "`<` starts no tag"),
        ("😀😀 < 2", ("error", 1, 4), "`<` starts no tag"),
        ("你好< break/>", ("error", 1, 3), "`<` starts no tag"),
        ("你好 ]]> 世界", ("error", 1, 4), "`]]>`"),
        ('你好<break time="1s">世界', ("error", 1, 3), "`<break>` is never closed"),
        ('<speak>你好<break time="1s">世界</speak>', ("error", 1, 10), "`<break>` is never closed"),
        ("一\n<word>你好", ("error", 2, 1), "`<word>` is never closed"),
        ("你好</word>", ("error", 1, 3), "closes a tag that was never opened"),
        ("你好</tadh-text><tadh-text>", ("error", 1, 3), "closes a tag that was never opened"),
        ("<speak><word>你好</speak></word>", ("error", 1, 16), "where `</word>` is expected"),
        ("你好<break time=1s/>", ("error", 1, 15), "has no quotes"),
        ("你好<break time=“1s”/>", ("error", 1, 15), "typographic quotes"),
        ('你好<break time=\\"1s\\"/>', ("error", 1, 15), "a backslash before a quote"),
        ("你好<break time/>", ("error", 1, 10), "an attribute has no value"),
        ('你好<break time="1s"strength="weak"/>', ("error", 1, 19), "no space before the next attribute"),
        ('你好<break time="1s" time="1s"/>', ("error", 1, 20), "given twice"),
        ('你好<break time="1s"', ("error", 1, 3), "has no end"),
        ('你好<break time="1s/>世界<word>你</word>', ("error", 1, 3), "has no end"),
        ("你好<break/ >", ("error", 1, 9), "`/` and `>` of an empty tag are parted"),
        ("你好<break =/>", ("error", 1, 10), "not well-formed"),
        ("你好<!-- a", ("error", 1, 3), "never finished"),
        ("你好<!-- a -- b -->", ("error", 1, 10), "a comment cannot hold `--`"),
        ("你好<![CDATA[a", ("error", 1, 3), "a CDATA section is never closed"),
        ('<?xml version="1.0"?><speak>你好</speak>', ("error", 1, 1), "an XML declaration"),
        ("<!DOCTYPE speak><speak>你好</speak>", ("error", 1, 1), "declarations"),
    ],
)
def test_a_syntax_error_is_explained_at_its_place(text: str, place: tuple[str, int, int], words: str) -> None:
    error = next(each for each in check(text) if each.level == "error")
    assert (error.level, error.line, error.column) == place
    assert words in error.message
    assert error.hint


def test_a_place_is_counted_from_after_the_byte_order_mark() -> None:
    assert places(check("\ufeff你好\x00")) == places(problem_characters("\ufeff你好\x00")) == [("error", 1, 3)]


def test_all_findings_come_in_the_order_of_the_text() -> None:
    text = '<word>AI人</word>，<break time="1"/>\n<sub>a</sub>\x07'
    assert places(check(text)) == [
        ("warning", 1, 1),
        ("warning", 1, 18),
        ("error", 1, 25),
        ("error", 2, 1),
        ("error", 2, 13),
    ]


def test_a_text_with_a_syntax_error_is_checked_as_far_as_possible() -> None:
    findings = check('你好<break time="1"/>\x00\n<brake>R&D <sub>WHO</sub>', most_chars=10)
    assert places(findings) == [
        ("error", 1, 1),
        ("error", 1, 10),
        ("error", 1, 20),
        ("warning", 2, 1),
        ("error", 2, 9),
        ("error", 2, 12),
    ]


def test_several_characters_in_a_phoneme_are_a_warning() -> None:
    findings = check('<phoneme alphabet="py" ph="yin2 hang2">银行</phoneme>')
    assert places(findings) == [("warning", 1, 1)]
    assert "2 characters, documented for one" in findings[0].message


def test_too_many_characters_in_a_phoneme_are_an_error_besides() -> None:
    assert places(check('<phoneme alphabet="py" ph="hang2">银行</phoneme>')) == [("error", 1, 1), ("warning", 1, 1)]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("<brake/>", "`break`"),
        ("<Break/>", "`break`"),
        ('<break strength="Strong"/>', "`strong`"),
        ('<break tme="1s"/>', "`time`"),
        ('<say-as interpret-as="number-digits">1</say-as>', "`digits`"),
        ('<prosody rate="slow">好</prosody>', "`--speed`"),
        ('<phoneme alphabet="ipa" ph="hao3">好</phoneme>', 'alphabet="py"'),
    ],
)
def test_a_hint_names_what_may_be_meant(wrong: str, right: str) -> None:
    assert right in check(f"你好{wrong}")[0].hint


def test_the_length_counts_the_characters_of_the_line_that_is_sent() -> None:
    text = "<speak>\n  你好😀\n</speak>\n"
    assert check(text, most_chars=18) == ()
    (finding,) = check(text, most_chars=17)
    assert (finding.level, finding.message) == (
        "error",
        "the text has 18 characters, tags included, more than 17",
    )


def test_the_length_is_limited_only_where_a_limit_is_given() -> None:
    assert check("好" * 20_001) == ()
    assert check("好" * 20_000, most_chars=20_000) == ()
    assert places(check("好" * 20_001, most_chars=20_000)) == [("error", 1, 1)]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_a_line_break_is_an_error_in_a_text_that_is_sent_as_it_stands(line_break: str) -> None:
    text = f"你好{line_break}世界"
    assert check(text) == ()
    assert places(check(text, one_line=True)) == [("error", 1, 3)]


def test_a_tab_is_no_line_break() -> None:
    assert check("hello\tworld", one_line=True) == ()


def test_an_alias_is_something_to_speak() -> None:
    assert places(check('<sub alias="你好"> </sub>')) == [("warning", 1, 1)]


# Actions


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        (f"{TEN[:9]}{WAVE}{TEN}", [10], "9 characters of text before it and 10 after it"),
        (f"{TEN}{WAVE}{TEN[:9]}", [11], "10 characters of text before it and 9 after it"),
        (f"{WAVE}{TEN}", [1], "0 characters of text before it"),
        (f"{TEN}{WAVE}好{WAVE}{TEN}", [11, 48], "10 characters of text before it and 1 after it"),
        (f"<speak> {TEN[:9]} {WAVE} {TEN} </speak>", [19], "9 characters of text before it"),
        (f'{TEN[:9]}<break time="100ms"/>{WAVE}{TEN}', [31], "9 characters of text before it"),
    ],
)
def test_an_action_without_room_is_a_warning(text: str, columns: list[int], words: str) -> None:
    findings = check(text)
    assert places(findings) == [("warning", 1, column) for column in columns]
    assert words in findings[0].message


def test_an_action_that_the_avatar_lacks_is_an_error_with_the_nearest_one() -> None:
    (finding,) = check(f'{TEN}<insert-action type="waving_hand"/>{TEN}', actions=["bow", "waving_hand1"])
    assert places((finding,)) == [("error", 1, 26)]
    assert finding.message == "this avatar has no action `waving_hand`"
    assert finding.hint == "did you mean `waving_hand1`?"


def test_an_action_like_none_of_the_avatar_lists_them() -> None:
    (finding,) = check(f"{TEN}{WAVE}{TEN}", actions={"welcome", "bow"})
    assert finding.hint == "one of bow, welcome"


def test_an_action_that_the_avatar_has_is_accepted() -> None:
    assert check(f"{TEN}{WAVE}{TEN}", actions={"waving_hand1"}) == ()


def test_actions_are_a_warning_once_for_an_avatar_without_any() -> None:
    findings = check(f"{TEN}{WAVE}{TEN}{WAVE}{TEN}", actions=())
    assert places(findings) == [("warning", 1, 11)]
    assert "supports no actions" in findings[0].message


def test_without_action_tags_nothing_is_said_of_actions() -> None:
    assert check("你好", actions=()) == ()


# Hostile texts

BILLION_LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{i} "{f"&lol{i - 1 or str()};" * 10}">' for i in range(1, 10))
    + "]><speak>&lol9;</speak>"
)


@pytest.mark.parametrize(
    "text",
    [
        BILLION_LAUGHS,
        f"\n</tadh-text>{BILLION_LAUGHS}",
        '<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak>你好</speak>',
        '<!DOCTYPE speak [<!ENTITY x SYSTEM "file:///etc/passwd">]><speak>&x;</speak>',
        '<!ENTITY x "你好">&x;',
    ],
)
def test_declarations_are_refused_at_once(text: str) -> None:
    start = time.monotonic()
    assert any(each.level == "error" and "is not well" not in each.message for each in check(text))
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    "text",
    [
        "<!--" * 20_000,
        "<?x" * 20_000,
        "<a " * 20_000,
        "<word>" * 5_000,
        "<word>好" * 5_000 + "</word>" * 5_000,
        " " * 50_000 + "好",
        "好" + " " * 50_000 + "好",
        "好\n" * 50_000,
        "<a " + "x" * 50_000 + ">",
        '<a x="' * 20_000,
        "&" * 50_000,
        "&#" + "9" * 50_000 + ";",
        f"好{WAVE}" * 2_000,
    ],
    ids=lambda text: text[:6],
)
def test_long_texts_take_a_moment_at_most(text: str) -> None:
    start = time.monotonic()
    check(text)
    spoken_seconds(text)
    assert time.monotonic() - start < 3


# Fold, escape, strip


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("你好\n世界", "你好世界"),
        ("你好。\n\n\u3000\u3000世界", "你好。世界"),
        ("你好，\r\nworld", "你好，world"),
        ("hello\r\nworld", "hello world"),
        ("hello \n\t\n  world", "hello world"),
        ("hello\tworld", "hello world"),
        ("hello\u2028world\u2029again\x85and\x0bon\x0c", "hello world again and on"),
        ("第3\n章", "第3 章"),
        ("OK\n，好", "OK ，好"),
        ("他说：“好”\n“是”", "他说：“好” “是”"),
        ("“好”\n他说", "“好”他说"),
        ("カメラ\nです", "カメラです"),
        ("a  b", "a  b"),
        ("\ufeff \n你好\n\u3000", "你好"),
        ('你好<break\n  time="1s"\n/>世界', '你好<break time="1s" />世界'),
        ("<speak>\n  你好\n  <break/>\n  世界\n</speak>\n", "<speak>你好<break/>世界</speak>"),
        ("<speak>\n  Hello\n  <break/>\n  world\n</speak>", "<speak>Hello <break/>world</speak>"),
        ("<word>Hello</word>\n<word>world</word>", "<word>Hello</word> <word>world</word>"),
        ("a <\n b", "a < b"),
    ],
)
def test_fold_makes_one_line(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_escape_writes_only_what_text_content_demands() -> None:
    assert escape('R&D:\n"1 < 2", it\'s > 0; &amp;\n') == 'R&amp;D: "1 &lt; 2", it\'s &gt; 0; &amp;amp;'


@pytest.mark.parametrize(
    ("ssml", "written", "said"),
    [
        ('<speak>由<sub alias="世界卫生组织">WHO</sub>发布</speak>', "由WHO发布", "由世界卫生组织发布"),
        ('你<sub alias="R&amp;D"/>', "你", "你R&D"),
        ("<sub>WHO</sub>", "WHO", "WHO"),
        ("R&amp;D &lt;b&gt; &quot;&apos;&#20320;&#x597D;", "R&D <b> \"'你好", "R&D <b> \"'你好"),
        ("你好<!-- <b> -->\n<break/><![CDATA[再<&amp;>]]><?x y?>", "你好再<&amp;>", "你好再<&amp;>"),
        ('银<phoneme alphabet="py" ph="hang2">行</phoneme>', "银行", "银行"),
        ("1 < 2 & 3 &nbsp; &#1114112; &#xD800;", "1 < 2 & 3 &nbsp; &#1114112; &#xD800;", None),
    ],
)
def test_strip_gives_what_is_written_and_spoken_what_is_said(ssml: str, written: str, said: str | None) -> None:
    assert strip(ssml) == written
    assert spoken(ssml) == (written if said is None else said)


@pytest.mark.parametrize(
    ("text", "is_ssml"),
    [
        ("你好", False),
        ("1 < 2 <3 <b>bold</b> <breaking>", False),
        ("你好<break/>世界", True),
        ("<speak>你好", True),
        ('<sub alias="x">', True),
        ("&lt;break/&gt;", False),
    ],
)
def test_ssml_is_known_by_its_tags(text: str, is_ssml: bool) -> None:
    assert looks_like_ssml(text) is is_ssml


def test_characters_that_cannot_be_sent_are_found_in_plain_text() -> None:
    findings = problem_characters("R&D <b>\r\n\x00 ok\ttab\x0b\udc80\udcff")
    assert places(findings) == [("error", 2, 1), ("error", 2, 10)]
    assert "0x80" in findings[1].message


# Speaking time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("……<!-- a -->", 0.4),
        ("你好世界", 1.0),
        ("one two three four five", 2.0),
        ("你好，世界。", 1.6),
        ("Hello, world!", 1.4),
        ("Really?!", 0.8),
        ("don't", 0.4),
        ("tadh.example", 0.8),
        ("2024年", 1.25),
        ("in 2024", 1.2),
        ("3.14", 0.8),
        ("你好<break time='1500ms'/>世界", 2.5),
        ("你好<break time='2s'></break>世界", 3.0),
        ("你好<break/>世界", 1.75),
        ("你好<break strength='x-strong'/>世界", 2.25),
        ("<sub alias='世界卫生组织'>WHO</sub>", 1.5),
        ("R&amp;D", 0.8),
        ("1 < 2 & 3", 1.2),
    ],
)
def test_speaking_time_adds_characters_words_marks_and_breaks(text: str, seconds: float) -> None:
    assert spoken_seconds(text) == pytest.approx(seconds)


def test_speed_changes_speech_but_not_breaks() -> None:
    assert spoken_seconds("你好，世界<break time='2s'/>", speed=1.5) == pytest.approx(1.2 / 1.5 + 2)


def test_a_speed_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="speed 0 is not above 0"):
        spoken_seconds("你好", speed=0)


# Properties

ALLOWED = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"])
LAYOUT = st.sampled_from(list("\n\r\t\v\f \u2028\u2029\x85\u3000\ufeff"))
MARKS = st.sampled_from(list("<>&\"'/=;!-[]?#，。“”"))
CHINESE = st.sampled_from(list("你好世界第章"))
PLAIN = st.text(ALLOWED | LAYOUT | MARKS | CHINESE, max_size=60)
ANYTHING = st.text(st.characters() | LAYOUT | MARKS | CHINESE, max_size=60)
SOURCE = st.text(ALLOWED | CHINESE, max_size=8).map(escape)


def elements(content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from([*TAGS, "p", "x:y", "中"])
    gaps = st.sampled_from([" ", "\n  ", "\t"])
    values = st.text(ALLOWED | CHINESE | st.just(">"), max_size=6).map(lambda text: escape(text).replace('"', "&quot;"))
    attributes = st.sampled_from(["time", "ph", "alias", "type", "interpret-as", "alphabet", "strength"])
    given_once = st.dictionaries(attributes, st.tuples(gaps, values), max_size=3).map(
        lambda given: "".join(f'{gap}{name} = "{value}"' for name, (gap, value) in given.items())
    )
    return st.tuples(names, given_once, content).map(lambda each: f"<{each[0]}{each[1]}>{each[2]}</{each[0]}>")


OTHERS = st.sampled_from(["<!-- <word> -->", "<![CDATA[<a> & ]]>", "<?x <b> ?>", "<break/>", "\r\n", WAVE])
WELL_FORMED = st.recursive(
    SOURCE | OTHERS, lambda inner: st.lists(inner | elements(inner), max_size=4).map("".join), max_leaves=8
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(WELL_FORMED | st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 3)))
        text = text[:start] + draw(st.text(st.characters() | MARKS | LAYOUT, max_size=2)) + text[end:]
    return text


def has_something_to_speak(text: str) -> bool:
    return any(character.isalnum() for character in text)


@quick
@given(PLAIN.filter(has_something_to_speak))
def test_escaped_text_checks_without_errors(text: str) -> None:
    assert [each for each in check(escape(text), one_line=True) if each.level == "error"] == []


@quick
@given(PLAIN)
def test_strip_undoes_escape(text: str) -> None:
    assert strip(escape(text)) == fold(text)


@quick
@given(ANYTHING | mutated())
def test_fold_is_idempotent_and_leaves_one_line(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert not re.search("[\n\r\t\v\f\x85\u2028\u2029]", folded)


@quick
@given(WELL_FORMED)
def test_fold_keeps_tags_and_attributes(text: str) -> None:
    def tags(source: str) -> list[tuple[str, dict[str, str]]]:
        root = fromstring(f"<root>{source.replace('x:y', 'x-y')}</root>")
        return [(element.tag, dict(element.attrib)) for element in root.iter()]

    assert tags(fold(text)) == tags(text)


def assert_in_bounds(findings: tuple[Finding, ...], text: str) -> None:
    lines = re.split("\r\n|\r|\n", text)
    for each in findings:
        assert 1 <= each.line <= len(lines)
        assert 1 <= each.column <= len(lines[each.line - 1]) + 1


@settings(quick, max_examples=400)
@given(ANYTHING | mutated(), st.none() | st.lists(st.text(max_size=5), max_size=2), st.booleans())
def test_check_never_raises_and_stays_within_the_text(text: str, actions: list[str] | None, one_line: bool) -> None:
    findings = check(text, actions=actions, most_chars=30, one_line=one_line)
    assert_in_bounds(findings, text)
    assert_in_bounds(problem_characters(text), text)
    assert places(findings) == sorted(places(findings), key=lambda place: place[1:])


@quick
@given(ANYTHING | mutated(), st.floats(0.5, 1.5))
def test_speaking_time_is_never_negative_and_falls_with_speed(text: str, speed: float) -> None:
    assert 0 <= spoken_seconds(text, speed=1.5) <= spoken_seconds(text, speed=speed)
    assert isinstance(strip(text), str)


@quick
@given(WELL_FORMED)
def test_markup_is_read_as_an_xml_parser_reads_it(text: str) -> None:
    document = text.replace("x:y", "x-y")
    root = fromstring(f"<root>{document}</root>")
    pieces = list(read(document))
    assert "".join(piece.source for piece in pieces) == document
    content = "".join(piece.content for piece in pieces)
    assert re.sub("\r\n?", "\n", content) == "".join(root.itertext())
    given_attributes = [{each.name: each.value for each in piece.assignments} for piece in pieces if piece.is_start]
    assert given_attributes == [dict(element.attrib) for element in list(root.iter())[1:]]


# The table


def test_the_table_names_each_tag_that_a_tag_may_hold() -> None:
    assert {name for tag in TAGS.values() for name in tag.tags} <= set(TAGS)


def test_only_breaks_and_actions_hold_nothing() -> None:
    assert {tag.name for tag in TAGS.values() if tag.is_empty} == {"break", "insert-action"}


def test_every_example_of_the_table_is_without_errors() -> None:
    for tag in TAGS.values():
        assert check(f"{TEN}{tag.example}{TEN}" if tag.name != "speak" else tag.example) == ()
        assert looks_like_ssml(tag.example)
