"""Making audio and video: Video Generation Service API."""

from __future__ import annotations

from collections.abc import Iterator

from tadh_cli.api.body import Body
from tadh_cli.api.field import Field, Payload, Problem
from tadh_cli.api.operation import Operation, Rule
from tadh_cli.api.waiter import State, Waiter
from tadh_cli.providers.tencent.terms import (
    ACTIONS_ANSWER,
    AVATAR_KEY,
    DRIVER_TYPES,
    EMOTIONS,
    EXTRA_PARAMS_ANSWER,
    LANGUAGES,
    TASK_ID,
    TASK_ID_ANSWER,
    TIMBRES_ANSWER,
    has_json_object,
)

_BASE = "/v2/ivh/videomaker/broadcastservice"

# Unicode characters of InputSsml, tags included.
MOST_CHARACTERS = 20_000

_EMOTION = Field("EmotionCategory", help="emotion, for voices that have several", choices=tuple(EMOTIONS))
_INTENSITY = Field("EmotionIntensity", int, "strength of the emotion", low=50, high=200)
_SPEED = Field("Speed", float, "speed of speech, 1.0 is normal", required=True, low=0.5, high=1.5)
_VOLUME = Field("Volume", int, "loudness, 0 is normal", low=0, high=10, default=0)
_TEXT_HELP = "text or SSML to speak, on one line"

# Punctuation settings: "0" none, "1" all, else the marks themselves.
_SENTENCES = (
    Field("SentenceMaxWords", int, "characters of a sentence at most, 0 means 30", low=0, high=999, default=30),
    Field("SentenceDisplayPunctuation", help='marks to show: "0" none, "1" all, or the marks', default="1"),
    Field("SentenceSplitPunctuation", help="marks that end a sentence"),
)

_SPEECH = Field(
    "SpeechParam",
    dict,
    "how it is spoken",
    required=True,
    fields=(
        _SPEED,
        Field("TimbreKey", help="voice; the avatar's own when left out", asset="voice"),
        Field("TimbreLanguage", help="language, for voices that have several", choices=LANGUAGES, open=True),
        _VOLUME,
        _EMOTION,
        _INTENSITY,
    ),
)

# What the basic and the advanced call share before and behind their VideoParam.
_SCRIPT = (AVATAR_KEY, Field("InputSsml", help=_TEXT_HELP, most=MOST_CHARACTERS, one_line=True), _SPEECH)
_DELIVERY = (
    Field("CallbackUrl", help="is sent the result once", url=True, most=999),
    Field("DriverType", help="what drives the avatar", choices=DRIVER_TYPES, default="Text"),
    Field("InputAudioUrl", help="audio that drives the avatar: wav, mp3, wma, m4a or aac", url=True),
    Field("VideoStorageS3Url", help="pre-authorised URL to store the video at", url=True),
    Field("SubtitleStorageS3Url", help="pre-authorised URL to store the subtitles at", url=True),
    Field("ConcurrencyType", help="slots to use; exclusive ones first when left out", choices=("Exclusive", "Shared")),
)


def _driver_needs_its_input(body: Body) -> Iterator[Problem]:
    driver = body["DriverType"] or "Text"
    if driver == "Text" and not body["InputSsml"]:
        yield Problem("InputSsml", "is required when DriverType is Text")
    if driver in ("OriginalVoice", "ModulatedVoice") and not body["InputAudioUrl"]:
        yield Problem("InputAudioUrl", f"is required when DriverType is {driver}")
    if driver in ("OriginalVoice", "ModulatedVoice") and body["SpeechParam.Speed"] not in (None, 1, 1.0):
        yield Problem("SpeechParam.Speed", "has no effect when audio drives the avatar", warning=True)


def _intensity_needs_emotion(prefix: str) -> Iterator[Problem]:
    yield Problem(f"{prefix}EmotionIntensity", f"needs {prefix}EmotionCategory")


def _video_emotion(body: Body) -> Iterator[Problem]:
    if body["SpeechParam.EmotionIntensity"] is not None and not body["SpeechParam.EmotionCategory"]:
        yield from _intensity_needs_emotion("SpeechParam.")


