"""What a local file is: its headers, read without its content, by ourselves where we can, else by PyAV."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tadh_cli.media import boxes, pictures, sounds, zips
from tadh_cli.media.facts import Facts
from tadh_cli.media.kind import HEAD_BYTES, kind_of

if TYPE_CHECKING:
    from av import VideoStream
    from av.audio import AudioStream
    from av.audio.codeccontext import AudioCodecContext

# Kinds whose headers are not read here.
_BY_PYAV = ("wma", "ogg", "flac", "webm", "3gp")
# What FFmpeg may take a file for, so that none can pass as a list of others.
_FORMATS = {"wma": "asf", "ogg": "ogg", "flac": "flac", "webm": "matroska", "mp3": "mp3", "aac": "aac"}


def probe(path: Path) -> Facts:
    """Read the headers of a regular file; raises OSError with words for a user when there is none to be read."""
    try:
        with open(_regular(path), "rb") as file:
            facts, is_enough = _probed(file, os.fstat(file.fileno()).st_size)
        return facts if is_enough else _measured(path, facts)
    except ValueError as error:  # a NUL in the name
        raise OSError(0, str(error)) from None


def has_pyav() -> bool:
    """Whether the extra `media` is installed."""
    from importlib.util import find_spec

    try:
        return find_spec("av") is not None
    except ValueError:  # it was made unavailable on purpose
        return False


def _regular(path: Path) -> Path:
    """The path, unless opening it could wait for ever or gives no file."""
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(0, "is a directory")
    if not stat.S_ISREG(mode):
        raise OSError(0, "is no regular file")
    return path


def _probed(file: IO[bytes], size: int) -> tuple[Facts, bool]:
    """What its headers say, and whether that is all that they can say."""
    kind = kind_of(file.read(HEAD_BYTES))
    if kind == "mp3":
        # Tags of MP3 are put before other sounds too.
        behind = kind_of(sounds.after_tags(file))
        kind = behind if behind in ("aac", "flac") else kind
    facts = Facts(kind, size)
    if kind in _READERS:
        facts = _READERS[kind](file, facts)
    # A movie in fragments keeps its times elsewhere, and frames may be too many to count.
    is_open = facts.is_fragmented or (kind in ("mp3", "aac") and facts.seconds is None)
    return facts, kind not in _BY_PYAV and (not is_open or bool(facts.damage))


def _movie(file: IO[bytes], facts: Facts) -> Facts:
    found = boxes.movie(file, facts.size_bytes)
    picture, sound = found.picture, found.sound
    facts = replace(
        facts,
        damage=found.damage,
        seconds=found.seconds,
        container_seconds=found.seconds,
        is_fragmented=found.is_fragmented,
    )
    if found.tracks:
        facts = replace(facts, has_picture=picture is not None, has_sound=sound is not None)
    if sound is not None:
        seconds = sound.seconds or found.seconds
        facts = replace(
            facts,
            seconds=seconds,
            audio_codec=sound.codec,
            sample_rate_hz=sound.sample_rate_hz,
            channels=sound.channels,
            sample_bits=sound.sample_bits,
            bit_rate=round(found.media_bytes * 8 / seconds) if seconds and picture is None else None,
        )
    if picture is not None:
        return _with_picture(facts, found, picture)
    # Encoders give sounds the brand of films, too.
    return replace(facts, kind="m4a") if sound is not None and facts.kind == "mp4" else facts


def _with_picture(facts: Facts, found: boxes.Movie, picture: boxes.Track) -> Facts:
    width, height = picture.seen
    return replace(
        facts,
        # A sound with a picture is a film, whatever its brand.
        kind="mp4" if facts.kind == "m4a" else facts.kind,
        seconds=picture.seconds or found.seconds,
        width=width or None,
        height=height or None,
        orientation=picture.orientation,
        has_square_pixels=picture.pixel_ratio == 1.0,
        frame_rate=picture.frame_rate,
        has_variable_frame_rate=picture.has_variable_frame_rate,
        video_codec=picture.codec,
    )


def _picture(file: IO[bytes], facts: Facts) -> Facts:
    found = pictures.picture(file, facts.kind, facts.size_bytes)
    width, height = found.seen
    return replace(
        facts,
        damage=found.damage,
        width=width or None,
        height=height or None,
        orientation=found.orientation,
        is_animated=found.is_animated,
    )


def _wave(file: IO[bytes], facts: Facts) -> Facts:
    return _with_sound(facts, sounds.wave(file, facts.size_bytes))


def _frames(file: IO[bytes], facts: Facts) -> Facts:
    found = sounds.frames(file, facts.size_bytes)
    if found is None:
        return facts
    # Both begin alike; the frame's header says which it is.
    kind = {"aac": "aac", "mp3": "mp3"}.get(found.codec, facts.kind)
    return _with_sound(replace(facts, kind=kind), found)


def _with_sound(facts: Facts, found: sounds.Sound) -> Facts:
    return replace(
        facts,
        damage=found.damage,
        seconds=found.seconds,
        has_sound=True,
        audio_codec=found.codec,
        sample_rate_hz=found.sample_rate_hz,
        channels=found.channels,
        sample_bits=found.sample_bits,
        bit_rate=found.bit_rate,
    )


_PDF_TAIL_BYTES = 4096


def _document(file: IO[bytes], facts: Facts) -> Facts:
    """A PDF ends with a mark, some bytes of other programs after it; before it stands what is encrypted."""
    file.seek(max(0, facts.size_bytes - _PDF_TAIL_BYTES))
    tail = file.read(_PDF_TAIL_BYTES)
    damage = "" if b"%%EOF" in tail else "has no end mark (%%EOF): it is truncated"
    return replace(facts, damage=damage, is_encrypted=b"/Encrypt" in tail)


def _archive(file: IO[bytes], facts: Facts) -> Facts:
    found = zips.contents(file, facts.size_bytes)
    return replace(facts, damage=found.damage, count=found.number, members=found.members)


_READERS: dict[str, Callable[[IO[bytes], Facts], Facts]] = {
    "mp4": _movie,
    "mov": _movie,
    "m4a": _movie,
    "png": _picture,
    "jpg": _picture,
    "webp": _picture,
    "wav": _wave,
    "mp3": _frames,
    "aac": _frames,
    "pdf": _document,
    "zip": _archive,
}


def _measured(path: Path, facts: Facts) -> Facts:
    """What PyAV adds to what is known; the same without it."""
    try:
        import av
    except ImportError:
        return facts
    # Alone, a name with a colon would be an address.
    name, form = f"file:{os.path.abspath(path)}", _FORMATS.get(facts.kind, "mov")
    try:
        with av.open(name, format=form) as container:
            seconds = facts.seconds if container.duration is None else container.duration / av.time_base
            facts = replace(
                facts,
                seconds=seconds or None,
                has_picture=bool(container.streams.video),
                has_sound=bool(container.streams.audio),
            )
            for sound in container.streams.audio[:1]:
                facts = _heard(facts, sound)
            for picture in container.streams.video[:1]:
                facts = _seen(facts, picture)
    except (av.FFmpegError, ValueError) as error:
        return replace(facts, damage=f"can't be read: {str(error).partition(';')[0]}")
    return facts


def _heard(facts: Facts, stream: AudioStream) -> Facts:
    context: AudioCodecContext | None = stream.codec_context
    if context is None:  # a codec that nobody knows, whatever the types say
        return facts
    return replace(
        facts,
        audio_codec=context.name,
        sample_rate_hz=context.sample_rate or None,
        channels=context.channels or None,
        bit_rate=context.bit_rate or None,
    )


def _seen(facts: Facts, stream: VideoStream) -> Facts:
    rate = stream.average_rate if stream.codec_context is not None else None
    return replace(facts, frame_rate=facts.frame_rate or (float(rate) if rate else None))
