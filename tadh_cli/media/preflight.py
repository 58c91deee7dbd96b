"""Whether a service will take a file: what its headers say against what the documentation demands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tadh_cli.api.material import Limit, Ratio, Size, Span
from tadh_cli.errors import InputError
from tadh_cli.media import remedy
from tadh_cli.media.facts import Facts, Member
from tadh_cli.media.kind import EXTENSIONS
from tadh_cli.media.probe import has_pyav, probe
from tadh_cli.media.remedy import Remedy
from tadh_cli.media.zips import MOST_MEMBERS

Level = Literal["error", "warning", "unchecked"]

# Headers count in milliseconds, often.
_ROUNDING_S = 0.002
# Encoders of compressed sounds fill up their first and last frames with silence.
_PADDING_S = 0.1
_PADDED = ("mp3", "aac", "m4a", "wma")
_ROUNDING_FPS = 0.01
# By so much a camera may miss its rate, whose pictures come when there is light enough.
_VARIABLE_RATE_TOLERANCE = 0.005
# Within this the sides of a picture may be meant; beyond it a ratio is another one.
_RATIO_TOLERANCE = 0.005
# What a file of a kind may be called, where that is more than one name.
_NAMES = {"jpg": (".jpg", ".jpeg"), "wma": (".wma", ".asf")}
_MACOS_FOLDER = "__MACOSX"


@dataclass(frozen=True)
class Finding:
    """Something that was checked and is not as it should be.

    An "error" is outside of what the documentation demands, a "warning" outside of what it recommends; "unchecked" is
    what could not be measured here. `command` is a shell command that does what `fix` says, where there is one.
    """

    level: Level
    check: str
    measured: str
    limit: str = ""
    fix: str = ""
    command: str = ""
    source: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong, in a sentence about the file."""
        words = self.measured if self.check == "file" else f"{self.check}: {self.measured or 'not known'}"
        lead = "" if self.level == "warning" and self.limit.startswith("advised") else "allowed: "
        allowed = f", {lead}{self.limit}" if self.limit else ""
        return f"{words}{allowed}{f' ({self.source})' if self.source and self.limit else ''}"

    @property
    def advice(self) -> str:
        """What to do, with the command for it."""
        return ": ".join(part for part in (self.fix, self.command) if part)


@dataclass(frozen=True)
class Report:
    """What was found out about a file; `facts` is None when it can't be read at all."""

    # What the user calls it; `path` is where it is.
    name: str
    path: Path
    limit: Limit
    facts: Facts | None
    findings: tuple[Finding, ...]

    @property
    def suffix(self) -> str:
        """The extension for what the file really is, whatever it is called."""
        return EXTENSIONS.get(self.facts.kind, "") if self.facts is not None else ""

    def of(self, level: Level) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == level]

    @property
    def is_accepted(self) -> bool:
        return not self.of("error")


def inspect(path: Path, limit: Limit, *, name: str = "") -> Report:
    """Check a file of any size in a few small reads; `name` is what it is called if not as its path says.

    Never raises for what the file is: that it can't be read is a finding as well.
    """
    shown = name or str(path)
    try:
        facts = probe(path)
    except OSError as error:
        words = (error.strerror or type(error).__name__).lower()
        return Report(shown, path, limit, None, (Finding("error", "file", words),))
    return Report(shown, path, limit, facts, tuple(judge(shown, facts, limit)))


def inspect_recordings(paths: Sequence[Path], limit: Limit) -> list[Report]:
    """Check sounds that are to be packed into an archive with this limit: each, and in the last report all together.

    What they are called does not matter.
    """
    inner = _one_of_several(limit)
    reports = [inspect(path, inner) for path in paths]
    reports = [
        replace(report, findings=tuple(finding for finding in report.findings if finding.check != "name"))
        for report in reports
    ]
    members = tuple(
        Member(report.name, report.facts.size_bytes, report.facts) for report in reports if report.facts is not None
    )
    whole = Facts("zip", sum(member.size_bytes for member in members), count=len(paths), members=members)
    # Those that can't be read are told already, they do not lack as well.
    together = tuple(_together(whole, limit)) if len(members) == len(paths) else ()
    return [*reports, Report(f"{len(paths)} recordings", Path(), limit, whole, together)]


