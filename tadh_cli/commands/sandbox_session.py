"""What the sandbox's sessions were made to say, as records and as files."""

from __future__ import annotations

import io
import os
import sys
import wave
from pathlib import Path
from typing import Any

from tadh_cli.engine.clock import iso
from tadh_cli.engine.places import STDOUT, real, unwritable
from tadh_cli.errors import InputError, NotFound
from tadh_cli.sandbox import process
from tadh_cli.sandbox.record import Running
from tadh_cli.ui.records import Column, Record, Records, View

SESSIONS = View(
    id="SessionId",
    columns=(
        Column("SessionId", whole=True),
        Column("Status"),
        Column("UserId"),
        Column("DriverType"),
        Column("IsSessionStarted", "Started"),
    ),
)
_FILES = View(id="SessionId")
_RATE_HZ, _SAMPLE_BYTES = 16_000, 2


def sessions(running: Running) -> Records:
    """All sessions that there ever were, closed ones too."""
    return Records(process.command(running, "GET", "sessions")["Sessions"], SESSIONS)


def record(running: Running, id: str) -> Record:
    """Everything that is known of a session."""
    found = _found(running, id)
    drives = [{**one, "BeganAt": iso(one["BeganAt"]), "EndedAt": _moment(one["EndedAt"])} for one in found["Drives"]]
    refusals = [{**one, "At": iso(one["At"])} for one in found["Refusals"]]
    return Record({**found, "Drives": drives, "Refusals": refusals}, SESSIONS)


def export(running: Running, id: str, audio: str | None, transcript: str | None) -> Record | None:
    """Write sound and text of a session to files; what goes to stdout is all that goes there."""
    if audio == transcript == STDOUT:
        raise InputError("--audio and --transcript can't both go to stdout")
    if audio is not None and audio != STDOUT and Path(audio).suffix.lower() not in (".wav", ".pcm"):
        raise InputError(f"--audio {audio} is neither .wav nor .pcm", hint="it is written as it came, in either")
    found = _found(running, id)
    if audio is not None:
        _write(audio, _sound(running, id, is_raw=audio.lower().endswith(".pcm")))
    if transcript is not None:
        _write(transcript, process.fetch(running, f"sessions/{id}/transcript"))
    if STDOUT in (audio, transcript):
        return None
    seconds = round(found["SoundBytes"] / (_RATE_HZ * _SAMPLE_BYTES), 3)
    files = [name for name in (audio, transcript) if name]
    return Record({"SessionId": id, "Files": files, "SoundSeconds": seconds, "Drives": len(found["Drives"])}, _FILES)


def _found(running: Running, id: str) -> dict[str, Any]:
    known = process.command(running, "GET", "sessions")["Sessions"]
    if all(one["SessionId"] != id for one in known):
        raise NotFound(f"the sandbox has had no session {id}", hint="`tadh sandbox session` lists them")
    found: dict[str, Any] = process.command(running, "GET", f"sessions/{id}")
    return found


def _sound(running: Running, id: str, *, is_raw: bool) -> bytes:
    sound = process.fetch(running, f"sessions/{id}/sound")
    if is_raw:
        return sound
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(_SAMPLE_BYTES)
        file.setframerate(_RATE_HZ)
        file.writeframes(sound)
    return out.getvalue()


def _write(name: str, data: bytes) -> None:
    if name == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    place = real(Path(name))
    part = place.with_name(place.name + ".part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        os.replace(part, place)
    except OSError as error:
        raise unwritable(Path(name), error) from error


def _moment(at: float | None) -> str | None:
    return None if at is None else iso(at)
