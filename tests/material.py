"""Files as operators hand them in, and as they should not: sounds, pictures, documents and archives."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"


def recording(
    path: Path,
    *,
    seconds: float = 600.0,
    rate_hz: int = 24_000,
    channels: int = 1,
    bits: int = 16,
    tag: int = 1,
    extensible: bool = False,
    chunks: bytes = b"",
    declared: int | None = None,
    form: bytes = b"RIFF",
) -> Path:
    """A WAV of silence as a sparse file; `declared` is what its header says of the bytes of sound."""
    head, length = wave_head(
        seconds, rate_hz, channels, bits, tag, extensible=extensible, chunks=chunks, declared=declared, form=form
    )
    with open(path, "wb") as file:
        file.write(head)
        file.truncate(len(head) + length)
    return path


def wave_head(
    seconds: float,
    rate_hz: int = 24_000,
    channels: int = 1,
    bits: int = 16,
    tag: int = 1,
    *,
    extensible: bool = False,
    chunks: bytes = b"",
    declared: int | None = None,
    form: bytes = b"RIFF",
) -> tuple[bytes, int]:
    """Everything of a WAV before its sound, and how many bytes of sound there are."""
    frame = channels * bits // 8
    length = round(seconds * rate_hz) * frame
    outer = 0xFFFE if extensible else tag
    fmt = struct.pack("<HHIIHH", outer, channels, rate_hz, rate_hz * frame, frame, bits)
    if extensible:
        guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
        fmt += struct.pack("<HHI", 22, bits, 4) + guid
    inner = b"WAVE" + b"fmt " + struct.pack("<I", len(fmt)) + fmt + chunks
    inner += b"data" + struct.pack("<I", length if declared is None else declared)
    return form + struct.pack("<I", len(inner) + length & 0xFFFFFFFF) + inner, length


def wave(seconds: float = 1.0, rate_hz: int = 24_000, **more: int) -> bytes:
    """A short WAV of silence."""
    head, length = wave_head(seconds, rate_hz, **more)  # type: ignore[arg-type]
    return head + bytes(length)


def picture(path: Path, size: tuple[int, int] = (900, 900), *, orientation: int = 0, **options: object) -> Path:
    """A grey picture in the format of the name's extension, with an EXIF orientation if one is given."""
    image = Image.new("RGB", size, "grey")
    if orientation:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def padded(path: Path, size: int) -> Path:
    """The file made this large by zeros behind its end."""
    with open(path, "r+b") as file:
        file.truncate(size)
    return path


def clipped(path: Path, share: float = 0.5) -> Path:
    """The file without its end, as a broken transfer leaves it."""
    with open(path, "r+b") as file:
        file.truncate(round(path.stat().st_size * share))
    return path


def zipped(
    path: Path, files: Mapping[str, bytes] | Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED
) -> Path:
    """An archive of these files, in this order."""
    pairs = files.items() if isinstance(files, Mapping) else files
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in pairs:
            archive.writestr(name, content)
    return path


def hollow_zip(path: Path, files: Mapping[str, float], rate_hz: int = 48_000) -> Path:
    """An archive of stereo WAVs that last so many seconds, as a sparse file."""
    directory = b""
    with open(path, "wb") as archive:
        for name, seconds in files.items():
            head, length = wave_head(seconds, rate_hz, channels=2)
            size = len(head) + length
            facts = struct.pack("<5H3I2H", 20, 0, 0, 0, 0x21, 0, size, size, len(name), 0)
            place = archive.tell()
            directory += b"PK\x01\x02" + struct.pack("<H", 20) + facts
            directory += struct.pack("<3H2I", 0, 0, 0, 0, place) + name.encode()
            archive.write(b"PK\x03\x04" + facts + name.encode() + head)
            archive.seek(length, 1)
        start = archive.tell()
        archive.write(directory)
        archive.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(files), len(files), len(directory), start, 0))
    return path


def locked_zip(path: Path) -> Path:
    """An archive that says it wants a password."""
    data = bytearray(zipped(path, {"a.wav": wave()}).read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    path.write_bytes(data)
    return path


def raw_names_zip(path: Path, *names: bytes) -> Path:
    """An archive whose names are these bytes, not marked as UTF-8, as systems other than Python's write them."""
    stand_ins = {bytes([65 + number]) * len(name): name for number, name in enumerate(names)}
    zipped(path, {stand_in.decode(): wave() for stand_in in stand_ins})
    data = path.read_bytes()
    for stand_in, name in stand_ins.items():
        data = data.replace(stand_in, name)
    path.write_bytes(data)
    return path


def bomb(path: Path, size: int = 8 * 1024**2) -> Path:
    """An archive whose file grows a thousandfold when it is unpacked."""
    head, _ = wave_head(size / 48_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("a.wav", head + bytes(size))
    path.write_bytes(buffer.getvalue())
    return path
