"""The size of a picture behind a URL, from its first bytes."""

from __future__ import annotations

import io

from tadh_cli.engine.transport import Transport
from tadh_cli.errors import NotFound, ServiceError
from tadh_cli.media.kind import HEAD_BYTES, kind_of
from tadh_cli.media.pictures import picture

# PNG and WebP tell their size at once, JPEG behind what cameras and editors add.
_FIRST_BYTES = 64 * 1024
_MOST_BYTES = 1024 * 1024
_KINDS = ("png", "jpg", "webp")


def picture_size(transport: Transport, url: str) -> tuple[int, int]:
    """Width and height as seen, in pixels; raises NotFound, ServiceError, NetworkError.

    No more is read than needed. A service that ignores the Range header is left in the middle of its answer.
    """
    head = bytearray()
    with transport.open(url, {"Range": f"bytes=0-{_MOST_BYTES - 1}"}) as download:
        if download.status in (403, 404, 410):
            raise NotFound(f"there is no picture any more behind {_shown(url)} (HTTP {download.status})")
        if download.status not in (200, 206):
            raise ServiceError(f"the picture {_shown(url)} can't be read: HTTP {download.status}")
        asked = 0
        for piece in download.pieces():
            head += piece
            if len(head) - asked >= _FIRST_BYTES or (not asked and len(head) >= HEAD_BYTES):
                asked = len(head)
                if found := _size(bytes(head)):
                    return found
            if len(head) > _MOST_BYTES:
                break
    found = _size(bytes(head))
    if found is None:
        raise ServiceError(f"the picture {_shown(url)} does not say how wide and high it is")
    return found


def _size(head: bytes) -> tuple[int, int] | None:
    kind = kind_of(head[:HEAD_BYTES])
    if kind not in _KINDS:
        return None
    width, height = picture(io.BytesIO(head), kind, len(head)).seen
    return (width, height) if width and height else None


def _shown(url: str) -> str:
    return url.split("?")[0]
