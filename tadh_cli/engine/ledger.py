"""Everything that was submitted from this machine, in SQLite: intent before a request leaves, outcome after."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from tadh_cli.api.waiter import State
from tadh_cli.engine.clock import Clock, iso
from tadh_cli.engine.ledger_changes import know
from tadh_cli.engine.ledger_choice import ENDED, LONGEST_SENDING_S, OPEN, REFUSED, SENDING, UNKNOWN, Choice
from tadh_cli.engine.ledger_claims import Attempt, Claim, free
from tadh_cli.engine.ledger_records import SELECT, THIS, number, record_of
from tadh_cli.engine.ledger_tables import explained, opened
from tadh_cli.masking import Mask

__all__ = ["REFUSED", "SENDING", "UNKNOWN", "Choice", "Ledger"]

# A clock that was set back further than this is no answer that came late.
_LATE_S = 120.0
# Entries that are read at once.
_PAGE = 500
# A number greater than any entry's.
_AFTER_ALL = 2**63 - 1


class OpenTask(NamedTuple):
    """A task that is not known to have ended, and what submitted it."""

    task_id: str
    kind: str
    operation: str


class Ledger:
    """The record of all tasks; safe for several processes and threads at once.

    What is written is masked here: no secret of a request and no signature of a link is kept.
    """

    def __init__(self, path: Path, clock: Clock | None = None, mask: Mask | None = None) -> None:
        self._path = path
        self._clock = clock or Clock()
        self._mask = mask or Mask()
        self._db: sqlite3.Connection | None = None
        self._turn = threading.RLock()

    # Writing -------------------------------------------------------------------------------------------

    def intend(
        self, *, kind: str, profile: str, operation: str, request: Mapping[str, Any], claim: Claim | None = None
    ) -> int:
        """Note that a creating request is about to leave; returns the entry to report the outcome to.

        With a claim it is an attempt to make that item; raises Claimed when another one was begun meanwhile. An
        attempt that was refused before made nothing: its entry is used again.
        """
        with self._write() as db:
            if claim is not None and (again := free(db, claim)):
                db.execute(
                    "UPDATE tasks SET profile = ?, state = ?, status = '', submitted_at = ?, finished_at = NULL,"
                    " pid = ?, request = ?, record = '{}' WHERE id = ?",
                    (profile, SENDING, self._now(), os.getpid(), self._json(request), again),
                )
                return again
            cursor = db.execute(
                "INSERT INTO tasks (kind, profile, operation, state, status, submitted_at, pid, request, record)"
                " VALUES (?, ?, ?, ?, '', ?, ?, ?, '{}')",
                (kind, profile, operation, SENDING, iso(self._clock.now_s()), os.getpid(), self._json(request)),
            )
            entry = int(cursor.lastrowid or 0)
            if claim is not None:
                db.execute("INSERT INTO items VALUES (?, ?, ?)", (claim.identity, entry, claim.name))
            return entry

    def accepted(self, entry: int, task_id: str, status: str, record: Mapping[str, Any]) -> None:
        """The service gave the task an id."""
        with self._write() as db:
            db.execute(
                "UPDATE tasks SET task_id = ?, state = ?, status = ?, record = ? WHERE id = ?",
                (task_id, State.QUEUED.value, status, self._json(record), entry),
            )
            know(db, entry)

    def rejected(self, entry: int, state: str, reason: str, exit_code: int = 0) -> None:
        """No id came back: `REFUSED` when it is sure that nothing was made, else `UNKNOWN`."""
        record = {"FailMessage": reason, **({"ExitCode": exit_code} if exit_code else {})}
        with self._write() as db:
            db.execute(
                "UPDATE tasks SET state = ?, record = ?, finished_at = ? WHERE id = ?",
                (state, self._json(record), None if state == UNKNOWN else self._now(), entry),
            )

    def observed(
        self, task_id: str, state: State, status: str, record: Mapping[str, Any], *, asked_s: float | None = None
    ) -> None:
        """What the service said of a task; ids that were not submitted from here are ignored.

        `asked_s`: Unix seconds when it was asked. Where another process received an answer after that, ours may be
        the older one: it counts only when it tells of the end.
        """
        now_s = self._clock.now_s()
        asked_s = now_s if asked_s is None else asked_s
        with self._write() as db:
            db.execute(
                "UPDATE tasks SET state = ?, status = ?, record = ?, observed_s = ?,"
                " finished_at = CASE WHEN ? THEN COALESCE(finished_at, ?) END"
                " WHERE task_id = ? AND (? OR observed_s NOT BETWEEN ? AND ?)",
                (
                    *(state.value, status, self._json(record), now_s, state.is_final, iso(now_s), task_id),
                    *(state.is_final, math.nextafter(asked_s, math.inf), asked_s + _LATE_S),
                ),
            )

    def lost(self, task_id: str, state: State, record: Mapping[str, str]) -> None:
        """The service does not know a task any more; one that has ended before stays as it was.

        `record` adds to what the service said last.
        """
        marks = ",".join("?" * len(OPEN))
        status, added = record.get("Status", ""), self._json(record)
        with self._write() as db:
            db.execute(
                "UPDATE tasks SET state = ?, status = ?, finished_at = ?, observed_s = ?,"
                f" record = json_patch(record, ?) WHERE task_id = ? AND state IN ({marks})",
                (state.value, status, self._now(), self._clock.now_s(), added, task_id, *OPEN),
            )

    def abandon(self, profile: str) -> None:
        """The outcome of requests that nobody can be sending any more is unknown: write that down."""
        abandoned = "state = ? AND +profile = ? AND submitted_at < ?"
        sent = (SENDING, profile, self._oldest_sent())
        if not any(self._read(f"SELECT 1 FROM tasks WHERE {abandoned}", sent)):
            return
        reason = "the process that sent the request died"
        with self._write() as db:
            db.execute(
                f"UPDATE tasks SET state = ?, record = json_set(record, '$.FailMessage', ?) WHERE {abandoned}",
                (UNKNOWN, reason, *sent),
            )

    def forget(self, names: Sequence[str], *, unended: bool = False) -> list[str]:
        """Drop entries, named as by `find`, and whose files are whose; returns those that were dropped.

        With `unended` also those that have not ended, or of which nobody knows.
        """
        with self._write() as db:
            return [name for name in names if _drop(db, name, unended=unended)]

    def claim(self, task_id: str, files: Sequence[str]) -> None:
        """Files (absolute paths, the media first) that are or will be a task's result."""
        with self._write() as db:
            db.executemany(
                "INSERT OR REPLACE INTO files (path, task_id, place) VALUES (?, ?, ?)",
                [(path, task_id, place) for place, path in enumerate(files)],
            )

    def prove(self) -> None:
        """Raise ConfigError now if an intent could not be written down."""
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO files (path, task_id, place) VALUES ('', '', 0)")
            db.execute("DELETE FROM files WHERE path = ''")

    # Reading -------------------------------------------------------------------------------------------

    def find(self, task_id: str) -> dict[str, Any] | None:
        """The record of a task, by its id or by the number of its entry (`#12`, or 12 when no task has that id)."""
        rows = self._read(f"{SELECT} {THIS}", (task_id, number(task_id), task_id))
        return next(map(self._record, rows), None)

    def tasks(
        self,
        *,
        kind: str = "",
        state: str = "",
        profile: str = "",
        since: str = "",
        before: str = "",
        name: str = "",
        limit: int = -1,
    ) -> Iterator[dict[str, Any]]:
        """Records, newest first; see `Choice`."""
        return self.chosen(Choice(kind, state, profile, since, before, name), limit)

    def chosen(self, choice: Choice, limit: int = -1) -> Iterator[dict[str, Any]]:
        """Records that are meant by a choice, newest first."""
        found = self._found(*choice.where(), limit=-1 if choice.asks_for_senders else limit)
        if choice.asks_for_senders:
            # Which of the two holds is known when one looks whether the sender lives.
            alike = (record for record in found if record["State"] == choice.state.lower())
            return islice(alike, None if limit < 0 else limit)
        return found

    def _found(self, clauses: Sequence[str], values: Sequence[object], *, limit: int) -> Iterator[dict[str, Any]]:
        """Page after page, so that a long list neither fills the memory nor stops those who write."""
        where = " AND ".join([*clauses, "id < ?"])
        oldest = _AFTER_ALL
        while limit:
            size = _PAGE if limit < 0 else min(limit, _PAGE)
            rows = list(self._read(f"{SELECT} WHERE {where} ORDER BY id DESC LIMIT ?", (*values, oldest, size)))
            yield from map(self._record, rows)
            if len(rows) < size:
                return
            oldest = rows[-1]["id"]
            limit -= size

    def unfinished(self, kind: str, profile: str) -> list[str]:
        """Ids of the tasks of a kind that are not known to have ended, oldest first."""
        marks = ",".join("?" * len(OPEN))
        rows = self._read(
            f"SELECT task_id FROM tasks WHERE state IN ({marks}) AND +kind = ? AND +profile = ? ORDER BY id",
            (*OPEN, kind, profile),
        )
        return [row["task_id"] for row in rows]

    def open_tasks(self, profile: str) -> list[OpenTask]:
        """The tasks of all kinds that are not known to have ended, oldest first."""
        marks = ",".join("?" * len(OPEN))
        rows = self._read(
            # The plus keeps it off the index of profiles, by which it would read everything that has ended.
            f"SELECT task_id, kind, operation FROM tasks WHERE state IN ({marks}) AND +profile = ? ORDER BY id",
            (*OPEN, profile),
        )
        return [OpenTask(row["task_id"], row["kind"], row["operation"]) for row in rows]

    def profiles(self) -> list[str]:
        """The profiles by which something was submitted."""
        return [row["profile"] for row in self._read("SELECT DISTINCT profile FROM tasks ORDER BY profile", ())]

    def owner(self, path: str) -> str:
        """The task whose result a file is (absolute path), empty when none is known."""
        rows = self._read("SELECT task_id FROM files WHERE path = ?", (path,))
        return next((row["task_id"] for row in rows), "")

    def attempt(self, identity: str) -> Attempt | None:
        """The last try to make an item of a batch."""
        rows = self._read(
            f"{SELECT} WHERE id = (SELECT MAX(entry) FROM items WHERE identity = ?)",
            (identity,),
        )
        return next((Attempt(row["id"], row["pid"], self._record(row)) for row in rows), None)

    def item_of(self, task_id: str) -> str:
        """The name of the batch's item that a task was made for, empty when it was made for none."""
        rows = self._read("SELECT name FROM items JOIN tasks ON tasks.id = items.entry WHERE task_id = ?", (task_id,))
        return next((row["name"] for row in rows), "")

    @property
    def exists(self) -> bool:
        return self._db is not None or self._path.exists()

    def select(self, sql: str, values: Sequence[object]) -> Iterator[sqlite3.Row]:
        """Rows for a module that knows the tables; none when nothing was ever written."""
        return self._read(sql, values)

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Changes by a module that knows the tables: all of them or none."""
        return self._write()

    def close(self) -> None:
        with self._turn:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _now(self) -> str:
        return iso(self._clock.now_s())

    def _json(self, value: Mapping[str, Any]) -> str:
        return json.dumps(self._mask.document(value), ensure_ascii=False, separators=(",", ":"))

    def _record(self, row: sqlite3.Row) -> dict[str, Any]:
        return record_of(row, self._oldest_sent())

    def _oldest_sent(self) -> str:
        return iso(self._clock.now_s() - LONGEST_SENDING_S)

    # SQLite --------------------------------------------------------------------------------------------

    def _read(self, sql: str, values: Sequence[object]) -> Iterator[sqlite3.Row]:
        if not self.exists:
            return iter(())
        with self._turn, explained(self._path):
            return iter(self._open().execute(sql, values).fetchall())

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._turn, explained(self._path):
            db = self._open()
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException:
                # A full disk has ended it already.
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = opened(self._path, self._clock)
        return self._db


def _drop(db: sqlite3.Connection, name: str, *, unended: bool) -> bool:
    row = db.execute(f"SELECT id, task_id, state FROM tasks {THIS}", (name, number(name), name)).fetchone()
    if row is None or not (unended or row["state"] in ENDED):
        return False
    db.execute("DELETE FROM tasks WHERE id = ?", (row["id"],))
    db.execute("DELETE FROM files WHERE task_id = ?", (row["task_id"],))
    return True
