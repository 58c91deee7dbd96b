"""Sounds by their headers: WAV chunks, and the frames of MP3 and ADTS (AAC), which say how long they last."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_WAV_CODECS = {_PCM: "pcm", 2: "adpcm", _FLOAT: "pcm float", 6: "a-law", 7: "mu-law", 17: "adpcm", 80: "mp2", 85: "mp3"}
# Recorders that could not go back leave one of these as length.
OPEN_LENGTHS = (0, 0xFFFFFFFF)
_MOST_CHUNKS = 10_000
# Nine hours of MP3, read in about a second.
_MOST_FRAMES = 1_300_000
# Where the first frame may begin after a tag, and how much may be skipped between two.
_MOST_JUNK_BYTES = 64 * 1024
_MOST_GAPS = 16


@dataclass(frozen=True)
class Sound:
    """What the headers of a sound say."""

    seconds: float | None = None
    sample_rate_hz: int | None = None
    channels: int | None = None
    sample_bits: int | None = None
    bit_rate: int | None = None
    codec: str = ""
    damage: str = ""


# WAV ---------------------------------------------------------------------------------------------------


def wave(file: IO[bytes], size: int) -> Sound:
    """Walk the chunks of a WAV of so many bytes, of which the file may hold only the first.

    The length is that of the bytes of sound which are there; `data` need not come third.
    """
    file.seek(12)
    form: Sound | None = None
    bytes_a_second = 0
    for _ in range(_MOST_CHUNKS):
        header = file.read(8)
        if len(header) < 8:
            break
        name, length = struct.unpack("<4sI", header)
        if name == b"fmt ":
            content = file.read(min(length, 40))
            form, bytes_a_second = wave_form(content)
            file.seek(length - len(content) + length % 2, 1)
        elif name == b"data":
            return _wave_data(form, bytes_a_second, length, size - file.tell())
        else:
            file.seek(length + length % 2, 1)
    if file.tell() < size:
        # Only its beginning was there to be read.
        return form or Sound()
    return _damaged(form, "has no sound (chunk 'data')" if form else "has no format (chunk 'fmt ')")


def wave_form(content: bytes) -> tuple[Sound | None, int]:
    """The format and the bytes a second."""
    if len(content) < 16:
        return None, 0
    tag, channels, rate, bytes_a_second, _, bits = struct.unpack("<HHIIHH", content[:16])
    if tag == _EXTENSIBLE and len(content) >= 26:
        # The format proper begins the identifier after the mask of speakers.
        (tag,) = struct.unpack_from("<H", content, 24)
    codec = _WAV_CODECS.get(tag, f"format 0x{tag:04X}")
    bit_rate = None if tag in (_PCM, _FLOAT) else bytes_a_second * 8
    return Sound(None, rate or None, channels, bits, bit_rate, codec), bytes_a_second


def _wave_data(form: Sound | None, bytes_a_second: int, length: int, present: int) -> Sound:
    if form is None:
        return Sound(damage="has no format (chunk 'fmt ') before its sound")
    if not bytes_a_second:
        return _damaged(form, "has a format of zero bytes a second")
    is_open = length in OPEN_LENGTHS
    held = present if is_open else min(length, present)
    damage = ""
    if held <= 0:
        damage = "has no sound in it"
    elif not is_open and length > present:
        damage = f"is truncated in the middle of the sound, {length - present:,} bytes are missing"
    return Sound(
        max(held, 0) / bytes_a_second,
        form.sample_rate_hz,
        form.channels,
        form.sample_bits,
        form.bit_rate,
        form.codec,
        damage,
    )


def _damaged(form: Sound | None, damage: str) -> Sound:
    if form is None:
        return Sound(damage=damage)
    return Sound(None, form.sample_rate_hz, form.channels, form.sample_bits, form.bit_rate, form.codec, damage)


# MP3 and AAC -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Frame:
    """A frame's header: its length in the file, and the samples of each channel in it."""

    size_bytes: int
    samples: int
    sample_rate_hz: int
    channels: int
    codec: str


def frames(file: IO[bytes], size: int) -> Sound | None:
    """Go from frame to frame of an MP3 or ADTS file; None when there are too many to count."""
    start = _after_tags(file)
    first_at = _next_frame(file, start)
    if first_at is None:
        return Sound(damage="has no sound in it")
    first = _frame_at(file, first_at)
    assert first is not None
    promised = _promised_frames(file, first_at, first)
    counted = _counted(file, size, first_at, first)
    if counted is None:
        return None
    count, bytes_, samples = counted
    if promised is not None and count:
        # The frame with the promise holds no sound itself.
        count, bytes_, samples = count - 1, bytes_ - first.size_bytes, samples - first.samples
    seconds = samples / first.sample_rate_hz
    damage = "" if count > 0 else "has no sound in it"
    if promised is not None and 0 < count < promised - 1:
        damage = f"ends after {count:,} of {promised:,} frames"
    return Sound(
        seconds,
        first.sample_rate_hz,
        first.channels,
        bit_rate=round(bytes_ * 8 / seconds) if seconds else None,
        codec=first.codec,
        damage=damage,
    )


