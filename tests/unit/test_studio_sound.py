"""Sound files: what is written can be read by others, what others wrote can be heard."""

from __future__ import annotations

import itertools
import math
import pickle
import wave
from array import array
from pathlib import Path

import av
import pytest

from tadh_cli.sandbox.studio.errors import UnreadableMedia
from tadh_cli.sandbox.studio.sound import Codec, listen, resampled, sound
from tadh_cli.sandbox.studio.speech import Speech
from tadh_cli.sandbox.studio.voice import Timbre, speak

SPEECH = speak("你好，世界。", timbre=Timbre("a"), engine="synth")


def tone(hertz: float, rate_hz: int, seconds: float) -> bytes:
    turn = 2 * math.pi * hertz / rate_hz
    return array("h", (round(8000 * math.sin(turn * index)) for index in range(int(rate_hz * seconds)))).tobytes()


def crossings_a_second(pcm: bytes, rate_hz: int) -> float:
    samples = array("h", pcm)
    return sum(a < 0 <= b for a, b in itertools.pairwise(samples)) / (len(samples) / rate_hz)


def encoded(path: Path, codec: str, container: str, rate_hz: int = 44_100) -> Path:
    speech = Speech(tone(440, rate_hz, 1.0), rate_hz, ())
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate_hz, layout="stereo")
        stream.codec_context.bit_rate = 128_000
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(speech.pcm) // 2)
        frame.planes[0].update(speech.pcm)
        frame.sample_rate = rate_hz
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("rate_hz", [24_000, 16_000])
def test_wav_has_every_sample(tmp_path: Path, rate_hz: int) -> None:
    made = sound(SPEECH, tmp_path / "a.wav", codec="wav", sample_rate=rate_hz)

    with wave.open(str(made.path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate_hz, 1, 2)
        assert file.getnframes() == round(SPEECH.duration_s * rate_hz)
    assert made.duration_ms == round(SPEECH.duration_s * 1000)
    assert made.size_bytes == made.path.stat().st_size


@pytest.mark.parametrize("rate_hz", [24_000, 16_000])
def test_mp3_is_mp3_of_the_right_length(tmp_path: Path, rate_hz: int) -> None:
    made = sound(SPEECH, tmp_path / "a.mp3", sample_rate=rate_hz)

    with av.open(str(made.path)) as container:
        stream = container.streams.audio[0]
        assert (container.format.name, stream.codec_context.name) == ("mp3", "mp3float")
        assert (stream.rate, stream.codec_context.layout.nb_channels) == (rate_hz, 1)
        assert container.duration / av.time_base == pytest.approx(SPEECH.duration_s, abs=0.08)


@pytest.mark.parametrize("codec", ["mp3", "wav"])
def test_the_same_speech_is_the_same_file(tmp_path: Path, codec: Codec) -> None:
    files = [sound(SPEECH, tmp_path / name, codec=codec).path.read_bytes() for name in ("a", "b")]

    assert files[0] == files[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.parametrize(
    ("codec", "container", "name"),
    [
        ("pcm_s16le", "wav", "a.wav"),
        ("libmp3lame", "mp3", "a.mp3"),
        ("aac", "mp4", "a.m4a"),
        ("aac", "adts", "a.aac"),
        ("wmav2", "asf", "a.wma"),
        # Stored objects need not keep their names.
        ("libmp3lame", "mp3", "object-1"),
        ("pcm_s16le", "wav", "50%d.mp3"),
    ],
)
def test_every_documented_format_is_heard(tmp_path: Path, codec: str, container: str, name: str) -> None:
    recording = listen(encoded(tmp_path / name, codec, container), 24_000)

    assert recording.rate_hz == 24_000
    assert recording.duration_s == pytest.approx(1.0, abs=0.09)
    assert crossings_a_second(recording.pcm, 24_000) == pytest.approx(440, rel=0.1)


def test_resampling_keeps_the_length_and_the_pitch() -> None:
    for rate_hz in (48_000, 24_000, 16_000, 22_050):
        pcm = resampled(tone(440, 22_050, 1.5), 22_050, rate_hz)
        assert len(pcm) == 2 * round(1.5 * rate_hz)
        assert crossings_a_second(pcm, rate_hz) == pytest.approx(440, rel=0.01)


def test_a_damaged_packet_is_skipped(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", "libmp3lame", "mp3")
    content = bytearray(path.read_bytes())
    content[4000:4300] = bytes(300)
    path.write_bytes(content)

    assert listen(path).duration_s == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a sound at all",
        b"<html>404</html>" * 500,
        bytes(range(256)) * 200,
        b"RIFF\x24\x00\x00\x00WAVE",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n",
        b"ffconcat version 1.0\nfile /etc/hosts\n",
    ],
)
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)

    with pytest.raises(UnreadableMedia, match=r"^a\.mp3: ") as caught:
        listen(path)
    assert caught.value.path == path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match=r"gone\.wav: cannot be read: No such file"):
        listen(tmp_path / "gone.wav")


def test_the_refusal_survives_the_way_from_a_worker_process() -> None:
    error = pickle.loads(pickle.dumps(UnreadableMedia(Path("a.mp3"), "holds no sound")))

    assert (str(error), error.path) == ("a.mp3: holds no sound", Path("a.mp3"))


def test_a_picture_holds_no_sound(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")

    with pytest.raises(UnreadableMedia, match="holds no sound"):
        listen(tmp_path / "a.png")
