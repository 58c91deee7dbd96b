"""`tadh video`: make videos, follow them, bring them home."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tadh_cli.api.placing import Placing
from tadh_cli.api.video import VideoOptions
from tadh_cli.commands._command import Commands, reading
from tadh_cli.commands.batch import batch as run_batch
from tadh_cli.commands.batch_options import Reporting, Wanted
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.following import look, past
from tadh_cli.commands.names import Lookup
from tadh_cli.commands.options import (
    All,
    Download,
    DryRun,
    Exec,
    ExecTimeout,
    Following,
    Force,
    Limit,
    OneTask,
    Set,
    Since,
    State,
    Tasks,
    Wait,
    minutes,
)
from tadh_cli.commands.production import Delivery, follow, make
from tadh_cli.ui.forms import day, milliseconds, moment
from tadh_cli.ui.records import Column, Record, Records, Result, Text, View

commands = Commands("video", "Make videos, follow them, download them.")

VIDEOS = View(
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Status"),
        Column("SubmittedAt", "Submitted", moment, whole=True),
        Column("Duration", form=milliseconds),
        Column("ExpiresAt", "Kept until", day),
        Column("Files"),
    ),
    wide=(
        Column("FinishedAt", "Finished", moment),
        Column("Profile"),
        Column("MediaUrl", "Link"),
        Column("FailMessage", "Failure"),
    ),
)


@commands.command(
    "create",
    examples=(
        'tadh video create --avatar "$AVATAR" --text "Welcome to our shop." --wait --download out/',
        'tadh video create --avatar "$AVATAR" --text @hello.txt --format mp4 --subtitles --dry-run',
        'tadh video create --avatar "$AVATAR" --audio voice.wav --wait -o id',
    ),
)
def create(
    tadh: Tadh,
    options: VideoOptions,
    following: Following,
    lookup: Lookup,
    wait: Wait = False,
    download: Download = None,
    force: Force = False,
    dry_run: DryRun = False,
    max_minutes: Annotated[
        Any,
        typer.Option(
            "--max-minutes",
            metavar="N",
            help="refuse when the estimate is longer",
            parser=reading("--max-minutes", minutes),
        ),
    ] = None,
    set_: Set = None,
) -> Record | None:
    """Make a video from text, SSML or sound.

    The basic call is used unless an option needs the advanced one. Nothing is sent before every check has
    passed; a request that may have been processed is never sent twice.
    """
    delivery = Delivery(
        wait=wait,
        download=download,
        force=force,
        dry_run=dry_run,
        max_minutes=max_minutes,
        set=set_ or (),
        lookup=lookup,
    )
    return make(tadh, "video", options, delivery, following, VIDEOS)


@commands.command("status", examples=('tadh video status "$TASK"', "tadh video status --all -o ndjson"))
def status(tadh: Tadh, task: Tasks = None, all_: All = False) -> Records | Record:
    """Show where videos stand."""
    return look(tadh, "video", task, VIDEOS, all_=all_)


@commands.command("wait", examples=('tadh video wait "$TASK"', 'tadh video wait "$TASK" --download out/ --timeout 1h'))
def wait_(
    tadh: Tadh,
    following: Following,
    task: Tasks = None,
    all_: All = False,
    download: Download = None,
    force: Force = False,
) -> Records | Record | None:
    """Follow videos to their end.

    Ends with exit code 7 when one of them failed, with 8 when the time is over; the videos go on then.
    """
    return follow(tadh, "video", task, following, VIDEOS, all_=all_, download=download, force=force)


@commands.command(
    "download",
    examples=('tadh video download "$TASK" out/', 'tadh video download "$TASK" out/talk.srt --subtitles-only --force'),
)
def download_(
    tadh: Tadh,
    task: OneTask,
    path: Annotated[str | None, typer.Argument(metavar="[FILE|DIR/|-]", help="where to (./)")] = None,
    subtitles_only: Annotated[bool, typer.Option("--subtitles-only", help="only the subtitles")] = False,
    force: Force = False,
) -> Record | None:
    """Download a finished video and its subtitles.

    A download that broke off goes on where it ended. The service keeps results for 7 days.
    """
    from tadh_cli.commands.production import fetch

    return fetch(tadh, "video", task, path, VIDEOS, subtitles_only=subtitles_only, force=force)


@commands.command(
    "place",
    examples=(
        'tadh video place --avatar "$AVATAR" --canvas 540x960 --left 120 --top 200 --scale 0.5',
        'tadh video place --avatar "$AVATAR" --x 0.25 --y 0.1 --svg place.svg',
    ),
)
def place(tadh: Tadh, placing: Placing, lookup: Lookup, force: Force = False) -> Record | Text:
    """Work out `--x` and `--y` of a video from pixels, or pixels from these.

    The avatar is as large as its picture times its own zoom times --scale; its lower left corner stays when it is
    scaled. The formulas are those of the documentation (API Integration FAQs). Nothing is made.
    """
    from tadh_cli.commands import placing as command

    return command.place(tadh, placing, lookup, force=force)


@commands.command("list", examples=("tadh video list", "tadh video list --state done --since 7d -o csv"))
def list_(
    tadh: Tadh,
    state: State = None,
    since: Since = None,
    limit: Limit = None,
) -> Records:
    """List the videos submitted from here, newest first.

    The list comes from the ledger, without a request: the service has no list of tasks.
    """
    return Records(past(tadh, "video", state, since, limit), VIDEOS)


@commands.command(
    "batch",
    examples=(
        "tadh video batch videos.yaml --out out/ --report report.json",
        "tadh video batch videos.csv --out out/ --dry-run",
        "tadh video batch --schema > manifest.schema.json",
    ),
)
def batch(
    tadh: Tadh,
    wanted: Wanted,
    following: Following,
    reporting: Reporting,
    lookup: Lookup,
    manifest: Annotated[
        str | None, typer.Argument(metavar="MANIFEST", help="a .yaml, .csv or .jsonl file; - is YAML or JSONL on stdin")
    ] = None,
) -> Result:
    """Make many videos from a list; run again it goes on where it ended.

    `tadh help manifest` explains the list. Every video is checked before the first request. What is finished is
    skipped, what is under way is adopted, what changed is made anew; what failed, or has an unknown outcome, is left
    alone without --retry-failed or --retry-unknown. --timeout holds for each video. Killed at any moment, or run twice
    at once, it makes nothing twice.

    Ends with exit code 7 when videos failed, with 12 when the outcome of one is unknown, also when others failed; what
    stops the whole run (keys, hours, network) has its own code.
    """
    return run_batch(tadh, manifest, wanted, following, reporting, lookup)


@commands.command(
    "callback",
    examples=(
        "tadh video callback",
        "tadh video callback --listen 127.0.0.1:8080 --path /callback/SECRET --exec ./on-change",
    ),
)
def callback(
    tadh: Tadh,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="where to wait for callbacks; port 0 takes a free one")
    ] = "127.0.0.1:8080",
    path: Annotated[
        str | None, typer.Option("--path", metavar="/SECRET", help="the path they come to (made once, and kept)")
    ] = None,
    exec_: Exec = None,
    exec_timeout: ExecTimeout = None,
    ready_file: Annotated[
        str | None, typer.Option("--ready-file", metavar="FILE", help="write the address here as soon as it is open")
    ] = None,
) -> Records:
    """Receive the service's callbacks for videos, and tell of each that ended.

    Give videos `--callback-url` with the address as the world sees it: this speaks plain HTTP, behind a reverse proxy.
    The service sends one request for each and signs none, so what arrives is only a reason to ask: the answer to that
    counts. Videos that were not submitted from here are ignored. Every 10 minutes, and at the start, all that have
    not ended are asked about, so that a callback that was lost costs time and nothing else.

    Prints a line of JSON for each video that ended, once, also across restarts. CMD is run as by `tadh task sync`:
    once for each change, whichever of the two sees it. Ctrl-C and SIGTERM end it with exit code 0.
    """
    from tadh_cli.commands.callback import Wishes, received

    return Records(received(tadh, Wishes(listen, path, exec_, exec_timeout, ready_file)), VIDEOS)
