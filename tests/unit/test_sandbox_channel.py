"""The driving channel over a real WebSocket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websocket

from tadh_cli.sandbox import hosting
from tadh_cli.sandbox.channel import PATH
from tadh_cli.sandbox.hosting import Hosted
from tests.unit.sandbox_bench import REQ_ID, Client

ANNA = "4414462893dc74f31473010ff3f6c977"
OTHER_ID = "0" * 32


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    # Slow, so that nothing ends before a test lets it.
    with hosting.run(tmp_path_factory.mktemp("sandbox"), speed=1.0) as hosted:
        yield hosted


@pytest.fixture
def sandbox(shared: Hosted) -> Hosted:
    shared.reset()
    return shared


@pytest.fixture
def client(sandbox: Hosted) -> Client:
    return Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)


@pytest.fixture
def session(sandbox: Hosted, client: Client) -> str:
    stream = {"AssetVirtualmanKey": ANNA, "UserId": "u", "Protocol": "rtmp", "DriverType": 1}
    id: str = client.good("session.create-by-avatar", ReqId=REQ_ID, **stream)["SessionId"]
    sandbox.advance(60)
    client.good("session.start", ReqId=REQ_ID, SessionId=id)
    return id


class Channel:
    def __init__(self, client: Client, session: str, **more: str) -> None:
        self.session = session
        target = client.target(PATH, requestid=session, **more)
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{client.port}{target}", timeout=10)

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: Any) -> None:
        self.socket.shutdown()

    def send(self, command: str = "SEND_TEXT", req_id: str = REQ_ID, **data: Any) -> None:
        payload = {"ReqId": req_id, "SessionId": self.session, "Command": command, "Data": data}
        self.socket.send(json.dumps({"Header": {}, "Payload": payload}))

    def frame(self) -> dict[str, Any]:
        document = json.loads(self.socket.recv())
        assert set(document) == {"Header", "Payload"}
        payload: dict[str, Any] = document["Payload"]
        return payload

    def words(self, count: int = 1) -> list[tuple[str, str]]:
        frames = [self.frame() for _ in range(count)]
        return [(frame["ReqId"], frame["SpeakStatus"]) for frame in frames]


def refused(client: Client, session: str, **more: str) -> tuple[int, int]:
    """HTTP status and Header.Code of a handshake that fails."""
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        Channel(client, session, **more)
    body = caught.value.resp_body or b"{}"
    return caught.value.status_code, json.loads(body)["Header"]["Code"]


def test_a_text_begins_and_ends_in_virtual_time(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.send(Text="一" * 42)
        sandbox.advance(1)
        assert channel.words() == [(REQ_ID, "TextStart")]
        assert client.good("session.get", ReqId=REQ_ID, SessionId=session)["SpeakStatus"] == "TextStart"
        sandbox.advance(10)
        assert channel.words() == [(REQ_ID, "TextOver")]


def test_heartbeats_are_taken_in_silence(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.send("SEND_HEARTBEAT", Text="PING")
        channel.send(Text="Hi")
        sandbox.advance(10)
        assert channel.words(2) == [(REQ_ID, "TextStart"), (REQ_ID, "TextOver")]


def test_what_is_wrong_with_a_command_is_told_and_the_channel_goes_on(
    sandbox: Hosted, client: Client, session: str
) -> None:
    with Channel(client, session) as channel:
        wrong = [
            ("no JSON", 100001),
            (json.dumps({"Payload": {}}), 100001),
            (json.dumps({"Header": {}, "Payload": {"ReqId": "a"}}), 100001),
        ]
        for text, code in wrong:
            channel.socket.send(text)
            frame = channel.frame()
            assert (frame["Type"], frame["SpeakStatus"], frame["ErrorCode"]) == (9, "Error", code)
        channel.send("SEND_VIDEO", Text="x")
        assert "SEND_VIDEO" in channel.frame()["ErrorMessage"]
        channel.send(Text="a < b")
        assert channel.frame()["ErrorCode"] == 100002
        channel.send(Text="Hi")
        channel.send(req_id=OTHER_ID, Text="too soon")
        assert channel.frame()["ErrorCode"] == 100012
        sandbox.advance(10)
        assert channel.words(2) == [(REQ_ID, "TextStart"), (REQ_ID, "TextOver")]


def test_a_new_connection_is_told_how_the_last_texts_stand(sandbox: Hosted, client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        channel.send(Text="Hi")
        sandbox.advance(10)
        channel.words(2)
        channel.socket.close()
    with reconnected(client, session) as again:
        assert again.words() == [(REQ_ID, "TextOver")]


def reconnected(client: Client, session: str) -> Channel:
    """A channel as soon as the server has noticed that the old one is gone."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return Channel(client, session)
        except websocket.WebSocketBadStatusException:
            if time.monotonic() > deadline:
                raise


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
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        websocket.create_connection(f"ws://127.0.0.1:{client.port}{target}", timeout=10)
    assert caught.value.status_code == 401


def test_further_parameters_are_signed_like_all_others(client: Client, session: str) -> None:
    with Channel(client, session, Language="en-US") as channel:
        channel.send("SEND_HEARTBEAT", Text="PING")


def test_a_plain_request_is_told_what_this_is(client: Client, session: str) -> None:
    assert client.request("GET", client.target(PATH, requestid=session))[0] == 426


def test_a_closed_session_ends_its_channel(client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        client.good("session.close", ReqId=REQ_ID, SessionId=session)
        assert channel.frame()["ErrorCode"] == 110013
        assert channel.socket.recv() == ""


def test_the_same_user_elsewhere_ends_the_channel(client: Client, session: str) -> None:
    with Channel(client, session) as channel:
        stream = {"AssetVirtualmanKey": ANNA, "UserId": "u", "Protocol": "rtmp", "DriverType": 1}
        client.good("session.create-by-avatar", ReqId=REQ_ID, **stream)
        assert channel.frame()["ErrorCode"] == 110022


@pytest.mark.parametrize("how", ["close", "reset", "stall"])
def test_faults_meet_frames(sandbox: Hosted, client: Client, session: str, how: str) -> None:
    sandbox.set_faults([{"operation": "channel", "websocket": how, "times": 1, "after": 1}])
    with Channel(client, session) as channel:
        channel.send("SEND_HEARTBEAT", Text="PING")
        channel.send(Text="Hi")
        if how == "close":
            assert channel.socket.recv() == ""
        elif how == "reset":
            with pytest.raises(ConnectionResetError):
                channel.socket.recv()
        else:
            sandbox.advance(10)
            channel.socket.settimeout(0.3)
            with pytest.raises(websocket.WebSocketTimeoutException):
                channel.socket.recv()


def test_a_handshake_can_fail_as_well(sandbox: Hosted, client: Client, session: str) -> None:
    sandbox.set_faults([{"operation": "channel", "http": 503, "times": 1}])
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        Channel(client, session)
    assert caught.value.status_code == 503
    Channel(client, session).socket.shutdown()
