"""Avatars and voices from their material to their use, over real sockets and with real files."""

from __future__ import annotations

import io
import json
import logging
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import av
import pytest
from qcloud_cos import CosConfig, CosS3Client

from tadh_cli.sandbox import hosting
from tadh_cli.sandbox.hosting import Hosted
from tests.unit.sandbox_bench import Client
from tests.unit.sandbox_material import (
    PDF,
    bursts,
    mixed,
    noise,
    packed,
    photo,
    recording,
    sound,
    tone,
    video,
    wav,
)

logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)


class Desk:
    """An operator's: uploads material and asks for what comes of it."""

    def __init__(self, sandbox: Hosted) -> None:
        self.sandbox = sandbox
        self.client = Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)
        granted = self.client.good("assets.credentials")
        where = urlsplit(granted["PathPrefix"])
        self.url, self.prefix = granted["PathPrefix"], where.path.removeprefix("/")
        keys = granted["Credentials"]
        config = CosConfig(
            Region="ap-nanjing",
            Scheme="http",
            SecretId=keys["TmpSecretId"],
            SecretKey=keys["TmpSecretKey"],
            Token=keys["Token"],
            Domain=where.netloc,
        )
        self.cos = CosS3Client(config, retry=0)

    def upload(self, name: str, data: bytes) -> str:
        self.cos.put_object(Bucket="b-1250000000", Key=self.prefix + name, Body=data)
        return f"{self.url}{quote(name)}"

    def make(self, make_type: str, name: str = "Tom", **files: str) -> dict[str, str]:
        order = {"AnchorName": name, "MakeType": make_type, "SexType": "FEMALE", **files}
        return self.client.good("customization.create", **order)

    def later(self, seconds: float = 500) -> None:
        """After everything was looked at and virtual time went by."""
        self.sandbox.settle()
        self.sandbox.advance(seconds)

    def progress(self, task: dict[str, str]) -> dict[str, Any]:
        return self.client.good("customization.get", **task)

    def listed(self, operation: str, **more: Any) -> list[dict[str, Any]]:
        payload = {**more, "PageIndex": 1, "PageSize": 100}
        found: list[dict[str, Any]] = []
        while len(found) < (answer := self.client.good(operation, **payload))["Total"]:
            found += next(value for value in answer.values() if isinstance(value, list))
            payload["PageIndex"] += 1
        return found

    def seen(self, url: str) -> tuple[tuple[int, int] | None, float]:
        """The size and the length of a film or a sound behind a link."""
        status, _, data = self.client.get(url)
        assert status == 200
        with av.open(io.BytesIO(data)) as file:
            assert file.duration is not None
            pictures = file.streams.video
            return ((pictures[0].width, pictures[0].height) if pictures else None), file.duration / av.time_base


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with hosting.run(tmp_path_factory.mktemp("sandbox")) as hosted:
        yield hosted


@pytest.fixture
def desk(shared: Hosted) -> Desk:
    shared.reset()
    shared.clear_faults()
    return Desk(shared)


def test_a_photo_becomes_an_avatar_that_makes_videos(desk: Desk) -> None:
    task = desk.make("IMAGE_PHOTO", MaterialCosUrl=desk.upload("photo/照片.png", photo((720, 1280), "png")))
    desk.later()
    answer = desk.progress(task)
    assert (answer["Status"], answer["StageV2"], answer["StatusV2"]) == ("SUCCESS", "END", "SUCCESS")
    (asset,) = answer["AssetList"]
    expected = {"VirtualmanTypeCode": "small_sample_photo_2d", "Resolution": "720x1280", "OriginZoom": "1.000"}
    assert {name: asset[name] for name in expected} == expected
    key = asset["VirtualmanKey"]
    (image,) = [one for one in desk.listed("avatar.list") if one["VirtualmanKey"] == key]
    assert (image["AnchorName"], image["Resolution"]) == ("Tom", "720x1280")
    of_type = {"VirtualmanTypeCode": "small_sample_photo_2d", "AnchorCodes": [image["AnchorCode"]]}
    assert [one["VirtualmanKey"] for one in desk.listed("avatar.images", **of_type)] == [key]
    assert [one["AnchorName"] for one in desk.listed("avatar.anchors", **of_type)] == ["Tom"]
    order = {"VirtualmanKey": key, "InputSsml": "Hi", "SpeechParam": {"Speed": 1.5}}
    made = desk.client.good("video.create", **order, VideoParam={"Format": "GreenScreenMp4"})
    desk.later(1000)
    assert desk.seen(desk.client.good("video.get", **made)["MediaUrl"])[0] == (720, 1280)


