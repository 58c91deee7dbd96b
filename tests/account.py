"""An account with hundreds of assets, answered strictly and in every spelling the documentation has: no emulator of
ours has a part in it."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests import wire

ASSETS = "/v2/ivh/crmserver/customerassetservice/"
VIDEO = "/v2/ivh/videomaker/broadcastservice/"
SESSIONS = "/v2/ivh/sessionmanager/sessionmanagerservice/"
LARGEST_PAGE = 100
Item = dict[str, Any]


def png(width: int, height: int, more: int = 0) -> bytes:
    """A picture that consists of its header and something behind it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", bytes(more)) + chunk(b"IEND", b"")


def key(number: int) -> str:
    return f"{number:032x}"


def _avatar(number: int, url: str) -> Item:
    """Avatars that differ in how they are spelled, in what they lack, and in what nobody knows of."""
    item: Item = {
        "VirtualmanKey": key(number),
        "AnchorName": f"Teacher {number}",
        "AnchorCode": f"teacher_{number // 2}",
        "ClothesName": "Blue suit" if number % 2 else 'Grün, "kariert" <b>',
        "PoseName": "Standing",
        "Resolution": "1920x1080" if number % 3 else "540x960",
        "HeaderImage": f"{url}/header.png",
        "PoseImage": f"{url}/pose.png",
        "ClothesImage": f"{url}/clothes.png",
        "SupportDriverTypes": ["Text", "OriginalVoice"],
        "ExpireDate": "2027-04-01 00:00:00",
        "VideoDuration": number * 1000,
        "VideoNum": number,
        "OriginZoom": 0.49700000882149,
        "OriginZoomStr": "0.497",
    }
    if number % 5 == 1:
        item |= {"VideoNum": str(number), "VideoDuration": f"{number}000", "OriginZoom": "0.497"}
    if number % 5 == 2:
        for name in ("ClothesName", "ClothesImage", "ExpireDate", "VideoNum", "OriginZoomStr", "HeaderImage"):
            item.pop(name)
    if number % 5 == 3:
        item["PoselImage"] = item.pop("PoseImage")
        item["Name"], item["Code"] = item.pop("AnchorName"), item.pop("AnchorCode")
    if number % 5 == 4:
        item |= {"NewField": {"Deep": [1, None, {"x": "y"}]}, "Nothing": None, "SupportDriverTypes": None}
    return item


def _voice(number: int) -> Item:
    item: Item = {
        "TimbreKey": f"voice-{number}",
        "TimbreName": f"Voice {number}",
        "TimbreSample": "https://example.com/sample.mp3",
        "TimbreDesc": "",
        "SupportVirtualmanTypeCodes": ["real_man_2d"],
        "SupportDriverTypes": ["Text"],
        "ExpireDate": "" if number % 3 else "2026-03-05 00:00:00",
        "AudioDuration": number,
        "AudioNum": number,
        "TimbreGender": 1 + number % 2,
        "PurchaseType": "Lease",
        "TimbreType": "Boutique",
        "TimbreLanguages": ["zh-CN"] if number % 4 else ["en-US", "zh-HK"],
    }
    if number % 5 == 1:
        item |= {"TimbreGender": str(item["TimbreGender"]), "AudioNum": str(number), "Newer": True}
    if number % 5 == 2:
        for name in ("TimbreLanguages", "EmotionalCategories", "TimbreDesc", "PurchaseType"):
            item.pop(name, None)
    return item


QUOTA = [
    {"ServiceType": "BroadcastHour", "ExpireDate": "2027-01-01 00:00:00",
     "BroadcastHourInfoDetail": {"OrderMilliseconds": "72000000", "RemainMilliseconds": "3600000"}},
    {"ServiceType": "BroadcastHour", "ExpireDate": "2027-01-01 00:00:00",
     "BroadcastHourInfoDetail": {"OrderMilliseconds": "72000000", "RemainMilliseconds": "3600000"}},
    {"ServiceType": "RealMan2DBroadcastHour", "ExpireDate": "2026-03-11 00:00:00",
     "UniversalHourInfoDetail": {"OrderMilliseconds": 36000, "RemainMilliseconds": 36000}},
    {"ServiceType": "ImageAsset", "ExpireDate": "2027-01-01 00:00:00",
     "InteractConcurrencyInfoDetail": None, "ImageAssetInfoDetail": {"CustomizationNum": 10, "RemainNum": "2"}},
    {"ServiceType": "TimbreAsset", "ExpireDate": "2027-01-01 00:00:00",
     "TimbreAssetInfoDetail": {"CustomizationNum": 0, "RemainNum": 0}},
    {"ServiceType": "RealMan2DBroadcastConcurrency", "ExpireDate": "",
     "RealMan2DBroadcastConcurrencyInfoDetail": {"Concurrency": "5"}},
    {"ServiceType": "HologramMinutes", "ExpireDate": "never", "HologramMinutesInfoDetail": {"Order": 1}},
    {"ServiceType": "HologramHour", "ExpireDate": "2025-12-31 00:00:00",
     "HologramHourInfoDetail": {"OrderMilliseconds": "7200000", "RemainMilliseconds": "7200000"}},
]  # fmt: skip


