"""What the studio cannot do with what it was given; the callers turn these into the service's own failures.

StudioError
+-- Unspeakable       the text is not well-formed, or nothing in it can be said
+-- VoiceMissing      the voice that was asked for is not installed
+-- UnreadableMedia   a file is missing, broken, or holds no usable sound or picture
"""

from __future__ import annotations

from tadh_cli.sandbox.spliced import Readable


class StudioError(Exception):
    """Anything the studio refuses."""


class Unspeakable(StudioError):
    """The text cannot be spoken."""


class VoiceMissing(StudioError):
    """The speech engine asked for by name cannot be used on this machine."""


class UnreadableMedia(StudioError):
    """A media file cannot be used."""

    def __init__(self, path: Readable, reason: str) -> None:
        # Both as arguments: the exception has to survive the way back from a worker process.
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path.name}: {self.reason}"
