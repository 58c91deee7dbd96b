"""Real material for avatars and voices, made quickly: one picture is encoded and shown for as long as is wanted."""

from __future__ import annotations

import math
import random
import struct
import wave
from fractions import Fraction
from pathlib import Path


def film(path: Path, *, seconds: float, size: tuple[int, int] = (1920, 1080), fps: int = 25) -> Path:
    """An MP4 of a still picture."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "40"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, fps)
        picture = av.VideoFrame(*size, "yuv420p")
        for plane in picture.planes:
            plane.update(b"\x70" * plane.buffer_size)
        picture.pts = 0
        encoded = [bytes(packet) for packet in [*stream.encode(picture), *stream.encode(None)]]
        (data,) = encoded
        for count in range(round(seconds * fps)):
            packet = av.Packet(data)
            packet.stream = stream
            packet.pts = packet.dts = count
            packet.duration = 1
            packet.time_base = Fraction(1, fps)
            packet.is_keyframe = True
            out.mux(packet)
    return path


def photo(path: Path, size: tuple[int, int] = (720, 1280)) -> Path:
    """A JPEG, PNG or WebP."""
    from PIL import Image

    Image.new("RGB", size, (90, 120, 150)).save(path)
    return path


def pdf(path: Path) -> Path:
    path.write_bytes(b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n")
    return path


def speech(path: Path, *, seconds: float, rate_hz: int = 24_000, noise: float = 0.0) -> Path:
    """Syllables of a low voice with pauses between sentences, over noise of a given share of full scale."""
    dice = random.Random(7)
    second: list[float] = []
    for n in range(rate_hz):
        t = n / rate_hz
        loudness = max(0.0, math.sin(2 * math.pi * 4 * t)) if t < 0.75 else 0.0
        second.append(0.4 * loudness * math.sin(2 * math.pi * 180 * t))
    frames = b"".join(
        struct.pack("<h", int(32_000 * max(-1.0, min(1.0, value + dice.gauss(0, noise) if noise else value))))
        for value in second
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        whole, rest = int(seconds), round((seconds % 1) * rate_hz)
        file.writeframes(frames * whole + frames[: rest * 2])
    return path


def mp3(path: Path, *, seconds: float, noise: float = 0.0) -> Path:
    """The same as MP3 of 192 kbit/s."""
    import av

    source = speech(path.with_suffix(".source.wav"), seconds=seconds, noise=noise)
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        stream = out.add_stream("libmp3lame", rate=24_000)
        stream.bit_rate = 192_000
        stream.layout = "mono"
        for frame in given.decode(audio=0):
            frame.pts = None
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)
    source.unlink()
    return path
