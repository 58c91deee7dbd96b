"""What all utterances on a driving channel have in common, and the one that only silences."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from tadh_cli.api.driving import Cut, Event, Frame, Loss, Notice, Step
from tadh_cli.errors import TadhError, WaitTimeout
from tadh_cli.providers.tencent import frames

# Texts have to be more than 1 s apart (Text-driven Instructions).
TEXT_INTERVAL_S = 1.05
# The service ends an utterance by itself when so long no packet came (StreamMaxInterval); we do so before.
STREAM_MAX_INTERVAL_S = 2.0
PAUSE_S = 1.8
# After a reconnection the service tells at once how the last three utterances stand.
REPLAY_S = 0.15
NO_REPLAY_S = 1.0
# What was cut off says so at once.
CUT_PATIENCE_S = 10.0
# Beyond what speaking takes: the service has to make it first, and slowly at times.
OVER_MARGIN_S = 60.0
# Nothing heard for so long beyond what speaking takes, and it is the connection that is taken for dead.
MUTE_S = 10.0
# Refused so soon after a reconnection, a packet is so because the service has ended or never begun the utterance.
REJOIN_S = 5.0
# Refused for its moment, an utterance is tried again for so long.
REFUSED_PATIENCE_S = 60.0
_LONGEST_PAUSE_S = 8.0
_SHOWN_CHARACTERS = 60


class Desk:
    """What the utterances of a channel share: ids, the words of the service, the distance between texts."""

    def __init__(self, session_id: str, new_id: Callable[[], str], cut: Cut) -> None:
        self.cut = cut
        self._session_id = session_id
        self._new_id = new_id
        # Ids that were given out here; others belong to somebody else who drives this session.
        self.ids: set[str] = set()
        # The moment from which the next SEND_TEXT may leave.
        self.text_gate_s = -math.inf
        # The service has said how an utterance stands.
        self.is_told = False
        self.notices: list[Notice] = []
        self.losses: list[Loss] = []

    def fresh(self) -> str:
        """An id for an utterance: 32 hexadecimal digits."""
        id = self._new_id()
        self.ids.add(id)
        return id

    def command(self, req_id: str, name: str, data: Mapping[str, Any]) -> Frame:
        return frames.command(self._session_id, req_id, name, data)

    def text_sent(self, now_s: float) -> None:
        self.text_gate_s = now_s + TEXT_INTERVAL_S

    def tell(self, text: str, *, is_warning: bool = True) -> None:
        self.notices.append(Notice(text, is_warning))


class Speech:
    """An utterance on its way: asked for its next frame, told what was sent and what the service says."""

    kind = ""

    def __init__(self, desk: Desk, number: int) -> None:
        self.desk = desk
        self.number = number
        self.req_id = desk.fresh()
        self.is_over = False
        self.failure: TadhError | None = None
        # Something is at the service that it has not ended yet.
        self.is_begun = False
        # The service has said anything about what is under way.
        self.is_heard = False
        self.is_cut = False
        # When its first packet left.
        self.begun_s = math.inf
        # Its silence was taken for that of the connection, which was opened anew, and nothing has come since.
        self.is_probed = False
        # What may have been lost when the connection broke, as long as that is not known, and when it began to leave.
        self.doubt: Loss | None = None
        self._doubt_since_s = math.inf
        # All that left may have been lost, and nobody has heard of it: after that moment it never arrived.
        self.unarrived_s = math.inf
        self._is_all_in_doubt = False
        self._resumed_s = -math.inf
        # When it is given up.
        self.deadline_s = math.inf
        # It waits until then, since it was refused.
        self.not_before_s = -math.inf
        self._refused_since_s = math.inf
        self._refusals = 0
        self._last: Event | None = None

    # To be filled in by each kind ------------------------------------------------------------------------

    def offer(self, now_s: float) -> Step:
        """Its next frame and its moment."""
        raise NotImplementedError

    def sent(self, now_s: float) -> None:
        """The frame that was offered has left."""
        raise NotImplementedError

    def cut(self, now_s: float) -> None:
        """End as soon as the rules allow."""
        raise NotImplementedError

    def feed(self, data: bytes, now_s: float) -> None:
        """More of it."""

    def end(self, now_s: float) -> None:
        """There is no more of it."""

    def wants(self) -> int:
        """How many bytes more of it are welcome."""
        return 0

    def doubtful(self, since_s: float) -> Loss | None:
        """What of it left since that moment."""
        return None

    def is_over_at(self, event: Event, now_s: float) -> None:
        """The service has ended it."""
        self.close()

    def again(self) -> bool:
        """Begin anew what was refused or never arrived; False when that can't say all of it just once."""
        return False

    def rejoin(self, since_s: float) -> bool:
        """Go on as another utterance with what was refused since that moment; False when there is no such thing."""
        return False

    def goes_on(self, event: Event, now_s: float) -> None:
        """The service tells how it goes."""

    def expected_s(self) -> float:
        """How long what was sent takes to be heard."""
        return 0.0

    # The same for all ------------------------------------------------------------------------------------

    def left(self, now_s: float) -> None:
        """The frame that was offered has left."""
        self.settle_doubt()
        if not self.is_begun:
            self.begun_s = now_s
        self.sent(now_s)

    def lose(self, now_s: float, window_s: float) -> None:
        """The connection broke; what was sent within the window may be lost."""
        if self.is_begun and not self.is_over:
            self._doubt_since_s = min(self._doubt_since_s, now_s - window_s)
            self._is_all_in_doubt = self.begun_s >= self._doubt_since_s
            self.doubt = self.doubtful(self._doubt_since_s)
            self.unarrived_s = math.inf

    def resume(self, now_s: float) -> None:
        """There is a connection again: the service tells at once how the last utterances stand that it knows."""
        self._resumed_s = now_s
        if self.is_begun and not self.is_heard and self._is_all_in_doubt:
            self.unarrived_s = now_s + NO_REPLAY_S

    def say_again_if_unarrived(self, now_s: float) -> None:
        """Begin anew what nobody has heard of."""
        if now_s < self.unarrived_s:
            return
        self.unarrived_s = math.inf
        if self.again():
            self.trust()
            self.renew()
            self.desk.tell(f"the {self.kind} did not arrive before the connection broke; it is said again")

    def settle_doubt(self) -> None:
        """Nothing will tell any more whether it arrived: it counts as lost."""
        loss = self.doubt
        self.trust()
        if loss is not None:
            self.desk.losses.append(loss)
            self.desk.tell(_told(self.kind, loss))

    def trust(self) -> None:
        """What was in doubt has arrived, or is said again."""
        self.doubt = None
        self._doubt_since_s = math.inf

    @property
    def mute_s(self) -> float:
        """From when on silence is one of the connection, not of the service."""
        if not self.is_begun or self.is_cut or self.is_probed:
            return math.inf
        return self.deadline_s - OVER_MARGIN_S + MUTE_S

    def heard(self, event: Event, now_s: float) -> None:
        """The service says something about what is under way."""
        if event.req_id != self.req_id or self.is_over:
            return
        self._last = event
        if frames.is_failure(event):
            self._failed(event, now_s)
            return
        self.is_heard = True
        self.unarrived_s = math.inf
        if not event.is_replay:
            self.is_probed = False
        if frames.is_over(event):
            self.is_over_at(event, now_s)
            return
        # What was told before is no reason to wait any longer.
        if not event.is_replay:
            self.be_patient(now_s)
        self.goes_on(event, now_s)

    def be_patient(self, now_s: float) -> None:
        """Give the service time to speak all that it was given."""
        patience_s = CUT_PATIENCE_S if self.is_cut else 2 * self.expected_s() + OVER_MARGIN_S
        self.deadline_s = now_s + patience_s

    def renew(self) -> None:
        """Go on under a new id: the service has ended or refused the one before."""
        self.settle_doubt()
        self.req_id = self.desk.fresh()
        self.is_begun = self.is_heard = self.is_probed = False
        self.deadline_s = self.unarrived_s = math.inf
        self._resumed_s = -math.inf

    def close(self, failure: TadhError | None = None) -> None:
        self.settle_doubt()
        self.is_over = True
        self.is_begun = False
        self.failure = self.failure or failure

    def expire(self, now_s: float) -> None:
        """Nobody said that it is over."""
        if self.is_cut:
            self.close()
            return
        self.close(self.overdue())

    def overdue(self) -> TadhError:
        """The service did not say in time what it should."""
        last = self._last
        seen = f"the last that was seen is {last.status or last.frame}" if last else "nothing was seen of it"
        return WaitTimeout(
            f"the service did not say that the {self.kind} is over; {seen}",
            hint="`tadh session status ID` tells how it stands",
        )

    def _failed(self, event: Event, now_s: float) -> None:
        is_early = event.code in (frames.WRONG_MOMENT, frames.TOO_FREQUENT) and not self.is_heard
        self._refused_since_s = min(self._refused_since_s, now_s)
        is_patient = now_s - self._refused_since_s < REFUSED_PATIENCE_S
        if is_early and is_patient and not self.is_cut and self.again():
            self.renew()
            pause_s = min(TEXT_INTERVAL_S * 2**self._refusals, _LONGEST_PAUSE_S)
            self._refusals += 1
            self.not_before_s = now_s + pause_s
            self.desk.tell(f"the {self.kind} is said again: {event.message or 'it came at the wrong moment'}")
            return
        if self._is_out_of_step(event, now_s) and self.rejoin(self._resumed_s):
            return
        self.close(None if self.is_cut else frames.failure(event))

    def _is_out_of_step(self, event: Event, now_s: float) -> bool:
        """Whether a refusal means that the service knows the utterance as ended, or not at all."""
        is_fresh = now_s - self._resumed_s < REJOIN_S
        return is_fresh and not self.is_cut and event.code in (frames.WRONG_MOMENT, frames.BAD_PARAMETER)


