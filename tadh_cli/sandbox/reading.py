"""How well a recording can be the reading of a text, judged by time alone: nothing here recognises speech.

Whoever reads at less than half or more than twice the usual pace did not read this text: what does not fit into the
time was left out, what is left of the time was something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tadh_cli.sandbox.ssml import HAN_A_SECOND, WORDS_A_SECOND

# What stands for nothing in an alignment, as in the documentation's sample, and for something that is not known.
NOTHING, SOMETHING = "<eps>", "<unk>"
_FASTEST, _SLOWEST = 2.0, 0.5
# Han and kana characters one by one, words of other writings whole.
_HAN = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_UNIT = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:['’][^\W_{_HAN}]+)*")


@dataclass(frozen=True)
class Reading:
    """The share of a text that was read right, and each of its words beside what was heard of it."""

    accuracy: float
    alignment: tuple[tuple[str, str], ...]


def reading(text: str, speech_s: float) -> Reading:
    """Judge so many seconds of speech as the reading of a text."""
    words = _UNIT.findall(text)
    if not words:
        return Reading(1.0, ())
    usual_s = sum(1 / (HAN_A_SECOND if re.match(f"[{_HAN}]", word) else WORDS_A_SECOND) for word in words)
    read = min(len(words), int(len(words) * speech_s * _FASTEST / usual_s + 0.5))
    # Of an hour of something else it matters only that it is nothing of the text.
    extra = min(len(words), int(len(words) * max(0.0, speech_s * _SLOWEST / usual_s - 1) + 0.5))
    wrong = len(words) - read + extra
    return Reading(
        max(0.0, 1 - wrong / len(words)),
        (
            *((word, word) for word in words[:read]),
            *((word, NOTHING) for word in words[read:]),
            *((NOTHING, SOMETHING),) * extra,
        ),
    )
