"""The voices of the account, made from a seed like its avatars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tadh_cli.providers.tencent.terms import EMOTIONS, LANGUAGES, TYPE_CODES
from tadh_cli.sandbox.catalogue import DAY_S, hex_key
from tadh_cli.sandbox.names import PEOPLE, TEMPERS, Gender

# The documentation's public voices: male_1..20 and female_1..23 (Video Production API, Volume).
_PUBLIC: dict[Gender, int] = {"female": 23, "male": 20}
_CLONED_BASIC, _CLONED_FAST = 24, 16


@dataclass(frozen=True)
class VoiceEntry:
    """What one TimbreKey stands for."""

    key: str
    name: str
    description: str
    gender: Gender
    languages: tuple[str, ...]
    emotions: tuple[str, ...]
    purchase_type: str
    timbre_type: str
    drivers: tuple[str, ...]
    type_codes: tuple[str, ...]
    # Virtual Unix seconds; None is unlimited.
    expires: float | None


def voices(seed: int, epoch: float) -> tuple[VoiceEntry, ...]:
    """All voices of an account that was opened at `epoch`."""
    dice = Random(f"voices {seed}")
    return (*_public(dice), *_of_languages(seed, epoch, dice), *_cloned(seed, epoch, dice))


def _public(dice: Random) -> Iterator[VoiceEntry]:
    """The shared ones; the first four are English and Chinese, the avatars' own voices."""
    for number in range(1, max(_PUBLIC.values()) + 1):
        for gender, count in _PUBLIC.items():
            if number <= count:
                languages = ("en-US", "zh-CN") if number % 2 else ("zh-CN",)
                yield VoiceEntry(
                    key=f"{gender}_{number}",
                    name=f"{gender} voice {number}",
                    description=TEMPERS[(number - 1) % len(TEMPERS)],
                    gender=gender,
                    languages=languages,
                    emotions=_emotions(dice, 0.4) if number > 1 else ("tc_neutral", "tc_happy", "tc_news", "tc_story"),
                    purchase_type="Lease",
                    timbre_type="Boutique",
                    drivers=("Text", "ModulatedVoice"),
                    type_codes=tuple(TYPE_CODES),
                    expires=None,
                )


def _of_languages(seed: int, epoch: float, dice: Random) -> Iterator[VoiceEntry]:
    """A woman and a man for every language of the documentation."""
    for language in LANGUAGES:
        for gender in _PUBLIC:
            yield VoiceEntry(
                key=hex_key(seed, "voice", language, gender),
                name=f"{language} {gender}",
                description=dice.choice(TEMPERS),
                gender=gender,
                languages=(language,),
                emotions=_emotions(dice, 0.15),
                purchase_type="Lease",
                timbre_type="Boutique",
                drivers=("Text",),
                type_codes=tuple(TYPE_CODES),
                expires=None if dice.random() < 0.8 else epoch + dice.uniform(100, 700) * DAY_S,
            )


def _cloned(seed: int, epoch: float, dice: Random) -> Iterator[VoiceEntry]:
    """What the account had made from recordings of its own."""
    people = dice.sample(PEOPLE, _CLONED_BASIC + _CLONED_FAST)
    for number, person in enumerate(people):
        yield VoiceEntry(
            key=hex_key(seed, "clone", number, person.code),
            name=person.name,
            description=dice.choice(TEMPERS),
            gender=person.gender,
            languages=(person.language,),
            emotions=(),
            purchase_type="Custom",
            timbre_type="SampleBasic" if number < _CLONED_BASIC else "SampleFast",
            drivers=("Text", "ModulatedVoice"),
            type_codes=tuple(code for code in TYPE_CODES if code.startswith("small_sample")),
            expires=epoch + dice.choice((-10, 5, 90, 200, 365, 600)) * DAY_S,
        )


def _emotions(dice: Random, share: float) -> tuple[str, ...]:
    if dice.random() >= share:
        return ()
    some = dice.sample([code for code in EMOTIONS if code.startswith("tc_")], dice.randint(2, 6))
    return tuple(code for code in EMOTIONS if code in some)
