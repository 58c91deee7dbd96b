"""Entries of the ledger as task records."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any

from tadh_cli.engine.ledger_choice import SENDING, UNKNOWN

# Every task with the name of the item it was made for, and its files, which exist or are being downloaded.
SELECT = (
    "SELECT *, (SELECT name FROM items WHERE entry = tasks.id LIMIT 1) AS item, (SELECT json_group_array(path) FROM"
    " (SELECT path FROM files WHERE files.task_id = tasks.task_id ORDER BY place)) AS files FROM tasks"
)
# One entry by the id of its task or its own number.
THIS = "WHERE task_id = ? OR id = ? ORDER BY task_id = ? DESC, id DESC LIMIT 1"


def record_of(row: sqlite3.Row, oldest_sent: str) -> dict[str, Any]:
    """What every record has first, then what the service said last; none is still sent from before `oldest_sent`."""
    details, request = json.loads(row["record"]), json.loads(row["request"])
    state = row["state"]
    if state == SENDING and (row["submitted_at"] < oldest_sent or not _is_alive(row["pid"])):
        state = UNKNOWN
    return {
        **details,
        "TaskId": row["task_id"] or f"#{row['id']}",
        "Kind": row["kind"],
        "Profile": row["profile"],
        **({"Name": name} if (name := row["item"] or request.get("AnchorName")) else {}),
        "Status": row["status"] or state.upper(),
        "State": state,
        "SubmittedAt": row["submitted_at"],
        "FinishedAt": row["finished_at"],
        "Operation": row["operation"],
        "Request": request,
        "Files": json.loads(row["files"]),
    }


def number(name: str) -> int | None:
    """The number of an entry; SQLite's have 63 bits."""
    digits = name.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 18 else None


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there, signal 0 is not a question but Ctrl-C
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
