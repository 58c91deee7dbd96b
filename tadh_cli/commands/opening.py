"""Live sessions that a command opens: none stays open that nobody knows of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tadh_cli.api.options import options as listed
from tadh_cli.api.production import Names
from tadh_cli.api.session import SECRET_OPTIONS, SessionOptions
from tadh_cli.api.waiter import State
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.following import Course, concluded, followed
from tadh_cli.commands.options import Following
from tadh_cli.commands.persisting import persistently
from tadh_cli.commands.speaking import given_text
from tadh_cli.commands.submitting import Sending, planned
from tadh_cli.duration import words
from tadh_cli.errors import Interrupted, NotFound, TadhError, WaitTimeout
from tadh_cli.ui.records import Column, View

if TYPE_CHECKING:
    from tadh_cli.engine.client import Prepared
    from tadh_cli.engine.submission import Submission

SESSION = View(
    columns=(
        Column("TaskId", "Session", whole=True),
        Column("Status"),
        Column("SpeakStatus", "Speaks"),
        Column("PlayStreamAddr", "Play address", whole=True),
        Column("ErrorMeaning", "Error"),
        Column("CloseReason", "Closed"),
    ),
    wide=(
        Column("UserId", "User"),
        Column("ErrorCode"),
        Column("ErrorMessage"),
        Column("SubmittedAt", "Opened"),
        Column("FinishedAt", "Ended"),
        Column("Profile"),
    ),
    hidden=("ReqId",),
)

# An interrupted creation is waited for so long: its answer has the id of what has to be closed.
_PATIENCE_S = 10.0
# A question or a request on the way out: a few quick attempts.
_LIMITS: Mapping[str, Any] = MappingProxyType({"attempts": 3, "timeout_s": 5.0})
# A creation whose answer was lost is looked for so often.
_LOOKS, _LOOK_AGAIN_S = 4, 0.5
NONE: Mapping[str, str] = MappingProxyType({})


def ordered(tadh: Tadh, options: SessionOptions, sending: Sending) -> Submission:
    """The completely checked request for a session, of a user of its own when none is named."""
    defaults = tadh.settings.defaults
    if not options.project and not options.avatar and defaults.get("avatar"):
        voice = options.voice or defaults.get("voice") or None
        options = replace(options, avatar=defaults["avatar"], voice=voice)
    read = {name: given_text(tadh, flag, getattr(options, name)) for name, flag in _secret_flags(options)}
    secrets: dict[str, Any] = {name: text.strip() for name, text in read.items() if text is not None}
    # The address keeps what is no secret in it: a mistake there has to be told.
    tadh.mask.hide(*(text for name, text in secrets.items() if name != "push_url"), *_keys(secrets.get("push_url", "")))
    options = replace(options, user=options.user or f"tadh-{uuid4().hex}", **secrets)
    return planned(tadh, tadh.provider.session_order(options), sending)


def _secret_flags(options: SessionOptions) -> Iterator[tuple[str, str]]:
    known = dict(listed(options))
    return ((name, known[name].flag) for name in SECRET_OPTIONS)


def _keys(address: str) -> Iterator[str]:
    """The values in a query, each as it is written: every network that delivers streams has names of its own."""
    return (part.partition("=")[2] for part in address.partition("?")[2].split("&"))


@contextmanager
def opened(tadh: Tadh, prepared: Prepared) -> Iterator[Opened]:
    """A new session of a user who has no other one: closed again however the block ends, unless it is kept.

    Signals interrupt the block, but neither the creation nor the closing.
    """
    from tadh_cli.engine.interrupts import held

    def told() -> None:
        tadh.messages.say("interrupted: waiting for the service's answer, so that no session stays open")

    with held(told, _PATIENCE_S) as signals, ExitStack() as holds:
        session = Opened(tadh, str(prepared.payload["UserId"]), lambda: signals.is_urgent)
        try:
            try:
                session.create(prepared)
                holds.enter_context(tadh.turns.driving(session.id))
                session.tell_address()
                signals.heed()
                yield session
            finally:
                signals.hold()
        except BaseException as error:
            session.abandon(error)
            raise
        if not session.is_kept:
            session.close()


class Opened:
    """A session that this command has opened."""

    def __init__(self, tadh: Tadh, user: str, is_urgent: Callable[[], bool]) -> None:
        """`is_urgent` tells whether closing it may be given up after an attempt."""
        self._tadh = tadh
        self._user = user
        self._is_urgent = is_urgent
        self._waiter = tadh.provider.waiter("session")
        # The entry of a creation whose outcome is unknown.
        self._entry = ""
        # It was waited for in vain.
        self._has_waited = False
        self.record: Mapping[str, Any] = {}
        self.is_kept = False

    @property
    def id(self) -> str:
        return str(self.record.get("TaskId") or "")

    def create(self, prepared: Prepared) -> None:
        try:
            self.record = {**self._tadh.tasks.submit(prepared), "UserId": self._user}
        except TadhError as error:
            self._entry = error.task_id if error.task_id.startswith("#") else ""
            raise

    def tell_address(self) -> None:
        """Where to look at it; a stream that is pushed elsewhere has no address."""
        address = self.record.get("PlayStreamAddr")
        self._tadh.messages.say(f"session {self.id} is {self.record['Status']}")
        if address:
            self._tadh.messages.show(f"play address: {address}")

    def wait(self, following: Following) -> None:
        """Return when it is ready; raises what keeps it from being so."""
        try:
            self._learn(ready(self._tadh, self.id, following))
        except WaitTimeout as error:
            self._has_waited = True
            span_s = following.patience(self._tadh).timeout_s
            error.message = f"session {self.id} was not ready within {words(span_s)} (--timeout)"
            error.hint = (
                "loading an avatar may take two minutes: `--timeout 5m` waits longer; without --wait and --start it is "
                "left open, for `tadh session start ID --wait`"
            )
            raise

    def start(self) -> None:
        """Let it be driven."""
        self._learn(started(self._tadh, self.id))

    def keep(self) -> None:
        """Whoever asked for it knows it now, and closes it."""
        self.is_kept = True

    def close(self) -> None:
        """Close it; raises what keeps it from being closed."""
        try:
            self.record = {**self.record, **self._closed(self.id)}
        except TadhError as error:
            raise self._left_open(error) from error.__cause__

    def abandon(self, error: BaseException) -> None:
        """Close it because of a failure, which is told in any case."""
        if self.is_kept:
            return
        try:
            session_id = self.id or self._found_again()
            if session_id:
                self._closed(session_id)
        except TadhError as unclosed:
            told = self._left_open(unclosed)
            self._tadh.messages.warn(f"{told.message}; {told.hint}")
            return
        if session_id:
            self._tadh.messages.say(f"session {session_id} is closed again")
        if isinstance(error, TadhError):
            if self._has_waited and isinstance(error, WaitTimeout):
                error.message += "; it is closed again, since it costs money as long as it is open"
            error.task_id = error.task_id or session_id
            if self._entry:
                _explain(error, session_id)

    def _learn(self, record: Mapping[str, Any]) -> None:
        self.record = {**self.record, **{name: value for name, value in record.items() if value is not None}}

    def _closed(self, session_id: str) -> Mapping[str, Any]:
        once = partial(closed, self._tadh, session_id, limits={**_LIMITS, "attempts": 1})
        try:
            what, say = f"closing session {session_id}", self._tadh.messages.say
            return persistently(self._tadh.clock, say, what, once, self._is_urgent)
        except NotFound:
            # What the service does not know is not open.
            return {}

    def _found_again(self) -> str:
        """The session of a creation whose answer was lost: nobody else has this user."""
        if not self._entry:
            return ""
        for look in range(_LOOKS):
            if look:
                self._tadh.clock.sleep(_LOOK_AGAIN_S)
            found = of_user(self._tadh, self._user, _LIMITS)
            if found:
                self._tadh.tasks.adopt(self._entry, found["SessionId"], found)
                return str(found["SessionId"])
        return ""

    def _left_open(self, error: TadhError) -> TadhError:
        name = self.id or f"of the user {self._user}"
        error.message = f"session {name} may still be open and cost money, closing it failed: {error.message}"
        error.hint = f"`{self._tadh.command('session gc')}` closes it"
        return error


def _explain(error: TadhError, session_id: str) -> None:
    """What became of a creation whose outcome was unknown."""
    how = "interrupted" if isinstance(error, Interrupted) else error.message
    if session_id:
        error.message = f"{how}; the session was made all the same, and is closed again"
        error.task_id, error.hint = session_id, ""
    else:
        error.message = f"{how}; the service knows no session of this creation"
        error.hint = "`tadh session gc` looks for it again"


# Steps that other commands take as well ----------------------------------------------------------------


def ready(tadh: Tadh, session_id: str, following: Following) -> Mapping[str, Any]:
    """The record of a session, as soon as it can be started; raises what keeps it from being so."""
    waiter = tadh.provider.waiter("session")
    record = followed(tadh, waiter, [session_id], following, Course(waiter, [session_id]))[session_id]
    if waiter.classify(record) is State.DONE:
        reason = record.get("CloseReason") or "closed"
        raise NotFound(f"session {session_id} was {reason} before it was ready", task_id=session_id)
    return concluded(tadh, waiter, record, SESSION)


def started(tadh: Tadh, session_id: str, overrides: Mapping[str, str] = NONE) -> dict[str, Any]:
    """The record of a session that was just started."""
    answer = tadh.client.send(about(tadh, "session.start", session_id, overrides))
    return tadh.tasks.heard(tadh.provider.waiter("session"), session_id, {"SessionId": session_id, **answer})


def closed(
    tadh: Tadh,
    session_id: str,
    overrides: Mapping[str, str] = NONE,
    limits: Mapping[str, Any] = NONE,
) -> dict[str, Any]:
    """The record of a session that was just closed, or had been; raises NotFound when the service does not know it.

    `limits` are those of `client.send`.
    """
    waiter = tadh.provider.waiter("session")
    prepared = about(tadh, "session.close", session_id, overrides)
    try:
        answer = {"SessionId": session_id, **tadh.client.send(prepared, **limits)}
        record = tadh.tasks.heard(waiter, session_id, answer)
    except NotFound:
        record = tadh.tasks.look(waiter, session_id, timeout_s=limits.get("timeout_s"))
        if waiter.classify(record) is not State.DONE:
            raise
    tadh.turns.forget(session_id)
    return record


def about(tadh: Tadh, name: str, session_id: str, overrides: Mapping[str, str] = NONE) -> Prepared:
    """A request about a session that has no other field; fields of --set go in unchecked."""
    operation = tadh.provider.operation(name)
    return tadh.client.prepare(
        operation, {"SessionId": session_id}, overrides=overrides, names=Names({"SessionId": "ID"})
    )


def of_user(tadh: Tadh, user: str, limits: Mapping[str, Any] = NONE) -> dict[str, Any] | None:
    """The open session of a user, if there is one."""
    prepared = tadh.client.prepare(tadh.provider.operation("session.list"), {})
    sessions = tadh.client.send(prepared, **limits)["Sessions"]
    return next((session for session in sessions if session.get("UserId") == user), None)
