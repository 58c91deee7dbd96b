"""What a page tells of each avatar and each voice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tadh_cli.ui.forms import Expiry, day, drivers, gender, milliseconds, zoom
from tadh_cli.ui.gallery.links import is_stored, is_web
from tadh_cli.ui.records import Item


class Medium(NamedTuple):
    """Something to look at or to listen to."""

    # picture, clip or sample
    kind: str
    title: str
    # As the service has it.
    link: str
    # What the page loads: the link, or the data themselves; empty when it can't be shown.
    source: str = ""
    # Why it can't be.
    problem: str = ""


# What a page loads for a medium, and why it does not.
Source = Callable[[Medium], tuple[str, str]]


class Ending(NamedTuple):
    """Until when something can be used: Unix seconds, None for no end; the date, and days left when it was asked."""

    at_s: float | None
    date: str
    days: int | None


class Card(NamedTuple):
    """An avatar or a voice."""

    name: str
    key: str
    # What tells those of the same name apart.
    about: str
    media: tuple[Medium, ...]
    chips: tuple[str, ...]
    ending: Ending
    # More facts: title and text.
    facts: tuple[tuple[str, str], ...]
    # By the names of the page's filters and orders.
    facets: Mapping[str, Sequence[str]]
    ranks: Mapping[str, str | float]


def with_media(card: Card, source: Source) -> Card:
    """The card with what its media are loaded from; two that are the same are shown once."""
    media: list[Medium] = []
    for medium in card.media:
        found, problem = source(medium)
        if not found or all(found != other.source for other in media):
            media.append(medium._replace(source=found, problem=problem))
    return card._replace(media=tuple(media))


def linked(medium: Medium) -> tuple[str, str]:
    """A medium where the service has it."""
    is_harmless = is_web(medium.link) or is_stored(medium.link)
    return (medium.link, "") if is_harmless else ("", "no link that a page may follow")


class Kind(NamedTuple):
    """A kind of page: its words, and how its cards are filtered and ordered, each by name with a title."""

    title: str
    one: str
    card: Callable[[Item, Expiry, Callable[[Any], str]], Card]
    facets: Mapping[str, str]
    ranks: Mapping[str, str]


# Fields with media, in the order in which they are shown.
_AVATAR_MEDIA = (
    ("PoseImage", "picture", "Pose"),
    ("ClothesImage", "picture", "Clothes"),
    ("HeaderImage", "picture", "Head"),
    ("ReferenceVideoSegmentUrl", "clip", "Clip"),
)
_VOICE_MEDIA = (("TimbreSample", "sample", "Sample"),)


def avatar_card(item: Item, expiry: Expiry, type_title: Callable[[Any], str]) -> Card:
    """`type_title` tells the name of a type by its code."""
    told = _Told(item)
    code, title = told("VirtualmanTypeCode"), told("VirtualmanType")
    kind = type_title(code) if code else title
    size = told("Resolution")
    driven = _texts(told.value("SupportDriverTypes"))
    ending = _ending(told("ExpireDate"), expiry, "")
    name = told("AnchorName")
    facts = _facts(
        ("Anchor", told("AnchorCode")),
        ("Videos made", told("VideoNum")),
        ("Length of them", milliseconds(told.value("VideoDuration") or 0)),
        ("Zoom", zoom(told.value("OriginZoomStr") or told.value("OriginZoom") or "")),
    )
    told("OriginZoom")
    return Card(
        name=name,
        key=told("VirtualmanKey"),
        about=" · ".join(filter(None, (told("ClothesName"), told("PoseName")))),
        media=tuple(_media(told, _AVATAR_MEDIA)),
        chips=tuple(filter(None, (kind, size, drivers(driven) and f"driven by {drivers(driven)}"))),
        ending=ending,
        facts=(*facts, *told.rest()),
        facets={"type": [kind], "size": [size], "driver": [drivers([each]) for each in driven]},
        ranks={"name": name, "expires": _rank(ending), "size": _pixels(size), "made": _number(item.get("VideoNum"))},
    )


def voice_card(item: Item, expiry: Expiry, type_title: Callable[[Any], str]) -> Card:
    """As `avatar_card`."""
    told = _Told(item)
    sex = gender(_plain(told.value("TimbreGender") or ""))
    languages = _texts(told.value("TimbreLanguages"))
    emotions = _texts(told.value("EmotionalCategories"))
    kind, purchase = told("TimbreType"), told("PurchaseType")
    ending = _ending(told("ExpireDate"), expiry, "unlimited")
    name = told("TimbreName")
    facts = _facts(
        ("Emotions", ", ".join(emotions)),
        ("Driven by", drivers(_texts(told.value("SupportDriverTypes")))),
        ("For avatars", ", ".join(map(type_title, _texts(told.value("SupportVirtualmanTypeCodes"))))),
        ("Audios made", told("AudioNum")),
        ("Length of them", milliseconds(told.value("AudioDuration") or 0)),
    )
    return Card(
        name=name,
        key=told("TimbreKey"),
        about=told("TimbreDesc"),
        media=tuple(_media(told, _VOICE_MEDIA)),
        chips=tuple(filter(None, (sex, *languages, kind, purchase))),
        ending=ending,
        facts=(*facts, *told.rest()),
        facets={"language": languages, "gender": [sex], "emotion": emotions, "type": [kind], "purchase": [purchase]},
        ranks={
            "name": name,
            "language": ", ".join(languages),
            "expires": _rank(ending),
            "made": _number(item.get("AudioNum")),
        },
    )


AVATARS = Kind(
    "Avatars",
    "avatar",
    avatar_card,
    facets={"type": "Type", "size": "Size", "driver": "Driven by"},
    ranks={"name": "Name", "expires": "Expiry", "size": "Size", "made": "Videos made"},
)
VOICES = Kind(
    "Voices",
    "voice",
    voice_card,
    facets={
        "language": "Language",
        "gender": "Gender",
        "emotion": "Emotion",
        "type": "Type",
        "purchase": "Purchase",
    },
    ranks={"name": "Name", "language": "Language", "expires": "Expiry", "made": "Audios made"},
)


class _Told:
    """The fields of an item; remembers which were asked for, so that what is new is told as well."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self._asked: set[str] = set()

    def __call__(self, name: str) -> str:
        value = self.value(name)
        return "" if value is None else str(value)

    def value(self, name: str) -> Any:
        self._asked.add(name)
        return self._item.get(name)

    def rest(self) -> Iterator[tuple[str, str]]:
        from json import dumps

        for name, value in self._item.items():
            if name not in self._asked and value not in (None, "", []):
                yield name, value if isinstance(value, str) else dumps(value, ensure_ascii=False)


def _media(told: _Told, fields: Sequence[tuple[str, str, str]]) -> Iterator[Medium]:
    """Those that there are, each link once."""
    seen = {""}
    for field, kind, title in fields:
        if (link := told(field).strip()) not in seen:
            seen.add(link)
            yield Medium(kind, title, link)


def _facts(*facts: tuple[str, str]) -> Iterator[tuple[str, str]]:
    return ((title, text) for title, text in facts if text)


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _ending(date: str, expiry: Expiry, blank: str) -> Ending:
    at_s = expiry.ends_s(date)
    return Ending(at_s, day(date) if at_s is not None else date or blank, expiry.days(date))


def _rank(ending: Ending) -> float | str:
    return "" if ending.at_s is None else ending.at_s


def _pixels(size: str) -> float | str:
    sides = size.lower().split("x")
    return int(sides[0]) * int(sides[1]) if len(sides) == 2 and all(map(_is_number, sides)) else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 9


def _number(value: Any) -> float | str:
    """What can be compared in the browser: no text, nothing endless."""
    return float(value) if isinstance(value, (int, float)) and abs(value) < 1e15 else ""


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float)) else str(value)
