"""What is measured of a recording, against signals of known levels."""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import pytest

from tadh_cli.sandbox.acoustics import Measured
from tadh_cli.sandbox.jobs import Audio, Line, perform
from tadh_cli.sandbox.recording import measured
from tadh_cli.sandbox.studio.errors import UnreadableMedia
from tests.unit import sandbox_material as material
from tests.unit.sandbox_material import RATE, bursts, in_room, mixed, noise, sound, tone, wav, written

AMPLITUDE = 9000
POWER = AMPLITUDE**2 / 2


def heard(tmp_path: Path, samples: array[int], **of: int) -> Measured:
    return measured(written(tmp_path / "a.wav", wav(samples, **of)))


@pytest.mark.parametrize("decibels", [10, 20, 30, 40, 50])
@pytest.mark.parametrize("has_pauses", [True, False])
def test_the_noise_is_measured_within_a_few_decibels(tmp_path: Path, decibels: int, has_pauses: bool) -> None:
    signal = tone(6, AMPLITUDE)
    level = math.sqrt(POWER / 10 ** (decibels / 10))
    found = heard(tmp_path, mixed(bursts(signal) if has_pauses else signal, noise(6, level)))
    assert found.snr_db == pytest.approx(decibels, abs=1.5)


def test_the_noise_under_a_voice_is_found_beside_its_harmonics(tmp_path: Path) -> None:
    voice = [sum(values) for values in zip(*(tone(4, 6000 / n, hertz=120 * n) for n in range(1, 15)), strict=True)]
    power = sum(value * value for value in voice) / len(voice)
    level = 100.0
    found = heard(tmp_path, mixed(voice, noise(4, level)))
    assert found.snr_db == pytest.approx(10 * math.log10(power / level**2), abs=2)


def test_a_hum_that_goes_on_in_the_pauses_is_noise(tmp_path: Path) -> None:
    hum = tone(6, AMPLITUDE / 100, hertz=300)
    assert heard(tmp_path, mixed(bursts(tone(6, AMPLITUDE)), hum)).snr_db == pytest.approx(40, abs=1.5)


def test_silence_and_noise_alone_have_no_signal(tmp_path: Path) -> None:
    assert heard(tmp_path, mixed(noise(3, 1000))).snr_db < 3
    silent = heard(tmp_path, mixed([0.0] * RATE))
    assert (silent.snr_db, silent.speech_s, silent.duration_s) == (0, 0, 1)


def test_zeros_before_and_after_a_recording_do_not_hide_its_noise(tmp_path: Path) -> None:
    level = math.sqrt(POWER / 10**2)
    noisy = mixed(bursts(tone(6, AMPLITUDE)), noise(6, level))
    nothing = array("h", bytes(4 * RATE))
    assert heard(tmp_path, nothing + noisy + nothing).snr_db == pytest.approx(20, abs=1.5)


def test_an_offset_is_no_noise(tmp_path: Path) -> None:
    level = math.sqrt(POWER / 10**4)
    found = heard(tmp_path, mixed(bursts(tone(6, AMPLITUDE)), noise(6, level), [2000.0] * 6 * RATE))
    assert found.snr_db == pytest.approx(40, abs=1.5)


# Reverberation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fades_s", "least", "most"), [(0.4, 3, 15), (0.8, -3, 9)])
def test_a_room_is_heard_in_how_sounds_fade(tmp_path: Path, fades_s: float, least: float, most: float) -> None:
    """Early to late is e^(13.8 * 0.05 / T) - 1: 6.6 and 1.4 dB for these."""
    words = bursts(noise(3, 3000), 0.5, 0.5)
    assert least < heard(tmp_path, mixed(in_room(words, fades_s), noise(3, 3))).c50_db < most


def test_a_dry_recording_is_qualified(tmp_path: Path) -> None:
    words = bursts(noise(3, 3000), 0.5, 0.5)
    assert heard(tmp_path, mixed(words, noise(3, 3, seed=2))).c50_db > 45
    assert heard(tmp_path, mixed(words, noise(3, 30, seed=2))).c50_db > 35


