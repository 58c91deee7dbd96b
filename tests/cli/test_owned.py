"""What the account owns, against a strict account of hundreds of assets: nothing lost, nothing asked in vain."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tadh_cli import main
from tests import account as accounts
from tests.account import Account, key
from tests.program import Program, Ran

Run = Callable[..., Ran]
NUMBERS = ("VideoNum", "VideoDuration", "TimbreGender", "AudioNum", "AudioDuration")


@pytest.fixture
def account() -> Iterator[Account]:
    with accounts.account() as owner:
        yield owner


@pytest.fixture
def run(tadh: Program, account: Account) -> Run:
    """The program on the account; what was asked before is forgotten."""

    def call(*args: object, **options: Any) -> Ran:
        account.asked.clear()
        return tadh(*args, **options, **account.env)

    return call


SPELLINGS = {"Name": "AnchorName", "Code": "AnchorCode", "PoselImage": "PoseImage"}


def expected(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as it is to come out, read by hand: one spelling, numbers as numbers, everything else as it is."""
    found = {SPELLINGS.get(name, name): value for name, value in item.items()}
    for name in NUMBERS:
        if name in found:
            found[name] = int(found[name])
    if "OriginZoom" in found:
        found["OriginZoom"] = float(found["OriginZoom"])
    return found