def _audio_emotion(body: Body) -> Iterator[Problem]:
    if body["EmotionIntensity"] is not None and not body["EmotionCategory"]:
        yield from _intensity_needs_emotion("")


def _audio_needs_voice(body: Body) -> Iterator[Problem]:
    if not (body["TimbreKey"] or body["VirtualmanKey"]):
        yield Problem("TimbreKey", "or VirtualmanKey is required")


_EDITS = (
    "BackgroundFileUrl",
    "VideoHeadFileUrl",
    "VideoTailFileUrl",
    "ShowSubtitles",
    "SubtitlesParam",
    "LogoParams",
)


def _format_allows_edits(body: Body) -> Iterator[Problem]:
    """A transparent WebM takes anchor parameters only, a green screen MP4 no editing at all."""
    output = body["VideoParam.Format"]
    if output not in ("TransparentWebm", "GreenScreenMp4"):
        return
    refused = _EDITS if output == "TransparentWebm" else (*_EDITS, "AnchorParam")
    for name in refused:
        if body[f"VideoParam.{name}"]:
            yield Problem(f"VideoParam.{name}", f"is not possible with the format {output}")


def _subtitle_settings_need_subtitles(body: Body) -> Iterator[Problem]:
    if body["VideoParam.SubtitlesParam"] and not body["VideoParam.ShowSubtitles"]:
        yield Problem("VideoParam.SubtitlesParam", "has no effect without ShowSubtitles", warning=True)


def _smart_actions_need_text(body: Body) -> Iterator[Problem]:
    """Effective conditions: DriverType=Text and InputSsml does not contain action tags."""
    path = "VideoParam.SmartActionEnabled"
    if not body[path]:
        return
    if (body["DriverType"] or "Text") != "Text":
        yield Problem(path, "works only when text drives the avatar")
    elif "<insert-action" in str(body["InputSsml"] or ""):
        yield Problem(path, "has no effect beside the action tags of InputSsml", warning=True)


def _segment(body: Body) -> Iterator[Problem]:
    clip = "VideoParam.SmallSampleParam"
    make_type = body[f"{clip}.MakeType"] or "Default"
    first, last = body[f"{clip}.StartIdx"], body[f"{clip}.EndIdx"]
    if make_type == "Circle" and (body["DriverType"] or "Text") == "Text":
        yield Problem(f"{clip}.MakeType", "is only for videos that audio drives", make_type)
    if first is not None and make_type == "Default":
        yield Problem(f"{clip}.StartIdx", "needs MakeType Custom or Circle")
    if last is not None and make_type != "Custom":
        yield Problem(f"{clip}.EndIdx", "needs MakeType Custom")
    if isinstance(first, int) and isinstance(last, int) and last < first:
        yield Problem(f"{clip}.EndIdx", f"is before StartIdx {first}", last)


def status_from_progress(answer: Payload) -> Payload:
    """Fill in a Status that the answer left out, as its documented sample does.

    Progress is "reserved, not for reference" and therefore only the last resort.
    """
    if answer.get("Status"):
        return answer
    done = answer.get("Progress") == 100 and bool(answer.get("MediaUrl"))
    status = "SUCCESS" if done else "FAIL" if answer.get("Progress") == -1 else "MAKING"
    return {**answer, "Status": status}


AUDIO = Operation(
    "audio.create",
    f"{_BASE}/tts",
    "Make audio from text",
    safe=False,
    service="video",
    creates="audio",
    first_status="COMMIT",
    doc="Audio Production API",
    request=(
        Field("TimbreKey", help="voice; needed without VirtualmanKey", asset="voice"),
        Field("VirtualmanKey", help="avatar whose first voice is used", asset="avatar"),
        Field("InputSsml", help=_TEXT_HELP, required=True, most=MOST_CHARACTERS, one_line=True),
        _SPEED,
        Field("AudioStorageS3Url", help="pre-authorised URL to store the audio at", url=True),
        Field("SampleRate", int, "samples a second", choices=("24000", "16000"), default=24000),
        Field("Codec", help="format of the audio", choices=("mp3", "wav"), default="mp3"),
        *_SENTENCES,
        _VOLUME,
        _EMOTION,
        _INTENSITY,
    ),
    rules=(_audio_needs_voice, _audio_emotion),
    response=(TASK_ID_ANSWER,),
)


