"""What can be told of a recording from its sound alone: noise, reverberation, clipping, and how long somebody speaks.

Everything is measured on levels of 10 ms. Nothing here recognises speech.

- Noise: the mean level of the pauses, against that of the rest. Where a sound never pauses, such as a tone, its noise
  is the floor of its spectrum instead.
- C50: where a sound ends, the energy of the first 50 ms from there on against all that comes later. As long as a room
  fades exponentially that is its early-to-late ratio; a sound that fades by itself looks like a room, so the clearest
  tenth of the ends counts. What the noise hides can't be told: the value does not rise much above that of the noise.
- Clipping: how many of a hundred samples lie in flat tops, three or more equal samples at the extreme of the file that
  are reached or left by a jump. Waves that just touch full scale have none: the value is 0 then.
- Speech: the time without pauses of more than a second.
"""

from __future__ import annotations

import cmath
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import mul

RATE_HZ = 16_000
LEVEL_SAMPLES = RATE_HZ // 100
# Where a value can't be told from perfection.
BEST_DB = 90.0
BEST_C50_DB = 60.0


@dataclass(frozen=True)
class Measured:
    """The values of a recording; decibels, percent and seconds."""

    duration_s: float = 0.0
    speech_s: float = 0.0
    snr_db: float = 0.0
    c50_db: float = 0.0
    clipping: float = 0.0


class Meter:
    """Takes a recording in as it is read, keeps a level for each 10 ms of it."""

    def __init__(self) -> None:
        self._flats: list[_Flats] = []
        self._samples = 0
        self._rest = array("h")
        self._powers = array("d")
        self._windows = _Windows()

    def native(self, channels: Sequence[array[int]]) -> None:
        """Samples of 16 bits at the recording's own rate: resampled, they would have lost their flat tops."""
        while len(self._flats) < len(channels):
            self._flats.append(_Flats())
        for flats, samples in zip(self._flats, channels, strict=False):
            flats.take(samples)

    def mono(self, samples: array[int]) -> None:
        """The same sound at RATE_HZ."""
        self._samples += len(samples)
        rest = self._rest + samples
        whole = len(rest) - len(rest) % LEVEL_SAMPLES
        for start in range(0, whole, LEVEL_SAMPLES):
            self._powers.append(_power(rest[start : start + LEVEL_SAMPLES]))
        self._windows.take(rest[:whole])
        self._rest = rest[whole:]

    def measured(self) -> Measured:
        """The values of what was taken in."""
        heard = _levels(self._powers, self._windows)
        return Measured(
            duration_s=self._samples / RATE_HZ,
            speech_s=_speech_s(heard),
            snr_db=_snr_db(heard),
            c50_db=_c50_db(heard),
            clipping=_clipping(self._flats),
        )


# Levels ------------------------------------------------------------------------------------------------

# The noise of rounding to 16 bits: nothing recorded is more quiet.
_QUANTISATION = 1 / 12
# -60 dB of full scale; below that, nobody speaks.
_SILENCE = (32_768 * 1e-3) ** 2
# How far the loud has to stand above the quiet for the quiet to be pauses.
_CONTRAST_DB = 10.0


@dataclass(frozen=True)
class _Levels:
    """The powers of a recording, and what of them is noise; whatever is louder than `threshold` is speech."""

    powers: Sequence[float]
    noise: float
    threshold: float


def _levels(powers: Sequence[float], windows: _Windows) -> _Levels:
    if not any(powers):
        return _Levels(powers, _QUANTISATION, _SILENCE)
    recorded = sorted(max(power, _QUANTISATION) for power in _trimmed(powers))
    quiet, loud = (recorded[int(len(recorded) * share)] for share in (0.05, 0.95))
    if _db(loud / quiet) < _CONTRAST_DB:
        return _Levels(powers, max(windows.floor(), _QUANTISATION), min(_SILENCE, quiet / 2))
    pauses = [power for power in recorded if power <= 2 * quiet]
    noise = sum(pauses) / len(pauses)
    above_db = max(6.0, 0.3 * _db(loud / noise))
    return _Levels(powers, noise, noise * 10 ** (above_db / 10))


