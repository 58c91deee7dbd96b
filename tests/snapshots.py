"""Files in the repository that the program itself determines: completion scripts and the help of every command.

python -m tests.snapshots --check     exits 1 and names what is out of date
python -m tests.snapshots --update    writes them
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
HELP = ROOT / "tests" / "golden" / "help"
COMPLETIONS = {"bash": "tadh.bash", "zsh": "_tadh", "fish": "tadh.fish", "powershell": "tadh.ps1"}


def commands() -> Iterator[tuple[str, ...]]:
    """Every command line that has a help of its own: the program, its groups, their commands."""
    from tadh_cli.main import ENTRIES

    yield ()
    for name, (module, _) in ENTRIES.items():
        specs = importlib.import_module(f"tadh_cli.commands.{module}").commands.specs
        yield (name,)
        if list(specs) != [name]:
            yield from ((name, command) for command in specs)


def help_of(command: tuple[str, ...]) -> str:
    """What `tadh … --help` prints on a terminal of 100 columns."""
    from tadh_cli.main import run

    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            run([*command, "--help"])
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return out.getvalue()


def snapshots() -> dict[Path, str]:
    """What each of the files has to contain."""
    from tadh_cli.commands.completion import script

    found = {ROOT / "completions" / name: script(shell) + "\n" for shell, name in COMPLETIONS.items()}
    found |= {HELP / f"{'-'.join(('tadh', *command))}.txt": help_of(command) for command in commands()}
    return found


def stale() -> list[Path]:
    """Files that differ from what the program says, and help files of commands that are no more."""
    wanted = snapshots()
    different = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    return different + [path for path in HELP.glob("*.txt") if path not in wanted]


def main() -> int:
    if sys.argv[1:] == ["--update"]:
        for path in stale():
            path.unlink(missing_ok=True)
        for path, text in snapshots().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return 0
    out_of_date = stale()
    for path in out_of_date:
        sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: python -m tests.snapshots --update\n")
    return 1 if out_of_date else 0


if __name__ == "__main__":
    sys.exit(main())
