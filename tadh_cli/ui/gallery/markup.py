"""HTML that is safe by construction: texts are escaped where they enter, only what this module made is not."""

from __future__ import annotations

from html import escape

from tadh_cli.ui.records import without_controls

# Elements without content.
_VOID = ("img", "meta", "input", "br")


class Markup(str):
    """Finished HTML."""

    __slots__ = ()


Content = str | None


def told(text: object) -> str:
    """A text from elsewhere as a document can hold it: no controls, nothing that UTF-8 has no bytes for."""
    return without_controls(str(text)).encode("utf-8", "replace").decode("utf-8")


def tag(name: str, *contents: Content, **attributes: str | bool | None) -> Markup:
    """An element. Texts are escaped; an attribute is left out for None and False, without a value for True.

    Underscores in names of attributes stand for hyphens, one at their end for nothing: `class_`, `data_key`.
    """
    given = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*contents)}</{name}>")


def joined(*contents: Content) -> Markup:
    """Contents one after the other; None is nothing."""
    return Markup("".join(part if isinstance(part, Markup) else escape(told(part)) for part in contents if part))


def words(text: object) -> Markup:
    """A text whose direction is its own affair: what is written from right to left turns nothing around it."""
    return tag("bdi", str(text))


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(told(value))}"'
