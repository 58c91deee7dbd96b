"""HTTP over real sockets: what is told of failures, how long they may take, which way requests go."""

from __future__ import annotations

import gzip
import inspect
import select
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from tadh_cli.api.provider import Answer, Exchange
from tadh_cli.engine.transport import USER_AGENT, Transport, translate, translated
from tadh_cli.errors import ConfigError, NetworkError, Reach, TadhError
from tests import wire
from tests.certificates import certificate, context
from tests.wire import Server, closed_url, reply, serving

URL = "https://gw.example.com/v2/a?appkey=k&timestamp=1&signature=s3cret"
# Far more than a machine under load needs, far less than a timeout that is not heeded would take.
PATIENCE_S = 1.5


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(reply("{}")) as server:
        yield server


def get(transport: Transport, url: str, timeout_s: float = 5.0, **options: Any) -> Answer:
    return transport.send("POST", f"{url}/a?signature=s3cret", b"{}", {}, timeout_s=timeout_s, **options)


def failure(transport: Transport, url: str, **options: Any) -> TadhError:
    with pytest.raises(TadhError) as caught:
        get(transport, url, **options)
    assert "s3cret" not in f"{caught.value.message} {caught.value.__cause__!r}"
    return caught.value


# Every error of the libraries --------------------------------------------------------------------------


def exceptions(module: Any) -> list[type[Exception]]:
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    own = [kind for kind in kinds if kind.__module__.startswith(module.__name__.partition(".")[0])]
    return sorted({kind for kind in own if not issubclass(kind, Warning)}, key=lambda kind: kind.__name__)


def made(kind: type[Exception]) -> Exception:
    """An instance of an exception, whatever its arguments."""
    if issubclass(kind, requests.exceptions.JSONDecodeError):
        return kind("Expecting value", "", 0)
    stand_ins = {
        "reason": socket.gaierror(-2, "Name or service not known"),
        "length": b"5",
        "partial": 1,
        "expected": 2,
    }
    parameters = inspect.signature(kind.__init__).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    values = [stand_ins.get(name, URL) for name in needed[1:]]
    if issubclass(kind, urllib3.exceptions.InvalidChunkLength):
        values[0] = urllib3.HTTPResponse(b"")
    return kind(*values)


# Errors by which it is certain that not a byte of the request has left.
NEVER_LEFT = {
    requests.exceptions: {
        *("ConnectTimeout", "InvalidHeader", "InvalidProxyURL", "InvalidSchema", "InvalidURL", "MissingSchema"),
        "URLRequired",
    },
    urllib3.exceptions: {
        *("ConnectTimeoutError", "LocationParseError", "LocationValueError", "NameResolutionError"),
        *("NewConnectionError", "ProxySchemeUnknown", "ProxySchemeUnsupported", "URLSchemeUnknown"),
    },
}
# Errors of the pool itself, which has no limit here: either answer does no harm.
EITHER = {"ClosedPoolError", "EmptyPoolError", "FullPoolError"}
KINDS = [(module, kind) for module in NEVER_LEFT for kind in exceptions(module)]


@pytest.mark.parametrize(("module", "kind"), KINDS, ids=[f"{kind.__module__}.{kind.__name__}" for _, kind in KINDS])
def test_every_error_of_the_libraries_is_one_of_ours_and_says_how_far_it_got(
    module: Any, kind: type[Exception]
) -> None:
    with pytest.raises(TadhError) as caught, translated(URL):
        raise made(kind)
    error = caught.value
    never_left = kind.__name__ in NEVER_LEFT[module]
    assert isinstance(error, (NetworkError, ConfigError))
    is_known = error.reach is Reach.NOT_SENT or isinstance(error, ConfigError)
    assert kind.__name__ in EITHER or is_known == never_left
    assert is_known or error.reach is Reach.IN_DOUBT


@pytest.mark.parametrize("kind", exceptions(urllib3.exceptions), ids=lambda kind: kind.__name__)
def test_an_error_wrapped_by_requests_is_the_same_error(kind: type[Exception]) -> None:
    pool = urllib3.HTTPConnectionPool("gw.example.com")
    wrapped = requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, URL, made(kind)))
    plain, found = translate(made(kind), URL), translate(wrapped, URL)
    assert (type(found), found.reach) == (type(plain), plain.reach)


