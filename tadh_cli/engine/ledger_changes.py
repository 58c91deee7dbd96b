"""What changed in the ledger since somebody was told: each reader is told of each change once.

A change is one of how a task stands: its state, the service's word for it, stage and status within the stage, and a
further demo; not of progress or the place in the queue. What comes and goes between two tellings is none. A reader
marks a change as told when it has told it, so that one that dies in between tells it once more rather than never;
it holds a lock meanwhile, so that two of its kind never tell the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from tadh_cli.engine.clock import Clock, iso
from tadh_cli.engine.ledger_choice import NAME, REFUSED, SENDING

if TYPE_CHECKING:
    from tadh_cli.engine.ledger import Ledger

# How a task stands. Part of indexes that exist on disks: never changed, only replaced by another with its migration.
STANDING = (
    "state || ' ' || status || ' ' || COALESCE(json_extract(record, '$.StageV2'), '')"
    " || ' ' || COALESCE(json_extract(record, '$.StatusV2'), '')"
    " || ' ' || COALESCE(json_array_length(record, '$.TrainRecord'), 0)"
)
# Nothing was made of these, or not yet: whoever sends them tells how that ends.
_UNTOLD = f"state NOT IN ('{SENDING}', '{REFUSED}')"
# When somebody begins to read, what ended longer ago than this is no news.
_NEWS_S = 86_400.0


class Reader(Enum):
    """Who is told of changes: the column that says what it was told last."""

    PRINTED = "printed"
    HOOKED = "hooked"
    STREAMED = "streamed"


def track_changes(db: sqlite3.Connection) -> None:
    """The migration: how each task stands now is known to all readers."""
    # When the last answer about a task was received: an answer to an earlier question may be older.
    db.execute("ALTER TABLE tasks ADD COLUMN observed_s REAL NOT NULL DEFAULT 0")
    for reader in ("printed", "hooked", "streamed"):
        db.execute(f"ALTER TABLE tasks ADD COLUMN {reader} TEXT")
        db.execute(f"UPDATE tasks SET {reader} = {STANDING} WHERE {_UNTOLD}")
        db.execute(f"CREATE INDEX tasks_not_{reader} ON tasks (profile) WHERE {_pending(reader)}")
    db.execute("CREATE TABLE readers (reader TEXT, profile TEXT, PRIMARY KEY (reader, profile))")
    for column in ("state", "status", "kind", "profile"):
        db.execute(f"CREATE INDEX tasks_of_{column} ON tasks ({column})")
    db.execute(f"CREATE INDEX tasks_of_name ON tasks ({NAME})")
    db.execute("CREATE INDEX items_by_name ON items (name)")


def _pending(reader: str) -> str:
    """What an index and a query have to say alike."""
    return f"{_UNTOLD} AND {reader} IS NOT {STANDING}"


def know(db: sqlite3.Connection, entry: int) -> None:
    """How an entry stands now is no news to anybody: who submitted it was told."""
    columns = ", ".join(f"{reader.value} = {STANDING}" for reader in Reader)
    db.execute(f"UPDATE tasks SET {columns} WHERE id = ?", (entry,))


class Change(NamedTuple):
    """A task that does not stand any more as a reader was told."""

    entry: int
    standing: str
    state: str
    # Ours, empty when it had not been submitted then.
    previous: str
    record: dict[str, Any]


class Changes:
    """What each reader does not know yet."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def pending(self, reader: Reader, profile: str, *, only_ended: Sequence[str] = ()) -> list[Change]:
        """Changes of a profile's tasks that a reader was not told of, oldest task first.

        `only_ended` leaves those of these kinds that have ended. A reader that is new learns of nothing that
        ended more than a day ago.
        """
        self._introduce(reader, profile)
        clauses = [_pending(reader.value), "profile = ?"]
        values = [profile]
        if only_ended:
            clauses += [f"kind IN ({', '.join('?' * len(only_ended))})", "state IN ('done', 'failed')"]
            values += only_ended
        rows = self._ledger.select(
            f"SELECT id, {STANDING} AS standing, state, {reader.value} AS known"
            f" FROM tasks INDEXED BY tasks_not_{reader.value} WHERE {' AND '.join(clauses)} ORDER BY id",
            values,
        )
        return [self._change(row) for row in rows]

    def told(self, reader: Reader, changes: Sequence[Change]) -> None:
        """A reader was told of changes, as they were then: what happened meanwhile is a change again."""
        with self._ledger.transaction() as db:
            db.executemany(
                f"UPDATE tasks SET {reader.value} = ? WHERE id = ?", [(each.standing, each.entry) for each in changes]
            )

    def _introduce(self, reader: Reader, profile: str) -> None:
        known = self._ledger.select("SELECT 1 FROM readers WHERE reader = ? AND profile = ?", (reader.value, profile))
        if any(known) or not self._ledger.exists:
            return
        with self._ledger.transaction() as db:
            is_new = db.execute("INSERT OR IGNORE INTO readers VALUES (?, ?)", (reader.value, profile)).rowcount
            if is_new:
                long_ago = iso(self._clock.now_s() - _NEWS_S)
                db.execute(
                    f"UPDATE tasks SET {reader.value} = {STANDING} WHERE profile = ? AND finished_at < ?",
                    (profile, long_ago),
                )

    def _change(self, row: sqlite3.Row) -> Change:
        previous = (row["known"] or SENDING).partition(" ")[0]
        record = self._ledger.find(f"#{row['id']}") or {}
        return Change(row["id"], row["standing"], row["state"], previous, record)
