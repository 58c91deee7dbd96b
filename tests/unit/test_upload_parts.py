"""Uploads in parts: whole, resumed, refused, interrupted, over real sockets against a store that obeys the test."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.provider import Exchange
from tadh_cli.engine import upload as module
from tadh_cli.engine import upload_parts
from tadh_cli.engine.clock import Clock
from tadh_cli.engine.crc64 import combine
from tadh_cli.engine.transport import Transport
from tadh_cli.engine.upload import part_bytes_for, upload
from tadh_cli.engine.upload_file import LocalFile
from tadh_cli.engine.upload_job import Uploaded
from tadh_cli.errors import AuthError, InputError, Interrupted, NetworkError, ServiceError, TadhError
from tests import cos as store
from tests import processes
from tests.calls import client_for
from tests.clocks import FakeClock
from tests.cos import Asked, Cos, Refusal, Reset

MIB = 1024**2
PARTS = 9
# The last part is a short one.
# By this a file is taken for a film.
FTYP = b"\0\0\0\x18ftypisom"
SIZE = (PARTS - 1) * MIB + 12_345


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_BYTES", MIB)


@pytest.fixture
def cos() -> Iterator[Cos]:
    with store.running() as cos:
        yield cos


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(FTYP + random.Random(1).randbytes(SIZE - len(FTYP)))
    return path


@pytest.fixture
def clock() -> FakeClock:
    """A clock whose time is that of the machine when it starts: keys expire by the machine's."""
    return FakeClock(now_s=Clock().now_s())


Send = Callable[..., Uploaded]


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def send(cos: Cos, transport: Transport, clock: FakeClock, film: Path, tmp_path: Path, warnings: list[str]) -> Send:
    def send(path: Path = film, *, progress: Any = lambda done, total: None, **more: Any) -> Uploaded:
        return upload(
            client_for(cos.url, transport, clock),
            transport,
            path,
            "video",
            progress,
            suffix=".mp4",
            **{"records": tmp_path / "uploads", "warn": warnings.append, **more},
        )

    return send


@pytest.fixture
def records(tmp_path: Path) -> Callable[[], list[Path]]:
    return lambda: sorted((tmp_path / "uploads").glob("*"))


def once(refusal: Exception, what: str, number: int = 0) -> Callable[[Asked], None]:
    """A rule that meets one request."""
    left = [refusal]

    def rule(asked: Asked) -> None:
        if left and asked.what == what and (not number or asked.part == number):
            raise left.pop()

    return rule


def always(refusal: Exception, what: str, number: int = 0) -> Callable[[Asked], None]:
    def rule(asked: Asked) -> None:
        if asked.what == what and (not number or asked.part == number):
            raise refusal

    return rule


# Whole -------------------------------------------------------------------------------------------------


def test_a_large_file_arrives_byte_for_byte(send: Send, cos: Cos, film: Path, records: Any) -> None:
    found = send()
    assert cos.objects == {found.key: film.read_bytes()}
    assert sorted(cos.sent()) == list(range(1, PARTS + 1)) and cos.count("complete") == 1
    assert found.url == f"{cos.url}/{found.key}" and found.size_bytes == SIZE
    assert found.crc64 == combine(0, store.crc64(film.read_bytes()), SIZE)
    assert records() == [] and cos.uploads == {}


def test_several_parts_are_under_way_at_once(send: Send, cos: Cos) -> None:
    """Credentials, then the upload: the first four parts are asked for before one of them is answered."""
    all_there = threading.Barrier(upload_parts.THREADS, timeout=20)
    seen: set[int] = set()

    def progress(done: int, total: int | None) -> None:
        pass

    opened = LocalFile.opened

    def meet(self: Any) -> Any:
        if threading.current_thread() is not threading.main_thread() and threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            all_there.wait()
        return opened(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalFile, "opened", meet)
        send(progress=progress)
    assert len(seen) == upload_parts.THREADS


