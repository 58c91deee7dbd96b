"""`tadh avatar check`: what is said of good and faulty files, to people and to programs, without network or account."""

from __future__ import annotations

import csv
import io
import json
import os
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from tests.material import picture, recording, wave, zipped
from tests.movies import Film
from tests.program import Program


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration, and every connection is refused."""
    monkeypatch.setenv("TADH_ENDPOINT", "http://127.0.0.1:1")


def test_a_good_film_is_said_to_be_good(tadh: Program) -> None:
    Film().write(Path("film.mp4"))
    ran = tadh("avatar", "check", "film.mp4", "--type", "studio", "-o", "table")
    heading, _, row = ran.out.splitlines()
    assert heading.split() == ["File", "Finding", "Measured", "Limit", "What", "to", "do"]
    assert row.split("   ")[:2] == ["film.mp4", "ok"] and ran.err == ""


def test_a_faulty_film_is_refused_with_what_to_do(tadh: Program) -> None:
    Film(seconds=700, rate=Fraction(24)).write(Path("my film.mp4"))
    ran = tadh("avatar", "check", "my film.mp4", "--type", "studio", "-o", "table", code=2)
    length, rate = ran.out.splitlines()[2:]
    assert length.split()[:4] == ["my", "film.mp4", "error:", "length"]
    assert "700 s" in length and "2 to 10 minutes" in length and "ffmpeg -i 'my film.mp4'" in length
    assert "24 fps" in rate and "25 to 60 fps" in rate
    assert ran.err == (
        "error: my film.mp4: length: 700 s, allowed: 2 to 10 minutes (Customization API, MaterialCosUrl, avatars); "
        "frame rate: 24 fps, allowed: 25 to 60 fps (Customization API, MaterialCosUrl, avatars)\n"
    )


def test_json_has_an_object_for_each_file(tadh: Program) -> None:
    Film(orientation=6).write(Path("good.mp4"))
    Film(size=(1280, 720)).write(Path("bad.mp4"))
    ran = tadh("avatar", "check", "good.mp4", "bad.mp4", "none.mp4", "--type", "STUDIO", "-o", "json", code=2)
    good, bad, none = ran.json
    assert {
        name: good[name] for name in ("File", "Type", "Ok", "Kind", "Duration", "Width", "Height", "FrameRate")
    } == {
        "File": "good.mp4",
        "Type": "studio",
        "Ok": True,
        "Kind": "mp4",
        "Duration": 130_000,
        "Width": 1080,
        "Height": 1920,
        "FrameRate": 25.0,
    }
    assert (good["VideoCodec"], good["AudioCodec"], good["Orientation"], good["Findings"]) == ("avc1", "mp4a", 6, [])
    (finding,) = bad["Findings"]
    assert list(finding) == ["Level", "Check", "Measured", "Limit", "Fix", "Command", "Source"]
    assert (bad["Ok"], finding["Level"], finding["Check"], finding["Measured"]) == (
        False,
        "error",
        "resolution",
        "1280x720",
    )
    assert none["Ok"] is False and "Kind" not in none and none["Findings"][0]["Measured"] == "no such file or directory"
    assert ran.error["ExitCode"] == 2 and ran.error["Message"].startswith("2 problems")


def test_one_file_is_an_array_too(tadh: Program) -> None:
    Film(seconds=1).write(Path("bad.mp4"))
    for code, role in ((0, "identity-video"), (2, "studio")):
        ran = tadh("avatar", "check", "bad.mp4", "--type", role, "-o", "json", code=code)
        assert isinstance(ran.json, list) and len(ran.json) == 1


def test_every_format_says_the_same(tadh: Program) -> None:
    picture(Path("me.jpg"), (900, 1200))
    args = ("avatar", "check", "me.jpg", "--type", "photo", "-o")
    found = tadh(*args, "json", code=2).json
    assert yaml.safe_load(tadh(*args, "yaml", code=2).out) == found
    assert [json.loads(line) for line in tadh(*args, "ndjson", code=2).out.splitlines()] == found
    (row,) = csv.DictReader(io.StringIO(tadh(*args, "csv", code=2).out))
    assert (row["Check"], row["Measured"]) == ("aspect ratio", "900x1200, that is 3:4")
    assert "Customization API, MaterialCosUrl, photo avatars" in tadh(*args, "wide", code=2).out
    assert tadh(*args, "id", code=2).out == "me.jpg\n"


def test_a_query_selects_what_is_refused(tadh: Program) -> None:
    for name, size in (("good.png", 900), ("bad.png", 800)):
        picture(Path(name), (900, size))
    query = ("--query", "[?!Ok].File", "-o", "json")
    assert tadh("avatar", "check", "good.png", "bad.png", "--type", "photo", *query, code=2).json == ["bad.png"]


def test_warnings_never_fail(tadh: Program) -> None:
    recording(Path("a.wav"), seconds=3, rate_hz=48_000)
    ran = tadh("avatar", "check", "a.wav", "--type", "voice-wav", "-o", "json")
    assert [finding["Level"] for finding in ran.json[0]["Findings"]] == ["warning", "warning"]


def test_what_a_zip_holds_is_shown(tadh: Program) -> None:
    zipped(Path("v.zip"), {"a.wav": wave(2.0), "d/b.wav": wave(1.0, 8000)})
    ran = tadh("avatar", "check", "v.zip", "--type", "voice-zip", "-o", "json", code=2)
    assert [(held["Name"], held["SampleRate"], held["Duration"]) for held in ran.json[0]["Contents"]] == [
        ("a.wav", 24_000, 2000),
        ("d/b.wav", 8000, 1000),
    ]
    assert [finding["Check"] for finding in ran.json[0]["Findings"]] == ["layout", "length", "sample rate"]


def test_a_file_may_come_from_stdin(tadh: Program) -> None:
    ran = tadh("avatar", "check", "-", "--type", "ultra", "-o", "json", stdin=wave(12.0))
    assert (ran.json[0]["File"], ran.json[0]["Ok"]) == ("-", True)
    ran = tadh("avatar", "check", "-", "--type", "ultra", "-o", "json", stdin=wave(12.0, 8000), code=2)
    assert [(finding["Check"], finding["Command"]) for finding in ran.json[0]["Findings"]] == [("sample rate", "")]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("film.mp4",), "Missing option '--type'"),
        (("--type", "studio"), "Missing argument 'FILE...'"),
        (("film.mp4", "--type", "phot"), "--type 'phot' is not one of studio, instant, 4k, photo, identity-video"),
        (
            ("https://a.example/b.mp4", "--type", "4k"),
            "FILE https://a.example/b.mp4 is a URL: only local files can be checked",
        ),
    ],
)
def test_what_can_not_be_checked_is_told(tadh: Program, args: tuple[str, ...], message: str) -> None:
    ran = tadh("avatar", "check", *args, code=2)
    assert message in ran.err and ran.out == ""


def test_a_pipe_in_the_file_system_is_not_waited_for(tadh: Program) -> None:
    os.mkfifo("pipe.mp4")
    assert "pipe.mp4: is no regular file" in tadh("avatar", "check", "pipe.mp4", "--type", "studio", code=2).err


def test_a_name_can_not_command_a_terminal(tadh: Program) -> None:
    Film(seconds=1).write(Path("a\x1b[2Jb.mp4"))
    ran = tadh("avatar", "check", "a\x1b[2Jb.mp4", "--type", "studio", "-o", "table", code=2)
    assert "\x1b" not in ran.out + ran.err


def test_the_help_names_every_type(tadh: Program) -> None:
    from tadh_cli.commands.material import roles

    text = "".join(tadh("avatar", "check", "--help").out.replace("\n", " ").split())
    assert all(role in text for role in roles() if role != "driving-audio")


def test_a_letter_and_its_scan_are_checked_by_their_roles(tadh: Program) -> None:
    Film(size=(640, 480), seconds=5).write(Path("letter.mp4"))
    assert tadh("avatar", "check", "letter.mp4", "--type", "identity-video").json[0]["Ok"]
    assert not tadh("avatar", "check", "letter.mp4", "--type", "identity-pdf", code=2).json[0]["Ok"]
