"""One file on its way: its keys, its place in the store, and the patience for what passes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

from tadh_cli.api.store import KeysExpired, StoredObject
from tadh_cli.engine.client import Client
from tadh_cli.engine.grants import Grant, Grants
from tadh_cli.engine.transfer import Progress
from tadh_cli.engine.transport import Transport
from tadh_cli.engine.upload_file import LocalFile
from tadh_cli.errors import ServiceError, TadhError

# Attempts of one request, and the pauses between them.
ATTEMPTS = 7
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0
# Keys in a row that are refused as too old although they are fresh.
_RENEWALS = 3

T = TypeVar("T")


class Uploaded(NamedTuple):
    """A file in the store; `taken_up_bytes` of it were there from an earlier run."""

    url: str
    key: str
    size_bytes: int
    crc64: int
    taken_up_bytes: int = 0


class Stopped(TadhError):
    """A thread ends because the upload does; nobody is told."""


class Job:
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

    def meter(self, done: int = 0) -> Meter:
        return Meter(self._progress, self.source.size_bytes, done)

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
                raise Stopped("stopped")
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
                if not error.transient or failures >= ATTEMPTS:
                    raise
                pause_s = min(FIRST_PAUSE_S * 2 ** (failures - 1), LONGEST_PAUSE_S)
                self.client.clock.wait(stop, pause_s * self.client.clock.jitter())


def key_of(url: str) -> str:
    return unquote(urlsplit(url).path).lstrip("/")


def damaged(url: str) -> TadhError:
    error = ServiceError(
        f"what {urlsplit(url).netloc} stored is not what was sent: its checksum differs", hint="try again"
    )
    error.transient = True
    return error


class Meter:
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
