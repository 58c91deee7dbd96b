"""Connections of urllib3 that keep to a deadline, and say whether a failure came before a byte of the request left."""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from tadh_cli.engine.deadline import shortened

if TYPE_CHECKING:
    _Base = HTTPConnection
else:
    _Base = object


class NotConnected(OSError):
    """What went wrong on the way to a usable connection: name, socket, tunnel, TLS; its argument is the error.

    Afterwards the libraries don't keep the two apart: behind a proxy they call a reset after
    sending a failure of the proxy, and a handshake that is not answered an answer that is late.
    """


class _Reader(io.RawIOBase):
    """A socket's bytes. A limit for each read alone would let a peer that drips hold us for ever."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience_s = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(shortened(self._patience_s))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """As much of a socket as an answer wants to see."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock))


class _Response(HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(_Socket(sock), *args, **options)  # type: ignore[arg-type]


class _Watched(_Base):
    """Over a connection of urllib3."""

    response_class = _Response

    def connect(self) -> None:
        try:
            self.timeout = shortened(self.timeout)
            super().connect()
        except (OSError, HTTPException, HTTPError) as error:
            raise NotConnected(error) from error

    def _tunnel(self) -> None:
        super()._tunnel()
        self._give_what_is_left()  # to the handshake that follows

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            self._give_what_is_left()
        super().request(*args, **options)

    def _give_what_is_left(self) -> None:
        assert self.sock is not None
        self.sock.settimeout(shortened(self.timeout))


class _Plain(_Watched, HTTPConnection):
    pass


class _Secure(_Watched, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class Adapter(HTTPAdapter):
    """The way of requests to these connections, also by proxies of HTTP."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        # One for SOCKS has pools of its own.
        if isinstance(manager, ProxyManager):
            manager.pool_classes_by_scheme = _POOLS
        return manager
