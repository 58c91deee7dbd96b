"""One page of cards: no file beside it, nothing loaded but the media, nothing run but its own script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import NamedTuple

from tadh_cli import __version__
from tadh_cli.ui.forms import FEW_DAYS
from tadh_cli.ui.gallery.cards import Card, Ending, Kind, Medium
from tadh_cli.ui.gallery.links import is_stored, is_web, origins
from tadh_cli.ui.gallery.markup import Markup, joined, tag, told, words

_GENERATOR = "tadh gallery"
# So much of a file tells whether it is one of our pages.
_TELLING_CHARACTERS = 4096
_ENDS = {
    "usable": "not expired",
    "near": f"near its end ({FEW_DAYS} days)",
    "past": "expired",
}


class Gallery(NamedTuple):
    """What a page shows, where it is from, and sentences that its reader has to know."""

    kind: Kind
    cards: Sequence[Card]
    origin: str
    notices: Sequence[str] = ()


def page(gallery: Gallery) -> str:
    """The whole document; nothing in names, keys, texts and links of the cards has a meaning of its own in it."""
    style, script = _file("page.css"), _file("page.js")
    return Template(_file("page.html")).substitute(
        policy=escape(_policy(gallery.cards, style, script)),
        generator=f"{_GENERATOR} {__version__}",
        title=escape(gallery.kind.title),
        kind=gallery.kind.one,
        origin=joined(gallery.origin),
        notices=Markup("\n".join(tag("p", each, class_="notice") for each in gallery.notices)),
        choices=Markup("\n".join(_choices(gallery.kind, gallery.cards))),
        cards=Markup("\n".join(_card(gallery.kind, card) for card in gallery.cards)),
        none="hidden" if gallery.cards else "",
        style=style,
        script=script,
    )


def is_page(beginning: str) -> bool:
    """Whether a file that begins like this is a page that was made here."""
    return f'<meta name="generator" content="{_GENERATOR} ' in beginning[:_TELLING_CHARACTERS]


def _file(name: str) -> str:
    return resources.files("tadh_cli.ui.gallery").joinpath(name).read_text("utf-8")


def _policy(cards: Iterable[Card], style: str, script: str) -> str:
    """A content security policy: our own style and script by their hashes, media from where these cards have them."""
    shown = [(medium.kind, medium.source) for card in cards for medium in card.media if medium.source]
    pictures = [source for kind, source in shown if kind == "picture"]
    played = [source for kind, source in shown if kind != "picture"]
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            f"img-src {_sources(pictures)}",
            f"media-src {_sources(played)}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _sources(links: Sequence[str]) -> str:
    stored = ["data:"] if any(map(is_stored, links)) else []
    return " ".join([*stored, *origins(link for link in links if is_web(link))]) or "'none'"


# Finding -----------------------------------------------------------------------------------------------


def _choices(kind: Kind, cards: Sequence[Card]) -> Iterator[Markup]:
    """Filters with something to choose from, and the order."""
    for name, title in kind.facets.items():
        counts = Counter(told(value) for card in cards for value in card.facets.get(name, ()) if value)
        if len(counts) > 1 or (counts and max(counts.values()) < len(cards)):
            # With a letter before them, so that none is empty.
            options = [("", "all"), *((f"={value}", f"{value} ({counts[value]})") for value in sorted(counts))]
            yield _choice(title, options, data_facet=name)
    if any(card.ending.at_s is not None for card in cards):
        yield _choice("Expiry", [("", "all"), *_ENDS.items()], data_facet="ends")
    ranks = [(f"{name} {way}", f"{title} {sign}") for name, title in kind.ranks.items() for way, sign in _WAYS]
    yield _choice("Order", [("", "as listed"), *ranks], id="order")


_WAYS = (("up", "↑"), ("down", "↓"))


def _choice(title: str, options: Sequence[tuple[str, str]], **attributes: str) -> Markup:
    return tag(
        "label",
        tag("span", title),
        tag("select", *(tag("option", text, value=value) for value, text in options), **attributes),
    )


# Cards -------------------------------------------------------------------------------------------------


def _card(kind: Kind, card: Card) -> Markup:
    ending = card.ending
    facts = [joined(tag("dt", title), tag("dd", words(text))) for title, text in card.facts]
    links = [joined(tag("dt", medium.title), tag("dd", _link(medium))) for medium in card.media]
    return tag(
        "article",
        _stage(card) if kind.one == "avatar" else _sample(card),
        tag(
            "div",
            tag(
                "div",
                tag("h2", words(card.name or "(no name)"), class_="name", title=card.name),
                tag("p", words(card.about), class_="about") if card.about else None,
            ),
            _key(card),
            tag("ul", *(tag("li", words(chip)) for chip in card.chips), class_="chips") if card.chips else None,
            _ends(ending) if ending.date else None,
            tag("details", tag("summary", "More"), tag("dl", *facts, *links)) if facts or links else None,
            class_="told",
        ),
        class_=f"card {_standing(ending)}".strip(),
        data_facets=_json({name: [told(value) for value in values if value] for name, values in card.facets.items()}),
        data_ranks=_json(card.ranks),
        data_ends=None if ending.at_s is None else f"{ending.at_s:.0f}",
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _key(card: Card) -> Markup:
    return tag(
        "div",
        tag("code", card.key, class_="key", dir="ltr", translate="no"),
        tag("button", "Copy", type="button", class_="copy", aria_label=f"Copy the key of {card.name}"),
        class_="keyed",
    )


def _standing(ending: Ending) -> str:
    if ending.days is None or ending.days >= FEW_DAYS:
        return ""
    return "past" if ending.days < 0 else "near"


def _ends(ending: Ending) -> Markup:
    if ending.days is None:
        return tag("p", words(ending.date), class_="ends")
    left = f"{ending.days} days left" if ending.days >= 0 else "expired"
    return tag("p", tag("time", words(ending.date)), " · ", tag("span", left, class_="days"), class_="ends")


def _link(medium: Medium) -> Markup:
    """The link itself, so that what is not stored can still be had."""
    reason = f" ({medium.problem})" if medium.problem else ""
    if not is_web(medium.link):
        return joined(medium.problem or "part of the list")
    return joined(tag("a", "open", href=medium.link, target="_blank", rel="noopener noreferrer nofollow"), reason)


# Media -------------------------------------------------------------------------------------------------


def _stage(card: Card) -> Markup:
    """The first picture large, the others small beside it; a clip that waits to be played."""
    pictures = [medium for medium in card.media if medium.kind == "picture" and medium.source]
    clips = [medium for medium in card.media if medium.kind == "clip" and medium.source]
    first = pictures[0] if pictures else None
    problem = _problem(card, "picture")
    return tag(
        "div",
        tag(
            "img",
            src=first.source,
            alt=f"{first.title} of {card.name}",
            loading="lazy",
            decoding="async",
            data_title=first.title,
            data_of=card.name,
        )
        if first
        else None,
        tag("p", problem, class_="problem", hidden=first is not None),
        *(_clip(card, clip) for clip in clips[:1]),
        tag("div", *(_thumb(medium) for medium in pictures[1:]), class_="thumbs") if len(pictures) > 1 else None,
        class_="stage",
    )


def _thumb(medium: Medium) -> Markup:
    return tag(
        "button",
        tag("img", src=medium.source, alt="", loading="lazy", decoding="async", data_title=medium.title),
        type="button",
        class_="thumb",
        title=medium.title,
        aria_label=f"Show {medium.title}",
    )


def _clip(card: Card, clip: Medium) -> Markup:
    label = f"Play the clip of {card.name}"
    return joined(
        tag("video", src=clip.source, preload="none", muted=True, loop=True, playsinline=True, hidden=True),
        tag("button", type="button", class_="round", aria_label=label, aria_pressed="false", hidden=True),
    )


def _sample(card: Card) -> Markup:
    samples = [medium for medium in card.media if medium.source]
    if not samples:
        return tag("div", tag("p", _problem(card, "sample"), class_="problem"), class_="sample")
    of = f"the sample of {card.name}"
    return tag(
        "div",
        tag("audio", src=samples[0].source, preload="none", controls=True),
        tag("button", type="button", class_="round", aria_label=f"Play {of}", aria_pressed="false", hidden=True),
        tag(
            "input",
            type="range",
            class_="course",
            min="0",
            max="1000",
            value="0",
            step="1",
            aria_label=f"Where in {of}",
            hidden=True,
        ),
        tag("span", "0:00", class_="time", hidden=True),
        tag("p", _problem(card, "sample"), class_="problem", hidden=True),
        class_="sample",
    )


def _problem(card: Card, kind: str) -> str:
    """What is said where nothing can be shown."""
    problems = [medium.problem for medium in card.media if medium.kind == kind and medium.problem]
    if any(medium.kind == kind and medium.source for medium in card.media):
        return f"The {kind} can't be loaded: its link is broken or expired"
    return f"{kind.capitalize()}: {problems[0]}" if problems else f"No {kind}"
