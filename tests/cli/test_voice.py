"""`tadh voice` against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import srt

from tests.cli.conftest import TEXT
from tests.media import look
from tests.program import Ran

On = Callable[..., Ran]


def test_all_pages_of_voices_are_merged(on: On) -> None:
    voices = on("voice", "list", "--page-size", 7).json
    assert len(voices) > 100 and len({voice["TimbreKey"] for voice in voices}) == len(voices)


def test_voices_are_filtered(on: On) -> None:
    voices = on("voice", "list", "--gender", "Female", "--language", "zh-cn", "--type", "boutique").json
    assert voices
    for voice in voices:
        assert voice["TimbreGender"] == 2 and "zh-CN" in voice["TimbreLanguages"] and voice["TimbreType"] == "Boutique"


def test_an_unknown_gender_is_refused(on: On) -> None:
    assert "--gender 'both' is not one of male, female" in on("voice", "list", "--gender", "both", code=2).err


def test_speaking_writes_audio_and_subtitles_that_match(on: On) -> None:
    record = on(
        "voice", "speak", "--voice", "female_1", "--text", TEXT, "--download", "hello.mp3", "--subtitles", "a.srt"
    ).json
    assert record["Kind"] == "audio" and record["Files"] == ["hello.mp3", "a.srt"]
    assert look("hello.mp3").codecs == ("mp3float",)
    cues = list(srt.parse(Path("a.srt").read_text("utf-8")))
    assert " ".join(cue.content for cue in cues) == TEXT
    assert cues[-1].end.total_seconds() <= record["Duration"] / 1000


def test_a_wave_in_the_wanted_rate(on: On) -> None:
    on(
        "voice",
        "speak",
        "--voice",
        "male_1",
        "--text",
        TEXT,
        "--codec",
        "wav",
        "--sample-rate",
        16000,
        "--download",
        "a.wav",
    )
    import av

    with av.open("a.wav") as file:
        assert file.streams.audio[0].rate == 16000


@pytest.mark.parametrize("name", ["a.vtt", "a.json"])
def test_subtitles_in_other_formats(on: On, name: str) -> None:
    on("voice", "speak", "--voice", "female_1", "--text", TEXT, "--subtitles", name)
    text = Path(name).read_text("utf-8")
    assert text.startswith("WEBVTT") if name == "a.vtt" else json.loads(text)[0]["Text"] in TEXT


def test_subtitles_on_stdout(on: On) -> None:
    out = on("voice", "speak", "--voice", "female_1", "--text", TEXT, "--subtitles", "-").out
    assert [cue.index for cue in srt.parse(out)] == list(range(1, len(list(srt.parse(out))) + 1))


def test_subtitles_need_a_name_that_tells_the_format(on: On) -> None:
    assert (
        "has to end in .srt, .vtt, .json"
        in on("voice", "speak", "--voice", "x", "--text", "a", "--subtitles", "a.sub", code=2).err
    )


def test_a_voice_or_an_avatar_is_needed(on: On) -> None:
    assert "--voice or --avatar is required" in on("voice", "speak", "--text", TEXT, code=2).err


def test_one_audio_at_a_time(on: On) -> None:
    text = "Many words. " * 200
    on("voice", "speak", "--voice", "female_1", "--text", text)
    assert on("voice", "speak", "--voice", "female_1", "--text", text, code=6).error["Code"] == 100008


def test_an_audio_is_followed_by_the_commands_of_video(on: On) -> None:
    task = on("voice", "speak", "--voice", "female_1", "--text", TEXT, "-o", "id").out.strip()
    record = on("video", "wait", task, "--download", "out/").json
    assert record["Kind"] == "audio" and record["Files"] == [f"out/{task}.mp3"]
