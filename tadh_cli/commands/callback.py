"""`tadh video callback`: what is behind it."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tadh_cli import config
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.syncing import asked, hook, linkless, telling_of
from tadh_cli.engine.callback import Receiver, address
from tadh_cli.engine.hooks import Hook
from tadh_cli.engine.ledger_changes import Reader
from tadh_cli.engine.ledger_choice import ENDED
from tadh_cli.engine.places import unwritable
from tadh_cli.engine.sync import Question, question
from tadh_cli.engine.telling import Telling
from tadh_cli.errors import InputError, TadhError

# The service sends callbacks for these.
_KINDS = ("video",)
# All videos are asked about so often, in case a callback was lost.
_ROUND_S = 600.0
# Whether it is asked to end is looked at so often.
_GLANCE_S = 0.5
# A callback may come before its task's own answer tells the end: then it is asked again.
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# Paths that are shorter can be guessed.
_SECRET = 16
_PATH = r"/[^?#\s\x00-\x1f\x7f-\U0010ffff]+"
# What has no end is told line by line.
_FORMS = ("ndjson", "id")


@dataclass(frozen=True)
class Wishes:
    """Where callbacks come to, and what is to be done then."""

    listen: str
    path: str | None = None
    command: str | None = None
    command_s: float | None = None
    ready_file: str | None = None


def received(tadh: Tadh, wishes: Wishes) -> Iterator[dict[str, Any]]:
    """Videos that have ended, each once, for as long as this process lives."""
    # Before anything is drawn: this decides in which format.
    return _received(tadh, wishes, *_checked(tadh, wishes))


def _received(tadh: Tadh, wishes: Wishes, host: str, port: int, path: str) -> Iterator[dict[str, Any]]:
    command = hook(tadh, wishes.command, wishes.command_s) if wishes.command else None
    telling = telling_of(tadh, only_ended=_KINDS)
    tell = tadh.messages.write if tadh.common.verbose else _silent
    try:
        with _asked_to_end() as stop:
            receiver = Receiver(host, port, path, tell)
            try:
                _announce(tadh, receiver.url, wishes.ready_file)
                yield from _Desk(tadh, receiver, telling, command, stop).serve()
            finally:
                receiver.close()
    except KeyboardInterrupt:
        pass  # the way to end it
    tadh.messages.say("stopped")


@contextmanager
def _asked_to_end() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C or SIGTERM, so that what is going on is brought to its end; the second interrupts."""
    stop = threading.Event()

    def heed(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {number: signal.signal(number, heed) for number in numbers if callable(signal.getsignal(number))}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _silent(_: str) -> None:
    return None


@dataclass
class _Desk:
    """Takes what callbacks speak of, asks the service about it, and tells what is new."""

    tadh: Tadh
    receiver: Receiver
    telling: Telling
    hook: Hook | None
    stop: threading.Event
    # When tasks are to be asked about again, and how often they were.
    again: dict[str, tuple[float, int]] = field(default_factory=dict)

    def serve(self) -> Iterator[dict[str, Any]]:
        """What is new, as it comes; raises ConfigError when the service can't be asked at all."""
        self.tadh.client.account("video")
        clock = self.tadh.clock
        round_s = clock.monotonic_s()
        while not self.stop.is_set():
            now_s = clock.monotonic_s()
            if now_s >= round_s:
                self._ask_all()
                yield from self._tell()
                round_s = now_s + _ROUND_S
            due_s = min([round_s, *(due for due, _ in self.again.values())])
            task_id = self.receiver.inbox.take(min(due_s - clock.monotonic_s(), _GLANCE_S))
            if task_id is not None:
                self._ask(task_id, 0)
            for late, (due, times) in list(self.again.items()):
                if due <= clock.monotonic_s():
                    self._ask(late, times)
            yield from self._tell()

    @property
    def _readers(self) -> tuple[Reader, ...]:
        return (Reader.STREAMED, Reader.HOOKED) if self.hook else (Reader.STREAMED,)

    def _ask_all(self) -> None:
        """Catch up with what happened while nobody listened, or was lost."""
        for looked in asked(self.tadh, self.telling, self._readers, _KINDS):
            if looked.error is not None:
                self._warn(looked.error)

    def _ask(self, task_id: str, times: int) -> None:
        """Ask about a task that a callback spoke of, and again until it has ended."""
        self.again.pop(task_id, None)
        past = self.tadh.ledger.find(task_id)
        if past is None or past["TaskId"] != task_id:
            return self._tell_eye(f"a callback for {task_id} is ignored: it was not submitted from here")
        if past["Profile"] != self.tadh.settings.profile:
            return self._tell_eye(f"a callback for {task_id} of the profile {past['Profile']} is ignored")
        wanted = question(self.tadh.provider, task_id, past["Kind"], past["Operation"])
        if wanted is None or past["State"] in ENDED:
            return self._tell_eye(f"a callback for {task_id}, which has ended before")
        self._look(wanted)
        past = self.tadh.ledger.find(task_id)
        if past and past["State"] not in ENDED and times < len(_PAUSES_S):
            self.again[task_id] = (self.tadh.clock.monotonic_s() + _PAUSES_S[times], times + 1)

    def _look(self, wanted: Question) -> None:
        try:
            self.telling.fresh[wanted.task_id] = self.tadh.tasks.look(wanted.waiter, wanted.task_id)
        except TadhError as error:
            error.task_id = wanted.task_id
            self._warn(error)

    def _tell(self) -> Iterator[dict[str, Any]]:
        for wanted in linkless(self.tadh, self.telling, self._readers):
            if wanted.task_id not in self.telling.fresh:
                self._look(wanted)
        yield from self.telling.stream(Reader.STREAMED)
        if self.hook is not None:
            for failure in self.telling.run(self.hook):
                self.tadh.messages.warn(failure.message)
        self.telling.fresh.clear()

    def _tell_eye(self, text: str) -> None:
        if self.tadh.common.verbose:
            self.tadh.messages.write(text)

    def _warn(self, error: TadhError) -> None:
        self.tadh.messages.warn(f"{error.task_id}: {error.message}; it is asked about again")


def _checked(tadh: Tadh, wishes: Wishes) -> tuple[str, int, str]:
    """Host, port and path; raises every problem there is."""
    if tadh.common.output and tadh.form not in _FORMS:
        tadh.problems.append(f"--output {tadh.form} does not suit what has no end; {' and '.join(_FORMS)} do")
    if tadh.common.query:
        tadh.problems.append("--query needs all there is; use jq on the lines")
    tadh.common.output = tadh.common.output or _FORMS[0]
    host, port = "", 0
    try:
        host, port = address(wishes.listen)
    except ValueError as error:
        tadh.problems.append(f"--listen {error}")
    path = wishes.path
    if path is not None and not re.fullmatch(_PATH, path):
        tadh.problems.append(f"--path {path!r} is not a path such as /callback/SECRET")
    tadh.refuse()
    if path is not None and len(path) < _SECRET:
        tadh.messages.warn(f"--path {path} can be guessed: take one of {_SECRET} characters or more")
    return host, port, path or _kept_path(config.callback_path())


def _kept_path(file: Path) -> str:
    """The path that was made when it was needed first: videos on their way are told to call it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                new.write(f"/{secrets.token_urlsafe(24)}\n")
        except FileExistsError:
            pass
        kept = file.read_text().strip()
    except OSError as error:
        raise unwritable(file, error) from error
    if not kept.startswith("/"):
        raise InputError(f"{file} has no path in it", hint="remove it, or give one with --path")
    return kept


def _announce(tadh: Tadh, url: str, ready_file: str | None) -> None:
    tadh.messages.say(f"waiting for callbacks at {url}")
    if ready_file:
        path = Path(ready_file)
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_text(json.dumps({"Url": url, "Pid": os.getpid()}) + "\n")
            os.replace(part, path)
        except OSError as error:
            raise unwritable(path, error) from error
