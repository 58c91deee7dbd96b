"""What the studio is asked to render, as values that travel to another process, and how each is done there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from tadh_cli.sandbox.names import Gender
from tadh_cli.sandbox.spliced import Readable

if TYPE_CHECKING:
    import av

    from tadh_cli.sandbox.acoustics import Measured
    from tadh_cli.sandbox.limits import Limit
    from tadh_cli.sandbox.studio.speech import CaptionRule, Speech
    from tadh_cli.sandbox.studio.stage import Logo

Format = Literal["Mp4", "GreenScreenMp4", "TransparentWebm"]

FPS = 25
# Containers of the documented formats, as FFmpeg calls them: wav, mp3, wma, m4a, aac.
AUDIO_CONTAINERS = ("wav", "mp3", "asf", "mov,mp4,m4a,3gp,3g2,mj2", "aac")
TICKS_A_SECOND = 10_000_000


class JobFailed(Exception):
    """An end that the documentation has a FailCode for."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Line:
    """Something to say, and who says it."""

    text: str
    voice: str
    gender: Gender
    language: str
    speed: float = 1.0
    volume: int = 0
    max_words: int = 0
    display_punctuation: str = "1"
    split_punctuation: str = ""


@dataclass(frozen=True)
class Audio:
    """A sound file to be made of a line; the answer has the times of its words."""

    target: Path
    line: Line
    codec: Literal["mp3", "wav"] = "mp3"
    sample_rate: int = 24_000


@dataclass(frozen=True)
class Video:
    """A film of an avatar that says a line, or moves its mouth to a sound."""

    target: Path
    avatar: str
    gender: Gender
    size: tuple[int, int]
    format: Format
    line: Line | None = None
    sound: Readable | None = None
    longest_s: float = math.inf
    subtitles: Path | None = None
    shows_subtitles: bool = False
    place: tuple[float, float, float] = (0.0, 0.0, 1.0)
    backdrop: Readable | None = None
    intro: Readable | None = None
    outro: Readable | None = None
    logos: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class File:
    """A stored file to be looked at: what it is for, its own name, and what is allowed."""

    role: str
    name: str
    source: Readable
    limit: Limit


@dataclass(frozen=True)
class Listen:
    """A recording to be judged."""

    file: File


@dataclass(frozen=True)
class Audit:
    """The files of a customization, to be held against the limits."""

    files: tuple[File, ...]


@dataclass(frozen=True)
class Picture:
    """A PNG of an avatar: its pose on nothing, or its head before a wall."""

    target: Path
    avatar: str
    gender: Gender
    size: tuple[int, int]
    is_head: bool = False


Job = Audio | Video | Listen | Audit | Picture


@dataclass(frozen=True)
class Result:
    """What came of a job."""

    duration_ms: int = 0
    timestamps: list[dict[str, Any]] = field(default_factory=list)
    # Of a recording.
    measured: Measured | None = None
    # What is wrong with files, and the size of the pictures of the first that has some.
    flaws: tuple[str, ...] = ()
    size: tuple[int, int] | None = None


def perform(job: Job) -> Result:
    """Do a job; raises JobFailed for what the service has a code for."""
    from tadh_cli.sandbox.studio.errors import Unspeakable

    try:
        if isinstance(job, Audio):
            return _audio(job)
        if isinstance(job, Video):
            return _video(job)
        if isinstance(job, Picture):
            return _picture(job)
        return _listen(job.file) if isinstance(job, Listen) else _audit(job.files)
    except Unspeakable as error:
        raise JobFailed(801009, f"Parameter error: {error}") from None


# Sound -------------------------------------------------------------------------------------------------


def _speech(line: Line) -> Speech:
    from tadh_cli.sandbox.studio.timbre import Timbre
    from tadh_cli.sandbox.studio.voice import speak

    pitch = Random(f"pitch {line.voice}").uniform(-0.7, 0.7)
    timbre = Timbre(line.voice, line.gender, pitch, line.language)
    return speak(line.text, timbre=timbre, speed=line.speed, volume=line.volume)


def _rule(line: Line) -> CaptionRule:
    from tadh_cli.sandbox.studio.speech import CaptionRule

    return CaptionRule(line.max_words, line.display_punctuation, line.split_punctuation)


def _audio(job: Audio) -> Result:
    from tadh_cli.sandbox.studio.sound import sound

    speech = _speech(job.line)
    made = sound(speech, job.target, codec=job.codec, sample_rate=job.sample_rate)
    sentences = [
        {
            "Sentence": sentence.text,
            "Words": [
                {"Word": word.text, "StartTimestamp": _ticks(word.start_s), "EndTimestamp": _ticks(word.end_s)}
                for word in sentence.words
            ],
        }
        for sentence in speech.split(_rule(job.line))
    ]
    return Result(made.duration_ms, sentences)


def _ticks(at_s: float) -> int:
    """Units of 100 ns, whole milliseconds as in the documentation's sample."""
    return round(at_s * 1000) * TICKS_A_SECOND // 1000


def _listen(file: File) -> Result:
    from tadh_cli.sandbox.inspection import inspect
    from tadh_cli.sandbox.recording import measured
    from tadh_cli.sandbox.studio.errors import UnreadableMedia

    flaws = inspect(file.source, file.name, file.limit).flaws
    try:
        return Result(flaws=flaws) if flaws else Result(measured=measured(file.source))
    except UnreadableMedia as error:
        return Result(flaws=(f"the recording {error.reason}",))


