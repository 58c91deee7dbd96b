"""What the digital human services would refuse, drop or misread in a text, found before it is sent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tadh_cli.media.narration import BYTE_ORDER_MARK, LINE_BREAKS, fold, spoken
from tadh_cli.media.ssml_markup import Piece, read
from tadh_cli.media.ssml_rules import Problem, actions_available, tags_known, well_formed
from tadh_cli.media.ssml_syntax import Lines, syntax_fault
from tadh_cli.media.ssml_tags import TAGS, Level


@dataclass(frozen=True)
class Finding:
    """Something wrong at a place of the text as it was written, line and column from 1, columns in characters."""

    level: Level
    line: int
    column: int
    message: str
    hint: str = ""


def check(
    text: str,
    *,
    most_chars: int | None = None,
    actions: Collection[str] | None = None,
    one_line: bool = False,
) -> tuple[Finding, ...]:
    """List what is wrong with SSML, in the order of the text.

    `actions` are the codes the avatar is known to have, empty for an avatar without actions, None if not known.
    `most_chars` limits the text as it is sent, tags included. `one_line` is for a text that is sent as it stands:
    line breaks are errors, where otherwise `fold` removes them.
    When the text is not well-formed, what depends on which tag holds what is left out.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    sent = _parsable(text)
    pieces = tuple(read(sent))
    problems = [*_characters(text), *_length(sent, most_chars), *_nothing_spoken(sent), *_markup(pieces)]
    problems += [*tags_known(pieces), *actions_available(pieces, actions)]
    if one_line:
        problems += _line_break(text)
    if fault := syntax_fault(sent, pieces):
        problems.append(Problem(fault.offset, "error", fault.message, fault.hint))
    else:
        problems += well_formed(pieces)
    return _findings(text, problems)


def problem_characters(text: str) -> tuple[Finding, ...]:
    """List the characters that no text, plain or SSML, can carry to the service; a run of them once."""
    text = text.removeprefix(BYTE_ORDER_MARK)
    return _findings(text, _characters(text))


def looks_like_ssml(text: str) -> bool:
    """Tell whether plain text holds one of the tags, which would be read out or shown as it is."""
    return any(piece.name in TAGS for piece in read(text))


def _findings(text: str, problems: Iterable[Problem]) -> tuple[Finding, ...]:
    lines = Lines(text)
    ordered = sorted(problems, key=lambda problem: problem.offset)
    return tuple(Finding(each.level, *lines.place(each.offset), each.message, each.hint) for each in ordered)


_CONTROLS = "\x00-\x08\x0e-\x1f\ufffe\uffff"  # form feed and vertical tab are line breaks to `fold`
_SURROGATES = "\ud800-\udfff"
_UNSENDABLE = re.compile(f"[{_CONTROLS}]+|[{_SURROGATES}]+")
_UNDECODED = range(0xDC80, 0xDD00)  # where Python's `surrogateescape` puts bytes that are not UTF-8


def _parsable(text: str) -> str:
    """Replace what would stop the parser, or reaches the service folded, character by character: places stay."""
    return re.sub("[\v\f\x85\u2028\u2029]", "\n", re.sub(f"[{_CONTROLS}{_SURROGATES}]", " ", text))


def _characters(text: str) -> Iterator[Problem]:
    for found in _UNSENDABLE.finditer(text):
        name, hint = _character_name(ord(found.group()[0]))
        more = f", nor can the {len(found.group()) - 1} after it" if len(found.group()) > 1 else ""
        yield Problem(found.start(), "error", f"{name} cannot be sent{more}", hint)


def _character_name(code: int) -> tuple[str, str]:
    if code in _UNDECODED:
        return f"the byte 0x{code - 0xDC00:02X}, which is not UTF-8,", "save the file as UTF-8"
    if 0xD800 <= code <= 0xDFFF:
        return f"U+{code:04X}, half of a surrogate pair,", "write the character itself"
    return f"the character U+{code:04X}", "delete it"


def _length(text: str, most_chars: int | None) -> Iterator[Problem]:
    if most_chars is not None and (length := len(fold(text))) > most_chars:
        message = f"the text has {length} characters, tags included, more than {most_chars}"
        yield Problem(0, "error", message, "shorten it, or split it over several tasks")


def _nothing_spoken(text: str) -> Iterator[Problem]:
    kinds = {unicodedata.category(character) for character in spoken(text)}
    if kinds <= {"Zs", "Zl", "Zp", "Cc", "Cf"}:
        yield Problem(0, "error", "there is nothing to speak", "add text")
    elif all(kind[0] in "PZC" for kind in kinds):
        yield Problem(0, "warning", "there is nothing to speak but punctuation", "add text")


def _line_break(text: str) -> Iterator[Problem]:
    if found := re.search(f"[{LINE_BREAKS}]", text):
        yield Problem(found.start(), "error", "the text must be one line", "put a space in place of each line break")


_UNDOCUMENTED: Mapping[str, tuple[str, str]] = {
    "comment": ("a comment", "delete it"),
    "instruction": ("a processing instruction", "delete it"),
    "cdata": ("a CDATA section", "write its text with `&amp;`, `&lt;` and `&gt;`"),
}


def _markup(pieces: Iterable[Piece]) -> Iterator[Problem]:
    for piece in pieces:
        if piece.kind in _UNDOCUMENTED:
            name, hint = _UNDOCUMENTED[piece.kind]
            yield Problem(piece.offset, "warning", f"{name} is not in the documentation and may be spoken", hint)