def _one_of_several(limit: Limit) -> Limit:
    """What one file in an archive may be; advice on its length makes no sense beside others."""
    assert limit.holds is not None
    return replace(limit.holds, advised_length_s=None)


def _about(name: str, finding: Finding) -> Finding:
    """A finding on one of several files."""
    is_named = finding.check == "name"
    return finding if is_named else replace(finding, measured=f"{name}: {finding.measured}")


def problems(flag: str, report: Report) -> list[str]:
    """A sentence for each error, beginning with the option that named the file."""
    return [_told(flag, report, finding) for finding in report.of("error")]


def warnings(flag: str, report: Report) -> list[str]:
    """A sentence for each warning, and for what could not be checked."""
    return [
        _told(flag, report, finding) + (f"; {finding.advice}" if finding.level == "unchecked" else "")
        for finding in report.findings
        if finding.level != "error"
    ]


def refuse(flag: str, *reports: Report) -> None:
    """Raise InputError with every error of all files, and what to do about the first of them as hint."""
    errors = [finding for report in reports for finding in report.of("error")]
    if errors:
        advice = next((finding.advice for finding in errors if finding.advice), "")
        raise InputError([problem for report in reports for problem in problems(flag, report)], hint=advice)


def _told(flag: str, report: Report, finding: Finding) -> str:
    verb = "could not be checked: " if finding.level == "unchecked" else ""
    return f"{f'{flag} ' if flag else ''}{report.name}: {verb}{finding.sentence}"


# What is checked ---------------------------------------------------------------------------------------


