"""Parts of files over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tadh_cli.sandbox.files import Slice, content_type_of, slice_of

SIZE = 1000
ETAG = '"abc"'
MODIFIED = 1_750_000_000.0
DATE = "Sun, 15 Jun 2025 15:06:40 GMT"
LATER, EARLIER = "Mon, 16 Jun 2025 15:06:40 GMT", "Sat, 14 Jun 2025 15:06:40 GMT"


def asked(**headers: str) -> Slice:
    return slice_of(SIZE, ETAG, MODIFIED, {name.replace("_", "-"): value for name, value in headers.items()})


def test_a_whole_file_comes_with_its_validators() -> None:
    whole = asked()
    assert (whole.status, whole.start, whole.length) == (200, 0, SIZE)
    assert whole.headers == {"ETag": ETAG, "Last-Modified": DATE, "Accept-Ranges": "bytes"}


@pytest.mark.parametrize(
    ("wanted", "start", "length", "told"),
    [
        ("bytes=0-99", 0, 100, "bytes 0-99/1000"),
        ("bytes=500-", 500, 500, "bytes 500-999/1000"),
        ("bytes=-100", 900, 100, "bytes 900-999/1000"),
        ("bytes=-5000", 0, 1000, "bytes 0-999/1000"),
        ("bytes=990-5000", 990, 10, "bytes 990-999/1000"),
        ("bytes=999-999", 999, 1, "bytes 999-999/1000"),
    ],
)
def test_a_range_is_answered_with_the_part(wanted: str, start: int, length: int, told: str) -> None:
    part = asked(Range=wanted)
    assert (part.status, part.start, part.length) == (206, start, length)
    assert part.headers["Content-Range"] == told


@pytest.mark.parametrize("wanted", ["bytes=1000-", "bytes=5000-6000", "bytes=-0", "bytes=20-10"])
def test_a_range_beyond_the_file_can_not_be_satisfied(wanted: str) -> None:
    part = asked(Range=wanted)
    assert (part.status, part.length) == (416, 0)
    assert part.headers["Content-Range"] == "bytes */1000"


@pytest.mark.parametrize("wanted", ["bytes=", "bytes=-", "items=0-1", "bytes=0-1,5-6", "bytes=a-b"])
def test_a_range_that_is_not_understood_counts_for_none(wanted: str) -> None:
    assert asked(Range=wanted).status == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [(ETAG, 206), (DATE, 206), ('"other"', 200), (LATER, 200), (EARLIER, 200), ("W/" + ETAG, 200)],
)
def test_if_range_gives_the_whole_file_when_it_has_changed(condition: str, status: int) -> None:
    assert asked(Range="bytes=0-9", If_Range=condition).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": ETAG}, 304),
        ({"If_None_Match": f'"x", W/{ETAG}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_Modified_Since": DATE}, 304),
        ({"If_Modified_Since": LATER}, 304),
        ({"If_Modified_Since": EARLIER}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_None_Match": '"x"', "If_Modified_Since": LATER}, 200),
    ],
)
def test_what_the_client_has_already_is_not_sent_again(headers: dict[str, str], status: int) -> None:
    assert asked(**headers).status == status


def test_types_follow_the_extension() -> None:
    assert content_type_of(Path("a.webm")) == "video/webm"
    assert content_type_of(Path("a.srt")) == "application/x-subrip"
    assert content_type_of(Path("a.bin")) == "application/octet-stream"
