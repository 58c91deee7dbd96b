"""From the rows of a manifest to videos: names, options by the declaration of `video create`, files found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from tadh_cli.api.options import READERS, Opt, options
from tadh_cli.api.video import VideoOptions
from tadh_cli.engine.batch.manifest import Manifest, Position, Problem, Row, Value
from tadh_cli.engine.inputs import is_url

NAME, SET = "name", "set"
# Exactly one of these drives a video: one that a row gives replaces whichever stands in `defaults`.
DRIVING = ("text", "ssml", "audio")
# Leaves room for what is added to the name of a file while it is being downloaded.
LONGEST_NAME_BYTES = 200
# What no name of a file may have on one of the usual systems.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Kind(NamedTuple):
    """An option of `video create` as a key of a manifest."""

    option: Opt
    # What its value is: str, int, float or bool.
    type: type
    is_many: bool = False


@dataclass(frozen=True)
class Item:
    """A video of a manifest: its name, what is wished, and where that stands."""

    name: str
    at: Position
    keys: Mapping[str, Position]
    options: VideoOptions
    overrides: Mapping[str, str]

    def place(self, key: str) -> Position:
        """Where a key stands, the video itself when it has none."""
        return self.keys.get(key, self.at)


@cache
def kinds() -> Mapping[str, Kind]:
    """The keys of a manifest that are options, in the order of `video create --help`."""
    hints = get_type_hints(VideoOptions)
    found = {}
    for key, option in options(VideoOptions):
        hint = hints[key]
        is_many = get_origin(hint) is tuple
        parts = [part for part in get_args(hint) if part not in (type(None), Ellipsis)] or [hint]
        found[key] = Kind(option, parts[0], is_many)
    return found


def items(manifest: Manifest) -> tuple[list[Item], list[Problem]]:
    """The videos of a manifest, and everything that is wrong with their names and values."""
    problems = list(manifest.problems)
    problems += [
        Problem(at, "a name belongs to one video") for key, at in manifest.defaults.keys.items() if key == NAME
    ]
    problems += [Problem(at, _unknown(key)) for key, at in manifest.columns.items() if not _is_known(key)]
    defaults = _read(manifest, manifest.defaults, problems)
    found, seen = [], dict[str, Item]()
    for row in manifest.rows:
        item = _item(manifest, row, defaults, problems)
        if item is None:
            continue
        other = seen.setdefault(_folded(item.name), item)
        if other is not item:
            same = (
                "is given to two videos"
                if other.name == item.name
                else f"is the same file as {other.name} on many disks"
            )
            problems.append(Problem(item.place(NAME), f"name {item.name!r} {same}: see line {other.at.line}"))
        found.append(item)
    return found, problems


def _item(manifest: Manifest, row: Row, defaults: Mapping[str, Any], problems: list[Problem]) -> Item | None:
    name = _name(row, problems)
    own = _read(manifest, row, problems)
    inherited = {key: value for key, value in defaults.items() if not (key in DRIVING and _drives(own))}
    problems += _replaced(row, own, inherited)
    # What is null in the row is not given, whatever stands in `defaults`.
    chosen = {key: value for key, value in {**inherited, **own}.items() if value is not None}
    overrides = chosen.pop(SET, {})
    if name is None:
        return None
    keys = {**manifest.defaults.keys, **row.keys}
    return Item(name, row.at, keys, VideoOptions(**chosen), overrides)


def _drives(values: Mapping[str, Any]) -> bool:
    return any(values.get(key) is not None for key in DRIVING)


def _replaced(row: Row, own: Mapping[str, Any], inherited: Mapping[str, Any]) -> Iterator[Problem]:
    """A text that was forgotten: something else of the defaults would be made in its place, and paid."""
    nothing = next((key for key in DRIVING if key in own and own[key] is None), None)
    instead = next((key for key in DRIVING if key not in own and inherited.get(key) is not None), None)
    if nothing and instead:
        told = f"{nothing} is null, and the {instead} of the defaults is no {nothing}: give one of {', '.join(DRIVING)}"
        yield Problem(row.keys[nothing], told)


# Names -------------------------------------------------------------------------------------------------


def _name(row: Row, problems: list[Problem]) -> str | None:
    given = row.values.get(NAME, ())
    text = given[0].text if len(given) == 1 else None
    at = row.keys.get(NAME, row.at)
    if text is None or not text.strip():
        problems.append(Problem(at, "a video needs a name: the one of its file, without an extension"))
        return None
    if reason := unfit_name(text):
        problems.append(Problem(at, f"name {text!r} {reason}"))
        return None
    return text


def unfit_name(name: str) -> str:
    """Why something can't be the name of a file on every usual system, empty when it can."""
    if bad := _FORBIDDEN.search(name):
        return f"contains {bad[0]!r}, which the name of a file can't have"
    if name in (".", ".."):
        return "is a directory"
    if name != name.strip() or name.endswith("."):
        return "begins or ends with a space, or ends with a dot"
    if _RESERVED.fullmatch(name):
        return "is reserved on Windows"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "is not Unicode"
    return f"is longer than {LONGEST_NAME_BYTES} bytes" if size > LONGEST_NAME_BYTES else ""


