"""The lists of avatars, anchors, images and actions, and one avatar with everything about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from tadh_cli.api.asset import type_code
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.listing import Selection, listed
from tadh_cli.commands.names import Lookup, key_of, owned
from tadh_cli.errors import NotFound, Refused
from tadh_cli.ui.forms import Expiry, drivers, lines, milliseconds, titles, zoom
from tadh_cli.ui.records import Column, Item, Record, Records, View

_SEARCHED = ("AnchorName", "AnchorCode", "VirtualmanKey", "ClothesName", "PoseName", "Resolution", "VirtualmanType")
_ANCHOR_SEARCHED = ("AnchorName", "AnchorCode", "VirtualmanType", "Tag")
_ACTION_SEARCHED = ("ActionName", "ActionCode")
_VOICE_SEARCHED = ("TimbreName", "TimbreKey", "TimbreDesc")

_ACTIONS = View(
    id="ActionCode",
    columns=(Column("ActionName", "Name"), Column("ActionCode", "Code", whole=True)),
    wide=(Column("ActionSample", "Sample"),),
)
_VOICES = View(
    id="TimbreKey",
    columns=(Column("TimbreName", "Name"), Column("TimbreKey", "Key", whole=True), Column("TimbreDesc", "Description")),
    wide=(Column("TimbreSample", "Sample"),),
)


def expiry(tadh: Tadh) -> Expiry:
    """How dates of the service are shown here and now."""
    return Expiry(tadh.client.service_now_s, tadh.provider.holdings().moment)


def ends(tadh: Tadh, *, blank: str = "") -> Column:
    """The column of the date until which something can be used."""
    shown = expiry(tadh)
    return Column("ExpireDate", "Expires", shown.text, whole=True, tone=shown.tone, blank=blank)


def _view(tadh: Tadh) -> View:
    """Avatars as a table."""
    kind = Column("VirtualmanTypeCode", "Type", titles(tadh.provider.holdings().types))
    return View(
        id="VirtualmanKey",
        columns=(
            Column("AnchorName", "Name"),
            Column("VirtualmanKey", "Key", whole=True),
            Column("Resolution", "Size"),
            ends(tadh),
            Column("ClothesName", "Clothes"),
            Column("PoseName", "Pose"),
            Column("SupportDriverTypes", "Driven by", drivers),
        ),
        wide=(
            Column("AnchorCode", "Anchor"),
            kind,
            Column("VideoNum", "Videos"),
            Column("OriginZoom", "Zoom", zoom),
            Column("PoseImage", "Picture"),
        ),
    )


def _anchor_view(tadh: Tadh) -> View:
    return View(
        id="AnchorCode",
        columns=(
            Column("AnchorName", "Name"),
            Column("AnchorCode", "Code", whole=True),
            Column("VirtualmanTypeCode", "Type", titles(tadh.provider.holdings().types)),
            Column("Tag"),
        ),
        wide=(Column("AppKey"), Column("HeaderImage", "Picture")),
    )


def avatars(
    tadh: Tadh,
    anchor: Sequence[str] | None,
    selection: Selection,
    lookup: Lookup,
    page_size: object,
    set_: Sequence[str] | None,
) -> Records:
    """The avatars made from recordings and photos."""
    items = listed(
        tadh,
        "avatar.list",
        {"AnchorCodes": list(anchor or ())},
        lookup,
        most=selection.most,
        page_size=page_size,
        set_=set_,
        is_whole=not anchor,
    )
    return selection.of(tadh, items, _view(tadh), _SEARCHED, None)


def of_type(
    tadh: Tadh,
    operation: str,
    type_: str | None,
    anchor: Sequence[str] | None,
    selection: Selection,
    lookup: Lookup,
    page_size: object,
) -> Records:
    """The anchors or the images of a type, by today's calls."""
    if not type_:
        words = ", ".join(kind.word for kind in tadh.provider.holdings().types)
        tadh.problems.append(f"--type is required: {words}, or a type code of the service")
    code = type_code(tadh.provider.holdings().types, type_ or "")
    items = listed(
        tadh,
        operation,
        {"VirtualmanTypeCode": code, "AnchorCodes": list(anchor or ())},
        lookup,
        most=selection.most if not anchor else None,
        page_size=page_size,
        is_whole=not anchor and operation == "avatar.images",
    )
    # One of two spellings of this filter is right: should the service ignore ours, the result is the same.
    kept = {each.lower() for each in anchor or ()}
    is_anchors = operation == "avatar.anchors"
    return selection.of(
        tadh,
        items,
        _anchor_view(tadh) if is_anchors else _view(tadh),
        _ANCHOR_SEARCHED if is_anchors else _SEARCHED,
        (lambda item: str(item.get("AnchorCode")).lower() in kept) if kept else None,
    )


