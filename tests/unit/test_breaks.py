"""A line that breaks at any frame of a drive: it ends in time, nothing is said twice, and what is lost is told."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from tadh_cli.api.driving import Audio, SpokenText, StreamedText, Utterance
from tadh_cli.engine.client import Client
from tadh_cli.engine.streaming import Drive
from tadh_cli.engine.transport import Transport
from tadh_cli.masking import Mask
from tadh_cli.providers import provider
from tadh_cli.sandbox.hosting import Hosted
from tests.unit.channel_bench import Bench
from tests.unit.sandbox_channel import ANNA
from tests.unit.speaker_bench import BEHIND, LOST, SILENT, Line

# 1.5 s of sound, no sample like another one.
SOUND = struct.pack("<24000h", *range(24_000))
# Nothing in them occurs twice.
PARAGRAPHS = ["一二三。", "四五六。", "七八九。"]
CLAUSES = ["".join(chr(0x5001 + 40 * row + n) for n in range(14)) + "。" for row in range(5)]
INSERTED = "".join(chr(0x6000 + n) for n in range(14)) + "。"
STREAM = "".join(CLAUSES).replace("。", "")
# Longer than the drive takes undisturbed, the time that it takes to notice silence, and what is said again.
PATIENCE_S = 60.0


def text(bench: Bench) -> None:
    bench.say(SpokenText("\n\n".join(PARAGRAPHS)))


def stream(bench: Bench) -> None:
    number = bench.say(StreamedText(), ends=False)
    for place in range(0, len(STREAM), 7):
        bench.later(place / 70, partial(bench.feed, number, STREAM[place : place + 7].encode()))
    bench.later(len(STREAM) / 70, lambda: bench.end(number))


def clauses(bench: Bench) -> None:
    bench.say(StreamedText(sentences=True, inserts=(INSERTED,)), "".join(CLAUSES).encode())


def sound(bench: Bench) -> None:
    bench.say(Audio(), SOUND)


def burst(bench: Bench) -> None:
    bench.say(Audio(burst=6), SOUND)


def live(bench: Bench) -> None:
    number = bench.say(Audio(live=True), ends=False)
    for place in range(0, len(SOUND), 3200):
        bench.later(place / 32_000, partial(bench.feed, number, SOUND[place : place + 3200]))
    bench.later(len(SOUND) / 32_000, lambda: bench.end(number))


def text_before_sound(bench: Bench) -> None:
    bench.say(SpokenText("一。"))
    bench.say(Audio(), SOUND)


KINDS = [text, stream, clauses, sound, burst, live, text_before_sound]


def driven(
    kind: Callable[[Bench], None], cut_at: int, how: str, outage_s: float, way_s: float = 0.02
) -> tuple[Bench, Line]:
    bench = Bench()
    line = Line(bench, cut_at, how, outage_s, way_s)
    bench.run(1)
    kind(bench)
    bench.channel.finish(bench.now_s)
    bench.run(300)
    return bench, line


@pytest.mark.parametrize("outage_s", [0.0, 1.7, 5.0])
@pytest.mark.parametrize("how", [LOST, BEHIND, SILENT])
@pytest.mark.parametrize("way_s", [0.002, 0.15])
@pytest.mark.parametrize("kind", KINDS)
def test_a_break_at_any_frame_is_outlived(
    kind: Callable[[Bench], None], way_s: float, how: str, outage_s: float
) -> None:
    whole, _ = driven(kind, 0, how, 0.0, way_s)
    for number in range(1, len(whole.sent) + 1):
        bench, line = driven(kind, number, how, outage_s, way_s)
        case = f"frame {number} of {len(whole.sent)}\n{bench.told()}\n{line.refusals}"
        assert bench.is_over and bench.channel.failure is None, case
        assert bench.channel.report().failures == (), case
        assert bench.now_s - whole.now_s < PATIENCE_S, case
        check(kind, bench, line, case)
        if kind in (text, clauses) and how != SILENT:
            # What became of these is told by the service: they are said again when they never came.
            assert bench.channel.report().losses == (), case


def check(kind: Callable[[Bench], None], bench: Bench, line: Line, case: str) -> None:
    """Nothing came twice, or was lost without a word."""
    losses = bench.channel.report().losses
    if line.sound:
        samples = struct.unpack(f"<{len(line.sound) // 2}h", line.sound)
        assert all(one < other for one, other in pairwise(samples)), case
        missing_ms = (len(SOUND) - len(line.sound)) / 32
        assert missing_ms <= sum(loss.sound_ms for loss in losses), case
        return
    said = "".join(line.texts)
    wanted = {text: "".join(PARAGRAPHS), stream: STREAM, clauses: "".join(CLAUSES) + INSERTED}[kind]
    once = said.replace("。", "")
    assert len(set(once)) == len(once), case
    assert set(wanted) - set(said) <= set("".join(loss.text for loss in losses)), case


# The same over sockets, at a few frames ------------------------------------------------------------------


def fragments() -> Iterator[bytes]:
    for place in range(0, len(STREAM), 7):
        yield STREAM[place : place + 7].encode()


SAID: dict[str, tuple[Utterance, Callable[[], Iterable[bytes]]]] = {
    "text": (SpokenText("\n\n".join(PARAGRAPHS[:2])), lambda: ()),
    "stream": (StreamedText(), fragments),
    "clauses": (StreamedText(sentences=True, inserts=(INSERTED,)), lambda: ["".join(CLAUSES[:3]).encode()]),
    "sound": (Audio(burst=6), lambda: [SOUND]),
    "live": (Audio(live=True), lambda: [SOUND]),
}


@pytest.mark.parametrize(
    ("kind", "how", "after"),
    [
        ("text", "reset", 0),
        ("text", "close", 1),
        ("stream", "reset", 0),
        ("clauses", "close", 0),
        ("clauses", "reset", 2),
        ("clauses", "close", 3),
        ("sound", "reset", 7),
        ("sound", "close", 10),
        ("live", "close", 4),
    ],
)
def test_a_break_is_outlived_over_sockets(sandbox: Hosted, kind: str, how: str, after: int) -> None:
    client = Client(provider("tencent"), sandbox.settings(), Transport(use_proxies=False), Mask())
    stream = {"AssetVirtualmanKey": ANNA, "UserId": "u", "Protocol": "rtmp", "DriverType": 3}
    session_id = str(call(client, "session.create-by-avatar", **stream)["SessionId"])
    sandbox.advance(10)
    call(client, "session.start", SessionId=session_id)
    sandbox.set_faults([{"operation": "channel", "websocket": how, "after": after, "times": 1}])
    utterance, source = SAID[kind]
    with Drive(client, session_id) as drive:
        drive.say(utterance, source())
        drive.finish()
        for _ in drive.events():
            pass
    report = drive.report
    assert (report.reconnections, report.said, report.failures) == (1, 1, ())
    if isinstance(utterance, Audio):
        lost_ms = sum(loss.sound_ms for loss in report.losses)
        samples = struct.unpack(f"<{len(sandbox.sound(session_id)) // 2}h", sandbox.sound(session_id))
        assert all(one < other for one, other in pairwise(samples))
        assert 1500 - len(samples) / 16 <= lost_ms <= 1280
    else:
        told = "".join(loss.text for loss in report.losses)
        sent = {"text": "".join(PARAGRAPHS[:2]), "stream": STREAM, "clauses": "".join(CLAUSES[:3]) + INSERTED}[kind]
        arrived = "".join(sandbox.transcript(session_id).split())
        assert sorted(arrived.replace("。", "")) == sorted(set(sent) - {"。"} - (set(told) - set(arrived)))


def call(client: Client, name: str, **values: object) -> Mapping[str, Any]:
    return client.send(client.prepare(client.provider.operation(name), values))
