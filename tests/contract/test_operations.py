"""Every declared operation keeps its promises, and is the one that the documentation describes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tadh_cli.api.asset import Asset
from tadh_cli.api.body import Body
from tadh_cli.api.field import Field, walk
from tadh_cli.api.operation import Operation
from tadh_cli.config.keys import SERVICES
from tadh_cli.providers.tencent import TENCENT
from tests.calls import least, value_of

OPERATIONS = {operation.name: operation for operation in TENCENT.operations()}
FIELDS = [(operation, path, field) for operation in OPERATIONS.values() for path, field in walk(operation.request)]
ids = [f"{operation.name}:{path}" for operation, path, _ in FIELDS]
every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
every_field = pytest.mark.parametrize(("operation", "path", "field"), FIELDS, ids=ids)

CUSTOM = "/v2/ivh/assetmanager/customservice"
ALGO = "/v2/ivh/algotaskserver/algotaskservice"
ZERO = "/v2/ivh/assetmanager/zeroshotservice"
MAKER = "/v2/ivh/videomaker/broadcastservice"
SESSION = "/v2/ivh/sessionmanager/sessionmanagerservice"
DRIVER = "/v2/ivh/interactdriver/interactdriverservice"
ASSETS = "/v2/ivh/crmserver/customerassetservice"

# The documented path of each operation, and the parameters marked as mandatory.
DOCUMENTED: dict[str, tuple[str, str]] = {
    "assets.credentials": (f"{CUSTOM}/getuploadcredentials", ""),
    "customization.create": (f"{CUSTOM}/make", "AnchorName MakeType SexType"),
    "customization.get": (f"{CUSTOM}/getprogress", "TaskId"),
    "customization.confirm": (f"{CUSTOM}/customerconfirm", "TaskId Operate"),
    "basic-check.create": (f"{ALGO}/audioevaluation", "AudioUrl"),
    "basic-check.get": (f"{ALGO}/getaudioevaluationstate", "TaskId"),
    "voice.texts": (f"{ZERO}/gettext", ""),
    "ultra-check.create": (f"{ZERO}/detectaudioquality", "AudioUrl"),
    "ultra-check.get": (f"{ZERO}/getdetectprogress", "TaskId"),
    "audio.create": (f"{MAKER}/tts", "InputSsml Speed"),
    "video.create": (f"{MAKER}/videomake", "VirtualmanKey SpeechParam"),
    "video.create-advanced": (f"{MAKER}/videomakeadvanced", "VirtualmanKey SpeechParam"),
    "video.get": (f"{MAKER}/getprogress", "TaskId"),
    "legacy.anchors": (f"{MAKER}/getanchor", "GetAllResource"),
    "legacy.images": (f"{MAKER}/getresourcebyanchor", "GetAllResource AnchorCode"),
    "legacy.voices": (f"{MAKER}/gettimbre", "VirtualmanKey"),
    "legacy.actions": (f"{MAKER}/getaction", "VirtualmanKey"),
    "session.create": (f"{SESSION}/createsession", "ReqId VirtualmanProjectId UserId Protocol DriverType"),
    "session.create-by-avatar": (
        f"{SESSION}/createsessionbyasset",
        "ReqId AssetVirtualmanKey UserId Protocol DriverType",
    ),
    "session.get": (f"{SESSION}/statsession", "ReqId SessionId"),
    "session.start": (f"{SESSION}/startsession", "ReqId SessionId"),
    "session.close": (f"{SESSION}/closesession", "ReqId SessionId"),
    "session.list-by-project": (f"{SESSION}/listsessionofprojectid", "ReqId VirtualmanProjectId"),
    "session.list-by-avatar": (f"{SESSION}/listsessionofassetvk", "ReqId AssetVirtualmanKey"),
    "session.list": (f"{SESSION}/listsessionofuin", "ReqId"),
    "session.update": (f"{SESSION}/updatesessionconfig", "ReqId SessionId"),
    "session.trtc-key": (f"{SESSION}/gettrtcsign", "ReqId SessionId RoomId UserId"),
    "session.say": (f"{DRIVER}/command", "ReqId SessionId Command Data"),
    "avatar.list": (f"{ASSETS}/describesmallsampleimage", "PageIndex PageSize"),
    "avatar.voices": (f"{ASSETS}/getimagetimbre", "VirtualmanKey"),
    "assets.quota": (f"{ASSETS}/getserviceasset", "PageIndex PageSize"),
    "voice.list": (f"{ASSETS}/describetimbre", "PageIndex PageSize"),
    "avatar.anchors": (f"{ASSETS}/getanchor", "VirtualmanTypeCode PageIndex PageSize"),
    "avatar.images": (f"{ASSETS}/getimagebyanchor", "VirtualmanTypeCode PageIndex PageSize"),
    "avatar.actions": (f"{ASSETS}/getaction", "VirtualmanKey"),
}

# What makes something that is paid for, decides about it, or is heard: never to be sent twice.
UNSAFE = {
    *("customization.create", "customization.confirm", "basic-check.create", "ultra-check.create"),
    *("audio.create", "video.create", "video.create-advanced", "session.say"),
}
# What each call makes, as task records name it.
KINDS = {
    "audio.create": "audio",
    "video.create": "video",
    "video.create-advanced": "video",
    "basic-check.create": "voice-check",
    "ultra-check.create": "voice-check",
    "session.create": "session",
    "session.create-by-avatar": "session",
}


# Each operation ----------------------------------------------------------------------------------------


def test_all_35_calls_of_the_documentation_are_there() -> None:
    assert set(OPERATIONS) == set(DOCUMENTED) and len(DOCUMENTED) == len(list(TENCENT.operations())) == 35


@every_operation
def test_path_and_mandatory_parameters_are_those_of_the_documentation(operation: Operation) -> None:
    path, mandatory = DOCUMENTED[operation.name]
    assert operation.path == path
    assert {field.name for field in operation.request if field.required} == set(mandatory.split())


def test_names_and_paths_are_unique() -> None:
    assert len({operation.path for operation in OPERATIONS.values()}) == len(OPERATIONS)


@every_operation
def test_a_declaration_is_complete(operation: Operation) -> None:
    assert re.fullmatch(r"[a-z-]+\.[a-z-]+", operation.name)
    assert re.fullmatch(r"/v2/ivh/[a-z]+/[a-z]+/[a-z]+", operation.path)
    assert re.fullmatch(r"[A-Z].{8,80}[^.]", operation.summary) and operation.doc
    assert operation.service in SERVICES and operation.method == "POST"
    assert operation.name.startswith("legacy.") <= bool(operation.deprecated)


@every_operation
def test_what_creates_or_speaks_is_never_sent_twice(operation: Operation) -> None:
    """A session may be: a second one of the same user closes the first."""
    assert operation.safe == (operation.name not in UNSAFE)
    assert not operation.creates or operation.name in UNSAFE or KINDS[operation.name] == "session"


@every_operation
def test_the_kind_of_what_is_made_is_known(operation: Operation) -> None:
    wanted = KINDS.get(operation.name, "")
    if operation.name != "customization.create":
        assert operation.kind(Body({})) == wanted


@every_operation
def test_a_task_begins_with_a_word_of_its_waiter(operation: Operation) -> None:
    if operation.creates and operation.service != "session":
        words = {word for waiter in TENCENT.waiters() for row, _ in waiter.rows for word in row.values()}
        assert operation.first_status in words
    else:
        assert operation.first_status == ""


@pytest.mark.parametrize(
    ("make_type", "kind"),
    [
        *((name, "avatar") for name in ("IMAGE", "IMAGE_GENERAL", "IMAGE_4K", "IMAGE_PHOTO")),
        *((name, "voice") for name in ("VOICE", "ZERO_SHOT_VOICE")),
    ],
)
def test_a_customization_makes_an_avatar_or_a_voice(make_type: str, kind: str) -> None:
    assert OPERATIONS["customization.create"].kind(Body({"MakeType": make_type})) == kind


@every_operation
def test_a_list_call_takes_pages_and_answers_with_items(operation: Operation) -> None:
    takes_pages = {"PageIndex", "PageSize"} <= {field.name for field in operation.request}
    assert takes_pages == (operation.paging is not None)
    if operation.paging is not None:
        items = {field.name: field for field in operation.response}[operation.paging.items]
        assert items.many and items.fields and operation.paging.largest == 100


@every_operation
def test_an_operation_is_found_by_name_path_and_end_of_path(operation: Operation) -> None:
    found = [TENCENT.find(text) for text in (operation.name, operation.name.upper(), operation.path)]
    assert found == [[operation]] * 3
    assert operation in TENCENT.find(operation.path.rpartition("/")[2])
    assert TENCENT.operation(operation.name) is operation


@pytest.mark.parametrize("shared", ["getanchor", "getaction", "getprogress"])
def test_calls_that_share_the_end_of_their_path_are_all_found(shared: str) -> None:
    assert len(TENCENT.find(shared)) == 2 and TENCENT.find("nothing") == []


def test_what_the_vendor_lacks_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match=r"tencent has no video\.delete"):
        TENCENT.operation("video.delete")


# Schema ------------------------------------------------------------------------------------------------


@every_operation
def test_the_schema_has_the_form_of_a_schema(operation: Operation) -> None:
    schema = operation.schema()
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema") and schema["title"] == operation.name
    assert operation.path in schema["description"] and operation.doc in schema["description"]


@every_operation
def test_schema_and_check_agree_on_the_least_that_is_needed(operation: Operation) -> None:
    body = least(operation.request)
    assert Draft202012Validator(operation.schema()).is_valid(body)
    required = [problem for problem in operation.check(body) if problem.message == "is required"]
    assert required == []


# Each field --------------------------------------------------------------------------------------------


@every_operation
def test_all_mandatory_parameters_are_missed_at_once(operation: Operation) -> None:
    missed = [problem.path for problem in operation.check({}) if problem.message == "is required"]
    assert sorted(missed) == sorted(field.name for field in operation.request if field.required)


@every_field
def test_a_mandatory_parameter_is_missed(operation: Operation, path: str, field: Field) -> None:
    body = placed(operation, path, value_of(field))
    assert not misses(operation, path, body)
    parent = parent_of(body, path)
    for empty in (None, "") if field.type is str and not field.many else (None,):
        parent[field.name] = empty
        assert misses(operation, path, body) == field.required
    del parent[field.name]
    assert misses(operation, path, body) == field.required


@every_field
def test_a_limit_holds_at_its_edge_and_not_beyond(operation: Operation, path: str, field: Field) -> None:
    """Whatever the schema can say, it says like the check."""
    shape = Draft202012Validator(schema_of(operation, path))
    for value in allowed(field):
        assert refusals(operation, path, value) == [], f"{value!r} should be allowed"
        assert shape.is_valid(value)
    for value, is_in_schema in refused(field):
        assert refusals(operation, path, value) != [], f"{value!r} should be refused"
        assert not (is_in_schema and shape.is_valid(value))


@every_field
def test_an_enumeration_is_understood_in_any_case(operation: Operation, path: str, field: Field) -> None:
    for choice in field.choices if field.type is str else ():
        for written in (choice.lower(), choice.upper(), choice.swapcase()):
            body = operation.encode(placed(operation, path, [written] if field.many else written))
            assert parent_of(body, path)[field.name] == ([choice] if field.many else choice)


@every_field
def test_a_field_is_explained_and_consistent(operation: Operation, path: str, field: Field) -> None:
    assert field.help or field.name == "ReqId", "tadh api --schema shows it"
    assert bool(field.allowed) == bool(field.pattern)
    assert field.low is None or field.high is None or field.low < field.high
    assert field.type is dict or not field.fields
    assert field.default is None or refusals(operation, path, [field.default] if field.many else field.default) == []
    assert field.fill is None or refusals(operation, path, field.fill()) == []


@pytest.mark.parametrize("operation", [op for op in OPERATIONS.values() if "ReqId" in DOCUMENTED[op.name][1].split()])
def test_a_request_gets_an_id_of_its_own(operation: Operation) -> None:
    first, second = operation.encode({})["ReqId"], operation.encode({})["ReqId"]
    assert re.fullmatch("[0-9a-f]{32}", first) and first != second
    assert operation.encode({"ReqId": "mine"})["ReqId"] == "mine"


# What the documentation allows, copied from its tables --------------------------------------------------

LIMITS: list[tuple[str, str, list[Any], list[Any]]] = [
    ("video.create", "SpeechParam.Speed", [0.5, 1.5, 1], [0.49, 1.51, "1", True]),
    ("video.create", "SpeechParam.Volume", [0, 10], [-1, 11, 0.5]),
    ("video.create", "SpeechParam.EmotionIntensity", [50, 200], [49, 201]),
    ("video.create", "SpeechParam.EmotionCategory", ["0", "9", "tc_story"], ["10", "tc_none"]),
    ("video.create", "InputSsml", ["x" * 20_000, "数" * 20_000], ["x" * 20_001, "a\nb", "a\r"]),
    ("video.create", "CallbackUrl", ["https://a/" + "x" * 989], ["https://a/" + "x" * 990, "ftp://a"]),
    ("video.create", "DriverType", ["Text", "OriginalVoice", "ModulatedVoice"], ["Voice"]),
    ("video.create", "VideoParam.Format", ["TransparentWebm", "GreenScreenMp4"], ["Avi"]),
    ("video.create", "ConcurrencyType", ["Exclusive", "Shared"], ["Both"]),
    ("video.create-advanced", "VideoParam.Format", ["Mp4", "TransparentWebm", "GreenScreenMp4"], ["MP3"]),
    ("video.create-advanced", "VideoParam.SubtitlesParam.MaxWords", [0, 999], [-1, 1000]),
    ("video.create-advanced", "VideoParam.AnchorParam.Angle", [0, 360], [-1, 361]),
    ("video.create-advanced", "VideoParam.AnchorParam.Scale", [0.01, 1, 2], [0, -1]),
    ("video.create-advanced", "VideoParam.SmallSampleParam.MakeType", ["Default", "Custom", "Circle"], ["All"]),
    ("audio.create", "SampleRate", [24000, 16000], [8000, 44100]),
    ("audio.create", "Codec", ["mp3", "wav"], ["ogg"]),
    ("audio.create", "SentenceMaxWords", [0, 999], [-1, 1000]),
    ("audio.create", "Speed", [0.5, 1.5], [0.4, 1.6]),
    ("customization.create", "AnchorName", ["ab", "数智人_a-1", "a" * 50], ["a", "a" * 51, "a b", "a,b", "a.b", "é1"]),
    ("customization.create", "MakeType", ["IMAGE", "IMAGE_GENERAL", "IMAGE_4K", "IMAGE_PHOTO", "VOICE"], ["VIDEO"]),
    ("customization.create", "SexType", ["MALE", "FEMALE"], ["OTHER"]),
    ("customization.create", "Notes", ["", "x" * 100], ["x" * 101]),
    ("customization.create", "TextDriver", ["x" * 4, "x" * 1000], ["x" * 3, "x" * 1001]),
    ("customization.confirm", "Operate", ["AGREE", "REJECT"], ["MAYBE"]),
    ("customization.confirm", "Reason", ["x" * 300], ["x" * 301]),
    ("session.create", "Protocol", ["rtmp", "trtc", "webrtc"], ["webtrtc", "http"]),
    ("session.create", "DriverType", [1, 3], [0, 2, "1"]),
    ("session.create", "ReqId", ["d7aa08da33dd4a662ad5be508c5b77cf"], ["d7aa08da-33dd-4a66-2ad5-be508c5b77cf", "a"]),
    ("session.create", "StreamMaxInterval", [2000, 6000], [1999, 6001]),
    ("session.create", "ProtocolOption.TrtcRoomId", [0, 4294967294], [-1, 4294967295]),
    ("session.create-by-avatar", "SpeechParam.Speed", [50, 200], [49, 201]),
    ("session.create-by-avatar", "SpeechParam.Volume", [-10, 10], [-11, 11]),
    ("session.update", "SpaceParam.ImagePosition", [-0.5, 0.5], [-0.51, 0.51]),
    ("session.update", "SpaceParam.ImagePositionVertical", [-0.5, 0.25], [-0.51, 0.26]),
    ("session.say", "Data.Text", ["x" * 4000, "数" * 1333], ["x" * 4001, "数" * 1334]),
    ("avatar.list", "PageSize", [1, 100], [0, 101]),
    ("avatar.list", "PageIndex", [1, 10**6], [0, -1]),
    ("avatar.anchors", "VirtualmanTypeCode", ["real_man_3d", "a_new_type"], [3]),
]


@pytest.mark.parametrize(("name", "path", "good", "bad"), LIMITS, ids=[f"{name}:{path}" for name, path, *_ in LIMITS])
def test_documented_limits_hold(name: str, path: str, good: list[Any], bad: list[Any]) -> None:
    operation = OPERATIONS[name]
    assert [value for value in good if refusals(operation, path, value)] == []
    assert [value for value in bad if not refusals(operation, path, value)] == []


# Rules over several fields, copied from its notes.
RULES: list[tuple[str, dict[str, Any], str]] = [
    ("video.create", {"InputSsml": None}, "InputSsml"),
    ("video.create", {"DriverType": "OriginalVoice"}, "InputAudioUrl"),
    ("video.create", {"DriverType": "ModulatedVoice"}, "InputAudioUrl"),
    ("video.create", {"SpeechParam.EmotionIntensity": 100}, "SpeechParam.EmotionIntensity"),
    ("audio.create", {"TimbreKey": None}, "TimbreKey"),
    ("audio.create", {"EmotionIntensity": 100}, "EmotionIntensity"),
    ("customization.create", {"MaterialCosUrl": None}, "MaterialCosUrl"),
    ("customization.create", {"IdentityCosUrl": None}, "IdentityCosUrl"),
    ("customization.create", {"MakeType": "ZERO_SHOT_VOICE"}, "AudioId"),
    ("customization.confirm", {"Operate": "REJECT"}, "Reason"),
    ("ultra-check.create", {"TextId": "1", "ReferenceText": "a"}, "ReferenceText"),
    ("session.create", {"Protocol": "trtc", "ProtocolOption.TrtcUseExternalApp": True}, "ProtocolOption.TrtcAppId"),
]
GOOD: dict[str, dict[str, Any]] = {
    "video.create": {"VirtualmanKey": "k", "InputSsml": "Hi", "SpeechParam.Speed": 1.0},
    "audio.create": {"TimbreKey": "v", "InputSsml": "Hi", "Speed": 1.0},
    "customization.create": {
        "AnchorName": "name",
        "MakeType": "IMAGE",
        "SexType": "MALE",
        "MaterialCosUrl": "https://a/b",
        "IdentityCosUrl": "https://a/b",
    },
    "customization.confirm": {"TaskId": "1", "Operate": "AGREE"},
    "ultra-check.create": {"AudioUrl": "https://a/b"},
    "session.create": {"VirtualmanProjectId": "p", "UserId": "u", "Protocol": "rtmp", "DriverType": 1},
}


@pytest.mark.parametrize(("name", "change", "path"), RULES)
def test_what_belongs_together_is_checked(name: str, change: dict[str, Any], path: str) -> None:
    operation = OPERATIONS[name]
    assert operation.check(operation.encode(GOOD[name])) == []
    found = operation.check(operation.encode({**GOOD[name], **change}))
    assert path in [problem.path for problem in found if not problem.warning]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("customization.create", {"IdentityCosUrl": None, "IdentityWrittenCosUrl": "https://a/b.pdf"}),
        ("customization.create", {"IdentityCosUrl": None, "MakeType": "IMAGE_PHOTO"}),
        (
            "customization.create",
            {"IdentityCosUrl": None, "MaterialCosUrl": None, "MakeType": "ZERO_SHOT_VOICE", "AudioId": "1"},
        ),
        ("audio.create", {"TimbreKey": None, "VirtualmanKey": "k"}),
        ("video.create", {"InputSsml": None, "DriverType": "OriginalVoice", "InputAudioUrl": "https://a/b.wav"}),
        ("customization.confirm", {"Operate": "REJECT", "Reason": "green outline"}),
    ],
)
def test_what_may_be_left_out_may_be_left_out(name: str, change: dict[str, Any]) -> None:
    operation = OPERATIONS[name]
    assert operation.check(operation.encode({**GOOD[name], **change})) == []


# Values for a field ------------------------------------------------------------------------------------


def allowed(field: Field) -> list[Any]:
    """Values at the inner edge of every limit."""
    found = [value_of(field)]
    edges = [field.low, field.high] + ([] if field.above is None else [field.above + 0.001])
    found += [field.type(edge) for edge in edges if edge is not None]
    if not field.many:
        found += [text(field, count) for count in (field.least, field.most) if count is not None]
    if field.most_bytes is not None:
        found.append("é" * (field.most_bytes // 2))
    found += [field.type(choice) for choice in field.choices if not field.many]
    found += [""] if field.choices and field.type is str and not field.required and not field.many else []
    found += ["something newer"] if field.open and not field.many else []
    return found


def refused(field: Field) -> list[tuple[Any, bool]]:
    """Values just beyond every limit, and whether a schema can say so."""
    step = 1 if field.type is int else 0.001
    found: list[tuple[Any, bool]] = [(value, True) for value in wrong_types(field)]
    found += [(field.type(field.low - step), True)] if field.low is not None else []
    found += [(field.type(field.high + step), True)] if field.high is not None else []
    found += [(field.type(field.above), True)] if field.above is not None else []
    if not field.many:
        found += [(text(field, field.least - 1), True)] if field.least else []
        found += [(text(field, field.most + 1), True)] if field.most is not None else []
    elif field.most is not None:
        found.append((value_of(field) * (field.most + 1), True))
    found += [("é" * (field.most_bytes // 2) + "x", False)] if field.most_bytes else []
    found += [("one\ntwo", False)] if field.one_line else []
    found += [("no url", False), ("https://", False)] if field.url else []
    found += [("\x00 ?", True)] if field.pattern else []
    found += [("nothing known", True)] if field.choices and field.type is str and not field.open else []
    found += [(987, True)] if field.choices and field.type is int else []
    return found


def text(field: Field, count: int) -> str:
    start = "https://a/" if field.url else ""
    return start + "a" * (count - len(start))


def wrong_types(field: Field) -> list[Any]:
    if field.many:
        return ["no array", {}, 1]
    wrong: dict[type, list[Any]] = {
        str: [1, True, [], {}],
        int: ["1", 1.5, True, []],
        float: ["1", True, []],
        bool: [1, "true", []],
        dict: ["{}", [], 1],
    }
    return wrong[field.type]


# Places in a body --------------------------------------------------------------------------------------


def placed(operation: Operation, path: str, value: Any) -> dict[str, Any]:
    """A body with the value at a declared path, and what is required around it."""
    body = least(operation.request)
    fields, node = operation.request, body
    *parents, last = path.split(".")
    for part in parents:
        field = {field.name: field for field in fields}[part.removesuffix("[]")]
        fields = field.fields
        inner = node.setdefault(field.name, [least(fields)] if field.many else least(fields))
        node = inner[0] if field.many else inner
    node[last] = value
    return body


def parent_of(body: dict[str, Any], path: str) -> dict[str, Any]:
    """The object that holds the last part of a path."""
    node: Any = body
    for part in path.split(".")[:-1]:
        node = node[part.removesuffix("[]")]
        node = node[0] if part.endswith("[]") else node
    assert isinstance(node, dict)
    return node


def refusals(operation: Operation, path: str, value: Any) -> list[str]:
    """What the check has against a value at a path, rules over several fields left aside."""
    single = operation._replace(rules=())
    place = path.replace("[]", "[0]")
    return [p.message for p in single.check(placed(operation, path, value)) if p.path.partition(place)[0] == ""]


def misses(operation: Operation, path: str, body: dict[str, Any]) -> bool:
    place = path.replace("[]", "[0]")
    return any((p.path, p.message) == (place, "is required") for p in operation._replace(rules=()).check(body))


def schema_of(operation: Operation, path: str) -> dict[str, Any]:
    """The part of the schema that stands for a path."""
    schema = operation.schema()
    for part in path.split("."):
        schema = schema["properties"][part.removesuffix("[]")]
        schema = schema["items"] if part.endswith("[]") else schema
    return schema


# Rules over several fields ------------------------------------------------------------------------------


def complaints(operation: Operation, values: dict[str, Any]) -> list[tuple[str, bool]]:
    """Path, and whether it is only a warning, of each problem."""
    body = operation.encode({**least(operation.request), **values})
    return [(problem.path, problem.warning) for problem in operation.check(body)]


@pytest.mark.parametrize(
    ("name", "value", "warns"),
    [
        ("TrtcUseExternalApp", False, False),
        ("TrtcAppId", "a", True),
        ("TrtcUserSig", "a", True),
        ("TrtcPrivateMapKey", "a", True),
        ("TrtcRoomId", 0, True),
        ("TrtcRoomId", 5, True),
        ("TrtcStrRoomId", "a", True),
        ("TrtcAutoGenRoomIdType", 0, True),
        ("CssCustomPushUrl", "rtmp://a.example.com/live/a", False),
    ],
)
@pytest.mark.parametrize("operation", ["session.create", "session.create-by-avatar"])
def test_settings_of_trtc_are_warned_about_elsewhere(operation: str, name: str, value: Any, warns: bool) -> None:
    create, path = TENCENT.operation(operation), f"ProtocolOption.{name}"
    assert complaints(create, {"Protocol": "rtmp", path: value}) == ([(path, True)] if warns else [])
    assert complaints(create, {"Protocol": "trtc", path: value}) == []


JSON_TEXTS = [
    ("video.create-advanced", "VideoParam.AnchorParam.AnchorExtraParam", {"InputSsml": "a"}),
    ("session.update", "ImageParam.ImageExtraParam", {}),
]


@pytest.mark.parametrize(("operation", "path", "more"), JSON_TEXTS)
@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ('{"shirtColor": {"colorValue": 1}}', True),
        ("{}", True),
        ("[]", False),
        ("1.5", False),
        ("{", False),
        ("[" * 9999, False),
    ],
)
def test_colours_are_a_json_object(operation: str, path: str, more: dict[str, Any], text: str, is_good: bool) -> None:
    found = complaints(TENCENT.operation(operation), {**more, path: text})
    assert found == ([] if is_good else [(path, False)])


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"InputSsml": "hello"}, []),
        ({"InputSsml": "hello", "DriverType": ""}, []),
        ({"InputSsml": '<speak>hello<insert-action type="nod"/></speak>'}, [True]),
        ({"DriverType": "OriginalVoice", "InputAudioUrl": "https://a/b.wav"}, [False]),
    ],
)
def test_smart_actions_want_text_without_action_tags(values: dict[str, Any], wanted: list[bool]) -> None:
    values = {"SpeechParam.Speed": 1.0, "VideoParam.SmartActionEnabled": True, **values}
    found = complaints(TENCENT.operation("video.create-advanced"), values)
    assert found == [("VideoParam.SmartActionEnabled", warning) for warning in wanted]


# What an account owns ----------------------------------------------------------------------------------


def test_every_key_that_can_be_a_name_is_of_a_kind_that_can_be_listed() -> None:
    kinds = {field.asset for operation in OPERATIONS.values() for _, field in walk(operation.request)} - {""}
    assert kinds == set(TENCENT.holdings().assets) == {"avatar", "voice"}


@pytest.mark.parametrize("asset", TENCENT.holdings().assets.values(), ids=lambda asset: asset.kind)
def test_the_lists_of_a_kind_are_lists_of_its_keys(asset: Asset) -> None:
    for source in asset.sources:
        operation = TENCENT.operation(source.operation)
        assert operation.safe and operation.paging is not None and operation.paging.key == (asset.key,)
        assert operation.check(operation.encode({**source.values, "PageIndex": 1, "PageSize": 1})) == []
        items = next(field for field in operation.response if field.name == operation.paging.items)
        assert {asset.key, asset.name, *asset.aliases} <= {field.name for field in items.fields}
    assert len({source.label for source in asset.sources}) == len(asset.sources)
