"""How evenly sound leaves beside a busy core: tadh's channel and a loop of sleeps, side by side, to one local server.

Run with the interpreter of an environment in which tadh is installed:  python benchmarks/pacing.py [SECONDS]
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import multiprocessing
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any, NamedTuple

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
PACKET_BYTES, INTERVAL_S = 5120, 0.120
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TOKEN = "benchmark-token"


class Handler(BaseHTTPRequestHandler):
    """A WebSocket that notes when each frame of sound arrives, and says AudioOver at the end."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        from tadh_cli.engine.priority import hurry

        # When a frame arrives is to be noted, not when somebody had time to look.
        hurry()
        key = self.headers["Sec-WebSocket-Key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wfile.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        arrivals: list[float] = []
        while (frame := self._frame()) is not None:
            at_s = time.monotonic()
            payload = json.loads(frame)["Payload"]
            if payload["Command"] != "SEND_AUDIO":
                continue
            if not payload["Data"]["IsFinal"]:
                arrivals.append(at_s)
                continue
            self.server.arrivals.put(arrivals)  # type: ignore[attr-defined]
            over = {"Type": 3, "ReqId": payload["ReqId"], "SpeakStatus": "AudioOver", "FinalType": 1}
            self._say(json.dumps({"Header": {"Code": 0}, "Payload": over}).encode())
        self.close_connection = True

    def _frame(self) -> bytes | None:
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] & 15 == 8:
            return None
        size = head[1] & 127
        if size == 126:
            (size,) = struct.unpack("!H", self.rfile.read(2))
        mask = self.rfile.read(4)
        data = self.rfile.read(size)
        mask = mask * (size // 4 + 1)
        return (int.from_bytes(data, "big") ^ int.from_bytes(mask[:size], "big")).to_bytes(size, "big")

    def _say(self, data: bytes) -> None:
        self.wfile.write(bytes([0x81, len(data)] if len(data) < 126 else [0x81, 126, len(data) >> 8, len(data) & 255]))
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


def serve(port: Any, arrivals: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.arrivals = arrivals  # type: ignore[attr-defined]
    port.send(server.server_address[1])
    server.serve_forever()


def burn() -> None:
    while True:
        pass


class Measured(NamedTuple):
    """Milliseconds: the whole time against what it should be, lateness against the schedule, distances."""

    drift: float
    late_p50: float
    late_p99: float
    least: float
    most: float


def measured(at_s: Sequence[float]) -> Measured:
    spans = [(b - a) * 1000 for a, b in pairwise(at_s)]
    late = [(at - at_s[0] - number * INTERVAL_S) * 1000 for number, at in enumerate(at_s)]
    # The first packet may have been late itself: the schedule is what no packet is early for.
    late = sorted(each - min(late) for each in late)
    drift = (at_s[-1] - at_s[0] - (len(at_s) - 1) * INTERVAL_S) * 1000
    percentile = [late[max(0, math.ceil(share * len(late)) - 1)] for share in (0.5, 0.99)]
    return Measured(drift, percentile[0], percentile[1], min(spans), max(spans))


def with_tadh(endpoint: str, sound: bytes) -> None:
    from tadh_cli.api.driving import Audio
    from tadh_cli.config import Settings
    from tadh_cli.engine.client import Client
    from tadh_cli.engine.streaming import Drive
    from tadh_cli.engine.transport import Transport
    from tadh_cli.masking import Mask
    from tadh_cli.providers import provider

    keys = {"": {"app_key": "benchmark", "access_token": TOKEN}}
    transport = Transport(use_proxies=False)
    client = Client(provider("tencent"), Settings("benchmark", endpoint=endpoint, keys=keys), transport, Mask())
    pieces = [sound[start : start + 16_384] for start in range(0, len(sound), 16_384)]
    with Drive(client, "m1") as drive:
        drive.say(Audio(), pieces)
        drive.finish()
        for _ in drive.events(0.2):
            pass
    pacing = drive.report.pacing[0]
    print(
        f"tadh's own report: {pacing.packets} packets, ratio {pacing.ratio:.3f}, late {pacing.late_p50_ms:.2f} ms p50, "
        f"{pacing.late_p99_ms:.2f} p99, {pacing.late_max_ms:.2f} max, {pacing.interval_min_ms:.1f} to "
        f"{pacing.interval_max_ms:.1f} ms apart, {pacing.underruns} underruns"
    )


def with_sleep(endpoint: str, sound: bytes) -> None:
    import websocket

    connection = websocket.create_connection(endpoint.replace("http", "ws", 1) + "/sleep")
    packets = [sound[start : start + PACKET_BYTES] for start in range(0, len(sound), PACKET_BYTES)]
    for number, packet in enumerate([*packets, b""], 1):
        data = {"Audio": base64.b64encode(packet).decode(), "Seq": number, "IsFinal": not packet}
        payload = {"ReqId": "1" * 32, "SessionId": "m1", "Command": "SEND_AUDIO", "Data": data}
        connection.send(json.dumps({"Header": {}, "Payload": payload}))
        time.sleep(INTERVAL_S)
    connection.close()


def main() -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    arrivals: Any = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=serve, args=(sender, arrivals), daemon=True),
        multiprocessing.Process(target=burn, daemon=True),
    ]
    for process in processes:
        process.start()
    endpoint = f"http://127.0.0.1:{receiver.recv()}"
    sound = bytes(PACKET_BYTES) * round(SECONDS / INTERVAL_S)
    print(f"{SECONDS:.0f} s of sending, one core busy; milliseconds as the server saw them")
    found = {}
    for name, send in (("tadh", with_tadh), ("sleep(0.12)", with_sleep)):
        thread = threading.Thread(target=send, args=(endpoint, sound))
        thread.start()
        found[name] = measured(arrivals.get(timeout=2 * SECONDS + 30))
        thread.join()
    for name, each in found.items():
        print(
            f"{name:12} drift {each.drift:7.2f}, late p50 {each.late_p50:6.2f}, p99 {each.late_p99:6.2f}, "
            f"apart {each.least:6.2f} to {each.most:6.2f}"
        )
    print("aims: drift at most 1, p99 at most 4, apart 118 to 162")
    for process in processes:
        process.terminate()


if __name__ == "__main__":
    main()
