"""A channel on a bench: time is a number, and the service is strict and knows no mercy."""

from __future__ import annotations

import base64
import heapq
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tadh_cli.api.driving import Event, Notice, Step, Utterance
from tadh_cli.media import splitting
from tadh_cli.providers.tencent.channel import DrivingChannel

SESSION = "m1"


@dataclass
class Sent:
    """A frame that left, and when."""

    at_s: float
    payload: dict[str, Any]

    @property
    def req_id(self) -> str:
        return str(self.payload["ReqId"])

    @property
    def command(self) -> str:
        return str(self.payload["Command"])

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.payload["Data"]
        return data

    @property
    def sound(self) -> bytes:
        return base64.b64decode(self.data["Audio"])


@dataclass
class Bench:
    """Carries out what the channel wants at the moments it wants it; `latency_s` is how late each time."""

    patience_s: float = 120.0
    latency_s: float = 0.0
    now_s: float = 100.0
    sent: list[Sent] = field(default_factory=list)
    dials: list[float] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    is_over: bool = False
    # What answers a dial; connects unless told otherwise.
    dial: Callable[[Bench], None] | None = None
    # What sees each frame as it arrives.
    service: Callable[[Sent], None] | None = None
    # What ends a connection that the channel takes for dead.
    hang_up: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        numbers = itertools.count(1)
        self.channel = DrivingChannel(SESSION, lambda: f"{next(numbers):032x}", splitting, lambda: 1.0, self.patience_s)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._number = 0

    def say(self, utterance: Utterance, data: bytes = b"", *, ends: bool = True) -> int:
        """Say something, all of whose input is there."""
        self._number += 1
        self.channel.say(self._number, utterance, self.now_s)
        if data:
            self.channel.feed(self._number, data, self.now_s)
        if ends:
            self.channel.end(self._number, self.now_s)
        return self._number

    def feed(self, number: int, data: bytes) -> None:
        self.channel.feed(number, data, self.now_s)

    def end(self, number: int) -> None:
        self.channel.end(number, self.now_s)

    def down(self, status: str, of: str | int = -1, seq: int = 0, **more: Any) -> Event:
        """The service says something of an utterance: by id, or of the frame that was sent as such and such."""
        req_id = of if isinstance(of, str) else self.sent[of].req_id
        payload = {"Type": 3, "ReqId": req_id, "SessionId": SESSION, "Seq": seq, "SpeakStatus": status, **more}
        event = self.channel.received(json.dumps({"Header": {"Code": 0}, "Payload": payload}), self.now_s)
        self.events.append(event)
        return event

    def later(self, span_s: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._later, (self.now_s + span_s, next(self._order), action))

    def run(self, span_s: float = 1000.0) -> None:
        """Let time go by, up to the end of all that is to be said."""
        until_s = self.now_s + span_s
        for _ in range(100_000):
            step = self.channel.poll(self.now_s)
            self.notices += self.channel.notices()
            if step.is_over:
                self.is_over = True
                return
            at_s = max(step.at_s, self.now_s)
            if self._later and self._later[0][0] <= min(at_s, until_s):
                moment_s, _, action = heapq.heappop(self._later)
                self.now_s = max(self.now_s, moment_s)
                action()
            elif at_s >= until_s:
                self.now_s = until_s
                return
            else:
                self.now_s = at_s
                self._carry_out(step)
        raise AssertionError("it does not come to an end")

    def finish(self) -> None:
        self.channel.finish(self.now_s)
        self.run()
        assert self.is_over

    def _carry_out(self, step: Step) -> None:
        if step.dials:
            self.dials.append(self.now_s)
            self.channel.sent(self.now_s)
            if self.dial:
                self.dial(self)
            else:
                self.channel.connected(self.now_s, 0.01)
        elif step.hangs_up:
            self.hang_up()
        elif step.frame is not None:
            self.now_s += self.latency_s
            document = json.loads(step.frame.text)
            assert set(document) == {"Header", "Payload"}
            self.channel.sent(self.now_s)
            self.sent.append(Sent(self.now_s, document["Payload"]))
            if self.service:
                self.service(self.sent[-1])

    # What was said ---------------------------------------------------------------------------------------

    def of(self, *commands: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.command in commands]

    @property
    def sound(self) -> bytes:
        return b"".join(sent.sound for sent in self.of("SEND_AUDIO"))

    @property
    def stream(self) -> str:
        return "".join(sent.data["Text"] for sent in self.of("SEND_STREAMTEXT"))

    @property
    def texts(self) -> list[str]:
        return [sent.data["Text"] for sent in self.of("SEND_TEXT")]

    def told(self) -> str:
        return "\n".join(notice.text for notice in self.notices)


