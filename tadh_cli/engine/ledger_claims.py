"""Attempts to make the items of batches, and who may begin the next one: the first to write it down."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from tadh_cli.engine.ledger_choice import REFUSED, SENDING, UNKNOWN


class Claim(NamedTuple):
    """An item of a batch that is about to be made, and the entry and the state of its last attempt at the decision."""

    identity: str
    name: str
    after: int | None = None
    was: str = ""


class Attempt(NamedTuple):
    """A try to make an item of a batch: the number of its entry, and the process that sends or sent it."""

    entry: int
    pid: int
    record: dict[str, Any]


class Claimed(Exception):
    """Somebody else has tried to make the item since it was decided to."""


def free(db: sqlite3.Connection, claim: Claim) -> int | None:
    """The entry to be used again for an item that nobody else has tried to make; raises Claimed."""
    last = db.execute(
        "SELECT id, state FROM tasks WHERE id = (SELECT MAX(entry) FROM items WHERE identity = ?)", (claim.identity,)
    ).fetchone()
    entry, state = (int(last["id"]), last["state"]) if last else (None, "")
    # That nobody is sending it any more need not be written down.
    is_same = state == claim.was or (state, claim.was) == (SENDING, UNKNOWN)
    if entry != claim.after or not is_same:
        raise Claimed(claim.identity)
    return entry if state == REFUSED else None