def test_a_studio_avatar_is_rejected_trained_again_and_accepted(desk: Desk) -> None:
    task = desk.make(
        "IMAGE",
        MaterialCosUrl=desk.upload("video/me.mp4", video(120, (1920, 1080))),
        IdentityCosUrl=desk.upload("idcard/letter.mp4", video(3, (640, 480))),
        IdentityWrittenCosUrl=desk.upload("idcard/letter.pdf", PDF),
        TextDriver="Hello, everybody.",
    )
    assert desk.progress(task)["StageInfo"] == ""
    desk.later()
    answer = desk.progress(task)
    assert (answer["Status"], answer["StageV2"], answer["StatusV2"]) == ("MAKING", "CONFIRM", "WAIT_PROCESS")
    first = json.loads(answer["StageInfo"])
    assert first["RejectReason"] == "" and "TrainRecord" not in first
    (demo,) = first["TrainResult"]
    assert desk.seen(demo)[0] == (480, 270)

    desk.client.good("customization.confirm", **task, Operate="REJECT", Reason="a green outline")
    answer = desk.progress(task)
    assert (answer["StageV2"], answer["StageInfo"]) == ("TRAIN", "")
    desk.later(100)
    second = json.loads(desk.progress(task)["StageInfo"])
    assert [record["Record"] for record in second["TrainRecord"]] == [[demo]]
    assert second["TrainResult"] != [demo]
    assert desk.seen(second["TrainResult"][0])[1] > 0.5

    desk.client.good("customization.confirm", **task, Operate="AGREE")
    answer = desk.progress(task)
    assert (answer["Status"], answer["StageV2"], answer["StageInfo"]) == ("SUCCESS", "END", "")
    (image,) = [one for one in desk.listed("avatar.list") if one["AnchorName"] == "Tom"]
    assert image["Resolution"] == "1920x1080"
    assert desk.client.call("customization.confirm", **task, Operate="AGREE")[0] == 100002


def test_the_demo_moves_to_the_sound_that_was_handed_in(desk: Desk) -> None:
    task = desk.make(
        "IMAGE_4K",
        MaterialCosUrl=desk.upload("video/me.mov", video(120, (2160, 3840), kind="mov")),
        IdentityWrittenCosUrl=desk.upload("idcard/letter.pdf", PDF),
        VoiceDriverCosFile=desk.upload("audio/demo.mp3", sound("mp3", mixed(tone(2.5, 9000)))),
    )
    desk.later()
    (demo,) = json.loads(desk.progress(task)["StageInfo"])["TrainResult"]
    size, seconds = desk.seen(demo)
    assert size == (270, 480)
    assert seconds == pytest.approx(2.5, abs=0.2)


def test_a_zip_of_recordings_becomes_a_voice_that_speaks(desk: Desk) -> None:
    material = packed([(f"part{number}.wav", recording(2, rate=24_000)) for number in range(3)])
    task = desk.make(
        "VOICE",
        "Ann",
        MaterialCosUrl=desk.upload("audio/ann.zip", material),
        IdentityWrittenCosUrl=desk.upload("idcard/letter.pdf", PDF),
    )
    desk.later()
    (demo,) = json.loads(desk.progress(task)["StageInfo"])["TrainResult"]
    assert desk.seen(demo)[1] > 0.5
    desk.client.good("customization.confirm", **task, Operate="AGREE")
    assert "AssetList" not in desk.progress(task)
    (voice,) = [one for one in desk.listed("voice.list") if one["TimbreName"] == "Ann"]
    assert (voice["TimbreType"], voice["PurchaseType"], voice["TimbreGender"]) == ("SampleBasic", "Custom", 2)
    order = {"TimbreKey": voice["TimbreKey"], "InputSsml": "Hello", "Speed": 1.0}
    made = desk.client.good("audio.create", **order)
    desk.later(1000)
    assert desk.client.good("video.get", **made)["Status"] == "SUCCESS"


def read(desk: Desk, text: str) -> bytes:
    """A recording of somebody who reads a text: the studio's own voice, as MP3."""
    made = desk.client.good("audio.create", TimbreKey="female_1", InputSsml=text, Speed=1.0)
    desk.later(1000)
    return desk.client.get(desk.client.good("video.get", **made)["MediaUrl"])[2]


