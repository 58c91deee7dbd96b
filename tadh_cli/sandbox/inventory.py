"""The lists of avatars, anchors, voices and actions, in today's calls and in the older ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tadh_cli.providers.tencent.terms import TYPE_CODES
from tadh_cli.sandbox import progress
from tadh_cli.sandbox.account import page
from tadh_cli.sandbox.catalogue import Avatar, date
from tadh_cli.sandbox.names import ACTIONS
from tadh_cli.sandbox.refusals import bad_value, unknown
from tadh_cli.sandbox.service import Call, Handler, Service
from tadh_cli.sandbox.voices import VoiceEntry
from tadh_cli.sandbox.wire import Json

# Colours that can be changed (sample of Querying all Avatars under the Anchor); Type 1 as printed there.
_COLOURS = {"shirtColor": "Shirt colour", "clotheColor": "Suit colour", "shoeColor": "Shoe colour"}
_OLDER_TYPES = ("real_man_2d", "real_man_3d")


def avatars(service: Service, call: Call) -> dict[str, Json]:
    """describesmallsampleimage: the avatars that people know as avatars; other types have calls of their own."""
    wanted = call.payload.get("AnchorCodes") or []
    found = [
        avatar
        for avatar in service.avatars(call.now)
        if avatar.is_small_sample and (not wanted or avatar.anchor_code in wanted)
    ]
    figures = _Figures(service, call.now)
    return page([_image(service, avatar, figures, as_text=False) for avatar in found], call, "Virtualmans")


def anchors(service: Service, call: Call) -> dict[str, Json]:
    """getanchor of the assets."""
    found = _of_type(service, call)
    return page([_anchor(service, avatar) for avatar in _one_each(found)], call, "Virtualmans")


def images(service: Service, call: Call) -> dict[str, Json]:
    """getimagebyanchor."""
    figures = _Figures(service, call.now)
    return page(
        [
            {
                **_image(service, avatar, figures, as_text=True),
                "VirtualmanType": TYPE_CODES[avatar.type_code],
                "VirtualmanTypeCode": avatar.type_code,
                "SupportAnchorExtraParams": _colours(avatar),
            }
            for avatar in _of_type(service, call)
        ],
        call,
        "Virtualmans",
    )


def actions(service: Service, call: Call) -> dict[str, Json]:
    """getaction: "2D sample avatars do not support actions, and calling this API will return an empty result"."""
    avatar = _known(service, call)
    sample = f"{service.links.base_url}/samples/avatars/{avatar.key}.mp4"
    return {
        "Actions": [
            {"ActionName": name, "ActionCode": code, "ActionSample": f"{sample}?action={code}"}
            for code, name in ACTIONS.items()
            if avatar.is_3d
        ]
    }


def voices(service: Service, call: Call) -> dict[str, Json]:
    """describetimbre; the name of the list differs between the documentation's table and its sample."""
    made = [task for task in service.tasks.values() if progress.standing(task, call.now).status == "SUCCESS"]
    number = Counter(task.voice for task in made)
    length: Counter[str] = Counter()
    for task in made:
        length[task.voice] += task.duration_ms
    items = []
    for voice in service.voices(call.now):
        item = _voice(service, voice)
        items.append({**item, "AudioDuration": length[voice.key], "AudioNum": number[voice.key]})
    return page(items, call, "TimbreDetails" if service.follows_samples else "TimbreAssets")


def avatar_voices(service: Service, call: Call) -> dict[str, Json]:
    """getimagetimbre and gettimbre: the avatar's own voice first."""
    avatar = _known(service, call)
    fitting = [
        voice
        for voice in service.voices(call.now)
        if voice.gender == avatar.gender and avatar.language in voice.languages and voice.purchase_type == "Lease"
    ]
    fitting.sort(key=lambda voice: voice.key != avatar.voice)
    return {
        "Timbres": [
            {
                "TimbreKey": voice.key,
                "TimbreName": voice.name,
                "TimbreSample": _sample(service, voice),
                "TimbreDesc": voice.description,
            }
            for voice in fitting[:10]
        ]
    }


# The older calls of the broadcast service ----------------------------------------------------------------


def older_anchors(service: Service, call: Call) -> dict[str, Json]:
    wanted = call.payload.get("VirtualmanTypeCode")
    if wanted and wanted not in _OLDER_TYPES:
        raise bad_value("VirtualmanTypeCode", f"VirtualmanTypeCode {wanted} is not one of {', '.join(_OLDER_TYPES)}")
    types = (wanted,) if wanted else _OLDER_TYPES
    found = [avatar for avatar in service.avatars(call.now) if avatar.type_code in types]
    return _resources(call, [_anchor(service, avatar) for avatar in _one_each(found)])


def older_images(service: Service, call: Call) -> dict[str, Json]:
    code = call.payload["AnchorCode"]
    found = [
        avatar
        for avatar in service.avatars(call.now)
        if avatar.anchor_code == code and avatar.type_code in _OLDER_TYPES
    ]
    if not found:
        raise unknown("anchor", code)
    # Name and Code in the documentation's table, AnchorName and AnchorCode in its sample.
    names = ("AnchorName", "AnchorCode") if service.follows_samples else ("Name", "Code")
    return _resources(call, [_older_image(service, avatar, names) for avatar in found])