def everything(
    tadh: Tadh, type_: str | None, anchor: Sequence[str] | None, selection: Selection, lookup: Lookup
) -> Records:
    """The avatars of all types, or of one of them."""
    if type_:
        return of_type(tadh, "avatar.images", type_, anchor, selection, lookup, None)
    tadh.refuse()
    kept = {each.lower() for each in anchor or ()}
    keep = (lambda item: str(item.get("AnchorCode")).lower() in kept) if kept else None
    return selection.of(tadh, owned(tadh, lookup).asked("avatar"), _view(tadh), _SEARCHED, keep)


# The calls that the service is about to drop -----------------------------------------------------------


def older_anchors(
    tadh: Tadh, type_: str | None, anchor: Sequence[str] | None, selection: Selection, *, all_resources: bool
) -> Records:
    """Anchors by the older call, which knows no pages."""
    code = type_code(tadh.provider.holdings().types, type_) if type_ else None
    kept = {each.lower() for each in anchor or ()}
    _warn_of_end(tadh, "legacy.anchors")
    items = _resources(tadh, "legacy.anchors", GetAllResource=all_resources, VirtualmanTypeCode=code)
    keep = (lambda item: str(item.get("AnchorCode")).lower() in kept) if kept else None
    return selection.of(tadh, items, _anchor_view(tadh), _ANCHOR_SEARCHED, keep)


def older_images(
    tadh: Tadh, type_: str | None, anchor: Sequence[str] | None, selection: Selection, *, all_resources: bool
) -> Records:
    """The images of anchors by the older call, anchor after anchor."""
    if type_:
        tadh.messages.warn("--type has no effect with --legacy: that call takes an anchor alone")
    if not anchor:
        tadh.problems.append("--anchor is required with --legacy: `tadh avatar anchors --legacy` lists them")

    _warn_of_end(tadh, "legacy.images")

    def items() -> Iterator[Item]:
        for code in anchor or ():
            yield from _resources(tadh, "legacy.images", GetAllResource=all_resources, AnchorCode=code)

    return selection.of(tadh, items(), _view(tadh), _SEARCHED, None)


def _resources(tadh: Tadh, operation: str, **values: Any) -> Iterator[Item]:
    """The items of an older answer, each with the appkey under which it stands."""
    for resource in tadh.call(operation, **values)["VirtualmanResources"]:
        for item in resource.get("Virtualmans") or ():
            yield {"AppKey": resource.get("AppKey"), **item}


def _warn_of_end(tadh: Tadh, operation: str) -> None:
    """Tell that the service is about to drop a call, and what comes in its place."""
    tadh.refuse()
    advice = re.sub(r"\b(avatar|voice)\.(\w+)", r"`tadh \1 \2`", tadh.provider.operation(operation).deprecated)
    tadh.messages.warn(f"the service calls this deprecated ({operation}): {advice}")


# Of one avatar -----------------------------------------------------------------------------------------


def actions(tadh: Tadh, avatar: str, selection: Selection, lookup: Lookup, *, legacy: bool) -> Records:
    """What an avatar can be told to do."""
    operation = "legacy.actions" if legacy else "avatar.actions"
    if legacy:
        _warn_of_end(tadh, operation)
    found = tadh.call(operation, VirtualmanKey=key_of(tadh, "avatar", avatar, lookup, "KEY"))["Actions"]
    if not found:
        tadh.messages.say("this avatar has no actions: only 3D avatars have some")
    return selection.of(tadh, found, _ACTIONS, _ACTION_SEARCHED, None)


