"""Manifests: what is written comes out, what is wrong is told with its place, whatever the format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tadh_cli.api.options import options
from tadh_cli.api.video import VideoOptions
from tadh_cli.engine.batch.items import Item, items, kinds, unfit_name
from tadh_cli.engine.batch.manifest import read
from tadh_cli.engine.batch.schema import schema
from tadh_cli.errors import InputError
from tadh_cli.providers.tencent import TENCENT


def written(name: str, text: str) -> str:
    Path(name).write_text(text, "utf-8", newline="")
    return name


def found(name: str, text: str) -> tuple[dict[str, Item], list[str]]:
    """The videos by name, and the problems as they are told."""
    videos, problems = items(read(written(name, text)))
    return {item.name: item for item in videos}, [str(problem) for problem in problems]


def only(name: str, text: str) -> VideoOptions:
    videos, problems = found(name, text)
    assert problems == [] and len(videos) == 1
    return next(iter(videos.values())).options


# YAML --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["no", "yes", "1:30", "012", "0x1F", "1e3", "2024-01-01", "1_000", "on", ".5", "=", "off", "true"]
)
def test_words_that_yaml_reads_as_something_else_stay_text(text: str) -> None:
    assert only("m.yaml", f"videos: [{{name: a, text: {text}}}]").text == text


def test_defaults_hold_until_a_video_says_otherwise() -> None:
    videos, problems = found(
        "m.yaml",
        """\
defaults: {avatar: anna, speed: 1.2, subtitles: yes, logo: [a.png, b.png], text: hello, set: {A.B: 1}}
videos:
  - name: one
  - {name: two, speed: 0.9, subtitles: off, logo: c.png, ssml: two.ssml, set: [C=2]}
  - {name: three, speed: null, logo: []}
