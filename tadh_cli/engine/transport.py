"""HTTP over requests: bytes out, bytes in, and its errors turned into ours."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from tadh_cli import __version__
from tadh_cli.api.provider import Answer, Exchange
from tadh_cli.engine.deadline import within
from tadh_cli.errors import ConfigError, NetworkError, Reach, TadhError

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
# A JSON answer beyond this is not one: no page of 100 items comes near it.
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
USER_AGENT = f"tadh/{__version__}"


class Route(NamedTuple):
    """A proxy's URL, empty for none, and the file or directory with the certificates to trust."""

    proxy: str
    certificates: str


class Transport:
    """One pool of connections; proxies and certificates from the profile, else from the environment."""

    def __init__(
        self,
        *,
        proxy: str = "",
        ca_bundle: str = "",
        use_proxies: bool = True,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.observe = observe or _unobserved
        self._proxy = proxy
        self._ca_bundle = ca_bundle
        self._use_proxies = use_proxies
        self._certificates = ""
        self._session: requests.Session | None = None
        self._observing = threading.Lock()
        self._opening = threading.Lock()
        self._proxies: dict[str, Mapping[str, str]] = {}

    def twin(self) -> Transport:
        """A pool of its own with the same settings and the same observer: what a thread of its own needs."""
        return Transport(
            proxy=self._proxy, ca_bundle=self._ca_bundle, use_proxies=self._use_proxies, observe=self.observe
        )

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        timeout_s: float,
        fresh: bool = False,
    ) -> Answer:
        """The whole answer within `timeout_s` seconds.

        `fresh` opens a new connection: one that was kept alive may be closed by the service at the moment of
        sending, and nobody could tell then whether the request was processed.
        """
        if fresh and self._session is not None:
            self._session.close()
        with within(timeout_s), self._request(method, url, headers, body, timeout_s) as response:
            return Answer(response.status_code, response.headers, self._read_all(response))

    @contextmanager
    def open(self, url: str, headers: Mapping[str, str], *, timeout_s: float = READ_TIMEOUT_S) -> Iterator[Download]:
        """A GET whose body is read in pieces; `timeout_s` bounds the wait for its head, and for each piece."""
        plain = {**headers, "Accept-Encoding": "identity"}
        started = time.monotonic()
        status, problem = None, ""
        try:
            with self._request("GET", url, plain, None, timeout_s, redirects=True) as response:
                status = response.status_code
                yield Download(response)
        except TadhError as error:
            problem = error.message
            raise
        finally:
            took_s = time.monotonic() - started
            self.observe(Exchange("GET", url, dict(headers) or None, status, None, took_s, problem))

    def session_for(self, url: str) -> requests.Session:
        """A session of its own to the host of a URL, for a library that brings its own client; its owner closes it.

        Several threads may use it. Its errors are ours, and its requests are seen like all others.
        """
        import requests

        watched = self._watched

        class Session(requests.Session):
            def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
                send = super().request
                return watched(str(method), str(url), lambda: send(method, url, *args, **options))

        session = self._configured(Session())
        session.proxies.update(self._proxies_for(url))
        return session

    def _watched(self, method: str, url: str, send: Callable[[], requests.Response]) -> requests.Response:
        started = time.monotonic()
        response, problem = None, ""
        try:
            with translated(url):
                response = send()
            return response
        except TadhError as error:
            problem = error.message
            raise
        finally:
            status = None if response is None else response.status_code
            shown = url if response is None else str(response.request.url)
            with self._observing:
                self.observe(Exchange(method, shown, None, status, None, time.monotonic() - started, problem))

    def route(self, url: str) -> Route:
        """The way to a WebSocket, for what opens it: the same as for requests."""
        from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

        web = "http" + url.removeprefix("ws")
        proxy = select_proxy(web, dict(self._proxies_for(web)))
        trusted = self._trusted()
        return Route(proxy or "", str(DEFAULT_CA_BUNDLE_PATH if trusted is True else trusted))

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    @contextmanager
    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
        *,
        redirects: bool = False,
    ) -> Iterator[requests.Response]:
        timeout = (min(CONNECT_TIMEOUT_S, timeout_s), timeout_s)
        session = self._open_session()
        with self._explained(url), translated(url), within(timeout_s):
            response = session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                timeout=timeout,
                stream=True,
                allow_redirects=redirects,
                proxies=dict(self._proxies_for(url)),
            )
        try:
            yield response
        finally:
            response.close()

    @contextmanager
    def _explained(self, url: str) -> Iterator[None]:
        """A file of certificates that is none is noticed by the libraries in the middle of a connection, unnamed."""
        try:
            yield
        except TadhError:
            if url.lower().startswith("https:") and self._certificates:
                _check_certificates(self._certificates)
            raise

    def _read_all(self, response: requests.Response) -> bytes:
        """The body, piece by piece, so that one without an end can't fill the memory."""
        pieces: list[bytes] = []
        size = 0
        while piece := read_piece(response):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_ANSWER_BYTES:
                raise _lost(f"the answer is larger than {LARGEST_ANSWER_BYTES >> 20} MiB", transient=False)
        response.raw.release_conn()
        return b"".join(pieces)

    def _open_session(self) -> requests.Session:
        with self._opening:
            if self._session is None:
                self._session = self._new_session()
            return self._session

    def _new_session(self) -> requests.Session:
        import requests

        from tadh_cli.engine.connection import Adapter

        session = self._configured(requests.Session())
        for scheme in ("http://", "https://"):
            session.mount(scheme, Adapter())
        return session

    def _configured(self, session: requests.Session) -> requests.Session:
        # No .netrc, and proxies are looked up once a host instead of once a request.
        session.trust_env = False
        session.headers["User-Agent"] = USER_AGENT
        session.verify = self._trusted()
        return session

    def _trusted(self) -> str | bool:
        names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
        self._certificates = self._ca_bundle or next((os.environ[name] for name in names if os.environ.get(name)), "")
        if self._certificates and not os.path.exists(self._certificates):
            _check_certificates(self._certificates)
        return self._certificates or True

    def _proxies_for(self, url: str) -> Mapping[str, str]:
        if not self._use_proxies:
            return {}
        if self._proxy:
            return {"http": self._proxy, "https": self._proxy}
        from urllib.parse import urlsplit

        from requests.utils import get_environ_proxies

        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if origin not in self._proxies:
            self._proxies[origin] = get_environ_proxies(url)
        return self._proxies[origin]


