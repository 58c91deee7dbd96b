"""Driving a session over its WebSocket: threads, socket and clock. What happens when is decided by the protocol."""

from __future__ import annotations

import gc
import math
import queue
import sys
import threading
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from tadh_cli.api.driving import Frame, Notice, Progress, Received, Report, Step, Utterance
from tadh_cli.api.provider import Exchange
from tadh_cli.engine.channel_socket import Closed
from tadh_cli.engine.connections import GOODBYE_S, Connections, Deed
from tadh_cli.engine.priority import hurry
from tadh_cli.errors import InputError, TadhError
from tadh_cli.media import splitting

if TYPE_CHECKING:
    from tadh_cli.engine.client import Client

# A broken connection is opened again for so long.
PATIENCE_S = 120.0
# Pieces that an input may be ahead of what was taken from it.
_AHEAD = 8
_AT_ONCE = 64
# It is awake so long before a frame is due: how long it takes to wake up is up to the machine.
_FINE_S = 0.001
# So often the interpreter changes between threads: drawing a view or decoding a file holds up the sound no longer,
# which is less than the time for which it is awake before.
_SWITCH_S = 0.0005


@dataclass(eq=False)
class _Input:
    """What is read in a thread of its own, no faster than it is needed."""

    room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_AHEAD))
    taken: int = 0
    is_unwanted: bool = False