def _folded(name: str) -> str:
    """Names that some disks take for the same are the same here."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


# Values ------------------------------------------------------------------------------------------------


def _read(manifest: Manifest, row: Row, problems: list[Problem]) -> dict[str, Any]:
    """The options of a row, with None for what is null; what can't be read becomes a problem."""
    found: dict[str, Any] = {}
    for key, values in row.values.items():
        if key == NAME or (key in manifest.columns and not _is_known(key)):
            continue
        try:
            found[key] = _value(manifest, key, values)
        except _Unknown as error:
            problems.append(Problem(row.keys[key], str(error)))
        except ValueError as error:
            at = values[0].at if values else row.keys[key]
            problems.append(Problem(at, f"{key} {error}"))
    return found


class _Unknown(Exception):
    pass


def _value(manifest: Manifest, key: str, values: tuple[Value, ...]) -> Any:
    if key == SET:
        return _overrides(values)
    kind = kinds().get(key)
    if kind is None:
        raise _Unknown(_unknown(key))
    texts = [value.text for value in values if value.text is not None]
    if kind.is_many:
        # A cell of a table has one on each line.
        return tuple(_one(manifest, key, kind, line) for text in texts for line in text.splitlines() if line.strip())
    if len(values) != 1:
        raise ValueError("takes a single value, not a list")
    return _one(manifest, key, kind, texts[0]) if texts else None


def _is_known(key: str) -> bool:
    return key in (NAME, SET) or key in kinds()


def _unknown(key: str) -> str:
    near = get_close_matches(key.replace("-", "_").lower(), [NAME, SET, *kinds()], n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else "; `tadh help manifest` lists all"
    return f"there is no option {key!r}{hint}"


def _overrides(values: tuple[Value, ...]) -> dict[str, str]:
    found = {}
    for value in values:
        for line in (value.text or "").splitlines():
            path, sign, text = line.partition("=")
            if not (path.strip() and sign):
                raise ValueError(f"{line!r} is not PATH=VALUE")
            found[path.strip()] = text
    return found


def _one(manifest: Manifest, key: str, kind: Kind, text: str) -> Any:
    """A value by the type of its option; raises ValueError."""
    if kind.type is bool:
        return _truth(text.strip().lower())
    reader = kind.option.reader or READERS.get(kind.type)
    if reader:
        return reader(text)
    if key in DRIVING:
        return _beside(manifest.folder, key, text)
    return text


def _truth(text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise ValueError(f"{text!r} is not true or false")
    return text in _TRUE


def _beside(folder: Path, key: str, text: str) -> str:
    """The value with its file relative to the manifest's directory."""
    if text == "-":
        raise ValueError("- is stdin, which no video of a list has for itself; name a file")
    if key == "text":
        return f"@{folder / text[1:]}" if text.startswith("@") and len(text) > 1 else text
    return text if key == "audio" and is_url(text) else str(folder / text)
