"""Prepare, sign, send, retry and decode: one request to the service, from values to a record."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tadh_cli.api.body import Body, put
from tadh_cli.api.field import Payload, Problem, secrets
from tadh_cli.api.operation import Operation
from tadh_cli.api.production import Names
from tadh_cli.api.provider import Answer, Exchange, Provider, Reply
from tadh_cli.config import Credentials, Settings
from tadh_cli.duration import words
from tadh_cli.engine.clock import Clock
from tadh_cli.engine.pages import WIDTH, merged
from tadh_cli.engine.transport import READ_TIMEOUT_S, Transport
from tadh_cli.errors import InputError, OutcomeUnknown, Reach, Refused, ServiceError, TadhError
from tadh_cli.masking import Mask

# Attempts of a request that may be repeated, and the pauses between them: doubled each time, with jitter.
ATTEMPTS = 4
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 8.0
# A service that asks for more patience than this is told to the user instead of waited for.
LONGEST_RETRY_AFTER_S = 60.0
_LOOK = "Look at the service's console before sending it again: what is made twice is paid twice"
LOOK_FIRST = f"the service may have accepted the request; nothing was repeated. {_LOOK}"
LOOK_ALL_THE_SAME = f"the service may have made it all the same. {_LOOK}"
# Making something may take the service longer than answering a question, and giving up is costly.
CREATE_TIMEOUT_S = 60.0


class Prepared(NamedTuple):
    """A request that passed its checks, ready to be signed and sent."""

    method: str
    path: str
    payload: Payload
    operation: Operation | None
    service: str
    warnings: tuple[str, ...] = ()

    @property
    def is_safe(self) -> bool:
        """Whether it may be sent again after its bytes left the machine."""
        return self.operation.safe if self.operation else self.method in ("GET", "HEAD")


_PLAIN = Names()


@dataclass(eq=False, repr=False)
class Client:
    """The thin signed-request layer over one profile."""

    provider: Provider
    settings: Settings
    transport: Transport
    mask: Mask
    clock: Clock = field(default_factory=Clock)
    # The body of the last answer as it came.
    last_answer: bytes = b""
    # Seconds by which the clock of this machine is ahead of the service's, as its last answer told.
    _ahead_s: float = field(default=0.0, init=False)
    # By service: a command for the token may ask a person, and every attempt is signed.
    _credentials: dict[str, Credentials] = field(default_factory=dict)
    # Twins have these in common: several threads ask for credentials, and tell the same observer.
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def twin(self, transport: Transport) -> Client:
        """The same over connections of its own, for another thread; what credentials are known is shared."""
        return replace(self, transport=transport)

    def account(self, service: str) -> str:
        """The appkey by which a service knows us; its secret is at hand from then on."""
        return self._credentials_for(service).app_key

    def call(self, name: str, **values: object) -> Payload:
        """The decoded answer of an operation named like `video.get`; whoever calls by name counts on its fields.

        Raises ServiceError when one that the declaration requires is not there.
        """
        operation = self.provider.operation(name)
        answer = self.send(self.prepare(operation, values))
        if lacking := operation.lacking(answer):
            raise ServiceError(f"the service's answer to {name} lacks {', '.join(lacking)}", hint="try again later")
        return answer

    def pages(
        self,
        name: str,
        *,
        overrides: Mapping[str, str] | None = None,
        names: Names = _PLAIN,
        most: int | None = None,
        width: int = WIDTH,
        **values: object,
    ) -> Iterator[Payload]:
        """The items of a list call, all pages merged; raises InputError for overrides of these.

        Up to `width` pages are asked for at a time. Whoever wants no more than `most` items says so.
        """
        operation = self.provider.operation(name)
        assert operation.paging is not None
        if fixed := [path for path in ("PageIndex", "PageSize") if path in (overrides or {})]:
            raise InputError(
                [f"--set {path}: all pages are fetched, one after the other" for path in fixed],
                hint=f"for a single page use `tadh api {name}`",
            )
        given = values.pop("PageSize", None)
        size = operation.paging.largest if given is None else int(str(given))

        def ask(page: int) -> Payload:
            wanted = {**values, "PageIndex": page, "PageSize": size}
            return self.send(self.prepare(operation, wanted, overrides=overrides, names=names))

        yield from merged(ask, operation.paging, size, most=most, width=width)

    def prepare(
        self,
        operation: Operation,
        values: Mapping[str, object],
        *,
        overrides: Mapping[str, str] | None = None,
        names: Names = _PLAIN,
        problems: Iterable[str] = (),
        exempt: Iterable[str] = (),
    ) -> Prepared:
        """The request for values by dotted path; raises InputError with every problem there is.

        `overrides` (--set) go in unchecked, `names` says how the user knows them, `problems` are
        those found before, and paths in `exempt` are not checked because of those.
        """
        payload = operation.encode(values)
        for path, value in (overrides or {}).items():
            put(payload, path, operation.parse(path, value))
        found = operation.check(payload, exempt=[*(overrides or {}), *exempt])
        texts = [*problems, *(explain(operation, problem, names) for problem in found if not problem.warning)]
        if texts:
            raise InputError(texts)
        _refuse_unsendable(payload)
        warnings = tuple(explain(operation, problem, names) for problem in found if problem.warning)
        return Prepared(operation.method, operation.path, payload, operation, operation.service, warnings)

    def send(self, prepared: Prepared, *, attempts: int = ATTEMPTS, timeout_s: float | None = None) -> Payload:
        """The decoded answer; raises what went wrong after the retries that are safe."""
        reply = self.exchange(prepared, attempts=attempts, timeout_s=timeout_s)
        return prepared.operation.decode(reply.payload) if prepared.operation else reply.payload

    def exchange(self, prepared: Prepared, *, attempts: int = ATTEMPTS, timeout_s: float | None = None) -> Reply:
        """The answer as the service spelled it; `timeout_s` bounds each attempt."""
        span_s = timeout_s or (READ_TIMEOUT_S if prepared.is_safe else CREATE_TIMEOUT_S)
        for attempt in range(1, attempts + 1):
            try:
                return self._once(prepared, span_s)
            except TadhError as error:
                pause_s = self._pause(error, attempt)
                if attempt == attempts or pause_s is None or not _may_repeat(error, prepared):
                    raise _final(error, prepared) from error
            self.clock.sleep(pause_s)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def url(self, prepared: Prepared) -> str:
        """The signed URL of a request at this moment."""
        credentials = self._credentials_for(prepared.service)
        return self.provider.sign(self.settings.endpoint, prepared.path, credentials, int(self.clock.now_s()))

    def websocket_url(self, path: str, service: str) -> str:
        """The URL of a WebSocket, signed at this moment."""
        credentials = self._credentials_for(service)
        return self.provider.sign(self.settings.websocket, path, credentials, int(self.clock.now_s()))

    def _credentials_for(self, service: str) -> Credentials:
        with self._asking:
            if service not in self._credentials:
                self._credentials[service] = self.settings.credentials(service)
                self.mask.hide(self._credentials[service].access_token)
        return self._credentials[service]

    def body(self, prepared: Prepared) -> bytes | None:
        """The JSON of a request, in UTF-8."""
        if prepared.method in ("GET", "HEAD"):
            return None
        return json.dumps(self.provider.wrap(prepared.payload), ensure_ascii=False, allow_nan=False).encode()

    def service_now_s(self) -> float:
        """Unix seconds by the service's clock, as far as its answers told how that differs from ours."""
        return self.clock.now_s() - self._ahead_s

    def _once(self, prepared: Prepared, timeout_s: float) -> Reply:
        """One attempt with a signature of its own."""
        url, body = self.url(prepared), self.body(prepared)
        started = self.clock.monotonic_s()
        answer: Answer | None = None
        problem = ""
        try:
            answer = self.transport.send(
                prepared.method,
                url,
                body,
                self.provider.headers,
                timeout_s=timeout_s,
                fresh=not prepared.is_safe,
            )
            self.last_answer = answer.body
            self._ahead_s = self._skew_s(answer) or self._ahead_s
            reply = self.provider.unwrap(answer, prepared.operation)
            self._hide_secrets(prepared, reply)
            return reply
        except TadhError as error:
            problem = error.message
            if answer is not None:
                self._blame_clock(error, answer)
                _advise(error, prepared)
                error.retry_after_s = _retry_after_s(answer, self.clock.now_s()) or _turn_s(error, prepared)
            raise
        finally:
            took_s = self.clock.monotonic_s() - started
            with self._telling:
                self.transport.observe(_exchange(prepared, url, body, answer, took_s, problem))

    def _hide_secrets(self, prepared: Prepared, reply: Reply) -> None:
        """Temporary keys that come in an answer are as secret as our own."""
        if prepared.operation is not None and isinstance(reply.payload, Mapping):
            self.mask.hide(*secrets(prepared.operation.response, reply.payload))

    def _blame_clock(self, error: TadhError, answer: Answer) -> None:
        """Name a clock that is too far off for signatures to be accepted: the service only says 'refused'."""
        skew_s = self._skew_s(answer)
        most_s = self.provider.clock_tolerance_s
        if skew_s is not None and abs(skew_s) > most_s:
            side = "ahead of" if skew_s > 0 else "behind"
            error.message += f"; the clock of this machine is {words(abs(skew_s))} {side} the service's"
            error.hint = f"set the clock: the service accepts a difference of {most_s // 60} minutes at most"

    def _skew_s(self, answer: Answer) -> float | None:
        theirs_s = _unix(answer.headers.get("Date", ""))
        return None if theirs_s is None else self.clock.now_s() - theirs_s

    def _pause(self, error: TadhError, attempt: int) -> float | None:
        """Seconds before the next attempt, None when the service wants more patience than we have."""
        backoff_s: float = min(FIRST_PAUSE_S * 2 ** (attempt - 1), LONGEST_PAUSE_S) * self.clock.jitter()
        if error.retry_after_s is None:
            return backoff_s
        return None if error.retry_after_s > LONGEST_RETRY_AFTER_S else max(backoff_s, error.retry_after_s)


