"""Texts taken apart for speaking."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.media.splitting import clauses, fragment, pieces

FAMILY = "👨‍👩‍👧‍👦"
WAVE = "👋🏽"
FLAG = "🇨🇳"


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\n ", []),
        ("One. Two.", ["One. Two."]),
        ("One line\nand its end.\n\nAnother.", ["One line and its end.", "Another."]),
        ("第一段，\n第二行。\r\n\r\n第二段。", ["第一段，第二行。", "第二段。"]),
        ("a\n \n\nb", ["a", "b"]),
        ("一<sub alias='x'>二\n\n三</sub>四\n\n五", ["一<sub alias='x'>二三</sub>四", "五"]),
        ("<speak>One.\n\nTwo.</speak>", ["<speak>One.</speak>", "<speak>Two.</speak>"]),
    ],
)
def test_paragraphs_are_pieces(text: str, expected: list[str]) -> None:
    assert pieces(text, 4000) == expected


@pytest.mark.parametrize("room", [-2, 0, 1, 2, 3])
def test_a_text_ends_whatever_room_the_element_around_it_leaves(room: int) -> None:
    head = f"<speak{' ' * (4000 - len('<speak></speak>') - room)}>"
    assert pieces(f"{head}你好</speak>", 4000) == [f"{head}{each}</speak>" for each in "你好"]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("一二三。四五六。七八九。", 24, ["一二三。四五六。", "七八九。"]),
        ("今日は。いい天気ですね！そうだね？", 40, ["今日は。いい天気ですね！", "そうだね？"]),
        ("One two. Three four. Five.", 21, ["One two. Three four. ", "Five."]),
        ("“好。”他说。", 12, ["“好。”", "他说。"]),
        ("Pi is 3.14159 and more", 12, ["Pi is ", "3.14159 and ", "more"]),
        ("一二三，四五六，七八九", 24, ["一二三，四五六，", "七八九"]),
        ("一二三四五六七八九", 12, ["一二三四", "五六七八", "九"]),
        (f"一{FAMILY}二", 28, [f"一{FAMILY}", "二"]),
        ('一二<break time="1s"/>三四', 22, ["一二", '<break time="1s"/>三', "四"]),
        ('甲乙<sub alias="x">丙丁</sub>戊', 32, ["甲乙", '<sub alias="x">丙丁</sub>戊']),
        ("<speak>一二。三四。</speak>", 25, ["<speak>一二。</speak>", "<speak>三四。</speak>"]),
        ("a &amp; b &lt; c", 9, ["a &amp; ", "b &lt; c"]),
    ],
)
def test_long_texts_are_cut_at_the_best_place(text: str, most: int, expected: list[str]) -> None:
    found = pieces(text, most)
    assert all(len(piece.encode()) <= most for piece in found)
    assert found == expected
    assert "".join(found).replace("</speak><speak>", "") == text


PARTS = [*"一二三。，！？ab .,!?'\n é\u0301\u200d👩👋🏽🇨🇳<>", "&amp;", "<break/>"]
MIXED = st.lists(st.sampled_from(PARTS), max_size=80).map("".join)
MARKUP = st.lists(
    st.sampled_from(["一二", "三。", "ab ", "c. ", '<break time="1s"/>', "<sub alias='x'>", "</sub>", FAMILY, "&lt;"]),
    max_size=30,
).map("".join)


@given(MIXED | MARKUP, st.integers(60, 200))
def test_pieces_lose_nothing_and_fit(text: str, most: int) -> None:
    found = pieces(text, most)
    assert bare("".join(found)) == bare(text)
    assert all(piece.strip() and len(piece.encode()) <= most for piece in found)


@given(MARKUP, st.integers(40, 120))
def test_no_tag_and_no_character_is_cut(text: str, most: int) -> None:
    for piece in pieces(text, most):
        assert re.fullmatch(rf"""(?:[一二三。abc. ]|{FAMILY}|&lt;|<break time="1s"/>|<sub alias='x'>|</sub>)*""", piece)


@given(MIXED, st.integers(4, 60))
def test_fragments_are_the_text(text: str, most: int) -> None:
    rest, found = text, []
    while rest:
        found.append(fragment(rest, most, is_all=True))
        assert 0 < len(found[-1].encode()) <= most
        rest = rest[len(found[-1]) :]
    assert "".join(found) == text


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("你好", 1000, "你好"),
        ("你好", 4, "你"),
        ("你👋", 1000, "你"),
        ("👋", 1000, ""),
        (f"{WAVE}好", 1000, f"{WAVE}好"),
        ("🇨", 1000, ""),
        (f"{FLAG}", 1000, FLAG),
        ("👩\u200d", 1000, ""),
        (f"a{FAMILY}", 20, "a"),
    ],
)
def test_an_emoji_that_may_go_on_is_kept_back(text: str, most: int, expected: str) -> None:
    assert fragment(text, most) == expected


@pytest.mark.parametrize(
    ("text", "expected", "rest"),
    [
        ("大家好，欢迎来到我们的直播间。今天", ["大家好，欢迎来到我们的直播间。"], "今天"),
        ("大家好，欢迎来到我们的直播间。", [], "大家好，欢迎来到我们的直播间。"),
        ("他说：“欢迎来到我们的直播间。”今天", ["他说：“欢迎来到我们的直播间。”"], "今天"),
        ("好。大家好。欢迎来到我们的直播间。今", ["好。大家好。欢迎来到我们的直播间。"], "今"),
        (
            "It costs 3.50 per piece, said Dr. Miller to all of us. And",
            ["It costs 3.50 per piece, said Dr. Miller to all of us. "],
            "And",
        ),
        (
            "one two three four five six seven eight nine ten eleven\nx",
            ["one two three four five six seven eight nine ten eleven\n"],
            "x",
        ),
        ("一二三四五六七八九十一<break", [], "一二三四五六七八九十一<break"),
        ('一二三四五六<sub alias="x">七。八。', [], '一二三四五六<sub alias="x">七。八。'),
    ],
)
def test_clauses_are_complete(text: str, expected: list[str], rest: str) -> None:
    assert clauses(text, 1000, is_all=False) == (expected, rest)


def test_the_last_clause_is_all_there_is() -> None:
    assert clauses("大家好，欢迎来到我们的直播间。再见。", 1000, is_all=True) == (
        ["大家好，欢迎来到我们的直播间。再见。"],
        "",
    )
    assert clauses("再见", 1000, is_all=True) == (["再见"], "")
    assert clauses(" \n", 1000, is_all=True) == ([], "")


@given(MIXED | MARKUP, st.integers(60, 200), st.booleans())
def test_clauses_lose_nothing_and_fit(text: str, most: int, is_all: bool) -> None:
    found, rest = clauses(text, most, is_all=is_all)
    assert bare("".join(found) + rest) == bare(text)
    assert all(len(clause.encode()) <= most for clause in found)
    assert len(rest.encode()) <= most
    assert not (is_all and rest)


@given(MIXED | MARKUP, st.data())
def test_clauses_do_not_depend_on_how_a_text_arrives(text: str, data: st.DataObject) -> None:
    found, rest = [], ""
    at = 0
    while at < len(text):
        step = data.draw(st.integers(1, 20))
        more, rest = clauses(rest + text[at : at + step], 1000, is_all=False)
        found += more
        at += step
    more, rest = clauses(rest, 1000, is_all=True)
    assert bare("".join([*found, *more])) == bare(text)
