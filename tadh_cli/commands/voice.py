"""`tadh voice`: the voices of the account, and audio spoken by them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from tadh_cli.api.video import AudioOptions
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import (
    Download,
    DryRun,
    Following,
    Force,
    Limit,
    PageSize,
    Search,
    Set,
    Wait,
    matches,
    pairs,
)
from tadh_cli.commands.production import Delivery, make
from tadh_cli.ui.forms import day, gender, milliseconds
from tadh_cli.ui.records import Column, Record, Records, View

commands = Commands("voice", "Voices of the account, and audio spoken by them.")

_VOICES = View(
    id="TimbreKey",
    columns=(
        Column("TimbreName", "Name"),
        Column("TimbreKey", "Key", whole=True),
        Column("TimbreGender", "Gender", gender),
        Column("TimbreType", "Type"),
        Column("ExpireDate", "Expires", day),
        Column("TimbreLanguages", "Languages"),
        Column("EmotionalCategories", "Emotions"),
    ),
    wide=(
        Column("PurchaseType", "Purchase"),
        Column("SupportVirtualmanTypeCodes", "Avatar types"),
        Column("TimbreDesc", "Description"),
        Column("TimbreSample", "Sample"),
    ),
)

AUDIOS = View(
    columns=(
        Column("TaskId", "Task", whole=True),
        Column("Status"),
        Column("SubmittedAt", "Submitted"),
        Column("Duration", form=milliseconds),
        Column("MediaUrl", "Link"),
        Column("Files"),
    ),
)


@commands.command(
    "list",
    examples=(
        "tadh voice list",
        "tadh voice list --gender female --language zh-CN -o id",
        "tadh voice list --search news -o wide",
    ),
)
def list_(
    tadh: Tadh,
    language: Annotated[
        str | None, typer.Option("--language", metavar="L", help="only this language, such as zh-CN")
    ] = None,
    sex: Annotated[str | None, typer.Option("--gender", metavar="male|female", help="only this gender")] = None,
    emotion: Annotated[str | None, typer.Option("--emotion", metavar="E", help="only voices with this emotion")] = None,
    type_: Annotated[
        str | None, typer.Option("--type", metavar="T", help="only this type: Boutique, SampleBasic, SampleFast")
    ] = None,
    search: Search = None,
    limit: Limit = None,
    page_size: PageSize = None,
    set_: Set = None,
) -> Records:
    """List the voices of the account.

    All pages are fetched and merged. The key is what `--voice` takes.
    """
    if sex and sex.lower() not in ("male", "female"):
        tadh.problems.append(f"--gender {sex!r} is not one of male, female")
    items = tadh.client.pages("voice.list", overrides=dict(pairs(tadh, "--set", set_)), PageSize=page_size)
    found = (
        item
        for item in items
        if matches(search, item.get("TimbreName"), item.get("TimbreKey"), item.get("TimbreDesc"))
        and _has(item["TimbreLanguages"], language)
        and _has(item["EmotionalCategories"], emotion)
        and (not sex or gender(item.get("TimbreGender")) == sex.lower())
        and (not type_ or str(item.get("TimbreType")).lower() == type_.lower())
    )
    return Records(islice(found, limit), _VOICES)


def _has(values: list[str], wanted: str | None) -> bool:
    return not wanted or wanted.lower() in (value.lower() for value in values)


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
    _check_subtitles(tadh, subtitles, force=force)
    delivery = Delivery(wait=wait or bool(subtitles), download=download, force=force, dry_run=dry_run, set=set_ or ())
    made = make(tadh, "audio", options, delivery, following, AUDIOS)
    if made is None or subtitles is None or dry_run:
        return made
    return _subtitled(tadh, made, subtitles)


def _check_subtitles(tadh: Tadh, name: str | None, *, force: bool) -> None:
    from tadh_cli.media.subtitles import WRITERS

    if name is None or name == "-":
        return
    if Path(name).suffix.lower() not in WRITERS:
        tadh.problems.append(f"--subtitles {name}: the name has to end in {', '.join(WRITERS)}")
    elif Path(name).exists() and not force:
        tadh.problems.append(f"--subtitles {name} exists already; use --force to overwrite it, or another name")


def _subtitled(tadh: Tadh, made: Record, name: str) -> Record | None:
    from tadh_cli.engine.results import write_subtitles

    written = write_subtitles(made.item, name)
    if written == "-":
        return None
    files = [*(made.item.get("Files") or []), written]
    return Record({**made.item, "Files": files}, made.view)
