"""Which entries of the ledger are meant, as SQL."""

from __future__ import annotations

from typing import NamedTuple

from tadh_cli.api.waiter import State

# States of a request before the service has given it an id, beside those of a task.
SENDING = "sending"
UNKNOWN = "unknown"
REFUSED = "refused"
# No request that creates something takes longer, with all that is done to get through. Which process sent it tells only
# up to then: its number may be another one's by now, or that of one in a container where we can't see it.
LONGEST_SENDING_S = 600.0
# Entries of which nothing more is to come.
ENDED = (State.DONE.value, State.FAILED.value, REFUSED)
OPEN = (State.QUEUED.value, State.RUNNING.value, State.DECISION.value)

# The name that the user gave to an avatar or a voice. Part of an index.
NAME = "json_extract(request, '$.AnchorName')"
_NAMED = f"({NAME} = ? OR id IN (SELECT entry FROM items WHERE name = ?))"


class Choice(NamedTuple):
    """Conditions that all have to hold; empty ones hold for every entry. Times are ISO 8601."""

    kind: str = ""
    # One of ours, or the service's word; in any case.
    state: str = ""
    profile: str = ""
    since: str = ""
    before: str = ""
    # Of an avatar or a voice, or of a batch's item.
    name: str = ""

    @property
    def asks_for_senders(self) -> bool:
        """Whether the answer depends on which processes live: a request being sent becomes unknown with its sender."""
        return self.state.lower() in (SENDING, UNKNOWN)

    def where(self) -> tuple[list[str], list[object]]:
        """The conditions and their values; an index leads to the newest entries of each equality."""
        conditions = {
            "kind = ?": self.kind,
            "profile = ?": self.profile,
            "submitted_at >= ?": self.since,
            "submitted_at < ?": self.before,
        }
        clauses = [sql for sql, value in conditions.items() if value]
        values: list[object] = [value for value in conditions.values() if value]
        if self.name:
            clauses.append(_NAMED)
            values += [self.name, self.name]
        if self.asks_for_senders:
            return [*clauses, "state IN (?, ?)"], [*values, SENDING, UNKNOWN]
        if self.state.lower() in (*OPEN, *ENDED):
            return [*clauses, "state = ?"], [*values, self.state.lower()]
        if self.state:
            return [*clauses, "status = ?"], [*values, self.state.upper()]
        return clauses, values
