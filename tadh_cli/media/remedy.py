"""What to do about a file that will not do, as words and as a command for a shell."""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path
from typing import NamedTuple

from tadh_cli.api.material import Limit, Ratio
from tadh_cli.media.facts import Facts
from tadh_cli.media.kind import EXTENSIONS


class Remedy(NamedTuple):
    """Words, and a command that does what they say where there is one; it never overwrites the file."""

    words: str
    command: str = ""


INSTALL = Remedy("install the extra that measures it", "pip install 'tadh-cli[media]'")


def convert(name: str, facts: Facts, limit: Limit) -> Remedy:
    """Make a wanted format of another one."""
    if limit.medium == "video" and facts.kind in _FILMS:
        if facts.kind in ("mov", "m4a"):
            return Remedy(
                "put it into another container, nothing is lost", _ffmpeg(name, ("-c", "copy"), ".mp4", limit)
            )
        return Remedy("convert it", _ffmpeg(name, (*_filters(facts, limit), *_ENCODE), ".mp4", limit))
    if limit.medium == "sound" and facts.kind in (*_FILMS, *_SOUNDS):
        return Remedy("convert it", _ffmpeg(name, ("-vn", *_wav(facts, limit)), ".wav", limit))
    if limit.medium == "picture" and facts.kind in _PICTURES:
        return Remedy("convert it", _magick(name, facts, limit, ".jpg"))
    if limit.medium == "archive" and facts.kind == "wav":
        return Remedy(
            "pack it", shlex.join(["zip", "-0", "-j", _argument(Path(name).with_suffix(".zip")), _argument(name)])
        )
    return Remedy("hand in another file")


def rename(path: Path, limit: Limit, suffix: str) -> Remedy:
    """Give it a name that the rule allows, with this extension."""
    better = path.with_name(_allowed(path.stem if path.suffix else path.name, suffix, limit))
    return Remedy("rename it", shlex.join(["mv", "-n", "--", str(path), str(better)]))


def shrink(name: str, facts: Facts, limit: Limit) -> Remedy:
    """Make it smaller than the limit, and right in all else."""
    assert limit.size is not None
    if limit.medium == "video" and facts.seconds:
        # A twentieth is left for the container and for an encoder that misses its aim.
        kbps = math.floor(limit.size.certain_bytes * 8 * 0.95 / min(facts.seconds, _most_s(limit)) / 1000) - 192
        coding = ("-c:v", "libx264", "-preset", "slow", "-b:v", f"{kbps}k", "-pix_fmt", "yuv420p", *_AAC)
        return Remedy("encode it smaller", _ffmpeg(name, (*_filters(facts, limit), *coding), ".mp4", limit))
    if limit.medium == "picture":
        return Remedy("save it smaller", _magick(name, facts, limit, ".jpg"))
    if limit.medium == "sound" and "m4a" in limit.kinds:
        return Remedy("compress it", _ffmpeg(name, ("-vn", "-c:a", "aac", "-b:a", "160k"), ".m4a", limit))
    return Remedy("hand in less")


def cut(name: str, facts: Facts, limit: Limit) -> Remedy:
    """Bring it to the allowed length."""
    assert facts.seconds is not None and limit.length_s is not None
    if facts.seconds < limit.length_s.least:
        return Remedy("record more of it")
    if limit.medium == "video" and _is_misshapen(facts, limit):
        return Remedy("cut it", _ffmpeg(name, (*_filters(facts, limit), *_ENCODE), ".mp4", limit))
    suffix = Path(name).suffix or EXTENSIONS.get(facts.kind, "")
    return Remedy("cut it", _ffmpeg(name, ("-t", f"{limit.length_s.most:g}", "-c", "copy"), suffix, limit))


def reshape(name: str, facts: Facts, limit: Limit) -> Remedy:
    """Bring it to an allowed shape: cut at the sides, then scale."""
    if limit.medium == "picture":
        return Remedy("crop it", _magick(name, facts, limit, Path(name).suffix or EXTENSIONS[facts.kind]))
    command = _ffmpeg(name, (*_filters(facts, limit), *_ENCODE), ".mp4", limit)
    target = _resolution(facts, limit)
    if target is not None and facts.width and target[0] > facts.width:
        return Remedy("film it again larger; enlarging passes the check and stays blurred", command)
    return Remedy("crop and scale it", command)


