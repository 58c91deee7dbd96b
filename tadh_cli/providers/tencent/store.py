"""The object store that takes uploads: COS, addressed by the PathPrefix of the temporary credentials."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tadh_cli.api.store import Body, KeysExpired, KeysRefused, ObjectStore, Stored, UploadGone
from tadh_cli.errors import NetworkError, NotFound, Reach, ServiceError, TadhError

# <bucket>.cos.<region>.myqcloud.com; the masked host of the documentation leaves .cos. out.
_COS_HOST = re.compile(r"(?P<bucket>[a-z0-9-]+)\.(?:cos\.)?(?P<region>[a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)")

# Folders by purpose, and what belongs there (Obtaining the Temporary Upload Token, Customization API).
FOLDERS: Mapping[str, tuple[str, ...]] = {
    "idcard": (".mp4", ".pdf"),
    "video": (".mp4", ".mov"),
    "audio": (".zip", ".wav", ".mp3", ".wma", ".m4a", ".aac"),
    "photo": (".jpg", ".jpeg", ".png", ".webp"),
    "zeroshot": (".wav", ".mp3", ".aac", ".m4a", ".wma", ".asf"),
}

# Putting many parts together may take the store minutes.
_COMPLETE_TIMEOUT_S = 600.0
# Also holds while the first bytes leave on a new connection: a block has to get through in this time.
_CONNECT_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Place:
    """Where uploads go: scheme and host as given, bucket and region where the host tells them, key prefix."""

    scheme: str
    host: str
    bucket: str
    region: str
    prefix: str

    def key(self, folder: str, name: str) -> str:
        """The object key of a file in one of the documented folders."""
        return f"{self.prefix}{folder}/{name}"

    def url(self, key: str) -> str:
        """The URL to pass on to other calls."""
        return f"{self.scheme}://{self.host}/{quote(key, safe='/-_.~')}"


def place(path_prefix: str) -> Place:
    """The place that a PathPrefix names: it may lack its scheme, and its last slash may be there or not.

    Hosts that are not COS's (an own domain, a private deployment) are used exactly as given. Raises
    ServiceError for what is no place on the web at all.
    """
    text = path_prefix.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        raise _no_place(path_prefix) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _no_place(path_prefix)
    prefix = unquote(parts.path).strip("/")
    match = _COS_HOST.fullmatch(parts.netloc.lower())
    return Place(
        scheme=parts.scheme,
        host=parts.netloc,
        bucket=match["bucket"] if match else "",
        region=match["region"] if match else "",
        prefix=f"{prefix}/" if prefix else "",
    )


def _no_place(path_prefix: str) -> ServiceError:
    return ServiceError(f"the service named no place for uploads: PathPrefix is {path_prefix!r}")


def url(path_prefix: str, folder: str, name: str) -> str:
    """The URL of a file in one of the documented folders."""
    found = place(path_prefix)
    return found.url(found.key(folder, name))


def describe(path_prefix: str) -> Mapping[str, str]:
    """What a PathPrefix tells of the place."""
    found = place(path_prefix)
    return {"Host": found.host, "Bucket": found.bucket, "Region": found.region, "KeyPrefix": found.prefix}


class CosObject:
    """An object of COS, over the part calls of its SDK: they sign and read XML, and nothing else.

    Of the SDK's own comforts none is used: its retries and its upload of whole files list the bucket, go on
    after fatal errors and lose the code of a refusal.
    """

    def __init__(self, url: str, session: Any, timeout_s: float) -> None:
        self._place = place(url)
        self._key = self._place.prefix.rstrip("/")
        self._session = session
        self._timeout_s = timeout_s

    def put(self, keys: Mapping[str, str], body: Body, *, md5: str) -> Stored:
        with self._translated():
            answer = self._client(keys).put_object(**self._named(), Body=body, ContentMD5=md5)
            return self._kept(answer)

    def begin(self, keys: Mapping[str, str]) -> str:
        with self._translated():
            answer = self._client(keys).create_multipart_upload(**self._named())
            return str(answer["UploadId"])

    def put_part(self, keys: Mapping[str, str], upload: str, number: int, body: Body, *, md5: str = "") -> Stored:
        more = {"ContentMD5": md5} if md5 else {}
        with self._translated():
            answer = self._client(keys).upload_part(
                **self._named(), Body=body, PartNumber=str(number), UploadId=upload, **more
            )
            return self._kept(answer)

    def complete(self, keys: Mapping[str, str], upload: str, etags: Mapping[int, str]) -> Stored:
        parts = [{"PartNumber": number, "ETag": f'"{etags[number]}"'} for number in sorted(etags)]
        client = self._client(keys, max(self._timeout_s, _COMPLETE_TIMEOUT_S))
        with self._translated():
            answer = client.complete_multipart_upload(**self._named(), UploadId=upload, MultipartUpload={"Part": parts})
            return self._kept(answer)

    def abort(self, keys: Mapping[str, str], upload: str) -> None:
        with self._translated():
            self._client(keys).abort_multipart_upload(**self._named(), UploadId=upload)

    def look(self, keys: Mapping[str, str]) -> Stored:
        with self._translated():
            return _said(self._client(keys).head_object(**self._named()))

    def _named(self) -> dict[str, str]:
        return {"Bucket": self._place.bucket or "unknown-0", "Key": self._key}

    def _client(self, keys: Mapping[str, str], timeout_s: float | None = None) -> Any:
        """A client for one request: so the keys are never older than it."""
        from qcloud_cos import CosConfig, CosS3Client

        # At DEBUG the SDK logs the token and the signing key.
        logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)
        patience_s = timeout_s or self._timeout_s
        config = CosConfig(
            Region=self._place.region or "unknown",
            SecretId=keys["TmpSecretId"],
            SecretKey=keys["TmpSecretKey"],
            Token=keys["Token"],
            Scheme=self._place.scheme,
            Domain=self._place.host,
            Timeout=(min(_CONNECT_TIMEOUT_S, patience_s), patience_s),
            # It would sign the host without the port that the Host header has.
            SignHost=":" not in self._place.host,
        )
        return CosS3Client(config, retry=0, session=self._session)

    def _kept(self, answer: Mapping[str, Any]) -> Stored:
        """What the store has kept; the SDK takes a redirection for a success, but it has no ETag."""
        stored = _said(answer)
        if not stored.etag:
            raise self._nonsense()
        return stored

    def _nonsense(self) -> TadhError:
        return ServiceError(f"the object store {self._place.host} answered nonsense", hint="try again later")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns every error of the SDK into one of ours."""
        from qcloud_cos import CosClientError, CosServiceError

        try:
            yield
        except CosServiceError as error:
            raise _refused(error, self._place.host) from None
        except CosClientError as error:
            raise _cause(error, self._place.host) from None
        # No XML, or not what it should contain.
        except (SyntaxError, KeyError, TypeError):
            raise self._nonsense() from None


