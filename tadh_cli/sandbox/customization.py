"""Customization of avatars and voices, and the inspections of recordings before it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from tadh_cli.sandbox import account, ssml, stages
from tadh_cli.sandbox.catalogue import date, hex_key
from tadh_cli.sandbox.jobs import File, JobFailed
from tadh_cli.sandbox.limits import COMPANIONS, MATERIAL, RECORDINGS, Limit
from tadh_cli.sandbox.offspring import TYPE_CODES, avatar_key, own_avatars, voice_key
from tadh_cli.sandbox.orders import local_file
from tadh_cli.sandbox.refusals import Refusal, bad_value, missing
from tadh_cli.sandbox.service import Call, Handler, Service
from tadh_cli.sandbox.stages import Customization, Inspection, Stage
from tadh_cli.sandbox.wire import Json

TEXTS = (
    "Among the more than 300 products with discounts, meat snacks are what most people put into their baskets first.",
    "The train to the coast leaves at nine in the morning and arrives just before the rain begins.",
    "今天的天气非常好，我们一起去公园散步，顺便看看湖边新开的花。",
    "人工智能正在改变我们的生活方式，也给每一个行业带来了新的机会。",
)


def make(service: Service, call: Call) -> dict[str, Json]:
    """make."""
    payload = call.payload
    name = payload["AnchorName"]
    if any(made.name == name and _is_in_use(made, call.now) for made in service.customizations.values()):
        raise Refusal(110005, "FailedOperation.RecordExists", f"AnchorName {name} already exists")
    if payload.get("TextDriver"):
        ssml.check(payload["TextDriver"], "TextDriver")
    for parameter, limit in _limits(payload).items():
        _check_folder(service, parameter, payload[parameter], limit)
    if payload["MakeType"] == "ZERO_SHOT_VOICE":
        _check_audio_id(service, payload["AudioId"], call.now)
    account.take_customization(service, payload["MakeType"], call.now)
    made = Customization(service.new_id(), payload["MakeType"], name, payload, call.now)
    service.customizations.put(made.id, made)
    service.studio.audit(made)
    return {"TaskId": made.id}


def files(service: Service, made: Customization) -> tuple[File, ...]:
    """What there is to audit; raises JobFailed for what can't be had."""
    return tuple(_file(service, role, made.payload[role], limit) for role, limit in _limits(made.payload).items())


def recording(service: Service, made: Inspection) -> File:
    """What there is to listen to; raises JobFailed where it can't be had."""
    return _file(service, "AudioUrl", made.url, RECORDINGS[made.edition])


def _file(service: Service, role: str, url: str, limit: Limit) -> File:
    try:
        return File(role, _key(url).rpartition("/")[2], local_file(service, url), limit)
    except JobFailed as error:
        raise JobFailed(error.code, f"{role}: {error.message}") from None


def _limits(payload: dict[str, Json]) -> dict[str, Limit]:
    """The limits of the files that a request names, by parameter; of material that needs none there is none."""
    material = MATERIAL.get(payload["MakeType"])
    wanted = {**({"MaterialCosUrl": material} if material else {}), **COMPANIONS}
    return {parameter: limit for parameter, limit in wanted.items() if payload.get(parameter)}


def _check_folder(service: Service, parameter: str, url: str, limit: Limit) -> None:
    """Uploads belong into folders by purpose, directly below the PathPrefix; of other hosts nothing is known yet."""
    parts = urlsplit(url)
    if not limit.folder or f"{parts.scheme}://{parts.netloc}" != service.links.base_url:
        return
    folder, _, name = _key(url).rpartition("/")
    if not name or not any(folder == f"{grant.prefix}{limit.folder}" for grant in service.grants.values()):
        raise bad_value(parameter, f"{parameter} is not a file in {limit.folder}/ below the PathPrefix: {parts.path}")


def _is_in_use(made: Customization, now: float) -> bool:
    """Whether its name and its recording are taken: what failed gives them back."""
    return stages.stage(made, now).status != "FAIL"


def _key(url: str) -> str:
    return unquote(urlsplit(url).path).removeprefix("/")


def _check_audio_id(service: Service, audio_id: str, now: float) -> None:
    passed = (
        made
        for made in service.inspections.values()
        if made.edition == "ultra"
        and _audio_id(made) == audio_id
        and stages.inspection_state(made, now) == "SUCCESS"
        and stages.detection(made)[0] == 0
    )
    if next(passed, None) is None:
        raise bad_value("AudioId", f"AudioId {audio_id} is not that of a recording that passed the inspection")
    for made in service.customizations.values():
        if made.payload.get("AudioId") == audio_id and _is_in_use(made, now):
            raise Refusal(110005, "FailedOperation.RecordExists", f"AudioId {audio_id} was used for {made.name}")


def tell(service: Service, call: Call) -> dict[str, Json]:
    """getprogress of the custom service."""
    made = _known(service, call)
    at = stages.stage(made, call.now)
    answer: dict[str, Json] = {
        "Status": at.status,
        "FailMessage": made.flaw if at.status == "FAIL" else "",
        "StageV2": at.stage,
        "StatusV2": at.state,
        "StageInfo": _confirmation(service, made, at) if at.wants_decision else "",
    }
    if at.status == "SUCCESS" and made.make_type in stages.UNCONFIRMED:
        answer["AssetList"] = [_asset(service, made, call.now)]
    return answer


