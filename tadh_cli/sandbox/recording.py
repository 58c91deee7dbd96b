"""Measures a recording while it is read: any format, any length, in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from tadh_cli.sandbox.acoustics import RATE_HZ, Measured, Meter
from tadh_cli.sandbox.spliced import Readable
from tadh_cli.sandbox.studio.errors import UnreadableMedia
from tadh_cli.sandbox.studio.sound import frames_of
from tadh_cli.sandbox.studio.source import opened

if TYPE_CHECKING:
    import av

# Samples that are measured at once: packets of a WAV file have a thousand.
BLOCK = 1 << 14


def measured(source: Readable) -> Measured:
    """The values of a recording; raise UnreadableMedia where there is none to hear."""
    import av

    meter = Meter()
    # Neither rate nor layout are changed: clipping is seen in the samples as they are.
    native = _Gathered(av.AudioResampler(format="s16p"), meter.native)
    mono = _Gathered(av.AudioResampler(format="s16p", layout="mono", rate=RATE_HZ), lambda one: meter.mono(one[0]))
    with opened(source, "sound") as container:
        for frame in chain(frames_of(container), [None]):
            native.take(frame)
            mono.take(frame)
    found = meter.measured()
    if not found.duration_s:
        raise UnreadableMedia(source, "holds no sound")
    return found


class _Gathered:
    """Converts frames and passes their samples on, one array a channel, when there are enough."""

    def __init__(self, converter: av.AudioResampler, to: Callable[[Sequence[array[int]]], None]) -> None:
        self._converter = converter
        self._to = to
        self._channels: list[array[int]] = []

    def take(self, frame: av.AudioFrame | None) -> None:
        """The next frame, None after the last."""
        for one in self._converter.resample(frame):
            planes = [array("h", bytes(plane)[: one.samples * 2]) for plane in one.planes]
            self._channels = self._channels or [array("h") for _ in planes]
            for channel, plane in zip(self._channels, planes, strict=True):
                channel.extend(plane)
        if self._channels and (frame is None or len(self._channels[0]) >= BLOCK):
            self._to(self._channels)
            self._channels = []
