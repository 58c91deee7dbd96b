"""Pages of avatars and voices in a real browser: what hostile data do there, and what a person can do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests import account as accounts
from tests.browser import CHROMIUM, MISSING, Tab, tab
from tests.hostile import LINKS, TEXTS, avatar, voice
from tests.program import Program

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)
SHOWN = "[...document.querySelectorAll('.card:not([hidden]) h2')].map(each => each.textContent)"
DAYS = "[...document.querySelectorAll('.card:not([hidden]) .days')].map(each => each.textContent)"
CHOOSE = (
    "((name, value) => { const it = document.querySelector(name); it.value = value;"
    " it.dispatchEvent(new Event('change')); })"
)
READY = "document.documentElement.dataset.ready"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Tab]:
    with tab(tmp_path / "browser") as opened:
        yield opened


def settled(browser: Tab, script: str, *, within_s: float = 20.0) -> None:
    """Return once an expression is true; what a browser plays can only be watched by looking."""
    ends_s = time.monotonic() + within_s
    while not browser.run(script):
        assert time.monotonic() < ends_s, script


@pytest.mark.parametrize("kind", ["avatar", "voice"])
def test_hostile_data_do_nothing_and_are_seen_as_they_are(tadh: Program, browser: Tab, kind: str) -> None:
    pairs = [(text, LINKS[number % len(LINKS)]) for number, text in enumerate(TEXTS)]
    pairs += [("x" + link, link) for link in LINKS]
    pairs = [(text.replace("\ud800", "?"), link) for text, link in pairs]
    with accounts.account(0, 0) as owner:
        owner.images = {}
        owner.avatars = [avatar(text, link) for text, link in pairs]
        owner.voices = [voice(text, link) for text, link in pairs]
        tadh(kind, "gallery", "--out", "page.html", **owner.env)
    browser.open(Path("page.html"))
    assert browser.run(READY) == "yes"
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; each.scrollIntoView(); })")
    browser.run("document.querySelectorAll('button').forEach(each => each.click())")
    assert browser.run("document.documentElement.dataset.owned ?? ''") == ""
    assert browser.problems == [] and browser.dialogs == []
    assert {address.partition(":")[0] for address in browser.asked} == {"file"} and len(browser.asked) == 1
    assert browser.run("document.querySelectorAll('.card').length") == len(pairs)
    keys = browser.run("[...document.querySelectorAll('.key')].map(each => each.textContent)")
    controls = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "�")
    assert keys == [text.translate(controls) for text, _ in pairs]
    # A name of any length and direction stays within its card.
    browser.looks(390, 844, dark=False)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")


def test_scripts_and_styles_from_elsewhere_do_not_run_even_when_they_get_in(tadh: Program, browser: Tab) -> None:
    """The second net: had an escape been forgotten, the policy would still hold."""
    with accounts.account(1, 0) as owner:
        owner.images = {}
        tadh("avatar", "gallery", "--out", "page.html", **owner.env)
    page = Path("page.html")
    theft = f"{READY}='owned'"
    intruder = f'<script>{theft}</script><img src=x onerror="{theft}"><style>body{{display:none}}</style>'
    page.write_text(page.read_text("utf-8").replace("<main", f"{intruder}<main"), "utf-8")
    browser.open(page)
    assert browser.run(READY) == "yes"
    assert browser.run("getComputedStyle(document.body).display") == "block"
    assert sum("Content Security Policy" in problem for problem in browser.problems) >= 3


@pytest.fixture
def avatars(tadh: Program, sandbox: Hosted, browser: Tab) -> Tab:
    tadh("-p", "sandbox", "avatar", "gallery", "--out", "page.html")
    browser.looks(1280, 900, dark=False)
    browser.open(Path("page.html"))
    assert browser.problems == []
    return browser


def test_cards_are_searched_filtered_and_ordered(avatars: Tab) -> None:
    total = len(avatars.run(SHOWN))
    avatars.press("/")
    for letter in "anna suit":
        avatars.press(letter)
    found = avatars.run(SHOWN)
    assert set(found) == {"Anna"} and 0 < len(found) < total
    assert avatars.run("document.querySelector('#shown').textContent") == f"{len(found)} of {total}"
    avatars.press("Escape")
    assert len(avatars.run(SHOWN)) == total
    avatars.run(f"{CHOOSE}('[data-facet=type]', '=3D Realistic')")
    assert 0 < len(avatars.run(SHOWN)) < total
    avatars.run("document.querySelector('#reset').click()")
    avatars.run(f"{CHOOSE}('[data-facet=ends]', 'past')")
    assert all(text.startswith("expired") for text in avatars.run(DAYS))
    avatars.run("document.querySelector('#reset').click()")
    avatars.run(f"{CHOOSE}('#order', 'name down')")
    assert avatars.run(SHOWN) == sorted(avatars.run(SHOWN), key=str.casefold, reverse=True)


def test_a_key_is_copied_and_a_clip_is_played_without_sound(avatars: Tab) -> None:
    avatars.run("document.querySelector('.copy').click()")
    settled(avatars, "document.querySelector('.copy').textContent !== 'Copy'")
    settled(avatars, "document.querySelector('.stage > img').naturalWidth > 0")
    avatars.run("document.querySelector('.thumb').click()")
    settled(avatars, "document.querySelector('.stage > img').alt.startsWith('Clothes of')")
    avatars.run("document.querySelector('.stage .round').click()")
    settled(avatars, "document.querySelector('.stage video').currentTime > 0")
    assert avatars.run("(video => video.muted && !video.hidden)(document.querySelector('.stage video'))")
    avatars.run("document.querySelector('.stage .round').click()")
    settled(avatars, "document.querySelector('.stage video').paused")


def test_stored_samples_play_without_any_network(tadh: Program, sandbox: Hosted, browser: Tab) -> None:
    tadh("-p", "sandbox", "voice", "gallery", "--limit", 2, "--embed", "--out", "page.html")
    browser.open(Path("page.html"))
    browser.run("document.querySelectorAll('.round')[0].click()")
    settled(browser, "document.querySelectorAll('audio')[0].currentTime > 0.1")
    browser.run("document.querySelectorAll('.round')[1].click()")
    settled(browser, "document.querySelectorAll('audio')[1].currentTime > 0")
    assert browser.run("document.querySelectorAll('audio')[0].paused")
    assert {address.partition(":")[0] for address in browser.asked} <= {"file", "data"} and browser.problems == []


def test_links_that_are_broken_are_told(tadh: Program, browser: Tab) -> None:
    with accounts.account(3, 0) as owner:
        owner.images = {}
        tadh("avatar", "gallery", "--out", "page.html", **owner.env)
    browser.looks(1280, 900, dark=True)
    browser.open(Path("page.html"))
    settled(browser, "[...document.querySelectorAll('.stage .problem')].every(each => !each.hidden)")
    assert "its link is broken or expired" in browser.run("document.querySelector('.problem').textContent")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_page_fits_its_window_and_its_hour(avatars: Tab, width: int, dark: bool) -> None:
    avatars.looks(width, 844, dark=dark)
    assert avatars.run("document.documentElement.scrollWidth <= innerWidth")
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b)"
    assert (avatars.run(ground) < 380) == dark
    avatars.looks(794, 1100, dark=dark, media="print")
    assert avatars.run("getComputedStyle(document.querySelector('.tools')).display") == "none"
    assert avatars.run(ground) == 765