""",
    )
    assert problems == []
    one, two, three = (videos[name].options for name in ("one", "two", "three"))
    assert (one.avatar, one.speed, one.subtitles, one.logo, one.text) == (
        "anna",
        1.2,
        True,
        ("a.png", "b.png"),
        "hello",
    )
    assert (two.speed, two.subtitles, two.logo, two.text, two.ssml) == (0.9, False, ("c.png",), None, "two.ssml")
    assert (three.speed, three.logo, three.text) == (None, (), "hello")
    assert videos["one"].overrides == {"A.B": "1"} and videos["two"].overrides == {"C": "2"}


def test_null_takes_a_default_away_and_quotes_make_it_text() -> None:
    videos, _ = found("m.yaml", "defaults: {emotion: sad}\nvideos: [{name: a, emotion: ~}, {name: b, emotion: 'null'}]")
    assert (videos["a"].options.emotion, videos["b"].options.emotion) == (None, "null")


@pytest.mark.parametrize("null", ["~", "null", ""])
def test_a_text_that_was_forgotten_is_not_replaced_by_a_default(null: str) -> None:
    text = f"defaults: {{audio: intro.wav}}\nvideos: [{{name: a, text: {null}}}]"
    assert found("m.yaml", text)[1] == [
        "m.yaml:2:20: text is null, and the audio of the defaults is no text: give one of text, ssml, audio"
    ]


def test_what_does_not_drive_a_video_may_be_null() -> None:
    options = only("m.jsonl", '{"name": "a", "text": null, "ssml": "a.ssml", "audio": null}')
    assert (options.text, options.ssml, options.audio) == (None, "a.ssml", None)


def test_anchors_and_merged_keys_are_understood() -> None:
    text = "videos:\n - &a {name: a, text: hi, speed: 1.1}\n - {<<: *a, name: b}\n - {<<: [*a], name: c, text: ho}\n"
    videos, problems = found("m.yaml", text)
    assert problems == [] and videos["b"].options.speed == 1.1 and videos["c"].options.text == "ho"


def test_a_text_of_many_lines_is_read() -> None:
    assert only("m.yaml", "videos:\n- name: a\n  text: |\n    One.\n    Two.\n").text == "One.\nTwo.\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("videos: [{name: a, txt: x}]", "m.yaml:1:20: there is no option 'txt'; did you mean text?"),
        ("videos: [{name: a, zzzzzz: x}]", "m.yaml:1:20: there is no option 'zzzzzz'; `tadh help manifest` lists all"),
        ("videos: [{name: a, subtitle-max-words: x}]", "did you mean subtitle_max_words?"),
        ("videos: [{name: a, text: x, text: y}]", "m.yaml:1:29: text is given twice"),
        ("videos: [{text: x}]", "m.yaml:1:10: a video needs a name"),
        ("videos: [{name: [a, b], text: x}]", "a video needs a name"),
        ("videos: [{name: a, text: [x, y]}]", "m.yaml:1:27: text takes a single value, not a list"),
        ("videos: [{name: a, text: {x: y}}]", "text takes a single value, not a mapping"),
        ("videos: [{name: a, speed: fast}]", "m.yaml:1:27: speed 'fast' is not a number"),
        ("videos: [{name: a, subtitles: maybe}]", "subtitles 'maybe' is not true or false"),
        ("videos: [{name: a, text: '-'}]", "text - is stdin"),
        ("videos: [{name: a, set: [x]}]", "set 'x' is not PATH=VALUE"),
        ("videos: [a]", "m.yaml:1:10: this has to be a mapping of options"),
        ("videos: {a: b}", "`videos` has to be a list"),
        ("video: []", "m.yaml:1:1: 'video' is not one of defaults, videos"),
        ("defaults: {name: a}\nvideos: [{name: b}]", "m.yaml:1:12: a name belongs to one video"),
        ("- a", "a manifest is a mapping"),
        ("", "a manifest is a mapping"),
        ("defaults: {}", "there is no list of `videos`"),
        ("videos: [{name: a}, {name: a}]", "m.yaml:1:22: name 'a' is given to two videos: see line 1"),
        ("videos: [{name: Straße}, {name: STRASSE}]", "is the same file as Straße on many disks"),
        ("videos: [{[a]: b, name: c}]", "a key has to be a word"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, problem: str) -> None:
    assert problem in "\n".join(found("m.yaml", text)[1])


@pytest.mark.parametrize(
    ("text", "place"),
    [("videos: [", "m.yaml:2:1"), ("a: b: c", "m.yaml:1:5"), ("a: 1\n--- \nb: 2", "m.yaml:2"), ("a: \x01", "m.yaml:1")],
)
def test_what_is_no_yaml_is_refused_at_its_place(text: str, place: str) -> None:
    with pytest.raises(InputError, match=place):
        read(written("m.yaml", text + "\n" if text == "videos: [" else text))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1)))
@example(["no", "1:30", "- x", "#", "@a", "'", "null", "\ufeff", "a: b"])
def test_every_text_survives_every_format(texts: list[str]) -> None:
    rows: list[dict[str, Any]] = [{"name": f"v{n}", "avatar": text} for n, text in enumerate(texts) if text.strip()]
    if not rows:
        return
    table = io.StringIO()
    writer = csv.DictWriter(table, ["name", "avatar"])
    writer.writeheader()
    writer.writerows(rows)
    forms = {
        "m.yaml": yaml.safe_dump({"videos": rows}, allow_unicode=True),
        "m.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows),
        "m.csv": table.getvalue(),
    }
    for name, text in forms.items():
        videos, problems = found(name, text)
        assert problems == []
        assert [videos[row["name"]].options.avatar for row in rows] == [row["avatar"] for row in rows]


@given(st.text(max_size=200))
def test_no_text_breaks_the_readers(text: str) -> None:
    for name in ("m.yaml", "m.jsonl", "m.csv"):
        try:
            Path(name).write_bytes(text.encode("utf-8", "surrogatepass"))
            items(read(name))
        except InputError:
            pass


# CSV ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_options(delimiter: str) -> None:
    text = '\ufeffname,avatar,text,speed,subtitles\r\none,anna,"Hello\r\nthere",1.2,yes\r\n\r\ntwo,,Bye,,\r\n'
    videos, problems = found("m.csv", text.replace(",", delimiter))
    assert problems == []
    one, two = videos["one"], videos["two"]
    assert (one.options.avatar, one.options.text, one.options.speed, one.options.subtitles) == (
        "anna", "Hello\r\nthere", 1.2, True,
    )  # fmt: skip
    assert (two.options.avatar, two.options.speed, two.at.line) == (None, None, 5)


def test_repeated_options_have_lines_or_columns() -> None:
    text = 'name,text,logo,logo,set\na,x,"l1,x=1\nl2",l3,"A=1\nB=2"\n'
    videos, problems = found("m.csv", text)
    assert problems == [] and videos["a"].options.logo == ("l1,x=1", "l2", "l3")
    assert videos["a"].overrides == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name,text\na,b,c\n", "m.csv:2: 3 cells, but 2 columns"),
        ("name,,text\na,b,c\n", "m.csv:1: column 2 has no name"),
        ("name,txt\na,b\n", "m.csv:1: there is no option 'txt'; did you mean text?"),
        ("name,text,speeed\na,b,\nc,d,\n", "m.csv:1: there is no option 'speeed'; did you mean speed?"),
        ("name,text\n,b\n", "m.csv:2: a video needs a name"),
        ("name,text\n", "m.csv:1: there is no row"),
        ("name,text,text\na,b,c\n", "m.csv:2: text takes a single value"),
    ],
)
def test_wrong_tables_are_told_by_line(text: str, problem: str) -> None:
    assert problem in "\n".join(found("m.csv", text)[1])


def test_an_unknown_column_is_told_once() -> None:
    assert len(found("m.csv", "name,text,nonsense\na,b,1\nc,d,2\ne,f,\n")[1]) == 1


def test_a_quote_that_is_not_closed_is_refused_at_its_line() -> None:
    with pytest.raises(InputError, match=r"m\.csv:3: "):
        read(written("m.csv", 'name,text\na,b\nc,"d\n'))


# Lines of JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"name": "a", "txt": "b"}', "m.jsonl:1:15: there is no option 'txt'"),
        ('{"name": "a"}\n{"name": "b", }', "m.jsonl:2:"),
        ('{"name": "a"}\n// no\n', "m.jsonl:2:1: this is no JSON"),
        ("[1]", "m.jsonl:1:1: a line has to be an object"),
        ('{"name": "a", "name": "b"}', "name is given twice"),
        ('{"name": "a", "speed": NaN}', "NaN is no value"),
        ('{"name": "a", "text": {"b": 1}}', "m.jsonl:1:15: text takes a single value, not an object"),
        ('{"name": "a\\ud800", "text": "b"}', "is not Unicode"),
        ("", "there is no line with a video"),
    ],
)
def test_wrong_lines_are_told_by_line_and_column(text: str, problem: str) -> None:
    assert problem in "\n".join(found("m.jsonl", text)[1])


def test_values_of_json_are_taken_as_they_are_written() -> None:
    options = only(
        "m.jsonl", '{"name": "a", "text": 1.10, "speed": 1.2, "subtitles": true, "logo": ["x"], "voice": null}'
    )
    assert (options.text, options.speed, options.subtitles, options.logo, options.voice) == (
        "1.10",
        1.2,
        True,
        ("x",),
        None,
    )


# Files and names ---------------------------------------------------------------------------------------


def test_files_are_relative_to_the_list() -> None:
    Path("lists").mkdir(exist_ok=True)
    rows = "- {name: a, text: '@t.txt'}\n- {name: b, ssml: s.ssml}\n- {name: c, audio: v.wav}\n"
    rows += "- {name: d, audio: 'https://example.com/v.wav'}\n- {name: e, ssml: /abs.ssml}\n"
    videos, problems = found("lists/m.yaml", f"videos:\n{rows}")
    assert problems == []
    assert (videos["a"].options.text, videos["b"].options.ssml) == ("@lists/t.txt", "lists/s.ssml")
    assert (videos["c"].options.audio, videos["d"].options.audio) == ("lists/v.wav", "https://example.com/v.wav")
    assert videos["e"].options.ssml == "/abs.ssml"


@pytest.mark.parametrize(
    "name",
    ["a/b", "a\\b", ".", "..", "a:b", "a\nb", "con", "NUL.x", "lpt1", " a", "a ", "a.", "a*", "x" * 201, "第" * 67, ""],
)
def test_names_that_are_no_files_everywhere_are_refused(name: str) -> None:
    assert unfit_name(name) or not name
    assert found("m.jsonl", json.dumps({"name": name, "text": "x"}))[1]


@pytest.mark.parametrize("name", ["a", "v1.0", "第二", "a b", ".a", "-a", "x" * 200, "console", "été"])
def test_other_names_are_fine(name: str) -> None:
    assert unfit_name(name) == ""


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("m.txt", b"", "has to end in"),
        ("no.yaml", None, "no such file"),
        ("m.yaml", b"a: \xe9\n", "m.yaml:1: byte 0xE9"),
    ],
)
def test_files_that_are_no_lists_are_refused(name: str, content: bytes | None, reason: str) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(InputError, match=reason):
        read(name)


# The declaration ---------------------------------------------------------------------------------------


def test_the_keys_are_the_options_of_video_create() -> None:
    assert list(kinds()) == [key for key, _ in options(VideoOptions)]
    assert all(kind.option.flag == f"--{key.replace('_', '-')}" for key, kind in kinds().items())


def test_the_schema_is_one_and_knows_every_option() -> None:
    document = schema(TENCENT)
    Draft202012Validator.check_schema(document)
    assert set(document["properties"]["videos"]["items"]["properties"]) == {"name", "set", *kinds()}
    speed = document["properties"]["defaults"]["properties"]["speed"]
    assert (speed["minimum"], speed["maximum"]) == (0.5, 1.5)


@pytest.mark.parametrize(
    ("video", "is_valid"),
    [
        ({"name": "a", "text": "x", "format": "Green-Screen-MP4", "logo": ["u,x=1"], "set": {"A": 1}}, True),
        ({"name": "a", "text": "x", "format": "TransparentWebm", "color": "shirt=#000000", "set": ["A=1"]}, True),
        ({"name": "a", "text": "x", "ssml": None, "subtitles": True, "speed": 1.5}, True),
        ({"name": "a", "format": "avi"}, False),
        ({"name": "a", "speed": 3}, False),
        ({"name": "a", "txt": "x"}, False),
        ({"name": "a/b"}, False),
        ({"text": "x"}, False),
    ],
)
def test_the_schema_agrees_with_the_reader(video: dict[str, Any], is_valid: bool) -> None:
    document = {"videos": [video]}
    assert Draft202012Validator(schema(TENCENT)).is_valid(document) is is_valid
    if is_valid:
        assert found("m.yaml", yaml.safe_dump(document))[1] == []
