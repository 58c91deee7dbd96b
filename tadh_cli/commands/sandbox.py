"""`tadh sandbox`: a local emulator of the whole service."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from tadh_cli import config
from tadh_cli.commands import packages, sandbox_session
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.engine.clock import iso
from tadh_cli.errors import ConfigError, InputError, NotFound
from tadh_cli.sandbox import process
from tadh_cli.sandbox.record import LOG, Options, Running
from tadh_cli.ui.records import Column, Record, Records, Text, View

commands = Commands("sandbox", "A local emulator of the whole service.")

ACTIONS = ("set", "clear", "show")
_VIEW = View(id="Url", columns=(Column("Url"), Column("Profile"), Column("Pid"), Column("Speed"), Column("Seed")))
_FAULTS = View(id="operation", columns=(Column("operation", "Operation"), Column("Fault"), Column("fired", "Fired")))

Port = Annotated[
    int | None, typer.Option("--port", metavar="N", help="port (the last one, or a free one)", min=1, max=65535)
]
Speed = Annotated[
    float | None,
    typer.Option("--speed", metavar="F", help="how fast its time runs, 1 is real time (10)", min=0.01, max=100_000),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="another seed, another catalogue (1)", min=0)]
FaultsFile = Annotated[
    str | None, typer.Option("--faults", metavar="FILE|-", help="rules for what is to go wrong: YAML or JSON")
]


@commands.command(
    "start",
    examples=(
        "tadh sandbox start",
        "tadh sandbox start --speed 100 --faults faults.yaml",
        "tadh sandbox start -o json --query Url",
    ),
)
def start(
    tadh: Tadh,
    port: Port = None,
    speed: Speed = None,
    seed: Seed = None,
    faults: FaultsFile = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="stay here until Ctrl-C")] = False,
) -> Record | None:
    """Start the sandbox; the profile `sandbox` points at it.

    It checks requests as strictly as the documentation describes the service, takes uploads, and renders real videos
    and audios. What it did is kept until `tadh sandbox reset`. Of ProjectIds, the second has a chatbot that answers
    texts, and so has the third, whose answers can be interrupted by force alone.
    """
    directory = config.sandbox_dir()
    options = Options(port, _finite(speed), seed, _rules(directory, faults))
    if process.find(directory) is None:
        packages.require()
    if foreground:
        _run_here(tadh, directory, options)
        return None
    return _record(process.start(directory, options))


@commands.command("stop", examples=("tadh sandbox stop", "tadh sandbox stop --quiet"))
def stop(tadh: Tadh) -> Record | None:
    """Stop the sandbox and wait until it has ended."""
    running = process.stop(config.sandbox_dir())
    if running is None:
        tadh.messages.say("the sandbox is not running")
        return None
    return Record({**_facts(running), "Status": "stopped"}, _VIEW)


@commands.command("status", examples=("tadh sandbox status", "tadh sandbox status -o json --query Productions"))
def status(tadh: Tadh) -> Record:
    """Show whether the sandbox runs, where, and what is in it.

    The exit code is 5 when it does not run. Now is its own time, which runs faster than yours.
    """
    running = _running()
    found = process.command(running, "GET", "status")
    return Record({**_facts(running), "Status": "running", **found, "Now": iso(found["Now"])}, _VIEW)


@commands.command("reset", examples=("tadh sandbox reset", "tadh sandbox reset && tadh sandbox status"))
def reset(tadh: Tadh) -> None:
    """Make the sandbox forget everything that was made, uploaded or created.

    Works whether it runs or not. Avatars and voices stay the same, and so do its keys while it runs.
    """
    process.reset(config.sandbox_dir())


@commands.command("logs", examples=("tadh sandbox logs", "tadh sandbox logs --follow --lines 0"))
def logs(
    tadh: Tadh,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on with what is written from now on")] = False,
    lines: Annotated[int, typer.Option("--lines", metavar="N", help="so many of the last lines", min=0)] = 50,
) -> Text | None:
    """Show the log: one line a request, with its code and time."""
    directory = config.sandbox_dir()
    if not follow:
        return Text(process.lines(directory, lines))
    for text in process.follow(directory, lines):
        if text:
            tadh.draw(Text(text))
    return None


@commands.command(
    "session",
    examples=(
        "tadh sandbox session",
        "tadh sandbox session m318552187863054171 -o json --query Drives",
        "tadh sandbox session m318552187863054171 --audio out.wav --transcript out.txt",
    ),
)
def session(
    tadh: Tadh,
    id: Annotated[str | None, typer.Argument(metavar="[SESSION]")] = None,
    audio: Annotated[
        str | None, typer.Option("--audio", metavar="FILE|-", help="write the sound that came: .wav or .pcm")
    ] = None,
    transcript: Annotated[
        str | None, typer.Option("--transcript", metavar="FILE|-", help="write the text that came")
    ] = None,
) -> Record | Records | None:
    """Show what a session was made to say, or all sessions that there were.

    A record has a drive for each ReqId, with packets, bytes, the times between packets in milliseconds (Early and Late
    are those outside of 120 to 160, with 2 ms of tolerance; Underruns are stutters), and what was refused.

    Files have exactly what arrived: the sound as 16 kHz mono, the text with a line for each utterance or clause in the
    order in which it is spoken.
    """
    running = _running()
    if id is None:
        if audio or transcript:
            raise InputError("--audio and --transcript need a SESSION")
        return sandbox_session.sessions(running)
    if audio is None and transcript is None:
        return sandbox_session.record(running, id)
    return sandbox_session.export(running, id, audio, transcript)


@commands.command(
    "faults",
    examples=(
        "tadh sandbox faults set faults.yaml",
        "tadh sandbox faults show",
        "tadh sandbox faults clear",
    ),
)
def faults(
    tadh: Tadh,
    action: Annotated[str, typer.Argument(metavar="|".join(ACTIONS))],
    file: Annotated[str | None, typer.Argument(metavar="[FILE|-]")] = None,
) -> Records:
    """Set, clear or show the rules for what goes wrong.

    A file is a list of rules in YAML or JSON. Each has an `operation` (a name of `tadh api --list`, a path, cos.put,
    cos.get, cos.multipart, cos.part, media.get, subtitles.get, sample.get, channel or *), `times: N` or
    `probability: P`, perhaps `after: N`, and one fault:

    \b
    http: 502           an HTML page (with retry_after: SECONDS)
    code: 100008        a Header.Code (with message: TEXT)
    delay_s: 3          an answer that comes late
    reset: before       the connection is reset, nothing was done
    reset: after        it is reset when it was done, the answer is lost
    truncate: 0.5       a body that breaks off after so many bytes, or a share
    slow_bytes_s: 1000  a body that comes slowly
    bad_json: true      an answer that is no JSON
    omit: Status        an answer without this field
    replace: StageInfo  another value for a field (with by: VALUE, else empty)
    valid_s: 5          temporary credentials for so many seconds
    task_fail: 801004   the production or the loading of the session fails
                        (with message: TEXT)
    expired_credentials: true, link_expired: true, clock_skew_s: 600
    websocket: close    a frame closes the channel; or reset: cuts it off,
                        stall: makes it fall silent, error: ends the drive
                        with -111005, end: the session with 110013
    """
    if action not in ACTIONS:
        raise InputError(f"{action!r} is not one of {', '.join(ACTIONS)}")
    if (action == "set") != (file is not None):
        raise InputError("`set` needs a FILE" if action == "set" else f"`{action}` takes no FILE")
    rules = _checked(file) if file else None
    method = {"set": "PUT", "clear": "DELETE", "show": "GET"}[action]
    found = process.command(_running(), method, "faults", rules)
    return Records([_fault(rule) for rule in found["Faults"]], _FAULTS)


def _finite(speed: float | None) -> float | None:
    if speed is not None and not isfinite(speed):
        raise InputError(f"--speed {speed} is not in the range 0.01 to 100000")
    return speed


def _rules(directory: Path, given: str | None) -> Path | None:
    """The file of --faults."""
    if given is None:
        return None
    text = _checked(given)
    return process.keep_rules(directory, text) if given == "-" else Path(given)


def _checked(given: str) -> str:
    """The text of a file of rules, or of stdin; raises InputError with everything that is wrong in it."""
    import yaml

    from tadh_cli.config.file import Finding, limited_text, nesting

    try:
        problem = nesting(limited_text(Path(given))) if given != "-" else None
    except (ConfigError, OSError, ValueError, yaml.YAMLError) as error:
        problem = Finding(1, str(error)) if isinstance(error, ConfigError) else None
    if problem is not None:
        raise InputError(f"{given}:{problem.line}: {problem.message}")
    try:
        return process.check_faults(Path(given))
    except InputError as error:
        raise InputError(error.problems, hint=error.hint, sends=False) from None


def _run_here(tadh: Tadh, directory: Path, options: Options) -> None:
    """Serve in this process; the record is drawn as soon as there is one."""
    import asyncio
    from dataclasses import replace

    process.check_faults(options.faults)
    if process.find(directory):
        raise InputError("the sandbox runs already", hint="stop it first with `tadh sandbox stop`")
    process.prepare(directory)
    from tadh_cli.sandbox.__main__ import run

    options = replace(options, faults=options.faults.resolve() if options.faults else None)
    with (directory / LOG).open("a", encoding="utf-8") as log:
        try:
            asyncio.run(run(directory, options, log, lambda running: tadh.draw(_record(running))))
        except KeyboardInterrupt:
            # The way to end it where there are no signals.
            return


def _running() -> Running:
    running = process.find(config.sandbox_dir())
    if running is None:
        raise NotFound("the sandbox is not running", hint="start it with `tadh sandbox start`")
    return running


def _record(running: Running) -> Record:
    return Record({**_facts(running), "Status": "running"}, _VIEW)


def _facts(running: Running) -> dict[str, Any]:
    return {
        "Url": running.url,
        "Port": running.port,
        "Pid": running.pid,
        "Profile": config.SANDBOX,
        "Speed": running.speed,
        "Seed": running.seed,
        "StateDir": running.directory,
        "Faults": running.faults,
        "ProjectIds": list(running.projects),
        "StartedAt": iso(running.started),
    }


def _fault(rule: dict[str, Any]) -> dict[str, Any]:
    told = {"operation", "seen", "fired"}
    return {**rule, "Fault": ", ".join(f"{name}: {value}" for name, value in rule.items() if name not in told)}
