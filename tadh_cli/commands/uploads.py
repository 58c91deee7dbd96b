"""Files on their way to the service's object store, as every command that takes files sends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tadh_cli import config
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import TadhError

if TYPE_CHECKING:
    from tadh_cli.engine.upload_job import Uploaded


def uploaded(tadh: Tadh, path: Path, folder: str, *, suffix: str) -> str:
    """Upload a file into one of the documented folders; returns the URL for other calls.

    `suffix` is the extension in the store, such as `.wav`, for what the file really is. A large file goes on
    where an earlier run broke off. Raises InputError, AuthError, NetworkError, ServiceError or Interrupted.
    """
    return stored(tadh, path, folder, suffix=suffix).url


def stored(tadh: Tadh, path: Path, folder: str, *, suffix: str) -> Uploaded:
    """As `uploaded`, with what else is known of the object."""
    from tadh_cli.engine import upload as engine
    from tadh_cli.engine.upload_file import LocalFile
    from tadh_cli.ui.progress import moving, size

    size_bytes = LocalFile.of(path).size_bytes
    if size_bytes > engine.PART_BYTES and not tadh.messages.is_terminal:
        tadh.messages.say(f"uploading {path.name}: {size(size_bytes)}")
    with moving(tadh.messages, path.name) as moved:
        found = engine.upload(
            tadh.client,
            tadh.transport,
            path,
            folder,
            moved,
            suffix=suffix,
            records=config.uploads_dir(),
            warn=tadh.messages.warn,
        )
    taken_up = f", {size(found.taken_up_bytes)} of it in an earlier run" if found.taken_up_bytes else ""
    tadh.messages.say(f"{path.name} is uploaded: {size(found.size_bytes)}{taken_up}")
    return found


@contextmanager
def in_store(urls: Mapping[str, str]) -> Iterator[None]:
    """Files that are uploaded need not be once more: what fails in the block says which options take their URLs."""
    try:
        yield
    except TadhError as error:
        if not urls:
            raise
        instead = " ".join(f"{flag} {url}" for flag, url in urls.items())
        known = f"what is uploaded need not be uploaded again: {instead}"
        error.hint = f"{error.hint}; {known}" if error.hint else known
        raise
