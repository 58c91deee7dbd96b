"""Make the film of an avatar that speaks: the one entrance to voice, figure, stage and reel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.studio.acting import act
from tadh_cli.sandbox.studio.figure import Figure, Placement
from tadh_cli.sandbox.studio.footage import clip, clip_sound, endless
from tadh_cli.sandbox.studio.look import Gender, look_of
from tadh_cli.sandbox.studio.reel import OPAQUE, RATE_HZ, TRANSPARENT, Cue, Reel, reel
from tadh_cli.sandbox.studio.sound import listen, resampled
from tadh_cli.sandbox.studio.speech import CaptionRule, Speech
from tadh_cli.sandbox.studio.stage import Logo, Stage, backdrop_of
from tadh_cli.sandbox.studio.subtitles import fitting_max_words

if TYPE_CHECKING:
    import av

__all__ = ["CaptionRule", "Film", "Format", "Logo", "Placement", "Shot", "film"]

Format = Literal["Mp4", "GreenScreenMp4", "TransparentWebm"]

GREEN = 0x00FF00
CENTRED = Placement()


@dataclass(frozen=True)
class Shot:
    """What a film shows and what is heard in it.

    `sound` is a speech, or an audio file that moves the mouth. As in the service, GreenScreenMp4 is the avatar alone
    before green, where placement does not count, and TransparentWebm the avatar alone at its place; backdrop, intro,
    outro, logos and captions belong to Mp4. `backdrop` is a colour (RRGGBB), or a jpg, png or mp4, which is stretched
    to the picture and repeats until the sound ends.

    Captions are a subtitle track (mov_text) that players switch on and off. They are not burned in: FFmpeg as PyAV
    brings it draws no text, and a font for Chinese is more than a sandbox should carry. They need a Speech.
    """

    avatar: str
    sound: Speech | Readable
    width: int = 1080
    height: int = 1920
    fps: int = 25
    format: Format = "Mp4"
    gender: Gender | None = None
    placement: Placement = CENTRED
    backdrop: int | Readable | None = None
    intro: Readable | None = None
    outro: Readable | None = None
    logos: tuple[Logo, ...] = ()
    captions: CaptionRule | None = None


@dataclass(frozen=True)
class Film:
    """A film that was made."""

    path: Path
    duration_ms: int
    width: int
    height: int
    fps: int
    frames: int
    size_bytes: int


def film(shot: Shot, target: Path) -> Film:
    """Make a film; raise UnreadableMedia for a file in the shot that cannot be used, and leave nothing behind then."""
    if shot.width % 2 or shot.height % 2 or min(shot.width, shot.height, shot.fps) < 1:
        raise ValueError(f"{shot.width}x{shot.height} at {shot.fps} fps: sides have to be even, and all above 0")
    pcm = _heard(shot)
    subtitled = shot.format == "Mp4" and shot.captions is not None and isinstance(shot.sound, Speech)
    stock = TRANSPARENT if shot.format == "TransparentWebm" else OPAQUE
    with reel(target, stock, shot.width, shot.height, shot.fps, subtitled=subtitled) as unfinished:
        _play(shot.intro, shot, unfinished)
        unfinished.add(_performance(shot, pcm), pcm, _cues(shot) if subtitled else [])
        _play(shot.outro, shot, unfinished)
    frames = unfinished.frames
    return Film(
        target, round(frames * 1000 / shot.fps), shot.width, shot.height, shot.fps, frames, target.stat().st_size
    )


def _heard(shot: Shot) -> bytes:
    if isinstance(shot.sound, Speech):
        return resampled(shot.sound.pcm, shot.sound.rate_hz, RATE_HZ)
    return listen(shot.sound, RATE_HZ).pcm


def _play(path: Readable | None, shot: Shot, unfinished: Reel) -> None:
    if path is not None and shot.format == "Mp4":
        unfinished.add(clip(path, shot.width, shot.height, shot.fps), clip_sound(path, RATE_HZ))


def _performance(shot: Shot, pcm: bytes) -> Iterator[av.VideoFrame]:
    look = look_of(shot.avatar, shot.gender)
    placement = CENTRED if shot.format == "GreenScreenMp4" else shot.placement
    figure = Figure(look, shot.width, shot.height, placement)
    stage = Stage(figure, shot.width, shot.height, shot.fps)
    poses = act(pcm, RATE_HZ, shot.fps, shot.avatar)
    if shot.format == "TransparentWebm":
        return stage.transparent(poses)
    logos = shot.logos if shot.format == "Mp4" else ()
    return stage.opaque(poses, _backdrops(shot, look.backdrop), logos)


def _backdrops(shot: Shot, default: int) -> Iterator[av.VideoFrame]:
    if shot.format == "GreenScreenMp4":
        return itertools.repeat(backdrop_of(GREEN, shot.width, shot.height, plain=True))
    if shot.backdrop is None:
        return itertools.repeat(backdrop_of(default, shot.width, shot.height, plain=False))
    if isinstance(shot.backdrop, int):
        return itertools.repeat(backdrop_of(shot.backdrop, shot.width, shot.height, plain=True))
    return endless(shot.backdrop, shot.width, shot.height, shot.fps)


def _cues(shot: Shot) -> list[Cue]:
    if shot.captions is None or not isinstance(shot.sound, Speech):
        return []
    rule = replace(shot.captions, max_words=shot.captions.max_words or fitting_max_words(shot.width, shot.height))
    return [
        Cue(sentence.text, round(sentence.start_s * 1000), round(sentence.end_s * 1000))
        for sentence in shot.sound.split(rule)
    ]
