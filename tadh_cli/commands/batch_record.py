"""What is told of the videos of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tadh_cli.errors import TadhError

if TYPE_CHECKING:
    from tadh_cli.engine.batch.work import Home, Work

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
    known = work.record or (work.attempt.record if work.attempt else {})
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
