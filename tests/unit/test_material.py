"""What headers say: films, sounds, pictures and archives, whole and damaged, by our own readers and by others."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tadh_cli.media import boxes, pictures, sounds, zips
from tadh_cli.media.facts import Facts
from tadh_cli.media.preflight import inspect
from tadh_cli.media.probe import probe
from tadh_cli.providers.tencent import TENCENT
from tests.material import PDF, bomb, hollow_zip, picture, raw_names_zip, recording, wave, zipped
from tests.media import sound, still_film
from tests.movies import Film, box, full

# Films -------------------------------------------------------------------------------------------------


def film(**wishes: object) -> Facts:
    return probe(Film(**wishes).write(Path("film.mp4")))  # type: ignore[arg-type]


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("header_first", [True, False])
def test_a_film_is_read_wherever_its_header_is(version: int, header_first: bool) -> None:
    facts = film(version=version, header_first=header_first, rate=Fraction(30_000, 1001), seconds=100.1)
    assert (facts.seconds, facts.width, facts.height) == (pytest.approx(100.1), 1920, 1080)
    assert facts.frame_rate == pytest.approx(29.97, abs=0.001)
    assert (facts.video_codec, facts.audio_codec, facts.sample_rate_hz, facts.channels) == ("avc1", "mp4a", 48_000, 2)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_film_has_the_size_that_is_seen(orientation: int) -> None:
    facts = film(orientation=orientation)
    assert facts.orientation == orientation
    assert (facts.width, facts.height) == ((1920, 1080) if orientation < 5 else (1080, 1920))


@pytest.mark.parametrize(
    ("wishes", "size", "is_square"),
    [
        ({"size": (1440, 1080), "pixels": (4, 3)}, (1920, 1080), False),
        ({"size": (1440, 1080), "shown": (1920, 1080)}, (1920, 1080), False),
        ({"size": (1920, 1080), "pixels": (1, 1), "shown": (640, 480)}, (1920, 1080), True),
        ({"size": (1920, 1080), "pixels": (0, 0)}, (1920, 1080), True),
        ({"size": (1920, 1080), "shown": (0, 0)}, (1920, 1080), True),
        ({"size": (1280, 720), "shown": (1920, 1080)}, (1280, 720), True),
        ({"size": (1920, 1088), "aperture": (1920, 1080)}, (1920, 1080), True),
        ({"size": (1920, 1088), "aperture": (9000, 0)}, (1920, 1088), True),
    ],
)
def test_the_size_is_that_of_square_pixels(wishes: dict[str, object], size: tuple[int, int], is_square: bool) -> None:
    facts = film(**wishes)
    assert (facts.width, facts.height, facts.has_square_pixels) == (*size, is_square)


@pytest.mark.parametrize(
    ("table", "rate", "varies"),
    [
        ([(3000, 1)], 25.0, False),
        ([(1, 1), (2998, 1), (1, 50)], 3000 / 3049 * 25, False),
        ([(1000, 1), (1000, 3)], 12.5, True),
        ([], None, False),
        ([(10, 0)], None, False),
    ],
)
def test_the_frame_rate_is_an_average(table: list[tuple[int, int]], rate: float | None, varies: bool) -> None:
    facts = film(table=table or [(0, 0)])
    assert (facts.frame_rate, facts.has_variable_frame_rate) == (pytest.approx(rate) if rate else None, varies)


def test_a_film_lasts_as_long_as_its_picture_is_shown() -> None:
    assert film(seconds=130, edited_seconds=90).seconds == 90
    assert film(seconds=130, sound_seconds=140).seconds == 130
    assert film(seconds=130, sound_seconds=140).container_seconds == 140


def test_a_cover_makes_no_film_of_a_sound() -> None:
    facts = film(brand=b"M4A ", table=[(1, 25)], seconds=30)
    assert (facts.kind, facts.has_picture, facts.has_sound) == ("m4a", False, True)


@pytest.mark.parametrize(("brand", "kind"), [(b"isom", "m4a"), (b"M4A ", "m4a"), (b"qt  ", "mov")])
def test_sound_alone_is_an_m4a(brand: bytes, kind: str) -> None:
    facts = film(brand=brand, has_picture=False, seconds=12, sound_rate_hz=96_000, media_bytes=192_000)
    assert (facts.kind, facts.seconds, facts.sample_rate_hz, facts.bit_rate) == (kind, 12, 96_000, 128_000)


@pytest.mark.parametrize(
    ("content", "damage"),
    [
        (box(b"ftyp", b"isom"), "no header"),
        (box(b"ftyp", b"isom") + box(b"mdat", bytes(90)), "no header"),
        (box(b"ftyp", b"isom") + box(b"mdat", bytes(90))[:50], "in the middle of its box 'mdat', 48 bytes"),
        (box(b"ftyp", b"isom") + Film().moov()[:500], "in the middle of its box 'moov'"),
        (box(b"ftyp", b"isom") + Film().moov(), "nothing after it"),
        (box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"mdat", 2**63), "in the middle of its box 'mdat'"),
        (box(b"ftyp", b"isom") + struct.pack(">I4s", 3, b"mdat") + bytes(90), "no header"),
        (box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"mdat", 7) + bytes(90), "no header"),
    ],
)
def test_a_damaged_film_is_told(content: bytes, damage: str) -> None:
    assert damage in boxes.movie(io.BytesIO(content), len(content)).damage


def test_media_to_the_end_of_the_file_are_whole() -> None:
    content = box(b"ftyp", b"isom") + Film().moov() + struct.pack(">I4s", 0, b"mdat") + bytes(90)
    found = boxes.movie(io.BytesIO(content), len(content))
    assert (found.damage, found.media_bytes) == ("", 90)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "content",
    [
        struct.pack(">I4s", 8, b"free") * 200_000,
        box(b"moov", struct.pack(">I4s", 8, b"free") * 200_000),
        box(b"moov", box(b"trak", b"") * 20_000),
        box(b"moov", box(b"trak", box(b"mdia", struct.pack(">I4s", 8, b"free") * 20_000)) * 40),
        box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", full(b"stts", b"\xff" * 12)))))),
    ],
)
def test_a_maze_of_boxes_is_left_soon(content: bytes) -> None:
    boxes.movie(io.BytesIO(content), len(content))


@pytest.mark.parametrize("name", ["film.mp4", "film.mov"])
@pytest.mark.parametrize(("rate", "size"), [(25, (1920, 1080)), (60, (606, 1080))])
def test_real_films_are_read_as_pyav_reads_them(name: str, rate: int, size: tuple[int, int]) -> None:
    facts = probe(still_film(Path(name), seconds=3, rate=rate, size=size))
    with av.open(name) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None and stream.time_base is not None and stream.average_rate is not None
        seen = float(stream.duration * stream.time_base), stream.width, stream.height, float(stream.average_rate)
    assert (facts.seconds, facts.width, facts.height, facts.frame_rate) == pytest.approx(seen)
    assert facts.kind == name[-3:]


def test_a_film_in_fragments_is_measured_by_pyav() -> None:
    path = still_film(Path("film.mp4"), seconds=61, movflags="frag_keyframe+empty_moov")
    facts = probe(path)
    assert (facts.is_fragmented, facts.seconds, facts.frame_rate) == (True, 61, 25)
    assert inspect(path, TENCENT.limit("instant")).findings == ()


def test_a_film_in_fragments_without_any_is_not_judged() -> None:
    report = inspect(Film(is_fragmented=True).write(Path("film.mp4")), TENCENT.limit("studio"))
    (finding,) = report.findings
    assert (finding.level, finding.check) == ("unchecked", "length, frame rate")
    assert finding.command == "ffmpeg -i film.mp4 -c copy film-fixed.mp4"


# Sounds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rate_hz", "bit_rate"),
    [
        ("a.mp3", 44_100, 128_000),
        ("a.mp3", 16_000, 32_000),
        ("a.mp3", 8_000, 24_000),
        ("a.aac", 48_000, 96_000),
        ("a.aac", 8_000, 24_000),
        ("a.m4a", 44_100, 128_000),
        ("a.m4a", 22_050, 64_000),
        ("a.wma", 44_100, 96_000),
    ],
)
def test_real_sounds_are_measured(name: str, rate_hz: int, bit_rate: int) -> None:
    facts = probe(sound(Path(name), seconds=5.0, rate_hz=rate_hz, bit_rate=bit_rate))
    assert (facts.kind, facts.sample_rate_hz) == (name[2:], rate_hz)
    assert facts.seconds == pytest.approx(5.0, abs=0.3) and facts.bit_rate == pytest.approx(bit_rate, rel=0.15)


@pytest.mark.parametrize("name", ["file:a.wma", "http:b.wma", "-.wma", "concat:a|b.wma"])
def test_a_name_is_no_address(name: str) -> None:
    assert probe(sound(Path("a.wma")).rename(name)).sample_rate_hz == 44_100


def test_a_list_of_other_files_is_no_sound() -> None:
    Path("a.wma").write_bytes(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + b"#EXTM3U\n/etc/passwd\n")
    assert "can't be read" in probe(Path("a.wma")).damage


def test_a_tag_before_an_aac_makes_no_mp3_of_it() -> None:
    content = sound(Path("a.aac"), seconds=2.0).read_bytes()
    Path("a.aac").write_bytes(b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128) + content)
    assert probe(Path("a.aac")).kind == "aac"


def test_a_long_cover_before_an_mp3_is_skipped() -> None:
    content = sound(Path("a.mp3"), seconds=2.0).read_bytes()
    content = content[content.index(b"\xff\xfb") :]
    size = 300_000
    length = bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))
    Path("a.mp3").write_bytes(b"ID3\x04\x00\x00" + length + bytes(size) + content + b"TAG" + bytes(125))
    assert probe(Path("a.mp3")).seconds == pytest.approx(2.0, abs=0.1)


def test_an_mp3_that_ends_before_its_promise_is_cut_off() -> None:
    path = sound(Path("a.mp3"), seconds=4.0)
    path.write_bytes(path.read_bytes()[:40_000])
    assert "ends after 9" in probe(path).damage


def test_rubbish_inside_an_mp3_is_stepped_over() -> None:
    content = sound(Path("a.mp3"), seconds=4.0).read_bytes()
    Path("a.mp3").write_bytes(content[:30_000] + bytes(3000) + content[30_000:])
    assert probe(Path("a.mp3")).seconds == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize(
    ("wishes", "facts"),
    [
        ({}, ("pcm", 24_000, 1, 16)),
        ({"rate_hz": 48_000, "channels": 2, "bits": 24}, ("pcm", 48_000, 2, 24)),
        ({"extensible": True, "bits": 32, "tag": 3}, ("pcm float", 24_000, 1, 32)),
        ({"tag": 7, "bits": 8}, ("mu-law", 24_000, 1, 8)),
        ({"tag": 0x1234}, ("format 0x1234", 24_000, 1, 16)),
        ({"form": b"RF64", "declared": 0xFFFFFFFF}, ("pcm", 24_000, 1, 16)),
    ],
)
def test_the_format_of_a_wav_is_read(wishes: dict[str, object], facts: tuple[object, ...]) -> None:
    found = probe(recording(Path("a.wav"), seconds=2.0, **wishes))  # type: ignore[arg-type]
    assert (found.audio_codec, found.sample_rate_hz, found.channels, found.sample_bits) == facts
    assert found.seconds == pytest.approx(2.0)


# Pictures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(9))
@pytest.mark.parametrize(
    ("name", "more"), [("a.jpg", {}), ("a.png", {}), ("a.webp", {}), ("a.webp", {"lossless": True})]
)
def test_pictures_have_the_size_that_is_seen(name: str, more: dict[str, object], orientation: int) -> None:
    path = picture(Path(name), (300, 200), orientation=orientation, **more)
    with Image.open(path) as image:
        seen = ImageOps.exif_transpose(image).size
    facts = probe(path)
    assert (facts.width, facts.height, facts.damage) == (*seen, "")


@pytest.mark.parametrize(
    "more", [{"progressive": True}, {"subsampling": 0}, {"comment": b"\xff\xd9" * 90}, {"dpi": (72, 72)}]
)
def test_jpegs_of_any_make_are_read(more: dict[str, object]) -> None:
    facts = probe(picture(Path("a.jpg"), (301, 201), **more))
    assert (facts.width, facts.height, facts.damage) == (301, 201, "")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "I;16"])
def test_pngs_of_any_depth_are_read(mode: str) -> None:
    Image.new(mode, (31, 21)).save("a.png")
    facts = probe(Path("a.png"))
    assert (facts.width, facts.height, facts.damage) == (31, 21, "")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8" + b"\xff" * 100_000,
        b"\xff\xd8\xff\xe1\x00\x00",
        b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II*\x00\xff\xff\xff\xff",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + bytes(100_000),
        b"RIFF\x04\x00\x00\x00WEBP",
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(30),
    ],
)
def test_a_damaged_picture_is_told(content: bytes) -> None:
    Path("a").write_bytes(content)
    assert probe(Path("a")).damage


# Archives ----------------------------------------------------------------------------------------------


def held(path: Path) -> zips.Contents:
    with open(path, "rb") as file:
        return zips.contents(file, path.stat().st_size)


def test_the_recordings_in_an_archive_are_measured() -> None:
    path = zipped(Path("v.zip"), {"a.wav": wave(2.0), "b.wav": wave(1.0, 48_000)}, zipfile.ZIP_DEFLATED)
    found = [
        (member.name, member.facts and (member.facts.seconds, member.facts.sample_rate_hz))
        for member in held(path).members
    ]
    assert found == [("a.wav", (2.0, 24_000)), ("b.wav", (1.0, 48_000))]


@pytest.mark.parametrize("name", ["录音.wav", "a b.wav", "é.wav"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_names_are_read_whoever_wrote_them(name: str, encoding: str) -> None:
    assert held(zipped(Path("v.zip"), {name: wave()})).members[0].name == name
    assert held(raw_names_zip(Path("v.zip"), name.encode(encoding))).members[0].name == name


def test_an_archive_may_stand_behind_something_and_have_a_comment() -> None:
    path = zipped(Path("v.zip"), {"a.wav": wave()})
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK\x05\x06 is no end" * 100
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    with open(path, "rb") as file:
        assert zips.contents(file, path.stat().st_size).damage or held(path).members[0].facts


def test_an_archive_with_64_bits_is_read() -> None:
    with zipfile.ZipFile("v.zip", "w") as archive, archive.open("a.wav", "w", force_zip64=True) as file:
        file.write(wave())
    (member,) = held(Path("v.zip")).members
    assert member.facts is not None and member.facts.seconds == 1.0


def test_a_directory_with_64_bits_is_read() -> None:
    data = zipped(Path("v.zip"), {"a.wav": wave()}).read_bytes()
    length, start = struct.unpack_from("<2I", data, len(data) - 10)
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, length, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(data) - 22, 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    Path("v.zip").write_bytes(data[:-22] + record + locator + end)
    assert zipfile.ZipFile("v.zip").namelist() == ["a.wav"]
    assert [member.name for member in held(Path("v.zip")).members] == ["a.wav"]


@pytest.mark.parametrize("name", [".", "..", "...", "a/.", "\\", "\n"])
def test_a_file_in_an_archive_may_have_any_name(name: str) -> None:
    report = inspect(zipped(Path("v.zip"), {name: wave()}), TENCENT.limit("voice-zip"))
    assert {finding.check for finding in report.of("error")} & {"name", "layout"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_the_service_may_not_know_is_told(method: int) -> None:
    (member,) = held(zipped(Path("v.zip"), {"a.wav": wave()}, method)).members
    assert member.unread == f"is packed by method {method}, not by deflate"


def test_a_hollow_archive_reads_as_zipfile_reads_it() -> None:
    path = hollow_zip(Path("v.zip"), {"a.wav": 30, "b.wav": 40})
    assert [(info.filename, info.file_size) for info in zipfile.ZipFile(path).infolist()] == [
        (member.name, member.size_bytes) for member in held(path).members
    ]


# Anything at all ---------------------------------------------------------------------------------------

SAMPLES: dict[str, Callable[[Path], object]] = {
    "mp4": Film(header_first=True, pixels=(4, 3), aperture=(1920, 1080)).write,
    "mov": Film(brand=b"qt  ", version=1, orientation=6).write,
    "jpg": lambda path: picture(path, (60, 40), orientation=6, format="JPEG"),
    "png": lambda path: picture(path, (60, 40), orientation=6, format="PNG"),
    "webp": lambda path: picture(path, (60, 40), orientation=6, format="WEBP"),
    "wav": lambda path: recording(path, seconds=0.01, extensible=True),
    "mp3": lambda path: path.write_bytes(sound(path.with_suffix(".mp3"), seconds=0.3).read_bytes()),
    "aac": lambda path: path.write_bytes(sound(path.with_suffix(".aac"), seconds=0.3).read_bytes()),
    "wma": lambda path: path.write_bytes(sound(path.with_suffix(".wma"), seconds=0.3).read_bytes()),
    "pdf": lambda path: path.write_bytes(PDF),
    "zip": lambda path: zipped(path, {"a.wav": wave(0.01), "d/": b""}, zipfile.ZIP_DEFLATED),
    "bomb": lambda path: bomb(path, 100_000),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@cache
def sample(kind: str, place: Path) -> bytes:
    path = place / f"sample-{kind}"
    SAMPLES[kind](path)
    return path.read_bytes()


def check_all(place: Path, content: bytes, name: str = "any.mp4") -> None:
    path = place / name
    path.write_bytes(content)
    for role in TENCENT.limits():
        assert inspect(path, TENCENT.limit(role)).findings is not None


@settings(deadline=None, max_examples=150)
@given(kind=st.sampled_from(sorted(SAMPLES)), share=st.floats(0, 1))
def test_a_truncated_file_is_judged(kind: str, share: float, place: Path) -> None:
    content = sample(kind, place)
    check_all(place, content[: round(len(content) * share)])


@settings(deadline=None, max_examples=250)
@given(
    kind=st.sampled_from(sorted(SAMPLES)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6),
)
def test_a_changed_file_is_judged(kind: str, changes: list[tuple[float, bytes]], place: Path) -> None:
    content = bytearray(sample(kind, place))
    for share, change in changes:
        # Most of what matters is near the beginning or the end.
        at = round((len(content) - 1) * (share**3 if share < 0.7 else share))
        content[at : at + len(change)] = change
    check_all(place, bytes(content))


@settings(deadline=None, max_examples=150)
@given(
    magic=st.sampled_from(
        [
            b"\x00\x00\x00\x08ftypisom",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\x00\x00\x00\x00WEBP",
            b"ID3\x04\x00\x00",
            b"RIFF\x00\x00\x00\x00WAVEfmt ",
            b"\xff\xfb\x90\x00",
            b"\xff\xf1\x50\x80",
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"%PDF-",
            b"",
        ]
    ),
    rest=st.binary(max_size=300),
)
def test_any_bytes_are_judged(magic: bytes, rest: bytes, place: Path) -> None:
    check_all(place, magic + rest)


@settings(deadline=None)
@given(content=st.binary(max_size=400), claimed=st.integers(0, 2**63))
def test_readers_end_on_anything(content: bytes, claimed: int) -> None:
    for size in (len(content), claimed):
        file = io.BytesIO(content)
        boxes.movie(file, size)
        file.seek(0)
        sounds.wave(file, size)
        sounds.frames(file, size)
        for kind in ("png", "jpg", "webp"):
            pictures.picture(file, kind, size)
    zips.contents(io.BytesIO(content), len(content))


# Without the extra -------------------------------------------------------------------------------------

_WITHOUT = "import sys; sys.modules['av'] = None\nfrom tadh_cli.main import run\nsys.exit(run(sys.argv[1:]))"


def without_pyav(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", _WITHOUT, *args], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("name", "role", "build"),
    [
        ("film.mp4", "studio", Film().write),
        ("film.mov", "instant", lambda path: still_film(path, seconds=61)),
        ("me.jpg", "photo", picture),
        ("a.wav", "voice-wav", recording),
        ("me.mp3", "ultra", lambda path: sound(path, seconds=11)),
        ("me.m4a", "ultra", lambda path: sound(path, seconds=11)),
        ("me.aac", "ultra", lambda path: sound(path, seconds=11)),
        ("v.zip", "voice-zip", lambda path: hollow_zip(path, {"a.wav": 700}, 24_000)),
        ("letter.pdf", "identity-pdf", lambda path: path.write_bytes(PDF)),
    ],
)
def test_most_needs_no_pyav(name: str, role: str, build: Callable[[Path], object]) -> None:
    build(Path(name))
    ran = without_pyav("avatar", "check", name, "--type", role, "-o", "json", "--query", "[].Findings[]")
    assert (ran.returncode, ran.stdout) == (0, "[]\n"), ran.stderr


@pytest.mark.parametrize(
    ("name", "role", "checks", "build"),
    [
        ("me.wma", "ultra", "length, sample rate", lambda path: sound(path, seconds=11)),
        (
            "film.mp4",
            "instant",
            "length, frame rate",
            lambda path: still_film(path, seconds=61, movflags="frag_keyframe+empty_moov"),
        ),
    ],
)
def test_what_needs_pyav_is_told_without_it(name: str, role: str, checks: str, build: Callable[[Path], object]) -> None:
    build(Path(name))
    ran = without_pyav("avatar", "check", name, "--type", role, "-o", "csv")
    assert ran.returncode == 0, ran.stderr
    assert f'unchecked,"{checks}",its headers do not say' in ran.stdout
    assert "install the extra that measures it,pip install 'tadh-cli[media]'" in ran.stdout
