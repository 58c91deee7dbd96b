"""Recordings for the basic edition, packed into the one zip that the service takes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tadh_cli import config
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import InputError

# A zip is kept so that a broken upload can go on; nobody comes back for it after this.
_KEPT_S = 7 * 86_400.0
_UNREADABLE = "https://unreadable/recordings.zip"


@contextmanager
def packed(tadh: Tadh, material: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The one zip or URL that stands for the material; what is wrong with it is noted in `tadh.problems`.

    A zip made here is deleted at the end, unless the block fails: its upload may go on later.
    """
    if not material or (len(material) == 1 and _is_ready(material[0])):
        yield tuple(material)
        return
    sources = [Path(given) for given in material]
    try:
        _refuse_unfit(tadh, material, sources)
    except InputError as error:
        # The stand-in lets the other options be checked as well.
        tadh.problems += error.problems
        yield (_UNREADABLE,)
        return
    with _zipped(tadh, sources) as target:
        yield (str(target),)


def _refuse_unfit(tadh: Tadh, material: Sequence[str], sources: Sequence[Path]) -> None:
    from tadh_cli.engine.inputs import is_url
    from tadh_cli.media.archive import recordings
    from tadh_cli.media.preflight import inspect_recordings, refuse

    urls = [given for given in material if is_url(given)]
    if urls:
        raise InputError([f"--material {url} is a URL, and those can't be packed together with others" for url in urls])
    found, _ = recordings(sources)
    if not found:
        raise InputError(f"--material {', '.join(material)}: there is no WAV")
    refuse("--material", *inspect_recordings(found, tadh.provider.limit("voice-zip")))


def _is_ready(given: str) -> bool:
    """Whether it is a URL or a zip: its own inspection judges it."""
    from tadh_cli.engine.inputs import is_url
    from tadh_cli.media.kind import HEAD_BYTES, kind_of

    path = Path(given)
    if is_url(given) or path.suffix.lower() == ".zip":
        return True
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return kind_of(file.read(HEAD_BYTES)) == "zip"


@contextmanager
def _zipped(tadh: Tadh, sources: Sequence[Path]) -> Iterator[Path]:
    """The packed recordings; the same unchanged files are packed once, and kept when the block fails."""
    from tadh_cli.media.archive import pack, recordings

    folder = config.uploads_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _tidy(folder, tadh.clock.now_s())
    found, ignored = recordings(sources)
    for name in ignored:
        tadh.messages.warn(f"--material: {name} is no WAV and is left out")
    with _claimed(folder / f"{_stem(sources)}-{_digest(found)}.zip") as target:
        if not target.exists():
            pack(sources, target, tadh.provider.limit("voice-zip"), flag="--material")
        yield target
        target.unlink(missing_ok=True)


@contextmanager
def _claimed(target: Path) -> Iterator[Path]:
    """The target for this process alone; a second one that packs the same at the same time gets one of its own."""
    from tadh_cli.engine.locks import locked

    lock = target.with_suffix(".lock")
    # Where files can't be locked nobody knows who else packs.
    held = None if os.name == "nt" else locked(lock, 0o600)
    if held is None:
        yield target.with_stem(f"{target.stem}-{os.getpid()}")
        return
    with held:
        yield target
        lock.unlink(missing_ok=True)


def _stem(sources: Sequence[Path]) -> str:
    """By what the recordings are called, so that people know the zip again."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", sources[0].resolve().stem).strip("-")[:20] or "recordings"


def _digest(recordings: Sequence[Path]) -> str:
    """What the same unchanged files have in common from run to run."""
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in recordings]
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:24]


def _tidy(folder: Path, now_s: float) -> None:
    for path in (*folder.glob("*.zip"), *folder.glob("*.lock")):
        if now_s - path.stat().st_mtime > _KEPT_S:
            path.unlink(missing_ok=True)
