"""The chatbot that some projects are bound to: it answers a text, with content of types 1, 2, 4 and 5."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tadh_cli.sandbox.speech import Clause, Tempo
from tadh_cli.sandbox.utterances import INPUT, MODEL, REASONING, Event

# Virtual seconds between two parts of an answer.
THINKING_S = 0.3
LINK = "https://127.0.0.1/sandbox"
# As newer editions number the types of content; this one has names for all but plain text.
PLAIN = "1"


@dataclass(frozen=True)
class Chatbot:
    """How a project answers; what is marked as not interruptible on the platform needs the Interrupt flag."""

    is_uninterruptible: bool = False

    def answer(self, req_id: str, question: str, now: float, tempo: Tempo) -> tuple[list[Clause], list[Event]]:
        """The clauses that are spoken, and the content that is told meanwhile."""
        step = tempo.paced(THINKING_S)
        sentences = [f"You said: {_shortened(question)}.", "This answer was made by the sandbox."]
        events = [
            Event(now, req_id, type=INPUT, facts={"Text": question}),
            Event(now + step, req_id, type=REASONING, facts={"Text": "The text is repeated.", "Final": True}),
        ]
        moments = _steps(now + step, step)
        clauses = []
        for number, sentence in enumerate(sentences, 1):
            at = next(moments)
            facts = self._facts(sentence)
            events.append(Event(at, req_id, seq=number, type=MODEL, facts={**facts, "TtsSupport": True}))
            clauses.append(Clause(number, sentence, at, tempo.takes(sentence), content=facts))
        last = {
            **self._facts(LINK),
            "ContentType": "Hyperlink",
            "TtsSupport": False,
            "Final": True,
            "CloudAiExtra": json.dumps({"record_id": req_id, "reference": []}),
        }
        return clauses, [*events, Event(next(moments), req_id, seq=len(sentences) + 1, type=MODEL, facts=last)]

    def _facts(self, text: str) -> dict[str, Any]:
        return {
            "Text": text,
            "TextPro": text,
            "TextDisplay": text,
            "ContentType": PLAIN,
            "Final": False,
            "IsHighLight": False,
            "Uninterrupt": self.is_uninterruptible,
            "Muted": False,
        }


def of_project(projects: tuple[str, ...], project: str) -> Chatbot | None:
    """The chatbot of a project: the second has one, that of the third can't be interrupted."""
    return {1: Chatbot(), 2: Chatbot(is_uninterruptible=True)}.get(projects.index(project) if project else 0)


def _shortened(question: str) -> str:
    return " ".join(question.split())[:60]


def _steps(start: float, step: float) -> Iterator[float]:
    while True:
        start += step
        yield start
