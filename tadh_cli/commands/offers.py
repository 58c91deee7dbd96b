"""What a shell is offered to complete: profiles, tasks, operations; quick, and silent when there is nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import typer

from tadh_cli import config
from tadh_cli.errors import ConfigError

# Names and ids come from elsewhere, and a shell evaluates what it is offered: nothing in them may mean anything to it.
_HARMLESS = r"\w[\w.-]*"
_HARMFUL = r"[^\w ,./-]+"
# More would not fit on a screen, and the newest are those that are meant.
_MOST_TASKS = 50


def profiles(incomplete: str) -> Iterator[str]:
    """Names of the profiles in the configuration file, and the sandbox."""
    from tadh_cli.config.file import read

    try:
        document, _ = read(config.config_path(None))
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
    return (task_id for task_id in found if task_id.startswith(incomplete) and re.fullmatch(_HARMLESS, task_id))


def operations(incomplete: str) -> Iterator[str]:
    """Names of the declared operations."""
    from tadh_cli.providers import provider

    operations = provider(config.PROVIDERS[0]).operations()
    return (operation.name for operation in operations if operation.name.startswith(incomplete))


def avatars(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Keys and names of avatars that were listed before; nobody is asked."""
    return _assets("avatar", ctx, incomplete)


def voices(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Keys and names of voices that were listed before; nobody is asked."""
    return _assets("voice", ctx, incomplete)


def _assets(kind: str, ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    from tadh_cli.engine.cache import Cache
    from tadh_cli.engine.clock import Clock
    from tadh_cli.engine.owned import some
    from tadh_cli.providers import provider

    try:
        settings = config.settings(_given(ctx, "config"), _given(ctx, "profile"))
        asset = provider(settings.provider).asset(kind)
    except (ConfigError, KeyError):
        return
    items = some(Cache(settings, Clock()), asset)
    keys = [(str(item[asset.key]), asset.label(item)) for item in items]
    names = [str(item.get(asset.name) or "") for item in items]
    # A name that several have is no answer.
    single = [(name, kind) for name in names if names.count(name) == 1]
    wanted = incomplete.lower()
    for text, about in (*keys, *(single if wanted else ())):
        if text.lower().startswith(wanted) and re.fullmatch(_HARMLESS, text):
            yield text, re.sub(_HARMFUL, "", about)


def _given(ctx: typer.Context, name: str) -> str | None:
    """A common option further left on the line."""
    at: typer.Context | None = ctx
    while at is not None:
        if at.params.get(name):
            return str(at.params[name])
        at = at.parent  # type: ignore[assignment]
    return None


def avatar_types(incomplete: str) -> Iterator[str]:
    """Types of avatars, as short words and as codes."""
    from tadh_cli.providers import provider

    types = provider(config.PROVIDERS[0]).holdings().types
    words = [*(kind.word for kind in types), *(kind.code for kind in types)]
    return (word for word in words if word.startswith(incomplete.lower()))


def service_types(incomplete: str) -> Iterator[tuple[str, str]]:
    """Types of what can be bought, with their names."""
    from tadh_cli.providers import provider

    services = provider(config.PROVIDERS[0]).holdings().services
    return ((code, name) for code, name in services.items() if code.lower().startswith(incomplete.lower()))


OF_ASSETS = {"avatar": avatars, "voice": voices}


def formats(incomplete: str) -> Iterator[str]:
    """Output formats."""
    from tadh_cli.ui.render import FORMATS

    return (form for form in FORMATS if form.startswith(incomplete.lower()))
