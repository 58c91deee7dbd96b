"""A drive as it goes on, on stderr: a live line on a terminal, a plain line for each change elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tadh_cli.api.driving import Connection, Event, Notice, Progress
from tadh_cli.ui.messages import Messages
from tadh_cli.ui.records import printable

if TYPE_CHECKING:
    from rich.live import Live

_SPEAKERS = {"text": "says a text", "stream": "says a text as it comes", "audio": "plays a sound"}


@contextmanager
def watching(messages: Messages, name: str, *, is_conversation: bool) -> Iterator[Watcher]:
    """Whom to tell what happens in a drive; a conversation needs the last line of the terminal for itself."""
    if not messages.is_terminal or messages.is_quiet or is_conversation:
        watcher = Watcher(messages)
        yield watcher
        watcher.rest()
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=messages.stream, no_color=not messages.color, highlight=False)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        drawn = _Drawn(messages, name, live)
        yield drawn
        drawn.rest()


class Watcher:
    """Tells each change in a line."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._connection: Connection | None = None
        # What a model has said of a line that is not complete.
        self._line = ""

    def stands(self, progress: Progress) -> None:
        """How it stands: asked often, told when the channel opens, breaks or ends."""
        if progress.connection is not self._connection:
            self._connection = progress.connection
            self._messages.say(f"channel {progress.connection.value}")

    def came(self, event: Event) -> None:
        """A frame: where the utterance stands, or what a model answers."""
        if event.status and not event.is_replay:
            self._messages.say(_told(event))
        if event.content:
            *lines, self._line = (self._line + event.content).split("\n")
            for line in lines:
                self._messages.say(line)
        if event.is_final_content:
            self.rest()

    def told(self, notice: Notice) -> None:
        """Something that the user has to know."""
        (self._messages.warn if notice.is_warning else self._messages.say)(notice.text)

    def rest(self) -> None:
        """What a model has said without an end of line."""
        if self._line:
            self._messages.say(self._line)
            self._line = ""


def _told(event: Event) -> str:
    if event.code or event.message:
        return f"{event.status}: {event.message or 'no reason given'}" + (f" (code {event.code})" if event.code else "")
    return event.status


class _Drawn(Watcher):
    """The same with a line that is drawn again and again; what is said stands above it."""

    def __init__(self, messages: Messages, name: str, live: Live) -> None:
        super().__init__(messages)
        self._name = name
        self._live = live

    def stands(self, progress: Progress) -> None:
        from rich.text import Text

        self._connection = progress.connection
        self._live.update(Text(printable(line(self._name, progress)), no_wrap=True, overflow="ellipsis"), refresh=True)

    def came(self, event: Event) -> None:
        if event.content or event.is_final_content or event.code:
            super().came(event)


def line(name: str, progress: Progress) -> str:
    """Connection, who speaks, packets and ratio of the sound, the last event."""
    parts = [name, f"channel {progress.connection.value}"]
    if progress.speaker:
        parts.append(_SPEAKERS.get(progress.speaker, progress.speaker))
    if progress.packets:
        parts.append(f"{progress.packets} packets, {progress.sound_ms / 1000:.1f} s")
    if progress.ratio:
        parts.append(f"ratio {progress.ratio:.2f}")
    if progress.waiting:
        parts.append(f"{progress.waiting} waiting")
    if progress.last is not None and progress.last.status:
        parts.append(progress.last.status)
    return " · ".join(parts)
