"""Files made for the purpose: each refused for the right reason alone, or taken without a false alarm."""

from __future__ import annotations

import io
import os
import shlex
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from tadh_cli.api.material import Limit
from tadh_cli.errors import InputError
from tadh_cli.media.preflight import Report, inspect, problems, refuse, warnings
from tadh_cli.providers.tencent import TENCENT
from tests.material import (
    PDF,
    bomb,
    clipped,
    hollow_zip,
    locked_zip,
    padded,
    picture,
    raw_names_zip,
    recording,
    wave,
    zipped,
)
from tests.media import sound, still_film
from tests.movies import Film

Make = Callable[[], Path]
GIB, MIB = 1024**3, 1024**2


def written(name: str, content: bytes) -> Path:
    Path(name).write_bytes(content)
    return Path(name)


def made(name: str, build: Callable[[Path], object]) -> Make:
    """A file of this name, built when its test runs."""

    def make() -> Path:
        build(Path(name))
        return Path(name)

    return make


def film(name: str = "film.mp4", **wishes: object) -> Make:
    return made(name, Film(**wishes).write)  # type: ignore[arg-type]


def photo(name: str, size: tuple[int, int] = (900, 900), **more: object) -> Make:
    return made(name, lambda path: picture(path, size, **more))  # type: ignore[arg-type]


def wav(name: str, **wishes: object) -> Make:
    return made(name, lambda path: recording(path, **wishes))  # type: ignore[arg-type]


def archive(*names: str, name: str = "voice.zip", rate_hz: int = 24_000) -> Make:
    return made(name, lambda path: zipped(path, [(each, wave(rate_hz=rate_hz)) for each in names]))


def tone(name: str, **wishes: object) -> Make:
    return made(name, lambda path: sound(path, **wishes))  # type: ignore[arg-type]


def raw(name: str, content: bytes) -> Make:
    return made(name, lambda path: path.write_bytes(content))