@dataclass
class Account:
    """What it owns, how it spells it, and what it was asked."""

    avatars: list[Item] = field(default_factory=list)
    voices: list[Item] = field(default_factory=list)
    images: dict[str, list[Item]] = field(default_factory=dict)
    quota: list[Item] = field(default_factory=lambda: deepcopy(QUOTA))
    actions: list[Item] = field(default_factory=list)
    voices_under: str = "TimbreAssets"
    # The avatar that moves to the front once so many pages were answered.
    moving: tuple[int, int] | None = None
    asked: list[tuple[str, Item]] = field(default_factory=list)
    url: str = ""
    app_key: str = "e38267c0e86411ebb02aed82acb0ed99"

    @property
    def env(self) -> dict[str, str]:
        return {"TADH_ENDPOINT": self.url, "TADH_APP_KEY": self.app_key, "TADH_ACCESS_TOKEN": "not-a-token-1234"}

    @property
    def calls(self) -> list[str]:
        """The last parts of the paths asked for, in order."""
        return [path.rpartition("/")[2] for path, _ in self.asked]

    def answer(self, path: str, payload: Item) -> Any:
        """The payload of an answer, or the code of a refusal."""
        self.asked.append((path, payload))
        if path == ASSETS + "describesmallsampleimage":
            return self._page(self._of(self.avatars, payload), payload, "Virtualmans")
        if path == ASSETS + "describetimbre":
            return self._page(self.voices, payload, self.voices_under)
        if path == ASSETS + "getimagebyanchor":
            if payload["VirtualmanTypeCode"] not in self.images:
                return 100002
            return self._page(self._of(self.images[payload["VirtualmanTypeCode"]], payload), payload, "Virtualmans")
        if path == ASSETS + "getanchor":
            found = {each["AnchorCode"]: each for each in self.images.get(payload["VirtualmanTypeCode"], [])}
            anchors = [{**each, "Tag": "Advanced"} for each in found.values()]
            return self._page(self._of(anchors, payload), payload, "Virtualmans")
        if path == ASSETS + "getserviceasset":
            wanted = payload.get("ServiceType")
            found_ = [each for each in self.quota if wanted in (None, each["ServiceType"])]
            return self._page(found_, payload, "ServiceAssetInfos")
        if path in (ASSETS + "getaction", VIDEO + "getaction"):
            return {"Actions": self.actions}
        if path in (ASSETS + "getimagetimbre", VIDEO + "gettimbre"):
            return {"Timbres": self.voices[:3]}
        if path in (VIDEO + "getanchor", VIDEO + "getresourcebyanchor"):
            assert isinstance(payload["GetAllResource"], bool)
            return {"VirtualmanResources": [{"AppKey": "1", "Virtualmans": self.avatars[:2]}, {"AppKey": "2"}]}
        if path == VIDEO + "videomake":
            return {"TaskId": f"1234{len(self.asked)}"}
        if path == VIDEO + "getprogress":
            return {"Status": "SUCCESS", "Progress": 100}
        if path == SESSIONS + "createsessionbyasset":
            return {"ReqId": payload["ReqId"], "SessionId": "m1", "SessionStatus": 3}
        if path == SESSIONS + "listsessionofassetvk":
            return {"ReqId": payload["ReqId"], "Sessions": []}
        return 100001

    def _of(self, items: list[Item], payload: Item) -> list[Item]:
        codes = payload.get("AnchorCodes") or []
        return [item for item in items if not codes or item.get("AnchorCode", item.get("Code")) in codes]

    def _page(self, items: list[Item], payload: Item, name: str) -> Any:
        index, size = payload["PageIndex"], payload["PageSize"]
        if not (isinstance(index, int) and isinstance(size, int) and index >= 1 and 1 <= size <= LARGEST_PAGE):
            return 100002
        found = items[(index - 1) * size : index * size]
        if self.moving and len(self.asked) == self.moving[0]:
            self.avatars.insert(0, self.avatars.pop(self.moving[1]))
        return {name: found, "Total": len(items)}

    def step(self, connection: wire.Connection) -> bool:
        seen = connection.read()
        if seen.method == "GET":
            data = png(1080, 1920, more=300_000)
            connection.send(wire.head(200, {"Content-Length": str(len(data)), "Content-Type": "image/png"}) + data)
            return True
        document = json.loads(seen.body)
        assert set(document) == {"Header", "Payload"} and seen.query["appkey"] == self.app_key
        answer = self.answer(seen.path, document["Payload"])
        refusal = answer if isinstance(answer, int) else 0
        header = {"Code": refusal, "Message": "No.Thanks:no" if refusal else "", "RequestID": "req-1"}
        # In ASCII: so even half a surrogate pair can be said.
        body = json.dumps({"Header": header, "Payload": {} if refusal else answer}).encode()
        connection.send(wire.head(200, {"Content-Length": str(len(body))}) + body)
        return True


@contextmanager
def account(avatars: int = 250, voices: int = 230) -> Iterator[Account]:
    """An account at a port of this machine, for the length of a block."""
    owner = Account()
    with wire.serving(owner.step) as server:
        owner.url = server.url
        owner.avatars = [_avatar(number, server.url) for number in range(avatars)]
        owner.voices = [_voice(number) for number in range(voices)]
        premium = [{**_avatar(5000 + 5 * number, server.url), "VirtualmanType": "2D Premium",
                    "VirtualmanTypeCode": "real_man_2d", "OriginZoom": "0.567"} for number in range(120)]  # fmt: skip
        for item in premium:
            del item["OriginZoomStr"]
        owner.images = {"real_man_2d": premium, "real_man_3d": [], "half_realistic_3d": []}
        yield owner
