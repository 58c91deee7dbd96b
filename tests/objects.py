"""What the object store has, fetched with keys of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from qcloud_cos import CosConfig, CosS3Client

from tadh_cli.engine.client import Client
from tadh_cli.engine.clock import Clock
from tadh_cli.engine.transport import Transport
from tadh_cli.masking import Mask
from tadh_cli.providers.tencent import TENCENT
from tadh_cli.sandbox.hosting import Hosted


def stored(sandbox: Hosted, url: str) -> bytes:
    """The content of an object, by the URL that other calls are given."""
    transport = Transport(use_proxies=False)
    try:
        keys = Client(TENCENT, sandbox.settings(), transport, Mask(), Clock()).call("assets.credentials")["Credentials"]
    finally:
        transport.close()
    place = urlsplit(url)
    config = CosConfig(
        Region="any",
        SecretId=keys["TmpSecretId"],
        SecretKey=keys["TmpSecretKey"],
        Token=keys["Token"],
        Scheme=place.scheme,
        Domain=place.netloc,
        SignHost=False,
    )
    answer: dict[str, Any] = CosS3Client(config).get_object(Bucket="any-0", Key=unquote(place.path[1:]))
    content: bytes = answer["Body"].get_raw_stream().read()
    return content
