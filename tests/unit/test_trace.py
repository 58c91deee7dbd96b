"""What was sent and answered: on stderr with -v, as lines of JSON with --trace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.provider import Exchange
from tadh_cli.engine.trace import Observer
from tadh_cli.errors import FileError
from tadh_cli.masking import Mask
from tests.clocks import FakeClock

URL = "https://gw.example.com/v2/a?appkey=k&timestamp=1&signature=s1gnature"


def exchange(**more: Any) -> Exchange:
    given = {"request": {"Payload": {"InputSsml": "你好"}}, "status": 200, "response": {"Header": {"Code": 0}}, **more}
    return Exchange("POST", URL, given["request"], given["status"], given["response"], 0.1234, given.get("error", ""))


def observer(said: list[str], clock: FakeClock, verbosity: int = 0, path: str | None = None) -> Observer:
    return Observer(said.append, Mask(["s3cret-token"]), verbosity=verbosity, path=path, clock=clock)


def test_nothing_is_told_unless_asked_for(clock: FakeClock) -> None:
    said: list[str] = []
    observer(said, clock).saw(exchange())
    assert said == []


@pytest.mark.parametrize("verbosity", [1, 2, 3])
def test_requests_are_told_and_bodies_on_second_asking(clock: FakeClock, verbosity: int) -> None:
    said: list[str] = []
    observer(said, clock, verbosity).saw(exchange())
    assert said[0] == "> POST https://gw.example.com/v2/a?appkey=k&timestamp=1&signature=*** -> 200, 123 ms"
    assert said[1:] == (['> {"Payload": {"InputSsml": "你好"}}', '< {"Header": {"Code": 0}}'] if verbosity > 1 else [])


def test_a_request_without_an_answer_says_why(clock: FakeClock) -> None:
    said: list[str] = []
    observer(said, clock, 1).saw(exchange(status=None, response=None, error="the connection was lost"))
    assert said[0].endswith(" -> the connection was lost, 123 ms")


def test_long_bodies_are_cut_for_the_eye(clock: FakeClock) -> None:
    said: list[str] = []
    observer(said, clock, 2).saw(exchange(response="x" * 10_000))
    assert said[2].endswith("x… (10,000 characters)") and len(said[2]) < 5000


def test_a_trace_is_one_line_of_json_an_exchange(clock: FakeClock) -> None:
    watching = observer([], clock, path="trace.ndjson")
    watching.saw(exchange())
    clock.advance(1)
    watching.saw(exchange(status=None, response=None, error="lost"))
    first, second = (json.loads(line) for line in Path("trace.ndjson").read_text("utf-8").splitlines())
    assert first == {
        "Time": "2026-03-01T12:00:00Z",
        "Method": "POST",
        "Url": "https://gw.example.com/v2/a?appkey=k&timestamp=1&signature=***",
        "Request": {"Payload": {"InputSsml": "你好"}},
        "Status": 200,
        "Response": {"Header": {"Code": 0}},
        "Milliseconds": 123,
        "Error": None,
    }
    assert (second["Status"], second["Error"], second["Time"]) == (None, "lost", "2026-03-01T12:00:01Z")


def test_a_trace_keeps_whole_what_the_eye_is_spared(clock: FakeClock) -> None:
    observer([], clock, path="t").saw(exchange(response="x" * 10_000))
    assert json.loads(Path("t").read_text())["Response"] == "x" * 10_000


def test_a_trace_goes_on_where_another_run_ended(clock: FakeClock) -> None:
    for _ in range(2):
        observer([], clock, path="t").saw(exchange())
    assert len(Path("t").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    "secret",
    [
        {"request": {"Payload": {"TrtcUserSig": "h1dden"}}},
        {"response": {"Payload": {"Credentials": {"Token": "h1dden", "TmpSecretKey": "h1dden"}}}},
        {"response": {"Payload": {"PlayStreamAddr": "rtmp://a/b?txSecret=h1dden&txTime=1"}}},
        {"response": {"s3cret-token": ["s3cret-token"]}},
        {"response": "s3cret-token"},
        {"error": "lost s3cret-token"},
    ],
)
def test_no_secret_reaches_eye_or_file(clock: FakeClock, secret: dict[str, Any]) -> None:
    said: list[str] = []
    observer(said, clock, 2, "t").saw(exchange(**secret))
    told = "\n".join(said) + Path("t").read_text("utf-8")
    assert not [word for word in ("h1dden", "s3cret-token", "s1gnature") if word in told]


@pytest.mark.parametrize("path", ["no/such/directory/t", "."])
def test_a_trace_that_can_not_be_written_is_told_before_anything_is_sent(clock: FakeClock, path: str) -> None:
    with pytest.raises(FileError, match=f"can't write the trace {path}: ") as caught:
        observer([], clock, path=path)
    assert "--trace" in caught.value.hint


def test_a_trace_that_ends_on_the_way_costs_a_warning_and_never_the_answer(clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    said: list[str] = []
    watching = observer(said, clock, path=str(tmp_path / "folder" / "t"))
    shutil.rmtree(tmp_path / "folder")
    for _ in range(2):
        watching.saw(exchange())
    assert len(said) == 1 and said[0].startswith(f"warning: can't write the trace {tmp_path}")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_trace_on_a_full_disk_costs_a_warning(clock: FakeClock) -> None:
    said: list[str] = []
    observer(said, clock, path="/dev/full").saw(exchange())
    assert said == ["warning: can't write the trace /dev/full: No space left on device; it ends here"]


@pytest.mark.parametrize("verbosity", [0, 2])
def test_an_answer_too_deep_to_be_shown_is_left_out(clock: FakeClock, verbosity: int) -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    said: list[str] = []
    watching = observer(said, clock, verbosity, "t")
    watching.saw(exchange(response=deep))
    watching.saw(exchange())
    assert len(Path("t").read_text().splitlines()) == 2


def test_a_trace_to_a_dash_goes_to_stderr(clock: FakeClock) -> None:
    said: list[str] = []
    observer(said, clock, path="-").saw(exchange())
    assert json.loads(said[0])["Status"] == 200
    assert not Path("-").exists()


def test_half_a_character_in_an_answer_does_not_stop_it(clock: FakeClock) -> None:
    observer([], clock, path="t").saw(exchange(response={"Message": "bad \udcff text"}))
    assert json.loads(Path("t").read_bytes())["Response"]["Message"].startswith("bad ")
