"""Asking before something is done that can't be undone."""

from __future__ import annotations

import sys

import typer

from tadh_cli.errors import InputError, Interrupted


def confirm(question: str, flag: str, *, yes: bool) -> None:
    """Return when it is to be done; raises InputError where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError(f"{flag} asks before it goes on, and there is no terminal", hint="--yes does it unasked")
    if not typer.confirm(question, err=True):
        raise Interrupted("not confirmed: nothing was done")
