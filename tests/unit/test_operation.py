"""What derives from a declaration: body, checks, decoding, schema."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tadh_cli.api.body import Body, normalise, put
from tadh_cli.api.field import Field, Problem, secrets
from tadh_cli.api.operation import Operation
from tadh_cli.api.options import Opt, word
from tadh_cli.api.production import Names
from tadh_cli.providers.tencent import operations


def _no_haste(body: Body) -> Iterator[Problem]:
    if body["Speech.Speed"] == 2:
        yield Problem("Speech.Speed", "is hasty", 2, warning=True)


OPERATION = Operation(
    "thing.create",
    "/v2/thing",
    "Make a thing",
    safe=False,
    service="video",
    doc="Things",
    request=(
        Field("Id", required=True, fill=lambda: "made"),
        Field("Name", required=True, least=2, most=5, one_line=True),
        Field("Word", choices=("Text", "OriginalVoice")),
        Field("Newer", choices=("Old",), open=True),
        Field("Link", url=True),
        Field("Code", pattern="[a-z]+", allowed="small letters"),
        Field("Long", most_bytes=6),
        Field("Rate", int, choices=("24000", "16000"), default=24000),
        Field("On", bool),
        Field("Tags", many=True, most=2),
        Field("Speech", dict, fields=(Field("Speed", float, required=True, low=0.5, high=2, help="how fast"),)),
        Field("Logos", dict, many=True, fields=(Field("Url", required=True), Field("Scale", float, above=0))),
    ),
    rules=(_no_haste,),
    response=(
        Field("TaskId", required=True, also=("TaskID", "Task")),
        Field("Count", int),
        Field("Zoom", float),
        Field("Started", bool),
        Field("Names", many=True),
        Field("Parts", dict, many=True, fields=(Field("Key", also=("Code",)), Field("Values", int, many=True))),
        Field("Grant", dict, fields=(Field("Token", secret=True), Field("Until", int))),
    ),
)
GOOD = {"Id": "1", "Name": "abc"}

keys = st.sampled_from(["Id", "Name", "Word", "Rate", "On", "Tags", "Logos", "Speech.Speed", "Else.Deep", ""])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Speed", "Url", "Scale", "X"]), inner),
    max_leaves=6,
)
answers = st.dictionaries(
    st.sampled_from(
        ["TaskId", "taskid", "TaskID", "Count", "count", "Zoom", "Started", "Names", "Parts", "Grant", "New"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["Key", "Code", "Values", "Token", "Until", "Other"]), inner)
        ),
        max_leaves=8,
    ),
)


def messages(body: dict[str, Any], **options: Any) -> list[str]:
    return [f"{problem.path} {problem.message}" for problem in OPERATION.check({**GOOD, **body}, **options)]


# Encoding ----------------------------------------------------------------------------------------------


def test_paths_become_objects_and_nothing_is_sent_for_none() -> None:
    body = OPERATION.encode({"Name": "abc", "Speech.Speed": 1.5, "Word": None, "Logos": [{"Url": "u"}]})
    assert body == {"Id": "made", "Name": "abc", "Speech": {"Speed": 1.5}, "Logos": [{"Url": "u"}]}


def test_an_id_is_made_only_when_none_is_given() -> None:
    assert OPERATION.encode({})["Id"] == "made"
    assert OPERATION.encode({"Id": "own"})["Id"] == "own"


@pytest.mark.parametrize("word", ["text", "TEXT", "Text"])
def test_the_case_of_an_enumeration_is_that_of_the_service(word: str) -> None:
    assert OPERATION.encode({"Word": word})["Word"] == "Text"


@pytest.mark.parametrize(
    ("path", "given_value", "sent"),
    [
        ("Word", "Unheard", "Unheard"),
        ("Newer", "old", "Old"),
        ("Speech.Speed", 1, 1.0),
        ("Rate", 16000, 16000),
        ("Tags", ["a"], ["a"]),
        ("Else", {"x": 1}, {"x": 1}),
    ],
)
def test_values_are_spelled_as_the_service_does(path: str, given_value: object, sent: object) -> None:
    body = Body(OPERATION.encode({path: given_value}))
    assert body[path] == sent
    assert type(body[path]) is type(sent)


@given(given_values=st.dictionaries(keys, values))
def test_any_values_can_be_encoded_and_checked(given_values: dict[str, Any]) -> None:
    body = OPERATION.encode(given_values)
    assert all(isinstance(problem, Problem) for problem in OPERATION.check(body))


@pytest.mark.parametrize("huge", [10**400, -(10**400)], ids=["above", "below"])
def test_a_number_beyond_all_floats_is_a_problem_like_any_other(huge: int) -> None:
    body = OPERATION.encode({**GOOD, "Speech.Speed": huge, "Rate": huge})
    assert {problem.path for problem in OPERATION.check(body)} == {"Speech.Speed", "Rate"}


@pytest.mark.parametrize("operation", list(operations()), ids=lambda operation: operation.name)
@settings(max_examples=30)
@given(data=st.data())
def test_nonsense_for_a_real_operation_is_told_and_not_raised(operation: Operation, data: st.DataObject) -> None:
    names = [field.name for field in operation.request]
    chosen = data.draw(st.dictionaries(st.sampled_from([*names, "Else"]), values, max_size=4))
    assert isinstance(operation.check(operation.encode(chosen)), list)


# Setting single fields ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("A", {"A": 1}),
        ("A.B.C", {"A": {"B": {"C": 1}}}),
        ("L.1", {"L": [{"X": 0}, 1]}),
        ("L.0.X", {"L": [{"X": 1}, {"X": 0}]}),
        ("L.0.Y.Z", {"L": [{"X": 0, "Y": {"Z": 1}}, {"X": 0}]}),
        ("S.B", {"S": {"B": 1}}),
    ],
)
def test_a_value_is_put_where_its_path_leads(path: str, wanted: dict[str, Any]) -> None:
    body: dict[str, Any] = {"L": [{"X": 0}, {"X": 0}], "S": "text"}
    put(body, path, 1)
    assert {key: body[key] for key in wanted} == wanted


def test_putting_keeps_what_stands_beside() -> None:
    body: dict[str, Any] = {"A": {"B": 1}, "C": 2}
    put(body, "A.D", 3)
    assert body == {"A": {"B": 1, "D": 3}, "C": 2}


@given(path=st.lists(st.text(st.characters(exclude_characters="."), max_size=3), min_size=1, max_size=4), value=values)
def test_what_was_put_is_found_at_its_path(path: list[str], value: Any) -> None:
    body: dict[str, Any] = {}
    put(body, ".".join(path), value)
    node: Any = body
    for part in path:
        node = node[part]
    assert node is value


@given(body=st.dictionaries(st.sampled_from("AB"), values), value=values)
def test_the_value_put_last_is_there_whatever_was_before(body: dict[str, Any], value: Any) -> None:
    """Only arrays have places of their own: they are reached by number."""
    reachable = {key: item for key, item in body.items() if not isinstance(item, list)}
    put(reachable, "A.Speed", value)
    assert reachable["A"]["Speed"] is value


# Checking ----------------------------------------------------------------------------------------------


def test_a_good_body_has_no_problems() -> None:
    full = {"Word": "Text", "Link": "https://a/b", "Rate": 16000, "On": False, "Tags": ["a"], "Speech": {"Speed": 1}}
    assert messages({**full, "Logos": [{"Url": "u", "Scale": 0.1}], "Code": "abc", "Newer": "newest"}) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"Name": None}, "Name is required"),
        ({"Name": ""}, "Name is required"),
        ({"Name": "a"}, "Name has 1 characters, allowed are 2 to 5"),
        ({"Name": "abcdef"}, "Name has 6 characters, allowed are 2 to 5"),
        ({"Name": "a\nb"}, "Name contains a line break"),
        ({"Name": "a\u2028b"}, "Name contains a line break"),
        ({"Name": "ab\n"}, "Name contains a line break"),
        ({"Name": 12}, "Name is not a string"),
        ({"Name": "ab\ud800"}, "Name is not valid UTF-8"),
        ({"Word": "Txet"}, "Word is not one of Text, OriginalVoice; did you mean Text?"),
        ({"Link": "ftp://a/b"}, "Link is not an http or https URL"),
        ({"Link": "https://"}, "Link is not an http or https URL"),
        ({"Code": "ABC"}, "Code has to be small letters"),
        ({"Code": "abc\n"}, "Code has to be small letters"),
        ({"Long": "数字人"}, "Long has 9 bytes, at most 6"),
        ({"Rate": 8000}, "Rate is not one of 24000, 16000"),
        ({"Rate": 16000.5}, "Rate is not a whole number"),
        ({"Rate": True}, "Rate is not a whole number"),
        ({"On": 1}, "On is not true or false"),
        ({"Tags": "a"}, "Tags has to be an array"),
        ({"Tags": ["a", "b", "c"]}, "Tags has 3 items, at most 2"),
        ({"Tags": ["a", 2]}, "Tags[1] is not a string"),
        ({"Speech": {"Speed": 0.49}}, "Speech.Speed is outside 0.5..2"),
        ({"Speech": {"Speed": math.nan}}, "Speech.Speed is not a finite number"),
        ({"Speech": {"Speed": math.inf}}, "Speech.Speed is not a finite number"),
        ({"Speech": {"Speed": "1"}}, "Speech.Speed is not a number"),
        ({"Speech": {}}, "Speech.Speed is required"),
        ({"Speech": "fast"}, "Speech is not an object"),
        ({"Logos": [{"Url": "u"}, {"Scale": 0}]}, "Logos[1].Scale is outside values above 0"),
        ({"Speech": {"Speed": 1, "Sped": 1}}, "Speech.Sped is not a parameter of this call; did you mean Speed?"),
        ({"Nmae": "abc"}, "Nmae is not a parameter of this call; did you mean Name?"),
        ({"Zzzzzz": 1}, "Zzzzzz is not a parameter of this call"),
        ({"Speech": {"Speed": 2}}, "Speech.Speed is hasty"),
    ],
)
def test_each_problem_names_its_field_and_what_is_allowed(body: dict[str, Any], problem: str) -> None:
    assert problem in messages(body)


def test_all_problems_are_told_at_once() -> None:
    problems = OPERATION.check({"Word": "x", "Speech": {"Speed": 9}, "Logos": [{}], "More": 1})
    assert [problem.path for problem in problems] == ["Id", "Name", "Word", "Speech.Speed", "Logos[0].Url", "More"]


def test_a_warning_is_told_apart_from_an_error() -> None:
    assert [problem.warning for problem in OPERATION.check({**GOOD, "Speech": {"Speed": 2}})] == [True]


@pytest.mark.parametrize(
    ("exempt", "body"),
    [
        ("Name", {"Name": "much too long"}),
        ("Speech.Speed", {"Speech": {"Speed": 99}}),
        ("Speech", {"Speech": {"Speed": 99, "More": 1}}),
        ("Speech.More", {"Speech": {"Speed": 1, "More": 1}}),
        ("Else", {"Else": 1}),
        ("Else.Deep", {"Else": {"Deep": 1}}),
        ("Logos", {"Logos": [{"Scale": 0}]}),
        ("Tags", {"Tags": ["a", "b", 3]}),
        ("Logos.0.Scale", {"Logos": [{"Url": "u", "Scale": 0}]}),
        ("Tags.1", {"Tags": ["a", 2]}),
    ],
)
def test_what_the_caller_answers_for_is_not_checked(exempt: str, body: dict[str, Any]) -> None:
    assert messages(body) != []
    assert messages(body, exempt=[exempt]) == []


def test_an_exemption_reaches_no_further_than_its_field() -> None:
    body = {"Name": "much too long", "Speech": {"Speed": 99, "Sped": 1}}
    assert messages(body, exempt=["Speech.Sped", "Nam"]) == [
        "Name has 13 characters, allowed are 2 to 5",
        "Speech.Speed is outside 0.5..2",
    ]


@given(body=st.dictionaries(st.sampled_from([field.name for field in OPERATION.request]), values), exempt=st.data())
def test_no_problem_is_left_within_an_exempt_field(body: dict[str, Any], exempt: st.DataObject) -> None:
    root = exempt.draw(st.sampled_from([field.name for field in OPERATION.request]))
    left = [problem.path for problem in OPERATION.check(body, exempt=[root])]
    assert not [path for path in left if path == root or path.startswith((f"{root}.", f"{root}["))]
    others = [problem for problem in OPERATION.check(body) if not problem.path.startswith(root)]
    assert [problem.path for problem in others] == left


# Decoding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ({"TaskID": "1"}, {"TaskId": "1"}),
        ({"taskid": 12}, {"TaskId": "12"}),
        ({"TaskId": "", "TaskID": "1"}, {"TaskId": "1"}),
        ({"TaskId": "", "TaskID": ""}, {"TaskId": ""}),
        ({"TaskId": None}, {"TaskId": None}),
        ({"TaskId": "1", "Count": "7", "Zoom": "0.497"}, {"TaskId": "1", "Count": 7, "Zoom": 0.497}),
        ({"Count": 7.0, "Zoom": 1}, {"Count": 7, "Zoom": 1}),
        ({"Count": "many"}, {"Count": "many"}),
        ({"Count": 7.5}, {"Count": 7.5}),
        ({"Started": 1}, {"Started": True}),
        ({"Started": "false"}, {"Started": False}),
        ({"Started": "perhaps"}, {"Started": "perhaps"}),
        ({"Names": "one"}, {"Names": ["one"]}),
        ({"Names": [1, "b"]}, {"Names": ["1", "b"]}),
        ({"Parts": [{"Code": "k", "New": 1}]}, {"Parts": [{"Key": "k", "Values": [], "New": 1}]}),
        ({"Grant": {"Until": "5"}}, {"Grant": {"Until": 5}}),
        ({"Unknown": {"Deep": [1]}}, {"Unknown": {"Deep": [1]}}),
    ],
)
def test_an_answer_comes_in_one_spelling(payload: dict[str, Any], wanted: dict[str, Any]) -> None:
    decoded = OPERATION.decode(payload)
    assert {key: value for key, value in decoded.items() if value != []} == wanted
    assert list(map(type, decoded.values())) == [type(OPERATION.decode(payload)[key]) for key in decoded]


@pytest.mark.parametrize("payload", [{"Names": None, "Parts": None}, {}, None, [], "text", 0])
def test_lists_are_there_even_when_the_answer_has_none(payload: object) -> None:
    assert OPERATION.decode(payload) == {"Names": [], "Parts": []}


def test_declared_fields_come_first_and_in_their_order() -> None:
    decoded = OPERATION.decode({"New": 1, "Zoom": 1.0, "Count": 1, "taskid": "1"})
    assert [key for key, value in decoded.items() if value != []] == ["TaskId", "Count", "Zoom", "New"]


@given(payload=answers)
def test_decoding_twice_is_decoding_once(payload: dict[str, Any]) -> None:
    once = OPERATION.decode(payload)
    assert OPERATION.decode(once) == once


@given(payload=answers)
def test_nothing_that_the_service_adds_is_lost(payload: dict[str, Any]) -> None:
    decoded = OPERATION.decode(payload)
    assert ("New" in payload) == ("New" in decoded)
    assert payload.get("New") == decoded.get("New")
    assert {key.lower() for key in payload} - {key.lower() for key in decoded} <= {"taskid"}


@given(payload=answers)
def test_a_list_is_always_a_list(payload: dict[str, Any]) -> None:
    decoded = OPERATION.decode(payload)
    assert isinstance(decoded["Names"], list) and isinstance(decoded["Parts"], list)
    assert all(isinstance(part["Values"], list) for part in decoded["Parts"] if isinstance(part, dict))


@pytest.mark.parametrize("operation", list(operations()), ids=lambda operation: operation.name)
@settings(max_examples=20)
@given(payload=st.dictionaries(st.sampled_from(["TaskId", "Virtualmans", "Status", "Total", "Result", "New"]), values))
def test_every_operation_decodes_any_answer(operation: Operation, payload: dict[str, Any]) -> None:
    decoded = operation.decode(payload)
    assert all(isinstance(decoded[field.name], list) for field in operation.response if field.many)


def test_an_answer_can_be_repaired_from_the_rest() -> None:
    repaired = OPERATION._replace(amend=lambda answer: {**answer, "Count": 1})
    assert repaired.decode({"TaskId": "1"})["Count"] == 1


def test_secret_values_are_found_also_in_objects() -> None:
    assert list(secrets(OPERATION.response, {"Grant": {"Token": "t", "Until": 1}, "TaskId": "1"})) == ["t"]


# Finding fields ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("Name", "Name"),
        ("name", "Name"),
        ("speech.speed", "Speech.Speed"),
        ("Speed", "Speech.Speed"),
        ("Scale", "Logos[].Scale"),
        ("Url", "Logos[].Url"),
        ("Nothing", "Nothing"),
        ("Nothing.Here", "Nothing.Here"),
    ],
)
def test_a_field_is_found_by_path_or_unique_name(written: str, path: str) -> None:
    assert OPERATION.full_path(written) == path
    assert (OPERATION.field(written) is None) == written.startswith("Nothing")


def test_a_name_that_stands_in_several_places_is_nobody() -> None:
    twice = OPERATION._replace(request=(*OPERATION.request, Field("More", dict, fields=(Field("Speed", float),))))
    assert twice.field("Speed") is None
    assert twice.full_path("Speed") == "Speed"


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("Name", "12", "12"),
        ("Name", "true", "true"),
        ("Speed", "1.5", 1.5),
        ("Rate", "16000", 16000),
        ("On", "true", True),
        ("Tags", '["a","b"]', ["a", "b"]),
        ("Tags", "a", "a"),
        ("Logos", '[{"Url":"u"}]', [{"Url": "u"}]),
        ("Unheard", "7", 7),
        ("Unheard", "seven", "seven"),
        ("Unheard", "NaN", "NaN"),
        ("Speed", "Infinity", "Infinity"),
    ],
)
def test_what_a_user_types_is_text_or_json_as_declared(path: str, text: str, value: object) -> None:
    assert OPERATION.parse(path, text) == value


# Words and schema --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (Field("A", choices=("x", "y")), "x, y"),
        (Field("A", float, low=0.5, high=1.5), "0.5..1.5"),
        (Field("A", int, low=1), "1.."),
        (Field("A", float, above=0), "values above 0"),
        (Field("A", float, above=0, high=1), "values above 0, up to 1"),
        (Field("A", pattern="[a-z]", allowed="a letter"), "a letter"),
        (Field("A"), ""),
    ],
)
def test_a_range_is_told_in_words(field: Field, words: str) -> None:
    assert field.range() == words


def test_the_schema_says_what_is_allowed() -> None:
    schema = OPERATION.schema()
    found = schema["properties"]
    assert schema["required"] == ["Id", "Name"] and schema["additionalProperties"] is False
    assert found["Name"] == {"type": "string", "minLength": 2, "maxLength": 5}
    assert found["Rate"] == {"type": "integer", "enum": [24000, 16000], "default": 24000}
    assert found["Newer"] == {"type": "string", "examples": ["Old"]}
    assert found["Tags"] == {"type": "array", "items": {"type": "string"}, "maxItems": 2}
    assert found["Logos"]["items"]["properties"]["Scale"] == {"type": "number", "exclusiveMinimum": 0}
    assert found["Speech"]["properties"]["Speed"]["description"] == "how fast"


def test_a_file_behind_a_url_may_end_in_what_is_not_known() -> None:
    field = Field("Url", url=True, endings=("jpg", "png"))
    operation = Operation("o", "/o", "o", safe=True, service="s", doc="d", request=(field,), response=())
    for url in ("https://a/b.JPG?c=d.gif", "https://a.gif", "https://a/b", "https://a/b.php", "https://a/c.gif/b"):
        assert operation.check({"Url": url}) == []
    (problem,) = operation.check({"Url": "https://a/b.Gif#png"})
    assert problem.message == "ends in .gif, allowed are jpg, png"
    assert operation.schema()["properties"]["Url"]["x-endings"] == ["jpg", "png"]


def test_the_schema_of_an_answer_allows_what_the_service_adds() -> None:
    answer = OPERATION.schema()["$defs"]["Response"]
    assert "additionalProperties" not in answer
    assert answer["required"] == ["TaskId"]


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(OPERATION.schema())) == OPERATION.schema()


def test_normalising_reaches_into_arrays_of_objects() -> None:
    field = Field("Logos", dict, many=True, fields=(Field("Kind", choices=("Png",)), Field("Scale", float)))
    assert normalise(field, [{"Kind": "png", "Scale": 1, "More": "x"}]) == [{"Kind": "Png", "Scale": 1.0, "More": "x"}]


@pytest.mark.parametrize(
    ("written", "wire"), [("original-voice", "OriginalVoice"), ("originalVOICE", "OriginalVoice"), ("other", None)]
)
def test_friendly_words_and_the_services_own_are_understood(written: str, wire: str | None) -> None:
    assert word(Opt("--driver", "", words={"original-voice": "OriginalVoice"}), written) == wire


def test_names_fall_back_to_the_path_of_the_service() -> None:
    names = Names({"Logos": "--logo"}, {"OriginalVoice": "original-voice"})
    assert (names.flag("Logos[1].Scale"), names.flag("Other")) == ("--logo", "Other")
    assert (names.spell("OriginalVoice"), names.spell("x"), names.spell(3)) == ("original-voice", "x", 3)


@pytest.mark.parametrize(
    ("path", "value"), [("A.B", None), ("A", None), ("A.B.C", None), ("E", None), ("F", 0), ("G.H", False)]
)
def test_a_body_reads_empty_values_as_absent(path: str, value: object) -> None:
    assert Body({"A": "", "E": [], "F": 0, "G": {"H": False}})[path] is value