def judge(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    """Hold a file's facts against a limit."""
    if facts.kind == "empty":
        yield Finding("error", "file", "is empty (0 bytes)", fix="copy or record it again")
        return
    if facts.kind not in limit.kinds:
        yield _wrong_format(name, facts, limit)
        return
    if facts.damage:
        fix = "copy or export it again, this one is not whole"
        yield Finding("error", "integrity", facts.damage, fix=fix, source=limit.source)
    yield from _name(name, facts, limit)
    if limit.size is not None:
        yield from _size(facts, limit, limit.size, remedy.shrink(name, facts, limit))
    for check in _CHECKS[limit.medium]:
        yield from check(name, facts, limit)


def _finding(level: Level, check: str, measured: str, allowed: str, cure: Remedy, limit: Limit) -> Finding:
    return Finding(level, check, measured, allowed, cure.words, cure.command, limit.source)


def _wrong_format(name: str, facts: Facts, limit: Limit) -> Finding:
    kind = {"unknown": "no known format", "html": "a web page", "xml": "XML text"}.get(facts.kind, facts.kind)
    if kind == "m4a" and limit.medium == "video":
        kind = "m4a, a sound without a picture"
    suffix = Path(name).suffix
    is_lie = suffix.lower() in _allowed_names(limit)
    measured = f"{kind}, although its name says {suffix}" if is_lie else kind
    cure = remedy.convert(name, facts, limit)
    return _finding("error", "format", measured, ", ".join(limit.kinds), cure, limit)


def _names_of(kind: str) -> tuple[str, ...]:
    return _NAMES.get(kind, (EXTENSIONS.get(kind, ""),))


def _allowed_names(limit: Limit) -> tuple[str, ...]:
    return limit.extensions or tuple(name for kind in limit.kinds for name in _names_of(kind))


def _name(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    path = Path(name)
    fitting = [own for own in _names_of(facts.kind) if own in _allowed_names(limit)]
    suffix = path.suffix.lower()
    if suffix and fitting and suffix not in fitting:
        # Players tell these two apart by what is in them, and so does the service, it seems.
        is_harmless = {facts.kind, suffix[1:]} <= {"mp4", "mov"} and suffix in _allowed_names(limit)
        measured = f"{path.name}, although it is {facts.kind}"
        cure = remedy.rename(path, limit, fitting[0])
        level: Level = "warning" if is_harmless else "error"
        yield _finding(level, "name", measured, " or ".join(fitting), cure, limit)
    elif limit.name is not None and not re.fullmatch(limit.name.pattern, path.name):
        cure = remedy.rename(path, limit, suffix or fitting[0])
        yield _finding("error", "name", path.name, limit.name.words, cure, limit)


def _size(facts: Facts, limit: Limit, size: Size, cure: Remedy) -> Iterator[Finding]:
    measured = f"{facts.size_bytes:,} bytes"
    if facts.size_bytes > size.most_bytes:
        yield _finding("error", "size", measured, size.words, cure, limit)
    elif facts.size_bytes > size.certain_bytes:
        allowed = f"{size.words}, which may mean {size.certain_bytes:,} bytes"
        yield _finding("warning", "size", measured, allowed, cure, limit)


def _tracks(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    wanted = {"video": (facts.has_picture, "picture"), "sound": (facts.has_sound, "sound")}
    is_there, word = wanted[limit.medium]
    if is_there is False and not facts.damage:
        cure = Remedy("hand in another file")
        yield _finding("error", "tracks", f"no {word} in it", f"a track of {word}", cure, limit)
    if limit.medium == "sound" and facts.has_picture and facts.kind == "wma":
        cure = remedy.convert(name, facts, limit)
        yield _finding("error", "tracks", "a film, not a sound", "sound alone", cure, limit)
    if limit.advises_sound and facts.has_picture and facts.has_sound is False:
        cure = Remedy("if the letter is read aloud in it, record it again with sound")
        yield _finding(
            "warning", "tracks", "no sound in it", "sound, unless the letter is shown in writing", cure, limit
        )


def _length(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    seconds = facts.seconds
    if seconds is None or facts.damage:
        return
    allowed, advised = limit.length_s, limit.advised_length_s
    tolerance = _PADDING_S if facts.kind in _PADDED else _ROUNDING_S
    if allowed is not None and not _within(seconds, allowed, tolerance):
        yield _finding("error", "length", _seconds(seconds), allowed.words, remedy.cut(name, facts, limit), limit)
    elif advised is not None and not _within(seconds, advised, tolerance):
        cure = Remedy("record more" if seconds < advised.least else "record less")
        yield _finding("warning", "length", _seconds(seconds), f"advised: {advised.words}", cure, limit)
    whole = facts.container_seconds
    if allowed is not None and whole is not None and seconds <= allowed.most + _ROUNDING_S < whole - 0.1:
        measured = f"{_seconds(whole)} with the sound, {_seconds(seconds)} of picture"
        yield _finding("warning", "length", measured, allowed.words, remedy.cut(name, facts, limit), limit)


def _within(value: float, span: Span, tolerance: float) -> bool:
    return span.least - tolerance <= value <= span.most + tolerance


def _seconds(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".") + " s"


def _shape(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    width, height = facts.width, facts.height
    if width is None or height is None:
        return
    turned = " (turned)" if facts.orientation >= 5 else ""
    cure = remedy.reshape(name, facts, limit)
    if limit.ratios and not any(_is_exactly(ratio, width, height) for ratio in limit.ratios):
        is_near = any(_is_nearly(ratio, width, height) for ratio in limit.ratios)
        allowed = ", ".join(ratio.words for ratio in limit.ratios)
        measured = f"{width}x{height}{turned}, that is {_ratio_words(width, height)}"
        # Where whole resolutions are demanded, the nearest ratio helps nobody.
        if not (is_near and limit.resolutions):
            yield _finding("warning" if is_near else "error", "aspect ratio", measured, allowed, cure, limit)
    if limit.resolutions and not any(size in limit.resolutions for size in ((width, height), (height, width))):
        allowed = " or ".join(f"{w}x{h}" for w, h in limit.resolutions) + ", upright too"
        yield _finding("error", "resolution", f"{width}x{height}{turned}", allowed, cure, limit)
    elif limit.resolutions and not facts.has_square_pixels:
        measured = f"{width}x{height} of pixels that are not square"
        yield _finding("warning", "resolution", measured, "square pixels", cure, limit)


def _is_exactly(ratio: Ratio, width: int, height: int) -> bool:
    """Whether the sides are those of the ratio, rounded to whole pixels."""
    across, down = height * ratio.width / ratio.height, width * ratio.height / ratio.width
    return abs(across - width) < 1 or abs(down - height) < 1


def _is_nearly(ratio: Ratio, width: int, height: int) -> bool:
    return abs(width * ratio.height / (height * ratio.width) - 1) <= _RATIO_TOLERANCE


def _ratio_words(width: int, height: int) -> str:
    from math import gcd

    divisor = gcd(width, height)
    across, down = width // divisor, height // divisor
    return f"{across}:{down}" if max(across, down) <= 32 else f"{width / height:.3f}:1"


def _frame_rate(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    rate, allowed = facts.frame_rate, limit.frame_rate
    if rate is None or allowed is None or _within(rate, allowed, _ROUNDING_FPS):
        return
    tolerance = _VARIABLE_RATE_TOLERANCE * rate
    is_near = facts.has_variable_frame_rate and _within(rate, allowed, tolerance)
    varies = " on average" if facts.has_variable_frame_rate else ""
    measured = f"{rate:.3f}".rstrip("0").rstrip(".") + f" fps{varies}"
    cure = remedy.pace(name, facts, limit)
    yield _finding("warning" if is_near else "error", "frame rate", measured, allowed.words, cure, limit)


def _sample_rate(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    rate, allowed = facts.sample_rate_hz, limit.sample_rate_hz
    if rate is None or allowed is None:
        return
    measured = f"{rate:,} Hz"
    if rate not in allowed:
        yield _finding("error", "sample rate", measured, allowed.words, remedy.resample(name, facts, limit), limit)
    elif limit.advised_sample_rates_hz and rate not in limit.advised_sample_rates_hz:
        words = " or ".join(f"{each / 1000:g}" for each in limit.advised_sample_rates_hz)
        cure = remedy.resample(name, facts, limit)
        yield _finding("warning", "sample rate", measured, f"advised: {words} kHz", cure, limit)


def _coding(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    if facts.kind == "wav" and facts.audio_codec and not facts.audio_codec.startswith("pcm"):
        cure = remedy.resample(name, facts, limit)
        yield _finding("warning", "coding", f"{facts.audio_codec} in a WAV", "advised: PCM", cure, limit)
    rate, advised = facts.bit_rate, limit.advised_bit_rate
    # The last frame is rarely full, which takes a little off the average.
    if advised is not None and rate is not None and rate < advised.least * 0.99 and facts.kind != "wav":
        cure = Remedy("record it again with a higher bit rate; converting brings nothing back")
        measured = f"{rate / 1000:.0f} kbit/s"
        yield _finding("warning", "bit rate", measured, f"advised: {advised.words}", cure, limit)


def _still(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    if facts.is_animated:
        cure = Remedy("export a single picture")
        yield _finding("warning", "format", "an animation", "a photo", cure, limit)


def _locked(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    if facts.is_encrypted:
        cure = Remedy("save it without protection: who audits it has to open it")
        yield _finding(
            "warning", "encryption", "protected by a password or against changes", "no password", cure, limit
        )


def _unmeasured(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    """What the headers leave open, where it matters."""
    if facts.damage or (limit.medium == "video" and facts.has_picture is False):
        return
    wanted = {
        "length": (facts.seconds, limit.length_s or limit.advised_length_s),
        "resolution": (facts.width, limit.resolutions or limit.ratios),
        "frame rate": (facts.frame_rate, limit.frame_rate),
        "sample rate": (facts.sample_rate_hz, limit.sample_rate_hz),
    }
    missing = [word for word, (value, matters) in wanted.items() if matters and value is None]
    if missing:
        cure = remedy.rewrite(name, limit) if has_pyav() else remedy.INSTALL
        yield _finding("unchecked", ", ".join(missing), "its headers do not say", "", cure, limit)


# What an archive holds ---------------------------------------------------------------------------------


def _contents(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    if facts.damage and not facts.members:
        return
    if facts.count > MOST_MEMBERS or (facts.count and not facts.members):
        measured = f"{facts.count:,} entries"
        allowed = limit.count.words if limit.count else ""
        yield _finding("error", "file count", measured, allowed, remedy.fewer(limit), limit)
        return
    yield from _layout(name, facts, limit)
    yield from _together(facts, limit)
    yield from _members(facts, limit)


def _layout(name: str, facts: Facts, limit: Limit) -> Iterator[Finding]:
    nested = [member.name for member in facts.members if member.is_folder or re.search(r"[/\\]", member.name)]
    if nested:
        allowed = "WAV files side by side, no folders"
        yield _finding("error", "layout", f"folders in it: {_some(nested)}", allowed, remedy.flatten(name), limit)
    if locked := [member.name for member in facts.members if member.is_encrypted]:
        cure = Remedy("pack it again without a password")
        yield _finding("error", "encryption", f"locked: {_some(locked)}", "no password", cure, limit)
    times = Counter(_base(member.name).casefold() for member in _sounds(facts.members))
    if twice := [name for name, number in times.items() if number > 1]:
        cure = Remedy("give each file a name of its own")
        yield _finding("error", "duplicates", f"more than once: {_some(twice)}", "names that differ", cure, limit)


def _together(facts: Facts, limit: Limit) -> Iterator[Finding]:
    """How many sounds there are, and how large and long they are together."""
    held = _sounds(facts.members)
    if limit.count is not None and len(held) not in limit.count:
        cure = remedy.fewer(limit)
        yield _finding("error", "file count", f"{len(held)} files", limit.count.words, cure, limit)
    if limit.total_size is not None:
        total = replace(facts, size_bytes=sum(member.size_bytes for member in held))
        yield from _size(total, limit, limit.total_size, Remedy("hand in less, or split it over two voices"))
    lengths = [member.facts.seconds for member in held if member.facts is not None and member.facts.seconds is not None]
    advised = limit.advised_total_length_s
    if advised is not None and held and len(lengths) == len(held) and not _within(sum(lengths), advised, _ROUNDING_S):
        measured = f"{_seconds(sum(lengths))} in all"
        cure = Remedy("record more")
        yield _finding("warning", "length", measured, f"advised: {advised.words}", cure, limit)


def _members(facts: Facts, limit: Limit) -> Iterator[Finding]:
    inner = _one_of_several(limit)
    for member in _sounds(facts.members):
        if member.unread:
            cure = Remedy("pack it again, stored or deflated")
            yield _finding("error", "integrity", f"{member.name} {member.unread}", "", cure, limit)
        elif member.facts is not None:
            # A command would not find the file, the words hold for it all the same.
            found = judge(_base(member.name), member.facts, inner)
            yield from (replace(_about(member.name, finding), command="") for finding in found)


def _sounds(members: Iterable[Member]) -> list[Member]:
    """What an archive is judged by: neither its folders, nor what macOS adds, nor what is locked."""
    return [
        member
        for member in members
        if not member.is_folder and not member.is_encrypted and not member.name.startswith(f"{_MACOS_FOLDER}/")
    ]


def _base(name: str) -> str:
    base = re.split(r"[/\\]", name)[-1]
    return base if base.strip(".") else "nameless"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


_CHECKS = {
    "video": (_tracks, _length, _shape, _frame_rate, _unmeasured),
    "sound": (_tracks, _length, _sample_rate, _coding, _unmeasured),
    "picture": (_shape, _still, _unmeasured),
    "document": (_locked,),
    "archive": (_contents,),
}
