"""An upload in parts: several at a time, each verified and on record at once, and the object made of them."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Any

from tadh_cli.api.store import Stored, StoredObject, UploadGone
from tadh_cli.engine.crc64 import combine
from tadh_cli.engine.grants import Grant
from tadh_cli.engine.upload_file import Slice, in_base64
from tadh_cli.engine.upload_job import Job, Stopped, Uploaded, damaged, key_of
from tadh_cli.engine.upload_record import Begun, Part, Record
from tadh_cli.errors import TadhError

# Measured against other numbers, together with the size of the parts.
THREADS = 4
# How long threads that are to stop are waited for: what they do has no effect any more.
_FAREWELL_S = 1.0

_MD5 = re.compile(r"[0-9a-fA-F]{32}")


class Parts:
    """An upload in parts on its way: threads that take the next part until all are there, or one failed for good."""

    def __init__(self, job: Job, begun: Begun, target: StoredObject, record: Record) -> None:
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
        except Stopped:
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
            raise damaged(self._begun.url)

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
                raise Stopped("stopped")
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
                raise Stopped("stopped")
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
            error = damaged(url)
            error.transient = False
            raise error
        return Uploaded(url, key_of(url), size, crc64, self._taken_up_bytes)

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
                raise Stopped("stopped")
            self._is_ours = self._gate.acquire(timeout=0.1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Any:
        if self._is_ours:
            self._gate.release()
