"""What the account has bought: hours that productions use up, slots, customizations."""

from __future__ import annotations

from tadh_cli.providers.tencent.terms import SERVICE_TYPES
from tadh_cli.sandbox import progress
from tadh_cli.sandbox.catalogue import DAY_S, date
from tadh_cli.sandbox.offspring import TYPE_CODES
from tadh_cli.sandbox.refusals import Refusal, bad_value
from tadh_cli.sandbox.service import Call, Handler, Service
from tadh_cli.sandbox.stages import stage
from tadh_cli.sandbox.wire import Json

# "For each avatar type, each user is allowed to process up to 5 video production tasks"; "only one audio".
VIDEO_SLOTS, AUDIO_SLOTS = 5, 1
SESSION_SLOTS = 3
CUSTOMIZATIONS = 10
HOUR_MS = 3_600_000
ORDERED_MS = 20 * HOUR_MS

# The first part of the service types that belong to each type of avatar.
_PREFIXES = {
    "small_sample_2d": "",
    "small_sample_general_2d": "SmallSampleGeneral2D",
    "small_sample_4k_2d": "SmallSample4K2D",
    "small_sample_photo_2d": "SmallSamplePhoto2D",
    "real_man_2d": "RealMan2D",
    "real_man_3d": "RealMan3D",
    "half_realistic_3d": "RealMan3D",
    "cartoon_3d": "RealMan3D",
}
_AUDIO_HOURS = "TimbreHour"
_OF_MAKE_TYPE = {
    "VOICE": "TimbreAsset",
    "ZERO_SHOT_VOICE": "ZeroShotTimbreAsset",
    **{made: f"{_PREFIXES[code]}ImageAsset" for made, code in TYPE_CODES.items()},
}
# Types of the documentation's answer beside those of its appendix.
_UNIVERSAL = ("UniversalAsset", "UniversalConcurrency", "UniversalHour")


def hours_type(type_code: str) -> str:
    """The service type whose hours a production uses."""
    return f"{_PREFIXES[type_code]}BroadcastHour" if type_code else _AUDIO_HOURS


def remaining_ms(service: Service, service_type: str, now: float) -> int:
    """What is left of the hours of a type."""
    users = (task for task in service.tasks.values() if hours_type(task.type_code) == service_type)
    return max(0, ORDERED_MS - progress.spent_ms(users, now))


def take_slot(service: Service, type_code: str, now: float) -> None:
    """Refuse a production for which there is no slot."""
    limit = VIDEO_SLOTS if type_code else AUDIO_SLOTS
    same = (task for task in service.tasks.values() if task.type_code == type_code)
    if progress.running(same, now) >= limit:
        what = "video" if type_code else "audio"
        raise Refusal(
            100008,
            "LimitExceeded.Quota",
            f"Quota exceeded: the number of {what} production submissions exceeds the limit: {limit}.",
        )


def take_time(service: Service, type_code: str, estimate_s: float, now: float) -> None:
    """Refuse a production that is longer than what is left."""
    if remaining_ms(service, hours_type(type_code), now) < estimate_s * 1000:
        raise Refusal(
            100013,
            "ResourceInsufficient.HourPackage",
            f"No valid hourly package was found or insufficient hourly package balance ({hours_type(type_code)}).",
        )


def customizations_left(service: Service, service_type: str, now: float) -> int:
    """How many customizations of a type are left; those that failed are given back."""
    used = sum(
        _OF_MAKE_TYPE[made.make_type] == service_type and stage(made, now).status != "FAIL"
        for made in service.customizations.values()
    )
    return max(0, CUSTOMIZATIONS - used)


def take_customization(service: Service, make_type: str, now: float) -> None:
    """Refuse a customization beyond those bought."""
    if not customizations_left(service, _OF_MAKE_TYPE[make_type], now):
        raise Refusal(100008, "LimitExceeded.Quota", f"the quota of {_OF_MAKE_TYPE[make_type]} has been used up")


def quota(service: Service, call: Call) -> dict[str, Json]:
    """getserviceasset: one record for each type, or for the one that is asked for."""
    wanted = call.payload.get("ServiceType")
    types = [*SERVICE_TYPES, *_UNIVERSAL]
    if wanted and wanted not in types:
        raise bad_value("ServiceType", f"ServiceType {wanted} is not a service asset type")
    assets = [_asset(service, name, call.now) for name in types if wanted in (None, "", name)]
    return page(assets, call, "ServiceAssetInfos")


def page(items: list[dict[str, Json]], call: Call, name: str) -> dict[str, Json]:
    """One page of a list, and how many there are in all."""
    size = call.payload["PageSize"]
    first = (call.payload["PageIndex"] - 1) * size
    return {name: items[first : first + size], "Total": len(items)}


def _asset(service: Service, name: str, now: float) -> dict[str, Json]:
    if name.endswith("Hour"):
        left = ORDERED_MS if name == "UniversalHour" else remaining_ms(service, name, now)
        detail: dict[str, Json] = {"OrderMilliseconds": ORDERED_MS, "RemainMilliseconds": left}
    elif name.endswith("Asset"):
        left = customizations_left(service, name, now)
        detail = {"CustomizationNum": CUSTOMIZATIONS, "RemainNum": left}
    else:
        slots = SESSION_SLOTS if name.endswith("InteractConcurrency") else VIDEO_SLOTS
        detail = {"Concurrency": slots}
    # Some run out soon: an operator has to see that.
    days = 10 if name in ("RealMan3DBroadcastHour", "SmallSample4K2DInteractConcurrency") else 365
    epoch: float = service.state.note("epoch")
    key = _DETAIL_OF.get(name, name)
    return {"ServiceType": name, "ExpireDate": date(epoch + days * DAY_S), f"{key}InfoDetail": detail}


# The documentation's sample pairs this type with the figures of another.
_DETAIL_OF = {"RealMan2DBroadcastHour": "UniversalHour"}

HANDLERS: dict[str, Handler] = {"assets.quota": quota}
