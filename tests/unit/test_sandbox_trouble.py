"""What the rules for faults do to real connections."""

from __future__ import annotations

import http.client
import json
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tadh_cli.sandbox import hosting
from tadh_cli.sandbox.hosting import Hosted
from tests.unit.sandbox_bench import PATHS, Client

ANNA = "4414462893dc74f31473010ff3f6c977"
ORDER = {"VirtualmanKey": ANNA, "InputSsml": "Hello", "SpeechParam": {"Speed": 1.5}}


@pytest.fixture
def client(sandbox: Hosted) -> Client:
    return Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)


def media(sandbox: Hosted, client: Client) -> dict[str, Any]:
    made = client.good("video.create", **ORDER)
    sandbox.settle()
    sandbox.advance(100)
    return client.good("video.get", **made)


def test_an_http_error_is_a_page_with_perhaps_a_time_to_come_back(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "voice.texts", "http": 503, "retry_after": 2, "times": 1}])
    status, headers, body = client.post("voice.texts")
    assert (status, headers["content-type"], headers["retry-after"]) == (503, "text/html", "2")
    assert body.startswith(b"<html>")
    assert client.call("voice.texts")[0] == 0


def test_an_http_error_comes_before_anything_was_done(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "video.create", "http": 502, "times": 1}])
    assert client.post("video.create", **ORDER)[0] == 502
    assert sandbox.status()["Productions"] == 0


def test_a_reset_before_leaves_nothing_done(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "video.create", "reset": "before", "times": 1}])
    with pytest.raises(ConnectionResetError):
        client.post("video.create", **ORDER)
    assert sandbox.status()["Productions"] == 0


def test_a_reset_after_loses_only_the_answer(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "video.create", "reset": "after", "times": 1}])
    with pytest.raises(ConnectionResetError):
        client.post("video.create", **ORDER)
    assert sandbox.status()["Productions"] == 1


def test_bad_json_has_a_right_length(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "voice.texts", "bad_json": True, "times": 1}])
    status, headers, body = client.post("voice.texts")
    assert (status, int(headers["content-length"])) == (200, len(body))
    with pytest.raises(ValueError):
        json.loads(body)


def test_a_code_is_answered_after_the_usual_checks(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "video.create", "code": 100008, "message": "full"}])
    assert client.call("video.create", **ORDER)[0] == 100008
    assert client.call("video.create", **{**ORDER, "Nonsense": 1})[0] == 100001
    assert sandbox.status()["Productions"] == 0


@pytest.mark.parametrize(("share", "most"), [(0.5, 0.5), (1000, None), (0, None)])
def test_a_body_breaks_off_under_its_right_length(
    sandbox: Hosted, client: Client, share: float, most: float | None
) -> None:
    url = media(sandbox, client)["MediaUrl"]
    whole = client.get(url)[2]
    sandbox.set_faults([{"operation": "media.get", "truncate": share, "times": 1}])
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.get(url)
    got = caught.value.partial
    assert len(got) == (int(len(whole) * most) if most else share)
    assert len(got) + (caught.value.expected or 0) == len(whole)
    assert client.get(url)[2] == whole
    assert client.get(url, Range=f"bytes={len(got)}-")[2] == whole[len(got) :]


def test_a_slow_body_takes_its_time(sandbox: Hosted, client: Client) -> None:
    url = media(sandbox, client)["SubtitlesUrl"]
    whole = client.get(url)[2]
    sandbox.set_faults([{"operation": "subtitles.get", "slow_bytes_s": len(whole) * 5}])
    started = time.monotonic()
    assert client.get(url)[2] == whole
    assert time.monotonic() - started > 0.15


def test_an_answer_can_be_late(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "voice.texts", "delay_s": 0.2, "times": 1}])
    started = time.monotonic()
    assert client.call("voice.texts")[0] == 0
    assert time.monotonic() - started >= 0.2


def test_the_services_clock_can_be_wrong(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "*", "clock_skew_s": 900, "times": 1}])
    status, headers, body = client.post("voice.texts")
    assert status == 401
    assert "seconds behind" in json.loads(body)["Header"]["Message"]
    assert parsedate_to_datetime(headers["date"]).timestamp() - time.time() == pytest.approx(900, abs=3)


def test_a_task_can_be_made_to_fail(sandbox: Hosted, client: Client) -> None:
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801004, "times": 1}])
    answer = media(sandbox, client)
    assert (answer["Status"], answer["FailCode"]) == ("FAIL", 801004)
    assert media(sandbox, client)["Status"] == "SUCCESS"


def test_a_link_can_be_too_old(sandbox: Hosted, client: Client) -> None:
    url = media(sandbox, client)["MediaUrl"]
    sandbox.set_faults([{"operation": "media.get", "link_expired": True, "times": 1}])
    assert client.get(url)[0] == 403
    assert client.get(url)[0] == 200


def test_rules_can_be_replaced_shown_and_cleared(sandbox: Hosted, client: Client) -> None:
    rule = {"operation": PATHS["voice.texts"], "http": 500, "times": 5}
    sandbox.set_faults([rule])
    client.post("voice.texts")
    assert sandbox.faults() == [{**rule, "seen": 1, "fired": 1}]
    sandbox.clear_faults()
    assert sandbox.faults() == []
    assert client.call("voice.texts")[0] == 0
    log = [line for line in sandbox.log().splitlines() if "http=500" in line]
    assert log[-1].endswith("fault=http=500")


def test_nonsense_is_refused_and_leaves_the_rules_as_they_are(sandbox: Hosted) -> None:
    from tadh_cli.errors import ServiceError

    sandbox.set_faults([{"operation": "voice.texts", "http": 500}])
    with pytest.raises(ServiceError):
        sandbox.set_faults([{"operation": "voice.texts", "htp": 500}])
    assert len(sandbox.faults()) == 1


def test_rules_given_at_the_start_come_back_with_a_reset(tmp_path_factory: pytest.TempPathFactory) -> None:
    rules = [{"operation": "voice.texts", "http": 500, "times": 1}]
    with hosting.run(tmp_path_factory.mktemp("ruled"), rules=rules) as hosted:
        client = Client(hosted.running.port, hosted.app_key, hosted.access_token)
        assert [client.post("voice.texts")[0] for _ in range(2)] == [500, 200]
        hosted.clear_faults()
        hosted.reset()
        assert [client.post("voice.texts")[0] for _ in range(2)] == [500, 200]
