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
