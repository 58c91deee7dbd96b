"""`tadh avatar gallery` and `tadh voice gallery`: one page to choose by eye and ear."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tadh_cli.api.options import opt
from tadh_cli.commands.context import Tadh
from tadh_cli.engine.places import STDOUT, unfit, write_text
from tadh_cli.ui.forms import titles
from tadh_cli.ui.records import Column, Record, Records, Text, View

if TYPE_CHECKING:
    from tadh_cli.engine.embedding import Stored, Wanted
    from tadh_cli.ui.gallery.cards import Card, Kind, Medium

_MIB = 2**20
_EACH_MIB, _TOTAL_MIB = 10.0, 200.0
_VIEW = View(
    id="Files",
    columns=(
        Column("Files", "File"),
        Column("Items"),
        Column("Stored"),
        Column("StoredBytes", "Bytes"),
        Column("Broken"),
        Column("TooLarge", "Too large"),
    ),
)
# What is stored first while there is room: faces before films.
_FIRST = ("picture", "sample", "clip")
_TYPES = {"picture": "image", "clip": "video", "sample": "audio"}


def mebibytes(text: str) -> float:
    """A size in MiB; raises ValueError."""
    try:
        size = float(text)
    except ValueError:
        size = math.nan
    if not 0 < size <= 100_000:
        raise ValueError(f"{text!r} is not a number of MiB above 0")
    return size


@dataclass(frozen=True)
class Making:
    """Where a page goes, and what it has inside."""

    out: str | None = opt("--out", "the page to write, - for stdout", metavar="FILE")
    embed: bool = opt("--embed", "store pictures, clips and samples in the page: links expire", default=False)
    max_item: float | None = opt(
        "--max-item", "with --embed: largest file that is stored, in MiB (10)", metavar="MIB", reader=mebibytes
    )
    max_total: float | None = opt(
        "--max-total",
        "with --embed: all stored files together, in MiB (200); a third more as text",
        metavar="MIB",
        reader=mebibytes,
    )
    force: bool = opt("--force", "overwrite a file that is no page made by this command", default=False)

    def check(self, tadh: Tadh) -> None:
        """Problems that can be told before anything is asked."""
        if not self.out:
            tadh.problems.append("--out is required: the page to write, - for stdout")
        elif self.out != STDOUT:
            place = Path(self.out)
            if reason := unfit(place, may_replace=self.force or _is_ours(place)):
                tadh.problems.append(f"--out {reason}")
        for flag, value in (("--max-item", self.max_item), ("--max-total", self.max_total)):
            if value is not None and not self.embed:
                tadh.problems.append(f"{flag} needs --embed")


def _is_ours(path: Path) -> bool:
    """Whether a file is a page of ours; what can't be read is not."""
    from tadh_cli.ui.gallery.page import is_page

    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return is_page(file.read(_BEGINNING))
    except OSError:
        return False


_BEGINNING = 8192


def made(tadh: Tadh, kind: Kind, found: Records, making: Making) -> Record | Text:
    """Write the page of what was found."""
    from tadh_cli.commands.avatars import expiry
    from tadh_cli.engine.clock import iso
    from tadh_cli.ui.gallery.cards import with_media
    from tadh_cli.ui.gallery.page import Gallery, page

    type_title = titles(tadh.provider.holdings().types)
    items = [tadh.mask.data(item) for item in found.items]
    cards = [kind.card(item, expiry(tadh), type_title) for item in items]
    when = iso(tadh.clock.now_s()).replace("T", " ")
    if making.embed:
        kept = _kept(tadh, cards, making)
        cards = [with_media(card, lambda medium: _embedded(medium, kept)) for card in cards]
        told = _outcome(kept.values())
        notices = _left_out(told)
        _tell(tadh, told)
    else:
        from tadh_cli.ui.gallery.cards import linked

        cards = [with_media(card, linked) for card in cards]
        told = {}
        notices = [_LINKED]
    origin = f"{len(cards)} from the profile {tadh.settings.profile}, {when[:16]} UTC"
    document = page(Gallery(kind, cards, origin, notices))
    assert making.out
    if making.out == STDOUT:
        return Text(document)
    write_text(Path(making.out), document)
    return Record({"Files": [making.out], "Items": len(cards), **told}, _VIEW)


_LINKED = (
    "Pictures, clips and samples are links to the service, which expire: make the page anew then, or with --embed, "
    "which stores them inside."
)


# Media inside the page ---------------------------------------------------------------------------------


def _kept(tadh: Tadh, cards: Sequence[Card], making: Making) -> Mapping[str, Stored]:
    """What became of each link that leads to a host."""
    from tadh_cli.engine.embedding import Room, stored
    from tadh_cli.ui.progress import counting

    wanted = list(_wanted(cards))
    room = Room(
        each=int((making.max_item or _EACH_MIB) * _MIB),
        total=int((making.max_total or _TOTAL_MIB) * _MIB),
    )
    kept: dict[str, Stored] = {}
    with counting(tadh.messages, "storing pictures, clips and samples", len(wanted)) as counted:
        for number, each in enumerate(stored(tadh.transport, wanted, room, tadh.clock), 1):
            kept[each.link] = each
            counted(number)
    return kept


def _wanted(cards: Sequence[Card]) -> Iterator[Wanted]:
    """Each link once, in the order of worth."""
    from tadh_cli.engine.embedding import Wanted
    from tadh_cli.ui.gallery.links import is_web

    media = [(medium, card) for card in cards for medium in card.media if is_web(medium.link)]
    media.sort(key=lambda pair: _FIRST.index(pair[0].kind))
    seen = set()
    for medium, card in media:
        if medium.link not in seen:
            seen.add(medium.link)
            yield Wanted(medium.link, f"the {medium.kind} of {card.name}", _TYPES[medium.kind])


def _embedded(medium: Medium, kept: Mapping[str, Stored]) -> tuple[str, str]:
    from tadh_cli.ui.gallery.cards import linked

    found = kept.get(medium.link)
    return linked(medium) if found is None else (found.data, found.problem)


def _outcome(kept: Any) -> dict[str, Any]:
    found = list(kept)
    inside = [each for each in found if each.data]
    return {
        "Stored": len(inside),
        "StoredBytes": sum(each.size for each in inside),
        "Broken": sum(1 for each in found if each.problem and not each.is_too_large),
        "TooLarge": sum(1 for each in found if each.is_too_large),
    }


def _left_out(told: Mapping[str, int]) -> list[str]:
    """Sentences for the reader of the page about what is not in it."""
    sentences = []
    if told["TooLarge"]:
        sentences.append(f"{_files(told['TooLarge'])} too large to be stored: cards link to them, until that expires.")
    if told["Broken"]:
        sentences.append(f"{_files(told['Broken'])} not to be had when this page was made: the cards say why.")
    return sentences


def _files(count: int) -> str:
    return "1 file was" if count == 1 else f"{count} files were"


def _tell(tadh: Tadh, told: Mapping[str, int]) -> None:
    from tadh_cli.ui.progress import size

    tadh.messages.say(f"stored {told['Stored']} files, {size(told['StoredBytes'])}")
    if told["TooLarge"]:
        tadh.messages.warn(f"{_files(told['TooLarge'])} too large; see --max-item and --max-total")
    if told["Broken"]:
        tadh.messages.warn(f"{_files(told['Broken'])} not to be had; the page says which")
