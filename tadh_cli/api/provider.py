"""Everything a vendor brings, as one value."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import unquote

if TYPE_CHECKING:
    from tadh_cli.api.asset import Asset, Holdings
    from tadh_cli.api.customization import Customization, RecordingCheck
    from tadh_cli.api.driving import Driving
    from tadh_cli.api.field import Json
    from tadh_cli.api.material import Limit
    from tadh_cli.api.operation import Operation
    from tadh_cli.api.production import Order, Script
    from tadh_cli.api.session import PictureOptions, SessionOptions
    from tadh_cli.api.store import ObjectStore
    from tadh_cli.api.video import AudioOptions, VideoOptions
    from tadh_cli.api.waiter import Waiter
    from tadh_cli.config import Credentials
    from tadh_cli.errors import TadhError


class Answer(NamedTuple):
    """An HTTP answer as far as a provider needs it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What an answer says: its payload, and the id under which the service logged it."""

    payload: Json
    request_id: str


class Exchange(NamedTuple):
    """One request and its answer as the log and the trace show it; masking is the reader's duty."""

    method: str
    url: str
    request: Any
    status: int | None
    response: Any
    took_s: float
    error: str = ""
    # It is a frame of a WebSocket, sent or received: it has no answer of its own.
    is_frame: bool = False


def _none() -> Holdings:
    from tadh_cli.api.asset import Holdings

    return Holdings()


class Provider(NamedTuple):
    """Declarations, signature, envelope and codes of one vendor."""

    name: str
    operations: Callable[[], Iterator[Operation]]
    waiters: Callable[[], Iterator[Waiter]]
    # The URL of a request, signed: endpoint, path with its own query, credentials, Unix seconds.
    sign: Callable[[str, str, Credentials, int], str]
    # The body of a request around a payload.
    wrap: Callable[[Mapping[str, Json]], Mapping[str, Json]]
    # The payload in an answer; raises what the answer reports.
    unwrap: Callable[[Answer, Operation | None], Reply]
    # What a failed task's code means.
    task_failure: Callable[[Mapping[str, Json], Waiter], TadhError]
    headers: Mapping[str, str]
    # Seconds by which clocks may differ.
    clock_tolerance_s: int
    # Unicode characters of a text to be spoken at most, tags included.
    most_characters: Callable[[], int]
    # The call that makes what the options describe.
    video_order: Callable[[VideoOptions, Script], Order]
    audio_order: Callable[[AudioOptions, Script], Order]
    # What a file that is handed in may be, by its role.
    limits: Callable[[], Mapping[str, Limit]]
    customization_order: Callable[[Customization], Order]
    check_order: Callable[[RecordingCheck], Order]
    # The call that opens a session, and the one that changes the picture of the session with an id.
    session_order: Callable[[SessionOptions], Order]
    picture_order: Callable[[str, PictureOptions], Order]
    # Where uploads go.
    store: Callable[[], ObjectStore]
    # How live sessions are driven.
    channel: Callable[[], Driving]
    # What its accounts own.
    holdings: Callable[[], Holdings] = _none

    def find(self, name: str) -> list[Operation]:
        """The operations a user can mean by a name, a path, or the end of a path; a query is no part of it.

        However a path is spelled: the service would understand `%76ideomake` and `//videomake/` all the same.
        """
        wanted = _canonical(name)
        exact = next((op for op in self.operations() if wanted in (op.name, op.path.lower())), None)
        if exact is not None:
            return [exact]
        return [op for op in self.operations() if op.path.lower().endswith(f"/{wanted.lstrip('/')}")]

    def waiter(self, kind: str, edition: str = "") -> Waiter:
        """How to follow tasks of a kind; raises KeyError for kinds that the vendor lacks."""
        found = (waiter for waiter in self.waiters() if (waiter.kind, waiter.edition) == (kind, edition))
        return next(found, None) or _lacking(self.name, " ".join([edition, kind]).strip())

    def operation(self, name: str) -> Operation:
        """The operation of this name; raises KeyError for what the vendor lacks."""
        return next((op for op in self.operations() if op.name == name), None) or _lacking(self.name, name)

    def asset(self, kind: str) -> Asset:
        """How things of a kind are listed and called; raises KeyError for kinds that the vendor lacks."""
        return self.holdings().assets.get(kind) or _lacking(self.name, f"list of {kind}s")

    def limit(self, role: str) -> Limit:
        """What a file of this role may be; raises KeyError for roles that the vendor lacks."""
        return self.limits().get(role) or _lacking(self.name, role)


def _canonical(name: str) -> str:
    """A name or path in lower case, without a query, escapes, dots, empty parts and a slash at its end."""
    plain = unquote(name.partition("#")[0].partition("?")[0].strip()).lower()
    absolute = plain.startswith("/")
    return ("/" if absolute else "") + posixpath.normpath(f"/{plain}").lstrip("/")


def _lacking(provider: str, name: str) -> NoReturn:
    raise KeyError(f"{provider} has no {name}")
