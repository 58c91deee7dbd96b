"""What the account owns, as people and programs see it: golden files on 80 and 160 columns, with the clock stopped."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tadh_cli.commands import assets, avatar, voice
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Common, Tadh
from tadh_cli.commands.listing import Selection
from tadh_cli.commands.names import Lookup
from tadh_cli.commands.quota import Floors
from tadh_cli.engine.clock import unix
from tadh_cli.ui.render import draw
from tests.account import Account, account, key
from tests.clocks import FakeClock
from tests.unit.conftest import Screen

Golden = Callable[[str, str], None]
ALL = {"selection": Selection(), "lookup": Lookup()}
# What is shown: the group, the command, what it is given.
SHOWN: dict[str, tuple[Commands, str, dict[str, Any]]] = {
    "avatar-list": (avatar.commands, "list", ALL),
    "avatar-images": (avatar.commands, "images", {**ALL, "type_": "premium"}),
    "avatar-anchors": (avatar.commands, "anchors", {**ALL, "type_": "premium"}),
    "avatar-actions": (avatar.commands, "actions", {**ALL, "key": key(1)}),
    "avatar-voices": (avatar.commands, "voices", {**ALL, "key": key(1)}),
    "avatar-show": (avatar.commands, "show", {"lookup": Lookup(), "key": key(4)}),
    "voice-list": (voice.commands, "list", ALL),
    "assets-quota": (assets.commands, "quota", {"floors": Floors()}),
}


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with account(avatars=6, voices=4) as owner:
        for name, value in owner.env.items():
            monkeypatch.setenv(name, value)
        owner.images["real_man_2d"] = owner.images["real_man_2d"][:2]
        owner.actions = [{"ActionName": "Bowing", "ActionCode": "bow", "ActionSample": "https://example.com/bow.mp4"}]
        ends = ("2026-02-01 00:00:00", "2026-03-10 00:00:00", "2026-03-01 23:00:00", "2028-01-01 00:00:00")
        for item, end in zip(owner.avatars, ends, strict=False):
            if "ExpireDate" in item:
                item["ExpireDate"] = end
        yield owner


@pytest.fixture
def tadh(owner: Account) -> Iterator[Tadh]:
    tadh = Tadh(Common(quiet=True), clock=FakeClock(unix("2026-03-01T12:00:00Z")))
    tadh.check_common()
    yield tadh
    tadh.close()


def result(tadh: Tadh, name: str) -> Any:
    group, command, given = SHOWN[name]
    return group.specs[command].function(tadh, **given)


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize("name", SHOWN)
def test_tables(
    golden: Golden, tadh: Tadh, owner: Account, screen: Screen, monkeypatch: pytest.MonkeyPatch, name: str, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    draw(result(tadh, name), screen, "table")
    # As long as the real one, so that columns stay as wide.
    golden(f"screens/{name}-{columns}.txt", screen.getvalue().replace(owner.url, "http://127.0.0.1:00000"))
    assert max(map(len, screen.getvalue().splitlines())) <= columns


@pytest.mark.parametrize("name", SHOWN)
def test_json(golden: Golden, tadh: Tadh, owner: Account, name: str) -> None:
    out = io.StringIO()
    draw(result(tadh, name), out, "json")
    golden(f"screens/{name}.json", out.getvalue().replace(owner.url, "https://service"))


def test_an_end_that_is_near_is_coloured(tadh: Tadh, screen: Screen) -> None:
    draw(result(tadh, "avatar-list"), screen, "table", color=True)
    assert "\x1b[1;31m2026-03-10 (8 d)" in screen.getvalue()
    assert "\x1b[31m2026-02-01 (expired)" in screen.getvalue()
    assert "\x1b[" not in next(line for line in screen.getvalue().splitlines() if "2028-01-01" in line)


def test_every_key_is_whole_in_a_wide_table(tadh: Tadh) -> None:
    out = io.StringIO()
    draw(result(tadh, "avatar-list"), out, "wide")
    assert all(key(number) in out.getvalue() for number in range(6))
