"""The live part of the demonstration: a session from its creation to its end."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tadh_cli import config
from tadh_cli.api.script import DriveOptions
from tadh_cli.api.session import SessionOptions
from tadh_cli.api.video import AudioOptions
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.driving import driven
from tadh_cli.commands.opening import opened, ordered
from tadh_cli.commands.options import Following
from tadh_cli.commands.production import Delivery, make
from tadh_cli.commands.script import scripted
from tadh_cli.commands.submitting import Sending
from tadh_cli.ui.records import View

Step = Callable[[str, str], None]

_TEXT = "Now I am live. 现在我在直播间。"
_SOUND = "And this is sound, packet by packet."


def live(inside: Tadh, avatar: str, folder: Path, step: Step) -> dict[str, Any]:
    """Open a session, let it say a text and a sound, close it; returns the report of the sound."""
    voice = folder / "voice.wav"
    step(f'-p sandbox voice speak --avatar {avatar} --text "{_SOUND}" --codec wav --wait --download voice.wav', "")
    speech = AudioOptions(avatar=avatar, text=_SOUND, codec="wav")
    make(inside, "audio", speech, Delivery(wait=True, download=str(voice)), Following(), View())
    step(f"-p sandbox session create --avatar {avatar} --wait --start", "an avatar that speaks when it is told to")
    submission = ordered(inside, SessionOptions(avatar=avatar), Sending())
    with opened(inside, submission.prepared) as session:
        session.wait(Following())
        session.start()
        step(f"-p sandbox session drive {session.id} --text {shlex.quote(_TEXT)}", "")
        _drive(inside, session.id, DriveOptions(text=_TEXT))
        step(f"-p sandbox session drive {session.id} --audio voice.wav", "packets of 160 ms, one every 120 ms")
        report = _drive(inside, session.id, DriveOptions(audio=str(voice)))
        _tell_pace(inside, report, session.id)
        step(f"-p sandbox session close {session.id}", "an open session costs money")
    return {"SessionId": session.id, "Pacing": report["Pacing"][0]}


def _drive(inside: Tadh, session: str, options: DriveOptions) -> dict[str, Any]:
    with scripted(inside, options) as script:
        told = driven(inside, session, script, options)
    assert told is not None
    return dict(told.item)


def _tell_pace(inside: Tadh, report: dict[str, Any], session: str) -> None:
    """What was sent when, and what of it arrived: the sandbox has kept it."""
    from tadh_cli.sandbox import process, record

    pace = report["Pacing"][0]
    inside.messages.say(
        f"    sent: {pace['Packets']} packets with {pace['SoundMs'] / 1000:g} s of sound, ratio {pace['Ratio']}, "
        f"late by {pace['JitterP50Ms']} ms (p50), {pace['JitterP99Ms']} ms (p99), {pace['Underruns']} underruns"
    )
    running = record.read(config.sandbox_dir())
    if running is not None:
        heard = process.command(running, "GET", f"sessions/{session}")["Drives"][-1]
        between = heard.get("Intervals") or {"MinMs": 0.0, "MaxMs": 0.0}
        inside.messages.say(
            f"    arrived: {heard['Bytes'] / 32_000:g} s of sound, {between['MinMs']} to {between['MaxMs']} ms apart"
        )