def _older_image(service: Service, avatar: Avatar, names: tuple[str, str]) -> dict[str, Json]:
    return {
        "VirtualmanKey": avatar.key,
        names[0]: avatar.anchor_name,
        names[1]: avatar.anchor_code,
        **_pictures(service, avatar),
        "SupportAnchorExtraParams": _colours(avatar),
        "OriginZoom": f"{avatar.zoom:.3f}",
    }


def _resources(call: Call, items: list[dict[str, Json]]) -> dict[str, Json]:
    return {"VirtualmanResources": [{"AppKey": call.app_key, "Virtualmans": items}]}


# Parts of the answers ------------------------------------------------------------------------------------


class _Figures:
    """How many videos each avatar made, and how long they are."""

    def __init__(self, service: Service, now: float) -> None:
        self.number: Counter[str] = Counter()
        self.length_ms: Counter[str] = Counter()
        for task in service.tasks.values():
            if task.kind == "video" and progress.standing(task, now).status == "SUCCESS":
                self.number[task.avatar] += 1
                self.length_ms[task.avatar] += task.duration_ms


def _image(service: Service, avatar: Avatar, figures: _Figures, *, as_text: bool) -> dict[str, Json]:
    """OriginZoom is a number in one call and a text in the other."""
    zoom: dict[str, Any] = (
        {"OriginZoom": f"{avatar.zoom:.3f}"}
        if as_text
        else {
            "OriginZoom": avatar.zoom,
            "OriginZoomStr": f"{avatar.zoom:.3f}",
        }
    )
    return {
        "VirtualmanKey": avatar.key,
        "AnchorName": avatar.anchor_name,
        "AnchorCode": avatar.anchor_code,
        **_pictures(service, avatar),
        "ExpireDate": date(avatar.expires),
        "VideoDuration": figures.length_ms[avatar.key],
        "VideoNum": figures.number[avatar.key],
        **zoom,
        "ReferenceVideoSegmentUrl": f"{service.links.base_url}/samples/avatars/{avatar.key}.mp4",
    }


def _pictures(service: Service, avatar: Avatar) -> dict[str, Json]:
    base = f"{service.links.base_url}/samples/avatars/{avatar.key}"
    return {
        "ClothesName": avatar.clothes,
        "PoseName": avatar.pose,
        "Resolution": avatar.resolution,
        "HeaderImage": f"{base}/header.png",
        "PoseImage": f"{base}/pose.png",
        "ClothesImage": f"{base}/clothes.png",
        "SupportDriverTypes": list(avatar.drivers),
    }


def _anchor(service: Service, avatar: Avatar) -> dict[str, Json]:
    return {
        "AnchorName": avatar.anchor_name,
        "AnchorCode": avatar.anchor_code,
        "VirtualmanType": TYPE_CODES[avatar.type_code],
        "VirtualmanTypeCode": avatar.type_code,
        "HeaderImage": f"{service.links.base_url}/samples/avatars/{avatar.key}/header.png",
        "Tag": avatar.tag,
    }


def _colours(avatar: Avatar) -> list[dict[str, Json]]:
    if not avatar.is_3d:
        return []
    return [{"Key": key, "Description": text, "Type": 1, "Value": ["colorValue"]} for key, text in _COLOURS.items()]


def _voice(service: Service, voice: VoiceEntry) -> dict[str, Json]:
    item: dict[str, Json] = {
        "TimbreKey": voice.key,
        "TimbreName": voice.name,
        "TimbreSample": _sample(service, voice),
        "TimbreDesc": voice.description,
        "SupportVirtualmanTypeCodes": list(voice.type_codes),
        "SupportDriverTypes": list(voice.drivers),
        "ExpireDate": "" if voice.expires is None else date(voice.expires),
        "TimbreGender": 1 if voice.gender == "male" else 2,
        "PurchaseType": voice.purchase_type,
        "TimbreType": voice.timbre_type,
        "TimbreLanguages": list(voice.languages),
    }
    # "Data is available only for multi-emotion timbres."
    return item | ({"EmotionalCategories": list(voice.emotions)} if voice.emotions else {})


def _sample(service: Service, voice: VoiceEntry) -> str:
    return f"{service.links.base_url}/samples/voices/{voice.key}.mp3"


def _of_type(service: Service, call: Call) -> list[Avatar]:
    wanted = call.payload["VirtualmanTypeCode"]
    if wanted not in TYPE_CODES:
        raise bad_value("VirtualmanTypeCode", f"VirtualmanTypeCode {wanted} is not one of {', '.join(TYPE_CODES)}")
    codes = call.payload.get("AnchorCodes") or []
    return [
        avatar
        for avatar in service.avatars(call.now)
        if avatar.type_code == wanted and (not codes or avatar.anchor_code in codes)
    ]


def _one_each(found: Iterable[Avatar]) -> Iterable[Avatar]:
    """The first image of each anchor."""
    first: dict[str, Avatar] = {}
    for avatar in found:
        first.setdefault(avatar.anchor_code, avatar)
    return first.values()


def _known(service: Service, call: Call) -> Avatar:
    key = call.payload["VirtualmanKey"]
    avatar = service.avatar(key, call.now)
    if avatar is None:
        raise unknown("VirtualmanKey", key)
    return avatar


HANDLERS: dict[str, Handler] = {
    "avatar.list": avatars,
    "avatar.anchors": anchors,
    "avatar.images": images,
    "avatar.actions": actions,
    "avatar.voices": avatar_voices,
    "voice.list": voices,
    "legacy.anchors": older_anchors,
    "legacy.images": older_images,
    "legacy.voices": avatar_voices,
    "legacy.actions": actions,
}