@pytest.mark.parametrize(("module", "kind"), KINDS, ids=[f"{kind.__module__}.{kind.__name__}" for _, kind in KINDS])
def test_no_error_quotes_the_signed_url(module: Any, kind: type[Exception]) -> None:
    error = translate(made(kind), URL)
    assert "s3cret" not in error.message + error.hint + str(error)


@pytest.mark.parametrize(
    "error",
    [TimeoutError(), ConnectionResetError(104, "Connection reset by peer"), BrokenPipeError(), OSError(5, "I/O")],
)
def test_errors_of_the_socket_leave_the_outcome_in_doubt(error: OSError) -> None:
    found = translate(error, URL)
    assert isinstance(found, NetworkError) and found.reach is Reach.IN_DOUBT and found.transient


def test_a_url_that_can_not_be_read_is_told_and_not_raised() -> None:
    with pytest.raises(TadhError):
        Transport(use_proxies=False).send("POST", "http://[::1/a", b"", {}, timeout_s=1)


@pytest.mark.parametrize("url", ["url", "", "ftp://example.com/a", "http://", "https:///a", "//example.com/a"])
def test_what_is_no_http_url_is_the_settings_fault_and_never_tried_again(transport: Transport, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        transport.send("POST", url, b"", {}, timeout_s=1)
    assert not caught.value.transient


# Real connections --------------------------------------------------------------------------------------


def test_an_answer_comes_with_status_headers_and_body(transport: Transport, server: Server) -> None:
    server.steps[:] = [reply("数字人", status=418, X_More="1")]
    answer = get(transport, server.url)
    assert (answer.status, answer.headers["x-more"], answer.body.decode()) == (418, "1", "数字人")
    assert server.seen[0].headers["user-agent"] == USER_AGENT


def test_nobody_listens(transport: Transport) -> None:
    error = failure(transport, url := closed_url())
    assert (error.reach, error.transient) == (Reach.NOT_SENT, True)
    assert error.message == f"no connection to {url.removeprefix('http://')}: connection refused"


def test_a_name_that_does_not_exist(transport: Transport) -> None:
    """`.invalid` is reserved for names that never exist."""
    error = failure(transport, "http://no.such.host.invalid")
    assert (error.reach, error.transient) == (Reach.NOT_SENT, True)
    assert "no.such.host.invalid can't be resolved" in error.message


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (wire.close_unread, "was lost: "),
        (wire.close_after_reading, "was lost: closed by the other side"),
        (wire.reset_after_reading, "was lost: connection reset by peer"),
        (wire.raw(b"nonsense\r\n\r\n"), "was lost: "),
        (wire.cut(b"x" * 100, after=0), "was lost: closed by the other side"),
        (wire.cut(b"x" * 100, after=99), "was lost: closed by the other side"),
        (wire.raw(wire.head(200, {"Transfer-Encoding": "chunked"}) + b"5\r\nhello\r\n"), "was lost: "),
        (wire.raw(wire.head(200, {"Transfer-Encoding": "chunked"}) + b"5\r\nhel"), "was lost: "),
        (wire.raw(wire.head(200, {"Transfer-Encoding": "chunked"}) + b"zz\r\nhello"), "was lost: "),
        (reply(b"not gzip", Content_Encoding="gzip"), "was lost: "),
        (wire.silence, "did not answer in time"),
    ],
)
def test_what_breaks_after_sending_is_in_doubt(transport: Transport, server: Server, step: Any, what: str) -> None:
    server.steps[:] = [step]
    error = failure(transport, server.url, timeout_s=0.2)
    assert isinstance(error, NetworkError) and what in error.message
    assert (error.reach, error.transient) == (Reach.IN_DOUBT, True)


@pytest.mark.parametrize("timeout_s", [0.1, 0.3])
def test_silence_ends_within_the_time_limit(transport: Transport, server: Server, timeout_s: float) -> None:
    server.steps[:] = [wire.silence]
    started_s = time.monotonic()
    failure(transport, server.url, timeout_s=timeout_s)
    assert timeout_s <= time.monotonic() - started_s < timeout_s + PATIENCE_S


START = wire.head(200, {"Content-Length": "400"})


def test_an_answer_that_drips_ends_within_the_time_limit(transport: Transport, server: Server) -> None:
    server.steps[:] = [wire.drip(b" " * 400, first=START, every_s=0.01)]
    started_s = time.monotonic()
    failure(transport, server.url, timeout_s=0.2)
    assert time.monotonic() - started_s < 0.2 + PATIENCE_S


