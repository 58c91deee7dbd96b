"""What a command returns: data with a hint of how it is best shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Item = Mapping[str, Any]

# What commands a terminal, and what turns a text around or hides in it. The joiner of emoji (U+200D) is no disguise.
CONTROLS = (*(code for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"), 0x2028, 0x2029)
HIDDEN = (
    *(0xAD, 0x61C, 0x200B, 0x200E, 0x200F, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xE0000, 0xE0080),
)
_SHOWN = dict.fromkeys((*CONTROLS, *HIDDEN), "\N{REPLACEMENT CHARACTER}")


def printable(text: str) -> str:
    """A text from elsewhere without what would command a terminal, or deceive whoever reads it."""
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN)


def without_controls(text: str) -> str:
    """A text from elsewhere for a document, which shows what a terminal would obey."""
    return text.translate(dict.fromkeys(CONTROLS[:-2], "\N{REPLACEMENT CHARACTER}"))


def on_a_line(text: str) -> str:
    """A text from elsewhere that can't look like several lines."""
    return printable(" ".join(text.splitlines()))


class Column(NamedTuple):
    """A column of a table: the field, its heading, and how its value is written for people."""

    name: str
    title: str = ""
    form: Callable[[Any], str] | None = None
    # Never folded: what people copy.
    whole: bool = False
    # A style for a value that should catch the eye, by the names of rich; empty for others.
    tone: Callable[[Any], str] | None = None
    # What an empty value means, where it means something.
    blank: str = ""
    # Writes the cell from the whole item, where one field alone says too little.
    told: Callable[[Item], str] | None = None

    def heading(self) -> str:
        return self.title or self.name

    def text(self, item: Item) -> str:
        if self.told is not None:
            return printable(self.told(item))
        value = item.get(self.name)
        if value is None or value == "":
            return self.blank if value == "" else ""
        if self.form is not None:
            return printable(self.form(value))
        if isinstance(value, (list, tuple)) and not any(isinstance(part, Mapping) for part in value):
            return on_a_line(", ".join(str(part) for part in value))
        return on_a_line(str(value))


class View(NamedTuple):
    """Which field identifies an item, and the columns of its table; `wide` has more of them."""

    id: str = "TaskId"
    columns: tuple[Column, ...] = ()
    wide: tuple[Column, ...] = ()
    # Fields that a table leaves out: what they say is told better by others.
    hidden: tuple[str, ...] = ()


class Record(NamedTuple):
    """One item."""

    item: Item
    view: View = View()


class Records(NamedTuple):
    """Any number of items; an iterator is drawn as it arrives where the format allows."""

    items: Iterable[Item]
    view: View = View()


class Text(NamedTuple):
    """Plain text that is no data: a script, a help topic, a command line."""

    text: str


Result = Record | Records | Text | None
