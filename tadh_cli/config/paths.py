"""Where files live."""

from __future__ import annotations

import os
from pathlib import Path

from tadh_cli.config.keys import SANDBOX


def config_path(given: str | None) -> Path:
    """The configuration file: --config, $TADH_CONFIG, else the platform's directory."""
    chosen = given or os.environ.get("TADH_CONFIG")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("tadh", appauthor=False)) / "config.yaml"


def state_dir() -> Path:
    """Where ledger, sandbox and caches live: $TADH_STATE_DIR, else the platform's directory."""
    chosen = os.environ.get("TADH_STATE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_state_dir("tadh", appauthor=False))


def cache_dir() -> Path:
    """Where what can be fetched again lives: below $TADH_STATE_DIR, else in the platform's directory."""
    if os.environ.get("TADH_STATE_DIR"):
        return state_dir() / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("tadh", appauthor=False))


def ledger_path() -> Path:
    """The ledger of everything submitted from this machine."""
    return state_dir() / "ledger.db"


def locks_dir() -> Path:
    """Where the locks are of those who tell what changed."""
    return state_dir() / "locks"


def callback_path() -> Path:
    """Where the secret path is kept by which callbacks reach this machine."""
    return state_dir() / "callback.path"


def uploads_dir() -> Path:
    """Where the records of unfinished uploads are."""
    return state_dir() / "uploads"


def sessions_dir() -> Path:
    """Which process drives which live session, and when each was last told something."""
    return state_dir() / "sessions"


def sandbox_dir() -> Path:
    """Where the sandbox keeps its state."""
    return state_dir() / SANDBOX