def _told(kind: str, loss: Loss) -> str:
    what = "sound" if kind == "audio" else "text"
    shown = loss.text if len(loss.text) <= _SHOWN_CHARACTERS else f"{loss.text[:_SHOWN_CHARACTERS]}…"
    amount = f"{loss.sound_ms} ms" if kind == "audio" else repr(shown)
    return f"packets of {what} that may be lost with the connection: {loss.packets} ({amount})"


class Hush(Speech):
    """Silences whoever speaks in this session by a text, as an empty text that interrupts."""

    kind = "interruption"

    # `of` is the id of what is being said, empty where that is not known.
    def __init__(self, desk: Desk, number: int, of: str) -> None:
        super().__init__(desk, number)
        self._of = of
        self._is_said = False

    def offer(self, now_s: float) -> Step:
        if self._is_said:
            return Step()
        return Step(self.desk.text_gate_s, silence(self.desk, self.req_id))

    def sent(self, now_s: float) -> None:
        self._is_said = self.is_begun = True
        self.desk.text_sent(now_s)
        self.deadline_s = now_s + CUT_PATIENCE_S

    def silenced(self, event: Event) -> None:
        """Somebody else's utterance has ended."""
        if self._is_said and self._of in ("", event.req_id):
            self.close()

    def cut(self, now_s: float) -> None:
        self.is_cut = True
        if not self._is_said:
            self.close()

    def expire(self, now_s: float) -> None:
        self.close()

    def lose(self, now_s: float, window_s: float) -> None:
        self.close()


def silence(desk: Desk, req_id: str) -> Frame:
    """An empty text that interrupts (Instruction Sending Requirements, 1)."""
    return desk.command(req_id, frames.TEXT, {"Text": "", "Interrupt": True})
