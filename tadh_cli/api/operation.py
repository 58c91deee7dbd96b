"""An operation of a service, declared once: checks, body, decoding and JSON Schema derive from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tadh_cli.api.body import Body, normalise, put
from tadh_cli.api.checking import check_object, is_excused
from tadh_cli.api.decoding import decode_object, lacking
from tadh_cli.api.field import Field, Payload, Problem, walk


class Paging(NamedTuple):
    """A list call that answers page by page: the field with the items, and the largest page."""

    items: str
    largest: int = 100
    # The fields that tell items apart; none when several may look the same.
    key: tuple[str, ...] = ()


Rule = Callable[[Body], Iterable[Problem]]
Amend = Callable[[Payload], Payload]


class Operation(NamedTuple):
    """One call of the service: where it is, what it takes and gives, and whether it may be repeated."""

    name: str
    path: str
    summary: str
    # Whether the call may be sent again after its bytes left the machine: a query, or the same result twice.
    safe: bool
    # Which of the account's credentials sign it: customization, video, session or assets.
    service: str
    doc: str
    request: tuple[Field, ...] = ()
    response: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()
    paging: Paging | None = None
    # The kind of task record this call creates, empty for all others; a function when the request decides.
    creates: str | Callable[[Body], str] = ""
    # The status of such a task when the answer tells none.
    first_status: str = ""
    deprecated: str = ""
    # Adds to an answer what it leaves out and what can be derived from the rest.
    amend: Amend | None = None
    method: str = "POST"
    # What a Header.Code means for this very call, and what to do about it, told by its request.
    remedies: Mapping[int | str | None, Callable[[Body], str]] = MappingProxyType({})
    # Seconds that have to lie between two such calls about the same thing; more often is refused.
    apart_s: float = 0.0

    def encode(self, values: Mapping[str, object]) -> Payload:
        """The request body for values named by their dotted path; None and missing ones are left out."""
        body: Payload = {}
        for path, value in values.items():
            if value is not None:
                put(body, path, value)
        for field in self.request:
            if field.fill is not None and field.name not in body:
                body[field.name] = field.fill()
        return {**body, **{key: normalise(field, body[key]) for key, field in self._present(body)}}

    def check(self, body: Payload, exempt: Iterable[str] = ()) -> list[Problem]:
        """Every problem of a request body at once; paths in `exempt` (and below) are the caller's own risk."""
        excused = tuple(exempt)
        problems = [*check_object(self.request, body, ""), *self._check_rules(body)]
        return [problem for problem in problems if not is_excused(problem.path, excused)]

    def decode(self, payload: object) -> Payload:
        """An answer in one spelling: declared fields first, whatever else the service adds behind them."""
        if not isinstance(payload, Mapping):
            payload = {}
        answer = decode_object(self.response, payload)
        return self.amend(answer) if self.amend else answer

    def lacking(self, answer: Mapping[str, Any]) -> list[str]:
        """The paths of fields that a decoded answer has to have and has not."""
        return list(lacking(self.response, answer))

    def kind(self, body: Body) -> str:
        """The kind of task that a request creates."""
        return self.creates if isinstance(self.creates, str) else self.creates(body)

    def field(self, path: str) -> Field | None:
        """The declared request field at a dotted path, case ignored; a unique last part is enough."""
        wanted = path.lower()
        matches = [(p, f) for p, f in walk(self.request) if p.lower() == wanted]
        matches = matches or [(p, f) for p, f in walk(self.request) if p.lower().endswith("." + wanted)]
        return matches[0][1] if len(matches) == 1 else None

    def full_path(self, path: str) -> str:
        """The dotted path as declared for what a user wrote; unknown ones come back as they are."""
        field = self.field(path)
        return next((p for p, f in walk(self.request) if f is field), path)

    def parse(self, path: str, text: str) -> Any:
        """A value that a user typed for a path: text where the declaration says so, else JSON if it reads as that."""
        field = self.field(path)
        if field is not None and field.type is str and not field.many:
            return text
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            return text

    def schema(self) -> Payload:
        """JSON Schema of the request body; that of the answer stands in `$defs`."""
        from tadh_cli.api.json_schema import object_schema

        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": f"{self.summary}. {self.method} {self.path} ({self.doc})",
            **object_schema(self.request, closed=True),
            "$defs": {"Response": object_schema(self.response, closed=False)},
        }

    def _present(self, body: Payload) -> Iterator[tuple[str, Field]]:
        return ((field.name, field) for field in self.request if field.name in body)

    def _check_rules(self, body: Payload) -> Iterator[Problem]:
        view = Body(body)
        for rule in self.rules:
            yield from rule(view)


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)
