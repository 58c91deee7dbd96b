"""Live sessions: Interactive Digital Human Service API (its HTTPS part)."""

from __future__ import annotations

from collections.abc import Iterator

from tadh_cli.api.body import Body
from tadh_cli.api.field import Field, Problem
from tadh_cli.api.operation import Amend, Operation, Rule
from tadh_cli.api.waiter import State, Waiter
from tadh_cli.providers.tencent.standing import tell_closed, tell_session, tell_sessions, tell_started
from tadh_cli.providers.tencent.terms import LANGUAGES, REQ_ID, REQ_ID_ANSWER, SESSION_ID, has_json_object

_BASE = "/v2/ivh/sessionmanager/sessionmanagerservice"
_DRIVER = "/v2/ivh/interactdriver/interactdriverservice"

# Text of one SEND_TEXT: 4000 bytes on the WebSocket, "4000" without a unit here; bytes satisfy both readings.
MOST_TEXT_BYTES = 4000

_EXTERNAL_TRTC = ("TrtcAppId", "TrtcUserSig", "TrtcPrivateMapKey")
_TRTC = ("TrtcUseExternalApp", *_EXTERNAL_TRTC, "TrtcRoomId", "TrtcStrRoomId", "TrtcAutoGenRoomIdType")


def _external_trtc_is_complete(body: Body) -> Iterator[Problem]:
    if body["ProtocolOption.TrtcUseExternalApp"]:
        for name in _EXTERNAL_TRTC:
            if body[f"ProtocolOption.{name}"] is None:
                yield Problem(f"ProtocolOption.{name}", "is required with TrtcUseExternalApp")
        if body["ProtocolOption.TrtcRoomId"] is None and body["ProtocolOption.TrtcStrRoomId"] is None:
            yield Problem("ProtocolOption.TrtcRoomId", "or TrtcStrRoomId is required with TrtcUseExternalApp")


def _trtc_options_need_trtc(body: Body) -> Iterator[Problem]:
    """ProtocolOption: "ignore trtc if it is not used"."""
    if body["Protocol"] == "trtc":
        return
    for name in _TRTC:
        value = body[f"ProtocolOption.{name}"]
        # Not to use an application of one's own is what happens anyway; a room of 0 is a room.
        if value is not None and value is not False:
            yield Problem(f"ProtocolOption.{name}", "has no effect unless Protocol is trtc", warning=True)


_PROTOCOL_OPTION = Field(
    "ProtocolOption",
    dict,
    "settings of the protocol",
    fields=(
        Field("TrtcUseExternalApp", bool, "use a TRTC application of your own", default=False),
        Field("TrtcAppId", help="own TRTC application"),
        Field("TrtcRoomId", int, "room; the service assigns one when left out", low=0, high=4_294_967_294),
        Field("TrtcStrRoomId", help="room as text; TrtcRoomId comes first"),
        Field("TrtcAutoGenRoomIdType", int, "kind of room the service makes: 0 number, 1 text", choices=("0", "1")),
        Field("TrtcUserSig", help="signature of the avatar's TRTC user"),
        Field("TrtcPrivateMapKey", help="permission key of the avatar's TRTC user"),
        Field(
            "CssCustomPushUrl",
            help="push the stream to this address",
            pattern=r"rtmp://\S+",
            allowed="an rtmp:// URL",
        ),
    ),
)

_EXTRA_INFO = Field(
    "ExtraInfo",
    dict,
    "settings of the picture",
    fields=(Field("AlphaChannelEnable", bool, "put the alpha channel beside the picture", default=False),),
)

_NEW_SESSION = (
    Field("UserId", help="your user; a new session of the same user closes the old one", required=True),
    Field("Protocol", help="protocol of the stream", required=True, choices=("rtmp", "trtc", "webrtc")),
    Field("DriverType", int, "1 text, 3 audio and text", required=True, choices=("1", "3")),
    _PROTOCOL_OPTION,
    _EXTRA_INFO,
    Field(
        "StreamMaxInterval",
        int,
        "longest gap between packets before the service ends an utterance, milliseconds",
        low=2000,
        high=6000,
        default=2000,
    ),
)
_OWN_SESSION_ID = Field("SessionId", help="own id; private deployments only")

