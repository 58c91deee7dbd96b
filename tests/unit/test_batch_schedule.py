"""The schedule and its pace in virtual time: how long batches take, what is asked, what is refused."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.engine.batch.pace import Pace, Seen
from tadh_cli.engine.batch.schedule import LONGEST_PAUSE_S, MOST_ASKS, Schedule, Stage, Verb
from tests.unit.batch_service import FLOOR_S, VirtualService, run


def ideal_s(service: VirtualService, count: int) -> float:
    return sum(service.service_s(number) for number in range(count)) / service.slots


# A whole batch -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trip_s", [0.003, 0.01, 0.02])
def test_equal_videos_take_little_more_than_the_service_needs(trip_s: float) -> None:
    service = VirtualService(5, lambda number: 2.0)
    ran = run(service, 200, trip_s=trip_s)
    assert ran.seconds <= 1.03 * ideal_s(service, 200)
    assert ran.asks <= 1.2 * 200 and service.refused_s == [] and service.most == 5


def test_videos_that_differ_a_little_are_no_worse() -> None:
    service = VirtualService(5, lambda number: 2.0 + 0.05 * random.Random(number).random())
    ran = run(service, 200)
    assert ran.seconds <= 1.08 * ideal_s(service, 200) and ran.asks <= 1.3 * 200


def test_videos_of_minutes_are_asked_about_a_few_times() -> None:
    service = VirtualService(5, lambda number: 120 + 60 * random.Random(number).random())
    ran = run(service, 100)
    assert ran.seconds <= 1.08 * ideal_s(service, 100) and ran.asks <= 6 * 100


def test_no_video_is_asked_about_twice_within_a_second() -> None:
    service = VirtualService(5, lambda number: 2.0 + 2 * random.Random(number).random())
    run(service, 60)
    for asked in service.asked_s.values():
        assert all(later - earlier >= FLOOR_S - 1e-9 for earlier, later in pairwise(asked))


def test_waiting_videos_are_not_asked_about() -> None:
    few, many = VirtualService(5, lambda number: 60.0), VirtualService(5, lambda number: 60.0)
    asks = run(few, 50).asks / 50
    assert run(many, 500).asks / 500 <= asks


def test_questions_of_many_slots_are_spread() -> None:
    service = VirtualService(200, lambda number: 30.0)
    run(service, 400, limit=200)
    moments = sorted(moment for asked in service.asked_s.values() for moment in asked)
    most = max(sum(start <= moment < start + 1 for moment in moments) for start in moments)
    # Counted where they arrive: the one at the border may be in both seconds.
    assert most <= MOST_ASKS + 1


# Slots -------------------------------------------------------------------------------------------------


def test_a_service_with_fewer_slots_refuses_one_request_now_and_then() -> None:
    service = VirtualService(2, lambda number: 10.0)
    ran = run(service, 40)
    assert ran.seconds <= 1.08 * ideal_s(service, 40)
    assert service.most == 2 and len(service.refused_s) < 40


def test_after_a_refusal_nothing_is_tried_until_a_video_ends_or_a_pause_is_over() -> None:
    service = VirtualService(3, lambda number: 100.0)
    run(service, 3 + 3)
    early = [moment for moment in service.refused_s if moment < 90]
    pauses = [round(later - earlier, 3) for earlier, later in pairwise(early)]
    assert early and pauses == sorted(pauses), "each pause is longer than the one before"
    assert max(pauses) <= LONGEST_PAUSE_S + 1


@pytest.mark.parametrize("span_s", [2.0, 20.0])
def test_slots_that_others_give_back_are_found(span_s: float) -> None:
    service = VirtualService(5, lambda number: span_s, taken=lambda now_s: 4 if now_s < 100 else 0)
    ran = run(service, 50 + int(100 / span_s))
    assert ran.seconds <= 100 + LONGEST_PAUSE_S * 3 + 1.1 * 50 * span_s / 5


def test_slots_that_others_take_are_left_to_them() -> None:
    service = VirtualService(5, lambda number: 20.0, taken=lambda now_s: 5 if 50 < now_s < 200 else 0)
    ran = run(service, 30)
    assert ran.seconds >= 200 and len([moment for moment in service.refused_s if moment < 200]) < 45


def test_one_request_is_sent_at_a_time() -> None:
    schedule = Schedule([Stage.READY] * 9, 5, Pace(FLOOR_S), FLOOR_S, 60.0)
    assert [order.verb for order in schedule.orders(0.0)] == [Verb.SEND]
    assert schedule.orders(0.1) == []
    schedule.accepted(0, 0.0, 0.2)
    assert [order.number for order in schedule.orders(0.2)] == [1]


def test_no_more_than_the_limit_is_under_way() -> None:
    service = VirtualService(50, lambda number: 5.0)
    run(service, 40, limit=3, pace=Pace(FLOOR_S, supposes=False))
    assert service.most == 3


def test_an_end_that_came_later_than_supposed_is_doubted() -> None:
    """All took 2 s; now they take 4, and what is supposed to be free is not."""
    service = VirtualService(5, lambda number: 2.0 if number < 50 else 4.0)
    ran = run(service, 100)
    assert ran.seconds <= 1.25 * ideal_s(service, 100) and len(service.refused_s) <= 8


@given(
    st.integers(1, 6),
    st.integers(1, 7),
    st.lists(st.floats(0.05, 50), min_size=1, max_size=30),
    st.floats(0.001, 2),
)
def test_every_video_is_made_exactly_once(slots: int, limit: int, spans: list[float], trip_s: float) -> None:
    service = VirtualService(slots, spans.__getitem__)
    run(service, len(spans), limit=limit, trip_s=trip_s, pace=Pace(FLOOR_S, supposes=limit >= slots))
    assert len(service.ends_s) == len(spans) and service.most <= min(slots, limit)


# Single steps ------------------------------------------------------------------------------------------


def test_files_go_up_ahead_of_their_videos_but_not_far() -> None:
    schedule = Schedule([Stage.FILE] * 50, 3, Pace(FLOOR_S), FLOOR_S, 60.0, uploads=2)
    done = 0
    while orders := [order for order in schedule.orders(0.0) if order.verb is Verb.UPLOAD]:
        assert len(orders) <= 2
        for order in orders:
            schedule.uploaded(order.number)
            done += 1
    assert done <= 3 + 2 + 1


def test_what_is_adopted_is_asked_about_at_once_and_holds_a_slot() -> None:
    stages = [Stage.OPEN, Stage.OPEN, Stage.READY]
    schedule = Schedule(stages, 2, Pace(FLOOR_S), FLOOR_S, 60.0, begins_s=7.0)
    assert [order.verb for order in schedule.orders(7.0)] == [Verb.ASK, Verb.ASK]
    schedule.done(0, 7.0, 7.0)
    assert [(order.verb, order.number) for order in schedule.orders(7.1)] == [(Verb.SEND, 2)]


def test_what_another_run_sends_is_looked_up_until_it_is_known() -> None:
    schedule = Schedule([Stage.HELD], 5, Pace(FLOOR_S), FLOOR_S, 60.0)
    assert [order.verb for order in schedule.orders(0.0)] == [Verb.LOOK]
    schedule.taken(0, 0.0, by_task=False)
    assert schedule.orders(0.1) == [] and schedule.wake_s() == pytest.approx(0.5)
    assert [order.verb for order in schedule.orders(0.5)] == [Verb.LOOK]
    schedule.taken(0, 0.5, by_task=True)
    assert [order.verb for order in schedule.orders(0.5)] == [Verb.ASK]


def test_a_video_whose_time_is_over_is_left_alone() -> None:
    schedule = Schedule([Stage.READY], 5, Pace(FLOOR_S), FLOOR_S, 60.0)
    schedule.orders(0.0)
    schedule.accepted(0, 0.0, 0.0)
    schedule.orders(5.0)
    assert schedule.unfinished(0, 5.0, 5.0)
    schedule.orders(61.0)
    assert not schedule.unfinished(0, 61.0, 61.0) and schedule.is_over


def test_a_stopped_run_ends_what_is_under_way_and_begins_nothing() -> None:
    schedule = Schedule([Stage.READY] * 3, 1, Pace(FLOOR_S), FLOOR_S, 60.0)
    schedule.orders(0.0)
    schedule.stop()
    schedule.accepted(0, 0.0, 0.1)
    assert not schedule.is_over
    assert [order.verb for order in schedule.orders(3.0)] == [Verb.ASK]
    schedule.done(0, 3.0, 3.0)
    assert schedule.orders(3.1) == [] and schedule.is_over and schedule.stage(1) is Stage.READY


def test_a_question_that_failed_is_put_again_later() -> None:
    schedule = Schedule([Stage.OPEN], 1, Pace(FLOOR_S), FLOOR_S, 60.0)
    schedule.orders(0.0)
    schedule.unanswered(0, 0.5, pause_s=3.0)
    assert schedule.orders(3.0) == [] and [order.verb for order in schedule.orders(3.5)] == [Verb.ASK]


def test_a_request_that_could_not_be_sent_is_sent_again_after_ever_longer_pauses() -> None:
    schedule = Schedule([Stage.READY], 1, Pace(FLOOR_S), FLOOR_S, 60.0)
    now_s, pauses = 0.0, []
    for _ in range(7):
        assert schedule.orders(now_s)
        schedule.postponed(0, now_s)
        assert schedule.orders(now_s) == []
        pauses.append(schedule.wake_s() - now_s)
        now_s = schedule.wake_s()
    assert pauses == [1, 2, 4, 8, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


# The pace ----------------------------------------------------------------------------------------------


def test_nothing_is_known_at_first_and_the_ages_differ() -> None:
    pace = Pace(1.0)
    firsts = [pace.first_s(number) for number in range(5)]
    assert len(set(firsts)) == 5 and all(1.0 <= first <= 2.0 for first in firsts)
    assert pace.next_s(2.0) == 3.0 and pace.next_s(100.0) == 110.0 and pace.next_s(1000.0) == 1015.0
    assert pace.usual_s is None and pace.surely_s is None


def test_an_interval_of_the_users_own_holds() -> None:
    pace = Pace(1.0, interval_s=7.0)
    pace.is_done(0, Seen(0.0, 3.0), 0.01)
    assert (pace.first_s(1), pace.next_s(7.0)) == (7.0, 14.0)
    assert Pace(1.0, interval_s=0.1).first_s(0) == 1.0


def test_an_end_is_sure_only_when_videos_are_alike() -> None:
    pace = Pace(1.0)
    for number in range(3):
        pace.is_done(number, Seen(1.9, 2.0), 0.01)
    assert pace.surely_s == pytest.approx(2.0, rel=0.01)
    pace.is_done(3, Seen(2.5, 3.0), 0.01)
    assert pace.surely_s is None


def test_only_one_video_at_a_time_tries_an_earlier_question() -> None:
    pace = Pace(1.0)
    for number in range(3):
        pace.is_done(number, Seen(1.5, 2.0), 0.01)
    pace.is_open(3, 1.95, 0.001)
    assert [pace.first_s(number) < 2.0 for number in (4, 5, 6)] == [True, False, False]
    pace.is_gone(4)
    assert pace.first_s(7) < 2.0
