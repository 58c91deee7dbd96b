"""Uploads: temporary credentials, one PUT, and the URL that comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.api.provider import Exchange
from tadh_cli.engine.client import Client
from tadh_cli.engine.transport import Transport
from tadh_cli.engine.upload import object_name, upload
from tadh_cli.errors import AuthError, InputError, NetworkError, ServiceError, TadhError
from tadh_cli.providers.tencent import TENCENT
from tadh_cli.providers.tencent.store import Place, place
from tests import wire
from tests.calls import client_for
from tests.clocks import FakeClock
from tests.wire import Server, Step, reply, say, serving

KEYS = {"Token": "s3cret-token", "TmpSecretId": "AKIDs3cret", "TmpSecretKey": "s3cret-key"}
STORED = reply("", ETag='"1"')


def refused(code: str, status: int) -> Step:
    return reply(f"<Error><Code>{code}</Code><RequestId>r-1</RequestId></Error>", status=status)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(STORED) as server:
        yield server


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "Mein Ton.wav"
    path.write_bytes(b"RIFF" + b"x" * 5000)
    return path


def granted(server: Server) -> Step:
    return say({"Credentials": KEYS, "ExpiredTime": 1, "PathPrefix": f"{server.url}/customer-pipeline/352/u-1/"})


Send = Callable[..., str]


@pytest.fixture
def send(server: Server, transport: Transport, clock: FakeClock, sound: Path) -> Send:
    def send(progress: Any = lambda done, total: None, path: Path = sound) -> str:
        return upload(client_for(server.url, transport, clock), transport, path, "audio", progress, suffix=".wav")

    return send


# The way of a file -------------------------------------------------------------------------------------


def test_a_file_is_put_under_the_prefix_and_its_url_comes_back(send: Send, server: Server, sound: Path) -> None:
    server.steps[:] = [granted(server), STORED]
    url = send()
    assert re.fullmatch(rf"{server.url}/customer-pipeline/352/u-1/audio/Mein-Ton-[0-9a-f]{{12}}\.wav", url)
    asked, put = server.seen
    assert (asked.method, put.method, server.url + put.path) == ("POST", "PUT", url)
    assert put.body == sound.read_bytes()


def test_the_upload_is_signed_with_the_temporary_keys(send: Send, server: Server) -> None:
    server.steps[:] = [granted(server), STORED]
    send()
    headers = server.seen[1].headers
    assert headers["x-cos-security-token"] == KEYS["Token"]
    assert headers["authorization"].startswith("q-sign-algorithm=sha1&q-ak=AKIDs3cret&")
    assert KEYS["TmpSecretKey"] not in str(headers)


def test_progress_is_told_up_to_the_last_byte(send: Send, server: Server, sound: Path) -> None:
    server.steps[:] = [granted(server), STORED]
    told: list[tuple[int, int | None]] = []
    send(lambda done, total: told.append((done, total)))
    assert told[-1] == (5004, 5004) and {total for _, total in told} == {5004}


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "RequestTimeTooSkewed"])
def test_expired_keys_are_asked_for_anew(send: Send, server: Server, code: str) -> None:
    server.steps[:] = [granted(server), refused(code, 403), granted(server), STORED]
    send()
    assert [seen.method for seen in server.seen] == ["POST", "PUT", "POST", "PUT"]
    assert server.seen[1].path == server.seen[3].path


@pytest.mark.parametrize(
    ("step", "kind", "code"),
    [
        (refused("AccessDenied", 403), AuthError, "AccessDenied"),
        (refused("NoSuchBucket", 404), ServiceError, "NoSuchBucket"),
        (reply("nonsense", status=400), ServiceError, "HTTP 400"),
    ],
)
def test_what_the_store_refuses_is_told_with_its_own_word(
    send: Send, server: Server, step: Step, kind: type[TadhError], code: str
) -> None:
    server.steps[:] = [granted(server), step]
    with pytest.raises(kind, match=f"the object store {server.host} refused the upload: {code}") as caught:
        send()
    assert caught.value.code == code
    assert not [word for word in KEYS.values() if word in f"{caught.value.message}{caught.value.hint}"]


def test_a_store_that_is_gone_is_told(send: Send, server: Server) -> None:
    server.steps[:] = [granted(server), wire.reset_after_reading]
    with pytest.raises(TadhError) as caught:
        send()
    assert isinstance(caught.value, NetworkError) and server.host in caught.value.message


def test_an_upload_is_shown_like_every_other_exchange(send: Send, server: Server, transport: Transport) -> None:
    seen: list[Exchange] = []
    transport.observe = seen.append
    server.steps[:] = [granted(server), STORED]
    send()
    assert [(exchange.method, exchange.status) for exchange in seen] == [("POST", 200), ("PUT", 200)]


def test_a_file_that_is_gone_is_told(send: Send, server: Server, tmp_path: Path) -> None:
    server.steps[:] = [granted(server)]
    with pytest.raises(InputError, match="can't be read: No such file or directory"):
        send(path=tmp_path / "gone.wav")


# Another store, as a vendor may bring it ---------------------------------------------------------------


def failing(*failures: TadhError) -> tuple[list[Mapping[str, Any]], Any]:
    """A store that fails so often, and the credentials it was given each time."""
    given_keys: list[Mapping[str, Any]] = []
    left = list(failures)

    def store(keys: Mapping[str, Any], folder: str, name: str, body: IO[bytes], way: Any, timeout_s: float) -> str:
        given_keys.append(keys)
        assert body.read(4) == b"RIFF"
        if left:
            raise left.pop(0)
        return f"https://store.example.com/{folder}/{name}"

    return given_keys, store


def passing(*, transient: bool) -> TadhError:
    error = NetworkError("broke off")
    error.transient = transient
    return error


@pytest.mark.parametrize(
    ("failures", "attempts", "ends_well"),
    [
        ([], 1, True),
        ([passing(transient=True)], 2, True),
        ([passing(transient=True), passing(transient=True)], 2, False),
        ([passing(transient=False)], 1, False),
    ],
)
def test_an_upload_is_repeated_once_with_the_file_from_its_start(
    server: Server,
    transport: Transport,
    clock: FakeClock,
    sound: Path,
    failures: list[TadhError],
    attempts: int,
    ends_well: bool,
) -> None:
    given_keys, store = failing(*failures)
    server.steps[:] = [granted(server)]
    client: Client = client_for(server.url, transport, clock, provider=TENCENT._replace(store=store))
    try:
        assert upload(client, transport, sound, "audio", lambda done, total: None, suffix=".wav") and ends_well
    except NetworkError:
        assert not ends_well
    assert len(given_keys) == len(server.seen) == attempts


# Names and places --------------------------------------------------------------------------------------


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), min_size=1, max_size=60))
def test_a_name_in_the_store_needs_no_escaping(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,40}-[0-9a-f]{12}\.wav", object_name(Path(name), ".wav"))


def test_two_uploads_of_one_file_have_two_names() -> None:
    assert object_name(Path("a.wav"), ".wav") != object_name(Path("a.wav"), ".wav")


COS = "virtualhuman-cos-prod-1251316161.cos.ap-nanjing.myqcloud.com"


@pytest.mark.parametrize(
    ("prefix", "wanted"),
    [
        (
            f"https://{COS}/customer-pipeline/352/u/",
            Place("https", COS, "virtualhuman-cos-prod-1251316161", "ap-nanjing", "customer-pipeline/352/u/"),
        ),
        (
            f"{COS}/customer-pipeline/352/u",
            Place("https", COS, "virtualhuman-cos-prod-1251316161", "ap-nanjing", "customer-pipeline/352/u/"),
        ),
        (
            "https://cos-test.ap-guangzhou.myqcloud.com/p/",
            Place("https", "cos-test.ap-guangzhou.myqcloud.com", "cos-test", "ap-guangzhou", "p/"),
        ),
        (
            "https://b-125.cos.ap-nanjing.tencentcos.cn/p/",
            Place("https", "b-125.cos.ap-nanjing.tencentcos.cn", "b-125", "ap-nanjing", "p/"),
        ),
        ("http://127.0.0.1:8080/a/b/", Place("http", "127.0.0.1:8080", "", "", "a/b/")),
        ("https://files.example.com", Place("https", "files.example.com", "", "", "")),
        ("  files.example.com/a  ", Place("https", "files.example.com", "", "", "a/")),
    ],
)
def test_a_prefix_names_host_bucket_region_and_folder(prefix: str, wanted: Place) -> None:
    assert place(prefix) == wanted


@pytest.mark.parametrize(
    ("prefix", "url"),
    [
        ("https://h.example.com/a/b", "https://h.example.com/a/b/audio/x.wav"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/audio/x.wav"),
        ("h.example.com/数", "https://h.example.com/%E6%95%B0/audio/x.wav"),
    ],
)
def test_the_url_for_other_calls_is_prefix_folder_name(prefix: str, url: str) -> None:
    found = place(prefix)
    assert found.url(found.key("audio", "x.wav")) == url
