"""Files over HTTP: whole, in part, or not at all when the client has them already (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

_TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mp3": "audio/mpeg",
    ".wav": "audio/x-wav",
    ".srt": "application/x-subrip",
    ".png": "image/png",
}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Slice:
    """What of a file is sent, and under which headers; nothing of it when `length` is 0."""

    status: int
    start: int = 0
    length: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


def content_type_of(path: Path) -> str:
    return _TYPES.get(path.suffix, "application/octet-stream")


def etag_of(path: Path) -> str:
    """A strong validator: results are written once, and never change under their name."""
    facts = path.stat()
    return f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'


def slice_of(size: int, etag: str, modified: float, asked: Mapping[str, str]) -> Slice:
    """How a GET or HEAD with these headers is answered."""
    moment = datetime.fromtimestamp(int(modified), timezone.utc)
    headers = {"ETag": etag, "Last-Modified": format_datetime(moment, usegmt=True), "Accept-Ranges": "bytes"}
    if _is_known(etag, moment, asked):
        return Slice(304, headers=headers)
    wanted = asked.get("Range")
    match = _RANGE.fullmatch(wanted.strip()) if wanted and _still_is(etag, moment, asked) else None
    # A unit or a list that is not understood counts as no range.
    if match is None or not (match[1] or match[2]):
        return Slice(200, 0, size, headers)
    first, last = _bounds(match[1], match[2], size)
    if first >= size or last < first:
        return Slice(416, headers={**headers, "Content-Range": f"bytes */{size}"})
    return Slice(206, first, last - first + 1, {**headers, "Content-Range": f"bytes {first}-{last}/{size}"})


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size - 1 if int(last) else -1
    return int(first), min(int(last), size - 1) if last else size - 1


def _is_known(etag: str, modified: datetime, asked: Mapping[str, str]) -> bool:
    """If-None-Match, and If-Modified-Since where that is absent."""
    tags = asked.get("If-None-Match")
    if tags is not None:
        return tags.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    since = _date(asked.get("If-Modified-Since"))
    return since is not None and modified <= since


def _still_is(etag: str, modified: datetime, asked: Mapping[str, str]) -> bool:
    """If-Range: a part only helps whoever has the rest of the same file."""
    condition = asked.get("If-Range")
    if condition is None:
        return True
    return condition.strip() == etag if '"' in condition else _date(condition) == modified


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
