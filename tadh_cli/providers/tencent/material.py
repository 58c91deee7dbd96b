"""What files the service takes, by the role they play."""

from __future__ import annotations

from math import inf

from tadh_cli.api.material import Limit, NameRule, Ratio, Size, Span
from tadh_cli.providers.tencent.customization import NAME_CHARACTERS

_AVATAR = "Customization API, MaterialCosUrl, avatars"
_PHOTO = "Customization API, MaterialCosUrl, photo avatars"
_VOICE = "Customization API, MaterialCosUrl, voice clone"
_BASIC_CHECK = "Audio Quality Inspection Task Creation API"
_ULTRA = "Submitting Audio Quality Inspection Task, AudioUrl"
_LETTER = "Customization API, Identity{}CosUrl"
_DEMO = "Customization API, VoiceDriverCosFile"
_DRIVING = "InputAudioUrl, Video Production API"

_SOUNDS = ("wav", "mp3", "wma", "m4a", "aac")
_CHARACTERS = "Chinese characters, letters, digits, _ and - only"
_FULL_HD, _UHD = (1920, 1080), (3840, 2160)
_WIDE = (Ratio(16, 9), Ratio(9, 16))
_FRAME_RATE = Span(25, 60, "25 to 60 fps")
_TEN_MINUTES = Span(600, inf, "10 minutes or more of speech")


def _training_video(role: str, what: str, size: Size, length_s: Span, *resolutions: tuple[int, int]) -> Limit:
    return Limit(
        role,
        what,
        "video",
        "video",
        ("mp4", "mov"),
        _AVATAR,
        size=size,
        length_s=length_s,
        resolutions=resolutions,
        ratios=_WIDE,
        frame_rate=_FRAME_RATE,
    )


STUDIO = _training_video(
    "studio",
    "training video of a studio avatar",
    Size(5, "GB"),
    Span(120, 600, "2 to 10 minutes"),
    _FULL_HD,
    _UHD,
)
INSTANT = _training_video(
    "instant",
    "training video of an instant avatar",
    Size(5, "GB"),
    Span(60, 600, "1 to 10 minutes"),
    _FULL_HD,
    _UHD,
)
FOUR_K = _training_video(
    "4k",
    "training video of a 4K studio avatar",
    Size(10, "GB"),
    Span(120, 600, "2 to 10 minutes"),
    _UHD,
)

PHOTO = Limit(
    "photo",
    "photo of a photo avatar",
    "photo",
    "picture",
    ("jpg", "png", "webp"),
    _PHOTO,
    name=NameRule(rf"{NAME_CHARACTERS}{{2,}}(\.[^.]*)?", f"2 characters or more: {_CHARACTERS}"),
    size=Size(16, "MB"),
    # 3:4 is not among them, upright photos of most phones are.
    ratios=(Ratio(1, 1), Ratio(9, 16), Ratio(16, 9), Ratio(4, 3)),
)

# Only mp4 and pdf occur in the documentation of the letters.
IDENTITY_VIDEO = Limit(
    "identity-video",
    "authorization letter on video",
    "idcard",
    "video",
    ("mp4",),
    _LETTER.format(""),
    advises_sound=True,
)
IDENTITY_PDF = Limit(
    "identity-pdf",
    "authorization letter as scan",
    "idcard",
    "document",
    ("pdf",),
    _LETTER.format("Written"),
)

DEMO_AUDIO = Limit(
    "demo-audio",
    "sound that drives the demo",
    "audio",
    "sound",
    _SOUNDS,
    _DEMO,
    size=Size(10, "MB"),
)

_RECORDING = Limit(
    "recording",
    "WAV in a voice zip",
    "audio",
    "sound",
    ("wav",),
    _VOICE,
    name=NameRule(r"[\w\-]+\.wav", "no spaces or special characters, extension .wav in lower case"),
    # One file may be as large as all together.
    size=Size(1, "GB"),
    sample_rate_hz=Span(24_000, inf, "24 kHz or more"),
    advised_sample_rates_hz=(24_000, 36_000),
)
VOICE_WAV = Limit(
    "voice-wav",
    "recording for the basic quality check",
    "audio",
    "sound",
    ("wav",),
    f"{_BASIC_CHECK}; {_VOICE}",
    name=_RECORDING.name,
    size=_RECORDING.size,
    # Less is taken, and then told as not qualified.
    advised_length_s=_TEN_MINUTES,
    sample_rate_hz=_RECORDING.sample_rate_hz,
    advised_sample_rates_hz=_RECORDING.advised_sample_rates_hz,
)
VOICE_ZIP = Limit(
    "voice-zip",
    "recordings for a voice clone, basic edition",
    "audio",
    "archive",
    ("zip",),
    _VOICE,
    holds=_RECORDING,
    count=Span(1, 10, "1 to 10 WAV files"),
    total_size=Size(1, "GB"),
    advised_total_length_s=_TEN_MINUTES,
)

ULTRA = Limit(
    "ultra",
    "recording for a voice clone, ultra edition",
    "zeroshot",
    "sound",
    ("wav", "mp3", "aac", "m4a", "wma"),
    _ULTRA,
    extensions=(".wav", ".mp3", ".aac", ".m4a", ".wma", ".asf"),
    name=NameRule(rf"{NAME_CHARACTERS}{{2,50}}(\.[^.]*)?", f"2 to 50 characters: {_CHARACTERS}"),
    size=Size(20, "MB"),
    advised_length_s=Span(10, 30, "10 to 30 s"),
    sample_rate_hz=Span(16_001, inf, "more than 16 kHz"),
    advised_bit_rate=Span(128_000, inf, "128 kbit/s or more"),
)

DRIVING_AUDIO = Limit(
    "driving-audio",
    "sound that drives a video",
    "audio",
    "sound",
    _SOUNDS,
    _DRIVING,
    # The longest time is that of the small-sample avatars; others take 10 minutes at most.
    length_s=Span(0.5, 3600, "0.5 s to 60 minutes"),
)

LIMITS = {
    limit.role: limit
    for limit in (
        STUDIO,
        INSTANT,
        FOUR_K,
        PHOTO,
        IDENTITY_VIDEO,
        IDENTITY_PDF,
        DEMO_AUDIO,
        VOICE_ZIP,
        VOICE_WAV,
        ULTRA,
        DRIVING_AUDIO,
    )
}
