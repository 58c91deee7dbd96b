"""A local file goes to the service's object store, and its URL comes back.

Small files go in one request, others in parts, several at a time. A finished part is on record at once, so
that a run that was killed is taken up by the next one where it ended.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from tadh_cli.api.store import KeysExpired, KeysRefused, Stored, StoredObject, UploadGone
from tadh_cli.engine.client import Client
from tadh_cli.engine.crc64 import combine
from tadh_cli.engine.grants import Grant, Grants
from tadh_cli.engine.transfer import Progress
from tadh_cli.engine.transport import Transport
from tadh_cli.engine.upload_file import FileChanged, LocalFile, Slice, in_base64
from tadh_cli.engine.upload_record import Begun, Part, Record, record_of
from tadh_cli.errors import Interrupted, ServiceError, TadhError

# 16 MiB by four threads: measured against other sizes, on loopback and for 10 GB. Files of more parts than the
# store takes get larger ones.
PART_BYTES = 16 * 1024**2
THREADS = 4
MOST_PARTS = 10_000
# A connection on which nothing moves for so long is given up.
TIMEOUT_S = 60.0
# Attempts of one request, and the pauses between them.
_ATTEMPTS = 7
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 8.0
# Keys that are refused as too old although they are fresh; uploads that have to begin anew.
_RENEWALS = 3
_BEGINNINGS = 3
# How long threads that are to stop are waited for: what they do has no effect any more.
_FAREWELL_S = 1.0

T = TypeVar("T")
_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_GOES_ON = "run the same command again: it goes on where this one stopped"


class Uploaded(NamedTuple):
    """A file in the store; `taken_up_bytes` of it were there from an earlier run."""

    url: str
    key: str
    size_bytes: int
    crc64: int
    taken_up_bytes: int = 0


def upload(
    client: Client,
    transport: Transport,
    path: Path,
    folder: str,
    progress: Progress,
    *,
    suffix: str,
    records: Path,
    warn: Callable[[str], None],
    timeout_s: float = TIMEOUT_S,
) -> Uploaded:
    """Upload a file into one of the documented folders.

    The name in the store is unique and has no character that a URL would have to escape. `records` is the
    directory of unfinished uploads, `progress` is called from several threads, one at a time. Raises InputError
    for a file that can't be read or changes, KeysRefused, NetworkError or ServiceError, and Interrupted on Ctrl-C.
    """
    source = LocalFile.of(path)
    job = _Job(client, transport, source, folder, object_name(path, suffix), progress, timeout_s)
    if source.size_bytes <= PART_BYTES:
        return job.in_one()
    owner = f"{client.settings.endpoint} {client.settings.credentials('customization').app_key} {folder}"
    with record_of(records, owner, source, client.clock.now_s(), warn) as record:
        return _in_parts(job, record)


def object_name(path: Path, suffix: str) -> str:
    """A safe and unique object name that still tells where it came from.

    It satisfies the strictest rule for names, that of recordings: 2 to 50 characters, no blanks.
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:32].rstrip("-") or "file"
    return f"{stem}-{uuid.uuid4().hex[:12]}{suffix}"


class _Stopped(TadhError):
    """A thread ends because the upload does; nobody is told."""


