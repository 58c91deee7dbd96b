"""A WebSocket: texts out, texts in, and the errors of websocket-client, spoken to here alone, turned into ours."""

from __future__ import annotations

import os
import socket
import ssl
import struct
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from tadh_cli.api.provider import Answer
from tadh_cli.engine.transport import USER_AGENT, Route, translate
from tadh_cli.errors import ConfigError, NetworkError, Reach, ServiceError, TadhError

CONNECT_TIMEOUT_S = 10.0
# A peer that takes nothing for so long is gone.
SILENCE_S = 10.0
_PROXY_HINT = "check proxy, HTTPS_PROXY, NO_PROXY"
_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")


class HandshakeRefused(Exception):
    """The other side answered as to an ordinary request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class Closed(NetworkError):
    """The connection is no more; `silent_s` is how long nothing may have got through before that was noticed."""

    def __init__(self, message: str, *, silent_s: float = 0.0) -> None:
        super().__init__(message, hint="check the network and try again")
        self.reach = Reach.IN_DOUBT
        self.transient = True
        self.silent_s = silent_s


class ChannelSocket:
    """One connection. One thread sends, another receives, and closing it ends both."""

    def __init__(self, url: str, route: Route) -> None:
        """Open it; raises HandshakeRefused, NetworkError or ConfigError."""
        import websocket

        self._host = urlsplit(url).netloc.rpartition("@")[2]
        options = {**_proxy_options(route.proxy), "suppress_origin": True, "header": [f"User-Agent: {USER_AGENT}"]}
        errors: tuple[type[Exception], ...] = (*_errors(), ValueError)
        try:
            self._socket = websocket.create_connection(
                url,
                timeout=CONNECT_TIMEOUT_S,
                sockopt=_socket_options(),
                sslopt=_tls_options(route.certificates),
                redirect_limit=0,
                skip_utf8_validation=True,
                **options,
            )
        except websocket.WebSocketBadStatusException as error:
            headers = {str(name): str(value) for name, value in (error.resp_headers or {}).items()}
            raise HandshakeRefused(Answer(error.status_code, headers, error.resp_body or b"")) from None
        except errors as error:
            raise translated(error, url) from None
        self._socket.settimeout(SILENCE_S)

    def send(self, text: str) -> None:
        """Raises Closed: then it did not leave as a whole."""
        import websocket

        try:
            self._socket.send(text)
        except websocket.WebSocketTimeoutException:
            raise Closed(f"{self._host} takes nothing any more", silent_s=SILENCE_S) from None
        except _errors() as error:
            raise self._closed(error) from None

    def receive(self) -> str:
        """The next text, whenever it comes; raises Closed."""
        import websocket

        while True:
            try:
                opcode, data = self._socket.recv_data()
            except websocket.WebSocketTimeoutException:
                continue
            except _errors() as error:
                raise self._closed(error) from None
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                raise Closed(f"{self._host} closed the connection{_reason(bytes(data))}")
            return bytes(data).decode("utf-8", "replace") if isinstance(data, (bytes, bytearray)) else str(data)

    def say_goodbye(self) -> None:
        """Begin to close: the other side answers, which ends `receive`."""
        try:
            self._socket.send_close()
        except _errors():
            self.abort()

    def abort(self) -> None:
        """End it at once; `receive` ends too."""
        # The library's own way does nothing once it has said goodbye.
        inner = self._socket.sock
        if inner is not None:
            with suppress(OSError):
                inner.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the socket back, once nobody uses it any more."""
        inner = self._socket.sock
        if inner is not None:
            inner.close()

    def _closed(self, error: Exception) -> Closed:
        # Nothing came back for what was sent (TCP_USER_TIMEOUT).
        is_silence = isinstance(error, TimeoutError)
        return Closed(f"the connection to {self._host} was lost", silent_s=SILENCE_S if is_silence else 0.0)


