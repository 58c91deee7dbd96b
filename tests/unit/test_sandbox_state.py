"""What survives a restart or a kill, and the two times."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.sandbox import housekeeping, record
from tadh_cli.sandbox.clock import Clock
from tadh_cli.sandbox.record import Running
from tadh_cli.sandbox.state import Busy, State
from tadh_cli.sandbox.store import Object, Store


@dataclasses.dataclass(frozen=True)
class Thing:
    name: str
    parts: list[Any]


def test_facts_are_there_for_the_next_process_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    state = State(tmp_path)
    things = state.table(Thing)
    for name in ("b", "a", "c"):
        things.put(name, Thing(name, [1, {"x": "你"}]))
    things.change("b", parts=[])
    things.remove("a")
    state.set_note("clock", 12.5)
    state.close()
    again = State(tmp_path)
    assert again.table(Thing).values() == [Thing("b", []), Thing("c", [1, {"x": "你"}])]
    assert again.note("clock") == 12.5
    assert again.note("nothing") is None
    again.close()


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    state = State(tmp_path)
    with pytest.raises(Busy):
        State(tmp_path)
    state.close()
    State(tmp_path).close()


def test_forgetting_leaves_notes(tmp_path: Path) -> None:
    state = State(tmp_path)
    things = state.table(Thing)
    things.put("a", Thing("a", []))
    state.set_note("app_key", "k")
    state.forget()
    assert things.values() == []
    assert things.get("a") is None
    assert state.note("app_key") == "k"
    with pytest.raises(KeyError):
        things.change("a", parts=[])
    state.close()


def test_changes_are_told(tmp_path: Path) -> None:
    state = State(tmp_path)
    things = state.table(Thing)
    told: list[str] = []
    things.watch = told.append
    things.put("a", Thing("a", []))
    things.change("a", parts=[1])
    assert told == ["a", "a"]
    state.close()


# The clock ---------------------------------------------------------------------------------------------


class Ticks:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_virtual_time_runs_faster_and_can_jump() -> None:
    ticks = Ticks()
    clock = Clock(10.0, now=1_000.0, real=lambda: 5.0, ticks=ticks)
    ticks.now += 2
    assert (clock.now(), clock.real()) == (1_020.0, 5.0)
    clock.advance(100)
    assert clock.now() == 1_120.0
    assert clock.real_of(1_140.0) == 7.0


def test_it_begins_with_the_time_of_the_machine() -> None:
    assert Clock(10.0, real=lambda: 5.0).now() == pytest.approx(5.0, abs=1)


def test_waiting_ends_at_a_jump_beyond_the_moment() -> None:
    ticks = Ticks()
    clock = Clock(1.0, now=0.0, ticks=ticks)

    async def scenario() -> list[str]:
        done: list[str] = []

        async def wait(name: str, moment: float) -> None:
            await clock.until(moment)
            done.append(name)

        waits = [asyncio.create_task(wait("near", 50)), asyncio.create_task(wait("far", 5_000))]
        await asyncio.sleep(0)
        clock.advance(60)
        await waits[0]
        assert not waits[1].done()
        clock.advance(10_000)
        await waits[1]
        return done

    assert asyncio.run(scenario()) == ["near", "far"]


def test_after_a_kill_time_does_not_run_backwards(tmp_path: Path) -> None:
    ticks = Ticks()
    state = State(tmp_path)
    clock = Clock(10.0, now=1_000.0, ticks=ticks)
    housekeeping.keep_clock(state, clock)
    # Killed just before it would have been stored again.
    ticks.now += housekeeping.EVERY_S * housekeeping.KEEP_EVERY
    seen = clock.now()
    assert housekeeping.resumed_clock(state, 10.0).now() >= seen
    housekeeping.keep_clock(state, clock, is_last=True)
    assert housekeeping.resumed_clock(state, 10.0).now() == pytest.approx(seen, abs=1)
    state.close()


# The disk ------------------------------------------------------------------------------------------------


def receive(store: Store, key: str, data: bytes) -> Any:
    received = store.receiver()
    received.write(data)
    return store.keep(key, received, "text/plain", 1.0)


def test_objects_have_the_checksums_of_cos(tmp_path: Path) -> None:
    state = State(tmp_path)
    stored = receive(Store(tmp_path / "objects", state), "a/b.txt", b"123456789")
    assert stored.etag == "25f9e794323b453885f5181f1b624d0b"
    # The check value of CRC-64/XZ.
    assert int(stored.crc64) == 0x995DC9BBDF1939FA
    state.close()


def test_an_object_replaces_the_one_before_it(tmp_path: Path) -> None:
    state = State(tmp_path)
    store = Store(tmp_path / "objects", state)
    receive(store, "a", b"one")
    receive(store, "a", b"two!")
    content = store.content("a")
    assert content is not None
    with content.open() as file:
        assert file.read() == b"two!"
    assert len(list(store.directory.iterdir())) == 1
    store.remove("a")
    assert store.content("a") is None
    assert not list(store.directory.iterdir())
    state.close()


def test_what_was_not_finished_is_swept_away_by_the_next_process(tmp_path: Path) -> None:
    state = State(tmp_path)
    store = Store(tmp_path / "objects", state)
    receive(store, "a", b"kept")
    unfinished = store.receiver()
    unfinished.write(b"unfinished")
    unfinished.close()
    store = Store(tmp_path / "objects", state)
    assert len(list(store.directory.iterdir())) == 1
    state.close()


# The record ----------------------------------------------------------------------------------------------

RUNNING = Running("http://127.0.0.1:1", "k", "token", "admin", 1, 1, 10.0, 1, "/d", "", 0.0, ["p"])


def test_the_record_is_its_owners_alone(tmp_path: Path) -> None:
    directory = tmp_path / "sandbox"
    directory.mkdir()
    record.write(directory, RUNNING)
    assert record.read(directory) == RUNNING
    assert (directory / "server.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in directory.iterdir()] == ["server.json"]


def test_secrets_are_not_in_its_representation() -> None:
    assert "token" not in repr(RUNNING)
    assert "admin" not in repr(RUNNING)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "http://127.0.0.1:1"}'])
def test_a_record_that_makes_no_sense_counts_for_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert record.read(tmp_path) is None


def test_only_the_own_record_is_removed(tmp_path: Path) -> None:
    record.write(tmp_path, dataclasses.replace(RUNNING, pid=2))
    record.remove(tmp_path, RUNNING)
    assert record.read(tmp_path) is not None


def test_what_an_earlier_version_knew_besides_is_passed_over(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.write("Object", "a", {**vars(receive(Store(tmp_path / "objects", state), "a", b"x")), "gone": 1})
    (found,) = state.table(Object).values()
    assert (found.key, found.size) == ("a", 1)
    state.close()