def same(found: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    """Equal, but for lists that are not there and come out empty."""
    wanted = expected(item)
    extra = {name: value for name, value in found.items() if name not in wanted}
    lists = {name: value or [] for name, value in wanted.items() if isinstance(found.get(name), list)}
    return all(value == [] for value in extra.values()) and {**wanted, **lists} == {
        name: value for name, value in found.items() if name in wanted
    }


# Lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 100])
def test_every_avatar_comes_out_as_it_is(run: Run, account: Account, size: int) -> None:
    account.avatars = account.avatars[: 20 if size == 1 else None]
    found = run("avatar", "list", "--page-size", size).json
    assert [item["VirtualmanKey"] for item in found] == [item["VirtualmanKey"] for item in account.avatars]
    assert all(same(one, other) for one, other in zip(found, account.avatars, strict=True))
    assert len(account.asked) == -(-len(account.avatars) // size)


@pytest.mark.parametrize("name", ["TimbreAssets", "TimbreDetails"])
def test_every_voice_comes_out_as_it_is(run: Run, account: Account, name: str) -> None:
    account.voices_under = name
    found = run("voice", "list").json
    assert all(same(one, other) for one, other in zip(found, account.voices, strict=True))


@pytest.mark.parametrize("word", ["premium", "real_man_2d", "2d premium", "REAL_MAN_2D"])
def test_types_go_by_word_code_and_name(run: Run, account: Account, word: str) -> None:
    found = run("avatar", "images", "--type", word).json
    assert all(same(one, other) for one, other in zip(found, account.images["real_man_2d"], strict=True))
    assert {one["AnchorCode"] for one in run("avatar", "anchors", "--type", word).json} == {
        item["AnchorCode"] for item in found
    }


def test_a_type_that_nobody_knows_is_passed_on(run: Run, account: Account) -> None:
    account.images["hologram_5d"] = account.images["real_man_2d"][:1]
    assert len(run("avatar", "images", "--type", "hologram_5d").json) == 1


def test_a_type_is_required_today(run: Run, account: Account) -> None:
    assert "--type is required: studio, instant, 4k" in run("avatar", "anchors", code=2).err
    assert account.asked == []


@pytest.mark.parametrize("answered", [1, 2])
@pytest.mark.parametrize("place", [249, 120, 0])
def test_an_avatar_that_moves_between_pages_is_neither_lost_nor_doubled(
    run: Run, account: Account, answered: int, place: int
) -> None:
    account.moving = (answered, place)
    found = [item["VirtualmanKey"] for item in run("avatar", "list").json]
    assert sorted(found) == [key(number) for number in range(250)]


def test_two_packages_that_look_the_same_are_two(run: Run) -> None:
    hours = run("assets", "quota", "--type", "BroadcastHour").json
    assert [item["HoursLeft"] for item in hours] == [1.0, 1.0]


# Selections --------------------------------------------------------------------------------------------


def test_items_are_searched_sorted_and_counted(run: Run) -> None:
    found = run("avatar", "list", "--search", "teacher 1", "--sort", "-videos,name", "--limit", 3).json
    assert [item["VideoNum"] for item in found] == [199, 198, 196]
    assert [item["AnchorName"] for item in found] == ["Teacher 199", "Teacher 198", "Teacher 196"]


def test_numbers_in_texts_are_sorted_by_size_and_what_is_missing_comes_last(run: Run) -> None:
    names = [item["Resolution"] for item in run("avatar", "list", "--sort", "resolution").json]
    assert names[0] == "540x960" and names[-1] == "1920x1080"
    dates = [item.get("ExpireDate") for item in run("avatar", "list", "--sort", "-expires").json]
    assert dates[0] and dates[-1] is None


def test_a_limit_alone_saves_questions(run: Run, account: Account) -> None:
    assert len(run("avatar", "list", "--limit", 3).json) == 3 and len(account.asked) == 1
    assert len(run("avatar", "list", "--limit", 3, "--search", "Teacher 249").json) == 1 and len(account.asked) == 3


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("--sort", "colour"), "--sort colour: no item has this field; there are "),
        (("--sort", "-"), "--sort '-' has a field without a name"),
        (("--limit", "-1"), "--limit '-1' is not a whole number, 0 or more"),
        (("--limit", "many"), "--limit 'many' is not a whole number, 0 or more"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(run: Run, args: tuple[str, str], reason: str) -> None:
    assert reason in run("avatar", "list", *args, code=2).err


def test_a_language_stands_for_its_regions(run: Run) -> None:
    assert len(run("voice", "list", "--language", "en").json) > 20
    assert {tuple(voice["TimbreLanguages"]) for voice in run("voice", "list", "--language", "ZH-hk").json} == {
        ("en-US", "zh-HK")
    }


# One avatar --------------------------------------------------------------------------------------------


def test_an_avatar_is_shown_with_its_anchor_and_its_other_images(run: Run, account: Account) -> None:
    account.actions = [{"ActionName": "Bow", "ActionCode": "bow", "ActionSample": "u"}]
    item = account.images["real_man_2d"][1]
    record = run("avatar", "show", item["VirtualmanKey"]).json
    assert all(record[name] == value for name, value in expected(item).items())
    assert record["Tag"] == "Advanced" and record["Actions"] == account.actions
    table = run("avatar", "show", item["VirtualmanKey"], "-o", "table").out
    assert "bow  Bow" in table and "2D Premium" in table


def test_the_other_images_of_an_anchor_are_named(run: Run) -> None:
    record = run("avatar", "show", key(10)).json
    assert [image["VirtualmanKey"] for image in record["Images"]] == [key(11)]


def test_an_avatar_that_is_not_there_is_not_found(run: Run) -> None:
    assert "the account has no avatar ffff" in run("avatar", "show", "f" * 32, code=5).err


def test_actions_and_voices_of_an_avatar(run: Run, account: Account) -> None:
    ran = run("avatar", "actions", key(1))
    assert ran.json == [] and "only 3D avatars" in ran.err and account.calls == ["getaction"]
    account.actions = [{"ActionName": "Bow", "ActionCode": "bow", "ActionSample": "u"}, {"ActionCode": "x", "New": 1}]
    assert run("avatar", "actions", key(1), "-o", "id").out.split() == ["bow", "x"]
    ran = run("avatar", "voices", key(1))
    assert len(ran.json) == 3 and "deprecated (avatar.voices)" in ran.err and "`tadh voice list`" in ran.err


# Older calls -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "path"),
    [
        (("anchors", "--legacy"), "getanchor"),
        (("images", "--legacy", "--anchor", "a"), "getresourcebyanchor"),
        (("actions", key(1), "--legacy"), "getaction"),
        (("voices", key(1), "--legacy"), "gettimbre"),
    ],
)
def test_older_calls_are_called_on_demand_and_say_so(
    run: Run, account: Account, args: tuple[str, ...], path: str
) -> None:
    ran = run("avatar", *args)
    assert [asked for asked, _ in account.asked] == [accounts.VIDEO + path]
    assert "the service calls this deprecated (legacy." in ran.err


def test_older_lists_name_the_appkey_and_take_all_resources(run: Run, account: Account) -> None:
    found = run("avatar", "anchors", "--legacy", "--all-resources", "--type", "premium").json
    assert account.asked[0][1] == {"GetAllResource": True, "VirtualmanTypeCode": "real_man_2d"}
    assert [item["AppKey"] for item in found] == ["1", "1"]
    run("avatar", "images", "--legacy", "--anchor", "a", "--anchor", "b")
    assert [payload["AnchorCode"] for _, payload in account.asked] == ["a", "b"]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("anchors", "--all-resources", "--type", "3d"), "--all-resources needs --legacy"),
        (("images", "--legacy"), "--anchor is required with --legacy"),
    ],
)
def test_what_does_not_go_together_is_refused(run: Run, account: Account, args: tuple[str, ...], reason: str) -> None:
    assert reason in run("avatar", *args, code=2).err and account.asked == []


