"""The SSML tags of the digital human services, as one table that checks and help derive from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Attribute:
    name: str
    help: str
    required: bool = False
    values: tuple[str, ...] = ()
    unlisted: Level = "error"  # what a value outside `values` is


@dataclass(frozen=True)
class Tag:
    """What a tag may hold: `text`, the tags named in `tags`, or nothing."""

    name: str
    help: str
    example: str
    text: bool = False
    tags: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.text and not self.tags


# documentation: Digital Human SSML Markup Language Specification. It names the strengths and gives no lengths;
# these are the lengths common among speech services.
PAUSES_S: Mapping[str, float] = {"x-weak": 0.25, "weak": 0.5, "medium": 0.75, "strong": 1.0, "x-strong": 1.25}
DEFAULT_STRENGTH = "medium"

# Nine digits are more than any pause needs, and keep what is computed from them finite.
DURATION = re.compile(r"(?P<number>[0-9]{1,9}(?:\.[0-9]{1,9})?)(?P<unit>ms|s)")

INTERPRETATIONS = (
    "cardinal",
    "digits",
    "telephone",
    "address",
    "id",
    "date",
    "time",
    "punctuation",
    "characters",
    "measure",
    "currency",
)

# documentation: Digital Human SSML Markup Language Specification
TAGS: Mapping[str, Tag] = {
    tag.name: tag
    for tag in (
        Tag(
            "speak",
            "The root, optional and at most one",
            "<speak>你好，世界</speak>",
            text=True,
            tags=("phoneme", "break", "word", "sub", "say-as", "insert-action"),
        ),
        Tag(
            "phoneme",
            "The pronunciation of one character",
            '<phoneme alphabet="py" ph="hang2">行</phoneme>',
            text=True,
            attributes=(
                Attribute("alphabet", "Notation of `ph`", required=True, values=("py",)),
                Attribute(
                    "ph", "Pinyin, a tone from 1 to 5 after each syllable, one space between them", required=True
                ),
            ),
        ),
        Tag(
            "break",
            "A pause, placed after text and not after punctuation",
            '<break time="500ms"/>',
            attributes=(
                Attribute("time", "Length: 1s to 9s or 50ms to 9000ms, whole numbers"),
                Attribute("strength", f"Weight, {DEFAULT_STRENGTH} if not given", values=tuple(PAUSES_S)),
            ),
        ),
        Tag(
            "word",
            "A word or phrase to be read as one, purely Chinese or purely English",
            "<word>人工智能</word>",
            text=True,
            tags=("insert-action",),
        ),
        Tag(
            "sub",
            "Text for which something else is read",
            '<sub alias="世界卫生组织">WHO</sub>',
            text=True,
            tags=("insert-action",),
            attributes=(Attribute("alias", "What is read", required=True),),
        ),
        Tag(
            "say-as",
            "How numbers and characters are read",
            '<say-as interpret-as="digits">2024</say-as>',
            text=True,
            attributes=(
                # The published table ends early, so a value that is not in it need not be wrong.
                Attribute(
                    "interpret-as", "Manner of reading", required=True, values=INTERPRETATIONS, unlisted="warning"
                ),
            ),
        ),
        Tag(
            "insert-action",
            "A gesture of a 3D avatar, with at least 10 characters of text before and after it",
            '<insert-action type="waving_hand1"/>',
            attributes=(Attribute("type", "Action code of the avatar", required=True),),
        ),
    )
}

# Tags of other speech services, and what to use in place of them.
ELSEWHERE: Mapping[str, str] = {
    "prosody": "set the rate with `--speed` and the loudness with `--volume`",
    "voice": "choose the voice with `--voice`",
    "emotion": "set the emotion with `--emotion`",
    "emphasis": "set the emotion with `--emotion`",
    "p": "part paragraphs with `<break/>`",
    "s": "part sentences with punctuation or `<break/>`",
}
