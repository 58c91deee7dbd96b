"""`tadh voice`: the voices of the account, audio spoken by them, and new ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from tadh_cli.api.customization import RecordingCheck, VoiceClone
from tadh_cli.api.video import AudioOptions
from tadh_cli.commands import deciding
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.gallery import Making, made
from tadh_cli.commands.listing import Selection
from tadh_cli.commands.names import Lookup
from tadh_cli.commands.options import (
    AutoConfirm,
    Download,
    DryRun,
    Following,
    Force,
    OneTask,
    PageSize,
    Set,
    SkipChecks,
    Wait,
)
from tadh_cli.commands.production import Delivery, make
from tadh_cli.commands.submitting import Sending
from tadh_cli.ui.forms import milliseconds, moment
from tadh_cli.ui.records import Column, Record, Records, Text, View

commands = Commands("voice", "Voices of the account, audio spoken by them, and new ones.")

AUDIOS = View(
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Status"),
        Column("SubmittedAt", "Submitted", moment, whole=True),
        Column("Duration", form=milliseconds),
        Column("MediaUrl", "Link"),
        Column("Files"),
    ),
    wide=(Column("FinishedAt", "Finished", moment),),
)


Language = Annotated[
    str | None, typer.Option("--language", metavar="L", help="only this language, such as zh-CN or zh")
]
Sex = Annotated[str | None, typer.Option("--gender", metavar="male|female", help="only this gender")]
Emotion = Annotated[
    str | None, typer.Option("--emotion", metavar="E", help="only voices with this emotion, such as tc_happy")
]
Type = Annotated[
    str | None, typer.Option("--type", metavar="T", help="only this type: Boutique, SampleBasic, SampleFast")
]


@commands.command(
    "list",
    examples=(
        "tadh voice list",
        "tadh voice list --gender female --language zh-CN -o id",
        "tadh voice list --search news -o wide",
        "tadh voice list --type SampleFast --sort -expires",
    ),
)
def list_(
    tadh: Tadh,
    selection: Selection,
    lookup: Lookup,
    language: Language = None,
    sex: Sex = None,
    emotion: Emotion = None,
    type_: Type = None,
    page_size: PageSize = None,
    set_: Set = None,
) -> Records:
    """List the voices of the account.

    All pages are fetched and merged. The key is what `--voice` takes.
    """
    from tadh_cli.commands import voices

    wanted = voices.Wanted(language, sex, emotion, type_)
    return voices.listed_voices(tadh, wanted, selection, lookup, page_size, set_)


@commands.command(
    "gallery",
    examples=(
        "tadh voice gallery --out voices.html",
        "tadh voice gallery --language en --gender female --limit 3 --embed --out voices.html",
        "tadh voice gallery --type SampleFast --out - > clones.html",
    ),
)
def gallery(
    tadh: Tadh,
    making: Making,
    selection: Selection,
    lookup: Lookup,
    language: Language = None,
    sex: Sex = None,
    emotion: Emotion = None,
    type_: Type = None,
    page_size: PageSize = None,
    set_: Set = None,
) -> Record | Text:
    """Write a page with samples of voices.

    One HTML file that needs no other: search, filters and order work in the browser, every key can be copied, what
    expires soon stands out.

    The page links to the samples of the service, and these links expire. --embed downloads them into the page; what
    is too large or can't be had is told on its card, and counted. A file that exists is replaced when it is such a
    page.
    """
    from tadh_cli.commands import voices
    from tadh_cli.ui.gallery.cards import VOICES

    making.check(tadh)
    wanted = voices.Wanted(language, sex, emotion, type_)
    return made(tadh, VOICES, voices.listed_voices(tadh, wanted, selection, lookup, page_size, set_), making)


@commands.command(
    "speak",
    examples=(
        'tadh voice speak --voice "$VOICE" --text "Welcome to our shop." --download welcome.mp3',
        'tadh voice speak --avatar "$AVATAR" --text @hello.txt --codec wav --wait --subtitles hello.srt',
    ),
)
def speak(
    tadh: Tadh,
    options: AudioOptions,
    following: Following,
    lookup: Lookup,
    wait: Wait = False,
    download: Download = None,
    subtitles: Annotated[
        str | None,
        typer.Option("--subtitles", metavar="FILE", help="wait, then write subtitles: FILE.srt, .vtt or .json"),
    ] = None,
    force: Force = False,
    dry_run: DryRun = False,
    set_: Set = None,
) -> Record | None:
    """Make audio from text or SSML.

    Subtitles are made from the times of the words that the service reports.
    """
    delivery = Delivery(
        wait=wait or bool(subtitles),
        download=download,
        force=force,
        dry_run=dry_run,
        set=set_ or (),
        subtitles=subtitles,
        lookup=lookup,
    )
    return make(tadh, "audio", options, delivery, following, AUDIOS)


_TEXTS = View(id="TextId", columns=(Column("TextId", "Text id", whole=True), Column("Text")))
Edition = Annotated[
    str | None, typer.Option("--edition", metavar="WORD", help="edition of the clone that it is for: basic, ultra")
]


@commands.command("texts", examples=("tadh voice texts", "tadh voice texts -o id"))
def texts(tadh: Tadh) -> Records:
    """List the texts to read for the ultra edition.

    Read one of them aloud, then give its id with `--text-id` to `voice check` or `voice clone`.
    """
    return Records(tadh.call("voice.texts")["Texts"], _TEXTS)


@commands.command(
    "check",
    examples=(
        "tadh voice check recording.wav --edition basic --text @script.txt --wait",
        'tadh voice check recording.mp3 --edition ultra --text-id "$TEXT" --dry-run',
    ),
)
def check(
    tadh: Tadh,
    recording: Annotated[str, typer.Argument(metavar="FILE|URL", help="recording to inspect")],
    options: RecordingCheck,
    following: Following,
    wait: Wait = False,
    skip_checks: SkipChecks = False,
    dry_run: DryRun = False,
    set_: Set = None,
) -> Record:
    """Let the service inspect a recording.

    The file is inspected here first, then uploaded. With --wait every metric is shown beside its qualified
    range; ends with exit code 7 when the recording did not pass. A recording for the ultra edition that
    passed gets an id for `tadh voice clone --audio-id`.
    """
    from tadh_cli.commands import cloning

    sending = Sending(wait=wait, dry_run=dry_run, skips_checks=skip_checks, set=set_ or ())
    return cloning.check(tadh, replace(options, recording=recording), sending, following)


@commands.command(
    "check-status",
    examples=(
        'tadh voice check-status "$CHECK" --edition basic',
        'tadh voice check-status "$CHECK" --edition basic --wait -o yaml',
    ),
)
def check_status(
    tadh: Tadh, task: OneTask, following: Following, edition: Edition = None, wait: Wait = False
) -> Record:
    """Show what an inspection found.

    Ends with exit code 7 when the recording did not pass.
    """
    from tadh_cli.commands import cloning

    return cloning.look(tadh, task, edition, following, waits=wait)


@commands.command(
    "clone",
    examples=(
        "tadh voice clone --edition basic --name Anna --gender female --material recordings/ "
        "--identity-pdf letter.pdf --dry-run",
        'tadh voice clone --edition ultra --name Anna --gender female --audio recording.mp3 --text-id "$TEXT" --wait',
    ),
)
def clone(
    tadh: Tadh,
    options: VoiceClone,
    following: Following,
    wav: Annotated[
        list[str] | None, typer.Argument(metavar="[WAV…]", help="more recordings, as `--material *.wav` gives them")
    ] = None,
    wait: Wait = False,
    auto_confirm: AutoConfirm = False,
    skip_checks: SkipChecks = False,
    dry_run: DryRun = False,
    set_: Set = None,
) -> Record | Records:
    """Clone a voice from recordings.

    basic: 1 to 10 WAVs are packed into the zip that the service wants; the demo has to be confirmed by you.
    ultra: one recording is inspected by the service, and cloned when it passed.
    """
    from tadh_cli.commands import cloning

    sending = Sending(wait=wait, dry_run=dry_run, skips_checks=skip_checks, set=set_ or ())
    wanted = replace(options, material=(*options.material, *(wav or ())))
    return cloning.clone(tadh, wanted, sending, following, auto_confirm=auto_confirm)


deciding.declare(
    commands,
    deciding.Words("voice", "clones", "the demo waits", "It sounds hoarse.", "Too fast."),
)
