"""Videos and audios: taking an order, and telling where it stands."""

from __future__ import annotations

from random import Random

from tadh_cli.sandbox import account, progress, ssml
from tadh_cli.sandbox.catalogue import WITHDRAWN_AFTER_S, Avatar
from tadh_cli.sandbox.faults import Fault
from tadh_cli.sandbox.progress import Task
from tadh_cli.sandbox.refusals import Refusal, bad_value, missing, unknown
from tadh_cli.sandbox.service import Call, Handler, Service
from tadh_cli.sandbox.voices import VoiceEntry
from tadh_cli.sandbox.wire import Json

# What a video that a sound drives is taken to last until the sound was read.
UNKNOWN_LENGTH_S = 10.0


def make_audio(service: Service, call: Call) -> dict[str, Json]:
    """tts."""
    payload = call.payload
    voice = _voice_of_audio(service, call)
    _check_emotion(voice, payload, "")
    words = ssml.check(payload["InputSsml"])
    task = _task(service, call, "audio.create", ssml.seconds(words, payload["Speed"]), voice=voice.key)
    return {"TaskId": _accept(service, call, task)}


def make_video(service: Service, call: Call) -> dict[str, Json]:
    """videomake."""
    return {"TaskId": _accept(service, call, _video(service, call, "video.create"))}


def make_advanced_video(service: Service, call: Call) -> dict[str, Json]:
    """videomakeadvanced; its sample answers TaskID, its table TaskId."""
    id = _accept(service, call, _video(service, call, "video.create-advanced"))
    return {"TaskID" if service.follows_samples else "TaskId": id}


def _video(service: Service, call: Call, operation: str) -> Task:
    payload = call.payload
    avatar = usable_avatar(service, payload["VirtualmanKey"], call.now)
    driver = payload.get("DriverType") or "Text"
    if driver not in avatar.drivers:
        raise bad_value("DriverType", f"the avatar does not support the driver type {driver}")
    speech = payload["SpeechParam"]
    voice = _known_voice(service, speech.get("TimbreKey") or avatar.voice, call.now)
    _check_emotion(voice, speech, "SpeechParam.")
    length_s = UNKNOWN_LENGTH_S
    if driver == "Text":
        length_s = ssml.seconds(ssml.check(payload["InputSsml"]), speech["Speed"])
    return _task(service, call, operation, length_s, voice=voice.key, avatar=avatar)


def usable_avatar(service: Service, key: str, now: float) -> Avatar:
    """The avatar of a key; raises the refusal of one that does not exist or has expired."""
    avatar = service.avatar(key, now)
    if avatar is None:
        raise Refusal(100016, "ResourceNotFound.VirtualmanKey", f"No avatar assets were found for {key}.")
    if now - avatar.expires > WITHDRAWN_AFTER_S:
        raise Refusal(110007, "FailedOperation.VirtualmanKeyExpired", "The virtualmankey has expired.")
    if now > avatar.expires:
        raise Refusal(100015, "FailedOperation.VirtualmanExpired", "The digital human avatar has expired.")
    return avatar


def _voice_of_audio(service: Service, call: Call) -> VoiceEntry:
    """The voice that is named, else the avatar's own."""
    if key := call.payload.get("TimbreKey"):
        return _known_voice(service, key, call.now)
    return _known_voice(service, usable_avatar(service, call.payload["VirtualmanKey"], call.now).voice, call.now)


def _known_voice(service: Service, key: str, now: float) -> VoiceEntry:
    voice = service.voice(key, now)
    if voice is None or (voice.expires is not None and voice.expires < now):
        raise unknown("TimbreKey", key)
    return voice


def _check_emotion(voice: VoiceEntry, settings: dict[str, Json], prefix: str) -> None:
    emotion = settings.get("EmotionCategory")
    if emotion and emotion not in voice.emotions:
        known = ", ".join(voice.emotions) or "none"
        raise bad_value(f"{prefix}EmotionCategory", f"{voice.key} does not support {emotion}, it supports {known}")


def _task(
    service: Service, call: Call, operation: str, length_s: float, *, voice: str, avatar: Avatar | None = None
) -> Task:
    id = service.new_id()
    return Task(
        id=id,
        kind="video" if avatar else "audio",
        operation=operation,
        type_code=avatar.type_code if avatar else "",
        avatar=avatar.key if avatar else call.payload.get("VirtualmanKey") or "",
        voice=voice,
        payload=call.payload,
        accepted=call.now,
        queue_s=round(Random(id).uniform(1.6, 2.4), 3),
        estimate_s=length_s,
    )


def _accept(service: Service, call: Call, task: Task) -> str:
    account.take_time(service, task.type_code, task.estimate_s, call.now)
    account.take_slot(service, task.type_code, call.now)
    doomed = _doomed(task, call.fault)
    service.tasks.put(task.id, doomed or task)
    if not doomed:
        service.studio.produce(task)
    return task.id


def _doomed(task: Task, fault: Fault | None) -> Task | None:
    """The task as a fault wants it: it fails when it would have been ready."""
    if fault is None or fault.kind != "task_fail":
        return None
    return progress.failing(task, fault.value, fault.message or "Internal system error")


def tell(service: Service, call: Call) -> dict[str, Json]:
    """getprogress of the broadcast service."""
    id = call.payload["TaskId"]
    task = service.tasks.get(id)
    if task is None:
        raise missing("TaskId", id)
    at = progress.standing(task, call.now)
    answer: dict[str, Json] = {
        "Progress": at.progress,
        "MediaUrl": "",
        "SubtitlesUrl": "",
        "Status": at.status,
        "ArrayCount": at.ahead,
        "FailCode": 0,
        "FailMessage": "",
        "Duration": 0,
    }
    if at.status == "FAIL":
        answer |= {"FailCode": task.fail_code, "FailMessage": task.fail_message}
    if at.status == "SUCCESS":
        answer |= result(service, task, call.now)
    return answer


def result(service: Service, task: Task, now: float) -> dict[str, Json]:
    """What there is to fetch, with links that work from now on for a while."""
    found: dict[str, Json] = {
        "MediaUrl": service.links.link(f"/media/{task.media}", now),
        "Duration": task.duration_ms,
    }
    if task.subtitles:
        found["SubtitlesUrl"] = service.links.link(f"/media/{task.subtitles}", now)
    if task.kind == "audio":
        found["TextTimestampResult"] = task.timestamps
    return found


HANDLERS: dict[str, Handler] = {
    "audio.create": make_audio,
    "video.create": make_video,
    "video.create-advanced": make_advanced_video,
    "video.get": tell,
}