def _trimmed(powers: Sequence[float]) -> Sequence[float]:
    """Without the zeros that a program put before and after what was recorded."""
    sounding = [index for index, power in enumerate(powers) if power > 0]
    return powers[sounding[0] : sounding[-1] + 1]


def _snr_db(heard: _Levels) -> float:
    spoken = [power for power in heard.powers if power > heard.threshold]
    if not spoken:
        return 0.0
    signal = sum(spoken) / len(spoken) - heard.noise
    return min(BEST_DB, max(0.0, _db(signal / heard.noise))) if signal > 0 else 0.0


def _speech_s(heard: _Levels) -> float:
    """The time that is speech, pauses up to a second between it included."""
    runs = [(loud, len(list(run))) for loud, run in groupby(power > heard.threshold for power in heard.powers)]
    inner = range(1, len(runs) - 1)
    counted = (count for index, (loud, count) in enumerate(runs) if loud or (index in inner and count <= _PAUSE))
    return sum(counted) / 100


_PAUSE = 100

# In levels of 10 ms: where the end of a sound is looked for before a pause, how long its fading is followed, what of
# that is early, and how short a pause is none.
_BEFORE, _AFTER, _EARLY, _GAP = 30, 30, 5, 12
# How far the end of a sound has to stand above the noise.
_AUDIBLE = 20.0
# The power of white noise in 10 ms varies by a ninth.
_VARIES = 1 / 9