_SESSION_STATUS = Field("SessionStatus", int, "1 in progress, 2 closed, 3 preparing, 4 failed", required=True)
_PLAY_ADDRESS = Field("PlayStreamAddr", help="address to play the stream from")
_CREATED = (Field("SessionId", required=True), _SESSION_STATUS, _PLAY_ADDRESS)

_SESSIONS = Field(
    "Sessions",
    dict,
    many=True,
    required=True,
    fields=(
        Field("UserId", required=True),
        Field("SessionId", required=True),
        _SESSION_STATUS,
        _PLAY_ADDRESS,
        # A string in the table, a number in every sample.
        Field("DriverType", int, required=True),
        Field("IsSessionStarted", bool, required=True),
    ),
)


def _call(
    name: str,
    call: str,
    summary: str,
    doc: str,
    *,
    request: tuple[Field, ...] = (),
    response: tuple[Field, ...] = (),
    rules: tuple[Rule, ...] = (),
    creates: str = "",
    amend: Amend | None = None,
    apart_s: float = 0.0,
) -> Operation:
    """A call about sessions: it has an id of its own, comes back with it, and may be repeated."""
    return Operation(
        name,
        f"{_BASE}/{call}",
        summary,
        safe=True,
        service="session",
        doc=doc,
        request=(REQ_ID, *request),
        response=(REQ_ID_ANSWER, *response),
        rules=rules,
        creates=creates,
        amend=amend,
        apart_s=apart_s,
    )


# Repeating a creation closes the first stream of the same UserId, so it can't leave two behind.
CREATE = _call(
    "session.create",
    "createsession",
    "Create a session of a project",
    "Creating a New Live Stream Session",
    creates="session",
    request=(_OWN_SESSION_ID, Field("VirtualmanProjectId", help="project", required=True), *_NEW_SESSION),
    rules=(_external_trtc_is_complete, _trtc_options_need_trtc),
    response=_CREATED,
    amend=tell_session,
)

CREATE_BY_AVATAR = _call(
    "session.create-by-avatar",
    "createsessionbyasset",
    "Create a session of an avatar",
    "Using the Personal Asset Image to Create a Stream",
    creates="session",
    request=(
        _OWN_SESSION_ID,
        Field("AssetVirtualmanKey", help="avatar", required=True, asset="avatar"),
        *_NEW_SESSION,
        Field(
            "SpeechParam",
            dict,
            "how it is spoken",
            fields=(
                Field("Speed", float, "per cent of the normal speed", low=50, high=200, default=100),
                Field("TimbreKey", help="voice", asset="voice"),
                Field("Volume", int, "dB above or below normal", low=-10, high=10, default=0),
                Field("TimbreLanguage", help="language, for voices that have several", choices=LANGUAGES),
            ),
        ),
    ),
    rules=(_external_trtc_is_complete, _trtc_options_need_trtc),
    response=_CREATED,
    amend=tell_session,
)

GET = _call(
    "session.get",
    "statsession",
    "Show the state of a session",
    "Querying the Session Status",
    request=(SESSION_ID,),
    response=(
        _SESSION_STATUS,
        _PLAY_ADDRESS,
        Field("SpeakStatus"),
        Field("IsSessionStarted", bool, required=True),
        Field("ErrorCode", int),
        Field("ErrorMessage", also=("ErrorMsg",)),
    ),
    amend=tell_session,
)

# Readiness ends a wait without ending the session: it is open, and waits for whoever drives and closes it.
READY = Waiter(
    "session.get",
    "session",
    rows=(
        ({"Status": "PREPARING"}, State.RUNNING),
        ({"Status": "READY"}, State.DECISION),
        ({"Status": "STARTED"}, State.DECISION),
        ({"Status": "CLOSED"}, State.DONE),
        ({"Status": "FAILED"}, State.FAILED),
    ),
    id="SessionId",
    code="ErrorCode",
    message="ErrorMessage",
    forgotten={"Status": "CLOSED"},
)

START = _call(
    "session.start",
    "startsession",
    "Start a session that is ready",
    "Starting Session",
    request=(SESSION_ID,),
    amend=tell_started,
)

