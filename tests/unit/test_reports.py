"""JUnit, annotations and summaries of batches: readable by their readers, whatever the texts contain."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.ui.reports import annotation, junit, marks, summary


def item(name: str = "one", state: str = "done", **more: object) -> dict[str, Any]:
    place = {"File": "videos.yaml", "Line": 3, "Column": 5}
    return {"Name": name, "State": state, "TaskId": "T1", "Files": [], "Reason": "new", **place, **more}


def test_each_video_is_a_test_case() -> None:
    items = [
        item(Seconds=2.5),
        item("two", "failed", FailMessage="broken", FailCode=801010, Hint="look"),
        item("three", "unknown"),
        item("four", "waiting"),
        item("five", "running"),
    ]
    root = ElementTree.fromstring(junit("videos.yaml", items, 12.0))
    suite = root[0]
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "5", "failures": "1", "errors": "1", "skipped": "2", "time": "12.000"}
    assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["error"], ["skipped"], ["skipped"]]
    assert suite[0].attrib["time"] == "2.500" and suite[0].attrib["line"] == "3"
    assert suite[1][0].attrib == {"message": "broken", "type": "801010"} and suite[1][0].text == "broken\nlook"


@given(st.text())
def test_no_text_breaks_the_xml(text: str) -> None:
    ElementTree.fromstring(junit(text, [item(text, "failed", FailMessage=text, Hint=text)], 1.0))


def test_an_annotation_is_one_line_whatever_it_says() -> None:
    told = annotation("50% of\nit: no, yes", file="a,b:c.yaml", line=3, column=7, title="one: failed")
    assert told == "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=one%3A failed::50%25 of%0Ait: no, yes"
    assert list(marks([item(), item("two", "waiting")])) == []
    assert list(marks([item("two", "failed", FailMessage="broken")])) == [
        "::error file=videos.yaml,line=3,col=5,title=two%3A failed::broken"
    ]


def test_a_summary_begins_with_what_is_bad_and_can_not_be_broken_by_names() -> None:
    items = [item(Files=["out/one.mp4"]), item("a|b`<i>", "failed", FailMessage="line\nbreak | pipe")]
    text = summary("videos.yaml", {"videos": 2, "failed": 1, "unknown": 0, "EstimatedMinutes": 0.5}, items)
    lines = text.splitlines()
    assert lines[:3] == ["### videos.yaml", "", "2 videos, 1 failed"]
    assert lines[6] == r"| a\|b\`\<i\> | failed | T1 | line break \| pipe |"
    assert lines[7] == "| one | done | T1 | out/one.mp4 |"


def test_a_summary_stays_below_what_github_takes() -> None:
    text = summary("m", {"videos": 9000}, [item(f"v{number}" * 50) for number in range(9000)])
    assert len(text.encode()) < 1024**2 and text.rstrip().endswith("more")
