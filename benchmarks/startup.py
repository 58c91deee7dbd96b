"""How long tadh takes to start, as ratios to a bare interpreter in the same run.

Run with the interpreter of an environment in which tadh is installed (not in development mode: modules that
are compiled at every start are another matter):  python benchmarks/startup.py
"""

from __future__ import annotations

import sys
import tempfile

from side_by_side import TADH, ratios

# What is run, the environment it needs, and the ratio that is aimed at.
CASES = {
    "--version": ([TADH, "--version"], {}, 1.6),
    "complete a group (bash)": (
        [TADH],
        {"_TADH_COMPLETE": "complete_bash", "COMP_WORDS": "tadh vid", "COMP_CWORD": "1"},
        8.0,
    ),
    "complete an option (bash)": (
        [TADH],
        {"_TADH_COMPLETE": "complete_bash", "COMP_WORDS": "tadh video status --", "COMP_CWORD": "3"},
        None,
    ),
    "--help": ([TADH, "--help"], {}, None),
    "video status --help": ([TADH, "video", "status", "--help"], {}, 16.0),
    "video create --help": ([TADH, "video", "create", "--help"], {}, None),
    "config path (a trivial command)": ([TADH, "config", "path"], {}, 9.0),
    "task list (the ledger)": ([TADH, "task", "list"], {}, None),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as state:
        env = {"TADH_STATE_DIR": state, "TADH_CONFIG": f"{state}/none.yaml", "TADH_ENDPOINT": "http://127.0.0.1:9"}
        env |= {"TADH_APP_KEY": "benchmark", "TADH_ACCESS_TOKEN": "benchmark-token"}
        cases = {name: (command, {**env, **more}) for name, (command, more, _) in CASES.items()}
        measured = ratios([sys.executable, "-c", "pass"], cases)
    print(f"{'command':<34}{'ms':>8}{'x python -c pass':>19}{'aim':>7}")
    for name, (took_s, ratio) in measured.items():
        aim = CASES[name][2]
        print(f"{name:<34}{took_s * 1000:>8.0f}{ratio:>19.2f}{f'{aim:g}' if aim else '':>7}")


if __name__ == "__main__":
    main()
