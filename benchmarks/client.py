"""What the client costs beside a bare script that signs and posts with requests, against one local server.

Run with the interpreter of an environment in which tadh is installed:  python benchmarks/client.py
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from side_by_side import TADH, ratios

CALLS = 500
TOKEN = "benchmark-token"
PATH = "/v2/ivh/videomaker/broadcastservice/getprogress"
ANSWER = json.dumps(
    {
        "Header": {"Code": 0, "Message": "ok", "RequestID": "1"},
        "Payload": {"Progress": 50, "Status": "MAKING", "ArrayCount": 0, "MediaUrl": "", "Duration": 0},
    }
).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
        self.wfile.write(head.encode() + ANSWER)

    def log_message(self, *_: Any) -> None:
        pass


def serve(port: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.send(server.server_address[1])
    server.serve_forever()


def signed(endpoint: str) -> str:
    text = f"appkey=benchmark&timestamp={int(time.time())}"
    digest = hmac.new(TOKEN.encode(), text.encode(), hashlib.sha256).digest()
    return f"{endpoint}{PATH}?{text}&signature={quote(base64.b64encode(digest).decode(), safe='')}"


def body(task_id: str) -> bytes:
    return json.dumps({"Header": {}, "Payload": {"TaskId": task_id}}).encode()


HEADERS = {"Content-Type": "application/json;charset=utf-8"}

BARE_SCRIPT = f"""
import base64, hashlib, hmac, json, sys, time
from urllib.parse import quote
import requests
text = f"appkey=benchmark&timestamp={{int(time.time())}}"
digest = hmac.new({TOKEN!r}.encode(), text.encode(), hashlib.sha256).digest()
url = f"{{sys.argv[1]}}{PATH}?{{text}}&signature={{quote(base64.b64encode(digest).decode(), safe='')}}"
answer = requests.post(url, data={body("T1")!r}, headers={HEADERS!r}, timeout=30).json()
assert answer["Header"]["Code"] == 0
print(json.dumps(answer["Payload"], indent=2))
"""


def bare_loop(endpoint: str) -> float:
    """Calls a second of requests alone."""
    import requests

    with requests.Session() as session:
        started = time.perf_counter()
        for number in range(CALLS):
            answer = session.post(signed(endpoint), data=body(f"T{number}"), headers=HEADERS, timeout=30).json()
            assert answer["Header"]["Code"] == 0
        return CALLS / (time.perf_counter() - started)


def client_loop(endpoint: str) -> float:
    """Calls a second of the client, checks and decoding included."""
    from tadh_cli.config import Settings
    from tadh_cli.engine.client import Client
    from tadh_cli.engine.transport import Transport
    from tadh_cli.masking import Mask
    from tadh_cli.providers import provider

    keys = {"": {"app_key": "benchmark", "access_token": TOKEN}}
    transport = Transport()
    client = Client(provider("tencent"), Settings("benchmark", endpoint=endpoint, keys=keys), transport, Mask())
    started = time.perf_counter()
    for number in range(CALLS):
        assert client.call("video.get", TaskId=f"T{number}")["Status"] == "MAKING"
    rate = CALLS / (time.perf_counter() - started)
    transport.close()
    return rate


def main() -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender,), daemon=True)
    server.start()
    endpoint = f"http://127.0.0.1:{receiver.recv()}"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE_SCRIPT)
        env = {"TADH_STATE_DIR": folder, "TADH_CONFIG": f"{folder}/none.yaml", "TADH_ENDPOINT": endpoint}
        env |= {"TADH_APP_KEY": "benchmark", "TADH_ACCESS_TOKEN": TOKEN}
        command = [TADH, "api", "video.get", "-f", "TaskId=T1"]
        measured = ratios([sys.executable, str(script), endpoint], {"one call": (command, env)}, runs=25)
    took_s, ratio = measured["one call"]
    print(f"one call with `tadh api`: {took_s * 1000:.0f} ms, {ratio:.2f} of the bare script (aim: at most 1.3)")
    rates = [(client_loop(endpoint), bare_loop(endpoint)) for _ in range(7)]
    ours, theirs = (statistics.median(rate) for rate in zip(*rates, strict=True))
    share = statistics.median(a / b for a, b in rates)
    print(f"{CALLS} calls in one process: {ours:.0f}/s, the bare loop {theirs:.0f}/s: {share:.2f} (aim: at least 0.85)")
    server.terminate()


if __name__ == "__main__":
    main()
