"""The list of voices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tadh_cli.commands.avatars import ends
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.listing import Selection, listed
from tadh_cli.commands.names import Lookup
from tadh_cli.ui.forms import gender
from tadh_cli.ui.records import Column, Item, Records, View

_SEARCHED = ("TimbreName", "TimbreKey", "TimbreDesc")


def _view(tadh: Tadh) -> View:
    return View(
        id="TimbreKey",
        columns=(
            Column("TimbreName", "Name"),
            Column("TimbreKey", "Key", whole=True),
            Column("TimbreGender", "Gender", gender),
            ends(tadh, blank="unlimited"),
            Column("TimbreType", "Type"),
            Column("TimbreLanguages", "Languages"),
            Column("EmotionalCategories", "Emotions"),
        ),
        wide=(
            Column("PurchaseType", "Purchase"),
            Column("TimbreDesc", "Description"),
            Column("AudioNum", "Audios"),
            Column("SupportVirtualmanTypeCodes", "Avatar types"),
            Column("TimbreSample", "Sample"),
        ),
    )


class Wanted(NamedTuple):
    """What a voice has to be to be listed; None is anything. The service has no filters for these."""

    language: str | None = None
    gender: str | None = None
    emotion: str | None = None
    type: str | None = None

    def fits(self, item: Item) -> bool:
        return (
            self._speaks(item.get("TimbreLanguages") or ())
            and (not self.emotion or self.emotion.lower() in _lower(item.get("EmotionalCategories") or ()))
            and (not self.gender or gender(item.get("TimbreGender")).lower() == self.gender.lower())
            and (not self.type or self.type.lower() in _lower([item.get("TimbreType"), item.get("PurchaseType")]))
        )

    def _speaks(self, languages: Sequence[object]) -> bool:
        """A language alone stands for all its regions."""
        wanted = (self.language or "").lower()
        return not wanted or any(tag == wanted or tag.startswith(f"{wanted}-") for tag in _lower(languages))


def _lower(values: Sequence[object]) -> list[str]:
    return [str(value).lower() for value in values]


def listed_voices(
    tadh: Tadh,
    wanted: Wanted,
    selection: Selection,
    lookup: Lookup,
    page_size: object,
    set_: Sequence[str] | None,
) -> Records:
    """The voices that fit."""
    if wanted.gender and wanted.gender.lower() not in ("male", "female"):
        tadh.problems.append(f"--gender {wanted.gender!r} is not one of male, female")
    is_any = wanted == Wanted()
    items = listed(
        tadh, "voice.list", {}, lookup, most=selection.most if is_any else None, page_size=page_size, set_=set_
    )
    return selection.of(tadh, items, _view(tadh), _SEARCHED, None if is_any else wanted.fits)