class _Job:
    """What stays the same for one file, whether it begins anew or not."""

    def __init__(
        self,
        client: Client,
        transport: Transport,
        source: LocalFile,
        folder: str,
        name: str,
        progress: Progress,
        timeout_s: float,
    ) -> None:
        self.client = client
        self.source = source
        self.grants = Grants(client)
        self._store = client.provider.store()
        self._transport = transport
        self._folder = folder
        self._name = name
        self._progress = progress
        self._timeout_s = timeout_s

    def meter(self, done: int = 0) -> _Meter:
        return _Meter(self._progress, self.source.size_bytes, done)

    def url(self, grant: Grant, name: str = "") -> str:
        """Where an object of the job goes by these keys."""
        return self._store.url(grant.path_prefix, self._folder, name or self._name)

    def is_at_home(self, url: str, grant: Grant) -> bool:
        """Whether keys come with the very place where an object is."""
        return self.url(grant, url.rpartition("/")[2]) == url

    @contextmanager
    def object(self, url: str) -> Iterator[StoredObject]:
        """An object of the store, over connections of its own."""
        with self._transport.session_for(url) as session:
            yield self._store.object(url, session, self._timeout_s)

    def persist(self, action: Callable[[Grant], T], stop: threading.Event | None = None) -> T:
        """The outcome of a request, repeated while that can help, with new keys when those have expired.

        `action` gets the keys; with `stop` the attempts end as soon as it is set.
        """
        stop = stop or threading.Event()
        renewals, failures = 0, 0
        while True:
            if stop.is_set():
                raise _Stopped("stopped")
            grant = self.grants.current()
            try:
                return action(grant)
            except KeysExpired:
                renewals += 1
                if renewals > _RENEWALS:
                    raise
                self.grants.renew(grant)
            except TadhError as error:
                failures += 1
                if not error.transient or failures >= _ATTEMPTS:
                    raise
                pause_s = min(_FIRST_PAUSE_S * 2 ** (failures - 1), _LONGEST_PAUSE_S)
                self.client.clock.wait(stop, pause_s * self.client.clock.jitter())

    def in_one(self) -> Uploaded:
        """The whole file in one request."""
        size = self.source.size_bytes
        md5 = in_base64(self.source.md5(0, size))
        meter = self.meter()

        def put(grant: Grant) -> Uploaded:
            url = self.url(grant)
            meter.reset()
            with self.object(url) as target, self.source.opened() as file:
                body = Slice(self.source, file, 0, size, meter.add)
                stored = target.put(grant.keys, body, md5=md5)
            if stored.crc64 not in (None, body.crc64):
                raise _damaged(url)
            return Uploaded(url, _key(url), size, body.crc64)

        return self.persist(put)


def _key(url: str) -> str:
    return unquote(urlsplit(url).path).lstrip("/")


def _damaged(url: str) -> TadhError:
    error = ServiceError(f"what {urlsplit(url).netloc} stored is not what was sent", hint="try again")
    error.transient = True
    return error


class _Meter:
    """How many bytes have left, from several threads."""

    def __init__(self, progress: Progress, total: int, done: int = 0) -> None:
        self._progress = progress
        self._total = total
        self._done = done
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            self._progress(self._done, self._total)

    def reset(self) -> None:
        self.add(-self._done)


# In parts ----------------------------------------------------------------------------------------------


def _in_parts(job: _Job, record: Record) -> Uploaded:
    """The file in parts: going on where the record ends, or from its beginning when that leads nowhere."""
    for beginning in range(1, _BEGINNINGS + 1):
        begun = _resumed(job, record) or _begin(job, record)
        is_last = beginning == _BEGINNINGS
        try:
            with job.object(begun.url) as target:
                return _Parts(job, begun, target, record).send()
        except UploadGone:
            if is_last:
                raise
        except KeysRefused:
            # Keys that open only the place they came with are no use for an upload that began elsewhere.
            if is_last or job.is_at_home(begun.url, job.grants.current()):
                raise
        except FileChanged:
            _give_up(job, begun)
            record.forget()
            raise
        except KeyboardInterrupt:
            hint = _GOES_ON if record.is_kept else ""
            raise Interrupted(f"interrupted while {job.source.path.name} was uploaded", hint=hint) from None
        except TadhError as error:
            error.hint = "; ".join(filter(None, [error.hint, _GOES_ON if record.is_kept else ""]))
            raise
        _give_up(job, begun)
        record.clear()
    raise AssertionError("unreachable: the last beginning returns or raises")


def _resumed(job: _Job, record: Record) -> Begun | None:
    """The upload on record when it can go on; one that can't is given up."""
    begun, is_same = record.read(job.client.clock.now_s())
    if begun is None:
        return None
    grant = job.grants.current()
    # Keys are shown to nobody but the store that they came for.
    is_same_store = urlsplit(begun.url)[:2] == urlsplit(job.url(grant))[:2]
    if is_same and is_same_store:
        return begun
    if is_same_store:
        _give_up(job, begun)
    record.clear()
    return None


