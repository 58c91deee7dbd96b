"""Files that one process has for itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, cast


def locked(path: Path, mode: int, *, buffering: int = -1) -> IO[bytes] | None:
    """The file opened for this process alone until it is closed, None while another one has it.

    A new one gets the permissions `mode`. Where there are no such locks it is opened without one.
    """
    file = cast(IO[bytes], os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, mode), "r+b", buffering=buffering))
    try:
        import fcntl
    except ImportError:
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    # Its owner may have finished and renamed or removed it between our opening and locking it.
    if not path.exists() or path.stat().st_ino != os.fstat(file.fileno()).st_ino:
        file.close()
        return locked(path, mode, buffering=buffering)
    return file
