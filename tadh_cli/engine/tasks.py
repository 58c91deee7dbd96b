"""Tasks of the service and their records: submitted once, looked at, followed, written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tadh_cli.api.body import Body
from tadh_cli.api.operation import Operation
from tadh_cli.api.waiter import Snapshot, State, Waiter
from tadh_cli.engine.client import LOOK_ALL_THE_SAME, LOOK_FIRST, Client, Prepared
from tadh_cli.engine.clock import Clock, iso, unix
from tadh_cli.engine.ledger import Ledger
from tadh_cli.engine.ledger_choice import REFUSED, SENDING, UNKNOWN
from tadh_cli.engine.ledger_claims import Claim
from tadh_cli.engine.transport import Transport
from tadh_cli.engine.waiting import SHORTEST_INTERVAL_S, Patience, watch
from tadh_cli.errors import (
    AuthError,
    ConfigError,
    InputError,
    Interrupted,
    NotFound,
    OutcomeUnknown,
    QuotaError,
    Reach,
    Refused,
    TadhError,
)
from tadh_cli.masking import MASK

Record = dict[str, Any]

# Videos and audio without a storage of their own are kept for 7 days.
_KEPT_S = 7 * 86_400.0
# The command that shows a task of each kind.
_SHOWN_BY = {
    "video": "video status {}",
    "audio": "video status {}",
    "avatar": "avatar status {}",
    "voice": "voice status {}",
    "voice-check": "voice check-status {} --edition {edition}",
    "session": "session status {}",
}
# Fields of links.
_LINKS = ("Url", "Urls", "Addr")
_GONE = "the service does not know it any more"
_KEPT = "it keeps tasks for about 7 days"
_CLOSED = "it forgets sessions that are closed"


# Keys of what a task made.
_KEYS = ("VirtualmanKey", "TimbreKey")


@dataclass
class Tasks:
    """The bridge between the service, which knows how a task stands, and the ledger, which knows its past."""

    client: Client
    ledger: Ledger
    clock: Clock
    warn: Callable[[str], None]
    floor_s: float = SHORTEST_INTERVAL_S
    _asked_s: dict[str, float] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    def twin(self, transport: Transport) -> Tasks:
        """The same over connections of its own, for another thread."""
        return replace(self, client=self.client.twin(transport))

    def submit(self, prepared: Prepared, claim: Claim | None = None) -> Record:
        """Send a request that creates something, once; intent and outcome go into the ledger.

        With the claim of a batch's item it raises Claimed, unsent, when another run has tried it meanwhile.
        """
        operation = prepared.operation
        assert operation is not None
        entry = self.ledger.intend(
            kind=operation.kind(Body(prepared.payload)),
            profile=self.client.settings.profile,
            operation=operation.name,
            request=prepared.payload,
            claim=claim,
        )
        try:
            answer = self.client.send(prepared)
        except TadhError as error:
            self._failed(entry, error)
            raise
        except KeyboardInterrupt:
            reason = "interrupted while the request was on its way"
            self._rejected(entry, UNKNOWN, reason)
            raise Interrupted(f"{reason}: the outcome is unknown", hint=LOOK_FIRST, task_id=f"#{entry}") from None
        return self._accepted(entry, operation, answer, prepared.payload)

    def _accepted(self, entry: int, operation: Operation, answer: Record, request: dict[str, Any]) -> Record:
        task_id = str(answer.get("TaskId") or answer.get("SessionId") or "")
        if not task_id:
            reason = "the service accepted the request but gave no id"
            self._rejected(entry, UNKNOWN, reason)
            raise OutcomeUnknown(reason, hint=LOOK_FIRST, task_id=f"#{entry}")
        status = str(answer.get("Status") or operation.first_status)
        with self._unless_ledger_fails():
            self.ledger.accepted(entry, task_id, status, answer)
        return {
            **answer,
            "TaskId": task_id,
            "Kind": operation.kind(Body(request)),
            "Profile": self.client.settings.profile,
            "Status": status,
            "SubmittedAt": iso(self.clock.now_s()),
            "FinishedAt": None,
            **used(request),
        }

    def _failed(self, entry: int, error: TadhError) -> None:
        """Write down that a submission failed; where something may have been made all the same, its error says so."""
        if proves_nothing_made(error):
            return self._rejected(entry, REFUSED, error.message, error.exit_code)
        self._rejected(entry, UNKNOWN, error.message)
        error.task_id = f"#{entry}"
        if not isinstance(error, OutcomeUnknown):
            error.hint = LOOK_ALL_THE_SAME

    def _rejected(self, entry: int, state: str, reason: str, exit_code: int = 0) -> None:
        with self._unless_ledger_fails():
            self.ledger.rejected(entry, state, reason, exit_code)

    def look(self, waiter: Waiter, task_id: str, *, timeout_s: float | None = None) -> Record:
        """The record of a task as the service sees it now; one that this machine submitted is noted."""
        client = self.client
        if task_id.startswith("#"):
            raise self._without_id(task_id)
        operation = client.provider.operation(waiter.operation)
        self._keep_distance(task_id)
        prepared = client.prepare(operation, {waiter.id: task_id})
        attempts = {} if timeout_s is None else {"attempts": 1}
        asked_s = self.clock.now_s()
        try:
            answer = {waiter.id: task_id, **waiter.tell(client.send(prepared, timeout_s=timeout_s, **attempts))}
        except (ConfigError, AuthError, NotFound) as error:
            self._explain(error, waiter, task_id)
            raise
        self._asked_s[task_id] = self.clock.monotonic_s()
        return self.heard(waiter, task_id, answer, asked_s)

    def heard(self, waiter: Waiter, task_id: str, answer: Record, asked_s: float | None = None) -> Record:
        """The record of a task of which this was just learned; one that this machine submitted is noted.

        `asked_s`: Unix seconds when the service was asked, now when left out.
        """
        state = waiter.classify(answer)
        past = None
        with self._unless_ledger_fails():
            past = self.ledger.find(task_id)
            if past is not None:
                # Keys that were looked up elsewhere are kept when the task's own answer lacks them.
                answer = {**{key: past[key] for key in _KEYS if past.get(key)}, **answer}
                self.ledger.observed(task_id, state, str(answer.get("Status", "")), answer, asked_s=asked_s)
                past = self.ledger.find(task_id)
        return task_record(waiter.kind, task_id, self.client.settings.profile, answer, past, self._end_s(state, past))

    def watch(self, waiter: Waiter, task_ids: Sequence[str], patience: Patience) -> Iterator[Snapshot]:
        """Follow tasks to their end; see `waiting.watch`."""

        def ask(task_id: str, timeout_s: float) -> Record:
            return self.look(waiter, task_id, timeout_s=timeout_s)

        return watch(ask, waiter, task_ids, patience, self.clock)

    def note(self, waiter: Waiter, record: Record) -> None:
        """Write down what was learned of a task otherwise than from its own answer."""
        with self._unless_ledger_fails():
            self.ledger.observed(record["TaskId"], waiter.classify(record), str(record["Status"]), record)

    def adopt(self, entry: str, task_id: str, answer: Mapping[str, Any]) -> None:
        """Write down the id of a task whose creation (`#12`) was not answered."""
        with self._unless_ledger_fails():
            self.ledger.accepted(int(entry.removeprefix("#")), task_id, str(answer.get("Status", "")), answer)

    def owner(self, path: str) -> str:
        """The task whose result a file is (absolute path), empty when none is known."""
        found = ""
        with self._unless_ledger_fails():
            found = self.ledger.owner(path)
        return found

    def claim(self, task_id: str, files: Sequence[str]) -> None:
        """Write down which files (absolute paths, the media first) are or will be a task's result."""
        with self._unless_ledger_fails():
            self.ledger.claim(task_id, files)

    def failure(self, waiter: Waiter, record: Mapping[str, Any]) -> TadhError:
        """The error for a task that ended badly."""
        return self.client.provider.task_failure(record, waiter)

    def named(self, name: str) -> str:
        """The id of a task that is named by it, or by its entry in the ledger (`#12`) where that has one."""
        entry = self.ledger.find(name) if name.startswith("#") else None
        return str(entry["TaskId"]) if entry else name

    def identify(self, name: str) -> str:
        """As `named`; raises what became of an entry that has no id."""
        task_id = self.named(name)
        if task_id.startswith("#"):
            raise self._without_id(task_id)
        return task_id

    def _without_id(self, name: str) -> TadhError:
        """Why the service can't be asked about an entry: it never gave it an id."""
        entry = self.ledger.find(name)
        if entry is None:
            return NotFound(f"the ledger has no entry {name}", hint="`tadh task list` shows all")
        if entry["State"] == REFUSED:
            return NotFound(f"{name} was refused, so there is no task: {entry.get('FailMessage', '')}", task_id=name)
        if entry["State"] == SENDING:
            return NotFound(f"{name} is being sent by another process and has no id yet", task_id=name)
        reason = f"the outcome of {name} is unknown, and without an id it can't be asked about"
        return OutcomeUnknown(reason, hint=LOOK_FIRST, task_id=name)

    def _explain(self, error: TadhError, waiter: Waiter, task_id: str) -> None:
        """What the ledger knows of a task that the service does not tell us about."""
        profile = self.client.settings.profile
        with self._unless_ledger_fails():
            past = self.ledger.find(task_id)
            if past is None:
                return
            if past["Profile"] != profile:
                error.hint = f"{task_id} was submitted with the profile {past['Profile']}: add -p {past['Profile']}"
            elif not isinstance(error, NotFound):
                return
            elif not self._is_asked_by(waiter, past):
                error.hint = _other_command(past)
            else:
                ended = waiter.forgotten
                state = waiter.classify(ended) if ended else State.FAILED
                self.ledger.lost(task_id, state, ended or {"FailMessage": _GONE})
                error.hint = f"{_GONE}: {_CLOSED if waiter.kind == 'session' else _KEPT}"

    def _is_asked_by(self, waiter: Waiter, past: Record) -> bool:
        """Whether a task of the ledger is asked for by this call: others don't know it, and that proves nothing."""
        alike = (other for other in self.client.provider.waiters() if other.operation == waiter.operation)
        return any(other.kind == past["Kind"] and str(past["Operation"]).startswith(other.edition) for other in alike)

    def _keep_distance(self, task_id: str) -> None:
        """Two questions about one task are never closer together than the service is asked at most."""
        asked_s = self._asked_s.get(task_id)
        if asked_s is not None:
            self.clock.sleep(asked_s + self.floor_s - self.clock.monotonic_s())

    @contextmanager
    def _unless_ledger_fails(self) -> Iterator[None]:
        """What the service said is worth more than our note of it: a ledger that breaks is warned about, once."""
        try:
            yield
        except ConfigError as error:
            if error.message not in self._warned:
                self._warned.add(error.message)
                self.warn(f"{error.message}; go on without it")

    def _end_s(self, state: State, past: Record | None) -> float | None:
        if past and past["FinishedAt"]:
            return unix(past["FinishedAt"])
        return self.clock.now_s() if state.is_final else None


