"""A batch beside a bare loop of five workers: how long all videos take, and how many requests each costs.

Both work against one local service that makes five videos at once and takes two seconds for each; a sixth is refused.
The bare loop creates, asks once a second and downloads. Run with the interpreter of an environment in which tadh is
installed:  python benchmarks/batch.py [VIDEOS] [RUNS]
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from side_by_side import TADH, wall_s

SLOTS, SERVICE_S = 5, 2.0
MEDIA = b"\x1a\x45\xdf\xa3" + bytes(200_000)
SUBTITLES = b"1\n00:00:00,000 --> 00:00:01,000\nHello\n"


class Service:
    """What the handlers share."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ends_s: dict[str, float] = {}
        self.counts: Counter[str] = Counter()
        self.since_s = self.until_s = 0.0

    def create(self) -> tuple[int, dict[str, Any]]:
        now_s = time.monotonic()
        with self.lock:
            if sum(end_s > now_s for end_s in self.ends_s.values()) >= SLOTS:
                self.counts["refused"] += 1
                return 100008, {}
            self.since_s = self.since_s or now_s
            task = uuid.uuid4().hex
            self.ends_s[task] = self.until_s = now_s + SERVICE_S
            return 0, {"TaskId": task}

    def tell(self, task: str, host: str) -> tuple[int, dict[str, Any]]:
        if time.monotonic() < self.ends_s[task]:
            return 0, {"Status": "MAKING", "Progress": 50}
        link = f"http://{host}/media/{task}"
        return 0, {"Status": "SUCCESS", "Progress": 100, "MediaUrl": f"{link}.webm", "SubtitlesUrl": f"{link}.srt"}

    def report(self) -> dict[str, Any]:
        found = {**self.counts, "made": len(self.ends_s), "seconds": self.until_s - self.since_s}
        self.__init__()  # type: ignore[misc]
        return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    service = Service()

    def do_POST(self) -> None:
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Payload"]
        call = self.path.partition("?")[0].rpartition("/")[2]
        self.service.counts[call] += 1
        if call == "videomake":
            code, answer = self.service.create()
        elif call == "getprogress":
            code, answer = self.service.tell(payload["TaskId"], self.headers["Host"])
        else:
            code, answer = 0, {"ServiceAssetInfos": [], "Total": 0}
        self._answer(
            json.dumps({"Header": {"Code": code, "Message": "", "RequestID": "1"}, "Payload": answer}).encode()
        )

    def do_GET(self) -> None:
        if self.path == "/report":
            return self._answer(json.dumps(self.service.report()).encode())
        self.service.counts["download"] += 1
        return self._answer(SUBTITLES if self.path.endswith(".srt") else MEDIA)

    def _answer(self, body: bytes) -> None:
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    def log_message(self, *_: Any) -> None:
        pass


def serve(port: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.send(server.server_address[1])
    server.serve_forever()


BARE_LOOP = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
import requests
url, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
def call(name, **payload):
    answer = requests.post(f"{url}/v2/ivh/videomaker/broadcastservice/{name}", json={"Header": {}, "Payload": payload})
    return answer.json()
def make(number):
    made = call("videomake", InputSsml=f"Video {number}")
    while made["Header"]["Code"]:
        time.sleep(1)
        made = call("videomake", InputSsml=f"Video {number}")
    while True:
        time.sleep(1)
        found = call("getprogress", TaskId=made["Payload"]["TaskId"])["Payload"]
        if found["Status"] == "SUCCESS":
            break
    for field, suffix in (("MediaUrl", "webm"), ("SubtitlesUrl", "srt")):
        with open(f"{out}/{number}.{suffix}", "wb") as file:
            file.write(requests.get(found[field]).content)
with ThreadPoolExecutor(5) as pool:
    list(pool.map(make, range(count)))
"""


def report(url: str) -> dict[str, Any]:
    import requests

    found: dict[str, Any] = requests.get(f"{url}/report", timeout=30).json()
    return found


def told(name: str, took_s: float, ideal_s: float, seen: dict[str, Any]) -> float:
    made = seen["made"]
    calls = {call: seen.get(call, 0) / made for call in ("videomake", "getprogress", "download")}
    rest = ", ".join(f"{call} {count:.2f}" for call, count in calls.items())
    print(
        f"{name:<12}{took_s:7.1f} s, {took_s / ideal_s:.3f} of the ideal, without start and end "
        f"{seen['seconds'] / ideal_s:.3f}; requests a video: {sum(calls.values()):.2f} ({rest}); "
        f"refused {seen.get('refused', 0)}"
    )
    return took_s / ideal_s


def main() -> None:
    count, runs = (int(text) for text in [*sys.argv[1:3], *("200", "1")[len(sys.argv[1:3]) :]])
    ideal_s = -(-count // SLOTS) * SERVICE_S
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{receiver.recv()}"
    shares = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            rows = [json.dumps({"name": f"video-{number}", "text": f"Video {number}"}) for number in range(count)]
            (place / "list.jsonl").write_text("\n".join(rows))
            env = {"TADH_STATE_DIR": f"{folder}/state", "TADH_CONFIG": f"{folder}/config.yaml"}
            (place / "config.yaml").write_text(
                "default_profile: b\nprofiles:\n  b:\n    endpoint: "
                f"{url}\n    app_key: benchmark\n    access_token: benchmark-token\n    defaults: {{avatar: someone}}\n"
            )
            (place / "config.yaml").chmod(0o600)
            command = [TADH, "video", "batch", f"{folder}/list.jsonl", "--out", f"{folder}/out", "--quiet"]
            shares.append(told("tadh", wall_s(command, env), ideal_s, report(url)))
            again = subprocess.run(
                [*command, "--report", f"{folder}/again.json"], env={**os.environ, **env}, capture_output=True
            )
            assert again.returncode == 0 and report(url)["made"] == 0, "what is finished was made again"
        with tempfile.TemporaryDirectory() as folder:
            told("bare loop", wall_s([sys.executable, "-c", BARE_LOOP, url, str(count), folder]), ideal_s, report(url))
    print(f"tadh: {statistics.median(shares):.3f} of the ideal (aim: at most 1.06)")
    server.terminate()


if __name__ == "__main__":
    main()
