"""`tadh assets`: what is left of hours and slots, files for the service, the keys to its object store."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from tadh_cli.commands import offers
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.options import DryRun
from tadh_cli.commands.quota import Floors, quota
from tadh_cli.commands.uploads import stored
from tadh_cli.duration import words
from tadh_cli.engine.clock import iso
from tadh_cli.errors import InputError
from tadh_cli.media.kind import EXTENSIONS, HEAD_BYTES, kind_of
from tadh_cli.ui.records import Column, Record, Records, View

commands = Commands("assets", "Hours and slots that are left, files for the service, keys to its object store.")


def _keys(keys: Any) -> str:
    """Temporary keys, one a line."""
    return "\n".join(f"{name}: {value}" for name, value in keys.items())


_UPLOADED = View(
    id="Url",
    columns=(
        Column("Url", whole=True),
        Column("Bytes"),
        Column("Crc64", "CRC-64"),
    ),
    wide=(Column("Key"), Column("File"), Column("Folder")),
)

_CREDENTIALS = View(
    id="PathPrefix",
    columns=(
        Column("PathPrefix", "Place", whole=True),
        Column("Bucket"),
        Column("Region"),
        Column("ExpiresAt", "Expires"),
        Column("ExpiresIn", "In"),
        Column("Credentials", "Keys", _keys),
    ),
)


@commands.command(
    "quota",
    examples=(
        "tadh assets quota",
        "tadh assets quota --type BroadcastHour -o json --query '[0].HoursLeft'",
        "tadh assets quota --check --min-hours 2 --min-customizations 1 --quiet > /dev/null",
    ),
)
def quota_(
    tadh: Tadh,
    floors: Floors,
    type_: Annotated[
        str | None,
        typer.Option(
            "--type",
            metavar="T",
            help="only this service asset type, by code or name",
            autocompletion=offers.service_types,
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="end with exit code 6 when something is too little")] = False,
) -> Records:
    """Show what is left of hours, concurrency and customizations, and until when.

    Warns of what is below 10 % or ends within 14 days; with --min-… of what is below that instead. --check makes a
    failure of it, for cron. Hours and customizations count together for each type; types of which nothing was ever
    bought are passed over, unless --type names one.
    """
    return quota(tadh, type_, floors, is_check=check)


@commands.command(
    "upload",
    examples=(
        "tadh assets upload voice.wav --kind audio",
        "url=$(tadh assets upload voice.wav --kind zeroshot -o id)",
    ),
)
def upload(
    tadh: Tadh,
    file: Annotated[str, typer.Argument(metavar="FILE", help="the file, - for stdin")],
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="what it is for: idcard (authorization letter), video (avatar training), audio (voice training, "
            "driving audio), photo (photo avatar), zeroshot (voice recording)",
        ),
    ],
    skip_checks: Annotated[bool, typer.Option("--skip-checks", help="take files of any type")] = False,
    dry_run: DryRun = False,
) -> Record:
    """Upload a file, and print its URL for other calls.

    Large files go in parts, several at a time, each compared with what has arrived. When it breaks off, the
    same command goes on where it stopped, within 7 days and as long as the file does not change.
    """
    folder = _folder(tadh, kind)
    path = _spooled(tadh, "FILE") if file == "-" else Path(file)
    size_bytes = _checked(tadh, path, folder, skip_checks=skip_checks)
    tadh.refuse()
    if dry_run:
        return Record(_rehearsal(tadh, path, folder, size_bytes))
    with tadh.resumable(f"assets upload {quote(file)} --kind {folder}{' --skip-checks' if skip_checks else ''}"):
        found = stored(tadh, path, folder, suffix=_suffix(path))
    item = {
        "Url": found.url,
        "Key": found.key,
        "Bytes": found.size_bytes,
        # Too large a number for many a JSON reader.
        "Crc64": str(found.crc64),
        "File": file,
        "Folder": folder,
    }
    return Record(item, _UPLOADED)


def _folder(tadh: Tadh, kind: str) -> str:
    folders = tadh.provider.store().folders
    if kind.lower() not in folders:
        tadh.problems.append(f"--kind {kind!r} is not one of {', '.join(folders)}")
    return kind.lower()


def _spooled(tadh: Tadh, flag: str) -> Path:
    """stdin as a file, with the extension for what it is."""
    from tadh_cli.engine.inputs import LARGEST_FILE_BYTES, spooled

    tadh.refuse()
    path = spooled(flag)
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise InputError(f"{flag} - has more than {LARGEST_FILE_BYTES >> 30} GiB")
    return path.rename(path.with_suffix(EXTENSIONS.get(_kind(path), "")))


def _checked(tadh: Tadh, file: Path, folder: str, *, skip_checks: bool) -> int:
    """The size of the file; what speaks against it becomes a problem."""
    from tadh_cli.engine.upload_file import LocalFile

    known = tadh.provider.store().folders.get(folder, ())
    if not skip_checks and known and _suffix(file) not in known:
        tadh.problems.append(
            f"FILE {file}: --kind {folder} takes {', '.join(known)}; --skip-checks uploads it all the same"
        )
    try:
        size_bytes = LocalFile.of(file).size_bytes
    except InputError as error:
        tadh.problems += [f"FILE {problem}" for problem in error.problems]
        return 0
    kind = _kind(file)
    if not skip_checks and _suffix(file) in known and EXTENSIONS.get(kind) not in known:
        what = "of no kind that is known" if kind == "unknown" else kind
        tadh.problems.append(f"FILE {file}: its content is {what}; --skip-checks uploads it all the same")
    return size_bytes


def _kind(file: Path) -> str:
    with open(file, "rb") as content:
        return kind_of(content.read(HEAD_BYTES))


def _suffix(file: Path) -> str:
    """The extension as it goes into the store: the service wants it in lower case."""
    suffix = file.suffix.lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() else ""


def _rehearsal(tadh: Tadh, file: Path, folder: str, size_bytes: int) -> dict[str, Any]:
    """What would be sent."""
    prepared = tadh.client.prepare(tadh.provider.operation("assets.credentials"), {})
    return {
        "DryRun": True,
        "Method": prepared.method,
        "Url": tadh.mask.text(tadh.client.url(prepared)),
        "Body": tadh.provider.wrap(prepared.payload),
        "Uploads": [{"File": str(file), "Bytes": size_bytes, "Folder": f"{folder}/"}],
    }


@commands.command(
    "credentials",
    examples=(
        "tadh assets credentials",
        "tadh assets credentials --reveal -o json --query Credentials",
    ),
)
def credentials(
    tadh: Tadh,
    reveal: Annotated[bool, typer.Option("--reveal", help="show the keys themselves")] = False,
) -> Record:
    """Show temporary keys for uploads: the place they open and how long.

    Uploads of tadh get keys of their own; these are for other tools, with --reveal.
    """
    answer = tadh.call("assets.credentials")
    keys = answer["Credentials"]
    if reveal:
        tadh.mask.reveal(*keys.values())
    left_s = answer["ExpiredTime"] - tadh.client.service_now_s()
    item = {
        **answer,
        **tadh.provider.store().describe(answer["PathPrefix"]),
        "ExpiresAt": iso(answer["ExpiredTime"]),
        "ExpiresIn": words(left_s) if left_s > 0 else "expired",
    }
    return Record(item, _CREDENTIALS)
