"""An object store that does what a test wants, and the call for its keys: over real sockets, in memory."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from tadh_cli.engine.crc64 import crc64


@dataclass(frozen=True)
class Asked:
    """A request: what for (credentials, put, head, begin, part, complete, abort), the part, the token, the body."""

    what: str
    key: str = ""
    part: int = 0
    token: str = ""
    authorization: str = ""
    body: bytes = b""
    md5: str = ""


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class Reset(Exception):
    """The connection ends with RST."""


Rule = Callable[[Asked], None]


def _nothing(_asked: Asked) -> None:
    return None


@dataclass
class Cos:
    """What the store has and what was asked of it, in order; rules may raise Refusal or Reset."""

    # Called before anything is done about a request, and when it is done but not yet answered.
    before: Rule = _nothing
    after: Rule = _nothing
    tells_crc: bool = True
    etag: Callable[[bytes], str] = lambda body: hashlib.md5(body).hexdigest()
    life_s: float = 7200.0
    # Keys that are accepted; each grant brings a place of its own.
    tokens: list[str] = field(default_factory=list)
    # Whether keys open only the place they came with.
    is_narrow: bool = False
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    url: str = ""

    def count(self, what: str) -> int:
        return len([asked for asked in self.asked if asked.what == what])

    def sent(self, *, number: int | None = None) -> list[int]:
        """The parts that arrived, as often as they did."""
        return [asked.part for asked in self.asked if asked.what == "part" and number in (None, asked.part)]

    def expire(self) -> None:
        """Keys given so far are not accepted any more."""
        with self.lock:
            self.tokens.clear()

    # Answers: status, headers, body ----------------------------------------------------------------------

    def answer(self, asked: Asked, upload: str) -> tuple[dict[str, str], str]:
        with self.lock:
            self.before(asked)
            self.asked.append(asked)
            if asked.what == "credentials":
                answer = {}, self._granted()
            else:
                self._admit(asked)
                answer = getattr(self, f"_{asked.what}")(asked, upload)
            self.after(asked)
            return answer

    def _granted(self) -> str:
        number = self.count("credentials")
        self.tokens.append(f"s3cret-token-{number}")
        keys = {
            "Token": f"s3cret-token-{number}",
            "TmpSecretId": f"AKIDs3cret-{number}",
            "TmpSecretKey": f"s3cret-key-{number}",
        }
        prefix = f"{self.url}/customer-pipeline/352/u{number}/"
        payload = {"Credentials": keys, "ExpiredTime": int(time.time() + self.life_s), "PathPrefix": prefix}
        return json.dumps({"Header": {"Code": 0, "Message": "", "RequestID": "r"}, "Payload": payload})

    def _admit(self, asked: Asked) -> None:
        if asked.token not in self.tokens:
            raise Refusal(403, "ExpiredToken")
        if self.is_narrow and f"/u{asked.token.rpartition('-')[2]}/" not in asked.key:
            raise Refusal(403, "AccessDenied")
        if asked.md5 and asked.md5 != base64.b64encode(hashlib.md5(asked.body).digest()).decode():
            raise Refusal(400, "BadDigest")

    def _parts(self, upload: str) -> dict[int, bytes]:
        if upload not in self.uploads:
            raise Refusal(404, "NoSuchUpload")
        return self.uploads[upload]

    def _put(self, asked: Asked, _: str) -> tuple[dict[str, str], str]:
        self.objects[asked.key] = asked.body
        return self._checks(asked.body), ""

    def _head(self, asked: Asked, _: str) -> tuple[dict[str, str], str]:
        if asked.key not in self.objects:
            raise Refusal(404)
        body = self.objects[asked.key]
        return {"Content-Length": str(len(body)), **self._checks(body)}, ""

    def _begin(self, asked: Asked, _: str) -> tuple[dict[str, str], str]:
        upload = f"upload-{self.count('begin')}"
        self.uploads[upload] = {}
        root = "InitiateMultipartUploadResult"
        return {}, f"<{root}><Bucket>b</Bucket><Key>{asked.key}</Key><UploadId>{upload}</UploadId></{root}>"

    def _part(self, asked: Asked, upload: str) -> tuple[dict[str, str], str]:
        self._parts(upload)[asked.part] = asked.body
        return self._checks(asked.body), ""

    def _complete(self, asked: Asked, upload: str) -> tuple[dict[str, str], str]:
        parts = self._parts(upload)
        named = re.findall(rb"<PartNumber>(\d+)</PartNumber>\s*<ETag>\"?([^<\"]*)", asked.body.replace(b"&quot;", b'"'))
        wanted = [(str(number).encode(), self.etag(parts[number]).encode()) for number in sorted(parts)]
        if named != wanted:
            raise Refusal(400, "InvalidPart")
        whole = b"".join(parts[number] for number in sorted(parts))
        self.objects[asked.key] = whole
        del self.uploads[upload]
        root = "CompleteMultipartUploadResult"
        return self._checks(whole), f'<{root}><Location>l</Location><ETag>"e-1"</ETag></{root}>'

    def _abort(self, asked: Asked, upload: str) -> tuple[dict[str, str], str]:
        self._parts(upload)
        del self.uploads[upload]
        return {}, ""

    def _checks(self, body: bytes) -> dict[str, str]:
        crc = {"x-cos-hash-crc64ecma": str(crc64(body))} if self.tells_crc else {}
        return {"ETag": f'"{self.etag(body)}"', **crc}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cos: Cos

    def do_PUT(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        try:
            headers, text = self.cos.answer(self._asked(parts.path, query, body), query.get("uploadId", [""])[0])
        except Refusal as refusal:
            inner = f"<Code>{refusal.code}</Code><RequestId>req-cos</RequestId>" if refusal.code else ""
            self._say(refusal.status, {}, f"<Error>{inner}</Error>" if inner else "")
        except Reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        else:
            self._say(200, headers, text)

    do_POST = do_DELETE = do_HEAD = do_PUT

    def _asked(self, path: str, query: dict[str, list[str]], body: bytes) -> Asked:
        what = {"PUT": "put", "HEAD": "head", "DELETE": "abort", "POST": "complete"}[self.command]
        if path.startswith("/v2/"):
            what = "credentials"
        elif "uploads" in query:
            what = "begin"
        elif "partNumber" in query:
            what = "part"
        return Asked(
            what,
            unquote(path).lstrip("/"),
            int(query.get("partNumber", ["0"])[0]),
            self.headers.get("x-cos-security-token", ""),
            self.headers.get("Authorization", ""),
            body,
            self.headers.get("Content-MD5", ""),
        )

    def _say(self, status: int, headers: dict[str, str], text: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that are killed


@contextmanager
def running() -> Iterator[Cos]:
    """A store that runs for the length of a block."""
    cos = Cos()
    handler = type("Handler", (_Handler,), {"cos": cos})
    with _Server(("127.0.0.1", 0), handler) as server:
        cos.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield cos
        finally:
            server.shutdown()
            thread.join()