def film_and_sound(path: Path) -> None:
    """A Windows Media film, which begins as a sound of that kind does."""
    import av

    with av.open(str(path), "w", format="asf") as target:
        pictures = target.add_stream("wmv2", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sounds = target.add_stream("wmav2", rate=44_100)
        sounds.bit_rate = 96_000
        silence = av.AudioFrame("s16", "mono", 4096)
        silence.sample_rate = 44_100
        target.mux(pictures.encode(av.VideoFrame(64, 48, "yuv420p")))
        target.mux(sounds.encode(silence))  # type: ignore[attr-defined]


def judged(make: Make, role: str) -> Report:
    return inspect(make(), TENCENT.limit(role))


def errors(report: Report) -> list[str]:
    return [finding.check for finding in report.of("error")]


FOUR_K = (3840, 2160)
NTSC = Fraction(30_000, 1001)

# A file, what it is to be, and the only things that are wrong with it.
FAULTY: list[tuple[str, Make, str, list[str]]] = [
    # Films
    ("studio 119.96 s", film(seconds=119.96), "studio", ["length"]),
    ("studio 600.04 s", film(seconds=600.04), "studio", ["length"]),
    ("instant 59.96 s", film(seconds=59.96), "instant", ["length"]),
    ("instant 600.04 s", film(seconds=600.04), "instant", ["length"]),
    ("4k 119.96 s", film(seconds=119.96, size=FOUR_K), "4k", ["length"]),
    ("shorter by its edit list", film(seconds=130, edited_seconds=100), "studio", ["length"]),
    ("sound long enough, picture not", film(seconds=100, sound_seconds=130), "studio", ["length"]),
    ("4k is full HD", film(), "4k", ["resolution"]),
    ("720p", film(size=(1280, 720)), "studio", ["resolution"]),
    ("1440p", film(size=(2560, 1440)), "instant", ["resolution"]),
    ("a pixel less", film(size=(1919, 1080)), "studio", ["resolution"]),
    ("720p that says it is shown larger", film(size=(1280, 720), shown=(1920, 1080)), "studio", ["resolution"]),
    ("4:3", film(size=(1440, 1080)), "studio", ["aspect ratio", "resolution"]),
    ("cinema 4K", film(size=(4096, 2160)), "4k", ["aspect ratio", "resolution"]),
    ("square", film(size=(1080, 1080)), "studio", ["aspect ratio", "resolution"]),
    ("24 fps", film(rate=Fraction(24)), "studio", ["frame rate"]),
    ("23.976 fps", film(rate=Fraction(24_000, 1001)), "studio", ["frame rate"]),
    ("61 fps", film(rate=Fraction(61)), "instant", ["frame rate"]),
    ("120 fps", film(rate=Fraction(120)), "4k", ["resolution", "frame rate"]),
    ("variable rate of 20", film(rate=Fraction(600), table=[(1300, 20), (1300, 40)]), "studio", ["frame rate"]),
    ("a byte over 5 GiB", film(media_bytes=5 * GIB), "studio", ["size"]),
    ("a byte over 10 GiB", film(size=FOUR_K, media_bytes=10 * GIB), "4k", ["size"]),
    ("webm", raw("film.webm", b"\x1a\x45\xdf\xa3" + bytes(600)), "studio", ["format"]),
    ("webm called mp4", raw("film.mp4", b"\x1a\x45\xdf\xa3" + bytes(600)), "studio", ["format"]),
    ("avi called mov", raw("film.mov", b"RIFF\x00\x01\x00\x00AVI LIST" + bytes(90)), "studio", ["format"]),
    ("a page called mp4", raw("film.mp4", b"<!DOCTYPE html><html></html>"), "studio", ["format"]),
    ("a film called jpg", film("film.jpg"), "studio", ["name"]),
    ("no picture", film("film.mov", brand=b"qt  ", has_picture=False), "studio", ["tracks"]),
    ("header lost", made("film.mp4", lambda path: clipped(Film().write(path), 0.5)), "studio", ["integrity"]),
    (
        "end lost",
        made("film.mp4", lambda path: padded(Film(header_first=True, media_bytes=9000).write(path), 5000)),
        "studio",
        ["integrity"],
    ),
    (
        "header alone",
        made("film.mp4", lambda path: padded(Film(header_first=True).write(path), 1500)),
        "studio",
        ["integrity"],
    ),
    ("empty", raw("film.mp4", b""), "studio", ["file"]),
    # Photos
    ("photo 3:2", photo("me.jpg", (900, 600)), "photo", ["aspect ratio"]),
    ("photo 3:4 upright", photo("me.png", (900, 1200)), "photo", ["aspect ratio"]),
    ("photo turned to 3:4", photo("me.jpg", (1200, 900), orientation=6), "photo", ["aspect ratio"]),
    ("webp turned to 3:4", photo("me.webp", (1200, 900), orientation=8), "photo", ["aspect ratio"]),
    ("png turned to 3:4", photo("me.png", (1200, 900), orientation=5), "photo", ["aspect ratio"]),
    ("photo 2 % off", photo("me.png", (1020, 1000)), "photo", ["aspect ratio"]),
    ("photo with a blank in its name", photo("my face.png"), "photo", ["name"]),
    ("photo with brackets in its name", photo("face(1).jpg"), "photo", ["name"]),
    ("photo with one character", photo("x.png"), "photo", ["name"]),
    ("png called jpg", made("me.jpg", lambda path: picture(path, format="PNG")), "photo", ["name"]),
    ("gif", photo("me.gif"), "photo", ["format"]),
    ("bmp called png", made("me.png", lambda path: picture(path, format="BMP")), "photo", ["format"]),
    ("heic", raw("me.heic", b"\x00\x00\x00\x18ftypheic" + bytes(90)), "photo", ["format"]),
    ("heic called jpg", raw("me.jpg", b"\x00\x00\x00\x18ftypheic" + bytes(90)), "photo", ["format"]),
    ("photo over 16 MiB", made("me.png", lambda path: padded(picture(path), 16 * MIB + 1)), "photo", ["size"]),
    ("half a png", made("me.png", lambda path: clipped(picture(path))), "photo", ["integrity"]),
    ("half a jpg", made("me.jpg", lambda path: clipped(picture(path), 0.8)), "photo", ["integrity"]),
    ("half a webp", made("me.webp", lambda path: clipped(picture(path, lossless=True), 0.6)), "photo", ["integrity"]),
    # Letters
    ("letter as mov", film("letter.mov", brand=b"qt  "), "identity-video", ["format"]),
    ("letter as pdf", raw("letter.pdf", PDF), "identity-video", ["format"]),
    ("letter without end", raw("letter.pdf", PDF[:-8]), "identity-pdf", ["integrity"]),
    ("scan as jpg", photo("letter.jpg"), "identity-pdf", ["format"]),
    ("scan called pdf", made("letter.pdf", lambda path: picture(path, format="PNG")), "identity-pdf", ["format"]),
    # Recordings of the basic edition
    ("wav of 22.05 kHz", wav("a.wav", rate_hz=22_050), "voice-wav", ["sample rate"]),
    ("wav of 23.999 kHz", wav("a.wav", rate_hz=23_999), "voice-wav", ["sample rate"]),
    ("extensible wav of 16 kHz", wav("a.wav", rate_hz=16_000, extensible=True), "voice-wav", ["sample rate"]),
    ("extension in capitals", wav("a.WAV"), "voice-wav", ["name"]),
    ("blank in the name", wav("take 1.wav"), "voice-wav", ["name"]),
    ("mark in the name", wav("take#1.wav"), "voice-wav", ["name"]),
    ("mp3 called wav", made("a.wav", lambda path: os.replace(sound(Path("b.mp3")), path)), "voice-wav", ["format"]),
    ("wav cut off", wav("a.wav", declared=28_800_002), "voice-wav", ["integrity"]),
    ("wav of nothing", wav("a.wav", seconds=0), "voice-wav", ["integrity"]),
    ("wav without format", raw("a.wav", b"RIFF\x0c\x00\x00\x00WAVEdata\x00\x00\x00\x00"), "voice-wav", ["integrity"]),
    ("wav over 1 GiB", wav("a.wav", seconds=GIB / 48_000), "voice-wav", ["size"]),
    # Zips
    ("11 files", archive(*(f"{number}.wav" for number in range(11))), "voice-zip", ["file count"]),
    ("no file", archive(), "voice-zip", ["file count"]),
    ("2,000 files", archive(*(f"{number}.wav" for number in range(2000)), rate_hz=1), "voice-zip", ["file count"]),
    ("folder", archive("voice/a.wav"), "voice-zip", ["layout"]),
    (
        "empty folder beside",
        made("v.zip", lambda path: zipped(path, {"d/": b"", "a.wav": wave()})),
        "voice-zip",
        ["layout"],
    ),
    (
        "from a Mac",
        made("v.zip", lambda path: zipped(path, {"a.wav": wave(), "__MACOSX/._a.wav": bytes(82)})),
        "voice-zip",
        ["layout"],
    ),
    ("Windows' folder", archive("voice\\a.wav"), "voice-zip", ["layout"]),
    ("way out", archive("../a.wav"), "voice-zip", ["layout"]),
    ("zip with 16 kHz", archive("a.wav", rate_hz=16_000), "voice-zip", ["sample rate"]),
    ("zip with capitals", archive("a.WAV"), "voice-zip", ["name"]),
    ("zip with blanks", archive("take 1.wav"), "voice-zip", ["name"]),
    (
        "zip with a text",
        made("v.zip", lambda path: zipped(path, {"a.wav": wave(), "b.txt": b"hello"})),
        "voice-zip",
        ["format"],
    ),
    (
        "zip with a lie",
        made("v.zip", lambda path: zipped(path, {"a.wav": b"ID3\x04" + bytes(99)})),
        "voice-zip",
        ["format"],
    ),
    (
        "zip in a zip",
        made("v.zip", lambda path: zipped(path, {"b.zip": b"PK\x05\x06" + bytes(18)})),
        "voice-zip",
        ["format"],
    ),
    ("zip with an empty wav", made("v.zip", lambda path: zipped(path, {"a.wav": b""})), "voice-zip", ["file"]),
    (
        "zip with half a wav",
        made("v.zip", lambda path: zipped(path, {"a.wav": wave()[:9000]}, zipfile.ZIP_DEFLATED)),
        "voice-zip",
        ["integrity"],
    ),
    ("a name twice", archive("a.wav", "A.wav"), "voice-zip", ["duplicates"]),
    ("password", made("v.zip", locked_zip), "voice-zip", ["encryption", "file count"]),
    (
        "over 1 GiB in all",
        made("v.zip", lambda path: hollow_zip(path, {"a.wav": 2900, "b.wav": 2900})),
        "voice-zip",
        ["size"],
    ),
    ("zip cut off", made("v.zip", lambda path: clipped(zipped(path, {"a.wav": wave()}))), "voice-zip", ["integrity"]),
    ("zip without its beginning", raw("v.zip", b"PK\x05\x06" + b"\xff" * 14 + bytes(4)), "voice-zip", ["integrity"]),
    ("rar", raw("v.rar", b"Rar!\x1a\x07\x01\x00"), "voice-zip", ["format"]),
    ("wav instead of zip", wav("a.wav"), "voice-zip", ["format"]),
    # Recordings of the ultra edition
    ("ultra of 16 kHz", wav("me.wav", seconds=20, rate_hz=16_000), "ultra", ["sample rate"]),
    ("ultra mp3 of 16 kHz", tone("me.mp3", seconds=11, rate_hz=16_000), "ultra", ["sample rate"]),
    ("ultra wma of 16 kHz", tone("me.wma", seconds=11, rate_hz=16_000, bit_rate=32_000), "ultra", ["sample rate"]),
    ("ultra m4a of 8 kHz", tone("me.m4a", seconds=11, rate_hz=8_000), "ultra", ["sample rate"]),
    ("ultra aac of 8 kHz", tone("me.aac", seconds=11, rate_hz=8_000), "ultra", ["sample rate"]),
    ("ultra name of one character", wav("a.wav", seconds=20), "ultra", ["name"]),
    ("ultra name of 51 characters", wav(f"{'a' * 51}.wav", seconds=20), "ultra", ["name"]),
    ("ultra over 20 MiB", wav("me.wav", seconds=20 * MIB / 48_000), "ultra", ["size"]),
    ("ultra ogg", raw("me.ogg", b"OggS" + bytes(60)), "ultra", ["format"]),
    ("ultra mp3 of noise", raw("me.mp3", b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(9000)), "ultra", ["integrity"]),
    ("a film called m4a", film("me.m4a"), "ultra", ["format"]),
    ("a film called wma", made("me.wma", film_and_sound), "ultra", ["tracks"]),
    ("a wma cut off", made("me.wma", lambda path: clipped(sound(path), 0.01)), "ultra", ["integrity"]),
    # Sounds that drive
    ("demo over 10 MiB", wav("demo.wav", seconds=10 * MIB / 48_000), "demo-audio", ["size"]),
    ("demo flac", raw("demo.flac", b"fLaC" + bytes(60)), "demo-audio", ["format"]),
    ("driving 0.4 s", wav("a.wav", seconds=0.4), "driving-audio", ["length"]),
    ("driving an hour and a bit", wav("a.wav", seconds=3600.5), "driving-audio", ["length"]),
]

# A file at the edge of what is allowed.
GOOD: list[tuple[str, Make, str]] = [
    ("studio 120 s", film(seconds=120), "studio"),
    ("studio 600 s", film(seconds=600), "studio"),
    ("studio 600 s, sound a frame longer", film(seconds=600, sound_seconds=600.02), "studio"),
    ("instant 60 s", film(seconds=60), "instant"),
    ("instant 600 s", film(seconds=600, rate=Fraction(60)), "instant"),
    ("4k 120 s", film(seconds=120, size=FOUR_K), "4k"),
    ("4k 600 s of 60 fps", film(seconds=600, size=FOUR_K, rate=Fraction(60)), "4k"),
    ("studio in 4K", film(size=FOUR_K), "studio"),
    ("25 fps", film(rate=Fraction(25)), "studio"),
    ("60 fps", film(rate=Fraction(60)), "studio"),
    ("59.94 fps", film(rate=Fraction(60_000, 1001)), "studio"),
    ("29.97 fps", film(rate=NTSC), "studio"),
    ("60 fps in milliseconds", film(rate=Fraction(1000), table=[(1, 17), (1, 16), (1, 17)] * 2600), "studio"),
    ("25 fps with a long last picture", film(rate=Fraction(25), table=[(3249, 1), (1, 2)]), "studio"),
    ("a phone's variable 30", film(rate=Fraction(600), table=[(2000, 20), (1000, 21), (900, 19)]), "studio"),
    ("a phone's 60.1", film(rate=Fraction(600), table=[(4000, 10), (60, 8), (3740, 10), (40, 12), (80, 9)]), "studio"),
    ("5 GB", film(media_bytes=5 * 1000**3 - 2000), "studio"),
    ("5 GiB", film(media_bytes=5 * GIB - 2000), "studio"),
    ("10 GiB", film(size=FOUR_K, media_bytes=10 * GIB - 2000), "4k"),
    ("10 GB, header first", film(size=FOUR_K, media_bytes=10 * 1000**3 - 2000, header_first=True), "4k"),
    ("upright", film(size=(1080, 1920)), "studio"),
    ("turned by a phone", film(orientation=6), "studio"),
    ("turned the other way", film(orientation=8, size=FOUR_K), "4k"),
    ("upside down", film(orientation=3), "instant"),
    ("mirrored", film(orientation=2), "instant"),
    ("mov", film("film.mov", brand=b"qt  "), "studio"),
    ("MOV in capitals", film("FILM.MOV", brand=b"qt  "), "studio"),
    ("an mp4 called mov", film("film.mov"), "studio"),
    ("silent", film(has_sound=False), "studio"),
    ("64-bit headers", film(version=1), "studio"),
    ("blocks cut by an aperture", film(size=(1920, 1088), aperture=(1920, 1080), shown=(1920, 1080)), "studio"),
    ("pixels that are not square", film(size=(1440, 1080), pixels=(4, 3), shown=(1920, 1080)), "studio"),
    ("blank in a film's name", film("my film (1).mp4"), "studio"),
    ("rubbish behind the end", film(extra=bytes(50)), "studio"),
    ("a real mp4", made("film.mp4", lambda path: still_film(path, seconds=61)), "instant"),
    ("a real mov", made("film.mov", lambda path: still_film(path, seconds=61, rate=60, size=(1080, 1920))), "instant"),
    ("photo 1:1", photo("me.png"), "photo"),
    ("photo 4:3", photo("me.jpg", (1200, 900)), "photo"),
    ("photo 16:9", photo("me.webp", (1920, 1080)), "photo"),
    ("photo 9:16", photo("me.jpeg", (1080, 1920)), "photo"),
    ("photo 16:9 in whole pixels", photo("me.png", (1366, 768)), "photo"),
    ("photo turned to 4:3", photo("me.jpg", (900, 1200), orientation=6), "photo"),
    ("webp turned to 9:16", photo("me.webp", (1920, 1080), orientation=8, lossless=True), "photo"),
    ("photo upside down", photo("me.jpg", (1200, 900), orientation=3), "photo"),
    ("photo of two characters", photo("me.png"), "photo"),
    ("Chinese name", photo("数字人_1-a.png"), "photo"),
    ("JPG in capitals", photo("ME.JPG"), "photo"),
    ("16 MiB", made("me.png", lambda path: padded(picture(path), 16 * MIB)), "photo"),
    ("progressive jpg", photo("me.jpg", progressive=True), "photo"),
    ("letter", film("letter.mp4", size=(640, 480), seconds=9, rate=Fraction(15)), "identity-video"),
    ("letter with a blank in its name", film("a b.MP4", size=(320, 240), seconds=1), "identity-video"),
    ("scan", raw("letter.pdf", PDF), "identity-pdf"),
    ("scan with something behind its end", raw("letter.PDF", PDF + bytes(1000)), "identity-pdf"),
    ("24 kHz", wav("a.wav"), "voice-wav"),
    ("36 kHz", wav("a-1_b.wav", rate_hz=36_000), "voice-wav"),
    ("48 kHz, stereo, 24 bits", wav("录音.wav", rate_hz=48_000, channels=2, bits=24), "voice-wav"),
    ("extensible", wav("a.wav", extensible=True, bits=24), "voice-wav"),
    ("floats", wav("a.wav", tag=3, bits=32), "voice-wav"),
    ("broadcast wav", wav("a.wav", chunks=b"bext" + (602).to_bytes(4, "little") + bytes(602)), "voice-wav"),
    ("recorder that lost power", wav("a.wav", declared=0), "voice-wav"),
    ("streamed wav", wav("a.wav", declared=0xFFFFFFFF), "voice-wav"),
    ("rf64", wav("a.wav", declared=0xFFFFFFFF, form=b"RF64"), "voice-wav"),
    ("1 GiB", wav("a.wav", seconds=GIB / 48_000 - 1), "voice-wav"),
    ("short", wav("a.wav", seconds=3), "voice-wav"),
    ("one file", archive("a.wav"), "voice-zip"),
    ("ten files", archive(*(f"take-{number}_x.wav" for number in range(10))), "voice-zip"),
    ("deflated", made("v.zip", lambda path: zipped(path, {"a.wav": wave()}, zipfile.ZIP_DEFLATED)), "voice-zip"),
    ("Chinese names", archive("录音1.wav"), "voice-zip"),
    ("Chinese Windows", made("v.zip", lambda path: raw_names_zip(path, "录音.wav".encode("gb18030"))), "voice-zip"),
    ("macOS names", made("v.zip", lambda path: raw_names_zip(path, "录音.wav".encode())), "voice-zip"),
    (
        "just under 1 GiB in all",
        made("v.zip", lambda path: hollow_zip(path, {"a.wav": 2700, "b.wav": 2800})),
        "voice-zip",
    ),
    ("what unpacks a thousandfold", made("v.zip", bomb), "voice-zip"),
    ("ZIP in capitals", archive("a.wav", name="V.ZIP"), "voice-zip"),
    ("ultra 10 s", wav("me.wav", seconds=10), "ultra"),
    ("ultra 30 s", wav("录音.wav", seconds=30, rate_hz=48_000), "ultra"),
    ("ultra just over 16 kHz", wav("me.wav", seconds=20, rate_hz=16_001), "ultra"),
    ("ultra 22.05 kHz", tone("me.mp3", seconds=11, rate_hz=22_050), "ultra"),
    ("ultra mp3", tone("me.mp3", seconds=11), "ultra"),
    ("ultra aac", tone("me.aac", seconds=11), "ultra"),
    ("ultra m4a", tone("me.m4a", seconds=11), "ultra"),
    ("ultra wma", tone("me.wma", seconds=11), "ultra"),
    ("ultra asf", tone("me.asf", seconds=11), "ultra"),
    ("ultra name of 50 characters", wav(f"{'a' * 50}.wav", seconds=20), "ultra"),
    ("ultra 20 MiB", wav("me.wav", seconds=20 * MIB / 48_000 - 1), "ultra"),
    ("ultra of two seconds", wav("me.wav", seconds=2), "ultra"),
    ("demo mp3", tone("a b.mp3", bit_rate=32_000), "demo-audio"),
    ("demo 10 MiB", wav("demo.wav", seconds=10 * MIB / 48_000 - 1), "demo-audio"),
    ("driving 0.5 s", wav("a.wav", seconds=0.5), "driving-audio"),
    ("driving an hour", wav("a.wav", seconds=3600), "driving-audio"),
    (
        "driving m4a with a film's brand",
        made("a.m4a", lambda path: os.replace(sound(Path("b.mp4")), path)),
        "driving-audio",
    ),
]


def test_there_are_enough_of_both() -> None:
    assert len(FAULTY) >= 45 and len(GOOD) >= 45
    assert {role for _, _, role, _ in FAULTY} == {role for _, _, role in GOOD} == set(TENCENT.limits())


@pytest.mark.parametrize(("make", "role", "wrong"), [each[1:] for each in FAULTY], ids=[each[0] for each in FAULTY])
def test_a_faulty_file_is_refused_for_the_right_reason_alone(make: Make, role: str, wrong: list[str]) -> None:
    report = judged(make, role)
    assert errors(report) == wrong
    assert all(finding.measured and (finding.fix or finding.check == "file") for finding in report.of("error"))


@pytest.mark.parametrize(("make", "role"), [each[1:] for each in GOOD], ids=[each[0] for each in GOOD])
def test_a_file_at_the_edge_is_taken(make: Make, role: str) -> None:
    report = judged(make, role)
    assert report.is_accepted, [finding.sentence for finding in report.of("error")]
    assert not report.of("unchecked")


# Advice ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "role", "checks"),
    [
        (film(), "studio", []),
        (film(media_bytes=5 * 1000**3), "studio", ["size"]),
        (film(media_bytes=5 * GIB - 2000), "studio", ["size"]),
        (film("film.mov"), "studio", ["name"]),
        (film(seconds=600, sound_seconds=605), "studio", ["length"]),
        (film(size=(1440, 1080), pixels=(4, 3), shown=(1920, 1080)), "studio", ["resolution"]),
        (
            film(rate=Fraction(600), table=[(4000, 10), (60, 8), (3740, 10), (40, 12), (80, 9)]),
            "studio",
            ["frame rate"],
        ),
        (film(has_sound=False), "identity-video", ["tracks"]),
        (raw("a.pdf", PDF.replace(b"/Root", b"/Encrypt 5 0 R /Root")), "identity-pdf", ["encryption"]),
        (photo("me.png", (1004, 1000)), "photo", ["aspect ratio"]),
        (wav("a.wav"), "voice-wav", []),
        (wav("a.wav", rate_hz=36_000), "voice-wav", []),
        (wav("a.wav", rate_hz=44_100), "voice-wav", ["sample rate"]),
        (wav("a.wav", seconds=599), "voice-wav", ["length"]),
        (wav("a.wav", tag=85, bits=8), "voice-wav", ["coding"]),
        (wav("me.wav", seconds=10), "ultra", []),
        (wav("me.wav", seconds=9.9), "ultra", ["length"]),
        (wav("me.wav", seconds=30.1), "ultra", ["length"]),
        (tone("me.mp3", seconds=11, bit_rate=128_000), "ultra", []),
        (tone("me.mp3", seconds=11, bit_rate=96_000), "ultra", ["bit rate"]),
        (tone("me.m4a", seconds=11, bit_rate=64_000), "ultra", ["bit rate"]),
        (archive("a.wav", "b.wav"), "voice-zip", ["length"]),
        (made("v.zip", lambda path: hollow_zip(path, {"a.wav": 300, "b.wav": 300}, 24_000)), "voice-zip", []),
    ],
)
def test_advice_is_no_reason_to_refuse(make: Make, role: str, checks: list[str]) -> None:
    report = judged(make, role)
    assert report.is_accepted and [finding.check for finding in report.findings] == checks


