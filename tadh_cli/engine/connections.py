"""The connections of a driving channel, one after another, each opened and listened to in threads of its own."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from tadh_cli.api.driving import Channel, Driving
from tadh_cli.engine.channel_socket import ChannelSocket, Closed, HandshakeRefused
from tadh_cli.errors import ServiceError, TadhError

if TYPE_CHECKING:
    from tadh_cli.engine.client import Client

# How the session stands is asked once, quickly, on the way to another connection.
_LOOK_TIMEOUT_S = 5.0
# To say goodbye takes no longer than this.
GOODBYE_S = 1.0

# Something that the thread that drives has to do; it is given the moment.
Deed = Callable[[float], None]


class Connections:
    """Tells the channel what becomes of connections, by deeds that are posted to the thread that drives."""

    def __init__(
        self,
        client: Client,
        session_id: str,
        driving: Driving,
        channel: Channel,
        post: Callable[[Deed], None],
        hear: Callable[[str, float, float], None],
    ) -> None:
        """`hear` is given each text that comes: itself, when it came in Unix seconds, and the moment."""
        self._client = client
        self._session_id = session_id
        self._driving = driving
        self._channel = channel
        self._post = post
        self._hear = hear
        # The one in use.
        self.current: ChannelSocket | None = None
        # Where it leads to, without what signs it.
        self.url = ""
        self._reader: threading.Thread | None = None
        self._was_open = False
        self._dials = 0
        self._is_ended = False
        # All that were opened, to be given back.
        self._sockets: list[ChannelSocket] = []

    # For the thread that drives --------------------------------------------------------------------------

    def dial(self) -> None:
        """Begin to open one."""
        self._dials += 1
        threading.Thread(target=self._dial, args=(self._dials,), name="drive-dial", daemon=True).start()

    def broke(self, connection: ChannelSocket, error: Closed, now_s: float) -> None:
        """A connection has ended: the one in use, or one that was given up before."""
        if connection is not self.current:
            return
        self.current = None
        connection.abort()
        self._channel.disconnected(now_s, silent_s=error.silent_s)

    def give_up(self, now_s: float) -> None:
        """End the one in use, of which nothing good is expected any more."""
        if self.current is not None:
            self.broke(self.current, Closed("the connection was mute"), now_s)

    def close(self, *, is_abrupt: bool) -> None:
        """End the one in use, with a farewell if there is time for that, and give all of them back."""
        self._is_ended = True
        if self.current is not None and self._reader is not None and not is_abrupt:
            self.current.say_goodbye()
            self._reader.join(GOODBYE_S)
        self._give_back()

    # In threads of their own -----------------------------------------------------------------------------

    def _dial(self, number: int) -> None:
        """Opening may take long, and the end may come meanwhile."""
        clock = self._client.clock
        started_s = clock.monotonic_s()
        was_open = self._was_open
        try:
            connection = self._opened()
        except TadhError as error:
            problem = self._look() if was_open and error.transient else None
            self._post(partial(self._refuse, number, problem or error))
            return
        self._sockets.append(connection)
        if self._is_ended:
            self._give_back()
            return
        self._post(partial(self._take, number, connection, clock.monotonic_s() - started_s))
        if was_open and (problem := self._look()):
            self._post(partial(self._refuse, number, problem))

    def _opened(self) -> ChannelSocket:
        url = self._client.websocket_url(self._driving.path(self._session_id), "session")
        self.url = url.partition("?")[0]
        try:
            return ChannelSocket(url, self._client.transport.route(url))
        except HandshakeRefused as refusal:
            self._client.provider.unwrap(refusal.answer, None)
            raise ServiceError("the service did not open the channel, and gave no reason", hint="try again") from None

    def _look(self) -> TadhError | None:
        """Why the session can't be driven any more, as far as the service can be asked."""
        operation = self._client.provider.operation("session.get")
        prepared = self._client.prepare(operation, {"ReqId": uuid.uuid4().hex, "SessionId": self._session_id})
        try:
            record = self._client.send(prepared, attempts=1, timeout_s=_LOOK_TIMEOUT_S)
        except TadhError as error:
            return None if error.transient else error
        return self._driving.ended(record)

    def _listen(self, connection: ChannelSocket) -> None:
        try:
            while True:
                text = connection.receive()
                self._post(partial(self._hear, text, self._client.clock.now_s()))
        except Closed as error:
            self._post(partial(self.broke, connection, error))
            connection.release()

    # What they post --------------------------------------------------------------------------------------

    def _refuse(self, number: int, error: TadhError, now_s: float) -> None:
        if number == self._dials:
            self._channel.refused(error, now_s)

    def _take(self, number: int, connection: ChannelSocket, took_s: float, now_s: float) -> None:
        if number != self._dials:
            connection.abort()  # it took so long that another one was opened
            return
        self.current = connection
        self._was_open = True
        self._reader = threading.Thread(target=self._listen, args=(connection,), name="drive-reader", daemon=True)
        self._reader.start()
        self._channel.connected(now_s, took_s)

    def _give_back(self) -> None:
        for connection in list(self._sockets):
            connection.abort()
        if self._reader is not None:
            self._reader.join(GOODBYE_S)
        for connection in list(self._sockets):
            connection.release()
