"""Lists in files: one account's own, for a while, gone without harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tadh_cli import config
from tadh_cli.engine.cache import OLDEST_S, Cache
from tadh_cli.engine.owned import remembered, some
from tadh_cli.providers.tencent import TENCENT
from tests.calls import settings_for
from tests.clocks import FakeClock

ITEMS = [{"Key": "k", "Name": "Größe 无忌"}]
SETTINGS = settings_for("http://localhost")


@pytest.fixture
def cache(clock: FakeClock) -> Cache:
    return Cache(SETTINGS, clock)


def test_a_list_comes_back_while_it_is_young_enough(cache: Cache, clock: FakeClock) -> None:
    assert cache.read("voices") is None
    cache.write("voices", ITEMS)
    clock.advance(599)
    assert cache.read("voices", younger_than_s=600) == ITEMS
    clock.advance(2)
    assert cache.read("voices", younger_than_s=600) is None and cache.read("voices") == ITEMS
    clock.advance(OLDEST_S)
    assert cache.read("voices") is None


def test_a_list_from_the_future_is_not_believed(cache: Cache, clock: FakeClock) -> None:
    cache.write("voices", ITEMS)
    clock.advance(-3600)
    assert cache.read("voices") is None


@pytest.mark.parametrize(
    "change",
    [
        {"profile": "other"},
        {"endpoint": "http://elsewhere"},
        {"keys": {"": {"app_key": "other"}}},
        {"keys": {**SETTINGS.keys, "assets": {"app_key": "other"}}},
    ],
)
def test_every_account_and_profile_has_lists_of_its_own(
    cache: Cache, clock: FakeClock, change: dict[str, object]
) -> None:
    cache.write("voices", ITEMS)
    assert Cache(SETTINGS._replace(**change), clock).read("voices") is None  # type: ignore[arg-type]
    assert Cache(SETTINGS, clock).read("voices") == ITEMS


def test_lists_are_for_their_owner_alone_and_hold_no_secret(cache: Cache) -> None:
    cache.write("voices", ITEMS)
    (path,) = (config.cache_dir() / "assets").rglob("*.json")
    assert path.stat().st_mode & 0o077 == path.parent.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1}', b"[1, 2]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_list_is_not_there(cache: Cache, content: bytes) -> None:
    cache.write("voices", ITEMS)
    (path,) = (config.cache_dir() / "assets").rglob("*.json")
    stamp = path.stat().st_mtime
    path.write_bytes(content)
    os.utime(path, (stamp, stamp))
    assert cache.read("voices") is None


def test_a_place_that_can_not_be_written_is_no_failure(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "cache").write_text("in the way")
    cache.write("voices", ITEMS)
    cache.forget()
    assert cache.read("voices") is None


def test_everything_is_forgotten_on_demand(cache: Cache) -> None:
    cache.write("a", ITEMS)
    cache.write("b/../../c", ITEMS)
    cache.forget()
    assert cache.read("a") is None and list((config.cache_dir() / "assets").rglob("*.json")) == []


def test_a_kind_is_remembered_when_all_its_lists_are(cache: Cache) -> None:
    asset = TENCENT.holdings().assets["avatar"]
    first, *others = asset.sources
    cache.write(first.label, [{"VirtualmanKey": "k1", "AnchorName": "A"}, {"AnchorName": "without a key"}])
    assert remembered(cache, asset) is None and [item["AnchorName"] for item in some(cache, asset)] == ["A"]
    for source in others:
        cache.write(source.label, [{"VirtualmanKey": "k1", "Tag": "x"}, {"VirtualmanKey": source.label}])
    assert remembered(cache, asset) == [
        {"VirtualmanKey": "k1", "AnchorName": "A", "Tag": "x"},
        *({"VirtualmanKey": source.label} for source in others),
    ]
