"""What the sandbox needs beyond tadh itself: installed, kept in the cache directory, or fetched into it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tadh_cli import config
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import ConfigError

HINT = "pip install 'tadh-cli[sandbox]', in a clone pip install '.[sandbox]'; `tadh demo` fetches them by itself"


def require() -> None:
    """Make the packages of the `sandbox` extra importable here and in the processes started from here.

    They may be in the cache, where `fetch` has put them; raises ConfigError when they are nowhere.
    """
    from tadh_cli.sandbox import process

    if not _is_complete() and _folder().is_dir():
        _use(_folder())
    try:
        process.check_installed()
    except ConfigError as error:
        error.hint = HINT
        raise


def fetch(tadh: Tadh) -> None:
    """As `require`, but install with pip into the cache what is nowhere."""
    try:
        require()
    except ConfigError:
        _install(tadh, _folder())
        _use(_folder())
        require()


def _folder() -> Path:
    return config.cache_dir() / "sandbox-packages"


def _is_complete() -> bool:
    from tadh_cli.sandbox import process

    try:
        process.check_installed()
    except ConfigError:
        return False
    return True


def _use(folder: Path) -> None:
    import importlib
    import sys

    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        inherited = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *([inherited] if inherited else [])])
    importlib.invalidate_caches()


def _install(tadh: Tadh, folder: Path) -> None:
    import subprocess
    import sys

    wanted = _requirements()
    tadh.messages.say(f"installing {', '.join(wanted)} for the sandbox into {folder}")
    part = folder.with_name(f"{folder.name}.{os.getpid()}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(part)]
    done = subprocess.run(
        [*command, *wanted], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ConfigError(f"pip could not install what the sandbox needs: {last}", hint=HINT.partition(";")[0])
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


def _requirements() -> list[str]:
    """The packages of the `sandbox` extra, as the installed distribution declares them."""
    from importlib.metadata import requires

    declared = requires("tadh-cli") or []
    return [
        line.partition(";")[0].strip()
        for line in declared
        if "extra ==" in line and "sandbox" in line.partition(";")[2]
    ]
