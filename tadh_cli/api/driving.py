"""What a live avatar is made to say over its channel, what comes back, and what a channel of any vendor can do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, Protocol

from tadh_cli.errors import TadhError

# What is said --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpokenText:
    """A text that is there as a whole, said paragraph by paragraph.

    Markup may be in it, so that plain text has to be escaped before. `interrupt` cuts off what is being said and
    drops what waits; else it waits for its turn. The other fields are for a service that answers texts.
    """

    text: str
    interrupt: bool = False
    chat_command: str = ""
    chat_round_id: str = ""
    visitor_id: str = ""


@dataclass(frozen=True)
class StreamedText:
    """A text that arrives piece by piece, UTF-8 in bytes that may be cut anywhere.

    With `sentences` it is said clause by clause, each when the service asks for it, and `inserts` are said between,
    ahead of what waits; without, they can't be.
    """

    sentences: bool = False
    smart_actions: bool = False
    inserts: tuple[str, ...] = ()
    interrupt: bool = False


@dataclass(frozen=True)
class Audio:
    """Sound that arrives piece by piece: PCM, 16 kHz, 16 bits little-endian, mono.

    Sent on a schedule of its own, the first `burst` packets at once; `live` sends each packet when it is complete.
    """

    live: bool = False
    burst: int = 0
    interrupt: bool = False


Utterance = SpokenText | StreamedText | Audio


# What comes back -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """A frame that came down, decoded; `frame` is the whole of it."""

    frame: Mapping[str, Any]
    type: int = 0
    req_id: str = ""
    seq: int = 0
    # The service's word for where the utterance stands, such as TextStart, AudioOver, SentenceNext, Error.
    status: str = ""
    final_type: int | None = None
    # What a large model answers, to be shown as it comes.
    content: str = ""
    is_final_content: bool = False
    code: int = 0
    message: str = ""
    # Told once more after a reconnection.
    is_replay: bool = False


class Received(NamedTuple):
    """An event, and when it came: Unix seconds."""

    at_s: float
    event: Event


class Notice(NamedTuple):
    """Something the user has to know, as a sentence; a warning when something went wrong."""

    text: str
    is_warning: bool = True


@dataclass(frozen=True)
class Loss:
    """What may not have arrived when a connection broke: packets, and the sound or the text in them."""

    packets: int
    sound_ms: int = 0
    text: str = ""


@dataclass(frozen=True)
class Pacing:
    """How evenly the packets of an utterance left: times in milliseconds.

    `ratio` is time taken by sound sent, `late` how far behind its moment a packet left, `underruns` how often
    the sound was not there in time, `slip` by how much the schedule was moved after stalls.
    """

    packets: int = 0
    sound_ms: int = 0
    took_ms: float = 0.0
    ratio: float = 0.0
    late_p50_ms: float = 0.0
    late_p99_ms: float = 0.0
    late_max_ms: float = 0.0
    interval_min_ms: float = 0.0
    interval_max_ms: float = 0.0
    underruns: int = 0
    slips: int = 0
    slip_ms: float = 0.0

    def record(self) -> dict[str, Any]:
        """As data for a user."""
        return {
            "Packets": self.packets,
            "SoundMs": self.sound_ms,
            "TookMs": round(self.took_ms),
            "Ratio": round(self.ratio, 3),
            "JitterP50Ms": round(self.late_p50_ms, 2),
            "JitterP99Ms": round(self.late_p99_ms, 2),
            "JitterMaxMs": round(self.late_max_ms, 2),
            "IntervalMinMs": round(self.interval_min_ms, 2),
            "IntervalMaxMs": round(self.interval_max_ms, 2),
            "Underruns": self.underruns,
            "Slips": self.slips,
            "SlipMs": round(self.slip_ms),
        }


class Connection(Enum):
    """How the channel stands."""

    CONNECTING = "connecting"
    OPEN = "open"
    RECONNECTING = "reconnecting"
    CLOSED = "closed"


@dataclass(frozen=True)
class Progress:
    """Where a drive stands, for a view that is drawn again and again."""

    connection: Connection = Connection.CONNECTING
    # "text", "stream", "audio", or nothing while nobody speaks.
    speaker: str = ""
    # Utterances that wait for their turn.
    waiting: int = 0
    # Frames sent and received in all.
    sent: int = 0
    received: int = 0
    # Of the sound that is being sent, or was sent last.
    packets: int = 0
    sound_ms: int = 0
    ratio: float = 0.0
    reconnections: int = 0
    last: Event | None = None


@dataclass(frozen=True)
class Report:
    """What came of a drive: one `pacing` for each utterance of sound, and what failed although the channel lived."""

    said: int = 0
    sent: int = 0
    received: int = 0
    reconnections: int = 0
    pacing: tuple[Pacing, ...] = ()
    losses: tuple[Loss, ...] = ()
    failures: tuple[TadhError, ...] = ()
    # Ended before everything was said: by the user, or at the moment until which it was allowed.
    was_stopped: bool = False
    was_late: bool = False

    def record(self) -> dict[str, Any]:
        """As data for a user."""
        return {
            "Said": self.said,
            "Sent": self.sent,
            "Received": self.received,
            "Reconnections": self.reconnections,
            "LostPackets": sum(loss.packets for loss in self.losses),
            "LostSoundMs": sum(loss.sound_ms for loss in self.losses),
            "Pacing": [pacing.record() for pacing in self.pacing],
        }


# The channel ---------------------------------------------------------------------------------------------


class Frame(NamedTuple):
    """A frame ready to be sent, and the same as data with its sound left out, for a trace."""

    text: str
    shown: Mapping[str, Any]


class Step(NamedTuple):
    """What to do next, and at which moment; with nothing to do it is the moment to ask again at the latest."""

    at_s: float = math.inf
    frame: Frame | None = None
    # Open a connection.
    dials: bool = False
    # End the connection: it is taken for dead.
    hangs_up: bool = False
    # Nothing is left to do.
    is_over: bool = False


class Cut(Protocol):
    """How texts are taken apart."""

    def pieces(self, text: str, most_bytes: int) -> list[str]:
        """A whole text in pieces to be said one after another, none larger."""

    def fragment(self, text: str, most_bytes: int, *, is_all: bool = False) -> str:
        """The beginning of a text that can be sent by itself; unless it `is_all`, what may go on is left out."""

    def clauses(self, text: str, most_bytes: int, *, is_all: bool) -> tuple[list[str], str]:
        """The complete clauses at the beginning of a text, and the rest; no rest when the text `is_all` there is."""

    def seconds(self, text: str) -> float:
        """How long a text takes to be spoken, roughly."""


class Channel(Protocol):
    """The protocol of a driving channel: it knows neither sockets nor clocks. All times are seconds of one clock.

    Ask `poll` what to do; do that at its moment and tell so, or tell what happened before, and ask again.
    """

    def say(self, number: int, utterance: Utterance, now_s: float) -> None:
        """Put an utterance in line, under a number of the caller's."""

    def feed(self, number: int, data: bytes, now_s: float) -> None:
        """More of an utterance."""

    def end(self, number: int, now_s: float, error: TadhError | None = None) -> None:
        """There is no more of an utterance, perhaps because reading it failed."""

    def wants(self, number: int) -> int:
        """How many bytes of an utterance are welcome now; below 0 when it is over and no more is needed."""

    def insert(self, text: str, now_s: float) -> None:
        """Say a clause ahead of what waits, where the utterance in progress allows it."""

    def interrupt(self, now_s: float) -> None:
        """Cut off what is being said and drop what waits."""

    def overhear(self, now_s: float) -> None:
        """Somebody else lets a text be said, which nobody has told on the channel."""

    def finish(self, now_s: float) -> None:
        """Nothing more will be said: it is over when what is in line has been said."""

    def stop(self, now_s: float, *, is_late: bool = False) -> None:
        """End now: what is being said is ended as it has to be, which takes a few seconds at most."""

    def poll(self, now_s: float) -> Step:
        """What to do next."""

    def sent(self, now_s: float) -> None:
        """The frame of the last step has left."""

    def received(self, text: str, now_s: float) -> Event:
        """A frame has come."""

    def connected(self, now_s: float, took_s: float) -> None:
        """A connection is open; `took_s` bounds the way to the service and back."""

    def refused(self, error: TadhError, now_s: float) -> None:
        """A connection could not be opened, or the service's answer says that none is to be opened any more."""

    def disconnected(self, now_s: float, *, silent_s: float = 0.0) -> None:
        """The connection broke, and was mute for so many seconds before that was noticed."""

    def notices(self) -> Sequence[Notice]:
        """What there is to tell since the last call."""

    def progress(self, now_s: float) -> Progress:
        """Where it stands."""

    def report(self) -> Report:
        """What came of it."""

    @property
    def failure(self) -> TadhError | None:
        """Why it is over, if something went wrong with the channel or the session itself."""


class Driving(NamedTuple):
    """A vendor's driving channel."""

    # The path of the WebSocket of a session, to be signed.
    path: Callable[[str], str]
    # The protocol for a session: its id, a source of fresh ids, how texts are taken apart, the dice for pauses,
    # and seconds for which a broken connection is opened again.
    channel: Callable[[str, Callable[[], str], Cut, Callable[[], float], float], Channel]
    # Why a session's record says that it can't be driven any more, None while it can.
    ended: Callable[[Mapping[str, Any]], TadhError | None]
    # What is being said as a session's record has it: "text", "audio", or nothing.
    speaks: Callable[[Mapping[str, Any]], str]
