"""Where a production stands: a pure function of what is stored about it and of the virtual time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tadh_cli.sandbox.catalogue import DAY_S

# "Audio and video resources without a custom storage URL are retained for only 7 days."
RETENTION_S = 7 * DAY_S
# Virtual seconds: the time in the queue for each task ahead, and what making takes.
AHEAD_S = 0.8
MAKING_S = 3.0
MAKING_SHARE = 0.5
# "Enabling subtitles will significantly increase the video production time."
SUBTITLES_SHARE = 0.4
# An input that can't be had is noticed soon after making began.
NOTICED_S = 1.0


@dataclass(frozen=True)
class Task:
    """A production and everything that is known of it; moments are virtual Unix seconds."""

    id: str
    kind: str
    operation: str
    # Whose slots and hours it uses: the type code of the avatar, empty for audio.
    type_code: str
    avatar: str
    voice: str
    payload: dict[str, Any]
    accepted: float
    queue_s: float
    estimate_s: float
    # The result, once it is there.
    made: float | None = None
    duration_ms: int = 0
    media: str = ""
    subtitles: str = ""
    timestamps: list[dict[str, Any]] = field(default_factory=list)
    # The end it comes to instead.
    failed: float | None = None
    fail_code: int = 0
    fail_message: str = ""
    called_back: bool = False

    @property
    def making(self) -> float:
        """When making begins."""
        return self.accepted + self.queue_s

    @property
    def is_text_driven(self) -> bool:
        return self.payload.get("DriverType") in (None, "", "Text")

    @property
    def shows_subtitles(self) -> bool:
        return bool((self.payload.get("VideoParam") or {}).get("ShowSubtitles"))


@dataclass(frozen=True)
class Standing:
    """The answer to a question for progress."""

    status: str
    progress: int
    ahead: int = 0

    @property
    def is_final(self) -> bool:
        return self.status in ("SUCCESS", "FAIL")


def standing(task: Task, now: float) -> Standing:
    """Queued, then being made, then one of two ends; SUCCESS needs both the time and the file."""
    end = ending(task)
    if end is not None and now >= end:
        return Standing("FAIL", -1) if task.failed is not None else Standing("SUCCESS", 100)
    if now < task.making:
        return Standing("COMMIT", 0, max(1, math.ceil((task.making - now) / AHEAD_S)))
    share = (now - task.making) / (_planned(task) - task.making)
    return Standing("MAKING", min(99, max(1, int(100 * share))))


def ending(task: Task) -> float | None:
    """When the task ends, None as long as that is not known: its file is not there yet."""
    if task.failed is not None:
        return max(task.failed, task.making + NOTICED_S)
    return None if task.made is None else max(task.made, _planned(task))


def failing(task: Task, code: int, message: str) -> Task:
    """The same task, bound to fail when it would have been ready."""
    return replace(task, failed=_planned(task), fail_code=code, fail_message=message)


def kept_until(task: Task) -> float | None:
    """When the result is thrown away."""
    end = ending(task)
    return None if end is None else end + RETENTION_S


def running(tasks: Iterable[Task], now: float) -> int:
    """How many of these tasks hold a slot."""
    return sum(not standing(task, now).is_final for task in tasks)


def spent_ms(tasks: Iterable[Task], now: float) -> int:
    """What these tasks have taken from the hours: only what came out counts."""
    return sum(task.duration_ms for task in tasks if standing(task, now).status == "SUCCESS")


def _planned(task: Task) -> float:
    length_s = task.duration_ms / 1000 if task.made is not None else task.estimate_s
    share = MAKING_SHARE + (SUBTITLES_SHARE if task.shows_subtitles else 0.0)
    return task.making + MAKING_S + share * length_s
