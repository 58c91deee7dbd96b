"""Downloads: whole or not at all, whatever the other side does."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tadh_cli.engine.places import unwritable
from tadh_cli.engine.transfer import Source, download
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import FileError, NetworkError, NotFound, ServiceError, TadhError
from tests import processes, wire
from tests.clocks import FakeClock
from tests.wire import Server, reply, serving

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40
OTHER = b"\x00\x00\x00\x18ftypisom" + bytes(reversed(range(256))) * 40
SRT = "1\n00:00:00,000 --> 00:00:01,000\n你好\n".encode()


@dataclass
class Host:
    """A file behind a URL, and a host with all the faults of hosts."""

    data: bytes = MP4
    etag: str = '"1"'
    # For each answer, how many bytes of its body arrive; None for all, which is so when the list is used up.
    cuts: list[int | None] = field(default_factory=list)
    knows_ranges: bool = True
    heeds_if_range: bool = True
    # Headers to add, or to leave out by None.
    headers: dict[str, str | None] = field(default_factory=dict)

    def __call__(self, connection: wire.Connection) -> bool:
        seen = connection.read()
        first = self._first(seen)
        body = self.data[first:]
        cut = self.cuts.pop(0) if self.cuts else None
        if first > len(self.data) or (first and not body):
            connection.send(wire.head(416, {"Content-Length": "0", "Content-Range": f"bytes */{len(self.data)}"}))
            return True
        fields: dict[str, str | None] = {"Content-Length": str(len(body)), "ETag": self.etag}
        if first:
            fields["Content-Range"] = f"bytes {first}-{len(self.data) - 1}/{len(self.data)}"
        fields |= self.headers
        known = {name: value for name, value in fields.items() if value is not None}
        connection.send(wire.head(206 if first else 200, known) + (body if cut is None else body[:cut]))
        return cut is None and "Content-Length" in known

    def _first(self, seen: wire.Seen) -> int:
        wanted = seen.headers.get("range", "")
        is_same = seen.headers.get("if-range") in (None, self.etag) or not self.heeds_if_range
        return int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.knows_ranges and is_same else 0


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def server(host: Host) -> Iterator[Server]:
    with serving(host) as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out" / "T1.mp4"


Fetch = Callable[..., Path]


@pytest.fixture
def fetch(server: Server, transport: Transport, clock: FakeClock, target: Path) -> Fetch:
    """Download the host's file as task T1's video."""

    def fetch(to: Path = target, **more: Any) -> Path:
        return download(transport, source(server, **more), to, clock=clock)

    return fetch


def source(server: Server, **more: Any) -> Source:
    given = {"identity": "T1:MediaUrl", "kinds": ("mp4",), "what": "the video of T1", **more}
    given.setdefault("link", lambda is_stale: f"{server.url}/{'new' if is_stale else 'old'}.mp4")
    return Source(**given)


def ranges(server: Server) -> list[str]:
    return [seen.headers.get("range", "") for seen in server.seen]


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path != target)


# Whole -------------------------------------------------------------------------------------------------


def test_a_file_arrives_and_nothing_is_left_beside_it(fetch: Fetch, target: Path) -> None:
    assert fetch() == target
    assert target.read_bytes() == MP4 and leftovers(target) == []


def test_an_existing_file_is_replaced_only_when_the_new_one_is_whole(fetch: Fetch, host: Host, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"old")
    host.cuts = [100] * 10
    host.headers = {"ETag": None}
    with pytest.raises(NetworkError):
        fetch()
    assert target.read_bytes() == b"old"
    host.cuts = []
    assert fetch().read_bytes() == MP4


def test_progress_is_told_from_nothing_to_all(
    server: Server, transport: Transport, target: Path, clock: FakeClock, host: Host
) -> None:
    told: list[tuple[int, int | None]] = []
    host.cuts = [4000]
    download(transport, source(server), target, clock=clock, progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {total for _, total in told} == {len(MP4)} and told[-1][0] == len(MP4)


@pytest.mark.parametrize("header", ["Content-Length", "ETag"])
def test_a_host_that_says_little_will_do(fetch: Fetch, host: Host, header: str) -> None:
    host.headers = {header: None}
    assert fetch().read_bytes() == MP4


def test_a_chunked_body_has_to_come_to_its_end(fetch: Fetch, server: Server, target: Path) -> None:
    start = wire.head(200, {"Transfer-Encoding": "chunked"}) + b"%x\r\n" % len(MP4) + MP4 + b"\r\n"
    server.steps[:] = [wire.raw(start)]
    with pytest.raises(NetworkError):
        fetch()
    assert not target.exists()
    server.steps[:] = [wire.raw(start + b"0\r\n\r\n")]
    assert fetch().read_bytes() == MP4


# Broken off --------------------------------------------------------------------------------------------


def test_a_broken_transfer_goes_on_where_it_was(fetch: Fetch, host: Host, server: Server, clock: FakeClock) -> None:
    host.cuts = [1000, 2000, 3000]
    assert fetch().read_bytes() == MP4
    assert ranges(server) == ["", "bytes=1000-", "bytes=3000-", "bytes=6000-"]
    assert {seen.headers.get("if-range") for seen in server.seen[1:]} == {'"1"'}
    assert len(clock.slept) == 3


def test_the_next_run_goes_on_where_the_last_was_killed(fetch: Fetch, host: Host, server: Server, target: Path) -> None:
    def impatient(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    host.cuts = [5000]
    with pytest.raises(KeyboardInterrupt):
        download(Transport(use_proxies=False), source(server), target, clock=FakeClock(), progress=impatient)
    assert leftovers(target) == ["T1.mp4.part", "T1.mp4.part.json"] and not target.exists()
    assert fetch().read_bytes() == MP4
    assert ranges(server) == ["", "bytes=5000-"]


def test_a_host_that_knows_no_ranges_is_asked_from_the_start(fetch: Fetch, host: Host, server: Server) -> None:
    host.knows_ranges = False
    host.cuts = [1000, 5000, 10]
    assert fetch().read_bytes() == MP4


def test_without_a_validator_nothing_is_continued(fetch: Fetch, host: Host, server: Server) -> None:
    host.headers = {"ETag": None}
    host.cuts = [1000, 2000]
    assert fetch().read_bytes() == MP4
    assert ranges(server) == ["", "", ""]


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"abc"'}, '"abc"'),
        ({"ETag": 'W/"abc"', "Last-Modified": "Sat, 21 Nov 2026 05:00:00 GMT"}, "Sat, 21 Nov 2026 05:00:00 GMT"),
        ({"ETag": None, "Last-Modified": "Sat, 21 Nov 2026 05:00:00 GMT"}, "Sat, 21 Nov 2026 05:00:00 GMT"),
    ],
)
def test_only_a_strong_validator_proves_that_a_file_is_the_same(
    fetch: Fetch, host: Host, server: Server, headers: dict[str, str | None], validator: str
) -> None:
    host.headers, host.etag = headers, validator
    host.cuts = [1000]
    assert fetch().read_bytes() == MP4
    assert server.seen[1].headers["if-range"] == validator


def test_a_file_that_changed_in_between_is_fetched_anew(fetch: Fetch, host: Host, server: Server) -> None:
    def changed(connection: wire.Connection) -> bool:
        host.data, host.etag = OTHER, '"2"'
        return host(connection)

    host.cuts = [1000, 2000]
    server.steps[:] = [host, changed, host]
    assert fetch().read_bytes() == OTHER
    assert ranges(server) == ["", "bytes=1000-", "bytes=2000-"]


@pytest.mark.parametrize("length", [len(MP4), len(MP4) - 100, len(MP4) + 100], ids=["same", "shorter", "longer"])
def test_parts_of_two_versions_are_never_put_together(
    fetch: Fetch, host: Host, server: Server, target: Path, length: int
) -> None:
    """A host that does not heed If-Range still says of which version a range is."""

    def changed(connection: wire.Connection) -> bool:
        host.data, host.etag = (OTHER * 2)[:length], '"2"'
        return host(connection)

    host.heeds_if_range = False
    host.cuts = [1000]
    server.steps[:] = [host, changed]
    try:
        fetch()
    except TadhError:
        assert not target.exists()
    else:
        assert target.read_bytes() == host.data


def test_a_range_from_elsewhere_in_the_file_is_not_taken(fetch: Fetch, host: Host, server: Server) -> None:
    wrong = {"Content-Length": "10", "Content-Range": f"bytes 7-16/{len(MP4)}", "ETag": '"1"'}
    host.cuts = [1000]
    server.steps[:] = [host, wire.raw(wire.head(206, wrong) + MP4[7:17]), host]
    assert fetch().read_bytes() == MP4


@pytest.mark.parametrize("span", [None, "", "bytes", "bytes */100", "bytes ²-9/100", "items 0-9/100"])
def test_a_range_that_does_not_say_what_it_is_is_not_taken(
    fetch: Fetch, host: Host, server: Server, span: str | None
) -> None:
    fields = {"Content-Length": "10"} | ({} if span is None else {"Content-Range": span})
    host.cuts = [1000]
    server.steps[:] = [host, wire.raw(wire.head(206, fields) + b"x" * 10), host]
    assert fetch().read_bytes() == MP4


def test_a_part_that_was_complete_already_is_no_obstacle(fetch: Fetch, server: Server, target: Path) -> None:
    """Killed between the last byte and the renaming: the host answers 416."""
    target.parent.mkdir()
    part = target.with_name("T1.mp4.part")
    part.write_bytes(MP4)
    part.with_name("T1.mp4.part.json").write_text('{"identity": "T1:MediaUrl", "validator": "\\"1\\"", "total": 10252}')
    assert fetch().read_bytes() == MP4
    assert leftovers(target) == []


@pytest.mark.parametrize(
    "note",
    [
        '{"identity": "T2:MediaUrl", "validator": "\\"1\\"", "total": 10252}',
        '{"identity": "T1:MediaUrl", "validator": "", "total": 10252}',
        '{"identity": "T1:MediaUrl"}',
        "[]",
        "{",
        "",
        None,
    ],
)
def test_the_part_of_another_task_is_not_continued(
    fetch: Fetch, server: Server, target: Path, note: str | None
) -> None:
    target.parent.mkdir()
    target.with_name("T1.mp4.part").write_bytes(OTHER[:5000])
    if note is not None:
        target.with_name("T1.mp4.part.json").write_text(note)
    assert fetch().read_bytes() == MP4
    assert ranges(server) == [""]


# What ends it ------------------------------------------------------------------------------------------


def test_attempts_that_bring_nothing_come_to_an_end(fetch: Fetch, host: Host, server: Server, target: Path) -> None:
    host.cuts = [1000, *[0] * 20]
    with pytest.raises(NetworkError):
        fetch()
    assert len(server.seen) <= 6 and not target.exists()


def test_starting_over_and_over_is_no_progress(fetch: Fetch, host: Host, server: Server, target: Path) -> None:
    host.knows_ranges = False
    host.cuts = [5000, *[4000] * 50]
    with pytest.raises(NetworkError):
        fetch()
    assert len(server.seen) <= 6 and not target.exists()


def test_attempts_that_bring_something_go_on(fetch: Fetch, host: Host, server: Server) -> None:
    host.cuts = [500] * 20
    assert fetch().read_bytes() == MP4
    assert len(server.seen) == 21


def test_pauses_grow_while_nothing_comes(fetch: Fetch, host: Host, clock: FakeClock) -> None:
    host.cuts = [0] * 20
    with pytest.raises(NetworkError):
        fetch()
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize("length", [len(MP4) + 1000, len(MP4) * 3])
def test_a_length_that_is_never_reached_ends_with_an_error(
    fetch: Fetch, host: Host, server: Server, target: Path, length: int
) -> None:
    host.headers = {"Content-Length": str(length), "Connection": "close"}
    host.cuts = [len(MP4)] * 50
    with pytest.raises(TadhError):
        fetch()
    assert not target.exists() and len(server.seen) < 20


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!DOCTYPE html><html><body>Login</body></html>", "it is html, not mp4"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "it is xml, not mp4"),
        (b'{"error": "gone", "more": 1}', "it is unknown, not mp4"),
        (b"short", "it is unknown, not mp4"),
        (b"ID3" + b"\x00" * 100, "it is mp3, not mp4"),
    ],
)
def test_what_is_no_media_is_refused_at_once(
    fetch: Fetch, host: Host, server: Server, target: Path, body: bytes, what: str
) -> None:
    host.data = body
    with pytest.raises(ServiceError, match=f"the video of T1 is not what it should be: {what}"):
        fetch()
    assert len(server.seen) == 1 and not target.exists()


def test_an_impostor_is_recognised_before_it_is_loaded_whole(fetch: Fetch, host: Host, server: Server) -> None:
    host.data = b"<html>" + b" " * 3_000_000
    told: list[int] = []
    with pytest.raises(ServiceError):
        download(
            Transport(use_proxies=False),
            source(server),
            Path("a.mp4"),
            clock=FakeClock(),
            progress=lambda done, total: told.append(done),
        )
    assert told == []


def test_an_empty_body_is_tried_again_and_then_told(fetch: Fetch, host: Host, server: Server, target: Path) -> None:
    host.data = b""
    with pytest.raises(ServiceError, match="the video of T1 is empty"):
        fetch()
    assert len(server.seen) == 5 and not target.exists()


@pytest.mark.parametrize(("status", "attempts"), [(500, 5), (503, 5), (429, 5), (400, 1), (405, 1), (204, 1)])
def test_other_answers_are_no_media(fetch: Fetch, server: Server, target: Path, status: int, attempts: int) -> None:
    server.steps[:] = [reply("<html>", status=status) if status != 204 else wire.raw(wire.head(204, {}))]
    with pytest.raises(ServiceError, match=rf"the download of the video of T1 failed \(HTTP {status}\)"):
        fetch()
    assert len(server.seen) == attempts and not target.exists()


# Links -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_link_is_asked_for_anew(fetch: Fetch, host: Host, server: Server, status: int) -> None:
    server.steps[:] = [reply("<Error/>", status=status), host]
    assert fetch().read_bytes() == MP4
    assert server.targets == ["/old.mp4", "/new.mp4"]


def test_a_link_that_expires_in_the_middle_costs_nothing(fetch: Fetch, host: Host, server: Server) -> None:
    host.cuts = [6000]
    server.steps[:] = [host, reply("", status=403), host]
    assert fetch().read_bytes() == MP4
    assert (server.targets, ranges(server)[2]) == (["/old.mp4", "/old.mp4", "/new.mp4"], "bytes=6000-")


def test_links_that_stay_expired_are_told(fetch: Fetch, server: Server, target: Path) -> None:
    server.steps[:] = [reply("", status=403)]
    with pytest.raises(NotFound, match=r"the link to the video of T1 is expired or gone \(HTTP 403\)") as caught:
        fetch()
    assert "7 days" in caught.value.hint
    assert len(server.seen) == 4 and not target.exists()


def test_a_failure_to_get_a_link_is_told_as_it_is(fetch: Fetch) -> None:
    def link(is_stale: bool) -> str:
        raise NotFound("no such task")

    with pytest.raises(NotFound, match="no such task"):
        fetch(link=link)


def test_a_failure_to_get_a_link_that_passes_is_borne(fetch: Fetch, server: Server) -> None:
    lost = NetworkError("lost")
    lost.transient = True
    answers: list[Any] = [lost, f"{server.url}/a.mp4"]

    def link(is_stale: bool) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    assert fetch(link=link).read_bytes() == MP4


@pytest.mark.parametrize("url", ["url", "", "http://[::1", "ftp://example.com/a.mp4", "mailto:a@b"])
def test_a_link_that_is_none_is_told(fetch: Fetch, target: Path, url: str, clock: FakeClock) -> None:
    with pytest.raises(TadhError):
        fetch(link=lambda is_stale: url)
    assert not target.exists() and clock.slept == []


# Subtitles ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [SRT, b"\xef\xbb\xbf" + SRT, SRT.replace(b"\n", b"\r\n"), "数字人".encode("gb18030"), b"1"]
)
def test_subtitles_are_text_of_any_kind(fetch: Fetch, host: Host, body: bytes) -> None:
    host.data = body
    assert fetch(kinds=(), what="the subtitles of T1").read_bytes() == body


@pytest.mark.parametrize(
    ("body", "kind"), [(b"<html><body>Login</body>", "html"), (b"<Error>denied</Error>", "xml"), (MP4, "mp4")]
)
def test_what_is_no_subtitles_is_refused(fetch: Fetch, host: Host, target: Path, body: bytes, kind: str) -> None:
    host.data = body
    with pytest.raises(ServiceError, match=f"it is {kind}, not subtitles"):
        fetch(kinds=())
    assert not target.exists()


# This machine ------------------------------------------------------------------------------------------


def test_a_directory_in_place_of_the_file_is_told(fetch: Fetch, target: Path) -> None:
    target.mkdir(parents=True)
    with pytest.raises(FileError, match=r"can't write .*T1\.mp4: is a directory"):
        fetch()


def test_a_file_in_place_of_a_directory_is_told(fetch: Fetch, tmp_path: Path, server: Server) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(FileError, match=r"can't write .*: (file exists|not a directory)"):
        fetch()
    assert server.seen == []


def test_a_name_that_no_file_can_have_is_told(fetch: Fetch, tmp_path: Path, server: Server) -> None:
    with pytest.raises(FileError, match="file name too long"):
        fetch(tmp_path / ("n" * 300 + ".mp4"))
    assert server.seen == []


@pytest.mark.parametrize(
    ("number", "hint"), [(errno.ENOSPC, "make room"), (errno.EDQUOT, "make room"), (errno.EACCES, "permissions")]
)
def test_what_to_do_depends_on_what_is_wrong(number: int, hint: str) -> None:
    error = unwritable(Path("a.mp4"), OSError(number, os.strerror(number)))
    assert error.message == f"can't write a.mp4: {os.strerror(number).lower()}"
    assert hint in error.hint


FULL_DISK = """if True:
    import resource, signal, sys
    from pathlib import Path
    from tadh_cli.engine.transfer import Source, download
    from tadh_cli.engine.transport import Transport
    from tadh_cli.errors import FileError
    from tests.clocks import FakeClock
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    source = Source("T1", lambda is_stale: sys.argv[1], ("mp4",), "the video")
    try:
        download(Transport(use_proxies=False), source, Path(sys.argv[2]), clock=FakeClock())
    except FileError as error:
        print(error.message)
    """


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_full_disk_leaves_no_file(server: Server, target: Path) -> None:
    assert processes.run(FULL_DISK, f"{server.url}/a.mp4", target) == f"can't write {target}: file too large\n"
    assert not target.exists() and len(server.seen) == 1


def test_what_a_full_disk_interrupted_goes_on_later(server: Server, target: Path, fetch: Fetch) -> None:
    processes.run(FULL_DISK, f"{server.url}/a.mp4", target)
    assert fetch(identity="T1").read_bytes() == MP4
    assert ranges(server) == ["", "bytes=4096-"]


def test_two_downloads_of_one_target_at_once_do_not_mix(host: Host, target: Path) -> None:
    """The first has half when the second begins and ends."""
    has_half, may_go_on = threading.Event(), threading.Event()

    def halting(connection: wire.Connection) -> None:
        connection.read()
        connection.send(wire.head(200, {"Content-Length": str(len(MP4)), "ETag": '"1"'}) + MP4[:5000])
        has_half.set()
        may_go_on.wait(30)
        connection.send(MP4[5000:])

    def fetch() -> None:
        download(Transport(use_proxies=False), source(server), target, clock=FakeClock())

    with serving(halting, host) as server:
        first = threading.Thread(target=fetch)
        first.start()
        assert has_half.wait(30)
        fetch()
        assert target.read_bytes() == MP4
        may_go_on.set()
        first.join(30)
    assert target.read_bytes() == MP4 and leftovers(target) == []


RACE = """if True:
    import sys
    from pathlib import Path
    from tadh_cli.engine.transfer import Source, download
    from tadh_cli.engine.transport import Transport
    from tests.clocks import FakeClock
    transport = Transport(use_proxies=False)
    print("ready", flush=True)
    input()
    for index in range(20):
        source = Source(f"T{index}", lambda is_stale: sys.argv[1], ("mp4",), "the video")
        target = Path(sys.argv[2]) / f"T{index}.mp4"
        print(download(transport, source, target, clock=FakeClock()).read_bytes().hex()[-8:])
    """


def test_processes_that_fetch_the_same_files_do_not_mix(server: Server, tmp_path: Path) -> None:
    told = processes.race(RACE, f"{server.url}/a.mp4", tmp_path / "out", runners=2)
    assert {line for lines in told for line in lines.split()} == {MP4.hex()[-8:]}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"T{index}.mp4" for index in range(20)}
    assert {path.read_bytes() for path in (tmp_path / "out").iterdir()} == {MP4}


# Any trouble at all ------------------------------------------------------------------------------------

events = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, len(MP4))),
    st.tuples(st.just("status"), st.sampled_from([403, 404, 416, 429, 500, 503, 206, 204])),
    st.tuples(st.just("vanish"), st.none()),
    st.tuples(st.just("change"), st.integers(0, len(MP4))),
    st.tuples(st.just("forget ranges"), st.integers(0, len(MP4))),
)


def troubled(host: Host, event: tuple[str, int | None]) -> wire.Step:
    """A step that does what an event says."""
    what, number = event

    def step(connection: wire.Connection) -> bool | None:
        if what == "status":
            return reply("", status=number or 0)(connection)
        if what == "vanish":
            return wire.reset_after_reading(connection)
        if what == "change":
            host.data, host.etag = (OTHER, '"2"') if host.data == MP4 else (MP4, '"1"')
        host.cuts = [number]
        host.knows_ranges = what != "forget ranges"
        return host(connection)

    return step


@settings(max_examples=60)
@given(trouble=st.lists(events, max_size=8))
def test_whatever_happens_the_file_is_right_or_not_there(
    trouble: list[tuple[str, int | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    host, target = Host(), tmp_path_factory.mktemp("any") / "a.mp4"
    transport = Transport(use_proxies=False)
    with serving(*(troubled(host, event) for event in trouble), host) as server:
        try:
            download(transport, source(server), target, clock=FakeClock())
        except TadhError:
            assert not target.exists()
        else:
            assert target.read_bytes() == host.data and leftovers(target) == []
    transport.close()
