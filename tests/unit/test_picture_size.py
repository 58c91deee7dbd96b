"""The size of a picture behind a URL: read from as few bytes as possible, and refused when it is none."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tadh_cli.engine.picture_size import picture_size
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import NetworkError, NotFound, ServiceError, TadhError
from tests import wire
from tests.account import png


def jpeg(width: int, height: int, *, thumbnail_bytes: int = 0, turned: bool = False) -> bytes:
    """A picture as a camera makes it, with something before its size."""
    file = io.BytesIO()
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    Image.new("RGB", (width, height)).save(file, "JPEG", exif=exif)
    data = file.getvalue()
    rest = thumbnail_bytes
    segments = b""
    while rest:
        length = min(rest, 65_000)
        segments += b"\xff\xec" + (length + 2).to_bytes(2, "big") + bytes(length)
        rest -= length
    return data[:2] + segments + data[2:]


def webp(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "WEBP")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png(1080, 1920), (1080, 1920)),
        (png(1080, 1920, more=3_000_000), (1080, 1920)),
        (jpeg(300, 200), (300, 200)),
        (jpeg(300, 200, thumbnail_bytes=500_000), (300, 200)),
        (jpeg(300, 200, turned=True), (200, 300)),
        (webp(300, 200), (300, 200)),
    ],
)
@pytest.mark.parametrize("status", [200, 206])
def test_the_size_is_read(transport: Transport, data: bytes, size: tuple[int, int], status: int) -> None:
    with wire.serving(wire.reply(data, status=status)) as server:
        assert picture_size(transport, f"{server.url}/a?sign=x") == size
        assert server.seen[0].headers["range"].startswith("bytes=0-")


def test_no_more_is_awaited_than_is_needed(transport: Transport) -> None:
    """The rest never comes, and nobody waits for it."""
    head = png(1080, 1920, more=200_000)
    with wire.serving(wire.drip(b"", every_s=0, first=wire.head(200, {"Content-Length": "9999999"}) + head)) as server:
        assert picture_size(transport, server.url) == (1080, 1920)


@pytest.mark.parametrize(
    ("step", "kind", "reason"),
    [
        (wire.reply(b"", status=404), NotFound, "no picture any more"),
        (wire.reply(b"expired", status=403), NotFound, "HTTP 403"),
        (wire.reply(b"", status=500), ServiceError, "can't be read: HTTP 500"),
        (wire.reply(b"<html>hello</html>"), ServiceError, "does not say how wide and high"),
        (wire.reply(b""), ServiceError, "does not say how wide and high"),
        (wire.reply(bytes(3_000_000)), ServiceError, "does not say how wide and high"),
        (wire.close_unread, NetworkError, "connection"),
    ],
)
def test_what_is_no_picture_is_refused_without_its_signature(
    transport: Transport, step: wire.Step, kind: type[TadhError], reason: str
) -> None:
    with wire.serving(step) as server, pytest.raises(kind, match=reason) as raised:
        picture_size(transport, f"{server.url}/pose.png?sign=secret")
    assert "secret" not in raised.value.message
