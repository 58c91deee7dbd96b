"""Where results may be written: all of it is known before anything is paid for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.cli.conftest import TEXT
from tests.program import Ran

On = Callable[..., Ran]


@pytest.fixture
def order(on: On, avatar: str, sandbox: Hosted) -> Callable[..., Ran]:
    """Create a video that goes to a place; refused ones are not ordered."""

    def create(place: str, *more: object, code: int = 0) -> Ran:
        ran = on("video", "create", "--avatar", avatar, "--text", TEXT, "--download", place, *more, code=code)
        assert code == 0 or sandbox.journal("video.create") == []
        return ran

    return create


def test_subtitles_of_others_beside_the_video_are_seen_before_it_is_ordered(order: On) -> None:
    Path("talk.srt").write_text("MINE")
    assert "--download talk.srt exists already; use --force" in order("talk.webm", code=2).err
    assert Path("talk.srt").read_text() == "MINE"
    assert order("talk.webm", "--force").json["Files"] == ["talk.webm", "talk.srt"]


def test_subtitles_do_not_matter_to_a_video_from_sound(on: On, avatar: str, voice_file: Path) -> None:
    Path("talk.srt").write_text("MINE")
    on("video", "create", "--avatar", avatar, "--audio", voice_file, "--download", "talk.webm")
    assert Path("talk.srt").read_text() == "MINE"


def test_a_video_does_not_take_the_name_of_its_subtitles(order: On) -> None:
    assert "talk.srt is where the subtitles go" in order("talk.srt", code=2).err


@pytest.mark.parametrize("length", [245, 251, 300, 5000])
def test_a_name_that_no_file_can_have_is_seen_before_the_video_is_ordered(order: On, length: int) -> None:
    assert "the name is longer than" in order("n" * length, code=2).err


def test_the_longest_name_that_is_taken_can_be_written(order: On) -> None:
    assert order("n" * 231 + ".webm").json["Files"]


def test_force_replaces_no_device_and_no_pipe(order: On) -> None:
    os.mkfifo("pipe")
    for place in ("/dev/null", "pipe"):
        assert "is not a regular file" in order(place, "--force", code=2).err
    Path("talk.srt").symlink_to("/dev/null")
    assert "talk.srt is not a regular file" in order("talk.webm", "--force", code=2).err


def test_a_link_is_followed_as_other_tools_do(order: On) -> None:
    Path("real").mkdir()
    Path("real/old.webm").write_text("old")
    Path("talk.webm").symlink_to("real/old.webm")
    order("talk.webm", "--force")
    assert Path("talk.webm").is_symlink() and Path("real/old.webm").stat().st_size > 1000


def test_a_directory_that_is_gone_is_seen_before_the_video_is_ordered(order: On) -> None:
    Path("here").mkdir()
    os.chdir("here")
    shutil.rmtree(os.getcwd())
    assert "the current directory does not exist any more" in order("x.webm", code=2).err


def test_audio_and_subtitles_want_a_name_each(on: On, sandbox: Hosted) -> None:
    Path("link.srt").symlink_to("same.srt")
    speak = ("voice", "speak", "--voice", "female_1", "--text", TEXT)
    for name in ("same.srt", "./same.srt", "link.srt"):
        ran = on(*speak, "--download", "same.srt", "--subtitles", name, code=2)
        assert "is where --download puts the audio" in ran.err
    assert "can't both go to stdout" in on(*speak, "--download", "-", "--subtitles", "-", code=2).err
    assert sandbox.journal("audio.create") == []


def test_a_name_that_says_another_format_is_warned_about(order: On) -> None:
    assert "warning: --download a.mp4 will be a webm file" in order("a.mp4").err
    assert "warning" not in order("b.mp4", "--format", "mp4").err
