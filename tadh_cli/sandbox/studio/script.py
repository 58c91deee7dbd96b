"""Turn the wire's InputSsml into what is said: units with their readings, marks, and pauses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.parsers import expat

from tadh_cli.sandbox.studio.errors import Unspeakable

Kind = Literal["han", "kana", "number", "letters"]

LONGEST_BREAK_S = 10.0
BREAK_STRENGTHS_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.0}
SPELLED_OUT = ("digits", "telephone", "id", "characters")
# Pinyin is Chinese although its letters are Latin.
PINYIN = re.compile(r"[a-zü:]+[1-5](?: +[a-zü:]+[1-5])*", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
    """A piece of the text as it is written: one word, or one mark or space."""

    text: str
    kind: Kind | None

    @property
    def is_word(self) -> bool:
        return self.kind is not None


@dataclass(frozen=True)
class Unit:
    """What is said in one go: usually one word, several where an alias replaces them."""

    written: tuple[Token, ...]
    reading: str
    kind: Kind


@dataclass(frozen=True)
class Marks:
    """Punctuation and spaces between units."""

    text: str


@dataclass(frozen=True)
class Pause:
    """Silence asked for by `<break>`."""

    duration_s: float


Line = Unit | Marks | Pause

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u3096\u30a1-\u30fa\u30fc-\u30fe\u31f0-\u31ff"
# `\w` has no combining marks; without them every Hindi or Thai word would fall into letters.
_COMBINING = "".join(chr(code) for code in range(0x300, 0x1100) if unicodedata.category(chr(code))[0] == "M")
_LETTER = rf"[^\W_{_HAN}{_KANA}]"
_TOKEN = re.compile(
    rf"(?P<han>[{_HAN}])"
    rf"|(?P<kana>[{_KANA}])"
    rf"|(?P<word>[$¥￥€£]?{_LETTER}"
    rf"(?:{_LETTER}|[{_COMBINING}]|['’-](?={_LETTER})|(?<=\d)[.,:](?=\d)|(?<=[A-Za-z0-9])\.(?=[a-z0-9]))*[%‰℃]?)"
    rf"|(?P<marks>.)",
    re.DOTALL,
)


def tokens(text: str) -> Iterator[Token]:
    """Cut plain text: one token a Chinese character, a Latin word, a number, a mark."""
    for match in _TOKEN.finditer(text):
        yield Token(match[0], _kind(match))


def read(text: str) -> tuple[Line, ...]:
    """Parse plain text or SSML; unknown tags are ignored, their text is spoken."""
    lines = _Reader().read(text)
    if not any(isinstance(line, Unit) for line in lines):
        raise Unspeakable("the text has no word that can be spoken")
    return tuple(lines)


def _kind(match: re.Match[str]) -> Kind | None:
    if match["word"]:
        return "letters" if any(character.isalpha() for character in match["word"]) else "number"
    if match["han"]:
        return "han"
    return "kana" if match["kana"] else None


class _Reader:
    """One pass of expat over one text."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._text: list[str] = []
        # The tag that decides how its text is read; such tags do not nest.
        self._special: tuple[str, dict[str, str]] | None = None

    def read(self, text: str) -> list[Line]:
        # A document type is only legal before the root: inside ours, DTD and entity declarations are syntax errors.
        before, after = "<ssml>", "</ssml>"
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        try:
            parser.Parse((before + text + after).encode(), True)
        except expat.ExpatError as error:
            where = max(error.offset - len(before), 0) + 1
            raise Unspeakable(
                f"the text is not well-formed at character {where}: {expat.ErrorString(error.code)}"
            ) from None
        except UnicodeEncodeError as error:
            raise Unspeakable(f"the text has half a character at position {error.start}") from None
        self._flush()
        return self._lines

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "break":
            self._flush()
            self._lines.append(Pause(_break_s(attributes)))
        elif tag in ("sub", "phoneme", "say-as") and self._special is None:
            self._flush()
            self._special = (tag, attributes)

    def _end(self, tag: str) -> None:
        if self._special is not None and self._special[0] == tag:
            self._flush()
            self._special = None

    def _flush(self) -> None:
        text = "".join(self._text)
        # Cleared in place: expat holds the bound `append` of this very list.
        self._text.clear()
        if self._special is not None:
            self._lines.extend(_special_units(text, *self._special))
            return
        for token in tokens(text):
            self._lines.append(Marks(token.text) if token.kind is None else Unit((token,), token.text, token.kind))


def _special_units(text: str, tag: str, attributes: dict[str, str]) -> Iterator[Line]:
    written = tuple(tokens(text))
    if tag == "sub" and (alias := attributes.get("alias", "").strip()):
        yield Unit(written, alias, _reading_kind(alias))
    elif tag == "phoneme" and PINYIN.fullmatch(pinyin := attributes.get("ph", "").strip()):
        yield Unit(written, pinyin, "han")
    elif tag == "say-as" and attributes.get("interpret-as") in SPELLED_OUT:
        for token in written:
            yield Marks(token.text) if token.kind is None else Unit((token,), " ".join(token.text), token.kind)
    else:
        for token in written:
            yield Marks(token.text) if token.kind is None else Unit((token,), token.text, token.kind)


def _reading_kind(reading: str) -> Kind:
    """A reading has one voice: a Chinese one gets along with Latin words, the others know no Chinese."""
    kinds = [token.kind for token in tokens(reading) if token.kind is not None]
    return "han" if "han" in kinds else next(iter(kinds), "letters")


def _break_s(attributes: dict[str, str]) -> float:
    """Read a break as the documents write it; how long it may be is the linter's business, not ours."""
    time = attributes.get("time")
    if time is None:
        return BREAK_STRENGTHS_S.get(attributes.get("strength", "medium"), BREAK_STRENGTHS_S["medium"])
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)(ms|s)\s*", time)
    if match is None:
        raise Unspeakable(f"`<break time>` {time!r} is not a number with the unit ms or s")
    return min(float(match[1]) / (1000 if match[2] == "ms" else 1), LONGEST_BREAK_S)
