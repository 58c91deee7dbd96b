"""Sound files: write speech as mp3 or wav, and hear what somebody else recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.studio.delivery import delivered
from tadh_cli.sandbox.studio.errors import UnreadableMedia
from tadh_cli.sandbox.studio.source import opened
from tadh_cli.sandbox.studio.speech import Speech

if TYPE_CHECKING:
    import av
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer

Codec = Literal["mp3", "wav"]

ENCODERS = {"mp3": "libmp3lame", "wav": "pcm_s16le"}
MP3_BIT_RATE = 64_000
LISTENING_RATE_HZ = 48_000
# Samples handed to an encoder at a time.
BLOCK = 1 << 15


@dataclass(frozen=True)
class Sound:
    """A sound file that was written."""

    path: Path
    duration_ms: int
    codec: Codec
    sample_rate_hz: int
    size_bytes: int


@dataclass(frozen=True)
class Recording:
    """Sound that was read: signed 16-bit mono samples."""

    pcm: bytes
    rate_hz: int

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / 2 / self.rate_hz


def sound(speech: Speech, target: Path, *, codec: Codec = "mp3", sample_rate: int = 24_000) -> Sound:
    """Write speech to a file; it appears under its name when it is complete."""
    import av

    pcm = resampled(speech.pcm, speech.rate_hz, sample_rate)
    # Without bitexact the muxer writes its version into the file, and equal sounds would be unequal files.
    options = {"fflags": "+bitexact"}
    with delivered(target) as unfinished, av.open(str(unfinished), "w", format=codec, options=options) as container:
        stream = audio_stream(container, ENCODERS[codec], sample_rate)
        if codec == "mp3":
            stream.codec_context.bit_rate = MP3_BIT_RATE
        for frame in audio_frames(pcm, sample_rate):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Sound(target, round(len(pcm) / 2 / sample_rate * 1000), codec, sample_rate, target.stat().st_size)


def listen(path: Readable, rate_hz: int = LISTENING_RATE_HZ) -> Recording:
    """Read the sound of a file of any usual format as mono; raise UnreadableMedia where there is none to hear."""
    with opened(path, "sound") as container:
        pcm = b"".join(_decoded(container, rate_hz))
    if not pcm:
        raise UnreadableMedia(path, "holds no sound")
    return Recording(pcm, rate_hz)


def resampled(pcm: bytes, rate_hz: int, to_hz: int) -> bytes:
    """Change the sample rate; the length in seconds stays the same to the sample."""
    import av

    if rate_hz == to_hz:
        return pcm
    resampler = av.AudioResampler(format="s16", layout="mono", rate=to_hz)
    out = bytearray()
    for frame in [*audio_frames(pcm, rate_hz), None]:
        for piece in resampler.resample(frame):
            out += samples_of(piece)
    wanted = 2 * round(len(pcm) // 2 * to_hz / rate_hz)
    return bytes(out[:wanted]) + bytes(max(wanted - len(out), 0))


def audio_stream(container: OutputContainer, codec: str, rate_hz: int) -> AudioStream:
    """Add a mono stream; the encoder converts what it is given to what it needs."""
    from av.audio.stream import AudioStream

    stream = container.add_stream(codec, rate=rate_hz, layout="mono")
    assert isinstance(stream, AudioStream)
    return stream


def audio_frames(pcm: bytes, rate_hz: int, first_sample: int = 0) -> Iterator[av.AudioFrame]:
    """Cut samples into frames with the time they are heard at."""
    import av

    for start in range(0, len(pcm), 2 * BLOCK):
        block = pcm[start : start + 2 * BLOCK]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(block) // 2)
        frame.planes[0].update(block + bytes(frame.planes[0].buffer_size - len(block)))
        frame.sample_rate, frame.time_base, frame.pts = rate_hz, Fraction(1, rate_hz), first_sample + start // 2
        yield frame


def samples_of(frame: av.AudioFrame) -> bytes:
    # Planes are padded; what lies behind the last sample is noise.
    return bytes(frame.planes[0])[: frame.samples * 2]


def frames_of(container: InputContainer) -> Iterator[av.AudioFrame]:
    """The frames of the first sound; raise ValueError where most of it is damaged."""
    import av

    good = bad = 0
    for packet in container.demux(audio=0):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            # Players skip a damaged packet; a file of nothing else is no sound.
            bad += 1
            continue
        good += len(frames)
        yield from frames
    if bad > good:
        raise ValueError("most of it is damaged")


def _decoded(container: InputContainer, rate_hz: int) -> Iterator[bytes]:
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
    for frame in frames_of(container):
        yield from map(samples_of, resampler.resample(frame))
    yield from map(samples_of, resampler.resample(None))
