"""Avatar customization and voice cloning: Avatar Image Customization and Voice Clone API."""

from __future__ import annotations

from collections.abc import Iterator

from tadh_cli.api.body import Body
from tadh_cli.api.field import Field, Problem
from tadh_cli.api.operation import Operation
from tadh_cli.api.waiter import State, Waiter
from tadh_cli.providers.tencent.outcomes import tell_basic_check, tell_customization, tell_ultra_check
from tadh_cli.providers.tencent.terms import TASK_ID, TASK_ID_ANSWER

_CUSTOM = "/v2/ivh/assetmanager/customservice"
_ALGO = "/v2/ivh/algotaskserver/algotaskservice"
_ZERO_SHOT = "/v2/ivh/assetmanager/zeroshotservice"

MAKE_TYPES = ("IMAGE", "IMAGE_GENERAL", "IMAGE_4K", "IMAGE_PHOTO", "VOICE", "ZERO_SHOT_VOICE")
# PROCESS is for avatars alone; photos and the ultra edition have no CONFIRM.
STAGES = ("SUBMIT", "AUDIT", "PROCESS", "TRAIN", "CONFIRM", "END")
_NEEDS_LETTER = ("IMAGE", "IMAGE_GENERAL", "IMAGE_4K", "VOICE")
_IMAGES = ("IMAGE", "IMAGE_GENERAL", "IMAGE_4K", "IMAGE_PHOTO")

# Chinese characters, letters, digits, underscores and hyphens: the rule for names all over this service.
NAME_CHARACTERS = r"[A-Za-z0-9_\-\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"


def _material_and_letter(body: Body) -> Iterator[Problem]:
    make_type = body["MakeType"]
    if make_type in MAKE_TYPES and make_type != "ZERO_SHOT_VOICE" and not body["MaterialCosUrl"]:
        yield Problem("MaterialCosUrl", f"is required for MakeType {make_type}")
    if make_type in _NEEDS_LETTER and not (body["IdentityCosUrl"] or body["IdentityWrittenCosUrl"]):
        yield Problem(
            "IdentityCosUrl",
            f"is required for {make_type}: an authorization letter, as a video or as a PDF (IdentityWrittenCosUrl)",
        )
    if make_type == "ZERO_SHOT_VOICE" and not body["AudioId"]:
        yield Problem("AudioId", "is required for MakeType ZERO_SHOT_VOICE")


def _background_is_for_images(body: Body) -> Iterator[Problem]:
    if body["IsHaveBackground"] is not None and body["MakeType"] not in _IMAGES:
        yield Problem("IsHaveBackground", "has no effect on a voice", warning=True)


def _rejection_needs_reason(body: Body) -> Iterator[Problem]:
    if body["Operate"] == "REJECT" and not body["Reason"]:
        yield Problem("Reason", "is required when Operate is REJECT")


def _one_reference(body: Body) -> Iterator[Problem]:
    if body["TextId"] and body["ReferenceText"]:
        yield Problem("ReferenceText", "and TextId exclude each other")


def _name_is_taken(body: Body) -> str:
    return f"the account has {body['AnchorName']} already, and names are unique: choose another name"


def _kind(body: Body) -> str:
    return "avatar" if body["MakeType"] in _IMAGES else "voice"


CREDENTIALS = Operation(
    "assets.credentials",
    f"{_CUSTOM}/getuploadcredentials",
    "Get temporary credentials for uploads",
    safe=True,
    service="customization",
    doc="Obtaining the Temporary Upload Token",
    response=(
        Field(
            "Credentials",
            dict,
            required=True,
            fields=(
                Field("Token", required=True, secret=True),
                Field("TmpSecretId", required=True, secret=True),
                Field("TmpSecretKey", required=True, secret=True),
            ),
        ),
        Field("ExpiredTime", int, "end of validity, Unix seconds", required=True),
        Field("StartTime", int, "start of validity, Unix seconds"),
        Field("PathPrefix", help="where to upload to: URL of the folder", required=True),
    ),
)

