"""Small real sounds, and a look into what was made."""

from __future__ import annotations

import io
import math
import struct
import wave
from dataclasses import dataclass
from pathlib import Path


def wav(*, seconds: float, rate_hz: int = 16_000) -> bytes:
    """A tone as WAV."""
    count = int(seconds * rate_hz)
    tone = (int(9000 * math.sin(2 * math.pi * 220 * n / rate_hz)) for n in range(count))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(struct.pack(f"<{count}h", *tone))
    return out.getvalue()


@dataclass(frozen=True)
class Seen:
    """What a media file is."""

    container: str
    codecs: tuple[str, ...]
    size: tuple[int, int] | None
    seconds: float


def look(path: Path | str) -> Seen:
    """Container, codecs, size and length of a media file."""
    import av

    with av.open(str(path)) as file:
        pictures = file.streams.video
        size = (pictures[0].width, pictures[0].height) if pictures else None
        codecs = tuple(stream.codec_context.name for stream in file.streams)
        assert file.duration is not None
        return Seen(file.format.name, codecs, size, file.duration / av.time_base)


def sound(path: Path, *, seconds: float = 1.0, rate_hz: int = 44_100, bit_rate: int = 128_000) -> Path:
    """A tone in the format of the name's extension, compressed."""
    import av

    codec = {".mp3": "libmp3lame", ".m4a": "aac", ".mp4": "aac", ".aac": "aac", ".wma": "wmav2", ".asf": "wmav2"}
    forms = {".aac": "adts", ".m4a": "ipod", ".wma": "asf", ".asf": "asf"}
    suffix = path.suffix.lower()
    source = io.BytesIO(wav(seconds=seconds, rate_hz=rate_hz))
    with av.open(source) as tone, av.open(str(path), "w", format=forms.get(suffix)) as target:
        stream = target.add_stream(codec.get(suffix, suffix[1:]), rate=rate_hz)
        stream.bit_rate = bit_rate
        for frame in tone.decode(audio=0):
            target.mux(stream.encode(frame))  # type: ignore[attr-defined]
        target.mux(stream.encode(None))  # type: ignore[attr-defined]
    return path


def still_film(
    path: Path, *, seconds: float, rate: int = 25, size: tuple[int, int] = (1920, 1080), movflags: str = ""
) -> Path:
    """A real film of a still: one picture is encoded, and said again for as long as it takes."""
    import av

    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as target:
        stream = target.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        picture = av.VideoFrame(*size, "yuv420p")
        for plane in picture.planes:
            plane.update(bytes(plane.buffer_size))
        (packet, *_) = [*stream.encode(picture), *stream.encode(None)]
        content = bytes(packet)
        for number in range(round(seconds * rate)):
            repeated = av.Packet(content)
            repeated.stream, repeated.time_base = stream, packet.time_base
            repeated.pts = repeated.dts = number * round(1 / (rate * packet.time_base))
            repeated.duration = round(1 / (rate * packet.time_base))
            repeated.is_keyframe = True
            target.mux(repeated)
    return path