def voices(tadh: Tadh, avatar: str, selection: Selection, lookup: Lookup, *, legacy: bool) -> Records:
    """The voices that the service suggests for an avatar."""
    operation = "legacy.voices" if legacy else "avatar.voices"
    _warn_of_end(tadh, operation)
    found = tadh.call(operation, VirtualmanKey=key_of(tadh, "avatar", avatar, lookup, "KEY"))["Timbres"]
    return selection.of(tadh, found, _VOICES, _VOICE_SEARCHED, None)


def show(tadh: Tadh, avatar: str, lookup: Lookup) -> Record:
    """One avatar: its own fields, its anchor's other images, what it can do."""
    item, siblings = located(tadh, avatar, lookup, "KEY", is_fresh=True)
    code = str(item.get("VirtualmanTypeCode") or "")
    more: dict[str, Any] = {}
    if code:
        more |= _anchor(tadh, code, str(item.get("AnchorCode") or ""))
    more["Actions"] = _actions(tadh, str(item["VirtualmanKey"]))
    more["Images"] = [
        {name: other.get(name) for name in ("VirtualmanKey", "ClothesName", "PoseName", "Resolution", "ExpireDate")}
        for other in siblings
    ]
    view = _view(tadh)
    shown = (
        Column("Actions", form=_action_lines),
        Column("Images", form=_image_lines),
        Column("SupportAnchorExtraParams", form=_parameter_lines),
        Column("VideoDuration", form=milliseconds),
    )
    return Record(
        {**item, **{name: value for name, value in more.items() if name not in item}},
        view._replace(columns=view.columns + view.wide + shown, wide=()),
    )


def located(tadh: Tadh, avatar: str, lookup: Lookup, flag: str, *, is_fresh: bool = False) -> tuple[Item, list[Item]]:
    """An avatar as it is listed, and the other images of its anchor; raises NotFound.

    `is_fresh`: as the service says now, not as it is remembered.
    """
    account = owned(tadh, lookup)
    key = account.key("avatar", avatar, flag)
    items = account.asked("avatar") if is_fresh else account.items("avatar")
    item = next((each for each in items if each.get("VirtualmanKey") == key), None)
    if item is None and not is_fresh:
        return located(tadh, key, lookup, flag, is_fresh=True)
    if item is None:
        hint = "`tadh avatar list` and `tadh avatar images --type …` show those it has"
        raise NotFound(f"the account has no avatar {key}", hint=hint)
    same = [each for each in items if each.get("AnchorCode") == item.get("AnchorCode") and each is not item]
    return item, [each for each in same if each.get("VirtualmanTypeCode") == item.get("VirtualmanTypeCode")]


def tag(tadh: Tadh, item: Item) -> str:
    """The tag of an avatar's anchor, which decides how it can be placed; empty when it has none."""
    code = str(item.get("VirtualmanTypeCode") or "")
    return str(_anchor(tadh, code, str(item.get("AnchorCode") or "")).get("Tag") or "") if code else ""


def _anchor(tadh: Tadh, code: str, anchor: str) -> dict[str, Any]:
    """What the list of anchors says about one; empty when the service refuses to tell."""
    only = [anchor] if anchor else None
    try:
        anchors = list(tadh.client.pages("avatar.anchors", VirtualmanTypeCode=code, AnchorCodes=only))
    except (NotFound, Refused):
        return {}
    return next((dict(each) for each in anchors if each.get("AnchorCode") == anchor), {})


def _actions(tadh: Tadh, key: str) -> list[Any]:
    try:
        return list(tadh.call("avatar.actions", VirtualmanKey=key)["Actions"])
    except (NotFound, Refused) as error:
        tadh.messages.warn(f"the actions can't be had: {error.message}")
        return []


def _action_lines(found: Any) -> str:
    return lines([f"{each.get('ActionCode')}  {each.get('ActionName')}" for each in found])


def _image_lines(images: Any) -> str:
    names = ("ClothesName", "PoseName", "Resolution")
    told = [", ".join(str(image[name]) for name in names if image.get(name)) for image in images]
    return lines([f"{image['VirtualmanKey']}  {text}" for image, text in zip(images, told, strict=True)])


def _parameter_lines(parameters: Any) -> str:
    return lines([f"{each.get('Key')}  {each.get('Description')}" for each in parameters])
