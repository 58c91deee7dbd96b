"""Whether a text is well-formed XML once it stands in a root, and if not, why, in words a writer understands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from xml.parsers.expat import errors

from tadh_cli.media.ssml_markup import Piece
from tadh_cli.media.ssml_tags import TAGS


class Lines:
    """The lines of a text as an editor counts them, and the offsets at which they start."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
        self._end = len(text)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a place, or the end of the text for one behind it."""
        return min(self._starts[line - 1] + column - 1, self._end) if line <= len(self._starts) else self._end


@dataclass(frozen=True)
class SyntaxFault:
    offset: int
    message: str
    hint: str


def syntax_fault(text: str, pieces: Sequence[Piece]) -> SyntaxFault | None:
    """The first place at which `text`, put into a root, stops being XML. `pieces` are those of the text."""
    # Inside a root no document type can be declared, so entities cannot be either: nothing expands, nothing is fetched.
    from xml.sax import SAXParseException

    from defusedxml.expatreader import create_parser

    parser = create_parser(forbid_dtd=True)
    try:
        parser.feed(f"<{_ROOT}>\n{text}\n</{_ROOT}>")
        parser.close()
    except SAXParseException as error:
        offset = Lines(text).offset((error.getLineNumber() or 2) - 1, (error.getColumnNumber() or 0) + 1)
        return _explain(error.getMessage(), text, offset, pieces)
    return None


_ROOT = "tadh-text"
_ESCAPES = "in text write `&amp;` for `&`, `&lt;` for `<`, `&gt;` for `>`"


def _explain(error: str, text: str, offset: int, pieces: Sequence[Piece]) -> SyntaxFault:
    if error in _UNPAIRED and (fault := _mismatch(pieces)):
        return fault
    if error == errors.XML_ERROR_UNDEFINED_ENTITY:
        return _unknown_entity(text, offset)
    if error == errors.XML_ERROR_INVALID_TOKEN:
        return _invalid_token(text, offset)
    if error == errors.XML_ERROR_UNCLOSED_CDATA_SECTION:
        return SyntaxFault(pieces[-1].offset, "a CDATA section is never closed", "end it with `]]>`")
    message, hint = _OTHERS.get(error, (f"the text is not well-formed XML: {error}", _ESCAPES))
    return SyntaxFault(offset, message, hint)


# A text that closes the root itself gets the second of them.
_UNPAIRED = (errors.XML_ERROR_TAG_MISMATCH, errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT)
_OTHERS = {
    errors.XML_ERROR_DUPLICATE_ATTRIBUTE: ("an attribute is given twice in one tag", "keep one of the two"),
    errors.XML_ERROR_BAD_CHAR_REF: (
        "the number of this `&#…;` belongs to no character that can be sent",
        "write the character itself",
    ),
    errors.XML_ERROR_MISPLACED_XML_PI: (
        "an XML declaration (`<?xml … ?>`) does not belong in a text to speak",
        "delete it",
    ),
    errors.XML_ERROR_UNCLOSED_TOKEN: (
        "what starts here is never finished",
        "end a comment with `-->`, an instruction with `?>`",
    ),
}


def _mismatch(pieces: Sequence[Piece]) -> SyntaxFault | None:
    pending: list[Piece] = []
    for piece in pieces:
        if piece.kind == "open":
            pending.append(piece)
        elif piece.kind == "close":
            if not pending:
                return SyntaxFault(piece.offset, f"`</{piece.name}>` closes a tag that was never opened", "delete it")
            if pending[-1].name != piece.name:
                return _wrong_close(piece, pending[-1])
            pending.pop()
    return _never_closed(pending[-1]) if pending else None


def _wrong_close(close: Piece, pending: Piece) -> SyntaxFault:
    if _is_empty(pending.name):
        return _never_closed(pending)
    message = f"`</{close.name}>` stands where `</{pending.name}>` is expected"
    return SyntaxFault(close.offset, message, f"close `<{pending.name}>` first")


def _never_closed(pending: Piece) -> SyntaxFault:
    name = pending.name
    hint = f"it holds nothing: write `<{name} …/>`" if _is_empty(name) else f"add `</{name}>` after its text"
    return SyntaxFault(pending.offset, f"`<{name}>` is never closed", hint)


def _is_empty(name: str) -> bool:
    return name in TAGS and TAGS[name].is_empty


def _unknown_entity(text: str, offset: int) -> SyntaxFault:
    entity = text[offset : offset + 40].partition(";")[0] + ";"
    hint = "write the character itself, or `&amp;` for an ampersand"
    return SyntaxFault(offset, f"`{entity}` is no entity that XML knows", hint)


@dataclass(frozen=True)
class _Slip:
    """A usual mistake, known by what stands before and after the place where the parser stopped.

    The fault is reported where `before` starts. The last slip fits everything.
    """

    before: str
    after: str
    message: str
    hint: str


_SLIPS = (
    _Slip(r"&[^\s;<>&\"']*\Z", r"", "`&` starts no entity here", "write `&amp;` for an ampersand"),
    _Slip(
        r"<!\Z",
        r"(?!--|\[CDATA)",
        "declarations (`<!DOCTYPE …>`, `<!ENTITY …>`) are not accepted",
        "delete it, and write the text out instead of using entities",
    ),
    _Slip(
        r"</?\Z",
        r"",
        "`<` starts no tag here",
        "write `&lt;` for a less-than sign; in a tag the name follows `<` at once",
    ),
    _Slip(r"\]\]\Z", r">", "`]]>` cannot stand in text", "write `]]&gt;`"),
    _Slip(r"--\Z", r"", "a comment cannot hold `--`", "delete the comment"),
    _Slip(r"(?<==)\s*\Z", r"[“”‘’＂＇]", "typographic quotes around an attribute's value", 'use straight quotes: `"`'),
    _Slip(r"(?<==)\s*\Z", r"\\+[\"']", "a backslash before a quote", 'write `"` alone: a request escapes it by itself'),
    _Slip(r"(?<==)\s*\Z", r"", "an attribute's value has no quotes", '`name="value"` is the form'),
    _Slip(r"(?<=[\"'])\Z", r"[^\s/>]", "no space before the next attribute", "put a space after the closing quote"),
    _Slip(r"/\Z", r"\s*>", "`/` and `>` of an empty tag are parted", "write `/>`"),
    _Slip(
        r"<[^<]*\Z",
        r"<|\Z",
        "the tag that starts here has no end",
        "close its quotes and end it with `>`; a `<` in a value is `&lt;`",
    ),
    _Slip(r"(?<=\s)[^\s<>=]+\s*\Z", r"[\s/>]", "an attribute has no value", '`name="value"` is the form'),
    _Slip(r"\Z", r"", "the text is not well-formed XML from here on", _ESCAPES),
)
_WINDOW_CHARS = 500


def _invalid_token(text: str, offset: int) -> SyntaxFault:
    start = max(0, offset - _WINDOW_CHARS)
    before, after = text[start:offset], text[offset : offset + _WINDOW_CHARS]
    return next(
        SyntaxFault(start + found.start(), slip.message, slip.hint)
        for slip in _SLIPS
        if (found := re.search(slip.before, before)) and re.match(slip.after, after)
    )
