"""The driving channel as a protocol, in numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.api.driving import Audio, Connection, SpokenText, StreamedText
from tadh_cli.errors import InputError, NetworkError, NotFound, QuotaError, Refused, TadhError, WaitTimeout
from tadh_cli.media import splitting
from tadh_cli.providers.tencent import codes
from tests.unit.channel_bench import Bench, Sent, Service

PACKET = 5120
SECOND = 32_000


def sound(packets: float) -> bytes:
    """So many packets of sound, all samples different."""
    size = int(packets * PACKET) // 2
    return b"".join((number % 65_521).to_bytes(2, "little") for number in range(size))


def intervals(sent: list[Sent]) -> list[float]:
    return [round(after.at_s - before.at_s, 6) for before, after in pairwise(sent)]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    Service(bench)
    return bench


# Texts ---------------------------------------------------------------------------------------------------


def test_each_paragraph_waits_for_the_end_of_the_one_before(bench: Bench) -> None:
    bench.say(SpokenText("One.\n\nTwo.\n\nThree."))
    bench.finish()
    assert bench.texts == ["One.", "Two.", "Three."]
    assert len({sent.req_id for sent in bench.sent}) == 3
    assert bench.channel.report().said == 1


def test_texts_are_more_than_a_second_apart_although_they_are_short() -> None:
    bench = Bench()
    bench.service = lambda sent: bench.later(0.1, lambda: bench.down("TextOver", sent.req_id) and None)
    bench.say(SpokenText("a\n\nb\n\nc"))
    bench.finish()
    assert intervals(bench.sent) == [1.05, 1.05]


def test_a_long_paragraph_goes_in_pieces(bench: Bench) -> None:
    bench.say(SpokenText("一二三四五六七八九。" * 300))
    bench.finish()
    assert [len(text.encode()) for text in bench.texts] == [3990, 3990, 1020]
    assert "".join(bench.texts) == "一二三四五六七八九。" * 300


def test_options_of_a_text_are_sent_only_when_given(bench: Bench) -> None:
    bench.say(SpokenText("Hi", chat_command="NotUseChat", chat_round_id="r", visitor_id="v"))
    bench.say(SpokenText("Ho"))
    bench.finish()
    first, second = (sent.data for sent in bench.sent)
    assert first == {"Text": "Hi", "ChatCommand": "NotUseChat", "ChatRoundId": "r", "CloudAiVisitorBizId": "v"}
    assert second == {"Text": "Ho"}


def test_a_text_that_interrupts_cuts_off_another_just_by_being_sent(bench: Bench) -> None:
    bench.say(SpokenText("一" * 500))
    bench.say(SpokenText("waits, and is dropped"))
    bench.run(0.5)
    bench.say(SpokenText("Now.", interrupt=True))
    bench.finish()
    assert bench.texts == ["一" * 500, "Now."]
    assert bench.sent[1].data["Interrupt"] is True
    assert intervals(bench.sent) == [1.05]


def test_a_text_that_was_to_cut_off_another_and_is_cut_off_itself(bench: Bench) -> None:
    bench.say(SpokenText("一" * 500))
    bench.run(1.0)
    bench.say(SpokenText("never", interrupt=True))
    bench.run(0.01)
    bench.say(StreamedText(interrupt=True), b"stream")
    bench.finish()
    assert bench.texts == ["一" * 500, ""]
    assert bench.stream == "stream"


def test_the_last_of_several_texts_that_interrupt_is_said(bench: Bench) -> None:
    bench.say(SpokenText("一" * 500))
    bench.run(0.5)
    for text in ("a", "b", "c"):
        bench.say(SpokenText(text, interrupt=True))
        bench.run(0.1)
    bench.finish()
    assert bench.texts == ["一" * 500, "c"]


def test_an_empty_text_is_nothing(bench: Bench) -> None:
    bench.say(SpokenText(" \n\n "))
    bench.finish()
    assert bench.sent == []


def test_a_text_that_does_not_end_is_given_up_with_what_was_seen() -> None:
    bench = Bench()
    bench.service = lambda sent: bench.later(0.2, lambda: bench.down("TextStart", sent.req_id) and None)
    bench.say(SpokenText("Hi"))
    bench.finish()
    (failure,) = bench.channel.report().failures
    assert isinstance(failure, WaitTimeout) and "TextStart" in failure.message
    assert 60 < bench.now_s - 100 < 70


@pytest.mark.parametrize(("code", "pause_s"), [(100012, 1.05), (110015, 1.05)])
def test_a_text_that_came_too_early_is_said_again_under_a_new_id(code: int, pause_s: float) -> None:
    bench = Bench()
    bench.say(SpokenText("Hi"))
    bench.run(0.1)
    bench.down("Error", Type=9, ErrorCode=code, ErrorMessage="too early")
    bench.run(2)
    assert bench.texts == ["Hi", "Hi"]
    assert bench.sent[0].req_id != bench.sent[1].req_id
    assert bench.sent[1].at_s == pytest.approx(100.1 + pause_s)
    bench.down("TextOver")
    bench.finish()
    assert bench.channel.report().failures == ()
    assert "said again: too early" in bench.told()


def test_a_text_that_had_begun_is_not_said_again() -> None:
    bench = Bench()
    bench.say(SpokenText("Hi"))
    bench.run(0.1)
    bench.down("TextStart")
    bench.down("Error", Type=9, ErrorCode=110015)
    bench.finish()
    assert bench.texts == ["Hi"]
    assert isinstance(bench.channel.report().failures[0], Refused)


def test_it_is_not_said_again_for_ever() -> None:
    bench = Bench()
    bench.service = lambda sent: bench.later(0.1, lambda: bench.down("Error", sent.req_id, ErrorCode=110015) and None)
    bench.say(SpokenText("Hi"))
    bench.finish()
    assert 60 < bench.now_s - 100 < 80
    assert len(bench.texts) < 15
    assert isinstance(bench.channel.report().failures[0], Refused)


def test_what_follows_a_failure_is_said() -> None:
    bench = Bench()
    bench.say(SpokenText("bad\n\nnever"))
    bench.say(SpokenText("good"))
    bench.run(0.1)
    bench.down("Error", Type=9, ErrorCode=801005, ErrorMessage="no")
    bench.run(2)
    assert bench.texts == ["bad", "good"]
    bench.down("TextOver")
    bench.finish()
    report = bench.channel.report()
    assert report.said == 1 and [failure.exit_code for failure in report.failures] == [11]


@pytest.mark.parametrize(
    "frame",
    [
        '{"Header": {"Code": -111005, "Message": "m"}, "Payload": {"ReqId": "%s"}}',
        '{"Payload": {"ReqId": "%s", "ErrorCode": -111005, "ErrorMsg": "m"}}',
        '{"ReqId": "%s", "SpeakStatus": "Error", "ErrorMessage": "m"}',
        '{"ReqId": "%s", "Type": 9, "ErrorMessage": "m"}',
        '{"Header": {"Code": 100001, "Message": "m"}}',
    ],
)
def test_errors_are_found_wherever_they_stand(frame: str) -> None:
    bench = Bench()
    bench.say(SpokenText("Hi"))
    bench.run(0.1)
    bench.channel.received(frame.replace("%s", bench.sent[0].req_id), bench.now_s)
    bench.finish()
    assert "m" in bench.channel.report().failures[0].message


# Streams -------------------------------------------------------------------------------------------------

CHINESE = "你好，世界👨‍👩‍👧‍👦！🇨🇳今天天气很好。👋🏽 Bye."


def test_text_that_arrives_by_single_bytes_is_the_same_text(bench: Bench) -> None:
    number = bench.say(StreamedText(), ends=False)
    for byte in CHINESE.encode():
        bench.feed(number, bytes([byte]))
        bench.run(0.013)
    bench.end(number)
    bench.finish()
    assert bench.stream == CHINESE
    assert [sent.data["Seq"] for sent in bench.sent] == list(range(1, len(bench.sent) + 1))
    assert [sent.data["IsFinal"] for sent in bench.sent] == [False] * (len(bench.sent) - 1) + [True]
    assert len({sent.req_id for sent in bench.sent}) == 1
    assert min(intervals(bench.sent)) >= 0.05


def test_the_first_fragment_leaves_at_once(bench: Bench) -> None:
    bench.run(3)
    number = bench.say(StreamedText(), "你好".encode(), ends=False)
    arrived_s = bench.now_s
    bench.run(0.1)
    assert [sent.at_s for sent in bench.sent] == [arrived_s]
    bench.end(number)


def test_an_emoji_is_waited_for_but_not_for_long(bench: Bench) -> None:
    number = bench.say(StreamedText(), "👋".encode(), ends=False)
    bench.run(0.04)
    bench.feed(number, "🏽".encode())
    bench.run(0.2)
    assert [sent.data["Text"] for sent in bench.sent] == ["👋🏽"]
    assert bench.sent[0].at_s == pytest.approx(100.09)


def test_a_whole_file_goes_in_fragments_of_thousand_bytes(bench: Bench) -> None:
    text = "一二三四五六七八九十" * 200
    bench.say(StreamedText(smart_actions=True), text.encode())
    bench.finish()
    assert bench.stream == text
    assert [len(sent.data["Text"].encode()) for sent in bench.sent] == [999] * 6 + [6]
    assert bench.sent[-1].data["IsFinal"] and all(sent.data["SmartActionEnabled"] for sent in bench.sent)


def test_a_pause_ends_the_utterance_before_the_service_does(bench: Bench) -> None:
    number = bench.say(StreamedText(), "一二".encode(), ends=False)
    bench.run(5)
    bench.feed(number, "三四".encode())
    bench.end(number)
    bench.finish()
    texts = [(sent.data["Text"], sent.data["Seq"], sent.data["IsFinal"]) for sent in bench.sent]
    assert texts == [("一二", 1, False), ("", 2, True), ("三四", 1, True)]
    assert intervals(bench.sent)[0] == 1.8
    assert bench.sent[0].req_id != bench.sent[2].req_id


def test_a_byte_order_mark_is_not_said(bench: Bench) -> None:
    bench.say(StreamedText(), "\ufeff好".encode())
    bench.finish()
    assert bench.stream == "好"


@pytest.mark.parametrize("text", ["你好".encode("gb18030"), "好".encode()[:2]])
def test_what_is_not_utf_8_ends_the_utterance_properly(bench: Bench, text: bytes) -> None:
    bench.say(StreamedText(), "好".encode() + text)
    bench.finish()
    assert isinstance(bench.channel.report().failures[0], InputError)
    assert not bench.sent or bench.sent[-1].data["IsFinal"]


def test_an_empty_stream_sends_nothing(bench: Bench) -> None:
    bench.say(StreamedText())
    bench.say(StreamedText(sentences=True))
    bench.finish()
    assert bench.sent == []


CLAUSES = ["大家好，欢迎来到我们的直播间。", "今天给大家介绍一款新的产品。", "谢谢大家，我们下次再见吧！"]


def test_clauses_wait_to_be_asked_for(bench: Bench) -> None:
    bench.say(StreamedText(sentences=True), "".join(CLAUSES).encode())
    bench.finish()
    assert [sent.data["Text"] for sent in bench.sent] == CLAUSES
    assert all(sent.data["IsSentence"] for sent in bench.sent)
    assert [sent.data["IsFinal"] for sent in bench.sent] == [False, False, True]
    assert intervals(bench.sent) == [0.7, 0.7]


def test_a_short_end_goes_with_the_clause_before(bench: Bench) -> None:
    number = bench.say(StreamedText(sentences=True), "".join(CLAUSES).encode(), ends=False)
    bench.run(1.6)
    bench.feed(number, "好的。".encode())
    bench.run(0.01)
    bench.end(number)
    bench.finish()
    assert bench.sent[0].data["Text"] == CLAUSES[0]
    assert bench.stream == "".join(CLAUSES) + "好的。"
    bench = Bench()
    Service(bench)
    number = bench.say(StreamedText(sentences=True), "".join(CLAUSES[:2]).encode(), ends=False)
    bench.run(0.3)
    bench.feed(number, "好的。".encode())
    bench.end(number)
    bench.finish()
    assert [sent.data["Text"] for sent in bench.sent] == [CLAUSES[0], CLAUSES[1] + "好的。"]


def test_a_clause_goes_between(bench: Bench) -> None:
    bench.say(StreamedText(sentences=True, inserts=("插一句话。",)), "".join(CLAUSES).encode())
    bench.finish()
    assert [sent.data["Text"] for sent in bench.sent] == [CLAUSES[0], "插一句话。", *CLAUSES[1:]]
    assert [sent.data.get("IsInsertSentence", False) for sent in bench.sent] == [False, True, False, False]


def test_a_clause_can_be_put_in_later(bench: Bench) -> None:
    bench.say(StreamedText(sentences=True), "".join(CLAUSES).encode())
    bench.run(0.9)
    bench.channel.insert("插一句话。", bench.now_s)
    bench.finish()
    assert [sent.data["Text"] for sent in bench.sent] == [*CLAUSES[:2], "插一句话。", CLAUSES[2]]
    bench.channel.insert("too late", bench.now_s)
    assert any("nothing can be inserted" in notice.text for notice in bench.channel.notices())


def test_in_clause_mode_a_long_silence_of_the_input_ends_nothing(bench: Bench) -> None:
    number = bench.say(StreamedText(sentences=True), CLAUSES[0].encode(), ends=False)
    bench.run(400)
    assert [sent.data["Text"] for sent in bench.of("SEND_STREAMTEXT")] == [CLAUSES[0]]
    assert bench.of("SEND_STREAMTEXT")[0].at_s == pytest.approx(100.5)
    bench.feed(number, CLAUSES[1].encode())
    bench.end(number)
    bench.finish()
    assert bench.stream == CLAUSES[0] + CLAUSES[1]
    assert bench.channel.report().failures == ()


def test_a_clause_that_is_never_asked_for_ends_properly_all_the_same() -> None:
    bench = Bench()
    bench.say(StreamedText(sentences=True), "".join(CLAUSES).encode())
    bench.finish()
    assert [sent.data["IsFinal"] for sent in bench.of("SEND_STREAMTEXT")] == [False, True]
    assert isinstance(bench.channel.report().failures[0], WaitTimeout)


@given(
    st.lists(st.sampled_from([*CLAUSES, "ok. ", "好。", "\n", "👋🏽", "a b c d e f g h i j k l. "]), max_size=12),
    st.data(),
)
def test_streams_lose_nothing_however_they_arrive(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    bench = Bench()
    Service(bench)
    number = bench.say(StreamedText(sentences=data.draw(st.booleans())), ends=False)
    rest = text.encode()
    while rest:
        size = data.draw(st.integers(1, 60))
        bench.feed(number, rest[:size])
        rest = rest[size:]
        bench.run(data.draw(st.sampled_from([0.001, 0.03, 0.4, 1.7, 3.0])))
    bench.end(number)
    bench.finish()
    assert bench.stream.split() == text.split() or bench.stream == text
    assert not bench.of("SEND_STREAMTEXT") or bench.of("SEND_STREAMTEXT")[-1].data["IsFinal"]


# Sound ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packets", [0.2, 1, 2.5, 20, 20.1])
def test_sound_is_sent_every_120_ms_and_ended(bench: Bench, packets: float) -> None:
    bench.say(Audio(), sound(packets))
    bench.finish()
    assert bench.sound == sound(packets)
    assert all(interval == pytest.approx(0.12) for interval in intervals(bench.sent))
    *packed, last = bench.sent
    assert last.data == {"Audio": "", "Seq": len(packed) + 1, "IsFinal": True}
    assert [sent.data["Seq"] for sent in packed] == list(range(1, len(packed) + 1))
    assert all(len(sent.sound) == PACKET for sent in packed[:-1])
    (pacing,) = bench.channel.report().pacing
    assert (pacing.packets, pacing.late_max_ms, pacing.underruns) == (len(packed), 0, 0)


@pytest.mark.parametrize("burst", [0, 1, 3, 6])
def test_the_first_packets_may_go_at_once(bench: Bench, burst: int) -> None:
    bench.say(Audio(burst=burst), sound(12))
    bench.finish()
    at_once = max(0, burst - 1)
    assert intervals(bench.sent) == pytest.approx([0.0] * at_once + [0.12] * (12 - at_once))


def test_a_late_packet_delays_no_other() -> None:
    bench = Bench(latency_s=0.0005)
    Service(bench)
    bench.say(Audio(), sound(500))
    bench.finish()
    first, last = bench.sent[0].at_s, bench.sent[-2].at_s
    assert last - first == pytest.approx(499 * 0.12, abs=0.001)
    (pacing,) = bench.channel.report().pacing
    assert pacing.late_p99_ms == pytest.approx(0.5, abs=0.01)


def test_what_is_late_is_caught_up_slowly() -> None:
    bench = Bench()
    bench.say(Audio(), sound(100))
    bench.run(1.0)
    bench.now_s += 0.118  # a packet is due within, and leaves up to 118 ms late
    bench.run(20)
    spans = intervals(bench.sent)
    assert min(spans) >= 0.1184
    assert bench.sent[90].at_s - bench.sent[0].at_s == pytest.approx(90 * 0.12, abs=0.05)
    assert bench.channel.report().pacing == ()


def test_after_a_stall_the_schedule_is_moved_and_nothing_bursts() -> None:
    bench = Bench()
    Service(bench)
    bench.say(Audio(), sound(50))
    bench.run(1.0)
    bench.now_s += 1.0
    bench.finish()
    spans = intervals(bench.sent)
    assert min(spans) >= 0.1184 and sorted(spans)[-2] == pytest.approx(0.12)
    (pacing,) = bench.channel.report().pacing
    assert pacing.slips == 1 and pacing.slip_ms == pytest.approx(920, abs=1)


def test_sound_that_is_not_there_in_time_is_an_underrun(bench: Bench) -> None:
    number = bench.say(Audio(), sound(2), ends=False)
    bench.run(0.5)
    bench.feed(number, sound(3))
    bench.end(number)
    bench.finish()
    (pacing,) = bench.channel.report().pacing
    assert (pacing.underruns, pacing.slips) == (1, 1)
    assert bench.sound == sound(2) + sound(3)


def test_sound_that_pauses_is_ended_and_goes_on_as_another_utterance(bench: Bench) -> None:
    number = bench.say(Audio(), sound(1.5), ends=False)
    bench.run(5)
    bench.feed(number, sound(1))
    bench.end(number)
    bench.finish()
    assert [(sent.data["Seq"], len(sent.sound)) for sent in bench.sent] == [
        (1, 5120),
        (2, 2560),
        (3, 0),
        (1, 5120),
        (2, 0),
    ]
    assert intervals(bench.sent)[:2] == pytest.approx([1.8, 0.12])
    assert bench.sound == sound(1.5) + sound(1)


def test_live_sound_leaves_as_it_comes(bench: Bench) -> None:
    number = bench.say(Audio(live=True), ends=False)
    whole = sound(10.3)
    for start in range(0, len(whole), 1024):
        bench.feed(number, whole[start : start + 1024])
        bench.run(0.032)
    bench.end(number)
    bench.finish()
    assert bench.sound == whole
    assert intervals(bench.sent)[:9] == pytest.approx([0.16] * 9)


def test_half_a_sample_is_left_out_and_told(bench: Bench) -> None:
    bench.say(Audio(), sound(1) + b"x")
    bench.finish()
    assert bench.sound == sound(1)
    assert "middle of a sample" in bench.told()


def test_no_sound_is_nothing(bench: Bench) -> None:
    bench.say(Audio())
    bench.finish()
    assert bench.sent == []


def test_reading_ahead_has_a_limit(bench: Bench) -> None:
    number = bench.say(Audio(), sound(1), ends=False)
    assert bench.channel.wants(number) == 10 * SECOND - PACKET
    bench.feed(number, sound(100))
    assert bench.channel.wants(number) == 0
    bench.run(1)
    bench.channel.interrupt(bench.now_s)
    assert bench.channel.wants(number) == -1


def test_sound_that_is_refused_at_once_is_said_again_whole() -> None:
    bench = Bench()
    bench.say(Audio(), sound(10))
    bench.run(0.3)
    bench.down("Error", Type=9, ErrorCode=110015)
    service = Service(bench)
    service.speaking = ""
    bench.finish()
    again = [sent for sent in bench.sent if sent.req_id != bench.sent[0].req_id]
    assert b"".join(sent.sound for sent in again) == sound(10)
    assert bench.channel.report().failures == ()


def test_sound_that_played_is_not_said_again() -> None:
    bench = Bench()
    bench.say(Audio(), sound(10))
    bench.run(0.3)
    bench.down("AudioStart")
    bench.down("Error", Type=9, ErrorCode=110015)
    bench.finish()
    assert isinstance(bench.channel.report().failures[0], Refused)
    assert len(bench.sent) == 3


@given(st.lists(st.integers(1, 30_000), max_size=20), st.sampled_from([0.0, 0.002, 0.05]), st.data())
def test_no_sample_is_dropped_or_invented(sizes: list[int], latency_s: float, data: st.DataObject) -> None:
    bench = Bench(latency_s=latency_s)
    Service(bench)
    whole = bytes(number % 251 for number in range(sum(sizes)))
    number = bench.say(Audio(live=data.draw(st.booleans())), ends=False)
    at = 0
    for size in sizes:
        bench.feed(number, whole[at : at + size])
        at += size
        bench.run(data.draw(st.sampled_from([0.0, 0.1, 0.5, 2.5])))
    bench.end(number)
    bench.finish()
    assert bench.sound == whole[: len(whole) // 2 * 2]
    assert bench.channel.report().failures == ()


# Who speaks when -----------------------------------------------------------------------------------------

TEXT, STREAM, SOUND = SpokenText("一" * 100), StreamedText(), Audio()


@given(
    st.lists(
        st.tuples(st.sampled_from(["text", "stream", "clauses", "audio"]), st.booleans(), st.floats(0, 6)),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_whatever_is_said_when_the_order_rules_are_kept(turns: list[tuple[str, bool, float]], stops: bool) -> None:
    bench = Bench()
    service = Service(bench)
    for kind, interrupt, wait_s in turns:
        if kind == "text":
            bench.say(SpokenText("一二三四五六七八九十。\n\n再见。", interrupt=interrupt))
        elif kind == "stream":
            bench.say(StreamedText(interrupt=interrupt), CHINESE.encode())
        elif kind == "clauses":
            bench.say(StreamedText(sentences=True, interrupt=interrupt), "".join(CLAUSES).encode())
        else:
            bench.say(Audio(interrupt=interrupt), sound(20))
        bench.run(wait_s)
    if stops:
        bench.channel.stop(bench.now_s)
        assert bench.now_s + 5.001 > (bench.run() or bench.now_s)
    else:
        bench.finish()
    assert bench.is_over
    assert bench.channel.report().failures == ()
    assert service.kind not in ("stream", "audio") or service.is_final


@pytest.mark.parametrize(
    ("utterance", "data", "last"),
    [
        (SpokenText("一" * 1000), b"", {"Text": "", "Interrupt": True}),
        (StreamedText(), "一".encode() * 5000, {"Text": "", "IsFinal": True, "Interrupt": True}),
        (Audio(), sound(100), {"Audio": "", "IsFinal": True}),
    ],
)
def test_stopping_ends_what_is_being_said(
    bench: Bench, utterance: SpokenText, data: bytes, last: dict[str, object]
) -> None:
    bench.say(utterance, data)
    bench.run(0.3)
    count = len(bench.sent)
    bench.channel.stop(bench.now_s)
    bench.run()
    assert len(bench.sent) == count + 1
    assert last.items() <= bench.sent[-1].data.items()
    assert bench.sent[-1].data.get("Seq", count + 1) == count + 1
    assert bench.channel.report().was_stopped and bench.is_over


@pytest.mark.parametrize(("is_late", "ends_s"), [(False, 106.0), (True, 101.5)])
def test_stopping_waits_five_seconds_at_most_and_hardly_when_the_time_is_over(is_late: bool, ends_s: float) -> None:
    bench = Bench()
    bench.say(Audio(), sound(100))
    bench.run(1)
    bench.channel.stop(bench.now_s, is_late=is_late)
    bench.run()
    assert bench.now_s == pytest.approx(ends_s)
    assert bench.channel.report().was_late == is_late
    assert bench.channel.progress(bench.now_s).connection is Connection.CLOSED


def test_interrupting_leaves_the_channel_open(bench: Bench) -> None:
    bench.say(SpokenText("一" * 1000))
    bench.say(SpokenText("二" * 1000))
    bench.run(3)
    bench.channel.interrupt(bench.now_s)
    bench.run(3)
    bench.say(SpokenText("三"))
    bench.finish()
    assert bench.texts == ["一" * 1000, "", "三"]


def test_sound_silences_a_text_that_somebody_else_lets_be_said() -> None:
    bench = Bench()
    bench.run(0.1)
    bench.down("TextStart", "f" * 32)
    bench.say(Audio(interrupt=True), sound(2))
    bench.run(1)
    assert [sent.command for sent in bench.sent] == ["SEND_TEXT"]
    assert bench.sent[0].data == {"Text": "", "Interrupt": True}
    bench.down("TextOver", "f" * 32)
    Service(bench)
    bench.finish()
    assert bench.sound == sound(2)


def test_a_text_is_silenced_of_which_only_the_sessions_record_tells() -> None:
    bench = Bench()
    bench.channel.overhear(bench.now_s)
    bench.say(Audio(interrupt=True), sound(2))
    bench.run(1)
    assert [sent.data for sent in bench.sent] == [{"Text": "", "Interrupt": True}]
    bench.down("TextOver", "f" * 32)
    bench.run(2)
    assert bench.sound == sound(2)


def test_a_text_waits_for_what_somebody_else_lets_be_said() -> None:
    bench = Bench()
    bench.run(0.1)
    bench.down("TextStart", "f" * 32)
    bench.say(SpokenText("Hi"))
    bench.run(5)
    assert bench.sent == []
    bench.down("TextOver", "f" * 32)
    bench.run(1)
    assert bench.texts == ["Hi"]


# Heartbeats ----------------------------------------------------------------------------------------------


def test_a_heartbeat_leaves_after_45_s_of_silence(bench: Bench) -> None:
    bench.run(10)
    bench.say(SpokenText("Hi"))
    bench.run(120)
    assert [(sent.command, sent.at_s) for sent in bench.sent] == [
        ("SEND_TEXT", 110.0),
        ("SEND_HEARTBEAT", 155.0),
        ("SEND_HEARTBEAT", 200.0),
    ]
    assert bench.sent[1].data == {"Text": "PING"}
    assert len({sent.req_id for sent in bench.sent}) == 3


def test_a_long_text_is_accompanied_by_heartbeats() -> None:
    bench = Bench()
    Service(bench)
    bench.say(SpokenText("一" * 1300))
    bench.finish()
    assert [sent.at_s for sent in bench.of("SEND_HEARTBEAT")] == [145.0, 190.0]


# Connections ---------------------------------------------------------------------------------------------


def error(code: int = 0, *, transient: bool = True) -> TadhError:
    if code:
        return codes.failure(code, "")
    lost = NetworkError("lost")
    lost.transient = transient
    return lost


def refusing(*errors: TadhError) -> object:
    left = list(errors)

    def dial(bench: Bench) -> None:
        if left:
            bench.channel.refused(left.pop(0), bench.now_s)
        else:
            bench.channel.connected(bench.now_s, 0.01)

    return dial


def test_a_first_connection_is_tried_again_for_a_while_only() -> None:
    bench = Bench(dial=lambda bench: bench.channel.refused(error(), bench.now_s))
    bench.run()
    assert isinstance(bench.channel.failure, NetworkError)
    assert [round(at - 100, 3) for at in bench.dials] == [0, 0.2, 0.6, 1.4, 3.0, 6.2, 12.6, 22.6]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(100008, QuotaError), (110013, NotFound), (110014, Refused), (110016, Refused), (110018, NotFound)],
)
def test_a_first_connection_that_is_refused_is_an_error(code: int, kind: type[TadhError]) -> None:
    bench = Bench(dial=lambda bench: bench.channel.refused(error(code), bench.now_s))
    bench.run()
    assert len(bench.dials) == 1 and type(bench.channel.failure) is kind


def test_a_broken_connection_is_opened_again_with_growing_pauses() -> None:
    bench = Bench()
    bench.run(1)
    bench.dial = refusing(error(), error(100008), error())  # type: ignore[assignment]
    bench.channel.disconnected(bench.now_s)
    bench.run(10)
    assert [round(at - 101, 3) for at in bench.dials[1:]] == [0.2, 0.6, 1.4, 3.0]
    assert bench.channel.progress(bench.now_s).connection is Connection.OPEN
    assert bench.channel.report().reconnections == 1


def test_patience_has_an_end() -> None:
    bench = Bench(patience_s=30)
    bench.run(1)
    bench.dial = lambda bench: bench.channel.refused(error(), bench.now_s)
    bench.channel.disconnected(bench.now_s)
    bench.run()
    assert bench.channel.failure is not None and "30s" in bench.channel.failure.message
    assert 130 < bench.now_s < 145


@pytest.mark.parametrize("code", [110013, 110014, 110018, 110022])
def test_some_codes_end_it_all(code: int) -> None:
    bench = Bench()
    bench.say(SpokenText("Hi"))
    bench.run(1)
    bench.down("Error", "", Type=9, ErrorCode=code)
    bench.run()
    assert bench.is_over and bench.channel.failure is not None and bench.channel.failure.code == code


def test_a_session_that_is_found_closed_is_not_connected_to_again() -> None:
    bench = Bench()
    bench.run(1)
    bench.dial = refusing(NotFound("the session is closed"))  # type: ignore[assignment]
    bench.channel.disconnected(bench.now_s)
    bench.run()
    assert isinstance(bench.channel.failure, NotFound) and len(bench.dials) == 2


def broken(bench: Bench, gap_s: float, way_s: float = 0.01) -> None:
    """The connection breaks now, and is there again after that."""
    taken = iter([True])

    def dial(bench: Bench) -> None:
        if next(taken, False):
            bench.later(gap_s, lambda: bench.channel.connected(bench.now_s, way_s))

    bench.dial = dial
    bench.channel.disconnected(bench.now_s)


def test_sound_goes_on_where_it_was() -> None:
    bench = Bench()
    bench.say(Audio(), sound(30))
    bench.run(1.0)
    broken(bench, 0.3)
    bench.channel.finish(bench.now_s)
    bench.run(10)
    assert bench.sound == sound(30)
    assert len({sent.req_id for sent in bench.sent}) == 1
    assert [sent.data["Seq"] for sent in bench.sent] == list(range(1, 32))
    assert min(intervals(bench.sent)) >= 0.1184
    (loss,) = bench.channel.report().losses
    assert (loss.packets, loss.sound_ms) == (2, 320)
    assert "may be lost with the connection: 2 (320 ms)" in bench.told()


def test_nothing_is_said_to_be_lost_that_left_long_before_the_break() -> None:
    bench = Bench()
    bench.say(Audio(), sound(30))
    bench.run(30 * 0.12 + 0.2)
    broken(bench, 0.3)
    bench.run(10)
    assert bench.channel.report().losses == ()


def test_sound_that_the_service_ended_meanwhile_goes_on_as_another_utterance() -> None:
    bench = Bench()
    bench.say(Audio(), sound(30))
    bench.run(1.01)
    bench.down("AudioStart")
    first = bench.sent[0].req_id
    broken(bench, 2.5)
    bench.run(2.75)
    bench.down("AudioOver", first, FinalType=2)
    service = Service(bench)
    service.ended.add(first)
    bench.finish()
    assert bench.sound == sound(30)
    rest = [sent for sent in bench.sent if sent.req_id != first]
    assert [sent.data["Seq"] for sent in rest] == list(range(1, len(rest) + 1))
    assert len(rest) == 22 and bench.channel.report().said == 1


def test_after_a_long_break_the_end_is_not_waited_for_for_ever() -> None:
    bench = Bench()
    bench.say(Audio(), sound(30))
    bench.run(1.01)
    broken(bench, 4.0)
    bench.run(5.0)
    assert len({sent.req_id for sent in bench.sent}) == 1
    bench.run(5.0)
    assert bench.sound == sound(30)
    assert len({sent.req_id for sent in bench.sent}) == 2


def test_a_service_that_ends_sound_by_itself_gets_the_rest_as_another_utterance() -> None:
    bench = Bench()
    bench.say(Audio(), sound(10))
    bench.run(0.5)
    bench.down("AudioOver", FinalType=2)
    bench.run(10)
    assert [sent.data["Seq"] for sent in bench.sent] == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6]
    assert bench.sound == sound(10)


def test_the_last_packet_is_sent_after_a_break_as_well() -> None:
    bench = Bench()
    bench.say(Audio(), sound(3))
    bench.run(0.3)
    broken(bench, 0.2)
    bench.run(2)
    assert bench.sent[-1].data == {"Audio": "", "Seq": 4, "IsFinal": True}


def test_a_text_that_never_arrived_is_said_again() -> None:
    bench = Bench()
    bench.say(SpokenText("Hi"))
    bench.run(0.01)
    broken(bench, 0.2)
    bench.run(3)
    assert bench.texts == ["Hi", "Hi"]
    assert bench.sent[0].req_id != bench.sent[1].req_id
    assert bench.sent[1].at_s - 100.01 == pytest.approx(1.4)


def test_a_text_that_the_service_knows_is_not_said_again() -> None:
    bench = Bench()
    bench.say(SpokenText("Hi"))
    bench.run(0.01)
    broken(bench, 0.2)
    bench.run(0.5)
    bench.down("TextStart")
    bench.run(3)
    bench.down("TextOver")
    bench.finish()
    assert bench.texts == ["Hi"]


def test_what_is_told_again_counts_once(bench: Bench) -> None:
    bench.service = None
    bench.say(StreamedText(sentences=True), "".join(CLAUSES).encode())
    bench.run(0.1)
    assert not bench.down("SentenceNext", seq=1).is_replay
    bench.run(0.1)
    broken(bench, 0.2)
    bench.run(0.5)
    assert bench.down("SentenceNext", 0, seq=1).is_replay
    bench.run(0.5)
    assert [sent.data["Text"] for sent in bench.sent] == CLAUSES[:2]
    assert not bench.down("SentenceNext", 0, seq=2).is_replay
    bench.run(0.1)
    assert [sent.data["Text"] for sent in bench.sent] == CLAUSES
    assert not bench.down("", 0, Type=4, Text="a").is_replay
    assert not bench.down("", 0, Type=4, Text="b").is_replay


def test_a_clause_asked_for_while_nobody_listened_is_sent_after_a_while() -> None:
    bench = Bench()
    bench.say(StreamedText(sentences=True), "".join(CLAUSES).encode())
    bench.run(0.5)
    broken(bench, 1.0)
    bench.run(10)
    assert [sent.data["Text"] for sent in bench.sent] == CLAUSES[:2]
    # As long as speaking the first may take, and then some.
    assert intervals(bench.sent) == pytest.approx([0.5 + 0.2 + 1.0 + splitting.seconds(CLAUSES[0]) + 3.0])


def test_a_stream_goes_on_where_it_was() -> None:
    bench = Bench()
    text = "一二三四五六七八九十" * 100
    bench.say(StreamedText(), text.encode())
    bench.run(0.07)
    bench.down("TextStart")
    broken(bench, 0.5)
    bench.run(5)
    assert bench.stream == text and len({sent.req_id for sent in bench.sent}) == 1
    (loss,) = bench.channel.report().losses
    assert loss.packets == 2 and loss.text == "".join(sent.data["Text"] for sent in bench.sent[:2])


def test_a_stream_that_was_ended_meanwhile_goes_on_as_another_one() -> None:
    bench = Bench()
    text = "一二三四五六七八九十" * 100
    bench.say(StreamedText(), text.encode())
    bench.run(0.07)
    broken(bench, 3.0)
    bench.run(3.3)
    bench.down("TextOver", 0)
    bench.run(5)
    assert bench.stream == text
    assert [sent.data["Seq"] for sent in bench.sent] == [1, 2, 1, 2]


def test_while_there_is_no_connection_stopping_is_immediate() -> None:
    bench = Bench()
    bench.say(Audio(), sound(30))
    bench.run(1)
    broken(bench, 5)
    bench.run(0.5)
    bench.channel.stop(bench.now_s)
    bench.run()
    assert bench.now_s == pytest.approx(101.5)
    assert len(bench.channel.report().pacing) == 1


@given(
    st.lists(st.tuples(st.floats(0.1, 3), st.floats(0.01, 4)), min_size=1, max_size=4),
    st.sampled_from(["audio", "stream", "text"]),
)
def test_whatever_breaks_everything_is_said_in_the_end(breaks: list[tuple[float, float]], kind: str) -> None:
    bench = Bench()
    if kind == "audio":
        bench.say(Audio(), sound(40))
    elif kind == "stream":
        bench.say(StreamedText(), ("一二三四五六七八九十" * 200).encode())
    else:
        bench.say(SpokenText("Hi"))
    for wait_s, gap_s in breaks:
        bench.run(wait_s)
        if not bench.is_over and bench.channel.progress(bench.now_s).connection is Connection.OPEN:
            broken(bench, gap_s)
            bench.run(gap_s + 0.3)
            if bench.sent:
                bench.down("AudioStart" if kind == "audio" else "TextStart")
    for _ in range(10):
        bench.run(5)
        if bench.sent and bench.sent[-1].command != "SEND_HEARTBEAT":
            bench.down("AudioOver" if kind == "audio" else "TextOver")
    bench.finish()
    assert bench.channel.report().failures == ()
    if kind == "audio":
        assert bench.sound == sound(40)
    elif kind == "stream":
        assert bench.stream == "一二三四五六七八九十" * 200


# What there is to see ------------------------------------------------------------------------------------


def test_progress_tells_how_it_stands(bench: Bench) -> None:
    assert bench.channel.progress(100).connection is Connection.CONNECTING
    bench.say(Audio(), sound(30))
    bench.say(SpokenText("Hi"))
    bench.run(1.25)
    progress = bench.channel.progress(bench.now_s)
    assert (progress.speaker, progress.waiting, progress.packets, progress.sound_ms) == ("audio", 1, 11, 1760)
    assert progress.ratio == pytest.approx(0.75)
    assert progress.last is not None and progress.last.status == "AudioStart"


def test_content_of_a_large_model_is_handed_on(bench: Bench) -> None:
    bench.run(0.1)
    event = bench.down("", "f" * 32, Type=4, Text="<b>Hi</b>", TextDisplay="Hi", Final=True)
    assert (event.content, event.is_final_content) == ("Hi", True)


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[1]", "{}", '{"Header": 3, "Payload": "x"}', '{"Payload": {"Seq": "x"}}']
)
def test_nonsense_from_the_service_is_an_event_that_says_nothing(bench: Bench, text: str) -> None:
    bench.run(0.1)
    event = bench.channel.received(text, bench.now_s)
    assert (event.status, event.code, event.req_id) == ("", 0, "")