class Service:
    """The documented service: takes what keeps to the rules, and says when things begin and end."""

    def __init__(self, bench: Bench, *, stops_at_pauses: bool = True) -> None:
        self.bench = bench
        self.speaking = ""
        self.kind = ""
        self._seq = 0
        self._last_text_s = -10.0
        self._last_packet_s = 0.0
        self.is_final = False
        self.ended: set[str] = set()
        bench.service = self

    def __call__(self, sent: Sent) -> None:
        assert len(sent.req_id) == 32
        assert sent.payload["SessionId"] == SESSION
        {
            "SEND_TEXT": self._text,
            "SEND_STREAMTEXT": self._stream,
            "SEND_AUDIO": self._audio,
            "SEND_HEARTBEAT": lambda sent: None,
        }[sent.command](sent)

    def _text(self, sent: Sent) -> None:
        text = sent.data["Text"]
        assert sent.at_s - self._last_text_s > 1.0
        assert len(text.encode()) <= 4000
        self._last_text_s = sent.at_s
        assert self.kind != "audio", "sound has to be ended before"
        if self.speaking:
            assert sent.data.get("Interrupt"), "a text cuts off another one"
            self._over("TextOver")
        if text:
            self._begin(sent.req_id, "text", "TextStart")
            self._over_in(0.5 + len(text) / 10, "TextOver")

    def _stream(self, sent: Sent) -> None:
        self._in_order(sent, "stream")
        assert len(sent.data["Text"].encode()) <= 1000
        if sent.data["Seq"] == 1:
            self.bench.later(0.2, lambda: self._tell(sent.req_id, "TextStart"))
        if sent.data.get("Interrupt"):
            assert sent.data["Text"] == "" and sent.data["IsFinal"]
            self._over("TextOver")
        elif sent.data["IsFinal"]:
            self._over_in(1.0, "TextOver")
        elif sent.data.get("IsSentence"):
            assert self.wants_clause, "not asked for"
            self.wants_clause = False
            self.bench.later(0.7, lambda: self._next(sent.req_id, sent.data["Seq"]))

    wants_clause = True

    def _next(self, req_id: str, seq: int) -> None:
        self.wants_clause = True
        self._tell(req_id, "SentenceNext", seq)

    def _audio(self, sent: Sent) -> None:
        self._in_order(sent, "audio")
        size = len(sent.sound)
        assert size % 2 == 0 and size <= 5120
        assert bool(size) is not sent.data["IsFinal"]
        if sent.data["Seq"] == 1:
            self._tell(sent.req_id, "AudioStart")
        if sent.data["IsFinal"]:
            self._over_in(0.5, "AudioOver", FinalType=1)

    def _in_order(self, sent: Sent, kind: str) -> None:
        if sent.data["Seq"] == 1:
            assert not self.speaking, f"{self.kind} is still being said"
            assert sent.req_id not in self.ended
            self._begin(sent.req_id, kind, "")
            self.wants_clause = True
        else:
            assert sent.req_id == self.speaking
            assert sent.at_s - self._last_packet_s < 2.0 or sent.data.get("IsSentence") or self.is_final
            assert not self.is_final or sent.data.get("Interrupt")
            assert sent.data["Seq"] == self._seq + 1
        self._seq = sent.data["Seq"]
        self._last_packet_s = sent.at_s
        self.is_final = sent.data["IsFinal"]

    def _begin(self, req_id: str, kind: str, status: str) -> None:
        self.speaking, self.kind, self.is_final = req_id, kind, False
        if status:
            self.bench.later(0.2, lambda: self._tell(req_id, status))

    def _over_in(self, span_s: float, status: str, **more: Any) -> None:
        req_id = self.speaking
        self.bench.later(span_s, lambda: self._over(status, **more) if self.speaking == req_id else None)

    def _over(self, status: str, **more: Any) -> None:
        req_id, self.speaking, self.kind = self.speaking, "", ""
        self.ended.add(req_id)
        self._tell(req_id, status, **more)

    def _tell(self, req_id: str, status: str, seq: int = 0, **more: Any) -> None:
        self.bench.down(status, req_id, seq, **more)
