"""Takes a request apart and checks it in the order of the service, then lets the operation's handler answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tadh_cli.api.field import Problem, walk
from tadh_cli.api.operation import Operation
from tadh_cli.providers.tencent import operations
from tadh_cli.sandbox import (
    account,
    authentication,
    customization,
    echo,
    envelope,
    inventory,
    production,
    sessions,
    uploads,
)
from tadh_cli.sandbox.catalogue import hex_key
from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.refusals import Malformed, Refusal, Unauthorized
from tadh_cli.sandbox.service import Call, Handler, Service
from tadh_cli.sandbox.wire import Incoming, Json, Outgoing

HANDLERS: Mapping[str, Handler] = {
    **account.HANDLERS,
    **inventory.HANDLERS,
    **production.HANDLERS,
    **customization.HANDLERS,
    **sessions.HANDLERS,
    **uploads.HANDLERS,
}

# Spellings of request fields in the documentation's samples that differ from its tables.
_SAMPLE_SPELLINGS = {"pageIndex": "PageIndex", "taskId": "TaskId"}


class Gateway:
    """All declared operations by path."""

    def __init__(self, service: Service, tokens: Mapping[str, str]) -> None:
        self._service = service
        self._tokens = tokens
        self._operations = {operation.path: operation for operation in operations()}

    def operation(self, path: str) -> Operation | None:
        return self._operations.get(path)

    def answer(self, incoming: Incoming, fault: Fault | None = None) -> Outgoing:
        """The answer to a request; only a fault of the sandbox itself raises."""
        request_id = ""
        try:
            envelope.check_frame(incoming)
            request = envelope.read(incoming.body)
            request_id = request.request_id or f"sb{self._service.new_number()}"
            operation = self.operation(incoming.path)
            if operation is None:
                raise Malformed(404, f"there is nothing at {incoming.path}")
            given = authentication.verify(incoming.query, self._tokens, self._real(fault))
            return self._answer(operation, request.payload, given["appkey"], request_id, fault)
        except Malformed as error:
            return envelope.failure(error.status, error.code, error.message, request_id)
        except Unauthorized as error:
            return envelope.failure(401, error.code, error.message, request_id)
        except Refusal as error:
            return envelope.refusal(error, request_id)

    def _answer(
        self, operation: Operation, given: dict[str, Json], app_key: str, request_id: str, fault: Fault | None
    ) -> Outgoing:
        payload = {_SAMPLE_SPELLINGS.get(name, name): value for name, value in given.items()}
        check(operation, payload)
        if fault is not None and fault.kind == "code":
            raise Refusal(fault.value, "FailedOperation.Fault", fault.message or "provoked by a fault rule")
        clock = self._service.clock
        call = Call(payload, app_key, clock.now(), clock.real(), clock.paced(), fault)
        handler = HANDLERS.get(operation.name)
        made = handler(self._service, call) if handler else echo.answer(operation, payload)
        if made is not None and fault is not None and fault.kind == "omit":
            made = {name: value for name, value in made.items() if name != fault.value}
        if made is not None and fault is not None and fault.kind == "replace":
            made = {**made, fault.value: fault.by}
        # "" or "ok", with or without a SessionID: the samples have it both ways.
        is_wordy = self._service.follows_samples and operation.name in _WORDY
        dialog = hex_key("dialog", request_id) if is_wordy else ""
        return envelope.answer(made, request_id, message="ok" if is_wordy else "", dialog=dialog)

    def _real(self, fault: Fault | None) -> float:
        skew_s: float = fault.value if fault is not None and fault.kind == "clock_skew_s" else 0.0
        return self._service.clock.real() + skew_s


# Operations whose sample answers have Message "ok" and a SessionID.
_WORDY = (
    "assets.credentials",
    "customization.get",
    "ultra-check.get",
    "avatar.anchors",
    "avatar.images",
    "avatar.actions",
)


def check(operation: Operation, payload: dict[str, Json]) -> None:
    """Refuse a payload that the declaration does not allow, with everything that is wrong with it."""
    problems = [problem for problem in operation.check(payload) if not problem.warning]
    if problems:
        code = min(_code(operation, payload, problem) for problem in problems)
        text = "; ".join(f"{problem.path} {problem.message}" for problem in problems)
        raise Refusal(code, f"InvalidParameter.{problems[0].path}", text)


def _code(operation: Operation, payload: dict[str, Json], problem: Problem) -> int:
    """100001 for names and types, 100002 for values, 100003 for what is missing; the first of several is answered."""
    value = _at(payload, problem.path)
    if value in (None, ""):
        return 100003
    # Items of objects are declared as `Logos[].Scale`, items of anything else under the name of their array.
    path = re.sub(r"\[\d+\]$", "", problem.path)
    field = dict(walk(operation.request)).get(re.sub(r"\[\d+\]", "[]", path))
    if field is None:
        return 100001
    is_array = field.many and path == problem.path
    return 100002 if _has_type(value, list if is_array else field.type) else 100001


def _has_type(value: Json, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _at(payload: Json, path: str) -> Json:
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(payload, list):
            payload = payload[int(part)] if part.isdigit() and int(part) < len(payload) else None
        elif isinstance(payload, dict):
            payload = payload.get(part)
        else:
            return None
    return payload
