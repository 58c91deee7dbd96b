"""Live sessions over HTTPS: opened, waited for, started, changed, closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli import config
from tadh_cli.engine.clock import Clock
from tadh_cli.engine.turns import Turns
from tadh_cli.sandbox.hosting import Hosted
from tests.program import Ran

On = Callable[..., Ran]
# A slow model: it is not ready before the test says so.
NEVER = {"operation": "session.get", "replace": "SessionStatus", "by": 3}


@pytest.fixture
def session(on: On, avatar: str) -> str:
    """The id of a started session."""
    return on("session", "create", "--avatar", avatar, "--start", "-o", "id").out.strip()


def opened(on: On) -> list[str]:
    """What is open at the service."""
    return [str(session["SessionId"]) for session in on("session", "list").json]


def body(ran: Ran) -> dict[str, object]:
    payload: dict[str, object] = ran.json["Body"]["Payload"]
    return {name: value for name, value in payload.items() if name != "ReqId"}


# Opening -----------------------------------------------------------------------------------------------


def test_a_session_from_its_creation_to_its_end(on: On, avatar: str) -> None:
    made = on("session", "create", "--avatar", avatar)
    record = made.json
    id = record["TaskId"]
    assert (record["Kind"], record["Status"], record["SessionStatus"]) == ("session", "PREPARING", 3)
    assert (record["SessionId"], record["VirtualmanKey"]) == (id, avatar)
    assert record["UserId"].startswith("tadh-") and f"session close {id}" in made.err
    started = on("session", "start", id, "--wait").json
    assert (started["Status"], started["SessionStatus"]) == ("STARTED", 1)
    shown = on("session", "status", id).json
    assert (shown["Status"], shown["SpeakStatus"], shown["ErrorCode"]) == ("STARTED", "Initial", 0)
    assert on("task", "list", "--kind", "session").json[0]["State"] == "decision"
    closed = on("session", "close", id).json
    assert (closed["Status"], closed["SessionStatus"]) == ("CLOSED", 2) and closed["FinishedAt"]
    gone = on("session", "status", id).json
    assert (gone["Status"], gone["CloseReason"]) == ("CLOSED", "closed by its owner")
    assert on("task", "show", id).json["State"] == "done" and opened(on) == []


def test_readiness_is_followed_and_the_play_address_told_first(on: On, avatar: str) -> None:
    ran = on("session", "create", "--avatar", avatar, "--wait")
    assert ran.json["Status"] == "READY"
    assert ran.err.index("play address: webrtc://") < ran.err.index(": READY")


def test_a_project_is_opened_by_the_other_call(on: On, sandbox: Hosted) -> None:
    project = sandbox.running.projects[0]
    made = on("session", "create", "--project", project, "--protocol", "RTMP", "--driver", "text", "--start").json
    assert made["Status"] == "STARTED" and made["PlayStreamAddr"].startswith("rtmp://")
    assert [s["SessionId"] for s in on("session", "list", "--project", project).json] == [made["TaskId"]]
    assert len(sandbox.journal("session.create")) == 1


def test_every_option_reaches_the_request(on: On, sandbox: Hosted) -> None:
    Path("sig.txt").write_text("eJw-the-signature\n")
    ran = on(
        *("session", "create", "--avatar", "A", "--user", "u", "--protocol", "trtc", "--driver", "text", "--alpha"),
        *("--voice", "female_1", "--speed", 120, "--volume", -10, "--language", "zh-cn"),
        *("--trtc-app-id", "14", "--trtc-room-id", 5, "--trtc-room-name", "hall", "--trtc-room-kind", "text"),
        *("--trtc-user-sig", "@sig.txt", "--trtc-private-map-key", "eJw-the-key", "--stream-max-interval", 6000),
        *("--push-url", "rtmp://a.example.com/live/x?txSecret=abc&txTime=1", "--set", "NewOption.Depth=2", "--dry-run"),
    )
    assert body(ran) == {
        "AssetVirtualmanKey": "A",
        "UserId": "u",
        "Protocol": "trtc",
        "DriverType": 1,
        "ExtraInfo": {"AlphaChannelEnable": True},
        "StreamMaxInterval": 6000,
        "ProtocolOption": {
            "TrtcUseExternalApp": True,
            "TrtcAppId": "14",
            "TrtcRoomId": 5,
            "TrtcStrRoomId": "hall",
            "TrtcAutoGenRoomIdType": 1,
            "TrtcUserSig": "***",
            "TrtcPrivateMapKey": "***",
            "CssCustomPushUrl": "rtmp://a.example.com/live/x?txSecret=***&txTime=1",
        },
        "SpeechParam": {"TimbreKey": "female_1", "Speed": 120.0, "Volume": -10, "TimbreLanguage": "zh-CN"},
        "NewOption": {"Depth": 2},
    }
    assert sandbox.journal() == []


def test_what_allows_to_push_a_stream_is_a_secret_whatever_its_name(on: On, avatar: str) -> None:
    Path("push.txt").write_text("rtmp://a.example.com/live/x?auth_key=17-0-c0ffee&wsTime=1\n")
    ran = on(
        *("session", "create", "--avatar", avatar, "--protocol", "rtmp", "--push-url", "@push.txt"),
        *("-vv", "--trace", "trace.ndjson"),
    )
    told = ran.out + ran.err + Path("trace.ndjson").read_text() + on("task", "list").out
    assert "c0ffee" not in told and "?auth_key=***&wsTime=1" in told


def test_all_that_is_wrong_is_told_at_once_by_the_names_of_the_options(on: On, sandbox: Hosted) -> None:
    err = on(
        *("session", "create", "--project", "P", "--speed", 1.2, "--protocol", "hls", "--driver", "video"),
        *("--trtc-user-sig", "s", "--stream-max-interval", 100, "--push-url", "http://a", "--user", ""),
        code=2,
    ).err
    for told in (
        "--speed needs --avatar",
        "--protocol 'hls' is not one of rtmp, trtc, webrtc",
        "--driver 'video' is not one of text, audio",
        "--trtc-app-id is required with --trtc-user-sig",
        "--trtc-room-id or --trtc-room-name is required with --trtc-user-sig",
        "--stream-max-interval 100 is outside 2000..6000",
        "--push-url 'http://a' has to be an rtmp:// URL",
    ):
        assert told in err, err
    both = on("session", "create", "--project", "P", "--avatar", "A", code=2).err
    assert "--project and --avatar exclude each other" in both
    assert "--project or --avatar is required" in on("session", "create", code=2).err
    assert "--speed 1.2 is outside 50..200" in on("session", "create", "--avatar", "A", "--speed", 1.2, code=2).err
    assert sandbox.journal() == []


def test_the_same_user_closes_the_session_before(on: On, avatar: str) -> None:
    first = on("session", "create", "--avatar", avatar, "--user", "me", "-o", "id").out.strip()
    on("session", "create", "--avatar", avatar, "--user", "me")
    shown = on("session", "status", first).json
    assert (shown["Status"], shown["ErrorCode"]) == ("CLOSED", 110022)
    assert "new session of the same user" in shown["CloseReason"] and "same user" in shown["ErrorMeaning"]


def test_a_session_that_could_not_be_made_is_a_failure(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "session.get", "replace": "SessionStatus", "by": 4}])
    ran = on("session", "create", "--avatar", avatar, "--wait", code=7)
    assert "failed" in ran.error["Message"] and "is closed again" in ran.err


def test_one_that_is_not_ready_in_time_is_closed_again(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([NEVER])
    ran = on("session", "create", "--avatar", avatar, "--start", "--timeout", "1s", code=8)
    told = ran.error
    assert told["TaskId"] and f"session {told['TaskId']} was not ready within 1s" in told["Message"]
    assert "it is closed again" in told["Message"] and "--timeout 5m" in told["Hint"]
    assert "goes on" not in ran.err and opened(on) == []
    assert len(sandbox.journal("session.start")) == 0


def test_one_that_somebody_closes_meanwhile_is_told(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "session.get", "replace": "SessionStatus", "by": 2}])
    assert "closed before it was ready" in on("session", "create", "--avatar", avatar, "--wait", code=5).err


def test_a_creation_whose_answer_is_lost_leaves_nothing_open(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "session.create-by-avatar", "reset": "after"}])
    ran = on("session", "create", "--avatar", avatar, code=None)
    assert ran.code in (9, 12) and "is closed again" in ran.err
    sandbox.clear_faults()
    assert opened(on) == [] and on("task", "list", "--kind", "session").json[0]["State"] == "done"
    users = {task["Request"]["UserId"] for task in on("task", "list").json}
    assert len(users) == 1


def test_what_could_not_be_closed_is_named_and_collected_later(on: On, avatar: str, sandbox: Hosted) -> None:
    rules = [{"operation": "session.start", "code": 100001}, {"operation": "session.close", "code": 100005}]
    sandbox.set_faults(rules)
    ran = on("session", "create", "--avatar", avatar, "--start", code=11)
    (id,) = opened(on)
    assert f"session {id} may still be open" in ran.err and "session gc" in ran.err
    sandbox.clear_faults()
    assert [record["TaskId"] for record in on("session", "gc").json] == [id]
    assert opened(on) == [] and on("session", "gc").json == []


def test_closing_is_tried_again_for_a_while(on: On, avatar: str, sandbox: Hosted) -> None:
    rules = [{"operation": "session.start", "code": 100001}, {"operation": "session.close", "http": 503, "times": 4}]
    sandbox.set_faults(rules)
    ran = on("session", "create", "--avatar", avatar, "--start", code=11)
    assert "trying again for" in ran.err and "is closed again" in ran.err and opened(on) == []


def test_a_full_account_is_told(on: On, avatar: str) -> None:
    codes = [on("session", "create", "--avatar", avatar, code=None).code for _ in range(12)]
    assert 6 in codes and set(codes) == {0, 6}
    assert len(on("session", "close", "--all").json) == codes.count(0)
    assert opened(on) == []


# Asking and closing ------------------------------------------------------------------------------------


def test_sessions_are_listed_three_ways(on: On, avatar: str, session: str) -> None:
    for args in ((), ("--avatar", avatar)):
        (listed,) = on("session", "list", *args).json
        assert (listed["SessionId"], listed["TaskId"], listed["Status"]) == (session, session, "STARTED")
        assert (listed["Kind"], listed["DriverType"], listed["SubmittedAt"] is not None) == ("session", 3, True)
    assert on("session", "list", "--project", "none").json == []
    assert "exclude" in on("session", "list", "--project", "P", "--avatar", "A", code=2).err


@pytest.mark.parametrize("command", ["status", "start", "close", "say"])
def test_a_session_that_nobody_knows(on: On, command: str) -> None:
    more = ("Hello",) if command == "say" else ()
    assert on("session", command, "m1", *more, code=5).error["Code"] == 110018


def test_one_that_is_not_ready_can_not_be_started(on: On, avatar: str) -> None:
    id = on("session", "create", "--avatar", avatar, "-o", "id").out.strip()
    assert on("session", "start", id, code=None).code in (0, 11)


def test_several_are_closed_although_one_is_unknown(on: On, session: str) -> None:
    ran = on("session", "close", "m1", session, code=5)
    assert [record["TaskId"] for record in ran.json] == [session] and "could not be closed" in ran.err
    assert on("session", "close", session).json["Status"] == "CLOSED"


def test_requests_about_a_session_can_be_rehearsed(on: On, sandbox: Hosted) -> None:
    assert body(on("session", "close", "m1", "--dry-run")) == {"SessionId": "m1"}
    assert body(on("session", "start", "m1", "--dry-run", "--set", "New=1")) == {"SessionId": "m1", "New": 1}
    assert len(on("session", "gc", "--all", "--dry-run").json) == 1
    assert sandbox.journal() == []


# Collecting --------------------------------------------------------------------------------------------


def test_sessions_that_a_living_process_uses_are_left_open(on: On, avatar: str, session: str) -> None:
    other = on("session", "create", "--avatar", avatar, "-o", "id").out.strip()
    with Turns(config.sessions_dir(), Clock()).driving(session):
        ran = on("session", "gc")
        assert [record["TaskId"] for record in ran.json] == [other] and f"session {session} is in use" in ran.err
        assert on("session", "gc", "--all", "--yes").json == []
    assert [record["TaskId"] for record in on("session", "gc").json] == [session]


def test_all_sessions_of_the_account_are_closed_only_when_confirmed(on: On, avatar: str, session: str) -> None:
    (config.ledger_path()).unlink()
    assert on("session", "gc").json == []
    assert "--yes" in on("session", "gc", "--all", code=2).err and opened(on) == [session]
    assert [record["TaskId"] for record in on("session", "gc", "--all", "--yes").json] == [session]


def test_a_creation_that_was_never_answered_is_collected(on: On, avatar: str, sandbox: Hosted) -> None:
    rules = [{"operation": "session.create-by-avatar", "reset": "after"}, {"operation": "session.list", "http": 503}]
    sandbox.set_faults(rules)
    assert "session gc" in on("session", "create", "--avatar", avatar, code=None).err
    sandbox.clear_faults()
    assert len(opened(on)) == 1
    assert len(on("session", "gc").json) == 1 and opened(on) == []


# Changing and speaking ---------------------------------------------------------------------------------


def test_the_picture_is_changed_under_documented_names(on: On, session: str) -> None:
    ran = on(
        *("session", "update", session, "--background", "https://a.example.com/b.png", "--x", -0.1, "--y", 0),
        *("--zoom", 1, "--vertical-angle", 10, "--horizontal-angle", -5, "--color", "JacketColor=#A01818"),
    )
    assert ran.json["SpaceParam"] == {
        "BackgroundUrl": "https://a.example.com/b.png",
        "ImagePosition": -0.1,
        "ImagePositionVertical": 0.0,
        "ImageZoom": 1.0,
    }
    assert ran.json["ImageParam"]["ImageExtraParam"] == '{"JacketColor": {"colorValue": 10491928}}'
    err = on("session", "update", session, "--background", "https://a/b.png", "--color", "red", code=2).err
    assert "--x is required" in err and "--zoom is required" in err and "--color 'red' is not NAME=#RRGGBB" in err
    assert "nothing to change is given" in on("session", "update", session, code=2).err
    place = ("--x", 0, "--y", 0, "--zoom", 1, "--dry-run")
    err = on("session", "update", session, "--background", "https://a/b.GIF?c=d.png", *place, code=2).err
    assert "--background 'https://a/b.GIF?c=d.png' ends in .gif, allowed are jpg, jpeg, png" in err
    for url in ("https://a/b", "https://a/b.JPG?x=y.gif", "https://a.gif", "https://a/b.php"):
        on("session", "update", session, "--background", url, *place)


def test_changes_wait_for_their_turn(on: On, session: str, sandbox: Hosted) -> None:
    change = ("session", "update", session, "--x", 0, "--y", 0, "--zoom", 1)
    on(*change)
    started = time.monotonic()
    ran = on(*change)
    assert time.monotonic() - started > 4 and "waiting" in ran.err
    assert [entry["code"] for entry in sandbox.journal("session.update")] == [0, 0]


def test_texts_are_more_than_a_second_apart(on: On, session: str, sandbox: Hosted) -> None:
    first = on("session", "say", session, "Fish & chips <b>").json
    assert first["Text"] == "Fish &amp; chips &lt;b&gt;" and len(first["ReqId"]) == 32
    on("session", "say", session, "--interrupt", "--chat-command", "notusechat")
    assert [entry["code"] for entry in sandbox.journal("session.say")] == [0, 0]


def test_a_refusal_as_too_frequent_is_waited_out(on: On, session: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "session.say", "code": 100012, "times": 1}])
    on("session", "say", session, "<speak>Hello<break time='1s'/></speak>")
    codes = [entry["code"] for entry in sandbox.journal("session.say")]
    assert codes == [100012, 0]


def test_a_text_whose_answer_is_lost_is_not_repeated(on: On, session: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "session.say", "reset": "after"}])
    ran = on("session", "say", session, "Hello", code=12)
    assert "may have been heard" in ran.error["Hint"] and len(sandbox.journal("session.say")) == 1


def test_texts_that_can_not_be_said(on: On, sandbox: Hosted) -> None:
    assert on("session", "say", "m1", code=2).error["Message"] == "TEXT is required, or --interrupt"
    assert "at most 4000" in on("session", "say", "m1", "数" * 1334, code=2).err
    assert "TEXT:1:" in on("session", "say", "m1", "<speak>Hello", code=2).err
    assert "--chat-command 'x'" in on("session", "say", "m1", "Hi", "--chat-command", "x", code=2).err
    assert sandbox.journal() == []


def test_keys_to_a_room_are_shown_but_not_logged(on: On, avatar: str, tmp_path: Path) -> None:
    id = on("session", "create", "--avatar", avatar, "--protocol", "trtc", "--start", "-o", "id").out.strip()
    trace = tmp_path / "trace"
    ran = on("session", "trtc-key", id, "--room", 1200111, "--user", "viewer", "--trace", trace, "-vv")
    keys = ran.json
    assert keys["UserSig"].startswith("eJw") and keys["RoomId"] == "1200111"
    for name in ("UserSig", "PrivateMapKey"):
        assert keys[name] not in ran.err and keys[name] not in trace.read_text()


def test_secrets_of_a_play_address_are_for_who_opened_it(on: On, avatar: str, sandbox: Hosted) -> None:
    address = "trtc://a.example.com/live/x?userSig=eJw-secret-1&roomid=5"
    rule = {"operation": "session.create-by-avatar", "replace": "PlayStreamAddr", "by": address}
    sandbox.set_faults([rule])
    ran = on("session", "create", "--avatar", avatar, "-v")
    assert ran.json["PlayStreamAddr"] == address and "eJw-secret-1" not in ran.err
    assert "eJw-secret-1" not in on("task", "show", ran.json["TaskId"]).out
