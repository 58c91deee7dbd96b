"""A request with files: each inspected, the request checked, then uploaded, then the request with their URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tadh_cli.api.body import put
from tadh_cli.api.production import Attachment, Order
from tadh_cli.engine.client import Client, Prepared
from tadh_cli.engine.inputs import TO_BE_UPLOADED, inspected, is_url
from tadh_cli.errors import InputError
from tadh_cli.media.preflight import refuse, warnings


class Upload(NamedTuple):
    """A local file that goes up before the request, and where its URL belongs."""

    path: str
    flag: str
    file: Path
    folder: str
    suffix: str
    size_bytes: int


@dataclass(frozen=True)
class Submission:
    """A request that passed every check, and the files that go before it."""

    prepared: Prepared
    uploads: tuple[Upload, ...]
    warnings: tuple[str, ...]

    def with_urls(self, urls: Mapping[str, str]) -> Prepared:
        """The request with URLs in the places kept for them."""
        payload = dict(self.prepared.payload)
        for path, url in urls.items():
            put(payload, path, url)
        return self.prepared._replace(payload=payload)


def plan(
    client: Client,
    order: Order,
    *,
    overrides: Mapping[str, str],
    found: Sequence[str] = (),
    skips_checks: bool = False,
) -> Submission:
    """Check files and request completely; raises InputError with every problem, those `found` before among them.

    `overrides` are fields of --set. Nothing leaves the machine; with `skips_checks` a file only has to be there.
    """
    found = [*found, *order.problems]
    uploads: list[Upload] = []
    remarks: list[str] = []
    hint = ""
    values = dict(order.values)
    for attachment, file in _files(order):
        values[attachment.path] = f"{TO_BE_UPLOADED}{file.name}"
        try:
            upload, told = _inspected(client, attachment, file, skips_checks=skips_checks)
        except InputError as error:
            found += error.problems
            hint = hint or error.hint
            continue
        uploads.append(upload)
        remarks += told
    try:
        prepared = client.prepare(
            order.operation, values, overrides=overrides, names=order.names, problems=found, exempt=_exempt(order)
        )
    except InputError as error:
        error.hint = error.hint or hint
        raise
    return Submission(prepared, tuple(uploads), (*remarks, *prepared.warnings))


def _files(order: Order) -> Iterator[tuple[Attachment, Path]]:
    for attachment in order.attachments:
        given = order.values.get(attachment.path)
        if isinstance(given, str) and given and not is_url(given):
            yield attachment, Path(given)


def _exempt(order: Order) -> list[str]:
    """Stand-ins for URLs are not judged."""
    return [attachment.path for attachment, _ in _files(order)]


def _inspected(client: Client, attachment: Attachment, file: Path, *, skips_checks: bool) -> tuple[Upload, list[str]]:
    limit = client.provider.limit(attachment.role)
    report = inspected(attachment.flag, str(file), limit)
    facts = report.facts
    if facts is None or facts.size_bytes == 0 or not skips_checks:
        refuse(attachment.flag, report)
    assert facts is not None
    suffix = report.suffix or file.suffix.lower()
    upload = Upload(attachment.path, attachment.flag, report.path, limit.folder, suffix, facts.size_bytes)
    return upload, warnings(attachment.flag, report)
