"""From the options of a video or an audio to the request that makes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from tadh_cli.api.operation import Operation
from tadh_cli.api.options import is_given, options
from tadh_cli.api.production import Names, Order, Script
from tadh_cli.api.video import EDITIONS, AudioOptions, VideoOptions
from tadh_cli.providers.tencent.options import Special, colors, names_of, values_of
from tadh_cli.providers.tencent.video import ADVANCED, AUDIO, BASIC

# Where each option goes in the request; what only the advanced call has, stands in the second table.
_VIDEO = {
    "avatar": "VirtualmanKey",
    "voice": "SpeechParam.TimbreKey",
    "speed": "SpeechParam.Speed",
    "volume": "SpeechParam.Volume",
    "emotion": "SpeechParam.EmotionCategory",
    "intensity": "SpeechParam.EmotionIntensity",
    "driver": "DriverType",
    "format": "VideoParam.Format",
    "callback_url": "CallbackUrl",
    "storage_url": "VideoStorageS3Url",
    "subtitle_storage_url": "SubtitleStorageS3Url",
    "concurrency_type": "ConcurrencyType",
}
_ADVANCED = {
    "background": "VideoParam.BackgroundFileUrl",
    "intro": "VideoParam.VideoHeadFileUrl",
    "outro": "VideoParam.VideoTailFileUrl",
    "subtitles": "VideoParam.ShowSubtitles",
    "subtitle_max_words": "VideoParam.SubtitlesParam.MaxWords",
    "subtitle_display_punctuation": "VideoParam.SubtitlesParam.DisplayPunctuation",
    "subtitle_split_punctuation": "VideoParam.SubtitlesParam.SplitPunctuation",
    "logo": "VideoParam.LogoParams",
    "smart_actions": "VideoParam.SmartActionEnabled",
    "x": "VideoParam.AnchorParam.HorizontalPosition",
    "y": "VideoParam.AnchorParam.VerticalPosition",
    "scale": "VideoParam.AnchorParam.Scale",
    "angle": "VideoParam.AnchorParam.Angle",
    "color": "VideoParam.AnchorParam.AnchorExtraParam",
    "segment": "VideoParam.SmallSampleParam.MakeType",
    "start_frame": "VideoParam.SmallSampleParam.StartIdx",
    "end_frame": "VideoParam.SmallSampleParam.EndIdx",
}
_AUDIO = {
    "avatar": "VirtualmanKey",
    "voice": "TimbreKey",
    "speed": "Speed",
    "volume": "Volume",
    "emotion": "EmotionCategory",
    "intensity": "EmotionIntensity",
    "codec": "Codec",
    "sample_rate": "SampleRate",
    "storage_url": "AudioStorageS3Url",
    "max_words": "SentenceMaxWords",
    "display_punctuation": "SentenceDisplayPunctuation",
    "split_punctuation": "SentenceSplitPunctuation",
}
_SCRIPT = {"text": "InputSsml", "ssml": "InputSsml", "audio": "InputAudioUrl"}
_NORMAL_SPEED = 1.0


def video_order(chosen: VideoOptions, script: Script) -> Order:
    """The call that makes a video: the basic one unless an option needs the advanced one."""
    problems: list[str] = []
    values = values_of(chosen, {**_VIDEO, **_ADVANCED}, problems, _SPECIAL)
    operation = _edition(chosen, values, problems)
    values |= {"InputSsml": script.text, "InputAudioUrl": script.audio_url}
    values.setdefault("SpeechParam.Speed", _NORMAL_SPEED)
    if script.audio_url:
        values.setdefault("DriverType", "OriginalVoice")
        if values["DriverType"] == "OriginalVoice" and chosen.voice:
            problems.append("--voice needs --driver modulated-voice when --audio drives the avatar")
    return Order(operation, values, _names(chosen, {**_VIDEO, **_ADVANCED}), tuple(problems))


def audio_order(chosen: AudioOptions, script: Script) -> Order:
    """The call that makes an audio."""
    problems: list[str] = []
    values = values_of(chosen, _AUDIO, problems)
    values["InputSsml"] = script.text
    values.setdefault("Speed", _NORMAL_SPEED)
    return Order(AUDIO, values, _names(chosen, _AUDIO), tuple(problems))


def _edition(chosen: VideoOptions, values: dict[str, Any], problems: list[str]) -> Operation:
    """The basic or the advanced call; what the basic one lacks is taken out of `values` and told."""
    edition = (chosen.edition or "auto").lower()
    if edition not in EDITIONS:
        problems.append(f"--edition {chosen.edition!r} is not one of {', '.join(EDITIONS)}")
    flags = dict(options(VideoOptions))
    needs = [flags[name].flag for name in _ADVANCED if is_given(getattr(chosen, name))]
    needs += ["--format mp4"] if values.get("VideoParam.Format") == "Mp4" else []
    if edition != "basic":
        return ADVANCED if edition == "advanced" or needs else BASIC
    problems += [f"{flag} needs --edition advanced, not basic" for flag in needs]
    for path in [*_ADVANCED.values(), *(["VideoParam.Format"] if "--format mp4" in needs else [])]:
        values.pop(path, None)
    return BASIC


def _names(chosen: VideoOptions | AudioOptions, paths: Mapping[str, str]) -> Names:
    """How the options are called in messages."""
    known = dict(options(chosen))
    flags, words = names_of(chosen, paths)
    flags |= {path: known[name].flag for name, path in _SCRIPT.items() if getattr(chosen, name, None) is not None}
    flags.setdefault("InputSsml", known["text"].flag)
    flags.setdefault("InputAudioUrl", "--audio")
    flags["VideoParam.SubtitlesParam"] = "--subtitle-max-words and the like"
    flags["VideoParam.AnchorParam"] = "--x, --y, --scale, --angle or --color"
    return Names(flags, words)


def _logos(specs: tuple[str, ...], problems: list[str]) -> list[dict[str, Any]]:
    return [logo for logo in (_logo(spec, problems) for spec in specs) if logo]


_PLACES = {"x": ("PositionX", int), "y": ("PositionY", int), "scale": ("Scale", float)}


def _logo(spec: str, problems: list[str]) -> dict[str, Any]:
    """`URL,x=..,y=..,scale=..`; read from its end, since a URL may contain commas itself."""
    parts = spec.split(",")
    logo: dict[str, Any] = {}
    while len(parts) > 1 and (match := re.fullmatch(r"\s*(x|y|scale)=(.*)", parts[-1], re.IGNORECASE)):
        name, kind = _PLACES[match[1].lower()]
        try:
            logo[name] = kind(match[2])
        except ValueError:
            problems.append(
                f"--logo {match[1]}={match[2]} is not a {'whole ' if kind is int else ''}number (LogoParams)"
            )
        parts.pop()
    if len(parts) > 1 and re.fullmatch(r"\s*[A-Za-z]+=[-+.\d]*", parts[-1]):
        problems.append(f"--logo {spec!r}: {parts[-1].strip()} is not one of x=, y=, scale=")
    return {"LogoFileUrl": ",".join(parts), **logo}


_SPECIAL: Mapping[str, Special] = {
    "logo": _logos,
    "color": partial(colors, source=f"AnchorExtraParam, {ADVANCED.doc}"),
}
