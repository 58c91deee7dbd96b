"""Uploads: temporary credentials, one PUT, and the URL that comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.api.provider import Exchange
from tadh_cli.engine.transport import Transport
from tadh_cli.engine.upload import object_name, upload
from tadh_cli.errors import AuthError, InputError, Interrupted, NetworkError, ServiceError, TadhError
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
def send(server: Server, transport: Transport, clock: FakeClock, sound: Path, tmp_path: Path) -> Send:
    def send(progress: Any = lambda done, total: None, path: Path = sound) -> str:
        client = client_for(server.url, transport, clock)
        more = {"suffix": ".wav", "records": tmp_path / "uploads", "warn": print}
        return upload(client, transport, path, "audio", progress, **more).url

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
        (reply("", status=401), AuthError, "HTTP 401"),
    ],
)
def test_what_the_store_refuses_is_told_with_its_own_word(
    send: Send, server: Server, step: Step, kind: type[TadhError], code: str
) -> None:
    server.steps[:] = [granted(server), step]
    with pytest.raises(kind, match=f"the object store {server.host} refused the upload: {code}") as caught:
        send()
    assert caught.value.code == code
    assert ("credentials" in caught.value.hint) == (kind is AuthError)
    assert not [word for word in KEYS.values() if word in f"{caught.value.message}{caught.value.hint}"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (reply("", status=500), "failed: HTTP 500"),
        (refused("SlowDown", 503), "failed: SlowDown"),
        (reply("", status=429), "refused the upload: HTTP 429"),
        (refused("BadDigest", 400), "refused the upload: BadDigest"),
    ],
)
def test_what_passes_in_the_store_is_no_matter_of_keys(send: Send, server: Server, step: Step, said: str) -> None:
    server.steps[:] = [granted(server), step]
    with pytest.raises(ServiceError, match=f"the object store {server.host} {said}") as caught:
        send()
    assert caught.value.hint == "try again later"


def test_an_interruption_names_the_file(send: Send, server: Server) -> None:
    def interrupted(done: int, total: int) -> None:
        raise KeyboardInterrupt

    server.steps[:] = [granted(server), STORED]
    with pytest.raises(Interrupted, match=r"^interrupted while Mein Ton\.wav was uploaded$"):
        send(interrupted)


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


@pytest.mark.parametrize("step", [reply("", status=302, Location="/login"), reply("<html>hello</html>")])
def test_what_is_no_answer_of_a_store_is_no_success(send: Send, server: Server, step: Step) -> None:
    server.steps[:] = [granted(server), step]
    with pytest.raises(ServiceError, match="answered nonsense"):
        send()


@pytest.mark.parametrize("step", [reply("", status=503), refused("SlowDown", 503), reply("", status=429)])
def test_what_passes_is_waited_for(send: Send, server: Server, clock: FakeClock, step: Step) -> None:
    server.steps[:] = [granted(server), step, wire.reset_after_reading, STORED]
    send()
    assert clock.slept == [0.5, 1.0] and len({seen.path for seen in server.seen[1:]}) == 1


def test_bytes_that_arrive_damaged_are_sent_again(send: Send, server: Server) -> None:
    server.steps[:] = [granted(server), reply("", ETag='"1"', x_cos_hash_crc64ecma="1"), STORED]
    send()
    assert len(server.seen) == 3 and server.seen[1].headers["content-md5"]


@pytest.mark.parametrize("prefix", ["ftp://h/a", "", "http://[/", "https:///a/"])
def test_a_place_that_is_none_is_told(send: Send, server: Server, prefix: str) -> None:
    server.steps[:] = [say({"Credentials": KEYS, "ExpiredTime": 1, "PathPrefix": prefix})]
    with pytest.raises(ServiceError):
        send()


def test_a_file_that_is_gone_is_told(send: Send, server: Server, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read: No such file or directory"):
        send(path=tmp_path / "gone.wav")


# Names and places --------------------------------------------------------------------------------------


@given(name=st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), min_size=1, max_size=60))
def test_a_name_in_the_store_needs_no_escaping(name: str) -> None:
    found = object_name(Path(name), ".wav")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}-[0-9a-f]{12}\.wav", found) and len(found) <= 50


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
        ("https://files.example.com/a%20b/", Place("https", "files.example.com", "", "", "a b/")),
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
