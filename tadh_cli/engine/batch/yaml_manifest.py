"""Manifests in YAML: the values as they are written, not as YAML 1.1 would read them, with their places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tadh_cli.engine.batch.manifest import Manifest, Position, Problem, Row, Value
from tadh_cli.errors import InputError

SECTIONS = ("defaults", "videos")
_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(name: str, folder: Path, text: str) -> Manifest:
    """`defaults` and `videos` of a document; raises InputError when it is no YAML."""
    return _Reader(name, folder).read(_composed(name, text))


def _composed(name: str, text: str) -> Any:
    """The nodes of the document: their values are what stands in the file, so `no`, `1:30` and `012` stay text."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(name, mark.line + 1, mark.column + 1) if mark else Position(name, 1)
        raise InputError(f"{at}: {error.problem or error.context or 'this is no YAML'}") from None
    except yaml.YAMLError as error:
        line = text[: getattr(error, "position", 0)].count("\n") + 1
        raise InputError(f"{Position(name, line)}: {getattr(error, 'reason', None) or error}") from None
    except RecursionError:
        raise InputError(f"{name}: it is nested too deeply") from None


class _Reader:
    """From nodes to rows; what has no place in a manifest becomes a problem."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._problems: list[Problem] = []

    def read(self, root: Any) -> Manifest:
        start = Position(self._name, 1)
        defaults, rows = Row(start, {}, {}), list[Row]()
        if root is None or root.id != "mapping":
            self._problems.append(Problem(start, "a manifest is a mapping with `videos`, and `defaults` if you like"))
            return self._manifest(defaults, rows)
        for key, at, value in self._pairs(root):
            if key == "defaults":
                defaults = self._row(value)
            elif key == "videos":
                rows = self._rows(value)
            else:
                self._problems.append(Problem(at, f"{key!r} is not one of {', '.join(SECTIONS)}"))
        if not rows and not self._problems:
            self._problems.append(Problem(start, "there is no list of `videos`"))
        return self._manifest(defaults, rows)

    def _manifest(self, defaults: Row, rows: list[Row]) -> Manifest:
        return Manifest(self._name, self._folder, defaults, tuple(rows), tuple(self._problems))

    def _rows(self, node: Any) -> list[Row]:
        if node.id != "sequence":
            self._problems.append(Problem(self._at(node), "`videos` has to be a list"))
            return []
        return [self._row(item) for item in node.value]

    def _row(self, node: Any) -> Row:
        at = self._at(node)
        values: dict[str, tuple[Value, ...]] = {}
        keys: dict[str, Position] = {}
        if node.id == "mapping":
            for key, place, value in self._pairs(node):
                keys[key] = place
                values[key] = tuple(self._values(key, value))
        elif not _is_null(node):
            self._problems.append(Problem(at, "this has to be a mapping of options"))
        return Row(at, values, keys)

    def _pairs(self, node: Any) -> Iterator[tuple[str, Position, Any]]:
        """Keys, their places and values; merged ones (`<<`) first, since the others come before them."""
        own: dict[str, tuple[Position, Any]] = {}
        merged: dict[str, tuple[Position, Any]] = {}
        for key, value in node.value:
            at = self._at(key)
            if key.tag == _MERGE:
                for source in value.value if value.id == "sequence" else [value]:
                    if source.id == "mapping" and source is not node:
                        merged |= {name: (place, found) for name, place, found in self._pairs(source)}
            elif key.id != "scalar":
                self._problems.append(Problem(at, "a key has to be a word"))
            elif key.value in own:
                self._problems.append(Problem(at, f"{key.value} is given twice"))
            else:
                own[key.value] = (at, value)
        return ((name, place, value) for name, (place, value) in {**merged, **own}.items())

    def _values(self, key: str, node: Any) -> Iterator[Value]:
        """The value of an option, or several: a list, and for `set` also a mapping."""
        if node.id == "sequence":
            for item in node.value:
                yield from self._scalar(key, item)
        elif node.id == "mapping" and key == "set":
            for path, at, value in self._pairs(node):
                yield from (Value(f"{path}={found.text or ''}", at) for found in self._scalar(path, value))
        else:
            yield from self._scalar(key, node)

    def _scalar(self, key: str, node: Any) -> Iterator[Value]:
        if node.id == "scalar":
            yield Value(None if _is_null(node) else node.value, self._at(node))
        else:
            self._problems.append(Problem(self._at(node), f"{key} takes a single value, not a {node.id}"))

    def _at(self, node: Any) -> Position:
        return Position(self._name, node.start_mark.line + 1, node.start_mark.column + 1)


def _is_null(node: Any) -> bool:
    """`null`, `~` or nothing, not within quotes."""
    return bool(node.tag == _NULL and not node.style)
