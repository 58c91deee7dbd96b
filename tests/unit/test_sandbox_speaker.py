"""What an avatar says when it is told several things: with numbers instead of a clock."""

from __future__ import annotations

from typing import Any

import pytest

from tadh_cli.sandbox.chatbot import Chatbot
from tadh_cli.sandbox.instructions import Fragment, Sound, Text
from tadh_cli.sandbox.refusals import Refusal
from tadh_cli.sandbox.speaker import Manner, Speaker
from tadh_cli.sandbox.speech import Tempo

FULL = b"\0" * 5120
# Spoken in ten seconds.
LONG = "一" * 42
A, B, C, D, X = (f"{name}{'一' * 20}。" for name in "ABCDX")


class Stage:
    """A speaker, its clock, and everything that it told."""

    def __init__(self, **manner: Any) -> None:
        self.speaker = Speaker(Manner(**manner))
        self.now = 0.0
        self.events: list[tuple[str, str]] = []
        self.seqs: list[tuple[str, int]] = []

    def wait(self, seconds: float) -> Stage:
        self.now += seconds
        self.speaker.advance(self.now)
        self._hear()
        return self

    def obey(self, given: Text | Sound | Fragment) -> int:
        """The code of the refusal, 0 for none."""
        try:
            self.speaker.obey(given, self.now)
        except Refusal as error:
            return error.code
        finally:
            self._hear()
        return 0

    def say(self, req_id: str, text: str = LONG, **more: Any) -> int:
        return self.obey(Text(req_id, text, **more))

    def sound(self, req_id: str, seq: int, *, final: bool = False) -> int:
        return self.obey(Sound(req_id, seq, b"" if final else FULL, final))

    def stream(self, req_id: str, seq: int, text: str = "", **more: bool) -> int:
        return self.obey(Fragment(req_id, seq, text, **more))

    def clause(self, seq: int, text: str, **more: bool) -> int:
        return self.stream("c", seq, text, is_clause=True, **more)

    def words(self, *wanted: str) -> list[tuple[str, str]]:
        return [(req_id, word) for req_id, word in self.events if not wanted or word in wanted]

    def lines(self) -> list[str]:
        return [line for one in self.speaker.utterances for line in one.lines()]

    def _hear(self) -> None:
        for event in self.speaker.told():
            self.events.append((event.req_id, event.word))
            self.seqs.append((event.word, event.seq))


@pytest.fixture
def stage() -> Stage:
    return Stage()


# Order ------------------------------------------------------------------------------------------------------


def test_a_new_text_ends_the_old_one_before_it_begins(stage: Stage) -> None:
    stage.say("a")
    stage.wait(2).say("b")
    stage.wait(20)
    assert stage.words("TextStart", "TextOver") == [
        ("a", "TextStart"),
        ("a", "TextOver"),
        ("b", "TextStart"),
        ("b", "TextOver"),
    ]


def test_an_empty_text_ends_what_is_spoken(stage: Stage) -> None:
    stage.say("a")
    assert stage.wait(2).say("b", "", is_interrupt=True) == 0
    assert stage.words()[-1] == ("a", "TextOver")
    assert stage.sound("s", 1) == 0


def test_texts_are_more_than_a_second_apart(stage: Stage) -> None:
    assert stage.say("a") == 0
    assert stage.wait(1).say("b") == 100012
    assert stage.wait(0.05).say("c") == 0


def test_sound_does_not_interrupt_a_text(stage: Stage) -> None:
    stage.say("a")
    assert stage.wait(2).sound("s", 1) == 110015
    stage.wait(20)
    assert stage.words()[-1] == ("a", "TextOver")


def test_nothing_interrupts_sound(stage: Stage) -> None:
    stage.sound("s", 1)
    assert stage.say("a") == 110015
    assert stage.say("b", "", is_interrupt=True) == 110015
    assert stage.stream("c", 1, "Hi.") == 110015
    assert stage.sound("d", 1) == 110015
    assert stage.sound("s", 2, final=True) == 0
    assert stage.say("e") == 110015
    stage.wait(1)
    assert stage.words()[-1] == ("s", "AudioOver")
    assert stage.say("f") == 0


