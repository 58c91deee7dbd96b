"""What customizations and inspections of recordings came to, in the fields of task records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

# What to do about a customization that failed, by the stage in which it did.
_REFUSED = "correct what the reason names, check the files with `tadh avatar check`, and submit it again"
_BROKEN = "submit it again; if that fails too, ask the service's support with the id of the task"
# Audio Quality Inspection of the ultra edition, DetectionCode.
DETECTIONS = {
    0: ("the recording passed", ""),
    -1: ("the inspection failed", "try again, or record again"),
    -2: ("the text was misread", "read the text exactly as it stands, without pauses in words, and record again"),
    -3: ("there is too much noise", "record again in a quiet room, close to the microphone, without echo or music"),
}
_METRICS = {
    "Snr": ("signal-to-noise ratio", "record in a quieter room"),
    "C50": ("reverberation", "record in a room with curtains and carpets, close to the microphone"),
    "Clipping": ("clipping", "lower the recording level"),
    "Duration": ("duration in seconds", "record more: 10 minutes of speech at least"),
    "Wer": ("share of the text read right", "read exactly the text that is given"),
}
# The service's ends of ranges that have none.
_ENDLESS = 2_147_000_000.0


def tell_customization(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The demo to confirm, earlier demos, and the keys of what was made, out of StageInfo and AssetList."""
    info = _stage_info(str(answer.get("StageInfo") or ""))
    told: dict[str, Any] = {
        "DemoUrls": _texts(info.get("TrainResult")),
        "RejectReason": str(info.get("RejectReason") or ""),
        "TrainRecord": [record for record in _list(info.get("TrainRecord")) if isinstance(record, Mapping)],
    }
    for asset in _list(answer.get("AssetList")):
        for name in ("VirtualmanKey", "TimbreKey", "Resolution", "TimbreSample"):
            told.setdefault(name, asset.get(name))
    if answer.get("Status") == "FAIL":
        told["Advice"] = _REFUSED if answer.get("StageV2") in ("SUBMIT", "AUDIT") else _BROKEN
    return {**answer, **{name: value for name, value in told.items() if value}}


def _stage_info(text: str) -> Mapping[str, Any]:
    """The JSON in the string; empty for what is not, also where it was escaped once too often."""
    for attempt in (text, text.replace('\\"', '"')):
        try:
            info = json.loads(attempt)
        except (ValueError, RecursionError):
            continue
        if isinstance(info, Mapping):
            return info
    return {}


def tell_basic_check(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Each metric beside its qualified range, and whether all of them are in theirs."""
    told = {**answer, "Status": answer.get("TaskState", "")}
    result = answer.get("Result")
    if answer.get("TaskState") != "SUCCESS":
        told["FailMessage"] = answer.get("ErrorMsg") or ""
        return told
    result = result if isinstance(result, Mapping) else {}
    metrics = list(_metrics(result))
    failed = [metric for metric in metrics if not metric["Passed"]]
    told |= {"Passed": bool(metrics) and not failed, "Metrics": metrics}
    if details := _list(result.get("AlignDetails")):
        told["Alignment"] = [_list(detail.get("Detail")) for detail in details if isinstance(detail, Mapping)]
    if not metrics:
        told["FailMessage"] = "the service gave no metrics"
    elif failed:
        told["FailMessage"] = "not passed: " + ", ".join(_out_of_range(metric) for metric in failed)
        told["Advice"] = "; ".join(_METRICS[metric["Metric"]][1] for metric in failed)
    return told


def _metrics(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, (meaning, _) in _METRICS.items():
        metric = result.get(name)
        # The accuracy of the reading is only valid when the text was given.
        if not isinstance(metric, Mapping) or (name == "Wer" and not result.get("AlignDetails")):
            continue
        value, limits = metric.get("Value"), _list(metric.get("QualifiedRange"))
        if not isinstance(value, (int, float)) or len(limits) != 2:
            continue
        yield {
            "Metric": name,
            "Meaning": meaning,
            "Value": value,
            "QualifiedRange": limits,
            "Qualified": _span(limits),
            "Passed": limits[0] <= value <= limits[1],
        }


def _out_of_range(metric: Mapping[str, Any]) -> str:
    return f"{metric['Metric']} ({metric['Meaning']}) is {metric['Value']:g}, qualified is {metric['Qualified']}"


def _span(limits: list[float]) -> str:
    """A qualified range in words; its ends may be open."""
    low, high = limits
    if high >= _ENDLESS:
        return f"{low:g} or more"
    return f"{high:g} or less" if low <= -_ENDLESS else f"{low:g} to {high:g}"


def tell_ultra_check(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whether the recording can be cloned, and what to do if it can't; DetectionCode 0 may be left out."""
    state, code = answer.get("TaskState", ""), answer.get("DetectionCode") or 0
    told = {**answer, "Status": state}
    if state not in ("SUCCESS", "FAIL"):
        return told
    passed = state == "SUCCESS" and code == 0 and bool(answer.get("AudioId"))
    told["Passed"] = passed
    if not passed:
        unknown = (f"the inspection ended with code {code}", "record again")
        meaning, advice = DETECTIONS.get(-1 if code == 0 else code, unknown)
        said = str(answer.get("DetectionMsg") or "")
        told["FailMessage"] = f"{meaning}: {said}" if said and meaning else said or meaning
        told["Advice"] = advice
    return told


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [str(item) for item in _list(value) if item]
