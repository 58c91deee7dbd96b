"""Sessions as long as this process runs: their speakers, and what is kept of what they said.

A fact for each drive, written when it begins and when it ends; the sound of a session in one file, as it came.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tadh_cli.sandbox.catalogue import DAY_S
from tadh_cli.sandbox.clock import Clock
from tadh_cli.sandbox.instructions import Fragment, Heartbeat, Instruction, Sound
from tadh_cli.sandbox.livestream import MOST_REFUSALS, Session
from tadh_cli.sandbox.refusals import Refusal
from tadh_cli.sandbox.speaker import Manner, Speaker
from tadh_cli.sandbox.state import Table
from tadh_cli.sandbox.utterances import Event, Past, Utterance

FOLDER = "sounds"
# Packets come often: that somebody is there is written down once in so many paced seconds.
KEEP_ALIVE_S = 1.0
# As long as the service keeps the results of productions.
KEPT_S = 7 * DAY_S


@dataclass(frozen=True)
class Drive:
    """What is known of an utterance that was, or of one whose sandbox was killed."""

    session: str
    record: dict[str, Any]
    lines: list[str]
    statuses: list[dict[str, Any]]


class Live:
    """A session that is driven."""

    def __init__(self, id: str, lives: Lives, speaker: Speaker, sound: Path) -> None:
        self._id = id
        self._lives = lives
        self._speaker = speaker
        self._sound = sound
        # How many of the utterances are kept for good.
        self._settled = len(speaker.utterances)
        # Called when there may be something to tell.
        self.wake: Callable[[], None] = lambda: None

    @property
    def status(self) -> str:
        """SpeakStatus."""
        self.catch_up()
        return self._speaker.status

    def obey(self, given: Instruction, *, late_s: float = 0.0) -> None:
        """Do what an instruction says; raises Refusal, which is noted."""
        now = self._lives.clock.paced()
        try:
            self._speaker.obey(given, now, late_s=late_s)
        except Refusal as error:
            self.refuse(given.req_id, error)
            raise
        if isinstance(given, Sound) and given.sound:
            self._write(given.sound)
        self._keep_alive(given, now)
        self._settle()
        self.wake()

    def refuse(self, req_id: str, error: Refusal) -> None:
        """Note a refusal, which ends what is said under its ReqId."""
        self._speaker.refuse(req_id, error, self._lives.clock.paced())
        session = self._lives.sessions.get(self._id)
        if session is not None:
            noted = {"ReqId": req_id, "Code": error.code, "Message": error.message, "At": self._lives.clock.paced()}
            refusals = [*session.refusals, noted][:MOST_REFUSALS]
            self._lives.sessions.change(self._id, refused=session.refused + 1, refusals=refusals)
        self._settle()
        self.wake()

    def connected(self) -> list[Event]:
        """Note a new channel; returns what it is told of the last drives."""
        session = self._lives.sessions.get(self._id)
        if session is not None:
            self._lives.sessions.change(self._id, connections=session.connections + 1)
        return self._speaker.reconnected(self._lives.clock.paced())

    def told(self) -> list[Event]:
        """What has happened since this was asked for the last time."""
        self.catch_up()
        return self._speaker.told()

    def due(self) -> float | None:
        """The paced moment at which something happens by itself."""
        return self._speaker.due()

    def catch_up(self) -> None:
        self._speaker.advance(self._lives.clock.paced())
        self._settle()

    def records(self) -> list[dict[str, Any]]:
        """What became of each drive."""
        self.catch_up()
        return [one.record() for one in self._speaker.utterances]

    def lines(self) -> list[str]:
        """What was said, an item for each utterance or clause, in the order in which it is spoken."""
        return [line for one in self._speaker.utterances for line in one.lines()]

    def end(self) -> None:
        """The session is closed: its avatar falls silent."""
        self._speaker.end(self._lives.clock.paced())
        self._settle()

    def close(self) -> None:
        """Keep what is not over as it stands."""
        for number, one in enumerate(self._speaker.utterances[self._settled :], self._settled):
            self._keep(number, one)

    def _keep_alive(self, given: Instruction, now: float) -> None:
        session = self._lives.sessions.get(self._id)
        if session is None:
            return
        if isinstance(given, Heartbeat):
            self._lives.sessions.change(self._id, alive=now, heartbeats=session.heartbeats + 1)
        elif not isinstance(given, (Sound, Fragment)) or now - session.alive >= KEEP_ALIVE_S:
            self._lives.sessions.change(self._id, alive=now)

    def _settle(self) -> None:
        """Write down what is over, and what is new."""
        for number, one in enumerate(self._speaker.utterances[self._settled :], self._settled):
            if one.is_over:
                self._keep(number, one)
                self._settled += 1
            elif self._name(number) not in self._lives.drives:
                self._keep(number, one)

    def _keep(self, number: int, one: Utterance) -> None:
        if self._id not in self._lives.sessions:
            # Everything was reset meanwhile.
            return
        statuses = [dataclasses.asdict(event) for event in one.statuses.values()]
        self._lives.drives.put(self._name(number), Drive(self._id, one.record(), one.lines(), statuses))

    def _name(self, number: int) -> str:
        return f"{self._id}/{number}"

    def _write(self, sound: bytes) -> None:
        # Opened for each packet: that costs next to nothing, and no file stays open.
        self._sound.parent.mkdir(exist_ok=True)
        with self._sound.open("ab") as file:
            file.write(sound)


class Lives:
    """All sessions of this process, by id; one that an earlier process drove is found again."""

    def __init__(
        self,
        sessions: Table[Session],
        drives: Table[Drive],
        clock: Clock,
        folder: Path,
        manner: Callable[[Session], Manner],
    ) -> None:
        self.sessions = sessions
        self.drives = drives
        self.clock = clock
        self._folder = folder
        self._manner = manner
        self._live: dict[str, Live] = {}

    def of(self, session: Session) -> Live:
        if session.id not in self._live:
            drives = [drive for drive in self.drives.values() if drive.session == session.id]
            past = [Past(drive.record, drive.lines, drive.statuses) for drive in drives]
            speaker = Speaker(self._manner(session), past)
            self._live[session.id] = Live(session.id, self, speaker, self.sound(session.id))
        return self._live[session.id]

    def sweep(self) -> None:
        """Remove the sound of sessions nobody was heard of for days, and of those that nobody knows."""
        for path in self._folder.glob("*.pcm"):
            session = self.sessions.get(path.stem)
            if session is None or self.clock.paced() - session.alive > KEPT_S:
                path.unlink(missing_ok=True)

    def sound(self, id: str) -> Path:
        """The file with all the sound that a session was sent, raw; it is there once something came."""
        return self._folder / f"{id}.pcm"

    def close(self) -> None:
        """Keep what is not over as it stands, and end."""
        for live in self._live.values():
            live.close()
        self._live.clear()

    def forget(self) -> None:
        """Drop all of it, the sound too."""
        self.close()
        for path in self._folder.glob("*.pcm"):
            path.unlink(missing_ok=True)
