"""What can be asked of a video or an audio, in words that every vendor understands."""

from __future__ import annotations

from dataclasses import dataclass

from tadh_cli.api.options import opt

DRIVERS = {"text": "Text", "original-voice": "OriginalVoice", "modulated-voice": "ModulatedVoice"}
FORMATS = {"transparent-webm": "TransparentWebm", "green-screen-mp4": "GreenScreenMp4", "mp4": "Mp4"}
SEGMENTS = {"default": "Default", "custom": "Custom", "circle": "Circle"}
CONCURRENCY = {"exclusive": "Exclusive", "shared": "Shared"}
EDITIONS = {"auto": "auto", "basic": "basic", "advanced": "advanced"}
CODECS = {"mp3": "mp3", "wav": "wav"}
# "For each avatar type, each user is allowed to process up to 5 video production tasks" (Video Production API).
USUAL_CONCURRENCY = 5


@dataclass(frozen=True, eq=False)
class Voice:
    """How something is spoken."""

    voice: str | None = opt(
        "--voice", "voice, by key or unique name; the avatar's own when left out", metavar="KEY|NAME", asset="voice"
    )
    speed: float | None = opt("--speed", "speed of speech, 0.5 to 1.5 (1.0)")
    volume: int | None = opt("--volume", "loudness, 0 (normal) to 10")
    emotion: str | None = opt("--emotion", "emotion, for voices that have several: `tadh voice list`", metavar="CODE")
    intensity: int | None = opt("--intensity", "strength of the emotion, 50 to 200")


@dataclass(frozen=True, eq=False)
class VideoOptions(Voice):
    """One video: who speaks what, and how it looks."""

    avatar: str | None = opt(
        "--avatar", "avatar, by key or unique name: `tadh avatar list`", metavar="KEY|NAME", asset="avatar"
    )
    text: str | None = opt("--text", "text to speak; @FILE or - reads it from a file or stdin", metavar="TEXT|@FILE|-")
    ssml: str | None = opt("--ssml", "file with SSML to speak, - for stdin", metavar="FILE|-")
    audio: str | None = opt("--audio", "sound that drives the avatar: a URL, or a file to upload", metavar="URL|FILE")
    driver: str | None = opt("--driver", "what drives the avatar", words=DRIVERS)
    edition: str | None = opt(
        "--edition", "which of the two calls; auto takes the basic one unless more is needed", words=EDITIONS
    )
    format: str | None = opt("--format", "file format", words=FORMATS)
    background: str | None = opt(
        "--background", "jpg, png or mp4 behind the avatar, in the video's resolution", metavar="URL"
    )
    intro: str | None = opt("--intro", "mp4 before the video", metavar="URL")
    outro: str | None = opt("--outro", "mp4 after the video", metavar="URL")
    subtitles: bool = opt("--subtitles", "show subtitles in the picture", default=False)
    subtitle_max_words: int | None = opt("--subtitle-max-words", "characters of a subtitle at most, 0 to 999")
    subtitle_display_punctuation: str | None = opt(
        "--subtitle-display-punctuation", "marks to show: 0 none, 1 all, or the marks", metavar="MARKS"
    )
    subtitle_split_punctuation: str | None = opt(
        "--subtitle-split-punctuation", "marks that begin a new subtitle", metavar="MARKS"
    )
    logo: tuple[str, ...] = opt(
        "--logo", "picture on top: URL,x=PIXELS,y=PIXELS,scale=FACTOR", metavar="SPEC", many=True
    )
    smart_actions: bool = opt("--smart-actions", "let the service choose the avatar's actions", default=False)
    x: float | None = opt("--x", "horizontal position, 0 centre, negative left")
    y: float | None = opt("--y", "vertical position, 0 centre, negative up")
    scale: float | None = opt("--scale", "size of the avatar, 1.0 its own")
    angle: int | None = opt("--angle", "degrees to turn a 3D avatar, 0 to 360")
    color: tuple[str, ...] = opt("--color", "colour of 3D clothes: NAME=#RRGGBB", metavar="NAME=#RRGGBB", many=True)
    segment: str | None = opt("--segment", "which clip of the avatar is used", words=SEGMENTS)
    start_frame: int | None = opt("--start-frame", "first frame of the clip")
    end_frame: int | None = opt("--end-frame", "last frame of the clip")
    callback_url: str | None = opt("--callback-url", "is sent the result once", metavar="URL")
    storage_url: str | None = opt("--storage-url", "pre-authorised URL to store the video at", metavar="URL")
    subtitle_storage_url: str | None = opt(
        "--subtitle-storage-url", "pre-authorised URL to store the subtitles at", metavar="URL"
    )
    concurrency_type: str | None = opt("--concurrency-type", "slots to use", words=CONCURRENCY)


@dataclass(frozen=True, eq=False)
class AudioOptions(Voice):
    """One audio: who speaks what."""

    avatar: str | None = opt(
        "--avatar", "avatar whose first voice is used, by key or unique name", metavar="KEY|NAME", asset="avatar"
    )
    text: str | None = opt("--text", "text to speak; @FILE or - reads it from a file or stdin", metavar="TEXT|@FILE|-")
    ssml: str | None = opt("--ssml", "file with SSML to speak, - for stdin", metavar="FILE|-")
    codec: str | None = opt("--codec", "format of the audio", words=CODECS)
    sample_rate: int | None = opt("--sample-rate", "samples a second, 24000 or 16000")
    storage_url: str | None = opt("--storage-url", "pre-authorised URL to store the audio at", metavar="URL")
    max_words: int | None = opt("--max-words", "characters of a sentence at most, 0 to 999")
    display_punctuation: str | None = opt(
        "--display-punctuation", "marks to show: 0 none, 1 all, or the marks", metavar="MARKS"
    )
    split_punctuation: str | None = opt("--split-punctuation", "marks that end a sentence", metavar="MARKS")
