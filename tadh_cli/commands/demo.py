"""`tadh demo`: the whole way to a finished video, and to a live avatar, without an account."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from tadh_cli import config
from tadh_cli.api.video import VideoOptions
from tadh_cli.commands import packages
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.demo_live import live
from tadh_cli.commands.options import Following
from tadh_cli.commands.production import Delivery, make
from tadh_cli.engine.places import unreachable
from tadh_cli.errors import InputError, TadhError
from tadh_cli.ui.records import Record, View

commands = Commands("demo", "Make a video and drive a live avatar without an account, in the sandbox.")

_TEXT = (
    "Hello, I am your digital human. 你好，我是你的数字人。This video was made on your own machine, without an account."
)
# Fast enough not to bore, slow enough to see the progress.
_SPEED = 10.0


@commands.command("demo", examples=("tadh demo", "tadh demo --out first-video -o json"))
def demo(
    tadh: Tadh,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="where the video goes")] = "./tadh-demo",
    text: Annotated[str, typer.Option("--text", metavar="TEXT|@FILE|-", help="what the avatar says")] = _TEXT,
) -> Record:
    """Make a video and drive a live avatar without an account, in the sandbox.

    Starts a sandbox of its own, lists avatars, makes a video from text, downloads it with its subtitles, opens a
    live session, lets it say a text and a sound, shows how evenly the sound went out, closes the session and stops
    the sandbox. What the sandbox needs beyond tadh itself (PyAV and aiohttp, 120 MB) is fetched with pip into the
    cache directory when it is not installed.
    """
    started_s = tadh.clock.monotonic_s()
    target = _free_place(Path(out))
    packages.fetch(tadh)
    with _own_sandbox(tadh) as inside:
        avatar = _choose_avatar(inside)
        made = _make_video(inside, avatar, text, target)
        shown_live = live(inside, avatar["VirtualmanKey"], config.state_dir(), partial(_step, inside))
    seconds = round(tadh.clock.monotonic_s() - started_s, 1)
    _tell_the_end(tadh, made["Files"], seconds)
    shown = {"Avatar": avatar["AnchorName"], "VirtualmanKey": avatar["VirtualmanKey"], "TaskId": made["TaskId"]}
    files = {"Duration": made.get("Duration"), "Files": made["Files"]}
    return Record({**shown, **files, **shown_live, "Seconds": seconds}, View())


def _free_place(folder: Path) -> Path:
    """A name in the directory that nothing has yet; raises InputError when none can be written there."""
    if reason := unreachable(folder):
        raise InputError(f"--out {reason}")
    names = (folder / f"hello{more}.mp4" for more in chain([""], (f"-{number}" for number in count(2))))
    return next(name for name in names if not any(os.path.lexists(name.with_suffix(end)) for end in (".mp4", ".srt")))


@contextmanager
def _own_sandbox(tadh: Tadh) -> Iterator[Tadh]:
    """A sandbox that nobody else uses, gone with everything in it at the end, also after Ctrl-C."""
    from tadh_cli.sandbox import process
    from tadh_cli.sandbox.record import Options

    folder = Path(tempfile.mkdtemp(prefix="tadh-demo-"))
    before = os.environ.get("TADH_STATE_DIR")
    os.environ["TADH_STATE_DIR"] = str(folder)
    inside = Tadh(replace(tadh.common, profile=config.SANDBOX, config=None))
    inside.__dict__["messages"] = tadh.messages
    try:
        _step(tadh, "sandbox start", "a local emulator of the service, which renders real media")
        process.start(config.sandbox_dir(), Options(speed=_SPEED))
        yield inside
    except TadhError as error:
        # Nothing of what it speaks of is left.
        error.task_id = error.resume = ""
        raise
    finally:
        _step(tadh, "sandbox stop", "nothing stays behind but the video")
        process.stop(config.sandbox_dir())
        inside.close()
        os.environ.pop("TADH_STATE_DIR")
        if before is not None:
            os.environ["TADH_STATE_DIR"] = before
        shutil.rmtree(folder, ignore_errors=True)


def _choose_avatar(inside: Tadh) -> dict[str, Any]:
    _step(inside, "-p sandbox avatar list --limit 5", "the account's avatars, with the keys that a video needs")
    avatars = list(islice(inside.client.pages("avatar.list"), 5))
    for avatar in avatars:
        inside.messages.say(f"    {avatar['VirtualmanKey']}  {avatar['AnchorName']}, {avatar.get('Resolution')}")
    return avatars[0]


def _make_video(inside: Tadh, avatar: dict[str, Any], text: str, target: Path) -> dict[str, Any]:
    key, place = avatar["VirtualmanKey"], str(target)
    create = f'-p sandbox video create --avatar {key} --text "…" --format mp4 --wait --download {shlex.quote(place)}'
    _step(inside, create, "")
    options = VideoOptions(avatar=key, text=text, format="mp4")
    made = make(inside, "video", options, Delivery(wait=True, download=place), Following(), View())
    assert made is not None
    return dict(made.item)


def _step(tadh: Tadh, command: str, why: str) -> None:
    tadh.messages.say(f"$ tadh {command}" + (f"   # {why}" if why else ""))


def _tell_the_end(tadh: Tadh, files: list[str], seconds: float) -> None:
    tadh.messages.say(f"Done in {seconds:g} s: {' and '.join(files)}")
    tadh.messages.say("Go on in a sandbox of your own: `tadh sandbox start`, then add `-p sandbox` to every command.")
