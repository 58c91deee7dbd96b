"""Stored files against the documented limits: faulty ones with their reason, good ones at the border."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import IO

import pytest

from tadh_cli.sandbox.inspection import Found, inspect
from tadh_cli.sandbox.limits import COMPANIONS, MATERIAL, MB, RECORDINGS, Limit
from tadh_cli.sandbox.spliced import Stored
from tests.unit.sandbox_material import PDF, RATE, mixed, packed, photo, recording, sound, tone, video

LIMITS = {**MATERIAL, **COMPANIONS, **RECORDINGS}
Make = Callable[[], bytes]


def found(tmp_path: Path, data: bytes, limit: Limit, name: str = "file.bin") -> Found:
    path = tmp_path / "stored"
    path.write_bytes(data)
    return inspect(path, name, limit)


def tone_of(seconds: float, rate: int = RATE) -> bytes:
    return sound("mp3", mixed(tone(seconds, 9000, rate=rate)), rate=rate)


def extensible(rate: int) -> bytes:
    """A WAV with the longer header that studios write."""
    data = bytes(200)
    pcm = bytes.fromhex("0100000000001000800000aa00389b71")
    form = struct.pack("<HHIIHHHHI16s", 0xFFFE, 1, rate, rate * 2, 2, 16, 22, 16, 4, pcm)
    chunks = b"junk" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def cut(data: bytes, share: float = 0.6) -> bytes:
    return data[: int(len(data) * share)]


GOOD: list[tuple[str, str, Make]] = [
    ("IMAGE", "two minutes", lambda: video(120)),
    ("IMAGE", "ten minutes", lambda: video(600)),
    ("IMAGE", "upright", lambda: video(121, (1080, 1920))),
    ("IMAGE", "turned by a phone", lambda: video(121, (1920, 1080), rotation=90)),
    ("IMAGE", "4K", lambda: video(121, (3840, 2160))),
    ("IMAGE", "its index first", lambda: video(120, index_first=True)),
    ("IMAGE", "mov", lambda: video(121, kind="mov")),
    ("IMAGE", "60 fps", lambda: video(120, fps=60)),
    ("IMAGE", "NTSC", lambda: video(121, fps=Fraction(30000, 1001))),
    ("IMAGE", "another codec", lambda: video(121, codec="mpeg4")),
    ("IMAGE_GENERAL", "one minute", lambda: video(60)),
    ("IMAGE_4K", "upright 4K", lambda: video(121, (2160, 3840))),
    *(
        ("IMAGE_PHOTO", f"{size} {kind}", lambda size=size, kind=kind: photo(size, kind))  # type: ignore[misc]
        for size in ((900, 900), (900, 1600), (1600, 900), (1600, 1200), (1366, 768))
        for kind in ("jpeg", "png", "webp")
    ),
    ("IMAGE_PHOTO", "upright 4:3 that a phone turned", lambda: photo((1200, 1600), orientation=6)),
    ("IMAGE_PHOTO", "more than a picture", lambda: photo((900, 900)) + video(1, (320, 240))),
    ("VOICE", "one", lambda: packed([("a.wav", recording(1, rate=24_000))])),
    ("VOICE", "ten", lambda: packed([(f"第{n}-段_a.wav", recording(0.2, rate=36_000)) for n in range(10)])),
    ("VOICE", "compressed", lambda: packed([("a.wav", recording(1, rate=48_000))], zipfile.ZIP_DEFLATED)),
    ("VOICE", "extensible", lambda: packed([("a.wav", extensible(24_000))])),
    ("IdentityCosUrl", "any size", lambda: video(5, (640, 480), fps=15)),
    ("IdentityWrittenCosUrl", "pdf", lambda: PDF),
    *(
        ("VoiceDriverCosFile", kind, lambda kind=kind: sound(kind, mixed(tone(1, 9000))))  # type: ignore[misc]
        for kind in ("mp3", "m4a", "aac", "wma")
    ),
    ("VoiceDriverCosFile", "wav", lambda: recording(1)),
    ("basic", "wav", lambda: recording(1, channels=2)),
    ("basic", "extensible", lambda: extensible(48_000)),
    ("ultra", "16 kHz", lambda: tone_of(12)),
    ("ultra", "wav", lambda: recording(10)),
]


@pytest.mark.parametrize(("use", "make"), [pytest.param(use, make, id=f"{use} {of}") for use, of, make in GOOD])
def test_files_at_the_border_are_accepted(tmp_path: Path, use: str, make: Make) -> None:
    assert found(tmp_path, make(), LIMITS[use]).flaws == ()


def _damaged_zip() -> bytes:
    data = bytearray(packed([("a.wav", recording(1, rate=24_000))]))
    data[2000] ^= 0xFF
    return bytes(data)


def _zip_of(*names: str, rate: int = 24_000) -> bytes:
    return packed([(name, recording(0.1, rate=rate)) for name in names])


BAD: list[tuple[str, str, Make]] = [
    ("IMAGE", "empty", lambda: b""),
    ("IMAGE", "not mp4 or mov: it cannot be read", lambda: b"no video"),
    ("IMAGE", "119.0 seconds, allowed are 120 to 600", lambda: video(119)),
    ("IMAGE", "601.0 seconds", lambda: video(601)),
    ("IMAGE", "1280x720 pixels, allowed are 1920x1080 or 3840x2160", lambda: video(120, (1280, 720))),
    ("IMAGE", "1440x1080 pixels", lambda: video(120, (1440, 1080))),
    ("IMAGE", "24.00 frames a second, allowed are 25 to 60", lambda: video(120, fps=24)),
    ("IMAGE", "120.00 frames", lambda: video(121, fps=120)),
    ("IMAGE", "it is matroska,webm, not mp4 or mov", lambda: video(120, kind="matroska")),
    ("IMAGE", "it is jpg", lambda: photo((1920, 1080))),
    ("IMAGE", "it is zip", lambda: _zip_of("a.wav")),
    ("IMAGE", "it is pdf", lambda: PDF),
    ("IMAGE", "holds no picture", lambda: sound("m4a", mixed(tone(1, 9000)))),
    ("IMAGE", "cannot be read", lambda: cut(video(120))),
    ("IMAGE", "breaks off", lambda: cut(video(120, index_first=True))),
    ("IMAGE_GENERAL", "59.0 seconds, allowed are 60 to 600", lambda: video(59)),
    ("IMAGE_4K", "1920x1080 pixels, allowed are 3840x2160", lambda: video(120)),
    ("IMAGE_PHOTO", "1000x900", lambda: photo((1000, 900))),
    ("IMAGE_PHOTO", "900x1200, allowed are the ratios 1:1, 9:16, 16:9 or 4:3", lambda: photo((900, 1200))),
    ("IMAGE_PHOTO", "900x1200", lambda: photo((1200, 900), orientation=6)),
    ("IMAGE_PHOTO", "17.25 MB, allowed are 16 MB", lambda: photo((900, 900)) + bytes(17 * MB)),
    ("IMAGE_PHOTO", "not jpg, png or webp", lambda: photo((900, 900), "gif")),
    ("IMAGE_PHOTO", "it is mp4", lambda: video(1, (900, 900))),
    ("IMAGE_PHOTO", "breaks off", lambda: cut(photo((900, 900)))),
    ("IMAGE_PHOTO", "breaks off", lambda: cut(photo((900, 900), "png"))),
    ("IMAGE_PHOTO", "breaks off", lambda: cut(photo((900, 900), "webp"))),
    ("VOICE", "it is wav, not zip", lambda: recording(1, rate=24_000)),
    ("VOICE", "0 files", lambda: packed([])),
    ("VOICE", "11 files, allowed are 1 to 10", lambda: _zip_of(*(f"a{n}.wav" for n in range(11)))),
    ("VOICE", "folder inside (voice/a.wav)", lambda: _zip_of("voice/a.wav")),
    ("VOICE", "folder inside (__MACOSX/._a.wav)", lambda: _zip_of("a.wav", "__MACOSX/._a.wav")),
    ("VOICE", "a b.wav: the name", lambda: _zip_of("a b.wav")),
    ("VOICE", "a!.wav: the name", lambda: _zip_of("a!.wav")),
    ("VOICE", "a.WAV: the name", lambda: _zip_of("a.WAV")),
    ("VOICE", "16000 Hz, at least 24000", lambda: _zip_of("a.wav", rate=16_000)),
    ("VOICE", "a.wav: it is not wav", lambda: packed([("a.wav", sound("mp3", mixed(tone(1, 9000))))])),
    ("VOICE", "a.wav: it breaks off", lambda: packed([("a.wav", cut(recording(1, rate=24_000)))])),
    ("VOICE", "the zip can't be read: Bad CRC-32", _damaged_zip),
    ("VOICE", "the zip can't be read", lambda: cut(_zip_of("a.wav"))),
    ("IdentityCosUrl", "it is pdf, not mp4 or mov", lambda: PDF),
    ("IdentityWrittenCosUrl", "it is mp4, not pdf", lambda: video(5)),
    ("IdentityWrittenCosUrl", "breaks off", lambda: cut(PDF)),
    ("VoiceDriverCosFile", "10.5 MB, allowed are 10 MB", lambda: recording(344)),
    ("VoiceDriverCosFile", "it is flac", lambda: sound("flac", mixed(tone(1, 9000)))),
    ("VoiceDriverCosFile", "holds no sound", lambda: video(1, (320, 240))),
    ("basic", "it is mp3, not wav", lambda: tone_of(1)),
    ("basic", "breaks off", lambda: cut(recording(1))),
    ("ultra", "at least 16000", lambda: recording(10, rate=8000)),
    ("ultra", "it is flac", lambda: sound("flac", mixed(tone(1, 9000)))),
    ("ultra", "allowed are 20 MB", lambda: recording(700)),
]


@pytest.mark.parametrize(("use", "reason", "make"), [pytest.param(*case, id=f"{case[0]} {case[1]}") for case in BAD])
def test_files_beyond_the_limits_are_refused_for_the_right_reason(
    tmp_path: Path, use: str, reason: str, make: Make
) -> None:
    flaws = found(tmp_path, make(), LIMITS[use], "recording.bin").flaws
    assert any(reason in flaw for flaw in flaws), flaws


@pytest.mark.parametrize(
    ("use", "name", "reason"),
    [
        ("IMAGE_PHOTO", "a.png", "has 1 characters, allowed are 2 or more"),
        ("IMAGE_PHOTO", "my photo.png", "more than Chinese characters"),
        ("IMAGE_PHOTO", "我.png", "has 1 characters"),
        ("ultra", "a" * 51 + ".mp3", "has 51 characters, allowed are 2 to 50"),
        ("ultra", "a.b.mp3", "more than"),
    ],
)
def test_names_are_checked_where_the_documentation_has_a_rule(tmp_path: Path, use: str, name: str, reason: str) -> None:
    data = photo((900, 900)) if use == "IMAGE_PHOTO" else tone_of(11)
    (flaw,) = found(tmp_path, data, LIMITS[use], name).flaws
    assert reason in flaw


@pytest.mark.parametrize("name", ["照片.png", "me-2_b.jpeg", "ab.webp"])
def test_good_names_are_accepted(tmp_path: Path, name: str) -> None:
    assert found(tmp_path, photo((900, 900)), MATERIAL["IMAGE_PHOTO"], name).flaws == ()


def test_everything_that_is_wrong_is_told(tmp_path: Path) -> None:
    flaws = found(tmp_path, video(20, (640, 480), fps=15), MATERIAL["IMAGE"]).flaws
    assert len(flaws) == 3


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (lambda: video(120, (1920, 1080)), (1920, 1080)),
        (lambda: video(120, (1920, 1080), rotation=90), (1080, 1920)),
        (lambda: video(120, (1920, 1080), rotation=180), (1920, 1080)),
    ],
)
def test_a_video_has_the_size_in_which_it_is_shown(tmp_path: Path, data: Make, size: tuple[int, int]) -> None:
    assert found(tmp_path, data(), MATERIAL["IMAGE"]).size == size


# Large files -------------------------------------------------------------------------------------------


class Counted:
    """A stored object that counts the bytes that are read of it."""

    name = "counted"

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self.count = 0

    def open(self, mode: str) -> IO[bytes]:
        counted = self
        file = self._stored.open("rb")
        read = file.read

        class File:
            def __getattr__(self, name: str) -> object:
                return getattr(file, name)

            def __enter__(self) -> File:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def read(self, size: int = -1) -> bytes:
                data = read(size)
                counted.count += len(data)
                return data

        return File()  # type: ignore[return-value]


def _large(tmp_path: Path, data: bytes, size: int) -> Stored:
    """An MP4 whose index stands at the end, behind gigabytes of nothing, stored in parts of a gigabyte."""
    index = data.index(b"moov") - 4
    pieces = [(tmp_path / "0", index)]
    pieces[0][0].write_bytes(data[:index])
    left = size - len(data)
    while left:
        part = min(left, 1 << 30)
        path = tmp_path / str(len(pieces))
        with path.open("wb") as file:
            if len(pieces) == 1:
                # A box of free space holds what follows.
                file.write(struct.pack(">I4sQ", 1, b"free", left))
            file.truncate(part)
        pieces.append((path, part))
        left -= part
    path = tmp_path / "last"
    path.write_bytes(data[index:])
    return Stored((*pieces, (path, len(data) - index)))


def test_of_a_video_of_ten_gigabytes_only_the_headers_are_read(tmp_path: Path) -> None:
    stored = Counted(_large(tmp_path, video(120, (3840, 2160)), 10 << 30))
    assert inspect(stored, "a.mp4", MATERIAL["IMAGE_4K"]) == Found((), (3840, 2160))
    assert stored.count < 8 << 20
    assert sum(path.stat().st_blocks for path in tmp_path.iterdir()) * 512 < 128 << 20


def test_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    data = video(120, (3840, 2160))
    assert inspect(_large(tmp_path, data, (10 << 30) + 1), "a.mp4", MATERIAL["IMAGE_4K"]).flaws == (
        "it has 10 GB, allowed are 10 GB",
    )
