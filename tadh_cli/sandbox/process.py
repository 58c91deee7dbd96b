"""The sandbox from outside: start it as a process of its own, find it, steer it, end it."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tadh_cli
from tadh_cli.errors import ConfigError, FileError, InputError, NotFound, ServiceError
from tadh_cli.sandbox import record
from tadh_cli.sandbox.record import LOG, Options, Running

if TYPE_CHECKING:
    import subprocess

START_S, STOP_S = 15.0, 10.0
ANSWER_S = 5.0
# An hour of sound is 115 MB.
FETCH_S = 60.0
# A server that lives answers at once; whoever does not is none of ours.
SIGN_OF_LIFE_S = 2.0
GLANCE_S = 0.02
FOLLOW_S = 0.2
LONGEST_LOG_BYTES = 20_000_000
# What a server needs beyond what tadh itself needs.
NEEDED = ("aiohttp", "av")


def start(directory: Path, options: Options) -> Running:
    """The sandbox on a directory, started unless it runs already; raises InputError when it runs with other options."""
    if running := find(directory):
        _check_same(running, options)
        return running
    check_installed()
    check_faults(options.faults)
    prepare(directory)
    log = directory / LOG
    _shorten(log)
    size_before = log.stat().st_size if log.exists() else 0
    process = _spawn(directory, options, log)
    try:
        return _answering(process, directory, options, size_before)
    except KeyboardInterrupt:
        _end(process)
        raise


def _answering(process: subprocess.Popen[bytes], directory: Path, options: Options, size_before: int) -> Running:
    """The server of a process, or that of another start, once it answers; raises why there is none."""
    log = directory / LOG
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        running = record.read(directory)
        if running and ask(running, "GET", "status") is not None:
            if running.pid == process.pid:
                # It lives on: whoever started it does not wait for its end.
                process.returncode = 0
                return running
            # Another start was quicker: ours must not take over when that one is stopped.
            _end(process)
            _check_same(running, options)
            return running
        if process.poll() is not None and not _is_elsewhere(log, size_before):
            raise _failure(options, log, size_before)
        time.sleep(GLANCE_S)
    if process.poll() is not None:
        raise _failure(options, log, size_before)
    _end(process)
    raise ServiceError(f"the sandbox did not start within {START_S:.0f} s", hint=f"see {log}")


def find(directory: Path) -> Running | None:
    """The sandbox that runs on a directory; what a dead one left behind is removed."""
    running = record.read(directory)
    if running is not None and ask(running, "GET", "status", timeout_s=SIGN_OF_LIFE_S) is None:
        record.remove(directory, running)
        return None
    return running


def stop(directory: Path) -> Running | None:
    """End the sandbox on a directory and wait for that; None when there was none."""
    running = find(directory)
    if running is None:
        return None
    ask(running, "POST", "stop")
    deadline = time.monotonic() + STOP_S
    while not _has_ended(directory):
        if time.monotonic() > deadline:
            # It answered as ours a moment ago: this is the right process.
            with suppress(ProcessLookupError):
                os.kill(running.pid, 9)
            record.remove(directory, running)
            break
        time.sleep(GLANCE_S)
    return running


def reset(directory: Path) -> bool:
    """Make the sandbox forget everything; returns whether it runs."""
    if running := find(directory):
        command(running, "POST", "reset")
        return True
    for name in ("media", "objects", "samples", "sounds"):
        for path in (directory / name).glob("*"):
            path.unlink(missing_ok=True)
    for path in directory.glob("state.db*"):
        path.unlink(missing_ok=True)
    return False


def command(running: Running, method: str, route: str, body: object = None, *, timeout_s: float = ANSWER_S) -> Any:
    """The answer of an administrative route; raises ServiceError when there is none."""
    answer = ask(running, method, route, body, timeout_s=timeout_s)
    if answer is None:
        raise ServiceError(f"the sandbox at {running.url} does not answer", hint=f"see {running.directory}/{LOG}")
    return answer


def ask(running: Running, method: str, route: str, body: object = None, *, timeout_s: float = ANSWER_S) -> Any:
    """As `command`, but None when nobody answers, or somebody else does."""
    text = body if isinstance(body, str) else json.dumps(body)
    data = _exchange(running, method, route, text.encode(), timeout_s)
    try:
        return None if data is None else json.loads(data)
    except ValueError:
        return None


def fetch(running: Running, route: str) -> bytes:
    """What an administrative route has that is no JSON; raises ServiceError when there is nothing."""
    data = _exchange(running, "GET", route, b"", FETCH_S)
    if data is None:
        raise ServiceError(f"the sandbox at {running.url} does not answer", hint=f"see {running.directory}/{LOG}")
    return data


def _exchange(running: Running, method: str, route: str, body: bytes, timeout_s: float) -> bytes | None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=timeout_s)
    try:
        headers = {"Authorization": f"Bearer {running.admin_token}"}
        connection.request(method, f"/-/{route}", body=body, headers=headers)
        answer = connection.getresponse()
        data = answer.read()
        return data if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def lines(directory: Path, count: int) -> str:
    """The last lines of the log."""
    return "".join(_read(directory / LOG).splitlines(keepends=True)[-count:] if count else [])


def follow(directory: Path, count: int) -> Iterator[str]:
    """The last lines of the log, then what is written to it, for as long as somebody asks."""
    path = directory / LOG
    text = _read(path)
    yield "".join(text.splitlines(keepends=True)[-count:] if count else [])
    with path.open("r", encoding="utf-8", errors="replace") as file:
        file.seek(len(text.encode("utf-8", "replace")))
        while True:
            if new := file.read():
                yield new
            else:
                time.sleep(FOLLOW_S)


# Before and while starting -------------------------------------------------------------------------------


def check_installed() -> None:
    """Raise ConfigError unless the libraries of the server are there."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the sandbox needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            hint="pip install 'tadh-cli[sandbox]'",
        )


