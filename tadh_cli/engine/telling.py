"""Telling what changed, each change once to each reader: on stdout, by a hook.

What is told is marked afterwards, under a lock that ends with its process. So two copies never tell the same, and one
that is killed between telling and marking tells its last change once more; it never keeps one to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tadh_cli.engine.clock import Clock, iso
from tadh_cli.engine.hooks import Hook
from tadh_cli.engine.ledger_changes import Change, Changes, Reader
from tadh_cli.engine.locks import locked
from tadh_cli.engine.tasks import Record, kept_until, used, without_dead_links
from tadh_cli.errors import HookFailed
from tadh_cli.masking import MASK

# Who prints is done soon, unless nobody reads what it prints.
_PRINTING_S = 30.0
# Who runs hooks looks for more before it gives up the lock; only that moment has to be waited for.
_HOOKS_S = 1.0
_AGAIN_S = 0.02


@dataclass
class Telling:
    """What changed among the tasks of one profile; `directory` is where locks are."""

    changes: Changes
    profile: str
    directory: Path
    clock: Clock
    # Where a reader is only told of tasks of these kinds that have ended.
    only_ended: Sequence[str] = ()
    # Records as the service told them just now, with links that work: the ledger's don't.
    fresh: dict[str, Record] = field(default_factory=dict)

    def pending(self, reader: Reader) -> list[Change]:
        return self.changes.pending(reader, self.profile, only_ended=self.only_ended)

    def linkless(self, readers: Sequence[Reader]) -> list[Change]:
        """Changes still to be told whose links are in the ledger without their signatures."""
        found = {change.entry: change for reader in readers for change in self.pending(reader)}
        return [change for change in found.values() if any(map(_is_masked, _told(change.record)))]

    def stream(self, reader: Reader) -> Iterator[Record]:
        """Each change as a record; it counts as told when the next one is asked for."""
        with self._alone(reader, _PRINTING_S) as is_alone:
            for change in self.pending(reader) if is_alone else ():
                yield self.record(change)
                self.changes.told(reader, [change])

    def hand_over(self, reader: Reader, tell: Callable[[list[Record]], None]) -> list[Record]:
        """All changes at once; they count as told when `tell` returns. It is not called when there are none."""
        with self._alone(reader, _PRINTING_S) as is_alone:
            changes = self.pending(reader) if is_alone else []
            records = [self.record(change) for change in changes]
            if records:
                tell(records)
                self.changes.told(reader, changes)
            return records

    def run(self, hook: Hook) -> list[HookFailed]:
        """Run the hook for each change; one that fails is offered its change again by the next run.

        A hook that can't be run at all is not tried again for every other change. Whoever finds the lock taken leaves
        its changes to its owner, who looks for more until there are none.
        """
        failures: list[HookFailed] = []
        tried: set[tuple[int, str]] = set()
        with self._alone(Reader.HOOKED, _HOOKS_S) as is_alone:
            while is_alone and (change := self._next(tried)) is not None:
                tried.add((change.entry, change.standing))
                try:
                    hook.run(self.record(change))
                except HookFailed as error:
                    failures.append(error)
                    if error.is_unusable:
                        break
                else:
                    self.changes.told(Reader.HOOKED, [change])
        return failures

    def _next(self, tried: set[tuple[int, str]]) -> Change | None:
        untried = (change for change in self.pending(Reader.HOOKED) if (change.entry, change.standing) not in tried)
        return next(untried, None)

    def record(self, change: Change) -> Record:
        """A changed task as others are told of it."""
        past = change.record
        record = {name: value for name, value in without_dead_links(past).items() if name not in _OWN}
        record |= {name: value for name, value in used(past["Request"]).items() if name not in record}
        fresh = self.fresh.get(past["TaskId"], {})
        if fresh.get("Status") == past["Status"]:
            record |= {name: value for name, value in fresh.items() if name not in record or _is_masked(record[name])}
        expires_s = kept_until(past)
        if expires_s is not None:
            record["ExpiresAt"] = iso(expires_s)
        return {**record, "State": change.state, "PreviousState": change.previous}

    @contextmanager
    def _alone(self, reader: Reader, patience_s: float) -> Iterator[bool]:
        """Whether nobody else tells this reader meanwhile; waits for that."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.directory / f"{reader.value}-{quote(self.profile, safe='')}.lock"
        ends_s = self.clock.monotonic_s() + patience_s
        file = locked(path, 0o600)
        while file is None and self.clock.monotonic_s() < ends_s:
            self.clock.sleep(_AGAIN_S)
            file = locked(path, 0o600)
        if file is None:
            yield False
            return
        with file:
            yield True


# What the ledger keeps for itself.
_OWN = ("Request", "Operation")


def _told(record: Record) -> Iterator[Any]:
    """What the service said."""
    return (value for name, value in record.items() if name not in _OWN)


def _is_masked(value: Any) -> bool:
    """Whether it has a link that lost its signature, or what is around one."""
    return MASK in str(value)
