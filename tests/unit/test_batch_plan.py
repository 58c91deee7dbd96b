"""What is decided about each video by what the ledger knows, and what makes two videos the same one."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.production import Script
from tadh_cli.api.video import VideoOptions
from tadh_cli.api.waiter import State
from tadh_cli.engine.batch.identity import digest, identity
from tadh_cli.engine.batch.plan import Action, Wishes, decide
from tadh_cli.engine.clock import iso
from tadh_cli.engine.ledger import REFUSED, SENDING, UNKNOWN, Ledger
from tadh_cli.engine.ledger_claims import Attempt, Claim, Claimed
from tadh_cli.errors import InputError
from tadh_cli.providers.tencent import TENCENT
from tests.clocks import NOON_S, FakeClock

FAILED, BOTH = Wishes(retry_failed=True), Wishes(True, True)
DAY_S = 86_400


def attempt(state: str, **more: object) -> Attempt:
    record: dict[str, Any] = {
        "TaskId": "T1",
        "Kind": "video",
        "State": state,
        "SubmittedAt": iso(NOON_S),
        "FinishedAt": iso(NOON_S) if state in ("done", "failed") else None,
        "Request": {},
        **more,
    }
    return Attempt(5, 1, record)


@pytest.mark.parametrize(
    ("past", "wishes", "action", "reason"),
    [
        (attempt("queued"), Wishes(), Action.ADOPT, "T1 is under way since"),
        (attempt("running"), BOTH, Action.ADOPT, "T1 is under way since"),
        (attempt(SENDING), BOTH, Action.ADOPT, "another run is just sending #5"),
        (attempt(UNKNOWN), Wishes(), Action.UNKNOWN, "the outcome of #5 is unknown"),
        (attempt(UNKNOWN), FAILED, Action.UNKNOWN, "--retry-unknown makes it again"),
        (attempt(UNKNOWN), Wishes(retry_unknown=True), Action.RETRY, "--retry-unknown"),
        (attempt("failed", FailMessage="broken"), Wishes(), Action.SKIP, "T1 failed: broken; --retry-failed makes"),
        (attempt("failed", FailMessage="broken"), Wishes(retry_unknown=True), Action.SKIP, "T1 failed"),
        (attempt("failed"), FAILED, Action.RETRY, "no reason given; --retry-failed"),
        (attempt(REFUSED, FailMessage="text", ExitCode=11), Wishes(), Action.SKIP, "it was refused: text"),
        (attempt(REFUSED, FailMessage="text", ExitCode=11), FAILED, Action.RETRY, "it was refused: text"),
        (attempt(REFUSED, FailMessage="full", ExitCode=6), Wishes(), Action.MAKE, "nothing was made before: full"),
        (attempt(REFUSED), Wishes(), Action.MAKE, "nothing was made before"),
    ],
)
def test_what_is_done_depends_on_the_last_attempt(past: Attempt, wishes: Wishes, action: Action, reason: str) -> None:
    decision = decide(past, wishes, now_s=NOON_S + 1, is_home=False)
    assert decision.action is action and reason in decision.reason
    assert decision.is_failed == (action is Action.SKIP)


def test_what_was_never_tried_is_made() -> None:
    assert decide(None, Wishes(), now_s=NOON_S, is_home=False) == (Action.MAKE, "new", False)
    assert decide(None, Wishes(), now_s=NOON_S, is_home=False, changed="T0").reason == "changed since T0"


@pytest.mark.parametrize(
    ("days", "is_home", "wishes", "action", "is_failed"),
    [
        (0, True, Wishes(), Action.SKIP, False),
        (99, True, BOTH, Action.SKIP, False),
        (6, False, BOTH, Action.FETCH, False),
        (8, False, Wishes(), Action.SKIP, True),
        (8, False, FAILED, Action.RETRY, False),
    ],
)
def test_what_is_finished_is_skipped_fetched_or_gone(
    days: int, is_home: bool, wishes: Wishes, action: Action, is_failed: bool
) -> None:
    past = attempt("done", MediaUrl="https://example.com/a.mp4")
    decision = decide(past, wishes, now_s=NOON_S + days * DAY_S, is_home=is_home)
    assert (decision.action, decision.is_failed) == (action, is_failed)


def test_what_no_process_can_be_sending_any_more_is_unknown() -> None:
    past = attempt(SENDING)
    assert decide(past, Wishes(), now_s=NOON_S, is_home=False, is_stale=True).action is Action.UNKNOWN


# Identity ----------------------------------------------------------------------------------------------

CHOSEN = VideoOptions(avatar="a", voice="v", storage_url="https://s3/x?sig=1")
SCRIPT = Script(text="Hello")


def identified(options: VideoOptions = CHOSEN, script: Script = SCRIPT, sound: str = "", **more: Any) -> str:
    given: dict[str, Any] = {"account": "https://host key", "name": "one", "overrides": {}, **more}
    return identity(TENCENT, given["account"], given["name"], options, given["overrides"], script, sound)


@pytest.mark.parametrize(
    "same",
    [
        {"callback_url": "https://example.com"},
        {"concurrency_type": "shared"},
        {"storage_url": "https://s3/x?sig=2"},
        {"text": "@elsewhere.txt"},
    ],
)
def test_where_a_result_goes_and_how_it_is_told_does_not_count(same: dict[str, Any]) -> None:
    assert identified(replace(CHOSEN, **same)) == identified()


@pytest.mark.parametrize(
    "other",
    [
        {"options": replace(CHOSEN, voice="w")},
        {"options": replace(CHOSEN, format="mp4")},
        {"options": replace(CHOSEN, storage_url="https://s3/y?sig=1")},
        {"script": Script(text="Bye")},
        {"sound": "sha256:1"},
        {"name": "two"},
        {"account": "https://host other"},
        {"overrides": {"A": "1"}},
    ],
)
def test_everything_else_counts(other: dict[str, Any]) -> None:
    assert identified(**other) != identified()


def test_a_file_that_is_gone_is_the_problem_of_its_video() -> None:
    with pytest.raises(InputError, match=r"gone\.wav: no such file or directory"):
        digest(Path("gone.wav"))


def test_identities_stay_what_they_are() -> None:
    """A version that changes them would make, and charge, everything again."""
    assert identified() == "ad4949286ebbb353e29af047691fdcfa4f9a7eee4eb46797f457f3bb67753eeb"


# The ledger --------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db", FakeClock())
    yield ledger
    ledger.close()


def intend(ledger: Ledger, after: int | None = None, was: str = "", *, name: str = "one") -> int:
    claim = Claim(f"id-{name}", name, after, was)
    return ledger.intend(kind="video", profile="p", operation="video.create", request={}, claim=claim)


def test_an_item_is_claimed_once(ledger: Ledger) -> None:
    assert ledger.attempt("id-one") is None
    entry = intend(ledger)
    with pytest.raises(Claimed):
        intend(ledger)
    found = ledger.attempt("id-one")
    assert found is not None and (found.entry, found.pid, found.record["State"]) == (entry, os.getpid(), SENDING)
    assert intend(ledger, name="two") != entry


def test_an_entry_that_was_refused_is_used_again(ledger: Ledger) -> None:
    entry = intend(ledger)
    ledger.rejected(entry, REFUSED, "full", 6)
    assert ledger.attempt("id-one").record["ExitCode"] == 6  # type: ignore[union-attr]
    assert intend(ledger, entry, REFUSED) == entry
    assert [record["State"] for record in ledger.tasks()] == [SENDING]


@pytest.mark.parametrize("outcome", ["sending", "accepted", "unknown", "refused"])
def test_an_entry_that_was_refused_is_used_again_by_one_run_only(ledger: Ledger, outcome: str) -> None:
    """Two runs saw the refusal; the first to send again decides what becomes of the item."""
    entry = intend(ledger)
    ledger.rejected(entry, REFUSED, "full", 6)
    assert intend(ledger, entry, REFUSED) == entry
    if outcome == "accepted":
        ledger.accepted(entry, "T1", "COMMIT", {})
    elif outcome != "sending":
        ledger.rejected(entry, outcome, "no answer")
    if outcome == "refused":
        assert intend(ledger, entry, REFUSED) == entry
    else:
        with pytest.raises(Claimed):
            intend(ledger, entry, REFUSED)
    assert len(list(ledger.tasks())) == 1


def test_a_retry_is_an_attempt_of_its_own(ledger: Ledger) -> None:
    entry = intend(ledger)
    ledger.accepted(entry, "T1", "COMMIT", {})
    ledger.observed("T1", State.FAILED, "FAIL", {})
    again = intend(ledger, entry, "failed")
    assert again != entry and ledger.attempt("id-one").entry == again  # type: ignore[union-attr]
    assert ledger.item_of("T1") == "one" and ledger.item_of("T2") == ""


@pytest.mark.parametrize("outcome", ["accepted", "refused"])
def test_what_turned_out_to_have_an_outcome_is_not_made_again(ledger: Ledger, outcome: str) -> None:
    """A run that is to make it again had taken it for unknown: its sender was out of sight, not dead."""
    entry = intend(ledger)
    if outcome == "accepted":
        ledger.accepted(entry, "T1", "COMMIT", {})
    else:
        ledger.rejected(entry, REFUSED, "full", 6)
    with pytest.raises(Claimed):
        intend(ledger, entry, UNKNOWN)


@pytest.mark.parametrize("is_written", [True, False])
def test_what_is_unknown_is_made_again_on_demand(ledger: Ledger, is_written: bool) -> None:
    entry = intend(ledger)
    if is_written:
        ledger.rejected(entry, UNKNOWN, "no answer")
    assert intend(ledger, entry, UNKNOWN) == entry + 1


def test_several_threads_write_at_once(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda number: intend(ledger, name=f"n{number}"), range(40)))
    assert len(set(entries)) == 40 and len(list(ledger.tasks())) == 40


def test_an_entry_that_is_forgotten_takes_its_attempt_with_it(ledger: Ledger, tmp_path: Path) -> None:
    """SQLite gives its number to the next one, which is another task."""
    intend(ledger)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db, db:
        db.execute("DELETE FROM tasks")
    assert ledger.attempt("id-one") is None
    ledger.intend(kind="video", profile="p", operation="video.create", request={})
    assert ledger.attempt("id-one") is None
