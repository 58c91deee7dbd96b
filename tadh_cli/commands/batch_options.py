"""The options of `tadh video batch`."""

from __future__ import annotations

from dataclasses import dataclass

from tadh_cli.api.options import opt, whole
from tadh_cli.api.video import USUAL_CONCURRENCY
from tadh_cli.commands.options import minutes


def _count(text: str) -> int:
    number = whole(text)
    if number < 1:
        raise ValueError(f"{number} is not 1 or more")
    return number


@dataclass(frozen=True)
class Wanted:
    """Which videos are made, how, and where they go."""

    out: str | None = opt("--out", "directory for the videos (the profile's output_dir, else ./)", metavar="DIR")
    only: tuple[str, ...] = opt("--only", "only videos of this name; * and ? match others", metavar="NAME", many=True)
    concurrency: int | None = opt(
        "--concurrency", f"videos under way at once ({USUAL_CONCURRENCY}, what an account has)", reader=_count
    )
    retry_failed: bool = opt("--retry-failed", "make those again that failed or that nobody keeps", default=False)
    retry_unknown: bool = opt(
        "--retry-unknown", "make those again whose outcome is unknown: they may be paid twice", default=False
    )
    fail_fast: bool = opt("--fail-fast", "begin nothing new once one has failed", default=False)
    force: bool = opt("--force", "overwrite files that do not come from here", default=False)
    max_minutes: float | None = opt(
        "--max-minutes", "refuse when all that is made is estimated to be longer", metavar="N", reader=minutes
    )
    dry_run: bool = opt(
        "--dry-run", "check everything and show the plan with the requests, send nothing", default=False
    )
    quota: bool = opt("--quota", "with --dry-run: ask the service what is left, and nothing else", default=False)
    schema: bool = opt("--schema", "print the JSON Schema of manifests", default=False)


@dataclass(frozen=True)
class Reporting:
    """What is written down about a run."""

    report: str | None = opt("--report", "write what became of each video as JSON", metavar="FILE")
    junit: str | None = opt("--junit", "write it as JUnit XML", metavar="FILE")
    annotations: str | None = opt(
        "--annotations",
        "show failures at their lines, and a summary of the step",
        words={"github": "github"},
    )

    def files(self) -> list[tuple[str, str]]:
        given = (("--report", self.report), ("--junit", self.junit))
        return [(flag, name) for flag, name in given if name]

    @property
    def annotates(self) -> bool:
        return self.annotations is not None
