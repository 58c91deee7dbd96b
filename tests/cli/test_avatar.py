"""`tadh avatar list`, and with it what all lists have in common."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
import yaml

from tadh_cli.sandbox.hosting import Hosted
from tests.program import Ran

On = Callable[..., Ran]


def test_all_pages_are_merged(on: On, sandbox: Hosted) -> None:
    avatars = on("avatar", "list", "--page-size", 50).json
    assert len(avatars) > 100 and len({avatar["VirtualmanKey"] for avatar in avatars}) == len(avatars)
    assert len(sandbox.journal("avatar.list")) == -(-len(avatars) // 50)


def test_a_limit_stops_asking(on: On, sandbox: Hosted) -> None:
    assert len(on("avatar", "list", "--limit", 3, "--page-size", 2).json) == 3
    assert len(sandbox.journal("avatar.list")) == 2


def test_a_search_looks_into_names_in_any_case(on: On) -> None:
    names = {avatar["AnchorName"] for avatar in on("avatar", "list", "--search", "aNNa").json}
    assert names == {"Anna", "Hannah"}


def test_anchors_are_filtered_by_the_service(on: On) -> None:
    code = on("avatar", "list", "--limit", 1).json[0]["AnchorCode"]
    assert {avatar["AnchorCode"] for avatar in on("avatar", "list", "--anchor", code).json} == {code}


@pytest.mark.parametrize("size", [0, 101, "many"])
def test_a_page_has_1_to_100_items(on: On, size: object) -> None:
    assert "--page-size" in on("avatar", "list", "--page-size", size, code=2).err


def test_every_format_says_the_same(on: On) -> None:
    items = on("avatar", "list", "--limit", 3).json
    assert [json.loads(line) for line in on("avatar", "list", "--limit", 3, "-o", "ndjson").out.splitlines()] == items
    assert yaml.safe_load(on("avatar", "list", "--limit", 3, "-o", "yaml").out) == items
    rows = list(csv.DictReader(io.StringIO(on("avatar", "list", "--limit", 3, "-o", "csv").out)))
    keys = [item["VirtualmanKey"] for item in items]
    assert [row["VirtualmanKey"] for row in rows] == keys
    assert on("avatar", "list", "--limit", 3, "-o", "id").out.split() == keys
    assert all(key in on("avatar", "list", "--limit", 3, "-o", "table").out for key in keys)


def test_csv_has_every_field(on: On) -> None:
    item = on("avatar", "list", "--limit", 1).json[0]
    (row,) = csv.DictReader(io.StringIO(on("avatar", "list", "--limit", 1, "-o", "csv").out))
    assert set(row) == set(item) and json.loads(row["SupportDriverTypes"]) == item["SupportDriverTypes"]


def test_a_query_selects(on: On) -> None:
    ran = on("avatar", "list", "--limit", 2, "--query", "[].{Key: VirtualmanKey}")
    assert [list(item) for item in ran.json] == [["Key"], ["Key"]]
    assert on("avatar", "list", "--limit", 2, "--query", "length(@)", "-o", "table").out == "2\n"


def test_a_broken_query_is_refused_before_anything_is_sent(on: On, sandbox: Hosted) -> None:
    assert "--query '[?' is not JMESPath" in on("avatar", "list", "--query", "[?", code=2).err
    assert sandbox.journal() == []


def test_a_query_that_fails_is_repeated(on: On, sandbox: Hosted) -> None:
    sandbox.set_faults(
        [
            {"operation": "avatar.list", "http": 503, "times": 1},
            {"operation": "avatar.list", "reset": "after", "times": 1},
        ]
    )
    assert on("avatar", "list", "--limit", 1).json
    assert len(sandbox.journal("avatar.list")) == 3


def test_common_options_work_on_every_level(on: On, tadh: Callable[..., Ran], sandbox: Hosted) -> None:
    assert (
        tadh("-p", "sandbox", "avatar", "list", "--limit", 1, "-o", "id").out
        == tadh("avatar", "-o", "id", "list", "--limit", 1, "--profile", "sandbox").out
    )
    assert (
        tadh("-o", "yaml", "avatar", "-o", "csv", "list", "-p", "sandbox", "--limit", 1, "-o", "id").out.count("\n")
        == 1
    )


def test_the_format_comes_from_the_environment(on: On) -> None:
    assert "," in on("avatar", "list", "--limit", 1, TADH_OUTPUT="csv").out.splitlines()[0]
    assert on("avatar", "list", "--limit", 1, "-o", "json", TADH_OUTPUT="csv").json


def test_an_unknown_format_is_refused(on: On) -> None:
    assert "--output 'xml' is not one of table, wide, json" in on("avatar", "list", "-o", "xml", code=2).err