def _video(
    name: str, call: str, summary: str, doc: str, picture: tuple[Field, ...], rules: tuple[Rule, ...] = ()
) -> Operation:
    """A call that makes a video: they differ in what they can do to the picture."""
    return Operation(
        name,
        f"{_BASE}/{call}",
        summary,
        safe=False,
        service="video",
        creates="video",
        first_status="COMMIT",
        doc=doc,
        request=(*_SCRIPT, Field("VideoParam", dict, "the picture", fields=picture), *_DELIVERY),
        rules=(_driver_needs_its_input, _video_emotion, *rules),
        response=(TASK_ID_ANSWER,),
    )


BASIC = _video(
    "video.create",
    "videomake",
    "Make a video from text or audio",
    "Video Production API - Basic Edition",
    (Field("Format", help="file format", choices=("TransparentWebm", "GreenScreenMp4"), default="TransparentWebm"),),
)

_PICTURE = (
    Field(
        "Format",
        help="file format",
        choices=("Mp4", "TransparentWebm", "GreenScreenMp4"),
        default="Mp4",
    ),
    Field("BackgroundFileUrl", help="jpg, png or mp4 in the video's resolution", url=True),
    Field("VideoHeadFileUrl", help="mp4 before the video, same resolution", url=True),
    Field("VideoTailFileUrl", help="mp4 after the video, same resolution", url=True),
    Field("ShowSubtitles", bool, "show subtitles in the picture", default=False),
    Field(
        "SubtitlesParam",
        dict,
        "how subtitles are shown",
        fields=(
            Field("MaxWords", int, "characters on a page, 0 fits the width", low=0, high=999, default=0),
            Field("DisplayPunctuation", help='"0" none, "1" all, or the marks', default="1"),
            Field("SplitPunctuation", help="marks that end a page"),
        ),
    ),
    Field(
        "LogoParams",
        dict,
        "pictures on top",
        many=True,
        fields=(
            Field("LogoFileUrl", help="jpg or png", url=True),
            Field("PositionX", int, "left edge in pixels"),
            Field("PositionY", int, "top edge in pixels"),
            Field("Scale", float, "1.0 is the picture's own size", above=0),
        ),
    ),
    Field("SmartActionEnabled", bool, "let the service choose actions", default=False),
    Field(
        "AnchorParam",
        dict,
        "where the avatar stands",
        fields=(
            Field("HorizontalPosition", float, "0 centre, negative left", default=0),
            Field("VerticalPosition", float, "0 centre, negative up", default=0),
            Field("Scale", float, "size; above 1 for anchors tagged Basic", above=0, default=1),
            Field("Angle", int, "degrees; 3D anchors tagged Basic", low=0, high=360, default=0),
            Field("AnchorExtraParam", help="JSON text, such as colours of 3D clothes"),
        ),
    ),
    Field(
        "SmallSampleParam",
        dict,
        "which part of the avatar's material is used",
        fields=(
            Field("MakeType", help="choice of the clip", choices=("Default", "Custom", "Circle")),
            Field("StartIdx", int, "first frame", low=0),
            Field("EndIdx", int, "last frame", low=0),
        ),
    ),
)

ADVANCED = _video(
    "video.create-advanced",
    "videomakeadvanced",
    "Make a video with background, intro, logos, subtitles and placement",
    "Video Production API - Advanced Version",
    _PICTURE,
    (
        _format_allows_edits,
        _subtitle_settings_need_subtitles,
        _smart_actions_need_text,
        _segment,
        has_json_object("VideoParam.AnchorParam.AnchorExtraParam"),
    ),
)

