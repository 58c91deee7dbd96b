"""A real voice: the espeak-ng library, where the user has installed espeakng-loader, driven through ctypes."""

from __future__ import annotations

import ctypes
import functools
import importlib
import threading
import zlib
from array import array
from collections.abc import Iterator

from tadh_cli.sandbox.studio.errors import VoiceMissing
from tadh_cli.sandbox.studio.phrases import Phrase
from tadh_cli.sandbox.studio.timbre import RATE_HZ, Timbre, Utterance

# Variants without flutter and roughness: in the others a counter inside the library survives from call to call,
# and the same text never sounds the same twice (measured with 1.52).
FEMALE_VARIANTS = ("shelby",)
MALE_VARIANTS = ("michel", "miguel")
WORDS_A_MINUTE = 175
# Of the library's own loudness, so that the loudest phoneme of the loudest variant stays below full scale.
AMPLITUDE_PERCENT = 70
QUIET = 150

_SYNCHRONOUS, _DONT_EXIT, _UTF8 = 2, 0x8000, 1
_RATE, _VOLUME, _PITCH = 1, 2, 3
_WORD_EVENT = 1


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        # A union of an int, a pointer and eight characters in C: only its size matters here.
        ("id", ctypes.c_uint64),
    )


_Receiver = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


# The library keeps its state in globals: in one process, one phrase is spoken at a time.
_LOCK = threading.Lock()


class Espeak:
    """The library of this process; see `espeak()`, there is one."""

    def __init__(self, library_path: str, data_path: str) -> None:
        self._pcm = bytearray()
        self._words: list[tuple[int, int]] = []
        self._library = ctypes.CDLL(library_path)
        rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data_path.encode(), _DONT_EXIT)
        if rate_hz != RATE_HZ:
            raise VoiceMissing(f"espeak-ng cannot use its data in {data_path} (answer {rate_hz})")
        # Kept alive by this object: the library calls it long after this line.
        self._receiver = _Receiver(self._receive)
        self._library.espeak_SetSynthCallback(self._receiver)

    def utter(self, phrase: Phrase, timbre: Timbre, speed: float) -> Utterance:
        """Speak one phrase without the silence around it; nothing at all where the language has no such letters."""
        text, positions = _spelled(phrase)
        with _LOCK:
            self._tune(phrase.language, timbre, speed)
            pcm, words = self._synthesise(text)
        return _trimmed(pcm, _starts(words, positions, len(pcm) // 2))

    def _tune(self, language: str, timbre: Timbre, speed: float) -> None:
        variant = _variant(timbre)
        for name in _voice_names(language):
            if self._library.espeak_SetVoiceByName(f"{name}+{variant}".encode()) == 0:
                break
        # Selecting a voice resets the parameters: they come after it.
        self._library.espeak_SetParameter(_RATE, round(WORDS_A_MINUTE * speed), 0)
        self._library.espeak_SetParameter(_PITCH, round(50 + 25 * timbre.pitch), 0)
        self._library.espeak_SetParameter(_VOLUME, AMPLITUDE_PERCENT, 0)

    def _synthesise(self, text: str) -> tuple[bytes, list[tuple[int, int]]]:
        self._pcm.clear()
        self._words.clear()
        encoded = text.encode() + b"\0"
        size = ctypes.c_size_t(len(encoded))
        self._library.espeak_Synth(encoded, size, 0, 1, 0, _UTF8, None, None)
        return bytes(self._pcm), list(self._words)

    def _receive(self, wave: int | None, samples: int, events: ctypes._Pointer[_Event]) -> int:
        if wave and samples > 0:
            self._pcm += ctypes.string_at(wave, samples * 2)
        index = 0
        while events[index].type:
            if events[index].type == _WORD_EVENT:
                self._words.append((events[index].text_position - 1, events[index].sample))
            index += 1
        return 0


def espeak() -> Espeak:
    """Load the library once a process; raise VoiceMissing where it is absent or does not run here."""
    with _LOCK:
        return _loaded()


@functools.cache
def _loaded() -> Espeak:
    try:
        loader = importlib.import_module("espeakng_loader")
        return Espeak(loader.get_library_path(), loader.get_data_path())
    except ImportError:
        raise VoiceMissing("the package espeakng-loader is not installed") from None
    except OSError as error:
        raise VoiceMissing(f"espeak-ng does not load: {error}") from error


def _variant(timbre: Timbre) -> str:
    variants = FEMALE_VARIANTS if timbre.gender == "female" else MALE_VARIANTS
    return variants[zlib.crc32(timbre.key.encode()) % len(variants)]


def _voice_names(language: str) -> Iterator[str]:
    tag = language.lower()
    if tag.startswith("zh"):
        yield "cmn"
    yield tag
    yield tag.partition("-")[0]
    yield "en-us"


def _spelled(phrase: Phrase) -> tuple[str, list[int]]:
    """The text for the library, and where in it each unit begins.

    Chinese characters stay together, so that words in the dictionary are found; everything else is set apart.
    """
    text, positions = "", []
    together = False
    for unit in phrase.units:
        alone = not (unit.kind == "han" and not unit.reading.isascii())
        if text and (alone or not together):
            text += " "
        positions.append(len(text))
        text += unit.reading
        together = not alone
    return text + phrase.closing.strip(), positions


def _starts(words: list[tuple[int, int]], positions: list[int], samples: int) -> list[int]:
    """The sample where each unit begins; units the library took together share their time evenly."""
    known: list[int | None] = [None] * len(positions)
    for index, position in enumerate(positions):
        until = positions[index + 1] if index + 1 < len(positions) else 1 << 30
        known[index] = next((sample for place, sample in words if position <= place < until), None)
    known[0] = 0
    starts: list[int] = []
    for index, sample in enumerate(known):
        starts.append(_between(known, index, samples) if sample is None else max(sample, starts[-1] if starts else 0))
    return starts


def _between(known: list[int | None], index: int, samples: int) -> int:
    before = max(near for near in range(index) if known[near] is not None)
    after = next((near for near in range(index, len(known)) if known[near] is not None), len(known))
    first = known[before] or 0
    last = samples if after == len(known) else known[after] or first
    return first + (max(last, first) - first) * (index - before) // (after - before)


def _trimmed(pcm: bytes, starts: list[int]) -> Utterance:
    """Cut the silence at both ends: pauses are ours to make."""
    samples = array("h", pcm)
    heard = [index for index in range(0, len(samples), 32) if _loudest(samples[index : index + 32]) > QUIET]
    if not heard:
        return Utterance(b"", tuple(0 for _ in starts))
    first, last = heard[0], min(heard[-1] + 32, len(samples))
    length = last - first
    return Utterance(pcm[first * 2 : last * 2], tuple(min(max(start - first, 0), length) for start in starts))


def _loudest(samples: array[int]) -> int:
    return max(max(samples), -min(samples))