# Names -------------------------------------------------------------------------------------------------


def ordered(account: Account) -> dict[str, Any]:
    """The request for a video."""
    (payload,) = (payload for path, payload in account.asked if path.endswith("/videomake"))
    return payload


def test_a_key_costs_no_question(run: Run, account: Account) -> None:
    run("video", "create", "--avatar", "0" * 31 + "f", "--voice", "male_20", "--text", "Hi")
    assert account.calls == ["videomake"]


def test_a_name_is_looked_up_once_and_then_remembered(run: Run, account: Account) -> None:
    run("video", "create", "--avatar", "teacher  7", "--voice", "VOICE 12", "--text", "Hi")
    assert ordered(account)["VirtualmanKey"] == key(7)
    assert ordered(account)["SpeechParam"]["TimbreKey"] == "voice-12"
    run("video", "create", "--avatar", "Teacher 8", "--text", "Hi")
    assert account.calls == ["videomake"] and ordered(account)["VirtualmanKey"] == key(8)


def test_a_list_is_remembered_for_names(run: Run, account: Account) -> None:
    run("voice", "list")
    run("video", "create", "--avatar", key(7), "--voice", "Voice 9", "--text", "Hi")
    assert account.calls == ["videomake"] and ordered(account)["SpeechParam"]["TimbreKey"] == "voice-9"


def test_what_was_listed_as_a_key_is_one(run: Run, account: Account) -> None:
    run("voice", "list")
    run("video", "create", "--avatar", key(7), "--voice", "voice-9", "--text", "Hi")
    assert account.calls == ["videomake"] and ordered(account)["SpeechParam"]["TimbreKey"] == "voice-9"


def test_names_of_other_types_are_found_too(run: Run, account: Account) -> None:
    run("video", "create", "--avatar", "Teacher 5005", "--text", "Hi")
    assert ordered(account)["VirtualmanKey"] == key(5005)


def test_an_ambiguous_name_lists_those_it_could_mean(run: Run, account: Account) -> None:
    for item in account.avatars[:3]:
        item.pop("Name", None)
        item["AnchorName"] = "Teacher Wuji"
    ran = run("video", "create", "--avatar", "teacher wuji", "--text", "Hi", code=2)
    assert "--avatar 'teacher wuji' means 3 avatars:" in ran.error["Message"]
    assert all(key(number) in ran.error["Message"] for number in range(3))
    assert "videomake" not in account.calls
    run("video", "create", "--avatar", "teacher wuji, blue SUIT", "--text", "Hi")
    assert ordered(account)["VirtualmanKey"] == key(1)
    ran = run("video", "create", "--avatar", "teacher wuji, green suit", "--text", "Hi", code=2)
    assert "no avatar of this name is 'green suit'" in ran.err


