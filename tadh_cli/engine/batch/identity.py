"""What makes two videos the same one: their name, and everything that determines the result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tadh_cli.api.production import Script
from tadh_cli.api.provider import Provider
from tadh_cli.api.video import VideoOptions
from tadh_cli.errors import InputError

# Of the way in which identities are made.
_EDITION = 1
_BLOCK_BYTES = 1024 * 1024


def identity(
    provider: Provider,
    account: str,
    name: str,
    options: VideoOptions,
    overrides: Mapping[str, str],
    script: Script,
    sound: str,
) -> str:
    """A hash of the name, the account (endpoint and appkey), and the request with files by their content.

    What only says how the result is told of or where it goes does not count: the callback, the kind of slots, the
    signature of a storage's URL. Neither do the manifest's place, --out and the profile's name.
    """
    if sound:
        script = script._replace(audio_url=sound)
    order = provider.video_order(_neutral(options), script)
    return _hash([_EDITION, account, name, order.operation.name, order.values, dict(overrides)])


def digest(path: Path) -> str:
    """What a file stands for in an identity: its content. Raises InputError when it can't be read any more."""
    found = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while block := file.read(_BLOCK_BYTES):
                found.update(block)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or type(error).__name__).lower()}") from None
    return f"sha256:{found.hexdigest()}"


def _neutral(options: VideoOptions) -> VideoOptions:
    return replace(
        options,
        callback_url=None,
        concurrency_type=None,
        storage_url=_plain(options.storage_url),
        subtitle_storage_url=_plain(options.subtitle_storage_url),
    )


def _plain(url: str | None) -> str | None:
    return url and url.partition("?")[0]


def _hash(parts: Any) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
