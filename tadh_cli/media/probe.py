"""How long a sound is, from its header where that says so, else by PyAV where that is installed."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import IO


def sound_seconds(path: Path, kind: str) -> float | None:
    """The length of a sound in seconds, None when it can't be told (no PyAV, or the file is damaged)."""
    if kind == "wav":
        with open(path, "rb") as file:
            return _wav_seconds(file, path.stat().st_size)
    return _measured(path)


def _wav_seconds(file: IO[bytes], size: int) -> float | None:
    """Bytes of sound by bytes a second; the chunks are walked, since `data` need not come third."""
    file.seek(12)
    bytes_a_second = 0
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        if name == b"fmt ":
            form = file.read(min(length, 16))
            bytes_a_second = struct.unpack("<I", form[8:12])[0] if len(form) == 16 else 0
            file.seek(length - len(form) + length % 2, 1)
        elif name == b"data":
            # Recorders that could not go back leave 0 or the largest number here: what is there, counts.
            present = size - file.tell()
            return min(length or present, present) / bytes_a_second if bytes_a_second else None
        else:
            file.seek(length + length % 2, 1)
    return None


def _measured(path: Path) -> float | None:
    try:
        import av
    except ImportError:
        return None
    try:
        with av.open(str(path)) as container:
            if container.duration is not None:
                return float(container.duration) / av.time_base
    except av.FFmpegError:
        return None
    return None
