"""The object store that takes uploads: COS, addressed by the PathPrefix of the temporary credentials."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote, urlsplit

from tadh_cli.errors import AuthError, NetworkError, Reach, ServiceError, TadhError

# <bucket>.cos.<region>.myqcloud.com; the masked host of the documentation leaves .cos. out.
_COS_HOST = re.compile(r"(?P<bucket>[a-z0-9-]+)\.(?:cos\.)?(?P<region>[a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)")


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

    Hosts that are not COS's (an own domain, a private deployment) are used exactly as given.
    """
    text = path_prefix.strip()
    parts = urlsplit(text if "://" in text else f"https://{text}")
    prefix = parts.path.strip("/")
    match = _COS_HOST.fullmatch(parts.netloc.lower())
    return Place(
        scheme=parts.scheme,
        host=parts.netloc,
        bucket=match["bucket"] if match else "",
        region=match["region"] if match else "",
        prefix=f"{prefix}/" if prefix else "",
    )


def put(
    target: Place,
    key: str,
    body: IO[bytes],
    credentials: Mapping[str, str],
    session: Any,
    *,
    timeout_s: float,
) -> None:
    """Upload a file in one request over a session of requests; raises NetworkError, AuthError or ServiceError."""
    from qcloud_cos import CosClientError, CosConfig, CosS3Client, CosServiceError

    # At DEBUG the SDK logs the token and the signing key.
    logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)
    config = CosConfig(
        Region=target.region or "unknown",
        SecretId=credentials["TmpSecretId"],
        SecretKey=credentials["TmpSecretKey"],
        Token=credentials["Token"],
        Scheme=target.scheme,
        Domain=target.host,
        Timeout=timeout_s,
        # It would sign the host without the port that the Host header has.
        SignHost=":" not in target.host,
    )
    client = CosS3Client(config, retry=2, session=session)
    try:
        client.put_object(Bucket=target.bucket or "unknown-0", Key=key, Body=body, EnableMD5=True)
    except CosServiceError as error:
        raise _refused(error, target) from None
    except CosClientError:
        failure = NetworkError(f"the upload to {target.host} broke off", hint="check the network and try again")
        failure.reach = Reach.IN_DOUBT
        failure.transient = True
        raise failure from None


# Codes after which new temporary credentials help.
_EXPIRED = ("ExpiredToken", "InvalidAccessKeyId", "RequestTimeTooSkewed", "TokenExpired")


def _refused(error: Any, target: Place) -> TadhError:
    """The store's own code; the SDK finds it only in answers that have every other element too."""
    text, status = str(error.get_origin_msg()), error.get_status_code()
    code = _element("Code", text) or f"HTTP {status}"
    kind = AuthError if status in (401, 403) and code not in _EXPIRED else ServiceError
    failure = kind(
        f"the object store {target.host} refused the upload: {code}",
        hint="the temporary credentials may not be allowed there, or have expired: run the command again",
        code=code,
        request_id=_element("RequestId", text),
    )
    failure.transient = code in _EXPIRED or (isinstance(status, int) and status >= 500)
    return failure


def _element(name: str, text: str) -> str:
    match = re.search(rf"<{name}>\s*([^<>]{{1,100}}?)\s*</{name}>", text)
    return match[1] if match else ""