CREATE = Operation(
    "customization.create",
    f"{_CUSTOM}/make",
    "Customize an avatar or clone a voice",
    safe=False,
    service="customization",
    creates=_kind,
    first_status="MAKING",
    doc="Customization API",
    request=(
        Field(
            "AnchorName",
            help="name of the avatar or voice, unique in the account",
            required=True,
            least=2,
            most=50,
            pattern=f"{NAME_CHARACTERS}*",
            allowed="Chinese characters, letters, digits, underscores and hyphens only",
        ),
        Field("MakeType", help="what to make", required=True, choices=MAKE_TYPES),
        Field("IdentityCosUrl", help="authorization letter as video", url=True),
        Field("IdentityWrittenCosUrl", help="authorization letter as PDF", url=True),
        Field("MaterialCosUrl", help="video, photo or zip of recordings", url=True),
        Field("IsHaveBackground", bool, "keep the background of the material", default=False),
        Field("SexType", help="gender", required=True, choices=("MALE", "FEMALE")),
        Field("Notes", help="remarks", most=100),
        Field("TextDriver", help="text of the demo, SSML allowed", least=4, most=1000),
        Field("VoiceDriverCosFile", help="audio of the demo", url=True),
        Field("AudioId", help="recording that passed the ultra edition's inspection"),
        Field("PhotoVersion", int, "photo avatars: 0 quick, 1 refined", choices=("0", "1")),
    ),
    rules=(_material_and_letter, _background_is_for_images),
    response=(TASK_ID_ANSWER,),
    remedies={110005: _name_is_taken},
)

GET = Operation(
    "customization.get",
    f"{_CUSTOM}/getprogress",
    "Show where a customization stands",
    safe=True,
    service="customization",
    doc="Progress Query API",
    request=(TASK_ID,),
    response=(
        Field("Status", required=True, choices=("MAKING", "SUCCESS", "FAIL"), open=True),
        Field("FailMessage"),
        Field("StageV2", choices=STAGES, open=True),
        Field("StatusV2", choices=("WAIT_PROCESS", "PROCESSING", "SUCCESS", "FAIL"), open=True),
        Field("StageInfo", help="JSON text; only in the CONFIRM stage"),
        Field(
            "AssetList",
            dict,
            many=True,
            fields=(
                Field("VirtualmanTypeCode"),
                Field("VirtualmanKey"),
                Field("Resolution"),
                Field("OriginZoom"),
                Field("VirtualmanResourceId", int),
                Field("TimbreKey"),
                Field("TimbreSample"),
                Field("MakeType", required=True),
            ),
        ),
    ),
)

CONFIRM = Operation(
    "customization.confirm",
    f"{_CUSTOM}/customerconfirm",
    "Accept or reject the demo of a customization",
    safe=False,
    service="customization",
    doc="Effect Confirmation API",
    request=(
        TASK_ID,
        Field("Operate", help="decision", required=True, choices=("AGREE", "REJECT")),
        Field("Reason", help="reason of a rejection", most=300),
    ),
    rules=(_rejection_needs_reason,),
)

_METRIC = (
    Field("Value", float, required=True),
    Field("QualifiedRange", float, "lowest and highest qualified value", many=True, required=True),
    Field("Description", required=True),
)

BASIC_CHECK_CREATE = Operation(
    "basic-check.create",
    f"{_ALGO}/audioevaluation",
    "Inspect the quality of a WAV for the basic edition",
    safe=False,
    service="customization",
    creates="voice-check",
    first_status="CREATED",
    doc="Audio Quality Inspection Task Creation API",
    request=(
        Field("AudioUrl", help="WAV to inspect", required=True, url=True),
        Field("ReferenceText", help="what is read in it"),
    ),
    response=(TASK_ID_ANSWER,),
)

