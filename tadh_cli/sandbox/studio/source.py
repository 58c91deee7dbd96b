"""Open a media file that somebody handed in: judged by its content, never by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.studio.errors import UnreadableMedia

if TYPE_CHECKING:
    from av.container import InputContainer

# The formats the service takes, and their near relations; no playlists, which open further files and addresses.
FORMATS = "mov,mp4,mp3,wav,aac,asf,flac,ogg,matroska,webm,png_pipe,jpeg_pipe,webp_pipe"


@contextmanager
def opened(path: Readable, content: Literal["sound", "picture"]) -> Iterator[InputContainer]:
    """Open a file that holds sound, or a picture; whatever goes wrong with it inside the block is UnreadableMedia."""
    import av

    try:
        # By its name, `a%d.png` would be a series of pictures and `concat:b` a list of files.
        with path.open("rb") as file, av.open(file, "r", options={"format_whitelist": FORMATS}) as container:
            if not (container.streams.audio if content == "sound" else container.streams.video):
                raise UnreadableMedia(path, f"holds no {content}")
            yield container
    except (av.FFmpegError, OSError, ValueError) as error:
        # Only the reason: the whole text names the file by its place on this machine.
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableMedia(path, f"cannot be read: {reason}") from error
