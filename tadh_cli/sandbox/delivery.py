"""What the sandbox sends out: results to storage of the caller's, and callbacks; never beyond this machine."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tadh_cli.sandbox.jobs import JobFailed

TIMEOUT_S = 20


def is_on_this_machine(url: str) -> bool:
    """Whether a URL's host is the loopback interface."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def store(url: str, path: Path, content_type: str) -> None:
    """Put a file to a pre-authorised URL; raises the failure of a task whose result can't be stored."""
    import aiohttp

    host = urlsplit(url).hostname
    if not is_on_this_machine(url):
        raise JobFailed(801015, f"Uploading files to the specified S3 failed: {host} is outside of the sandbox")
    headers = {"Content-Type": content_type, "Content-Length": str(path.stat().st_size)}
    try:
        with path.open("rb") as body:
            async with _session() as session, session.put(url, data=body, headers=headers) as answer:
                status = answer.status
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError) as error:
        raise JobFailed(801015, f"Uploading files to the specified S3 failed: {type(error).__name__}") from error
    if not 200 <= status < 300:
        raise JobFailed(801015, f"Uploading files to the specified S3 failed: HTTP {status}")


async def call_back(url: str, payload: dict[str, Any], log: Callable[[str], None]) -> None:
    """Tell the caller once; whatever comes of it, it is not repeated (Appendix II)."""
    import aiohttp

    if not is_on_this_machine(url):
        log(f"callback not sent: {urlsplit(url).hostname} is outside of this machine")
        return
    try:
        async with _session() as session, session.post(url, json={"Payload": payload}) as answer:
            log(f"callback answered with HTTP {answer.status}")
    except (aiohttp.ClientError, OSError, asyncio.TimeoutError, ValueError) as error:
        log(f"callback failed: {type(error).__name__}")


def _session() -> Any:
    import aiohttp

    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), trust_env=False)
