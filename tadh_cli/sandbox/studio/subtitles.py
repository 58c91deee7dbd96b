"""Subtitles of a speech: an SRT file whose cues stand and fall with the words."""

from __future__ import annotations

from tadh_cli.sandbox.studio.speech import CaptionRule, Speech

# A glyph of subtitles is this share of the shorter side, and a line fills at most this share of the width.
GLYPH_SHARE, LINE_SHARE = 0.05, 0.8


def srt(speech: Speech, *, max_words: int = 0, display_punctuation: str = "1", split_punctuation: str = "") -> str:
    """Write the sentences of a speech as SRT, lines ending in LF; see CaptionRule for the three settings."""
    rule = CaptionRule(max_words, display_punctuation, split_punctuation)
    cues = [
        f"{number}\n{_clock(sentence.start_s)} --> {_clock(sentence.end_s)}\n{sentence.text}\n"
        for number, sentence in enumerate(speech.split(rule), 1)
    ]
    return "\n".join(cues)


def fitting_max_words(width: int, height: int) -> int:
    """How many characters fill 80 % of the width: what a MaxWords of 0 means for subtitles in a video."""
    return max(int(width * LINE_SHARE / (min(width, height) * GLYPH_SHARE)), 1)


def _clock(seconds: float) -> str:
    whole_s, milliseconds = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole_s, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02},{milliseconds:03}"
