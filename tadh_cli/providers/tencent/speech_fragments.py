"""Text as it comes, on a driving channel: the service makes sentences of it."""

from __future__ import annotations

from tadh_cli.api.driving import Step
from tadh_cli.providers.tencent.speech import NO_REPLAY_S, PAUSE_S, REPLAY_S, STREAM_MAX_INTERVAL_S
from tadh_cli.providers.tencent.speech_stream import MOST_FRAGMENT_BYTES, Packet, StreamSpeech

# Packets follow each other at this distance, so that a text arriving by single letters is not sent by them.
FRAGMENT_INTERVAL_S = 0.05
# An emoji at the end of what has arrived may go on; no more than so long.
HOLD_S = 0.05


class FragmentSpeech(StreamSpeech):
    """Text as it comes; the service makes sentences of it.

    Where the text pauses for so long that the service would end the utterance, it is ended here, and what comes
    later is another one.
    """

    def resume(self, now_s: float) -> None:
        super().resume(now_s)
        if self.is_begun and not self._is_final and now_s + REPLAY_S - self.certain_s >= STREAM_MAX_INTERVAL_S:
            self._await_own_end(now_s)

    def _next(self, now_s: float) -> Step:
        if self.is_begun and now_s - self._last_s >= STREAM_MAX_INTERVAL_S:
            self._await_own_end(now_s)
            return Step()
        is_all = self._is_ended or now_s >= self._fed_s + HOLD_S
        text = self.desk.cut.fragment(self._text, MOST_FRAGMENT_BYTES, is_all=is_all)
        if text:
            is_final = self._is_ended and len(text) == len(self._text)
            return Step(self._last_s + FRAGMENT_INTERVAL_S, self._frame(Packet(text, is_final)))
        if self._text:
            return Step(self._fed_s + HOLD_S)
        if self._is_ended:
            return self._ending()
        if self.is_begun:
            return Step(self._last_s + PAUSE_S, self._frame(Packet("", is_final=True)))
        return Step()

    def _took(self, packet: Packet) -> None:
        self._text = self._text[len(packet.text) :]

    def _take_back(self, packets: list[Packet]) -> None:
        self._text = "".join(packet.text for packet in packets) + self._text

    def _await_own_end(self, now_s: float) -> None:
        """So long without a packet, the service has ended the utterance and says so, if it is still there."""
        self._is_final = True
        if self._has_more() or not self._is_ended:
            is_told_at_once = self._quiet_until_s > now_s
            self.deadline_s = now_s + NO_REPLAY_S + (0 if is_told_at_once else 2 * self._expected_s)
        else:
            self.be_patient(now_s)