COS = ObjectStore(url=url, object=CosObject, describe=describe, folders=FOLDERS)


def _said(answer: Mapping[str, Any]) -> Stored:
    """What headers, in any case, and the fields of a body say of an object."""
    fields = {str(name).lower(): str(value) for name, value in answer.items()}
    return Stored(
        etag=fields.get("etag", "").strip('"'),
        crc64=_number(fields.get("x-cos-hash-crc64ecma", "")),
        size_bytes=_number(fields.get("content-length", "")),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


# Failures ----------------------------------------------------------------------------------------------

_EXPIRED = ("ExpiredToken", "InvalidAccessKeyId", "RequestTimeTooSkewed", "TokenExpired")
_GONE = ("NoSuchUpload", "InvalidPart", "InvalidPartOrder")
# Refusals after which the same request may succeed: the store is busy, or the bytes were damaged on their way.
_PASSING_STATUS = (408, 429)
_PASSING = ("RequestTimeout", "RequestTimeOut", "SlowDown", "BadDigest", "IncompleteBody", "InternalError")


def _refused(error: Any, host: str) -> TadhError:
    """The store's own code; the SDK finds it only in answers that have every other element too."""
    text, status = error.get_origin_msg(), error.get_status_code()
    text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    code = _element("Code", text) or f"HTTP {status}"
    kind = _kind(code, status)
    # The SDK also reports successes without the elements they should have, with status 200.
    is_broken = status >= 500 or status < 300
    is_passing = is_broken or code in _PASSING or status in _PASSING_STATUS
    failure = kind(
        f"the object store {host} {'failed' if is_broken else 'refused the upload'}: {code}",
        hint=_hint(kind, is_passing=is_passing),
        code=code,
        request_id=_element("RequestId", text) or _header("x-cos-request-id", error.get_digest_msg()),
    )
    failure.transient = is_passing
    return failure


def _hint(kind: type[TadhError], *, is_passing: bool) -> str:
    if issubclass(kind, (KeysRefused, KeysExpired)):
        return "the temporary credentials may not be allowed there, or have expired: run the command again"
    return "try again later" if is_passing else "run the command again: it uploads to a new place"


def _kind(code: str, status: int) -> type[TadhError]:
    if code in _EXPIRED:
        return KeysExpired
    if code in _GONE:
        return UploadGone
    if status in (401, 403):
        return KeysRefused
    # Only questions about an object have no code: a HEAD has no body.
    return NotFound if status == 404 and code.startswith("HTTP") else ServiceError


def _cause(error: BaseException, host: str) -> TadhError:
    """What stopped a request under way: our own errors come back out of the SDK as the cause of its own."""
    if isinstance(error.__context__, TadhError):
        return error.__context__
    failure = NetworkError(f"the upload to {host} broke off", hint="check the network and try again")
    failure.reach = Reach.IN_DOUBT
    failure.transient = True
    return failure


def _element(name: str, text: str) -> str:
    match = re.search(rf"<{name}>\s*([^<>]{{1,100}}?)\s*</{name}>", text)
    return match[1] if match else ""


def _header(name: str, headers: Any) -> str:
    """A header of an answer without a body, which the SDK gives instead of its text."""
    found = headers.get(name, headers.get("requestid", "")) if isinstance(headers, Mapping) else ""
    return str(found or "")
