"""Signals held back: they wait where they would do harm, and interrupt once, where they may."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from tadh_cli.engine.interrupts import held

PATIENT_S = 60.0


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def quiet() -> None:
    return None


def test_a_signal_waits_for_the_end_of_the_block() -> None:
    done, told = [], []
    with pytest.raises(KeyboardInterrupt), held(lambda: told.append(1), PATIENT_S):
        interrupt()
        interrupt()
        done.append(1)
    assert done == [1] and told == [1]


def test_a_signal_interrupts_where_it_is_heeded_and_not_behind_it() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held(quiet, PATIENT_S) as signals:
        try:
            signals.heed()
            interrupt()
            done.append("never")
        finally:
            signals.hold()
            interrupt()
            done.append("closed")
    assert done == ["closed"]


def test_a_signal_that_came_before_interrupts_as_soon_as_it_may() -> None:
    with pytest.raises(KeyboardInterrupt), held(quiet, PATIENT_S) as signals:
        interrupt()
        signals.heed()
        raise AssertionError("it was forgotten")


def test_patience_has_an_end() -> None:
    with pytest.raises(KeyboardInterrupt), held(quiet, 0.05):
        interrupt()
        threading.Event().wait(20)


def test_everything_is_as_it_was_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    with held(quiet, PATIENT_S):
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)] == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_what_is_said_about_it_may_fail() -> None:
    def told() -> None:
        raise RuntimeError("reentrant call")

    with pytest.raises(KeyboardInterrupt), held(told, PATIENT_S):
        interrupt()


def test_other_threads_have_no_signals_to_hold() -> None:
    done: list[int] = []

    def work() -> None:
        with held(quiet, PATIENT_S) as signals:
            signals.heed()
            done.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [1]
