"""Closing several live sessions, and finding those that were left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tadh_cli.commands.context import Tadh
from tadh_cli.commands.opening import SESSION, about, closed
from tadh_cli.commands.options import pairs
from tadh_cli.commands.submitting import rehearsal
from tadh_cli.engine.ledger import UNKNOWN
from tadh_cli.errors import NotFound, TadhError, carrying, together
from tadh_cli.ui.records import Records


def close_all(tadh: Tadh, ids: Sequence[str], *, forgives: bool, set_: Sequence[str] | None = None) -> Records:
    """Close sessions, each although another can't be closed; `forgives` those that the service does not know."""
    records: list[Mapping[str, Any]] = []
    failures: list[TadhError] = []
    overrides = dict(pairs(tadh, "--set", set_))
    for session_id in ids:
        try:
            records.append(closed(tadh, session_id, overrides))
        except NotFound as error:
            if forgives:
                tadh.messages.say(f"session {session_id} is not open any more")
                continue
            failures.append(_of(error, session_id))
        except TadhError as error:
            failures.append(_of(error, session_id))
            if error.is_general:
                break
    if failures:
        whole = together(failures, len(ids), "could not be closed")
        raise carrying(whole, records, is_list=len(ids) > 1, view=SESSION)
    return Records(records, SESSION)


def _of(error: TadhError, session_id: str) -> TadhError:
    error.task_id = session_id
    return error


def rehearsals(tadh: Tadh, ids: Sequence[str], set_: Sequence[str] | None = None) -> Records:
    """The requests that would close sessions."""
    overrides = dict(pairs(tadh, "--set", set_))
    prepared = [about(tadh, "session.close", session_id, overrides) for session_id in ids]
    return Records([rehearsal(tadh, each, (), ()) for each in prepared])


def left_open(tadh: Tadh) -> list[str]:
    """Sessions that were opened from here and are not known to be closed, oldest first."""
    return list(dict.fromkeys([*tadh.ledger.unfinished("session", tadh.settings.profile), *_unanswered(tadh)]))


def _unanswered(tadh: Tadh) -> Iterator[str]:
    """Those whose creation was not answered: their user is known, and nobody else has it."""
    entries = {
        str(past["Request"].get("UserId")): str(past["TaskId"])
        for past in tadh.ledger.tasks(kind="session", state=UNKNOWN, profile=tadh.settings.profile)
    }
    if not entries:
        return
    for session in tadh.call("session.list")["Sessions"]:
        entry = entries.get(str(session.get("UserId")))
        if entry:
            tadh.tasks.adopt(entry, session["SessionId"], session)
            yield str(session["SessionId"])


def without_driven(tadh: Tadh, ids: Sequence[str]) -> list[str]:
    """Those that no living process of this machine drives; the others are named."""
    driven = [session_id for session_id in ids if tadh.turns.is_driven(session_id)]
    for session_id in driven:
        tadh.messages.say(f"session {session_id} is in use by another process of this machine, and left open")
    return [session_id for session_id in ids if session_id not in driven]
