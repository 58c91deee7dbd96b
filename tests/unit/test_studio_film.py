"""Films: real files, opened again and measured."""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image

from tadh_cli.sandbox.studio.errors import UnreadableMedia
from tadh_cli.sandbox.studio.figure import Placement
from tadh_cli.sandbox.studio.film import Film, Shot, film
from tadh_cli.sandbox.studio.sound import sound
from tadh_cli.sandbox.studio.speech import CaptionRule, Speech, SpokenWord
from tadh_cli.sandbox.studio.stage import Logo
from tadh_cli.sandbox.studio.voice import Timbre, speak

RATE_HZ = 24_000
SIZE = {"width": 270, "height": 480}
SPEECH = speak("你好，世界。", timbre=Timbre("a"), engine="synth")
# The mouth at 270x480, and a corner that is never the avatar's.
MOUTH, CORNER = (105, 215, 165, 256), (0, 0, 30, 30)


def burst(*loud_s: tuple[float, float], duration_s: float) -> Speech:
    """A tone between the given times, silence elsewhere."""
    samples = array("h", bytes(2 * int(RATE_HZ * duration_s)))
    for start_s, end_s in loud_s:
        for index in range(int(start_s * RATE_HZ), int(end_s * RATE_HZ)):
            samples[index] = round(9000 * math.sin(index / 9))
    return Speech(samples.tobytes(), RATE_HZ, ())


def frames(path: Path, pixels: str = "yuv420p") -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return [frame.reformat(format=pixels) for frame in container.decode(video=0)]


def heard(path: Path) -> array[int]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    samples = array("h")
    with av.open(str(path)) as container:
        for frame in (*container.decode(audio=0), None):
            for piece in resampler.resample(frame):
                samples.frombytes(bytes(piece.planes[0])[: 2 * piece.samples])
    return samples


