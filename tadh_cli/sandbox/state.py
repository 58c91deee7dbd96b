"""What the sandbox remembers: tables of facts, read from memory, written through to SQLite."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Fact = TypeVar("Fact", bound="DataclassInstance")

FILE = "state.db"


class Busy(Exception):
    """Another sandbox works with this state."""


class Table(Generic[Fact]):
    """Facts of one kind by id, in the order in which they came; a fact is a frozen dataclass."""

    def __init__(self, state: State, kind: type[Fact]) -> None:
        self._state = state
        self._kind = kind
        self._name = kind.__name__
        self._facts: dict[str, Fact] = {id: self._read(fields) for id, fields in state.rows(self._name)}
        # Told the id of every fact that is put or changed.
        self.watch: Callable[[str], None] = lambda id: None

    def _read(self, fields: dict[str, Any]) -> Fact:
        # What an earlier version knew besides is of no use any more.
        known = {field.name for field in dataclasses.fields(self._kind)}
        return self._kind(**{name: value for name, value in fields.items() if name in known})

    def get(self, id: str) -> Fact | None:
        return self._facts.get(id)

    def put(self, id: str, fact: Fact) -> None:
        self._state.write(self._name, id, dataclasses.asdict(fact))
        self._facts[id] = fact
        self.watch(id)

    def change(self, id: str, **fields: Any) -> Fact:
        """Replace fields of a fact; KeyError when it is gone, as after a reset."""
        fact = dataclasses.replace(self._facts[id], **fields)
        self.put(id, fact)
        return fact

    def remove(self, id: str) -> None:
        self._state.delete(self._name, id)
        self._facts.pop(id, None)

    def values(self) -> list[Fact]:
        return list(self._facts.values())

    def __len__(self) -> int:
        return len(self._facts)

    def __contains__(self, id: object) -> bool:
        return id in self._facts

    def forget(self) -> None:
        """Drop what is held in memory; the state has dropped the rest."""
        self._facts.clear()


class State:
    """The file with all facts; one process at a time, and every write is whole or not there at all."""

    def __init__(self, directory: Path) -> None:
        self._connection = sqlite3.connect(directory / FILE, isolation_level=None, timeout=0.2)
        self._tables: list[Table[Any]] = []
        try:
            # Held until this process ends, however it ends: the lock that keeps a second sandbox out.
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(
                "CREATE TABLE IF NOT EXISTS facts (kind TEXT, id TEXT, fields TEXT NOT NULL, PRIMARY KEY (kind, id));"
                "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
            )
            self._connection.execute("INSERT OR REPLACE INTO notes VALUES ('version', '1')")
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise Busy(str(error)) from None

    def table(self, kind: type[Fact]) -> Table[Fact]:
        table = Table(self, kind)
        self._tables.append(table)
        return table

    def note(self, name: str) -> Any:
        """A single value, None when it was never set."""
        row = self._connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_note(self, name: str, value: Any) -> None:
        self._connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, json.dumps(value)))

    def rows(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        # rowid is the order of first appearance, except for rows that were replaced; `put` keeps it by an update.
        query = "SELECT id, fields FROM facts WHERE kind = ? ORDER BY rowid"
        for id, fields in self._connection.execute(query, (kind,)).fetchall():
            yield id, json.loads(fields)

    def write(self, kind: str, id: str, fields: Mapping[str, Any]) -> None:
        self._connection.execute(
            "INSERT INTO facts VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET fields = excluded.fields",
            (kind, id, json.dumps(fields, ensure_ascii=False)),
        )

    def delete(self, kind: str, id: str) -> None:
        self._connection.execute("DELETE FROM facts WHERE kind = ? AND id = ?", (kind, id))

    def forget(self) -> None:
        """Drop all facts; notes stay."""
        self._connection.execute("DELETE FROM facts")
        for table in self._tables:
            table.forget()

    def close(self) -> None:
        self._connection.close()
