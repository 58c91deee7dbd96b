"""The driving channel as a protocol: who speaks when, heartbeats, breaks. It knows neither sockets nor clocks.

In: what to say, what the service says, what became of the connection, and the time. Out: what to do next, and when.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from tadh_cli.api.driving import (
    Audio,
    Connection,
    Cut,
    Driving,
    Event,
    Frame,
    Notice,
    Pacing,
    Progress,
    Report,
    SpokenText,
    Step,
    StreamedText,
    Utterance,
)
from tadh_cli.errors import TadhError
from tadh_cli.providers.tencent import frames
from tadh_cli.providers.tencent.dialling import Dialling
from tadh_cli.providers.tencent.speech import Desk, Hush, Speech
from tadh_cli.providers.tencent.speech_audio import AudioSpeech
from tadh_cli.providers.tencent.speech_clauses import ClauseSpeech
from tadh_cli.providers.tencent.speech_fragments import FragmentSpeech
from tadh_cli.providers.tencent.speech_text import TextSpeech
from tadh_cli.providers.tencent.told import Others, Told

# The pages give several spans; this satisfies them all: above 30 s, below 60 s (conflicting pages of Heartbeat).
HEARTBEAT_S = 45.0
# Stopped, it waits no longer than this for the service to say that all is over.
STOP_PATIENCE_S = 5.0
# The same when its time is over: long enough for the final packet to leave.
LATE_PATIENCE_S = 0.5
# Numbers of utterances that nobody asked for.
_OWN = -1


class DrivingChannel:
    """The channel of one session, over all its connections."""

    def __init__(
        self, session_id: str, new_id: Callable[[], str], cut: Cut, dice: Callable[[], float], patience_s: float
    ) -> None:
        self._desk = Desk(session_id, new_id, cut)
        self._line: deque[Speech] = deque()
        # Whose frame the last step was; None for a heartbeat.
        self._offered: Speech | None = None
        self._pulse: Frame | None = None
        # What is still read, by number.
        self._open: dict[int, Speech] = {}
        self._others = Others()
        self._told = Told()
        self._dialling = Dialling(dice, patience_s)
        self._sent_s = 0.0
        # When anything came last.
        self._heard_s = 0.0
        self._is_mute = False
        self._is_finishing = False
        self._stop_s = math.inf
        self._is_over = False
        self._failure: TadhError | None = None
        self._report = Report()
        self._pacing = Pacing()
        self._last: Event | None = None

    # What is to be said ----------------------------------------------------------------------------------

    def say(self, number: int, utterance: Utterance, now_s: float) -> None:
        if self._is_over or self._is_stopping:
            return
        speech = self._speech(number, utterance)
        if utterance.interrupt:
            self._make_way(speech, now_s)
        self._line.append(speech)
        self._open[number] = speech

    def feed(self, number: int, data: bytes, now_s: float) -> None:
        if number in self._open:
            self._open[number].feed(data, now_s)

    def end(self, number: int, now_s: float, error: TadhError | None = None) -> None:
        speech = self._open.pop(number, None)
        if speech is not None:
            speech.failure = speech.failure or error
            speech.end(now_s)

    def wants(self, number: int) -> int:
        speech = self._open.get(number)
        return -1 if speech is None or speech.is_over or speech.is_cut else speech.wants()

    def insert(self, text: str, now_s: float) -> None:
        head = self._line[0] if self._line else None
        if isinstance(head, ClauseSpeech):
            head.insert(text)
        else:
            self._desk.tell("nothing can be inserted now: that needs a text that is being said clause by clause")

    def interrupt(self, now_s: float) -> None:
        self._clear(now_s)
        self._hush()

    def overhear(self, now_s: float) -> None:
        self._others.guess(now_s)

    def finish(self, now_s: float) -> None:
        self._is_finishing = True

    def stop(self, now_s: float, *, is_late: bool = False) -> None:
        if self._is_over or self._is_stopping:
            return
        self._report = replace(self._report, was_stopped=True, was_late=is_late)
        self._stop_s = now_s + (LATE_PATIENCE_S if is_late else STOP_PATIENCE_S)
        self._clear(now_s)

    # What to do next -------------------------------------------------------------------------------------

    def poll(self, now_s: float) -> Step:
        if not self._is_over and self._is_stopping:
            self._end_if_stopped(now_s)
        if self._is_over:
            return Step(now_s, is_over=True)
        if not self._dialling.is_open:
            return self._poll_connection(now_s)
        return self._poll_line(now_s)

    def sent(self, now_s: float) -> None:
        if not self._dialling.is_open:
            self._dialling.dialled(now_s)
            return
        self._sent_s = now_s
        self._report = replace(self._report, sent=self._report.sent + 1)
        if self._offered is not None:
            self._offered.left(now_s)
        else:
            self._pulse = None

    def _poll_line(self, now_s: float) -> Step:
        head = self._head(now_s)
        while head is not None:
            if now_s >= head.mute_s:
                return self._hang_up(head, now_s)
            step = self._offer(head, now_s)
            if not head.is_over:
                return self._sooner(step._replace(at_s=max(step.at_s, now_s)), head)
            head = self._head(now_s)
        if self._is_finishing:
            self._close()
            return Step(now_s, is_over=True)
        return self._sooner(Step(), None)

    def _offer(self, head: Speech, now_s: float) -> Step:
        if not head.is_begun and self._waits_for_others(head, now_s):
            return Step(self._others.until_s)
        step = head.offer(now_s)
        # To ask at its end is enough, and has to be done, too.
        return step if step.frame else step._replace(at_s=min(step.at_s, head.deadline_s, head.mute_s))

    def _hang_up(self, head: Speech, now_s: float) -> Step:
        """The service should have said something long ago: perhaps it does on another connection."""
        head.is_probed = self._is_mute = True
        self._desk.tell(f"nothing has come for {now_s - self._heard_s:.0f} s; connecting again")
        return Step(now_s, hangs_up=True)

    def _sooner(self, step: Step, head: Speech | None) -> Step:
        """This step, or a heartbeat if that is due before."""
        pulse_s = self._sent_s + HEARTBEAT_S
        self._offered = head
        at_s = min(step.at_s, self._stop_s)
        if step.frame is not None and step.at_s <= pulse_s:
            return step
        if at_s < pulse_s:
            return Step(at_s)
        self._offered = None
        self._pulse = self._pulse or self._desk.command(self._desk.fresh(), frames.HEARTBEAT, {"Text": "PING"})
        return Step(pulse_s, self._pulse)

    def _head(self, now_s: float) -> Speech | None:
        """The utterance whose turn it is."""
        while self._line:
            head = self._line[0]
            if not head.is_over and now_s >= head.deadline_s:
                head.expire(now_s)
            if not head.is_over:
                return head
            self._line.popleft()
            self._record(head)
        return None

    def _record(self, speech: Speech) -> None:
        """Note what came of an utterance."""
        if speech.number == _OWN:
            return
        report = self._report
        if isinstance(speech, AudioSpeech) and speech.packets:
            self._pacing = speech.pacing
            report = replace(report, pacing=(*report.pacing, self._pacing))
        if speech.failure is not None:
            self._desk.tell(f"the {speech.kind} failed: {speech.failure.message}")
            report = replace(report, failures=(*report.failures, speech.failure))
        elif not speech.is_cut:
            report = replace(report, said=report.said + 1)
        self._report = report

    # Who speaks when -------------------------------------------------------------------------------------

    def _speech(self, number: int, utterance: Utterance) -> Speech:
        match utterance:
            case SpokenText():
                return TextSpeech(self._desk, number, utterance)
            case StreamedText(sentences=True):
                return ClauseSpeech(self._desk, number, utterance)
            case StreamedText():
                return FragmentSpeech(self._desk, number, utterance)
            case Audio():
                return AudioSpeech(self._desk, number, utterance)

    def _make_way(self, speech: Speech, now_s: float) -> None:
        """Cut off what is being said. A text cuts off another one just by being sent."""
        head = self._line[0] if self._line else None
        if isinstance(speech, TextSpeech) and isinstance(head, TextSpeech) and not (head.is_cut or speech.is_over):
            speech.take_place_of(head)
        self._clear(now_s)
        if not isinstance(speech, TextSpeech):
            self._hush()

    def _hush(self) -> None:
        """Silence a text that somebody else lets be said."""
        if (text_id := self._others.text_id) is not None:
            self._line.append(Hush(self._desk, _OWN, text_id))

    def _clear(self, now_s: float) -> None:
        for place, speech in enumerate(list(self._line)):
            speech.cut(now_s)
            if place and not speech.is_over:
                speech.close()
        self._open = {number: speech for number, speech in self._open.items() if not speech.is_cut}

    def _waits_for_others(self, head: Speech, now_s: float) -> bool:
        """Whether somebody else is speaking: a new text would cut that off, sound would be refused."""
        is_cutting = isinstance(head, Hush) or (isinstance(head, TextSpeech) and head.interrupts)
        return not is_cutting and self._others.are_speaking(now_s)

    # What the service says -------------------------------------------------------------------------------

    def received(self, text: str, now_s: float) -> Event:
        event = frames.event(text)
        self._heard_s = now_s
        self._desk.is_told = self._desk.is_told or bool(event.status)
        event = replace(event, is_replay=self._told.is_known(event))
        self._last = event
        self._report = replace(self._report, received=self._report.received + 1)
        if frames.is_failure(event) and event.code in frames.ENDS:
            self._fail(frames.failure(event))
        elif event.req_id and event.req_id not in self._desk.ids:
            self._others.note(event, now_s)
            if frames.is_over(event) and self._line and isinstance(self._line[0], Hush):
                self._line[0].silenced(event)
        elif self._line:
            self._tell_head(self._line[0], event, now_s)
        elif frames.is_failure(event):
            self._desk.tell(f"the service says: {frames.failure(event).message}")
        return event

    def _tell_head(self, head: Speech, event: Event, now_s: float) -> None:
        # A refusal of something that can't be read may lack its id; it can only be what was sent last.
        if not event.req_id and frames.is_failure(event) and head.is_begun:
            event = replace(event, req_id=head.req_id)
        head.heard(event, now_s)

    # Connections -----------------------------------------------------------------------------------------

    def connected(self, now_s: float, took_s: float) -> None:
        gap_s = self._dialling.opened(now_s, took_s)
        self._sent_s = self._heard_s = now_s
        if gap_s is None:
            return
        self._report = replace(self._report, reconnections=self._report.reconnections + 1)
        self._desk.tell(f"connected again after {gap_s:.1f} s", is_warning=False)
        if self._line:
            self._line[0].resume(now_s)

    def refused(self, error: TadhError, now_s: float) -> None:
        if self._is_over:
            return
        failure = error if self._dialling.is_open else self._dialling.refused(error, now_s)
        if failure is not None:
            self._fail(failure)

    def disconnected(self, now_s: float, *, silent_s: float = 0.0) -> None:
        if self._is_over or not self._dialling.is_open:
            return
        if self._is_mute:
            silent_s = now_s - self._heard_s + self._dialling.way_s
        else:
            self._desk.tell("the connection broke; connecting again")
        self._is_mute = False
        if self._line:
            self._line[0].lose(now_s, max(self._dialling.way_s, silent_s))
        self._dialling.broke(now_s)

    def _poll_connection(self, now_s: float) -> Step:
        if overdue := self._dialling.overdue(now_s):
            self.refused(overdue, now_s)
            return self.poll(now_s)
        step = self._dialling.step(now_s)
        return step._replace(at_s=min(step.at_s, self._stop_s))

    # The end ---------------------------------------------------------------------------------------------

    @property
    def _is_stopping(self) -> bool:
        return self._stop_s < math.inf

    @property
    def failure(self) -> TadhError | None:
        return self._failure

    def _end_if_stopped(self, now_s: float) -> None:
        if now_s >= self._stop_s or not self._dialling.is_open or self._head(now_s) is None:
            self._close()

    def _fail(self, error: TadhError) -> None:
        self._failure = error
        self._close()

    def _close(self) -> None:
        self._is_over = True
        self._dialling.state = Connection.CLOSED
        for speech in self._line:
            self._abandon(speech)
        self._line.clear()
        self._open.clear()

    def _abandon(self, speech: Speech) -> None:
        """Note what an utterance came to that has no end."""
        speech.settle_doubt()
        if isinstance(speech, AudioSpeech) and speech.packets:
            self._pacing = speech.pacing
            self._report = replace(self._report, pacing=(*self._report.pacing, self._pacing))

    # How it stands ---------------------------------------------------------------------------------------

    def notices(self) -> Sequence[Notice]:
        told, self._desk.notices = self._desk.notices, []
        return told

    def progress(self, now_s: float) -> Progress:
        head = self._line[0] if self._line else None
        sound = head if isinstance(head, AudioSpeech) else None
        return Progress(
            connection=self._dialling.state,
            speaker=head.kind if head is not None and head.number != _OWN else "",
            waiting=max(0, len(self._line) - 1),
            sent=self._report.sent,
            received=self._report.received,
            packets=sound.packets if sound else self._pacing.packets,
            sound_ms=round(sound.sound_s * 1000) if sound else self._pacing.sound_ms,
            ratio=sound.ratio if sound else self._pacing.ratio,
            reconnections=self._report.reconnections,
            last=self._last,
        )

    def report(self) -> Report:
        return replace(self._report, losses=tuple(self._desk.losses))


DRIVING = Driving(path=frames.path, channel=DrivingChannel, ended=frames.ended, speaks=frames.speaks)
