"""Pages of avatars and voices: all of it told, and nothing in it that does more than being told."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from importlib import resources
from typing import Any

import pytest
from hypothesis import given as whatever
from hypothesis import strategies as st

from tadh_cli.providers.tencent.holdings import HOLDINGS, moment
from tadh_cli.ui.forms import Expiry, titles
from tadh_cli.ui.gallery.cards import AVATARS, VOICES, Kind, linked, with_media
from tadh_cli.ui.gallery.links import is_stored, is_web, origins
from tadh_cli.ui.gallery.page import Gallery, is_page, page
from tests.hostile import LINKS, TEXTS, avatar, voice

NOW_S = moment("2026-03-01 00:00:00") or 0.0
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


def document(kind: Kind, *items: Mapping[str, Any], notices: Sequence[str] = ()) -> str:
    expiry = Expiry(lambda: NOW_S, moment)
    cards = [with_media(kind.card(item, expiry, titles(HOLDINGS.types)), linked) for item in items]
    return page(Gallery(kind, cards, "here, now", notices))


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, and the text in each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), f"<{tag}> has an attribute twice"
        self.elements.append((tag, given))
        if tag not in ("img", "meta", "input", "br"):
            self._open.append(given.get("class") or tag)
            self.texts.setdefault(self._open[-1], []).append("")

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for name in set(self._open):
            self.texts[name][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [given for name, given in self.elements if name == tag]

    @property
    def policy(self) -> dict[str, str]:
        text = next(given["content"] for given in self.all("meta") if given.get("http-equiv"))
        return {part.split(" ", 1)[0]: part.partition(" ")[2] for part in (text or "").split("; ")}


TAGS = set(
    re.findall(
        r"\S+",
        "html head meta title style body a header h1 p div input label span select option button main article h2 ul li "
        "bdi code time details summary dl dt dd img video audio script ",
    )
)
ATTRIBUTES = set(
    re.findall(
        r"\S+",
        "lang charset http-equiv content name class id href type placeholder aria-label aria-pressed autocomplete "
        "spellcheck maxlength role hidden tabindex value min max step src alt loading decoding title dir translate "
        "preload muted loop playsinline controls target rel disabled data-title data-of data-facet data-facets "
        "data-ranks data-ends ",
    )
)


def harmless(text: str) -> Page:
    """The page, which has our elements and attributes alone, one style and one script, and links to media alone."""
    found = Page(text)
    assert {tag for tag, _ in found.elements} <= TAGS
    assert {name for _, given in found.elements for name in given} <= ATTRIBUTES
    assert len(found.all("script")) == len(found.all("style")) == 1
    for name, element in (("page.css", "style"), ("page.js", "script")):
        own = resources.files("tadh_cli.ui.gallery").joinpath(name).read_text("utf-8")
        assert found.texts[element] == [own]
        assert found.policy[f"{element}-src"] == f"'sha256-{_digest(own)}'"
    assert found.policy["default-src"] == found.policy["base-uri"] == found.policy["form-action"] == "'none'"
    for _, given in found.elements:
        for name in ("src", "href"):
            link = given.get(name)
            assert link is None or link == "#cards" or is_web(link) or (name == "src" and is_stored(link)), link
        assert given.get("target") is None or "noopener" in (given["rel"] or "")
    for given in found.all("article"):
        assert json.loads(given["data-facets"] or "") is not None
        assert json.loads(given["data-ranks"] or "", parse_constant=pytest.fail)
    return found


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


# Harmless ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("kind", "make"), [(AVATARS, avatar), (VOICES, voice)])
def test_hostile_texts_are_texts(kind: Kind, make: Any, text: str) -> None:
    found = harmless(document(kind, make(text)))
    key = next(shown for shown in found.texts["key"])
    assert key == re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text).replace("\ud800", "?")
    assert found.texts["name"][0].startswith(key[:1])


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(("kind", "make"), [(AVATARS, avatar), (VOICES, voice)])
def test_hostile_links_lead_nowhere(kind: Kind, make: Any, link: str) -> None:
    text = document(kind, make("Anna", link))
    found = harmless(text)
    assert not any(given.get("src") for _, given in found.elements)
    assert "no link that a page may follow" in text


ANY = st.text(max_size=60)


@whatever(ANY, ANY, st.one_of(ANY, st.none(), st.floats(), st.integers()))
def test_whatever_the_service_says_is_harmless(text: str, link: str, value: object) -> None:
    item = {**avatar(text, link), "VideoNum": value, "VideoDuration": value, "New": {text: [value]}}
    harmless(document(AVATARS, item, {**voice(text, f"https://{link}"), **item}))
    harmless(document(VOICES, {**voice(text, f"http://example.com/{link}"), "TimbreGender": value, "AudioNum": value}))


def test_the_wrong_type_in_every_field_crashes_nothing() -> None:
    for value in ({"a": [1]}, ["x", {}], True, 10**30, float("inf"), float("nan"), None, ""):
        harmless(document(AVATARS, dict.fromkeys(avatar("x"), value)))
        harmless(document(VOICES, dict.fromkeys(voice("x"), value)))


def test_a_policy_names_the_hosts_of_the_media_and_no_others() -> None:
    item = avatar("Anna") | {"PoseImage": "https://a.example/p.png?x=1;script-src *", "HeaderImage": PIXEL}
    policy = Page(document(AVATARS, item | {"ReferenceVideoSegmentUrl": "http://b.example:81/c.mp4"})).policy
    assert policy["img-src"] == "data: https://a.example"
    assert policy["media-src"] == "http://b.example:81"
    assert policy["script-src"].count("sha256") == 1 and "unsafe" not in str(policy)


@pytest.mark.parametrize(
    ("link", "origin"),
    [
        ("https://A.example/x", "https://a.example"),
        ("http://[::1]:80/x", "http:"),
        ("https://bücher.example/x", "https:"),
        ("https://a;script-src.example/x", "https:"),
        ("https://a'b/x", "https:"),
    ],
)
def test_a_host_that_a_policy_can_not_name_is_allowed_by_its_scheme(link: str, origin: str) -> None:
    assert origins([link]) == [origin]


# Told --------------------------------------------------------------------------------------------------


def test_an_avatar_is_told_in_full() -> None:
    item = avatar("Anna") | {"VirtualmanTypeCode": "real_man_2d", "ExpireDate": "2026-03-06 00:00:00", "VideoNum": 7,
                             "PoseImage": "https://a.example/p.png", "HeaderImage": "https://a.example/h.png",
                             "ReferenceVideoSegmentUrl": "https://a.example/c.mp4", "Newer": {"a": 1}}  # fmt: skip
    text = document(AVATARS, item)
    found = Page(text)
    assert found.texts["chips"] == ["2D Premium1920x1080driven by text, voice"]
    assert found.texts["ends"] == ["2026-03-06 · 5 days left"]
    assert found.all("article")[0]["class"] == "card near"
    assert [image["src"] for image in found.all("img")] == ["https://a.example/p.png", "https://a.example/h.png"]
    assert found.all("img")[0]["alt"] == "Pose of Anna" and "muted" in found.all("video")[0]
    assert "Newer</dt><dd><bdi>{&quot;a&quot;: 1}" in text and "Videos made</dt><dd><bdi>7" in text
    ranks = json.loads(found.all("article")[0]["data-ranks"] or "")
    assert ranks == {"name": "Anna", "expires": moment("2026-03-06 00:00:00"), "size": 1920 * 1080, "made": 7.0}


def test_a_voice_is_told_in_full() -> None:
    found = Page(document(VOICES, voice("Anna", "https://a.example/s.mp3"), voice("Ben") | {"TimbreGender": 1}))
    assert found.texts["chips"][0] == "femalezh-CNen-USBoutiqueLease"
    assert found.texts["ends"][0] == "unlimited"
    assert [each["src"] for each in found.all("audio")] == ["https://a.example/s.mp3"]
    assert found.texts["problem"][1] == "No sample"
    assert {"gender", "language"} == {each["data-facet"] for each in found.all("select") if each.get("data-facet")}


@pytest.mark.parametrize(
    ("date", "standing"),
    [("2026-02-28 23:00:00", "card past"), ("2026-03-14 23:00:00", "card near"), ("2026-03-15 01:00:00", "card"),
     ("", "card"), ("soon", "card")],
)  # fmt: skip
def test_what_expires_stands_out(date: str, standing: str) -> None:
    found = Page(document(AVATARS, avatar("Anna") | {"ExpireDate": date}))
    assert found.all("article")[0]["class"] == standing


def test_a_page_of_nothing_says_so() -> None:
    found = harmless(document(AVATARS))
    assert next(given for given in found.all("p") if given.get("id") == "none").get("hidden", "shown") == "shown"
    assert found.policy["img-src"] == found.policy["media-src"] == "'none'"


def test_two_pictures_that_are_the_same_are_shown_once() -> None:
    found = Page(document(AVATARS, avatar("Anna") | {"PoseImage": PIXEL, "ClothesImage": PIXEL}))
    assert len(found.all("img")) == 1


def test_a_page_of_ours_is_known_by_its_generator() -> None:
    assert is_page(document(AVATARS, avatar("Anna")))
    assert not is_page('<html><meta name="generator" content="other">')
    name = '<meta name="generator" content="tadh gallery 1">'
    assert not is_page(f"<html><p>{name.replace('<', '&lt;')}")