def test_sound_needs_a_session_for_sound() -> None:
    assert Stage(driver=1).sound("s", 1) == 100001
    assert Stage(driver=1).stream("c", 1, "Hi.") == 0


def test_a_drive_ends_with_what_is_wrong_with_it_and_the_next_may_begin(stage: Stage) -> None:
    stage.sound("s", 1)
    assert stage.sound("s", 3) == 100001
    assert stage.speaker.status == "Error"
    assert stage.sound("s", 2) == 110015
    assert stage.sound("t", 1) == 0


def test_what_is_wrong_with_another_drive_does_not_end_it(stage: Stage) -> None:
    stage.say("a")
    assert stage.wait(0.5).say("b") == 100012
    assert stage.stream("c", 2, "x") == 100001
    stage.wait(20)
    assert stage.words()[-1] == ("a", "TextOver")


def test_a_reqid_is_used_once(stage: Stage) -> None:
    stage.say("a")
    assert stage.wait(20).say("a") == 100001
    assert stage.sound("a", 1) == 110015


def test_a_new_channel_is_told_of_the_last_three(stage: Stage) -> None:
    for name in "abcd":
        stage.say(name)
        stage.wait(20)
    events = stage.speaker.reconnected(stage.now)
    assert [event.req_id for event in events] == [name for name in "bcd" for _ in range(4)]
    assert stage.speaker.told() == []


def test_answers_that_can_not_be_interrupted() -> None:
    stage = Stage(chatbot=Chatbot(is_uninterruptible=True))
    stage.say("a", "What?")
    assert stage.wait(2).say("b", "Hm?") == 110015
    assert stage.wait(2).say("c", "Hm?", is_interrupt=True) == 0
    assert ("a", "TextOver") in stage.words()


def test_a_chatbot_is_not_asked_when_it_should_not_be() -> None:
    stage = Stage(chatbot=Chatbot())
    stage.say("a", "Hi", asks=False)
    stage.wait(20)
    assert all(word for _, word in stage.words())


def test_at_a_higher_speed_texts_are_shorter_and_sound_is_not() -> None:
    stage = Stage(tempo=Tempo(rate=10.0))
    stage.say("a")
    stage.wait(1.1)
    assert stage.words()[-1] == ("a", "TextOver")
    stage.sound("s", 1)
    stage.sound("s", 2, final=True)
    stage.wait(0.3)
    assert stage.words()[-2:] == [("s", "AudioStart"), ("s", "WaitingAudioOver")]


# Streams ------------------------------------------------------------------------------------------------------


def test_a_stream_is_spoken_sentence_by_sentence(stage: Stage) -> None:
    stage.stream("r", 1, "Hel")
    stage.wait(1)
    assert stage.words("TextStart") == []
    stage.stream("r", 2, "lo there! And")
    stage.wait(1)
    assert stage.words("TextStart") == [("r", "TextStart")]
    stage.stream("r", 3, " more", is_final=True)
    stage.wait(20)
    assert stage.words()[-2:] == [("r", "WaitingTextOver"), ("r", "TextOver")]
    assert stage.lines() == ["Hello there! And more"]


def test_a_stream_ends_by_itself_after_two_seconds(stage: Stage) -> None:
    stage.stream("r", 1, "Hello")
    stage.wait(1.9)
    assert stage.words("TextStart") == []
    stage.wait(10)
    assert stage.words()[-1] == ("r", "TextOver")
    assert stage.stream("r", 2, "more") == 110015


def test_a_stream_is_interrupted_even_after_its_final_packet(stage: Stage) -> None:
    stage.stream("r", 1, LONG, is_final=True)
    stage.wait(1)
    assert stage.stream("r", 2, "more") == 110015
    stage = Stage()
    stage.stream("r", 1, LONG, is_final=True)
    stage.wait(1)
    assert stage.stream("r", 2, is_final=True, is_interrupt=True) == 0
    assert stage.words()[-1] == ("r", "TextOver")


def test_an_interruption_has_the_next_number_and_something_to_interrupt(stage: Stage) -> None:
    assert stage.stream("r", 1, is_final=True, is_interrupt=True) == 110015
    stage.stream("s", 1, LONG)
    assert stage.stream("s", 1, is_final=True, is_interrupt=True) == 100001