def test_headers_that_drip_end_within_the_time_limit(transport: Transport, server: Server) -> None:
    """Each byte comes in time, all of them together never would."""
    server.steps[:] = [wire.drip(START + b" " * 400, every_s=0.02)]
    started_s = time.monotonic()
    error = failure(transport, server.url, timeout_s=0.3)
    assert time.monotonic() - started_s < 0.3 + PATIENCE_S
    assert (error.reach, error.transient) == (Reach.IN_DOUBT, True)
    assert error.message == f"{server.host} did not answer in time"


def test_headers_that_drip_under_tls_end_within_the_time_limit(pem: Path) -> None:
    started_s = time.monotonic()
    with (
        serving(wire.drip(START + b" " * 400, every_s=0.02), tls=context(pem)) as server,
        closing(Transport(use_proxies=False, ca_bundle=str(pem))) as trusting,
    ):
        error = failure(trusting, server.url, timeout_s=0.3)
    assert time.monotonic() - started_s < 0.3 + PATIENCE_S
    assert error.message == f"{server.host} did not answer in time"


def test_headers_that_drip_end_a_download_within_the_time_limit(transport: Transport, server: Server) -> None:
    server.steps[:] = [wire.drip(wire.head(200, {"X": " " * 400}), every_s=0.02)]
    started_s = time.monotonic()
    with pytest.raises(NetworkError, match="did not answer in time"), transport.open(server.url, {}, timeout_s=0.3):
        pass
    assert time.monotonic() - started_s < 0.3 + PATIENCE_S


def test_a_download_may_take_long_as_long_as_it_moves(transport: Transport, server: Server) -> None:
    """The limit is for each piece: four of them, each in time, are together far beyond it."""
    server.steps[:] = [wire.drip(b"x" * 4, first=wire.head(200, {"Content-Length": "4"}), every_s=0.2)]
    with transport.open(server.url, {}, timeout_s=0.5) as download:
        assert b"".join(download.pieces()) == b"x" * 4


def test_a_tunnel_that_drips_ends_within_the_time_limit(server: Server) -> None:
    server.steps[:] = [wire.drip(wire.head(200, {"X": " " * 400}), every_s=0.02)]
    started_s = time.monotonic()
    with closing(Transport(proxy=server.url)) as transport:
        error = failure(transport, "https://gw.example.com", timeout_s=0.3)
    assert time.monotonic() - started_s < 0.3 + PATIENCE_S
    assert (error.reach, error.transient) == (Reach.NOT_SENT, True)


def test_connecting_and_answering_share_one_time_limit(pem: Path, server: Server) -> None:
    """A handshake that takes most of the time leaves the answer the rest of it."""

    def slow_then_silent(connection: wire.Connection) -> None:
        select.select([connection.server.stopping], [], [], 0.8)
        connection.speak(context(pem))
        wire.silence(connection)

    server.steps[:] = [slow_then_silent]
    started_s = time.monotonic()
    with closing(Transport(use_proxies=False, ca_bundle=str(pem))) as trusting:
        error = failure(trusting, f"https://{server.host}", timeout_s=1.0)
    assert error.reach is Reach.IN_DOUBT
    assert time.monotonic() - started_s < 1.6


def test_a_kept_connection_has_the_whole_time_for_each_request(transport: Transport, server: Server) -> None:
    """What is left of one request's time is not what the next one gets."""
    slow = wire.drip(wire.head(200, {"Content-Length": "0"}), every_s=0.2, size=40)
    server.steps[:] = [reply("{}"), slow]
    get(transport, server.url, timeout_s=0.1)
    assert get(transport, server.url, timeout_s=5.0).status == 200
    assert [seen.connection for seen in server.seen] == [0, 0]


