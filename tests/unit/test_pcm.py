"""Sounds of any kind as PCM: exactly what is in them, whatever they come from."""

from __future__ import annotations

import contextlib
import io
import math
import os
import random
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from tadh_cli.errors import FileError, InputError
from tadh_cli.media.pcm import BYTES_A_SECOND, Pcm, raw, sound
from tests.footage import film, photo
from tests.media import sound as compressed
from tests.media import wav

Piped = Callable[[bytes], None]
COMPRESSED = ("mp3", "m4a", "aac", "wma", "flac")


@pytest.fixture
def warnings() -> list[str]:
    return []


def noise(count: int, seed: int = 1) -> bytes:
    """Samples no two of which are alike, so that nothing can be lost unseen."""
    dice = random.Random(seed)
    return b"".join(struct.pack("<h", dice.randrange(-30_000, 30_000)) for _ in range(count))


def chunk(name: bytes, content: bytes, length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    return name + struct.pack("<I", size) + content + b"\0" * (len(content) % 2)


def wave_file(
    data: bytes, *, length: int | None = None, before: bytes = b"", after: bytes = b"", form: bytes = b"", tag: int = 1
) -> bytes:
    form = form or struct.pack("<HHIIHH", tag, 1, 16_000, 32_000, 2, 16)
    chunks = chunk(b"fmt ", form) + before + chunk(b"data", data, length) + after
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def written(content: bytes, name: str = "声音 1.wav") -> str:
    Path(name).write_bytes(content)
    return name


def heard(found: Pcm) -> bytes:
    return b"".join(found.chunks)


def of_file(name: str, warnings: list[str]) -> bytes:
    return heard(sound("--audio", name, warnings.append))


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Puts a content on stdin, through a real pipe, in odd portions."""
    with contextlib.ExitStack() as pipes:

        def give(content: bytes) -> None:
            reading, writing = os.pipe()
            feeder = threading.Thread(target=feed, args=(writing, content))
            pipes.callback(feeder.join)
            stream = pipes.enter_context(open(reading, "rb"))
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
            feeder.start()

        yield give


def feed(writing: int, content: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(writing, "wb", buffering=0) as pipe:
        for at in range(0, len(content), 4099):
            pipe.write(content[at : at + 4099])


def independent(path: str) -> bytes:
    """The same sound converted by the filters of FFmpeg instead of its resampler alone."""
    out = bytearray()
    with av.open(path) as container:
        (stream, *_) = container.streams.audio
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        form = graph.add("aformat", "sample_fmts=s16:sample_rates=16000:channel_layouts=mono")
        sink = graph.add("abuffersink")
        source.link_to(form)
        form.link_to(sink)
        graph.configure()

        def pull() -> Iterator[bytes]:
            while True:
                try:
                    frame = graph.pull()
                except (av.BlockingIOError, av.EOFError):
                    return
                assert isinstance(frame, av.AudioFrame)
                yield bytes(frame.planes[0])[: frame.samples * 2]

        for frame in container.decode(stream):
            graph.push(frame)
            out += b"".join(pull())
        graph.push(None)
        out += b"".join(pull())
    return bytes(out)


# What needs no conversion ------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2559, 2560, 100_001])
def test_a_wav_of_the_right_kind_passes_bit_by_bit(count: int, warnings: list[str]) -> None:
    data = noise(count)
    assert of_file(written(wave_file(data)), warnings) == data and warnings == []


def test_what_stands_before_and_after_the_sound_is_no_sound(warnings: list[str]) -> None:
    data = noise(1000)
    extensible = (
        struct.pack("<HHIIHHHHI", 0xFFFE, 1, 16_000, 32_000, 2, 16, 22, 16, 4) + struct.pack("<H", 1) + b"\0" * 14
    )
    for content in (
        wave_file(data, before=chunk(b"LIST", b"INFOabc"), after=chunk(b"LIST", b"x" * 99)),
        wave_file(data, form=extensible),
    ):
        assert of_file(written(content), warnings) == data
    assert warnings == []


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_recorder_that_could_not_go_back_leaves_no_length(length: int, piped: Piped, warnings: list[str]) -> None:
    data = noise(50_000)
    content = wave_file(data, length=length)
    assert of_file(written(content), warnings) == data
    piped(content)
    assert of_file("-", warnings) == data and warnings == []


def test_a_wav_through_a_pipe_passes_bit_by_bit(piped: Piped, warnings: list[str]) -> None:
    data = noise(80_000)
    piped(wave_file(data, after=chunk(b"LIST", b"x")))
    assert of_file("-", warnings) == data and warnings == []


def test_a_wav_beyond_4_gib_has_its_length_elsewhere(warnings: list[str]) -> None:
    """The first of 5 GiB are read; the file is full of holes and takes no room."""
    size = 5 << 30
    sizes = chunk(b"ds64", struct.pack("<QQQI", size + 80, size, size // 2, 0))
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16))
    head = b"RF64" + b"\xff" * 4 + b"WAVE" + sizes + form + b"data" + b"\xff" * 4
    with open("long.wav", "wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
        file.seek(0, os.SEEK_END)
        file.write(chunk(b"LIST", b"x" * 64))
    found = sound("--audio", "long.wav", warnings.append)
    assert found.seconds == size / BYTES_A_SECOND and set(next(found.chunks)) == {0}


def test_a_wav_that_breaks_off_is_said_as_far_as_it_goes(warnings: list[str]) -> None:
    data = noise(16_000)
    assert of_file(written(wave_file(data, length=64_000)), warnings) == data
    assert "is truncated: it has 1.0 s of 2.0 s" in warnings[0]


def test_half_a_sample_at_the_end_is_left_out(piped: Piped, warnings: list[str]) -> None:
    data = noise(5000)
    assert heard(raw("--pcm", written(data + b"x", "a.pcm"), warnings.append)) == data
    piped(data + b"x")
    pieces = list(raw("--pcm", "-", warnings.append).chunks)
    assert b"".join(pieces) == data and all(len(piece) % 2 == 0 for piece in pieces)
    assert len(warnings) == 2 and "in the middle of a sample" in warnings[0]


def test_without_pyav_what_needs_no_conversion_is_heard(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> None:
    for name in ("av", "tadh_cli.media.decoding"):
        monkeypatch.setitem(sys.modules, name, None)
    data = noise(100)
    assert of_file(written(wave_file(data)), warnings) == data
    with pytest.raises(InputError, match="has to be converted, which needs PyAV") as caught:
        sound("--audio", written(wav(seconds=0.1, rate_hz=44_100)), warnings.append)
    assert "pip install 'tadh-cli[media]'" in caught.value.hint


# What is converted -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COMPRESSED)
def test_any_sound_is_what_another_conversion_makes_of_it(kind: str, warnings: list[str]) -> None:
    name = str(compressed(Path(f"语音.{kind}"), seconds=3.0))
    mine = of_file(name, warnings)
    assert mine == independent(name) and warnings == []
    assert abs(len(mine) / BYTES_A_SECOND - 3.0) < 0.15


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_pipe_sounds_like_the_file(kind: str, piped: Piped, warnings: list[str]) -> None:
    path = compressed(Path(f"a.{kind}"), seconds=2.0)
    piped(path.read_bytes())
    mine, whole = of_file("-", warnings), of_file(str(path), warnings)
    # What pads the end of an MP3 is known only when its end is: it stays in what came through a pipe.
    least = len(whole) - BYTES_A_SECOND // 10 if kind == "mp3" else len(mine)
    assert mine[:least] == whole[:least] and 0 <= len(mine) - len(whole) <= BYTES_A_SECOND // 10


def test_no_end_of_a_sound_is_lost(warnings: list[str]) -> None:
    """The resampler holds back its last samples until it is asked for them."""
    for rate, count in ((44_100, 44_100), (48_000, 12_345), (8000, 801)):
        mine = of_file(written(wav(seconds=count / rate, rate_hz=rate)), warnings)
        assert abs(len(mine) / 2 - math.ceil(count * 16_000 / rate)) <= 1


def test_two_channels_become_one(warnings: list[str]) -> None:
    frames = struct.pack("<hh", 8000, 4000) * 16_000
    form = struct.pack("<HHIIHH", 1, 2, 16_000, 64_000, 4, 16)
    mine = of_file(written(wave_file(frames, form=form)), warnings)
    assert len(mine) == 32_000 and set(struct.unpack("<16000h", mine)) == {6000}


def test_a_film_is_heard_not_seen(warnings: list[str]) -> None:
    film(Path("talk.mp4"), seconds=2)
    with av.open("talk.mp4") as container:
        has_sound = bool(container.streams.audio)
    if has_sound:
        assert len(of_file("talk.mp4", warnings)) > BYTES_A_SECOND
    else:
        with pytest.raises(InputError, match="has no sound track"):
            sound("--audio", "talk.mp4", warnings.append)


def test_memory_does_not_grow_with_the_sound(warnings: list[str]) -> None:
    """What is read ahead is a small part of an hour."""
    name = written(wav(seconds=1.0, rate_hz=48_000)[:44] + bytes(48_000 * 2 * 600))
    seen = max(len(piece) for piece in sound("--audio", name, warnings.append).chunks)
    assert seen < 100_000


def test_a_damaged_packet_is_no_end(warnings: list[str]) -> None:
    content = bytearray(compressed(Path("a.mp3"), seconds=3.0).read_bytes())
    content[20_000:20_400] = random.Random(2).randbytes(400)
    mine = of_file(written(bytes(content), "b.mp3"), warnings)
    assert len(mine) / BYTES_A_SECOND > 2.5


# What is no sound --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.mp3", b"", "is empty"),
        ("page.mp3", b"<!doctype html><p>404</p>", "is no sound but html"),
        ("random.mp3", bytes(range(1, 200)) * 40, "is no sound that can be read"),
        ("none.wav", wave_file(b""), "has no sound in it"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "is no sound that can be read"),
    ],
)
def test_what_is_no_sound_is_refused_by_name(name: str, content: bytes, told: str, warnings: list[str]) -> None:
    with pytest.raises(InputError, match=f"--audio {name} {told}"):
        sound("--audio", written(content, name), warnings.append)


def test_a_place_that_is_no_file(warnings: list[str]) -> None:
    for name, told in ((".", "is a directory"), ("nowhere.wav", "no such file or directory"), ("a\0b", "null")):
        with pytest.raises(InputError, match=told):
            sound("--audio", name, warnings.append)


def test_a_picture_is_refused(warnings: list[str]) -> None:
    with pytest.raises(InputError, match="is no sound but jpg"):
        sound("--audio", str(photo(Path("a.jpg"))), warnings.append)


def test_nothing_in_a_pipe_is_told(piped: Piped, warnings: list[str]) -> None:
    piped(b"")
    with pytest.raises(InputError, match="--audio - is empty"):
        sound("--audio", "-", warnings.append)


def test_a_wav_given_as_raw_pcm_would_begin_with_a_click(warnings: list[str]) -> None:
    with pytest.raises(InputError, match="is wav, not raw PCM") as caught:
        raw("--pcm", written(wave_file(noise(10))), warnings.append)
    assert "--audio" in caught.value.hint
    with pytest.raises(InputError, match="is empty"):
        raw("--pcm", written(b"", "a.pcm"), warnings.append)


def test_a_sound_without_a_decodable_packet_fails_when_it_is_read(warnings: list[str]) -> None:
    content = bytearray(compressed(Path("a.flac"), seconds=1.0).read_bytes())
    content[2000:] = bytes(len(content) - 2000)
    name = written(bytes(content), "b.flac")
    try:
        mine = of_file(name, warnings)
    except FileError as error:
        assert "--audio b.flac" in error.message
    else:
        assert len(mine) < BYTES_A_SECOND


def test_a_sound_that_is_not_used_is_given_back(warnings: list[str]) -> None:
    for found in (
        sound("--audio", written(wave_file(noise(10))), warnings.append),
        sound("--audio", str(compressed(Path("a.mp3"))), warnings.append),
    ):
        found.close()