def _audit(files: tuple[File, ...]) -> Result:
    from tadh_cli.sandbox.inspection import inspect

    found = {file.role: inspect(file.source, file.name, file.limit) for file in files}
    flaws = tuple(f"{role}: {flaw}" for role, one in found.items() for flaw in one.flaws)
    return Result(flaws=flaws, size=next((one.size for one in found.values() if one.size), None))


# Pictures ------------------------------------------------------------------------------------------------


def _video(job: Video) -> Result:
    from tadh_cli.sandbox.studio.figure import Placement
    from tadh_cli.sandbox.studio.film import Shot, film
    from tadh_cli.sandbox.studio.subtitles import srt

    speech = _speech(job.line) if job.line else None
    if speech is None:
        _check_sound(job)
    _check_sizes(job)
    sound = speech or job.sound
    assert sound is not None
    shot = Shot(
        avatar=job.avatar,
        sound=sound,
        width=job.size[0],
        height=job.size[1],
        fps=FPS,
        format=job.format,
        gender=job.gender,
        placement=Placement(*job.place),
        backdrop=job.backdrop,
        intro=job.intro,
        outro=job.outro,
        logos=tuple(_logo(logo) for logo in job.logos),
        captions=_rule(job.line) if job.line and job.shows_subtitles else None,
    )
    made = film(shot, job.target)
    if speech is not None and job.line is not None and job.subtitles is not None:
        late = _delayed(speech, _length_s(job.intro) if job.format == "Mp4" else 0.0)
        rule = _rule(job.line)
        text = srt(
            late,
            max_words=rule.max_words,
            display_punctuation=rule.display_punctuation,
            split_punctuation=rule.split_punctuation,
        )
        _write(job.subtitles, text.encode())
    return Result(made.duration_ms)


def _check_sound(job: Video) -> None:
    """The documented limits of a sound that drives an avatar."""
    from tadh_cli.sandbox.studio.errors import UnreadableMedia
    from tadh_cli.sandbox.studio.sound import listen
    from tadh_cli.sandbox.studio.source import opened

    assert job.sound is not None
    try:
        with opened(job.sound, "sound") as container:
            name = container.format.name
        length_s = listen(job.sound, 16_000).duration_s if name in AUDIO_CONTAINERS else 0.0
    except UnreadableMedia as error:
        raise JobFailed(801510, "The audio driver file can't be decoded") from error
    if name not in AUDIO_CONTAINERS:
        raise JobFailed(801510, f"The audio driver file has the format {name}; supported: wav, mp3, wma, m4a, aac")
    if not 0.5 <= length_s <= job.longest_s:
        limits = f"0.5 seconds to {job.longest_s / 60:.0f} minutes"
        raise JobFailed(801510, f"The audio driver file has {length_s:.2f} seconds, allowed are {limits}")


def _check_sizes(job: Video) -> None:
    """Background, intro and outro have to be as large as the video."""
    from tadh_cli.sandbox.studio.errors import UnreadableMedia
    from tadh_cli.sandbox.studio.footage import picture_size

    try:
        for path in (job.backdrop, job.intro, job.outro):
            if path is not None and picture_size(path) != job.size:
                found = "x".join(map(str, picture_size(path)))
                raise JobFailed(801507, f"An input has {found} instead of {job.size[0]}x{job.size[1]} pixels")
        for logo in job.logos:
            picture_size(logo["path"])
    except UnreadableMedia as error:
        raise JobFailed(801507, "An input is neither a picture nor a video") from error


def _logo(logo: dict[str, Any]) -> Logo:
    from tadh_cli.sandbox.studio.stage import Logo

    return Logo(**logo)


def _length_s(intro: Readable | None) -> float:
    """How long the intro lasts in our frame rate."""
    from tadh_cli.sandbox.studio.footage import clip, picture_size

    return sum(1 for _ in clip(intro, *picture_size(intro), FPS)) / FPS if intro else 0.0


def _delayed(speech: Speech, delay_s: float) -> Speech:
    """The same words, said that much later."""
    if not delay_s:
        return speech
    later = (
        item if isinstance(item, str) else replace(item, start_s=item.start_s + delay_s, end_s=item.end_s + delay_s)
        for item in speech.transcript
    )
    return replace(speech, transcript=tuple(later))


def _picture(job: Picture) -> Result:
    import itertools

    from tadh_cli.sandbox.studio.acting import SWAYS, Pose
    from tadh_cli.sandbox.studio.figure import Figure, Placement
    from tadh_cli.sandbox.studio.look import look_of
    from tadh_cli.sandbox.studio.stage import Stage, backdrop_of

    look = look_of(job.avatar, job.gender)
    width, height = job.size
    # The head is at three eighths of the figure: this brings it to the middle, large.
    placement = Placement(0.0, 0.2, 2.2) if job.is_head else Placement()
    stage = Stage(Figure(look, width, height, placement), width, height, FPS)
    pose = Pose(SWAYS // 2, 0, 0)
    if job.is_head:
        wall = itertools.repeat(backdrop_of(look.backdrop, width, height, plain=True))
        frame = next(stage.opaque([pose], wall, ())).reformat(format="rgb24")
    else:
        frame = next(stage.transparent([pose])).reformat(format="rgba")
    _write(job.target, _png(frame))
    return Result()


def _png(frame: av.VideoFrame) -> bytes:
    import av

    context = av.CodecContext.create("png", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, frame.format.name
    context.time_base = frame.time_base or context.time_base
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def _write(target: Path, data: bytes) -> None:
    from tadh_cli.sandbox.studio.delivery import delivered

    with delivered(target) as unfinished:
        unfinished.write_bytes(data)