def area(frame: av.VideoFrame, box: tuple[int, int, int, int], plane: int = 0) -> bytes:
    left, top, right, bottom = (side // 2 if plane in (1, 2) else side for side in box)
    rows, line = bytes(frame.planes[plane]), frame.planes[plane].line_size
    return b"".join(rows[y * line + left : y * line + right] for y in range(top, bottom))


def mean(values: bytes) -> float:
    return sum(values) / len(values)


def colour(frame: av.VideoFrame, box: tuple[int, int, int, int]) -> tuple[float, float, float]:
    return mean(area(frame, box)), mean(area(frame, box, 1)), mean(area(frame, box, 2))


def alpha_frames(path: Path) -> Iterator[av.VideoFrame]:
    """Only this decoder brings the alpha plane back."""
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            yield from decoder.decode(packet)


def boxes(path: Path) -> list[str]:
    """The names of the outermost boxes of an mp4."""
    content, names, place = path.read_bytes(), [], 0
    while place < len(content):
        size, name = struct.unpack(">I4s", content[place : place + 8])
        names.append(name.decode())
        place += size
    return names


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def opaque(folder: Path) -> Film:
    return film(Shot("avatar", SPEECH, **SIZE), folder / "opaque.mp4")


@pytest.fixture(scope="module")
def transparent(folder: Path) -> Film:
    return film(Shot("avatar", SPEECH, **SIZE, format="TransparentWebm"), folder / "transparent.webm")


def test_mp4_is_what_players_expect(opaque: Film) -> None:
    with av.open(str(opaque.path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert "mp4" in container.format.name and len(container.streams) == 2
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (270, 480, 25)
        assert (video.codec_context.pix_fmt, video.codec_context.colorspace) == ("yuv420p", 1)
        assert container.duration / av.time_base == pytest.approx(SPEECH.duration_s, abs=0.04)
    names = boxes(opaque.path)
    assert names.index("moov") < names.index("mdat")


def test_film_reports_what_it_made(opaque: Film) -> None:
    assert opaque.frames == math.ceil(SPEECH.duration_s * 25) == len(frames(opaque.path))
    assert (opaque.width, opaque.height, opaque.fps) == (270, 480, 25)
    assert opaque.duration_ms == opaque.frames * 40
    assert opaque.size_bytes == opaque.path.stat().st_size
    assert {path.suffix for path in opaque.path.parent.iterdir()} <= {".mp4", ".webm"}


@pytest.mark.parametrize("name", ["opaque", "transparent"])
def test_sound_is_whole_and_in_its_place(name: str, request: pytest.FixtureRequest) -> None:
    made: Film = request.getfixturevalue(name)
    samples = heard(made.path)

    assert len(samples) / RATE_HZ == pytest.approx(SPEECH.duration_s, abs=0.041)
    onset_s = next(index for index, sample in enumerate(samples) if abs(sample) > 1500) / RATE_HZ
    assert onset_s == pytest.approx(SPEECH.words[0].start_s, abs=0.06)


def test_transparent_webm_has_alpha(transparent: Film) -> None:
    with av.open(str(transparent.path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert "webm" in container.format.name
        assert (video.codec_context.name, audio.codec_context.name) == ("vp9", "opus")
        assert (video.width, video.height) == (270, 480)
        assert video.metadata["alpha_mode"] == "1"
        assert container.duration / av.time_base == pytest.approx(SPEECH.duration_s, abs=0.04)
    shown = list(alpha_frames(transparent.path))
    assert len(shown) == transparent.frames
    for frame in (shown[0], shown[-1]):
        assert frame.format.name == "yuva420p"
        assert set(area(frame, (0, 0, 270, 80), 3)) == {0}
        assert set(area(frame, (0, 200, 50, 260), 3)) == {0}
        assert set(area(frame, (125, 180, 145, 250), 3)) == {255}
        assert set(area(frame, (60, 400, 210, 480), 3)) == {255}


def test_green_screen_is_pure_green_and_ignores_placement(folder: Path) -> None:
    shot = Shot("avatar", SPEECH, **SIZE, format="GreenScreenMp4", backdrop=0xFF0000)
    moved = replace(shot, placement=Placement(0.3, 0, 0.5))

    made = [film(each, folder / f"green{number}.mp4") for number, each in enumerate((shot, moved))]

    first = frames(made[0].path)[5]
    assert colour(first, CORNER) == pytest.approx((173, 42, 26), abs=1.5)
    red, green, blue = first.reformat(format="rgb24", src_colorspace="itu709").to_image().getpixel((5, 5))
    assert (red < 6, green > 249, blue < 6) == (True, True, True)
    assert made[0].path.read_bytes() == made[1].path.read_bytes()


def test_the_mouth_follows_the_sound(folder: Path) -> None:
    made = film(Shot("avatar", burst((0.5, 1.0), (1.5, 2.0), duration_s=2.5), **SIZE), folder / "burst.mp4")

    # A closed mouth is skin and a thin line, an open one is dark inside.
    dark = [sum(value < 70 for value in area(frame, MOUTH)) for frame in frames(made.path)]
    silent = [*dark[:12], *dark[32:37], *dark[56:]]
    loud = [*dark[16:24], *dark[41:49]]
    assert min(loud) > max(silent) + 50
    assert len(dark) == 63


def test_an_audio_file_drives_the_mouth(folder: Path) -> None:
    path = folder / "driving"
    sound(burst((0.4, 0.8), duration_s=1.2), path, codec="mp3")

    made = film(Shot("avatar", path, **SIZE, captions=CaptionRule()), folder / "driven.mp4")

    dark = [sum(value < 70 for value in area(frame, MOUTH)) for frame in frames(made.path)]
    assert min(dark[14:19]) > max(*dark[:9], *dark[27:]) + 50
    assert made.duration_ms == pytest.approx(1200, abs=90)
    with av.open(str(made.path)) as container:
        assert not container.streams.subtitles


def test_the_same_shot_is_the_same_file(folder: Path, opaque: Film, transparent: Film) -> None:
    for made, shot in (
        (opaque, Shot("avatar", SPEECH, **SIZE)),
        (transparent, Shot("avatar", SPEECH, **SIZE, format="TransparentWebm")),
    ):
        again = film(shot, folder / f"again{made.path.suffix}")
        assert again.path.read_bytes() == made.path.read_bytes()


def test_avatars_look_different(folder: Path, opaque: Film) -> None:
    other = film(Shot("another", SPEECH, **SIZE), folder / "other.mp4")

    assert area(frames(other.path)[0], (0, 100, 270, 480)) != area(frames(opaque.path)[0], (0, 100, 270, 480))


@pytest.mark.parametrize(("width", "height", "fps"), [(480, 270, 25), (360, 360, 30), (542, 302, 24)])
def test_any_even_size_and_usual_rate(folder: Path, width: int, height: int, fps: int) -> None:
    made = film(Shot("avatar", burst((0, 0.3), duration_s=0.5), width, height, fps), folder / f"{width}.mp4")

    shown = frames(made.path)
    assert (shown[0].width, shown[0].height, len(shown)) == (width, height, math.ceil(0.5 * fps))


def test_full_hd_and_4k(folder: Path) -> None:
    for width, height in ((1080, 1920), (3840, 2160)):
        made = film(Shot("avatar", burst((0, 0.1), duration_s=0.12), width, height), folder / "large.mp4")
        with av.open(str(made.path)) as container:
            assert (container.streams.video[0].width, container.streams.video[0].height) == (width, height)


@pytest.mark.parametrize(("width", "height", "fps"), [(271, 480, 25), (270, 481, 25), (0, 480, 25), (270, 480, 0)])
def test_impossible_sizes_are_a_mistake_of_the_caller(folder: Path, width: int, height: int, fps: int) -> None:
    with pytest.raises(ValueError, match="sides have to be even"):
        film(Shot("avatar", SPEECH, width, height, fps), folder / "never.mp4")


def test_a_colour_can_be_the_backdrop(folder: Path) -> None:
    made = film(Shot("avatar", burst(duration_s=0.2), **SIZE, backdrop=0x2040C0), folder / "blue.mp4")

    picture = frames(made.path)[0].reformat(format="rgb24", src_colorspace="itu709").to_image()
    assert picture.getpixel((6, 6)) == pytest.approx((0x20, 0x40, 0xC0), abs=5)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_picture_can_be_the_backdrop(folder: Path, suffix: str) -> None:
    path = folder / f"wall.{suffix}"
    Image.new("RGB", (90, 160), (250, 40, 60)).save(path)

    made = film(Shot("avatar", burst(duration_s=0.2), **SIZE, backdrop=path), folder / "wall.mp4")

    picture = frames(made.path)[-1].reformat(format="rgb24", src_colorspace="itu709").to_image()
    assert picture.getpixel((6, 6)) == pytest.approx((250, 40, 60), abs=6)


def test_a_film_as_backdrop_runs_and_repeats(folder: Path) -> None:
    backdrop = clip_of(folder / "stripes.mp4", [0x101010, 0xF0F0F0], frames_each=5)

    made = film(Shot("avatar", burst(duration_s=0.8), **SIZE, backdrop=backdrop), folder / "moving.mp4")

    bright = [mean(area(frame, CORNER)) > 128 for frame in frames(made.path)]
    assert bright == ([False] * 5 + [True] * 5) * 2


def clip_of(path: Path, colours: list[int], frames_each: int, *, tone: bool = False) -> Path:
    """A film of plain colours, 64x64 at 25 fps, with or without sound."""
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "10"})
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        audio = container.add_stream("aac", rate=RATE_HZ, layout="mono") if tone else None
        for index in range(len(colours) * frames_each):
            rgb = colours[index // frames_each]
            image = Image.new("RGB", (64, 64), (rgb >> 16, rgb >> 8 & 255, rgb & 255))
            frame = av.VideoFrame.from_image(image)
            frame.pts = index
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            seconds = len(colours) * frames_each / 25
            pcm = burst((0, seconds), duration_s=seconds).pcm
            block = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
            block.planes[0].update(pcm)
            block.sample_rate = RATE_HZ
            container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path


def test_intro_and_outro_come_before_and_after(folder: Path) -> None:
    intro = clip_of(folder / "intro.mp4", [0xF0F0F0], frames_each=10, tone=True)
    outro = clip_of(folder / "outro.mp4", [0x101010], frames_each=5)
    words = (SpokenWord("你", 0.1, 0.3), SpokenWord("好", 0.3, 0.5))
    speech = replace(burst((0.3, 0.5), duration_s=0.8), transcript=words)

    shot = Shot("avatar", speech, **SIZE, backdrop=0x808080, intro=intro, outro=outro, captions=CaptionRule())
    made = film(shot, folder / "whole.mp4")

    brightness = [mean(area(frame, CORNER)) for frame in frames(made.path)]
    assert made.frames == len(brightness) == 10 + 20 + 5
    assert [round(value / 60) for value in brightness] == [4] * 10 + [2] * 20 + [0] * 5
    samples = heard(made.path)
    loud = [max(map(abs, samples[start : start + 2400])) > 2000 for start in range(0, len(samples) - 2400, 2400)]
    assert loud[:4] == [True] * 4 and loud[7:9] == [True] * 2
    assert not any(loud[5:7]) and not any(loud[10:])
    assert subtitles(made.path) == [(0.5, 0.9, "你好")]


def subtitles(path: Path) -> list[tuple[float, float, str]]:
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(subtitles=0):
            text = bytes(packet)[2:].decode()
            if text and packet.pts is not None:
                start = float(packet.pts * packet.time_base)
                found.append((start, round(start + float(packet.duration * packet.time_base), 3), text))
    return found


def test_captions_are_a_track_with_the_times_of_the_words(folder: Path) -> None:
    made = film(Shot("avatar", SPEECH, **SIZE, captions=CaptionRule(2, "0")), folder / "captions.mp4")

    with av.open(str(made.path)) as container:
        assert container.streams.subtitles[0].codec_context.name == "mov_text"
    words = SPEECH.words
    assert [text for _, _, text in subtitles(made.path)] == ["你好", "世界"]
    assert [time for start, end, _ in subtitles(made.path) for time in (start, end)] == pytest.approx(
        [words[0].start_s, words[1].end_s, words[2].start_s, words[3].end_s], abs=0.002
    )


def test_logos_lie_on_top_with_their_alpha(folder: Path) -> None:
    picture = Image.new("RGBA", (80, 40), (255, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (40, 0, 80, 40))
    picture.save(folder / "logo.png")
    logo = Logo(folder / "logo.png", left=20, top=40, scale=0.5)
    over_face = Logo(folder / "logo.png", left=115, top=220)

    made = film(Shot("avatar", SPEECH, **SIZE, backdrop=0xFFFFFF, logos=(logo, over_face)), folder / "logo.mp4")

    for frame in (frames(made.path)[0], frames(made.path)[-1]):
        assert colour(frame, (24, 44, 36, 56)) == pytest.approx((63, 102, 240), abs=4)
        assert colour(frame, (44, 44, 58, 56)) == pytest.approx((235, 128, 128), abs=4)
        assert colour(frame, (120, 224, 150, 254)) == pytest.approx((63, 102, 240), abs=4)


def test_placement_moves_the_avatar(folder: Path) -> None:
    shot = Shot("avatar", burst(duration_s=0.2), 480, 270, format="TransparentWebm", placement=Placement(0.25, 0, 0.6))

    made = film(shot, folder / "moved.webm")

    alpha = area(next(alpha_frames(made.path)), (0, 200, 480, 270), 3)
    lowest = alpha[-480:]
    assert set(lowest[:280]) == {0}
    assert lowest[360] == 255
    seen = [index for index, value in enumerate(lowest) if value > 128]
    assert (seen[0] + seen[-1]) / 2 == pytest.approx(360, abs=3)


@pytest.mark.parametrize("field", ["sound", "backdrop", "intro", "outro", "logos"])
@pytest.mark.parametrize("content", [None, b"no media"])
def test_unreadable_files_are_named_and_leave_nothing_behind(tmp_path: Path, field: str, content: bytes | None) -> None:
    bad = tmp_path / "bad.mp4"
    if content is not None:
        bad.write_bytes(content)
    value = (Logo(bad),) if field == "logos" else bad
    shot = replace(Shot("avatar", SPEECH, **SIZE), **{field: value})

    with pytest.raises(UnreadableMedia, match=r"^bad\.mp4: "):
        film(shot, tmp_path / "film.mp4")
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.mp4"}


def test_micro_editing_belongs_to_mp4_alone(folder: Path) -> None:
    missing = folder / "missing.mp4"
    shot = Shot("avatar", burst(duration_s=0.2), **SIZE, format="TransparentWebm", intro=missing, backdrop=missing)

    assert film(shot, folder / "alone.webm").frames == 5
