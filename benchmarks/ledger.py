"""What a long ledger costs: commands on 100,000 tasks, as ratios to the same on an empty one in the same run.

Run with the interpreter of an environment in which tadh is installed:  python benchmarks/ledger.py [TASKS]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from side_by_side import TADH, ratios

from tadh_cli.engine.clock import iso
from tadh_cli.engine.ledger import Ledger

TASKS = 100_000
# What is run on both ledgers, and the ratio that is aimed at.
CASES = {
    "task list --limit 50": (["task", "list", "--limit", "50"], 1.5),
    "task list --state failed --limit 50": (["task", "list", "--state", "failed", "--limit", "50"], 1.5),
    "task list --kind avatar --limit 50": (["task", "list", "--kind", "avatar", "--limit", "50"], 1.5),
    "task list --name avatar-7": (["task", "list", "--name", "avatar-7"], 1.5),
    "task list --since 1h": (["task", "list", "--since", "1h"], None),
    "task list --older-than 90d": (["task", "list", "--older-than", "90d"], None),
    "task list --state unknown": (["task", "list", "--state", "unknown"], 1.5),
    "task sync --changed (nothing to do)": (["task", "sync", "--changed"], 1.5),
}


def fill(path: Path, count: int) -> None:
    """Tasks that have ended, one a minute until an hour ago, every tenth an avatar, every hundredth failed."""
    path.parent.mkdir(parents=True)
    start_s = time.time() - 3600 - count * 60
    record = json.dumps({"Status": "SUCCESS", "Progress": 100, "MediaUrl": "https://example.com/" + "m" * 200})

    def row(number: int) -> tuple[object, ...]:
        kind = "video" if number % 10 else "avatar"
        name = {} if number % 10 else {"AnchorName": f"avatar-{number // 10}"}
        request = json.dumps({**name, "InputSsml": "Some words. " * 50})
        state, status = ("failed", "FAIL") if number % 100 == 1 else ("done", "SUCCESS")
        at = iso(start_s + number * 60)
        return f"{number:032x}", kind, f"{kind}.create", state, status, at, at, request, record

    with closing(Ledger(path)) as ledger, ledger.transaction() as db:
        db.executemany(
            "INSERT INTO tasks (task_id, kind, operation, state, status, submitted_at, finished_at, request, record,"
            " profile, pid) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'default', 1)",
            map(row, range(count)),
        )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else TASKS
    print(f"{'command':<38}{'ms, empty':>11}{f'ms, {count:,}':>14}{'ratio':>8}{'aim':>6}")
    with tempfile.TemporaryDirectory() as place:
        full, empty = Path(place) / "full", Path(place) / "empty"
        fill(full / "ledger.db", count)
        fill(empty / "ledger.db", 0)
        keys = {"TADH_ENDPOINT": "http://127.0.0.1:9", "TADH_APP_KEY": "benchmark", "TADH_ACCESS_TOKEN": "benchmark"}
        keys |= {"TADH_CONFIG": f"{place}/none.yaml"}
        for name, (args, aim) in CASES.items():
            env = {state: {**keys, "TADH_STATE_DIR": str(state)} for state in (full, empty)}
            base = ["/usr/bin/env", *(f"{key}={value}" for key, value in env[empty].items()), TADH, *args]
            found = ratios(base, {name: ([TADH, *args], env[full])})
            took_s, ratio = found[name]
            aimed = f"{aim:g}" if aim else ""
            print(f"{name:<38}{took_s / ratio * 1000:>11.0f}{took_s * 1000:>14.0f}{ratio:>8.2f}{aimed:>6}", flush=True)


if __name__ == "__main__":
    main()
