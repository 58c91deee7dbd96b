"""What a callback says, and where one is waited for."""

from __future__ import annotations

import json

import pytest

from tadh_cli.engine.callback import Inbox, address, claimed

# Appendix II: Callback Request Body Format, Request Sample.
SAMPLE = """{
  "Payload": {
    "Progress": 100,
    "MediaUrl": "XXX",
    "SubtitlesUrl": "XXX",
    "Status": "SUCCESS",
    "FailMessage": "",
    "TaskId": "XXX"
  }
}"""


@pytest.mark.parametrize(
    ("body", "task_id"),
    [
        (SAMPLE, "XXX"),
        ('{"Header": {}, "Payload": {"TaskId": "T1"}}', "T1"),
        ('{"TaskId": "T1", "Status": "FAIL"}', "T1"),
        ('{"Payload": {"taskId": "T1"}}', "T1"),
        ('{"Payload": {"TaskID": 17}}', "17"),
        ("\ufeff{}", ""),
        ("", ""),
        ("null", ""),
        ("[1]", ""),
        ('{"Payload": "T1"}', ""),
        ('{"Payload": {"TaskId": {"a": 1}}}', ""),
        ('{"Payload": {"TaskId": ""}}', ""),
        (json.dumps({"TaskId": "x" * 257}), ""),
        ("[" * 50_000, ""),
        ("\udcff", ""),
    ],
)
def test_only_the_id_is_read(body: str, task_id: str) -> None:
    assert claimed(body.encode("utf-8", "surrogateescape")) == task_id


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        (":0", ("127.0.0.1", 0)),
        ("[::1]:443", ("::1", 443)),
        ("localhost:80", ("localhost", 80)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, place: tuple[str, int]) -> None:
    assert address(text) == place


@pytest.mark.parametrize("text", ["", "8080", "host", "host:", "host:x", "host:65536", "host:-1", "host:¹"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        address(text)


def test_a_task_waits_once_until_it_is_taken() -> None:
    inbox = Inbox()
    for task_id in ("T1", "T2", "T1"):
        assert inbox.put(task_id)
    assert [inbox.take(0), inbox.take(0), inbox.take(0)] == ["T1", "T2", None]
    assert inbox.put("T1") and inbox.take(0) == "T1"


def test_what_does_not_fit_is_refused() -> None:
    inbox = Inbox(most=1)
    assert inbox.put("T1") and inbox.put("T1") and not inbox.put("T2")