def check_faults(path: Path | None) -> str:
    """The text of a file of fault rules; raises InputError with everything that is wrong in it."""
    if path is None:
        return ""
    from tadh_cli.providers.tencent import operations
    from tadh_cli.sandbox import faults

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from None
    _, findings = faults.read(text, tuple(operations()))
    if findings:
        raise InputError([f"{path}:{finding.line}: {finding.message}" for finding in findings])
    return text


def keep_rules(directory: Path, text: str) -> Path:
    """Rules that came through stdin, as a file that the server can read."""
    prepare(directory)
    path = directory / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def prepare(directory: Path) -> None:
    """Make the directory; what is in it is its owner's alone."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError as error:
        raise FileError(f"{directory} can't be made: {error.strerror}") from None


def _check_same(running: Running, options: Options) -> None:
    wanted = {"--port": options.port, "--speed": options.speed, "--seed": options.seed}
    there = {"--port": running.port, "--speed": running.speed, "--seed": running.seed}
    problems = [
        f"the sandbox runs already with {flag} {there[flag]}, not {value}"
        for flag, value in wanted.items()
        if value is not None and value != there[flag]
    ]
    if options.faults is not None and str(options.faults.resolve()) != running.faults:
        problems.append(f"the sandbox runs already with {running.faults or 'no'} --faults, not {options.faults}")
    if problems:
        raise InputError(problems, hint="stop it first: `tadh sandbox stop`; faults alone: `tadh sandbox faults set`")


def _spawn(directory: Path, options: Options, log: Path) -> subprocess.Popen[bytes]:
    """A server that outlives us: a session of its own, no terminal, its stderr is the log."""
    import subprocess

    arguments = [sys.executable, "-m", "tadh_cli.sandbox", str(directory)]
    for flag, value in (("--port", options.port), ("--speed", options.speed), ("--seed", options.seed)):
        arguments += [flag, str(value)] if value is not None else []
    arguments += ["--faults", str(options.faults.resolve())] if options.faults else []
    # It works in its own directory, where no file of the caller's is mistaken for a module.
    package = str(Path(tadh_cli.__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH", "")) if part)
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    with log.open("ab") as out:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=directory,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
            creationflags=flags,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _is_elsewhere(log: Path, size_before: int) -> bool:
    """Whether another start was quicker: its server will answer in a moment."""
    return "locked" in _reason(log, size_before)


def _reason(log: Path, size_before: int) -> str:
    """What a server said that could not start."""
    said = log.read_bytes()[size_before:].decode("utf-8", "replace").strip().splitlines()
    return said[-1].partition("the sandbox can't start: ")[2] if said else ""


def _shorten(log: Path) -> None:
    """Put a long log aside; one old one is kept."""
    if log.exists() and log.stat().st_size > LONGEST_LOG_BYTES:
        os.replace(log, log.with_suffix(".old.log"))


def _failure(options: Options, log: Path, size_before: int) -> Exception:
    """Why a server ended before it began."""
    reason = _reason(log, size_before)
    if "in use" in reason and options.port is not None:
        return InputError(f"--port {options.port} is in use", hint="without --port a free one is taken")
    if "locked" in reason:
        return ConfigError(f"another sandbox works in {log.parent}", hint="`tadh sandbox stop` ends it")
    return ServiceError(f"the sandbox did not start: {reason or 'it said nothing'}", hint=f"see {log}")


def _has_ended(directory: Path) -> bool:
    """Whether nobody holds the state any more: the last thing a server gives back."""
    from tadh_cli.sandbox.state import Busy, State

    if record.read(directory) is not None:
        return False
    try:
        State(directory).close()
    except Busy:
        return False
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise NotFound(f"there is no log yet: {path}", hint="start the sandbox with `tadh sandbox start`") from None
