"""One thing that an avatar is made to do with its mouth: when it begins, what is told about it, when it is over.

Pure state: every method is given the moment at which it is called, in paced seconds. What is documented (Long Link
Downstream Message): WaitingTextStart, TextStart, WaitingTextOver and TextOver of a text, the same four of audio, and
Error, which ends a drive as the two Overs do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tadh_cli.sandbox.refusals import Refusal

# Downstream types.
INPUT, BROADCAST, STATUS, MODEL, REASONING, FAILED = 1, 2, 3, 4, 5, 9
ERROR = "Error"


@dataclass(frozen=True)
class Event:
    """Something that the client is told: a SpeakStatus, or content of a chatbot."""

    at: float
    req_id: str
    word: str = ""
    seq: int = 0
    type: int = STATUS
    facts: Mapping[str, Any] = field(default_factory=dict)


class Happening(NamedTuple):
    """What comes next by itself, and when."""

    at: float
    do: Callable[[float], Iterator[Event]]


class Utterance:
    """What all have in common: a ReqId, packets numbered from 1, statuses, and an end."""

    kind = ""
    # What is told when it is interrupted.
    over = ""

    def __init__(self, req_id: str, now: float) -> None:
        self.req_id = req_id
        self.began = now
        self.ended: float | None = None
        self.status = "Initial"
        # The last event of each status, for whoever connects anew.
        self.statuses: dict[str, Event] = {}
        self.error = ""
        # Packets that were under way when a connection broke.
        self.lost = 0
        self._seq = 0
        self._may_skip = False

    @property
    def is_over(self) -> bool:
        return self.ended is not None

    @property
    def is_uninterruptible(self) -> bool:
        return False

    def advance(self, now: float) -> Iterator[Event]:
        """Everything that happens by itself until now."""
        while (coming := self._coming()) is not None and coming.at <= now:
            yield from coming.do(coming.at)

    def due(self) -> float | None:
        """When something happens next by itself."""
        coming = self._coming()
        return None if coming is None else coming.at

    def reconnected(self) -> None:
        """A new channel goes on with the utterance: what was under way on the old one may be missing."""
        self._may_skip = True

    def stop(self, now: float) -> Iterator[Event]:
        """End it before its time."""
        if not self.is_over:
            yield self._end(now, self.over)

    def fail(self, now: float, error: Refusal) -> None:
        """End it with an error, which whoever was refused is told."""
        self.error = f"{error.code} {error.message}"
        self._end(now, ERROR, ErrorCode=error.code, ErrorMessage=error.message)

    def record(self) -> dict[str, Any]:
        """What became of it."""
        return {
            "ReqId": self.req_id,
            "Kind": self.kind,
            "Status": self.status,
            "BeganAt": self.began,
            "EndedAt": self.ended,
            "Packets": self._seq - self.lost,
            "Lost": self.lost,
            "Error": self.error,
        }

    def lines(self) -> list[str]:
        """The text of it, in the order in which it is spoken."""
        return []

    def _coming(self) -> Happening | None:
        """What happens next; None once it is over, or when that depends on the client."""
        ahead = [] if self.is_over else list(self._ahead())
        return min(ahead, key=lambda one: one.at, default=None)

    def _ahead(self) -> Iterator[Happening]:
        """All that can happen by itself; of those at the same moment, the first comes first."""
        return iter(())

    def _count(self, seq: int) -> None:
        """Take note of a packet's number; raises the refusal of a wrong one."""
        wanted = self._seq + 1
        if seq != wanted and not (self._may_skip and seq > wanted):
            raise Refusal(100001, "InvalidParameter.Seq", f"Seq is {seq}, {wanted} comes next")
        self.lost += seq - wanted
        self._seq = seq
        self._may_skip = False

    def _tell(self, at: float, word: str, seq: int = 0, **facts: Any) -> Event:
        event = Event(at, self.req_id, word, seq, FAILED if word == ERROR else STATUS, facts)
        if not word.startswith("Sentence"):
            self.status = word
        self.statuses[word] = event
        return event

    def _end(self, at: float, word: str, **facts: Any) -> Event:
        self.ended = at
        return self._tell(at, word, **facts)

    def _telling(self, word: str) -> Callable[[float], Iterator[Event]]:
        return lambda at: iter((self._tell(at, word),))


class Past(Utterance):
    """One that an earlier process of the sandbox knew: only its end is left."""

    def __init__(self, record: Mapping[str, Any], lines: list[str], statuses: list[dict[str, Any]]) -> None:
        super().__init__(record["ReqId"], record["BeganAt"])
        self.kind = record["Kind"]
        self.ended = record["EndedAt"] or record["BeganAt"]
        self.status = record["Status"]
        self.statuses = {one["word"]: Event(**one) for one in statuses}
        self._record = dict(record)
        self._lines = lines

    def record(self) -> dict[str, Any]:
        return self._record

    def lines(self) -> list[str]:
        return self._lines


def wrong_moment(text: str) -> Refusal:
    """110015: the timing of an instruction."""
    return Refusal(110015, "FailedOperation.WrongTiming", text)
