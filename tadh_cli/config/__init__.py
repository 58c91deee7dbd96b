"""Profiles and precedence: what holds for one run, and where it comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tadh_cli.config.credentials import Credentials, is_text, shown_command, shown_url, source_of, token_from
from tadh_cli.config.keys import DEFAULT_ENDPOINT, DEFAULT_TIMEOUT_S, PROVIDERS, SANDBOX, SERVICE_KEYS, suggestion
from tadh_cli.config.paths import (
    cache_dir,
    callback_path,
    config_path,
    ledger_path,
    locks_dir,
    sandbox_dir,
    sessions_dir,
    state_dir,
    uploads_dir,
)
from tadh_cli.errors import ConfigError

__all__ = [
    "DEFAULT_ENDPOINT",
    "DEFAULT_TIMEOUT_S",
    "PROVIDERS",
    "SANDBOX",
    "Credentials",
    "Settings",
    "cache_dir",
    "callback_path",
    "config_path",
    "ledger_path",
    "locks_dir",
    "sandbox_dir",
    "sandbox_settings",
    "sessions_dir",
    "settings",
    "shown_command",
    "shown_url",
    "state_dir",
    "uploads_dir",
]

_KEYS_FROM = "it comes from the configuration file or from TADH_APP_KEY and TADH_ACCESS_TOKEN"


class Settings(NamedTuple):
    """What holds for one run: a profile with the environment on top."""

    profile: str
    provider: str = PROVIDERS[0]
    endpoint: str = DEFAULT_ENDPOINT
    ws_endpoint: str = ""
    # How to come by credentials, by service; "" stands for all others.
    keys: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    defaults: Mapping[str, str] = MappingProxyType({})
    proxy: str = ""
    ca_bundle: str = ""
    is_sandbox: bool = False
    # A warning when others may read the file that the token came from.
    exposed: str = ""
    # What a missing file has to do with missing keys.
    hint_of_file: str = ""

    def credentials(self, service: str) -> Credentials:
        """The key pair for a service; raises ConfigError when it is missing or can't be read."""
        source = source_of(self.keys, service)
        app_key = source.get("app_key", "")
        token = token_from(source, self.profile)
        missing = [name for name, value in (("app_key", app_key), ("access_token", token)) if not value]
        if missing:
            raise ConfigError(
                f"profile {self.profile} has no {' and no '.join(missing)} for the {service} service",
                hint="write them into the configuration file (`tadh config path` says where), or set TADH_APP_KEY and "
                "TADH_ACCESS_TOKEN; without an account try `tadh demo`" + self.hint_of_file,
            )
        for name, value in (("app_key", app_key), ("access_token", token)):
            if not is_text(value):
                raise ConfigError(f"the {name} of profile {self.profile} is not text in UTF-8", hint=_KEYS_FROM)
        return Credentials(app_key, token)

    def account(self, service: str) -> str:
        """The app key of a service, empty when there is none: which account is meant, without its secret."""
        return source_of(self.keys, service).get("app_key", "")

    @property
    def logins(self) -> list[str]:
        """Names and passwords within the URLs."""
        urls = [url.rpartition("@")[0] for url in (self.endpoint, self.ws_endpoint, self.proxy)]
        return [url.partition("://")[2] or url for url in urls if url]

    @property
    def websocket(self) -> str:
        """The WebSocket's endpoint."""
        return self.ws_endpoint or "ws" + self.endpoint.removeprefix("http")


def settings(config: str | None = None, profile: str | None = None) -> Settings:
    """The settings of this run: command line, environment, profile, built-in default, in this order."""
    wanted = profile or os.environ.get("TADH_PROFILE")
    if wanted == SANDBOX:
        return sandbox_settings()
    document, exposed = _load(config)
    name = _profile_name(document, wanted)
    if name == SANDBOX:
        return sandbox_settings()
    chosen = document.get("profiles", {}).get(name) or {}
    return _with_environment(name, chosen)._replace(exposed=exposed, hint_of_file=_hint_of_file(config))


