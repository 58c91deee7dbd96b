"""The waiting loop: when it asks, what it bears, when it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.api.waiter import Snapshot, State, Waiter
from tadh_cli.engine.waiting import LONGEST_INTERVAL_S, POLL_TIMEOUT_S, SHORTEST_INTERVAL_S, Patience, watch
from tadh_cli.errors import NetworkError, NotFound, ServiceError, TadhError, WaitTimeout
from tests.clocks import FakeClock

WAITER = Waiter(
    "thing.get",
    "thing",
    (
        ({"Status": "COMMIT"}, State.QUEUED),
        ({"Status": "SUCCESS"}, State.DONE),
        ({"Status": "FAIL"}, State.FAILED),
        ({"Status": "MAKING", "Stage": "CONFIRM"}, State.DECISION),
    ),
)
MAKING, DONE = {"Status": "MAKING"}, {"Status": "SUCCESS"}


def passing() -> TadhError:
    error = NetworkError("lost")
    error.transient = True
    return error


class Service:
    """Answers each task's questions from a script, the last answer for ever; an error is raised."""

    def __init__(self, clock: FakeClock, takes_s: float = 0.0, **scripts: list[Mapping[str, Any] | TadhError]) -> None:
        self.clock, self.takes_s, self.scripts = clock, takes_s, scripts
        # When which task was asked about, and how long the answer was waited for at most.
        self.asked: list[tuple[float, str, float]] = []

    def __call__(self, task_id: str, timeout_s: float) -> Mapping[str, Any]:
        self.asked.append((self.clock.monotonic_s() - 1000, task_id, timeout_s))
        self.clock.advance(min(self.takes_s, timeout_s))
        script = self.scripts[task_id]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, TadhError):
            raise answer
        return answer

    def times(self, task_id: str = "A") -> list[float]:
        return [at_s for at_s, asked, _ in self.asked if asked == task_id]

    def gaps(self, task_id: str = "A") -> list[float]:
        return [later - earlier for earlier, later in pairwise(self.times(task_id))]


def follow(service: Service, *task_ids: str, **patience: Any) -> list[Snapshot]:
    return list(watch(service, WAITER, task_ids or ("A",), Patience(**{"timeout_s": 600, **patience}), service.clock))


def states(snapshots: list[Snapshot]) -> list[State]:
    return [snapshot.state for snapshot in snapshots]


# When it asks ------------------------------------------------------------------------------------------


def test_the_first_question_is_asked_at_once(clock: FakeClock) -> None:
    snapshots = follow(service := Service(clock, A=[DONE]))
    assert (service.times(), clock.slept) == ([0], [])
    assert snapshots == [Snapshot("A", State.DONE, DONE, 0.0, SHORTEST_INTERVAL_S, None)]


def test_questions_come_quick_first_and_slower_later(clock: FakeClock) -> None:
    service = Service(clock, A=[MAKING])
    with pytest.raises(WaitTimeout):
        follow(service, timeout_s=2000)
    gaps = service.gaps()
    assert gaps[:10] == [pytest.approx(1.0)] * 10
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(gaps))
    assert max(gaps) == pytest.approx(LONGEST_INTERVAL_S)


def test_the_dice_stretch_pauses_but_never_below_the_floor() -> None:
    service = Service(clock := FakeClock(jitters=[0.8, 0.8, 1.2, 0.8, 1.0]), A=[MAKING])
    with pytest.raises(WaitTimeout):
        watching = Patience(timeout_s=2000)
        list(watch(service, WAITER, ["A"], watching, clock))
    assert [watching.pause_s(100, jitter) for jitter in (0.8, 1.0, 1.2)] == [8.0, 10.0, 12.0]
    assert min(service.gaps()) >= SHORTEST_INTERVAL_S - 1e-6


@given(
    waited_s=st.floats(0, 1e6),
    jitter=st.floats(0.8, 1.2),
    interval_s=st.none() | st.floats(0, 1e4),
    floor_s=st.floats(0.1, 5),
)
def test_a_pause_is_never_below_the_floor(
    waited_s: float, jitter: float, interval_s: float | None, floor_s: float
) -> None:
    pause_s = Patience(10, interval_s, floor_s=floor_s).pause_s(waited_s, jitter)
    assert pause_s >= floor_s
    assert interval_s is not None or pause_s <= max(floor_s, LONGEST_INTERVAL_S * 1.2)


@pytest.mark.parametrize(("interval_s", "gap_s"), [(5.0, 5.0), (0.0, 1.0), (0.2, 1.0)])
def test_an_interval_of_ones_own_holds_but_for_the_floor(clock: FakeClock, interval_s: float, gap_s: float) -> None:
    service = Service(clock, A=[MAKING] * 20 + [DONE])
    follow(service, interval_s=interval_s)
    assert service.gaps() == [pytest.approx(gap_s)] * 20