def test_progress_rises_to_the_last_byte(send: Send) -> None:
    told: list[tuple[int, int | None]] = []
    send(progress=lambda done, total: told.append((done, total)))
    assert told[0] == (0, SIZE) and told[-1] == (SIZE, SIZE) and told == sorted(told)


@pytest.mark.parametrize("size", [MIB + 1, 2 * MIB, 2 * MIB - 1])
def test_borders_of_parts(send: Send, cos: Cos, tmp_path: Path, size: int) -> None:
    path = tmp_path / "border.mp4"
    path.write_bytes(random.Random(size).randbytes(size))
    assert cos.objects[send(path).key] == path.read_bytes()
    assert len(cos.sent()) == 2


def test_one_part_goes_in_one_request(send: Send, cos: Cos, tmp_path: Path, records: Any) -> None:
    path = tmp_path / "one.mp4"
    path.write_bytes(bytes(MIB))
    found = send(path)
    assert [asked.what for asked in cos.asked] == ["credentials", "put"] and cos.asked[1].md5
    assert cos.objects == {found.key: bytes(MIB)} and records() == []


@pytest.mark.parametrize(
    ("size_bytes", "part_bytes"),
    [(1, 16), (10 * 1024**3, 16), (10_000 * 16 * MIB, 16), (10_000 * 16 * MIB + 1, 17), (1024**4, 105)],
)
def test_parts_grow_with_what_the_store_counts_to(
    monkeypatch: pytest.MonkeyPatch, size_bytes: int, part_bytes: int
) -> None:
    monkeypatch.setattr(module, "PART_BYTES", 16 * MIB)
    assert part_bytes_for(size_bytes) == part_bytes * MIB
    assert -(-size_bytes // part_bytes_for(size_bytes)) <= 10_000


# Keys --------------------------------------------------------------------------------------------------


def test_every_request_carries_the_token_and_no_secret_key(send: Send, cos: Cos) -> None:
    send()
    mine = [asked for asked in cos.asked if asked.what != "credentials"]
    assert {asked.token for asked in mine} == {"s3cret-token-1"}
    assert all(asked.authorization.startswith("q-sign-algorithm=sha1&q-ak=AKIDs3cret-1&") for asked in mine)


def test_keys_that_expire_in_the_middle_are_renewed_once_and_the_place_stays(send: Send, cos: Cos, film: Path) -> None:
    arrived: list[int] = []

    def expire(asked: Asked) -> None:
        arrived.append(asked.part)
        if len(arrived) == 4:
            cos.expire()

    cos.after = lambda asked: expire(asked) if asked.what == "part" else None
    found = send()
    assert cos.objects == {found.key: film.read_bytes()}
    assert cos.count("credentials") == 2 and "/u1/" in found.url


def test_keys_are_renewed_before_they_expire(send: Send, cos: Cos, clock: FakeClock) -> None:
    cos.life_s = 1000.0

    def later(asked: Asked) -> None:
        if asked.what == "begin":
            clock.advance(900.0)

    cos.after = later
    send()
    assert cos.count("credentials") == 2 and not [asked for asked in cos.asked if asked.what == "refused"]
    assert {asked.token for asked in cos.asked if asked.what == "part"} == {"s3cret-token-2"}


def test_keys_that_open_only_their_own_place_begin_anew_there(send: Send, cos: Cos, film: Path) -> None:
    cos.is_narrow = True
    expired: list[bool] = []

    def expire(asked: Asked) -> None:
        if asked.what == "part" and not expired:
            expired.append(True)
            cos.expire()

    cos.after = expire
    found = send()
    assert cos.objects == {found.key: film.read_bytes()} and "/u2/" in found.url


def test_keys_that_are_never_accepted_are_given_up(send: Send, cos: Cos) -> None:
    cos.before = lambda asked: cos.expire() if asked.what == "begin" else None
    with pytest.raises(AuthError) as caught:
        send()
    assert caught.value.code == "ExpiredToken" and cos.count("credentials") == 4


# Failures that pass ------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [Refusal(500, "InternalError"), Refusal(503, "SlowDown"), Refusal(429), Reset()])
@pytest.mark.parametrize("what", ["begin", "part", "complete"])
def test_a_passing_failure_is_survived(send: Send, cos: Cos, film: Path, what: str, failure: Exception) -> None:
    cos.before = once(failure, what)
    found = send()
    assert cos.objects == {found.key: film.read_bytes()}


def test_one_part_in_twenty_fails(send: Send, cos: Cos, film: Path, clock: FakeClock) -> None:
    dice = random.Random(5)

    def stumble(asked: Asked) -> None:
        if asked.what == "part" and dice.random() < 0.2:
            raise dice.choice([Refusal(500), Reset()])

    cos.before = stumble
    found = send()
    assert cos.objects == {found.key: film.read_bytes()} and clock.slept


def test_a_connection_on_which_nothing_moves_is_given_up(send: Send, cos: Cos, film: Path) -> None:
    """The store holds back one answer until the client has asked again."""
    again = threading.Event()
    asked_for: list[int] = []

    def hang(asked: Asked) -> None:
        if asked.what == "part" and asked.part == 2:
            asked_for.append(2)
            if len(asked_for) == 1:
                cos.lock.release()
                again.wait(30)
                cos.lock.acquire()
                raise Reset()
            again.set()

    cos.before = hang
    found = send(timeout_s=0.3)
    assert cos.objects == {found.key: film.read_bytes()} and len(asked_for) == 2


def test_an_answer_to_the_completion_that_was_lost_is_no_loss(send: Send, cos: Cos, film: Path) -> None:
    cos.after = once(Reset(), "complete")
    found = send()
    assert cos.objects == {found.key: film.read_bytes()}
    assert [asked.what for asked in cos.asked[-3:]] == ["complete", "complete", "head"] and cos.count("begin") == 1


# Verification ------------------------------------------------------------------------------------------


def damaged_once(number: int) -> Callable[[Asked], None]:
    """The store keeps something else than it was sent, once."""
    left = [number]

    def rule(asked: Asked) -> None:
        if asked.what == "part" and asked.part in left:
            left.clear()
            object.__setattr__(asked, "body", b"\0" * len(asked.body))

    return rule


@pytest.mark.parametrize("tells_crc", [True, False])
def test_a_part_that_arrives_damaged_is_sent_again(send: Send, cos: Cos, film: Path, tells_crc: bool) -> None:
    cos.tells_crc = tells_crc
    cos.before = damaged_once(3)
    found = send()
    assert cos.objects == {found.key: film.read_bytes()} and len(cos.sent(number=3)) == 2


def test_a_store_whose_etags_are_no_md5_checks_the_md5_itself(send: Send, cos: Cos, film: Path) -> None:
    cos.tells_crc = False
    cos.etag = lambda body: f"{len(body):032x}"
    found = send()
    assert cos.objects == {found.key: film.read_bytes()}
    checked = [asked.part for asked in cos.asked if asked.what == "part" and asked.md5]
    assert len(checked) == 1 and len(cos.sent()) == PARTS + 1


def test_a_store_that_tells_nothing_is_believed(send: Send, cos: Cos) -> None:
    cos.tells_crc = False
    cos.etag = lambda body: "opaque"
    send()
    assert len(cos.sent()) == PARTS


def test_an_object_that_differs_from_the_file_is_told(send: Send, cos: Cos, records: Any) -> None:
    checks = cos._checks
    cos._checks = lambda body: {**checks(body), "x-cos-hash-crc64ecma": "1"} if len(body) == SIZE else checks(body)  # type: ignore[method-assign]
    with pytest.raises(ServiceError, match="is not what was sent"):
        send()
    assert records() == []


# Failures that stay ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "kind", "code"),
    [
        (Refusal(403, "AccessDenied"), AuthError, "AccessDenied"),
        (Refusal(403, "SignatureDoesNotMatch"), AuthError, "SignatureDoesNotMatch"),
        (Refusal(400, "InvalidArgument"), ServiceError, "InvalidArgument"),
        (Refusal(404, "NoSuchBucket"), ServiceError, "NoSuchBucket"),
    ],
)
def test_a_refusal_stops_all_threads_at_once(
    send: Send, cos: Cos, refusal: Refusal, kind: type[TadhError], code: str
) -> None:
    cos.before = always(refusal, "part", 2)
    with pytest.raises(kind) as caught:
        send()
    assert (caught.value.code, caught.value.request_id) == (code, "req-cos")
    assert len(cos.sent()) <= 2 * upload_parts.THREADS and cos.count("complete") == 0
    assert not [thread for thread in threading.enumerate() if thread.name.endswith("(_work)")]


