"""Every error of websocket-client becomes one of ours."""

from __future__ import annotations

import socket
import ssl

import pytest
import websocket
from websocket import _exceptions, _http

from tadh_cli.engine.channel_socket import ChannelSocket, Closed, translated
from tadh_cli.engine.transport import Route, Transport
from tadh_cli.errors import ConfigError, NetworkError, Reach, ServiceError, TadhError
from tests.driven import CHANNEL, Peer, driven

URL = f"wss://gw.example.com{CHANNEL}?appkey=k&signature=s1gnature"


def kinds() -> list[type[Exception]]:
    """What the library can raise, its own and what it lets pass."""
    own = [kind for kind in vars(_exceptions).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    proxies = [_http.ProxyError, _http.ProxyTimeoutError, _http.ProxyConnectionError]  # type: ignore[attr-defined]
    system = [OSError, TimeoutError, ConnectionRefusedError, ConnectionResetError, ssl.SSLError, ValueError]
    return [*own, *proxies, *system]


@pytest.mark.parametrize("kind", kinds())
def test_every_error_is_translated(kind: type[Exception]) -> None:
    error = kind("m s1gnature", 500) if kind is websocket.WebSocketBadStatusException else kind("m s1gnature")
    ours = translated(error, URL)
    assert isinstance(ours, TadhError) and type(ours) is not TadhError
    assert "s1gnature" not in ours.message and ours.hint


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (websocket.WebSocketAddressException("x"), NetworkError, "can't be resolved"),
        (websocket.WebSocketProxyException("x"), NetworkError, "the proxy on the way to gw.example.com"),
        (websocket.WebSocketTimeoutException("x"), NetworkError, "in time"),
        (ConnectionRefusedError(111, "Connection refused"), NetworkError, "no connection to gw.example.com"),
        (ssl.SSLCertVerificationError("certificate verify failed: expired (_ssl.c:1)"), NetworkError, "TLS"),
        (websocket.WebSocketException("Invalid WebSocket Header"), ServiceError, "does not speak WebSocket"),
        (websocket.WebSocketException("Redirect limit exhausted"), ServiceError, "sends elsewhere"),
        (websocket.WebSocketException("SSL CA certificate loading failed: x"), ConfigError, "certificates"),
        (websocket.WebSocketException("Python Socks is needed for SOCKS proxying"), ConfigError, "python-socks"),
        (ValueError("scheme x is invalid"), ConfigError, "not a URL"),
    ],
)
def test_errors_say_what_was_wrong(error: Exception, kind: type[TadhError], text: str) -> None:
    ours = translated(error, URL)
    assert isinstance(ours, kind) and text in ours.message


def test_what_passes_is_told_from_what_does_not() -> None:
    assert translated(ConnectionRefusedError(111, "x"), URL).transient
    assert not translated(ssl.SSLCertVerificationError("certificate verify failed: x"), URL).transient


def opened(port: int) -> ChannelSocket:
    return ChannelSocket(f"ws://127.0.0.1:{port}{CHANNEL}", Route("", ""))


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NetworkError) as caught:
        opened(port)
    assert caught.value.reach is Reach.NOT_SENT and caught.value.transient


def test_a_close_frame_tells_its_reason() -> None:
    def script(peer: Peer) -> None:
        peer.send(b"\x03\xe9session closed", opcode=8)

    with driven(script) as (_, server):
        connection = opened(server.port)
        with pytest.raises(Closed, match=r"closed the connection \(1001 session closed\)"):
            connection.receive()
        connection.release()


def test_what_is_sent_on_a_connection_that_is_no_more_is_told() -> None:
    with driven(lambda peer: peer.connection.reset()) as (_, server):
        connection = opened(server.port)
        with pytest.raises(Closed):
            connection.receive()
        with pytest.raises(Closed):
            connection.send("x")
        connection.abort()
        connection.release()


def test_a_text_in_several_frames_is_one() -> None:
    def script(peer: Peer) -> None:
        data = "你好".encode()
        peer.connection.send(bytes([0x01, 4]) + data[:4] + bytes([0x80, 2]) + data[4:])
        peer.frame()

    with driven(script) as (_, server):
        connection = opened(server.port)
        assert connection.receive() == "你好"
        connection.say_goodbye()
        with pytest.raises(Closed):
            connection.receive()
        connection.release()


def test_the_way_is_that_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("no_proxy", "inner.example.com")
    transport = Transport(ca_bundle="")
    assert transport.route("wss://gw.example.com/x").proxy == "http://proxy.example.com:3128"
    assert transport.route("wss://inner.example.com/x").proxy == ""
    assert transport.route("ws://gw.example.com/x").proxy == ""
    assert Transport(use_proxies=False).route("wss://gw.example.com/x").proxy == ""
    assert transport.route("wss://gw.example.com/x").certificates.endswith(".pem")
