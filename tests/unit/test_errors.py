"""Failures and their exit codes."""

from __future__ import annotations

import pytest

from tadh_cli import errors
from tadh_cli.errors import ERRORS, FileError, HookFailed, InputError, Reach, TadhError, exit_codes

# The table of exit codes that scripts rely on.
EXIT_CODES = {
    "TadhError": 1,
    "InputError": 2,
    "ConfigError": 3,
    "AuthError": 4,
    "NotFound": 5,
    "QuotaError": 6,
    "TaskFailed": 7,
    "WaitTimeout": 8,
    "NetworkError": 9,
    "ServiceError": 10,
    "Refused": 11,
    "OutcomeUnknown": 12,
    "Interrupted": 130,
}


def test_exit_codes_are_those_of_the_contract() -> None:
    assert {error.__name__: error.exit_code for error in ERRORS} == EXIT_CODES
    assert list(exit_codes()) == [0, *EXIT_CODES.values()]


def test_every_failure_of_the_module_has_a_documented_exit_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TadhError)]
    assert {kind.exit_code for kind in kinds} == set(EXIT_CODES.values())
    assert set(kinds) - set(ERRORS) == {FileError, HookFailed}


def test_every_exit_code_is_explained_in_words_of_its_own() -> None:
    meanings = list(exit_codes().values())
    assert all(meanings) and len(set(meanings)) == len(meanings)


def test_one_problem_is_the_message() -> None:
    error = InputError("--speed 3.0 is outside 0.5..1.5")
    assert str(error) == error.message == "--speed 3.0 is outside 0.5..1.5"
    assert error.problems == ["--speed 3.0 is outside 0.5..1.5"]


def test_several_problems_are_counted_and_listed() -> None:
    error = InputError(["first", "second"], hint="look")
    assert error.message == "2 problems, nothing was sent\n  first\n  second"
    assert error.hint == "look"


@pytest.mark.parametrize("kind", [*ERRORS, FileError])
def test_a_failure_carries_what_was_known(kind: type[TadhError]) -> None:
    error = kind("what") if kind is InputError else kind("what", code=7, request_id="r", task_id="t")
    assert error.message == str(error) == "what"
    assert (error.reach, error.transient, error.retry_after_s, error.resume) == (Reach.ANSWERED, False, None, "")
    assert kind is InputError or (error.code, error.request_id, error.task_id) == (7, "r", "t")
