"""`tadh sandbox session`: what arrived comes back exactly."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tadh_cli import config
from tadh_cli.sandbox import process, record
from tadh_cli.sandbox.hosting import Hosted
from tests.program import Program, Ran
from tests.unit.sandbox_bench import REQ_ID, Client
from tests.unit.sandbox_channel import Channel, new_id, started

SOUND = Random(3).randbytes(5120 * 3 + 322)


@pytest.fixture
def run(tadh: Program, sandbox: Hosted) -> Callable[..., Ran]:
    return partial(tadh, "sandbox", "session", code=None)


@pytest.fixture
def session(sandbox: Hosted) -> str:
    """A session that was driven with sound, then with text in three ways."""
    client = Client(sandbox.running.port, sandbox.app_key, sandbox.access_token)
    id = started(sandbox, client)
    with Channel(client, id) as channel:
        for seq, start in enumerate(range(0, len(SOUND), 5120), 1):
            channel.sound(REQ_ID, seq, SOUND[start : start + 5120])
        channel.sound(REQ_ID, 5, final=True)
        sandbox.advance(2)
        channel.until("AudioOver")
        channel.send(req_id=new_id(), Text="Hello\nworld")
        channel.until("TextOver")
        stream = new_id()
        for seq, text in enumerate(("你", "好👩‍🚀。", " Bye"), 1):
            channel.fragment(stream, seq, text, IsFinal=seq == 3)
        channel.until("TextOver", stream)
    return id


def test_the_sound_is_the_one_that_arrived(run: Callable[..., Ran], session: str) -> None:
    ran = run(session, "--audio", "new/out.wav")
    assert (ran.code, ran.json["SoundSeconds"]) == (0, round(len(SOUND) / 32000, 3))
    with wave.open("new/out.wav") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.readframes(1 << 20) == SOUND
    assert run(session, "--audio", "out.pcm").code == 0
    assert Path("out.pcm").read_bytes() == SOUND
    with wave.open(io.BytesIO(run(session, "--audio", "-").raw)) as file:
        assert file.readframes(1 << 20) == SOUND


def test_the_text_is_the_one_that_arrived(run: Callable[..., Ran], session: str) -> None:
    text = "Hello\nworld\n你好👩‍🚀。 Bye\n"
    assert run(session, "--audio", "out.wav", "--transcript", "out.txt").json["Files"] == ["out.wav", "out.txt"]
    assert Path("out.txt").read_text("utf-8") == text
    assert run(session, "--transcript", "-").out == text


def test_a_record_says_how_it_was_driven(run: Callable[..., Ran], session: str) -> None:
    record = run(session, "-o", "json").json
    assert [(drive["Kind"], drive["Status"]) for drive in record["Drives"]] == [
        ("audio", "AudioOver"),
        ("text", "TextOver"),
        ("stream", "TextOver"),
    ]
    sound = record["Drives"][0]
    assert (sound["Packets"], sound["Bytes"], sound["FinalType"], sound["Burst"]) == (5, len(SOUND), 1, 3)
    assert (record["Connections"], record["Refused"], record["Status"]) == (1, 0, "READY")


def test_all_sessions_are_listed(run: Callable[..., Ran], sandbox: Hosted, session: str) -> None:
    Client(sandbox.running.port, sandbox.app_key, sandbox.access_token).good(
        "session.close", ReqId=REQ_ID, SessionId=session
    )
    (one,) = run("-o", "json").json
    assert (one["SessionId"], one["Status"], one["CloseType"]) == (session, "CLOSED", 1)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("m1",), 5),
        (("m1", "--audio", "x.wav"), 5),
        (("--audio", "x.wav"), 2),
        (("m1", "--audio", "x.mp3"), 2),
        (("m1", "--audio", "-", "--transcript", "-"), 2),
    ],
)
def test_what_can_not_be_shown(run: Callable[..., Ran], args: tuple[str, ...], code: int) -> None:
    assert run(*args).code == code


def test_it_is_all_there_for_the_next_process(tadh: Program) -> None:
    """Through a restart of a sandbox that is a process of its own."""
    running = tadh("sandbox", "start", "--speed", "10").json
    try:
        kept = record.read(config.sandbox_dir())
        assert kept is not None
        client = Client(running["Port"], kept.app_key, kept.access_token)
        id = started(Hosted(kept, config.sandbox_dir()), client)
        with Channel(client, id) as channel:
            channel.sound(REQ_ID, 1, SOUND[:5120], final=True)
            channel.until("AudioOver")
            second = new_id()
            channel.send(req_id=second, Text="Hi")
            channel.until("TextOver")
        before = tadh("sandbox", "session", id).json
        tadh("sandbox", "stop")
        again = tadh("sandbox", "start").json
        after = tadh("sandbox", "session", id).json
        assert after == before
        kept = record.read(config.sandbox_dir())
        assert kept is not None
        client = Client(again["Port"], kept.app_key, kept.access_token)
        with Channel(client, id) as channel:
            assert channel.until("TextOver")["ReqId"] == second
            channel.sound(new_id(), 1, SOUND[5120:10240], final=True)
            channel.until("AudioOver")
        tadh("sandbox", "session", id, "--audio", "out.pcm")
        assert Path("out.pcm").read_bytes() == SOUND[:10240]
    finally:
        process.stop(config.sandbox_dir())