def test_a_name_of_nobody_is_refused_with_what_is_near(run: Run, account: Account) -> None:
    ran = run("video", "create", "--avatar", "Teacher 2499", "--text", "Hi", code=2)
    assert "did you mean Teacher 249" in ran.err and "videomake" not in account.calls


def test_a_word_that_is_not_listed_may_be_a_key_all_the_same(run: Run, account: Account) -> None:
    run("video", "create", "--avatar", "vk-1", "--text", "Hi")
    assert ordered(account)["VirtualmanKey"] == "vk-1" and len(account.calls) > 1
    run("video", "create", "--avatar", "vk-1", "--text", "Hi")
    assert account.calls == ["videomake"] and ordered(account)["VirtualmanKey"] == "vk-1"


def test_a_word_that_resembles_a_name_is_a_slip_of_the_pen(run: Run, account: Account) -> None:
    account.voices.append({"TimbreKey": "fresh", "TimbreName": "Marianne"})
    ran = run("video", "create", "--avatar", key(7), "--voice", "Mariane", "--text", "Hi", code=2)
    assert "did you mean Marianne" in ran.err and "videomake" not in account.calls


def test_a_name_that_is_newer_than_what_is_remembered_is_found(run: Run, account: Account) -> None:
    run("voice", "list")
    account.voices.append({"TimbreKey": "fresh", "TimbreName": "Fresh voice"})
    run("video", "create", "--avatar", key(7), "--voice", "Fresh voice", "--text", "Hi")
    assert ordered(account)["SpeechParam"]["TimbreKey"] == "fresh"


def test_other_problems_are_told_before_anybody_is_asked(run: Run, account: Account) -> None:
    run("video", "create", "--avatar", "Teacher 7", "--text", "Hi", "--speed", 9, code=2)
    assert account.asked == []


def test_a_rehearsal_asks_nobody(run: Run, account: Account) -> None:
    ran = run("video", "create", "--avatar", "Teacher 7", "--text", "Hi", "--dry-run")
    assert account.asked == [] and ran.json["Body"]["Payload"]["VirtualmanKey"] == "Teacher 7"
    assert "a rehearsal does not look up names" in ran.err
    run("avatar", "show", "Teacher 7")
    ran = run("video", "create", "--avatar", "Teacher 7", "--text", "Hi", "--dry-run")
    assert account.asked == [] and ran.json["Body"]["Payload"]["VirtualmanKey"] == key(7)


def test_what_is_set_by_hand_is_sent_as_it_is(run: Run, account: Account) -> None:
    run("video", "create", "--text", "Hi", "--set", "VirtualmanKey=Teacher 7")
    assert account.calls == ["videomake"] and ordered(account)["VirtualmanKey"] == "Teacher 7"


def test_sessions_go_by_name_too(run: Run, account: Account) -> None:
    run("session", "create", "--avatar", "Teacher 7", "--voice", "Voice 12")
    (payload,) = (payload for path, payload in account.asked if path.endswith("/createsessionbyasset"))
    assert (payload["AssetVirtualmanKey"], payload["SpeechParam"]["TimbreKey"]) == (key(7), "voice-12")
    run("session", "list", "--avatar", "Teacher 8")
    assert account.calls == ["listsessionofassetvk"] and account.asked[0][1]["AssetVirtualmanKey"] == key(8)
    body = run("session", "create", "--avatar", "Teacher 9", "--dry-run").json["Body"]["Payload"]
    assert body["AssetVirtualmanKey"] == key(9) and account.asked == []


LIST = "defaults: {avatar: Teacher 7}\nvideos:\n- {name: a, text: Hi}\n- {name: b, text: Ho, avatar: %s}\n"


