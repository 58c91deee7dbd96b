"""What is told of the videos of a batch: records, and the files made of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tadh_cli.commands.batch_options import Reporting
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import FileError, TadhError

if TYPE_CHECKING:
    from tadh_cli.engine.batch.home import Home
    from tadh_cli.engine.batch.work import Work

# What the record of a task tells of a video, when it is known.
_OF_TASK = (
    "Status",
    "SubmittedAt",
    "FinishedAt",
    "ExpiresAt",
    "Duration",
    "MediaUrl",
    "SubtitlesUrl",
    "FailCode",
    "FailMessage",
)


def record(work: Work, home: Home) -> dict[str, Any]:
    """Name, what was decided and why, where it stands, its task, its files, what went wrong, its place."""
    known = work.known
    found: dict[str, Any] = {
        "Name": work.name,
        "Action": work.decision.action.value,
        "Reason": work.decision.reason,
        "State": work.state,
        "TaskId": work.task_id,
        "Profile": home.tasks.client.settings.profile,
        "EstimatedMinutes": work.plan.minutes,
    }
    is_fresh = bool(work.record)
    for key in _OF_TASK:
        # Links of the ledger lead nowhere.
        if known.get(key) not in (None, "", 0) and (is_fresh or not key.endswith("Url")):
            found[key] = known[key]
    found["Files"] = list(work.files) or [str(path) for path in _files(work, home)]
    if isinstance(work.error, TadhError):
        error = work.error
        found |= {"FailMessage": found.get("FailMessage") or error.message, "Hint": error.hint}
        found |= {"FailCode": found.get("FailCode") or error.code, "ExitCode": error.exit_code}
    at = work.item.at
    return {**found, "Seconds": _seconds(known), "File": at.file, "Line": at.line, "Column": at.column}


def made(works: Sequence[Work]) -> list[Work]:
    """The videos that are made, and cost something."""
    return [work for work in works if work.decision.action.makes]


def minutes(works: Sequence[Work]) -> float:
    """What they are estimated to take, to hundredths."""
    return round(sum(work.plan.minutes or 0.0 for work in works), 2)


def totals(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many videos there are of each state, and the minutes of those that are made."""
    states = ("done", "failed", "unknown", "running", "waiting")
    counts = {state: sum(item["State"] == state for item in records) for state in states}
    made = [item for item in records if item["Action"] in ("make", "retry")]
    minutes = round(sum(item["EstimatedMinutes"] or 0.0 for item in made), 2)
    return {"videos": len(records), **counts, "made": len(made), "EstimatedMinutes": minutes}


def _files(work: Work, home: Home) -> Sequence[Any]:
    known = work.attempt.record if work.attempt else {}
    return home.files(work.name, known) if work.state == "done" and not work.record else ()


def _seconds(known: Mapping[str, Any]) -> float | None:
    """From the submission to the end."""
    from tadh_cli.engine.clock import unix

    if not (known.get("SubmittedAt") and known.get("FinishedAt")):
        return None
    return unix(known["FinishedAt"]) - unix(known["SubmittedAt"])


def write_reports(
    tadh: Tadh,
    manifest: str,
    reporting: Reporting,
    records: Sequence[Mapping[str, Any]],
    began_s: float,
    exit_code: int,
) -> None:
    """The files and annotations that are wanted; one that can't be written is no reason to forget how the run ended."""
    from tadh_cli.engine.clock import iso
    from tadh_cli.ui import reports
    from tadh_cli.ui.render import to_json

    records = [tadh.mask.document(record) for record in records]
    took_s = tadh.clock.now_s() - began_s
    sums = totals(records)
    document = {
        "Manifest": manifest,
        "Profile": tadh.settings.profile,
        "StartedAt": iso(began_s),
        "FinishedAt": iso(began_s + took_s),
        "ExitCode": exit_code,
        "Totals": sums,
        "Items": records,
    }
    if reporting.report:
        _write(tadh, reporting.report, to_json(document, indent=2) + "\n")
    if reporting.junit:
        _write(tadh, reporting.junit, reports.junit(manifest, records, took_s))
    if reporting.annotates:
        for line in reports.marks(records):
            tadh.messages.write(line)
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            _append(tadh, summary, reports.summary(manifest, sums, records))


def _write(tadh: Tadh, name: str, text: str) -> None:
    """A file, whole or not at all."""
    from tadh_cli.engine.places import write_text

    try:
        write_text(Path(name), text)
    except FileError as error:
        tadh.messages.warn(error.message)


def _append(tadh: Tadh, name: str, text: str) -> None:
    try:
        with open(name, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        tadh.messages.warn(f"can't write {name}: {(error.strerror or str(error)).lower()}")