def pace(name: str, facts: Facts, limit: Limit) -> Remedy:
    """Bring it to an allowed frame rate."""
    command = _ffmpeg(name, (*_filters(facts, limit), *_ENCODE), ".mp4", limit)
    if facts.frame_rate and limit.frame_rate and facts.frame_rate < limit.frame_rate.least:
        return Remedy("film it again faster; repeating pictures passes the check and stays jerky", command)
    return Remedy("leave out pictures", command)


def resample(name: str, facts: Facts, limit: Limit) -> Remedy:
    """Make it a WAV with an allowed sample rate."""
    command = _ffmpeg(name, ("-vn", *_wav(facts, limit)), ".wav", limit)
    rate = facts.sample_rate_hz
    if rate and limit.sample_rate_hz and rate < limit.sample_rate_hz.least:
        return Remedy("record it again at a higher rate; converting passes the check and adds nothing", command)
    return Remedy("convert it", command)


def rewrite(name: str, limit: Limit) -> Remedy:
    """Write its headers anew."""
    suffix = Path(name).suffix
    return Remedy("let its headers be written anew", _ffmpeg(name, ("-c", "copy"), suffix, limit))


def flatten(name: str) -> Remedy:
    """Pack an archive again without its folders."""
    flat, path = _argument(Path(name).with_suffix("")), Path(name)
    target = _argument(path.with_name(f"{path.stem}-flat.zip"))
    unpack = ["unzip", "-j", "-d", flat, _argument(name), "*.wav", "-x", "__MACOSX/*"]
    command = f"{shlex.join(unpack)} && {shlex.join(['zip', '-0', '-j', target])} {shlex.quote(flat)}/*.wav"
    return Remedy("pack it without folders", command)


def fewer(limit: Limit) -> Remedy:
    """Another number of files."""
    return Remedy(f"hand in {limit.count.words}, short ones joined" if limit.count else "hand in fewer")


# Commands ----------------------------------------------------------------------------------------------

_FILMS = ("mp4", "mov", "m4a", "webm", "avi", "flv", "3gp")
_SOUNDS = ("wav", "mp3", "aac", "m4a", "wma", "ogg", "flac")
_PICTURES = ("png", "jpg", "webp", "heic", "avif", "gif", "bmp", "tiff")
_AAC = ("-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart")
_ENCODE = ("-c:v", "libx264", "-preset", "slow", "-crf", "16", "-pix_fmt", "yuv420p", *_AAC)


def _argument(path: Path | str) -> str:
    """A name that no program takes for an option."""
    text = str(path)
    return f"./{text}" if text.startswith("-") else text


def _allowed(stem: str, suffix: str, limit: Limit) -> str:
    """The name, with what the rule does not allow replaced."""
    if limit.name is not None and not re.fullmatch(limit.name.pattern, stem + suffix):
        stem = re.sub(r"[^A-Za-z0-9_\-\u3400-\u9fff]+", "-", stem).strip("-")[:50].strip("-")
        stem = stem if len(stem) > 1 else f"{stem or limit.role}-1"
    return stem + suffix


def _target(name: str, suffix: str, limit: Limit) -> str:
    """Where the better file goes: beside the other one, with a name that is allowed."""
    path = Path(name)
    target = path.with_name(_allowed(path.stem, suffix, limit))
    # On some systems names that differ in case are one.
    if str(target).casefold() == name.casefold():
        target = path.with_name(_allowed(f"{path.stem[:40]}-fixed", suffix, limit))
    return _argument(target)


def _ffmpeg(name: str, arguments: tuple[str, ...], suffix: str, limit: Limit) -> str:
    # Without the protocol a name with a colon would be one.
    source = f"file:{name}" if ":" in name else _argument(name)
    return shlex.join(["ffmpeg", "-i", source, *arguments, _target(name, suffix, limit)])


