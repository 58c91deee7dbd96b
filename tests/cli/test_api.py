"""`tadh api`: every declared operation, and any other path."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli.providers.tencent import operations
from tadh_cli.sandbox.hosting import Hosted
from tests.program import Program, Ran

On = Callable[..., Ran]
OPERATIONS = list(operations())


def test_the_list_has_every_operation_with_its_fields(tadh: Program) -> None:
    listed = {entry["Name"]: entry for entry in tadh("api", "--list").json}
    assert set(listed) == {operation.name for operation in OPERATIONS} and len(listed) == 35
    assert "SpeechParam.Speed" in {field["Name"] for field in listed["video.create"]["Fields"]}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_each_operation_prints_its_schema(tadh: Program, operation: object) -> None:
    schema = tadh("api", operation.name, "--schema").json  # type: ignore[attr-defined]
    assert schema["type"] == "object" and schema["title"] == operation.name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "name",
    [
        "voice.list",
        "describetimbre",
        "customerassetservice/describetimbre",
        "/v2/ivh/crmserver/customerassetservice/describetimbre",
    ],
)
def test_an_operation_is_called_by_name_or_by_the_end_of_its_path(on: On, name: str) -> None:
    assert len(on("api", name, "-f", "PageIndex=2", "-f", "PageSize=3").json["TimbreAssets"]) == 3


def test_a_name_with_several_meanings_lists_them(on: On) -> None:
    error = on("api", "getaction", "-f", "VirtualmanKey=x", code=2).err
    assert "legacy.actions" in error and "avatar.actions" in error


def test_a_misspelled_name_gets_a_suggestion(on: On) -> None:
    assert "video.get" in on("api", "vidio.get", code=2).error["Hint"]


def test_fields_are_typed_as_declared(on: On) -> None:
    body = on(
        "api", "video.create-advanced", "-f", "VirtualmanKey=1", "-f", "Speed=1", "-f", "InputSsml=12",
        "-f", "VideoParam.ShowSubtitles=true", "-F", 'VideoParam.LogoParams=[{"PositionX": 3}]', "--dry-run",
    ).json["Body"]["Payload"]  # fmt: skip
    assert body == {
        "VirtualmanKey": "1",
        "SpeechParam": {"Speed": 1.0},
        "InputSsml": "12",
        "VideoParam": {"ShowSubtitles": True, "LogoParams": [{"PositionX": 3}]},
    }


def test_a_key_given_twice_makes_an_array(on: On) -> None:
    body = on(
        "api",
        "avatar.list",
        "-f",
        "PageIndex=1",
        "-f",
        "PageSize=1",
        "-f",
        "AnchorCodes=a",
        "-f",
        "AnchorCodes=b",
        "--dry-run",
    )
    assert body.json["Body"]["Payload"]["AnchorCodes"] == ["a", "b"]


def test_all_problems_are_told(on: On, sandbox: Hosted) -> None:
    error = on("api", "video.create", "-f", "SpeechParam.Speed=fast", "-f", "Volum=1", "-F", "x={", code=2).err
    assert "SpeechParam.Speed 'fast' is not a number" in error and "VirtualmanKey is required" in error
    assert "Volum is not a parameter of this call" in error and "-F x: '{' is not JSON" in error
    assert sandbox.journal() == []


@pytest.mark.parametrize("envelope", [True, False])
def test_the_payload_comes_from_a_file_or_stdin(on: On, envelope: bool) -> None:
    payload = {"PageIndex": 1, "PageSize": 2}
    text = json.dumps({"Header": {}, "Payload": payload} if envelope else payload)
    Path("body.json").write_text(text)
    assert len(on("api", "voice.list", "--input", "body.json").json["TimbreAssets"]) == 2
    assert len(on("api", "voice.list", "--input", "-", stdin=text.encode()).json["TimbreAssets"]) == 2


def test_raw_is_what_the_service_sent(on: On) -> None:
    answer = json.loads(on("api", "voice.texts", "--raw").out)
    assert answer["Header"]["Code"] == 0 and answer["Payload"]["Texts"]


def test_curl_masks_the_signature_and_sends_nothing(on: On, sandbox: Hosted) -> None:
    line = on("api", "voice.list", "-f", "PageIndex=1", "-f", "PageSize=2", "--curl").out
    assert line.startswith("curl -X POST") and "signature=***" in line and '"PageSize": 2' in line
    assert sandbox.journal() == []


def test_temporary_keys_are_masked(on: On) -> None:
    for more in ((), ("--raw",), ("-vv",)):
        ran = on("api", "assets.credentials", *more)
        assert '"TmpSecretKey": "***"' in ran.out.replace('":"', '": "') and "AKID" not in ran.out + ran.err


def test_another_path_is_signed_and_sent_as_it_is(on: On, sandbox: Hosted) -> None:
    error = on("api", "/v2/ivh/videomaker/broadcastservice/phototovideonotrain", "-f", "RefPhotoUrl=x", code=None)
    assert error.code in (10, 11) and sandbox.journal(), "the sandbox does not have it, but it was asked"


def test_a_creation_is_in_the_ledger(on: On, avatar: str) -> None:
    record = on("api", "video.create", "-f", f"VirtualmanKey={avatar}", "-f", "InputSsml=hello", "-f", "Speed=1").json
    assert on("task", "show", record["TaskId"]).json["Operation"] == "video.create"


@pytest.mark.parametrize("args", [(), ("GET", "POST", "x"), ("TRACE", "voice.list"), ("GET", "voice.list")])
def test_method_and_name_have_to_make_sense(on: On, args: tuple[str, ...]) -> None:
    on("api", *args, code=2)


MAKE = "/v2/ivh/videomaker/broadcastservice/videomake"
DISGUISED = [
    MAKE.replace("videomake", "%76ideomake", 1),
    MAKE.replace("/videomake", "/video%6Dake"),
    f"{MAKE}/",
    MAKE.replace("/", "//"),
    f"/{MAKE}",
    MAKE.replace("broadcastservice", "./broadcastservice"),
    MAKE.replace("broadcastservice", "x/../broadcastservice"),
    MAKE.upper(),
    f"{MAKE}?x=1",
    f"{MAKE}#x",
    f"{MAKE}/?x=1",
]


@pytest.mark.parametrize("path", DISGUISED)
def test_a_declared_path_is_checked_and_noted_however_it_is_spelled(on: On, avatar: str, path: str) -> None:
    assert "VirtualmanKey is required" in on("api", path, "-f", "InputSsml=hello", "-f", "Speed=1", code=2).err
    given = ("-f", f"VirtualmanKey={avatar}", "-f", "InputSsml=hello", "-f", "Speed=1")
    sent = on("api", path, *given, "--dry-run").json["Url"]
    assert MAKE in sent and sent.replace("https://", "").replace("http://", "").count("//") == 0
    assert on("task", "show", on("api", path, *given).json["TaskId"]).json["Operation"] == "video.create"


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
@pytest.mark.parametrize("path", [MAKE, DISGUISED[0], DISGUISED[2]])
def test_a_declared_path_takes_no_other_method(on: On, sandbox: Hosted, method: str, path: str) -> None:
    assert f"video.create is called with POST, not {method}" in on("api", method, path, code=2).err
    assert sandbox.journal() == []
