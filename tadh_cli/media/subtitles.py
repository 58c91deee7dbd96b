"""Subtitles from the times of words: SRT, WebVTT or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The service counts in units of 100 ns (Audio and Video Production Progress Query API).
_UNITS_A_MILLISECOND = 10_000


@dataclass(frozen=True)
class Cue:
    """A line of subtitles with its times in milliseconds."""

    start_ms: int
    end_ms: int
    text: str


def cues(sentences: Iterable[Mapping[str, Any]]) -> list[Cue]:
    """A cue for each sentence of a TextTimestampResult; sentences without times are left out."""
    found = []
    for sentence in sentences:
        words = sentence.get("Words") or []
        starts = [word["StartTimestamp"] for word in words if isinstance(word.get("StartTimestamp"), int)]
        ends = [word["EndTimestamp"] for word in words if isinstance(word.get("EndTimestamp"), int)]
        text = " ".join(str(sentence.get("Sentence") or "").split())
        if starts and ends and text:
            found.append(Cue(min(starts) // _UNITS_A_MILLISECOND, max(ends) // _UNITS_A_MILLISECOND, text))
    return _in_order(found)


def _in_order(found: Sequence[Cue]) -> list[Cue]:
    """By time, none reaching into the next: players show the overlap as flicker."""
    ordered = sorted(found, key=lambda cue: cue.start_ms)
    followers = [cue.start_ms for cue in ordered[1:]]
    ends = [min(cue.end_ms, follower) for cue, follower in zip(ordered, followers, strict=False)]
    return [
        Cue(cue.start_ms, end, cue.text)
        for cue, end in zip(ordered, [*ends, ordered[-1].end_ms] if ordered else [], strict=True)
    ]


def srt(found: Sequence[Cue]) -> str:
    """SubRip."""
    return "\n".join(
        f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n{cue.text}\n"
        for number, cue in enumerate(found, 1)
    )


def vtt(found: Sequence[Cue]) -> str:
    """WebVTT; what would be read as its markup is escaped."""
    body = "\n".join(
        f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n{_vtt_text(cue.text)}\n" for cue in found
    )
    return f"WEBVTT\n\n{body}"


def as_json(found: Sequence[Cue]) -> str:
    """A JSON array of cues."""
    rows = [{"Start": cue.start_ms, "End": cue.end_ms, "Text": cue.text} for cue in found]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


WRITERS: Mapping[str, Callable[[Sequence[Cue]], str]] = {".srt": srt, ".vtt": vtt, ".json": as_json}


def _vtt_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(ms: int, mark: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{ms:03}"
