"""What the account owns: Personal Asset Management API."""

from __future__ import annotations

from tadh_cli.api.field import Field
from tadh_cli.api.operation import Operation, Paging
from tadh_cli.providers.tencent.terms import (
    ACTIONS_ANSWER,
    AVATAR_KEY,
    EXTRA_PARAMS_ANSWER,
    LANGUAGES,
    PAGE,
    SERVICE_TYPES,
    TIMBRES_ANSWER,
    TOTAL,
    TYPE_CODE,
)

# Spelled customerassetsservice in places of one document: a reading error of its scan.
_BASE = "/v2/ivh/crmserver/customerassetservice"

_ANCHOR_CODES = Field("AnchorCodes", help="only these anchors", many=True)


def _listed(name: str, *fields: Field, also: str = "") -> tuple[Field, ...]:
    """The answer of a paged call: the items of a page, and how many there are in all."""
    return (Field(name, dict, many=True, required=True, also=(also,) if also else (), fields=fields), TOTAL)


_IMAGE = (
    Field("VirtualmanKey", required=True),
    # Name and Code in the table of an older call for the same.
    Field("AnchorName", required=True, also=("Name",)),
    Field("AnchorCode", required=True, also=("Code",)),
    Field("ClothesName"),
    Field("PoseName"),
    Field("Resolution", help="width x height in pixels"),
    Field("HeaderImage"),
    Field("PoseImage", also=("PoselImage",)),
    Field("ClothesImage"),
    Field("SupportDriverTypes", many=True),
    Field("ExpireDate"),
    Field("VideoDuration", int, "total made so far, milliseconds"),
    Field("VideoNum", int, "videos made so far"),
    Field("OriginZoom", float),
    Field("ReferenceVideoSegmentUrl"),
)

AVATARS = Operation(
    "avatar.list",
    f"{_BASE}/describesmallsampleimage",
    "List the avatars of the account",
    safe=True,
    service="assets",
    doc="Querying for Avatar List by Pagination API",
    request=(*PAGE, _ANCHOR_CODES),
    response=_listed(
        "Virtualmans",
        *_IMAGE,
        Field("OriginZoomStr", help="initial zoom, three decimals"),
    ),
    paging=Paging("Virtualmans", key=("VirtualmanKey",)),
)

AVATAR_VOICES = Operation(
    "avatar.voices",
    f"{_BASE}/getimagetimbre",
    "List the voices of an avatar",
    safe=True,
    service="assets",
    deprecated="every voice can be used with every avatar: see voice.list",
    doc="Querying Supported Timbres for Avatars (to be Deprecated)",
    request=(AVATAR_KEY,),
    response=(TIMBRES_ANSWER,),
)

_CONCURRENCY: tuple[Field, ...] = (Field("Concurrency", int),)
_HOURS = (Field("OrderMilliseconds", int), Field("RemainMilliseconds", int))
_CUSTOMIZATIONS = (Field("CustomizationNum", int), Field("RemainNum", int))


def _detail(prefix: str) -> Field:
    """The object with the figures of one kind of service asset, recognised by its name."""
    fields = _CONCURRENCY
    if prefix.endswith("Hour"):
        fields = _HOURS
    elif prefix.endswith("Asset"):
        fields = _CUSTOMIZATIONS
    elif prefix == "RealMan2DBroadcastConcurrency":
        # Listed with the fields of hours, named after concurrency: both are understood.
        fields = (*_CONCURRENCY, *_HOURS)
    return Field(f"{prefix}InfoDetail", dict, fields=fields)


QUOTA = Operation(
    "assets.quota",
    f"{_BASE}/getserviceasset",
    "Show hours, concurrency and customizations left",
    safe=True,
    service="assets",
    doc="Querying Customer Service Asset Information",
    request=(Field("ServiceType", help="only this type", choices=tuple(SERVICE_TYPES), open=True), *PAGE),
    response=_listed(
        "ServiceAssetInfos",
        Field("ServiceType", required=True),
        Field("ExpireDate", required=True),
        *(_detail(name) for name in (*SERVICE_TYPES, "UniversalAsset", "UniversalConcurrency", "UniversalHour")),
    ),
    paging=Paging("ServiceAssetInfos"),
)

