"""Where customizations and inspections stand: pure functions of what is stored and of the virtual time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from tadh_cli.sandbox.reading import reading

# Virtual seconds that each stage waits and works, in this order.
SUBMIT = (2.0, 3.0)
AUDIT = (4.0, 10.0)
PROCESS = (2.0, 12.0)
TRAIN = (2.0, 40.0)
# "PROCESS: only applicable for avatar customization; CONFIRM: not applicable for photo customization"; the ultra
# edition's documentation has no confirmation either.
IMAGES = ("IMAGE", "IMAGE_GENERAL", "IMAGE_4K", "IMAGE_PHOTO")
UNCONFIRMED = ("IMAGE_PHOTO", "ZERO_SHOT_VOICE")
# After so many trainings a rejection is not accepted any more.
MOST_TRAININGS = 3


@dataclass(frozen=True)
class Customization:
    """An avatar or a voice in the making."""

    id: str
    make_type: str
    name: str
    payload: dict[str, Any]
    accepted: float
    # When its files had been inspected, why they can't be used, and how large the pictures of the material are.
    audited: float | None = None
    flaw: str = ""
    resolution: str = ""
    # Virtual moments of rejections, and of the agreement.
    rejected: list[float] = field(default_factory=list)
    agreed: float | None = None

    @property
    def is_image(self) -> bool:
        return self.make_type in IMAGES


@dataclass(frozen=True)
class Stage:
    """What the progress query tells."""

    status: str
    stage: str
    state: str
    # Trainings that came to an end, and their beginnings.
    trainings: tuple[float, ...] = ()

    @property
    def wants_decision(self) -> bool:
        return (self.status, self.stage, self.state) == ("MAKING", "CONFIRM", "WAIT_PROCESS")


def stage(made: Customization, now: float) -> Stage:
    """Walk through the documented stages up to now."""
    moment = made.accepted
    steps = [("SUBMIT", SUBMIT), ("AUDIT", AUDIT), *([("PROCESS", PROCESS)] if made.is_image else [])]
    for name, (waiting_s, working_s) in steps:
        if now < moment + waiting_s:
            return Stage("MAKING", name, "WAIT_PROCESS")
        moment += waiting_s + working_s
        if name == "AUDIT":
            moment = max(moment, math.inf if made.audited is None else made.audited)
        if now < moment:
            return Stage("MAKING", name, "PROCESSING")
        if name == "AUDIT" and made.flaw:
            return Stage("FAIL", name, "FAIL")
    return _training(made, moment, now)


def _training(made: Customization, moment: float, now: float) -> Stage:
    done: list[float] = []
    for start in (moment, *made.rejected[: MOST_TRAININGS - 1]):
        if now < start + TRAIN[0]:
            return Stage("MAKING", "TRAIN", "WAIT_PROCESS", tuple(done))
        if now < start + sum(TRAIN):
            return Stage("MAKING", "TRAIN", "PROCESSING", tuple(done))
        done.append(start)
    if made.make_type in UNCONFIRMED or made.agreed is not None:
        return Stage("SUCCESS", "END", "SUCCESS", tuple(done))
    return Stage("MAKING", "CONFIRM", "WAIT_PROCESS", tuple(done))


@dataclass(frozen=True)
class Inspection:
    """The check of a recording; `heard` is when its sound had been read."""

    id: str
    edition: str
    url: str
    # What is to be read in it, empty where that is not known.
    reference: str
    accepted: float
    heard: float | None = None
    flaw: str = ""
    speech_s: float = 0.0
    snr_db: float = 0.0
    c50_db: float = 0.0
    clipping: float = 0.0


# Virtual seconds after which an inspection of the basic edition changes its state.
CREATED_S, QUEUING_S, LISTENING_S = 1.0, 3.0, 8.0


def inspection_state(made: Inspection, now: float) -> str:
    """CREATED, QUEUING, PROCESSING, then SUCCESS or FAIL; the ultra edition knows only the last three."""
    since_s = now - made.accepted
    if made.edition == "basic" and since_s < QUEUING_S:
        return "CREATED" if since_s < CREATED_S else "QUEUING"
    if made.heard is None or since_s < LISTENING_S:
        return "PROCESSING"
    return "FAIL" if made.flaw else "SUCCESS"


_OPEN = 2_147_483_600


def metrics(made: Inspection) -> dict[str, Any]:
    """What the basic edition measures."""
    result: dict[str, Any] = {
        "Snr": _metric(made.snr_db, (30, _OPEN), "Audio signal-to-noise ratio; the higher, the better."),
        "C50": _metric(made.c50_db, (30, _OPEN), "Reverberation metric; the higher, the better."),
        "Clipping": _metric(made.clipping, (-_OPEN, 0), "Clipping metric: Being less than or equal to 0 is acceptable"),
        "Duration": _metric(
            made.speech_s,
            (600, _OPEN),
            "Effective duration: It is measured in seconds, and being greater than 600 is acceptable",
        ),
    }
    if made.reference:
        read = reading(made.reference, made.speech_s)
        result["Wer"] = _metric(
            read.accuracy, (QUALIFIED, 1), "Text accuracy: Being greater than or equal to 70% is acceptable"
        )
        result["AlignDetails"] = [{"Detail": list(pair)} for pair in read.alignment]
    return result


def _metric(value: float, allowed: tuple[float, float], description: str) -> dict[str, Any]:
    return {"Value": round(value, 6), "QualifiedRange": list(allowed), "Description": description}


# "Text accuracy: being greater than or equal to 70% is acceptable": for the basic edition; taken for the ultra one too.
QUALIFIED = 0.7
# A recording of the ultra edition: "the recommended audio length is 10-30 seconds".
SHORTEST_S, LONGEST_S = 5.0, 60.0
NOISY_DB = 15.0


def detection(made: Inspection) -> tuple[int, str]:
    """DetectionCode and DetectionMsg of the ultra edition."""
    if made.flaw:
        return -1, made.flaw
    # Silence is not noise: there it is the reading that is missing.
    if made.speech_s and made.snr_db < NOISY_DB:
        return -3, f"there is too much noise in the recording (signal-to-noise ratio {made.snr_db:.1f} dB)"
    if not SHORTEST_S <= made.speech_s <= LONGEST_S:
        return -2, f"the recording has {made.speech_s:.1f} seconds of speech, 10 to 30 are advised; record it again"
    if made.reference and reading(made.reference, made.speech_s).accuracy < QUALIFIED:
        return -2, "the text was not read as it stands (missing, incorrect or extra reading); record it again"
    return 0, "success"