@pytest.mark.parametrize("fragments", [("a <break/> b",), ("a <insert-ac", 'tion type="x"/>'), ("</speak>",)])
def test_a_stream_has_no_tags(stage: Stage, fragments: tuple[str, ...]) -> None:
    codes = [stage.stream("r", seq, text) for seq, text in enumerate(fragments, 1)]
    assert codes[-1] == 100002


def test_a_stream_may_have_signs_that_look_like_tags(stage: Stage) -> None:
    assert stage.stream("r", 1, "1 < 2 & 3 > 2. ") == 0
    assert stage.stream("r", 2, "", is_final=True) == 0


def test_a_stream_is_moderated(stage: Stage) -> None:
    assert stage.stream("r", 1, "SENSI") == 0
    assert stage.stream("r", 2, "TIVE") == 801005


# Clauses ------------------------------------------------------------------------------------------------------


def test_clauses_are_told_one_by_one(stage: Stage) -> None:
    stage.clause(1, A)
    stage.wait(0.3).clause(2, B)
    stage.wait(0.3).stream("c", 3, is_final=True)
    stage.wait(60)
    assert stage.seqs == [
        ("WaitingTextStart", 0),
        ("SentenceNext", 1),
        ("TextStart", 0),
        ("SentenceStart", 1),
        ("SentenceNext", 2),
        ("SentenceOver", 1),
        ("SentenceStart", 2),
        ("WaitingTextOver", 0),
        ("SentenceOver", 2),
        ("TextOver", 0),
    ]


def test_a_clause_waits_to_be_asked_for(stage: Stage) -> None:
    stage.clause(1, A)
    assert stage.clause(2, B) == 110015


def test_not_more_than_two_clauses_wait(stage: Stage) -> None:
    for seq, text in enumerate((A, B, C, D), 1):
        assert stage.clause(seq, text) == 0
        stage.wait(0.5)
    assert stage.seqs.count(("SentenceNext", 3)) == 1
    assert stage.seqs.count(("SentenceNext", 4)) == 0
    stage.wait(5)
    assert stage.seqs.count(("SentenceNext", 4)) == 1


def test_an_inserted_clause_is_the_next_to_be_spoken(stage: Stage) -> None:
    for seq, text in enumerate((A, B), 1):
        stage.clause(seq, text)
        stage.wait(0.5)
    stage.wait(5)
    for seq, text in enumerate((C, D), 3):
        stage.clause(seq, text)
        stage.wait(0.3)
    assert ("SentenceStart", 2) in stage.seqs
    assert stage.clause(5, X, is_inserted=True) == 0
    stage.clause(6, "", is_final=True)
    stage.wait(60)
    assert stage.lines() == [A, B, X, C, D]
    assert [seq for word, seq in stage.seqs if word == "SentenceStart"] == [1, 2, 5, 3, 4]


def test_an_inserted_clause_does_not_wait_to_be_asked_for(stage: Stage) -> None:
    stage.clause(1, A)
    assert stage.clause(2, X, is_inserted=True) == 0


def test_clauses_do_not_end_by_themselves(stage: Stage) -> None:
    stage.clause(1, A)
    stage.wait(170)
    assert stage.words("TextOver") == []
    assert stage.clause(2, B) == 0


@pytest.mark.parametrize(
    ("text", "is_final", "code"),
    [
        ("一二三四五六七八九十。", False, 100002),
        ("一二三四五六七八九十一。", False, 0),
        ("one two three four five six seven eight nine ten", False, 100002),
        ("one two three four five six seven eight nine ten eleven", False, 0),
        ("一二三。", True, 0),
        (f'<speak>{A}<break time="1s"/></speak>', False, 0),
        (f"<speak>{A}", False, 100002),
    ],
)
def test_a_clause_is_whole_and_not_short(stage: Stage, text: str, is_final: bool, code: int) -> None:
    assert stage.clause(1, text, is_final=is_final) == code


def test_a_text_is_either_one_or_the_other(stage: Stage) -> None:
    stage.clause(1, A)
    stage.wait(1)
    assert stage.stream("c", 2, "Hi.") == 100001
