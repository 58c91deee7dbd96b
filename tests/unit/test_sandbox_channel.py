"""The driving channel over a real WebSocket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from tadh_cli.sandbox import hosting
from tadh_cli.sandbox.channel import PATH
from tadh_cli.sandbox.hosting import Hosted
from tests.unit.sandbox_bench import REQ_ID, Client
from tests.unit.sandbox_channel import ANNA, Channel, new_id, reconnected, refused, started

OTHER_ID = "0" * 32
PACKET = Random(1).randbytes(5120)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    # Slow, so that nothing ends before a test lets it.
    with hosting.run(tmp_path_factory.mktemp("sandbox"), speed=1.0) as hosted:
        yield hosted


@pytest.fixture
def sandbox(shared: Hosted) -> Hosted:
    shared.clear_faults()
    shared.reset()
    return shared


@pytest.fixture
def client(sandbox: Hosted) -> Client:
    return Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)


@pytest.fixture
def session(sandbox: Hosted, client: Client) -> str:
    return started(sandbox, client)


# Text ----------------------------------------------------------------------------------------------------------


def test_a_text_begins_and_ends_in_its_time(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.send(Text="一" * 42)
        assert channel.words() == ["WaitingTextStart"]
        sandbox.advance(1)
        assert channel.words() == ["TextStart"]
        assert client.good("session.get", ReqId=REQ_ID, SessionId=session)["SpeakStatus"] == "TextStart"
        sandbox.advance(10)
        assert channel.words(2) == ["WaitingTextOver", "TextOver"]


def test_a_text_over_https_is_told_through_the_channel(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        client.call("session.say", ReqId=OTHER_ID, SessionId=session, Command="SEND_TEXT", Data={"Text": "Hi"})
        sandbox.advance(10)
        assert channel.until("TextOver")["ReqId"] == OTHER_ID


def test_heartbeats_are_taken_in_silence(client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.send("SEND_HEARTBEAT", Text="PING")
        channel.send(Text="Hi")
        assert channel.words() == ["WaitingTextStart"]


def test_what_is_wrong_with_a_command_is_told_and_the_channel_goes_on(
    sandbox: Hosted, client: Client, session: str
) -> None:
    with Channel(client, session) as channel:
        wrong = ["no JSON", json.dumps({"Payload": {}}), json.dumps({"Header": {}, "Payload": {"ReqId": "a"}})]
        for text in wrong:
            channel.text(text)
            frame = channel.frame()
            assert (frame["Type"], frame["SpeakStatus"], frame["ErrorCode"]) == (9, "Error", 100001)
        channel.send("SEND_VIDEO", Text="x")
        assert "SEND_VIDEO" in channel.frame()["ErrorMessage"]
        channel.send(Text="a < b")
        assert channel.frame()["ErrorCode"] == 100002
        channel.send(Text="Hi")
        channel.send(req_id=OTHER_ID, Text="too soon")
        assert channel.words() == ["WaitingTextStart"]
        refusal = channel.frame()
        assert (refusal["ReqId"], refusal["ErrorCode"]) == (OTHER_ID, 100012)
        sandbox.advance(10)
        assert channel.until("TextOver")["ReqId"] == REQ_ID


def test_a_chatbot_answers_with_content(sandbox: Hosted, client: Client) -> None:
    project = sandbox.running.projects[1]
    session = started(sandbox, client, VirtualmanProjectId=project)
    with Channel(client, session) as channel:
        channel.send(Text="What is it?")
        sandbox.advance(60)
        frames = [channel.frame()]
        while frames[-1].get("SpeakStatus") != "TextOver":
            frames.append(channel.frame())
    assert {frame["Type"] for frame in frames} == {1, 2, 3, 4, 5}
    answers = [frame for frame in frames if frame["Type"] == 4]
    assert "What is it?" in answers[0]["Text"] and [frame["Final"] for frame in answers][-1]


# Sound and streams -----------------------------------------------------------------------------------------


def test_sound_is_played_and_kept_bit_by_bit(sandbox: Hosted, client: Client, session: str) -> None:
    sound, rest = PACKET, Random(2).randbytes(1000)
    with Channel(client, session) as channel:
        channel.sound(REQ_ID, 1, sound)
        channel.sound(REQ_ID, 2, rest)
        channel.sound(REQ_ID, 3, final=True)
        sandbox.advance(1)
        assert channel.words(4) == ["WaitingAudioStart", "AudioStart", "WaitingAudioOver", "AudioOver"]
    assert sandbox.sound(session) == sound + rest
    (drive,) = sandbox.session(session)["Drives"]
    assert (drive["Kind"], drive["Packets"], drive["Bytes"], drive["FinalType"]) == ("audio", 3, 6120, 1)


def test_without_packets_the_service_ends_the_sound_itself(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.sound(REQ_ID, 1, PACKET)
        sandbox.advance(2.5)
        assert channel.until("AudioOver")["FinalType"] == 2
        channel.sound(REQ_ID, 2, PACKET)
        assert channel.frame()["ErrorCode"] == 110015


def test_sound_that_comes_too_fast_ends_with_an_error(client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        for seq in range(1, 12):
            channel.sound(REQ_ID, seq, PACKET)
        assert channel.until("Error")["ErrorCode"] == 100012


def test_text_while_sound_is_played_comes_at_the_wrong_moment(client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.sound(REQ_ID, 1, PACKET)
        channel.send(req_id=OTHER_ID, Text="Hi")
        error = channel.until("Error")
        assert (error["ReqId"], error["ErrorCode"]) == (OTHER_ID, 110015)


def test_a_stream_of_text_is_spoken_while_it_comes(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.fragment(REQ_ID, 1, "你好👩‍🚀。")
        channel.until("WaitingTextStart")
        sandbox.advance(1)
        channel.until("TextStart")
        channel.fragment(REQ_ID, 2, "", IsFinal=True)
        sandbox.advance(10)
        channel.until("TextOver")
    assert sandbox.transcript(session) == "你好👩‍🚀。\n"


def test_clauses_are_asked_for(sandbox: Hosted, client: Client, session: str) -> None:
    one, two = "一" * 11 + "，", "二" * 11 + "。"
    with Channel(client, session) as channel:
        channel.fragment(REQ_ID, 1, one, IsSentence=True)
        assert channel.until("SentenceNext")["Seq"] == 1
        channel.fragment(REQ_ID, 2, two, IsSentence=True, IsFinal=True)
        # The word of each comes in its order.
        sandbox.advance(10)
        frames = [channel.frame() for _ in range(7)]
    assert [(frame["SpeakStatus"], frame["Seq"]) for frame in frames] == [
        ("TextStart", 0),
        ("SentenceStart", 1),
        ("SentenceOver", 1),
        ("SentenceStart", 2),
        ("WaitingTextOver", 0),
        ("SentenceOver", 2),
        ("TextOver", 0),
    ]
    assert sandbox.transcript(session) == f"{one}\n{two}\n"


# Connections -----------------------------------------------------------------------------------------------


def test_a_new_connection_is_told_how_the_last_texts_stand(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        for _ in range(4):
            channel.send(req_id=new_id(), Text="Hi")
            sandbox.advance(10)
            last = channel.until("TextOver")["ReqId"]
        channel.leave()
    with reconnected(client, session) as again:
        frames = [again.frame() for _ in range(12)]
        assert again.is_quiet()
    assert [frame["SpeakStatus"] for frame in frames[-4:]] == [
        "WaitingTextStart",
        "TextStart",
        "WaitingTextOver",
        "TextOver",
    ]
    assert frames[-1]["ReqId"] == last and len({frame["ReqId"] for frame in frames}) == 3


@pytest.mark.parametrize("how", ["close", "reset"])
def test_sound_goes_on_after_a_break(sandbox: Hosted, client: Client, session: str, how: str) -> None:
    sandbox.set_faults([{"operation": "channel", "websocket": how, "times": 1, "after": 2}])
    with Channel(client, session) as channel:
        for seq in (1, 2, 3):
            channel.sound(REQ_ID, seq, PACKET)
        channel.ended()
    with reconnected(client, session) as again:
        # The third was lost on its way.
        again.sound(REQ_ID, 4, PACKET)
        again.sound(REQ_ID, 5, final=True)
        sandbox.advance(1)
        assert again.until("AudioOver")["FinalType"] == 1
    (drive,) = sandbox.session(session)["Drives"]
    assert (drive["Packets"], drive["Lost"], drive["Bytes"]) == (4, 1, 3 * 5120)
    assert sandbox.session(session)["Connections"] == 2


def test_a_stream_of_text_goes_on_after_a_break(sandbox: Hosted, client: Client, session: str) -> None:
    sandbox.set_faults([{"operation": "channel", "websocket": "reset", "times": 1, "after": 1}])
    with Channel(client, session) as channel:
        channel.fragment(REQ_ID, 1, "One. ")
        channel.fragment(REQ_ID, 2, "Two. ")
        channel.ended()
    with reconnected(client, session) as again:
        again.fragment(REQ_ID, 2, "Two. ")
        again.fragment(REQ_ID, 3, "Three.", IsFinal=True)
        sandbox.advance(20)
        again.until("TextOver")
    assert sandbox.transcript(session) == "One. Two. Three.\n"


def test_a_gap_within_a_connection_is_refused(client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.sound(REQ_ID, 1, PACKET)
        channel.sound(REQ_ID, 3, PACKET)
        assert channel.until("Error")["ErrorCode"] == 100001
        # It has ended: the next may begin.
        channel.sound(OTHER_ID, 1, PACKET, final=True)
        assert channel.until("WaitingAudioStart")["ReqId"] == OTHER_ID


def test_an_idle_channel_is_dropped_and_its_session_stays(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        sandbox.advance(170)
        channel.send("SEND_HEARTBEAT", Text="PING")
        channel.send(Text="")
        assert channel.frame()["ErrorCode"] == 100001
        sandbox.advance(170)
        assert channel.is_quiet()
        sandbox.advance(11)
        assert "1001" in channel.ended()
    assert client.good("session.get", ReqId=REQ_ID, SessionId=session)["SessionStatus"] == 1
    sandbox.advance(420)
    assert client.good("session.get", ReqId=REQ_ID, SessionId=session)["CloseType"] == 2
    assert refused(client, session) == (400, 110013)


def test_only_started_sessions_have_a_channel(sandbox: Hosted, client: Client) -> None:
    stream = {"AssetVirtualmanKey": ANNA, "UserId": "v", "Protocol": "rtmp", "DriverType": 1}
    id = client.good("session.create-by-avatar", ReqId=REQ_ID, **stream)["SessionId"]
    assert refused(client, id) == (400, 110014)
    sandbox.advance(60)
    assert refused(client, id) == (400, 110016)
    assert refused(client, "m1") == (400, 110018)
    client.good("session.close", ReqId=REQ_ID, SessionId=id)
    assert refused(client, id) == (400, 110013)


def test_a_session_has_one_channel(client: Client, session: str) -> None:
    with Channel(client, session):
        assert refused(client, session) == (400, 100008)


def test_the_signature_covers_the_requestid(client: Client, session: str) -> None:
    target = client.target(PATH, requestid="another").replace("another", session)
    assert client.request("GET", target, headers={"Upgrade": "websocket"})[0] == 401


def test_further_parameters_are_signed_like_all_others(client: Client, session: str) -> None:
    with Channel(client, session, Language="en-US") as channel:
        channel.send("SEND_HEARTBEAT", Text="PING")


def test_a_plain_request_is_told_what_this_is(client: Client, session: str) -> None:
    assert client.request("GET", client.target(PATH, requestid=session))[0] == 426


def test_a_closed_session_ends_its_channel(client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        client.good("session.close", ReqId=REQ_ID, SessionId=session)
        assert channel.frame()["ErrorCode"] == 110013
        assert "1008" in channel.ended()


def test_the_same_user_elsewhere_ends_the_channel(client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        stream = {"AssetVirtualmanKey": ANNA, "UserId": "u", "Protocol": "rtmp", "DriverType": 1}
        client.good("session.create-by-avatar", ReqId=REQ_ID, **stream)
        assert channel.frame()["ErrorCode"] == 110022


# Faults ------------------------------------------------------------------------------------------------------


def test_a_channel_can_fall_silent(sandbox: Hosted, client: Client, session: str) -> None:
    sandbox.set_faults([{"operation": "channel", "websocket": "stall", "times": 1, "after": 1}])
    with Channel(client, session) as channel:
        channel.send("SEND_HEARTBEAT", Text="PING")
        channel.send(Text="Hi")
        assert channel.is_quiet()


def test_a_drive_can_fail(sandbox: Hosted, client: Client, session: str) -> None:
    sandbox.set_faults([{"operation": "channel", "websocket": "error", "times": 1, "after": 1}])
    with Channel(client, session) as channel:
        channel.sound(REQ_ID, 1, PACKET)
        channel.sound(REQ_ID, 2, PACKET)
        assert channel.until("Error")["ErrorCode"] == -111005


def test_the_service_can_close_a_session(sandbox: Hosted, client: Client, session: str) -> None:
    sandbox.set_faults([{"operation": "channel", "websocket": "end", "times": 1, "after": 1}])
    with Channel(client, session) as channel:
        channel.sound(REQ_ID, 1, PACKET)
        channel.sound(REQ_ID, 2, PACKET)
        assert channel.until("Error")["ErrorCode"] == 110013
        channel.ended()
    found = client.good("session.get", ReqId=REQ_ID, SessionId=session)
    assert (found["SessionStatus"], found["CloseType"], found["ErrorCode"]) == (2, 4, 110013)


@pytest.mark.parametrize(("fault", "status"), [({"http": 503}, 503), ({"code": -101001}, 400)])
def test_a_handshake_can_fail_as_well(
    sandbox: Hosted, client: Client, session: str, fault: dict[str, Any], status: int
) -> None:
    sandbox.set_faults([{"operation": "channel", "times": 1, **fault}])
    with pytest.raises(WSServerHandshakeError) as caught:
        Channel(client, session)
    assert caught.value.status == status
    with Channel(client, session):
        pass


def test_a_session_can_fail_to_load(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "session.create-by-avatar", "task_fail": -111004, "times": 1}])
    stream = {"AssetVirtualmanKey": ANNA, "UserId": "v", "Protocol": "rtmp", "DriverType": 1}
    id = client.good("session.create-by-avatar", ReqId=REQ_ID, **stream)["SessionId"]
    sandbox.advance(10)
    found = client.good("session.get", ReqId=REQ_ID, SessionId=id)
    assert (found["SessionStatus"], found["ErrorCode"]) == (4, -111004)