def _advise(error: TadhError, prepared: Prepared) -> None:
    """What a code means for this very call is worth more than what it means in general."""
    remedy = prepared.operation.remedies.get(error.code) if prepared.operation else None
    if remedy:
        error.hint = remedy(Body(prepared.payload))


def _refuse_unsendable(payload: Payload) -> None:
    """What --set brings in unchecked has to be text and numbers all the same."""
    try:
        json.dumps(payload, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"the request can't be written as JSON in UTF-8: {error}") from None


def explain(operation: Operation, problem: Problem, names: Names) -> str:
    """A problem as one sentence: the option, the value, what is wrong, and where the rule comes from."""
    name = names.flag(problem.path)
    value = "" if problem.value is None else f" {_short(names.spell(problem.value))}"
    source = operation.doc if name == problem.path else f"{problem.path}, {operation.doc}"
    return f"{name}{value} {names.told(problem.message)} ({source})"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text if len(text) <= 60 else text[:57] + "…"
    return repr(text) if isinstance(value, str) else text


def _may_repeat(error: TadhError, prepared: Prepared) -> bool:
    """Never again what may have been done already, unless doing it twice is the same as once."""
    return error.transient and (prepared.is_safe or error.reach is Reach.NOT_SENT)


def _final(error: TadhError, prepared: Prepared) -> TadhError:
    if prepared.is_safe or error.reach is not Reach.IN_DOUBT:
        return error
    unknown = OutcomeUnknown(
        f"the outcome is unknown: {error.message}",
        hint=LOOK_FIRST,
        code=error.code,
        request_id=error.request_id,
    )
    unknown.reach = Reach.IN_DOUBT
    return unknown


