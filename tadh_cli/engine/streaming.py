"""Driving a session over its WebSocket: the only import of websocket-client. What happens when is decided elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from tadh_cli.api.driving import Notice, Progress, Received, Report, Utterance

if TYPE_CHECKING:
    from tadh_cli.engine.client import Client

# A broken connection is opened again for so long.
PATIENCE_S = 120.0


class Drive:
    """A channel to a session, open for the length of a `with` block.

    Leaving the block ends properly what is being said, also when it is left by an exception; a second Ctrl-C cuts
    that short. `say`, `insert`, `interrupt`, `finish` and `stop` may be called from any thread, at any time.
    """

    def __init__(
        self, client: Client, session_id: str, *, patience_s: float = PATIENCE_S, longest_s: float = math.inf
    ) -> None:
        """Give up a broken connection after `patience_s`, and end it all after `longest_s`."""
        raise NotImplementedError

    def __enter__(self) -> Drive:
        raise NotImplementedError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    def say(self, utterance: Utterance, source: Iterable[bytes] = ()) -> int:
        """Put an utterance in line; its bytes are read in a thread of their own as they are needed."""
        raise NotImplementedError

    def insert(self, text: str) -> None:
        """Say a clause ahead of what waits, in clause mode."""
        raise NotImplementedError

    def interrupt(self) -> None:
        """Cut off what is being said and drop what waits; the channel stays open."""
        raise NotImplementedError

    def finish(self) -> None:
        """Nothing more will be said: the drive is over when what is in line has been said."""
        raise NotImplementedError

    def stop(self) -> None:
        """End now, with the packet that ends what is being said."""
        raise NotImplementedError

    def events(self, every_s: float = math.inf) -> Iterator[Received | Notice | None]:
        """What happens, as it happens, to the end; None whenever nothing did for `every_s`.

        Raises at the end why the channel failed, or else the first failure of an utterance.
        """
        raise NotImplementedError

    @property
    def progress(self) -> Progress:
        """Where it stands now."""
        raise NotImplementedError

    @property
    def report(self) -> Report:
        """What came of it; complete after the block."""
        raise NotImplementedError