def detected(desk: Desk, data: bytes, **order: str) -> dict[str, Any]:
    task = desk.client.good("ultra-check.create", AudioUrl=desk.upload("zeroshot/me-1.mp3", data), **order)
    desk.later(60)
    return desk.client.good("ultra-check.get", **task)


def test_a_recording_of_a_text_becomes_a_voice_at_once(desk: Desk) -> None:
    text = desk.client.good("voice.texts")["Texts"][0]
    found = detected(desk, read(desk, text["Text"]), TextId=text["TextId"])
    assert (found["TaskState"], found["DetectionCode"], found["DetectionMsg"]) == ("SUCCESS", 0, "success")
    task = desk.make("ZERO_SHOT_VOICE", "Ann", AudioId=found["AudioId"])
    desk.later()
    (asset,) = desk.progress(task)["AssetList"]
    assert desk.seen(asset["TimbreSample"])[1] > 0.5
    (voice,) = [one for one in desk.listed("voice.list") if one["TimbreKey"] == asset["TimbreKey"]]
    assert (voice["TimbreName"], voice["TimbreType"]) == ("Ann", "SampleFast")
    order = {"VirtualmanKey": desk.listed("avatar.list")[0]["VirtualmanKey"], "InputSsml": "Hello"}
    speech = {"Speed": 1.0, "TimbreKey": asset["TimbreKey"]}
    assert desk.client.call("video.create", **order, SpeechParam=speech)[0] == 0


def test_recordings_are_judged_by_what_is_heard(desk: Desk) -> None:
    samples = mixed(bursts(tone(12, 9000), 1.5, 0.5))
    assert detected(desk, sound("mp3", samples))["DetectionCode"] == 0
    noisy = mixed(bursts(tone(12, 9000), 1.5, 0.5), noise(12, 2500))
    assert detected(desk, sound("mp3", noisy))["DetectionCode"] == -3
    assert detected(desk, sound("mp3", mixed(tone(2, 9000))))["DetectionCode"] == -2
    assert detected(desk, sound("mp3", samples), ReferenceText="far too long " * 60)["DetectionCode"] == -2
    assert detected(desk, sound("mp3", samples), ReferenceText="Hello")["DetectionCode"] == -2
    broken = detected(desk, b"no sound")
    assert (broken["TaskState"], broken["DetectionCode"], broken["AudioId"]) == ("FAIL", -1, "")


def evaluated(desk: Desk, data: bytes, **order: str) -> dict[str, Any]:
    task = desk.client.good("basic-check.create", AudioUrl=desk.upload("audio/a.wav", data), **order)
    desk.later(60)
    return desk.client.good("basic-check.get", **task)


def test_the_metrics_come_from_the_audio(desk: Desk) -> None:
    level = math.sqrt(9000**2 / 2 / 10**2.5)
    words = bursts(tone(8, 9000), 1.5, 0.5)
    noisy = evaluated(desk, wav(mixed(words, noise(8, level))))["Result"]
    assert noisy["Snr"]["Value"] == pytest.approx(25, abs=1.5)
    assert noisy["Clipping"]["Value"] <= 0
    assert noisy["Duration"]["Value"] == pytest.approx(7.5, abs=0.2)
    loud = evaluated(desk, wav(mixed([5 * value for value in words])), ReferenceText="one two three")["Result"]
    assert loud["Snr"]["Value"] > 60
    assert loud["Clipping"]["Value"] > 0
    assert loud["Wer"]["Value"] < 0.7
    failed = evaluated(desk, sound("mp3", mixed(words)))
    assert failed["Status"] == "FAIL"
    assert "it is mp3, not wav" in failed["ErrorMsg"]


@pytest.mark.parametrize(
    ("make_type", "name", "data", "reason"),
    [
        ("IMAGE", "video/a.mp4", lambda: video(60), "MaterialCosUrl: it has 60.0 seconds, allowed are 120 to 600"),
        ("IMAGE_4K", "video/a.mp4", lambda: video(120), "MaterialCosUrl: it has 1920x1080 pixels"),
        ("IMAGE_GENERAL", "video/a.mp4", lambda: video(61, fps=Fraction(15)), "15.00 frames a second"),
        ("VOICE", "audio/a.zip", lambda: packed([("a.wav", recording(1))]), "16000 Hz, at least 24000"),
        ("IMAGE_PHOTO", "photo/me.jpg", lambda: photo((900, 1200)), "900x1200, allowed are the ratios"),
    ],
)
def test_material_outside_of_the_limits_fails_in_the_audit(
    desk: Desk, make_type: str, name: str, data: Any, reason: str
) -> None:
    letter = {} if make_type == "IMAGE_PHOTO" else {"IdentityWrittenCosUrl": desk.upload("idcard/a.pdf", PDF)}
    task = desk.make(make_type, MaterialCosUrl=desk.upload(name, data()), **letter)
    desk.later()
    answer = desk.progress(task)
    assert (answer["Status"], answer["StageV2"], answer["StatusV2"]) == ("FAIL", "AUDIT", "FAIL")
    assert reason in answer["FailMessage"]


