"""The running server: real sockets, real rendering of very short productions."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import av
import pytest

from tadh_cli.sandbox import hosting
from tadh_cli.sandbox.hosting import Hosted
from tests.unit.sandbox_bench import PATHS, Client

ANNA = "4414462893dc74f31473010ff3f6c977"
ORDER = {"VirtualmanKey": ANNA, "InputSsml": "Hello", "SpeechParam": {"Speed": 1.5}}


@pytest.fixture
def client(sandbox: Hosted) -> Client:
    return Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)


def finished(sandbox: Hosted, client: Client, operation: str = "video.create", **order: Any) -> dict[str, Any]:
    """The answer for a production that has come to its end."""
    made = client.good(operation, **(order or ORDER))
    sandbox.settle()
    sandbox.advance(1000)
    return client.good("video.get", TaskId=next(iter(made.values())))


# The gateway over a socket -------------------------------------------------------------------------------


def test_a_chunked_body_is_refused(client: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    body = iter([b'{"Header":{},', b'"Payload":{}}'])
    headers = {"Content-Type": "application/json"}
    connection.request("POST", client.target(PATHS["voice.texts"]), body, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 411
    assert b"miss Content Length" in answer.read()
    connection.close()


def test_a_connection_is_kept_for_many_calls(client: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    body = json.dumps({"Header": {}, "Payload": {}})
    for _ in range(3):
        target = client.target(PATHS["voice.texts"])
        connection.request("POST", target, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert json.loads(answer.read())["Header"]["Code"] == 0
    connection.close()


def test_the_date_is_that_of_the_machine(sandbox: Hosted, client: Client) -> None:
    sandbox.advance(100_000)
    _, headers, _ = client.post("voice.texts")
    assert abs(parsedate_to_datetime(headers["date"]).timestamp() - time.time()) < 3


def test_paths_that_are_nobodys_are_not_found(client: Client) -> None:
    assert client.request("GET", "/v2")[0] == 405
    status, _, body = client.request("POST", "/v2/ivh/nothing", b"{}", {"Content-Type": "application/json"})
    assert (status, json.loads(body)["Header"]["Code"]) == (400, 100001)


def test_a_body_beyond_all_measure_is_refused(client: Client) -> None:
    target = client.target(PATHS["voice.texts"])
    status, _, _ = client.request("POST", target, b" " * 5_000_000, {"Content-Type": "application/json"})
    assert status == 413


# Productions -----------------------------------------------------------------------------------------------


def test_a_video_is_rendered_in_the_avatars_format(sandbox: Hosted, client: Client) -> None:
    answer = finished(sandbox, client)
    assert answer["Status"] == "SUCCESS"
    status, headers, body = client.get(answer["MediaUrl"])
    assert (status, headers["content-type"]) == (200, "video/webm")
    assert int(headers["content-length"]) == len(body)
    with av.open(io.BytesIO(body)) as container:
        (picture,) = container.streams.video
        assert (picture.width, picture.height, picture.average_rate) == (540, 960, 25)
        assert container.duration == pytest.approx(answer["Duration"] * 1000, abs=100_000)
    status, headers, text = client.get(answer["SubtitlesUrl"])
    assert (status, headers["content-type"]) == (200, "application/x-subrip")
    assert "Hello" in text.decode()


def test_an_audio_has_codec_rate_and_timestamps(sandbox: Hosted, client: Client) -> None:
    order = {"TimbreKey": "female_1", "InputSsml": "Hello you", "Speed": 1.0, "Codec": "wav", "SampleRate": 16000}
    answer = finished(sandbox, client, "audio.create", **order)
    _, headers, body = client.get(answer["MediaUrl"])
    assert headers["content-type"] == "audio/x-wav"
    with av.open(io.BytesIO(body)) as container:
        assert container.streams.audio[0].rate == 16000
    (sentence,) = answer["TextTimestampResult"]
    assert [word["Word"] for word in sentence["Words"]] == ["Hello", "you"]
    last = sentence["Words"][-1]["EndTimestamp"]
    assert 0 < last <= answer["Duration"] * 10_000


def test_a_part_of_a_result_can_be_fetched(sandbox: Hosted, client: Client) -> None:
    url = finished(sandbox, client)["SubtitlesUrl"]
    _, headers, whole = client.get(url)
    status, part, body = client.get(url, Range="bytes=5-", If_Range=headers["etag"])
    assert (status, body) == (206, whole[5:])
    assert part["content-range"] == f"bytes 5-{len(whole) - 1}/{len(whole)}"
    assert client.get(url, Range="bytes=5-", If_Range='"old"')[0] == 200
    assert client.get(url, Range=f"bytes={len(whole)}-")[0] == 416
    assert client.get(url, If_None_Match=headers["etag"])[0] == 304


def test_links_expire_and_results_are_thrown_away(sandbox: Hosted, client: Client) -> None:
    made = client.good("video.create", **ORDER)
    sandbox.settle()
    sandbox.advance(1000)
    old = client.good("video.get", **made)["MediaUrl"]
    sandbox.advance(25 * 3600)
    status, headers, body = client.get(old)
    assert (status, headers["content-type"]) == (403, "application/xml")
    assert b"Request has expired" in body
    assert client.get(client.good("video.get", **made)["MediaUrl"])[0] == 200
    sandbox.advance(7 * 86_400)
    assert client.get(client.good("video.get", **made)["MediaUrl"])[0] == 404


def test_links_can_not_be_forged(sandbox: Hosted, client: Client) -> None:
    url = finished(sandbox, client)["MediaUrl"]
    assert client.get(url.replace("expires=1", "expires=2"))[0] == 403
    assert client.get(url.partition("?")[0])[0] == 403
    assert client.get(url.replace(".webm", ".srt"))[0] == 403


def test_a_text_that_only_the_voice_finds_empty_fails_as_a_parameter_error(sandbox: Hosted, client: Client) -> None:
    order = {"TimbreKey": "female_1", "InputSsml": "\u0e33\u0e33", "Speed": 1.0}
    answer = finished(sandbox, client, "audio.create", **order)
    assert answer["Status"] in ("SUCCESS", "FAIL")
    assert answer["FailCode"] in (0, 801009)


def test_a_sound_drives_an_avatar_when_it_is_one(sandbox: Hosted, client: Client) -> None:
    spoken = finished(sandbox, client, "audio.create", TimbreKey="male_1", InputSsml="Hello there", Speed=1.0)
    order = {**ORDER, "InputSsml": "", "DriverType": "OriginalVoice", "InputAudioUrl": spoken["MediaUrl"]}
    driven = finished(sandbox, client, **order)
    assert driven["Status"] == "SUCCESS"
    # "Subtitle files are only available for text-driven videos."
    assert driven["SubtitlesUrl"] == ""
    text = finished(sandbox, client)["SubtitlesUrl"]
    broken = finished(sandbox, client, **{**order, "InputAudioUrl": text})
    assert (broken["Status"], broken["FailCode"]) == ("FAIL", 801510)
    far = finished(sandbox, client, **{**order, "InputAudioUrl": "http://192.0.2.1/a.mp3"})
    assert (far["Status"], far["FailCode"], far["Progress"]) == ("FAIL", 801010, -1)


def test_a_sound_can_be_too_short(sandbox: Hosted, client: Client) -> None:
    spoken = finished(sandbox, client, "audio.create", TimbreKey="male_1", InputSsml="I", Speed=1.5)
    order = {**ORDER, "InputSsml": "", "DriverType": "OriginalVoice", "InputAudioUrl": spoken["MediaUrl"]}
    answer = finished(sandbox, client, **order)
    assert (spoken["Duration"] < 500, answer["FailCode"]) == (True, 801510)


def test_a_background_has_to_have_the_videos_size(sandbox: Hosted, client: Client) -> None:
    small = {"BackgroundFileUrl": finished(sandbox, client)["MediaUrl"]}
    fitting = finished(sandbox, client, "video.create-advanced", **ORDER, VideoParam={"Format": "Mp4", **small})
    assert fitting["Status"] == "SUCCESS"
    other = {**ORDER, "VirtualmanKey": "986a2caaa1c4dab8f58fa86ca4e85325"}
    answer = finished(sandbox, client, "video.create-advanced", **other, VideoParam={"Format": "Mp4", **small})
    assert (answer["Status"], answer["FailCode"]) == ("FAIL", 801507)


def test_subtitles_begin_after_an_intro(sandbox: Hosted, client: Client) -> None:
    plain = finished(sandbox, client, "video.create-advanced", **ORDER)
    parts = {"VideoHeadFileUrl": plain["MediaUrl"]}
    answer = finished(sandbox, client, "video.create-advanced", **ORDER, VideoParam=parts)
    assert answer["Duration"] == 2 * plain["Duration"]
    first = client.get(answer["SubtitlesUrl"])[2].decode().splitlines()[1]
    start_ms = int(first[6:8]) * 1000 + int(first[9:12])
    assert start_ms > plain["Duration"]


def test_results_go_to_storage_of_the_callers(sandbox: Hosted, client: Client) -> None:
    video, srt = sandbox.storage_url("bucket/video.webm"), sandbox.storage_url("bucket/video.srt")
    answer = finished(sandbox, client, **ORDER, VideoStorageS3Url=video, SubtitleStorageS3Url=srt)
    assert answer["Status"] == "SUCCESS"
    assert client.get(video)[2] == client.get(answer["MediaUrl"])[2]
    assert b"Hello" in client.get(srt)[2]


@pytest.mark.parametrize("url", ["https://bucket.s3.example.com/a?X=1", "{url}/s3/bucket/a?expires=1&signature=x"])
def test_storage_that_does_not_take_the_result_fails_the_task(sandbox: Hosted, client: Client, url: str) -> None:
    answer = finished(sandbox, client, **ORDER, VideoStorageS3Url=url.replace("{url}", sandbox.url))
    assert (answer["Status"], answer["FailCode"]) == ("FAIL", 801015)


@contextmanager
def listening(status: int = 200) -> Iterator[tuple[str, Queue[Any]]]:
    """An HTTP server that notes what is posted to it."""
    posted: Queue[Any] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callback", posted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_callback_comes_once_and_in_the_documented_form(sandbox: Hosted, client: Client) -> None:
    with listening(status=500) as (url, posted):
        answer = finished(sandbox, client, **ORDER, CallbackUrl=url)
        told = posted.get(timeout=10)
        assert set(told) == {"Payload"}
        payload = told["Payload"]
        assert set(payload) == {"Progress", "MediaUrl", "SubtitlesUrl", "Status", "FailMessage", "TaskId"}
        assert (payload["Progress"], payload["Status"]) == (100, "SUCCESS")
        assert client.get(payload["MediaUrl"])[2] == client.get(answer["MediaUrl"])[2]
        finished(
            sandbox, client, **ORDER, CallbackUrl=url, InputAudioUrl="http://192.0.2.1/a", DriverType="OriginalVoice"
        )
        failed = posted.get(timeout=10)["Payload"]
        assert (failed["Progress"], failed["Status"], failed["MediaUrl"]) == (-1, "FAIL", "")
        assert posted.empty()


def test_a_callback_never_leaves_the_machine(sandbox: Hosted, client: Client) -> None:
    answer = finished(sandbox, client, **ORDER, CallbackUrl="http://192.0.2.1/callback")
    assert answer["Status"] == "SUCCESS"
    assert "192.0.2.1 is outside of this machine" in sandbox.log()


def test_pictures_and_samples_are_rendered_on_request(sandbox: Hosted, client: Client) -> None:
    avatar = client.good("avatar.list", PageIndex=1, PageSize=1)["Virtualmans"][0]
    for name, size in (("HeaderImage", (240, 240)), ("PoseImage", (540, 960))):
        status, headers, body = client.get(avatar[name])
        assert (status, headers["content-type"], body[:4]) == (200, "image/png", b"\x89PNG")
        with av.open(io.BytesIO(body)) as container:
            assert (container.streams.video[0].width, container.streams.video[0].height) == size
    voice = client.good("voice.list", PageIndex=1, PageSize=1)["TimbreDetails"][0]
    status, headers, body = client.get(voice["TimbreSample"])
    assert (status, headers["content-type"]) == (200, "audio/mpeg")
    assert client.get(voice["TimbreSample"])[2] == body
    assert client.get(f"{sandbox.url}/samples/voices/nobody.mp3")[0] == 404
    assert client.get(f"{sandbox.url}/samples/avatars/{'0' * 32}/header.png")[0] == 404


# What the owner can do -------------------------------------------------------------------------------------


def test_administration_needs_its_token(client: Client) -> None:
    assert client.request("GET", "/-/status")[0] == 401
    assert client.request("POST", "/-/stop", headers={"Authorization": "Bearer x"})[0] == 401


def test_a_reset_forgets_tasks_but_not_keys(sandbox: Hosted, client: Client) -> None:
    made = client.good("video.create", **ORDER)
    sandbox.advance(1e6)
    sandbox.reset()
    assert client.call("video.get", **made)[0] == 110006
    assert sandbox.status()["Productions"] == 0
    assert abs(sandbox.status()["Now"] - time.time()) < 60 * hosting.SPEED


def test_a_reset_in_the_middle_of_rendering_does_no_harm(sandbox: Hosted, client: Client) -> None:
    client.good("video.create", **{**ORDER, "InputSsml": "one two three four five " * 20})
    sandbox.reset()
    assert finished(sandbox, client)["Status"] == "SUCCESS"


def test_the_journal_tells_what_was_asked(sandbox: Hosted, client: Client) -> None:
    client.call("video.get", TaskId="nobody")
    client.get(f"{sandbox.url}/media/a.mp4?expires=1&signature=2")
    entries = sandbox.journal()
    assert [(entry["operation"], entry["code"], entry["status"]) for entry in entries] == [
        ("video.get", 110006, 200),
        ("media.get", 403, 403),
    ]


def test_the_log_has_no_secrets(sandbox: Hosted, client: Client) -> None:
    keys = client.good("assets.credentials")["Credentials"]
    client.post("voice.texts")
    log = sandbox.log()
    secrets = [sandbox.access_token, sandbox.running.admin_token, *keys.values(), "signature="]
    assert not [secret for secret in secrets if secret in log]


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    with hosting.run(tmp_path, speed=50) as first:
        client = Client(first.running.port, first.app_key, first.access_token)
        done = finished(first, client)
        under_way = client.good("video.create", **{**ORDER, "InputSsml": "a few words more than before"})
        then = first.status()["Now"]
        with pytest.raises(RuntimeError), hosting.run(tmp_path):
            pass
    with hosting.run(tmp_path, speed=50) as second:
        assert (second.url, second.app_key, second.access_token) == (first.url, first.app_key, first.access_token)
        assert second.status()["Now"] >= then
        client = Client(second.running.port, second.app_key, second.access_token)
        assert client.get(done["MediaUrl"])[0] == 200
        second.settle()
        second.advance(1000)
        assert client.good("video.get", **under_way)["Status"] == "SUCCESS"


def test_a_port_can_be_chosen_and_has_to_be_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError), hosting.run(tmp_path, port=port):
            pass
    with hosting.run(tmp_path, port=port) as hosted:
        assert hosted.running.port == port


def test_the_server_ends_when_its_directory_is_gone(tmp_path: Path) -> None:
    with hosting.run(tmp_path) as hosted:
        (hosted.directory / "server.json").unlink()
        thread = next(thread for thread in threading.enumerate() if str(hosted.directory) in thread.name)
        thread.join(timeout=20)
        assert not thread.is_alive()


def test_no_id_is_given_out_again_after_a_restart(tmp_path: Path) -> None:
    ids = []
    for _ in range(3):
        with hosting.run(tmp_path) as hosted:
            client = Client(hosted.running.port, hosted.app_key, hosted.access_token)
            ids.append(client.good("video.create", **ORDER)["TaskId"])
    assert len(set(ids)) == 3
