"""Media of the web as data that a document can hold: several fetched at a time, none larger than wanted."""

from __future__ import annotations

import base64
import queue
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tadh_cli.engine.clock import Clock
from tadh_cli.engine.pages import in_order
from tadh_cli.engine.places import scratch
from tadh_cli.engine.transfer import Source, download
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import NetworkError, NotFound, Refused, ServiceError
from tadh_cli.media.kind import HEAD_BYTES, kind_of

# Transfers that are under way at a time.
AT_ONCE = 6

# By what files are, whatever name or type their host gives them.
_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
}


class Wanted(NamedTuple):
    """A link, what is behind it in words, and the kind of types it may have: image, video, audio."""

    link: str
    what: str
    type: str


class Stored(NamedTuple):
    """What became of a link: its content as a data URI, or the reason why not."""

    link: str
    data: str = ""
    size: int = 0
    problem: str = ""
    is_too_large: bool = False


class Room(NamedTuple):
    """Bytes that one file and all of them may have."""

    each: int
    total: int


class _TooLarge(Exception):
    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def stored(transport: Transport, wanted: Sequence[Wanted], room: Room, clock: Clock) -> Iterator[Stored]:
    """Each link as data, in the order wanted, which is the order in which the room is given away.

    What is larger than the room that is left is not stored, what is smaller and comes later is. Broken links and
    hosts that fail, after retries, are told as a problem; raises FileError when there is no place for what is fetched.
    """
    twins: queue.SimpleQueue[Transport] = queue.SimpleQueue()
    for _ in range(AT_ONCE):
        twins.put(transport.twin())
    left = room.total
    with scratch() as folder:

        def fetched(numbered: tuple[int, Wanted]) -> Stored:
            number, each = numbered
            own = twins.get()
            try:
                # What does not fit now does not fit later either: room is only taken.
                return _fetched(own, each, min(room.each, left), folder / str(number), clock)
            finally:
                twins.put(own)

        for found in in_order(fetched, enumerate(wanted), AT_ONCE):
            taken = _within(found, left)
            left -= taken.size if taken.data else 0
            yield taken
    while not twins.empty():
        twins.get().close()


def _within(found: Stored, left: int) -> Stored:
    return _too_large(found.link, found.size) if found.data and found.size > left else found


def _fetched(transport: Transport, wanted: Wanted, most: int, target: Path, clock: Clock) -> Stored:
    def moved(done: int, total: int | None) -> None:
        if max(done, total or 0) > most:
            raise _TooLarge(max(done, total or 0))

    kinds = tuple(kind for kind, type_ in _TYPES.items() if type_.startswith(wanted.type))
    source = Source(wanted.link, lambda _is_stale: wanted.link, kinds, wanted.what)
    try:
        content = download(transport, source, target, clock=clock, progress=moved).read_bytes()
    except _TooLarge as error:
        return _too_large(wanted.link, error.size)
    except (NetworkError, NotFound, Refused, ServiceError) as error:
        return Stored(wanted.link, problem=error.message)
    target.unlink()
    type_ = _TYPES[kind_of(content[:HEAD_BYTES])]
    return Stored(wanted.link, f"data:{type_};base64,{base64.b64encode(content).decode()}", len(content))


def _too_large(link: str, size: int) -> Stored:
    return Stored(link, size=size, problem=f"too large to be stored ({size / 2**20:.1f} MiB)", is_too_large=True)
