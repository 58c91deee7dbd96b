"""Texts that are to be spoken, as they are sent: checked where they have tags, escaped where they have none."""

from __future__ import annotations

from tadh_cli.commands.context import Tadh
from tadh_cli.errors import InputError


def given_text(tadh: Tadh, flag: str, given: str | None) -> str | None:
    """What `TEXT|@FILE|-` of an option means; what can't be read becomes a problem."""
    from tadh_cli.engine.inputs import text_argument

    if given is None:
        return None
    try:
        return text_argument(flag, given)
    except InputError as error:
        tadh.problems += error.problems
        return None


def marked_up(tadh: Tadh, flag: str, text: str) -> str:
    """A text on one line, ready to be sent; errors in its tags become problems."""
    from tadh_cli.media import narration, ssml

    if not ssml.looks_like_ssml(text):
        return narration.escape(text)
    errors = [finding for finding in ssml.check(text) if finding.level == "error"]
    tadh.problems += [f"{flag}:{found.line}:{found.column}: {found.message}" for found in errors]
    return narration.fold(text)
