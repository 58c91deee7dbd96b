"""Text on its way to the voice: folded into one line, escaped, taken out of its tags, and measured in seconds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from tadh_cli.media.ssml_markup import Piece, read
from tadh_cli.media.ssml_tags import DEFAULT_STRENGTH, DURATION, PAUSES_S

BYTE_ORDER_MARK = "\ufeff"

LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"

COMMAS = "，、､；：—,;:"
STOPS = "。｡．！？…!?."
HAN = "々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Chinese characters, for a class in a pattern


def fold(text: str) -> str:
    """Make one line of plain text or SSML, as the services demand.

    A run of line breaks and tabs becomes, with the blanks around it, one space. Nothing is put between two Chinese or
    Japanese characters or after their punctuation, nor at either end of what is spoken; tags are looked through.
    Leading and trailing white space goes, and with it a byte order mark.
    """
    folded: list[str] = []
    before = ""
    pending: int | None = None  # where a run stands that has not met the character after it
    for part, is_tag in _parts(text.strip(_BLANKS + BYTE_ORDER_MARK)):
        if is_tag:
            folded.append(_RUN.sub(" ", part))
        elif _RUN.match(part):
            pending = len(folded) if pending is None else pending
            folded.append("")
        else:
            if pending is not None:
                folded[pending] = _joint(before, part[0])
                pending = None
            folded.append(part)
            before = part[-1]
    return "".join(folded)


def escape(text: str) -> str:
    """Turn plain text into the text that is sent: folded, with `&`, `<` and `>` as entities."""
    return fold(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def strip(text: str) -> str:
    """Take the written text out of SSML, on one line, entities resolved.

    Of `<sub>` it is the text that a reader sees, not the alias; `spoken` gives what the voice says. What only
    resembles a tag stays.
    """
    return fold("".join(piece.content for piece in read(text)))


def spoken(text: str) -> str:
    """Take out of SSML what the voice says: as `strip`, with the alias of each `<sub>` in place of its text."""
    return fold("".join(_spoken_parts(read(text))))


def spoken_seconds(text: str, *, speed: float = 1.0) -> float:
    """Estimate how long plain text or SSML takes to be spoken.

    Assumed at speed 1: four Chinese (or Japanese) characters a second, 2.5 words a second in other scripts, a comma
    0.2 s, the end of a sentence 0.4 s, several marks in a row once. Digits are read one by one, as fast as Chinese
    characters, where the text has a Chinese character; elsewhere two digits make a word. Speed applies to all of that.
    A `<break>` adds its time, or what `PAUSES_S` says of its strength, whatever the speed.
    """
    if speed <= 0:
        raise ValueError(f"speed {speed} is not above 0")
    return _speech_seconds(spoken(text)) / speed + sum(_pause_seconds(piece) for piece in read(text))


_KANA = "\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\uff66-\uff9d"
_CJK = HAN + _KANA
_CJK_MARKS = "\u3001-\u3003\u3008-\u3020\u3030\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_SHARED_MARKS = "“”‘’—…·"  # in use with Chinese and with English

# White space without the control characters U+001C to U+001F, which cannot be sent and must not vanish unnoticed.
_BLANKS = " \xa0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))) + "\t" + LINE_BREAKS
_RUN = re.compile(f"(?<![{_BLANKS}])[{_BLANKS}]*[\t{LINE_BREAKS}][{_BLANKS}]*")


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of line breaks, what is between them, and whole tags, the last told by True."""
    for piece in read(text):
        if piece.kind == "text":
            yield from ((part, False) for part in re.split(f"({_RUN.pattern})", piece.source) if part)
        else:
            yield piece.source, True


def _joint(before: str, after: str) -> str:
    if not before or before in _BLANKS or after in _BLANKS or re.match(f"[{_CJK_MARKS}]", before):
        return ""
    pair = before + after
    are_chinese = re.fullmatch(f"[{_CJK}{_CJK_MARKS}{_SHARED_MARKS}]{{2}}", pair)
    return "" if are_chinese and re.search(f"[{_CJK}{_CJK_MARKS}]", pair) else " "


def _spoken_parts(pieces: Iterable[Piece]) -> Iterator[str]:
    is_replaced = False
    for piece in pieces:
        if piece.name == "sub":
            alias = piece.value("alias")
            is_replaced = piece.kind == "open" and alias is not None
            yield alias or ""
        elif not is_replaced:
            yield piece.content


_CHARACTERS_PER_S = 4.0
_WORDS_PER_S = 2.5
_COMMA_S = 0.2
_STOP_S = 0.4
_LETTER = rf"(?:(?![{_CJK}])[^\W\d_])"
_UNIT = re.compile(
    rf"""
    (?P<character> [{_CJK}] )
  | (?P<number> \d+ (?: [.,:] \d+ )* )
  | (?P<word> {_LETTER}+ (?: ['’-] {_LETTER}+ )* )
  | (?P<inner> (?<=[A-Za-z0-9]) [.,:] (?=[A-Za-z0-9]) )
  | (?P<stop> [{STOPS}]+ )
  | (?P<comma> [{COMMAS}]+ )
    """,
    re.VERBOSE,
)


def _speech_seconds(speech: str) -> float:
    is_chinese = re.search(f"[{_CJK}]", speech) is not None
    return sum(_unit_seconds(unit, is_chinese=is_chinese) for unit in _UNIT.finditer(speech))


def _unit_seconds(unit: re.Match[str], *, is_chinese: bool) -> float:
    match unit.lastgroup:
        case "character":
            return 1 / _CHARACTERS_PER_S
        case "word":
            return 1 / _WORDS_PER_S
        case "inner":
            return 0.0
        case "stop":
            return _STOP_S
        case "comma":
            return _COMMA_S
    digits = sum(character.isdigit() for character in unit.group())
    return digits / _CHARACTERS_PER_S if is_chinese else math.ceil(digits / 2) / _WORDS_PER_S


def _pause_seconds(piece: Piece) -> float:
    if piece.name != "break" or not piece.is_start:
        return 0.0
    if time := DURATION.fullmatch(piece.value("time") or ""):
        return float(time["number"]) / (1000 if time["unit"] == "ms" else 1)
    return PAUSES_S.get(piece.value("strength") or DEFAULT_STRENGTH, PAUSES_S[DEFAULT_STRENGTH])
