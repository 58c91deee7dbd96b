"""Temporary keys: renewed in time, once for all threads, by the service's clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from tadh_cli.engine.grants import Grants
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import ServiceError
from tests.calls import client_for
from tests.clocks import NOON_S, FakeClock
from tests.wire import Server, Step, reply, say, serving


def granted(number: int, *, ends_s: float = NOON_S + 7200, service_s: float | None = None) -> Step:
    keys = {"Token": f"token-{number}", "TmpSecretId": f"AKID-{number}", "TmpSecretKey": f"key-{number}"}
    date = {} if service_s is None else {"Date": formatdate(service_s, usegmt=True)}
    payload = {"Credentials": keys, "ExpiredTime": int(ends_s), "PathPrefix": f"https://h.example.com/u{number}/"}
    return say(payload, **date)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(granted(1)) as server:
        yield server


@pytest.fixture
def grants(server: Server, transport: Transport, clock: FakeClock) -> Grants:
    return Grants(client_for(server.url, transport, clock))


def test_keys_are_kept_until_shortly_before_their_end(grants: Grants, server: Server, clock: FakeClock) -> None:
    server.steps[:] = [granted(1), granted(2, ends_s=NOON_S + 14_400)]
    assert grants.current() is grants.current()
    clock.advance(7079)
    assert grants.current().keys["Token"] == "token-1"
    clock.advance(2)
    assert grants.current().keys["Token"] == "token-2" and len(server.seen) == 2


def test_the_end_is_told_by_the_clock_of_the_service(grants: Grants, server: Server, clock: FakeClock) -> None:
    """This machine is four minutes ahead: the keys are good for longer than they seem to be."""
    service_s = NOON_S - 240
    server.steps[:] = [granted(1, ends_s=service_s + 100, service_s=service_s), granted(2)]
    grants.current()
    clock.advance(79)
    assert grants.current().keys["Token"] == "token-1"
    clock.advance(2)
    assert grants.current().keys["Token"] == "token-2"


def test_keys_that_come_too_late_are_used_until_they_are_refused(
    grants: Grants, server: Server, clock: FakeClock
) -> None:
    server.steps[:] = [granted(1, ends_s=NOON_S - 1), granted(2)]
    stale = grants.current()
    clock.advance(100_000)
    assert grants.current() is stale
    grants.renew(stale)
    assert grants.current().keys["Token"] == "token-2"


def test_what_several_threads_notice_is_mended_once(grants: Grants, server: Server) -> None:
    server.steps[:] = [granted(1), granted(2), granted(3)]
    stale = grants.current()
    at_once = threading.Barrier(8)

    def notice() -> None:
        at_once.wait()
        grants.renew(stale)

    threads = [threading.Thread(target=notice) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert grants.current().keys["Token"] == "token-2" and len(server.seen) == 2


def test_while_there_are_no_better_keys_the_old_ones_are_used_to_their_end(
    grants: Grants, server: Server, clock: FakeClock
) -> None:
    server.steps[:] = [granted(1), reply("", status=500)]
    grants.current()
    clock.advance(7100)
    assert grants.current().keys["Token"] == "token-1"
    questions = len(server.seen)
    assert grants.current().keys["Token"] == "token-1" and len(server.seen) == questions
    clock.advance(7200)
    with pytest.raises(ServiceError):
        grants.current()
