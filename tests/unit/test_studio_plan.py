"""From what a user wants to a request that passed every check, or to all that is wrong with it."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.video import AudioOptions, VideoOptions
from tadh_cli.engine.client import Client
from tadh_cli.engine.studio import Plan, plan_audio, plan_video
from tadh_cli.engine.transport import Transport
from tadh_cli.errors import InputError
from tests.calls import client_for
from tests.clocks import FakeClock
from tests.media import wav
from tests.wire import Server, reply, say, serving

NOD = '<insert-action type="nod"/>'
ACTIONS = say({"Actions": [{"ActionName": "Nod", "ActionCode": "nod", "ActionSample": "u"}]})


@pytest.fixture
def server() -> Iterator[Server]:
    """Only the actions of an avatar are ever asked for while planning."""
    with serving(ACTIONS) as server:
        yield server


@pytest.fixture
def client(server: Server, transport: Transport, clock: FakeClock) -> Client:
    return client_for(server.url, transport, clock)


def plan(
    client: Client, *, overrides: dict[str, str] | None = None, most_minutes: float | None = None, **chosen: Any
) -> Plan:
    options = VideoOptions(**{"avatar": "key-1", **chosen})
    return plan_video(client, options, overrides=overrides or {}, most_minutes=most_minutes)


def problems(client: Client, **chosen: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        plan(client, **chosen)
    return caught.value.problems


def written(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


# Text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Hello", "Hello"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("one\ntwo\r\n\r\nthree", "one two three"),
        ("第一行\n第二行", "第一行第二行"),
        ("  Hello \n", "Hello"),
        ("\ufeffHello", "Hello"),
    ],
)
def test_plain_text_is_escaped_and_folded(client: Client, server: Server, text: str, sent: str) -> None:
    assert plan(client, text=text).prepared.payload["InputSsml"] == sent
    assert server.seen == []


def test_text_comes_from_a_file_or_from_stdin(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("来自标准输入".encode())))
    assert plan(client, text="-").prepared.payload["InputSsml"] == "来自标准输入"
    assert plan(client, text="@" + written("a.txt", "from file")).prepared.payload["InputSsml"] == "from file"


def test_text_that_looks_like_ssml_is_warned_about(client: Client) -> None:
    (warning,) = plan(client, text='Wait <break time="1s"/> here').warnings
    assert "use --ssml FILE for markup" in warning


@pytest.mark.parametrize("text", ["", " \n "])
def test_nothing_to_speak_is_told(client: Client, text: str) -> None:
    assert problems(client, text=text) == ["--text is empty: there is nothing to speak"]


@pytest.mark.parametrize("character", ["\x00", "\x07", "\udcff"])
def test_characters_that_can_not_be_sent_are_told_with_their_place(client: Client, character: str) -> None:
    (problem,) = problems(client, text=f"ok\nno{character}")
    assert problem.startswith("--text:2:3: ")


def test_a_text_that_is_too_long_is_told_once(client: Client) -> None:
    (problem,) = problems(client, text="x" * 20_001)
    assert problem.startswith("--text has 20001 characters, at most 20000 (InputSsml, ")
    assert plan(client, text="x" * 20_000).prepared.payload["InputSsml"] == "x" * 20_000


# SSML --------------------------------------------------------------------------------------------------


def test_ssml_is_folded_and_not_escaped(client: Client) -> None:
    name = written("a.ssml", 'One <break time="1s"/> two\n&amp; three\n')
    assert plan(client, ssml=name).prepared.payload["InputSsml"] == 'One <break time="1s"/> two &amp; three'


@pytest.mark.parametrize("content", ["<break time='1s'>", "a & b", "</p>", ""])
def test_ssml_is_checked_before_it_is_sent(client: Client, content: str) -> None:
    found = problems(client, ssml=written("a.ssml", content))
    assert found and all(problem.startswith("--ssml a.ssml:1:") for problem in found)


def test_actions_of_the_avatar_are_asked_for_only_when_the_text_has_some(client: Client, server: Server) -> None:
    plan(client, ssml=written("a.ssml", "Hello"))
    assert server.seen == []
    plan(client, ssml=written("b.ssml", f"Hello {NOD}"))
    assert [seen.payload for seen in server.seen] == [{"VirtualmanKey": "key-1"}]


def test_an_action_that_the_avatar_lacks_is_told(client: Client, server: Server) -> None:
    name = written("a.ssml", "Hello " + NOD.replace("nod", "fly"))
    with pytest.raises(InputError, match="fly"):
        plan(client, ssml=name)
    server.steps[:] = [reply("", status=404)]
    assert plan(client, ssml=name)


# Sound -------------------------------------------------------------------------------------------------


def test_a_sound_at_a_url_goes_along_as_it_is(client: Client) -> None:
    found = plan(client, audio="https://a.example.com/a.wav")
    assert found.prepared.payload["InputAudioUrl"] == "https://a.example.com/a.wav"
    assert (found.upload, found.minutes) == (None, None)


def test_a_local_sound_is_measured_and_will_be_uploaded(client: Client) -> None:
    found = plan(client, audio=written("a.wav", wav(seconds=3.0)))
    assert found.upload is not None and found.upload.path == Path("a.wav")
    assert (found.estimate_s, found.minutes) == (3.0, 0.05)
    sent = found.with_upload("https://stored.example.com/a.wav").payload
    assert (sent["InputAudioUrl"], sent["DriverType"]) == ("https://stored.example.com/a.wav", "OriginalVoice")


def test_a_sound_that_will_not_do_is_told(client: Client) -> None:
    (problem,) = problems(client, audio=written("a.wav", wav(seconds=0.4)))
    assert problem.startswith("--audio a.wav: length: 0.4 s, allowed: 0.5 s to 60 minutes")


# All together ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, ""),
        ({"text": "a", "ssml": "b"}, ", not --text and --ssml"),
        ({"text": "a", "ssml": "b", "audio": "c"}, ", not --text and --ssml and --audio"),
    ],
)
def test_exactly_one_script_is_needed(client: Client, given: dict[str, str], named: str) -> None:
    assert problems(client, **given) == [f"exactly one of --text, --ssml, --audio is needed{named}"]


def test_everything_that_is_wrong_is_told_at_once(client: Client) -> None:
    found = problems(client, avatar=None, text="", speed=9.0, format="avi", callback_url="x", logo=("u,x=a",))
    begins = [problem.split(" ")[0] for problem in found]
    assert begins == ["--text", "--format", "--logo", "--avatar", "--speed", "--logo", "--callback-url"]


def test_a_script_that_is_refused_is_no_second_problem(client: Client) -> None:
    assert len(problems(client, text="")) == len(problems(client, audio="none.wav")) == 1


def test_values_set_by_hand_are_not_checked(client: Client) -> None:
    payload = plan(client, text="a", overrides={"VideoParam.Format": "TransparentMov"}).prepared.payload
    assert payload["VideoParam"]["Format"] == "TransparentMov"


def test_warnings_of_script_and_request_come_together(client: Client) -> None:
    found = plan(client, text="<break/>", subtitle_max_words=3).warnings
    assert len(found) == 2 and "--ssml" in found[0] and "has no effect without --subtitles" in found[1]


# Minutes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("speed", "minutes"), [(None, 1.0), (1.0, 1.0), (1.5, 0.67), (0.5, 2.0)])
def test_minutes_are_estimated_from_text_and_speed(client: Client, speed: float | None, minutes: float) -> None:
    assert plan(client, text="字" * 240, speed=speed).minutes == pytest.approx(minutes, abs=0.01)


@pytest.mark.parametrize(
    ("script", "most", "problem"),
    [
        ({"text": "字" * 240}, 1.0, ""),
        ({"text": "字" * 240}, 0.9, "--max-minutes 0.9 would be exceeded: about 1 minutes are estimated"),
        ({"audio": "https://a/b.wav"}, 5, "--max-minutes 5: how long the result will be can't be told"),
    ],
)
def test_a_limit_of_minutes_is_held(client: Client, script: dict[str, str], most: float, problem: str) -> None:
    if not problem:
        assert plan(client, most_minutes=most, **script)
    else:
        assert problems(client, most_minutes=most, **script)[0].startswith(problem)


# Audio -------------------------------------------------------------------------------------------------


def test_an_audio_is_planned_alike(client: Client) -> None:
    found = plan_audio(client, AudioOptions(voice="v", text="a & b"), overrides={})
    assert found.prepared.payload == {"TimbreKey": "v", "InputSsml": "a &amp; b", "Speed": 1.0}
    assert found.prepared.path.endswith("/tts")


def test_an_audio_needs_a_voice_and_a_text(client: Client) -> None:
    with pytest.raises(InputError) as caught:
        plan_audio(client, AudioOptions(), overrides={})
    assert [problem.split(" (")[0] for problem in caught.value.problems] == [
        "exactly one of --text, --ssml is needed",
        "--voice or --avatar is required",
    ]
