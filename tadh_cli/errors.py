"""Everything that tadh can report as a failure, and the exit code of each.

TadhError                                          exit  trying again helps
├── FileError       a local file can't be used        1  after making room
├── InputError      a value is wrong, nothing sent    2  no
├── ConfigError     settings or credentials           3  no
├── AuthError       refused: signature, permission    4  no
├── NotFound        unknown or expired                5  no
├── QuotaError      hours, slots, concurrency         6  later
├── TaskFailed      the work itself failed            7  no
│   └── HookFailed  what --exec does with it failed   7  yes
├── WaitTimeout     we stopped waiting, it goes on    8  yes
├── NetworkError    no answer                         9  yes
├── ServiceError    the service broke                10  yes
├── Refused         content, moment, frequency       11  sometimes
├── OutcomeUnknown  a creation may have happened     12  never blindly
└── Interrupted     Ctrl-C                          130  yes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, ClassVar


class Reach(Enum):
    """How far a failed request got: it decides whether repeating it could do the work twice."""

    NOT_SENT = "not sent"
    IN_DOUBT = "in doubt"
    ANSWERED = "answered"


class TadhError(Exception):
    """A failure with an exit code; `hint` says what to do about it."""

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "unexpected error in tadh itself"
    # Whether the same question about something else would meet it as well.
    is_general: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: int | str | None = None,
        request_id: str = "",
        task_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.request_id = request_id
        self.task_id = task_id
        self.reach = Reach.ANSWERED
        # Whether the same request, sent again a little later, may succeed.
        self.transient = False
        # Whether a limit is reached that may be free again later: nothing was made, and others may hold it.
        self.is_full = False
        # Seconds the service asked us to wait before that (Retry-After).
        self.retry_after_s: float | None = None
        # The command that takes up what this failure interrupted.
        self.resume = ""
        # What is known so far of the tasks concerned: drawn on stdout although the command failed.
        self.records: Sequence[Mapping[str, Any]] = ()
        # Whether they answer a question for several things, and are a list even when there is only one.
        self.is_list = False
        # How they are best shown; only what draws them knows more of it.
        self.view: object = None


class FileError(TadhError):
    """A local file can't be read or written; same exit code as an unexpected error, but a clean message."""


class InputError(TadhError):
    """Values that can't be sent; `problems` has one sentence for each."""

    exit_code = 2
    meaning = "usage or validation error; nothing was sent"

    def __init__(self, problems: str | Sequence[str], *, hint: str = "", sends: bool = True) -> None:
        """`sends`: whether something would have been sent otherwise."""
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        message = self.problems[0]
        if len(self.problems) > 1:
            count = f"{len(self.problems)} problems"
            message = "\n  ".join([f"{count}, nothing was sent" if sends else count, *self.problems])
        super().__init__(message, hint=hint)


class ConfigError(TadhError):
    exit_code = 3
    meaning = "configuration or credentials missing or unreadable"
    is_general = True


class AuthError(TadhError):
    exit_code = 4
    meaning = "authentication or permission refused by the service"
    is_general = True


class NotFound(TadhError):
    exit_code = 5
    meaning = "not found or expired"


class QuotaError(TadhError):
    exit_code = 6
    meaning = "quota or concurrency exhausted"


class TaskFailed(TadhError):
    exit_code = 7
    meaning = "the task ended in failure"


class HookFailed(TaskFailed):
    """The command of --exec did not end with 0; `is_unusable` when it can't be run at all."""

    def __init__(self, message: str, *, is_unusable: bool = False) -> None:
        super().__init__(message, hint="the change is kept for it: the next run offers it again")
        self.is_unusable = is_unusable


class WaitTimeout(TadhError):
    exit_code = 8
    meaning = "timed out waiting; the task goes on"


class NetworkError(TadhError):
    exit_code = 9
    meaning = "network unreachable, connection lost or TLS failure, after retries"
    is_general = True


class ServiceError(TadhError):
    exit_code = 10
    meaning = "the service failed or answered nonsense, after retries"


class Refused(TadhError):
    exit_code = 11
    meaning = "rejected by the service: parameters, content moderation, wrong moment, too frequent"


class OutcomeUnknown(TadhError):
    exit_code = 12
    meaning = "outcome unknown: the request may have been processed; nothing was repeated"


class Interrupted(TadhError):
    exit_code = 130
    meaning = "interrupted"


ERRORS: tuple[type[TadhError], ...] = (
    TadhError,
    InputError,
    ConfigError,
    AuthError,
    NotFound,
    QuotaError,
    TaskFailed,
    WaitTimeout,
    NetworkError,
    ServiceError,
    Refused,
    OutcomeUnknown,
    Interrupted,
)


def carrying(
    error: TadhError, records: Sequence[Mapping[str, Any]], *, is_list: bool = False, view: object = None
) -> TadhError:
    """A failure that brings along what is known; `is_list` when it answers for several things."""
    error.records = error.records or records
    error.is_list = error.is_list or is_list
    error.view = error.view or view
    return error


def together(failures: Sequence[TadhError], of: int, what: str = "could not be asked about") -> TadhError:
    """One failure for those of several tasks: the first, which then says of each what was wrong with it."""
    first = failures[0]
    if of > 1:
        each = [": ".join(filter(None, [failure.task_id, failure.message])) for failure in failures]
        first.message = "\n  ".join([f"{len(failures)} of {of} tasks {what}", *each])
        first.task_id = " ".join(failure.task_id for failure in failures if failure.task_id)
    return first


def exit_codes() -> dict[int, str]:
    """Every exit code with its meaning, in order."""
    return {0: "success"} | {error.exit_code: error.meaning for error in ERRORS}
