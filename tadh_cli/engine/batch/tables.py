"""Manifests of one video a line or row: CSV and lines of JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tadh_cli.engine.batch.manifest import Manifest, Position, Problem, Row, Value
from tadh_cli.errors import InputError

# No option takes a text as long as this.
_LARGEST_CELL = 4 * 1024 * 1024


# CSV ---------------------------------------------------------------------------------------------------


def read_csv(name: str, folder: Path, text: str) -> Manifest:
    """A column for each option; an empty cell is an option that is not given.

    Columns stand between commas, semicolons or tabs, whichever the first line has. Options that may be given
    several times take a line of their cell each, or a column each.
    """
    rows, problems = [], []
    head: list[str] = []
    columns: dict[str, Position] = {}
    for at, cells in _records(name, text):
        if not any(cell.strip() for cell in cells):
            continue
        if not head:
            head = [cell.strip() for cell in cells]
            columns = {key: at for key in head if key}
            problems += [Problem(at, f"column {place} has no name") for place, key in enumerate(head, 1) if not key]
            continue
        if len(cells) > len(head):
            problems.append(Problem(at, f"{len(cells)} cells, but {len(head)} columns: is a text without quotes?"))
            continue
        rows.append(_csv_row(at, head, cells))
    start = Position(name, 1)
    if not rows and not problems:
        problems.append(Problem(start, "there is no row: the first line names the columns, the others are videos"))
    return Manifest(name, folder, Row(start, {}, {}), tuple(rows), tuple(problems), columns)


def _records(name: str, text: str) -> Iterator[tuple[Position, list[str]]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = next((sign for sign in "\t;," if sign in first), ",")
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(f"{Position(name, line)}: {error}") from None
        if cells is None:
            return
        yield Position(name, line), cells
        line = reader.line_num + 1


def _csv_row(at: Position, head: list[str], cells: list[str]) -> Row:
    values: dict[str, tuple[Value, ...]] = {}
    for key, cell in zip(head, cells, strict=False):
        if cell.strip():
            values[key] = (*values.get(key, ()), Value(cell, at))
    return Row(at, values, dict.fromkeys(values, at))


# Lines of JSON -----------------------------------------------------------------------------------------


def looks_like_jsonl(text: str) -> bool:
    """Whether the first line is an object of JSON by itself."""
    first = text.lstrip().partition("\n")[0]
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def read_jsonl(name: str, folder: Path, text: str) -> Manifest:
    """An object for each video; there are no comments in JSON, and empty lines do not count."""
    rows, problems = [], []
    # Not `splitlines`: it also ends lines at separators that JSON allows within a text.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            row, found = _json_row(Position(name, number, 1), line)
            problems += found
            rows += [row] if row else []
    start = Position(name, 1)
    if not rows and not problems:
        problems.append(Problem(start, "there is no line with a video"))
    return Manifest(name, folder, Row(start, {}, {}), tuple(rows), tuple(problems))


class _Pairs(list[tuple[str, Any]]):
    """The members of an object, in order, with those given twice."""


class _Number(str):
    """A number as it is written."""


def _json_row(at: Position, line: str) -> tuple[Row | None, list[Problem]]:
    try:
        found = json.loads(line, object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number, parse_constant=_no)
    except json.JSONDecodeError as error:
        return None, [Problem(at._replace(column=error.colno), f"this is no JSON: {error.msg.lower()}")]
    except (ValueError, RecursionError) as error:
        return None, [Problem(at, f"this is no JSON: {error}")]
    if not isinstance(found, _Pairs):
        return None, [Problem(at, 'a line has to be an object: {"name": …, "text": …}')]
    values: dict[str, tuple[Value, ...]] = {}
    keys: dict[str, Position] = {}
    problems: list[Problem] = []
    for key, value in found:
        place = at._replace(column=_column(line, key))
        if key in keys:
            problems.append(Problem(place, f"{key} is given twice"))
        keys[key] = place
        try:
            values[key] = tuple(_json_values(key, value, place))
        except ValueError as error:
            problems.append(Problem(place, str(error)))
    return Row(at, values, keys), problems


def _no(constant: str) -> None:
    raise ValueError(f"{constant} is no value")


def _column(line: str, key: str) -> int:
    """Where a key of the object stands: its first mention with a colon behind it."""
    spellings = {json.dumps(key), json.dumps(key, ensure_ascii=False)}
    found = (re.search(rf"{re.escape(spelling)}\s*:", line) for spelling in spellings)
    return min((match.start() + 1 for match in found if match), default=1)


def _json_values(key: str, value: Any, at: Position) -> Iterator[Value]:
    if isinstance(value, _Pairs):
        if key != "set":
            raise ValueError(f"{key} takes a single value, not an object")
        yield from (Value(f"{path}={_json_text(path, found) or ''}", at) for path, found in value)
    elif isinstance(value, list):
        yield from (Value(_json_text(key, item), at) for item in value)
    else:
        yield Value(_json_text(key, value), at)


def _json_text(key: str, value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"{key} takes a single value, not {'an object' if isinstance(value, _Pairs) else 'an array'}")
