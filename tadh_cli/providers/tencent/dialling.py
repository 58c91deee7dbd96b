"""When a connection is opened, opened again, and given up."""

from __future__ import annotations

import math
from collections.abc import Callable

from tadh_cli.api.driving import Connection, Step
from tadh_cli.duration import words
from tadh_cli.errors import AuthError, ConfigError, NetworkError, NotFound, TadhError
from tadh_cli.providers.tencent import frames

# A first connection that fails for a reason that passes is tried again for so long.
FIRST_PATIENCE_S = 15.0
# One attempt, names and TLS and all.
DIAL_PATIENCE_S = 25.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
# What left within the way to the service and back before a break may not have arrived; at least so long, since who
# breaks off takes some time for it, and at most.
_LEAST_WAY_S, _MOST_WAY_S = 0.25, 2.0


class Dialling:
    """The connection of a channel; `dice` stretches the pauses between attempts."""

    def __init__(self, dice: Callable[[], float], patience_s: float) -> None:
        self.state = Connection.CONNECTING
        # How long a frame may have been on its way.
        self.way_s = _LEAST_WAY_S
        self._dice = dice
        self._patience_s = patience_s
        self._dial_s = -math.inf
        # When the attempt that is under way is given up.
        self._until_s = math.inf
        self._dials = 0
        # When the connection broke, or could not be opened for the first time.
        self._failing_since_s = math.inf

    @property
    def is_open(self) -> bool:
        return self.state is Connection.OPEN

    def step(self, now_s: float) -> Step:
        """What to do while there is no connection."""
        if self._until_s < math.inf:
            return Step(self._until_s)
        return Step(max(now_s, self._dial_s), dials=True)

    def dialled(self, now_s: float) -> None:
        """An attempt has begun."""
        self._until_s = now_s + DIAL_PATIENCE_S

    def overdue(self, now_s: float) -> TadhError | None:
        """Why an attempt that takes too long has failed."""
        if now_s < self._until_s:
            return None
        error = NetworkError("the connection was not opened in time", hint="check the network and the endpoint")
        error.transient = True
        return error

    def opened(self, now_s: float, took_s: float) -> float | None:
        """There is a connection; returns for how long there was none, None for the first."""
        gap_s = now_s - self._failing_since_s if self.state is Connection.RECONNECTING else None
        self.state = Connection.OPEN
        self.way_s = min(max(took_s, _LEAST_WAY_S), _MOST_WAY_S)
        self._until_s = self._failing_since_s = math.inf
        self._dials = 0
        return gap_s

    def broke(self, now_s: float) -> None:
        self.state = Connection.RECONNECTING
        self._failing_since_s = now_s
        self._pause(now_s)

    def refused(self, error: TadhError, now_s: float) -> TadhError | None:
        """An attempt has failed; returns what to end with when trying again is of no use."""
        self._until_s = math.inf
        self._failing_since_s = min(self._failing_since_s, now_s)
        if self._is_hopeless(error):
            return error
        is_first = self.state is not Connection.RECONNECTING
        patience_s = FIRST_PATIENCE_S if is_first else self._patience_s
        if now_s - self._failing_since_s < patience_s:
            self._pause(now_s)
            return None
        if not is_first:
            error.message = f"the connection could not be opened again for {words(patience_s)}: {error.message}"
        return error

    def _is_hopeless(self, error: TadhError) -> bool:
        """Whether it would fail in the same way again."""
        if self.state is not Connection.RECONNECTING:
            if error.code == frames.TOO_MANY:
                error.hint = "a session has one channel only: end what else drives it"
            return not error.transient
        # The service may take some time to notice that the old connection is gone, and refuse a second one till then.
        return error.code in frames.ENDS or isinstance(error, (AuthError, ConfigError, NotFound))

    def _pause(self, now_s: float) -> None:
        self._dial_s = now_s + min(FIRST_PAUSE_S * 2**self._dials, LONGEST_PAUSE_S) * self._dice()
        self._dials += 1
