"""A local file goes to the service's object store, and its URL comes back.

Small files go in one request, others in parts, several at a time. A finished part is on record at once, so
that a run that was killed is taken up by the next one where it ended.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tadh_cli.api.store import KeysRefused, UploadGone
from tadh_cli.engine.client import Client
from tadh_cli.engine.grants import Grant
from tadh_cli.engine.transfer import Progress
from tadh_cli.engine.transport import Transport
from tadh_cli.engine.upload_file import FileChanged, LocalFile, Slice, in_base64
from tadh_cli.engine.upload_job import Job, Uploaded, damaged, key_of
from tadh_cli.engine.upload_parts import Parts
from tadh_cli.engine.upload_record import Begun, Record, record_of
from tadh_cli.errors import Interrupted, TadhError

# Measured against other sizes, by four threads, on loopback and for 10 GB. Files of more parts than the store
# takes get larger ones.
PART_BYTES = 16 * 1024**2
MOST_PARTS = 10_000
# A connection on which nothing moves for so long is given up.
TIMEOUT_S = 60.0
# Times that an upload begins, when what was begun turns out to lead nowhere.
_BEGINNINGS = 3

_GOES_ON = "run the same command again: it goes on where this one stopped"


def upload(
    client: Client,
    transport: Transport,
    path: Path,
    folder: str,
    progress: Progress,
    *,
    suffix: str,
    records: Path,
    warn: Callable[[str], None],
    timeout_s: float = TIMEOUT_S,
) -> Uploaded:
    """Upload a file into one of the documented folders.

    The name in the store is unique and has no character that a URL would have to escape. `records` is the
    directory of unfinished uploads, `progress` is called from several threads, one at a time. Raises InputError
    for a file that can't be read or changes, KeysRefused, NetworkError or ServiceError, and Interrupted on Ctrl-C.
    """
    source = LocalFile.of(path)
    job = Job(client, transport, source, folder, object_name(path, suffix), progress, timeout_s)
    if source.size_bytes <= PART_BYTES:
        return _in_one(job)
    owner = f"{client.settings.endpoint} {client.settings.credentials('customization').app_key} {folder}"
    with record_of(records, owner, source, client.clock.now_s(), warn) as record:
        return _in_parts(job, record)


def object_name(path: Path, suffix: str) -> str:
    """A safe and unique object name that still tells where it came from.

    It satisfies the strictest rule for names, that of recordings: 2 to 50 characters, no blanks.
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:32].rstrip("-") or "file"
    return f"{stem}-{uuid.uuid4().hex[:12]}{suffix}"


def part_bytes_for(size_bytes: int) -> int:
    """The size of the parts of a file, whole MiB."""
    least = -(-size_bytes // MOST_PARTS)
    return max(PART_BYTES, -(-least // 1024**2) * 1024**2)


def _in_one(job: Job) -> Uploaded:
    """The whole file in one request."""
    source, size = job.source, job.source.size_bytes
    md5 = in_base64(source.md5(0, size))
    meter = job.meter()

    def put(grant: Grant) -> Uploaded:
        url = job.url(grant)
        meter.reset()
        with job.object(url) as target, source.opened() as file:
            body = Slice(source, file, 0, size, meter.add)
            stored = target.put(grant.keys, body, md5=md5)
        if stored.crc64 not in (None, body.crc64):
            raise damaged(url)
        return Uploaded(url, key_of(url), size, body.crc64)

    try:
        return job.persist(put)
    except KeyboardInterrupt:
        raise _interrupted(job) from None


def _in_parts(job: Job, record: Record) -> Uploaded:
    """The file in parts: going on where the record ends, or from its beginning when that leads nowhere."""
    for beginning in range(1, _BEGINNINGS + 1):
        begun = _resumed(job, record) or _begin(job, record)
        is_last = beginning == _BEGINNINGS
        try:
            with job.object(begun.url) as target:
                return Parts(job, begun, target, record).send()
        except UploadGone:
            if is_last:
                raise
        except KeysRefused:
            # Keys that open only the place they came with are no use for an upload that began elsewhere.
            if is_last or job.is_at_home(begun.url, job.grants.current()):
                raise
        except FileChanged:
            _give_up(job, begun)
            record.forget()
            raise
        except KeyboardInterrupt:
            raise _interrupted(job, _GOES_ON if record.is_kept else "") from None
        except TadhError as error:
            error.hint = "; ".join(filter(None, [error.hint, _GOES_ON if record.is_kept else ""]))
            raise
        _give_up(job, begun)
        record.clear()
    raise AssertionError("unreachable: the last beginning returns or raises")


def _interrupted(job: Job, hint: str = "") -> Interrupted:
    return Interrupted(f"interrupted while {job.source.path.name} was uploaded", hint=hint)


def _resumed(job: Job, record: Record) -> Begun | None:
    """The upload on record when it can go on; one that can't is given up."""
    begun, is_same = record.read(job.client.clock.now_s())
    if begun is None:
        return None
    grant = job.grants.current()
    # Keys are shown to nobody but the store that they came for.
    is_same_store = urlsplit(begun.url)[:2] == urlsplit(job.url(grant))[:2]
    if is_same and is_same_store:
        return begun
    if is_same_store:
        _give_up(job, begun)
    record.clear()
    return None


def _begin(job: Job, record: Record) -> Begun:
    def begin(grant: Grant) -> Begun:
        url = job.url(grant)
        with job.object(url) as target:
            return Begun(url, target.begin(grant.keys), part_bytes_for(job.source.size_bytes))

    begun = job.persist(begin)
    record.begin(begun, job.client.clock.now_s())
    return begun


def _give_up(job: Job, begun: Begun) -> None:
    """Tell the store to throw away what it has; if it can't be told now, it does so by itself some day."""
    with suppress(TadhError), job.object(begun.url) as target:
        target.abort(job.grants.current().keys, begun.upload)
