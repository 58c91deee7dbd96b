"""What a batch did, for machines: JUnit XML, GitHub's annotations and its summary of a step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tadh_cli.ui.records import Item

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# GitHub takes 1 MiB for a step.
_LARGEST_SUMMARY_BYTES = 900_000
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Ends of videos that somebody has to look at.
_BAD = ("failed", "unknown")


def junit(name: str, items: Sequence[Item], took_s: float) -> str:
    """A test case for each video: one that failed is a failure, an unknown outcome an error, one not made skipped."""
    from xml.etree import ElementTree

    counts = {
        "tests": len(items),
        "failures": sum(item["State"] == "failed" for item in items),
        "errors": sum(item["State"] == "unknown" for item in items),
        "skipped": sum(item["State"] not in ("done", *_BAD) for item in items),
    }
    sums = {key: str(count) for key, count in counts.items()} | {"time": f"{took_s:.3f}"}
    root = ElementTree.Element("testsuites", {"name": "tadh video batch", **sums})
    suite = ElementTree.SubElement(root, "testsuite", {"name": _xml(name), **sums})
    for item in items:
        place = {"file": _xml(str(item["File"])), "line": str(item["Line"])}
        time = {"time": f"{item.get('Seconds') or 0:.3f}"}
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": _xml(name), "name": _xml(str(item["Name"])), **place, **time}
        )
        _verdict(case, item)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _verdict(case: Element, item: Item) -> None:
    from xml.etree.ElementTree import SubElement

    tag = {"failed": "failure", "unknown": "error", "done": ""}.get(str(item["State"]), "skipped")
    if not tag:
        return
    message = _xml(_message(item))
    found = SubElement(case, tag, {"message": message})
    if tag != "skipped":
        found.set("type", str(item.get("FailCode") or item["State"]))
        found.text = _xml("\n".join(filter(None, [_message(item), str(item.get("Hint") or "")])))


def _xml(text: str) -> str:
    """A text without what XML can't have."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _message(item: Item) -> str:
    return str(item.get("FailMessage") or item.get("Reason") or item["State"])


# GitHub ------------------------------------------------------------------------------------------------


def annotation(message: str, *, file: str, line: int, column: int = 0, title: str = "", level: str = "error") -> str:
    """A workflow command that GitHub shows at a line of a file."""
    places = {"file": file, "line": str(line), "col": str(column) if column else "", "title": title}
    properties = ",".join(f"{key}={_property(value)}" for key, value in places.items() if value)
    return f"::{level} {properties}::{_data(message)}"


def marks(items: Sequence[Item]) -> Iterator[str]:
    """An error for each video that somebody has to look at."""
    for item in items:
        if item["State"] in _BAD:
            yield annotation(
                _message(item),
                file=str(item["File"]),
                line=int(item["Line"]),
                column=int(item["Column"]),
                title=f"{item['Name']}: {item['State']}",
            )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(name: str, totals: Item, items: Sequence[Item]) -> str:
    """A step's summary in Markdown: the sums, and those that somebody has to look at before the others."""
    sums = ", ".join(f"{count} {word}" for word, count in totals.items() if count and isinstance(count, int))
    lines = [f"### {_cell(name)}", "", sums, "", "| video | state | task | |", "| --- | --- | --- | --- |"]
    size = sum(len(line.encode()) + 1 for line in lines)
    rows = [_line(item) for item in sorted(items, key=lambda item: item["State"] not in _BAD)]
    for place, row in enumerate(rows):
        size += len(row.encode()) + 1
        if size > _LARGEST_SUMMARY_BYTES:
            lines += ["", f"and {len(rows) - place} more"]
            break
        lines.append(row)
    return "\n".join(lines) + "\n"


def _line(item: Item) -> str:
    files = ", ".join(item.get("Files") or ())
    said = files if item["State"] == "done" else _message(item)
    return "| " + " | ".join(_cell(str(part)) for part in (item["Name"], item["State"], item["TaskId"], said)) + " |"


def _cell(text: str) -> str:
    """A text that stays in its cell and is no markup."""
    plain = " ".join(text.split())
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", plain)
