"""Signatures: the published vectors, and what holds for any parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.config import Credentials
from tadh_cli.providers.tencent.signing import signature, signed_url

APP_KEY, TOKEN = "e38267c0e86411ebb02aed82acb0ed99", "f68f2d10ae9e4604b76fb05cf46bccec"
NOW_S = 1_646_636_485

# Calling methods of the interface, and its demos in five languages.
VECTORS = [
    ({"appkey": APP_KEY, "timestamp": 1646636485}, TOKEN, "BfWuaC9kmaicCggXc693uK+sZQ8qe88O4HVQNTdwZuo="),
    (
        {"appkey": "example_appkey", "timestamp": "1717639699"},
        "example_accesstoken",
        "aCNWYzZdplxWVo+JsqzZc9+J9XrwWWITfX3eQpsLVno=",
    ),
    (
        {"timestamp": "1717639699", "requestid": "example_requestid", "appkey": "example_appkey"},
        "example_accesstoken",
        "QVenICk0VHtHGYZKXM6IC+W1CjZC1joSr/x0gfKKYT4=",
    ),
]

texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = texts.filter(lambda name: name not in ("appkey", "timestamp", "signature"))


def parsed(url: str) -> list[tuple[bytes, bytes]]:
    """The query as a server reads it that does not take `+` for a space: bytes, in the order they came."""
    pairs = (item.partition("=") for item in urlsplit(url).query.split("&"))
    return [(unquote_to_bytes(key), unquote_to_bytes(value)) for key, _, value in pairs]


def expected(pairs: list[tuple[bytes, bytes]], token: str) -> bytes:
    """The signature that a server computes over what it received."""
    message = b"&".join(key + b"=" + value for key, value in sorted(pairs) if key != b"signature")
    return base64.b64encode(hmac.new(token.encode(), message, hashlib.sha256).digest())


def url_for(path: str, token: str = TOKEN, now_s: int = NOW_S) -> str:
    return signed_url("https://gw-sg.tvs.qq.com", path, Credentials(APP_KEY, token), now_s)


@pytest.mark.parametrize(("parameters", "token", "wanted"), VECTORS)
def test_published_vectors_are_reproduced(parameters: dict[str, object], token: str, wanted: str) -> None:
    assert signature(parameters, token) == wanted


def test_the_url_is_that_of_the_documentation() -> None:
    assert url_for("/v2/ivh/example_uri") == (
        f"https://gw-sg.tvs.qq.com/v2/ivh/example_uri?appkey={APP_KEY}&timestamp=1646636485"
        "&signature=BfWuaC9kmaicCggXc693uK%2BsZQ8qe88O4HVQNTdwZuo%3D"
    )


def test_the_order_of_parameters_is_that_of_bytes() -> None:
    """An upper-case name, as the service's own web client adds, comes before `appkey`."""
    upper = {"Language": "en-US", "appkey": "a", "timestamp": "1"}
    message = "Language=en-US&appkey=a&timestamp=1"
    wanted = base64.b64encode(hmac.new(b"t", message.encode(), hashlib.sha256).digest()).decode()
    assert signature(dict(reversed(upper.items())), "t") == wanted


def test_a_signature_is_no_part_of_what_is_signed() -> None:
    parameters = {"appkey": "a", "timestamp": "1"}
    assert signature({**parameters, "signature": "old"}, "t") == signature(parameters, "t")


def test_a_signature_in_the_path_is_replaced() -> None:
    url = url_for("/v2/ivh/a?signature=old&extra=1")
    assert [key for key, _ in parsed(url)].count(b"signature") == 1
    assert "old" not in url


def test_a_timestamp_in_the_path_does_not_replace_the_real_one() -> None:
    assert dict(parsed(url_for("/v2/ivh/a?timestamp=1&appkey=other")))[b"timestamp"] == b"1646636485"


@given(extras=st.dictionaries(names, texts, max_size=5), token=texts, now_s=st.integers(0, 2**33))
def test_any_url_verifies_over_what_the_server_receives(extras: dict[str, str], token: str, now_s: int) -> None:
    pairs = parsed(url_for(f"/v2/ivh/a?{urlencode(extras)}", token, now_s))
    assert dict(pairs)[b"signature"] == expected(pairs, token)
    assert pairs[-1][0] == b"signature"


@given(extras=st.dictionaries(names, texts, max_size=5))
def test_every_parameter_of_the_path_is_sent_and_signed(extras: dict[str, str]) -> None:
    pairs = parsed(url_for(f"/v2/ivh/a?{urlencode(extras)}"))
    own = {b"appkey", b"timestamp", b"signature"}
    assert {key: value for key, value in pairs if key not in own} == {
        key.encode(): value.encode() for key, value in extras.items()
    }


@given(extras=st.dictionaries(names, texts, max_size=5), token=texts, now_s=st.integers(0, 2**33))
def test_no_character_is_left_that_a_query_may_misread(extras: dict[str, str], token: str, now_s: int) -> None:
    """An unescaped `+` is the documented cause of failures that come and go."""
    query = urlsplit(url_for(f"/v2/ivh/a?{urlencode(extras)}", token, now_s)).query
    assert not set(query) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%=&")


def test_credentials_do_not_show_their_secret() -> None:
    assert TOKEN not in f"{Credentials(APP_KEY, TOKEN)!r} {Credentials(APP_KEY, TOKEN)}"
