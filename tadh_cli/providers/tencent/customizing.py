"""From the options of an avatar, a voice or an inspection to the request for it."""

from __future__ import annotations

from collections.abc import Mapping

from tadh_cli.api.customization import (
    AVATAR_TYPES,
    VOICE_EDITIONS,
    AvatarCustomization,
    Customization,
    RecordingCheck,
    VoiceClone,
)
from tadh_cli.api.options import options
from tadh_cli.api.production import Attachment, Names, Order
from tadh_cli.providers.tencent.customization import BASIC_CHECK_CREATE, CREATE, ULTRA_CHECK_CREATE
from tadh_cli.providers.tencent.options import names_of, values_of

# Where each option goes in the request.
_CUSTOMIZATION = {
    "name": "AnchorName",
    "gender": "SexType",
    "identity_video": "IdentityCosUrl",
    "identity_pdf": "IdentityWrittenCosUrl",
    "notes": "Notes",
    "demo_text": "TextDriver",
    "demo_audio": "VoiceDriverCosFile",
}
_AVATAR = {
    **_CUSTOMIZATION,
    "type": "MakeType",
    "material": "MaterialCosUrl",
    "keep_background": "IsHaveBackground",
}
_VOICE = {**_CUSTOMIZATION, "edition": "MakeType", "material": "MaterialCosUrl", "audio_id": "AudioId"}
_CHECK = {"text": "ReferenceText", "text_id": "TextId"}
# What the files have to be; the material's role depends on what is made of it.
_ROLES = {"identity_video": "identity-video", "identity_pdf": "identity-pdf", "demo_audio": "demo-audio"}


def customization_order(chosen: Customization) -> Order:
    """The call that makes an avatar or a voice."""
    problems: list[str] = []
    if isinstance(chosen, VoiceClone):
        return _order(chosen, _VOICE, "voice-zip", [*_editions_apart(chosen)])
    assert isinstance(chosen, AvatarCustomization)
    role = _friendly(AVATAR_TYPES, chosen.type) if chosen.type else ""
    return _order(chosen, _AVATAR, role, problems)


def _order(chosen: VoiceClone | AvatarCustomization, paths: Mapping[str, str], role: str, problems: list[str]) -> Order:
    values = values_of(chosen, paths, problems)
    if chosen.demo_text and chosen.demo_audio:
        problems.append("--demo-text and --demo-audio exclude each other")
    material = values.get("MaterialCosUrl")
    if isinstance(material, tuple):
        values["MaterialCosUrl"] = material[0]
    flags, words = names_of(chosen, paths)
    roles = {**_ROLES, **({"material": role} if role else {})}
    attachments = tuple(
        Attachment(paths[name], flags[paths[name]], kind) for name, kind in roles.items() if paths[name] in values
    )
    return Order(CREATE, values, Names(flags, words), tuple(problems), attachments)


def _friendly(words: Mapping[str, str], given: str) -> str:
    return next((name for name, wire in words.items() if given.lower() in (name, wire.lower())), "")


def _editions_apart(chosen: VoiceClone) -> list[str]:
    """Options of the other edition are mistakes, not to be ignored."""
    edition = _friendly(VOICE_EDITIONS, chosen.edition or "")
    known = {name: option.flag for name, option in options(chosen)}
    foreign = {"basic": ("audio", "audio_id", "text_id"), "ultra": ("material",)}.get(edition, ())
    problems = [f"{known[name]} does not belong to --edition {edition}" for name in foreign if getattr(chosen, name)]
    if edition == "ultra" and bool(chosen.audio) == bool(chosen.audio_id):
        problems.append("--edition ultra needs exactly one of --audio and --audio-id")
    if chosen.audio_id and chosen.text_id:
        problems.append("--text-id belongs to --audio: a recording with an id has been inspected already")
    return problems


def check_order(chosen: RecordingCheck) -> Order:
    """The call that inspects a recording for an edition."""
    problems: list[str] = []
    edition = _friendly(VOICE_EDITIONS, chosen.edition or "")
    if chosen.edition is None:
        problems.append("--edition is required: basic or ultra")
    elif not edition:
        problems.append(f"--edition {chosen.edition!r} is not one of {', '.join(VOICE_EDITIONS)}")
    if edition == "basic" and chosen.text_id:
        problems.append("--text-id needs --edition ultra")
    values = values_of(chosen, _CHECK, problems)
    if edition != "ultra":
        values.pop("TextId", None)
    values["AudioUrl"] = chosen.recording
    flags, words = names_of(chosen, _CHECK)
    is_ultra = edition == "ultra"
    attachment = Attachment("AudioUrl", chosen.source, "ultra" if is_ultra else "voice-wav")
    return Order(
        ULTRA_CHECK_CREATE if is_ultra else BASIC_CHECK_CREATE,
        values,
        Names({**flags, "AudioUrl": chosen.source}, words),
        tuple(problems),
        (attachment,),
    )