BASIC_CHECK_GET = Operation(
    "basic-check.get",
    f"{_ALGO}/getaudioevaluationstate",
    "Show the result of a basic inspection",
    safe=True,
    service="customization",
    doc="Audio Quality Inspection Task Status Query API",
    # The table writes taskId, the sample and every other call TaskId.
    request=(TASK_ID,),
    response=(
        # TaskState in the table, Status in the sample.
        Field(
            "TaskState",
            required=True,
            choices=("CREATED", "QUEUING", "PROCESSING", "SUCCESS", "FAIL"),
            open=True,
            also=("Status",),
        ),
        Field(
            "Result",
            dict,
            fields=(
                Field("Snr", dict, "signal-to-noise ratio", fields=_METRIC),
                Field("C50", dict, "reverberation", fields=_METRIC),
                Field("Clipping", dict, "clipping", fields=_METRIC),
                Field("Duration", dict, "effective duration in seconds", fields=_METRIC),
                Field("Wer", dict, "share of the text that was read right", fields=_METRIC),
                Field("AlignDetails", dict, many=True, fields=(Field("Detail", many=True, required=True),)),
            ),
        ),
        Field("ErrorMsg"),
    ),
)

TEXTS = Operation(
    "voice.texts",
    f"{_ZERO_SHOT}/gettext",
    "List the texts to read for the ultra edition",
    safe=True,
    service="customization",
    doc="Obtaining the Voice Training Text",
    response=(
        Field(
            "Texts",
            dict,
            many=True,
            required=True,
            fields=(Field("TextId", required=True), Field("Text", required=True)),
        ),
    ),
)

ULTRA_CHECK_CREATE = Operation(
    "ultra-check.create",
    f"{_ZERO_SHOT}/detectaudioquality",
    "Inspect the quality of a recording for the ultra edition",
    safe=False,
    service="customization",
    creates="voice-check",
    first_status="CREATED",
    doc="Submitting Audio Quality Inspection Task",
    request=(
        Field("TextId", help="training text that is read"),
        Field("ReferenceText", help="own text that is read"),
        Field("AudioUrl", help="recording to inspect", required=True, url=True),
    ),
    rules=(_one_reference,),
    response=(TASK_ID_ANSWER,),
)

ULTRA_CHECK_GET = Operation(
    "ultra-check.get",
    f"{_ZERO_SHOT}/getdetectprogress",
    "Show the result of an ultra inspection",
    safe=True,
    service="customization",
    doc="Querying Audio Quality Inspection Task Progress",
    request=(TASK_ID,),
    response=(
        Field("AudioId"),
        Field("DetectionCode", int, "0 passed, -1 failed, -2 misread, -3 noise"),
        Field("DetectionMsg"),
        Field("TaskState", choices=("PROCESSING", "SUCCESS", "FAIL"), open=True, also=("Status",)),
    ),
)

OPERATIONS = (
    CREDENTIALS,
    CREATE,
    GET,
    CONFIRM,
    BASIC_CHECK_CREATE,
    BASIC_CHECK_GET,
    TEXTS,
    ULTRA_CHECK_CREATE,
    ULTRA_CHECK_GET,
)

CUSTOMIZED = Waiter(
    GET.name,
    "avatar",
    (
        ({"Status": "SUCCESS"}, State.DONE),
        ({"Status": "FAIL"}, State.FAILED),
        ({"Status": "MAKING", "StageV2": "CONFIRM", "StatusV2": "WAIT_PROCESS"}, State.DECISION),
        ({"Status": "MAKING", "StageV2": "SUBMIT"}, State.QUEUED),
    ),
    stages=STAGES,
    tell=tell_customization,
)
CLONED = CUSTOMIZED._replace(kind="voice")

_CHECKED = (
    ({"TaskState": "SUCCESS", "Passed": True}, State.DONE),
    ({"TaskState": "SUCCESS"}, State.FAILED),
    ({"TaskState": "FAIL"}, State.FAILED),
)
_WAITING = (({"TaskState": "CREATED"}, State.QUEUED), ({"TaskState": "QUEUING"}, State.QUEUED))
BASIC_CHECKED = Waiter(
    BASIC_CHECK_GET.name, "voice-check", (*_CHECKED, *_WAITING), edition="basic", tell=tell_basic_check
)
ULTRA_CHECKED = Waiter(ULTRA_CHECK_GET.name, "voice-check", _CHECKED, edition="ultra", tell=tell_ultra_check)

WAITERS = (CUSTOMIZED, CLONED, BASIC_CHECKED, ULTRA_CHECKED)
