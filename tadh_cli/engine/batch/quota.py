"""What the account has left to make videos with."""

from __future__ import annotations

from collections.abc import Mapping

from tadh_cli.engine.client import Client
from tadh_cli.errors import TadhError

# A courtesy does not hold up what it is about.
_TIMEOUT_S = 5.0
_MS_OF_HOUR = 3_600_000


def hours_left(client: Client) -> Mapping[str, float] | None:
    """Hours by the type of service asset, of those for videos; None when they can't be had now."""
    try:
        operation = client.provider.operation("assets.quota")
        question = client.prepare(operation, {"PageIndex": 1, "PageSize": 100})
        answer = client.send(question, attempts=1, timeout_s=_TIMEOUT_S)
    except (KeyError, TadhError):
        return None
    found: dict[str, float] = {}
    for asset in answer.get("ServiceAssetInfos") or ():
        # The name of the object need not be that of the type.
        details = [value for key, value in asset.items() if key.endswith("Detail") and isinstance(value, Mapping)]
        left = next((value["RemainMilliseconds"] for value in details if "RemainMilliseconds" in value), None)
        if isinstance(left, (int, float)) and str(asset.get("ServiceType", "")).endswith("BroadcastHour"):
            found[str(asset["ServiceType"])] = found.get(str(asset["ServiceType"]), 0.0) + left / _MS_OF_HOUR
    return found
