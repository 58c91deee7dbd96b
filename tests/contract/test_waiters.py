"""Everything that takes time: whom to ask, and what each documented word means."""

from __future__ import annotations

from typing import Any

import pytest

from tadh_cli.api.waiter import State, Waiter
from tadh_cli.providers.tencent import TENCENT

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
WORDS = {"video": PRODUCTION, "audio": PRODUCTION, "avatar": CUSTOMIZATION}

every_waiter = pytest.mark.parametrize("waiter", WAITERS, ids=[waiter.kind for waiter in WAITERS])


@every_waiter
def test_a_waiter_asks_an_operation_that_may_be_repeated(waiter: Waiter) -> None:
    operation = TENCENT.operation(waiter.operation)
    assert operation.safe
    assert waiter.id in {field.name for field in operation.request}


@every_waiter
def test_rows_speak_of_fields_and_words_that_the_answer_has(waiter: Waiter) -> None:
    fields = {field.name: field for field in TENCENT.operation(waiter.operation).response}
    for words, _ in waiter.rows:
        assert all(word in fields[name].choices for name, word in words.items())


@every_waiter
def test_every_declared_word_is_documented_and_the_other_way_round(waiter: Waiter) -> None:
    fields = {field.name: field for field in TENCENT.operation(waiter.operation).response}
    for name in ("Status", "StageV2", "StatusV2"):
        if name in fields:
            assert set(fields[name].choices) == {words[name] for words, _ in WORDS[waiter.kind] if name in words}


@pytest.mark.parametrize(
    ("kind", "words", "state"), [(kind, words, state) for kind, table in WORDS.items() for words, state in table]
)
def test_documented_words_lead_to_their_state(kind: str, words: dict[str, Any], state: State) -> None:
    assert TENCENT.waiter(kind).classify({"TaskId": "1", **words}) is state


@every_waiter
@pytest.mark.parametrize("words", [{}, {"Status": ""}, {"Status": "REVIEWING"}, {"Status": None}, {"Progress": 100}])
def test_words_nobody_knows_count_as_running(waiter: Waiter, words: dict[str, Any]) -> None:
    """A word of a later version must not end a wait, least of all as a failure."""
    assert waiter.classify(words) is State.RUNNING


@every_waiter
def test_some_word_ends_well_and_some_ends_badly(waiter: Waiter) -> None:
    assert {State.DONE, State.FAILED} <= {state for _, state in waiter.rows}


def test_each_kind_is_followed_in_one_way() -> None:
    assert sorted(waiter.kind for waiter in WAITERS) == sorted(WORDS)
    with pytest.raises(KeyError, match="tencent has no film"):
        TENCENT.waiter("film")
