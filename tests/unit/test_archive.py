"""Packing recordings: flat, safe names, the same bytes every time, bounded memory, checked before and after."""

from __future__ import annotations

import os
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.errors import FileError, InputError
from tadh_cli.media.archive import pack, recordings, safe_names
from tadh_cli.media.preflight import inspect
from tadh_cli.providers.tencent import TENCENT
from tests.material import recording, wave
from tests.media import sound

ZIP = TENCENT.limit("voice-zip")


def wavs(*names: str) -> list[Path]:
    for number, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(wave(1.0 + number))
    return [Path(name) for name in names]


def refused(*sources: Path, flag: str = "--material") -> list[str]:
    with pytest.raises(InputError) as caught:
        pack(sources, Path("out.zip"), ZIP, flag=flag)
    assert not Path("out.zip").exists() and not Path("out.zip.part").exists()
    return caught.value.problems


def test_recordings_are_packed_flat_and_whole() -> None:
    sources = wavs("one/a.wav", "two/b.wav")
    packed = pack(sources, Path("out.zip"), ZIP)
    assert packed.path == Path("out.zip") and packed.names == ((sources[0], "a.wav"), (sources[1], "b.wav"))
    with zipfile.ZipFile("out.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in sources
        }
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
    assert packed.report == inspect(Path("out.zip"), ZIP) and packed.report.is_accepted


def test_the_same_files_give_the_same_bytes() -> None:
    sources = wavs("a.wav", "录音.wav")
    pack(sources, Path("one.zip"), ZIP)
    for path in sources:
        os.utime(path, (1, 1))
        path.chmod(0o600)
    pack(sources, Path("two.zip"), ZIP)
    assert Path("one.zip").read_bytes() == Path("two.zip").read_bytes()


def test_a_directory_is_packed_in_the_order_people_count() -> None:
    wavs("d/take 10.wav", "d/take 2.WAV", "d/.hidden.wav", "d/._take 2.wav", "d/inner/c.wav")
    Path("d/notes.txt").write_text("hello")
    packed = pack([Path("d")], Path("out.zip"), ZIP)
    assert [name for _, name in packed.names] == ["take-2.wav", "take-10.wav"]
    assert packed.ignored == (Path("d/inner"), Path("d/notes.txt"))


def test_names_are_made_safe_and_unique() -> None:
    paths = [Path(name) for name in ("a b.wav", "x/a b.WAV", "A-B.wav", "###.wav", "录音 (1).wav", "é#ß.wav", ".wav")]
    assert safe_names(paths) == ["a-b.wav", "a-b-2.wav", "A-B-3.wav", "voice-4.wav", "1.wav", "voice-6.wav", "wav.wav"]


@given(names=st.lists(st.text(min_size=1, max_size=90), max_size=12))
def test_any_names_become_safe_and_unique(names: list[str]) -> None:
    import re

    assert ZIP.holds is not None and ZIP.holds.name is not None
    found = safe_names([Path("d") / name.replace("/", "-").replace("\0", "-") for name in names])
    assert len({name.casefold() for name in found}) == len(names)
    assert all(re.fullmatch(ZIP.holds.name.pattern, name) for name in found)


def test_a_name_does_not_matter_but_the_content_does() -> None:
    os.replace(sound(Path("b.mp3")), "b.wav")
    wavs("good (1).WAV")
    recording(Path("c.wav"), seconds=1, rate_hz=16_000)
    assert refused(Path("good (1).WAV"), Path("b.wav"), Path("c.wav"), Path("none.wav")) == [
        "--material b.wav: format: mp3, although its name says .wav, allowed: wav "
        "(Customization API, MaterialCosUrl, voice clone)",
        "--material c.wav: sample rate: 16,000 Hz, allowed: 24 kHz or more "
        "(Customization API, MaterialCosUrl, voice clone)",
        "--material none.wav: no such file or directory",
    ]


def test_there_are_one_to_ten() -> None:
    Path("empty").mkdir()
    assert refused(Path("empty")) == [
        "--material empty: has no WAV file in it (Customization API, MaterialCosUrl, voice clone)"
    ]
    pack(wavs(*(f"{number}.wav" for number in range(10))), Path("ten.zip"), ZIP)
    (problem,) = refused(*wavs(*(f"{number}.wav" for number in range(11))))
    assert problem.startswith("--material 11 recordings: file count: 11 files, allowed: 1 to 10 WAV files")


def test_what_is_too_much_is_told_before_it_is_copied() -> None:
    sources = [recording(Path(f"{number}.wav"), seconds=2**30 / 3 / 48_000) for number in range(4)]
    (problem,) = refused(*sources)
    assert "4 recordings: size: 1,431,655" in problem and "allowed: 1 GB" in problem


def test_memory_is_bounded() -> None:
    sources = [recording(Path("a.wav"), seconds=900), recording(Path("b.wav"), seconds=900)]
    tracemalloc.start()
    pack(sources, Path("out.zip"), ZIP)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Path("out.zip").stat().st_size > 80_000_000 and peak < 6_000_000


def test_a_place_that_can_not_be_written_is_told() -> None:
    with pytest.raises(FileError, match=r"none/out.zip.part: no such file or directory"):
        pack(wavs("a.wav"), Path("none/out.zip"), ZIP)


def test_an_older_zip_stays_until_the_new_one_is_whole() -> None:
    Path("out.zip").write_bytes(b"old")
    with pytest.raises(InputError):
        pack([Path("none.wav")], Path("out.zip"), ZIP)
    assert Path("out.zip").read_bytes() == b"old"
    pack(wavs("a.wav"), Path("out.zip"), ZIP)
    assert zipfile.is_zipfile("out.zip")


def test_files_and_directories_may_be_mixed() -> None:
    wavs("d/a.wav", "b.wav")
    assert recordings([Path("b.wav"), Path("d")]) == ([Path("b.wav"), Path("d/a.wav")], [])
