"""What can be asked of an object store that takes uploads, whoever it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from tadh_cli.errors import AuthError, NotFound


class Stored(NamedTuple):
    """What a store says of bytes that it took; empty or None where it does not say."""

    etag: str = ""
    # The CRC of xz over the bytes.
    crc64: int | None = None
    size_bytes: int | None = None


class Body(Protocol):
    """Bytes on their way: their number, and the next of them, as many as are at hand; empty at the end."""

    def __len__(self) -> int: ...

    def read(self, size: int = -1, /) -> bytes | memoryview: ...


class StoredObject(Protocol):
    """One object of a store; each request is sent once, with the keys given.

    Raises KeysExpired, KeysRefused, UploadGone, NetworkError or ServiceError; `transient` tells whether the
    same request may succeed a little later. An MD5 is given in base64, for the store to check.
    """

    def put(self, keys: Mapping[str, str], body: Body, *, md5: str) -> Stored:
        """Store the object in one request."""

    def begin(self, keys: Mapping[str, str]) -> str:
        """Begin an upload in parts; returns its id."""

    def put_part(self, keys: Mapping[str, str], upload: str, number: int, body: Body, *, md5: str = "") -> Stored:
        """Store a part; numbers count from 1."""

    def complete(self, keys: Mapping[str, str], upload: str, etags: Mapping[int, str]) -> Stored:
        """Make the object of its parts, given by number."""

    def abort(self, keys: Mapping[str, str], upload: str) -> None:
        """Give up an upload and all its parts."""

    def look(self, keys: Mapping[str, str]) -> Stored:
        """What is stored as this object now; raises NotFound when nothing is."""


class ObjectStore(NamedTuple):
    """A vendor's store for uploads."""

    # The URL of an object, by which other calls name it: PathPrefix of the credentials, folder, name.
    url: Callable[[str, str, str], str]
    # The object at a URL, reached over a session of requests; seconds to bear a connection that does not move.
    object: Callable[[str, Any, float], StoredObject]
    # What a PathPrefix tells of the place: Host, Bucket, Region, KeyPrefix, as far as it does.
    describe: Callable[[str], Mapping[str, str]]
    # Folder by folder the extensions of the files that belong there.
    folders: Mapping[str, tuple[str, ...]]


class KeysExpired(AuthError):
    """The temporary keys are too old; new ones help."""


class KeysRefused(AuthError):
    """The temporary keys do not open this place."""


class UploadGone(NotFound):
    """The store does not know this upload, or not all of its parts: it has to begin anew."""
