"""The sandbox's own verification of signatures, against the documentation's vectors."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tadh_cli.sandbox.authentication import REQUIRED, verify
from tadh_cli.sandbox.refusals import Unauthorized
from tests.unit.sandbox_bench import APP_KEY, TOKEN, signed_query

# Avatar aPaas API Calling Methods, and the FAQ of the video API: appkey, token, other parameters, signature.
VECTORS = [
    (APP_KEY, TOKEN, {"timestamp": "1646636485"}, "BfWuaC9kmaicCggXc693uK+sZQ8qe88O4HVQNTdwZuo="),
    (
        "example_appkey",
        "example_accesstoken",
        {"timestamp": "1717639699"},
        "aCNWYzZdplxWVo+JsqzZc9+J9XrwWWITfX3eQpsLVno=",
    ),
    (
        "example_appkey",
        "example_accesstoken",
        {"requestid": "example_requestid", "timestamp": "1717639699"},
        "QVenICk0VHtHGYZKXM6IC+W1CjZC1joSr/x0gfKKYT4=",
    ),
]
NOW = 1_646_636_485


@pytest.mark.parametrize(("app_key", "token", "more", "signature"), VECTORS)
def test_documented_signatures_are_accepted(app_key: str, token: str, more: dict[str, str], signature: str) -> None:
    plain = "&".join(f"{name}={value}" for name, value in {"appkey": app_key, **more}.items())
    given = verify(f"{plain}&signature={quote(signature, safe='')}", {app_key: token}, int(more["timestamp"]))
    assert given["appkey"] == app_key


def refusal(query: str, *, now: float = NOW, needs: tuple[str, ...] = REQUIRED) -> str:
    with pytest.raises(Unauthorized) as caught:
        verify(query, {APP_KEY: TOKEN}, now, needs=needs)
    return caught.value.message


def test_an_unescaped_plus_is_read_as_a_space_and_refused() -> None:
    query = f"appkey={APP_KEY}&timestamp=1646636485&signature=BfWuaC9kmaicCggXc693uK+sZQ8qe88O4HVQNTdwZuo%3D"
    assert refusal(query).startswith("AuthFailure.SignatureFailure:")
    assert "%2B" in refusal(query)


def test_a_slash_may_be_escaped_or_not() -> None:
    plain = "appkey=example_appkey&requestid=example_requestid&timestamp=1717639699"
    for slash in ("/", "%2F"):
        query = f"{plain}&signature=QVenICk0VHtHGYZKXM6IC%2BW1CjZC1joSr{slash}x0gfKKYT4%3D"
        assert verify(query, {"example_appkey": "example_accesstoken"}, 1_717_639_699)


def test_parameters_count_in_sorted_order_wherever_they_stand() -> None:
    query = signed_query(NOW, Language="en-US")
    assert query.startswith("Language=")
    first, *rest = query.split("&")
    assert verify("&".join([*rest, first]), {APP_KEY: TOKEN}, NOW)["Language"] == "en-US"


def test_every_parameter_is_signed() -> None:
    assert refusal(f"{signed_query(NOW)}&Language=en-US").startswith("AuthFailure.SignatureFailure:")


@pytest.mark.parametrize(("now", "side"), [(NOW + 301, "301 seconds behind"), (NOW - 310, "310 seconds ahead")])
def test_a_timestamp_too_far_away_is_told_with_its_distance(now: float, side: str) -> None:
    message = refusal(signed_query(NOW), now=now)
    assert message.startswith("AuthFailure.TimestampExpired:")
    assert side in message


@pytest.mark.parametrize("now", [NOW + 300, NOW - 300])
def test_five_minutes_are_still_fine(now: float) -> None:
    assert verify(signed_query(NOW), {APP_KEY: TOKEN}, now)


@pytest.mark.parametrize("timestamp", ["", "soon", "-5", "1646636485.0", "１６４６", "9" * 30])
def test_a_timestamp_has_to_be_seconds(timestamp: str) -> None:
    message = refusal(f"appkey={APP_KEY}&timestamp={quote(timestamp)}&signature=x")
    assert "timestamp" in message


def test_an_unknown_appkey_is_told() -> None:
    assert refusal(signed_query(NOW).replace(APP_KEY, "another")).startswith("AuthFailure.AppkeyNotFound:")


@pytest.mark.parametrize("name", REQUIRED)
def test_missing_parameters_are_named(name: str) -> None:
    query = "&".join(part for part in signed_query(NOW).split("&") if not part.startswith(name))
    assert f"{name} is missing" in refusal(query)


def test_a_parameter_given_twice_is_refused() -> None:
    assert "twice" in refusal(f"appkey=a&{signed_query(NOW)}")


def test_the_channel_needs_a_requestid() -> None:
    assert "requestid is missing" in refusal(signed_query(NOW), needs=(*REQUIRED, "requestid"))
