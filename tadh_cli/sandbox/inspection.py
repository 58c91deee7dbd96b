"""Reads stored files as the audit does: what they are by their content, and which documented limits they break.

Headers and tables of contents are read, never a whole video: it may have 10 GB.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from tadh_cli.providers.tencent.customization import NAME_CHARACTERS
from tadh_cli.sandbox.limits import GB, MB, MOST_RECORDINGS, RECORDING_NAME, Limit
from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.studio.errors import UnreadableMedia
from tadh_cli.sandbox.studio.source import opened

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Packets after which a picture has to come: one is wanted only for how it is turned.
_FIRST_PACKETS = 8
_TAIL_BYTES = 4096
# Of a ratio of sides: whole pixels can't hold it exactly.
_RATIO_SLACK = 0.01
_FPS_SLACK = 0.05
_LENGTH_SLACK_S = 0.05
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Found:
    """What is wrong with a file, and the size of its picture as it is shown."""

    flaws: tuple[str, ...] = ()
    size: tuple[int, int] | None = None


def inspect(source: Readable, name: str, limit: Limit) -> Found:
    """Everything about a file that its limit does not allow."""
    with source.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(1024)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read(_TAIL_BYTES)
    flaws = [*_of_name(name, limit), *_of_bytes(size, limit)]
    if not size:
        return Found((*flaws, "the file is empty"))
    if head.startswith(b"PK"):
        return Found((*flaws, *_of_kind("zip", limit, lambda: _of_zip(source, limit))))
    if b"%PDF-" in head:
        return Found((*flaws, *_of_kind("pdf", limit, lambda: _of_pdf(tail))))
    try:
        found = _of_media(source, size, limit)
    except UnreadableMedia as error:
        return Found((*flaws, f"it is not {_or(limit.kinds)}: it {error.reason}"))
    return Found((*flaws, *found.flaws), found.size)


def _of_kind(kind: str, limit: Limit, more: Callable[[], Iterator[str]]) -> Iterator[str]:
    if kind not in limit.kinds:
        yield f"it is {kind}, not {_or(limit.kinds)}"
    else:
        yield from more()


def _of_name(name: str, limit: Limit) -> Iterator[str]:
    if not (limit.least_name or limit.most_name):
        return
    stem = PurePosixPath(name).stem
    if not re.fullmatch(f"{NAME_CHARACTERS}*", stem):
        yield f"its name {stem} has more than Chinese characters, letters, digits, underscores and hyphens"
    if len(stem) < limit.least_name or (limit.most_name is not None and len(stem) > limit.most_name):
        most = f" to {limit.most_name}" if limit.most_name is not None else " or more"
        yield f"its name has {len(stem)} characters, allowed are {limit.least_name}{most}"


def _of_bytes(size: int, limit: Limit) -> Iterator[str]:
    if limit.most_bytes is not None and size > limit.most_bytes:
        yield f"it has {_volume(size)}, allowed are {_volume(limit.most_bytes)}"


def _of_pdf(tail: bytes) -> Iterator[str]:
    if b"%%EOF" not in tail:
        yield "the pdf breaks off before its end"


# Pictures and sounds -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Media:
    """The facts of a media file."""

    kind: str
    length_s: float = 0.0
    size: tuple[int, int] | None = None
    fps: float = 0.0
    rate_hz: int = 0
    is_whole: bool = True


def _of_media(source: Readable, size: int, limit: Limit) -> Found:
    is_seen = bool(limit.sizes or limit.ratios or limit.folder == "idcard")
    with opened(source, "picture" if is_seen else "sound") as container:
        media = _photo(container, size) if limit.ratios else _recorded(container, size)
    if media.kind == "wav":
        with source.open("rb") as file:
            media = replace(media, is_whole=_wav(file, size).is_whole)
    if media.kind not in limit.kinds:
        return Found((f"it is {media.kind}, not {_or(limit.kinds)}",))
    return Found(tuple(_of_facts(media, limit)), media.size)


def _of_facts(media: _Media, limit: Limit) -> Iterator[str]:
    if not media.is_whole:
        yield "the file breaks off before its end, or is damaged"
    if limit.most_s is not None and not (
        limit.least_s - _LENGTH_SLACK_S <= media.length_s <= limit.most_s + _LENGTH_SLACK_S
    ):
        yield f"it has {media.length_s:.1f} seconds, allowed are {limit.least_s:.0f} to {limit.most_s:.0f}"
    if media.size is not None:
        yield from _of_size(media.size, limit)
    if limit.fps and not limit.fps[0] - _FPS_SLACK <= media.fps <= limit.fps[1] + _FPS_SLACK:
        yield f"it has {media.fps:.2f} frames a second, allowed are {limit.fps[0]:.0f} to {limit.fps[1]:.0f}"
    if media.rate_hz < limit.least_rate_hz:
        yield f"its sample rate is {media.rate_hz} Hz, at least {limit.least_rate_hz} are needed"


def _of_size(size: tuple[int, int], limit: Limit) -> Iterator[str]:
    width, height = size
    if limit.sizes and (max(size), min(size)) not in limit.sizes:
        yield f"it has {width}x{height} pixels, allowed are {_or(_sides(one) for one in limit.sizes)}, lying or upright"
    if limit.ratios and not any(abs(width * tall / (height * wide) - 1) <= _RATIO_SLACK for wide, tall in limit.ratios):
        allowed = _or(f"{wide}:{tall}" for wide, tall in limit.ratios)
        yield f"its sides are {width}x{height}, allowed are the ratios {allowed}"


_PICTURES = {"jpeg_pipe": "jpg", "png_pipe": "png", "webp_pipe": "webp"}


def _photo(container: InputContainer, size: int) -> _Media:
    import av

    kind = _PICTURES.get(container.format.name)
    if kind is None:
        return _recorded(container, size)
    # Without that, what is missing of a picture is grey. Phones append much to theirs: its last bytes tell nothing.
    container.streams.video[0].codec_context.options = {"err_detect": "explode"}
    try:
        frame = next(container.decode(video=0))
    except (av.FFmpegError, StopIteration):
        return _Media(kind, is_whole=False)
    return _Media(kind, size=_shown(frame.width, frame.height, frame.rotation))


def _recorded(container: InputContainer, size: int) -> _Media:
    """A video or a sound, from its headers."""
    import av

    name = container.format.name
    moving = [stream for stream in container.streams.video if stream.average_rate]
    kind = {**_PICTURES, "asf": "asf" if moving else "wma"}.get(name, name)
    is_whole = True
    if name.startswith("mov,"):
        brand = container.metadata.get("major_brand", "qt")
        kind = ("mov" if brand.startswith("qt") else "mp4") if moving else "m4a"
        entries = [stream.index_entries for stream in container.streams]
        is_whole = all(one[-1].pos + one[-1].size <= size for one in entries if len(one))
    length_s = (container.duration or 0) / av.time_base
    rate_hz = container.streams.audio[0].rate if container.streams.audio else 0
    if not moving:
        return _Media(kind, length_s, rate_hz=rate_hz, is_whole=is_whole)
    stream = moving[0]
    shown = _shown(stream.width, stream.height, _rotation(container, stream))
    return _Media(kind, length_s, shown, float(stream.average_rate or 0), rate_hz, is_whole)


def _rotation(container: InputContainer, stream: VideoStream) -> int:
    """How the first picture is turned; 0 where none comes soon."""
    import av

    try:
        for packet in islice(container.demux(stream), _FIRST_PACKETS):
            for frame in packet.decode():
                return frame.rotation
    except av.FFmpegError:
        # Damaged pictures are a matter of the training, not of the limits.
        return 0
    return 0


def _shown(width: int, height: int, rotation: int) -> tuple[int, int]:
    return (height, width) if rotation % 180 else (width, height)


# Recordings --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wav:
    """The facts in the chunks of a WAV file; rate 0 is none."""

    rate_hz: int = 0
    is_whole: bool = True


def _wav(file: IO[bytes], size: int) -> _Wav:
    """Walk through the chunks from the beginning of a file up to its sound."""
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return _Wav()
    rate_hz, at = 0, 12
    while len(chunk := file.read(8)) == 8:
        name, length = chunk[:4], int.from_bytes(chunk[4:], "little")
        at += 8
        if name == b"data":
            # Programs that write to a pipe put the largest number there, RF64 does by design.
            return _Wav(rate_hz, length == 0xFFFFFFFF or at + length <= size)
        if name == b"fmt ":
            start = file.read(16)
            rate_hz = struct.unpack_from("<HHI", start)[2] if len(start) == 16 else 0
            file.seek(length - 16 + length % 2, 1)
        else:
            file.seek(length + length % 2, 1)
        at += length + length % 2
    return _Wav(rate_hz, is_whole=False)


def _of_zip(source: Readable, limit: Limit) -> Iterator[str]:
    try:
        with source.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield from _of_members(archive, limit)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        yield f"the zip can't be read: {error}"


def _of_members(archive: zipfile.ZipFile, limit: Limit) -> Iterator[str]:
    members = archive.infolist()
    if folders := [one.filename for one in members if "/" in one.filename or "\\" in one.filename]:
        yield f"it has a folder inside ({folders[0]}); only files at the top are allowed"
        return
    if not 1 <= len(members) <= MOST_RECORDINGS:
        yield f"it has {len(members)} files, allowed are 1 to {MOST_RECORDINGS}"
    total = sum(one.file_size for one in members)
    if limit.most_bytes is not None and total > limit.most_bytes:
        yield f"its files have {_volume(total)} together, allowed are {_volume(limit.most_bytes)}"
        return
    for one in members:
        yield from (f"{one.filename}: {flaw}" for flaw in _of_member(archive, one, limit))


def _of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: Limit) -> Iterator[str]:
    if not re.fullmatch(RECORDING_NAME, member.filename):
        yield "the name of a recording has no spaces or special characters and ends in .wav"
    if member.flag_bits & 1:
        yield "it is encrypted"
        return
    with archive.open(member) as file:
        facts = _wav(file, member.file_size)
        # Reading to the end lets the archive compare its checksum.
        while file.read(_BLOCK):
            pass
    if not facts.rate_hz:
        yield "it is not wav"
    elif facts.rate_hz < limit.least_rate_hz:
        yield f"its sample rate is {facts.rate_hz} Hz, at least {limit.least_rate_hz} are needed"
    elif not facts.is_whole:
        yield "it breaks off before its end"


def _volume(size: int) -> str:
    unit, word = (GB, "GB") if size >= GB else (MB, "MB")
    return f"{size / unit:.4g} {word}"


def _sides(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _or(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} or {last}" if rest else last
