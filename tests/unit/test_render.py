"""Data drawn in every format: golden files, selections, and streams that end early."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tadh_cli.errors import InputError
from tadh_cli.ui.forms import day, drivers, gender, milliseconds
from tadh_cli.ui.records import Column, Record, Records, Text, View
from tadh_cli.ui.render import FORMATS, Query, draw, to_json

VIEW = View(
    id="TaskId",
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Name"),
        Column("Status"),
        Column("Duration", form=milliseconds),
        Column("Drivers"),
    ),
    wide=(Column("MediaUrl", "Link"), Column("Nothing")),
)
ITEMS: list[dict[str, Any]] = [
    {
        "TaskId": "5d3f1a8e7c0b4b8f9a1e2d3c4b5a6978",
        "Name": "数智人主播·雾霾粉套裙，正面站姿，自然光",
        "Status": "SUCCESS",
        "Duration": 11810,
        "Drivers": ["Text", "OriginalVoice"],
        "MediaUrl": "https://virtualhuman-cos-prod-1251316161.cos.ap-nanjing.myqcloud.com/a.mp4?sign=abc&x=1",
        "Parts": [{"Key": "衣服", "Values": [1, 2]}],
        "Free": True,
    },
    {
        "TaskId": "0123",
        "Name": 'comma, "quote"\nand line',
        "Status": "FAIL",
        "Duration": None,
        "Drivers": [],
        "FailMessage": "[bold]no markup[/bold]",
        "Free": False,
    },
]
ONE = Record(ITEMS[0], VIEW)
MANY = Records(ITEMS, VIEW)

Golden = Callable[[str, str], None]


def drawn(result: Any, form: str, query: str | None = None) -> str:
    out = io.StringIO()
    draw(result, out, form, query=Query(query) if query else None)
    return out.getvalue()


# Golden files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("name", "result"), [("one", ONE), ("many", MANY)])
def test_every_format_without_a_terminal(golden: Golden, form: str, name: str, result: Any) -> None:
    golden(f"render/{name}.{form}.txt", drawn(result, form))


@pytest.mark.parametrize("form", ["table", "wide"])
@pytest.mark.parametrize(("name", "result"), [("one", ONE), ("many", MANY)])
@pytest.mark.parametrize("color", [False, True], ids=["plain", "color"])
def test_tables_on_a_terminal(
    golden: Golden, screen: io.StringIO, form: str, name: str, result: Any, color: bool
) -> None:
    draw(result, screen, form, color=color)
    golden(f"render/{name}.{form}-80{'-color' if color else ''}.txt", screen.getvalue())
    assert ("\x1b[" in screen.getvalue()) == color


@pytest.mark.parametrize("form", FORMATS)
def test_no_items_in_every_format(golden: Golden, form: str) -> None:
    golden(f"render/none.{form}.txt", drawn(Records([], VIEW), form))


# Programs read it back ---------------------------------------------------------------------------------


def test_json_is_an_object_or_an_array_with_readable_text() -> None:
    assert json.loads(drawn(ONE, "json")) == ITEMS[0]
    assert json.loads(drawn(MANY, "json")) == ITEMS
    assert "数智人" in drawn(ONE, "json")


def test_ndjson_is_one_document_a_line() -> None:
    lines = drawn(MANY, "ndjson").splitlines()
    assert [json.loads(line) for line in lines] == ITEMS


def test_yaml_means_the_same_and_keeps_numbers_apart_from_text() -> None:
    assert yaml.safe_load(drawn(MANY, "yaml")) == ITEMS
    assert "0123" in drawn(MANY, "yaml") and yaml.safe_load(drawn(MANY, "yaml"))[1]["TaskId"] == "0123"


def test_csv_has_a_row_for_each_item_and_a_column_for_each_field() -> None:
    rows = list(csv.DictReader(io.StringIO(drawn(MANY, "csv"))))
    assert [row["Name"] for row in rows] == [item["Name"] for item in ITEMS]
    assert json.loads(rows[0]["Parts"]) == ITEMS[0]["Parts"]
    assert (rows[0]["Free"], rows[1]["Free"], rows[1]["Duration"], rows[0]["FailMessage"]) == ("true", "false", "", "")
    assert list(rows[0])[:5] == ["TaskId", "Name", "Status", "Duration", "Drivers"]


def test_id_is_only_the_identifier() -> None:
    assert drawn(MANY, "id") == f"{ITEMS[0]['TaskId']}\n0123\n"
    assert drawn(ONE, "id") == f"{ITEMS[0]['TaskId']}\n"
    assert drawn(Record({"TimbreKey": "v"}, View(id="TimbreKey")), "id") == "v\n"


def test_text_is_drawn_as_it_is_whatever_the_format() -> None:
    assert {drawn(Text("complete -F x"), form) for form in FORMATS} == {"complete -F x\n"}
    assert drawn(None, "json") == ""


@pytest.mark.parametrize("value", [(1, 2), {"a": (1,)}, "\u2028", "😀"])
def test_any_data_is_json(value: object) -> None:
    assert json.loads(to_json(value)) == json.loads(json.dumps(value))


# Tables ------------------------------------------------------------------------------------------------


def test_without_a_terminal_nothing_is_cut_or_folded() -> None:
    long = "数" * 500
    assert long in drawn(Records([{"TaskId": "1", "Name": long}], VIEW), "table")


@pytest.mark.parametrize("form", ["table", "wide"])
def test_keys_are_never_folded(screen: io.StringIO, form: str) -> None:
    draw(MANY, screen, form)
    assert ITEMS[0]["TaskId"] in screen.getvalue()


def test_no_line_of_a_table_is_wider_than_the_terminal(screen: io.StringIO) -> None:
    from rich.cells import cell_len

    draw(MANY, screen, "table")
    assert max(cell_len(line) for line in screen.getvalue().splitlines()) <= 80


@pytest.mark.parametrize("width", [20, 40, 60])
def test_what_a_terminal_has_no_room_for_is_told_and_never_the_key(
    screen: io.StringIO, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    view = View("Key", (Column("Name"), Column("Key", whole=True), Column("Status"), Column("Duration")))
    rows = [{"Name": f"somebody {number}", "Key": "k" * 32, "Status": "SUCCESS", "Duration": 1} for number in range(3)]
    told: list[str] = []
    draw(Records(rows, view), screen, "table", tell=told.append)
    assert screen.getvalue().count("k") == 96
    assert len(told) == 1 and told[0].endswith("-o wide shows all") and "Duration" in told[0] and "Key" not in told[0]


def test_brackets_are_no_markup(screen: io.StringIO) -> None:
    draw(Record(ITEMS[1], VIEW), screen, "table", color=True)
    assert "[bold]no markup[/bold]" in screen.getvalue()


def test_control_characters_of_the_service_do_not_reach_the_terminal(screen: io.StringIO) -> None:
    draw(Records([{"TaskId": "a\x1b]0;title\x07b", "Name": "\x1b[2J"}], VIEW), screen, "table")
    assert "\x1b" not in screen.getvalue() and "\x07" not in screen.getvalue()


def test_without_columns_the_data_has_its_own() -> None:
    shown = drawn(Records([{"A": 1, "B": "x"}, {"B": "y", "C": None}], View()), "table").splitlines()
    assert shown[0].split() == ["A", "B", "C"]
    assert [line.split() for line in shown[2:]] == [["1", "x"], ["y"]]


# Queries -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "query", "form", "text"),
    [
        (MANY, "[].TaskId", "table", f"{ITEMS[0]['TaskId']}\n0123\n"),
        (MANY, "[?Status=='FAIL'].TaskId", "json", '[\n  "0123"\n]\n'),
        (MANY, "[?Status=='FAIL'].TaskId", "ndjson", '"0123"\n'),
        (MANY, "[?Status=='FAIL'].TaskId", "yaml", "- '0123'\n"),
        (MANY, "length(@)", "json", "2\n"),
        (MANY, "length(@)", "csv", "2\n"),
        (MANY, "[0].Free", "table", "true\n"),
        (ONE, "Drivers", "id", "Text\nOriginalVoice\n"),
        (ONE, "Parts[0]", "csv", 'Key,Values\n衣服,"[1, 2]"\n'),
        (ONE, "{TaskId: TaskId}", "id", f"{ITEMS[0]['TaskId']}\n"),
        (ONE, "Nothing", "json", "null\n"),
        (ONE, "Nothing", "table", "\n"),
        (MANY, "[?Nothing]", "json", "[]\n"),
        (MANY, "[?Nothing]", "csv", ""),
        (MANY, "[?Nothing]", "ndjson", ""),
        (MANY, "[?Status=='FAIL']", "id", "0123\n"),
        (MANY, "[].{Name: Status, Ms: Duration}", "csv", "Name,Ms\nSUCCESS,11810\nFAIL,\n"),
    ],
)
def test_a_query_selects_what_is_drawn(result: Any, query: str, form: str, text: str) -> None:
    assert drawn(result, form, query) == text


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("query", ["@", "[0]", "[].Name", "[0].Parts", "[0].Duration", "[?Nothing]", "Nothing"])
def test_anything_selected_can_be_drawn_in_any_format(form: str, query: str) -> None:
    assert isinstance(drawn(MANY, form, query), str)


@pytest.mark.parametrize("query", ["[", "a..b", "'", "foo(", "", "[?a=='"])
def test_a_broken_query_is_told_before_anything_is_asked(query: str) -> None:
    with pytest.raises(InputError, match="is not JMESPath") as caught:
        Query(query)
    assert "jmespath.org" in caught.value.hint


@pytest.mark.parametrize("query", ["length(`1`)", "nope(@)", "sort(@)", "abs('a')"])
def test_a_query_that_does_not_fit_the_data_is_told(query: str) -> None:
    with pytest.raises(InputError, match="--query can't be applied"):
        drawn(MANY, "json", query)


# Streams -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["ndjson", "id"])
def test_items_are_drawn_as_they_arrive(form: str) -> None:
    out = io.StringIO()
    seen: list[int] = []

    def items() -> Iterator[dict[str, Any]]:
        for item in ITEMS:
            seen.append(len(out.getvalue().splitlines()))
            yield item

    draw(Records(items(), VIEW), out, form)
    assert seen == [0, 1]


@pytest.mark.parametrize("form", FORMATS)
def test_a_reader_that_has_gone_is_told_to_the_caller(form: str) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            if text:
                raise BrokenPipeError
            return 0

    with pytest.raises(BrokenPipeError):
        draw(MANY, Gone(), form)


# Forms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (day, "2023-04-01 00:00:00", "2023-04-01"),
        (milliseconds, 11810, "11.8 s"),
        (milliseconds, "soon", "soon"),
        (drivers, ["Text", "OriginalVoice", "New"], "text, voice, New"),
        (drivers, "Text", "Text"),
        (gender, 1, "male"),
        (gender, 2, "female"),
        (gender, 3, "3"),
    ],
)
def test_values_are_written_for_people(form: Callable[[Any], str], value: Any, text: str) -> None:
    assert form(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), ("", ""), (0, "0"), (False, "False"), (["a", 1], "a, 1"), ([], ""), ({"a": 1}, "{'a': 1}")],
)
def test_a_cell_is_text(value: object, text: str) -> None:
    assert Column("A").text({"A": value}) == text


HOSTILE = "a\u202egnp\u200b\x9b31mb\u2028c\U000e0041"


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "id"])
def test_nothing_hidden_reaches_a_terminal(screen: io.StringIO, form: str) -> None:
    """What can't be seen is written as an escape where the format has one; nothing is lost then."""
    draw(Record({"TaskId": "T1", "Name": HOSTILE}, View()), screen, form)
    text = screen.getvalue()
    assert not set(HOSTILE) - set("abc31mgnp") & set(text)
    if form in ("json", "ndjson"):
        assert json.loads(text)["Name"] == HOSTILE
    elif form == "yaml":
        assert yaml.safe_load(text)["Name"] == HOSTILE


def test_a_pipe_gets_names_as_they_are() -> None:
    assert json.loads(drawn(Record({"Name": HOSTILE}), "json"))["Name"] == HOSTILE
    assert HOSTILE in drawn(Record({"Name": HOSTILE}), "json")


def test_a_name_with_a_line_break_is_one_row() -> None:
    assert len(drawn(Records([{"TaskId": "T1", "Name": "one\nT2 two\rT3"}]), "table").splitlines()) == 3


def test_csv_is_read_back_whatever_the_line_breaks() -> None:
    text = drawn(Records([{"TaskId": "T1", "Name": "one\rtwo\r\nthree\nfour"}]), "csv")
    assert next(iter(csv.DictReader(io.StringIO(text, newline=""))))["Name"] == "one\rtwo\r\nthree\nfour"
