"""What can be asked about the place of an avatar in a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tadh_cli.api.options import opt


def size(text: str) -> tuple[float, float]:
    """Width and height in pixels of a size such as 1920x1080; raises ValueError."""
    found = re.fullmatch(r"\s*([0-9]{1,5})\s*[xX*×]\s*([0-9]{1,5})\s*", text)
    if not found or not (int(found[1]) and int(found[2])):
        raise ValueError(f"{text!r} is not a size such as 1920x1080")
    return float(found[1]), float(found[2])


@dataclass(frozen=True)
class Placing:
    """An avatar, a canvas, and where one stands on the other: in pixels, or by the parameters of the service."""

    avatar: str | None = opt("--avatar", "avatar, by key or unique name", metavar="KEY|NAME", asset="avatar")
    canvas: tuple[float, float] | None = opt(
        "--canvas", "size of the picture; the avatar's own resolution when left out", metavar="WxH", reader=size
    )
    left: float | None = opt("--left", "left edge of the avatar, pixels from the left", metavar="PX")
    top: float | None = opt("--top", "upper edge of the avatar, pixels from above", metavar="PX")
    x: float | None = opt("--x", "the other way round: horizontal position, 0 centre, negative left")
    y: float | None = opt("--y", "the other way round: vertical position, 0 bottom, negative up")
    scale: float | None = opt("--scale", "size of the avatar, 1.0 its own")
    pose: tuple[float, float] | None = opt(
        "--pose", "size of the avatar's picture, which is not fetched then", metavar="WxH", reader=size
    )
    svg: str | None = opt("--svg", "write a drawing to this file, - for stdout", metavar="FILE|-")
