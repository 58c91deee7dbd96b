"""A file appears under its name when it is complete, or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def delivered(target: Path) -> Iterator[Path]:
    """Yield a name beside the target to write to; give it the target's name at the end, remove it after a failure."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        yield unfinished
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