def _errors() -> tuple[type[Exception], ...]:
    """What the library raises, its own and what it lets pass."""
    import websocket
    from websocket import _http

    # Of python-socks, or of the library's own where that is not installed.
    names = ("ProxyError", "ProxyTimeoutError", "ProxyConnectionError")
    return (websocket.WebSocketException, OSError, *(getattr(_http, name) for name in names))


def translated(error: Exception, url: str) -> TadhError:
    """Our error for one of the library's while a connection is opened; texts are our own, theirs quote the URL."""
    import websocket

    names = {kind.__name__ for kind in type(error).__mro__}
    host = urlsplit(url).netloc.rpartition("@")[2]
    if isinstance(error, websocket.WebSocketAddressException):
        return _unreached(f"the name {host} can't be resolved", "check the network and the endpoint")
    if isinstance(error, websocket.WebSocketProxyException) or any("Proxy" in name for name in names):
        return _unreached(f"the proxy on the way to {host} refused or can't be reached", _PROXY_HINT)
    if isinstance(error, (websocket.WebSocketTimeoutException, TimeoutError)):
        return _unreached(f"{host} did not open the connection in time", "check the network and the endpoint")
    if isinstance(error, websocket.WebSocketConnectionClosedException):
        return _unreached(f"{host} closed the connection in the handshake", "check the network and the endpoint")
    if isinstance(error, websocket.WebSocketException):
        return _nonsense(host, str(error))
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return ConfigError(f"not a URL that can be called: {url.split('?')[0]}", hint="check ws_endpoint")
    failure = translate(error, url)
    failure.transient = failure.transient or not isinstance(error, ssl.SSLError)
    return failure


def _nonsense(host: str, text: str) -> TadhError:
    if "certificate loading failed" in text:
        return ConfigError("the file with trusted certificates can't be read", hint="check ca_bundle")
    if "Socks is needed" in text:
        return ConfigError("a SOCKS proxy needs the package python-socks", hint="pip install python-socks")
    what = "sends elsewhere" if "edirect" in text else "does not speak WebSocket"
    error = ServiceError(f"{host} {what}", hint="check ws_endpoint, and that no login page stands in between")
    error.transient = True
    return error


def _unreached(message: str, hint: str) -> NetworkError:
    error = NetworkError(message, hint=hint)
    error.reach = Reach.NOT_SENT
    error.transient = True
    return error


def _reason(data: bytes) -> str:
    """What a close frame says."""
    if len(data) < 2:
        return ""
    text = data[2:].decode("utf-8", "replace")
    return f" ({struct.unpack('!H', data[:2])[0]}{' ' + text if text else ''})"


def _socket_options() -> list[tuple[int, int, int]]:
    # A peer that no longer confirms what was sent is noticed in seconds instead of minutes.
    timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
    return [] if timeout is None else [(socket.IPPROTO_TCP, timeout, int(SILENCE_S * 1000))]


def _tls_options(certificates: str) -> dict[str, Any]:
    name = "ca_cert_path" if os.path.isdir(certificates) else "ca_certs"
    return {name: certificates, "cert_reqs": ssl.CERT_REQUIRED}


def _proxy_options(proxy: str) -> dict[str, Any]:
    """The library would look into the environment by itself; what it is told here is already decided."""
    if not proxy:
        # Without a proxy it does not ask for whom that is none.
        return {"http_proxy_host": "none", "http_proxy_port": 1, "http_no_proxy": ["*"]}
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in ("http", "https", *_SOCKS) or not host:
        raise ConfigError("the proxy is not a URL that can be used", hint="check proxy, HTTPS_PROXY and HTTP_PROXY")
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return {
        "http_proxy_host": host,
        "http_proxy_port": port or {"https": 443, "http": 80}.get(scheme, 1080),
        "http_proxy_auth": login,
        "http_proxy_timeout": CONNECT_TIMEOUT_S,
        "proxy_type": scheme if scheme in _SOCKS else "http",
        "http_no_proxy": ["-"],
    }
