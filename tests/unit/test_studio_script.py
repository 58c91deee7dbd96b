"""What is said: SSML and plain text become units, marks and pauses."""

from __future__ import annotations

import pytest

from tadh_cli.sandbox.studio.errors import Unspeakable
from tadh_cli.sandbox.studio.phrases import Phrase, phrases
from tadh_cli.sandbox.studio.script import Marks, Pause, Unit, read


def readings(text: str) -> list[str]:
    return [line.reading for line in read(text) if isinstance(line, Unit)]


def spoken_in(text: str, language: str = "zh-CN") -> list[tuple[str, str]]:
    found = [item for item in phrases(read(text), language) if isinstance(item, Phrase)]
    return [(phrase.language, "".join(unit.reading for unit in phrase.units)) for phrase in found]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("你好，世界", ["你", "好", "世", "界"]),
        ("Hello, world", ["Hello", "world"]),
        ("AI数字人", ["AI", "数", "字", "人"]),
        ("it's e-mail", ["it's", "e-mail"]),
        ("3.5 of 1,000 is 0.35%.", ["3.5", "of", "1,000", "is", "0.35%"]),
        ("$5.20 at 10:30", ["$5.20", "at", "10:30"]),
        ("www.qq.com, end.Next", ["www.qq.com", "end", "Next"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("R&amp;D &lt;b&gt; &quot;x&quot;", ["R", "D", "b", "x"]),
        ("<speak>你好</speak>", ["你", "好"]),
        ("一<unknown>二</unknown>三", ["一", "二", "三"]),
        ('你<insert-action type="bow"/>好', ["你", "好"]),
        ("<word>数字</word>", ["数", "字"]),
    ],
)
def test_text_is_cut_into_words(text: str, words: list[str]) -> None:
    assert readings(text) == words


def test_sub_reads_the_alias_and_keeps_what_is_written() -> None:
    (unit,) = read('<sub alias="World Wide Web">WWW</sub>')

    assert isinstance(unit, Unit)
    assert (unit.reading, [token.text for token in unit.written]) == ("World Wide Web", ["WWW"])


def test_a_mixed_alias_is_read_by_the_chinese_voice() -> None:
    assert spoken_in('<sub alias="AI数字人">AIDH</sub>') == [("zh-CN", "AI数字人")]


def test_phoneme_reads_the_pinyin_as_chinese() -> None:
    (unit,) = read('<phoneme alphabet="py" ph="chong2">重</phoneme>')

    assert isinstance(unit, Unit)
    assert (unit.reading, unit.kind) == ("chong2", "han")


@pytest.mark.parametrize(
    ("kind", "reading"), [("digits", "1 3 8"), ("telephone", "1 3 8"), ("characters", "1 3 8"), ("cardinal", "138")]
)
def test_say_as_spells_out_what_is_no_quantity(kind: str, reading: str) -> None:
    assert readings(f'<say-as interpret-as="{kind}">138</say-as>') == [reading]


@pytest.mark.parametrize(
    ("tag", "duration_s"),
    [
        ('<break time="500ms"/>', 0.5),
        ('<break time="2s"/>', 2.0),
        ('<break time="1.5s"/>', 1.5),
        ("<break/>", 0.5),
        ('<break strength="x-strong"/>', 1.0),
        ('<break time="99999s"/>', 10.0),
    ],
)
def test_breaks(tag: str, duration_s: float) -> None:
    assert [line for line in read(f"你{tag}好") if isinstance(line, Pause)] == [Pause(duration_s)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no word"),
        ("。，！ …", "no word"),
        ('<break time="1s"/>', "no word"),
        ("a < b", "not well-formed at character 4"),
        ("R&D", "not well-formed"),
        ("你好<speak>", "mismatched tag"),
        ("&nbsp;你好", "undefined entity"),
        ('<!DOCTYPE s [<!ENTITY a "aaaa">]><s>&a;</s>', "not well-formed"),
        ('<!ENTITY a "b">你好', "not well-formed"),
        ('你好<break time="500"/>', "unit ms or s"),
        ("half \ud83d", "half a character"),
    ],
)
def test_what_cannot_be_spoken_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(Unspeakable, match=complaint):
        read(text)


def test_nothing_written_is_lost() -> None:
    text = "“你好”，R 2-D (3.5%)!"

    assert "".join(line.text if isinstance(line, Marks) else line.reading for line in read(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("用AI说话", [("zh-CN", "用"), ("en-US", "AI"), ("zh-CN", "说话")]),
        ("2024年", [("zh-CN", "2024年")]),
        ("iPhone 15 发布", [("en-US", "iPhone15"), ("zh-CN", "发布")]),
        ("15", [("zh-CN", "15")]),
        ("こんにちは", [("ja-JP", "こんにちは")]),
        ("안녕", [("ko-KR", "안녕")]),
    ],
)
def test_mixed_text_is_split_by_language(text: str, expected: list[tuple[str, str]]) -> None:
    assert spoken_in(text) == expected


def test_other_languages_keep_their_own_voice() -> None:
    assert spoken_in("Guten Tag", "de-DE") == [("de-DE", "GutenTag")]
    assert spoken_in("你好", "yue-CN") == [("yue-CN", "你好")]
    assert spoken_in("123", "en-US") == [("en-US", "123")]


def test_a_text_without_punctuation_is_cut_into_phrases() -> None:
    assert [len(text) for _, text in spoken_in("好" * 100)] == [40, 40, 20]
