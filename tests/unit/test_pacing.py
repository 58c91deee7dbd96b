"""The schedule of packets of sound, and what is reported of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.api.driving import Pacing
from tadh_cli.providers.tencent.pacing import INTERVAL_S, LEAST_INTERVAL_S, STALL_S, Schedule, percentile


def run(late_s: list[float], *, burst: int = 0, is_live: bool = False) -> tuple[list[float], Pacing]:
    """Packets that leave so much after the moment they are due."""
    schedule = Schedule(burst=burst, is_live=is_live)
    now_s, sent = 50.0, []
    for late in late_s:
        now_s = max(now_s, schedule.due_s(now_s)) + late
        schedule.sent(5120, now_s, ready_s=0.0)
        sent.append(now_s)
    return sent, schedule.report()


def test_an_even_pace() -> None:
    sent, report = run([0.0] * 501)
    assert sent[-1] - sent[0] == pytest.approx(500 * INTERVAL_S)
    assert (report.packets, report.sound_ms, round(report.ratio, 3)) == (501, 80_160, 0.75)
    assert (report.late_max_ms, report.slips, report.underruns) == (0.0, 0, 0)
    assert report.interval_min_ms == pytest.approx(120) and report.interval_max_ms == pytest.approx(120)


def test_lateness_is_measured_against_the_schedule() -> None:
    _, report = run([0.0] * 98 + [0.004, 0.0])
    assert (report.late_p50_ms, report.late_p99_ms) == (0.0, pytest.approx(3.0, abs=1.1))
    assert report.late_max_ms == pytest.approx(4)


@given(st.lists(st.floats(0, 0.4), min_size=2, max_size=60), st.integers(0, 6))
def test_no_packet_is_early_and_none_too_close_to_another(late_s: list[float], burst: int) -> None:
    sent, report = run([0.0, *late_s], burst=burst)
    spans = [after - before for before, after in zip(sent[burst:], sent[burst + 1 :], strict=False)]
    assert all(span >= LEAST_INTERVAL_S - 1e-9 for span in spans)
    assert (report.slips > 0) >= any(late > STALL_S + 0.001 for late in late_s[max(0, burst - 1) :])
    assert report.slip_ms >= 0


def test_small_delays_are_made_good() -> None:
    sent, _ = run([0.0] * 10 + [0.05] + [0.0] * 60)
    assert sent[-1] - sent[0] == pytest.approx(70 * INTERVAL_S)


def test_a_pause_that_has_other_reasons_is_no_jitter() -> None:
    schedule = Schedule()
    schedule.sent(5120, 0.0, 0.0)
    schedule.excuse()
    schedule.sent(5120, 0.2, 0.0)
    assert schedule.report().late_max_ms == 0.0


def test_live_packets_leave_as_they_are_complete_but_not_too_fast() -> None:
    schedule = Schedule(is_live=True)
    assert schedule.due_s(5.0) == 5.0
    schedule.sent(5120, 5.0, 5.0)
    assert schedule.due_s(5.05) == pytest.approx(5.12)
    assert schedule.due_s(5.3) == 5.3
    schedule.sent(5120, 5.3004, 5.3)
    assert schedule.report().late_max_ms == pytest.approx(0.4)


def test_nothing_sent_is_nothing_to_report() -> None:
    assert Schedule().report() == Pacing()
    assert run([0.0])[1].ratio == 0.0


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.99, 4), (0.01, 1), (1.0, 4)])
def test_percentiles(share: float, expected: float) -> None:
    assert percentile([1, 2, 3, 4], share) == expected
    assert percentile([], share) == 0.0