def test_lists_of_videos_go_by_name_too(run: Run, account: Account) -> None:
    Path("list.yaml").write_text(LIST % "Teacher 2499")
    ran = run("video", "batch", "list.yaml", code=2)
    assert "list.yaml:4" in ran.err and "did you mean Teacher 249" in ran.err and "videomake" not in account.calls
    Path("list.yaml").write_text(LIST % "Teacher 249")
    assert [
        record["Body"]["Payload"]["VirtualmanKey"] for record in run("video", "batch", "list.yaml", "--dry-run").json
    ] == [key(7), key(249)]
    assert account.asked == []
    run("video", "batch", "list.yaml", code=None)
    made = [payload["VirtualmanKey"] for path, payload in account.asked if path.endswith("/videomake")]
    assert sorted(made) == [key(7), key(249)]


def test_nothing_is_remembered_or_used_on_demand(run: Run, account: Account, tmp_path: Path) -> None:
    run("video", "create", "--avatar", "Teacher 7", "--text", "Hi", "--no-cache")
    assert not (tmp_path / "state" / "cache").exists()
    run("voice", "list")
    account.voices[9]["TimbreName"] = "Other"
    run("video", "create", "--avatar", key(7), "--voice", "Other", "--text", "Hi", "--refresh")
    assert "describetimbre" in account.calls


def test_what_one_account_remembers_is_no_other_accounts(run: Run, tadh: Program, account: Account) -> None:
    run("voice", "list")
    account.app_key = "other-app-key"
    run("video", "create", "--avatar", key(7), "--voice", "Voice 9", "--text", "Hi")
    assert "describetimbre" in account.calls


def test_a_broken_memory_is_none(run: Run, account: Account, tmp_path: Path) -> None:
    run("voice", "list")
    for path in (tmp_path / "state" / "cache").rglob("*.json"):
        assert path.stat().st_mode & 0o077 == 0
        path.write_text('[{"TimbreKey": ')
    run("video", "create", "--avatar", key(7), "--voice", "Voice 9", "--text", "Hi")
    assert ordered(account)["SpeechParam"]["TimbreKey"] == "voice-9"


# Completion --------------------------------------------------------------------------------------------


