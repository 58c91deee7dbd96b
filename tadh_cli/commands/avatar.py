"""`tadh avatar`: the avatars of the account, and new ones."""

from __future__ import annotations

from typing import Annotated

import typer

from tadh_cli.api.customization import AvatarCustomization
from tadh_cli.commands import avatars, deciding, offers
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.customizing import make
from tadh_cli.commands.gallery import Making, made
from tadh_cli.commands.listing import Selection
from tadh_cli.commands.names import Lookup
from tadh_cli.commands.options import (
    AutoConfirm,
    DryRun,
    Following,
    PageSize,
    Set,
    SkipChecks,
    Wait,
)
from tadh_cli.commands.submitting import Sending
from tadh_cli.ui.records import Record, Records, Text

commands = Commands("avatar", "Avatars of the account, and new ones.")

# The roles of `providers/*/material.py`, for the help alone.
_ROLES = "studio, instant, 4k, photo, identity-video, identity-pdf, demo-audio, voice-zip, voice-wav, ultra"
# The words of `providers/*/terms.py`, for the help alone.
_TYPES = "studio, instant, 4k, photo, premium, 3d, semi-realistic, cartoon, or a type code of the service"
Anchor = Annotated[list[str] | None, typer.Option("--anchor", metavar="CODE", help="only this anchor")]
Type = Annotated[str | None, typer.Option("--type", metavar="TYPE", help=_TYPES, autocompletion=offers.avatar_types)]
Legacy = Annotated[bool, typer.Option("--legacy", help="use the older call of the video service, which is deprecated")]
AllResources = Annotated[
    bool, typer.Option("--all-resources", help="with --legacy: what all appkeys of the user have, not only this one")
]
Key = Annotated[
    str, typer.Argument(metavar="KEY", help="key or unique name of an avatar", autocompletion=offers.avatars)
]


@commands.command(
    "list",
    examples=(
        "tadh avatar list",
        "tadh avatar list --search teacher -o id",
        "tadh avatar list --sort expires --limit 5",
        "tadh avatar list -o json --query '[].{Key: VirtualmanKey, Size: Resolution}'",
    ),
)
def list_(
    tadh: Tadh,
    selection: Selection,
    lookup: Lookup,
    anchor: Anchor = None,
    page_size: PageSize = None,
    set_: Set = None,
) -> Records:
    """List the avatars of the account that were made from recordings or photos.

    All pages are fetched and merged. The key is what `tadh video create --avatar` takes. Premium and 3D avatars are
    listed by `tadh avatar images --type premium` and the like.
    """
    return avatars.avatars(tadh, anchor, selection, lookup, page_size, set_)


@commands.command(
    "show",
    examples=('tadh avatar show "$AVATAR"', 'tadh avatar show "$AVATAR" -o json --query SupportDriverTypes'),
)
def show(tadh: Tadh, key: Key, lookup: Lookup) -> Record:
    """Show one avatar.

    What drives it, how large it is, until when it can be used, its actions, and the other images of its anchor.

    Wherever a key of an avatar is taken, its name is taken too, when it means only one. Details behind commas tell
    those of the same name apart: "Anna, Yellow suit, 1080x1920". What looks like a key is never looked up.
    """
    return avatars.show(tadh, key, lookup)


@commands.command(
    "anchors",
    examples=("tadh avatar anchors --type 3d", "tadh avatar anchors --type real_man_2d -o id"),
)
def anchors(
    tadh: Tadh,
    selection: Selection,
    lookup: Lookup,
    type_: Type = None,
    anchor: Anchor = None,
    page_size: PageSize = None,
    legacy: Legacy = False,
    all_resources: AllResources = False,
) -> Records:
    """List the anchors of a type.

    An anchor is somebody who can be seen, in clothes and poses that `tadh avatar images` lists. The tag tells how
    `--x`, `--y` and `--scale` of a video move it: Basic in all directions, Standard to the sides and down, Advanced
    down only.
    """
    if legacy:
        return avatars.older_anchors(tadh, type_, anchor, selection, all_resources=all_resources)
    _needs_legacy(tadh, all_resources)
    return avatars.of_type(tadh, "avatar.anchors", type_, anchor, selection, lookup, page_size)


@commands.command(
    "images",
    examples=("tadh avatar images --type premium", "tadh avatar images --type 3d --search suit -o wide"),
)
def images(
    tadh: Tadh,
    selection: Selection,
    lookup: Lookup,
    type_: Type = None,
    anchor: Anchor = None,
    page_size: PageSize = None,
    legacy: Legacy = False,
    all_resources: AllResources = False,
) -> Records:
    """List the avatars of a type.

    Each is an anchor in certain clothes, a pose and a resolution, and has a key for `tadh video create --avatar`.
    """
    if legacy:
        return avatars.older_images(tadh, type_, anchor, selection, all_resources=all_resources)
    _needs_legacy(tadh, all_resources)
    return avatars.of_type(tadh, "avatar.images", type_, anchor, selection, lookup, page_size)


def _needs_legacy(tadh: Tadh, all_resources: bool) -> None:
    if all_resources:
        tadh.problems.append("--all-resources needs --legacy")


@commands.command(
    "gallery",
    examples=(
        "tadh avatar gallery --out avatars.html",
        "tadh avatar gallery --type premium --sort name --limit 3 --embed --out premium.html",
        "tadh avatar gallery --search anna --out - > anna.html",
    ),
)
def gallery(
    tadh: Tadh,
    making: Making,
    selection: Selection,
    lookup: Lookup,
    type_: Type = None,
    anchor: Anchor = None,
) -> Record | Text:
    """Write a page with pictures and clips of avatars.

    One HTML file that needs no other: search, filters and order work in the browser, every key can be copied, what
    expires soon stands out. Without --type it has what `tadh avatar list` shows and the premium and 3D avatars.

    The page links to the pictures and clips of the service, and these links expire. --embed downloads them into the
    page, pictures first; what is too large or can't be had is told on its card, and counted. A file that exists is
    replaced when it is such a page.
    """
    from tadh_cli.ui.gallery.cards import AVATARS

    making.check(tadh)
    return made(tadh, AVATARS, avatars.everything(tadh, type_, anchor, selection, lookup), making)


@commands.command(
    "actions",
    examples=('tadh avatar actions "$AVATAR"', 'tadh avatar actions "$AVATAR" --search hand -o id'),
)
def actions(tadh: Tadh, key: Key, selection: Selection, lookup: Lookup, legacy: Legacy = False) -> Records:
    """List the actions of an avatar, for `<insert-action type="CODE"/>` in SSML.

    Only 3D avatars have actions; the list of others is empty.
    """
    return avatars.actions(tadh, key, selection, lookup, legacy=legacy)


@commands.command(
    "voices",
    examples=('tadh avatar voices "$AVATAR"', 'tadh avatar voices "$AVATAR" --limit 1 -o id'),
)
def voices(tadh: Tadh, key: Key, selection: Selection, lookup: Lookup, legacy: Legacy = False) -> Records:
    """List the voices that the service suggests for an avatar.

    The service calls this deprecated: every voice can be used with every avatar, see `tadh voice list`.
    """
    return avatars.voices(tadh, key, selection, lookup, legacy=legacy)


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


deciding.declare(
    commands,
    deciding.Words("avatar", "customizations", "the demo videos wait", "The mouth lags behind the sound.", "Too dark."),
)
