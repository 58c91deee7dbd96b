"""Enumerations, fields and rules that several Tencent services share, each declared once."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tadh_cli.api.asset import AvatarType
from tadh_cli.api.body import Body
from tadh_cli.api.field import Field, Problem
from tadh_cli.api.operation import Rule

# Appendix 3, Digital Human Type; the short words are ours, the first four those of `avatar customize`.
AVATAR_TYPES = (
    AvatarType("studio", "small_sample_2d", "Studio Avatar"),
    AvatarType("instant", "small_sample_general_2d", "Instant Avatar"),
    AvatarType("4k", "small_sample_4k_2d", "4K Studio Avatar"),
    AvatarType("photo", "small_sample_photo_2d", "Photo Avatar"),
    AvatarType("premium", "real_man_2d", "2D Premium"),
    AvatarType("3d", "real_man_3d", "3D Realistic"),
    AvatarType("semi-realistic", "half_realistic_3d", "3D Semi-Realistic"),
    AvatarType("cartoon", "cartoon_3d", "3D Cartoon"),
)
TYPE_CODES = {kind.code: kind.title for kind in AVATAR_TYPES}

# Appendix 2, Emotional Style.
EMOTIONS = {
    "0": "happy",
    "1": "news",
    "2": "customer service",
    "3": "fear",
    "4": "poetry",
    "5": "story",
    "6": "neutral",
    "7": "sad",
    "8": "broadcast",
    "9": "angry",
    "tc_amaze": "shocked",
    "tc_angry": "angry",
    "tc_aojiao": "tsundere",
    "tc_call": "customer service",
    "tc_disgusted": "disgust",
    "tc_exciting": "excited",
    "tc_fear": "fear",
    "tc_happy": "happy",
    "tc_jieshuo": "commentary",
    "tc_neutral": "neutral",
    "tc_news": "news",
    "tc_peaceful": "calm",
    "tc_poetry": "poetry",
    "tc_radio": "broadcast",
    "tc_sad": "sad",
    "tc_sajiao": "childish",
    "tc_story": "story",
}

# Appendix 4, Language List.
# fmt: off
LANGUAGES = (
    "am-ET", "ar-EG", "ar-SA", "bg-BG", "bs-BA", "ca-ES", "cs-CZ", "da-DK", "de-AT", "de-CH", "de-DE", "el-GR",
    "en-AU", "en-GB", "en-IE", "en-US", "es-ES", "es-MX", "et-EE", "eu-ES", "fi-FI", "fil-PH", "fr-BE", "fr-CH",
    "fr-FR", "gl-ES", "he-IL", "hr-HR", "hu-HU", "id-ID", "it-IT", "ja-JP", "jv-ID", "ko-KR", "mk-MK", "ms-MY",
    "nb-NO", "ne-NP", "nl-BE", "nl-NL", "pl-PL", "ps-AF", "pt-BR", "pt-PT", "ro-RO", "sk-SK", "sl-SI", "sv-SE",
    "sw-KE", "th-TH", "tr-TR", "uk-UA", "vi-VN", "yue-CN", "zh-CN", "zh-HK", "zh-TW", "zu-ZA",
)
# fmt: on

# Appendix 1, Service Asset Type.
SERVICE_TYPES = {
    "InteractConcurrency": "Studio Avatar interactive concurrency",
    "RealMan3DInteractConcurrency": "3D Realistic interactive concurrency",
    "BroadcastHour": "Studio Avatar broadcast hours",
    "RealMan3DBroadcastHour": "3D Realistic broadcast hours",
    "BroadcastConcurrency": "Studio Avatar broadcast concurrency",
    "RealMan3DBroadcastConcurrency": "3D Realistic broadcast concurrency",
    "ImageAsset": "Studio Avatar customizations",
    "TimbreAsset": "voice clones, basic edition",
    "ZeroShotTimbreAsset": "voice clones, ultra edition",
    "TimbreHour": "voice hours",
    "SmallSampleGeneral2DImageAsset": "Instant Avatar customizations",
    "SmallSampleGeneral2DInteractConcurrency": "Instant Avatar interactive concurrency",
    "SmallSampleGeneral2DBroadcastHour": "Instant Avatar broadcast hours",
    "SmallSampleGeneral2DBroadcastConcurrency": "Instant Avatar broadcast concurrency",
    "RealMan2DInteractConcurrency": "2D Premium interactive concurrency",
    "RealMan2DBroadcastHour": "2D Premium broadcast hours",
    "RealMan2DBroadcastConcurrency": "2D Premium broadcast concurrency",
    "SmallSample4K2DImageAsset": "4K Studio Avatar customizations",
    "SmallSample4K2DInteractConcurrency": "4K Studio Avatar interactive concurrency",
    "SmallSample4K2DBroadcastHour": "4K Studio Avatar broadcast hours",
    "SmallSample4K2DBroadcastConcurrency": "4K Studio Avatar broadcast concurrency",
    "SmallSamplePhoto2DImageAsset": "Photo Avatar customizations",
    "SmallSamplePhoto2DInteractConcurrency": "Photo Avatar interactive concurrency",
    "SmallSamplePhoto2DBroadcastHour": "Photo Avatar broadcast hours",
    "SmallSamplePhoto2DBroadcastConcurrency": "Photo Avatar broadcast concurrency",
    "SmallSampleImageRenewalAsset": "Studio Avatar renewals",
    "SmallSampleGeneralImageRenewalAsset": "Instant Avatar renewals",
    "RealMan3DImageRenewalAsset": "3D avatar renewals",
    "TimbreRenewalAsset": "custom voice renewals",
}

DRIVER_TYPES = ("Text", "OriginalVoice", "ModulatedVoice")


def request_id() -> str:
    """A ReqId: 32 hexadecimal characters, a UUID without its hyphens."""
    import uuid

    return uuid.uuid4().hex


def has_json_object(path: str) -> Rule:
    """The rule that the text at a path is a JSON object as the samples have it, whatever type the tables say."""

    def rule(body: Body) -> Iterator[Problem]:
        text = body[path]
        if isinstance(text, str) and not _is_json_object(text):
            yield Problem(path, "has to be a JSON object written as a string", text)

    return rule


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


REQ_ID = Field(
    "ReqId",
    help="id of this request, made when left out",
    required=True,
    pattern="[0-9a-fA-F]{32}",
    allowed="32 hexadecimal characters, a UUID without hyphens",
    fill=request_id,
)
REQ_ID_ANSWER = Field("ReqId", required=True)
SESSION_ID = Field("SessionId", help="id of the session", required=True)
AVATAR_KEY = Field("VirtualmanKey", help="avatar: anchor, clothes, pose and resolution", required=True, asset="avatar")
TASK_ID = Field("TaskId", help="id of the task", required=True)
# The advanced video call answers TaskID in its sample, TaskId in its table.
TASK_ID_ANSWER = Field("TaskId", help="id of the task", required=True, also=("TaskID",))
TYPE_CODE = Field("VirtualmanTypeCode", help="type code of the avatar", choices=tuple(TYPE_CODES), open=True)
PAGE = (
    Field("PageIndex", int, "page, from 1", required=True, low=1),
    Field("PageSize", int, "items on a page", required=True, low=1, high=100),
)
TOTAL = Field("Total", int, "items on all pages", required=True)

ACTIONS_ANSWER = Field(
    "Actions",
    dict,
    many=True,
    fields=(
        Field("ActionName", required=True),
        Field("ActionCode", required=True),
        Field("ActionSample", required=True),
    ),
)
TIMBRES_ANSWER = Field(
    "Timbres",
    dict,
    many=True,
    required=True,
    fields=(
        Field("TimbreKey", required=True),
        Field("TimbreName", required=True),
        Field("TimbreSample", required=True),
        Field("TimbreDesc", required=True),
    ),
)
EXTRA_PARAMS_ANSWER = Field(
    "SupportAnchorExtraParams",
    dict,
    many=True,
    fields=(
        Field("Key", required=True),
        Field("Description", required=True),
        Field("Type", int, "1 string, 2 number, 3 boolean", required=True),
        Field("Value", many=True, required=True),
    ),
)
