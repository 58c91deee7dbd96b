"""Text that is spoken: whole, as a stream of fragments, or clause by clause (Text-driven, Streaming Text-driven)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tadh_cli.sandbox import ssml
from tadh_cli.sandbox.instructions import Fragment
from tadh_cli.sandbox.refusals import Refusal, bad_value
from tadh_cli.sandbox.utterances import BROADCAST, Event, Happening, Utterance, wrong_moment

TEXT, STREAM, CLAUSES = "text", "stream", "clauses"

# Virtual seconds until the avatar begins to speak, until the next clause may come, and the tail that is only pushed.
BREATH_S, NEXT_S, TAIL_S = 0.4, 0.2, 0.3
# "Longer than 10 characters or words": what a clause has at least, unless it is the last.
LEAST_CLAUSE = 11
# Clauses that may wait behind the one that is spoken before the next is asked for: A3 and A4 while A2 is spoken.
QUEUE = 2
# A sentence that never ends is spoken in parts.
LONGEST_SENTENCE = 200

_SENTENCE = re.compile(r"[^。！？!?；;…\n.]*(?:[。！？!?；;…\n]+|\.(?=\s)|\.)[”’」』）)\"']*")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_UNIT = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3]|[^\W_\u3040-\u9fff\uac00-\ud7a3]+")


@dataclass(frozen=True)
class Tempo:
    """How fast is spoken: the voice's speed, 1 is normal, and how many of its seconds pass in a paced one."""

    speed: float = 1.0
    rate: float = 1.0

    def takes(self, words: str) -> float:
        return ssml.seconds(words, self.speed) / self.rate

    def paced(self, virtual_s: float) -> float:
        return virtual_s / self.rate


@dataclass(frozen=True)
class Clause:
    """A part of a text that is spoken in one go."""

    seq: int
    text: str
    at: float
    length_s: float
    is_inserted: bool = False
    # What is told when it begins, besides statuses.
    content: dict[str, Any] = field(default_factory=dict)