def completed(monkeypatch: pytest.MonkeyPatch, account: Account, *words: str, shell: str = "bash") -> list[str]:
    """What a shell is offered for the last word."""
    line = " ".join(["tadh", *words])
    env = {"_TADH_COMPLETE": f"complete_{shell}", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    env |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    out = io.StringIO()
    with monkeypatch.context() as patch, contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        for name, value in {**env, **account.env}.items():
            patch.setenv(name, value)
        main.run([])
    return [line for line in out.getvalue().splitlines() if line]


def test_keys_and_names_complete_from_memory_alone(run: Run, monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    assert completed(monkeypatch, account, "video", "create", "--voice", "voice-22") == []
    account.voices.append({"TimbreKey": "k1", "TimbreName": "Xiaowei"})
    run("voice", "list")
    account.asked.clear()
    offered = completed(monkeypatch, account, "video", "create", "--voice", "voice-22")
    assert offered == ["voice-22", *(f"voice-{number}" for number in range(220, 230))]
    assert completed(monkeypatch, account, "voice", "speak", "--voice", "Xiao") == ["Xiaowei"]
    assert account.asked == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_what_a_shell_is_offered_means_nothing_to_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, account: Account, shell: str
) -> None:
    for name in (r"\$(touch owned)", "`touch owned`", "a'; touch owned; '", 'b"; touch owned; "', "*", "x\n$(id)"):
        account.voices.append({"TimbreKey": "safe-1", "TimbreName": name})
        account.voices.append({"TimbreKey": name, "TimbreName": "Safe2"})
    run("voice", "list")
    offered = completed(monkeypatch, account, "video", "create", "--voice", "", shell=shell)
    assert any("safe-1" in line for line in offered) and not any(
        mark in "".join(offered) for mark in ("$", "`", "\\", ";")
    )


# Hours and slots ---------------------------------------------------------------------------------------


def test_what_is_left_is_told_in_words_and_hours(run: Run) -> None:
    found = {item["ServiceType"]: item for item in run("assets", "quota").json}
    assert found["BroadcastHour"]["Title"] == "Studio Avatar broadcast hours"
    assert (found["BroadcastHour"]["Hours"], found["BroadcastHour"]["PercentLeft"]) == (20.0, 5.0)
    assert found["BroadcastHour"]["BroadcastHourInfoDetail"]["OrderMilliseconds"] == 72_000_000
    # The sample of the documentation: the figures of another type.
    assert found["RealMan2DBroadcastHour"]["HoursLeft"] == 0.01
    assert found["ImageAsset"]["CustomizationsLeft"] == 2
    assert found["RealMan2DBroadcastConcurrency"]["Concurrency"] == 5
    assert "DaysLeft" not in found["RealMan2DBroadcastConcurrency"]
    assert found["HologramMinutes"]["Title"] == "hologram minutes" and found["HologramMinutes"]["ExpireDate"] == "never"
    assert found["HologramHour"]["DaysLeft"] < 0


def test_little_is_warned_about(run: Run) -> None:
    warnings = run("assets", "quota").err
    assert "warning: Studio Avatar broadcast hours: 1 h left, 5 %" in warnings
    assert "warning: hologram hour: expired on 2025-12-31" in warnings
    assert "voice clones" not in warnings


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("--min-hours", "2.5", "--type", "BroadcastHour"), "hours: 2 h left, at least 2.5 h are wanted"),
        (("--min-customizations", "3"), "Studio Avatar customizations: 2 left, at least 3 are wanted"),
        (("--min-days", "1"), "hologram hour: expired on 2025-12-31, at least 1 days are wanted"),
        (("--min-customizations", "1", "--type", "TimbreAsset"), "voice clones, basic edition: 0 left"),
        (("--min-hours", "1", "--type", "TimbreHour"), "TimbreHour: the account has none"),
        ((), "Studio Avatar broadcast hours: 1 h left, 5 %"),
    ],
)
def test_a_check_fails_when_something_is_too_little(run: Run, args: tuple[str, ...], reason: str) -> None:
    ran = run("assets", "quota", "--check", *args, code=6)
    assert reason in ran.error["Message"] and isinstance(ran.json if ran.out else [], list)


@pytest.mark.parametrize(
    "args",
    [
        ("--min-hours", "2", "--type", "studio avatar BROADCAST hours"),
        ("--min-customizations", "2"),
        ("--min-days", "30", "--type", "ImageAsset"),
    ],
)
def test_a_check_passes_when_there_is_enough(run: Run, args: tuple[str, ...]) -> None:
    assert run("assets", "quota", "--check", *args).err == ""


def test_a_floor_without_a_check_warns(run: Run) -> None:
    ran = run("assets", "quota", "--min-customizations", "3")
    assert re.findall("^warning: (.*)$", ran.err, re.MULTILINE) == [
        "Studio Avatar customizations: 2 left, at least 3 are wanted"
    ]


# Placing -----------------------------------------------------------------------------------------------


def test_pixels_become_parameters_and_come_back(run: Run, account: Account) -> None:
    place = ("video", "place", "--avatar", key(1), "--canvas", "1920x1080")
    there = run(*place, "--left", "300", "--top", "400", "--scale", "0.5").json
    width, height = 1080 * 0.497 * 0.5, 1920 * 0.497 * 0.5
    assert there["HorizontalPosition"] == round((300 + width / 2 - 960) / 1920, 6)
    assert there["VerticalPosition"] == round((height + 400 - 1080) / 2 / height, 6)
    assert (there["OriginZoom"], there["Pose"]) == (0.497, "1080x1920")
    options = there["Options"].split()
    back = run(*place, *options).json
    assert (round(back["Left"]), round(back["Top"])) == (300, 400)


