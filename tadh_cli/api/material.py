"""What a file may be that is handed in."""

from __future__ import annotations

import math
from typing import NamedTuple


class Limit(NamedTuple):
    """Allowed kinds (as `media.kind` names them), seconds and bytes, and where that is documented."""

    kinds: tuple[str, ...]
    source: str
    least_s: float = 0.0
    most_s: float = math.inf
    most_bytes: int | None = None