class Speech(Utterance):
    """The text under one ReqId.

    Clauses wait in a queue. Inserted ones go before the others, behind those inserted earlier: with A1 to A4 sent and
    A2 spoken, X comes next (A1 A2 X A3 A4).
    """

    over = "TextOver"

    def __init__(self, req_id: str, now: float, kind: str, tempo: Tempo, gap_s: float) -> None:
        super().__init__(req_id, now)
        self.kind = kind
        self.uninterruptible = False
        self._tempo = tempo
        # StreamMaxInterval, for a stream of fragments.
        self._gap_s = gap_s
        self._waiting: list[Clause] = []
        self._spoken: list[Clause] = []
        self._playing_until: float | None = None
        self._free_at = now + tempo.paced(BREATH_S)
        self._moved = now
        self._last = now
        self._final_at: float | None = None
        # Of a stream: what came, and the beginning of a sentence whose end has not come.
        self._received: list[str] = []
        self._rest = ""
        # Clauses for which the next one was not asked for yet, and whether one may come.
        self._unasked: list[Clause] = []
        self._may_send = True
        self._content: list[Event] = []

    @property
    def is_uninterruptible(self) -> bool:
        return self.uninterruptible

    def say(self, text: str, now: float) -> None:
        """Speak a whole text; raises Refusal."""
        words = ssml.check(text, "Text")
        self._seq = 1
        self._received.append(text)
        self._waiting.append(Clause(0, text, now, self._tempo.takes(words)))
        self._final_at = now

    def answer(self, question: str, clauses: list[Clause], content: list[Event], now: float) -> None:
        """Speak a chatbot's answer to a text."""
        self._seq = 1
        self._received.append(question)
        self._waiting, self._content = clauses, sorted(content, key=lambda event: event.at)
        self._final_at = now

    def take(self, fragment: Fragment, now: float) -> None:
        """Add a fragment or a clause; raises Refusal."""
        if self._final_at is not None:
            raise wrong_moment("the final packet of this text has come")
        if fragment.text and fragment.is_clause != (self.kind == CLAUSES):
            raise Refusal(100001, "InvalidParameter.IsSentence", "IsSentence changes within a text")
        self._count(fragment.seq)
        if self.kind == CLAUSES:
            self._add_clause(fragment, now)
        else:
            self._add_fragment(fragment, now)
        self._last = now
        if fragment.is_final:
            self._finish(now)

    def interrupt(self, seq: int, now: float) -> Iterator[Event]:
        """The packet that stops it, which may also come after the final one; raises Refusal."""
        self._count(seq)
        return self.stop(now)

    def record(self) -> dict[str, Any]:
        text = "".join(self._received)
        return {
            **super().record(),
            "Text": text,
            "Bytes": len(text.encode("utf-8", "replace")),
            "Spoken": len(self._spoken),
            "Unspoken": len(self._waiting),
        }

    def lines(self) -> list[str]:
        if self.kind == CLAUSES:
            return [clause.text for clause in (*self._spoken, *self._waiting)]
        return ["".join(self._received)]

    # What comes in ------------------------------------------------------------------------------------------

    def _add_clause(self, fragment: Fragment, now: float) -> None:
        if not fragment.text:
            return
        if not (self._may_send or fragment.is_inserted):
            raise wrong_moment("the next clause may come after SentenceNext")
        words = ssml.check(fragment.text, "Text")
        if not fragment.is_final and len(_UNIT.findall(words)) < LEAST_CLAUSE:
            raise bad_value("Text", f"a clause has to be longer than {LEAST_CLAUSE - 1} characters or words")
        clause = Clause(fragment.seq, fragment.text, now, self._tempo.takes(words), fragment.is_inserted)
        place = sum(one.is_inserted for one in self._waiting) if clause.is_inserted else len(self._waiting)
        self._waiting.insert(place, clause)
        self._received.append(fragment.text)
        self._unasked.append(clause)
        self._may_send = self._may_send and clause.is_inserted

    def _add_fragment(self, fragment: Fragment, now: float) -> None:
        rest = self._rest + fragment.text
        if tag := _TAG.search(rest):
            raise bad_value("Text", f"Text has the tag {tag.group()}, which clause mode alone allows")
        if any(marker in rest for marker in ssml.SENSITIVE):
            raise Refusal(801005, "FailedOperation.TextSecurity", "the text failed to pass the security verification")
        self._received.append(fragment.text)
        end = 0
        for sentence in _SENTENCE.finditer(rest):
            # A dot at the end of what has come may stand inside a number.
            if sentence.end() == len(rest) and sentence.group().endswith("."):
                break
            self._queue(sentence.group(), now)
            end = sentence.end()
        self._rest = rest[end:]
        if len(self._rest) > LONGEST_SENTENCE and "<" not in self._rest:
            self._queue_rest(now)

    def _queue(self, sentence: str, now: float) -> None:
        if sentence.strip():
            self._waiting.append(Clause(0, sentence, now, self._tempo.takes(sentence)))

    def _queue_rest(self, now: float) -> None:
        self._queue(self._rest, now)
        self._rest = ""

    def _finish(self, at: float) -> None:
        self._queue_rest(at)
        self._final_at = at
        # Nobody may send a next one.
        self._unasked.clear()

    # What comes of it -----------------------------------------------------------------------------------------

    def _ahead(self) -> Iterator[Happening]:
        if "WaitingTextStart" not in self.statuses:
            yield Happening(self.began, self._telling("WaitingTextStart"))
        if self._content:
            yield Happening(self._content[0].at, self._tell_content)
        if self._unasked and len(self._waiting) <= QUEUE:
            ready = self._unasked[0].at + self._tempo.paced(NEXT_S)
            yield Happening(max(ready, self._moved), self._ask)
        if self._playing_until is not None:
            if tail := self._tail(self._playing_until):
                yield tail
            yield Happening(self._playing_until, self._end_clause)
        elif self._waiting:
            yield Happening(max(self._free_at, self._waiting[0].at), self._begin_clause)
        elif self._final_at is not None and not self._content:
            yield Happening(max(self._final_at, self._moved), self._go_silent)
        if self.kind == STREAM and self._final_at is None:
            yield Happening(self._last + self._gap_s, self._end_itself)

    def _tail(self, until: float) -> Happening | None:
        if self._final_at is None or self._waiting or "WaitingTextOver" in self.statuses:
            return None
        return Happening(
            max(self._final_at, self._moved, until - self._tempo.paced(TAIL_S)), self._telling("WaitingTextOver")
        )

    def _tell_content(self, at: float) -> Iterator[Event]:
        yield self._content.pop(0)

    def _ask(self, at: float) -> Iterator[Event]:
        self._may_send = True
        yield self._tell(at, "SentenceNext", self._unasked.pop(0).seq)

    def _begin_clause(self, at: float) -> Iterator[Event]:
        clause = self._waiting.pop(0)
        self._spoken.append(clause)
        self._playing_until, self._moved = at + clause.length_s, at
        if "TextStart" not in self.statuses:
            yield self._tell(at, "TextStart")
        if self.kind == CLAUSES:
            yield self._tell(at, "SentenceStart", clause.seq)
        if clause.content:
            yield Event(at, self.req_id, type=BROADCAST, facts=clause.content)

    def _end_clause(self, at: float) -> Iterator[Event]:
        self._playing_until, self._free_at, self._moved = None, at, at
        if self.kind == CLAUSES:
            yield self._tell(at, "SentenceOver", self._spoken[-1].seq)

    def _end_itself(self, at: float) -> Iterator[Event]:
        self._finish(at)
        return iter(())

    def _go_silent(self, at: float) -> Iterator[Event]:
        yield self._end(at, self.over)