def test_an_animation_is_warned_about() -> None:
    frames = [Image.new("RGB", (90, 90), color) for color in ("red", "blue")]
    frames[0].save("me.webp", save_all=True, append_images=frames[1:])
    report = inspect(Path("me.webp"), TENCENT.limit("photo"))
    assert [(finding.level, finding.check) for finding in report.findings] == [("warning", "format")]


# What can't be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.mp4", "no such file or directory"),
        (".", "is a directory"),
        ("/dev/null", "is no regular file"),
        ("pipe", "is no regular file"),
        ("loop", "too many levels of symbolic links"),
        ("a\0b", "embedded null byte"),
        ("n" * 5000, "file name too long"),
    ],
)
def test_what_is_no_file_is_told_without_waiting(name: str, words: str) -> None:
    os.mkfifo("pipe")
    os.symlink("loop", "loop")
    report = inspect(Path(name), TENCENT.limit("studio"))
    (finding,) = report.findings
    assert (finding.level, finding.check) == ("error", "file") and words in finding.measured


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told() -> None:
    written("a.mp4", b"x").chmod(0)
    (finding,) = inspect(Path("a.mp4"), TENCENT.limit("studio")).findings
    assert finding.measured == "permission denied"


def test_a_link_is_followed() -> None:
    Path("link.mp4").symlink_to(Film().write(Path("film.mp4")))
    assert inspect(Path("link.mp4"), TENCENT.limit("studio")).is_accepted


