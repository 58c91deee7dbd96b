"""What the service has told: what was told before, and who else is speaking in this session."""

from __future__ import annotations

import math

from tadh_cli.api.driving import Event
from tadh_cli.providers.tencent import frames

# Statuses that are remembered to know them when they are told again.
_REMEMBERED = 1000
# Somebody else is waited for so long.
OTHERS_PATIENCE_S = 60.0


class Told:
    """Statuses that were told: after a reconnection the service tells the last ones again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, int, int], None] = {}

    def is_known(self, event: Event) -> bool:
        """Whether this was told before; it is from now on. Of large models' answers every part counts."""
        if not event.req_id or not event.status:
            return False
        key = (event.req_id, event.status, event.seq, event.code)
        is_known = key in self._known
        self._known[key] = None
        if len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)))
        return is_known


class Others:
    """The utterance that somebody else lets be said in this session, if there is one."""

    def __init__(self) -> None:
        self._event: Event | None = None
        self.until_s = -math.inf

    @property
    def text_id(self) -> str | None:
        """The id of a text that is being said, empty where that is not known; None when there is none."""
        return self._event.req_id if self._event is not None and frames.is_text(self._event) else None

    def guess(self, now_s: float) -> None:
        """A text is being said of which nothing else is known; the end of any counts as its end."""
        self._event, self.until_s = Event({}, status=frames.TEXT_START), now_s + OTHERS_PATIENCE_S

    def note(self, event: Event, now_s: float) -> None:
        if frames.is_text(event) or frames.is_audio(event):
            self._event, self.until_s = event, now_s + OTHERS_PATIENCE_S
        elif self._event is not None and frames.is_over(event) and self._event.req_id in ("", event.req_id):
            self._event = None

    def are_speaking(self, now_s: float) -> bool:
        """Whether to wait for them; what never ends is not waited for for ever."""
        return self._event is not None and now_s < self.until_s
