"""What the service's codes mean, what they are for a caller, and what to do about them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tadh_cli.api.provider import Answer, Reply
from tadh_cli.errors import (
    AuthError,
    NotFound,
    QuotaError,
    Reach,
    Refused,
    ServiceError,
    TadhError,
    TaskFailed,
)
from tadh_cli.providers.tencent.signing import CLOCK_TOLERANCE_S

if TYPE_CHECKING:
    from tadh_cli.api.operation import Operation
    from tadh_cli.api.waiter import Waiter


class Code(NamedTuple):
    """A result code: what happened, the failure it is, whether waiting helps, and the remedy."""

    meaning: str
    failure: type[TadhError]
    remedy: str = ""
    # The same request may succeed later.
    transient: bool = False
    # The code proves that nothing was accepted, so that even a creation may be sent again.
    untouched: bool = False
    # A limit that a task holds only while it runs.
    full: bool = False


_INTERNAL = "try again later; if it stays, contact the service with the RequestID"
_PARAMETERS = "compare the parameters with `tadh api NAME --schema`"

# Header.Code of an answer (Result Code Dictionary, Error Code Description).
CODES: dict[int, Code] = {
    100000: Code("internal system error", ServiceError, _INTERNAL, transient=True),
    -101000: Code("internal system error", ServiceError, _INTERNAL, transient=True),
    -101001: Code("computing power is insufficient", ServiceError, _INTERNAL, transient=True),
    -101002: Code("an image could not be downloaded", Refused, "check that the service can fetch the image's URL"),
    -101003: Code("a request to S3 storage failed", ServiceError, _INTERNAL, transient=True),
    -111001: Code("updating the stream's parameters failed", ServiceError, _INTERNAL, transient=True),
    -111002: Code("the connection dropped", ServiceError, _INTERNAL, transient=True),
    -111003: Code("loading the avatar's model failed", ServiceError, "create a new session", transient=True),
    -111004: Code("creating the stream took too long", ServiceError, "create a new session", transient=True),
    -111005: Code("driving the avatar failed", ServiceError, "read the message; the session goes on"),
    100001: Code("a parameter is wrong", Refused, _PARAMETERS),
    100002: Code("a parameter's value is wrong", Refused, _PARAMETERS),
    100003: Code("a parameter is wrong", Refused, _PARAMETERS),
    100005: Code(
        "not authorised",
        AuthError,
        "check that this appkey may use this service and resource, and that the endpoint is that of the account "
        "(mainland gw.tvs.qq.com, international gw-sg.tvs.qq.com)",
    ),
    100008: Code(
        "quota or concurrency exceeded",
        QuotaError,
        "wait until a running task has ended, or buy more concurrency or customizations",
        full=True,
    ),
    100009: Code("the resource does not exist", NotFound, "check the id or key, and that this account may see it"),
    100012: Code("requests are too frequent", Refused, "send fewer requests", transient=True, untouched=True),
    100013: Code(
        "no hours left",
        QuotaError,
        "buy hours; `tadh api assets.quota -f PageIndex=1 -f PageSize=100` shows what is left",
    ),
    100014: Code(
        "not enough concurrency",
        QuotaError,
        "`tadh session gc` closes what was left open here; else buy or renew concurrency",
    ),
    100015: Code("the avatar has expired", NotFound, "renew the avatar"),
    100016: Code("the avatar does not exist", NotFound, "`tadh avatar list` shows the keys"),
    110005: Code("the record exists already", Refused, "use another name, or wait a moment between two requests"),
    110006: Code("the record does not exist", NotFound, "check the id"),
    110007: Code("the avatar's key has expired", NotFound, "renew the avatar"),
    110013: Code("the session is closed", NotFound, "`tadh session status ID` tells the cause; create a new session"),
    110014: Code("the session is not ready", Refused, "`tadh session start ID --wait` waits for it and starts it"),
    110015: Code("the command came at the wrong moment", Refused, "wait for TextOver or AudioOver"),
    110016: Code("the session is not started", Refused, "`tadh session start ID` starts it"),
    110018: Code("the session does not exist", NotFound, "it may have been closed; create a new session"),
    110021: Code("TRTC is overdue or its time used up", QuotaError, "renew TRTC"),
    110022: Code("closed by a new session of the same user", NotFound, "use a UserId of its own for each session"),
    801000: Code("a remote service failed", ServiceError, _INTERNAL, transient=True),
    801002: Code("a remote service answered abnormally", ServiceError, _INTERNAL, transient=True),
    801004: Code(
        "operations are too frequent", Refused, "do not submit several tasks at once", transient=True, untouched=True
    ),
    801005: Code("the text failed the security check", Refused, "remove what may be sensitive from the text"),
}

_AGAIN = "create it again; if it stays, contact the service with the TaskId"
_REMOTE = "check that the service can fetch every URL that was given"

# FailCode of a finished task (Audio and Video Production Result Error Codes). Some numbers stand in both
# tables with other meanings: where a code was read decides.
FAIL_CODES: dict[int, tuple[str, str]] = {
    801000: ("internal system error", _AGAIN),
    801001: ("database error", _AGAIN),
    801002: ("a remote service failed", _AGAIN),
    801003: ("retries are used up", _AGAIN),
    801004: ("the production crashed", _AGAIN),
    801006: ("a storage operation failed", _AGAIN),
    801007: ("the production took too long", _AGAIN),
    801009: ("a parameter is wrong", "read the message for the parameter"),
    801010: ("a URL could not be fetched", _REMOTE),
    801012: ("the parameters could not be read", _AGAIN),
    801014: ("downloading subtitles or video failed", _AGAIN),
    801015: ("storing at the given S3 URL failed", "check --storage-url and --subtitle-storage-url"),
    801401: ("audio: the parameters could not be read", _AGAIN),
    801402: ("audio: a local file could not be made", _AGAIN),
    801403: ("audio: data did not arrive", _AGAIN),
    801404: ("audio: a failure while data arrived", _AGAIN),
    801405: ("video: the parameters could not be read", _AGAIN),
    801503: ("video: a remote service failed", _AGAIN),
    801507: (
        "video: an input could not be brought to the resolution",
        "give pictures and clips in the video's own resolution",
    ),
    801508: ("video: the avatar's clip could not be read", _AGAIN),
    801509: ("video: frame numbers are wrong", "check --start-frame and --end-frame"),
    801510: (
        "video: the length of the audio is not allowed",
        "0.5 s to 60 min for small-sample avatars, to 10 min for others",
    ),
}


def unwrap(answer: Answer, operation: Operation | None) -> Reply:
    """The payload of an answer, or the failure it reports; the body decides, then the HTTP status."""
    header, payload = _envelope(answer.body)
    if header is None:
        raise _http_failure(answer)
    request_id = str(header.get("RequestID") or "")
    code = integer(header.get("Code"))
    if code == 0:
        return Reply(payload, request_id)
    raise failure(code, str(header.get("Message") or ""), request_id, answer.status)


def task_failure(record: Mapping[str, Any], waiter: Waiter) -> TadhError:
    """The failure of a task that ended badly, with the remedy for its code."""
    code = integer(record.get(waiter.code))
    # Some numbers of answers come as the end of a task too, with the same meaning: moderation for one.
    known = CODES.get(code or 0, Code("", TaskFailed))
    meaning, remedy = FAIL_CODES.get(code or 0, (known.meaning, known.remedy))
    said = str(record.get(waiter.message) or "")
    text = f"{waiter.kind} {record.get(waiter.id, '')} failed: {said or meaning or 'no reason given'}"
    if said and meaning:
        text += f" ({meaning})"
    hint = remedy or str(record.get("Advice") or "")
    return TaskFailed(text, hint=hint, code=code or None, task_id=str(record.get(waiter.id, "")))


def _envelope(body: bytes) -> tuple[Mapping[str, Any] | None, Any]:
    document = read(body)
    if document is None:
        return None, None
    header = document.get("Header")
    if not isinstance(header, Mapping) or integer(header.get("Code")) is None:
        return None, None
    return header, document.get("Payload") or {}


def read(text: bytes | str) -> Mapping[str, Any] | None:
    """A JSON object of the service, None for what is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, Mapping):
        return None
    halves = re.search(rb"\\u[dD][89a-fA-F]", text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
    return _in_whole_characters(document) if halves else document


def _in_whole_characters(document: Any) -> Any:
    """A text cut between the halves of a character can't be written to files and terminals: the half becomes `?`."""
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def integer(value: object) -> int | None:
    """A number, also one that is written as text; None for anything else."""
    try:
        return int(str(value))
    except ValueError:
        return None


def failure(code: int | None, message: str, request_id: str = "", status: int = 200) -> TadhError:
    """What a code means, with the service's own words, its remedy, and whether it may be repeated."""
    known = CODES.get(code or 0) or CODES.get(abs(code or 0))
    if known is None:
        known = _unknown(message, status)
    text = message or known.meaning
    if message and known.meaning.lower() not in message.lower():
        text = f"{message} ({known.meaning})"
    is_signature = known.failure is AuthError and any(word in message.lower() for word in _SIGNATURE_WORDS)
    hint = _SIGNATURE_HINT if is_signature else known.remedy
    error = known.failure(text, hint=hint, code=code, request_id=request_id)
    error.transient, error.is_full = known.transient, known.full
    error.reach = Reach.NOT_SENT if known.untouched else Reach.ANSWERED
    return error


_SIGNATURE_HINT = (
    f"check appkey and access token, the clock of this machine ({CLOCK_TOLERANCE_S // 60} minutes at most), and that "
    "the endpoint is that of the account (mainland gw.tvs.qq.com, international gw-sg.tvs.qq.com)"
)
# Authentication failures have no documented code: their text gives them away.
_SIGNATURE_WORDS = ("signature", "timestamp", "accesstoken", "access token")
_AUTH_WORDS = (*_SIGNATURE_WORDS, "auth", "appkey", "forbidden")


def _unknown(message: str, status: int) -> Code:
    if status in (401, 403) or any(word in message.lower() for word in _AUTH_WORDS):
        return Code("authentication failed", AuthError, _SIGNATURE_HINT)
    if status == 429:
        return Code("requests are too frequent", Refused, "send fewer requests", transient=True, untouched=True)
    if status >= 500:
        return Code("the service failed", ServiceError, _INTERNAL, transient=True)
    return Code("refused for a reason this version does not know", Refused, "read the message of the service")


def _http_failure(answer: Answer) -> TadhError:
    """What an answer without the documented envelope means, by its HTTP status alone."""
    status = answer.status
    if status in (401, 403):
        return AuthError(f"the service refused the request (HTTP {status})", hint=_SIGNATURE_HINT, code=status)
    if status == 429:
        error: TadhError = Refused("requests are too frequent (HTTP 429)", hint="send fewer requests", code=status)
        error.transient = True
        error.reach = Reach.NOT_SENT
    elif 400 <= status < 500:
        error = Refused(
            f"the service refused the request (HTTP {status})",
            hint="check the endpoint and, for `tadh api`, the path",
            code=status,
        )
    elif status >= 500:
        error = ServiceError(f"the service failed (HTTP {status})", hint="try again later", code=status)
        error.transient = True
        error.reach = Reach.IN_DOUBT
    else:
        error = ServiceError(
            f"the service answered nonsense (HTTP {status}, {len(answer.body)} bytes that are not its JSON)",
            hint="check that the endpoint is that of the service and no proxy or login page stands in between",
        )
        error.transient = True
        error.reach = Reach.IN_DOUBT
    return error