def _c50_db(heard: _Levels) -> float:
    ratios = sorted(_fadings(heard))
    # A recording in which nothing ends says nothing against the room.
    return ratios[-1 - len(ratios) // 10] if ratios else BEST_C50_DB


def _fadings(heard: _Levels) -> Iterator[float]:
    """Early against late energy, in decibels, of every sound that ends in a pause."""
    powers = heard.powers
    at = 0
    for is_loud, run in groupby(power > heard.threshold for power in powers):
        count = len(list(run))
        if not is_loud and at and count >= _GAP:
            until = at + count
            ends = (index for index in range(max(0, at - _BEFORE), at) if powers[index] > _AUDIBLE * heard.noise)
            ratios = [_early_to_late_db(powers[end : min(end + _AFTER, until)], heard.noise) for end in ends]
            if ratios:
                # A word may end in several steps; the steepest of them tells most of the room.
                yield max(ratios)
        at += count


def _early_to_late_db(fading: Sequence[float], noise: float) -> float:
    """At most what can be told beside the noise: fading that is lost in it counts as if it just were not."""
    early = sum(fading[:_EARLY]) - _EARLY * noise
    lost = _VARIES * noise * math.sqrt(len(fading) - _EARLY)
    late = sum(fading[_EARLY:]) - (len(fading) - _EARLY) * noise
    return min(BEST_C50_DB, _db(early / max(late, lost)))


def _power(samples: array[int]) -> float:
    """The variance: a constant offset is not heard."""
    mean = sum(samples) / len(samples)
    energy: int = sum(map(mul, samples, samples))
    return max(0.0, energy / len(samples) - mean * mean)


def _db(ratio: float) -> float:
    return 10 * math.log10(ratio)


# Spectrum ----------------------------------------------------------------------------------------------

_WINDOW = 2048
_MOST_WINDOWS = 64
# Of the neighbourhood in which the floor is looked for: about 500 Hz to both sides.
_NEAR = 64


class _Windows:
    """A few dozen short pieces from all over a recording, however long it gets."""

    def __init__(self) -> None:
        self._kept: list[array[int]] = []
        # Every so many pieces one is kept.
        self._every = 1
        self._seen = 0
        self._rest = array("h")

    def take(self, samples: array[int]) -> None:
        rest = self._rest + samples
        while len(rest) >= _WINDOW:
            piece, rest = rest[:_WINDOW], rest[_WINDOW:]
            if self._seen % self._every == 0:
                self._keep(piece)
            self._seen += 1
        self._rest = rest

    def _keep(self, piece: array[int]) -> None:
        self._kept.append(piece)
        if len(self._kept) > _MOST_WINDOWS:
            self._kept = self._kept[::2]
            self._every *= 2

    def floor(self) -> float:
        """The power of what is left without tones: the low quarter of each frequency's neighbourhood, summed up."""
        spectra = [_spectrum(piece) for piece in self._kept if any(piece)]
        if not spectra:
            return 0.0
        # The median of noise is ln 2 of its mean; unlike the mean it does not mind a few clicks.
        typical = [sorted(powers)[len(powers) // 2] / math.log(2) for powers in zip(*spectra, strict=True)]
        count = len(typical)
        quarters: list[float] = []
        for index in range(count):
            near = sorted(typical[max(0, index - _NEAR) : index + _NEAR + 1])
            quarters.append(near[len(near) // 4])
        return 2 * sum(quarters)


def _spectrum(piece: Sequence[int]) -> list[float]:
    """Power in each frequency up to half the rate; both halves together are the power of the piece."""
    mean = sum(piece) / len(piece)
    hann = _hann()
    scale = _WINDOW * sum(map(mul, hann, hann))
    spectrum = _fft([complex((sample - mean) * weight) for sample, weight in zip(piece, hann, strict=True)])
    return [abs(value) ** 2 / scale for value in spectrum[1 : _WINDOW // 2]]


@lru_cache(maxsize=1)
def _hann() -> list[float]:
    return [0.5 - 0.5 * math.cos(2 * math.pi * index / _WINDOW) for index in range(_WINDOW)]


@lru_cache(maxsize=16)
def _turns(half: int) -> list[complex]:
    return [cmath.rect(1, -math.pi * index / half) for index in range(half)]


def _fft(values: list[complex]) -> list[complex]:
    """The discrete Fourier transform of a power of two of values."""
    if len(values) == 1:
        return values
    even, odd = _fft(values[::2]), _fft(values[1::2])
    turned = list(map(mul, _turns(len(odd)), odd))
    sums = [left + right for left, right in zip(even, turned, strict=True)]
    return sums + [left - right for left, right in zip(even, turned, strict=True)]


# Clipping ----------------------------------------------------------------------------------------------

# A file that never gets louder than a tenth of full scale was not clipped, it is only coarse.
_LOUD = 3277
_SHORTEST_FLAT = 3
_JUMP = 64


class _Flats:
    """Counts samples in flat tops of one channel, above and below."""

    def __init__(self) -> None:
        self.samples = 0
        self._tops = [0, 0]
        self._counts = [0, 0]

    @property
    def count(self) -> int:
        return sum(self._counts)

    def take(self, samples: array[int]) -> None:
        if not samples:
            return
        self.samples += len(samples)
        for side, top in enumerate((max(samples), min(samples))):
            if abs(top) > abs(self._tops[side]):
                self._tops[side], self._counts[side] = top, 0
            if top == self._tops[side] and abs(top) >= _LOUD:
                self._counts[side] += _flat(samples, top)


def _flat(samples: array[int], top: int) -> int:
    """How many samples lie in rows of `top` that a jump leads to or from."""
    count = end = 0
    while (start := _index(samples, top, end)) >= 0:
        end = start
        while end < len(samples) and samples[end] == top:
            end += 1
        edges = [samples[index] for index in (start - 1, end) if 0 <= index < len(samples)]
        if end - start >= _SHORTEST_FLAT and any(abs(top - edge) >= _JUMP for edge in edges):
            count += end - start
    return count


def _index(samples: array[int], value: int, start: int) -> int:
    try:
        return samples.index(value, start)
    except ValueError:
        return -1


def _clipping(channels: Sequence[_Flats]) -> float:
    samples = sum(flats.samples for flats in channels)
    return 100 * sum(flats.count for flats in channels) / samples if samples else 0.0