def test_only_the_beginning_of_a_picture_is_read_and_none_when_its_size_is_given(run: Run, account: Account) -> None:
    assert run("video", "place", "--avatar", key(1), "--x", "0", "--y", "0").json["Canvas"] == "1920x1080"
    account.avatars[1]["PoseImage"] = "http://127.0.0.1:1/gone.png"
    args = ("video", "place", "--avatar", key(1), "--left", "0", "--top", "0", "--refresh")
    assert run(*args, "--pose", "100x200").json["Pose"] == "100x200"
    run(*args, code=9)


def test_what_an_anchor_can_not_do_is_told(run: Run) -> None:
    ran = run("video", "place", "--avatar", key(5000), "--x", "0.2", "--y", "-0.1", "--scale", "1.5")
    assert "does not move this anchor to the sides (tag Advanced)" in ran.err and "--y counts as 0" in ran.err
    assert "only anchors tagged Basic can be larger than 1" in ran.err


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("--left", "1"), "--top is needed with --left"),
        (("--left", "1", "--top", "1", "--x", "0"), "--left does not go with --x"),
        ((), "--left and --top in pixels, or --x and --y are needed"),
        (("--x", "0", "--canvas", "big"), "--canvas 'big' is not a size such as 1920x1080"),
        (("--x", "0", "--scale", "0"), "--scale 0.0 is outside values above 0"),
        (("--x", "nan"), "--x nan is no place in a picture"),
        (("--x", "0", "--svg", "there.svg"), "--svg there.svg exists already; use --force"),
    ],
)
def test_a_place_that_is_none_is_refused(run: Run, account: Account, args: tuple[str, ...], reason: str) -> None:
    Path("there.svg").write_text("mine")
    assert reason in run("video", "place", "--avatar", key(1), *args, code=2).err
    assert account.asked == []


def test_a_place_is_drawn(run: Run, account: Account) -> None:
    account.avatars[0]["AnchorName"] = '"><script>alert(1)</script>'
    args = ("video", "place", "--avatar", key(0), "--left", "10", "--top", "10")
    assert "▒" in run(*args, "-o", "table").out
    assert run(*args, "--svg", "a.svg").json["Files"] == ["a.svg"]
    assert "<script" not in Path("a.svg").read_text() and run(*args, "--svg", "-").out == Path("a.svg").read_text()


def test_hostile_names_are_harmless(run: Run, account: Account) -> None:
    account.avatars[0]["AnchorName"] = "\x1b]0;owned\x07\x00\ud800</svg>"
    account.avatars[0]["PoseImage"] += "?a='\"><script>"
    run("video", "place", "--avatar", key(0), "--x", 0, "--y", 0, "--svg", "a.svg", "--pose", "10x10")
    assert ElementTree.parse("a.svg") is not None
    for form in ("table", "wide", "csv"):
        out = run("avatar", "list", "--limit", 1, "-o", form, code=None)
        assert "\x1b" not in out.out + out.err or form == "csv"


# SSML --------------------------------------------------------------------------------------------------


def test_actions_of_a_text_are_compared_with_the_avatars(run: Run, account: Account) -> None:
    Path("a.ssml").write_text('Welcome to our shop. <insert-action type="bow"/> How can I help you?')
    account.actions = [{"ActionName": "Wave", "ActionCode": "wave", "ActionSample": "u"}]
    assert "no action `bow`" in run("ssml", "check", "a.ssml", "--avatar", "Teacher 7", code=2).err
    account.actions[0]["ActionCode"] = "bow"
    ran = run("ssml", "check", "a.ssml", "--avatar", "Teacher 7", "--speed", "2")
    assert ran.json == [] and re.search(r"about \ds when it is spoken", ran.err)
    run("video", "create", "--avatar", "Teacher 7", "--ssml", "a.ssml")
    assert account.calls == ["getaction", "videomake"]


def test_the_same_items_come_out_in_every_format(run: Run) -> None:
    items = run("avatar", "images", "--type", "premium").json
    lines = run("avatar", "images", "--type", "premium", "-o", "ndjson").out.splitlines()
    assert [json.loads(line) for line in lines] == items
