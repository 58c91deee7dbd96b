"""Recordings for the basic edition, packed into the one zip that the service takes."""

from __future__ import annotations

import hashlib
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
    try:
        target = _zipped(tadh, material)
    except InputError as error:
        # The stand-in lets the other options be checked as well.
        tadh.problems += error.problems
        yield (_UNREADABLE,)
        return
    yield (str(target),)
    target.unlink(missing_ok=True)


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


def _zipped(tadh: Tadh, material: Sequence[str]) -> Path:
    from tadh_cli.media.archive import pack, recordings

    sources = [Path(given) for given in material]
    folder = config.uploads_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _tidy(folder, tadh.clock.now_s())
    target = folder / f"{_digest(recordings(sources)[0])}.zip"
    if not target.exists():
        packed = pack(sources, target, tadh.provider.limit("voice-zip"), flag="--material")
        for name in packed.ignored:
            tadh.messages.warn(f"--material: {name} is no WAV and is left out")
    return target


def _digest(recordings: Sequence[Path]) -> str:
    """What the same unchanged files have in common from run to run."""
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in recordings]
    return hashlib.sha256(repr(stats).encode()).hexdigest()[:24]


def _tidy(folder: Path, now_s: float) -> None:
    for path in folder.glob("*.zip"):
        if now_s - path.stat().st_mtime > _KEPT_S:
            path.unlink(missing_ok=True)
