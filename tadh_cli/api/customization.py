"""What can be asked of a customized avatar or a cloned voice, in words that every vendor understands."""

from __future__ import annotations

from dataclasses import dataclass

from tadh_cli.api.options import opt

AVATAR_TYPES = {"studio": "IMAGE", "instant": "IMAGE_GENERAL", "4k": "IMAGE_4K", "photo": "IMAGE_PHOTO"}
VOICE_EDITIONS = {"basic": "VOICE", "ultra": "ZERO_SHOT_VOICE"}
GENDERS = {"male": "MALE", "female": "FEMALE"}


@dataclass(frozen=True, eq=False)
class Customization:
    """What an avatar and a voice in the making have in common."""

    name: str | None = opt("--name", "name, unique in the account: 2 to 50 letters, digits, _, -, Chinese")
    gender: str | None = opt("--gender", "gender", words=GENDERS)
    identity_video: str | None = opt(
        "--identity-video", "authorization letter, read aloud: mp4; a file to upload or a URL", metavar="FILE|URL"
    )
    identity_pdf: str | None = opt(
        "--identity-pdf", "authorization letter, signed: pdf; a file to upload or a URL", metavar="FILE|URL"
    )
    notes: str | None = opt("--notes", "remarks for those who make it, 100 characters at most")
    demo_text: str | None = opt(
        "--demo-text", "text of the demo, 4 to 1000 characters, SSML allowed; @FILE or - reads it from a file or stdin"
    )
    demo_audio: str | None = opt(
        "--demo-audio", "sound that drives the demo; a file to upload or a URL", metavar="FILE|URL"
    )


@dataclass(frozen=True, eq=False)
class AvatarCustomization(Customization):
    """One avatar: made from a video or a photo."""

    type: str | None = opt("--type", "kind of avatar", words=AVATAR_TYPES)
    material: str | None = opt("--material", "training video or photo: a file to upload or a URL", metavar="FILE|URL")
    keep_background: bool = opt("--keep-background", "keep the background of the material", default=False)


@dataclass(frozen=True, eq=False)
class VoiceClone(Customization):
    """One voice: made from recordings (basic) or from one short recording (ultra)."""

    edition: str | None = opt("--edition", "edition of the clone", words=VOICE_EDITIONS)
    material: tuple[str, ...] = opt(
        "--material",
        "basic: a zip of WAVs, 1 to 10 WAVs, or a directory of them, which are packed; or a URL",
        metavar="ZIP|WAV|DIR|URL",
        many=True,
    )
    audio: str | None = opt("--audio", "ultra: recording to inspect and to clone", metavar="FILE|URL")
    audio_id: str | None = opt("--audio-id", "ultra: recording that passed `tadh voice check`", metavar="ID")
    text_id: str | None = opt("--text-id", "ultra: training text that is read: `tadh voice texts`", metavar="ID")


@dataclass(frozen=True, eq=False)
class RecordingCheck:
    """One inspection of a recording by the service."""

    recording: str = ""
    # The option or argument that names the recording.
    source: str = "FILE"
    edition: str | None = opt("--edition", "edition of the clone that it is for", words=VOICE_EDITIONS)
    text: str | None = opt("--text", "what is read in it; @FILE or - reads a file or stdin", metavar="TEXT|@FILE|-")
    text_id: str | None = opt("--text-id", "ultra: training text that is read: `tadh voice texts`", metavar="ID")
