"""The server process: `python -m tadh_cli.sandbox DIRECTORY [--port N] [--speed F] [--seed N] [--faults FILE]`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tadh_cli.providers.tencent import operations
from tadh_cli.sandbox.faults import Fault, Faults, read
from tadh_cli.sandbox.journal import Journal
from tadh_cli.sandbox.record import DEFAULT_SEED, Options, Running
from tadh_cli.sandbox.state import Busy


def main() -> int:
    """Serve until SIGTERM or SIGINT; the log goes to stderr, which is the log file."""
    parser = argparse.ArgumentParser(prog="tadh-sandbox")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--speed", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--faults", type=Path)
    given = parser.parse_args()
    options = Options(given.port, given.speed, given.seed, given.faults)
    try:
        asyncio.run(run(given.directory, options, sys.stderr, lambda running: None))
    except (Busy, OSError) as error:
        sys.stderr.write(f"the sandbox can't start: {error}\n")
        return 1
    return 0


async def run(directory: Path, options: Options, log: IO[str], ready: Callable[[Running], None]) -> None:
    """Serve in this process until a signal asks it to end; raises Busy, and OSError when the port is taken."""
    from tadh_cli.sandbox.server import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            # Windows: there Ctrl-C raises KeyboardInterrupt, and nothing sends SIGTERM.
            break
    rules = Faults(_rules(options.faults), seed=DEFAULT_SEED if options.seed is None else options.seed)
    await serve(directory, options, rules, Journal(log), ready=ready, stop=stop)


def _rules(path: Path | None) -> list[Fault]:
    """The rules of a file that was checked before."""
    if path is None:
        return []
    rules, findings = read(path.read_text(encoding="utf-8"), tuple(operations()))
    if findings:
        raise OSError(f"{path}:{findings[0].line}: {findings[0].message}")
    return rules


if __name__ == "__main__":
    sys.exit(main())
