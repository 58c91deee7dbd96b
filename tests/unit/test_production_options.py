"""From the options of a video or an audio to the request: every option in its place, in the documented spelling."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tadh_cli.api.body import Body
from tadh_cli.api.field import walk
from tadh_cli.api.operation import Operation
from tadh_cli.api.options import options
from tadh_cli.api.production import Order, Script
from tadh_cli.api.video import AudioOptions, VideoOptions
from tadh_cli.providers.tencent.production import audio_order, video_order
from tadh_cli.providers.tencent.video import ADVANCED, AUDIO, BASIC

TEXT = Script(text="Hello")
SOUND = Script(audio_url="https://a.example.com/a.wav")
URL = "https://a.example.com/x"

# Option, what is given, where it goes, what is sent; the two tables of the documentation.
BASIC_OPTIONS: dict[str, tuple[Any, str, Any]] = {
    "avatar": ("key-1", "VirtualmanKey", "key-1"),
    "voice": ("voice-1", "SpeechParam.TimbreKey", "voice-1"),
    "speed": (1.2, "SpeechParam.Speed", 1.2),
    "volume": (0, "SpeechParam.Volume", 0),
    "emotion": ("tc_news", "SpeechParam.EmotionCategory", "tc_news"),
    "intensity": (100, "SpeechParam.EmotionIntensity", 100),
    "driver": ("modulated-voice", "DriverType", "ModulatedVoice"),
    "format": ("transparent-webm", "VideoParam.Format", "TransparentWebm"),
    "callback_url": (URL, "CallbackUrl", URL),
    "storage_url": (URL, "VideoStorageS3Url", URL),
    "subtitle_storage_url": (URL, "SubtitleStorageS3Url", URL),
    "concurrency_type": ("exclusive", "ConcurrencyType", "Exclusive"),
}
ADVANCED_OPTIONS: dict[str, tuple[Any, str, Any]] = {
    "background": (URL, "VideoParam.BackgroundFileUrl", URL),
    "intro": (URL, "VideoParam.VideoHeadFileUrl", URL),
    "outro": (URL, "VideoParam.VideoTailFileUrl", URL),
    "subtitles": (True, "VideoParam.ShowSubtitles", True),
    "subtitle_max_words": (0, "VideoParam.SubtitlesParam.MaxWords", 0),
    "subtitle_display_punctuation": ("0", "VideoParam.SubtitlesParam.DisplayPunctuation", "0"),
    "subtitle_split_punctuation": ("，。", "VideoParam.SubtitlesParam.SplitPunctuation", "，。"),
    "logo": (
        (f"{URL}.png,x=10,y=-20,scale=0.5",),
        "VideoParam.LogoParams",
        [{"LogoFileUrl": f"{URL}.png", "PositionX": 10, "PositionY": -20, "Scale": 0.5}],
    ),
    "smart_actions": (True, "VideoParam.SmartActionEnabled", True),
    "x": (0.0, "VideoParam.AnchorParam.HorizontalPosition", 0.0),
    "y": (-0.5, "VideoParam.AnchorParam.VerticalPosition", -0.5),
    "scale": (0.8, "VideoParam.AnchorParam.Scale", 0.8),
    "angle": (90, "VideoParam.AnchorParam.Angle", 90),
    "color": (
        ("shirtColor=#FAFAFA", "shoeColor=a01818"),
        "VideoParam.AnchorParam.AnchorExtraParam",
        '{"shirtColor": {"colorValue": 16448250}, "shoeColor": {"colorValue": 10491928}}',
    ),
    "segment": ("custom", "VideoParam.SmallSampleParam.MakeType", "Custom"),
    "start_frame": (0, "VideoParam.SmallSampleParam.StartIdx", 0),
    "end_frame": (9, "VideoParam.SmallSampleParam.EndIdx", 9),
}
AUDIO_OPTIONS: dict[str, tuple[Any, str, Any]] = {
    "avatar": ("key-1", "VirtualmanKey", "key-1"),
    "voice": ("voice-1", "TimbreKey", "voice-1"),
    "speed": (0.5, "Speed", 0.5),
    "volume": (10, "Volume", 10),
    "emotion": ("9", "EmotionCategory", "9"),
    "intensity": (50, "EmotionIntensity", 50),
    "codec": ("WAV", "Codec", "wav"),
    "sample_rate": (16000, "SampleRate", 16000),
    "storage_url": (URL, "AudioStorageS3Url", URL),
    "max_words": (30, "SentenceMaxWords", 30),
    "display_punctuation": ("1", "SentenceDisplayPunctuation", "1"),
    "split_punctuation": ("。", "SentenceSplitPunctuation", "。"),
}
SCRIPTS = {"text", "ssml", "audio"}
# What an option can't go without.
COMPANIONS: dict[str, dict[str, Any]] = {
    "intensity": {"emotion": "6"},
    "start_frame": {"segment": "custom"},
    "end_frame": {"segment": "custom"},
    "subtitle_max_words": {"subtitles": True},
    "subtitle_display_punctuation": {"subtitles": True},
    "subtitle_split_punctuation": {"subtitles": True},
}


def body(order: Order) -> Body:
    """What would be sent, when nothing is wrong with it."""
    assert order.problems == ()
    payload = order.operation.encode(order.values)
    assert [problem for problem in order.operation.check(payload) if not problem.warning] == []
    return Body(payload)


def video(script: Script = TEXT, **chosen: Any) -> Order:
    return video_order(VideoOptions(**{"avatar": "key-1", **chosen}), script)


def problems(order: Order) -> list[str]:
    found = order.operation.check(order.operation.encode(order.values))
    return [*order.problems, *(f"{problem.path} {problem.message}" for problem in found if not problem.warning)]


# Every option ------------------------------------------------------------------------------------------


def test_every_option_has_its_place() -> None:
    video_options = {name for name, _ in options(VideoOptions)} - SCRIPTS - {"edition"}
    assert video_options == {*BASIC_OPTIONS, *ADVANCED_OPTIONS}
    assert {name for name, _ in options(AudioOptions)} - SCRIPTS == set(AUDIO_OPTIONS)


@pytest.mark.parametrize("name", {**BASIC_OPTIONS, **ADVANCED_OPTIONS})
def test_a_videos_option_is_sent_under_its_documented_name(name: str) -> None:
    value, path, wanted = {**BASIC_OPTIONS, **ADVANCED_OPTIONS}[name]
    script = SOUND if name == "driver" else TEXT
    order = video(script, **{**COMPANIONS.get(name, {}), name: value})
    assert body(order)[path] == wanted
    assert order.operation is (ADVANCED if name in ADVANCED_OPTIONS else BASIC)


@pytest.mark.parametrize("name", AUDIO_OPTIONS)
def test_an_audios_option_is_sent_under_its_documented_name(name: str) -> None:
    value, path, wanted = AUDIO_OPTIONS[name]
    chosen = {"avatar": "key-1", **COMPANIONS.get(name, {}), name: value}
    assert body(audio_order(AudioOptions(**chosen), TEXT))[path] == wanted


@pytest.mark.parametrize("table", [{**BASIC_OPTIONS, **ADVANCED_OPTIONS}, AUDIO_OPTIONS], ids=["video", "audio"])
def test_every_field_that_can_be_set_has_an_option(table: dict[str, tuple[Any, str, Any]]) -> None:
    operation = ADVANCED if "background" in table else AUDIO
    leaves = {path for path, field in walk(operation.request) if not field.fields}
    without = leaves - {path for _, path, _ in table.values()} - {"InputSsml", "InputAudioUrl"}
    assert {path for path in without if "[]" not in path} == (
        {"SpeechParam.TimbreLanguage"} if operation is ADVANCED else set()
    )


def test_what_is_not_chosen_is_not_sent() -> None:
    assert video().operation.encode(video().values) == {
        "VirtualmanKey": "key-1",
        "InputSsml": "Hello",
        "SpeechParam": {"Speed": 1.0},
    }
    spoken = audio_order(AudioOptions(voice="v"), TEXT)
    assert spoken.operation.encode(spoken.values) == {"TimbreKey": "v", "InputSsml": "Hello", "Speed": 1.0}


@pytest.mark.parametrize("flag", ["subtitles", "smart_actions"])
def test_a_switch_that_is_off_is_not_sent(flag: str) -> None:
    assert video(**{flag: False}).operation is BASIC


# Which call --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "operation"),
    [
        ({}, BASIC),
        ({"edition": "auto"}, BASIC),
        ({"edition": "AUTO", "background": URL}, ADVANCED),
        ({"edition": "advanced"}, ADVANCED),
        ({"edition": "basic"}, BASIC),
        ({"format": "green-screen-mp4"}, BASIC),
        ({"format": "mp4"}, ADVANCED),
        ({"format": "Mp4"}, ADVANCED),
        ({"x": 0.0}, ADVANCED),
        ({"subtitle_max_words": 0}, ADVANCED),
    ],
)
def test_the_basic_call_is_taken_unless_more_is_needed(chosen: dict[str, Any], operation: Operation) -> None:
    assert video(**chosen).operation is operation


@pytest.mark.parametrize(
    ("chosen", "flags"),
    [
        ({"background": URL, "x": 0.1}, ["--background", "--x"]),
        ({"format": "mp4"}, ["--format mp4"]),
        ({"logo": (URL,), "format": "mp4"}, ["--logo", "--format mp4"]),
    ],
)
def test_what_the_basic_call_lacks_is_named(chosen: dict[str, Any], flags: list[str]) -> None:
    order = video(edition="basic", **chosen)
    assert list(order.problems) == [f"{flag} needs --edition advanced, not basic" for flag in flags]
    assert problems(order) == list(order.problems)


# Words and numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "given", "problem"),
    [
        ("driver", "txet", "--driver 'txet' is not one of text, original-voice, modulated-voice; a newer value"),
        ("format", "avi", "--format 'avi' is not one of transparent-webm, green-screen-mp4, mp4; a newer value"),
        ("segment", "all", "--segment 'all' is not one of default, custom, circle; a newer value"),
        ("concurrency_type", "x", "--concurrency-type 'x' is not one of exclusive, shared; a newer value"),
        ("edition", "pro", "--edition 'pro' is not one of auto, basic, advanced"),
    ],
)
def test_a_word_nobody_knows_is_told_with_those_that_are(option: str, given: str, problem: str) -> None:
    (found,) = video(**{option: given}).problems
    assert found.startswith(problem)
    assert ("--set" in found) == (option != "edition")


@pytest.mark.parametrize("given", ["green-screen-mp4", "GreenScreenMP4", "GREENSCREENMP4", "GreenScreenMp4"])
def test_words_of_ours_and_of_the_service_are_understood(given: str) -> None:
    assert body(video(format=given))["VideoParam.Format"] == "GreenScreenMp4"


@pytest.mark.parametrize(
    ("spec", "logo"),
    [
        (URL, {"LogoFileUrl": URL}),
        (f"{URL},x=1", {"LogoFileUrl": URL, "PositionX": 1}),
        (f"{URL}?a=1,b, X=1,SCALE=2", {"LogoFileUrl": f"{URL}?a=1,b", "PositionX": 1, "Scale": 2.0}),
        (f"{URL},x=1,x=2", {"LogoFileUrl": URL, "PositionX": 1}),
    ],
)
def test_a_logo_is_read_from_its_end(spec: str, logo: dict[str, Any]) -> None:
    assert body(video(logo=(spec,)))["VideoParam.LogoParams"] == [logo]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (f"{URL},x=1.5", "--logo x=1.5 is not a whole number (LogoParams)"),
        (f"{URL},y=", "--logo y= is not a whole number (LogoParams)"),
        (f"{URL},scale=big", "--logo scale=big is not a number (LogoParams)"),
        (f"{URL},size=2", f"--logo '{URL},size=2': size=2 is not one of x=, y=, scale="),
        ("logo.png,x=1", "VideoParam.LogoParams[0].LogoFileUrl is not an http or https URL"),
        (f"{URL},scale=0", "VideoParam.LogoParams[0].Scale is outside values above 0"),
        (f"{URL},scale=nan", "VideoParam.LogoParams[0].Scale is not a finite number"),
        (f"{URL},scale=inf", "VideoParam.LogoParams[0].Scale is not a finite number"),
        ("", "VideoParam.LogoParams[0].LogoFileUrl is not an http or https URL"),
    ],
)
def test_a_logo_that_can_not_be_read_is_told(spec: str, problem: str) -> None:
    assert problem in problems(video(logo=(spec,)))


def test_several_logos_are_sent_in_their_order() -> None:
    sent = body(video(logo=(f"{URL}/1,x=1", f"{URL}/2")))["VideoParam.LogoParams"]
    assert [logo["LogoFileUrl"][-1] for logo in sent] == ["1", "2"]


@pytest.mark.parametrize("spec", ["shirtColor", "shirtColor=red", "shirtColor=#FFF", "=#FFFFFF", "a b=#FFFFFF", ""])
def test_a_color_that_can_not_be_read_is_told(spec: str) -> None:
    (problem,) = video(color=(spec,)).problems
    assert problem.startswith(f"--color {spec!r} is not NAME=#RRGGBB (AnchorExtraParam, ")


def test_colors_are_json_in_a_string() -> None:
    """As the sample of the documentation has it."""
    extra = body(video(color=("shirtColor=#A01818",)))["VideoParam.AnchorParam.AnchorExtraParam"]
    assert json.loads(extra) == {"shirtColor": {"colorValue": 10491928}}


# What belongs together ---------------------------------------------------------------------------------


def test_a_sound_drives_with_the_original_voice_unless_told_otherwise() -> None:
    assert body(video(SOUND))["DriverType"] == "OriginalVoice"
    assert body(video(SOUND))["InputAudioUrl"] == SOUND.audio_url
    assert body(video(SOUND, driver="modulated-voice", voice="v"))["SpeechParam.TimbreKey"] == "v"


@pytest.mark.parametrize(
    ("script", "chosen", "problem"),
    [
        (SOUND, {"voice": "v"}, "--voice needs --driver modulated-voice when --audio drives the avatar"),
        (SOUND, {"driver": "text"}, "InputSsml is required when DriverType is Text"),
        (TEXT, {"driver": "original-voice"}, "InputAudioUrl is required when DriverType is OriginalVoice"),
        (TEXT, {"intensity": 100}, "SpeechParam.EmotionIntensity needs SpeechParam.EmotionCategory"),
        (TEXT, {"segment": "circle"}, "VideoParam.SmallSampleParam.MakeType is only for videos that audio drives"),
        (TEXT, {"start_frame": 1}, "VideoParam.SmallSampleParam.StartIdx needs MakeType Custom or Circle"),
        (TEXT, {"end_frame": 1}, "VideoParam.SmallSampleParam.EndIdx needs MakeType Custom"),
        (
            TEXT,
            {"segment": "custom", "start_frame": 5, "end_frame": 4},
            "VideoParam.SmallSampleParam.EndIdx is before StartIdx 5",
        ),
        (SOUND, {"smart_actions": True}, "VideoParam.SmartActionEnabled works only when text drives the avatar"),
        (
            TEXT,
            {"format": "transparent-webm", "background": URL},
            "VideoParam.BackgroundFileUrl is not possible with the format TransparentWebm",
        ),
        (
            TEXT,
            {"format": "green-screen-mp4", "x": 0.1},
            "VideoParam.AnchorParam is not possible with the format GreenScreenMp4",
        ),
    ],
)
def test_options_that_exclude_each_other_are_told(script: Script, chosen: dict[str, Any], problem: str) -> None:
    assert problem in problems(video(script, **chosen))


@pytest.mark.parametrize(
    ("script", "chosen", "path"),
    [
        (TEXT, {"subtitle_max_words": 10}, "VideoParam.SubtitlesParam"),
        (SOUND, {"speed": 1.3}, "SpeechParam.Speed"),
    ],
)
def test_options_without_effect_are_warned_about(script: Script, chosen: dict[str, Any], path: str) -> None:
    order = video(script, **chosen)
    found = order.operation.check(order.operation.encode(order.values))
    assert [(problem.path, problem.warning) for problem in found] == [(path, True)]


@pytest.mark.parametrize(
    ("path", "flag"),
    [
        ("SpeechParam.Speed", "--speed"),
        ("InputSsml", "--text"),
        ("InputAudioUrl", "--audio"),
        ("VideoParam.LogoParams[1].Scale", "--logo"),
        ("VideoParam.AnchorParam", "--x, --y, --scale, --angle or --color"),
        ("VideoParam.SubtitlesParam", "--subtitle-max-words and the like"),
        ("VideoParam.Else", "VideoParam.Else"),
    ],
)
def test_messages_name_options(path: str, flag: str) -> None:
    assert video(text="Hello").names.flag(path) == flag


def test_messages_name_the_option_that_was_given() -> None:
    assert video(ssml="a.ssml").names.flag("InputSsml") == "--ssml"
    assert video(driver="original-voice").names.spell("OriginalVoice") == "original-voice"
