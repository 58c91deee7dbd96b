"""Material to hand in: signals of known levels, and real files with any property, made in no time."""

from __future__ import annotations

import io
import math
import tempfile
import wave
import zipfile
from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random

import av

RATE = 16_000


def tone(seconds: float, amplitude: float, *, hertz: float = 220, rate: int = RATE) -> list[float]:
    step = 2 * math.pi * hertz / rate
    return [amplitude * math.sin(step * index) for index in range(int(seconds * rate))]


def noise(seconds: float, level: float, *, seed: int = 1) -> list[float]:
    """White noise; `level` is its root mean square."""
    dice = Random(seed)
    return [dice.gauss(0, level) for _ in range(int(seconds * RATE))]


def bursts(signal: Sequence[float], on_s: float = 0.6, off_s: float = 0.4) -> list[float]:
    """The signal with pauses of nothing in it."""
    period, on = int((on_s + off_s) * RATE), int(on_s * RATE)
    return [value if index % period < on else 0.0 for index, value in enumerate(signal)]


def in_room(signal: Sequence[float], fades_s: float) -> list[float]:
    """The signal in a room whose echoes have lost 60 dB after so many seconds."""
    dice = Random(2)
    echoes = sorted(dice.sample(range(1, int(fades_s * RATE)), 250))
    heard = list(signal)
    for delay in echoes:
        strength = dice.gauss(0, 1) * 10 ** (-3 * delay / RATE / fades_s)
        for index in range(delay, len(heard)):
            heard[index] += strength * signal[index - delay]
    loudest = max(map(abs, heard))
    return [value * 9000 / loudest for value in heard]


def mixed(*signals: Sequence[float]) -> array[int]:
    """Their sum in 16 bits, cut off where it is too loud."""
    return array("h", (max(-32_768, min(32_767, round(sum(values)))) for values in zip(*signals, strict=True)))


def wav(samples: array[int], *, rate: int = RATE, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def recording(seconds: float, *, rate: int = RATE, channels: int = 1) -> bytes:
    """A WAV of this length and rate whose content does not matter."""
    one = mixed(tone(0.1, 9000, hertz=200, rate=rate))
    return wav(array("h", (one * math.ceil(10 * seconds * channels))[: int(seconds * rate) * channels]), rate=rate)


def sound(kind: str, samples: array[int], *, rate: int = RATE, bit_rate: int = 128_000) -> bytes:
    """A compressed sound: mp3, m4a, aac, wma."""
    container, codec = {
        "mp3": ("mp3", "libmp3lame"),
        "m4a": ("mp4", "aac"),
        "aac": ("adts", "aac"),
        "wma": ("asf", "wmav2"),
        "flac": ("flac", "flac"),
    }[kind]
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        stream.codec_context.bit_rate = bit_rate
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.planes[0].update(samples.tobytes() + bytes(frame.planes[0].buffer_size - 2 * len(samples)))
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        fifo = av.AudioFifo()
        for one in resampler.resample(frame):
            fifo.write(one)
        while (piece := fifo.read(stream.codec_context.frame_size or 4096, partial=True)) is not None:
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return out.getvalue()


def video(
    seconds: float,
    size: tuple[int, int] = (1920, 1080),
    *,
    fps: Fraction | int = 25,
    kind: str = "mp4",
    rotation: int = 0,
    codec: str = "libx264",
    index_first: bool = False,
) -> bytes:
    """A film of one picture, encoded once and written for every moment: minutes of 4K in a fraction of a second."""
    with tempfile.NamedTemporaryFile() as out:
        options = {"movflags": "faststart"} if index_first else {}
        _film(out.name, seconds, size, Fraction(fps), kind, rotation, codec, options)
        return Path(out.name).read_bytes()


def _film(
    path: str,
    seconds: float,
    size: tuple[int, int],
    fps: Fraction,
    kind: str,
    rotation: int,
    codec: str,
    options: dict[str, str],
) -> None:
    with av.open(path, "w", format=kind, options=options) as file:
        stream = file.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "x264-params": "keyint=1:slices=1"}
        if rotation:
            stream.set_display_rotation(rotation)
        frame = av.VideoFrame(*size, "yuv420p")
        for plane in frame.planes:
            plane.update(b"\x80" * plane.buffer_size)
        frame.pts = 0
        (picture,) = [*stream.encode(frame), *stream.encode(None)]
        for index in range(round(seconds * fps)):
            packet = av.Packet(bytes(picture))
            packet.stream, packet.time_base, packet.is_keyframe = stream, 1 / fps, True
            packet.pts = packet.dts = index
            packet.duration = 1
            file.mux(packet)


def photo(size: tuple[int, int], kind: str = "jpeg", *, orientation: int = 1) -> bytes:
    from PIL import Image

    image = Image.effect_noise(size, 20).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()


def packed(files: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