def _turn_s(error: TadhError, prepared: Prepared) -> float | None:
    """Seconds until a call that was refused as too frequent has its turn, where the documentation tells them."""
    apart_s = prepared.operation.apart_s if prepared.operation else 0.0
    return apart_s if apart_s and isinstance(error, Refused) and error.transient else None


def _retry_after_s(answer: Answer, now_s: float) -> float | None:
    """Seconds, or a date, as HTTP allows both."""
    text = answer.headers.get("Retry-After", "").strip()
    if not text or (text.isascii() and text.isdigit()):
        return float(text) if text else None
    date_s = _unix(text)
    return None if date_s is None else max(0.0, date_s - now_s)


def _unix(date: str) -> float | None:
    """Unix seconds of an HTTP date, None for what is none."""
    from email.utils import parsedate_to_datetime

    try:
        return float(parsedate_to_datetime(date).timestamp())
    except (TypeError, ValueError):
        return None


def _exchange(
    prepared: Prepared, url: str, body: bytes | None, answer: Answer | None, took_s: float, problem: str
) -> Exchange:
    return Exchange(
        prepared.method,
        url,
        _readable(body),
        answer.status if answer else None,
        _readable(answer.body) if answer else None,
        took_s,
        problem,
    )


def _readable(body: bytes | None) -> Any:
    if body is None:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body[:2000].decode("utf-8", "replace")
