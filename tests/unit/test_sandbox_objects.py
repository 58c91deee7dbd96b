"""The object store, met by the SDK of COS itself."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import os
import socket
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import crcmod
import pytest
from qcloud_cos import CosClientError, CosConfig, CosS3Client, CosServiceError

from tadh_cli.sandbox.hosting import Hosted
from tests.unit.sandbox_bench import Client

logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)


@pytest.fixture
def granted(sandbox: Hosted) -> dict[str, Any]:
    return Client(sandbox.running.port, sandbox.app_key, sandbox.access_token).good("assets.credentials")


class Cos:
    """The SDK, pointed at the sandbox with temporary keys."""

    def __init__(self, granted: dict[str, Any], *, scheme: str = "Domain", **more: Any) -> None:
        parts = urlsplit(granted["PathPrefix"])
        self.prefix = parts.path.removeprefix("/")
        keys = {"Token": granted["Credentials"]["Token"], **more}
        where = {"Domain": parts.netloc} if scheme == "Domain" else {"IP": parts.hostname, "Port": parts.port}
        config = CosConfig(
            Region="ap-nanjing",
            Scheme="http",
            SecretId=granted["Credentials"]["TmpSecretId"],
            SecretKey=granted["Credentials"]["TmpSecretKey"],
            **where,
            **keys,
        )
        self.client = CosS3Client(config, retry=0)

    def put(self, name: str, data: bytes, **more: Any) -> Any:
        return self.client.put_object(Bucket="b-1250000000", Key=self.prefix + name, Body=data, **more)

    def get(self, name: str) -> bytes:
        answer = self.client.get_object(Bucket="b-1250000000", Key=self.prefix + name)
        data: bytes = answer["Body"].get_raw_stream().read()
        return data


def refused(action: Any) -> tuple[int, str]:
    with pytest.raises(CosServiceError) as caught:
        action()
    return caught.value.get_status_code(), caught.value.get_error_code()


def test_credentials_open_a_folder_for_two_virtual_hours(sandbox: Hosted, granted: dict[str, Any]) -> None:
    parts = urlsplit(granted["PathPrefix"])
    assert granted["PathPrefix"].startswith(f"{sandbox.url}/customer-pipeline/")
    assert parts.path.endswith("/")
    # Clients compare with their own clock: two virtual hours are a little more than a minute here.
    assert 60 <= granted["ExpiredTime"] - time.time() <= 75
    assert granted["StartTime"] <= time.time()


@pytest.mark.parametrize("scheme", ["Domain", "IP"])
def test_the_sdk_puts_and_gets_objects(granted: dict[str, Any], scheme: str) -> None:
    cos = Cos(granted, scheme=scheme)
    answer = cos.put("audio/你好 (1) +%.wav", b"123456789", ContentType="audio/x-wav")
    assert answer["ETag"] == '"25f9e794323b453885f5181f1b624d0b"'
    assert answer["x-cos-hash-crc64ecma"] == str(0x995DC9BBDF1939FA)
    assert answer["x-cos-request-id"]
    assert cos.get("audio/你好 (1) +%.wav") == b"123456789"
    head = cos.client.head_object(Bucket="b-1250000000", Key=f"{cos.prefix}audio/你好 (1) +%.wav")
    assert (head["Content-Length"], head["Content-Type"]) == ("9", "audio/x-wav")


def test_a_host_signed_without_its_port_is_fine_and_so_is_none(granted: dict[str, Any]) -> None:
    for signs in (True, False):
        assert Cos(granted, SignHost=signs).put("a.txt", b"x")["ETag"]


def test_a_large_body_is_streamed(sandbox: Hosted, granted: dict[str, Any]) -> None:
    data = os.urandom(1 << 20) * 24
    answer = Cos(granted).put("video/a.mp4", data, EnableMD5=True)
    assert answer["ETag"].strip('"') == hashlib.md5(data).hexdigest()
    assert sandbox.status()["Objects"] == 1


def test_keys_open_the_place_of_the_keys_before_them(sandbox: Hosted, granted: dict[str, Any]) -> None:
    """An upload that outlives its keys goes on where it began."""
    later = Client(sandbox.running.port, sandbox.app_key, sandbox.access_token).good("assets.credentials")
    assert later["PathPrefix"] != granted["PathPrefix"]
    assert Cos({**later, "PathPrefix": granted["PathPrefix"]}).put("a.txt", b"x")["ETag"]


def test_nothing_of_other_customers_can_be_written_or_read(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    cos.put("a.txt", b"mine")
    other = Cos(granted)
    other.prefix = "customer-pipeline/353/other/"
    assert refused(lambda: other.put("a.txt", b"x")) == (403, "AccessDenied")
    assert refused(lambda: other.get("a.txt")) == (403, "AccessDenied")
    assert refused(lambda: cos.client.list_objects(Bucket="b-1250000000")) == (403, "AccessDenied")


def test_the_token_belongs_to_its_key(sandbox: Hosted, granted: dict[str, Any]) -> None:
    client = Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)
    other = client.good("assets.credentials")["Credentials"]["Token"]
    assert refused(lambda: Cos(granted, Token=other).put("a", b"x")) == (403, "AccessDenied")
    assert refused(lambda: Cos(granted, Token=None).put("a", b"x")) == (403, "InvalidAccessKeyId")


def test_keys_expire(sandbox: Hosted, granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    cos.put("a", b"x")
    sandbox.advance(7201)
    assert refused(lambda: cos.put("a", b"x")) == (403, "ExpiredToken")


def test_a_wrong_secret_does_not_sign(granted: dict[str, Any]) -> None:
    wrong = {**granted, "Credentials": {**granted["Credentials"], "TmpSecretKey": "wrong"}}
    assert refused(lambda: Cos(wrong).put("a", b"x")) == (403, "SignatureDoesNotMatch")
    unknown = {**granted, "Credentials": {**granted["Credentials"], "TmpSecretId": "AKIDnobody"}}
    assert refused(lambda: Cos(unknown).put("a", b"x")) == (403, "InvalidAccessKeyId")


def test_a_digest_has_to_fit(granted: dict[str, Any]) -> None:
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert refused(lambda: Cos(granted).put("a", b"x", ContentMD5=wrong)) == (400, "BadDigest")
    assert refused(lambda: Cos(granted).get("a")) == (404, "NoSuchKey")


def test_unsigned_requests_are_refused(sandbox: Hosted, granted: dict[str, Any]) -> None:
    client = Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)
    path = urlsplit(granted["PathPrefix"]).path
    status, headers, body = client.request("PUT", f"{path}a.txt", b"x")
    assert (status, headers["content-type"]) == (403, "application/xml")
    assert b"<Code>AccessDenied</Code>" in body


def test_faults_reach_the_store(sandbox: Hosted, granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    sandbox.set_faults([{"operation": "cos.put", "expired_credentials": True, "times": 1}])
    assert refused(lambda: cos.put("a", b"x")) == (403, "ExpiredToken")
    sandbox.set_faults([{"operation": "cos.put", "http": 503, "times": 1}])
    assert refused(lambda: cos.put("a", b"x"))[0] == 503
    cos.put("a", b"x")


def test_keys_can_be_handed_out_for_a_short_while(sandbox: Hosted) -> None:
    client = Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)
    sandbox.set_faults([{"operation": "assets.credentials", "valid_s": 5, "times": 1}])
    granted = client.good("assets.credentials")
    # They tell when they end, unlike stale ones.
    assert 3 <= granted["ExpiredTime"] - time.time() <= 5
    cos = Cos(granted)
    cos.put("a", b"x")
    sandbox.advance(5 * sandbox.running.speed)
    assert refused(lambda: cos.put("a", b"x")) == (403, "ExpiredToken")
    Cos(client.good("assets.credentials")).put("a", b"x")


def test_every_call_opens_a_folder_of_its_own_and_fresh_keys_open_the_older_ones(
    sandbox: Hosted, granted: dict[str, Any]
) -> None:
    client = Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)
    old, new = Cos(granted), Cos(client.good("assets.credentials"))
    assert old.prefix != new.prefix
    upload = begun(old)
    parts = [part(old, upload, 1, b"1" * PART)]
    sandbox.advance(7000)
    newest = Cos(client.good("assets.credentials"))
    sandbox.advance(300)
    for expired in (old, new):
        assert refused(lambda expired=expired: part(expired, upload, 2, b"2")) == (403, "ExpiredToken")
    parts.append(part(newest, upload, 2, b"2"))
    newest.client.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    newest.prefix = old.prefix
    assert newest.get("video/a.mp4") == b"1" * PART + b"2"


def test_keys_can_be_handed_out_stale(sandbox: Hosted) -> None:
    client = Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)
    sandbox.set_faults([{"operation": "assets.credentials", "expired_credentials": True, "times": 1}])
    stale = client.good("assets.credentials")
    assert stale["ExpiredTime"] > time.time()
    assert refused(lambda: Cos(stale).put("a", b"x")) == (403, "ExpiredToken")
    Cos(client.good("assets.credentials")).put("a", b"x")


# Uploads in parts ------------------------------------------------------------------------------------------

PART = 1 << 20


def begun(cos: Cos) -> dict[str, str]:
    where = {"Bucket": "b-1250000000", "Key": f"{cos.prefix}video/a.mp4"}
    return {**where, "UploadId": cos.client.create_multipart_upload(**where)["UploadId"]}


def part(cos: Cos, upload: dict[str, str], number: int, data: bytes) -> dict[str, Any]:
    answer = cos.client.upload_part(**upload, PartNumber=number, Body=data)
    return {"PartNumber": number, "ETag": answer["ETag"]}


def test_parts_become_an_object(sandbox: Hosted, granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    blocks = [os.urandom(PART), os.urandom(PART), b"the rest"]
    parts = [part(cos, upload, number, blocks[number - 1]) for number in (3, 1, 2)]
    listed = cos.client.list_parts(**upload)["Part"]
    assert [(one["PartNumber"], one["Size"]) for one in listed] == [("1", str(PART)), ("2", str(PART)), ("3", "8")]
    parts.sort(key=lambda one: one["PartNumber"])
    answer = cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    assert answer["ETag"].strip('"').endswith("-3")
    assert cos.get("video/a.mp4") == b"".join(blocks)
    assert refused(lambda: cos.client.list_parts(**upload)) == (404, "NoSuchUpload")
    # Nothing was copied together: the disk holds the parts and no more.
    assert sum(path.stat().st_size for path in (sandbox.directory / "objects").iterdir()) == 2 * PART + 8


def test_a_part_can_be_sent_again(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    part(cos, upload, 1, b"wrong")
    parts = [part(cos, upload, 1, b"right")]
    cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    assert cos.get("video/a.mp4") == b"right"


def test_parts_have_checksums_and_so_has_what_they_become(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    blocks = [os.urandom(PART + 17), b"", os.urandom(333)]
    answers = [
        cos.client.upload_part(**upload, PartNumber=number, Body=block, EnableMD5=True)
        for number, block in enumerate([blocks[0], blocks[2]], 1)
    ]
    crc = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, rev=True, xorOut=0xFFFFFFFFFFFFFFFF)
    assert [answer["x-cos-hash-crc64ecma"] for answer in answers] == [str(crc(blocks[0])), str(crc(blocks[2]))]
    assert answers[0]["ETag"] == f'"{hashlib.md5(blocks[0]).hexdigest()}"'
    named = [{"PartNumber": number, "ETag": answer["ETag"]} for number, answer in enumerate(answers, 1)]
    whole = cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": named})
    assert whole["x-cos-hash-crc64ecma"] == str(crc(b"".join(blocks)))
    head = cos.client.head_object(Bucket="b-1250000000", Key=upload["Key"])
    assert (head["x-cos-hash-crc64ecma"], head["ETag"]) == (whole["x-cos-hash-crc64ecma"], whole["ETag"])


def test_a_part_whose_digest_does_not_fit_is_not_kept(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    send = cos.client.upload_part
    assert refused(lambda: send(**upload, PartNumber=1, Body=b"x", ContentMD5=wrong)) == (400, "BadDigest")
    assert "Part" not in cos.client.list_parts(**upload)


def test_parts_are_listed_in_pages(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    for number in (1, 2, 5):
        part(cos, upload, number, b"x")
    first = cos.client.list_parts(**upload, MaxParts=2)
    assert [one["PartNumber"] for one in first["Part"]] == ["1", "2"]
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == ("true", "2")
    rest = cos.client.list_parts(**upload, MaxParts=2, PartNumberMarker=2)
    assert ([one["PartNumber"] for one in rest["Part"]], rest["IsTruncated"]) == (["5"], "false")


def test_parts_come_in_at_once(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    blocks = [bytes([number]) * (PART + number) for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda number: part(cos, upload, number + 1, blocks[number]), range(12)))
    cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    assert cos.get("video/a.mp4") == b"".join(blocks)


def test_a_piece_across_parts_can_be_fetched(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    parts = [part(cos, upload, 1, b"a" * PART), part(cos, upload, 2, b"b" * 10)]
    cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    answer = cos.client.get_object(Bucket="b-1250000000", Key=upload["Key"], Range=f"bytes={PART - 3}-{PART + 2}")
    assert answer["Body"].get_raw_stream().read() == b"aaabbb"


def test_a_long_completion_is_read_to_its_end(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    one = part(cos, upload, 1, b"x")
    # Ten thousand parts are named in a megabyte.
    one["ETag"] = " " * 1_000_000 + one["ETag"]
    assert refused(lambda: cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": [one]})) == (
        400,
        "InvalidPart",
    )
    one["ETag"] = one["ETag"].strip()
    cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": [one]})


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        ({"operation": "cos.part", "expired_credentials": True}, (403, "ExpiredToken")),
        ({"operation": "cos.multipart", "expired_credentials": True, "after": 1}, (403, "ExpiredToken")),
        ({"operation": "cos.part", "http": 500}, None),
    ],
)
def test_a_rule_meets_a_part_and_the_upload_goes_on(
    sandbox: Hosted, granted: dict[str, Any], rule: dict[str, Any], refusal: tuple[int, str] | None
) -> None:
    cos = Cos(granted)
    sandbox.set_faults([{**rule, "times": 1}])
    upload = begun(cos)
    met = refused(lambda: part(cos, upload, 1, b"1" * PART))
    assert refusal in (met, None)
    parts = [part(cos, upload, number, b"1" * PART) for number in (1, 2)]
    cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    assert [entry["operation"] for entry in sandbox.journal("cos.part")] == ["cos.part"] * 3
    assert sandbox.faults()[0]["fired"] == 1


def test_a_reset_in_the_middle_of_a_part_leaves_the_upload_as_it_was(sandbox: Hosted, granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    sandbox.set_faults([{"operation": "cos.part", "reset": "before", "times": 1}])
    with pytest.raises(CosClientError):
        part(cos, upload, 1, b"1" * PART)
    assert "Part" not in cos.client.list_parts(**upload)
    sandbox.set_faults([{"operation": "cos.part", "reset": "after", "times": 1}])
    with pytest.raises(CosClientError):
        part(cos, upload, 1, b"1" * PART)
    assert [one["Size"] for one in cos.client.list_parts(**upload)["Part"]] == [str(PART)]


def test_zeros_take_no_room(sandbox: Hosted, granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    cos.put("video/a.mp4", b"head" + bytes(64 << 20) + b"tail")
    (path,) = (sandbox.directory / "objects").iterdir()
    assert path.stat().st_size == (64 << 20) + 8
    assert path.stat().st_blocks * 512 < 4 << 20
    assert cos.get("video/a.mp4").strip(b"\0") == b"head" + bytes(64 << 20) + b"tail"


def test_what_is_uploaded_is_never_held_in_memory(granted: dict[str, Any]) -> None:
    """The sandbox of these tests is in this process: its memory is ours."""
    tracemalloc.start()
    try:
        data = io.BytesIO(bytes(96 << 20))
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        Cos(granted).put("video/a.mp4", data)  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] - before < 16 << 20
    finally:
        tracemalloc.stop()


def test_an_upload_can_be_given_up(sandbox: Hosted, granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    part(cos, upload, 1, b"x" * PART)
    cos.client.abort_multipart_upload(**upload)
    assert refused(lambda: part(cos, upload, 2, b"x")) == (404, "NoSuchUpload")
    assert not list((sandbox.directory / "objects").iterdir())


def test_a_completion_has_to_name_what_is_there(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    one, two = part(cos, upload, 1, b"short"), part(cos, upload, 2, b"x")

    def complete(*parts: dict[str, Any]) -> tuple[int, str]:
        return refused(lambda: cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": list(parts)}))

    assert complete(one, two) == (400, "EntityTooSmall")
    assert complete(two, one) == (400, "InvalidPartOrder")
    assert complete({**one, "ETag": '"other"'}) == (400, "InvalidPart")
    assert complete({**one, "PartNumber": 7}) == (400, "InvalidPart")


def test_the_sdks_own_multipart_upload_works_when_it_lists_nothing_first(granted: dict[str, Any]) -> None:
    cos = Cos(granted)
    upload = begun(cos)
    data = io.BytesIO(b"y" * (2 * PART + 5))
    parts = []
    for number in range(1, 4):
        parts.append(part(cos, upload, number, data.read(PART)))
    cos.client.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    assert len(cos.get("video/a.mp4")) == 2 * PART + 5


def test_an_upload_that_breaks_off_leaves_nothing(sandbox: Hosted, caplog: pytest.LogCaptureFixture) -> None:
    url = urlsplit(sandbox.storage_url("bucket/a.mp4"))
    # The sandbox is shared: what others left in its log is theirs.
    before = len(sandbox.log())
    with socket.create_connection(("127.0.0.1", sandbox.running.port)) as connection:
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 1000)
    deadline = time.monotonic() + 10
    while not sandbox.journal("storage"):
        assert time.monotonic() < deadline
    assert sandbox.status()["Objects"] == 0
    assert not list((sandbox.directory / "objects").iterdir())
    assert "Traceback" not in sandbox.log()[before:]
    assert not caplog.records
