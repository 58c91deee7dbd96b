"""Whole texts on a driving channel: SEND_TEXT, piece after piece (Text-driven Instructions)."""

from __future__ import annotations

from typing import Any

from tadh_cli.api.driving import Event, Frame, Loss, SpokenText, Step
from tadh_cli.providers.tencent import frames
from tadh_cli.providers.tencent.session import MOST_TEXT_BYTES
from tadh_cli.providers.tencent.speech import Desk, Speech, silence


class TextSpeech(Speech):
    """Each piece is an utterance to the service; the next one would cut it off, so that it waits for TextOver."""

    kind = "text"

    def __init__(self, desk: Desk, number: int, said: SpokenText) -> None:
        super().__init__(desk, number)
        self._said = said
        self._pieces = desk.cut.pieces(said.text, MOST_TEXT_BYTES)
        self._expected_s = 0.0
        self._silence_id = ""
        self._prepared: Frame | None = None
        # A text that goes on until this one is sent, which cuts it off.
        self._before_id = ""
        if not self._pieces:
            self.close()

    def offer(self, now_s: float) -> Step:
        if self.is_cut:
            return self._silence() if not self._silence_id else Step()
        self.say_again_if_unarrived(now_s)
        if self.is_begun:
            return Step(self.unarrived_s)
        self._prepared = self._prepared or self.desk.command(self.req_id, frames.TEXT, self._data())
        return Step(max(self.not_before_s, self.desk.text_gate_s), self._prepared)

    def sent(self, now_s: float) -> None:
        self.desk.text_sent(now_s)
        self._prepared = None
        if self.is_cut:
            self._silence_id = self._silence_id or self.desk.fresh()
        else:
            self.is_begun = True
            self._before_id = ""
            self._expected_s = self.desk.cut.seconds(self._pieces[0])
        self.be_patient(now_s)

    def cut(self, now_s: float) -> None:
        self.is_cut = True
        self._prepared = None
        if self._before_id and not self.is_begun and not self.is_over:
            # It is not to be sent any more, so that the one before needs an end.
            self.req_id, self.is_begun = self._before_id, True
        if not self.is_begun:
            self.close()

    @property
    def interrupts(self) -> bool:
        return self._said.interrupt

    def take_place_of(self, other: TextSpeech) -> None:
        """Cut off another text just by being sent."""
        self._before_id = other.req_id if other.is_begun else other._before_id
        other.close()

    def heard(self, event: Event, now_s: float) -> None:
        if event.req_id == self._before_id and frames.is_over(event) and not self.is_cut:
            self._before_id = ""
        super().heard(event, now_s)

    def is_over_at(self, event: Event, now_s: float) -> None:
        self.trust()
        self._pieces = self._pieces[1:]
        if self.is_cut or not self._pieces:
            self.close()
        else:
            self.renew()

    def goes_on(self, event: Event, now_s: float) -> None:
        self.trust()
        if event.content:
            self._expected_s += self.desk.cut.seconds(event.content)
            self.be_patient(now_s)

    def again(self) -> bool:
        return True

    def expected_s(self) -> float:
        return self._expected_s

    def doubtful(self, since_s: float) -> Loss | None:
        # What was heard of has arrived.
        return Loss(1, text=self._pieces[0]) if self.begun_s >= since_s and not self.is_heard else None

    def _silence(self) -> Step:
        self._prepared = self._prepared or silence(self.desk, self.desk.fresh())
        return Step(self.desk.text_gate_s, self._prepared)

    def _data(self) -> dict[str, Any]:
        said = self._said
        given = {
            "Interrupt": said.interrupt,
            "ChatCommand": said.chat_command,
            "ChatRoundId": said.chat_round_id,
            "CloudAiVisitorBizId": said.visitor_id,
        }
        return {"Text": self._pieces[0], **{name: value for name, value in given.items() if value}}
