"""Commands timed in turn, so that a machine whose speed drifts slows all of them alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

TADH = str(Path(sys.executable).with_name("tadh"))


def wall_s(command: Sequence[str], env: Mapping[str, str] | None = None) -> float:
    """Seconds that a process takes; it has to succeed."""
    whole = {**os.environ, **(env or {})}
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=whole)
    return time.perf_counter() - started


def ratios(
    base: Sequence[str], others: Mapping[str, tuple[Sequence[str], Mapping[str, str]]], runs: int = 15
) -> dict[str, tuple[float, float]]:
    """For each other command the median of its time and of its ratio to the base, run by run."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in others}
    for command, env in others.values():
        wall_s(command, env)  # warm-up: files in the page cache
    for _ in range(runs):
        unit_s = wall_s(base)
        for name, (command, env) in others.items():
            took_s = wall_s(command, env)
            found[name].append((took_s, took_s / unit_s))
    return {
        name: (statistics.median(took for took, _ in rows), statistics.median(ratio for _, ratio in rows))
        for name, rows in found.items()
    }
