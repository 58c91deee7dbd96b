"""What every voice shares: who speaks, and what one phrase sounds like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from tadh_cli.sandbox.studio.phrases import Phrase

# What espeak-ng speaks at; the synthesised voice follows, so that both can stand in one recording.
RATE_HZ = 22_050


@dataclass(frozen=True)
class Timbre:
    """A speaker. `pitch` runs from -1 (deep) to 1 (high) within the gender; `language` is a tag such as zh-CN."""

    key: str
    gender: Literal["female", "male"] = "female"
    pitch: float = 0.0
    language: str = "zh-CN"


@dataclass(frozen=True)
class Utterance:
    """One spoken phrase: samples without silence around them, and the sample at which each unit begins."""

    pcm: bytes
    starts: tuple[int, ...]


class Voice(Protocol):
    """Something that speaks."""

    def utter(self, phrase: Phrase, timbre: Timbre, speed: float) -> Utterance: ...
