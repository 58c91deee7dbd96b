"""Texts taken apart for speaking: paragraphs, sentences, clauses, fragments; never within a character or a tag."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from tadh_cli.media.narration import COMMAS, HAN, LINE_BREAKS, fold, spoken_seconds
from tadh_cli.media.ssml_markup import read

# A clause has to be longer than so many characters or words (Streaming Text-driven Instructions, clause mode).
SHORT_CLAUSE = 10


def pieces(text: str, most_bytes: int) -> list[str]:
    """A text in pieces of at most so many bytes: a paragraph each, or as many whole sentences of one as fit.

    Blank lines are between paragraphs; within one, lines are joined. A sentence that is too long is cut after a
    comma, else between words, else between characters. Elements of SSML stay whole where they fit, and the one
    around everything, `<speak>`, is around each piece.
    """
    head, inner, tail = _unwrapped(text.strip())
    room_bytes = most_bytes - len((head + tail).encode())
    paragraphs = (fold(paragraph) for paragraph in _paragraphs(inner))
    return [head + piece + tail for paragraph in paragraphs if paragraph for piece in _fitting(paragraph, room_bytes)]


def fragment(text: str, most_bytes: int, *, is_all: bool = False) -> str:
    """The beginning of a text that can be sent by itself, cut between what a reader takes for characters.

    At the end of what there is an emoji may go on; it is left out unless `is_all`.
    """
    head = ""
    size = 0
    for cluster in _clusters(text[:most_bytes]):
        size += len(cluster.encode())
        if size > most_bytes:
            return head or _within(cluster, most_bytes)
        if not is_all and len(head) + len(cluster) == len(text) and _may_go_on(cluster):
            return head
        head += cluster
    return head


def clauses(text: str, most_bytes: int, *, is_all: bool) -> tuple[list[str], str]:
    """The complete clauses at the beginning of a text, and the rest, which is empty when the text `is_all` there is.

    Joined, they are the text. Each ends where a sentence, a line or a part between semicolons does, and has more than
    10 characters or words, so that short sentences go together; none has more bytes than allowed.
    """
    found: list[str] = []
    start = 0
    for end in _clause_ends(text, is_all=is_all):
        if _length(text[start:end]) > SHORT_CLAUSE:
            found.append(text[start:end])
            start = end
    rest = text[start:]
    if is_all:
        if rest and found and (not rest.strip() or _length(rest) <= SHORT_CLAUSE):
            found[-1] += rest
        elif rest.strip():
            found.append(rest)
        rest = ""
    fitting = [piece for clause in found for piece in _fitting(clause, most_bytes)]
    if len(rest.encode()) > most_bytes:
        *more, rest = _fitting(rest, most_bytes)
        fitting += more
    return fitting, rest


def seconds(text: str) -> float:
    """How long a text takes to be spoken, roughly."""
    return spoken_seconds(text)


# Paragraphs ----------------------------------------------------------------------------------------------


def _unwrapped(text: str) -> tuple[str, str, str]:
    """What is in a `<speak>` around the whole text, between its tags, which are empty where there is none."""
    found = list(read(text))
    if len(found) < 2 or (found[0].kind, found[0].name, found[-1].kind, found[-1].name) != _SPEAK:
        return "", text, ""
    head, tail = found[0].source, found[-1].source
    return head, text[len(head) : len(text) - len(tail)], tail


def _paragraphs(text: str) -> Iterator[str]:
    """What is between blank lines; those within an element are part of it."""
    start = 0
    for found in _BLANK_LINES.finditer(_masked(text)):
        yield text[start : found.start()]
        start = found.end()
    yield text[start:]


# Sentences -----------------------------------------------------------------------------------------------

_SPEAK = ("open", "speak", "close", "speak")
_BLANK_LINES = re.compile(r"(?:\r\n|[\n\r\u2028])[ \t\u3000]*(?:\r\n|[\n\r\u2028])\s*|\u2029\s*")
_CLOSERS = "”’」』）】》〉〕］\"')\\]}"
# Marks that end a sentence by themselves, and those that do before white space, a closing mark or Chinese alone.
_FULL_STOPS = "。｡．！？…⋯؟۔।॥።"
_HALF_STOPS = ".!?"
# Stand for the first character of a tag, and for the others.
_TAG, _INSIDE = "\x02", "\x01"
# What is looked at beyond the largest piece, for what a character or a mark belongs to.
_AHEAD = 64
_SENTENCE = rf"(?:[{_FULL_STOPS}]+|(?<!\b[A-Z])[{_HALF_STOPS}]+(?=[\s{_TAG}{_CLOSERS}{HAN}]|\Z))[{_CLOSERS}]*\s*"
_SENTENCE_END = re.compile(_SENTENCE)
_CLAUSE_END = re.compile(rf"(?:[；;]|[{LINE_BREAKS}]+)\s*|{_SENTENCE}")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|No|vs|etc|e\.g|i\.e|cf|approx))\.\s*\Z", re.IGNORECASE)
_COMMA_END = re.compile(rf"[{COMMAS}][{_CLOSERS}]*\s*(?<![\d][.,:])")
_WORD_END = re.compile(r"\s+")
# A tag that is still being written.
_OPEN_TAG = re.compile(r"<(?:[A-Za-z/!?][^<>]{0,500})?\Z")
_WORD = re.compile(rf"[{HAN}\u3041-\u30ff\uac00-\ud7a3]|[^\W_]+")


def _length(text: str) -> int:
    """Characters of scripts without blanks, words of others."""
    return len(_WORD.findall(text))


def _clause_ends(text: str, *, is_all: bool) -> Iterator[int]:
    masked = _masked(text, is_all=is_all)
    for found in _CLAUSE_END.finditer(masked):
        # What follows may belong to it: another mark, a closing quote, the rest of a number.
        if (found.end() < len(text) or is_all) and not _ABBREVIATION.search(masked, 0, found.end()):
            yield found.end()


def _masked(text: str, *, is_all: bool = True, elements: bool = True) -> str:
    """The text with marks for the characters of each tag and, as one, of all that stands between a pair of tags.

    Of a text that goes on, what is open at its end is hidden too.
    """
    parts: list[str] = []
    opened: list[tuple[str, int]] = []
    for piece in read(text):
        parts.append(piece.source if piece.kind == "text" else _hidden(piece.source))
        if piece.kind == "open":
            opened.append((piece.name, len(parts) - 1))
        elif piece.kind == "close":
            places = [place for place, (name, _) in enumerate(opened) if name == piece.name]
            if places and elements:
                _hide(parts, opened[places[-1]][1])
            if places:
                del opened[places[-1] :]
    if opened and elements and not is_all:
        _hide(parts, opened[0][1])
    whole = "".join(parts)
    found = None if is_all else _OPEN_TAG.search(whole)
    return whole[: found.start()] + _hidden(found.group()) if found else whole


def _hidden(text: str) -> str:
    return _TAG + _INSIDE * (len(text) - 1)


def _hide(parts: list[str], start: int) -> None:
    parts[start:] = [_hidden("".join(parts[start:]))]


# Fitting -------------------------------------------------------------------------------------------------


def _fitting(text: str, most_bytes: int) -> list[str]:
    """A text in as few pieces as fit, cut at the best places; blanks alone are not worth one."""
    found: list[str] = []
    while text and len(text.encode()) > most_bytes:
        head = text[: _best_end(text, most_bytes)]
        text = text[len(head) :]
        if head.strip():
            found.append(head)
    if text.strip() or not found:
        found.append(text)
    elif len((found[-1] + text).encode()) <= most_bytes:
        found[-1] += text
    return found


def _best_end(text: str, most_bytes: int) -> int:
    """Where to cut a text that is too long: elements stay whole if they can, tags if they can."""
    limit = len(_within(text, most_bytes))
    seen = text[: limit + _AHEAD]
    for elements in (True, False):
        masked = _masked(seen, is_all=False, elements=elements)
        for pattern in (_SENTENCE_END, _COMMA_END, _WORD_END):
            ends = [found.end() for found in pattern.finditer(masked) if found.end() <= limit]
            if ends:
                return ends[-1]
        if end := max(_borders(masked, limit), default=0):
            return end
    # Whatever room there is: one character at least, or it would never end.
    return max(limit, 1)


def _borders(masked: str, limit: int) -> Iterator[int]:
    """Places up to the limit that are in no character as a reader sees it, and in nothing that is hidden."""
    end = 0
    for cluster in _clusters(masked):
        end += len(cluster)
        if end > limit:
            return
        if masked[end : end + 1] != _INSIDE:
            yield end


def _within(text: str, most_bytes: int) -> str:
    """As many characters from the beginning as fit."""
    return text.encode()[:most_bytes].decode(errors="ignore")


# Characters ----------------------------------------------------------------------------------------------

_JOINER = "\u200d"
_MODIFIERS = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_FLAGS = range(0x1F1E6, 0x1F200)
_ENTITY = re.compile(r"&(?:[A-Za-z]+|#\w+);")


def _clusters(text: str) -> Iterator[str]:
    """What a reader takes for characters: emoji with all that is joined to them, letters with accents, flags.

    A part of the rules of UAX 29: without Indic conjuncts. An entity of XML is one too.
    """
    at = 0
    while at < len(text):
        end = _entity_end(text, at) or _cluster_end(text, at)
        yield text[at:end]
        at = end


def _entity_end(text: str, at: int) -> int:
    found = _ENTITY.match(text, at, at + 12) if text[at] == "&" else None
    return found.end() if found else 0


def _cluster_end(text: str, at: int) -> int:
    if text.startswith("\r\n", at):
        return at + 2
    is_flag = ord(text[at]) in _FLAGS
    end = at + 1
    while end < len(text):
        character = text[end]
        is_second_half = is_flag and end == at + 1 and ord(character) in _FLAGS
        is_joined = text[end - 1] == _JOINER and unicodedata.category(character) == "So"
        if not (is_second_half or is_joined or _extends(character) or _is_jamo(text[end - 1], character)):
            break
        end += 1
    return end


def _extends(character: str) -> bool:
    code = ord(character)
    return code in _MODIFIERS or code in _TAGS or character == _JOINER or unicodedata.category(character)[0] == "M"


def _is_jamo(before: str, after: str) -> bool:
    """Whether the second goes on with a syllable of Hangul: vowels and final consonants."""
    is_open = "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"
    return is_open and "\u1160" <= after <= "\u11ff"


def _may_go_on(cluster: str) -> bool:
    """Whether more of an emoji may follow: a modifier, the second half of a flag, what is joined to it."""
    last = cluster[-1]
    is_half_flag = len(cluster) == 1 and ord(last) in _FLAGS
    return is_half_flag or _extends(last) or (unicodedata.category(last) == "So" and ord(last) not in _FLAGS)
