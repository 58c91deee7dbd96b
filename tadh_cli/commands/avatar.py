"""`tadh avatar`: the avatars of the account."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import Limit, PageSize, Search, Set, matches, pairs
from tadh_cli.ui.forms import day, drivers
from tadh_cli.ui.records import Column, Records, View

commands = Commands("avatar", "Avatars of the account.")

_AVATARS = View(
    id="VirtualmanKey",
    columns=(
        Column("AnchorName", "Name"),
        Column("VirtualmanKey", "Key", whole=True),
        Column("Resolution"),
        Column("ExpireDate", "Expires", day),
        Column("ClothesName", "Clothes"),
        Column("PoseName", "Pose"),
        Column("SupportDriverTypes", "Driven by", drivers),
    ),
    wide=(
        Column("AnchorCode", "Anchor"),
        Column("VideoNum", "Videos"),
        Column("OriginZoom", "Zoom"),
    ),
)


# The roles of `providers/*/material.py`, for the help alone.
_ROLES = "studio, instant, 4k, photo, identity-video, identity-pdf, demo-audio, voice-zip, voice-wav, ultra"
_SEARCHED = ("AnchorName", "AnchorCode", "VirtualmanKey", "ClothesName", "PoseName")


@commands.command(
    "list",
    examples=(
        "tadh avatar list",
        "tadh avatar list --search teacher -o id",
        "tadh avatar list -o json --query '[].{Key: VirtualmanKey, Size: Resolution}'",
    ),
)
def list_(
    tadh: Tadh,
    anchor: Annotated[list[str] | None, typer.Option("--anchor", metavar="CODE", help="only this anchor")] = None,
    search: Search = None,
    limit: Limit = None,
    page_size: PageSize = None,
    set_: Set = None,
) -> Records:
    """List the avatars of the account.

    All pages are fetched and merged. The key is what `tadh video create --avatar` takes.
    """
    items = tadh.client.pages(
        "avatar.list", overrides=dict(pairs(tadh, "--set", set_)), AnchorCodes=anchor or None, PageSize=page_size
    )
    found = (item for item in items if matches(search, *(item.get(name) for name in _SEARCHED)))
    return Records(islice(found, limit), _AVATARS)


@commands.command(
    "check",
    examples=(
        "tadh avatar check video.mp4 --type studio",
        "tadh avatar check voice.wav --type demo-audio -o json --query '[?!Ok].File'",
    ),
)
def check(
    tadh: Tadh,
    file: Annotated[list[str], typer.Argument(metavar="FILE...", help="files to check, - for stdin")],
    type_: Annotated[str, typer.Option("--type", metavar="T", help=_ROLES)],
) -> None:
    """Check files before they are uploaded, without network or account.

    T is the avatar that the material is for, or what else the files are. Only headers are read, so that the size of
    a file does not matter. Ends with exit code 2 when a file is refused; warnings are advice.
    """
    from tadh_cli.commands import material

    material.check(tadh, file, type_)