def _unobserved(_: Exchange) -> None:
    return None


def _check_certificates(path: str) -> None:
    """Raise ConfigError for a file or directory without certificates; reading a whole bundle takes 20 ms."""
    try:
        is_folder = os.path.isdir(path)
        ssl.create_default_context(cafile=None if is_folder else path, capath=path if is_folder else None)
    except FileNotFoundError:
        raise ConfigError(
            f"the file with trusted certificates does not exist: {path}", hint="check ca_bundle"
        ) from None
    except OSError as error:
        reason = (error.strerror or "it contains none").lower()
        raise ConfigError(
            f"no trusted certificates can be read from {path}: {reason}", hint="check ca_bundle"
        ) from None


class Download:
    """A body that arrives in pieces."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives; raises NetworkError when it breaks off before its announced length."""
        while piece := read_piece(self._response):
            yield piece


def read_piece(response: requests.Response) -> bytes:
    """The next bytes of a body, as many as are there; empty at its complete end."""
    with translated(response.url):
        piece: bytes = response.raw.read1(_CHUNK_BYTES, decode_content=True)
    if not piece and response.raw.length_remaining:
        raise _lost(f"the connection broke with {response.raw.length_remaining:,} bytes missing", transient=True)
    return piece


# Errors ------------------------------------------------------------------------------------------------


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turns every error of requests and urllib3 into one of ours that says how far the request got."""
    import requests
    import urllib3

    try:
        yield
    except (
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        urllib3.exceptions.ProxySchemeUnsupported,
        OSError,
    ) as error:
        raise translate(error, url) from None


def translate(error: Exception, url: str) -> TadhError:
    """Our error for one of the libraries'; texts are our own, since theirs quote the signed URL."""
    import requests

    host = _host(url)
    chain = _chain(error)
    reason = chain[-1]
    names = {kind.__name__ for each in chain for kind in type(each).__mro__}
    # A scheme that is not known can only be the proxy's when our own is.
    if names & _NO_PROXY or ("InvalidSchema" in names and url.lower().startswith(("http://", "https://"))):
        return ConfigError("the proxy is not a URL that can be used", hint="check proxy, HTTPS_PROXY and HTTP_PROXY")
    if names & _NO_URL or isinstance(error, requests.exceptions.InvalidHeader):
        return ConfigError(f"not a URL that can be called: {url.split('?')[0]}", hint="check the endpoint")
    is_tls = "SSLError" in names and not _is_end(reason)
    if names & _NO_CONNECTION:
        return _tls(host, reason, Reach.NOT_SENT) if is_tls else _unconnected(host, reason, names)
    if is_tls:
        return _tls(host, reason, Reach.IN_DOUBT)
    if names & {"Timeout", "ReadTimeoutError"}:
        return _lost(f"{host} did not answer in time", transient=True)
    return _lost(f"the connection to {host} was lost: {_os_words(reason)}", transient=True)


