"""Taking the ledger elsewhere, and making it shorter."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tadh_cli.commands.confirming import confirm
from tadh_cli.commands.context import Tadh
from tadh_cli.engine.ledger_choice import ENDED
from tadh_cli.engine.places import real, unfit, unwritable
from tadh_cli.errors import InputError, NotFound
from tadh_cli.ui.records import Records

_SHOWN = ("TaskId", "Kind", "Profile", "Name", "Status", "State", "SubmittedAt", "FinishedAt")


def forgotten(
    tadh: Tadh, names: Sequence[str] | None, chosen: Iterable[Mapping[str, Any]] | None, *, yes: bool, dry_run: bool
) -> list[dict[str, Any]]:
    """Entries that are forgotten: those named, or of those chosen the ones that have ended.

    Before one that is named and has not ended is forgotten the user is asked; with `yes` it goes unasked, and so do
    those that are chosen.
    """
    tadh.refuse()
    found = _named(tadh, names) if names else list(chosen or ())
    is_all = bool(names) or yes
    going = [record for record in found if is_all or record["State"] in ENDED]
    if not dry_run:
        _ask(found if names else (), yes=yes)
        dropped = set(tadh.ledger.forget([record["TaskId"] for record in going], unended=is_all))
        going = [record for record in going if record["TaskId"] in dropped]
    kept = len(found) - len(going)
    if kept:
        tadh.messages.say(f"{kept} kept: not ended, or their outcome is unknown (--yes forgets these too)")
    return [{name: record[name] for name in _SHOWN if name in record} for record in going]


def _named(tadh: Tadh, names: Sequence[str]) -> list[Mapping[str, Any]]:
    found = {name: tadh.ledger.find(name) for name in dict.fromkeys(names)}
    if missing := [name for name, record in found.items() if record is None]:
        raise NotFound(
            f"the ledger has no task {', '.join(missing)}; nothing was forgotten",
            hint="`tadh task list` shows what was submitted from here",
        )
    return list({record["TaskId"]: record for record in found.values() if record}.values())


def _ask(named: Sequence[Mapping[str, Any]], *, yes: bool) -> None:
    """Forget what has not ended only when that is meant: it may be paid for, and nobody would follow it any more."""
    open_ = [f"{record['TaskId']} is {record['State']}" for record in named if record["State"] not in ENDED]
    if open_:
        confirm(
            f"{', '.join(open_)}. Forget all the same?", f"forgetting what has not ended ({', '.join(open_)})", yes=yes
        )


def exported(tadh: Tadh, name: str, records: Records) -> None:
    """Write records to a file that appears when it is complete."""
    path = real(Path(name).expanduser())
    if reason := unfit(path, may_replace=True):
        raise InputError(f"--out {reason}")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            _write(tadh, file, records)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def _write(tadh: Tadh, file: IO[str], records: Records) -> None:
    from tadh_cli.ui.render import draw

    masked = Records((tadh.mask.data(item) for item in records.items), records.view)
    draw(masked, file, tadh.common.output or "ndjson", query=tadh.selection)