def _counted(file: IO[bytes], size: int, place: int, first: _Frame) -> tuple[int, int, int] | None:
    """How many whole frames there are, their bytes and samples; None when they are too many."""
    count = bytes_ = samples = gaps = 0
    while count < _MOST_FRAMES:
        frame = _frame_at(file, place)
        if frame is None or frame.sample_rate_hz != first.sample_rate_hz:
            gaps += 1
            following = _next_frame(file, place + 1) if gaps < _MOST_GAPS else None
            if following is None:
                return count, bytes_, samples
            place = following
            continue
        place += frame.size_bytes
        if place > size:
            return count, bytes_, samples
        count, bytes_, samples = count + 1, bytes_ + frame.size_bytes, samples + frame.samples
    return None


def after_tags(file: IO[bytes]) -> bytes:
    """The first bytes behind ID3 tags, which say what is tagged."""
    file.seek(_after_tags(file))
    return file.read(16)


def _after_tags(file: IO[bytes]) -> int:
    """Where the ID3 tags at the beginning end."""
    place = 0
    for _ in range(16):
        file.seek(place)
        header = file.read(10)
        if len(header) < 10 or header[:3] != b"ID3":
            break
        length = (header[6] & 127) << 21 | (header[7] & 127) << 14 | (header[8] & 127) << 7 | header[9] & 127
        place += 10 + length + (10 if header[5] & 0x10 else 0)
    return place


def _next_frame(file: IO[bytes], start: int) -> int | None:
    """Where the next frame begins that is followed by another one, by a tag or by the end."""
    file.seek(start)
    window = file.read(_MOST_JUNK_BYTES)
    at = window.find(b"\xff")
    while at >= 0:
        frame = _frame_at(file, start + at)
        if frame is not None and _goes_on(file, start + at + frame.size_bytes):
            return start + at
        at = window.find(b"\xff", at + 1)
    return None


def _goes_on(file: IO[bytes], place: int) -> bool:
    file.seek(place)
    following = file.read(10)
    return not following or following[:3] in (b"TAG", b"APE", b"LYR", b"ID3") or _frame(following) is not None


def _frame_at(file: IO[bytes], place: int) -> _Frame | None:
    file.seek(place)
    return _frame(file.read(10))


def _frame(header: bytes) -> _Frame | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    return _adts(header) if header[1] & 0xF6 == 0xF0 else _mpeg(header)


_ADTS_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)


def _adts(header: bytes) -> _Frame | None:
    """ISO/IEC 13818-7, 6.2."""
    if len(header) < 7:
        return None
    index = header[2] >> 2 & 15
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    if index >= len(_ADTS_RATES) or length < 7:
        return None
    channels = (header[2] & 1) << 2 | header[3] >> 6
    return _Frame(length, 1024 * ((header[6] & 3) + 1), _ADTS_RATES[index], 8 if channels == 7 else channels, "aac")


# Bits a second in thousands, by version (1; 2 and 2.5) and layer (ISO/IEC 11172-3, 13818-3).
_BIT_RATES = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)
_VERSIONS = {0: 4, 2: 2, 3: 1}  # 2.5, 2 and 1 as divisors of the rates


def _mpeg(header: bytes) -> _Frame | None:
    divisor = _VERSIONS.get(header[1] >> 3 & 3)
    layer = 4 - (header[1] >> 1 & 3)
    rate_index, kbps_index = header[2] >> 2 & 3, header[2] >> 4
    if divisor is None or layer == 4 or rate_index == 3 or kbps_index in (0, 15):
        return None
    rate = _RATES[rate_index] // divisor
    kbps = _BIT_RATES[1 if divisor == 1 else 2, layer][kbps_index]
    padding = header[2] >> 1 & 1
    samples = 384 if layer == 1 else 576 if layer == 3 and divisor > 1 else 1152
    slots = (12 if layer == 1 else samples // 8) * kbps * 1000 // rate + padding
    size = slots * 4 if layer == 1 else slots
    return _Frame(size, samples, rate, 1 if header[3] >> 6 == 3 else 2, f"mp{layer}")


def _promised_frames(file: IO[bytes], place: int, frame: _Frame) -> int | None:
    """How many frames the first one announces (Xing, Info, VBRI), 0 when it does not say; None: it is none of these."""
    file.seek(place)
    content = file.read(min(frame.size_bytes, 200))
    for name in (b"Xing", b"Info"):
        at = content.find(name)
        if at > 0 and len(content) >= at + 12:
            flags, count = struct.unpack_from(">II", content, at + 4)
            return int(count) if flags & 1 else 0
    at = content.find(b"VBRI")
    return int(struct.unpack_from(">I", content, at + 14)[0]) if 0 < at <= len(content) - 18 else None