def _hint_of_file(given: str | None) -> str:
    """A file named by the environment need not be there (cron's may name any), but explains what is missing."""
    named = os.environ.get("TADH_CONFIG")
    is_missing = not given and bool(named) and not config_path(None).exists()
    return f". The file {named}, named by TADH_CONFIG, does not exist" if is_missing else ""


def sandbox_settings() -> Settings:
    """The built-in profile of the running sandbox; raises ConfigError when none runs."""
    try:
        server = json.loads((sandbox_dir() / "server.json").read_text(encoding="utf-8"))
        keys = {"app_key": str(server["app_key"]), "access_token": str(server["access_token"])}
        return Settings(SANDBOX, endpoint=str(server["url"]), keys={"": keys}, is_sandbox=True)
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError("the sandbox is not running", hint="start it with `tadh sandbox start`") from None


def _environment_is_complete() -> bool:
    return all(os.environ.get(name) for name in ("TADH_ENDPOINT", "TADH_APP_KEY", "TADH_ACCESS_TOKEN"))


def _profile_name(document: Mapping[str, Any], wanted: str | None) -> str:
    profiles = document.get("profiles", {})
    name: str = wanted or document.get("default_profile") or (next(iter(profiles)) if len(profiles) == 1 else "default")
    if (
        name in (*profiles, SANDBOX)
        or (not profiles and not wanted)
        or (name == "default" and _environment_is_complete())
    ):
        return name
    if not wanted and not document.get("default_profile"):
        raise ConfigError(
            f"no profile is chosen; there are {', '.join(profiles)}", hint="use --profile NAME or set default_profile"
        )
    raise ConfigError(
        f"there is no profile {name}{suggestion(name, [*profiles, SANDBOX])}",
        hint=f"profiles: {', '.join([*profiles, SANDBOX])}",
    )


def _with_environment(name: str, chosen: Mapping[str, Any]) -> Settings:
    env = os.environ
    overrides = {
        key: env[variable]
        for key, variable in (("app_key", "TADH_APP_KEY"), ("access_token", "TADH_ACCESS_TOKEN"))
        if env.get(variable)
    }
    common = {key: value for key, value in chosen.items() if key in SERVICE_KEYS}
    services = chosen.get("services") or {}
    keys = {"": {**common, **overrides}} | {service: {**own, **overrides} for service, own in services.items()}
    return Settings(
        profile=name,
        provider=chosen.get("provider") or PROVIDERS[0],
        endpoint=_url(env.get("TADH_ENDPOINT") or chosen.get("endpoint") or DEFAULT_ENDPOINT, ("http", "https")),
        ws_endpoint=_url(env.get("TADH_WS_ENDPOINT") or chosen.get("ws_endpoint") or "", ("ws", "wss")),
        keys=keys,
        defaults=chosen.get("defaults") or {},
        proxy=chosen.get("proxy") or "",
        ca_bundle=chosen.get("ca_bundle") or "",
    )


def _url(text: str, schemes: tuple[str, ...]) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        is_good = is_text(text) and parts.scheme in schemes and bool(parts.hostname) and (parts.port or True)
    except ValueError:
        is_good = False
    if not is_good:
        raise ConfigError(f"the endpoint {shown_url(text)!r} is not a URL that begins with {' or '.join(schemes)}://")
    return text.rstrip("/")


def _load(given: str | None) -> tuple[Mapping[str, Any], str]:
    """The file as a mapping of strings, and whom it is exposed to; both empty when there is none to be found."""
    path = config_path(given)
    if given is None and not path.exists():
        return {}, ""
    from tadh_cli.config.file import exposed_secret, read

    document, findings = read(path)
    findings = [finding for finding in findings if finding.stops]
    if findings:
        where = [f"{path}:{finding.line}: {finding.message}" for finding in findings]
        raise ConfigError("\n  ".join(where), hint="`tadh config validate` checks the file")
    return document, exposed_secret(path, document)