# What is said ------------------------------------------------------------------------------------------


def test_all_errors_of_all_files_are_told_at_once() -> None:
    limit = TENCENT.limit("studio")
    reports = [inspect(make(), limit) for make in (film(seconds=100, rate=Fraction(24)), raw("b.mp4", b""))]
    with pytest.raises(InputError) as caught:
        refuse("--material", *reports)
    assert caught.value.problems == [
        "--material film.mp4: length: 100 s, allowed: 2 to 10 minutes (Customization API, MaterialCosUrl, avatars)",
        "--material film.mp4: frame rate: 24 fps, allowed: 25 to 60 fps (Customization API, MaterialCosUrl, avatars)",
        "--material b.mp4: is empty (0 bytes)",
    ]
    assert caught.value.hint == "record more of it"


def test_a_file_that_is_fine_is_not_refused() -> None:
    report = judged(film(), "studio")
    refuse("--material", report)
    assert problems("--material", report) == warnings("--material", report) == []


def test_a_finding_in_a_zip_names_the_file() -> None:
    report = judged(archive("a.wav", "take 2.wav", rate_hz=8000), "voice-zip")
    assert [finding.measured for finding in report.of("error")] == [
        "a.wav: 8,000 Hz",
        "take 2.wav",
        "take 2.wav: 8,000 Hz",
    ]


