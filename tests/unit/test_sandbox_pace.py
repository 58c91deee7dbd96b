"""When packets of sound come, and what becomes of them: with numbers instead of a clock."""

from __future__ import annotations

import pytest

from tadh_cli.sandbox.instructions import Sound
from tadh_cli.sandbox.pace import JITTER_S, Pace
from tadh_cli.sandbox.playback import START_S, Playback
from tadh_cli.sandbox.refusals import Refusal
from tadh_cli.sandbox.utterances import Event

FULL = b"\0" * 5120
LENGTH_S = 0.16


def early(pace: Pace, arrivals: list[float]) -> list[int]:
    """Which packets are refused, from 0."""
    found = []
    for number, at in enumerate(arrivals):
        if pace.is_early(at):
            found.append(number)
        else:
            pace.took(at, LENGTH_S)
    return found


def every(interval_s: float, count: int = 200) -> list[float]:
    return [number * interval_s for number in range(count)]


@pytest.mark.parametrize("interval_s", [0.12, 0.14, 0.16, 0.2])
def test_documented_intervals_are_taken(interval_s: float) -> None:
    assert early(Pace(), every(interval_s)) == []


def test_six_packets_may_come_at_once_and_then_every_120_ms() -> None:
    arrivals = [0.0] * 6 + [0.12 * number for number in range(1, 50)]
    pace = Pace()
    assert early(pace, arrivals) == []
    assert pace.figures()["Burst"] == 5
    assert pace.figures()["Intervals"]["MinMs"] == 120.0


def test_a_seventh_at_once_is_refused() -> None:
    assert early(Pace(), [0.0] * 7) == [6]


def test_who_is_a_sixth_too_fast_is_refused_soon() -> None:
    assert early(Pace(), every(0.1))[0] == 11


def test_a_packet_may_be_late_and_the_next_in_time() -> None:
    arrivals = every(0.12, 20)
    arrivals[10] += JITTER_S - 0.001
    assert early(Pace(), arrivals) == []


def test_a_client_may_catch_up_within_the_tolerance_of_an_interval() -> None:
    arrivals = every(0.12, 10)
    arrivals += [arrivals[-1] + 0.22 + 0.1185 * number for number in range(300)]
    assert early(Pace(), arrivals) == []


def test_lost_time_can_not_be_made_up_for() -> None:
    late = every(0.12, 20)
    late[10:14] = [late[13]] * 4
    assert 12 in early(Pace(), late)


def test_what_waited_for_us_is_not_too_early() -> None:
    pace = Pace()
    assert early(pace, every(0.12, 10)) == []
    # Those of 1.2, 1.32 and 1.44, after we were busy for 0.4 seconds.
    for _ in range(3):
        assert not pace.is_early(1.5)
        pace.took(1.5, LENGTH_S, late_s=0.4)
    assert early(pace, [1.56, 1.68, 1.8]) == []


def test_figures_count_what_leaves_the_window() -> None:
    pace = Pace()
    early(pace, [*every(0.12, 7), 0.89, 0.99])
    figures = pace.figures()
    assert (figures["Early"], figures["Late"], figures["Ratio"]) == (1, 1, round(0.99 / (8 * LENGTH_S), 3))
    assert figures["Intervals"] == {"Count": 8, "MinMs": 100.0, "P50Ms": 120.0, "P99Ms": 170.0, "MaxMs": 170.0}


# Playing -----------------------------------------------------------------------------------------------------


def played(*packets: tuple[float, bytes, bool], gap_s: float = 2.0) -> tuple[Playback, list[Event]]:
    playback = Playback("r", packets[0][0], gap_s)
    events: list[Event] = []
    for seq, (at, sound, is_final) in enumerate(packets, 1):
        events += playback.advance(at)
        playback.take(Sound("r", seq, sound, is_final), at)
    events += playback.advance(1e9)
    return playback, events


def words(events: list[Event]) -> list[tuple[str, float]]:
    return [(event.word, pytest.approx(event.at)) for event in events]


def test_sound_is_over_when_it_has_been_played() -> None:
    packets = [(0.12 * number, FULL, False) for number in range(100)]
    _, events = played(*packets, (12.0, b"", True))
    assert words(events) == [
        ("WaitingAudioStart", 0.0),
        ("AudioStart", START_S),
        ("WaitingAudioOver", 12.0),
        ("AudioOver", START_S + 16.0),
    ]
    assert events[-1].facts == {"FinalType": 1}


def test_the_final_packet_may_have_the_last_sound() -> None:
    playback, events = played((0.0, FULL, False), (0.12, FULL, True))
    assert events[-1].at == pytest.approx(START_S + 0.32)
    assert playback.record()["Bytes"] == 10240


def test_nothing_but_a_final_packet_is_over_at_once() -> None:
    assert words(played((5.0, b"", True))[1]) == [("WaitingAudioStart", 5.0), ("AudioOver", 5.0)]


@pytest.mark.parametrize("gap_s", [2.0, 6.0])
def test_after_a_gap_the_service_ends_it(gap_s: float) -> None:
    _, events = played((0.0, FULL, False), (0.12, FULL, False), gap_s=gap_s)
    assert (events[-1].word, events[-1].facts) == ("AudioOver", {"FinalType": 2})
    assert events[-1].at == pytest.approx(0.12 + gap_s)


def test_slow_packets_make_it_stutter() -> None:
    playback, events = played((0.0, FULL, False), (1.0, FULL, False), (1.12, b"", True))
    record = playback.record()
    assert (record["Underruns"], record["UnderrunMs"]) == (1, pytest.approx((1.0 - START_S - 0.16) * 1000))
    assert events[-1].at == pytest.approx(1.16)


def test_live_sound_every_160_ms_does_not() -> None:
    playback, _ = played(*((0.16 * number, FULL, False) for number in range(100)))
    assert playback.record()["Underruns"] == 0


def test_only_the_last_packet_may_be_shorter() -> None:
    with pytest.raises(Refusal) as caught:
        played((0.0, FULL, False), (0.12, b"\0" * 100, False), (0.24, FULL, False))
    assert caught.value.code == 100001


@pytest.mark.parametrize("seqs", [(0,), (2,), (1, 1), (1, 3)])
def test_packets_are_numbered_from_one_without_gaps(seqs: tuple[int, ...]) -> None:
    playback = Playback("r", 0.0, 2.0)
    with pytest.raises(Refusal):
        for seq in seqs:
            playback.take(Sound("r", seq, FULL), 0.0)


def test_a_new_connection_may_leave_some_out_once() -> None:
    playback = Playback("r", 0.0, 2.0)
    playback.take(Sound("r", 1, FULL), 0.0)
    playback.reconnected()
    with pytest.raises(Refusal):
        playback.take(Sound("r", 1, FULL), 0.12)
    playback.take(Sound("r", 4, FULL), 0.12)
    assert (playback.record()["Packets"], playback.record()["Lost"]) == (2, 2)
    with pytest.raises(Refusal):
        playback.take(Sound("r", 6, FULL), 0.24)
