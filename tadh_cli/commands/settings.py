"""`tadh config`: profiles and where they are read from."""

from __future__ import annotations

from tadh_cli import config
from tadh_cli.commands._command import Commands
from tadh_cli.commands.context import Tadh
from tadh_cli.errors import ConfigError, carrying
from tadh_cli.masking import MASK
from tadh_cli.ui.records import Column, Record, Records, Text, View

commands = Commands("config", "Profiles and where they are read from.")

_FINDINGS = View(id="Problem", columns=(Column("File"), Column("Line"), Column("Problem")))


@commands.command("path", examples=("tadh config path", 'cat "$(tadh config path)"'))
def path(tadh: Tadh) -> Text:
    """Print where the configuration file is, or would be."""
    return Text(str(config.config_path(tadh.common.config)))


@commands.command("show", examples=("tadh config show", "tadh -p sandbox config show -o yaml"))
def show(tadh: Tadh) -> Record:
    """Show the settings that hold now, secrets masked.

    They are the profile's, with the environment on top.
    """
    settings = tadh.settings
    services = {name: {key: _hidden(key, value) for key, value in own.items()} for name, own in settings.keys.items()}
    common = services.pop("", {})
    shown = {
        "Profile": settings.profile,
        "File": str(config.config_path(tadh.common.config)),
        "Provider": settings.provider,
        "Endpoint": config.shown_url(settings.endpoint),
        "WsEndpoint": config.shown_url(settings.websocket),
        "Keys": common,
        "Services": services,
        "Defaults": dict(settings.defaults),
        "Proxy": config.shown_url(settings.proxy),
        "CaBundle": settings.ca_bundle,
        "StateDir": str(config.state_dir()),
    }
    return Record(shown, View(id="Profile"))


def _hidden(key: str, value: str) -> str:
    if key == "access_token_command":
        return config.shown_command(value)
    return MASK if key == "access_token" and value else value


@commands.command("validate", examples=("tadh config validate", "tadh config validate --config config.example.yaml"))
def validate(tadh: Tadh) -> Records:
    """Check the configuration file and list everything that is wrong with it.

    Ends with exit code 3 when something is.
    """
    from tadh_cli.config.file import exposed_secret, read

    file = config.config_path(tadh.common.config)
    document, findings = read(file)
    warning = exposed_secret(file, document)
    if warning:
        tadh.messages.warn(warning)
    rows = [{"File": str(file), "Line": finding.line, "Problem": finding.message} for finding in findings]
    if rows:
        error = ConfigError(
            "\n  ".join(f"{row['File']}:{row['Line']}: {row['Problem']}" for row in rows),
            hint="config.example.yaml shows every key",
        )
        raise carrying(error, rows, is_list=True, view=_FINDINGS)
    tadh.messages.say(f"{file} is fine: {', '.join(document.get('profiles', {})) or 'no profiles'}")
    return Records([], _FINDINGS)