def test_what_was_never_uploaded_fails_in_the_audit_too(desk: Desk) -> None:
    for url in (f"{desk.url}photo/me.jpg", "http://example.com/photo/me.jpg"):
        task = desk.make("IMAGE_PHOTO", f"Tom{len(url)}", MaterialCosUrl=url)
        desk.later()
        answer = desk.progress(task)
        assert answer["Status"] == "FAIL"
        assert "MaterialCosUrl" in answer["FailMessage"]


def test_material_that_came_in_parts_is_audited_as_one(desk: Desk) -> None:
    data = video(120) + bytes(3 << 20)
    where = {"Bucket": "b-1250000000", "Key": f"{desk.prefix}video/a.mp4"}
    upload = {**where, "UploadId": desk.cos.create_multipart_upload(**where)["UploadId"]}
    parts = []
    for number, start in enumerate(range(0, len(data), 1 << 20), 1):
        answer = desk.cos.upload_part(**upload, PartNumber=number, Body=data[start : start + (1 << 20)])
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    desk.cos.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
    letter = desk.upload("idcard/a.pdf", PDF)
    task = desk.make("IMAGE", MaterialCosUrl=f"{desk.url}video/a.mp4", IdentityWrittenCosUrl=letter)
    desk.later()
    assert desk.progress(task)["StageV2"] == "CONFIRM"


@pytest.mark.parametrize("info", ["", "{broken", "[]", '{"TrainResult": null}'])
def test_a_rule_spoils_the_stage_info(desk: Desk, info: str) -> None:
    task = desk.make("IMAGE_PHOTO", MaterialCosUrl=desk.upload("photo/me.png", photo((64, 64), "png")))
    desk.sandbox.set_faults([{"operation": "customization.get", "replace": "StageInfo", "by": info, "times": 1}])
    assert desk.progress(task)["StageInfo"] == info


def test_status_counts_everything_and_a_reset_forgets_it(desk: Desk) -> None:
    url = desk.upload("photo/me.png", photo((64, 64), "png"))
    desk.make("IMAGE_PHOTO", MaterialCosUrl=url)
    desk.client.good("ultra-check.create", AudioUrl=desk.upload("zeroshot/me.wav", recording(10)))
    desk.cos.create_multipart_upload(Bucket="b-1250000000", Key=f"{desk.prefix}video/a.mp4")
    kinds = ("Customizations", "Inspections", "Objects", "Uploads")
    assert [desk.sandbox.status()[kind] for kind in kinds] == [1, 1, 2, 1]
    desk.sandbox.reset()
    assert [desk.sandbox.status()[kind] for kind in kinds] == [0, 0, 0, 0]
    assert not list((desk.sandbox.directory / "objects").iterdir())


def test_everything_goes_on_after_a_restart(tmp_path: Path) -> None:
    with hosting.run(tmp_path) as sandbox:
        desk = Desk(sandbox)
        material = desk.upload("photo/me.png", photo((64, 64), "png"))
        where = {"Bucket": "b-1250000000", "Key": f"{desk.prefix}video/a.mp4"}
        upload = {**where, "UploadId": desk.cos.create_multipart_upload(**where)["UploadId"]}
        part = desk.cos.upload_part(**upload, PartNumber=1, Body=b"x" * (1 << 20))["ETag"]
        # Perhaps not even looked at yet.
        task = desk.make("IMAGE_PHOTO", MaterialCosUrl=material)
        port = sandbox.running.port
    with hosting.run(tmp_path, port=port) as sandbox:
        desk.sandbox = sandbox
        desk.later()
        (asset,) = desk.progress(task)["AssetList"]
        assert asset["Resolution"] == "64x64"
        last = desk.cos.upload_part(**upload, PartNumber=2, Body=b"y")["ETag"]
        parts = [{"PartNumber": 1, "ETag": part}, {"PartNumber": 2, "ETag": last}]
        desk.cos.complete_multipart_upload(**upload, MultipartUpload={"Part": parts})
        assert sandbox.status()["Objects"] == 2
