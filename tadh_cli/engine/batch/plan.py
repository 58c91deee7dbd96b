"""What is to be done about each video of a list, decided from what the ledger knows; nothing is asked or sent."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from tadh_cli.api.waiter import State
from tadh_cli.engine.clock import iso
from tadh_cli.engine.ledger_choice import REFUSED, SENDING, UNKNOWN
from tadh_cli.engine.ledger_claims import Attempt
from tadh_cli.engine.tasks import kept_until
from tadh_cli.errors import InputError, NotFound, Refused

# The same request would be refused again.
_FINAL_REFUSALS = (InputError.exit_code, NotFound.exit_code, Refused.exit_code)


class Action(Enum):
    """What is done about a video; MAKE and RETRY cost something."""

    MAKE = "make"
    RETRY = "retry"
    ADOPT = "adopt"
    FETCH = "fetch"
    SKIP = "skip"
    UNKNOWN = "unknown"

    @property
    def makes(self) -> bool:
        return self in (Action.MAKE, Action.RETRY)


class Wishes(NamedTuple):
    """What is to be made again although it was tried before."""

    retry_failed: bool = False
    retry_unknown: bool = False


class Decision(NamedTuple):
    """An action and its reason; `is_failed` of a video that failed and stays as it is."""

    action: Action
    reason: str
    is_failed: bool = False


def decide(
    attempt: Attempt | None, wishes: Wishes, *, now_s: float, is_home: bool, changed: str = "", is_stale: bool = False
) -> Decision:
    """What to do about a video, by its last attempt.

    `is_home`: whether the files of that attempt are there. `changed`: the task of which the same name has files,
    made of other values. `is_stale`: whether an attempt that claims to be on its way can't be, since the process of
    its number is ours and has not sent anything yet.
    """
    if attempt is None:
        return Decision(Action.MAKE, f"changed since {changed}" if changed else "new")
    entry, record = f"#{attempt.entry}", attempt.record
    state = record["State"]
    if state == UNKNOWN or (state == SENDING and is_stale):
        return _unknown(entry, wishes)
    if state == SENDING:
        return Decision(Action.ADOPT, f"another run is just sending {entry}")
    if state == REFUSED:
        return _refused(record, wishes)
    if state == State.FAILED.value:
        return _failed(f"{record['TaskId']} failed: {_reason(record)}", wishes)
    if state == State.DONE.value:
        return _done(record, wishes, now_s=now_s, is_home=is_home)
    return Decision(Action.ADOPT, f"{record['TaskId']} is under way since {record['SubmittedAt']}")


def is_sending(attempt: Attempt) -> bool:
    """Whether its request is on its way."""
    return bool(attempt.record["State"] == SENDING)


def _unknown(entry: str, wishes: Wishes) -> Decision:
    if wishes.retry_unknown:
        return Decision(Action.RETRY, f"the outcome of {entry} is unknown; --retry-unknown")
    return Decision(
        Action.UNKNOWN,
        f"the outcome of {entry} is unknown: the service may have made it; --retry-unknown makes it again",
    )


def _refused(record: Mapping[str, Any], wishes: Wishes) -> Decision:
    reason = _reason(record)
    if record.get("ExitCode") in _FINAL_REFUSALS:
        return _failed(f"it was refused: {reason}", wishes)
    return Decision(Action.MAKE, f"nothing was made before: {reason}")


def _failed(reason: str, wishes: Wishes) -> Decision:
    if wishes.retry_failed:
        return Decision(Action.RETRY, f"{reason}; --retry-failed")
    return Decision(Action.SKIP, f"{reason}; --retry-failed makes it again", is_failed=True)


def _done(record: Mapping[str, Any], wishes: Wishes, *, now_s: float, is_home: bool) -> Decision:
    if is_home:
        return Decision(Action.SKIP, "finished")
    ends_s = kept_until(record)
    if ends_s is not None and ends_s <= now_s:
        return _failed(f"its files are not here, and the service kept {record['TaskId']} until {iso(ends_s)}", wishes)
    return Decision(Action.FETCH, f"{record['TaskId']} is finished, its files are not here")


def _reason(record: Mapping[str, Any]) -> str:
    return str(record.get("FailMessage") or "no reason given")