def test_the_time_an_answer_takes_is_no_part_of_the_pause(clock: FakeClock) -> None:
    service = Service(clock, takes_s=3.0, A=[MAKING] * 3 + [DONE])
    follow(service, interval_s=2.0)
    assert service.gaps() == [pytest.approx(5.0)] * 3


# When it ends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [DONE, {"Status": "FAIL"}, {"Status": "MAKING", "Stage": "CONFIRM"}])
def test_it_ends_with_the_task_or_when_a_person_has_to_decide(clock: FakeClock, last: dict[str, str]) -> None:
    snapshots = follow(Service(clock, A=[{"Status": "COMMIT"}, MAKING, last, DONE]))
    assert states(snapshots)[:2] == [State.QUEUED, State.RUNNING]
    assert snapshots[-1].record == last and len(snapshots) == 3


@pytest.mark.parametrize("record", [{"Status": "REVIEWING"}, {"Status": ""}, {}, {"Progress": 100}])
def test_words_nobody_knows_count_as_running(clock: FakeClock, record: dict[str, Any]) -> None:
    assert states(follow(Service(clock, A=[record, record, DONE]))) == [State.RUNNING, State.RUNNING, State.DONE]


def test_the_deadline_ends_the_wait_and_not_the_task(clock: FakeClock) -> None:
    service = Service(clock, A=[MAKING])
    with pytest.raises(WaitTimeout, match="thing A is still MAKING after 10s; it goes on at the service") as caught:
        follow(service, timeout_s=10)
    assert caught.value.task_id == "A"
    assert clock.monotonic_s() == pytest.approx(1010)
    assert max(service.times()) < 10


def test_a_wait_that_never_heard_an_answer_says_so(clock: FakeClock) -> None:
    with pytest.raises(WaitTimeout, match="thing A is still without an answer after 3s"):
        follow(Service(clock, A=[passing()]), timeout_s=3)


@pytest.mark.parametrize("timeout_s", [0.0, 0.01])
def test_no_time_at_all_is_enough_for_one_question(clock: FakeClock, timeout_s: float) -> None:
    service = Service(clock, takes_s=0.05, A=[MAKING])
    with pytest.raises(WaitTimeout):
        follow(service, timeout_s=timeout_s)
    assert len(service.asked) == 1
    assert states(follow(Service(clock, A=[DONE]), timeout_s=timeout_s)) == [State.DONE]


def test_the_deadline_bounds_each_question(clock: FakeClock) -> None:
    service = Service(clock, takes_s=1000.0, A=[passing()])
    with pytest.raises(WaitTimeout):
        follow(service, timeout_s=70, interval_s=3)
    assert [timeout_s for _, _, timeout_s in service.asked] == [POLL_TIMEOUT_S, POLL_TIMEOUT_S, pytest.approx(4.0)]
    assert clock.monotonic_s() == pytest.approx(1070)


@given(
    timeout_s=st.floats(0.5, 500),
    takes_s=st.floats(0, 40),
    interval_s=st.none() | st.floats(0, 60),
    jitter=st.floats(0.8, 1.2),
)
def test_no_wait_outlives_its_deadline(timeout_s: float, takes_s: float, interval_s: float, jitter: float) -> None:
    service = Service(FakeClock(jitters=[jitter]), takes_s=takes_s, A=[MAKING])
    with pytest.raises(WaitTimeout):
        follow(service, timeout_s=timeout_s, interval_s=interval_s)
    assert service.clock.monotonic_s() - 1000 <= timeout_s + 0.051
    assert all(pause_s >= 0 for pause_s in service.clock.slept)


# What it bears -----------------------------------------------------------------------------------------


def test_a_failed_question_is_no_failed_task(clock: FakeClock) -> None:
    snapshots = follow(Service(clock, A=[MAKING, passing(), passing(), DONE]))
    assert states(snapshots) == [State.RUNNING, State.RUNNING, State.RUNNING, State.DONE]
    assert [str(snapshot.error or "") for snapshot in snapshots] == ["", "lost", "lost", ""]
    assert snapshots[2].record == MAKING


@pytest.mark.parametrize("kind", [NetworkError, ServiceError])
def test_patience_with_failures_ends(clock: FakeClock, kind: type[TadhError]) -> None:
    error = kind("down")
    error.transient = True
    service = Service(clock, A=[MAKING, error])
    with pytest.raises(kind, match="down") as caught:
        follow(service, failures_s=60)
    assert caught.value.task_id == "A"
    assert 60 <= clock.monotonic_s() - 1000 - service.gaps()[0] < 80


def test_no_patience_is_none(clock: FakeClock) -> None:
    with pytest.raises(NetworkError):
        follow(service := Service(clock, A=[passing(), DONE]), failures_s=0)
    assert len(service.asked) == 1


def test_an_answer_in_between_makes_patient_again(clock: FakeClock) -> None:
    """Failures for 50 s, an answer, failures for 50 s: never 60 s in a row."""
    down: list[Any] = [passing()] * 10
    snapshots = follow(Service(clock, A=[*down, MAKING, *down, DONE]), failures_s=60, interval_s=5)
    assert states(snapshots)[-1] is State.DONE and len(snapshots) == 22


