"""What every call works with: the account's assets, the facts, the two clocks, and the studio that renders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from tadh_cli.sandbox import chatbot, live
from tadh_cli.sandbox.catalogue import Avatar, avatars, hex_key
from tadh_cli.sandbox.clock import Clock
from tadh_cli.sandbox.cos import Grant
from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.links import Links
from tadh_cli.sandbox.live import Drive, Lives
from tadh_cli.sandbox.livestream import Session
from tadh_cli.sandbox.offspring import own_avatars, own_voices
from tadh_cli.sandbox.progress import Task
from tadh_cli.sandbox.speaker import Manner
from tadh_cli.sandbox.speech import Tempo
from tadh_cli.sandbox.stages import Customization, Inspection
from tadh_cli.sandbox.state import State
from tadh_cli.sandbox.store import Store
from tadh_cli.sandbox.voices import VoiceEntry, voices
from tadh_cli.sandbox.wire import Json

PROJECTS = 3


@dataclass(frozen=True)
class Call:
    """One request, checked and authorised."""

    payload: dict[str, Json]
    app_key: str
    # Virtual, real and paced Unix seconds.
    now: float
    real: float
    paced: float
    fault: Fault | None = None


# The payload of the answer; None where the service sends none. Raises Refusal.
Handler = Callable[["Service", Call], "dict[str, Json] | None"]


class Studio(Protocol):
    """Does what takes real time, outside of the request that asked for it."""

    def produce(self, task: Task) -> None:
        """Render a production and store its result."""

    def inspect(self, inspection: Inspection) -> None:
        """Listen to a recording and store what was heard."""

    def audit(self, made: Customization) -> None:
        """Inspect the files of a customization and store what is wrong with them."""


class Service:
    """The account and everything that happened in it."""

    def __init__(
        self,
        *,
        state: State,
        store: Store,
        media: Path,
        clock: Clock,
        links: Links,
        studio: Studio,
        seed: int,
        app_key: str,
        access_token: str,
    ) -> None:
        self.state = state
        self.store = store
        # Where results are kept.
        self.media = media
        self.clock = clock
        self.links = links
        self.studio = studio
        self.seed = seed
        self.app_key = app_key
        self.access_token = access_token
        self.tasks = state.table(Task)
        self.sessions = state.table(Session)
        self.lives = Lives(self.sessions, state.table(Drive), clock, media.parent / live.FOLDER, self._manner)
        self.customizations = state.table(Customization)
        self.inspections = state.table(Inspection)
        self.grants = state.table(Grant)
        self.open_account()

    @property
    def follows_samples(self) -> bool:
        """Whether answers are spelled as the documentation's samples where its tables differ; else as the tables."""
        return self.seed % 2 == 1

    def open_account(self) -> None:
        """Fill the catalogue; its dates count from when the account was opened, its keys depend on the seed alone."""
        if self.state.note("epoch") is None:
            self.state.set_note("epoch", self.clock.now())
        epoch: float = self.state.note("epoch")
        self._avatars = avatars(self.seed, epoch)
        self._voices = voices(self.seed, epoch)
        self.projects = tuple(hex_key(self.seed, "project", number) for number in range(PROJECTS))
        # Counted, so that a sandbox that was stopped and started again does not give out its ids a second time.
        starts = (self.state.note("starts") or 0) + 1
        self.state.set_note("starts", starts)
        self._numbers = Random(f"numbers {self.seed} {epoch} {starts}")

    def reset(self) -> None:
        """Begin anew: nothing was ever made, uploaded or created, and it is now."""
        self.lives.forget()
        self.state.forget()
        self.store.forget()
        self.clock.set(self.clock.real())
        self.state.set_note("epoch", None)
        self.open_account()

    def avatars(self, now: float) -> list[Avatar]:
        """Those of the catalogue, and those that were customized since."""
        return [*self._avatars, *own_avatars(self.customizations.values(), now)]

    def voices(self, now: float) -> list[VoiceEntry]:
        return [*self._voices, *own_voices(self.customizations.values(), now)]

    def avatar(self, key: str, now: float) -> Avatar | None:
        return next((avatar for avatar in self.avatars(now) if avatar.key == key), None)

    def voice(self, key: str, now: float) -> VoiceEntry | None:
        return next((voice for voice in self.voices(now) if voice.key == key), None)

    def _manner(self, session: Session) -> Manner:
        """How a session is driven."""
        tempo = Tempo(session.speed / 100, self.clock.speed)
        return Manner(session.driver, session.gap_s, tempo, chatbot.of_project(self.projects, session.project))

    def new_id(self) -> str:
        """32 hexadecimal characters that were never used before."""
        return f"{self._numbers.getrandbits(128):032x}"

    def new_number(self) -> str:
        """A number as in the ids of requests and sessions."""
        return str(self._numbers.randrange(10**17, 10**18))
