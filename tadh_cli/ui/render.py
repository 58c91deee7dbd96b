"""The one place that draws data: table, wide, json, ndjson, yaml, csv and id."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from tadh_cli.errors import InputError
from tadh_cli.ui.records import CONTROLS, HIDDEN, Column, Item, Record, Records, Result, Text, View, printable

if TYPE_CHECKING:
    from rich.table import Table

FORMATS = ("table", "wide", "json", "ndjson", "yaml", "csv", "id")
# Formats for programs: their readers want failures as data too.
STRUCTURED = ("json", "ndjson", "yaml")


class Query:
    """A JMESPath expression over what a command returns."""

    def __init__(self, text: str) -> None:
        import jmespath
        from jmespath.exceptions import JMESPathError

        self._errors = JMESPathError
        try:
            self._search = jmespath.compile(text).search
        except JMESPathError as error:
            first = str(error).splitlines()[0].rstrip(": ")
            raise InputError(f"--query {text!r} is not JMESPath: {first}", hint="see https://jmespath.org") from None

    def __call__(self, data: Any) -> Any:
        try:
            return self._search(data)
        except self._errors as error:
            raise InputError(f"--query can't be applied: {str(error).splitlines()[0]}") from None


# Told of what does not fit.
Tell = Callable[[str], None]


def _silent(_: str) -> None:
    return None


def draw(
    result: Result,
    out: IO[str],
    form: str,
    *,
    query: Query | None = None,
    color: bool = False,
    tell: Tell = _silent,
) -> None:
    """Write a result to `out`; raises what the stream raises."""
    if result is None:
        return
    if isinstance(result, Text):
        out.write(result.text if result.text.endswith("\n") else result.text + "\n")
    elif query is not None:
        _draw_found(query(_plain(result)), result.view, out, form, color=color, tell=tell)
    elif isinstance(result, Record):
        _draw_one(result.item, result.view, out, form, color=color)
    else:
        _draw_many(result.items, result.view, out, form, color=color, tell=tell)
    out.flush()


def _plain(result: Record | Records) -> Any:
    return dict(result.item) if isinstance(result, Record) else [dict(item) for item in result.items]


def _draw_found(found: Any, view: View, out: IO[str], form: str, *, color: bool, tell: Tell) -> None:
    """What a query selected: it may be anything, so columns are taken from the data."""
    open_view = View(view.id)
    if isinstance(found, Mapping):
        _draw_one(found, open_view, out, form, color=color)
    elif isinstance(found, list) and found and all(isinstance(item, Mapping) for item in found):
        _draw_many(found, open_view, out, form, color=color, tell=tell)
    elif form == "ndjson" and isinstance(found, list):
        out.writelines(f"{_json(value, out)}\n" for value in found)
    elif form in STRUCTURED:
        _draw_one(found, open_view, out, form, color=color)
    else:
        for value in found if isinstance(found, list) else [found]:
            out.write(f"{printable(_cell(value))}\n")


def _draw_one(item: Any, view: View, out: IO[str], form: str, *, color: bool) -> None:
    if form == "json":
        out.write(_json(item, out, indent=2) + "\n")
    elif form == "yaml":
        out.write(_yaml(item, out))
    elif form in ("table", "wide"):
        _print_table(_sheet(item, view), out, color=color)
    else:
        _draw_many([item], view, out, form, color=color)


def _draw_many(
    items: Iterable[Item], view: View, out: IO[str], form: str, *, color: bool, tell: Tell = _silent
) -> None:
    if form == "ndjson":
        for item in items:
            out.write(_json(item, out) + "\n")
            out.flush()
    elif form == "id":
        for item in items:
            out.write(f"{_shown(str(item.get(view.id, '')), out)}\n")
            out.flush()
    elif form == "json":
        out.write(_json(list(items), out, indent=2) + "\n")
    elif form == "yaml":
        out.write(_yaml([dict(item) for item in items], out))
    elif form == "csv":
        _write_csv(list(items), view, out)
    else:
        rows = list(items)
        is_wide = form == "wide"
        columns = _columns(rows, view, wide=is_wide)
        if out.isatty() and not is_wide:
            width = _terminal_width()
            columns, left_out = _fitting(columns, view.id, rows, width)
            if left_out:
                tell(f"no room for {', '.join(left_out)}: -o wide shows all")
            else:
                columns = _widened(columns, view.wide, rows, width)
        _print_table(_grid(rows, columns), out, color=color, is_wide=is_wide)


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON with everything readable left readable."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=list)


def _json(value: Any, out: IO[str], indent: int | None = None) -> str:
    """As `to_json`; on a terminal with escapes in place of what would not be seen there."""
    text = to_json(value, indent)
    return _escaped(text) if out.isatty() else text


# What is not seen on a terminal, as a string of JSON writes it between its quotes.
_ESCAPES = {code: json.dumps(chr(code))[1:-1] for code in (*CONTROLS, *HIDDEN)}


def _escaped(text: str) -> str:
    return text if text.isascii() and "\x7f" not in text else text.translate(_ESCAPES)


def _shown(text: str, out: IO[str]) -> str:
    return printable(text) if out.isatty() else text


def _yaml(value: Any, out: IO[str]) -> str:
    """YAML; on a terminal, texts with something in them that would not be seen are quoted and have escapes for it."""
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]
        pass

    def quoted(dumper: Any, text: str) -> Any:
        style = '"' if text.translate(_ESCAPES) != text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    if out.isatty():
        Dumper.add_representer(str, quoted)
    plain = json.loads(to_json(value))
    text: str = yaml.dump(plain, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=120)
    return text.translate(_YAML_ESCAPES) if out.isatty() else text


_YAML_ESCAPES = {code: f"\\U{code:08X}" for code in (*CONTROLS, *HIDDEN)}


def _write_csv(rows: Sequence[Item], view: View, out: IO[str]) -> None:
    """All fields of all rows, the table's columns first; nested values as JSON."""
    import csv

    names = [column.name for column in (*view.columns, *view.wide)]
    names += [name for row in rows for name in row]
    fields = list(
        dict.fromkeys(name for name in names if any(name in row for row in rows) or name in names[: len(view.columns)])
    )
    plain = csv.writer(out, lineterminator="\n")
    quoting = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(fields)
    for row in rows:
        cells = [_shown(_cell(row.get(name)), out) for name in fields]
        # Readers take it for the end of a line, which the writer does not know.
        writer = quoting if any("\r" in cell for cell in cells) else plain
        writer.writerow(cells)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (Mapping, list, tuple)):
        return to_json(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


# Tables ------------------------------------------------------------------------------------------------


def _columns(rows: Sequence[Item], view: View, *, wide: bool) -> tuple[Column, ...]:
    if view.columns:
        return view.columns + (view.wide if wide else ())
    return tuple(Column(name) for name in dict.fromkeys(name for row in rows for name in row))


# The narrowest a column may be folded to, and the space between two.
_NARROWEST = 12
_GAP = 3


def _fitting(
    columns: tuple[Column, ...], key: str, rows: Sequence[Item], width: int
) -> tuple[tuple[Column, ...], list[str]]:
    """As many columns, from the left, as a terminal has room for, and the headings of the others.

    The one that identifies an item is always there, folded where it must be; those without a value are not.
    """
    told = [column for column in columns if column.name == key or not rows or any(column.text(row) for row in rows)]
    columns = tuple(told)
    needed = {column: _needed(column, rows) for column in columns}
    kept = [column for column in columns if column.name == key] or list(columns[:1])
    room = width - sum(needed[column] for column in kept)
    if room < 0:
        kept = [column._replace(whole=False) for column in kept]
    names = {column.name for column in kept}
    for column in columns:
        if column.name in names:
            continue
        room -= needed[column] + _GAP
        if room < 0:
            break
        names.add(column.name)
    chosen = tuple(column for column in columns if column.name in names)
    shown = {column.name: column for column in kept}
    left_out = [column.heading() for column in columns if column.name not in names]
    return tuple(shown.get(column.name, column) for column in chosen), left_out


def _widened(
    columns: tuple[Column, ...], more: tuple[Column, ...], rows: Sequence[Item], width: int
) -> tuple[Column, ...]:
    """The columns, and of those of a wide table what a terminal has room for without folding anything."""
    room = width - sum(_longest(column, rows) + _GAP for column in columns) + _GAP
    added = []
    for column in more:
        needed = _longest(column, rows) + _GAP
        if any(column.text(row) for row in rows):
            room -= needed
            if room < 0:
                break
            added.append(column)
    return (*columns, *added)


def _needed(column: Column, rows: Sequence[Item]) -> int:
    """The narrowest a column can be."""
    longest = _longest(column, rows)
    return longest if column.whole else min(longest, _NARROWEST)


def _longest(column: Column, rows: Sequence[Item]) -> int:
    texts = [column.heading(), *(column.text(row) for row in rows)]
    return max(_width(line) for text in texts for line in text.splitlines() or [""])


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _terminal_width() -> int:
    from rich.console import Console

    return Console().width


def _grid(rows: Sequence[Item], columns: Sequence[Column]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text as RichText

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(column.heading(), overflow="fold", no_wrap=column.whole)
    for row in rows:
        table.add_row(*(_styled(RichText(column.text(row)), column, row) for column in columns))
    return table


def _sheet(item: Item, view: View) -> Table:
    """One item as a list of its fields: those of the table first, empty ones left out."""
    from rich.table import Table
    from rich.text import Text as RichText

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    forms = {column.name: column for column in (*view.columns, *view.wide)}
    for name in dict.fromkeys([*(name for name in forms if name in item), *item]):
        if name in view.hidden:
            continue
        value = item[name]
        if name not in forms and view.columns and _is_table(value):
            text = f"({len(value)}, shown by -o json)"
        else:
            text = forms[name].text(item) if name in forms else printable(_sheet_cell(value))
        if text:
            table.add_row(name, _styled(RichText(text), forms.get(name) or Column(name), item))
    return table


def _is_table(value: Any) -> bool:
    """Whether a field of one item is a table of its own, which would bury the others."""
    return isinstance(value, list) and bool(value) and all(isinstance(part, Mapping) for part in value)


def _sheet_cell(value: Any) -> str:
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    return to_json(value, indent=2) if isinstance(value, (Mapping, list)) and value else _cell(value or None)


_STATUS_STYLES = {
    "SUCCESS": "green",
    "FAIL": "red",
    "MAKING": "yellow",
    "COMMIT": "yellow",
    "UNKNOWN": "bold red",
    "REFUSED": "red",
}


def _styled(text: Any, column: Column, item: Item) -> Any:
    if column.tone is not None and text.plain:
        text.stylize(column.tone(item.get(column.name)))
    elif column.name in ("Status", "State") and text.plain.upper() in _STATUS_STYLES:
        text.stylize(_STATUS_STYLES[text.plain.upper()])
    return text


# Beyond a terminal, and in a wide table, nothing is folded or cut: the reader decides about lines.
_UNBOUNDED = 100_000


def _print_table(table: Table, out: IO[str], *, color: bool, is_wide: bool = False) -> None:
    from rich.console import Console

    is_terminal = out.isatty()
    console = Console(
        file=out,
        no_color=not color,
        force_terminal=is_terminal,
        color_system="auto" if color else None,
        width=None if is_terminal and not is_wide else _UNBOUNDED,
        highlight=False,
    )
    if is_terminal and not is_wide:
        console.print(table)
    else:
        _print_plain(console, table, out)


def _print_plain(console: Any, table: Table, out: IO[str]) -> None:
    with console.capture() as captured:
        console.print(table, crop=False)
    out.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
