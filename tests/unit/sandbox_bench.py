"""What tests of the sandbox share: an account on a bench, without sockets and with clocks set by hand, and a client."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from tadh_cli.providers.tencent import operations
from tadh_cli.sandbox.clock import Clock
from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.gateway import Gateway
from tadh_cli.sandbox.links import Links
from tadh_cli.sandbox.progress import Task
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.stages import Customization, Inspection
from tadh_cli.sandbox.state import State
from tadh_cli.sandbox.store import Store
from tadh_cli.sandbox.wire import Incoming, Outgoing

URL = "http://127.0.0.1:8765"
APP_KEY, TOKEN = "e38267c0e86411ebb02aed82acb0ed99", "f68f2d10ae9e4604b76fb05cf46bccec"
START = 1_750_000_000.0
PATHS = {operation.name: operation.path for operation in operations()}
REQ_ID = "f2612aa810014e8997f95bda97917268"


class Studio:
    """Takes orders and does nothing; a test decides what comes of them."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.inspections: list[Inspection] = []
        self.audits: list[Customization] = []

    def produce(self, task: Task) -> None:
        self.tasks.append(task)

    def inspect(self, inspection: Inspection) -> None:
        self.inspections.append(inspection)

    def audit(self, made: Customization) -> None:
        self.audits.append(made)


class Bench:
    def __init__(self, directory: Path, *, seed: int = 1, speed: float = 1.0) -> None:
        self.real = START
        self.studio = Studio()
        self.clock = Clock(speed, real=lambda: self.real, ticks=lambda: self.real)
        self.state = State(directory)
        media = directory / "media"
        media.mkdir(exist_ok=True)
        self.service = Service(
            state=self.state,
            store=Store(directory / "objects", self.state),
            media=media,
            clock=self.clock,
            links=Links(URL, "link secret"),
            studio=self.studio,
            seed=seed,
            app_key=APP_KEY,
            access_token=TOKEN,
        )
        self.gateway = Gateway(self.service, {APP_KEY: TOKEN})

    def wait(self, seconds: float) -> None:
        """Both clocks go on, at the same pace here."""
        self.real += seconds

    def call(self, operation: str, fault: Fault | None = None, **payload: Any) -> tuple[int, dict[str, Any]]:
        """Header.Code and payload of a signed call; with a code, its message instead."""
        answer = json.loads(self.send(operation, {"Header": {}, "Payload": payload}, fault=fault).body)
        code = answer["Header"]["Code"]
        return code, answer.get("Payload", {}) if code == 0 else {"Message": answer["Header"]["Message"]}

    def good(self, operation: str, **payload: Any) -> dict[str, Any]:
        """The payload of a call that has to succeed."""
        code, answer = self.call(operation, **payload)
        assert code == 0, answer
        return answer

    def send(
        self,
        operation: str,
        document: Any,
        *,
        headers: dict[str, str] | None = None,
        query: str | None = None,
        method: str = "POST",
        path: str = "",
        fault: Fault | None = None,
    ) -> Outgoing:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        given = {"Content-Type": "application/json;charset=utf-8", "Content-Length": str(len(body)), **(headers or {})}
        signed = signed_query(int(self.real)) if query is None else query
        return self.gateway.answer(Incoming(method, path or PATHS[operation], signed, given, body), fault)

    def finish(self, task_id: str, duration_s: float = 4.0, **facts: Any) -> None:
        """What the studio notes when it is done."""
        made = {"media": f"{task_id}.mp4", "subtitles": f"{task_id}.srt", **facts}
        self.service.tasks.change(task_id, made=self.clock.now(), duration_ms=round(duration_s * 1000), **made)

    def avatar(self, **wanted: Any) -> str:
        """The key of the first avatar with these properties that has not expired."""
        now = self.clock.now()
        return next(
            avatar.key
            for avatar in self.service.avatars(now)
            if avatar.expires > now + 3600 and all(getattr(avatar, name) == value for name, value in wanted.items())
        )


def signed_query(timestamp: int, **more: str) -> str:
    """A query signed by the rules of the documentation, written down once more for the tests."""
    given = {"appkey": APP_KEY, "timestamp": str(timestamp), **more}
    plain = "&".join(f"{name}={given[name]}" for name in sorted(given))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), plain.encode(), hashlib.sha256).digest()).decode()
    return f"{plain}&signature={quote(signature, safe='')}"


class Client:
    """Calls a running sandbox over HTTP, with nothing of tadh's own client in it."""

    def __init__(self, port: int, app_key: str, token: str) -> None:
        self.port = port
        self._app_key = app_key
        self._token = token

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def target(self, path: str, **more: str) -> str:
        given = {"appkey": self._app_key, "timestamp": str(int(time.time())), **more}
        plain = "&".join(f"{name}={given[name]}" for name in sorted(given))
        digest = hmac.new(self._token.encode(), plain.encode(), hashlib.sha256).digest()
        return f"{path}?{plain}&signature={quote(base64.b64encode(digest).decode(), safe='')}"

    def post(self, operation: str, **payload: Any) -> tuple[int, dict[str, str], bytes]:
        body = json.dumps({"Header": {}, "Payload": payload}).encode()
        headers = {"Content-Type": "application/json;charset=utf-8"}
        return self.request("POST", self.target(PATHS[operation]), body, headers)

    def call(self, operation: str, **payload: Any) -> tuple[int, dict[str, Any]]:
        """Header.Code and payload."""
        _, _, body = self.post(operation, **payload)
        answer = json.loads(body)
        return answer["Header"]["Code"], answer.get("Payload", {})

    def good(self, operation: str, **payload: Any) -> dict[str, Any]:
        code, answer = self.call(operation, **payload)
        assert code == 0
        return answer

    def get(self, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path, headers=named)
