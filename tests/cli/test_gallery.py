"""`avatar gallery` and `voice gallery`: pages of what is owned, where they go, and what is in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import account as accounts
from tests.account import Account
from tests.program import Program, Ran

Run = Callable[..., Ran]


@pytest.fixture
def account() -> Iterator[Account]:
    with accounts.account(avatars=12, voices=8) as owner:
        for number, item in enumerate(owner.voices):
            item["TimbreSample"] = f"{owner.url}/sample-{number}.mp3"
        yield owner


@pytest.fixture
def run(tadh: Program, account: Account) -> Run:
    def call(*args: object, **options: Any) -> Ran:
        account.asked.clear()
        return tadh(*args, **options, **account.env)

    return call


def cards(text: str) -> int:
    return text.count("<article ")


def test_every_avatar_is_on_the_page(run: Run, account: Account) -> None:
    told = run("avatar", "gallery", "--out", "a.html").json
    text = Path("a.html").read_text("utf-8")
    owned = [*account.avatars, *account.images["real_man_2d"]]
    assert told == {"Files": ["a.html"], "Items": len(owned)} and cards(text) == len(owned)
    assert all(f'<code class="key" dir="ltr" translate="no">{item["VirtualmanKey"]}<' in text for item in owned)
    assert "Grün, &quot;kariert&quot; &lt;b&gt;" in text and "2D Premium (120)" in text
    assert "which expire" in text and account.env["TADH_ACCESS_TOKEN"] not in text


@pytest.mark.parametrize(
    ("args", "count"),
    [
        (("--search", "teacher 1"), 3),
        (("--limit", "2"), 2),
        (("--anchor", "teacher_3"), 2),
        (("--type", "premium"), 120),
        (("--type", "real_man_2d", "--limit", "7", "--sort", "-name"), 7),
    ],
)
def test_a_page_has_what_the_list_with_the_same_options_has(run: Run, args: tuple[str, ...], count: int) -> None:
    assert cards(run("avatar", "gallery", "--out", "-", *args).out) == count


def test_voices_are_chosen_as_in_their_list(run: Run) -> None:
    wanted = ("--language", "en", "--gender", "male")
    listed = run("voice", "list", *wanted).json
    found = run("voice", "gallery", *wanted, "--out", "-").out
    assert cards(found) == len(listed) > 0 and found.startswith("<!DOCTYPE html>") and "<audio " in found


def test_media_are_stored_each_once(run: Run, account: Account) -> None:
    told = run("avatar", "gallery", "--anchor", "teacher_3", "--embed", "--out", "a.html")
    text = Path("a.html").read_text("utf-8")
    # Three links, all with the same picture, on every card.
    assert told.json["Stored"] == 3 and told.json["Broken"] == 0 and "stored 3 files" in told.err
    assert "img-src data:;" in text and f'src="{account.url}' not in text and text.count('src="data:image/png') == 2
    assert "which expire" not in text


def test_what_does_not_fit_or_can_not_be_had_is_told(run: Run, account: Account) -> None:
    # The account serves pictures of 300 kB, also where a sound should be.
    few = ("--anchor", "teacher_3", "--embed", "--out", "-")
    large = run("avatar", "gallery", *few, "--max-item", "0.1")
    assert "warning: 3 files were too large; see --max-item" in large.err
    assert (
        "3 files were too large to be stored" in large.out and "Picture: too large to be stored (0.3 MiB)" in large.out
    )
    total = run("avatar", "gallery", *few, "--max-total", "0.5")
    assert "warning: 2 files were too large" in total.err and 'src="data:image/png' in total.out
    broken = run("voice", "gallery", "--limit", "2", "--embed", "--out", "v.html")
    assert broken.json["Broken"] == 2 and "warning: 2 files were not to be had" in broken.err
    assert "Sample: the sample of Voice 0 is not what it should be: it is png" in Path("v.html").read_text("utf-8")


def test_a_page_of_ours_is_replaced_and_nothing_else(run: Run, account: Account) -> None:
    for _ in range(2):
        run("voice", "gallery", "--out", "v.html")
    Path("notes.html").write_text("<html>mine</html>")
    ran = run("voice", "gallery", "--out", "notes.html", code=2)
    assert "--out notes.html exists already; use --force" in ran.err and account.asked == []
    assert Path("notes.html").read_text() == "<html>mine</html>"
    run("voice", "gallery", "--out", "notes.html", "--force")
    assert cards(Path("notes.html").read_text("utf-8")) == 8
    assert sorted(os.listdir()) == ["notes.html", "v.html"]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((), "--out is required"),
        (("--out", "."), "--out . is a directory"),
        (("--out", "a.html", "--max-item", "5"), "--max-item needs --embed"),
        (("--out", "a.html", "--embed", "--max-total", "0"), "--max-total '0' is not a number of MiB above 0"),
        (("--out", "a.html", "--embed", "--max-item", "nan"), "--max-item 'nan' is not a number of MiB above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, account: Account, args: tuple[str, ...], reason: str) -> None:
    assert reason in run("voice", "gallery", *args, code=2).err and account.asked == []
    assert reason in run("avatar", "gallery", *args, code=2).err and account.asked == []


def test_hostile_names_reach_the_page_as_text(run: Run, account: Account) -> None:
    account.voices[0] |= {"TimbreName": "</script><script>x</script>", "TimbreSample": "javascript:x"}
    run("voice", "gallery", "--out", "v.html")
    text = Path("v.html").read_text("utf-8")
    assert text.count("<script>") == 1 and "javascript:" not in text and "&lt;/script&gt;&lt;script&gt;x" in text
