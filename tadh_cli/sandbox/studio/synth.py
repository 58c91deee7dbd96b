"""A voice made of nothing but arithmetic, for machines without a speech library: syllables with vowels and tones."""

from __future__ import annotations

import functools
import math
import random
import re
import zlib
from array import array
from dataclasses import dataclass

from tadh_cli.sandbox.studio.phrases import Phrase
from tadh_cli.sandbox.studio.script import Unit
from tadh_cli.sandbox.studio.timbre import RATE_HZ, Timbre, Utterance

# At normal speed: about 4 Chinese characters, or 2.5 English words of a syllable and a half, a second.
HAN_S, KANA_S, DIGIT_S, LATIN_S, WORD_GAP_S = 0.25, 0.15, 0.22, 0.2, 0.1
PITCH_HZ = {"female": 205.0, "male": 118.0}
# Formants of a, e, i, o, u and the neutral vowel: frequency and bandwidth.
VOWELS = (
    ((850, 90), (1300, 110), (2700, 160)),
    ((560, 80), (1850, 110), (2600, 150)),
    ((310, 60), (2250, 120), (3000, 170)),
    ((540, 80), (950, 100), (2500, 150)),
    ((350, 60), (800, 90), (2400, 140)),
    ((520, 80), (1450, 110), (2500, 150)),
)
ONSETS = ("voiced", "breath", "hiss", "stop")
NOISE = {"breath": 0.2, "hiss": 0.5}
# Pitch along a syllable, relative to the speaker's: the four tones of Mandarin, then the level run of Latin words.
TONES = ((1.16, 1.16), (0.94, 1.2), (0.86, 0.78), (1.24, 0.82), (1.02, 0.97))
PEAK = 9_000


@dataclass(frozen=True)
class _Syllable:
    """Everything that decides how a syllable sounds: equal ones are rendered once."""

    vowel: int
    onset: str
    tone: int
    samples: int
    pitch_hz: int
    tract: float


class Synth:
    """Speaks any script; the same phrase always sounds the same."""

    def utter(self, phrase: Phrase, timbre: Timbre, speed: float) -> Utterance:
        pcm = bytearray()
        starts = []
        for unit in phrase.units:
            starts.append(len(pcm) // 2)
            for syllable in _syllables(unit, timbre, speed):
                pcm += _rendered(syllable)
            pcm += bytes(2 * round(_gap_s(unit) / speed * RATE_HZ))
        gap = 2 * round(_gap_s(phrase.units[-1]) / speed * RATE_HZ)
        return Utterance(bytes(pcm[: len(pcm) - gap]), tuple(starts))


def _gap_s(unit: Unit) -> float:
    return WORD_GAP_S if unit.kind == "letters" else 0.0


def _syllables(unit: Unit, timbre: Timbre, speed: float) -> list[_Syllable]:
    pitch_hz = round(PITCH_HZ[timbre.gender] * 2 ** (timbre.pitch / 3))
    tract = 1.0 if timbre.gender == "male" else 1.14
    return [
        _Syllable(
            vowel=code % len(VOWELS),
            onset=ONSETS[code // 7 % len(ONSETS)],
            tone=code // 31 % 4 if unit.kind == "han" else 4,
            samples=round(seconds / speed * RATE_HZ),
            pitch_hz=pitch_hz,
            tract=tract,
        )
        for code, seconds in _sounds(unit)
    ]


def _sounds(unit: Unit) -> list[tuple[int, float]]:
    """A number that decides the sound, and the length, of each syllable of a reading."""
    if unit.kind == "letters":
        parts = re.findall(r"[^aeiouy]*[aeiouy]+", unit.reading.lower()) or [unit.reading]
        return [(zlib.crc32(part.encode()), LATIN_S) for part in parts]
    parts = unit.reading.split() if unit.reading.isascii() and unit.kind == "han" else list(unit.reading)
    length_s = {"han": HAN_S, "kana": KANA_S, "number": DIGIT_S}[unit.kind]
    return [(zlib.crc32(part.encode()), length_s) for part in parts if part[0].isalnum()]


@functools.lru_cache(maxsize=512)
def _rendered(syllable: _Syllable) -> bytes:
    length = syllable.samples
    onset = min(round(0.05 * RATE_HZ), length // 3)
    voice = _filtered(_pulses(syllable, length), syllable)
    noise = random.Random(syllable.vowel)
    samples = array("h", bytes(2 * length))
    loudest = max(map(abs, voice), default=0.0) or 1.0
    for index, value in enumerate(voice):
        level = value / loudest * _swell(index, length, onset, syllable.onset)
        if index < onset:
            level += NOISE.get(syllable.onset, 0.0) * (noise.random() - 0.5) * math.sin(math.pi * index / onset)
        samples[index] = round(PEAK * level)
    return samples.tobytes()


def _pulses(syllable: _Syllable, length: int) -> list[float]:
    """Glottal pulses along the tone's contour: a slow rise, a sharp fall."""
    begin, end = TONES[syllable.tone]
    pulses = []
    phase = 0.0
    for index in range(length):
        share = index / length
        phase += syllable.pitch_hz * (begin + (end - begin) * share) / RATE_HZ
        phase -= phase >= 1.0
        pulses.append(phase * phase * (1.0 - phase) * 6.75 - 0.56)
    return pulses


def _filtered(source: list[float], syllable: _Syllable) -> list[float]:
    """Two-pole resonators in a row, one a formant."""
    for frequency_hz, bandwidth_hz in VOWELS[syllable.vowel]:
        radius = math.exp(-math.pi * bandwidth_hz / RATE_HZ)
        near = 2 * radius * math.cos(2 * math.pi * frequency_hz * syllable.tract / RATE_HZ)
        far = -radius * radius
        gain = 1 - near - far
        last = before = 0.0
        out = []
        for value in source:
            last, before = gain * value + near * last + far * before, last
            out.append(last)
        source = out
    return source


def _swell(index: int, length: int, onset: int, kind: str) -> float:
    """Loudness along a syllable: it ends in silence, so that every syllable is heard and seen."""
    fall = max(length // 3, 1)
    rise = onset if kind != "stop" else max(onset // 3, 1)
    begin = 0 if kind == "voiced" else onset // 2
    up = min(max(index - begin, 0) / rise, 1.0)
    down = min((length - index) / fall, 1.0)
    return up * math.sin(math.pi / 2 * down) ** 2
