"""Sounds in any format that FFmpeg knows, converted to PCM while they are read: the only import of PyAV for that."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from tadh_cli.errors import FileError
from tadh_cli.media.pcm import BYTES_A_SECOND, RATE_HZ, SAMPLE_BYTES, Pcm, Source, Warn, words

if TYPE_CHECKING:
    from av import AudioFrame, AudioResampler, AudioStream
    from av.container import InputContainer

# What FFmpeg may take a sound for: none of these opens other files or addresses.
_FORMATS = (
    "wav,w64,aiff,au,caf,mp3,aac,flac,ogg,asf,mov,mp4,m4a,3gp,matroska,webm,avi,flv,mpegts,mpeg,amr,amrnb,amrwb,ac3,"
    "eac3,dts,ape,wv,tta,tak,mpc,mpc8,gsm,voc,sox,adts,loas,latm,opus,nut,rm,ivf,mxf"
)
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
# Films keep their index at the end, as a rule: one that comes through a pipe has to be there as a whole.
_INDEXED = ("mp4", "mov", "m4a", "3gp")
_PIECE_BYTES = 1 << 20


def converted(source: Source, kind: str, warn: Warn) -> Pcm:
    """The sound of a file or a pipe; raises InputError when there is none to be heard."""
    import av

    spooled = (
        _spooled(source) if kind in _INDEXED and not source.is_seekable and not _begins_with_index(source) else None
    )
    given: Any = spooled or (source.file if source.is_seekable else _Pipe(source))
    try:
        container = av.open(given, options=_OPTIONS)
    except OSError as error:
        raise source.refused(f"can't be read: {words(error)}") from None
    except (av.FFmpegError, ValueError):
        raise source.refused(
            "is no sound that can be read", hint="is it complete? `ffprobe FILE` may tell more"
        ) from None
    stream = container.streams.best("audio")
    if stream is None or stream.codec_context is None:
        container.close()
        what = "has no sound track" if stream is None else "has a sound in a format that nobody knows"
        raise source.refused(what)
    conversion = _Conversion(source, container, stream, spooled, warn)
    seconds = None if container.duration is None else container.duration / av.time_base
    return Pcm(iter(conversion), seconds, conversion.close)


class _Pipe:
    """What FFmpeg may do with a pipe: read on."""

    def __init__(self, source: Source) -> None:
        self.read = source.read


def _spooled(source: Source) -> IO[bytes]:
    try:
        file = tempfile.TemporaryFile(prefix="tadh-")  # noqa: SIM115 (it lives as long as the sound)
        while piece := source.read(_PIECE_BYTES):
            file.write(piece)
    except OSError as error:
        raise source.refused(f"can't be kept to be read: {words(error)}", hint="make room in TMPDIR") from None
    file.seek(0)
    return file


def _begins_with_index(source: Source) -> bool:
    """Whether the index is the first box after the brand: then the rest can be read as it comes."""
    head = source.peek(512)
    at = int.from_bytes(head[:4], "big")
    return head[at + 4 : at + 8] == b"moov"


class _Conversion:
    """The pieces of a sound as it is decoded and resampled."""

    def __init__(
        self, source: Source, container: InputContainer, stream: AudioStream, spooled: IO[bytes] | None, warn: Warn
    ) -> None:
        self._source, self._container, self._stream = source, container, stream
        self._spooled, self._warn = spooled, warn
        self._has_begun = False
        self._broken = 0
        self._resampler: AudioResampler | None = None
        self._shape: object = None

    def close(self) -> None:
        if not self._has_begun:
            self._release()

    def _release(self) -> None:
        self._container.close()
        if self._spooled is not None:
            self._spooled.close()
        self._source.close()

    def __iter__(self) -> Iterator[bytes]:
        import av

        self._has_begun = True
        made, told = 0, self._source.told
        try:
            for piece in self._pieces():
                made += len(piece)
                yield piece
        except (OSError, av.FFmpegError) as error:
            raise FileError(f"{told} breaks off after {made / BYTES_A_SECOND:.1f} s: {words(error)}") from None
        finally:
            self._release()
        if not made:
            raise FileError(f"{told} has no sound that can be decoded")
        if self._broken:
            self._warn(f"{told} is damaged: {self._broken} packets could not be decoded and are left out")

    def _pieces(self) -> Iterator[bytes]:
        for frame in self._frames():
            yield from self._resampled(frame)
        yield from self._flushed()

    def _frames(self) -> Iterator[AudioFrame]:
        import av

        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                # A packet that is damaged is no reason to fall silent: players go on as well.
                self._broken += 1
                continue
            yield from (frame for frame in frames if isinstance(frame, av.AudioFrame))

    def _resampled(self, frame: AudioFrame) -> Iterator[bytes]:
        import av

        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or shape != self._shape:
            # Some streams change in the middle.
            yield from self._flushed()
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
            self._shape = shape
        # Times that jump would make the resampler fill or cut.
        frame.pts = None
        yield from map(_bytes_of, self._resampler.resample(frame))

    def _flushed(self) -> Iterator[bytes]:
        """What the resampler still holds."""
        if self._resampler is not None:
            yield from map(_bytes_of, self._resampler.resample(None))


def _bytes_of(frame: AudioFrame) -> bytes:
    """The samples alone: planes are padded."""
    return bytes(frame.planes[0])[: frame.samples * SAMPLE_BYTES]
