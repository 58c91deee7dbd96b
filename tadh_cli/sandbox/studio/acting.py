"""Decide what the avatar does in each frame: the mouth follows the loudness, the lids blink, the head sways."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Few enough to be drawn once each, many enough that no step is seen.
SWAYS, MOUTHS, LIDS = 15, 7, 3
SWAY_S = 6.5
BLINK_S, BLINK_SHUT_S = 0.2, 0.1
ATTACK_S, RELEASE_S = 0.03, 0.06
# Below this share of the loud parts the mouth is closed; below the absolute level there is no voice at all.
HUSH, SILENCE_RMS = 0.08, 40.0


@dataclass(frozen=True)
class Pose:
    """A step of each motion: sway from left to right, mouth from shut to open, lids from open to shut."""

    sway: int
    mouth: int
    lids: int


def act(pcm: bytes, rate_hz: int, fps: int, key: str) -> Iterator[Pose]:
    """Yield a pose for each frame that it takes to cover the sound; the same sound and key always act the same."""
    loudness = envelope(pcm, rate_hz, fps)
    lids = _blinks(len(loudness), fps, key)
    phase = random.Random(f"sway {key}").random()
    for index, opening in enumerate(_openings(loudness, fps)):
        swing = math.sin(2 * math.pi * (index / fps / SWAY_S + phase))
        yield Pose(round((swing + 1) / 2 * (SWAYS - 1)), round(opening * (MOUTHS - 1)), lids[index])


def envelope(pcm: bytes, rate_hz: int, fps: int) -> list[float]:
    """The loudness (RMS) of each frame's worth of sound."""
    samples = memoryview(pcm).cast("h")
    frames = -(-len(samples) * fps // rate_hz)
    # One sample in four: the mouth does not care, and an hour of sound costs a quarter.
    return [_rms(samples[index * rate_hz // fps : (index + 1) * rate_hz // fps]) for index in range(frames)]


def _rms(samples: memoryview[int]) -> float:
    few = array("h", samples.tobytes())[::4]
    return math.sqrt(sum([sample * sample for sample in few]) / len(few)) if few else 0.0


def _openings(loudness: Sequence[float], fps: int) -> Iterator[float]:
    voiced = sorted(level for level in loudness if level > SILENCE_RMS)
    loud = voiced[len(voiced) * 9 // 10] if voiced else math.inf
    opening = 0.0
    for level in loudness:
        share = level / loud if level > SILENCE_RMS else 0.0
        wanted = min(max((share - HUSH) / (1 - HUSH), 0.0), 1.0) ** 0.7
        opening += (wanted - opening) * -math.expm1(-1 / (fps * (ATTACK_S if wanted > opening else RELEASE_S)))
        yield opening


def _blinks(frames: int, fps: int, key: str) -> list[int]:
    dice = random.Random(f"blink {key}")
    lids = [0] * frames
    at_s = dice.uniform(0.8, 2.5)
    while at_s * fps < frames:
        for index in range(math.ceil(at_s * fps), min(math.ceil((at_s + BLINK_S) * fps), frames)):
            from_middle_s = abs(index / fps - at_s - BLINK_S / 2)
            lids[index] = 2 if from_middle_s <= BLINK_SHUT_S / 2 else 1
        at_s += dice.uniform(2.2, 5.0)
    return lids
