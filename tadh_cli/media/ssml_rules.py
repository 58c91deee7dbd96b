"""The rules for tags: which are known, what their attributes may say, what may stand in them and around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tadh_cli.media.narration import COMMAS, HAN, STOPS, fold
from tadh_cli.media.ssml_markup import Assignment, Piece
from tadh_cli.media.ssml_tags import DURATION, ELSEWHERE, TAGS, Attribute, Level, Tag


@dataclass(frozen=True)
class Problem:
    offset: int
    level: Level
    message: str
    hint: str = ""


def tags_known(pieces: Iterable[Piece]) -> Iterator[Problem]:
    for piece in pieces:
        if not piece.is_start:
            continue
        if tag := TAGS.get(piece.name):
            yield from _attributes(piece, tag)
        else:
            message = f"`<{piece.name}>` is not in the documentation and may be ignored or refused"
            yield Problem(piece.offset, "warning", message, ELSEWHERE.get(piece.name) or _nearest(piece.name, TAGS))


def actions_available(pieces: Iterable[Piece], known: Collection[str] | None) -> Iterator[Problem]:
    given = [piece for piece in pieces if piece.name == "insert-action" and piece.is_start]
    if given and known is not None and not known:
        message = "this avatar supports no actions, so `<insert-action>` has no effect"
        yield Problem(given[0].offset, "warning", message, "only 3D avatars support actions")
    elif known:
        yield from (problem for piece in given for problem in _unknown_action(piece, known))


def well_formed(pieces: Sequence[Piece]) -> Iterator[Problem]:
    """Apply the rules that need tags to be paired."""
    yield from _roots(pieces)
    yield from _elements(pieces)
    yield from _breaks(pieces)
    yield from _room(pieces)


def _attributes(piece: Piece, tag: Tag) -> Iterator[Problem]:
    declared = {attribute.name: attribute for attribute in tag.attributes}
    for attribute in tag.attributes:
        if attribute.required and piece.value(attribute.name) is None:
            message = f"`<{tag.name}>` lacks `{attribute.name}`"
            yield Problem(piece.offset, "error", message, _for_example(tag))
    for given in piece.assignments:
        if rule := declared.get(given.name):
            yield from _value(given, rule, tag)
        else:
            message = f"`<{tag.name}>` has no attribute `{given.name}` in the documentation"
            yield Problem(given.offset, "warning", message, _nearest(given.name, declared))


def _value(given: Assignment, attribute: Attribute, tag: Tag) -> Iterator[Problem]:
    if attribute.required and not given.value.strip():
        yield Problem(given.offset, "error", f"`{given.name}` of `<{tag.name}>` is empty", _for_example(tag))
    elif attribute.values and given.value not in attribute.values:
        message = f"`{given.name}` of `<{tag.name}>` is `{_short(given.value)}`, not {_one_of(attribute.values)}"
        hint = _nearest(given.value, attribute.values) or _for_example(tag)
        yield Problem(given.offset, attribute.unlisted, message, hint)
    elif rule := _VALUE_RULES.get((tag.name, given.name)):
        yield from rule(given)


def _pinyin(ph: Assignment) -> Iterator[Problem]:
    for syllable in ph.value.split(" "):
        if fault := _syllable_fault(syllable):
            yield Problem(ph.offset, "error", f"`ph` `{_short(ph.value)}`: {fault}", 'for example `ph="hang2"`')
            return


def _syllable_fault(syllable: str) -> str:
    if not syllable:
        return "syllables are parted by one space, without others around them"
    if not re.fullmatch("[A-Za-züÜ]+[0-9]?", syllable):
        return f"`{_short(syllable)}` is not letters with a tone after them"
    if not syllable[-1].isdigit():
        return f"`{_short(syllable)}` has no tone, 1 to 5 after its letters"
    return "" if syllable[-1] in "12345" else f"tone {syllable[-1]} of `{_short(syllable)}` is outside 1..5"


# documentation: Digital Human SSML Markup Language Specification (Chinese edition)
_DURATIONS = {"s": range(1, 10), "ms": range(50, 9001)}


def _duration(time: Assignment) -> Iterator[Problem]:
    hint = "1s to 9s or 50ms to 9000ms, whole numbers"
    found = DURATION.fullmatch(time.value)
    if not found:
        lack = "has no unit" if re.fullmatch(r"[0-9.]+", time.value) else "is no number with `ms` or `s` after it"
        yield Problem(time.offset, "error", f"`time` `{_short(time.value)}` of `<break>` {lack}", hint)
    elif float(found["number"]) not in _DURATIONS[found["unit"]]:
        message = f"`time` `{time.value}` of `<break>` is not in the documented range"
        yield Problem(time.offset, "warning", message, hint)


_VALUE_RULES: Mapping[tuple[str, str], Callable[[Assignment], Iterator[Problem]]] = {
    ("phoneme", "ph"): _pinyin,
    ("break", "time"): _duration,
}


def _roots(pieces: Sequence[Piece]) -> Iterator[Problem]:
    top = [piece for piece in _top_level(pieces) if piece.is_start or piece.content.strip()]
    roots = [piece for piece in top if piece.name == "speak"]
    for root in roots[1:]:
        yield Problem(root.offset, "error", "a second `<speak>`", "put the whole text into one `<speak>`, or use none")
    outside = [piece for piece in top if piece.name != "speak"]
    if roots and outside:
        what = f"`<{outside[0].name}>`" if outside[0].name else "text"
        yield Problem(outside[0].offset, "error", f"{what} outside of `<speak>`", "move it into `<speak>`")


def _top_level(pieces: Iterable[Piece]) -> Iterator[Piece]:
    depth = 0
    for piece in pieces:
        depth -= piece.kind == "close"
        if depth == 0:
            yield piece
        depth += piece.kind == "open"


def _elements(pieces: Iterable[Piece]) -> Iterator[Problem]:
    texts: list[str] = []
    pending: list[tuple[Piece, int]] = []  # open tags, and how many of the texts stand before each
    for piece in pieces:
        texts.append(piece.content)
        if piece.is_start:
            yield from _nesting(piece, pending[-1][0].name if pending else "")
        if piece.kind == "open":
            pending.append((piece, len(texts)))
        elif piece.kind == "empty":
            yield from _content(piece, ())
        elif piece.kind == "close" and pending:
            opened, start = pending.pop()
            yield from _content(opened, texts[start:])


def _nesting(piece: Piece, outer: str) -> Iterator[Problem]:
    if not outer or piece.name not in TAGS:
        return
    if piece.name == "speak":
        hint = "put the whole text into one `<speak>`, or use none"
        yield Problem(piece.offset, "error", f"`<speak>` inside `<{outer}>`", hint)
    elif outer in TAGS and piece.name not in TAGS[outer].tags:
        yield Problem(piece.offset, "warning", f"`<{piece.name}>` inside `<{outer}>`", _holds(TAGS[outer]))


def _holds(tag: Tag) -> str:
    held = ", ".join(["text"] * tag.text + [f"`<{name}>`" for name in tag.tags])
    return f"`<{tag.name}>` holds {held or 'nothing'}"


def _content(piece: Piece, texts: Iterable[str]) -> Iterator[Problem]:
    tag = TAGS.get(piece.name)
    if tag is None or tag.name == "speak":
        return
    text = fold("".join(texts))
    if tag.is_empty and text:
        yield Problem(piece.offset, "warning", f"`<{tag.name}>` around `{_short(text)}`", _holds(tag))
    elif tag.name == "phoneme":
        yield from _phoneme(piece, text)
    elif tag.text and not text:
        yield Problem(piece.offset, "warning", f"`<{tag.name}>` is around no text", _for_example(tag))
    elif tag.name == "word" and not _WORD.fullmatch(text):
        message = f"`<word>` around `{_short(text)}`, which is neither purely Chinese nor purely English"
        yield Problem(piece.offset, "warning", message, "give each language its own `<word>`, or leave the tag out")


_WORD = re.compile(rf"[{HAN}]+|[A-Za-z]+(?:[ .'’-]+[A-Za-z]+)*\.?")


def _phoneme(piece: Piece, text: str) -> Iterator[Problem]:
    syllables = (piece.value("ph") or "").split()
    if syllables and len(syllables) != len(text):
        message = f"`<phoneme>` gives {_count(len(syllables), 'syllable')} for {_count(len(text), 'character')}"
        yield Problem(piece.offset, "error", message, "give each character one syllable")
    if len(text) > 1:
        message = f"`<phoneme>` around {len(text)} characters, documented for one"
        yield Problem(piece.offset, "warning", message, "give each character a `<phoneme>` of its own")


def _breaks(pieces: Iterable[Piece]) -> Iterator[Problem]:
    before = ""
    for piece in pieces:
        before = piece.content.rstrip()[-1:] or before
        if piece.name != "break" or not piece.is_start:
            continue
        if not before:
            yield Problem(piece.offset, "warning", "`<break>` before any text", "place it after text")
        elif before in COMMAS + STOPS:
            message = f"`<break>` after the punctuation `{before}`, documented for use after text"
            yield Problem(piece.offset, "warning", message, "place it before the punctuation, or replace that by it")


def _unknown_action(piece: Piece, known: Collection[str]) -> Iterator[Problem]:
    for given in piece.assignments:
        if given.name == "type" and given.value.strip() and given.value not in known:
            message = f"this avatar has no action `{_short(given.value)}`"
            yield Problem(given.offset, "error", message, _nearest(given.value, known) or _one_of(sorted(known)))


_ROOM_CHARS = 10  # documentation: 2D small-sample and 3D digital humans, frequently asked questions


def _room(pieces: Iterable[Piece]) -> Iterator[Problem]:
    given: list[Piece] = []
    texts: list[list[str]] = [[]]
    for piece in pieces:
        texts[-1].append(piece.content)
        if piece.name == "insert-action" and piece.is_start:
            given.append(piece)
            texts.append([])
    lengths = [len(fold("".join(parts))) for parts in texts]
    for piece, before, after in zip(given, lengths, lengths[1:], strict=False):
        if min(before, after) < _ROOM_CHARS:
            message = f"an action with {before} characters of text before it and {after} after it may be dropped"
            yield Problem(piece.offset, "warning", message, f"leave at least {_ROOM_CHARS} on each side")


def _nearest(value: str, known: Iterable[str]) -> str:
    spelled = {each.lower(): each for each in known}
    near = get_close_matches(value.lower()[:_SHORT_CHARS], spelled, n=1)
    return f"did you mean `{spelled[near[0]]}`?" if near else ""


def _for_example(tag: Tag) -> str:
    return f"for example `{tag.example}`"


_SHORT_CHARS = 40


def _short(value: str) -> str:
    return value if len(value) <= _SHORT_CHARS else f"{value[:_SHORT_CHARS]}…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _one_of(values: Sequence[str]) -> str:
    return f"`{values[0]}`" if len(values) == 1 else f"one of {', '.join(values)}"