def test_where_nothing_ends_nothing_speaks_against_the_room(tmp_path: Path) -> None:
    assert heard(tmp_path, mixed(tone(3, AMPLITUDE))).c50_db == 60


# Clipping ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amplitude", [100, 9000, 32_767])
@pytest.mark.parametrize("hertz", [110, 220, 997, 4000])
def test_clean_waves_are_not_clipped_not_even_at_full_scale(tmp_path: Path, amplitude: float, hertz: float) -> None:
    assert heard(tmp_path, mixed(tone(2, amplitude, hertz=hertz))).clipping == 0


def test_overdriven_sound_is_clipped_and_the_more_the_louder(tmp_path: Path) -> None:
    little, much = (heard(tmp_path, mixed(tone(2, 32_767 * factor))).clipping for factor in (1.06, 2.0))
    assert 0 < little < much < 100


def test_a_few_clipped_words_are_enough(tmp_path: Path) -> None:
    quiet, loud = tone(10, 8000), tone(0.2, 40_000)
    assert heard(tmp_path, mixed([*quiet, *loud, *quiet])).clipping > 0


def test_sound_that_was_made_quieter_after_it_was_clipped_still_is(tmp_path: Path) -> None:
    cut = [max(-12_000.0, min(12_000.0, value)) for value in tone(2, 16_000)]
    assert heard(tmp_path, mixed(cut)).clipping > 0


def test_one_clipped_channel_is_enough(tmp_path: Path) -> None:
    left, right = mixed(tone(1, 9000)), mixed(tone(1, 45_000))
    both = array("h", (sample for pair in zip(left, right, strict=True) for sample in pair))
    assert heard(tmp_path, both, channels=2).clipping > 0


# Length ------------------------------------------------------------------------------------------------


def test_long_pauses_are_no_effective_duration_short_ones_are(tmp_path: Path) -> None:
    words = tone(2, AMPLITUDE)
    found = heard(tmp_path, mixed([*[0.0] * RATE, *words, *[0.0] * (RATE // 2), *words, *[0.0] * 3 * RATE, *words]))
    assert found.duration_s == pytest.approx(10.5, abs=0.02)
    assert found.speech_s == pytest.approx(6.5, abs=0.1)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "aac", "wma"])
def test_any_format_is_heard(tmp_path: Path, kind: str) -> None:
    level = math.sqrt(POWER / 10**2.5)
    samples = mixed(bursts(tone(6, AMPLITUDE)), noise(6, level))
    found = measured(written(tmp_path / f"a.{kind}", sound(kind, samples)))
    assert found.duration_s == pytest.approx(6, abs=0.2)
    # Encoders leave out some of the noise.
    assert found.snr_db == pytest.approx(25, abs=4)


@pytest.mark.parametrize("codec", ["wav", "mp3"])
def test_the_voices_of_the_studio_are_good_recordings(tmp_path: Path, codec: str) -> None:
    line = Line("The train leaves at nine. It arrives before the rain begins. Good luck!", "v", "female", "en-US")
    made = perform(Audio(tmp_path / f"a.{codec}", line, codec))  # type: ignore[arg-type]
    found = measured(tmp_path / f"a.{codec}")
    assert found.snr_db > 40 and found.c50_db > 30 and found.clipping <= 0
    assert found.speech_s == pytest.approx(made.duration_ms / 1000, rel=0.1)


def test_ten_minutes_are_measured_in_little_memory(tmp_path: Path) -> None:
    minute = mixed(bursts(tone(60, AMPLITUDE), 1.5, 0.5), noise(60, 20))
    found = measured(written(tmp_path / "a.wav", wav(minute * 10)))
    assert found.duration_s == 600
    assert found.speech_s == pytest.approx(600, abs=2)


def test_what_is_no_sound_is_not_measured(tmp_path: Path) -> None:
    for data in (b"", b"no sound at all", material.photo((64, 64))):
        with pytest.raises(UnreadableMedia):
            measured(written(tmp_path / "a.wav", data))