# Errors of requests and urllib3 about what was given, not about the network.
_NO_URL = {"InvalidURL", "InvalidSchema", "MissingSchema", "URLRequired", "LocationValueError"}
_NO_PROXY = {"ProxySchemeUnknown", "ProxySchemeUnsupported", "InvalidProxyURL"}
# Errors before there was a connection to send by. ProxyError is none of them: see connection.NotConnected.
_NO_CONNECTION = {
    "NotConnected",
    "NewConnectionError",
    "ConnectTimeout",
    "ConnectTimeoutError",
    "ConnectionRefusedError",
}


def _chain(error: BaseException) -> list[BaseException]:
    """An error and those within it, the cause at the end: requests wraps urllib3, which wraps the socket's."""
    inner = (each for each in (getattr(error, "reason", None), *error.args) if isinstance(each, BaseException))
    cause = next(inner, None)
    return [error] if cause is None else [error, *_chain(cause)]


def _is_end(error: BaseException) -> bool:
    """Whether TLS did not fail but end: closed by the other side, with or without a farewell."""
    return isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or "UNEXPECTED_EOF" in str(error)


def _os_words(error: BaseException) -> str:
    if type(error).__name__ in ("RemoteDisconnected", "ProtocolError", "IncompleteRead") or _is_end(error):
        return "closed by the other side"
    text = getattr(error, "strerror", None) or ""
    if not text and isinstance(error.__context__, OSError):
        text = error.__context__.strerror or ""
    return (text or type(error).__name__).lower()


def _unconnected(host: str, reason: BaseException, names: set[str]) -> NetworkError:
    if "NameResolutionError" in names:
        return _unreached(f"the name {host} can't be resolved", "check the network and the endpoint")
    if "ProxyError" in names:
        return _unreached(
            f"the proxy on the way to {host} refused or can't be reached", "check proxy, HTTPS_PROXY, NO_PROXY"
        )
    # NewConnectionError still passes for one that is too slow, as it did in urllib3 1.
    if "NewConnectionError" not in names and names & {"ConnectTimeout", "ConnectTimeoutError", "TimeoutError"}:
        return _unreached(f"{host} did not accept a connection in time", "check the network and the endpoint")
    return _unreached(f"no connection to {host}: {_os_words(reason)}", "check the network and the endpoint")


def _tls(host: str, error: BaseException, reach: Reach) -> NetworkError:
    failure = NetworkError(
        f"no trusted TLS connection to {host}: {_tls_words(str(error))}",
        hint="check the endpoint and the clock; behind a company proxy set ca_bundle",
    )
    failure.reach = reach
    return failure


def _tls_words(text: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in text:
        detail = text.partition("certificate verify failed:")[2].partition("(_ssl")[0].strip()
        return detail or "its certificate is not trusted"
    return "the other side does not speak TLS" if "WRONG_VERSION_NUMBER" in text else "the handshake failed"


def _unreached(message: str, hint: str) -> NetworkError:
    error = NetworkError(message, hint=hint)
    error.reach = Reach.NOT_SENT
    error.transient = True
    return error


def _lost(message: str, *, transient: bool) -> NetworkError:
    error = NetworkError(message, hint="check the network and try again")
    error.reach = Reach.IN_DOUBT
    error.transient = transient
    return error


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "the service"
    except ValueError:
        return "the service"
