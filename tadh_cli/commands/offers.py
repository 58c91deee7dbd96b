"""What a shell is offered to complete: profiles, tasks, operations; quick, and silent when there is nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tadh_cli import config
from tadh_cli.errors import ConfigError

# More would not fit on a screen, and the newest are those that are meant.
_MOST_TASKS = 50


def profiles(incomplete: str) -> Iterator[str]:
    """Names of the profiles in the configuration file, and the sandbox."""
    try:
        document, _ = config.read(config.config_path(None))
    except ConfigError:
        document = {}
    names = [*document.get("profiles", {}), config.SANDBOX]
    return (name for name in names if name.startswith(incomplete))


def tasks(incomplete: str) -> Iterator[str]:
    """Ids of the newest tasks in the ledger."""
    from tadh_cli.engine.ledger import Ledger

    try:
        found = [record["TaskId"] for record in Ledger(config.ledger_path()).tasks(limit=_MOST_TASKS)]
    except ConfigError:
        found = []
    return (task_id for task_id in found if task_id.startswith(incomplete) and not task_id.startswith("#"))


def operations(incomplete: str) -> Iterator[str]:
    """Names of the declared operations."""
    from tadh_cli.providers import provider

    operations = provider(config.PROVIDERS[0]).operations()
    return (operation.name for operation in operations if operation.name.startswith(incomplete))


def formats(incomplete: str) -> Iterator[str]:
    """Output formats."""
    from tadh_cli.ui.render import FORMATS

    return (form for form in FORMATS if form.startswith(incomplete.lower()))
