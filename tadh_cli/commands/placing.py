"""`tadh video place`: pixels to the parameters of a placement, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tadh_cli.api.placing import Placing, size
from tadh_cli.commands.avatars import located, tag
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.names import Lookup
from tadh_cli.engine.places import STDOUT, unfit, write_text
from tadh_cli.errors import InputError
from tadh_cli.media.placement import Box, Position, Size, box, position
from tadh_cli.ui.frame import sketch, svg
from tadh_cli.ui.records import Column, Item, Record, Text, View, printable

_VIEW = View(
    id="Options",
    columns=(
        Column("Options", whole=True),
        Column("Frame", "Picture", told=lambda item: _drawn(item)),
        Column("AnchorName", "Name"),
        Column("VirtualmanKey", "Key", whole=True),
    ),
)
_ADVANCED, _STANDARD = "Advanced", "Standard"


def place(tadh: Tadh, wanted: Placing, lookup: Lookup, *, force: bool) -> Record | Text:
    """Where an avatar stands; with --svg it is drawn, too."""
    tadh.problems += _problems(wanted, force=force)
    name = wanted.avatar or tadh.settings.defaults.get("avatar")
    if not name:
        tadh.problems.append("--avatar is required")
    tadh.refuse()
    item, _ = located(tadh, str(name), lookup, "--avatar")
    canvas = Size(*wanted.canvas) if wanted.canvas else _resolution(item)
    scale = 1.0 if wanted.scale is None else wanted.scale
    zoom = _zoom(item)
    pose = Size(*wanted.pose) if wanted.pose else _pose(tadh, item)
    avatar = pose.times(zoom * scale)
    if wanted.x is None and wanted.y is None:
        at = position(canvas, avatar, wanted.left or 0.0, wanted.top or 0.0)
    else:
        at = Position(wanted.x or 0.0, wanted.y or 0.0)
    stands = box(canvas, avatar, at)
    for warning in _warnings(item, tag(tadh, item), canvas, stands, at, scale):
        tadh.messages.warn(warning)
    told = _told(item, canvas, pose, zoom, scale, at, stands)
    if wanted.svg is None:
        return Record(told, _VIEW)
    label = printable(f"{item.get('AnchorName') or item.get('VirtualmanKey')} on {canvas}: {told['Options']}")
    document = svg(canvas, stands, label=label, picture=str(item.get("PoseImage") or ""))
    if wanted.svg == STDOUT:
        return Text(document)
    write_text(Path(wanted.svg), document)
    return Record({**told, "Files": [wanted.svg]}, _VIEW)


def _problems(wanted: Placing, *, force: bool) -> Iterator[str]:
    by_pixels = [flag for flag, value in (("--left", wanted.left), ("--top", wanted.top)) if value is not None]
    by_parameters = [flag for flag, value in (("--x", wanted.x), ("--y", wanted.y)) if value is not None]
    if by_pixels and by_parameters:
        yield f"{by_pixels[0]} does not go with {by_parameters[0]}: give pixels or parameters"
    if not by_pixels and not by_parameters:
        yield "--left and --top in pixels, or --x and --y are needed"
    if len(by_pixels) == 1:
        yield f"{'--top' if by_pixels == ['--left'] else '--left'} is needed with {by_pixels[0]}"
    for flag, value in (("--left", wanted.left), ("--top", wanted.top), ("--x", wanted.x), ("--y", wanted.y)):
        if value is not None and not abs(value) < 1e6:
            yield f"{flag} {value} is no place in a picture"
    if wanted.scale is not None and not 0 < wanted.scale < 1e3:
        yield f"--scale {wanted.scale} is outside values above 0 (VideoParam.AnchorParam.Scale)"
    if wanted.svg and wanted.svg != STDOUT and (reason := unfit(Path(wanted.svg), may_replace=force)):
        yield f"--svg {reason}"


def _resolution(item: Item) -> Size:
    try:
        return Size(*size(str(item.get("Resolution") or "")))
    except ValueError:
        raise InputError("--canvas is needed: the service does not tell the resolution of this avatar") from None


def _zoom(item: Item) -> float:
    """The avatar's own zoom; of two spellings the one with three decimals is what the service counts with."""
    for value in (item.get("OriginZoomStr"), item.get("OriginZoom")):
        try:
            if (zoom := float(value)) > 0:  # type: ignore[arg-type]
                return zoom
        except (TypeError, ValueError):
            continue
    return 1.0


def _pose(tadh: Tadh, item: Item) -> Size:
    from tadh_cli.engine.picture_size import picture_size

    url = str(item.get("PoseImage") or "")
    if not url.lower().startswith(("http://", "https://")):
        raise InputError("--pose is needed: the service gives no picture of this avatar, whose size counts")
    return Size(*map(float, picture_size(tadh.transport, url)))


def _warnings(item: Item, anchor_tag: str, canvas: Size, stands: Box, at: Position, scale: float) -> Iterator[str]:
    if not stands.touches(canvas):
        yield "nothing of the avatar is in the picture"
    elif not stands.is_within(canvas):
        yield "a part of the avatar is outside of the picture"
    if anchor_tag == _ADVANCED and at.horizontal:
        yield "the service does not move this anchor to the sides (tag Advanced): --x counts as 0"
    if anchor_tag in (_ADVANCED, _STANDARD) and at.vertical < 0:
        yield f"the service does not move this anchor up (tag {anchor_tag}): --y counts as 0"
    if scale > 1 and anchor_tag in (_ADVANCED, _STANDARD):
        yield f"only anchors tagged Basic can be larger than 1, this one is {anchor_tag}"
    if item.get("Resolution") and str(canvas) != str(item["Resolution"]).lower():
        yield f"this avatar's videos are {item['Resolution']}, not {canvas}"


def _told(item: Item, canvas: Size, pose: Size, zoom: float, scale: float, at: Position, stands: Box) -> dict[str, Any]:
    horizontal, vertical = _rounded(at.horizontal, 6), _rounded(at.vertical, 6)
    return {
        "VirtualmanKey": item.get("VirtualmanKey"),
        "AnchorName": item.get("AnchorName"),
        "HorizontalPosition": horizontal,
        "VerticalPosition": vertical,
        "Scale": scale,
        "Options": f"--x {horizontal:g} --y {vertical:g}" + (f" --scale {scale:g}" if scale != 1 else ""),
        "Left": _rounded(stands.left, 2),
        "Top": _rounded(stands.top, 2),
        "Width": _rounded(stands.width, 2),
        "Height": _rounded(stands.height, 2),
        "Canvas": str(canvas),
        "OriginZoom": zoom,
        "Pose": str(pose),
        "Frame": {"Canvas": list(canvas), "Avatar": list(stands)},
    }


def _rounded(number: float, digits: int) -> float:
    """Without the minus of a zero."""
    return round(number, digits) + 0.0


def _drawn(item: Item) -> str:
    frame = item.get("Frame") or {}
    return sketch(Size(*frame["Canvas"]), Box(*frame["Avatar"])) if frame else ""