def _begin(job: _Job, record: Record) -> Begun:
    def begin(grant: Grant) -> Begun:
        url = job.url(grant)
        with job.object(url) as target:
            return Begun(url, target.begin(grant.keys), part_bytes_for(job.source.size_bytes))

    begun = job.persist(begin)
    record.begin(begun, job.client.clock.now_s())
    return begun


def _give_up(job: _Job, begun: Begun) -> None:
    """Tell the store to throw away what it has; if it can't be told now, it does so by itself some day."""
    with suppress(TadhError), job.object(begun.url) as target:
        target.abort(job.grants.current().keys, begun.upload)


def part_bytes_for(size_bytes: int) -> int:
    """The size of the parts of a file, whole MiB."""
    least = -(-size_bytes // MOST_PARTS)
    return max(PART_BYTES, -(-least // 1024**2) * 1024**2)


class _Parts:
    """An upload in parts on its way: threads that take the next part until all are there, or one failed for good."""

    def __init__(self, job: _Job, begun: Begun, target: StoredObject, record: Record) -> None:
        self._job = job
        self._source = job.source
        self._begun = begun
        self._target = target
        self._record = record
        self._parts = dict(begun.parts)
        count = -(-self._source.size_bytes // begun.part_bytes)
        self._todo = deque(number for number in range(1, count + 1) if number not in self._parts)
        self._taken_up_bytes = sum(self._span(number)[1] for number in self._parts)
        self._meter = job.meter(self._taken_up_bytes)
        self._lock = threading.Lock()
        self._gate = threading.Lock()
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._etag_is_md5 = self._etag_is_no_md5 = False

    def send(self) -> Uploaded:
        """Everything that is missing, then the object made of it; raises what a thread met."""
        self._meter.add(0)
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(min(THREADS, len(self._todo)))]
        self._left = len(threads)
        try:
            for thread in threads:
                thread.start()
            # With a timeout Ctrl-C gets through on every system.
            while threads and not self._ended.wait(0.5):
                pass
        finally:
            with self._lock:
                self._stop.set()
            for thread in threads:
                if thread.is_alive():
                    thread.join(_FAREWELL_S / len(threads))
        if self._error is not None:
            raise self._error
        return self._completed()

    def _work(self) -> None:
        """The life of a thread."""
        try:
            while not self._stop.is_set() and (number := self._next()) is not None:
                self._send_part(number)
        except _Stopped:
            pass
        except BaseException as error:  # told to whoever waits for the thread
            with self._lock:
                self._error = self._error or error
                self._stop.set()
                self._ended.set()
        finally:
            with self._lock:
                self._left -= 1
                if not self._left:
                    self._ended.set()

    def _next(self) -> int | None:
        with self._lock:
            return self._todo.popleft() if self._todo else None

    def _span(self, number: int) -> tuple[int, int]:
        """Start and length of a part."""
        start = (number - 1) * self._begun.part_bytes
        return start, min(self._begun.part_bytes, self._source.size_bytes - start)

    def _send_part(self, number: int) -> None:
        def put(grant: Grant) -> None:
            with _Turn(self._gate, self._stop) as turn, self._source.opened() as file:
                # What arrived damaged goes once more at once, with its MD5 for the store to check.
                for is_checked in (False, True):
                    if part := self._put_once(grant, number, file, turn, is_checked=is_checked):
                        self._keep(number, part)
                        return
            raise _damaged(self._begun.url)

        self._job.persist(put, self._stop)

    def _put_once(self, grant: Grant, number: int, file: IO[bytes], turn: _Turn, *, is_checked: bool) -> Part | None:
        """The part as it arrived; None when that was damaged."""
        start, length = self._span(number)
        md5 = in_base64(self._source.md5(start, length)) if is_checked else ""
        with self._counted() as moved:
            body = Slice(self._source, file, start, length, moved, turn.take, with_md5=self._etag_is_md5)
            stored = self._target.put_part(grant.keys, self._begun.upload, number, body, md5=md5)
        if self._is_intact(stored, body, start, was_checked=is_checked):
            return Part(stored.etag, body.crc64)
        self._meter.add(-length)
        return None

    @contextmanager
    def _counted(self) -> Iterator[Callable[[int], None]]:
        """Counts what leaves; what has to leave again is taken back."""
        sent = 0

        def moved(count: int) -> None:
            nonlocal sent
            if self._stop.is_set():
                raise _Stopped("stopped")
            sent += count
            self._meter.add(count)

        try:
            yield moved
        except BaseException:
            self._meter.add(-sent)
            raise

    def _is_intact(self, stored: Stored, sent: Slice, start: int, *, was_checked: bool) -> bool:
        """Whether the store has what the file has, by the CRC or else the MD5 that it tells.

        The CRC costs next to nothing, an MD5 as much as all the rest: it is taken only for stores that tell no
        CRC. When the store checked the MD5 itself, was content, and its ETag is still another one, its ETags
        are no MD5, and there is nothing to compare with.
        """
        if stored.crc64 is not None:
            return stored.crc64 == sent.crc64
        if self._etag_is_no_md5 or not _MD5.fullmatch(stored.etag):
            return True
        md5 = sent.md5.digest() if sent.md5 else self._source.md5(start, len(sent))
        if md5.hex() == stored.etag.lower():
            self._etag_is_md5 = True
            return True
        if was_checked:
            self._etag_is_md5, self._etag_is_no_md5 = False, True
        return was_checked

    def _keep(self, number: int, part: Part) -> None:
        with self._lock:
            if self._stop.is_set():
                raise _Stopped("stopped")
            self._parts[number] = part
            self._record.add(number, part)

    def _completed(self) -> Uploaded:
        """The object made of the parts, compared with the file as a whole."""
        self._source.check()
        etags = {number: part.etag for number, part in self._parts.items()}
        url, size = self._begun.url, self._source.size_bytes
        crc64 = self._crc64()
        stored = self._job.persist(lambda grant: self._complete(grant, etags, crc64))
        self._record.forget()
        if stored.crc64 not in (None, crc64):
            error = _damaged(url)
            error.transient = False
            raise error
        return Uploaded(url, _key(url), size, crc64, self._taken_up_bytes)

    def _complete(self, grant: Grant, etags: dict[int, str], crc64: int) -> Stored:
        """Complete the upload, unless an earlier request did so whose answer was lost."""
        try:
            return self._target.complete(grant.keys, self._begun.upload, etags)
        except UploadGone as error:
            if (found := self._found(grant)) and found.crc64 in (None, crc64):
                return found
            raise error

    def _found(self, grant: Grant) -> Stored | None:
        """What is stored in the place of the object, when it is as long as the file and may be looked at."""
        try:
            found = self._target.look(grant.keys)
        except TadhError as error:
            if error.transient:
                raise
            return None
        return found if found.size_bytes == self._source.size_bytes else None

    def _crc64(self) -> int:
        whole = 0
        for number in sorted(self._parts):
            whole = combine(whole, self._parts[number].crc64, self._span(number)[1])
        return whole


class _Turn:
    """One part at a time is finished: its last block leaves when the part before is on record.

    So a process that is killed has at most one part in the store that its record does not know, however many
    were under way.
    """

    def __init__(self, gate: threading.Lock, stop: threading.Event) -> None:
        self._gate = gate
        self._stop = stop
        self._is_ours = False

    def __enter__(self) -> _Turn:
        return self

    def take(self) -> None:
        """Wait for the turn; it ends with the block."""
        while not self._is_ours:
            if self._stop.is_set():
                raise _Stopped("stopped")
            self._is_ours = self._gate.acquire(timeout=0.1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        if self._is_ours:
            self._gate.release()