def test_an_answer_may_take_as_long_as_the_caller_allows(
    transport: Transport, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A creation is given more time than a question."""
    monkeypatch.setattr("tadh_cli.engine.transport.READ_TIMEOUT_S", 0.1)

    def slow(connection: wire.Connection) -> bool | None:
        connection.read()
        connection.is_readable(0.3)
        connection.send(wire.head(200, {"Content-Length": "0"}))
        return None

    server.steps[:] = [slow]
    assert get(transport, server.url, timeout_s=5.0).status == 200


def test_a_compressed_answer_in_small_pieces_arrives_whole(transport: Transport, server: Server) -> None:
    packed = gzip.compress(b'{"Header": {}}' * 10)
    start = wire.head(200, {"Content-Length": str(len(packed)), "Content-Encoding": "gzip"})
    server.steps[:] = [wire.drip(start + packed, every_s=0.0, size=7)]
    assert get(transport, server.url).body == b'{"Header": {}}' * 10


def test_a_chunked_answer_arrives_whole(transport: Transport, server: Server) -> None:
    body = wire.head(200, {"Transfer-Encoding": "chunked"}) + b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"
    server.steps[:] = [wire.raw(body)]
    assert get(transport, server.url).body == b"hello!"


def test_a_post_is_not_redirected(transport: Transport, server: Server) -> None:
    """A redirected POST would become a GET elsewhere, signed for here."""
    server.steps[:] = [reply(status=302, Location="/b")]
    assert get(transport, server.url).status == 302
    assert len(server.seen) == 1


def test_connections_are_kept_and_a_fresh_one_is_opened_on_demand(transport: Transport, server: Server) -> None:
    for fresh in (False, False, True, False):
        get(transport, server.url, fresh=fresh)
    assert [seen.connection for seen in server.seen] == [0, 0, 1, 1]


def test_nothing_of_a_netrc_goes_along(
    transport: Transport, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    get(transport, server.url)
    assert "authorization" not in server.seen[0].headers


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that only who has it trusts."""
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for a host that is reached by a proxy."""
    return certificate(tmp_path_factory.mktemp("certificate"), "DNS:gw.example.com")


# TLS ---------------------------------------------------------------------------------------------------


def test_tls_to_a_port_that_does_not_speak_it_sends_nothing(transport: Transport, server: Server) -> None:
    server.steps[:] = [wire.no_http(b"HTTP/1.1 400 Bad Request\r\n\r\n")]
    error = failure(transport, f"https://{server.host}")
    assert (error.reach, error.transient) == (Reach.NOT_SENT, False)
    assert error.message == f"no trusted TLS connection to {server.host}: the other side does not speak TLS"


def hello_unanswered(connection: wire.Connection) -> None:
    """Read what the client says first and hang up, as a balancer without a service behind it does."""
    connection.socket.recv(65_536)


@pytest.mark.parametrize("step", [wire.close_unread, hello_unanswered, wire.no_http(b"")])
def test_a_handshake_that_breaks_off_may_work_later_and_has_sent_nothing(
    transport: Transport, server: Server, step: Any
) -> None:
    server.steps[:] = [step]
    error = failure(transport, f"https://{server.host}")
    assert isinstance(error, NetworkError)
    assert (error.reach, error.transient) == (Reach.NOT_SENT, True)


def test_a_handshake_that_is_not_answered_has_sent_nothing(transport: Transport, server: Server) -> None:
    server.steps[:] = [lambda connection: connection.socket.recv(65_536) and connection.is_readable()]
    error = failure(transport, f"https://{server.host}", timeout_s=0.2)
    assert (error.reach, error.transient) == (Reach.NOT_SENT, True)
    assert error.message == f"{server.host} did not accept a connection in time"


@pytest.mark.parametrize("step", [wire.close_after_reading, wire.reset_after_reading])
def test_tls_that_breaks_off_after_the_request_is_a_lost_connection(pem: Path, step: Any) -> None:
    trusting = Transport(use_proxies=False, ca_bundle=str(pem))
    with serving(step, tls=context(pem)) as server, closing(trusting):
        error = failure(trusting, server.url)
    assert (error.reach, error.transient, len(server.seen)) == (Reach.IN_DOUBT, True, 1)
    assert "was lost" in error.message


def test_tls_that_breaks_off_in_an_answer_is_a_lost_connection(pem: Path) -> None:
    """Without a farewell: whether the answer was complete can't be told then."""
    trusting = Transport(use_proxies=False, ca_bundle=str(pem))
    with serving(wire.cut(b"x" * 100, after=10), tls=context(pem)) as server, closing(trusting):
        error = failure(trusting, server.url)
    assert (error.reach, error.transient) == (Reach.IN_DOUBT, True)


@pytest.mark.parametrize("name", ["SSLEOFError", "SSLZeroReturnError"])
def test_an_end_of_tls_is_a_lost_connection_however_it_is_wrapped(name: str) -> None:
    ended = getattr(ssl, name)(8, "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol")
    for error in (ended, requests.exceptions.SSLError(urllib3.exceptions.SSLError(ended))):
        found = translate(error, URL)
        assert (found.reach, found.transient) == (Reach.IN_DOUBT, True)
        assert "was lost" in found.message


def test_a_certificate_nobody_vouches_for_is_refused(transport: Transport, pem: Path) -> None:
    with serving(reply("{}"), tls=context(pem)) as server:
        error = failure(transport, server.url)
    assert "self-signed certificate" in error.message.replace("self signed", "self-signed")
    assert (error.reach, error.transient, server.seen) == (Reach.NOT_SENT, False, [])
    assert "ca_bundle" in error.hint


@pytest.mark.parametrize("by", ["profile", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_certificate_of_ones_own_is_trusted(pem: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    if by != "profile":
        monkeypatch.setenv(by, str(pem))
    trusting = Transport(use_proxies=False, ca_bundle=str(pem) if by == "profile" else "")
    with serving(reply("{}"), tls=context(pem)) as server, closing(trusting):
        assert get(trusting, server.url).status == 200


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "DNS:other.example.com")
    trusting = Transport(use_proxies=False, ca_bundle=str(pem))
    with serving(reply("{}"), tls=context(pem)) as server, closing(trusting):
        assert failure(trusting, server.url).reach is Reach.NOT_SENT
    assert server.seen == []


def test_a_bundle_that_is_missing_is_the_settings_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"trusted certificates does not exist: .*none\.pem"):
        get(Transport(ca_bundle=str(tmp_path / "none.pem")), "https://127.0.0.1:1")


def test_a_bundle_without_certificates_is_the_settings_fault(tmp_path: Path, server: Server) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    with closing(Transport(use_proxies=False, ca_bundle=str(tmp_path / "empty.pem"))) as transport:
        error = failure(transport, f"https://{server.host}")
    assert isinstance(error, ConfigError) and "empty.pem" in error.message


# Proxies -----------------------------------------------------------------------------------------------


def test_the_profiles_proxy_takes_every_request(server: Server) -> None:
    server.steps[:] = [reply("{}"), reply(status=407)]
    with closing(Transport(proxy=server.url)) as transport:
        get(transport, "http://gw.example.com")
        failure(transport, "https://gw.example.com")
    assert server.seen[0].target == "http://gw.example.com/a?signature=s3cret"
    assert (server.seen[1].method, server.seen[1].target) == ("CONNECT", "gw.example.com:443")


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_environments_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, server.url)
    with closing(Transport()) as transport:
        get(transport, "http://gw.example.com")
    assert server.seen[0].target.startswith("http://gw.example.com/a")


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_the_environments_proxy_for_tls_is_asked_for_a_tunnel(
    server: Server, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    server.steps[:] = [reply(status=407)]
    monkeypatch.setenv(variable, server.url)
    with closing(Transport()) as transport:
        failure(transport, "https://gw.example.com")
    assert (server.seen[0].method, server.seen[0].target) == ("CONNECT", "gw.example.com:443")


@pytest.mark.parametrize("exempt", ["127.0.0.1", "127.0.0.0/8", "*", "example.com,127.0.0.1"])
def test_hosts_that_need_no_proxy_are_reached_directly(
    server: Server, monkeypatch: pytest.MonkeyPatch, exempt: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_url())
    monkeypatch.setenv("NO_PROXY", exempt)
    with closing(Transport()) as transport:
        assert get(transport, server.url).status == 200


def test_the_profiles_proxy_comes_before_the_environments(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_url())
    with closing(Transport(proxy=server.url)) as transport:
        assert get(transport, "http://gw.example.com").status == 200


def test_what_runs_on_this_machine_is_never_reached_by_a_proxy(
    transport: Transport, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, closed_url())
    assert get(transport, server.url).status == 200


@pytest.mark.parametrize("status", [407, 502, 503])
def test_a_proxy_that_opens_no_tunnel_sends_nothing(server: Server, status: int) -> None:
    server.steps[:] = [reply(status=status)]
    with closing(Transport(proxy=server.url)) as transport:
        error = failure(transport, "https://gw.example.com")
    assert isinstance(error, NetworkError) and error.reach is Reach.NOT_SENT
    assert "the proxy on the way to gw.example.com" in error.message


BROKEN = [wire.close_after_reading, wire.reset_after_reading, wire.raw(b"nonsense\r\n\r\n")]


@pytest.mark.parametrize("step", BROKEN)
def test_what_breaks_behind_a_proxy_after_sending_is_in_doubt(server: Server, step: Any) -> None:
    server.steps[:] = [step]
    with closing(Transport(proxy=server.url)) as transport:
        error = failure(transport, "http://gw.example.com")
    assert (error.reach, error.transient) == (Reach.IN_DOUBT, True)
    assert "the connection to gw.example.com was lost" in error.message


@pytest.mark.parametrize("step", BROKEN)
def test_what_breaks_in_a_tunnel_after_sending_is_in_doubt(server: Server, behind: Path, step: Any) -> None:
    server.steps[:] = [wire.tunnel(step, context(behind))]
    with closing(Transport(proxy=server.url, ca_bundle=str(behind))) as transport:
        error = failure(transport, "https://gw.example.com")
    assert [seen.method for seen in server.seen] == ["CONNECT", "POST"]
    assert (error.reach, error.transient) == (Reach.IN_DOUBT, True)


@pytest.mark.parametrize("step", BROKEN)
def test_a_tunnel_that_is_never_opened_has_sent_nothing(server: Server, step: Any) -> None:
    server.steps[:] = [step]
    with closing(Transport(proxy=server.url)) as transport:
        error = failure(transport, "https://gw.example.com")
    assert (error.reach, error.transient) == (Reach.NOT_SENT, True)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_gone_sends_nothing(scheme: str) -> None:
    with closing(Transport(proxy=closed_url())) as transport:
        error = failure(transport, f"{scheme}://gw.example.com")
    assert (error.reach, error.transient) == (Reach.NOT_SENT, True)
    assert "the proxy on the way to gw.example.com" in error.message


@pytest.mark.parametrize("proxy", ["proxy://127.0.0.1:1", "http://", "socks9://127.0.0.1:1"])
def test_a_proxy_that_can_not_be_one_is_the_settings_fault(proxy: str) -> None:
    with closing(Transport(proxy=proxy)) as transport:
        error = failure(transport, "http://gw.example.com")
    assert isinstance(error, ConfigError) and "proxy" in error.message.lower()


def test_the_password_of_a_proxy_is_not_told() -> None:
    with closing(Transport(proxy=closed_url().replace("http://", "http://me:s3cret@"))) as transport:
        failure(transport, "http://gw.example.com")


# Downloads and foreign clients -------------------------------------------------------------------------


def test_a_download_arrives_in_pieces_and_is_told(transport: Transport, server: Server) -> None:
    seen: list[Exchange] = []
    transport.observe = seen.append
    server.steps[:] = [reply(b"x" * 600_000, ETag='"1"')]
    with transport.open(f"{server.url}/a.mp4", {"Range": "bytes=0-"}) as download:
        pieces = list(download.pieces())
    assert (download.status, download.headers["etag"], sum(map(len, pieces))) == (200, '"1"', 600_000)
    assert len(pieces) > 1
    assert [(exchange.method, exchange.status, exchange.error) for exchange in seen] == [("GET", 200, "")]


def test_a_download_asks_for_the_file_as_it_is(transport: Transport, server: Server) -> None:
    with transport.open(server.url, {"Range": "bytes=5-"}):
        pass
    assert server.seen[0].headers["accept-encoding"] == "identity"
    assert server.seen[0].headers["range"] == "bytes=5-"


def test_a_download_follows_redirections(transport: Transport, server: Server) -> None:
    server.steps[:] = [reply(status=302, Location="/b"), reply("there")]
    with transport.open(f"{server.url}/a", {}) as download:
        assert b"".join(download.pieces()) == b"there"
    assert server.targets == ["/a", "/b"]


def test_a_download_that_breaks_is_told_as_a_lost_connection(transport: Transport, server: Server) -> None:
    seen: list[Exchange] = []
    transport.observe = seen.append
    server.steps[:] = [wire.cut(b"x" * 1000, after=400)]
    with (
        pytest.raises(NetworkError, match="was lost: closed by the other side"),
        transport.open(server.url, {}) as download,
    ):
        list(download.pieces())
    assert (seen[0].status, "was lost" in seen[0].error) == (200, True)


def test_a_foreign_client_is_given_proxies_certificates_and_an_observer(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Exchange] = []
    monkeypatch.setenv("HTTP_PROXY", server.url)
    with closing(Transport(observe=seen.append)) as transport, transport.session_for("http://cos.example.com") as own:
        own.put("http://cos.example.com/key", data=b"x")
    assert server.seen[0].target == "http://cos.example.com/key"
    assert [(exchange.method, exchange.url, exchange.status) for exchange in seen] == [
        ("PUT", "http://cos.example.com/key", 200)
    ]
