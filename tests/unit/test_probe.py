"""How long a sound is: sounds as recorders write them, and as they should not."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.media.probe import probe
from tests.media import wav

FORMAT = struct.pack("<HHIIHH", 1, 1, 8000, 16_000, 2, 16)
SECOND = b"\x00" * 16_000


def chunk(name: bytes, data: bytes, length: int | None = None) -> bytes:
    """A chunk as it stands in the file, padded to an even length."""
    padding = b"\x00" if len(data) % 2 else b""
    return name + struct.pack("<I", len(data) if length is None else length) + data + padding


def seconds(path: Path, *chunks: bytes) -> float | None:
    body = b"WAVE" + b"".join(chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return probe(path).seconds


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.wav"


@pytest.mark.parametrize("length_s", [0.1, 0.5, 1.0, 2.5])
def test_a_wav_lasts_as_long_as_its_data(file: Path, length_s: float) -> None:
    file.write_bytes(wav(seconds=length_s))
    assert probe(file).seconds == pytest.approx(length_s, abs=0.001)


@pytest.mark.parametrize(
    ("chunks", "length_s"),
    [
        ([chunk(b"fmt ", FORMAT), chunk(b"data", SECOND)], 1.0),
        ([chunk(b"LIST", b"INFOx"), chunk(b"fmt ", FORMAT), chunk(b"fact", b"1234"), chunk(b"data", SECOND)], 1.0),
        ([chunk(b"fmt ", FORMAT + b"\x00\x00"), chunk(b"data", SECOND)], 1.0),
        ([chunk(b"fmt ", FORMAT + b"\x00"), chunk(b"data", SECOND)], 1.0),
        ([chunk(b"fmt ", FORMAT), chunk(b"data", SECOND, 0)], 1.0),
        ([chunk(b"fmt ", FORMAT), chunk(b"data", SECOND, 0xFFFFFFFF)], 1.0),
        ([chunk(b"fmt ", FORMAT), chunk(b"data", SECOND[:8000], 16_000)], 0.5),
        ([chunk(b"fmt ", FORMAT), chunk(b"data", b"")], 0.0),
        ([chunk(b"fmt ", FORMAT)], None),
        ([chunk(b"data", SECOND)], None),
        ([chunk(b"fmt ", FORMAT.replace(struct.pack("<I", 16_000), b"\x00" * 4)), chunk(b"data", SECOND)], None),
        ([], None),
        ([b"fm"], None),
    ],
)
def test_chunks_of_a_wav_are_walked(file: Path, chunks: list[bytes], length_s: float | None) -> None:
    assert seconds(file, *chunks) == length_s


@pytest.mark.timeout(5)
@pytest.mark.parametrize("length", [0, 1, 7, 8, 14, 15])
def test_a_format_that_is_too_short_is_no_endless_loop(file: Path, length: int) -> None:
    assert seconds(file, chunk(b"fmt ", FORMAT[:length]), chunk(b"data", SECOND)) is None


@given(
    chunks=st.lists(
        st.tuples(
            st.sampled_from([b"LIST", b"data", b"fact", b"\x00\x00\x00\x00"]),
            st.binary(max_size=40),
            st.integers(0, 60),
        ),
        max_size=6,
    ),
    has_format=st.booleans(),
)
def test_any_wav_has_a_length_or_none(
    chunks: list[tuple[bytes, bytes, int]], has_format: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.wav"
    start = [chunk(b"fmt ", FORMAT)] if has_format else []
    found = seconds(file, *start, *(chunk(*each) for each in chunks))
    assert found is None or 0 <= found < 1


Encode = Callable[[str, str], Path]


@pytest.fixture
def encode(tmp_path: Path) -> Encode:
    """A second of sound in a container and codec."""

    def encode(name: str, codec: str) -> Path:
        (tmp_path / "in.wav").write_bytes(wav(seconds=1.0))
        with av.open(str(tmp_path / "in.wav")) as source, av.open(str(tmp_path / name), "w") as target:
            stream = target.add_stream(codec, rate=16_000)
            for frame in source.decode(audio=0):
                target.mux(stream.encode(frame))  # type: ignore[attr-defined]
            target.mux(stream.encode(None))  # type: ignore[attr-defined]
        return tmp_path / name

    return encode


@pytest.mark.parametrize(
    ("name", "codec", "kind"),
    [
        ("a.mp3", "mp3", "mp3"),
        ("a.m4a", "aac", "m4a"),
        ("a.aac", "aac", "aac"),
        ("a.flac", "flac", "flac"),
    ],
)
def test_other_sounds_are_measured_too(encode: Encode, name: str, codec: str, kind: str) -> None:
    facts = probe(encode(name, codec))
    assert (facts.kind, facts.seconds) == (kind, pytest.approx(1.0, abs=0.2))


@pytest.mark.parametrize("content", [b"", b"ID3", b"ID3" + b"\x00" * 500, b"\x00" * 100, b"fLaC" * 50])
def test_a_damaged_sound_has_no_length(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert probe(path).seconds is None