def test_a_failure_that_stays_is_told_with_the_way_on(send: Send, cos: Cos, clock: FakeClock, records: Any) -> None:
    cos.before = always(Refusal(500), "part", 2)
    with pytest.raises(ServiceError, match="HTTP 500") as caught:
        send()
    assert "run the same command again" in caught.value.hint and len(records()) == 1
    assert sorted(clock.slept)[-1] == 8.0


@pytest.mark.parametrize("change", ["grows", "shrinks", "is replaced", "is touched"])
def test_a_file_that_changes_on_its_way_is_told(send: Send, cos: Cos, film: Path, records: Any, change: str) -> None:
    def spoil(asked: Asked) -> None:
        if asked.what == "begin":
            if change == "grows":
                film.write_bytes(film.read_bytes() + b"x")
            elif change == "shrinks":
                os.truncate(film, MIB // 2)
            elif change == "is replaced":
                other = film.with_name("other")
                other.write_bytes(bytes(SIZE))
                other.replace(film)
            else:
                os.utime(film, ns=(0, 0))

    cos.after = spoil
    with pytest.raises(InputError, match=r"film\.mp4 changed while it was uploaded"):
        send()
    assert cos.count("complete") == 0 and cos.count("abort") == 1 and records() == []


def test_a_file_that_shrinks_while_a_part_is_read(send: Send, cos: Cos, film: Path) -> None:
    def shrink(done: int, total: int | None) -> None:
        if done:
            os.truncate(film, 1000)

    with pytest.raises(InputError, match="changed while it was uploaded"):
        send(progress=shrink)
    assert cos.objects == {}


@pytest.mark.parametrize("what", ["nothing", "a directory", "empty", "a pipe"])
def test_what_can_not_be_uploaded_is_named(send: Send, cos: Cos, tmp_path: Path, what: str) -> None:
    path = tmp_path / "thing.mp4"
    if what == "a directory":
        path.mkdir()
    elif what == "empty":
        path.touch()
    elif what == "a pipe":
        os.mkfifo(path)
    with pytest.raises(InputError, match=r"thing\.mp4"):
        send(path)
    assert cos.asked == []


# Resuming ----------------------------------------------------------------------------------------------


def broken_off(send: Send, cos: Cos, number: int = 5) -> None:
    """An upload that fails for good at a part."""
    cos.before = always(Refusal(400, "InvalidArgument"), "part", number)
    with pytest.raises(ServiceError):
        send()
    cos.before = store._nothing


def test_what_broke_off_goes_on_with_the_parts_that_are_missing(send: Send, cos: Cos, film: Path, records: Any) -> None:
    broken_off(send, cos)
    before = cos.sent()
    told: list[int] = []
    found = send(progress=lambda done, total: told.append(done))
    assert cos.objects == {found.key: film.read_bytes()}
    assert len(cos.sent()) == PARTS and cos.count("begin") == 1
    assert found.taken_up_bytes == told[0] == sum(min(MIB, SIZE - (number - 1) * MIB) for number in before)
    assert "/u1/" in found.url and records() == []


def test_the_record_is_private_and_has_no_secret(send: Send, cos: Cos, film: Path, records: Any) -> None:
    broken_off(send, cos)
    (path,) = records()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    text = path.read_text()
    assert "s3cret" not in text and "AKID" not in text
    head, *parts = (json.loads(line) for line in text.splitlines())
    assert head["File"] == str(film) and head["UploadId"] == "upload-1"
    assert sorted(part["Part"] for part in parts) == sorted(cos.sent())


def test_a_file_that_changed_since_begins_anew(send: Send, cos: Cos, film: Path) -> None:
    broken_off(send, cos)
    film.write_bytes(FTYP + random.Random(2).randbytes(SIZE - len(FTYP)))
    found = send()
    assert cos.objects == {found.key: film.read_bytes()}
    assert cos.count("abort") == 1 and cos.count("begin") == 2 and cos.uploads == {}


def test_other_bytes_with_the_same_size_and_time_are_noticed(send: Send, cos: Cos, film: Path) -> None:
    broken_off(send, cos)
    before = film.stat()
    with film.open("r+b") as file:
        file.seek(SIZE // 2)
        file.write(b"x")
    os.utime(film, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = send()
    assert cos.objects == {found.key: film.read_bytes()} and cos.count("begin") == 2


@pytest.mark.parametrize("code", ["NoSuchUpload", "forgotten parts"])
def test_an_upload_that_the_store_forgot_begins_anew(send: Send, cos: Cos, film: Path, code: str) -> None:
    broken_off(send, cos)
    if code == "NoSuchUpload":
        cos.uploads.clear()
    else:
        cos.uploads["upload-1"].popitem()
    found = send()
    assert cos.objects == {found.key: film.read_bytes()} and cos.count("begin") == 2


def test_a_run_that_ended_after_the_completion_sends_nothing_again(send: Send, cos: Cos, film: Path) -> None:
    cos.after = always(Reset(), "complete")
    cos.before = always(Refusal(400, "InvalidArgument"), "head")
    with pytest.raises(TadhError):
        send()
    cos.after = cos.before = store._nothing
    before = len(cos.sent())
    found = send()
    assert cos.objects[found.key] == film.read_bytes() and len(cos.sent()) == before


def test_a_record_of_more_than_a_week_ago_is_dropped(
    send: Send, cos: Cos, clock: FakeClock, records: Any, tmp_path: Path
) -> None:
    broken_off(send, cos)
    stale = records()[0].with_name("0-1.jsonl")
    stale.touch()
    os.utime(stale, (clock.now_s() - 8 * 86_400,) * 2)
    clock.advance(7 * 86_400)
    send()
    assert cos.count("begin") == 2 and records() == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [],
        lambda lines: [b"nonsense", *lines[1:]],
        lambda lines: [lines[0].replace(b'"Version": 1', b'"Version": 2'), *lines[1:]],
        lambda lines: [lines[0], b'{"Part": "1"}', *lines[1:]],
        lambda lines: [*lines[:-1], lines[-1][:10]],
        lambda lines: [*lines, b'{"Part": 999, "ETag": "x", "Crc64": "1"}'],
        lambda lines: [b"[" * 10_000, *lines[1:]],
    ],
)
def test_a_spoilt_record_does_no_harm(
    send: Send, cos: Cos, film: Path, records: Any, spoil: Callable[[list[bytes]], list[bytes]]
) -> None:
    broken_off(send, cos)
    (path,) = records()
    path.write_bytes(b"\n".join(spoil(path.read_bytes().splitlines())))
    found = send()
    assert cos.objects == {found.key: film.read_bytes()}


def test_a_line_that_was_cut_off_is_written_over(send: Send, cos: Cos, records: Any) -> None:
    broken_off(send, cos)
    (path,) = records()
    with path.open("ab") as file:
        file.write(b'{"Part": 5, "ET')
    cos.before = always(Refusal(400, "InvalidArgument"), "complete")
    with pytest.raises(ServiceError):
        send()
    assert len(path.read_bytes().splitlines()) == 1 + PARTS
    assert all(json.loads(line) for line in path.read_bytes().splitlines())


def test_keys_are_shown_to_no_other_store_than_theirs(send: Send, cos: Cos, film: Path, records: Any) -> None:
    broken_off(send, cos)
    (path,) = records()
    with store.running() as other:
        path.write_text(path.read_text().replace(cos.url, other.url))
        found = send()
        assert other.asked == []
    assert cos.objects == {found.key: film.read_bytes()}


def test_without_room_for_a_record_the_upload_goes_on(
    send: Send, cos: Cos, film: Path, tmp_path: Path, warnings: list[str]
) -> None:
    (tmp_path / "no-directory").touch()
    found = send(records=tmp_path / "no-directory")
    assert cos.objects == {found.key: film.read_bytes()}
    (warning,) = warnings
    assert "it can't go on in another run" in warning


# Processes ---------------------------------------------------------------------------------------------

RUN = """
import sys
from tadh_cli.engine import upload
upload.PART_BYTES = 1024 ** 2
from tadh_cli.main import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def account(cos: Cos, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ENDPOINT", cos.url), ("APP_KEY", "key"), ("ACCESS_TOKEN", "s3cret-access-token")):
        monkeypatch.setenv(f"TADH_{name}", value)


@pytest.mark.parametrize("number", [1, 3, 6, PARTS])
@pytest.mark.usefixtures("account")
def test_what_was_killed_sends_at_most_one_part_again(cos: Cos, film: Path, number: int) -> None:
    """Killed when a part has arrived and before that is answered."""
    process = processes.start(RUN, "assets", "upload", film, "--kind", "video")
    arrived: list[int] = []

    def kill(asked: Asked) -> None:
        if asked.what == "part":
            arrived.append(asked.part)
            if len(arrived) == number:
                process.kill()
                process.wait(30)

    cos.after = kill
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    cos.after = store._nothing
    url = processes.run(RUN, "assets", "upload", film, "--kind", "video", "-o", "id").strip()
    assert cos.objects == {url.removeprefix(f"{cos.url}/"): film.read_bytes()}
    assert len(cos.sent()) <= PARTS + 1 and cos.count("begin") == 1


@pytest.mark.usefixtures("account")
def test_a_disk_that_fills_up_does_not_stop_the_upload(cos: Cos, film: Path, records: Any) -> None:
    """Files of this process may have 700 bytes: a record's beginning and a part or two."""
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))" + RUN
    process = processes.start(limited, "assets", "upload", film, "--kind", "video", "-o", "id")
    url, err = process.communicate(timeout=60)
    assert cos.objects == {url.strip().removeprefix(f"{cos.url}/"): film.read_bytes()}
    assert err.count("it can't go on in another run: file too large") == 1 and records() == []