@pytest.mark.parametrize("name", ["my film's (1).mov", "-v.mov", "a:b.mov", "电影.mov"])
def test_a_command_is_one_line_of_a_shell(name: str) -> None:
    report = judged(film(name, size=(1440, 1080), rate=Fraction(24), seconds=601), "studio")
    for finding in report.of("error"):
        words = shlex.split(finding.command)
        assert words[:2] == ["ffmpeg", "-i"] and words[2].removeprefix("file:").removeprefix("./") == name
        assert words[-1].endswith(".mp4") and not words[-1].startswith("-") and "\n" not in finding.command


def test_one_command_puts_all_right() -> None:
    report = judged(film("film.mov", size=(1440, 1080), rate=Fraction(24), seconds=601), "studio")
    commands = {finding.command for finding in report.of("error")}
    assert errors(report) == ["length", "aspect ratio", "resolution", "frame rate"]
    assert commands == {
        "ffmpeg -i film.mov -vf crop=1440:810,scale=1920:1080:flags=lanczos,setsar=1,fps=25 -t 600 "
        "-c:v libx264 -preset slow -crf 16 -pix_fmt yuv420p -c:a aac -b:a 192k -movflags +faststart film.mp4"
    }


@pytest.mark.parametrize(
    ("make", "role", "command"),
    [
        (film(seconds=700), "studio", "ffmpeg -i film.mp4 -t 600 -c copy film-fixed.mp4"),
        (film("letter.mov", brand=b"qt  "), "identity-video", "ffmpeg -i letter.mov -c copy letter.mp4"),
        (wav("a.wav", rate_hz=16_000), "voice-wav", "ffmpeg -i a.wav -vn -ar 24000 -c:a pcm_s16le a-fixed.wav"),
        (wav("a b.WAV"), "voice-wav", "mv -n -- 'a b.WAV' a-b.wav"),
        (photo("x.png"), "photo", "mv -n -- x.png x-1.png"),
        (
            photo("my face.jpg", (900, 1200)),
            "photo",
            "magick 'my face.jpg' -auto-orient -gravity center -crop 900x900+0+0 +repage my-face.jpg",
        ),
        (photo("me.gif"), "photo", "magick me.gif -auto-orient me.jpg"),
        (tone("me.mp3", seconds=11, rate_hz=16_000), "ultra", "ffmpeg -i me.mp3 -vn -ar 24000 -c:a pcm_s16le me.wav"),
        (wav("a.wav"), "voice-zip", "zip -0 -j a.zip a.wav"),
        (
            archive("voice/a.wav"),
            "voice-zip",
            "unzip -j -d voice voice.zip '*.wav' -x '__MACOSX/*' && zip -0 -j voice-flat.zip voice/*.wav",
        ),
    ],
)
def test_the_command_fits_the_fault(make: Make, role: str, command: str) -> None:
    assert command in [finding.command for finding in judged(make, role).of("error")]


