"""What an upload in parts costs beside a bare `requests.put` of the same file, turn by turn, over loopback.

Both send a sparse file to one local server that discards it; tadh also signs, takes checksums, compares them
with what the server says of each part and of the whole, and keeps its record. Run with the interpreter of an
environment in which tadh is installed:  python benchmarks/upload.py [MiB]
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socketserver
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastcrc import crc64
from side_by_side import TADH

RUNS = 5
MIB = 1024**2
UPLOAD_ID = "benchmark"
KEYS = {"Token": "benchmark-token", "TmpSecretId": "benchmark-id", "TmpSecretKey": "benchmark-key"}

BARE_PUT = """
import sys, requests
with open(sys.argv[2], "rb") as file:
    requests.put(sys.argv[1], data=file).raise_for_status()
"""


class Handler(socketserver.BaseRequestHandler):
    """The service's credentials and the part calls of the store; bodies go nowhere, and are known to be zeros."""

    checksums: dict[int, int] = {}  # noqa: RUF012 - known to be shared: what was computed once

    def handle(self) -> None:
        self._buffer = memoryview(bytearray(MIB))
        while head := self._head():
            first, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = first.split(" ")
            length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
            self._discard(length)
            self._answer(method, target, length)

    def _head(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            block = self.request.recv(65_536)
            if not block:
                return b""
            data += block
        head, _, rest = data.partition(b"\r\n\r\n")
        self._ahead = len(rest)
        return head

    def _discard(self, length: int) -> None:
        left = length - self._ahead
        while left:
            left -= self.request.recv_into(self._buffer, min(left, MIB)) or left

    def _answer(self, method: str, target: str, length: int) -> None:
        query = parse_qs(urlsplit(target).query, keep_blank_values=True)
        body, more = "", ""
        if target.startswith("/v2/"):
            prefix = f"http://127.0.0.1:{self.server.server_address[1]}/customer-pipeline/1/u/"  # type: ignore[index]
            granted = {"Credentials": KEYS, "ExpiredTime": int(time.time()) + 7200, "PathPrefix": prefix}
            body = json.dumps({"Header": {"Code": 0}, "Payload": granted})
        elif "uploads" in query:
            body = f"<InitiateMultipartUploadResult><UploadId>{UPLOAD_ID}</UploadId></InitiateMultipartUploadResult>"
        elif method == "POST":
            body = "<CompleteMultipartUploadResult><ETag>whole</ETag></CompleteMultipartUploadResult>"
            more = f"x-cos-hash-crc64ecma: {self.checksums[0]}\r\n"
        elif "partNumber" in query:
            if length not in self.checksums:
                self.checksums[length] = crc64.xz(bytes(length))
            more = f"ETag: part\r\nx-cos-hash-crc64ecma: {self.checksums[length]}\r\n"
        self.request.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def serve(port: Any, size_bytes: int) -> None:
    Handler.checksums[0] = zeros_crc64(size_bytes)
    with Server(("127.0.0.1", 0), Handler) as server:
        port.send(server.server_address[1])
        server.serve_forever()


def zeros_crc64(count: int) -> int:
    found, block = 0, bytes(MIB)
    for _ in range(count // MIB):
        found = crc64.xz(block, found)
    return found


def timed(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Seconds, and peak memory in MiB, of a process that has to succeed."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **env}) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with exit code {process.returncode}")
    scale = 1024 if sys.platform != "darwin" else MIB
    return time.perf_counter() - started, used.ru_maxrss / scale


def main() -> None:
    size_mib = int(sys.argv[1]) if len(sys.argv) > 1 else 2048
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender, size_mib * MIB), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{receiver.recv()}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "material.mp4"
        with file.open("wb") as sparse:
            sparse.truncate(size_mib * MIB)
        env = {"TADH_STATE_DIR": folder, "TADH_CONFIG": f"{folder}/none.yaml", "TADH_ENDPOINT": url}
        env |= {"TADH_APP_KEY": "benchmark", "TADH_ACCESS_TOKEN": "benchmark-token"}
        ours = [TADH, "assets", "upload", str(file), "--kind", "video", "--quiet", "--skip-checks"]
        theirs = [sys.executable, "-c", BARE_PUT, f"{url}/bare", str(file)]
        timed(theirs, env)  # warm-up: the file in the page cache
        pairs = [(timed(ours, env), timed(theirs, env)) for _ in range(RUNS)]
    server.terminate()
    share = statistics.median(bare_s / our_s for (our_s, _), (bare_s, _) in pairs)
    our_s, bare_s = (statistics.median(side[0] for side in sides) for sides in zip(*pairs, strict=True))
    peak_mib = max(peak for (_, peak), _ in pairs)
    print(f"{size_mib} MiB: {size_mib / our_s:.0f} MiB/s with `tadh assets upload`, {size_mib / bare_s:.0f} bare")
    print(f"share of the bare rate, start of the process included: {share:.2f} (aim: at least 0.8)")
    print(f"peak memory: {peak_mib:.0f} MiB (aim: at most 160)")


if __name__ == "__main__":
    main()
