"""Downloads that arrive whole or not at all, and go on where they broke off."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tadh_cli.engine.clock import Clock
from tadh_cli.engine.locks import locked
from tadh_cli.engine.places import real, unwritable
from tadh_cli.engine.transport import Download, Transport
from tadh_cli.errors import NetworkError, NotFound, Reach, ServiceError, TadhError
from tadh_cli.media.kind import HEAD_BYTES, kind_of

# Attempts in a row that bring not one byte, and links that turn out to be expired.
_FRUITLESS_ATTEMPTS = 5
_FRESH_LINKS = 3
_LONGEST_PAUSE_S = 10.0
# So many bytes tell what a file is.
_TELLING_BYTES = 16

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Source:
    """What to download: its identity, a way to a link that works now, and what the bytes have to be."""

    identity: str
    link: Callable[[bool], str]
    # Kinds by `kind_of`; subtitles are judged by their text instead.
    kinds: tuple[str, ...]
    what: str

    def refuse(self, head: bytes) -> str:
        """What is wrong with a body that begins like this, empty when nothing is."""
        kind = kind_of(head)
        if not self.kinds:
            is_text = kind == "unknown" and b"\x00" not in head
            return "" if is_text else f"it is {kind}, not subtitles"
        return "" if kind in self.kinds else f"it is {kind}, not {' or '.join(self.kinds)}"


@dataclass
class _Part:
    """The unfinished file beside the target, and the note of what it is a part of."""

    path: Path
    note: Path
    file: IO[bytes]
    size: int = 0
    validator: str = ""
    total: int | None = None

    def start_over(self) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.size, self.total = 0, None

    def remember(self, identity: str, validator: str, total: int | None) -> None:
        self.validator, self.total = validator, total
        self.note.write_text(json.dumps({"identity": identity, "validator": validator, "total": total}))

    def write(self, piece: bytes) -> None:
        self.file.write(piece)
        self.size += len(piece)


def download(
    transport: Transport, source: Source, target: Path, *, clock: Clock, progress: Progress | None = None
) -> Path:
    """Fetch a source into `target`, which appears only when it is complete.

    A broken transfer goes on with a Range request, also in the next run; an expired link is asked for anew.
    Raises NotFound for links that stay expired, NetworkError, ServiceError or FileError.
    """
    place = real(target)
    with _writing(target), _part_of(place, source) as part:
        _fill(transport, source, part, clock, progress or _silent)
        part.file.flush()
        os.fsync(part.file.fileno())
        os.replace(part.path, place)
        part.note.unlink(missing_ok=True)
    return target


def _silent(_done: int, _total: int | None) -> None:
    return None


def _fill(transport: Transport, source: Source, part: _Part, clock: Clock, progress: Progress) -> None:
    """Attempt after attempt until the part is whole."""
    fruitless, stale, furthest = 0, 0, part.size
    while True:
        try:
            _attempt(transport, source.link(stale > 0), source, part, progress)
            return
        except _Expired as expired:
            stale += 1
            if stale > _FRESH_LINKS:
                raise NotFound(
                    f"the link to {source.what} is expired or gone (HTTP {expired.status})",
                    hint="results are kept for 7 days; make it again if it is needed",
                ) from None
        except TadhError as error:
            # Progress is what no attempt before has reached: one that starts over and over is none.
            fruitless = 1 if part.size > furthest else fruitless + 1
            furthest = max(furthest, part.size)
            if not error.transient or fruitless >= _FRUITLESS_ATTEMPTS:
                raise
            clock.sleep(min(0.5 * 2 ** (fruitless - 1), _LONGEST_PAUSE_S) * clock.jitter())


class _Expired(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _attempt(transport: Transport, url: str, source: Source, part: _Part, progress: Progress) -> None:
    """One request: from the start, or from where the part ends while the file is still the same one."""
    headers = {"Range": f"bytes={part.size}-", "If-Range": part.validator} if part.size and part.validator else {}
    if not headers:
        part.start_over()
    with transport.open(url, headers) as download:
        _judge(download, source, part)
        for piece in download.pieces():
            was_told = part.size >= _TELLING_BYTES
            part.write(piece)
            if part.size >= _TELLING_BYTES and not was_told:
                _refuse_impostor(source, part)
            progress(part.size, part.total)
    if part.size == 0:
        raise _nonsense(f"{source.what} is empty", transient=True)
    _refuse_impostor(source, part)
    if part.total is not None and part.size != part.total:
        size, total = part.size, part.total
        if size > total:
            part.start_over()
        raise _nonsense(f"{source.what} has {size:,} of {total:,} bytes", transient=True)


def _refuse_impostor(source: Source, part: _Part) -> None:
    """An error page that came with status 200 is no video: seen by the first bytes of the file."""
    part.file.seek(0)
    complaint = source.refuse(part.file.read(HEAD_BYTES))
    part.file.seek(part.size)
    if complaint:
        part.start_over()
        raise _nonsense(f"{source.what} is not what it should be: {complaint}", transient=False)


def _judge(download: Download, source: Source, part: _Part) -> None:
    """Accept a body from its beginning or from where we are; everything else is a failure."""
    status = download.status
    # Hosts that do not heed If-Range still say of which version a range is.
    is_same = _validator(download.headers) in ("", part.validator)
    if status == 206 and is_same and _range_start(download.headers) == part.size:
        return
    if status in (206, 416):
        # The service has another file or another idea of its length: what we have is worth nothing.
        part.start_over()
        raise _nonsense(f"{source.what} changed while it was downloaded", transient=True)
    if status == 200:
        part.start_over()
        part.remember(source.identity, _validator(download.headers), _length(download.headers))
        return
    if status in (401, 403, 404, 410):
        raise _Expired(status)
    raise _nonsense(f"the download of {source.what} failed (HTTP {status})", transient=status >= 500 or status == 429)


def _range_start(headers: Mapping[str, str]) -> int | None:
    span = headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(span) if span.isascii() and span.isdigit() else None


def _validator(headers: Mapping[str, str]) -> str:
    """What proves later that a file is still the same; weak tags do not."""
    tag = headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", "")


def _length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and not headers.get("Content-Encoding") else None


def _nonsense(message: str, *, transient: bool) -> TadhError:
    error = ServiceError(message, hint="try again later")
    error.transient = transient
    error.reach = Reach.ANSWERED
    return error


# Local files -------------------------------------------------------------------------------------------


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Local failures with the name of the file and what to do."""
    try:
        real(target).parent.mkdir(parents=True, exist_ok=True)
        yield
    except NetworkError:
        raise
    except OSError as error:
        raise unwritable(target, error) from error


@contextmanager
def _part_of(target: Path, source: Source) -> Iterator[_Part]:
    """The part of a target, opened for this process alone; a second process gets one of its own."""
    path = target.with_name(target.name + ".part")
    file = locked(path, 0o666)
    if file is None:
        path = target.with_name(f"{target.name}.{os.getpid()}.part")
        file = open(path, "w+b")  # noqa: SIM115 - closed below, with the other case
    with file:
        part = _Part(path, path.with_name(path.name + ".json"), file)
        note = _note(part.note)
        if note.get("identity") == source.identity and note.get("validator"):
            part.size = file.seek(0, os.SEEK_END)
            part.validator, part.total = note["validator"], note.get("total")
        else:
            part.start_over()
        try:
            yield part
        except BaseException:
            # What has not even begun leaves nothing behind.
            if part.size == 0:
                part.path.unlink(missing_ok=True)
                part.note.unlink(missing_ok=True)
            raise


def _note(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
