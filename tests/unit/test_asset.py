"""Assets by key and by name, dates of the service, what is left: all of it without asking anybody."""

from __future__ import annotations

from typing import Any

import pytest

from tadh_cli.api.asset import Balance, type_code
from tadh_cli.commands.avatar import _TYPES
from tadh_cli.providers.tencent.holdings import HOLDINGS
from tadh_cli.providers.tencent.terms import SERVICE_TYPES, TYPE_CODES

AVATAR, VOICE = HOLDINGS.assets["avatar"], HOLDINGS.assets["voice"]
KEY = "4414462893dc74f31473010ff3f6c977"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("studio", "small_sample_2d"),
        ("4K", "small_sample_4k_2d"),
        ("premium", "real_man_2d"),
        ("3D Realistic", "real_man_3d"),
        (" small_sample_PHOTO_2d ", "small_sample_photo_2d"),
        ("hologram_5d", "hologram_5d"),
    ],
)
def test_a_type_is_found_by_word_code_and_name(text: str, code: str) -> None:
    assert type_code(HOLDINGS.types, text) == code


def test_every_type_of_the_documentation_has_a_word_that_the_help_names() -> None:
    assert {kind.code for kind in HOLDINGS.types} == set(TYPE_CODES)
    assert [kind.word for kind in HOLDINGS.types] == _TYPES.split(", ")[: len(HOLDINGS.types)]


@pytest.mark.parametrize(
    "text", [KEY, KEY.upper(), "0123456789abcdef", "123e4567-e89b-12d3-a456-426614174000", "601000"]
)
def test_what_can_only_be_a_key_is_one(text: str) -> None:
    assert AVATAR.is_key(text) and VOICE.is_key(text)


@pytest.mark.parametrize("text", ["male_1", "female_23"])
def test_public_voices_are_keys_of_voices(text: str) -> None:
    assert VOICE.is_key(text) and not AVATAR.is_key(text)


@pytest.mark.parametrize("text", ["Anna", "Host-1", "Teacher Wuji", "无忌", "abddd", "cafe", "", "Emma_2026", "x" * 40])
def test_what_could_be_a_name_is_looked_up(text: str) -> None:
    assert not AVATAR.is_key(text) and not VOICE.is_key(text)


ITEMS: list[dict[str, Any]] = [
    {"VirtualmanKey": "k1", "AnchorName": "Anna", "AnchorCode": "anna_v3", "ClothesName": "Suit", "Resolution": "1x2"},
    {"VirtualmanKey": "k2", "AnchorName": "Anna", "AnchorCode": "anna_3d", "VirtualmanTypeCode": "real_man_3d"},
    {"VirtualmanKey": "k3", "AnchorName": "Smith, John", "AnchorCode": "john", "ClothesName": "Suit"},
    {"VirtualmanKey": "Anna", "AnchorName": "Éva  Kiss"},
    {"VirtualmanKey": "k5", "AnchorName": None, "VirtualmanTypeCode": "hologram_5d"},
]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("k1", ["k1"]),
        # A key comes before a name.
        ("Anna", ["Anna"]),
        ("ANNA", ["k1", "k2"]),
        ("anna, suit", ["k1"]),
        ("anna,1x2", ["k1"]),
        ("anna, 3d", ["k2"]),
        ("anna, suit, 3d", []),
        ("anna_v3", ["k1"]),
        ("smith, john", ["k3"]),
        ("Smith, John, suit", []),
        ("e\u0301va kiss", ["Anna"]),
        ("nobody", []),
        ("", []),
        (" ", []),
    ],
)
def test_items_are_called_by_key_name_and_details(text: str, keys: list[str]) -> None:
    assert [item["VirtualmanKey"] for item in AVATAR.called(ITEMS, text)] == keys


def test_a_label_tells_what_tells_apart() -> None:
    assert AVATAR.label(ITEMS[0]) == "Anna, Suit, 1x2" and AVATAR.label(ITEMS[1]) == "Anna, 3d"
    voice = {"TimbreName": "News", "TimbreGender": 2, "TimbreLanguages": ["zh-CN"], "TimbreType": "Boutique"}
    assert VOICE.label(voice) == "News, Boutique, female, zh-CN"


def test_every_label_calls_its_item() -> None:
    for item in ITEMS[:2]:
        assert AVATAR.called(ITEMS, AVATAR.label(item)) == [item]


# Dates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        # The service writes UTC+8.
        ("2023-04-01 08:00:00", 1680307200),
        ("2023-04-01", 1680278400),
        ("2023-04-01T08:00:00", 1680307200),
        ("", None),
        (None, None),
        ("never", None),
        ("0000-00-00 00:00:00", None),
        ("9999-12-31 23:59:59", 253402271999),
    ],
)
def test_dates_of_the_service(text: object, unix: float | None) -> None:
    assert HOLDINGS.moment(text) == unix


# What is left ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "balance"),
    [
        (
            {"BroadcastHourInfoDetail": {"OrderMilliseconds": 7_200_000, "RemainMilliseconds": "3600000"}},
            Balance("Studio Avatar broadcast hours", hours=2, hours_left=1),
        ),
        ({"UniversalHourInfoDetail": None, "XDetail": {"Concurrency": "3"}}, Balance("", concurrency=3)),
        ({"imageassetinfoDetail": {"customizationNum": 5.0, "remainNum": 4}}, Balance("", None, None, None, 5, 4)),
        ({}, Balance("")),
        ({"XDetail": [], "YDetail": {"Concurrency": "many"}}, Balance("")),
        ({"XDetail": {"RemainNum": 1}}, Balance("", customizations_left=1)),
    ],
)
def test_the_figures_are_in_whatever_detail_is_there(item: dict[str, Any], balance: Balance) -> None:
    code = "BroadcastHour" if balance.title else ""
    assert HOLDINGS.balance({"ServiceType": code, **item})._replace(title="") == balance._replace(title="")


def test_every_type_of_the_documentation_has_a_title() -> None:
    for code, title in SERVICE_TYPES.items():
        assert HOLDINGS.balance({"ServiceType": code}).title == title
    assert HOLDINGS.balance({"ServiceType": "HologramHour_new"}).title == "hologram hour new"
