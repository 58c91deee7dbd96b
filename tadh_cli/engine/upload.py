"""A local file goes to the service's object store, and its URL comes back."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import IO, cast

from tadh_cli.engine.client import Client
from tadh_cli.engine.transfer import Progress
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import InputError, TadhError

_ATTEMPTS = 2
_TIMEOUT_S = 120.0


def upload(client: Client, transport: Transport, path: Path, folder: str, progress: Progress, *, suffix: str) -> str:
    """Upload a file into one of the documented folders; returns the URL for other calls.

    The name in the store is unique and has no character that a URL would have to escape. Raises
    NetworkError or ServiceError; the upload is repeated once with fresh credentials.
    """
    name = object_name(path, suffix)
    for attempt in range(1, _ATTEMPTS + 1):
        credentials = client.call("assets.credentials")
        client.mask.hide(*credentials["Credentials"].values())
        try:
            with open(path, "rb") as file:
                body = _Watched(file, path.stat().st_size, progress)
                return client.provider.store(
                    credentials, folder, name, cast(IO[bytes], body), transport.session_for, _TIMEOUT_S
                )
        except TadhError as error:
            if attempt == _ATTEMPTS or not error.transient:
                raise
        except OSError as error:
            raise InputError(f"{path} can't be read: {error.strerror}") from None
    raise AssertionError("unreachable: the last attempt returns or raises")


def object_name(path: Path, suffix: str) -> str:
    """A safe and unique object name that still tells where it came from."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:40] or "file"
    return f"{stem}-{uuid.uuid4().hex[:12]}{suffix}"


class _Watched:
    """A file that tells how far it has been read; it can be rewound, so that the SDK may send it again."""

    def __init__(self, file: IO[bytes], size: int, progress: Progress) -> None:
        self._file = file
        self._size = size
        self._progress = progress

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._progress(self._file.tell(), self._size)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
