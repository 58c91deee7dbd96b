"""Connections of urllib3 that say whether a failure came before a byte of the request left."""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    _Base = HTTPConnection
else:
    _Base = object


class NotConnected(OSError):
    """What went wrong on the way to a usable connection: name, socket, tunnel, TLS; its argument is the error.

    Afterwards the libraries don't keep the two apart: behind a proxy they call a reset after
    sending a failure of the proxy, and a handshake that is not answered an answer that is late.
    """


class _Telling(_Base):
    """Over a connection of urllib3."""

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPException, HTTPError) as error:
            raise NotConnected(error) from error


class _Plain(_Telling, HTTPConnection):
    pass


class _Secure(_Telling, HTTPSConnection):
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
