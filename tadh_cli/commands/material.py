"""How the inspection of files is shown: a row for each finding to people, an object for each file to programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tadh_cli.commands.context import Tadh
from tadh_cli.errors import InputError
from tadh_cli.ui.records import Column, Records, View

if TYPE_CHECKING:
    from tadh_cli.api.material import Limit
    from tadh_cli.media.facts import Facts, Member
    from tadh_cli.media.preflight import Finding, Report

# Few enough columns for a terminal of 80, since what to do stands in the last.
_TABLE = View(
    id="File",
    columns=(
        Column("File"),
        Column("Finding"),
        Column("Measured"),
        Column("Limit"),
        Column("Advice", "What to do"),
    ),
    wide=(Column("Source"),),
)
_ROWS = View(id="File", columns=tuple(map(Column, ("File", "Level", "Check", "Measured", "Limit", "Fix", "Command"))))
_FILES = View(id="File")


def check(tadh: Tadh, names: Iterable[str], role: str) -> None:
    """Inspect files and show what was found; raises InputError when one is refused."""
    reports = list(_reports(tadh, names, _limit(role)))
    tadh.refuse()
    if tadh.form in ("table", "wide"):
        tadh.draw(Records([row for report in reports for row in _lines(report)], _TABLE))
    elif tadh.form == "csv":
        tadh.draw(Records([row for report in reports for row in _rows(report)], _ROWS))
    else:
        tadh.draw(Records([_file(report) for report in reports], _FILES))
    refused = [report for report in reports if not report.is_accepted]
    if refused:
        raise InputError([_refusal(report) for report in refused])


def roles() -> tuple[str, ...]:
    """What a file can be checked as."""
    from tadh_cli.config import PROVIDERS
    from tadh_cli.providers import provider

    return tuple(provider(PROVIDERS[0]).limits())


def _limit(role: str) -> Limit:
    from difflib import get_close_matches

    from tadh_cli.config import PROVIDERS
    from tadh_cli.providers import provider

    # No profile is asked: what a file may be is the same for every account.
    limits = provider(PROVIDERS[0]).limits()
    limit = limits.get(role.lower())
    if limit is None:
        near = get_close_matches(role.lower(), limits, n=1)
        hint = f"did you mean {near[0]}?" if near else ""
        raise InputError(f"--type {role!r} is not one of {', '.join(limits)}", hint=hint)
    return limit


def _reports(tadh: Tadh, names: Iterable[str], limit: Limit) -> Iterator[Report]:
    from tadh_cli.engine.inputs import inspected, is_url

    for name in dict.fromkeys(names):
        if is_url(name):
            tadh.problems.append(f"FILE {name} is a URL: only local files can be checked")
        else:
            yield inspected("FILE", name, limit)


def _refusal(report: Report) -> str:
    return f"{report.name}: {'; '.join(finding.sentence for finding in report.of('error'))}"


def _lines(report: Report) -> Iterator[Mapping[str, Any]]:
    """A line of the table for each finding; one that says so when there is none."""
    if not report.findings:
        yield {"File": report.name, "Finding": "ok", "Measured": f"fit as {report.limit.what}"}
    for finding in report.findings:
        yield {
            "File": report.name,
            "Finding": f"{finding.level}: {finding.check}",
            "Measured": finding.measured,
            "Limit": finding.limit,
            "Advice": finding.advice,
            "Source": finding.source,
        }


def _rows(report: Report) -> Iterator[Mapping[str, Any]]:
    if not report.findings:
        yield {"File": report.name, "Level": "ok"}
    for finding in report.findings:
        yield {"File": report.name, **_found(finding)}


def _found(finding: Finding) -> dict[str, Any]:
    return {
        "Level": finding.level,
        "Check": finding.check,
        "Measured": finding.measured,
        "Limit": finding.limit,
        "Fix": finding.fix,
        "Command": finding.command,
        "Source": finding.source,
    }


def _file(report: Report) -> dict[str, Any]:
    """Everything about a file; facts that its format does not have are left out."""
    return {
        "File": report.name,
        "Type": report.limit.role,
        "Ok": report.is_accepted,
        **(_facts(report.facts) if report.facts is not None else {}),
        "Findings": [_found(finding) for finding in report.findings],
    }


def _facts(facts: Facts) -> dict[str, Any]:
    found = {
        "Kind": facts.kind,
        "Bytes": facts.size_bytes,
        "Duration": None if facts.seconds is None else round(facts.seconds * 1000),
        "Width": facts.width,
        "Height": facts.height,
        "Orientation": facts.orientation if facts.width else None,
        "FrameRate": None if facts.frame_rate is None else round(facts.frame_rate, 3),
        "VariableFrameRate": facts.has_variable_frame_rate if facts.frame_rate else None,
        "VideoCodec": facts.video_codec or None,
        "AudioCodec": facts.audio_codec or None,
        "SampleRate": facts.sample_rate_hz,
        "Channels": facts.channels,
        "SampleBits": facts.sample_bits or None,
        "BitRate": facts.bit_rate,
        "Fragmented": facts.is_fragmented or None,
        "Contents": [_member(member) for member in facts.members] or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _member(member: Member) -> dict[str, Any]:
    inner = _facts(member.facts) if member.facts is not None else {"Bytes": member.size_bytes}
    return {"Name": member.name, **inner}