VOICES = Operation(
    "voice.list",
    f"{_BASE}/describetimbre",
    "List the voices of the account",
    safe=True,
    service="assets",
    doc="Querying Timbre Lists by Pagination",
    request=(
        *PAGE,
        Field("TimbreKey", help="only this voice"),
        Field("TimbreName", help="only voices whose name contains this"),
        Field("PurchaseType", help="only leased or customized ones", choices=("Lease", "Custom"), open=True),
        Field("TimbreKeyList", help="only these voices; comes before TimbreKey", many=True),
    ),
    response=_listed(
        "TimbreAssets",
        Field("TimbreKey", required=True),
        Field("TimbreName", required=True),
        Field("TimbreSample"),
        Field("TimbreDesc"),
        Field("SupportVirtualmanTypeCodes", many=True),
        Field("SupportDriverTypes", many=True),
        Field("ExpireDate", help="empty for unlimited"),
        Field("AudioDuration", int, "total made so far, milliseconds"),
        Field("AudioNum", int, "audios made so far"),
        Field("EmotionalCategories", many=True),
        Field("TimbreGender", int, "1 male, 2 female"),
        Field("PurchaseType", choices=("Lease", "Custom"), open=True),
        Field("TimbreType", choices=("Boutique", "SampleBasic", "SampleFast"), open=True),
        Field("TimbreLanguages", many=True, choices=LANGUAGES, open=True),
        also="TimbreDetails",
    ),
    paging=Paging("TimbreAssets", key=("TimbreKey",)),
)

_TYPE = Field(TYPE_CODE.name, help=TYPE_CODE.help, required=True, choices=TYPE_CODE.choices, open=True)

ANCHORS = Operation(
    "avatar.anchors",
    f"{_BASE}/getanchor",
    "List the anchors of a type",
    safe=True,
    service="assets",
    doc="Querying Image Asset Information - Query Anchor",
    request=(_TYPE, _ANCHOR_CODES, *PAGE),
    response=_listed(
        "Virtualmans",
        Field("AnchorName", required=True),
        Field("AnchorCode", required=True),
        Field("VirtualmanType"),
        Field("VirtualmanTypeCode"),
        Field("HeaderImage"),
        Field("Tag", choices=("Basic", "Standard", "Advanced"), open=True),
    ),
    paging=Paging("Virtualmans", key=("AnchorCode", "VirtualmanTypeCode")),
)

IMAGES = Operation(
    "avatar.images",
    f"{_BASE}/getimagebyanchor",
    "List the avatars of a type with their clothes and poses",
    safe=True,
    service="assets",
    doc="Querying Image Asset Information - Querying all Avatars under the Anchor",
    # AnchorCode in the table, AnchorCodes in the sample; both as arrays.
    request=(_TYPE, _ANCHOR_CODES, *PAGE),
    response=_listed(
        "Virtualmans",
        *_IMAGE,
        Field("VirtualmanType"),
        Field("VirtualmanTypeCode"),
        EXTRA_PARAMS_ANSWER,
    ),
    paging=Paging("Virtualmans", key=("VirtualmanKey",)),
)

ACTIONS = Operation(
    "avatar.actions",
    f"{_BASE}/getaction",
    "List the actions of a 3D avatar",
    safe=True,
    service="assets",
    doc="Querying the List Of Actions Supported by the Avatar",
    request=(AVATAR_KEY,),
    response=(ACTIONS_ANSWER,),
)

OPERATIONS = (AVATARS, AVATAR_VOICES, QUOTA, VOICES, ANCHORS, IMAGES, ACTIONS)
