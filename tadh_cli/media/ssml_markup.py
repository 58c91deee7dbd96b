"""Markup as it is written: text and tags in order, each with its offset, found without refusing anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "cdata", "open", "close", "empty", "comment", "instruction"]


@dataclass(frozen=True)
class Assignment:
    name: str
    value: str
    offset: int


@dataclass(frozen=True)
class Piece:
    kind: Kind
    offset: int
    source: str
    content: str = ""  # of text: with entities resolved
    name: str = ""  # of a tag
    assignments: tuple[Assignment, ...] = ()

    @property
    def is_start(self) -> bool:
        return self.kind in ("open", "empty")

    def value(self, name: str) -> str | None:
        return next((each.value for each in self.assignments if each.name == name), None)


def read(text: str) -> Iterator[Piece]:
    """Take well-formed XML apart as a parser would, and what is not a tag in other texts as text.

    The sources of the pieces, joined, are the text.
    """
    for found in _PIECE.finditer(text):
        yield _piece(found)


def resolve(source: str) -> str:
    """Replace the entities that XML knows by their characters; others stay as they are."""
    return _ENTITY.sub(_character, source)


# What opens and never closes runs to the end: searching on from each opening would take quadratic time.
# `<` cannot stand in an attribute's value, which bounds the search for the end of a tag.
_PIECE = re.compile(
    r"""
    (?P<comment> <!-- .*? (?: --> | \Z ) )
  | (?P<cdata> <!\[CDATA\[ (?P<literal> .*? ) (?: \]\]> | \Z ) )
  | (?P<instruction> <\? [^\W\d] .*? (?: \?> | \Z ) )
  | (?P<tag> </? (?P<name> (?: [^\W\d] | : ) [^\s<>/="'&]* )
      (?P<body> (?: [\s/] (?: [^<>"'] | "[^"<]*" | '[^'<]*' )* )? ) > )
  | (?P<text> [^<]+ | < )
    """,
    re.VERBOSE | re.DOTALL,
)
_ASSIGNMENT = re.compile(r"""(?<=\s)(?P<name>[^\s<>/="']+)\s*=\s*(?P<value>"[^"<]*"|'[^'<]*')""")
_ENTITY = re.compile(r"&(?:(?P<name>amp|lt|gt|quot|apos)|#(?P<decimal>[0-9]{1,7})|#x(?P<hex>[0-9A-Fa-f]{1,6}));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def _piece(found: re.Match[str]) -> Piece:
    source, offset = found.group(), found.start()
    match found.lastgroup:
        case "tag":
            return Piece(_tag_kind(source), offset, source, name=found["name"], assignments=_assignments(found))
        case "cdata":
            return Piece("cdata", offset, source, content=found["literal"])
        case "comment":
            return Piece("comment", offset, source)
        case "instruction":
            return Piece("instruction", offset, source)
        case _:
            return Piece("text", offset, source, content=resolve(source))


def _tag_kind(source: str) -> Kind:
    if source.startswith("</"):
        return "close"
    return "empty" if source.endswith("/>") else "open"


def _assignments(tag: re.Match[str]) -> tuple[Assignment, ...]:
    return tuple(
        Assignment(found["name"], _attribute_value(found["value"][1:-1]), tag.start("body") + found.start())
        for found in _ASSIGNMENT.finditer(tag["body"])
    )


def _attribute_value(source: str) -> str:
    return resolve(re.sub(r"\r\n|[\r\n\t]", " ", source))


def _character(entity: re.Match[str]) -> str:
    if name := entity["name"]:
        return _NAMED[name]
    code = int(entity["decimal"]) if entity["decimal"] else int(entity["hex"], 16)
    is_character = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_character else entity.group()