@pytest.mark.usefixtures("account")
def test_an_interruption_says_how_to_go_on(cos: Cos, film: Path) -> None:
    process = processes.start(RUN, "assets", "upload", film, "--kind", "video")
    cos.after = lambda asked: process.send_signal(signal.SIGINT) if asked.part == 4 else None
    _, err = process.communicate(timeout=60)
    assert process.returncode == Interrupted.exit_code
    assert "run the same command again" in err and f"assets upload {film} --kind video" in err
    assert "Traceback" not in err
    assert cos.count("abort") == 0 and len(cos.uploads) == 1


SEVERAL = """
import sys
from pathlib import Path
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.uploads import in_store, uploaded
from tadh_cli.errors import Interrupted
tadh, urls = Tadh(), {}
try:
    with in_store(urls):
        for name in sys.argv[1:]:
            urls[f"--{name}"] = uploaded(tadh, Path(name), "photo", suffix=".png")
except Interrupted as error:
    print(error.hint)
"""


@pytest.mark.usefixtures("account")
def test_an_interruption_names_the_files_that_are_stored(cos: Cos) -> None:
    """Those of one request too."""
    for name in ("first", "second"):
        Path(name).write_text(name)
    process = processes.start(SEVERAL, "first", "second")
    cos.after = lambda asked: process.send_signal(signal.SIGINT) if asked.body == b"second" else None
    told, _ = process.communicate(timeout=60)
    (first,) = (key for key, body in cos.objects.items() if body == b"first")
    assert told == f"what is uploaded need not be uploaded again: --first {cos.url}/{first}\n"


