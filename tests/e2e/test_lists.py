"""Lists that are asked for several pages at a time, as a process: interrupted, and cut off by a reader."""

from __future__ import annotations

import signal
import subprocess
import time

from tests import wire
from tests.account import Account, account
from tests.program import call, spawn, until


def stuck_after(owner: Account, pages: int) -> wire.Step:
    """Answers so many pages, and then says nothing any more."""

    def step(connection: wire.Connection) -> bool | None:
        if len(owner.asked) < pages:
            return owner.step(connection)
        wire.silence(connection)
        return None

    return step


def test_ctrl_c_does_not_wait_for_pages_that_are_on_their_way() -> None:
    owner = Account(avatars=[{"VirtualmanKey": f"k{number}"} for number in range(900)])
    with wire.serving(stuck_after(owner, 1)) as server:
        owner.url = server.url
        with spawn("avatar", "list", env=owner.env, stderr=subprocess.PIPE) as process:
            until(lambda: len(server.seen) >= 4)
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        assert process.returncode == 130 and b"Traceback" not in err
        assert time.monotonic() - started < 5


def test_a_reader_who_has_seen_enough_ends_it() -> None:
    with (
        account(avatars=900) as owner,
        spawn("avatar", "list", "-o", "ndjson", "--page-size", 10, env=owner.env) as one,
    ):
        assert one.stdout is not None
        assert one.stdout.readline().startswith(b'{"VirtualmanKey"')
        one.stdout.close()
        assert one.stderr is not None
        assert b"Traceback" not in one.stderr.read()


def test_two_at_once_share_what_they_remember() -> None:
    with account() as owner:
        runs = [spawn("voice", "list", "-o", "id", env=owner.env) for _ in range(3)]
        outs = [run.communicate(timeout=60)[0] for run in runs]
        assert len(set(outs)) == 1 and outs[0].count(b"\n") == 230
        owner.asked.clear()
        call("video", "create", "--avatar", "0" * 32, "--voice", "Voice 9", "--text", "Hi", env=owner.env)
        assert owner.calls == ["videomake"]
