"""Speech: a real voice where there is one, a synthesised one elsewhere, the same timing facts for both."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import threading
from array import array
from dataclasses import replace

import pytest

from tadh_cli.sandbox.studio.errors import Unspeakable
from tadh_cli.sandbox.studio.speech import Speech
from tadh_cli.sandbox.studio.voice import Engine, Timbre, speak

WOMAN = Timbre("woman")
MAN = Timbre("man", "male")
TEXT = "你好，欢迎使用AI数字人！Hello world, it is 3.5 &amp; more."
QUIET = 160


@pytest.fixture(params=["synth", "espeak"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "espeak":
        pytest.importorskip("espeakng_loader")
    chosen: Engine = request.param
    return chosen


def rms(speech: Speech, start_s: float = 0.0, end_s: float = 1e9) -> float:
    samples = array("h", speech.pcm)[int(start_s * speech.rate_hz) : int(end_s * speech.rate_hz)]
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


def silences_s(speech: Speech) -> list[float]:
    runs = itertools.groupby(array("h", speech.pcm), lambda sample: abs(sample) <= QUIET)
    return [len(list(run)) / speech.rate_hz for quiet, run in runs if quiet]


def test_every_word_has_its_time(engine: Engine) -> None:
    speech = speak(TEXT, timbre=WOMAN, engine=engine)

    words = [word.text for word in speech.words]
    assert words == [*"你好欢迎使用", "AI", *"数字人", "Hello", "world", "it", "is", "3.5", "more"]
    times = [time for word in speech.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert all(word.end_s - word.start_s > 0.03 for word in speech.words)
    assert times[0] >= 0 and times[-1] <= speech.duration_s


def test_sound_is_where_the_words_are(engine: Engine) -> None:
    speech = speak("你好。<break time='1s'/>世界", timbre=WOMAN, engine=engine)

    before, after = speech.words[1].end_s, speech.words[2].start_s
    assert after - before == pytest.approx(1.0, abs=0.01)
    assert rms(speech, before + 0.02, after - 0.02) < 20
    for word in speech.words:
        assert rms(speech, word.start_s, word.end_s) > 500


def test_speech_looks_like_speech(engine: Engine) -> None:
    samples = array("h", speak(TEXT, timbre=WOMAN, engine=engine).pcm)

    assert 6_000 < max(samples) < 32_000
    assert abs(sum(samples) / len(samples)) < 300


@pytest.mark.parametrize("duration_s", [0.5, 1.2])
def test_a_break_is_silence_of_its_length(engine: Engine, duration_s: float) -> None:
    speech = speak(f'你好<break time="{duration_s * 1000:.0f}ms"/>世界', timbre=WOMAN, engine=engine)

    assert max(silences_s(speech)) == pytest.approx(duration_s, abs=0.05)


def test_two_breaks_add_up(engine: Engine) -> None:
    speech = speak('你好<break time="500ms"/><break time="1s"/>世界', timbre=WOMAN, engine=engine)

    assert max(silences_s(speech)) == pytest.approx(1.5, abs=0.05)


def test_speed_scales_the_duration(engine: Engine) -> None:
    slow, normal, fast = (speak(TEXT, timbre=WOMAN, speed=speed, engine=engine).duration_s for speed in (0.5, 1, 1.5))

    assert slow / normal == pytest.approx(2, rel=0.15)
    assert normal / fast == pytest.approx(1.5, rel=0.15)


def test_about_four_characters_a_second(engine: Engine) -> None:
    words = speak("今天天气很好我们去公园走一走", timbre=WOMAN, engine=engine).words

    assert len(words) / (words[-1].end_s - words[0].start_s) == pytest.approx(4, rel=0.2)


def test_without_a_library_about_two_and_a_half_english_words_a_second() -> None:
    text = "the weather is very nice today so we will take a walk in the garden"
    words = speak(text, timbre=Timbre("x", language="en-US"), engine="synth").words

    assert len(words) / (words[-1].end_s - words[0].start_s) == pytest.approx(2.5, rel=0.2)


def test_volume_rises_and_never_clips(engine: Engine) -> None:
    takes = [speak(TEXT, timbre=WOMAN, volume=volume, engine=engine) for volume in (0, 2, 5, 10)]

    levels = [rms(take) for take in takes]
    assert levels == sorted(levels) and levels[-1] > 2 * levels[0]
    samples = array("h", takes[-1].pcm)
    assert samples.count(32_767) + samples.count(-32_768) < len(samples) / 1000
    assert len({len(take.pcm) for take in takes}) == 1


def test_the_same_text_is_the_same_speech(engine: Engine) -> None:
    first = speak(TEXT, timbre=WOMAN, engine=engine)
    speak("别的话，other words?", timbre=MAN, engine=engine)

    assert speak(TEXT, timbre=WOMAN, engine=engine) == first


def test_timbres_differ(engine: Engine) -> None:
    timbres = [WOMAN, MAN, replace(WOMAN, pitch=0.8), replace(MAN, pitch=-0.8)]

    assert len({speak("你好世界", timbre=timbre, engine=engine).pcm for timbre in timbres}) == 4


def test_an_alias_is_read_and_the_written_word_is_kept(engine: Engine) -> None:
    alias = speak('<sub alias="World Wide Web Consortium">W3C</sub>', timbre=WOMAN, engine=engine)
    full = speak("World Wide Web Consortium", timbre=WOMAN, engine=engine)

    assert [word.text for word in alias.words] == ["W3C"]
    assert alias.duration_s == pytest.approx(full.duration_s, rel=0.35)


def test_written_characters_share_the_time_of_their_alias(engine: Engine) -> None:
    speech = speak('<sub alias="中国科学技术大学">中科大</sub>', timbre=WOMAN, engine=engine)

    lengths = [word.end_s - word.start_s for word in speech.words]
    assert [word.text for word in speech.words] == list("中科大")
    assert max(lengths) - min(lengths) < 0.01 and sum(lengths) > 1.2


def test_letters_without_a_voice_still_make_a_sound(engine: Engine) -> None:
    speech = speak("ᚠᚢᚦᚨᚱᚲ", timbre=WOMAN, engine=engine)

    assert rms(speech) > 100


def test_punctuation_alone_cannot_be_spoken(engine: Engine) -> None:
    with pytest.raises(Unspeakable):
        speak("……！", timbre=WOMAN, engine=engine)


@pytest.mark.parametrize(("speed", "volume"), [(0.4, 0), (1.6, 0), (1.0, -1), (1.0, 11)])
def test_settings_outside_the_limits_are_a_mistake_of_the_caller(speed: float, volume: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        speak("你好", timbre=WOMAN, speed=speed, volume=volume)


def test_threads_do_not_disturb_each_other(engine: Engine) -> None:
    texts = [f"第{number}个句子，sentence {number}." for number in range(4)]
    alone = [speak(text, timbre=WOMAN, engine=engine) for text in texts]
    together: dict[str, Speech] = {}

    def run(text: str) -> None:
        together[text] = speak(text, timbre=WOMAN, engine=engine)

    threads = [threading.Thread(target=run, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [together[text] for text in texts] == alone


def test_without_the_library_the_synthesised_voice_speaks_and_nothing_heavy_is_loaded() -> None:
    script = """
import sys
sys.modules["espeakng_loader"] = None
from tadh_cli.sandbox.studio.errors import VoiceMissing
from tadh_cli.sandbox.studio.voice import Timbre, speak
speech = speak("你好", timbre=Timbre("a"))
assert speech == speak("你好", timbre=Timbre("a"), engine="synth")
try:
    speak("你好", timbre=Timbre("a"), engine="espeak")
except VoiceMissing as error:
    assert "not installed" in str(error)
else:
    raise AssertionError("espeak spoke")
assert "av" not in sys.modules
import tadh_cli.sandbox.studio.film
assert "av" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)
