"""How far a list is, told with every change of a video."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tadh_cli.engine.batch.work import Work


class Change(NamedTuple):
    """What has just become of a video, in words, and how far the whole list is."""

    name: str
    words: str
    is_over: bool
    over: int
    of: int
    # Seconds until all is done, None as long as nobody knows.
    left_s: float | None


Tell = Callable[[Change], None]


class Score:
    """Counts videos that have come to their end; `left_s` estimates what is left, None as long as nobody knows."""

    def __init__(self, of: int, tell: Tell, left_s: Callable[[], float | None]) -> None:
        self._of = of
        self._tell = tell
        self._left_s = left_s
        self._over = 0
        self._new: list[Work] = []

    def skip(self) -> None:
        """A video had come to its end before the run."""
        self._over += 1

    def say(self, work: Work, words: str) -> None:
        """Something has become of a video."""
        self._told(work, words, is_over=False)

    def end(self, work: Work, words: str) -> None:
        """A video has come to its end, as far as this run is concerned."""
        self._over += 1
        self._new.append(work)
        self._told(work, words, is_over=True)

    def news(self) -> list[Work]:
        """The videos that have come to their end since this was asked last."""
        new, self._new = self._new, []
        return new

    def _told(self, work: Work, words: str, *, is_over: bool) -> None:
        self._tell(Change(work.name, words, is_over, self._over, self._of, self._left_s()))
