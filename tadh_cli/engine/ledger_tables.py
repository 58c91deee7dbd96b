"""The ledger's tables: how they came to be, and how a process opens them beside others."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tadh_cli.engine.clock import Clock
from tadh_cli.engine.ledger_changes import track_changes
from tadh_cli.errors import ConfigError

_BUSY_TIMEOUT_S = 30.0


def _first_tables(db: sqlite3.Connection) -> None:
    db.execute(
        """CREATE TABLE tasks (
            id INTEGER PRIMARY KEY,
            task_id TEXT,
            kind TEXT NOT NULL,
            profile TEXT NOT NULL,
            operation TEXT NOT NULL,
            state TEXT NOT NULL,
            status TEXT NOT NULL,
            submitted_at TEXT NOT NULL,
            finished_at TEXT,
            pid INTEGER NOT NULL,
            request TEXT NOT NULL,
            record TEXT NOT NULL
        )"""
    )
    # Also of tasks that were not submitted from here: a file is overwritten only by its own task.
    db.execute("CREATE TABLE files (path TEXT PRIMARY KEY, task_id TEXT NOT NULL, place INTEGER NOT NULL)")
    db.execute("CREATE INDEX files_by_task ON files (task_id)")
    db.execute("CREATE INDEX tasks_by_task_id ON tasks (task_id)")
    db.execute("CREATE INDEX tasks_by_state ON tasks (state, kind)")


def _batch_items(db: sqlite3.Connection) -> None:
    # Every attempt to make an item of a batch; the last one counts.
    db.execute(
        "CREATE TABLE items (identity TEXT NOT NULL, entry INTEGER NOT NULL, name TEXT NOT NULL,"
        " PRIMARY KEY (identity, entry))"
    )
    db.execute("CREATE INDEX items_by_entry ON items (entry)")
    # The number of an entry that is forgotten may be given again.
    db.execute("CREATE TRIGGER items_go AFTER DELETE ON tasks BEGIN DELETE FROM items WHERE entry = old.id; END")


# Append only: a migration that ran somewhere is never changed.
MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first_tables, _batch_items, track_changes)


def opened(path: Path, clock: Clock) -> sqlite3.Connection:
    """The database with all its tables, made when it is not there; one thread at a time may use it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The texts of all requests are in it: for its owner's eyes.
    path.touch(mode=0o600)
    db = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    _use_wal(db, clock)
    # An intent has to survive a power cut: it is what keeps a video from being paid twice.
    db.execute("PRAGMA synchronous = FULL")
    _migrate(db)
    return db


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What SQLite and the system refuse, as ConfigError with what to do about it."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        is_broken = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
        remedy = (
            f"move the file away: mv {shlex.quote(str(path))} {shlex.quote(f'{path}.broken')}"
            if is_broken
            else "make room or set TADH_STATE_DIR to a directory that can be written"
        )
        raise ConfigError(
            f"the ledger {path} can't be used: {getattr(error, 'strerror', None) or error}",
            hint=f"tadh submits nothing that it can't write down first; {remedy}",
        ) from error


def _use_wal(db: sqlite3.Connection, clock: Clock) -> None:
    """Switch to WAL; here SQLite does not wait by itself for another process that does the same."""
    ends_s = clock.monotonic_s() + _BUSY_TIMEOUT_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or clock.monotonic_s() > ends_s:
                raise
            clock.sleep(0.01)


def _migrate(db: sqlite3.Connection) -> None:
    if _applied(db) >= len(MIGRATIONS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        for migration in MIGRATIONS[_applied(db) :]:
            migration(db)
            db.execute("INSERT INTO migrations VALUES (?)", (migration.__name__,))
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _applied(db: sqlite3.Connection) -> int:
    try:
        return int(db.execute("SELECT COUNT(*) FROM migrations").fetchone()[0])
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return 0
        raise
