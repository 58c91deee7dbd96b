"""Each documented code is the failure that the contract promises, with a remedy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tadh_cli.api.provider import Answer
from tadh_cli.errors import Reach, TadhError
from tadh_cli.providers.tencent import TENCENT
from tadh_cli.providers.tencent.codes import CODES, FAIL_CODES

# Header.Code of every table of the documentation: exit code, and whether the same request may succeed later.
HEADER_CODES: dict[int, tuple[int, bool]] = {
    100000: (10, True),
    -100000: (10, True),
    -101000: (10, True),
    -101001: (10, True),
    -101002: (11, False),
    -101003: (10, True),
    -111001: (10, True),
    -111002: (10, True),
    -111003: (10, True),
    -111004: (10, True),
    -111005: (10, False),
    100001: (11, False),
    100002: (11, False),
    100003: (11, False),
    100005: (4, False),
    100008: (6, False),
    100009: (5, False),
    100012: (11, True),
    100013: (6, False),
    100014: (6, False),
    100015: (5, False),
    100016: (5, False),
    110005: (11, False),
    110006: (5, False),
    110007: (5, False),
    110013: (5, False),
    110014: (11, False),
    110015: (11, False),
    110016: (11, False),
    110018: (5, False),
    110021: (6, False),
    110022: (5, False),
    801000: (10, True),
    801002: (10, True),
    801004: (11, True),
    801005: (11, False),
}
# After these nothing was accepted, so that even a creation may be sent again.
UNTOUCHED = {100012, 801004}
# FailCode of a finished production, every one of its table.
FAIL_CODES_DOCUMENTED = {
    *(801000, 801001, 801002, 801003, 801004, 801006, 801007, 801009, 801010, 801012, 801014, 801015),
    *(801401, 801402, 801403, 801404, 801405, 801503, 801507, 801508, 801509, 801510),
}
WAITER = TENCENT.waiter("video")


def answered(code: object, message: str = "", status: int = 200) -> TadhError:
    body = {"Header": {"Code": code, "Message": message, "RequestID": "gz1"}, "Payload": {}}
    return failed(Answer(status, {}, json.dumps(body).encode()))


def failed(answer: Answer) -> TadhError:
    with pytest.raises(TadhError) as caught:
        TENCENT.unwrap(answer, None)
    return caught.value


# Header.Code -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "promised"), HEADER_CODES.items())
def test_a_documented_code_has_its_exit_code(code: int, promised: tuple[int, bool]) -> None:
    error = answered(code)
    assert (error.exit_code, error.transient) == promised
    assert (error.code, error.request_id) == (code, "gz1")
    assert error.reach is (Reach.NOT_SENT if code in UNTOUCHED else Reach.ANSWERED)


def test_the_table_holds_the_documented_codes_and_no_others() -> None:
    assert set(CODES) == set(HEADER_CODES) - {-100000}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_meaning_and_a_remedy(code: int) -> None:
    error = answered(code)
    assert error.message and error.hint
    assert answered(code, "Kind.Detail:文本").message == f"Kind.Detail:文本 ({error.message})"


@pytest.mark.parametrize("spelled", [100000, -100000, "100000", "-100000"])
def test_the_internal_error_is_known_with_either_sign(spelled: object) -> None:
    assert (answered(spelled).exit_code, answered(spelled).message) == (10, "internal system error")


def test_zero_is_success_whatever_the_message_and_status() -> None:
    for code, message, status in ((0, "", 200), ("0", "ok", 200), (0, "nonsense", 500)):
        body = {"Header": {"Code": code, "Message": message, "RequestID": 1}, "Payload": {"A": 1}}
        reply = TENCENT.unwrap(Answer(status, {}, json.dumps(body).encode()), None)
        assert (reply.payload, reply.request_id) == ({"A": 1}, "1")


@pytest.mark.parametrize("payload", [{}, None, [], "", "absent"])
def test_an_answer_without_a_payload_is_an_empty_one(payload: object) -> None:
    body = {"Header": {"Code": 0}, **({} if payload == "absent" else {"Payload": payload})}
    assert TENCENT.unwrap(Answer(200, {}, json.dumps(body).encode()), None).payload == {}


@pytest.mark.parametrize(
    ("message", "exit_code"),
    [
        ("UnauthorizedOperation: signature verification failed", 4),
        ("timestamp expired", 4),
        ("invalid appkey", 4),
        ("something else", 11),
        ("", 11),
    ],
)
def test_a_code_nobody_knows_is_judged_by_its_message(message: str, exit_code: int) -> None:
    """No code is documented for a refused signature: only its text gives it away."""
    assert answered(424242, message).exit_code == exit_code


@pytest.mark.parametrize(
    ("status", "exit_code", "is_transient", "reach"),
    [
        (401, 4, False, Reach.ANSWERED),
        (403, 4, False, Reach.ANSWERED),
        (404, 11, False, Reach.ANSWERED),
        (429, 11, True, Reach.NOT_SENT),
        (500, 10, True, Reach.IN_DOUBT),
        (503, 10, True, Reach.IN_DOUBT),
        (200, 10, True, Reach.IN_DOUBT),
    ],
)
def test_an_answer_that_is_not_the_services_is_judged_by_its_status(
    status: int, exit_code: int, is_transient: bool, reach: Reach
) -> None:
    error = failed(Answer(status, {}, b"<html>"))
    assert (error.exit_code, error.transient, error.reach) == (exit_code, is_transient, reach)
    assert error.hint and (status == 200 or error.code == status)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_signature_says_what_to_check(status: int) -> None:
    hint = failed(Answer(status, {}, b"")).hint
    assert "clock" in hint and "gw.tvs.qq.com" in hint and "gw-sg.tvs.qq.com" in hint


def test_the_sample_of_the_documentation_is_an_internal_error() -> None:
    sample = b'{"Header": {"Code": 100000, "Message": "Internal system error", "RequestID": "123"}}'
    error = failed(Answer(200, {}, sample))
    assert (error.exit_code, error.message, error.request_id) == (10, "Internal system error", "123")


# FailCode ----------------------------------------------------------------------------------------------


def test_the_table_of_production_failures_is_that_of_the_documentation() -> None:
    assert set(FAIL_CODES) == FAIL_CODES_DOCUMENTED


@pytest.mark.parametrize("code", FAIL_CODES)
def test_a_failed_production_says_why_and_what_to_do(code: int) -> None:
    meaning, remedy = FAIL_CODES[code]
    error = TENCENT.task_failure({"TaskId": "T1", "FailCode": code, "FailMessage": ""}, WAITER)
    assert (error.exit_code, error.code, error.task_id) == (7, code, "T1")
    assert error.message == f"video T1 failed: {meaning}" and error.hint == remedy and remedy


@pytest.mark.parametrize(
    ("record", "message", "code"),
    [
        ({"FailCode": 801009, "FailMessage": "bad"}, "video T1 failed: bad (a parameter is wrong)", 801009),
        ({"FailCode": 809999, "FailMessage": "new"}, "video T1 failed: new", 809999),
        ({"FailCode": "801009", "FailMessage": ""}, "video T1 failed: a parameter is wrong", 801009),
        ({"FailCode": 0, "FailMessage": "why"}, "video T1 failed: why", None),
        ({"FailCode": None}, "video T1 failed: no reason given", None),
        ({"FailCode": "?", "FailMessage": None}, "video T1 failed: no reason given", None),
    ],
)
def test_whatever_is_said_of_a_failure_is_told(record: dict[str, Any], message: str, code: int | None) -> None:
    error = TENCENT.task_failure({"TaskId": "T1", **record}, WAITER)
    assert (error.message, error.code) == (message, code)


def test_a_code_of_answers_at_the_end_of_a_task_has_its_remedy() -> None:
    error = TENCENT.task_failure({"TaskId": "T1", "FailCode": 801005, "FailMessage": "bad words"}, WAITER)
    assert error.message == "video T1 failed: bad words (the text failed the security check)"
    assert "sensitive" in error.hint


def test_one_number_in_both_tables_is_judged_by_where_it_stood() -> None:
    """As an answer 801004 means that nothing was submitted, as the end of a task that it crashed."""
    assert answered(801004).transient
    error = TENCENT.task_failure({"TaskId": "T1", "FailCode": 801004}, WAITER)
    assert not error.transient and "crashed" in error.message
