"""Speech as a value: samples, the time of every word, and the sentences they form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DEFAULT_SPLIT_MARKS = "。；？！…;?!."
DEFAULT_MAX_WORDS = 30
SOFT_MARKS = "，,、：:—"
OPENING_MARKS = "“‘（(《〈「『【[{¿¡"


@dataclass(frozen=True)
class SpokenWord:
    """One Chinese character, or one word of a language that has spaces."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Sentence:
    """Words that are shown together."""

    text: str
    words: tuple[SpokenWord, ...]

    @property
    def start_s(self) -> float:
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        return self.words[-1].end_s


@dataclass(frozen=True)
class CaptionRule:
    """How text becomes sentences, in the words of the service (api: SentenceMaxWords and its siblings).

    Display marks: "1" or nothing shows all, "0" none, anything else is the marks to show. Split marks: nothing or "1"
    are the default ones, "0" none, anything else is the marks that end a sentence. `max_words` counts characters; one
    word longer than that stays whole.
    """

    max_words: int = 0
    display_punctuation: str = "1"
    split_punctuation: str = ""

    @property
    def longest(self) -> int:
        return self.max_words or DEFAULT_MAX_WORDS

    @property
    def split_marks(self) -> str:
        if self.split_punctuation in ("", "1"):
            return DEFAULT_SPLIT_MARKS
        return "" if self.split_punctuation == "0" else self.split_punctuation

    def shown(self, marks: str) -> str:
        if self.display_punctuation in ("", "1"):
            return marks
        keep = "" if self.display_punctuation == "0" else self.display_punctuation
        # A space in place of a hidden mark: the clauses on its two sides must not run together.
        return "".join(mark if mark in keep else " " for mark in marks)


@dataclass(frozen=True)
class Speech:
    """Something said: signed 16-bit mono samples, and the text with the times of its words, marks between them."""

    pcm: bytes
    rate_hz: int
    transcript: tuple[SpokenWord | str, ...]

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / 2 / self.rate_hz

    @property
    def words(self) -> tuple[SpokenWord, ...]:
        return tuple(item for item in self.transcript if isinstance(item, SpokenWord))

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return self.split(CaptionRule())

    def split(self, rule: CaptionRule) -> tuple[Sentence, ...]:
        """Cut at the rule's marks, and inside what is still too long: after a comma where there is one."""
        return tuple(_sentence(chunks, rule) for chunks in _grouped(_chunks(self.transcript), rule))


@dataclass
class _Chunk:
    """A word with the marks that stick to it: `“word,` is never torn apart."""

    word: SpokenWord
    before: str
    after: str = ""

    def has(self, marks: str) -> bool:
        return any(mark in marks for mark in self.after)

    def shown(self, rule: CaptionRule) -> str:
        return rule.shown(self.before) + self.word.text + rule.shown(self.after)


def _chunks(transcript: Iterable[SpokenWord | str]) -> list[_Chunk]:
    chunks: list[_Chunk] = []
    before = ""
    for item in transcript:
        if isinstance(item, SpokenWord):
            chunks.append(_Chunk(item, before))
            before = ""
            continue
        for mark in item:
            if before or not chunks or mark in OPENING_MARKS or (mark in "\"'" and _ends_blank(chunks[-1])):
                before += mark
            else:
                chunks[-1].after += mark
    if chunks:
        chunks[-1].after += before
    return chunks


def _ends_blank(chunk: _Chunk) -> bool:
    return chunk.after[-1:].isspace()


def _grouped(chunks: Iterable[_Chunk], rule: CaptionRule) -> Iterator[list[_Chunk]]:
    group: list[_Chunk] = []
    length = 0
    for chunk in chunks:
        # The blank after the last word of a sentence is not shown.
        while group and length + len(chunk.shown(rule).rstrip()) > rule.longest:
            cut = _best_cut(group, rule)
            yield group[:cut]
            group = group[cut:]
            length = len(_text(group, rule))
        group.append(chunk)
        length += len(chunk.shown(rule))
        if chunk.has(rule.split_marks):
            yield group
            group, length = [], 0
    if group:
        yield group


def _best_cut(group: list[_Chunk], rule: CaptionRule) -> int:
    """After the last comma, unless that would leave a scrap in front."""
    for cut in range(len(group), 0, -1):
        if group[cut - 1].has(SOFT_MARKS) and len(_text(group[:cut], rule)) >= rule.longest // 3:
            return cut
    return len(group)


def _text(group: list[_Chunk], rule: CaptionRule) -> str:
    return "".join(chunk.shown(rule) for chunk in group)


def _sentence(group: list[_Chunk], rule: CaptionRule) -> Sentence:
    text = re.sub(r"\s+", " ", _text(group, rule)).strip()
    return Sentence(text, tuple(chunk.word for chunk in group))