GET = Operation(
    "video.get",
    f"{_BASE}/getprogress",
    "Show where a video or audio stands",
    safe=True,
    service="video",
    doc="Audio and Video Production Progress Query API",
    request=(TASK_ID,),
    response=(
        Field("Progress", int, "-1 failed, 100 done; reserved, not for reference"),
        Field("MediaUrl"),
        Field("SubtitlesUrl", help="SRT, for videos from text"),
        Field("Status", choices=("COMMIT", "MAKING", "SUCCESS", "FAIL"), open=True),
        Field("ArrayCount", int, "tasks before this one while it is queued"),
        Field("FailCode", int),
        Field("FailMessage"),
        Field(
            "TextTimestampResult",
            dict,
            many=True,
            fields=(
                Field("Sentence", required=True),
                Field(
                    "Words",
                    dict,
                    many=True,
                    required=True,
                    fields=(
                        Field("Word", required=True),
                        Field("StartTimestamp", int, "units of 100 ns", required=True),
                        Field("EndTimestamp", int, "units of 100 ns", required=True),
                    ),
                ),
            ),
        ),
        Field("Duration", int, "milliseconds"),
    ),
    amend=status_from_progress,
)

_ALL_RESOURCES = Field("GetAllResource", bool, "all of the user, not only this appkey's", required=True)


def _resources(*fields: Field) -> Field:
    """The nesting of the older look-ups: by appkey, then the avatars."""
    return Field(
        "VirtualmanResources",
        dict,
        many=True,
        required=True,
        fields=(Field("AppKey", required=True), Field("Virtualmans", dict, many=True, fields=fields)),
    )


LEGACY_ANCHORS = Operation(
    "legacy.anchors",
    f"{_BASE}/getanchor",
    "List anchors, older call",
    safe=True,
    service="video",
    deprecated="use avatar.anchors",
    doc="Customer Resource Query Anchor API",
    request=(
        _ALL_RESOURCES,
        Field("VirtualmanTypeCode", help="type code", choices=("real_man_2d", "real_man_3d"), open=True),
    ),
    response=(
        _resources(
            Field("AnchorName", required=True),
            Field("AnchorCode", required=True),
            Field("HeaderImage"),
            Field("VirtualmanType"),
            Field("VirtualmanTypeCode"),
            Field("Tag"),
        ),
    ),
)

LEGACY_IMAGES = Operation(
    "legacy.images",
    f"{_BASE}/getresourcebyanchor",
    "List the avatars of an anchor, older call",
    safe=True,
    service="video",
    deprecated="use avatar.images",
    doc="Querying All Images of a Specific Anchor",
    request=(_ALL_RESOURCES, Field("AnchorCode", help="anchor", required=True)),
    response=(
        _resources(
            Field("VirtualmanKey", required=True),
            # Name and Code in the table, AnchorName and AnchorCode in the sample.
            Field("AnchorName", required=True, also=("Name",)),
            Field("AnchorCode", required=True, also=("Code",)),
            Field("ClothesName"),
            Field("PoseName"),
            Field("Resolution"),
            Field("HeaderImage"),
            Field("PoseImage", also=("PoselImage",)),
            Field("ClothesImage"),
            Field("SupportDriverTypes", many=True),
            EXTRA_PARAMS_ANSWER,
            Field("OriginZoom", float),
        ),
    ),
)

LEGACY_VOICES = Operation(
    "legacy.voices",
    f"{_BASE}/gettimbre",
    "List the voices of an avatar, older call",
    safe=True,
    service="video",
    deprecated="every voice can be used with every avatar: see voice.list",
    doc="Querying the Supported Timbres for VirtualmanKey (to Be Deprecated)",
    request=(AVATAR_KEY,),
    response=(TIMBRES_ANSWER,),
)

LEGACY_ACTIONS = Operation(
    "legacy.actions",
    f"{_BASE}/getaction",
    "List the actions of an avatar, older call",
    safe=True,
    service="video",
    deprecated="use avatar.actions",
    doc="Querying the Supported Actions for VirtualmanKey",
    request=(AVATAR_KEY,),
    response=(ACTIONS_ANSWER,),
)

OPERATIONS = (AUDIO, BASIC, ADVANCED, GET, LEGACY_ANCHORS, LEGACY_IMAGES, LEGACY_VOICES, LEGACY_ACTIONS)

_ROWS = (
    ({"Status": "COMMIT"}, State.QUEUED),
    ({"Status": "MAKING"}, State.RUNNING),
    ({"Status": "SUCCESS"}, State.DONE),
    ({"Status": "FAIL"}, State.FAILED),
)
MADE = Waiter(GET.name, "video", _ROWS)
SPOKEN = Waiter(GET.name, "audio", _ROWS)
