"""What is kept of sessions, without sockets and with clocks set by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tadh_cli.sandbox import housekeeping
from tadh_cli.sandbox.instructions import Fragment, Heartbeat, Sound, Text
from tadh_cli.sandbox.live import Live
from tadh_cli.sandbox.livestream import Session
from tadh_cli.sandbox.refusals import Refusal
from tests.unit.sandbox_bench import REQ_ID, Bench

PACKET = bytes(range(256)) * 20


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.state.close()


def session(bench: Bench) -> Session:
    stream = {"UserId": "u", "Protocol": "rtmp", "DriverType": 3}
    made = bench.good("session.create-by-avatar", ReqId=REQ_ID, AssetVirtualmanKey=bench.avatar(), **stream)
    bench.wait(10)
    bench.good("session.start", ReqId=REQ_ID, SessionId=made["SessionId"])
    found = bench.service.sessions.get(made["SessionId"])
    assert found is not None
    return found


def live(bench: Bench) -> Live:
    return bench.service.lives.of(session(bench))


def again(bench: Bench, directory: Path) -> Bench:
    """The same sandbox after a kill."""
    bench.state.close()
    other = Bench(directory)
    other.real = bench.real
    return other


def test_an_utterance_that_a_kill_cut_off_is_known_by_the_next_process(bench: Bench, tmp_path: Path) -> None:
    one = session(bench)
    driven = bench.service.lives.of(one)
    driven.obey(Text("a", "One."))
    bench.wait(5)
    driven.obey(Sound("b", 1, PACKET))
    other = again(bench, tmp_path)
    found = other.service.lives.of(one)
    assert [drive["Status"] for drive in found.records()] == ["TextOver", "WaitingAudioStart"]
    assert other.service.lives.sound(one.id).read_bytes() == PACKET
    assert {(event.req_id, event.word) for event in found.connected()} >= {("a", "TextOver")}
    with pytest.raises(Refusal):
        found.obey(Sound("b", 2, PACKET))
    found.obey(Sound("c", 1, PACKET, is_final=True))
    assert other.service.lives.sound(one.id).read_bytes() == PACKET * 2
    bench.state, other.state = other.state, bench.state


def test_what_is_not_over_at_the_end_is_kept_as_it_stands(bench: Bench, tmp_path: Path) -> None:
    one = session(bench)
    driven = bench.service.lives.of(one)
    driven.obey(Fragment("a", 1, "Half a "))
    driven.obey(Fragment("a", 2, "sentence"))
    bench.service.lives.close()
    other = again(bench, tmp_path)
    assert other.service.lives.of(one).lines() == ["Half a sentence"]
    bench.state, other.state = other.state, bench.state


def test_sound_is_no_part_of_the_state(bench: Bench, tmp_path: Path) -> None:
    driven = live(bench)
    for seq in range(1, 500):
        bench.wait(0.12)
        driven.obey(Sound("a", seq, PACKET))
    ((_, fields),) = bench.state.rows("Drive")
    assert len(str(fields)) < 2_000


def test_refusals_are_counted_and_the_first_are_kept(bench: Bench) -> None:
    one = session(bench)
    driven = bench.service.lives.of(one)
    for _ in range(120):
        with pytest.raises(Refusal):
            driven.obey(Sound("a", 7, PACKET))
    found = bench.service.sessions.get(one.id)
    assert found is not None
    assert (found.refused, len(found.refusals), found.refusals[0]["Code"]) == (120, 100, 100001)


def test_heartbeats_keep_a_session_alive(bench: Bench) -> None:
    one = session(bench)
    for _ in range(5):
        bench.wait(500)
        bench.service.lives.of(one).obey(Heartbeat("a" * 32))
    assert bench.good("session.get", ReqId=REQ_ID, SessionId=one.id)["SessionStatus"] == 1
    found = bench.service.sessions.get(one.id)
    assert found is not None and found.heartbeats == 5


def test_a_closed_session_falls_silent(bench: Bench) -> None:
    one = session(bench)
    driven = bench.service.lives.of(one)
    driven.obey(Text("a", "一" * 100))
    bench.wait(2)
    bench.good("session.close", ReqId=REQ_ID, SessionId=one.id)
    (drive,) = driven.records()
    assert drive["EndedAt"] == bench.clock.paced()


def test_a_reset_leaves_nothing(bench: Bench) -> None:
    one = session(bench)
    driven = bench.service.lives.of(one)
    driven.obey(Sound("a", 1, PACKET))
    bench.service.reset()
    assert not bench.service.lives.sound(one.id).exists()
    bench.wait(10)
    assert driven.told()
    assert list(bench.state.rows("Drive")) == []


def test_sound_is_kept_for_a_week(bench: Bench) -> None:
    one = session(bench)
    bench.service.lives.of(one).obey(Sound("a", 1, PACKET))
    sound = bench.service.lives.sound(one.id)
    bench.wait(6 * 86_400)
    housekeeping.sweep(bench.service)
    assert sound.exists()
    bench.wait(2 * 86_400)
    housekeeping.sweep(bench.service)
    assert not sound.exists()
