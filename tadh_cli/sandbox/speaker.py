"""Who of several utterances has the word: the order rules of a session (Instruction Sending Requirements)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tadh_cli.sandbox import instructions
from tadh_cli.sandbox.chatbot import Chatbot
from tadh_cli.sandbox.instructions import Fragment, Instruction, Text
from tadh_cli.sandbox.playback import Playback
from tadh_cli.sandbox.refusals import Refusal, too_frequent
from tadh_cli.sandbox.speech import CLAUSES, STREAM, TEXT, Speech, Tempo
from tadh_cli.sandbox.utterances import Event, Utterance, wrong_moment

AUDIO_AND_TEXT = 3
# Seconds that have to be exceeded between two texts; nothing is forgiven here, clients keep some distance.
TEXT_APART_S = 1.0
# Drives whose status a channel that is opened anew is told.
REMEMBERED = 3


@dataclass(frozen=True)
class Manner:
    """What a session was created with, as far as it decides what may be said and how."""

    driver: int = AUDIO_AND_TEXT
    # StreamMaxInterval.
    gap_s: float = 2.0
    tempo: Tempo = field(default_factory=Tempo)
    chatbot: Chatbot | None = None


class Speaker:
    """The avatar of a session: obeys instructions or refuses them, and tells what becomes of them.

    Pure state in paced seconds. A refusal under the ReqId of what is being said ends that with an error: "similar to
    TextOver and AudioOver, indicating the end"; the session goes on.
    """

    def __init__(self, manner: Manner, past: Iterable[Utterance] = ()) -> None:
        self._manner = manner
        self._utterances = {one.req_id: one for one in past}
        self._current: Utterance | None = None
        self._texted: float | None = None
        self._events: list[Event] = []

    @property
    def utterances(self) -> list[Utterance]:
        return list(self._utterances.values())

    @property
    def current(self) -> Utterance | None:
        """What is being said, or waits to be; None in silence."""
        return None if self._current is None or self._current.is_over else self._current

    @property
    def status(self) -> str:
        """The SpeakStatus of the session."""
        last = next(reversed(self._utterances.values()), None)
        return last.status if last else "Initial"

    def obey(self, given: Instruction, now: float, *, late_s: float = 0.0) -> None:
        """Do what is said, or raise the Refusal; `late_s` is for how long it may have waited for us."""
        self.advance(now)
        try:
            self._do(given, now, late_s)
        except Refusal as error:
            self.refuse(given.req_id, error, now)
            raise
        self.advance(now)

    def refuse(self, req_id: str, error: Refusal, now: float) -> None:
        """A packet could not even be read: end what is said under its ReqId, if there is something."""
        current = self.current
        if current is not None and current.req_id == req_id:
            current.fail(now, error)

    def advance(self, now: float) -> None:
        """Let happen what happens by itself until now."""
        if (current := self.current) is not None:
            self._events += current.advance(now)

    def end(self, now: float) -> None:
        """The session is closed: nothing more happens."""
        self.advance(now)
        if self.current:
            self.current.ended = now

    def due(self) -> float | None:
        """When something happens by itself next."""
        return self.current.due() if self.current else None

    def told(self) -> list[Event]:
        """What has happened since this was asked for the last time."""
        events, self._events = self._events, []
        return events

    def reconnected(self, now: float) -> list[Event]:
        """What a new channel is told: each status of the last drives, the latest of its kind, in their order."""
        self.advance(now)
        self._events.clear()
        if self.current:
            self.current.reconnected()
        last = self.utterances[-REMEMBERED:]
        events = [event for one in last for event in one.statuses.values()]
        return sorted(events, key=lambda event: event.at)

    # Instructions ---------------------------------------------------------------------------------------------

    def _do(self, given: Instruction, now: float, late_s: float) -> None:
        if isinstance(given, Text):
            self._say(given, now)
        elif isinstance(given, instructions.Sound):
            self._hear(given, now, late_s)
        elif isinstance(given, Fragment):
            self._stream(given, now)

    def _say(self, given: Text, now: float) -> None:
        if self._texted is not None and now - self._texted <= TEXT_APART_S:
            raise too_frequent()
        self._let_text_speak()
        if not given.text:
            self._interrupt(now)
        else:
            if given.req_id in self._utterances:
                raise Refusal(100001, "InvalidParameter.ReqId", "ReqId was used for another drive")
            speech = self._speech(given, now)
            self._begin(speech, now, forced=given.is_interrupt)
        self._texted = now

    def _hear(self, given: instructions.Sound, now: float, late_s: float) -> None:
        if self._manner.driver != AUDIO_AND_TEXT:
            raise Refusal(100001, "InvalidParameter.Command", "SEND_AUDIO needs a session with DriverType 3")
        playback = self._utterances.get(given.req_id)
        if playback is None:
            if self.current:
                what = "audio" if isinstance(self.current, Playback) else "a text"
                raise wrong_moment(f"{what} is being played, its Over event has not come")
            playback = Playback(given.req_id, now, self._manner.gap_s)
            playback.take(given, now, late_s=late_s)
            self._keep(playback)
        elif playback.is_over or not isinstance(playback, Playback):
            raise _is_over(playback)
        else:
            playback.take(given, now, late_s=late_s)

    def _stream(self, given: Fragment, now: float) -> None:
        speech = self._utterances.get(given.req_id)
        if speech is None:
            if given.stops:
                raise wrong_moment("there is nothing with this ReqId to interrupt")
            self._let_text_speak()
            kind = CLAUSES if given.is_clause else STREAM
            speech = Speech(given.req_id, now, kind, self._manner.tempo, self._manner.gap_s)
            speech.take(given, now)
            self._begin(speech, now, forced=given.is_interrupt)
        elif speech.is_over or not isinstance(speech, Speech):
            raise _is_over(speech)
        elif given.stops:
            self._events += speech.interrupt(given.seq, now)
        else:
            speech.take(given, now)

    def _speech(self, given: Text, now: float) -> Speech:
        speech = Speech(given.req_id, now, TEXT, self._manner.tempo, self._manner.gap_s)
        chatbot = self._manner.chatbot
        if chatbot is None or not given.asks:
            speech.say(given.text, now)
        else:
            speech.uninterruptible = chatbot.is_uninterruptible
            speech.answer(given.text, *chatbot.answer(given.req_id, given.text, now, self._manner.tempo), now)
        return speech

    def _let_text_speak(self) -> None:
        if isinstance(self.current, Playback):
            raise wrong_moment("audio is being played: end it with IsFinal and wait for AudioOver")

    def _begin(self, speech: Speech, now: float, *, forced: bool) -> None:
        """Speak a text in place of the one before."""
        if (current := self.current) is not None and current.is_uninterruptible and not forced:
            raise wrong_moment("what is spoken is marked as not interruptible, and Interrupt is not true")
        self._interrupt(now)
        self._keep(speech)

    def _interrupt(self, now: float) -> None:
        if current := self.current:
            self._events += current.stop(now)

    def _keep(self, utterance: Utterance) -> None:
        self._utterances[utterance.req_id] = utterance
        self._current = utterance


def _is_over(utterance: Utterance) -> Refusal:
    if not utterance.is_over:
        return Refusal(100001, "InvalidParameter.ReqId", f"ReqId is that of a drive by {utterance.kind}")
    return wrong_moment(f"the drive with this ReqId has ended: {utterance.status}")
