"""Say a text: parse it, speak phrase after phrase, keep the time of every word."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from typing import Literal

from tadh_cli.sandbox.studio.errors import VoiceMissing
from tadh_cli.sandbox.studio.espeak import espeak
from tadh_cli.sandbox.studio.phrases import Phrase, pause_s, phrases
from tadh_cli.sandbox.studio.script import Marks, Unit, read
from tadh_cli.sandbox.studio.speech import Speech, SpokenWord
from tadh_cli.sandbox.studio.synth import Synth
from tadh_cli.sandbox.studio.timbre import RATE_HZ, Timbre, Utterance, Voice

__all__ = ["Engine", "Speech", "Timbre", "speak"]

Engine = Literal["auto", "espeak", "synth"]

LEAD_S, TAIL_S = 0.06, 0.2
# Between two languages in one clause, and where a long clause is cut for the engine's sake.
SEAM_S = 0.04
# A step of volume is a decibel; above the knee samples are bent, so that none is ever clipped.
VOLUME_STEP_DB = 1.0
KNEE = 24_000
FULL_SCALE = 32_767


def speak(text: str, *, timbre: Timbre, speed: float = 1.0, volume: int = 0, engine: Engine = "auto") -> Speech:
    """Speak plain text or SSML; raise Unspeakable where there is nothing to say.

    `engine` is for tests and for machines where one of the voices is not wanted: "auto" takes espeak-ng where it is
    installed and the synthesised voice elsewhere. Safe to call from any thread.
    """
    if not 0.5 <= speed <= 1.5:
        raise ValueError(f"speed {speed} is outside 0.5..1.5")
    if not 0 <= volume <= 10:
        raise ValueError(f"volume {volume} is outside 0..10")
    tape = _Tape(_voice(engine), timbre, speed)
    for item in phrases(read(text), timbre.language):
        if isinstance(item, Phrase):
            tape.say(item)
        elif isinstance(item, Marks):
            tape.mark(item.text)
        else:
            tape.rest(item.duration_s)
    return tape.speech(volume)


def _voice(engine: Engine) -> Voice:
    if engine == "synth":
        return Synth()
    try:
        return espeak()
    except VoiceMissing:
        if engine == "espeak":
            raise
        return Synth()


class _Tape:
    """A recording in the making: silence is decided when it is known what follows."""

    def __init__(self, voice: Voice, timbre: Timbre, speed: float) -> None:
        self._voice = voice
        self._timbre = timbre
        self._speed = speed
        self._pcm = bytearray()
        self._transcript: list[SpokenWord | str] = []
        self._pause_s = LEAD_S
        self._break_s = 0.0

    def say(self, phrase: Phrase) -> None:
        utterance = self._voice.utter(phrase, self._timbre, self._speed)
        if not utterance.pcm:
            # Letters the library has no sound for: better a hum of the right length than a gap.
            utterance = Synth().utter(phrase, self._timbre, self._speed)
        self._silence(max(self._pause_s, self._break_s))
        self._write(phrase, utterance)
        self._pause_s, self._break_s = SEAM_S, 0.0
        self._pcm += utterance.pcm

    def mark(self, marks: str) -> None:
        self._transcript.append(marks)
        self._pause_s = max(self._pause_s, pause_s(marks) / self._speed)

    def rest(self, duration_s: float) -> None:
        # A break says how long it is: the pause of the engine's own making gives way.
        self._break_s += duration_s

    def speech(self, volume: int) -> Speech:
        self._silence(max(TAIL_S, self._break_s))
        pcm = _louder(bytes(self._pcm), volume) if volume else bytes(self._pcm)
        return Speech(pcm, RATE_HZ, tuple(self._transcript))

    def _silence(self, duration_s: float) -> None:
        self._pcm += bytes(2 * round(duration_s * RATE_HZ))

    def _write(self, phrase: Phrase, utterance: Utterance) -> None:
        base = len(self._pcm) // 2
        ends = (*utterance.starts[1:], len(utterance.pcm) // 2)
        spans = iter(zip(utterance.starts, ends, strict=True))
        for line in phrase.lines:
            if isinstance(line, Marks):
                self._transcript.append(line.text)
            else:
                start, end = next(spans)
                self._transcript.extend(_timed(line, base + start, base + end))


def _timed(unit: Unit, start: int, end: int) -> Iterator[SpokenWord | str]:
    """The written words of a unit share its time by their length."""
    total = sum(len(token.text) for token in unit.written if token.is_word)
    done = 0
    for token in unit.written:
        if not token.is_word:
            yield token.text
            continue
        first = start + (end - start) * done // total
        done += len(token.text)
        last = start + (end - start) * done // total
        yield SpokenWord(token.text, first / RATE_HZ, last / RATE_HZ)


def _louder(pcm: bytes, volume: int) -> bytes:
    gain = 10 ** (volume * VOLUME_STEP_DB / 20)
    # Indexed by the sample itself: the negative ones count from the end of the list.
    bent = [_bent(sample * gain) for sample in range(FULL_SCALE + 2)]
    table = bent + [-value for value in bent[-2:0:-1]]
    return array("h", map(table.__getitem__, array("h", pcm))).tobytes()


def _bent(level: float) -> int:
    room = FULL_SCALE - KNEE
    return round(level if level <= KNEE else KNEE + room * math.tanh((level - KNEE) / room))
