"""Group what is said into phrases: one language, one breath."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tadh_cli.sandbox.studio.script import Line, Marks, Pause, Unit

# Seconds of silence at normal speed; other marks are not heard.
PAUSES_S = {
    **dict.fromkeys("，,、：:", 0.22),
    **dict.fromkeys("；;—", 0.32),
    **dict.fromkeys("。.！!？?…", 0.42),
}
# Keeps a text without any punctuation inside the buffers of speech engines.
LONGEST_PHRASE_UNITS = 40


@dataclass(frozen=True)
class Phrase:
    """Units of one language up to the next audible mark; `closing` carries the intonation."""

    language: str
    lines: tuple[Unit | Marks, ...]
    closing: str = ""

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(line for line in self.lines if isinstance(line, Unit))


def pause_s(marks: str) -> float:
    return max((PAUSES_S.get(mark, 0.0) for mark in marks), default=0.0)


def phrases(lines: Sequence[Line], language: str) -> Iterator[Phrase | Marks | Pause]:
    """Yield phrases with the audible marks and pauses between them, in order; nothing is dropped."""
    languages = _languages(lines, language)
    open_lines: list[Unit | Marks] = []
    spoken = ""
    for line, tongue in zip(lines, languages, strict=True):
        if isinstance(line, Unit):
            if open_lines and (tongue != spoken or len(open_lines) >= LONGEST_PHRASE_UNITS):
                yield from _closed(spoken, open_lines, "")
                open_lines = []
            spoken = tongue
            open_lines.append(line)
        elif isinstance(line, Marks) and open_lines and not pause_s(line.text):
            open_lines.append(line)
        else:
            closing = line.text if isinstance(line, Marks) else ""
            yield from _closed(spoken, open_lines, closing)
            open_lines = []
            yield line
    yield from _closed(spoken, open_lines, "")


def _closed(language: str, lines: list[Unit | Marks], closing: str) -> Iterator[Phrase]:
    if lines:
        yield Phrase(language, tuple(lines), closing)


def _languages(lines: Sequence[Line], language: str) -> list[str]:
    """The language of every line; a number is read in the language of the words around it."""
    found = [_language(line, language) for line in lines]
    last = ""
    for index, line in enumerate(lines):
        if isinstance(line, Unit) and line.kind == "number":
            beside = [found[near] for near in (index - 1, index + 1) if 0 <= near < len(lines)]
            chinese = next((tongue for tongue in beside if tongue.startswith(("zh", "yue"))), "")
            found[index] = chinese or last or _first(found[index + 1 :]) or language
        last = found[index] or last
    return found


def _language(line: Line, language: str) -> str:
    """The language of a line by its script, "" where the script does not tell."""
    if not isinstance(line, Unit) or line.kind == "number":
        return ""
    if line.kind == "han":
        return language if language.startswith("yue") else "zh-CN"
    if line.kind == "kana":
        return "ja-JP"
    if any("\uac00" <= character <= "\ud7a3" for character in line.reading):
        return "ko-KR"
    return "en-US" if language.startswith(("zh", "yue", "ja", "ko")) else language


def _first(languages: Iterable[str]) -> str:
    return next((language for language in languages if language), "")
