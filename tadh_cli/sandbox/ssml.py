"""Reads InputSsml as strictly as its specification: well-formed, with the attributes its tags need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.parsers import expat

from tadh_cli.sandbox.refusals import Refusal, bad_value

# Texts with one of these are refused, so that moderation can be provoked.
SENSITIVE = ("SENSITIVE", "敏感测试")

_BREAK_TIME = re.compile(r"\d+(\.\d+)?(ms|s)")
_STRENGTHS = ("x-weak", "weak", "medium", "strong", "x-strong")
_SYLLABLE = re.compile(r"[a-zü:]+[1-5]", re.IGNORECASE)
# What may stand inside a tag; None for text with all other tags.
_INSIDE: Mapping[str, tuple[str, ...] | None] = {
    "speak": None,
    "word": ("insert-action",),
    "sub": ("insert-action",),
    "phoneme": (),
    "say-as": (),
    "break": (),
    "insert-action": (),
}
_EMPTY = ("break", "insert-action")

# How fast a voice speaks, for estimates: Chinese characters, and words of other languages, a second.
HAN_A_SECOND, WORDS_A_SECOND = 4.2, 2.6
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3]")
_WORD = re.compile(r"[^\W_]+")


def check(text: str, path: str = "InputSsml") -> str:
    """The words of a text that can be spoken; raises the service's refusal of all others."""
    words = _Reader(path).read(text)
    if any(marker in words for marker in SENSITIVE):
        raise Refusal(801005, "FailedOperation.TextSecurity", "the text failed to pass the security verification")
    if not _WORD.search(words):
        raise bad_value(path, f"{path} has nothing that can be spoken")
    return words


def seconds(words: str, speed: float) -> float:
    """About how long a text takes to speak."""
    han = len(_HAN.findall(words))
    others = len(_WORD.findall(_HAN.sub(" ", words)))
    return max(0.6, (han / HAN_A_SECOND + others / WORDS_A_SECOND) / speed)


class _Reader:
    """One pass over one text."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._open: list[str] = []
        self._words: list[str] = []
        self._pinyin: list[str] = []
        self._marked = ""
        self._has_speak = False

    def read(self, text: str) -> str:
        # A document type can only stand before the root: inside of ours it is an error, and so are its entities.
        before, after = "<ssml>", "</ssml>"
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.ProcessingInstructionHandler = self._refuse_instruction
        try:
            parser.Parse((before + text + after).encode(), True)
        except expat.ExpatError as error:
            raise self._bad(f"is not well-formed: {expat.ErrorString(error.code)}") from None
        except UnicodeEncodeError:
            raise self._bad("has half a character") from None
        return "".join(self._words)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        inside = self._open[-1] if self._open else ""
        allowed = _INSIDE.get(inside)
        if allowed is not None and tag not in allowed:
            raise self._bad(f"has <{tag}> inside <{inside}>")
        if tag == "speak":
            self._one_speak()
        _CHECKS.get(tag, _anything)(self, attributes)
        self._open.append(tag)
        self._marked = ""

    def _end(self, tag: str) -> None:
        self._open.pop()
        if tag == "phoneme":
            if len(self._pinyin) != len(self._marked.strip()):
                raise self._bad(f"has <phoneme> with {len(self._pinyin)} syllables for {self._marked!r}")
        elif tag in _EMPTY and self._marked:
            raise self._bad(f"has text inside <{tag}>")
        self._marked = ""

    def _text(self, text: str) -> None:
        self._words.append(text)
        self._marked += text

    def _refuse_instruction(self, target: str, _data: str) -> None:
        raise self._bad(f"has a processing instruction <?{target}?>")

    def _one_speak(self) -> None:
        if self._has_speak or len(self._open) > 1:
            raise self._bad("has more than one <speak>")
        self._has_speak = True

    def phoneme(self, attributes: Mapping[str, str]) -> None:
        if attributes.get("alphabet") != "py":
            raise self._bad("has <phoneme> whose alphabet is not py")
        self._pinyin = attributes.get("ph", "").split()
        if not self._pinyin or not all(_SYLLABLE.fullmatch(syllable) for syllable in self._pinyin):
            raise self._bad(
                f"has <phoneme> with ph {attributes.get('ph', '')!r}, which is not pinyin with tones 1 to 5"
            )

    def pause(self, attributes: Mapping[str, str]) -> None:
        time, strength = attributes.get("time"), attributes.get("strength")
        if time is not None and not _BREAK_TIME.fullmatch(time):
            raise self._bad(f"has <break> with time {time!r}, which is not a number with ms or s")
        if strength is not None and strength not in _STRENGTHS:
            raise self._bad(f"has <break> with strength {strength!r}")

    def alias(self, attributes: Mapping[str, str]) -> None:
        if "alias" not in attributes:
            raise self._bad("has <sub> without alias")

    def say_as(self, attributes: Mapping[str, str]) -> None:
        if "interpret-as" not in attributes:
            raise self._bad("has <say-as> without interpret-as")

    def action(self, attributes: Mapping[str, str]) -> None:
        if not attributes.get("type"):
            raise self._bad("has <insert-action> without type")

    def _bad(self, text: str) -> Refusal:
        return bad_value(self._path, f"{self._path} {text}")


def _anything(_reader: _Reader, _attributes: Mapping[str, str]) -> None:
    """The end of the specification was never seen: what is not in the part that was, may be in the rest."""


_CHECKS = {
    "phoneme": _Reader.phoneme,
    "break": _Reader.pause,
    "sub": _Reader.alias,
    "say-as": _Reader.say_as,
    "insert-action": _Reader.action,
}
