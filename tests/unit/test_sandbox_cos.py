"""Signatures, tokens and prefixes of the object store, against the documentation of COS."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import quote

import pytest

from tadh_cli.sandbox import cos
from tadh_cli.sandbox.cos import CosError, Grant
from tadh_cli.sandbox.wire import Incoming

# The upload of "Request Signature" (COS, 436/7778).
DOCUMENTED = Incoming(
    "PUT",
    "/exampleobject(腾讯云)",
    "",
    {
        "date": "Thu, 16 May 2019 06:45:51 GMT",
        "host": "examplebucket-1250000000.cos.ap-beijing.myqcloud.com",
        "content-type": "text/plain",
        "content-length": "13",
        "content-md5": "mQ/fVh815F3k6TAUm8m0eg==",
        "x-cos-acl": "private",
        "x-cos-grant-read": 'uin="100000000011"',
    },
)
HEADERS = ["content-length", "content-md5", "content-type", "date", "host", "x-cos-acl", "x-cos-grant-read"]


def test_the_documented_request_has_the_documented_text_and_signature() -> None:
    plain = cos.http_string(DOCUMENTED, HEADERS, [], DOCUMENTED.headers["host"])
    assert plain == (
        "put\n/exampleobject(腾讯云)\n\n"
        "content-length=13&content-md5=mQ%2FfVh815F3k6TAUm8m0eg%3D%3D&content-type=text%2Fplain"
        "&date=Thu%2C%2016%20May%202019%2006%3A45%3A51%20GMT"
        "&host=examplebucket-1250000000.cos.ap-beijing.myqcloud.com"
        "&x-cos-acl=private&x-cos-grant-read=uin%3D%22100000000011%22\n"
    )
    assert hashlib.sha1(plain.encode()).hexdigest() == "8b2751e77f43a0995d6e9eb9477f4b685cca4172"
    sign_key = "eb2519b498b02ac213cb1f3d1a3d27a3b3c9bc5f"
    assert cos.signed(sign_key, "1557989151;1557996351", plain) == "3b8851a11a569213c17ba8fa7dcf2abec6935172"


REAL = 1_750_000_000
GRANT = Grant("AKIDtest", "secret key", "the token", "customer-pipeline/352/u/", expires=2_000.0)
GRANTS = {GRANT.secret_id: GRANT}
# A folder that was handed out before.
OLDER = "customer-pipeline/352/older/"


def signed(
    method: str = "PUT",
    path: str = "/customer-pipeline/352/u/audio/a.wav",
    *,
    query: str = "",
    host: str = "127.0.0.1:8000",
    signed_host: str = "127.0.0.1:8000",
    start: int = REAL - 60,
    end: int = REAL + 600,
    in_query: bool = False,
    **more: Any,
) -> Incoming:
    """A request signed step by step as the documentation of COS says."""
    headers = {"Host": host, "x-cos-security-token": "the token", **more.pop("headers", {})}
    key_time = f"{start};{end}"
    listed = {"host": signed_host} if signed_host else {}
    lines = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in listed.items())
    plain = f"{method.lower()}\n{path}\n{query}\n{lines}\n"
    sign_key = hmac.new(b"secret key", key_time.encode(), hashlib.sha1).hexdigest()
    text = f"sha1\n{key_time}\n{hashlib.sha1(plain.encode()).hexdigest()}\n"
    fields = {
        "q-sign-algorithm": "sha1",
        "q-ak": "AKIDtest",
        "q-sign-time": key_time,
        "q-key-time": key_time,
        "q-header-list": ";".join(listed),
        "q-url-param-list": ";".join(part.partition("=")[0] for part in query.split("&") if part),
        "q-signature": hmac.new(sign_key.encode(), text.encode(), hashlib.sha1).hexdigest(),
        **more,
    }
    joined = "&".join(f"{name}={value}" for name, value in fields.items())
    if in_query:
        return Incoming(method, path, joined.replace(";", "%3B"), headers)
    return Incoming(method, path, query, {**headers, "Authorization": joined})


def refusal(incoming: Incoming, *, now: float = 1_000.0) -> str:
    with pytest.raises(CosError) as caught:
        cos.authorize(incoming, GRANTS.get, [OLDER], now=now, real=REAL)
    assert caught.value.status == 403
    return caught.value.code


@pytest.mark.parametrize(
    "incoming",
    [
        signed(),
        signed(signed_host="127.0.0.1"),
        signed(signed_host=""),
        signed("GET"),
        signed("POST", query="uploads="),
        signed(query="partnumber=2&uploadid=x"),
        signed(in_query=True),
        signed(path="/customer-pipeline/352/u/audio/你好 (1).wav"),
        signed(path=f"/{OLDER}video/a.mp4", query="partnumber=2&uploadid=x"),
    ],
)
def test_requests_signed_by_the_rules_are_authorised(incoming: Incoming) -> None:
    assert cos.authorize(incoming, GRANTS.get, [OLDER], now=1_000.0, real=REAL) == GRANT


@pytest.mark.parametrize(
    ("incoming", "code"),
    [
        (Incoming("PUT", "/customer-pipeline/352/u/a", "", {"Host": "h"}), "AccessDenied"),
        (signed(headers={"x-cos-security-token": "another"}), "AccessDenied"),
        (signed(headers={"x-cos-security-token": ""}), "InvalidAccessKeyId"),
        (signed(**{"q-ak": "AKIDother"}), "InvalidAccessKeyId"),
        (signed(**{"q-signature": "0" * 40}), "SignatureDoesNotMatch"),
        (signed(**{"q-header-list": "content-type;host"}), "SignatureDoesNotMatch"),
        (signed(**{"q-url-param-list": "uploads"}), "SignatureDoesNotMatch"),
        (signed(signed_host="example.com"), "SignatureDoesNotMatch"),
        (signed(path="/customer-pipeline/352/other/a.wav"), "AccessDenied"),
        (signed(path="/customer-pipeline/"), "AccessDenied"),
        (signed(start=REAL - 900, end=REAL - 1), "AccessDenied"),
        (signed(start=REAL + 1000, end=REAL + 2000), "RequestTimeTooSkewed"),
        (signed(**{"q-sign-algorithm": "md5"}), "AccessDenied"),
        (signed(**{"q-key-time": "now"}), "AccessDenied"),
    ],
)
def test_others_are_refused_with_the_stores_own_codes(incoming: Incoming, code: str) -> None:
    assert refusal(incoming) == code


def test_keys_expire_in_virtual_time() -> None:
    assert refusal(signed(), now=2_000.0) == "ExpiredToken"


def test_errors_are_xml() -> None:
    text = CosError(403, "AccessDenied", "a < b").document("/x & y", "id").decode()
    assert "<Code>AccessDenied</Code><Message>a &lt; b</Message><Resource>/x &amp; y</Resource>" in text
