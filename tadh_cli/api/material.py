"""What a file may be that is handed in, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Medium = Literal["video", "sound", "picture", "document", "archive"]

_UNITS = {"MB": (1000**2, 1024**2), "GB": (1000**3, 1024**3)}


class Span(NamedTuple):
    """Allowed values, both ends included, and the documentation's words for them."""

    least: float
    most: float
    words: str

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (int, float)) and self.least <= value <= self.most


class Size(NamedTuple):
    """A largest size as documented; nobody says whether a GB is 1000 or 1024 MB, so both are known."""

    number: int
    unit: Literal["MB", "GB"]

    @property
    def words(self) -> str:
        return f"{self.number} {self.unit}"

    @property
    def certain_bytes(self) -> int:
        """Allowed whatever the unit means."""
        return self.number * _UNITS[self.unit][0]

    @property
    def most_bytes(self) -> int:
        """Too large beyond this, whatever the unit means."""
        return self.number * _UNITS[self.unit][1]


class NameRule(NamedTuple):
    """What a file may be called: a pattern for the whole name with its extension, and words for it."""

    pattern: str
    words: str


class Ratio(NamedTuple):
    """Width to height as they are seen."""

    width: int
    height: int

    @property
    def words(self) -> str:
        return f"{self.width}:{self.height}"


@dataclass(frozen=True)
class Limit:
    """What a file of one role may be; None and () are what the documentation leaves open.

    Whatever is named `advised_…` is recommended only: a file outside of it is warned about and accepted.
    """

    role: str
    what: str
    # The folder of the object store in which it belongs, without a slash.
    folder: str
    medium: Medium
    # As `media.kind` names them.
    kinds: tuple[str, ...]
    source: str
    # Of the name; () allows those of the kinds.
    extensions: tuple[str, ...] = ()
    name: NameRule | None = None
    size: Size | None = None
    length_s: Span | None = None
    advised_length_s: Span | None = None
    # Width and height, either of them upright.
    resolutions: tuple[tuple[int, int], ...] = ()
    ratios: tuple[Ratio, ...] = ()
    frame_rate: Span | None = None
    sample_rate_hz: Span | None = None
    advised_sample_rates_hz: tuple[int, ...] = ()
    # Bits a second, of compressed sounds.
    advised_bit_rate: Span | None = None
    # A picture alone does not say everything: the voice is wanted too.
    advises_sound: bool = False
    # Of an archive: what its files may be, how many, and how large and long together.
    holds: Limit | None = None
    count: Span | None = None
    total_size: Size | None = None
    advised_total_length_s: Span | None = None