@pytest.mark.usefixtures("account")
def test_two_at_once_do_not_disturb_each_other(cos: Cos, film: Path, records: Any) -> None:
    """The second one finds the record taken and makes its own upload."""
    second: list[Any] = []

    def start_second(asked: Asked) -> None:
        if asked.what == "part" and not second:
            second.append(processes.start(RUN, "assets", "upload", film, "--kind", "video", "-o", "id"))
            cos.lock.release()
            begun.wait(30)
            cos.lock.acquire()
        elif asked.what == "begin" and cos.count("begin") == 1:
            begun.set()

    begun = threading.Event()
    cos.before = start_second
    first = processes.run(RUN, "assets", "upload", film, "--kind", "video", "-o", "id").strip()
    urls = {first, processes.ended(second[0]).strip()}
    assert len(urls) == 2 and len(cos.sent()) == 2 * PARTS
    assert [cos.objects[url.removeprefix(f"{cos.url}/")] == film.read_bytes() for url in urls] == [True, True]


@pytest.mark.usefixtures("account")
def test_nothing_that_is_written_has_a_secret(cos: Cos, film: Path, tmp_path: Path) -> None:
    cos.before = always(Refusal(403, "AccessDenied"), "part", 4)
    trace = tmp_path / "trace.jsonl"
    process = processes.start(RUN, "assets", "upload", film, "--kind", "video", "--trace", trace, "-vv")
    out, err = process.communicate(timeout=60)
    assert process.returncode == AuthError.exit_code and "AccessDenied" in err and "req-cos" in err
    written = [path.read_text(errors="replace") for path in tmp_path.rglob("*.json*")]
    assert len(written) == 2
    assert not [text for text in (out, err, *written) if "s3cret" in text or "q-signature" in text]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