CLOSE = _call(
    "session.close",
    "closesession",
    "Close a session and free its slot",
    "Closing Live Session",
    request=(SESSION_ID,),
    amend=tell_closed,
)

LIST_BY_PROJECT = _call(
    "session.list-by-project",
    "listsessionofprojectid",
    "List the open sessions of a project",
    "Querying the Conversation List under the Digital Human Project",
    request=(Field("VirtualmanProjectId", help="project", required=True),),
    response=(_SESSIONS,),
    amend=tell_sessions,
)

LIST_BY_AVATAR = _call(
    "session.list-by-avatar",
    "listsessionofassetvk",
    "List the open sessions of an avatar",
    "Querying the Conversion List under the Personal Asset Image",
    request=(Field("AssetVirtualmanKey", help="avatar", required=True, asset="avatar"),),
    response=(_SESSIONS,),
    amend=tell_sessions,
)

LIST = _call(
    "session.list",
    "listsessionofuin",
    "List the open sessions of the account",
    "Querying the Session List under UIN",
    response=(_SESSIONS,),
    amend=tell_sessions,
)

UPDATE = _call(
    "session.update",
    "updatesessionconfig",
    "Change background, position and colours of a running session",
    "Real-time Update of Digital Human Visual Parameters",
    request=(
        SESSION_ID,
        Field(
            "SpaceParam",
            dict,
            "background and position, 2D avatars",
            fields=(
                # "jpg, jpeg, and png (other formats not supported)".
                Field("BackgroundUrl", help="below 1 MB", url=True, endings=("jpg", "jpeg", "png")),
                Field("ImagePosition", float, "0 centre, negative left", required=True, low=-0.5, high=0.5),
                Field("ImagePositionVertical", float, "0 bottom", required=True, low=-0.5, high=0.25),
                Field("ImageZoom", float, "size, 0.25 to 2 advised", required=True, above=0),
            ),
        ),
        Field(
            "ImageParam",
            dict,
            "attitude and colours, 3D avatars",
            fields=(
                Field("ImageVerticalOffset", float, "vertical angle of the upper body"),
                Field("ImageHorizontalOffset", float, "horizontal angle of the upper body"),
                # A float in the table, JSON text in the sample.
                Field("ImageExtraParam", help="colours as JSON text"),
            ),
        ),
    ),
    rules=(has_json_object("ImageParam.ImageExtraParam"),),
    # "Request frequency limit for this API: One request every 5 seconds per individual session."
    apart_s=5.0,
)

TRTC_KEY = _call(
    "session.trtc-key",
    "gettrtcsign",
    "Get the key to the TRTC room of a session",
    "Obtaining the Key to the TRTC Room",
    request=(
        SESSION_ID,
        Field("RoomId", help="room, from the address of the stream", required=True),
        Field("UserId", help="user that enters the room", required=True),
    ),
    response=(
        Field("UserSig", required=True, secret=True),
        Field("PrivateMapKey", required=True, secret=True),
    ),
)

SAY = Operation(
    "session.say",
    f"{_DRIVER}/command",
    "Let the avatar of a session say a text",
    safe=False,
    service="session",
    doc="Text-driven Instructions",
    # "The interval between sending texts must be greater than 1 second."
    apart_s=1.0,
    request=(
        REQ_ID,
        SESSION_ID,
        Field("Command", help="what to do", required=True, choices=("SEND_TEXT",)),
        Field(
            "Data",
            dict,
            "the text",
            required=True,
            fields=(
                Field("Text", help="text to speak", most_bytes=MOST_TEXT_BYTES),
                Field("Interrupt", bool, "stop what is being said", default=False),
                Field("ChatCommand", help="NotUseChat: say this text, do not answer it", choices=("NotUseChat",)),
            ),
        ),
    ),
)

OPERATIONS = (
    CREATE,
    CREATE_BY_AVATAR,
    GET,
    START,
    CLOSE,
    LIST_BY_PROJECT,
    LIST_BY_AVATAR,
    LIST,
    UPDATE,
    TRTC_KEY,
    SAY,
)