class Drive:
    """A channel to a session, open for the length of a `with` block.

    Leaving the block ends properly what is being said, also when it is left by an exception; a second Ctrl-C cuts
    that short. `say`, `insert`, `interrupt`, `finish` and `stop` may be called from any thread, at any time.
    """

    def __init__(
        self,
        client: Client,
        session_id: str,
        *,
        patience_s: float = PATIENCE_S,
        longest_s: float = math.inf,
        is_speaking: bool = False,
    ) -> None:
        """Give up a broken connection after `patience_s`, and end it all after `longest_s`.

        `is_speaking` tells that somebody else lets a text be said: what interrupts silences it first.
        """
        self._client = client
        self._clock = client.clock
        driving = client.provider.channel()
        self._channel = driving.channel(
            session_id, lambda: uuid.uuid4().hex, splitting, client.clock.jitter, patience_s
        )
        self._longest_s = longest_s
        if is_speaking:
            self._channel.overhear(client.clock.monotonic_s())
        # What happened, for the one thread that drives, each a function of the moment it is taken up.
        self._inbox: queue.SimpleQueue[Deed] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Received | Notice | None] = queue.SimpleQueue()
        self._inputs: dict[int, _Input] = {}
        self._said = 0
        self._numbering = threading.Lock()
        self._connections = Connections(client, session_id, driving, self._channel, self._inbox.put, self._received)
        self._is_aborted = False
        self._progress = Progress()
        self._done: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="drive", daemon=True)
        self._switch_s = sys.getswitchinterval()

    def __enter__(self) -> Drive:
        # What exists by now is not looked through for garbage again and again, which would take milliseconds.
        gc.freeze()
        sys.setswitchinterval(_SWITCH_S)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        try:
            self._thread.join()
        except BaseException:
            self._abort()
            raise
        finally:
            sys.setswitchinterval(self._switch_s)
            gc.unfreeze()

    # For any thread --------------------------------------------------------------------------------------

    def say(self, utterance: Utterance, source: Iterable[bytes] = ()) -> int:
        """Put an utterance in line; its bytes are read in a thread of their own as they are needed."""
        with self._numbering:
            self._said += 1
            number = self._said
        reading = _Input()
        self._inbox.put(partial(self._take_in, number, utterance, reading))
        threading.Thread(target=self._read, args=(number, source, reading), name="drive-input", daemon=True).start()
        return number

    def insert(self, text: str) -> None:
        """Say a clause ahead of what waits, in clause mode."""
        self._inbox.put(partial(self._channel.insert, text))

    def interrupt(self) -> None:
        """Cut off what is being said and drop what waits; the channel stays open."""
        self._inbox.put(self._channel.interrupt)

    def finish(self) -> None:
        """Nothing more will be said: the drive is over when what is in line has been said."""
        self._inbox.put(self._channel.finish)

    def stop(self) -> None:
        """End now, with the packet that ends what is being said."""
        self._inbox.put(self._channel.stop)

    def events(self, every_s: float = math.inf, *, raises_failures: bool = True) -> Iterator[Received | Notice | None]:
        """What happens, as it happens, to the end; None whenever nothing did for `every_s`.

        Raises at the end why the channel failed, or else, if wanted, the first failure of an utterance.
        """
        while not (self._done.done() and self._outbox.empty()):
            try:
                each = self._outbox.get(timeout=None if every_s == math.inf else every_s)
            except queue.Empty:
                yield None
                continue
            if each is not None:
                yield each
        self._done.result()
        if self._channel.failure is not None:
            raise self._channel.failure
        if raises_failures and self.report.failures:
            raise self.report.failures[0]

    @property
    def progress(self) -> Progress:
        """Where it stands now."""
        return self._progress

    @property
    def report(self) -> Report:
        """What came of it; complete after the end of the events, and after the block."""
        return self._channel.report()

    # Inputs ----------------------------------------------------------------------------------------------

    def _read(self, number: int, source: Iterable[bytes], reading: _Input) -> None:
        failure: TadhError | None = None
        try:
            for data in source:
                self._inbox.put(partial(self._feed, number, data, reading))
                reading.room.acquire()
                if reading.is_unwanted:
                    return
        except TadhError as error:
            failure = error
        except OSError as error:
            failure = InputError(f"what is to be said can't be read any more: {(error.strerror or str(error)).lower()}")
        finally:
            self._inbox.put(partial(self._end, number, failure))

    def _take_in(self, number: int, utterance: Utterance, reading: _Input, now_s: float) -> None:
        self._inputs[number] = reading
        self._channel.say(number, utterance, now_s)

    def _feed(self, number: int, data: bytes, reading: _Input, now_s: float) -> None:
        reading.taken += 1
        self._channel.feed(number, data, now_s)

    def _end(self, number: int, failure: TadhError | None, now_s: float) -> None:
        self._inputs.pop(number, None)
        self._channel.end(number, now_s, failure)

    def _let_inputs_read(self) -> None:
        for number, reading in self._inputs.items():
            wanted = self._channel.wants(number)
            reading.is_unwanted = wanted < 0
            if wanted and reading.taken:
                reading.room.release(reading.taken)
                reading.taken = 0

    # The thread that drives ------------------------------------------------------------------------------

    def _run(self) -> None:
        hurry()
        try:
            self._drive()
        except BaseException as error:  # it ends the thread, and belongs to whoever waits for its end
            self._done.set_exception(error)
        else:
            self._done.set_result(None)
        finally:
            self._connections.close(is_abrupt=self._is_aborted)
            for reading in self._inputs.values():
                reading.is_unwanted = True
                reading.room.release(_AHEAD)
            self._outbox.put(None)

    def _drive(self) -> None:
        ends_s = self._clock.monotonic_s() + self._longest_s
        while not self._is_aborted:
            now_s = self._clock.monotonic_s()
            if now_s >= ends_s:
                self._channel.stop(now_s, is_late=True)
                ends_s = math.inf
            step = self._channel.poll(now_s)
            self._publish(now_s)
            if step.is_over:
                return
            # What is due leaves before anything else is looked at, however much there is to look at.
            early_s = _FINE_S if step.frame else 0.0
            is_due = step.frame is not None and step.at_s - early_s <= now_s
            if is_due or not self._has_news(min(step.at_s - early_s, ends_s) - now_s):
                self._carry_out(step)

    def _has_news(self, span_s: float) -> bool:
        """Wait until something happens, but no longer than that; take up what did, not too much at once."""
        try:
            if span_s > 0:
                news = self._inbox.get(timeout=None if span_s == math.inf else min(span_s, threading.TIMEOUT_MAX))
            else:
                news = self._inbox.get_nowait()
        except queue.Empty:
            return False
        news(self._clock.monotonic_s())
        for _ in range(_AT_ONCE):
            if self._inbox.empty():
                break
            self._inbox.get_nowait()(self._clock.monotonic_s())
        return True

    def _carry_out(self, step: Step) -> None:
        if step.at_s - self._clock.monotonic_s() > 2 * _FINE_S:
            return  # woken by the end of the time there was
        if step.hangs_up:
            self._connections.give_up(self._clock.monotonic_s())
        elif step.dials:
            self._channel.sent(self._clock.monotonic_s())
            self._connections.dial()
        elif step.frame is not None:
            while self._clock.monotonic_s() < step.at_s:
                pass
            self._send(step.frame)

    def _send(self, frame: Frame) -> None:
        connection = self._connections.current
        assert connection is not None
        try:
            connection.send(frame.text)
        except Closed as error:
            self._connections.broke(connection, error, self._clock.monotonic_s())
            return
        self._channel.sent(self._clock.monotonic_s())
        self._trace("SEND", frame.shown, None)

    def _received(self, text: str, at_s: float, now_s: float) -> None:
        event = self._channel.received(text, now_s)
        self._outbox.put(Received(at_s, event))
        self._trace("RECEIVE", None, event.frame)

    def _publish(self, now_s: float) -> None:
        """Let others see how it stands, and inputs go on."""
        for notice in self._channel.notices():
            self._outbox.put(notice)
        self._progress = self._channel.progress(now_s)
        self._let_inputs_read()

    def _trace(self, method: str, sent: object, received: object) -> None:
        self._client.transport.observe(
            Exchange(method, self._connections.url, sent, None, received, 0.0, is_frame=True)
        )

    def _abort(self) -> None:
        """End without waiting for anything."""
        self._is_aborted = True
        self._inbox.put(_nothing)
        self._thread.join(3 * GOODBYE_S)


def _nothing(_: float) -> None:
    return None