def test_the_command_for_a_zip_makes_a_good_one() -> None:
    # Done by hand what `unzip -j` and `zip -j` do: neither is on every machine.
    limit = TENCENT.limit("voice-zip")
    make = made("v.zip", lambda path: zipped(path, {"d/": b"", "d/a.wav": wave(), "__MACOSX/d/._a.wav": bytes(9)}))
    with zipfile.ZipFile(make()) as nested:
        zipped(Path("flat.zip"), {"a.wav": nested.read("d/a.wav")})
    assert inspect(Path("flat.zip"), limit).is_accepted


# How much is read --------------------------------------------------------------------------------------


class Watched(io.FileIO):
    """A file that counts what is read of it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(-1 if size is None else size)
        Watched.count += len(found)
        return found


@pytest.mark.parametrize("header_first", [True, False])
def test_of_ten_gigabytes_only_the_headers_are_read(header_first: bool) -> None:
    from tadh_cli.media.boxes import movie

    film = Film(size=FOUR_K, seconds=600, media_bytes=10 * 1000**3 - 2000, header_first=header_first)
    path = film.write(Path("big.mp4"))
    Watched.count = 0
    with Watched(str(path)) as file:
        found = movie(file, path.stat().st_size)
    assert found.picture is not None and found.picture.seconds == 600
    assert Watched.count < 64 * 1024 and path.stat().st_size > 9.9e9


def test_of_what_grows_when_it_is_unpacked_only_the_beginning_is(monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    path = bomb(Path("v.zip"), 64 * MIB)
    tracemalloc.start()
    report = inspect(path, TENCENT.limit("voice-zip"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.is_accepted and peak < 2 * MIB
    assert path.stat().st_size < MIB
    assert report.facts is not None and report.facts.members[0].size_bytes > 64 * MIB


def test_every_limit_is_complete() -> None:
    for role, limit in TENCENT.limits().items():
        assert isinstance(limit, Limit) and limit.role == role and limit.what and limit.source and limit.kinds
        assert limit.folder in ("idcard", "video", "audio", "photo", "zeroshot")
