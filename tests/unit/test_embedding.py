"""Media of the web as data, from a real server that is slow, wrong, too generous or gone."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator, Mapping

import pytest

from tadh_cli.engine.embedding import Room, Stored, Wanted, stored
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import FileError
from tests import wire
from tests.account import png
from tests.clocks import FakeClock

PNG = png(4, 4)
ROOM = Room(each=10_000, total=100_000)


class Host:
    """A server with files; each path may fail a number of times before."""

    def __init__(self, files: Mapping[str, bytes], failures: Mapping[str, int] | None = None) -> None:
        self.files = files
        self.failures = dict(failures or {})

    def step(self, connection: wire.Connection) -> bool:
        path = connection.read().path
        if self.failures.get(path, 0) > 0:
            self.failures[path] -= 1
            connection.send(wire.head(503, {"Content-Length": "0"}))
            return True
        body = self.files.get(path)
        status = 200 if body is not None else 404
        # What a host says of a type is not believed.
        headers = {"Content-Length": str(len(body or b"")), "Content-Type": "text/html"}
        connection.send(wire.head(status, headers) + (body or b""))
        return True


@pytest.fixture
def transport() -> Iterator[Transport]:
    found = Transport(use_proxies=False)
    yield found
    found.close()


def fetch(transport: Transport, host: Host, paths: list[str], room: Room = ROOM) -> list[Stored]:
    with wire.serving(host.step) as server:
        wanted = [Wanted(f"{server.url}{path}", f"the picture {path}", "image") for path in paths]
        return list(stored(transport, wanted, room, FakeClock()))


def test_files_come_as_data_in_the_order_wanted(transport: Transport) -> None:
    files = {f"/{number}": png(4, 4, more=number) for number in range(20)}
    found = fetch(transport, Host(files), list(files))
    assert [base64.b64decode(each.data.removeprefix("data:image/png;base64,")) for each in found] == list(
        files.values()
    )


def test_a_host_that_fails_for_a_while_is_asked_again(transport: Transport) -> None:
    found = fetch(transport, Host({"/a": PNG}, {"/a": 3}), ["/a"])
    assert found[0].size == len(PNG) and not found[0].problem


def test_what_can_not_be_had_is_told_and_stops_nothing(transport: Transport) -> None:
    files = {"/a": PNG, "/page": b"<!DOCTYPE html><script>1</script>", "/svg": b"<svg onload='x'/>", "/none": b""}
    found = fetch(transport, Host(files, {"/down": 99}), ["/gone", "/page", "/svg", "/none", "/down", "/a"])
    assert [bool(each.data) for each in found] == [False] * 5 + [True]
    assert "HTTP 404" in found[0].problem and "it is html" in found[1].problem and "it is xml" in found[2].problem
    assert "is empty" in found[3].problem and "HTTP 503" in found[4].problem
    assert not any(each.is_too_large for each in found)


def test_a_host_that_is_not_there_is_told(transport: Transport) -> None:
    wanted = [Wanted(f"{wire.closed_url()}/a", "the picture", "image")]
    assert "no connection" in next(stored(transport, wanted, ROOM, FakeClock())).problem


def test_one_that_is_too_large_is_left_out(transport: Transport) -> None:
    found = fetch(transport, Host({"/a": png(4, 4, more=20_000), "/b": PNG}), ["/a", "/b"])
    assert found[0].is_too_large and not found[0].data and "too large" in found[0].problem
    assert found[1].data


def test_the_first_ones_get_the_room(transport: Transport) -> None:
    files = {f"/{number}": png(4, 4, more=4000) for number in range(12)}
    files["/small"] = PNG
    for _ in range(3):
        found = fetch(transport, Host(files), list(files), Room(each=10_000, total=13_000))
        assert [bool(each.data) for each in found] == [True] * 3 + [False] * 9 + [True]
        assert sum(each.size for each in found if each.data) <= 13_000


def test_a_clip_is_no_picture(transport: Transport) -> None:
    found = fetch(transport, Host({"/a": b"\x00\x00\x00\x18ftypisom" + bytes(100)}), ["/a"])
    assert "it is mp4" in found[0].problem


def test_without_a_place_for_what_is_fetched_nothing_is(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    with pytest.raises(FileError, match="no temporary directory can be made: no such file"):
        list(stored(transport, [Wanted("http://127.0.0.1:9/a", "a picture", "image")], ROOM, FakeClock()))
