"""How failures come out: the exit code, the text, the JSON, and what must not be in them."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.program import Program, Ran

On = Callable[..., Ran]
TOKEN = "canary-0123456789abcdef"


def keys(sandbox: Hosted, **other: str) -> dict[str, str]:
    """The environment of a user without a file."""
    own = {"TADH_ENDPOINT": sandbox.url, "TADH_APP_KEY": sandbox.app_key, "TADH_ACCESS_TOKEN": sandbox.access_token}
    return {**own, **other}


def test_the_environment_alone_is_enough(tadh: Program, sandbox: Hosted) -> None:
    assert tadh("avatar", "list", "--limit", 1, **keys(sandbox)).json


def test_without_credentials_the_way_to_them_is_named(tadh: Program) -> None:
    ran = tadh("avatar", "list", code=3)
    assert "tadh demo" in ran.err and ran.error["ExitCode"] == 3


def test_a_sandbox_that_does_not_run(tadh: Program) -> None:
    assert "tadh sandbox start" in tadh("-p", "sandbox", "avatar", "list", code=3).error["Hint"]


def test_the_sandbox_is_not_redirected_by_the_environment(on: On, sandbox: Hosted) -> None:
    assert on(
        "avatar", "list", "--limit", 1, TADH_ENDPOINT="http://127.0.0.1:9", TADH_APP_KEY="x", TADH_ACCESS_TOKEN=TOKEN
    ).json


def test_a_wrong_token_is_refused_and_named_nowhere(tadh: Program, sandbox: Hosted, tmp_path: Path) -> None:
    ran = tadh("avatar", "list", "-vv", "--trace", "t.jsonl", code=4, **keys(sandbox, TADH_ACCESS_TOKEN=TOKEN))
    assert "signature" in ran.err.lower() and "clock" in ran.error["Hint"]
    everything = ran.out + ran.err + Path("t.jsonl").read_text()
    assert TOKEN not in everything and "signature=***" in everything
    assert not any(TOKEN.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_clock_that_is_wrong_is_named(on: On, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "*", "clock_skew_s": 600}])
    ran = on("avatar", "list", code=4)
    assert re.search(r"the clock of this machine is (10m0\d|9m5\d)s behind the service's", ran.err)
    assert "set the clock" in ran.error["Hint"]


def test_nobody_at_the_endpoint(tadh: Program, sandbox: Hosted) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        ran = tadh("avatar", "list", code=9, **keys(sandbox, TADH_ENDPOINT=endpoint))
    assert "no connection to 127.0.0.1" in ran.err and "connection refused" in ran.err


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"http": 500}, 10),
        ({"bad_json": True}, 10),
        ({"truncate": 0.5}, 9),
        ({"reset": "after"}, 9),
        ({"code": -101000}, 10),
        ({"code": 100000}, 10),
        ({"code": 100012}, 11),
        ({"code": 100008}, 6),
        ({"code": 100013}, 6),
        ({"code": 100005}, 4),
        ({"code": 110007}, 5),
        ({"code": 100001}, 11),
        ({"code": 123456}, 11),
        ({"http": 429}, 11),
        ({"http": 401}, 4),
    ],
)
def test_each_lasting_trouble_has_its_exit_code(on: On, sandbox: Hosted, fault: dict[str, object], code: int) -> None:
    sandbox.set_faults([{"operation": "voice.list", **fault}])
    error = on("voice", "list", code=code).error
    assert error["ExitCode"] == code and error["Message"] and "<html" not in error["Message"].lower()


@pytest.mark.parametrize("part", ["Credentials", "PathPrefix"])
def test_credentials_for_uploads_that_lack_a_part_are_nonsense(
    on: On, avatar: str, voice_file: Path, sandbox: Hosted, part: str
) -> None:
    sandbox.set_faults([{"operation": "assets.credentials", "omit": part}])
    ran = on("video", "create", "--avatar", avatar, "--audio", voice_file, code=10)
    assert "lacks" in ran.err and sandbox.journal("video.create") == []


def test_http_failures_tell_their_status_once(on: On, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "voice.list", "http": 502}])
    ran = on("voice", "list", "-o", "table", code=10)
    assert ran.err.splitlines() == ["error: the service failed (HTTP 502)", "hint: try again later"]


def test_a_link_that_stays_expired_names_the_task_and_leaves_nothing_behind(on: On, made: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "media.get", "link_expired": True}])
    assert on("video", "wait", made, "--download", "a.webm", code=5).error["TaskId"] == made
    assert list(Path().iterdir()) == []


def test_a_ledger_that_is_no_database_is_to_be_moved_away(on: On, avatar: str, tmp_path: Path) -> None:
    (tmp_path / "state" / "ledger.db").write_bytes(b"this is no database" * 100)
    assert "; move the file away: mv " in on("task", "list", code=3).error["Hint"]


def test_the_text_for_people(on: On) -> None:
    lines = on("video", "status", "0" * 32, "-o", "table", code=5).err.splitlines()
    assert lines[0].startswith("error: ") and "the record does not exist" in lines[0]
    assert lines[1].startswith("service: code 110006, RequestID ")
    assert lines[-1] == "hint: check the id", "and no JSON"


def test_problems_of_the_command_line_have_the_same_form(tadh: Program) -> None:
    ran = tadh("video", "creat", "-o", "json", code=2)
    assert "did you mean create?" in ran.error["Message"] and "--help" in ran.error["Hint"]
    assert "--bogus" in tadh("video", "create", "--bogus", "-ojson", code=2).error["Message"]


def test_a_ledger_that_can_not_be_written_stops_before_sending(
    on: On, avatar: str, sandbox: Hosted, tmp_path: Path
) -> None:
    ledger = tmp_path / "state" / "ledger.db"
    ledger.unlink(missing_ok=True)
    ledger.mkdir()
    ran = on("video", "create", "--avatar", avatar, "--text", "hello", code=3)
    assert "the ledger" in ran.err and sandbox.journal("video.create") == []


def test_a_broken_ledger_does_not_stop_a_question(on: On, made: str, tmp_path: Path) -> None:
    for path in (tmp_path / "state").glob("ledger.db*"):
        path.unlink()
    (tmp_path / "state" / "ledger.db").write_bytes(b"this is no database" * 100)
    ran = on("video", "status", made)
    assert ran.json["Status"] == "SUCCESS" and "warning: the ledger" in ran.err


def test_a_trace_has_a_line_for_each_request(on: On, avatar: str, voice_file: Path) -> None:
    on("video", "create", "--avatar", avatar, "--audio", voice_file, "--download", "out/", "--trace", "t.jsonl")
    lines = [json.loads(line) for line in Path("t.jsonl").read_text().splitlines()]
    urls = " ".join(line["Url"] for line in lines)
    for part in ("getuploadcredentials", "/audio/", "videomake", "getprogress", ".webm"):
        assert part in urls
    assert all(line["Status"] in (200, 206) and line["Milliseconds"] >= 0 for line in lines)


def test_a_trace_that_can_not_be_written_is_told_before_anything_is_sent(on: On, sandbox: Hosted) -> None:
    assert "no/such/place" in on("avatar", "list", "--trace", "no/such/place/t.jsonl", code=1).err
    assert sandbox.journal() == []


def test_verbose_shows_requests_without_secrets(on: On) -> None:
    ran = on("avatar", "list", "--limit", 1, "-v")
    assert "describesmallsampleimage" in ran.err and "signature=***" in ran.err and ran.json


def test_nothing_but_data_on_stdout_and_no_control_characters_anywhere(on: On, avatar: str) -> None:
    ran = on("video", "create", "--avatar", avatar, "--text", "hello", "--wait", "--download", "out/")
    assert ran.json and "\x1b" not in ran.err and "\r" not in ran.err
    changes = [line for line in ran.err.splitlines() if ": MAKING" in line]
    assert len(changes) <= 1, "one line per change of state"


def test_uploads_have_no_bodies_to_show(on: On, avatar: str, voice_file: Path) -> None:
    ran = on("video", "create", "--avatar", avatar, "--audio", voice_file, "-vv")
    assert "> null" not in ran.err and "< null" not in ran.err


def test_quiet_is_quiet(on: On, avatar: str) -> None:
    assert on("video", "create", "--avatar", avatar, "--text", "hello", "--wait", "--quiet").err == ""