@pytest.mark.usefixtures("account")
def test_memory_does_not_grow_with_the_file(cos: Cos, tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(200 * MIB)
    code = RUN.replace("1024 ** 2", "16 * 1024 ** 2").replace(
        "sys.exit(run(sys.argv[1:]))", "run(sys.argv[1:]); print(open('/proc/self/status').read())"
    )
    out = processes.run(code, "assets", "upload", path, "--kind", "video")
    peak_kib = int(next(line for line in out.splitlines() if line.startswith("VmHWM")).split()[1])
    assert peak_kib < 100 * 1024


# Seen --------------------------------------------------------------------------------------------------


def test_requests_that_fail_are_seen_too(send: Send, cos: Cos, transport: Transport) -> None:
    seen: list[Exchange] = []
    transport.observe = seen.append
    cos.before = once(Reset(), "part", 3)
    send()
    assert len(seen) == len(cos.asked) + 1
    (lost,) = [exchange for exchange in seen if exchange.error]
    assert lost.status is None and "was lost" in lost.error


def test_a_store_that_is_gone_is_told(send: Send, cos: Cos, clock: FakeClock) -> None:
    cos.before = always(Reset(), "begin")
    with pytest.raises(NetworkError, match=f"the connection to {cos.url.partition('//')[2]} was lost"):
        send()
    assert len(clock.slept) == 6
