"""Text and sound that a user hands in."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tadh_cli.api.material import Limit, Size, Span
from tadh_cli.engine.inputs import arriving, is_url, sound, text_argument, text_file
from tadh_cli.errors import InputError
from tests.media import sound as encode
from tests.media import wav

LIMIT = Limit(
    "test",
    "a sound for tests",
    "audio",
    "sound",
    ("wav", "mp3", "m4a"),
    "InputAudioUrl",
    length_s=Span(0.5, 2.0, "0.5 to 2 s"),
    sample_rate_hz=Span(8000, 16_000, "8 to 16 kHz"),
)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """Standard input, filled by the test."""
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(buffer, "utf-8"))
    return buffer


def fill(stdin: io.BytesIO, data: bytes) -> None:
    stdin.write(data)
    stdin.seek(0)


def refused(name: str, content: bytes | None, limit: Limit = LIMIT) -> list[str]:
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        sound("--audio", name, limit)
    return caught.value.problems


# Text --------------------------------------------------------------------------------------------------


def test_text_is_itself_or_a_file_or_stdin(stdin: io.BytesIO) -> None:
    Path("hello.txt").write_text("你好\n", "utf-8")
    fill(stdin, b"hi")
    assert [text_argument("--text", given) for given in ("hello", "@hello.txt", "-", "a@b", "")] == [
        "hello",
        "你好\n",
        "hi",
        "a@b",
        "",
    ]


def test_a_file_of_text_may_be_stdin(stdin: io.BytesIO) -> None:
    fill(stdin, b"<speak/>")
    assert text_file("--ssml", "-") == "<speak/>"


def test_a_byte_order_mark_is_no_text() -> None:
    Path("a.txt").write_bytes(b"\xef\xbb\xbfhi")
    assert text_file("--ssml", "a.txt") == "hi"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("none.txt", None, "--text none.txt: no such file or directory"),
        ("a.txt", "数字人".encode("gb18030"), "--text a.txt is not UTF-8 (byte 0xCA at position 0)"),
        ("a.txt", b"ok \xff", "--text a.txt is not UTF-8 (byte 0xFF at position 3)"),
        ("a.txt", b"x" * (4 * 1024 * 1024 + 1), "--text a.txt is larger than 4 MiB: is it the right file?"),
        (".", None, "--text .: is a directory"),
    ],
)
def test_text_that_can_not_be_read_is_told(name: str, content: bytes | None, problem: str) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        text_argument("--text", f"@{name}")
    assert caught.value.problems == [problem]
    assert ("iconv" in caught.value.hint) == ("UTF-8" in problem)


@pytest.mark.parametrize("name", ["", "n" * 5000])
def test_a_name_that_no_file_can_have_is_told(name: str) -> None:
    with pytest.raises(InputError):
        text_argument("--text", f"@{name}")
    with pytest.raises(InputError):
        sound("--audio", name, LIMIT)


def test_stdin_that_is_no_text_is_told(stdin: io.BytesIO) -> None:
    fill(stdin, b"\xff")
    with pytest.raises(InputError, match="--text stdin is not UTF-8"):
        text_argument("--text", "-")


# Sound -------------------------------------------------------------------------------------------------


def test_a_sound_is_measured() -> None:
    Path("a.wav").write_bytes(wav(seconds=1.0))
    found = sound("--audio", "a.wav", LIMIT)
    assert (found.kind, found.size_bytes, found.seconds, found.suffix) == ("wav", 32_044, 1.0, ".wav")


def test_a_sound_from_stdin_is_kept_in_a_file(stdin: io.BytesIO) -> None:
    fill(stdin, wav(seconds=1.0))
    found = sound("--audio", "-", LIMIT)
    assert found.path.read_bytes() == wav(seconds=1.0) and found.seconds == 1.0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_sound_from_a_pipe_with_a_name_is_kept_in_a_file() -> None:
    """`--audio <(cat a.wav)`: it can be read once, and not from its middle."""
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(wav(seconds=1.0),))
    writer.start()
    found = sound("--audio", "pipe", LIMIT)
    writer.join()
    assert found.path.read_bytes() == wav(seconds=1.0) and found.seconds == 1.0


def test_a_device_is_no_sound() -> None:
    with pytest.raises(InputError, match="/dev/null: "):
        sound("--audio", os.devnull, LIMIT)


def test_a_pipe_that_can_be_kept_nowhere_is_refused(stdin: io.BytesIO, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin.write(wav(seconds=1.0))
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    with pytest.raises(InputError, match="--audio -: no such file or directory"):
        sound("--audio", "-", LIMIT)


def test_a_pipe_without_an_end_is_not_read_to_it(stdin: io.BytesIO) -> None:
    fill(stdin, wav(seconds=100.0))
    with pytest.raises(InputError, match=r"size: 1,048,577 bytes, allowed: 1 MB"):
        sound("--audio", "-", replace(LIMIT, size=Size(1, "MB"), length_s=None))


@pytest.mark.parametrize("length_s", [0.5, 2.0])
def test_the_edges_of_a_limit_are_allowed(length_s: float) -> None:
    Path("a.wav").write_bytes(wav(seconds=length_s, rate_hz=8000))
    assert sound("--audio", "a.wav", LIMIT).seconds == length_s


@pytest.mark.parametrize(
    ("name", "content", "problems"),
    [
        ("none.wav", None, ["--audio none.wav: no such file or directory"]),
        (".", None, ["--audio .: is a directory"]),
        ("a.wav", b"", ["--audio a.wav: is empty (0 bytes)"]),
        (
            "a.wav",
            b"OggS....",
            ["--audio a.wav: format: ogg, although its name says .wav, allowed: wav, mp3, m4a (InputAudioUrl)"],
        ),
        ("a.txt", b"hello", ["--audio a.txt: format: no known format, allowed: wav, mp3, m4a (InputAudioUrl)"]),
        (
            "a.ogg",
            wav(seconds=1.0),
            ["--audio a.ogg: name: a.ogg, although it is wav, allowed: .wav (InputAudioUrl)"],
        ),
        (
            "a.wav",
            wav(seconds=0.4),
            ["--audio a.wav: length: 0.4 s, allowed: 0.5 to 2 s (InputAudioUrl)"],
        ),
        (
            "a.flac",
            wav(seconds=3.0, rate_hz=48_000),
            [
                "--audio a.flac: name: a.flac, although it is wav, allowed: .wav (InputAudioUrl)",
                "--audio a.flac: length: 3 s, allowed: 0.5 to 2 s (InputAudioUrl)",
                "--audio a.flac: sample rate: 48,000 Hz, allowed: 8 to 16 kHz (InputAudioUrl)",
            ],
        ),
        (
            "a.mp3",
            b"ID3" + b"\x00" * 100,
            ["--audio a.mp3: integrity: has no sound in it"],
        ),
    ],
)
def test_every_reason_why_a_sound_will_not_do_is_told(name: str, content: bytes | None, problems: list[str]) -> None:
    assert refused(name, content) == problems


def test_an_m4a_with_the_brand_of_mp4_is_an_m4a() -> None:
    content = encode(Path("a.mp4"), rate_hz=16_000).read_bytes()
    Path("a.m4a").write_bytes(content)
    assert sound("--audio", "a.m4a", LIMIT).suffix == ".m4a"
    assert refused("a.mp4", None) == ["--audio a.mp4: name: a.mp4, although it is m4a, allowed: .m4a (InputAudioUrl)"]


def test_a_sound_without_a_name_goes_by_what_it_is() -> None:
    Path("sound").write_bytes(wav(seconds=1.0))
    assert sound("--audio", "sound", LIMIT).suffix == ".wav"


def test_advice_is_passed_on(stdin: io.BytesIO) -> None:
    Path("a.wav").write_bytes(wav(seconds=1.0, rate_hz=8000))
    limit = replace(LIMIT, advised_sample_rates_hz=(16_000,))
    (warning,) = sound("--audio", "a.wav", limit).warnings
    assert warning == "--audio a.wav: sample rate: 8,000 Hz, advised: 16 kHz (InputAudioUrl)"


@pytest.mark.parametrize(
    ("text", "wanted"), [("https://a/b", True), ("HTTP://a", True), ("file.wav", False), ("ftp://a/b", False)]
)
def test_a_url_is_told_from_a_file(text: str, wanted: bool) -> None:
    assert is_url(text) is wanted


def test_what_arrives_is_handed_on_as_it_does(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 40_000)
    pieces = list(arriving("--stream", str(tmp_path / "a")))
    assert b"".join(pieces) == b"x" * 40_000 and len(pieces) > 1


def test_a_pipe_is_not_waited_for_until_it_is_full() -> None:
    reading, writing = os.pipe()
    pieces = arriving("--stream", f"/dev/fd/{reading}")
    os.write(writing, b"one")
    assert next(pieces) == b"one"
    os.write(writing, b"two")
    assert next(pieces) == b"two"
    os.close(writing)
    os.close(reading)
    assert list(pieces) == []


@pytest.mark.parametrize("name", ["none", "."])
def test_what_can_not_be_opened_is_told_before_anything_happens(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"--stream .*(no such file|is a directory)"):
        arriving("--stream", str(tmp_path / name))
