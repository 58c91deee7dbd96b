"""The files of a finished production: where they go, whose they are, what is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.engine.ledger import Ledger
from tadh_cli.engine.results import Results, Target, write_subtitles
from tadh_cli.engine.tasks import Tasks
from tadh_cli.engine.transfer import Progress
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import FileError, InputError, NetworkError, NotFound, ServiceError
from tadh_cli.providers.tencent import TENCENT
from tests import wire
from tests.calls import client_for
from tests.clocks import FakeClock
from tests.wire import Server, reply, say, serving

MADE = TENCENT.waiter("video")
MP4 = b"\x00\x00\x00\x18ftypmp42" + b"video" * 100
WEBM = b"\x1a\x45\xdf\xa3" + b"video" * 100
MP3 = b"ID3" + b"audio" * 100
SRT = "1\n00:00:00,000 --> 00:00:01,000\n你好\n".encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(reply(MP4)) as server:
        yield server


@pytest.fixture
def displayed() -> list[str]:
    return []


@pytest.fixture
def results(
    server: Server, transport: Transport, clock: FakeClock, tmp_path: Path, displayed: list[str]
) -> Iterator[Results]:
    @contextmanager
    def display(name: str) -> Iterator[Progress]:
        displayed.append(name)
        yield lambda done, total: None

    ledger = Ledger(tmp_path / "ledger.db", clock)
    yield Results(Tasks(client_for(server.url, transport, clock), ledger, clock, print), transport, display)
    ledger.close()


def record(server: Server, **more: Any) -> dict[str, Any]:
    links = {"MediaUrl": f"{server.url}/a.mp4?sign=x", "SubtitlesUrl": f"{server.url}/a.srt?sign=x"}
    return {"TaskId": "T1", "Kind": "video", "Status": "SUCCESS", **links, **more}


def test_a_ledger_that_breaks_costs_a_warning_and_not_the_file(
    results: Results, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.db").write_text("no database" * 1000)
    assert results.fetch(MADE, record(server, SubtitlesUrl=""), Target("new.mp4")) == ["new.mp4"]
    assert "go on without it" in capsys.readouterr().out


def test_whose_a_file_is_can_not_be_known_without_the_ledger(results: Results, server: Server, tmp_path: Path) -> None:
    Path("old.mp4").write_text("mine")
    (tmp_path / "ledger.db").write_text("no database" * 1000)
    with pytest.raises(InputError, match="exists already"):
        results.fetch(MADE, record(server), Target("old.mp4"))
    assert Path("old.mp4").read_text() == "mine"


# Where files go ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "file"),
    [
        ("out/", "out/T1.mp4"),
        ("there", "there/T1.mp4"),
        ("new.mp4", "new.mp4"),
        ("there/new.mp4", "there/new.mp4"),
        ("./", "T1.mp4"),
    ],
)
def test_a_target_is_a_directory_or_a_name(given: str, file: str) -> None:
    Path("there").mkdir()
    assert Target(given).path("T1", ".mp4") == Path(file)


@pytest.mark.parametrize(
    ("given", "force", "is_new", "problem"),
    [
        ("new.mp4", False, True, ""),
        ("old.mp4", False, True, "--download old.mp4 exists already; use --force to overwrite it, or another name"),
        ("old.mp4", True, True, ""),
        ("old.mp4", False, False, ""),
        ("not/yet/there/", False, True, ""),
        ("old.mp4/x.mp4", False, True, "--download old.mp4/x.mp4: old.mp4 is not a directory"),
        ("old.mp4/deeper/", False, True, "--download old.mp4/deeper: old.mp4 is not a directory"),
        ("-", False, True, ""),
    ],
)
def test_what_can_not_be_stored_is_told_before_it_is_paid_for(
    given: str, force: bool, is_new: bool, problem: str
) -> None:
    Path("old.mp4").touch()
    assert Target(given, force).check(is_new=is_new) == ([problem] if problem else [])


def test_a_link_that_leads_nowhere_is_told_before_it_is_paid_for() -> None:
    Path("videos").symlink_to("gone/videos")
    what = "--download videos/new.mp4: videos is a link to gone/videos, which does not exist"
    assert Target("videos/new.mp4").check(is_new=True) == [what]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no file system here in which nobody can write")
def test_a_file_system_that_takes_no_files_is_told_before_it_is_paid_for() -> None:
    assert Target("/proc/new.mp4").check(is_new=True) == ["--download /proc/new.mp4: /proc can't be written"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_can_not_be_written_is_told_before_it_is_paid_for() -> None:
    Path("locked").mkdir(mode=0o500)
    assert Target("locked/new.mp4").check(is_new=True) == ["--download locked/new.mp4: locked can't be written"]


# Fetching ----------------------------------------------------------------------------------------------


def test_media_and_subtitles_arrive_the_media_first(results: Results, server: Server, displayed: list[str]) -> None:
    server.steps[:] = [reply(MP4), reply(SRT)]
    assert results.fetch(MADE, record(server), Target("out/")) == ["out/T1.mp4", "out/T1.srt"]
    assert (Path("out/T1.mp4").read_bytes(), Path("out/T1.srt").read_bytes()) == (MP4, SRT)
    assert (server.targets, displayed) == (["/a.mp4", "/a.srt"], ["T1.mp4", "T1.srt"])


def test_subtitles_stand_beside_a_file_of_any_name(results: Results, server: Server) -> None:
    server.steps[:] = [reply(MP4), reply(SRT)]
    assert results.fetch(MADE, record(server), Target("greeting.v1.mp4")) == ["greeting.v1.mp4", "greeting.v1.srt"]


@pytest.mark.parametrize(
    ("link", "kind", "body", "name"),
    [
        ("/x.webm?sign=y", "video", WEBM, "T1.webm"),
        ("/x.MP4", "video", MP4, "T1.mp4"),
        ("/x", "video", MP4, "T1.mp4"),
        ("/x.php?file=a.mp4", "video", MP4, "T1.mp4"),
        ("/x", "audio", MP3, "T1.mp3"),
        ("/x.wav", "audio", b"RIFF\x00\x00\x00\x00WAVEfmt ", "T1.wav"),
    ],
)
def test_the_extension_is_that_of_the_link(
    results: Results, server: Server, link: str, kind: str, body: bytes, name: str
) -> None:
    server.steps[:] = [reply(body)]
    found = record(server, MediaUrl=server.url + link, SubtitlesUrl="", Kind=kind)
    assert results.fetch(MADE, found, Target("./")) == [name]
    assert Path(name).read_bytes() == body


@pytest.mark.parametrize(("given", "file"), [("out/", "out/T1.srt"), ("a.srt", "a.srt"), ("a.mp4", "a.srt")])
def test_subtitles_alone_are_fetched_on_demand(results: Results, server: Server, given: str, file: str) -> None:
    server.steps[:] = [reply(SRT)]
    assert results.fetch(MADE, record(server), Target(given), only_subtitles=True) == [file]
    assert Path(file).read_bytes() == SRT and server.targets == ["/a.srt"]


@pytest.mark.parametrize(
    ("change", "only_subtitles", "what"),
    [
        ({"SubtitlesUrl": ""}, True, "T1 has no subtitles"),
        ({"SubtitlesUrl": None}, True, "T1 has no subtitles"),
        ({"MediaUrl": ""}, False, "T1 has no link to download from"),
    ],
)
def test_what_a_task_does_not_have_is_told(
    results: Results, server: Server, change: dict[str, Any], only_subtitles: bool, what: str
) -> None:
    with pytest.raises(NotFound, match=what) as caught:
        results.fetch(MADE, record(server, **change), Target("./"), only_subtitles=only_subtitles)
    assert caught.value.task_id == "T1" and server.seen == []


def test_an_expired_link_is_asked_for_at_the_service(results: Results, server: Server) -> None:
    fresh = say({"Status": "SUCCESS", "MediaUrl": f"{server.url}/fresh.mp4"})
    server.steps[:] = [reply("", status=403), fresh, reply(MP4)]
    results.fetch(MADE, record(server, SubtitlesUrl=""), Target("a.mp4"))
    assert [seen.method for seen in server.seen] == ["GET", "POST", "GET"]
    assert server.targets[2] == "/fresh.mp4" and Path("a.mp4").read_bytes() == MP4


def test_a_page_instead_of_subtitles_is_refused(results: Results, server: Server) -> None:
    server.steps[:] = [reply(MP4), reply("<html>Login</html>")]
    with pytest.raises(ServiceError, match="the subtitles of T1 is not what it should be"):
        results.fetch(MADE, record(server), Target("./"))
    assert Path("T1.mp4").exists() and not Path("T1.srt").exists()


def test_a_video_for_an_audio_is_refused(results: Results, server: Server) -> None:
    with pytest.raises(ServiceError, match="it is mp4, not mp3 or wav or m4a"):
        results.fetch(MADE, record(server, Kind="audio", SubtitlesUrl=""), Target("a.mp3"))


# Whose files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["T1.mp4", "T1.srt"])
def test_a_foreign_file_is_not_overwritten(results: Results, server: Server, name: str) -> None:
    Path(name).write_bytes(b"mine")
    with pytest.raises(InputError, match=f"{name} exists already and is not known to be a result of T1") as caught:
        results.fetch(MADE, record(server), Target("./"))
    assert Path(name).read_bytes() == b"mine" and server.seen == []
    assert "--force" in caught.value.hint


def test_force_overwrites_a_foreign_file(results: Results, server: Server) -> None:
    Path("T1.mp4").write_bytes(b"mine")
    results.fetch(MADE, record(server, SubtitlesUrl=""), Target("./", force=True))
    assert Path("T1.mp4").read_bytes() == MP4


def test_a_tasks_own_file_is_overwritten_and_that_of_another_task_is_not(results: Results, server: Server) -> None:
    for _ in range(2):
        results.fetch(MADE, record(server, SubtitlesUrl=""), Target("a.mp4"))
    with pytest.raises(InputError):
        results.fetch(MADE, record(server, SubtitlesUrl="", TaskId="T2"), Target("a.mp4"))


def test_files_are_claimed_before_they_exist(results: Results, server: Server) -> None:
    """Killed in between, the next run still knows whose they are."""
    server.steps[:] = [wire.close_after_reading]
    with pytest.raises(NetworkError):
        results.fetch(MADE, record(server), Target("out/"))
    owner = results.tasks.ledger.owner
    assert [owner(os.path.abspath(f"out/T1{suffix}")) for suffix in (".mp4", ".srt")] == ["T1", "T1"]


# To stdout ---------------------------------------------------------------------------------------------


def test_media_goes_to_stdout_once_it_is_whole(
    results: Results, server: Server, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    server.steps[:] = [wire.cut(MP4, after=100), reply(MP4)]
    results.to_stdout(MADE, record(server))
    assert capsysbinary.readouterr().out == MP4
    assert list(Path().iterdir()) == []


def test_nothing_goes_to_stdout_of_what_never_comes(
    results: Results, server: Server, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    server.steps[:] = [wire.cut(MP4, after=100)]
    with pytest.raises(NetworkError):
        results.to_stdout(MADE, record(server))
    assert capsysbinary.readouterr().out == b""


# Subtitles of an audio ---------------------------------------------------------------------------------

WORDS = [{"Word": "Hi", "StartTimestamp": 4_500_000, "EndTimestamp": 6_100_000}]
SPOKEN = {"TaskId": "A1", "TextTimestampResult": [{"Sentence": "Hi <3", "Words": WORDS}]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.srt", "1\n00:00:00,450 --> 00:00:00,610\nHi <3\n"),
        ("a.SRT", "1\n00:00:00,450 --> 00:00:00,610\nHi <3\n"),
        ("new/a.vtt", "WEBVTT\n\n00:00:00.450 --> 00:00:00.610\nHi &lt;3\n"),
    ],
)
def test_subtitles_are_written_in_the_format_of_their_name(name: str, text: str) -> None:
    assert write_subtitles(SPOKEN, name) == name
    assert Path(name).read_text() == text
    assert [path.name for path in Path(name).parent.iterdir()] == [Path(name).name]


def test_subtitles_as_json_are_cues() -> None:
    write_subtitles(SPOKEN, "a.json")
    assert json.loads(Path("a.json").read_text()) == [{"Start": 450, "End": 610, "Text": "Hi <3"}]


def test_subtitles_go_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert write_subtitles(SPOKEN, "-") == "-"
    assert capsys.readouterr().out.startswith("1\n00:00:00,450")


@pytest.mark.parametrize("times", [None, [], [{"Sentence": "Hi", "Words": []}]])
def test_an_audio_without_word_times_has_no_subtitles(times: object) -> None:
    with pytest.raises(NotFound, match="audio A1 has no word times"):
        write_subtitles({"TaskId": "A1", "TextTimestampResult": times}, "a.srt")
    assert not Path("a.srt").exists()


def test_subtitles_that_can_not_be_written_are_told() -> None:
    Path("file").touch()
    with pytest.raises(FileError, match=r"can't write file/a\.srt: "):
        write_subtitles(SPOKEN, "file/a.srt")
