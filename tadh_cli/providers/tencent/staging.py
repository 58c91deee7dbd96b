"""From the options of a live session to the requests that open and change it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from tadh_cli.api.options import is_given, options
from tadh_cli.api.production import Names, Order
from tadh_cli.api.session import PictureOptions, SessionOptions
from tadh_cli.providers.tencent.options import Special, colors, names_of, values_of
from tadh_cli.providers.tencent.session import CREATE, CREATE_BY_AVATAR, UPDATE

# Where each option goes in the request.
_SESSION = {
    "project": "VirtualmanProjectId",
    "avatar": "AssetVirtualmanKey",
    "user": "UserId",
    "protocol": "Protocol",
    "driver": "DriverType",
    "alpha": "ExtraInfo.AlphaChannelEnable",
    "push_url": "ProtocolOption.CssCustomPushUrl",
    "stream_max_interval": "StreamMaxInterval",
    "trtc_app_id": "ProtocolOption.TrtcAppId",
    "trtc_room_id": "ProtocolOption.TrtcRoomId",
    "trtc_room_name": "ProtocolOption.TrtcStrRoomId",
    "trtc_room_kind": "ProtocolOption.TrtcAutoGenRoomIdType",
    "trtc_user_sig": "ProtocolOption.TrtcUserSig",
    "trtc_private_map_key": "ProtocolOption.TrtcPrivateMapKey",
    # Only the call by avatar has these: a project has a voice of its own.
    "voice": "SpeechParam.TimbreKey",
    "speed": "SpeechParam.Speed",
    "volume": "SpeechParam.Volume",
    "language": "SpeechParam.TimbreLanguage",
}
_SPEECH = ("voice", "speed", "volume", "language")
# Any of these says that the TRTC application is the user's own.
_OWN_TRTC = ("trtc_app_id", "trtc_user_sig", "trtc_private_map_key")
_PICTURE = {
    "background": "SpaceParam.BackgroundUrl",
    "x": "SpaceParam.ImagePosition",
    "y": "SpaceParam.ImagePositionVertical",
    "zoom": "SpaceParam.ImageZoom",
    "vertical_angle": "ImageParam.ImageVerticalOffset",
    "horizontal_angle": "ImageParam.ImageHorizontalOffset",
    "color": "ImageParam.ImageExtraParam",
}


def _number(word: str, _problems: list[str]) -> int:
    return int(word)


_WORDS: Mapping[str, Special] = {"driver": _number, "trtc_room_kind": _number}
_PACKED: Mapping[str, Special] = {"color": partial(colors, source=f"ImageExtraParam, {UPDATE.doc}")}


def session_order(chosen: SessionOptions) -> Order:
    """The call that opens a session: by project, or by avatar."""
    problems: list[str] = []
    values = values_of(chosen, _SESSION, problems, _WORDS)
    values = {"Protocol": "webrtc", "DriverType": 3, **values}
    flags, words = names_of(chosen, _SESSION)
    known = dict(options(chosen))
    if bool(chosen.project) == bool(chosen.avatar):
        problems.append(
            "--project and --avatar exclude each other" if chosen.project else "--project or --avatar is required"
        )
    if chosen.project:
        alone = [name for name in _SPEECH if is_given(getattr(chosen, name))]
        problems += [f"{known[name].flag} needs --avatar: a project has a voice of its own" for name in alone]
        values = {path: value for path, value in values.items() if not path.startswith("SpeechParam.")}
    own = [known[name].flag for name in _OWN_TRTC if is_given(getattr(chosen, name))]
    if own:
        values["ProtocolOption.TrtcUseExternalApp"] = True
        flags["ProtocolOption.TrtcUseExternalApp"] = own[0]
    operation = CREATE if chosen.project else CREATE_BY_AVATAR
    # That neither was given is told already.
    values.setdefault(_SESSION["project" if chosen.project else "avatar"], "-")
    return Order(operation, _only_one_subject(values, operation is CREATE), Names(flags, words), tuple(problems))


def _only_one_subject(values: Mapping[str, Any], is_project: bool) -> dict[str, Any]:
    other = _SESSION["avatar" if is_project else "project"]
    return {path: value for path, value in values.items() if path != other}


def picture_order(session_id: str, chosen: PictureOptions) -> Order:
    """The call that changes the picture of a session."""
    problems: list[str] = []
    values = values_of(chosen, _PICTURE, problems, _PACKED)
    flags, words = names_of(chosen, _PICTURE)
    if not values and not problems:
        problems.append(f"nothing to change is given: {', '.join(flags.values())}")
    return Order(
        UPDATE, {"SessionId": session_id, **values}, Names({**flags, "SessionId": "ID"}, words), tuple(problems)
    )
