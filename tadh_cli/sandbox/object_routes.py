"""The object store over HTTP: put, get, head, delete, and uploads in parts.

Written from Tencent Cloud COS: PUT Object (436/7749), Initiate Multipart Upload (436/7746), Upload Part (436/7750),
List Parts (436/7747), Complete (436/7742) and Abort Multipart Upload (436/7740).
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from datetime import datetime, timezone
from urllib.parse import parse_qsl
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import StreamReader, web

from tadh_cli.sandbox import cos, files
from tadh_cli.sandbox.cos import CosError
from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.links import LinkError
from tadh_cli.sandbox.replies import Piece, Reply
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.store import Part, Receiver, Upload
from tadh_cli.sandbox.wire import Incoming

XML = {"Content-Type": "application/xml"}
# "A single object can be up to 5 GB"; a part has at least 1 MB unless it is the last.
LARGEST_PUT_BYTES = 5 * 1024**3
SMALLEST_PART_BYTES = 1024**2
MOST_PARTS = 10_000
MOST_LISTED = 1000
# Bytes of a body that are written and hashed at once, in another thread, while the next ones arrive.
BATCH_BYTES = 1024**2


def target_of(incoming: Incoming) -> str:
    """The name under which faults know a request to the store."""
    query = dict(parse_qsl(incoming.query, keep_blank_values=True))
    if incoming.method == "PUT" and "partNumber" in query:
        return "cos.part"
    if "uploads" in query or "uploadId" in query:
        return "cos.multipart"
    return "cos.get" if incoming.method in ("GET", "HEAD") else "cos.put"


class ObjectRoutes:
    """Answers requests to the store; bodies go to disk as they come."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def answer(self, request: web.Request, incoming: Incoming, fault: Fault | None) -> Reply:
        request_id = f"Njc{secrets.token_hex(12)}"
        try:
            reply = await self._authorised(request, incoming, fault)
        except CosError as error:
            reply = Reply(error.status, error.document(incoming.path, request_id), XML)
        return Reply(reply.status, reply.body, {**reply.headers, "x-cos-request-id": request_id})

    async def put_signed(self, request: web.Request, incoming: Incoming) -> Reply:
        """A pre-authorised URL of storage of the caller's: put with it, get with it."""
        query = dict(parse_qsl(incoming.query))
        now = self._service.clock.now()
        key = cos.key_of(incoming)
        try:
            self._service.links.check(incoming.path, query, now, method="PUT")
            if incoming.method == "PUT":
                return await self._put(request, key)
            return self._get(incoming, key)
        except LinkError as error:
            return Reply(403, CosError(403, "AccessDenied", str(error)).document(incoming.path, ""), XML)
        except CosError as error:
            return Reply(error.status, error.document(incoming.path, ""), XML)

    async def _authorised(self, request: web.Request, incoming: Incoming, fault: Fault | None) -> Reply:
        clock, grants = self._service.clock, self._service.grants
        if fault is not None and fault.kind == "expired_credentials":
            raise CosError(403, "ExpiredToken", "The provided token has expired.")
        folders = [grant.prefix for grant in grants.values()]
        cos.authorize(incoming, grants.get, folders, now=clock.now(), real=clock.real())
        key = cos.key_of(incoming)
        query = dict(parse_qsl(incoming.query, keep_blank_values=True))
        if "uploads" in query and incoming.method == "POST":
            return self._begin(incoming, key)
        if "uploadId" in query:
            return await self._part(request, incoming, key, query)
        if incoming.method == "PUT":
            return await self._put(request, key)
        if incoming.method in ("GET", "HEAD"):
            return self._get(incoming, key)
        if incoming.method == "DELETE":
            self._service.store.remove(key)
            return Reply(204)
        raise CosError(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    # Whole objects ---------------------------------------------------------------------------------------

    async def _put(self, request: web.Request, key: str) -> Reply:
        _check_name(key)
        received = await self._receive(request)
        kind = request.headers.get("Content-Type", "application/octet-stream")
        stored = self._service.store.keep(key, received, kind, self._service.clock.now())
        return Reply(200, headers=_checks(stored.etag, stored.crc64))

    def _get(self, incoming: Incoming, key: str) -> Reply:
        found = self._service.store.objects.get(key)
        content = self._service.store.content(key)
        if found is None or content is None:
            raise CosError(404, "NoSuchKey", "The specified key does not exist.")
        part = files.slice_of(found.size, f'"{found.etag}"', found.stored, incoming.headers)
        headers = {**part.headers, **_checks(found.etag, found.crc64), "Content-Type": found.content_type}
        return Reply(part.status, Piece(content, part.start, part.length), headers)

    async def _receive(self, request: web.Request) -> Receiver:
        """The body on disk; whatever is wrong with it leaves nothing behind."""
        expected = request.content_length
        if expected is None:
            raise CosError(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        if expected > LARGEST_PUT_BYTES:
            raise CosError(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.")
        received = self._service.store.receiver()
        try:
            await _pour(request.content, received)
            _check_body(request, received, expected)
        except BaseException:
            received.discard()
            raise
        return received

    # Uploads in parts --------------------------------------------------------------------------------------

    def _begin(self, incoming: Incoming, key: str) -> Reply:
        _check_name(key)
        kind = incoming.headers.get("Content-Type", "application/octet-stream")
        upload = Upload(secrets.token_hex(28), key, kind, self._service.clock.now())
        self._service.store.uploads.put(upload.id, upload)
        return _xml("InitiateMultipartUploadResult", Bucket="sandbox", Key=key, UploadId=upload.id)

    async def _part(self, request: web.Request, incoming: Incoming, key: str, query: dict[str, str]) -> Reply:
        upload = self._upload(query["uploadId"], key)
        if incoming.method == "PUT":
            return await self._put_part(request, upload, query.get("partNumber", ""))
        if incoming.method == "GET":
            return _listed(upload, self._service.store.parts(upload), query)
        if incoming.method == "DELETE":
            self._service.store.abort(upload)
            return Reply(204)
        if incoming.method == "POST":
            return self._complete(upload, await _document_of(request))
        raise CosError(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    def _upload(self, id: str, key: str) -> Upload:
        upload = self._service.store.uploads.get(id)
        if upload is None or upload.key != key:
            raise CosError(404, "NoSuchUpload", "The specified multipart upload does not exist.")
        return upload

    async def _put_part(self, request: web.Request, upload: Upload, number: str) -> Reply:
        if not (number.isdecimal() and 1 <= int(number) <= MOST_PARTS):
            raise CosError(400, "InvalidArgument", f"partNumber is not 1 to {MOST_PARTS}.")
        received = await self._receive(request)
        try:
            # The upload may have ended while this part was on its way.
            self._upload(upload.id, upload.key)
        except CosError:
            received.discard()
            raise
        part = self._service.store.add_part(upload, int(number), received, self._service.clock.now())
        return Reply(200, headers=_checks(part.etag, part.crc64))

    def _complete(self, upload: Upload, body: bytes) -> Reply:
        chosen = _chosen(self._service.store.parts(upload), body)
        for part in chosen[:-1]:
            if part.size < SMALLEST_PART_BYTES:
                raise CosError(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size.")
        stored = self._service.store.join(upload, chosen, self._service.clock.now())
        location = f"{self._service.links.base_url.partition('//')[2]}/{stored.key}"
        reply = _xml(
            "CompleteMultipartUploadResult",
            Location=location,
            Bucket="sandbox",
            Key=stored.key,
            ETag=f'"{stored.etag}"',
        )
        return Reply(200, reply.body, {**reply.headers, **_checks(stored.etag, stored.crc64)})


async def _pour(content: StreamReader, received: Receiver) -> None:
    """Bring a body to disk: one batch is written in another thread while the next one arrives."""
    batch: list[bytes] = []
    size = 0
    writing: asyncio.Future[None] | None = None
    loop = asyncio.get_running_loop()
    try:
        async for block, _ in content.iter_chunks():
            batch.append(block)
            size += len(block)
            if size >= BATCH_BYTES:
                if writing is not None:
                    await writing
                writing = loop.run_in_executor(None, received.write, *batch)
                batch, size = [], 0
    finally:
        # Also when the client is gone: nobody else may touch the file before this is over.
        if writing is not None:
            await writing
    received.write(*batch)


async def _document_of(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise CosError(400, "MaxMessageLengthExceeded", "Your request was too big.") from None


def _check_name(key: str) -> None:
    if key.endswith("/"):
        raise CosError(400, "InvalidObjectName", "The specified object name is not valid.")


def _check_body(request: web.Request, received: Receiver, expected: int) -> None:
    if received.size != expected:
        raise CosError(400, "IncompleteBody", "The body is shorter than its Content-Length.")
    md5 = request.headers.get("Content-MD5")
    if md5 is not None and md5 != base64.b64encode(received.md5).decode():
        raise CosError(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")


def _checks(etag: str, crc64: str) -> dict[str, str]:
    return {"ETag": f'"{etag}"', "x-cos-hash-crc64ecma": crc64}


def _listed(upload: Upload, parts: list[Part], query: dict[str, str]) -> Reply:
    """The parts that have arrived, a page of them."""
    most, after = (_number(query, name, default) for name, default in (("max-parts", MOST_LISTED), (MARKER, 0)))
    left = [part for part in parts if part.number > after]
    page = left[: min(most, MOST_LISTED)]
    items = "".join(
        f"<Part><PartNumber>{part.number}</PartNumber><LastModified>{_moment(part.stored)}</LastModified>"
        f"<ETag>&quot;{part.etag}&quot;</ETag><Size>{part.size}</Size></Part>"
        for part in page
    )
    is_cut = len(page) < len(left)
    following = f"<NextPartNumberMarker>{page[-1].number}</NextPartNumberMarker>" if is_cut and page else ""
    return _document(
        f"<ListPartsResult><Bucket>sandbox</Bucket><Key>{escape(upload.key)}</Key><UploadId>{upload.id}</UploadId>"
        f"<StorageClass>STANDARD</StorageClass><PartNumberMarker>{after}</PartNumberMarker>{following}"
        f"<MaxParts>{most}</MaxParts><IsTruncated>{str(is_cut).lower()}</IsTruncated>{items}</ListPartsResult>"
    )


MARKER = "part-number-marker"


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not text.isdecimal():
        raise CosError(400, "InvalidArgument", f"{name} is not a number.")
    return int(text)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _chosen(parts: list[Part], body: bytes) -> list[Part]:
    """The parts that a completion names; they have to be there, in order, with their ETags."""
    if b"<!" in body:
        raise CosError(400, "MalformedXML", "The XML you provided was not well-formed.")
    try:
        root = ElementTree.fromstring(body)
        named = [(int(_text(part, "PartNumber")), _text(part, "ETag").strip('"')) for part in root.iter("Part")]
    except (ElementTree.ParseError, ValueError):
        raise CosError(400, "MalformedXML", "The XML you provided was not well-formed.") from None
    if not named:
        raise CosError(400, "MalformedXML", "The XML you provided names no part.")
    numbers = [number for number, _ in named]
    if numbers != sorted(set(numbers)):
        raise CosError(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
    there = {part.number: part for part in parts}
    for number, etag in named:
        if number not in there or there[number].etag != etag:
            raise CosError(400, "InvalidPart", "One or more of the specified parts could not be found.")
    return [there[number] for number in numbers]


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(name) or ""


def _xml(root: str, **fields: str) -> Reply:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return _document(f"<{root}>{inner}</{root}>")


def _document(text: str) -> Reply:
    return Reply(200, f"<?xml version='1.0' encoding='utf-8' ?>\n{text}".encode(), XML)
