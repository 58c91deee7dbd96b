"""Taking the ledger elsewhere, and making it shorter."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tadh_cli.commands.context import Tadh
from tadh_cli.engine.ledger_choice import ENDED
from tadh_cli.engine.places import real, unfit, unwritable
from tadh_cli.errors import InputError, NotFound
from tadh_cli.ui.records import Records

_SHOWN = ("TaskId", "Kind", "Profile", "Name", "Status", "State", "SubmittedAt", "FinishedAt")


def forgotten(
    tadh: Tadh, names: Sequence[str] | None, chosen: Iterable[Mapping[str, Any]] | None, *, force: bool, dry_run: bool
) -> list[dict[str, Any]]:
    """Entries that are forgotten: those named, all or none, or of those chosen the ones that have ended."""
    tadh.refuse()
    found = _named(tadh, names) if names else list(chosen or ())
    if names and not force:
        _refuse_unended(found)
    going = [record for record in found if force or record["State"] in ENDED]
    if not dry_run:
        dropped = set(tadh.ledger.forget([record["TaskId"] for record in going], unended=force))
        going = [record for record in going if record["TaskId"] in dropped]
    kept = len(found) - len(going)
    if kept:
        tadh.messages.say(f"{kept} kept: not ended, or their outcome is unknown (--force forgets these too)")
    return [{name: record[name] for name in _SHOWN if name in record} for record in going]


def _named(tadh: Tadh, names: Sequence[str]) -> list[Mapping[str, Any]]:
    found = {name: tadh.ledger.find(name) for name in dict.fromkeys(names)}
    if missing := [name for name, record in found.items() if record is None]:
        raise NotFound(
            f"the ledger has no task {', '.join(missing)}; nothing was forgotten",
            hint="`tadh task list` shows what was submitted from here",
        )
    return list({record["TaskId"]: record for record in found.values() if record}.values())


def _refuse_unended(found: Sequence[Mapping[str, Any]]) -> None:
    open_ = [f"{record['TaskId']} is {record['State']}" for record in found if record["State"] not in ENDED]
    if open_:
        raise InputError(
            f"{', '.join(open_)}: nothing was forgotten",
            hint="what has not ended is followed by the ledger, and what is unknown may have been paid for; "
            "--force forgets it all the same",
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
