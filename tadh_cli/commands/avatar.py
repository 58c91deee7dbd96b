"""`tadh avatar`: the avatars of the account, and new ones."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from tadh_cli.api.customization import AvatarCustomization
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.customizing import decide, look, make
from tadh_cli.commands.customizing import wait as wait_for
from tadh_cli.commands.options import (
    All,
    AutoConfirm,
    DryRun,
    Following,
    Limit,
    OneTask,
    PageSize,
    Reason,
    Search,
    Set,
    SkipChecks,
    Tasks,
    Wait,
    matches,
    pairs,
)
from tadh_cli.commands.submitting import Sending
from tadh_cli.ui.forms import day, drivers
from tadh_cli.ui.records import Column, Record, Records, View

commands = Commands("avatar", "Avatars of the account, and new ones.")

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


@commands.command(
    "customize",
    examples=(
        "tadh avatar customize --type photo --name Wuji --gender male --material portrait.jpg --wait",
        "tadh avatar customize --type studio --name Anna --gender female --material training.mp4 "
        "--identity-video letter.mp4 --dry-run",
    ),
)
def customize(
    tadh: Tadh,
    options: AvatarCustomization,
    following: Following,
    wait: Wait = False,
    auto_confirm: AutoConfirm = False,
    skip_checks: SkipChecks = False,
    dry_run: DryRun = False,
    set_: Set = None,
) -> Record | Records:
    """Make an avatar from a video or a photo.

    The files are inspected first (see `tadh avatar check`), then uploaded, then the request is sent, once. A
    person at the service audits the material; the demo has to be confirmed by you, except for photos.
    """
    sending = Sending(wait=wait, dry_run=dry_run, skips_checks=skip_checks, set=set_ or ())
    return make(tadh, "avatar", options, sending, following, auto_confirm=auto_confirm)


@commands.command("status", examples=('tadh avatar status "$TASK"', "tadh avatar status --all -o ndjson"))
def status(tadh: Tadh, task: Tasks = None, all_: All = False) -> Records | Record:
    """Show where customizations stand.

    In the stage CONFIRM the demo videos wait for your decision; at the end the avatar's key is there.
    """
    return look(tadh, "avatar", task, all_=all_)


@commands.command("wait", examples=('tadh avatar wait "$TASK"', "tadh avatar wait --all --timeout 2h --interval 5m"))
def wait_(
    tadh: Tadh, following: Following, task: Tasks = None, all_: All = False, auto_confirm: AutoConfirm = False
) -> Records | Record:
    """Follow customizations to their end, or to the demo that you have to confirm."""
    return wait_for(tadh, "avatar", task, following, all_=all_, auto_confirm=auto_confirm)


@commands.command("confirm", examples=('tadh avatar confirm "$TASK"', 'tadh avatar confirm "$TASK" --dry-run'))
def confirm(tadh: Tadh, task: OneTask, dry_run: DryRun = False, set_: Set = None) -> Record:
    """Accept the demo of an avatar."""
    return decide(tadh, "avatar", task, "AGREE", None, dry_run=dry_run, set_=set_ or ())


@commands.command(
    "reject",
    examples=(
        'tadh avatar reject "$TASK" --reason "The mouth lags behind the sound."',
        'tadh avatar reject "$TASK" --reason "Too dark." --dry-run',
    ),
)
def reject(tadh: Tadh, task: OneTask, reason: Reason = None, dry_run: DryRun = False, set_: Set = None) -> Record:
    """Reject the demo of an avatar; it is trained again."""
    return decide(tadh, "avatar", task, "REJECT", reason, dry_run=dry_run, set_=set_ or ())
