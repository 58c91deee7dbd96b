"""Which links from elsewhere a page may follow: pictures, clips and sounds of the web, or stored in the link itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

# Far longer than any signed link.
_LONGEST = 8192
_LONGEST_STORED = 8 * 2**20
_STORED = re.compile(
    r"data:(image/(png|jpeg|webp|gif|avif|bmp)|video/(mp4|webm|quicktime)|audio/(mpeg|wav|x-wav|mp4|aac|ogg|flac|webm))"
    r";base64,[A-Za-z0-9+/]+={0,2}"
)
# A login, and what is in no name of a host.
_ODD = {"@", " ", '"', "<", ">"}
# What a content security policy can name; others are allowed by their scheme.
_NAMEABLE = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?")


def is_stored(link: str) -> bool:
    """Whether a link holds a picture, a clip or a sound itself; documents and drawings with scripts are none."""
    return link.startswith("data:") and len(link) <= _LONGEST_STORED and _STORED.fullmatch(link) is not None


def is_web(link: str) -> bool:
    """Whether it leads to a host by HTTP, without a login and without characters that no link has."""
    return len(link) <= _LONGEST and link.isprintable() and _split(link) is not None


def origins(links: Iterable[str]) -> list[str]:
    """From where links load, as sources of a content security policy, sorted."""
    parts = [_split(link) for link in links]
    return sorted({_origin(part) for part in parts if part})


def _origin(part: SplitResult) -> str:
    scheme = part.scheme.lower()
    return f"{scheme}://{part.netloc.lower()}" if _NAMEABLE.fullmatch(part.netloc) else f"{scheme}:"


def _split(link: str) -> SplitResult | None:
    try:
        parts = urlsplit(link)
        is_whole = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises ValueError for one that is no number
    except ValueError:
        return None
    return parts if is_whole and not _ODD & {*parts.netloc} and "\\" not in link else None
