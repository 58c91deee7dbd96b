"""Everything that takes time: whom to ask, and what each documented word means."""

from __future__ import annotations

from typing import Any

import pytest

from tadh_cli.api.waiter import State, Waiter
from tadh_cli.providers.tencent import TENCENT
from tests.calls import least

WAITERS = list(TENCENT.waiters())
MAKING = {"Status": "MAKING"}

# The documented words of each state, and where they lead.
PRODUCTION: list[tuple[dict[str, Any], State]] = [
    ({"Status": "COMMIT"}, State.QUEUED),
    ({"Status": "MAKING"}, State.RUNNING),
    ({"Status": "SUCCESS"}, State.DONE),
    ({"Status": "FAIL"}, State.FAILED),
]
CUSTOMIZATION: list[tuple[dict[str, Any], State]] = [
    ({**MAKING, "StageV2": "SUBMIT", "StatusV2": "WAIT_PROCESS"}, State.QUEUED),
    ({**MAKING, "StageV2": "AUDIT", "StatusV2": "PROCESSING"}, State.RUNNING),
    ({**MAKING, "StageV2": "PROCESS", "StatusV2": "WAIT_PROCESS"}, State.RUNNING),
    ({**MAKING, "StageV2": "TRAIN", "StatusV2": "PROCESSING"}, State.RUNNING),
    ({**MAKING, "StageV2": "CONFIRM", "StatusV2": "PROCESSING"}, State.RUNNING),
    ({**MAKING, "StageV2": "CONFIRM", "StatusV2": "WAIT_PROCESS"}, State.DECISION),
    ({"Status": "SUCCESS", "StageV2": "END", "StatusV2": "SUCCESS"}, State.DONE),
    ({"Status": "FAIL", "StageV2": "AUDIT", "StatusV2": "FAIL"}, State.FAILED),
    ({"Status": "SUCCESS"}, State.DONE),
    ({"Status": "FAIL"}, State.FAILED),
]
CHECK: list[tuple[dict[str, Any], State]] = [
    ({"TaskState": "CREATED"}, State.QUEUED),
    ({"TaskState": "QUEUING"}, State.QUEUED),
    ({"TaskState": "PROCESSING"}, State.RUNNING),
    ({"TaskState": "SUCCESS", "Result": {"Snr": {"Value": 50, "QualifiedRange": [30, 99]}}}, State.DONE),
    ({"TaskState": "SUCCESS", "Result": {"Snr": {"Value": 5, "QualifiedRange": [30, 99]}}}, State.FAILED),
    ({"TaskState": "FAIL"}, State.FAILED),
]
ULTRA_CHECK: list[tuple[dict[str, Any], State]] = [
    ({"TaskState": "PROCESSING"}, State.RUNNING),
    ({"TaskState": "SUCCESS", "DetectionCode": 0, "AudioId": "a"}, State.DONE),
    ({"TaskState": "SUCCESS", "DetectionCode": -1, "AudioId": ""}, State.FAILED),
    ({"TaskState": "FAIL"}, State.FAILED),
]
SESSION: list[tuple[dict[str, Any], State]] = [
    ({"SessionStatus": 3}, State.RUNNING),
    ({"SessionStatus": 1}, State.DECISION),
    ({"SessionStatus": 1, "IsSessionStarted": True}, State.DECISION),
    ({"SessionStatus": 2, "IsSessionStarted": True}, State.DONE),
    ({"SessionStatus": 4}, State.FAILED),
    ({"SessionStatus": 5}, State.FAILED),
]
WORDS = {
    ("video", ""): PRODUCTION,
    ("audio", ""): PRODUCTION,
    ("avatar", ""): CUSTOMIZATION,
    ("voice", ""): CUSTOMIZATION,
    ("voice-check", "basic"): CHECK,
    ("voice-check", "ultra"): ULTRA_CHECK,
    ("session", ""): SESSION,
}

every_waiter = pytest.mark.parametrize(
    "waiter", WAITERS, ids=[f"{waiter.kind} {waiter.edition}".strip() for waiter in WAITERS]
)


@every_waiter
def test_a_waiter_asks_an_operation_that_may_be_repeated(waiter: Waiter) -> None:
    operation = TENCENT.operation(waiter.operation)
    assert operation.safe
    assert waiter.id in {field.name for field in operation.request}


@every_waiter
def test_rows_speak_of_fields_and_words_that_the_answer_has(waiter: Waiter) -> None:
    operation = TENCENT.operation(waiter.operation)
    fields = {field.name: field for field in operation.response}
    told = waiter.tell(operation.decode(least(operation.response)))
    for words, _ in waiter.rows:
        # What is not in the answer itself is told out of it.
        answered = {name: word for name, word in words.items() if name in fields}
        assert answered or set(words) <= set(told)
        assert all(word in fields[name].choices for name, word in answered.items())


@every_waiter
def test_every_declared_word_is_documented_and_the_other_way_round(waiter: Waiter) -> None:
    fields = {field.name: field for field in TENCENT.operation(waiter.operation).response}
    table = WORDS[(waiter.kind, waiter.edition)]
    for name in ("Status", "StageV2", "StatusV2", "TaskState"):
        if name in fields:
            assert set(fields[name].choices) == {words[name] for words, _ in table if name in words}


@pytest.mark.parametrize(
    ("which", "words", "state"), [(which, words, state) for which, table in WORDS.items() for words, state in table]
)
def test_documented_words_lead_to_their_state(which: tuple[str, str], words: dict[str, Any], state: State) -> None:
    waiter = TENCENT.waiter(*which)
    answer = TENCENT.operation(waiter.operation).decode({waiter.id: "1", **words})
    assert waiter.classify(waiter.tell(answer)) is state


@every_waiter
@pytest.mark.parametrize("words", [{}, {"Status": ""}, {"Status": "REVIEWING"}, {"Status": None}, {"Progress": 100}])
def test_words_nobody_knows_count_as_running(waiter: Waiter, words: dict[str, Any]) -> None:
    """A word of a later version must not end a wait, least of all as a failure."""
    assert waiter.classify(waiter.tell(words)) is State.RUNNING


@every_waiter
def test_some_word_ends_well_and_some_ends_badly(waiter: Waiter) -> None:
    assert {State.DONE, State.FAILED} <= {state for _, state in waiter.rows}


def test_each_kind_is_followed_in_one_way() -> None:
    assert sorted((waiter.kind, waiter.edition) for waiter in WAITERS) == sorted(WORDS)
    with pytest.raises(KeyError, match="tencent has no film"):
        TENCENT.waiter("film")
