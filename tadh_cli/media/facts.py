"""What is known of a file: the values that its headers give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """A file in an archive; `facts` are those of its first bytes, None when they could not be read."""

    name: str
    size_bytes: int
    facts: Facts | None = None
    is_folder: bool = False
    is_encrypted: bool = False
    # Why its first bytes could not be read.
    unread: str = ""


@dataclass(frozen=True)
class Facts:
    """What the headers of a file say; None is what they leave open."""

    kind: str
    size_bytes: int
    # Why the file can't be whole: "is truncated in the middle of …".
    damage: str = ""
    # Of the picture where there is one, else of the sound.
    seconds: float | None = None
    # Of the whole file, where it differs from the picture's.
    container_seconds: float | None = None
    # As seen: turned as the file demands, its pixels made square.
    width: int | None = None
    height: int | None = None
    # Quarter turns and mirrors that a player applies, in EXIF's numbers; 1 is none.
    orientation: int = 1
    has_square_pixels: bool = True
    is_fragmented: bool = False
    is_animated: bool = False
    frame_rate: float | None = None
    has_variable_frame_rate: bool = False
    has_picture: bool | None = None
    has_sound: bool | None = None
    video_codec: str = ""
    audio_codec: str = ""
    sample_rate_hz: int | None = None
    channels: int | None = None
    sample_bits: int | None = None
    # Bits a second of the sound.
    bit_rate: int | None = None
    is_encrypted: bool = False
    # How many files an archive has; more than `members` when those were too many to list.
    count: int = 0
    members: tuple[Member, ...] = ()