def test_a_failure_that_asking_again_can_not_mend_ends_the_wait(clock: FakeClock) -> None:
    with pytest.raises(NotFound) as caught:
        follow(service := Service(clock, A=[MAKING, NotFound("no such task"), DONE]))
    assert (caught.value.task_id, len(service.asked)) == ("A", 2)


# Several tasks -----------------------------------------------------------------------------------------


def test_a_failure_of_one_task_is_raised_when_the_others_have_ended(clock: FakeClock) -> None:
    service = Service(clock, A=[MAKING, DONE], B=[NotFound("gone")], C=[NotFound("gone too")])
    seen: list[Snapshot] = []
    with pytest.raises(NotFound) as caught:
        for snapshot in watch(service, WAITER, ("A", "B", "C"), Patience(600), clock):
            seen.append(snapshot)
    assert (
        caught.value.task_id == "B C"
        and caught.value.message == "2 of 3 tasks could not be asked about\n  B: gone\n  C: gone too"
    )
    assert seen[-1].state is State.DONE and service.times("B") == [0]


def test_a_service_that_asks_for_patience_gets_it(clock: FakeClock) -> None:
    error = passing()
    error.retry_after_s = 40.0
    service = Service(clock, A=[error, MAKING, DONE])
    follow(service)
    assert service.gaps()[0] == 40.0 and service.gaps()[1] < 10.0


def test_the_deadline_comes_before_what_a_service_asks_for(clock: FakeClock) -> None:
    error = passing()
    error.retry_after_s = 4000.0
    with pytest.raises(WaitTimeout):
        follow(Service(clock, A=[error]), timeout_s=60.0)
    assert clock.monotonic_s() - 1000 == pytest.approx(60.0)


def test_each_task_is_followed_to_its_own_end(clock: FakeClock) -> None:
    service = Service(clock, A=[DONE], B=[MAKING, MAKING, DONE], C=[MAKING, {"Status": "FAIL"}])
    snapshots = follow(service, "A", "B", "C")
    last = {snapshot.task_id: snapshot.state for snapshot in snapshots}
    assert last == {"A": State.DONE, "B": State.DONE, "C": State.FAILED}
    assert [len(service.times(task_id)) for task_id in "ABC"] == [1, 3, 2]


def test_no_task_is_asked_about_more_often_because_there_are_others(clock: FakeClock) -> None:
    service = Service(clock, takes_s=0.1, **{name: [MAKING] * 15 + [DONE] for name in "ABCDE"})
    follow(service, *"ABCDE")
    assert min(gap for name in "ABCDE" for gap in service.gaps(name)) >= SHORTEST_INTERVAL_S


def test_turns_are_fair(clock: FakeClock) -> None:
    service = Service(clock, **{name: [MAKING] * 4 + [DONE] for name in "ABC"})
    follow(service, *"ABC", interval_s=1)
    assert [asked for _, asked, _ in service.asked] == list("ABC") * 5


def test_a_deadline_names_all_that_is_still_open(clock: FakeClock) -> None:
    with pytest.raises(WaitTimeout, match="2 tasks are still open after 1m00s") as caught:
        follow(Service(clock, A=[MAKING], B=[DONE], C=[MAKING]), "A", "B", "C", timeout_s=60)
    assert caught.value.task_id == "A C"


def test_patience_is_kept_for_each_task(clock: FakeClock) -> None:
    with pytest.raises(NetworkError) as caught:
        follow(Service(clock, A=[MAKING], B=[passing()]), "A", "B", failures_s=30)
    assert caught.value.task_id == "B"


def test_no_tasks_are_no_wait(clock: FakeClock) -> None:
    assert list(watch(Service(clock), WAITER, [], Patience(0), clock)) == []


def test_each_answer_is_told_before_the_next_question(clock: FakeClock) -> None:
    service = Service(clock, A=[MAKING, DONE])
    watching = watch(service, WAITER, ["A"], Patience(600), clock)
    assert next(watching).state is State.RUNNING
    assert (len(service.asked), clock.slept) == (1, [])


# Words and states --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "is_final"), [(state, state.name in ("DONE", "FAILED")) for state in State])
def test_only_two_states_are_final(state: State, is_final: bool) -> None:
    assert state.is_final is is_final


def test_the_first_row_that_fits_decides() -> None:
    rows: tuple[tuple[Mapping[str, object], State], ...] = (({"A": 1, "B": 2}, State.DONE), ({"A": 1}, State.QUEUED))
    waiter = Waiter("thing.get", "thing", rows)
    classify: Callable[[Mapping[str, Any]], State] = waiter.classify
    assert [classify({"A": 1, "B": 2}), classify({"A": 1}), classify({"B": 2})] == [
        State.DONE,
        State.QUEUED,
        State.RUNNING,
    ]
