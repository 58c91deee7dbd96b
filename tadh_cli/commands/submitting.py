"""What sending a request with files has in common: checked, rehearsed, uploaded, submitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tadh_cli.api.production import Order
from tadh_cli.commands.context import Tadh
from tadh_cli.commands.names import Lookup, keyed
from tadh_cli.commands.options import pairs
from tadh_cli.errors import TadhError

if TYPE_CHECKING:
    from tadh_cli.engine.client import Prepared
    from tadh_cli.engine.submission import Submission


@dataclass(frozen=True)
class Sending:
    """How a request is to be sent."""

    wait: bool = False
    dry_run: bool = False
    skips_checks: bool = False
    set: Sequence[str] = ()
    # How names of avatars and voices are looked up.
    lookup: Lookup = field(default_factory=Lookup)


def planned(tadh: Tadh, order: Order, sending: Sending) -> Submission:
    """The request of an order, completely checked, with keys in place of names; warnings are told."""
    from tadh_cli.engine.submission import plan

    overrides = dict(pairs(tadh, "--set", sending.set))
    found = [*tadh.problems]
    tadh.problems.clear()
    submission = plan(tadh.client, order, overrides=overrides, found=found, skips_checks=sending.skips_checks)
    prepared = keyed(tadh, submission.prepared, sending.lookup, is_rehearsal=sending.dry_run, exempt=overrides)
    added = prepared.warnings[len(submission.prepared.warnings) :]
    submission = replace(submission, prepared=prepared, warnings=(*submission.warnings, *added))
    for warning in submission.warnings:
        tadh.messages.warn(warning)
    return submission


def rehearsed(tadh: Tadh, submission: Submission) -> dict[str, Any]:
    """What would be uploaded and sent."""
    uploads = [
        {"File": str(upload.file), "Bytes": upload.size_bytes, "Folder": f"{upload.folder}/"}
        for upload in submission.uploads
    ]
    return rehearsal(tadh, submission.prepared, uploads, submission.warnings)


def rehearsal(
    tadh: Tadh, prepared: Prepared, uploads: Sequence[Mapping[str, Any]], warnings: Iterable[str]
) -> dict[str, Any]:
    """A request as it would be sent, its signature masked."""
    return {
        "DryRun": True,
        "Method": prepared.method,
        "Url": tadh.mask.text(tadh.client.url(prepared)),
        "Body": tadh.mask.document(tadh.provider.wrap(prepared.payload)),
        "Uploads": list(uploads),
        "Warnings": list(warnings),
    }


def submitted(tadh: Tadh, submission: Submission) -> dict[str, Any]:
    """Upload the files, then submit; a failure tells which files need not be uploaded again."""
    from tadh_cli.commands.uploads import in_store, uploaded

    urls: dict[str, str] = {}
    flags: dict[str, str] = {}
    if submission.uploads:
        # What can't be written down later need not be uploaded now.
        tadh.ledger.prove()
    with in_store(flags):
        for upload in submission.uploads:
            url = uploaded(tadh, upload.file, upload.folder, suffix=upload.suffix)
            urls[upload.path] = flags[upload.flag] = url
        return tadh.tasks.submit(submission.with_urls(urls))


def advised(error: TadhError, advice: str) -> TadhError:
    """A failure with one more thing to do about it."""
    error.hint = f"{error.hint}; {advice}" if error.hint else advice
    return error