def _wav(facts: Facts, limit: Limit) -> tuple[str, ...]:
    rates = limit.advised_sample_rates_hz or (24_000,)
    allowed = limit.sample_rate_hz
    rate = facts.sample_rate_hz
    keeps = rate is None or ((allowed is None or rate in allowed) and not limit.advised_sample_rates_hz)
    return ("-c:a", "pcm_s16le") if keeps else ("-ar", str(rates[0]), "-c:a", "pcm_s16le")


def _most_s(limit: Limit) -> float:
    return limit.length_s.most if limit.length_s else math.inf


def _filters(facts: Facts, limit: Limit) -> tuple[str, ...]:
    """All that makes a film fit, so that it is encoded once and not once for each finding."""
    chain = []
    target = _resolution(facts, limit)
    if target is not None and facts.width and facts.height:
        width, height = facts.width, facts.height
        if not facts.has_square_pixels:
            chain += [f"scale={width}:{height}", "setsar=1"]
        cut_to = _cropped(width, height, Ratio(*target))
        if cut_to != (width, height):
            chain.append(f"crop={cut_to[0]}:{cut_to[1]}")
        if cut_to != target:
            chain += [f"scale={target[0]}:{target[1]}:flags=lanczos", "setsar=1"]
    rate, allowed = facts.frame_rate, limit.frame_rate
    if rate and allowed and not allowed.least <= rate <= allowed.most:
        chain.append(f"fps={allowed.least if rate < allowed.least else allowed.most:g}")
    length = ("-t", f"{_most_s(limit):g}") if facts.seconds and facts.seconds > _most_s(limit) else ()
    return (*(("-vf", ",".join(chain)) if chain else ()), *length)


def _is_misshapen(facts: Facts, limit: Limit) -> bool:
    return "-vf" in _filters(facts, limit)


def _resolution(facts: Facts, limit: Limit) -> tuple[int, int] | None:
    """The largest allowed size that needs no enlarging, else the smallest; upright for what is upright."""
    if not limit.resolutions or not facts.width or not facts.height:
        return None
    is_upright = facts.height > facts.width
    sizes = sorted((height, width) if is_upright else (width, height) for width, height in limit.resolutions)
    fitting = [size for size in sizes if size[0] <= facts.width and size[1] <= facts.height]
    return fitting[-1] if fitting else sizes[0]


def _cropped(width: int, height: int, ratio: Ratio) -> tuple[int, int]:
    """The largest part of this ratio, in even numbers as encoders want them."""
    across = min(width, height * ratio.width // ratio.height)
    down = min(height, width * ratio.height // ratio.width)
    if across == width and down == height:
        return width, height
    return across - across % 2, down - down % 2


def _magick(name: str, facts: Facts, limit: Limit, suffix: str) -> str:
    """ImageMagick, which turns a photo as its EXIF says before it crops."""
    steps: list[str] = ["-auto-orient"]
    if facts.width and facts.height and limit.ratios:
        nearest = min(limit.ratios, key=lambda ratio: -_kept(facts.width or 1, facts.height or 1, ratio))
        across, down = _exact(facts.width, facts.height, nearest)
        if (across, down) != (facts.width, facts.height):
            steps += ["-gravity", "center", "-crop", f"{across}x{down}+0+0", "+repage"]
    if limit.size is not None and facts.size_bytes > limit.size.certain_bytes:
        steps += ["-resize", "4096x4096>", "-quality", "92"]
    return shlex.join(["magick", _argument(name), *steps, _target(name, suffix, limit)])


def _exact(width: int, height: int, ratio: Ratio) -> tuple[int, int]:
    """The largest part whose sides are whole multiples of the ratio's."""
    times = min(width // ratio.width, height // ratio.height)
    return (width, height) if not times else (times * ratio.width, times * ratio.height)


def _kept(width: int, height: int, ratio: Ratio) -> float:
    """How much of a picture is left when it is cropped to a ratio."""
    across, down = _exact(width, height, ratio)
    return across * down / (width * height)
