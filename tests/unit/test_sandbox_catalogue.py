"""The avatars and voices of the account, and the calls that list them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.providers.tencent.terms import SERVICE_TYPES, TYPE_CODES
from tadh_cli.sandbox.catalogue import DAY_S, avatars
from tadh_cli.sandbox.voices import voices
from tests.unit.sandbox_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.state.close()


def every(bench: Bench, operation: str, name: str, **more: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    items: list[dict[str, Any]] = []
    total = 1
    page = 1
    while len(items) < total:
        answer = bench.good(operation, PageIndex=page, PageSize=100, **more)
        total, page = answer["Total"], page + 1
        items += answer[name]
    return items


def test_a_seed_gives_the_same_keys_whenever_the_account_was_opened() -> None:
    assert [one.key for one in avatars(1, 0)] == [one.key for one in avatars(1, 1e9)]
    assert [one.key for one in voices(7, 0)] == [one.key for one in voices(7, 1e9)]
    assert {one.key for one in avatars(1, 0)}.isdisjoint(one.key for one in avatars(2, 0))


def test_keys_are_unique_and_look_like_the_services() -> None:
    keys = [one.key for one in avatars(1, 0)]
    assert len(keys) == len(set(keys)) > 250
    assert all(re.fullmatch("[0-9a-f]{32}", key) for key in keys)
    assert len({one.key for one in voices(1, 0)}) == len(voices(1, 0)) > 190


# Told in README and help: they stay as they are.
DEMONSTRATED = {
    "4414462893dc74f31473010ff3f6c977": ("Anna", "540x960", "female_1"),
    "986a2caaa1c4dab8f58fa86ca4e85325": ("Anna", "1080x1920", "female_1"),
    "d8e99c19a097e64306fe7de5a9c24705": ("小雅", "540x960", "female_2"),
    "6715cd9d51f22ba368e009abddaee88c": ("David", "540x960", "male_1"),
    "3a78b4da766f8ac7dc42053ffccf3ff7": ("云逸", "540x960", "male_2"),
}


def test_the_first_avatars_are_fit_for_demonstrations_and_keep_their_keys() -> None:
    first = {one.key: one for one in avatars(1, 0)[:16]}
    for key, (name, resolution, voice) in DEMONSTRATED.items():
        assert (first[key].anchor_name, first[key].resolution, first[key].voice) == (name, resolution, voice)
        assert "Text" in first[key].drivers
    assert all(one.expires > 700 * DAY_S for one in list(first.values())[:4])
    assert [one.key for one in voices(1, 0)[:4]] == ["female_1", "male_1", "female_2", "male_2"]


def test_there_are_all_types_and_some_that_expired_or_soon_will() -> None:
    all_ = avatars(1, 0)
    assert {one.type_code for one in all_} == set(TYPE_CODES)
    assert any(-30 * DAY_S < one.expires < 0 for one in all_)
    assert any(one.expires < -30 * DAY_S for one in all_)
    assert any(0 < one.expires < 14 * DAY_S for one in all_)
    assert any(one.expires is None for one in voices(1, 0))


def test_the_picture_of_a_pose_times_the_zoom_is_as_tall_as_the_video() -> None:
    for one in avatars(1, 0):
        assert round(one.pose_size[1] * one.zoom / one.size[1], 2) == 1


def test_pages_are_cut_from_one_list(bench: Bench) -> None:
    whole = every(bench, "avatar.list", "Virtualmans")
    third = bench.good("avatar.list", PageIndex=3, PageSize=7)
    assert third["Virtualmans"] == whole[14:21]
    assert third["Total"] == len(whole)
    assert bench.good("avatar.list", PageIndex=99, PageSize=100)["Virtualmans"] == []


def test_the_avatar_list_has_small_sample_types_only_and_filters_by_anchor(bench: Bench) -> None:
    listed = {item["VirtualmanKey"] for item in every(bench, "avatar.list", "Virtualmans")}
    small = {one.key for one in bench.service.avatars(bench.real) if one.is_small_sample}
    assert listed == small
    some = every(bench, "avatar.list", "Virtualmans", AnchorCodes=["anna_v3"])
    assert {item["AnchorName"] for item in some} == {"Anna"}


def test_zoom_is_a_number_in_one_call_and_a_text_in_the_other(bench: Bench) -> None:
    one = bench.good("avatar.list", PageIndex=1, PageSize=1)["Virtualmans"][0]
    other = bench.good("avatar.images", VirtualmanTypeCode="small_sample_2d", PageIndex=1, PageSize=1)
    assert (one["OriginZoom"], one["OriginZoomStr"]) == (1.0, "1.000")
    assert other["Virtualmans"][0]["OriginZoom"] == "1.000"


@pytest.mark.parametrize("type_code", TYPE_CODES)
def test_anchors_and_images_of_a_type_belong_together(bench: Bench, type_code: str) -> None:
    anchors = every(bench, "avatar.anchors", "Virtualmans", VirtualmanTypeCode=type_code)
    images = every(bench, "avatar.images", "Virtualmans", VirtualmanTypeCode=type_code)
    assert {one["AnchorCode"] for one in anchors} == {one["AnchorCode"] for one in images}
    assert len(anchors) < len(images)


def test_unknown_types_are_refused(bench: Bench) -> None:
    for operation in ("avatar.anchors", "avatar.images"):
        assert bench.call(operation, VirtualmanTypeCode="real_man_4d", PageIndex=1, PageSize=1)[0] == 100002


def test_only_3d_avatars_have_actions_and_colours(bench: Bench) -> None:
    actions = bench.good("avatar.actions", VirtualmanKey=bench.avatar(type_code="real_man_3d"))["Actions"]
    assert {"waving_hand1", "bow"} <= {action["ActionCode"] for action in actions}
    assert bench.good("avatar.actions", VirtualmanKey=bench.avatar())["Actions"] == []
    assert bench.call("avatar.actions", VirtualmanKey="0" * 32)[0] == 100009


def test_an_avatars_own_voice_comes_first(bench: Bench) -> None:
    key = bench.avatar(anchor_name="小雅")
    for operation in ("avatar.voices", "legacy.voices"):
        assert bench.good(operation, VirtualmanKey=key)["Timbres"][0]["TimbreKey"] == "female_2"


def test_older_calls_know_the_two_older_types(bench: Bench) -> None:
    found = bench.good("legacy.anchors", GetAllResource=True)["VirtualmanResources"][0]["Virtualmans"]
    assert {one["VirtualmanTypeCode"] for one in found} == {"real_man_2d", "real_man_3d"}
    some = bench.good("legacy.anchors", GetAllResource=False, VirtualmanTypeCode="real_man_3d")
    assert len(some["VirtualmanResources"][0]["Virtualmans"]) < len(found)
    assert bench.call("legacy.images", GetAllResource=True, AnchorCode="nobody")[0] == 100009
    assert bench.call("legacy.anchors", GetAllResource=True, VirtualmanTypeCode="cartoon_3d")[0] == 100002


def test_service_assets_have_every_kind_of_detail(bench: Bench) -> None:
    assets = every(bench, "assets.quota", "ServiceAssetInfos")
    assert set(SERVICE_TYPES) <= {asset["ServiceType"] for asset in assets}
    details = [next(value for name, value in asset.items() if name.endswith("Detail")) for asset in assets]
    assert {"Concurrency"} in map(set, details)
    assert {"OrderMilliseconds", "RemainMilliseconds"} in map(set, details)
    assert {"CustomizationNum", "RemainNum"} in map(set, details)


def test_one_pair_of_type_and_detail_does_not_match_as_in_the_sample(bench: Bench) -> None:
    (asset,) = every(bench, "assets.quota", "ServiceAssetInfos", ServiceType="RealMan2DBroadcastHour")
    assert "UniversalHourInfoDetail" in asset
    assert bench.call("assets.quota", ServiceType="Hours", PageIndex=1, PageSize=1)[0] == 100002


def test_what_was_made_is_counted(bench: Bench) -> None:
    key = bench.avatar()
    task = bench.good("video.create", VirtualmanKey=key, InputSsml="hi", SpeechParam={"Speed": 1})["TaskId"]
    bench.finish(task, 4.0)
    bench.wait(60)
    one = bench.good("avatar.list", PageIndex=1, PageSize=1)["Virtualmans"][0]
    assert (one["VirtualmanKey"], one["VideoNum"], one["VideoDuration"]) == (key, 1, 4000)
    voice = every(bench, "voice.list", "TimbreDetails")[0]
    assert (voice["TimbreKey"], voice["AudioNum"], voice["AudioDuration"]) == ("female_1", 1, 4000)
    hours = every(bench, "assets.quota", "ServiceAssetInfos", ServiceType="BroadcastHour")[0]["BroadcastHourInfoDetail"]
    assert hours["OrderMilliseconds"] - hours["RemainMilliseconds"] == 4000