def _confirmation(service: Service, made: Customization, at: Stage) -> str:
    """What there is to be confirmed: JSON in a string."""
    kind = "mp4" if made.is_image else "mp3"
    urls = [f"{service.links.base_url}/samples/customizations/{made.id}/{n}.{kind}" for n in range(len(at.trainings))]
    too_often = len(made.rejected) >= stages.MOST_TRAININGS
    info: dict[str, Any] = {
        "TrainResult": urls[-1:],
        "RejectReason": f"the result was trained {stages.MOST_TRAININGS} times already" if too_often else "",
    }
    if len(urls) > 1:
        earlier = zip(at.trainings[:-1], urls[:-1], strict=True)
        info["TrainRecord"] = [{"StartTime": date(start), "Record": [url]} for start, url in earlier]
    return json.dumps(info, ensure_ascii=False)


def _asset(service: Service, made: Customization, now: float) -> dict[str, Json]:
    if not made.is_image:
        key = voice_key(made)
        sample = f"{service.links.base_url}/samples/voices/{key}.mp3"
        return {"TimbreKey": key, "TimbreSample": sample, "MakeType": made.make_type}
    avatar = next(avatar for avatar in own_avatars([made], now))
    return {
        "VirtualmanTypeCode": TYPE_CODES[made.make_type],
        "VirtualmanKey": avatar_key(made),
        "Resolution": avatar.resolution,
        "OriginZoom": f"{avatar.zoom:.3f}",
        "VirtualmanResourceId": int(hex_key("resource", made.id)[:7], 16),
        "MakeType": made.make_type,
    }


def decide(service: Service, call: Call) -> dict[str, Json]:
    """customerconfirm."""
    made = _known(service, call)
    if not stages.stage(made, call.now).wants_decision:
        raise bad_value("TaskId", f"task {made.id} is not waiting for a confirmation")
    if call.payload["Operate"] == "AGREE":
        service.customizations.change(made.id, agreed=call.now)
    else:
        service.customizations.change(made.id, rejected=[*made.rejected, call.now])
    return {}


def _known(service: Service, call: Call) -> Customization:
    made = service.customizations.get(call.payload["TaskId"])
    if made is None:
        raise missing("TaskId", call.payload["TaskId"])
    return made


# Inspections -------------------------------------------------------------------------------------------


def inspect_basic(service: Service, call: Call) -> dict[str, Json]:
    """audioevaluation."""
    return _inspect(service, call, "basic", call.payload.get("ReferenceText") or "")


def inspect_ultra(service: Service, call: Call) -> dict[str, Json]:
    """detectaudioquality."""
    _check_folder(service, "AudioUrl", call.payload["AudioUrl"], RECORDINGS["ultra"])
    text_id = call.payload.get("TextId")
    if text_id and text_id not in _texts(service):
        raise bad_value("TextId", f"TextId {text_id} is not one of gettext")
    reference = _texts(service)[text_id] if text_id else call.payload.get("ReferenceText") or ""
    return _inspect(service, call, "ultra", reference)


def _inspect(service: Service, call: Call, edition: str, reference: str) -> dict[str, Json]:
    made = Inspection(service.new_id(), edition, call.payload["AudioUrl"], reference, call.now)
    service.inspections.put(made.id, made)
    service.studio.inspect(made)
    return {"TaskId": made.id}


def tell_basic(service: Service, call: Call) -> dict[str, Json]:
    """getaudioevaluationstate; the state's name differs between table and sample."""
    made = _inspected(service, call, "basic")
    state = stages.inspection_state(made, call.now)
    answer: dict[str, Json] = {"Status" if service.follows_samples else "TaskState": state, "ErrorMsg": ""}
    if state == "SUCCESS":
        answer["Result"] = stages.metrics(made)
    if state == "FAIL":
        answer["ErrorMsg"] = made.flaw
    return answer


def tell_ultra(service: Service, call: Call) -> dict[str, Json]:
    """getdetectprogress: a recording that did not pass is a task that did."""
    made = _inspected(service, call, "ultra")
    state = stages.inspection_state(made, call.now)
    if state == "PROCESSING":
        return {"TaskState": state, "AudioId": "", "DetectionCode": 0, "DetectionMsg": ""}
    code, message = stages.detection(made)
    audio_id = _audio_id(made) if code == 0 else ""
    return {"TaskState": state, "AudioId": audio_id, "DetectionCode": code, "DetectionMsg": message}


def _inspected(service: Service, call: Call, edition: str) -> Inspection:
    made = service.inspections.get(call.payload["TaskId"])
    if made is None or made.edition != edition:
        raise missing("TaskId", call.payload["TaskId"])
    return made


def _audio_id(made: Inspection) -> str:
    return hex_key("audio", made.id)


def texts(service: Service, _call: Call) -> dict[str, Json]:
    """gettext."""
    return {"Texts": [{"TextId": id, "Text": text} for id, text in _texts(service).items()]}


def _texts(service: Service) -> dict[str, str]:
    return {hex_key(service.seed, "text", number): text for number, text in enumerate(TEXTS)}


HANDLERS: dict[str, Handler] = {
    "customization.create": make,
    "customization.get": tell,
    "customization.confirm": decide,
    "basic-check.create": inspect_basic,
    "basic-check.get": tell_basic,
    "voice.texts": texts,
    "ultra-check.create": inspect_ultra,
    "ultra-check.get": tell_ultra,
}