def _other_command(past: Record) -> str:
    """How to ask for a task that was asked for by the wrong command."""
    kind, edition = past["Kind"], str(past["Operation"]).partition("-")[0]
    command = _SHOWN_BY.get(kind, "task show {}").format(past["TaskId"], edition=edition)
    return f"{past['TaskId']} is {'an' if kind[0] in 'aeiou' else 'a'} {kind}: `tadh {command}`"


# Answers by which the service says that it did not even begin.
_REFUSALS = (InputError, ConfigError, AuthError, NotFound, QuotaError, Refused)


def proves_nothing_made(error: TadhError) -> bool:
    """Whether a request that failed can't have made anything.

    The one place where this is decided. What never left proves it, and so does a refusal: parameters,
    permission, quota, content. A failure inside the service (100000, -101000, 801000, any unknown code
    under HTTP 5xx) is told with its own exit code, but proves nothing: the documentation says of none of
    them that the task was not made. Neither does a lost answer, whether or not the request could be repeated.
    """
    return error.reach is Reach.NOT_SENT or (error.reach is Reach.ANSWERED and isinstance(error, _REFUSALS))


def task_record(
    kind: str, task_id: str, profile: str, answer: Mapping[str, Any], past: Record | None, end_s: float | None
) -> Record:
    """One record of everything known about a task: what every record has first, then what the service says."""
    past = past or {}
    record: Record = {
        "TaskId": task_id,
        "Kind": past.get("Kind") or kind,
        "Profile": past.get("Profile") or profile,
        "Status": answer.get("Status", ""),
        "SubmittedAt": past.get("SubmittedAt"),
        "FinishedAt": iso(end_s) if end_s is not None else None,
    }
    record |= used(past.get("Request") or {})
    record |= {key: value for key, value in answer.items() if key not in record}
    if past.get("Files"):
        record["Files"] = past["Files"]
    expires_s = kept_until({**record, "Request": past.get("Request") or {}})
    if expires_s is not None:
        record["ExpiresAt"] = iso(expires_s)
    return record


def used(request: Mapping[str, Any]) -> Record:
    """The avatar and the voice that a request names."""
    avatar = request.get("VirtualmanKey") or request.get("AssetVirtualmanKey")
    voice = request.get("TimbreKey") or (request.get("SpeechParam") or {}).get("TimbreKey")
    return {key: value for key, value in (("VirtualmanKey", avatar), ("TimbreKey", voice)) if value}


def kept_until(record: Mapping[str, Any]) -> float | None:
    """Unix seconds until which the service keeps a result, None when there is none or it went elsewhere."""
    is_kept = record["Kind"] in ("video", "audio") and record["FinishedAt"] and record.get("MediaUrl")
    return unix(record["FinishedAt"]) + _KEPT_S if is_kept and not _is_stored(record["Request"]) else None


def _is_stored(request: Mapping[str, Any]) -> bool:
    """Whether the result went to a storage of the user's own, where it does not expire."""
    return bool(request.get("VideoStorageS3Url") or request.get("AudioStorageS3Url"))


def without_dead_links(record: Mapping[str, Any]) -> Record:
    """A record of the ledger without links that lead nowhere: it keeps them without their signatures."""
    return {name: value for name, value in record.items() if not (name.endswith(_LINKS) and MASK in str(value))}
