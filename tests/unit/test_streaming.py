"""Driving over real sockets: threads, breaks, refusals, the end."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.driving import Audio, Notice, Received, Report, SpokenText, StreamedText
from tadh_cli.config import Settings
from tadh_cli.engine.channel_socket import ChannelSocket
from tadh_cli.engine.client import Client
from tadh_cli.engine.inputs import arriving
from tadh_cli.engine.priority import hurry
from tadh_cli.engine.streaming import Drive
from tadh_cli.engine.trace import Observer
from tadh_cli.engine.transport import Route, Transport
from tadh_cli.errors import (
    AuthError,
    ConfigError,
    InputError,
    NetworkError,
    NotFound,
    QuotaError,
    Refused,
    ServiceError,
    TadhError,
)
from tadh_cli.masking import Mask
from tadh_cli.providers import provider
from tests.certificates import certificate, context
from tests.driven import CHANNEL, Peer, Service, breaking, driven, mute, obey
from tests.wire import Server, head, serving, tunnel

TOKEN = "0123456789abcdef"
PCM = bytes(number % 251 for number in range(5120 * 5 + 1000))


def client_of(server: Server, transport: Transport | None = None, **more: Any) -> Client:
    keys = {"": {"app_key": "key", "access_token": TOKEN}}
    settings = Settings("test", **{"endpoint": server.url, "keys": keys, **more})
    return Client(provider("tencent"), settings, transport or Transport(use_proxies=False), Mask([TOKEN]))


def driving(client: Client, speak: Callable[[Drive], object], **more: Any) -> tuple[list[Received | Notice], Report]:
    """What happens from the beginning to the end of a drive."""
    with Drive(client, "m1", **more) as drive:
        speak(drive)
        drive.finish()
        events = [each for each in drive.events() if each is not None]
    return events, drive.report


def statuses(events: list[Received | Notice]) -> list[str]:
    return [each.event.status for each in events if isinstance(each, Received)]


def notices(events: list[Received | Notice]) -> str:
    return "\n".join(each.text for each in events if isinstance(each, Notice))


def test_a_text_is_said_and_its_events_come_with_their_time() -> None:
    with driven(obey) as (service, server):
        before_s = time.time()
        events, report = driving(client_of(server), lambda drive: drive.say(SpokenText("你好。")))
    assert service.text == "你好。"
    assert statuses(events) == ["TextStart", "TextOver"]
    assert all(isinstance(each, Received) and before_s <= each.at_s <= time.time() for each in events)
    assert (report.said, report.sent, report.received) == (1, 1, 2)
    assert service.peers[0].close_code == 1000


def test_the_handshake_is_signed_for_the_session() -> None:
    with driven(obey) as (service, server):
        driving(client_of(server), lambda drive: drive.say(SpokenText("Hi")))
    (seen,) = service.handshakes
    assert seen.path == CHANNEL
    assert set(seen.query) == {"appkey", "requestid", "timestamp", "signature"}
    assert seen.query["requestid"] == "m1" and seen.query["appkey"] == "key"
    assert seen.headers["user-agent"].startswith("tadh/") and "origin" not in seen.headers


def test_the_websocket_may_have_an_address_of_its_own() -> None:
    with driven(obey) as (service, server):
        client = client_of(server, endpoint="http://127.0.0.1:9", ws_endpoint=f"ws://{server.host}")
        driving(client, lambda drive: drive.say(SpokenText("Hi")))
    assert service.text == "Hi"


def test_sound_arrives_as_it_was() -> None:
    pieces = (PCM[start : start + 700] for start in range(0, len(PCM), 700))
    with driven(obey) as (service, server):
        _, report = driving(client_of(server), lambda drive: drive.say(Audio(burst=6), pieces))
    assert service.sound == PCM
    assert report.pacing[0].packets == 6 and report.pacing[0].underruns == 0


def test_a_fragment_leaves_as_soon_as_it_has_arrived() -> None:
    reading, writing = os.pipe()
    with driven(obey) as (service, server), Drive(client_of(server), "m1") as drive:
        drive.say(StreamedText(), arriving("--stream", f"/dev/fd/{reading}"))
        spans = []
        for part in ("你好，", "世界。", "再见。"):
            started_s = time.monotonic()
            os.write(writing, part.encode())
            arrived = service.arrivals.get(timeout=5)
            spans.append(arrived.at_s - started_s)
            assert arrived.data["Text"] == part
        os.close(writing)
        drive.finish()
        list(drive.events())
    os.close(reading)
    assert min(spans) < 0.1
    assert service.text == "你好，世界。再见。"


def test_an_input_is_read_no_faster_than_it_is_needed() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1024)

    with driven(mute) as (service, server), Drive(client_of(server), "m1") as drive:
        drive.say(Audio(), endless())
        for _ in range(3):
            service.arrivals.get(timeout=5)
        assert taken < 400
        drive.stop()
        threads = [thread for thread in threading.enumerate() if thread.name == "drive-input"]
        service.arrivals.get(timeout=5)
        drive_ends(service)
        for thread in threads:
            thread.join(5)
            assert not thread.is_alive()


def drive_ends(service: Service) -> None:
    """The service says that the sound is over."""
    service.peers[-1].say("AudioOver", service.frames[-1])


def test_an_input_that_breaks_ends_the_utterance_and_is_told() -> None:
    def breaks() -> Iterator[bytes]:
        yield "你好".encode()
        raise OSError(5, "Input/output error")

    with driven(obey) as (service, server), pytest.raises(InputError, match="input/output error"):
        driving(client_of(server), lambda drive: drive.say(StreamedText(), breaks()))
    assert service.text == "你好" and service.frames[-1].data["IsFinal"]


def test_failures_of_utterances_can_be_left_to_the_report() -> None:
    def refuse(peer: Peer) -> None:
        for frame in peer.frames():
            peer.say("Error", frame, Type=9, ErrorCode=801005, ErrorMessage="no")

    with driven(refuse) as (_, server), Drive(client_of(server), "m1") as drive:
        drive.say(SpokenText("Hi"))
        drive.finish()
        for _ in drive.events(raises_failures=False):
            pass
        assert isinstance(drive.report.failures[0], Refused)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other ways")
def test_hurrying_is_for_the_own_thread_and_what_it_starts_does_not_hurry() -> None:
    found: list[int] = []

    def look() -> None:
        found.append(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK)

    def start() -> None:
        hurry()
        inner = threading.Thread(target=look)
        inner.start()
        inner.join()

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    look()
    assert found == [os.SCHED_OTHER, os.SCHED_OTHER]


# The end -------------------------------------------------------------------------------------------------


def ends_when_final(peer: Peer) -> None:
    for frame in peer.frames():
        if frame.data.get("IsFinal") or frame.data.get("Interrupt"):
            peer.say("AudioOver" if frame.command == "SEND_AUDIO" else "TextOver", peer.service.frames[0])


@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError, RuntimeError])
def test_leaving_the_block_ends_what_is_being_said(error: type[BaseException]) -> None:
    with driven(ends_when_final) as (service, server):
        with pytest.raises(error), Drive(client_of(server), "m1") as drive:
            drive.say(Audio(), [bytes(5120 * 100)])
            service.arrivals.get(timeout=5)
            raise error
        assert service.frames[-1].data == {"Audio": "", "Seq": len(service.frames), "IsFinal": True}
    assert drive.report.was_stopped and service.peers[0].close_code == 1000


def test_a_time_that_is_up_ends_it() -> None:
    with driven(ends_when_final) as (service, server):
        _, report = driving(client_of(server), lambda drive: drive.say(Audio(), [bytes(5120 * 100)]), longest_s=0.3)
    assert report.was_late and service.frames[-1].data["IsFinal"]


def test_a_channel_can_be_kept_open_without_a_word() -> None:
    with driven(mute) as (service, server), Drive(client_of(server), "m1") as drive:
        ticks = drive.events(0.01)
        assert next(ticks) is None
        drive.say(SpokenText("Hi"))
        service.arrivals.get(timeout=5)
        drive.interrupt()
        service.peers[0].say("TextOver", service.frames[0])
        drive.finish()
        assert [each.event.status for each in ticks if isinstance(each, Received)] == ["TextOver"]


def test_a_bug_of_ours_is_not_swallowed() -> None:
    with driven(obey) as (_, server), Drive(client_of(server), "m1") as drive:
        drive.say(object())  # type: ignore[arg-type]
        with pytest.raises((AttributeError, TypeError)):
            list(drive.events())


# Breaks --------------------------------------------------------------------------------------------------


def reset(peer: Peer) -> None:
    peer.connection.reset()


def close(peer: Peer) -> None:
    peer.close()


def vanish(peer: Peer) -> None:
    """End TCP without a farewell."""


@pytest.mark.parametrize("how", [reset, close, vanish])
def test_sound_goes_on_where_it_was_when_the_connection_breaks(how: Callable[[Peer], None]) -> None:
    with driven(breaking(3, how), obey) as (service, server):
        events, report = driving(client_of(server), lambda drive: drive.say(Audio(), [PCM]))
        assert service.asked >= 1
    assert service.sound == PCM
    assert [frame.data["Seq"] for frame in service.frames] == list(range(1, 8))
    assert len({frame.req_id for frame in service.frames}) == 1
    assert report.reconnections == 1 and "connected again after" in notices(events)
    assert len({seen.query["signature"] for seen in service.handshakes}) in (1, 2)


def test_a_refusal_of_the_second_connection_is_outlived() -> None:
    with driven(breaking(1, reset), 100008, 100008, obey) as (service, server):
        _, report = driving(client_of(server), lambda drive: drive.say(Audio(), [PCM]))
    assert len(service.handshakes) == 4 and report.reconnections == 1


def test_a_session_that_was_closed_meanwhile_ends_it() -> None:
    closed = {"SessionStatus": 2, "IsSessionStarted": True, "ErrorCode": 110022, "ErrorMessage": "another one"}
    with driven(breaking(1, reset), mute) as (service, server):
        service.session = closed
        with pytest.raises(NotFound, match="another one"):
            driving(client_of(server), lambda drive: drive.say(Audio(), [PCM]))


def test_a_broken_connection_is_given_up_in_the_end() -> None:
    with driven(breaking(1, reset), b"") as (_, server), pytest.raises(NetworkError) as caught:
        driving(client_of(server), lambda drive: drive.say(Audio(), [PCM]), patience_s=0.5)
    assert "could not be opened again" in caught.value.message


# Refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (100008, QuotaError),
        (110013, NotFound),
        (110014, Refused),
        (110016, Refused),
        (head(401, {"Content-Length": "0"}), AuthError),
        (head(404, {"Content-Length": "0"}), Refused),
    ],
)
def test_a_refused_handshake_is_the_error_of_its_answer(script: int | bytes, kind: type[TadhError]) -> None:
    with driven(script) as (service, server), pytest.raises(kind):
        driving(client_of(server), lambda drive: drive.say(SpokenText("Hi")))
    assert len(service.handshakes) == 1


def test_a_service_that_fails_for_a_moment_is_tried_again() -> None:
    with driven(head(503, {"Content-Length": "0"}), b"", obey) as (service, server):
        driving(client_of(server), lambda drive: drive.say(SpokenText("Hi")))
    assert service.text == "Hi" and len(service.handshakes) == 3


def test_what_is_no_websocket_says_so() -> None:
    elsewhere = head(302, {"Location": "http://127.0.0.1:9/login"})
    with driven(elsewhere) as (_, server), pytest.raises(ServiceError, match="sends elsewhere"):
        ChannelSocket(f"ws://{server.host}{CHANNEL}", Route("", ""))


# Ways ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate"))


def test_tls_with_a_certificate_of_ones_own(pem: Path) -> None:
    with driven(obey, tls=context(pem)) as (service, server):
        transport = Transport(use_proxies=False, ca_bundle=str(pem))
        with closing(transport):
            driving(client_of(server, transport), lambda drive: drive.say(SpokenText("Hi")))
    assert service.text == "Hi"


def test_a_certificate_nobody_vouches_for_is_refused_at_once(pem: Path) -> None:
    with driven(obey, tls=context(pem)) as (_, server), pytest.raises(NetworkError, match="TLS"):
        driving(client_of(server), lambda drive: drive.say(SpokenText("Hi")))


@pytest.mark.parametrize("login", ["", "me:secret@"])
def test_a_proxy_is_asked_for_a_tunnel(pem: Path, login: str) -> None:
    service = Service([obey])
    with serving(tunnel(service.step, context(pem))) as server:
        transport = Transport(proxy=f"http://{login}{server.host}", ca_bundle=str(pem))
        with closing(transport):
            client = client_of(server, transport, endpoint="https://127.0.0.1:1")
            driving(client, lambda drive: drive.say(SpokenText("Hi")))
    assert (server.seen[0].method, server.seen[0].target) == ("CONNECT", "127.0.0.1:1")
    assert ("proxy-authorization" in server.seen[0].headers) is bool(login)
    assert service.text == "Hi"


def test_the_environments_proxies_are_not_used_for_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with driven(obey) as (service, server):
        driving(client_of(server), lambda drive: drive.say(SpokenText("Hi")))
    assert service.text == "Hi"


def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with driven(obey) as (service, server), closing(Transport()) as transport:
        driving(client_of(server, transport), lambda drive: drive.say(SpokenText("Hi")))
    assert service.text == "Hi"


def test_a_proxy_that_is_no_url_is_the_settings_fault() -> None:
    transport = Transport(proxy="ftp://proxy")
    with driven(obey) as (_, server), closing(transport), pytest.raises(ConfigError):
        driving(client_of(server, transport), lambda drive: drive.say(SpokenText("Hi")))


# What there is to see ------------------------------------------------------------------------------------


def test_frames_are_traced_without_secrets_and_without_sound(tmp_path: Path) -> None:
    lines: list[str] = []
    observer = Observer(lines.append, Mask([TOKEN]), verbosity=2, path=str(tmp_path / "trace"))
    with driven(obey) as (_, server), closing(Transport(use_proxies=False, observe=observer.saw)) as transport:
        driving(client_of(server, transport), lambda drive: drive.say(Audio(), [bytes(5120)]))
    traced = [json.loads(line) for line in (tmp_path / "trace").read_text().splitlines()]
    assert [each["Method"] for each in traced] == ["SEND", "SEND", "RECEIVE"]
    assert traced[0]["Request"]["Payload"]["Data"] == {"Audio": "(5120 bytes)", "Seq": 1, "IsFinal": False}
    assert traced[2]["Response"]["Payload"]["SpeakStatus"] == "AudioOver"
    assert traced[0]["Url"].endswith(CHANNEL) and traced[0]["Time"][-5:-1].strip("0123456789") == "."
    assert [line.split(" ")[0] for line in lines] == ["SEND", "SEND", "RECEIVE"]
    assert TOKEN not in "".join(lines)


def test_once_verbose_frames_are_not_shown() -> None:
    lines: list[str] = []
    observer = Observer(lines.append, Mask(), verbosity=1, path=None)
    with driven(obey) as (_, server), closing(Transport(use_proxies=False, observe=observer.saw)) as transport:
        driving(client_of(server, transport), lambda drive: drive.say(SpokenText("Hi")))
    assert lines == []


def test_pings_are_answered() -> None:
    def script(peer: Peer) -> None:
        peer.send(b"are you there", opcode=9)
        obey(peer)

    with driven(script) as (service, server):
        driving(client_of(server), lambda drive: drive.say(SpokenText("Hi")))
    assert service.controls == [(10, b"are you there")]
