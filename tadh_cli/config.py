"""Profiles, precedence, secrets, and where files live."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tadh_cli.duration import seconds
from tadh_cli.errors import ConfigError
from tadh_cli.masking import MASK

# The first is the one that holds when none is named.
PROVIDERS = ("tencent",)
DEFAULT_ENDPOINT = "https://gw-sg.tvs.qq.com"
DEFAULT_TIMEOUT_S = 1800.0
# The profile of the local emulator: built in, and never redirected by the environment.
SANDBOX = "sandbox"

_TOKEN_KEYS = {
    "access_token": "the secret itself",
    "access_token_env": "name of an environment variable with the secret",
    "access_token_command": "a shell command that prints the secret",
    "access_token_keyring": "true: the secret is in the system's keyring",
}
SERVICE_KEYS = {"app_key": "appkey of this service", **_TOKEN_KEYS}
SERVICES = ("customization", "video", "session", "assets")
DEFAULTS_KEYS = {
    "avatar": "avatar when --avatar is left out",
    "voice": "voice when --voice is left out",
    "output_dir": "directory for downloads",
    "timeout": "longest wait, such as 30m",
}
PROFILE_KEYS = {
    "provider": ", ".join(PROVIDERS),
    "endpoint": "URL of the service",
    "ws_endpoint": "URL of the WebSocket; derived from endpoint when left out",
    **SERVICE_KEYS,
    "services": "own credentials for single services: " + ", ".join(SERVICES),
    "defaults": "values for options that are left out",
    "proxy": "proxy for all requests; else HTTPS_PROXY and NO_PROXY",
    "ca_bundle": "file with the certificates to trust",
}
FILE_KEYS = {"default_profile": "profile when none is chosen", "profiles": "profiles by name"}

# Every environment variable that tadh reads, and what it stands for.
ENVIRONMENT = {
    "TADH_PROFILE": "profile to use, as --profile",
    "TADH_CONFIG": "configuration file, as --config",
    "TADH_APP_KEY": "appkey that signs requests",
    "TADH_ACCESS_TOKEN": "access token that signs requests",
    "TADH_ENDPOINT": "URL of the service",
    "TADH_WS_ENDPOINT": "URL of the WebSocket",
    "TADH_OUTPUT": "output format, as --output",
    "TADH_STATE_DIR": "directory of the ledger, the sandbox and caches",
    "TADH_TIMEOUT": "longest wait, as --timeout",
    "NO_COLOR": "no colours when set",
    "HTTPS_PROXY, HTTP_PROXY, NO_PROXY": "proxies",
    "REQUESTS_CA_BUNDLE, SSL_CERT_FILE": "file with the certificates to trust",
}


# A file larger or nested deeper than this is no configuration, whatever it is.
_LARGEST_BYTES = 1024 * 1024
_DEEPEST = 50
_KEYS_FROM = "it comes from the configuration file or from TADH_APP_KEY and TADH_ACCESS_TOKEN"


class Credentials(NamedTuple):
    """The key pair that signs requests; the secret stays out of every representation."""

    app_key: str
    access_token: str

    def __repr__(self) -> str:
        return f"Credentials({self.app_key!r}, ***)"


class Finding(NamedTuple):
    """Something wrong in a configuration file, and where."""

    line: int
    message: str
    # Whether nothing can be done with the file; else it is only told by `tadh config validate`.
    stops: bool = True


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
        source = {**self.keys.get("", {}), **_own(self.keys.get(service, {}))}
        app_key = source.get("app_key", "")
        token = _token(source, self.profile)
        missing = [name for name, value in (("app_key", app_key), ("access_token", token)) if not value]
        if missing:
            raise ConfigError(
                f"profile {self.profile} has no {' and no '.join(missing)} for the {service} service",
                hint="write them into the configuration file (`tadh config path` says where), or set TADH_APP_KEY and "
                "TADH_ACCESS_TOKEN; without an account try `tadh demo`" + self.hint_of_file,
            )
        for name, value in (("app_key", app_key), ("access_token", token)):
            if not _is_text(value):
                raise ConfigError(f"the {name} of profile {self.profile} is not text in UTF-8", hint=_KEYS_FROM)
        return Credentials(app_key, token)

    def account(self, service: str) -> str:
        """The app key of a service, empty when there is none: which account is meant, without its secret."""
        return {**self.keys.get("", {}), **_own(self.keys.get(service, {}))}.get("app_key", "")

    @property
    def logins(self) -> list[str]:
        """Names and passwords within the URLs."""
        urls = [url.rpartition("@")[0] for url in (self.endpoint, self.ws_endpoint, self.proxy)]
        return [url.partition("://")[2] or url for url in urls if url]

    @property
    def websocket(self) -> str:
        """The WebSocket's endpoint."""
        return self.ws_endpoint or "ws" + self.endpoint.removeprefix("http")


def _own(keys: Mapping[str, str]) -> Mapping[str, str]:
    """A service's keys; a token of its own replaces every way to the common one."""
    if not any(name in keys for name in _TOKEN_KEYS):
        return keys
    return {**dict.fromkeys(_TOKEN_KEYS, ""), **keys}


def _is_text(value: str) -> bool:
    """False for what the environment holds in other encodings."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _token(source: Mapping[str, str], profile: str) -> str:
    if source.get("access_token"):
        return source["access_token"]
    if name := source.get("access_token_env"):
        if not os.environ.get(name):
            raise ConfigError(f"the environment variable {name}, named by access_token_env, is not set")
        return os.environ[name]
    if command := source.get("access_token_command"):
        return _printed_by(command)
    if source.get("access_token_keyring", "").lower() == "true":
        return _from_keyring(profile, source.get("app_key", ""))
    return ""


def _printed_by(command: str) -> str:
    import subprocess

    try:
        done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise ConfigError(
            "access_token_command did not end within 60 s", hint=f"it is: {shown_command(command)}"
        ) from None
    if done.returncode or not done.stdout.strip():
        what = f"ended with exit code {done.returncode}" if done.returncode else "printed nothing"
        raise ConfigError(f"access_token_command {what}", hint=f"it is: {shown_command(command)}")
    return done.stdout.strip()


def shown_url(url: str) -> str:
    """A URL of the settings without name and password, also when these make it one that can't be read."""
    scheme = re.match(r"\w+://|", url)
    assert scheme is not None
    return f"{scheme[0]}{MASK}@{url.rpartition('@')[2]}" if "@" in url else url


def shown_command(command: str) -> str:
    """A command without its arguments, which may be secrets, as may be what a variable before it is set to."""
    first, *more = command.split(None, 1) or [""]
    return (MASK if "=" in first else first) + (" …" if more else "")


def _from_keyring(profile: str, app_key: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise ConfigError(
            "access_token_keyring needs the keyring package", hint="pip install 'tadh-cli[keyring]'"
        ) from None
    try:
        token = keyring.get_password("tadh", f"{profile}:{app_key}")
    except KeyringError as error:
        raise ConfigError(f"the keyring can't be read: {type(error).__name__}") from None
    if not token:
        raise ConfigError(
            f"the keyring has no token for profile {profile}", hint=f"keyring set tadh {profile}:{app_key or 'APP_KEY'}"
        )
    return token


# Where files live --------------------------------------------------------------------------------------


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


# Choosing a profile ------------------------------------------------------------------------------------


def settings(config: str | None = None, profile: str | None = None) -> Settings:
    """The settings of this run: command line, environment, profile, built-in default, in this order."""
    wanted = profile or os.environ.get("TADH_PROFILE")
    if wanted == SANDBOX:
        return sandbox_settings()
    document = _load(config)
    name = _profile_name(document, wanted)
    if name == SANDBOX:
        return sandbox_settings()
    chosen = document.get("profiles", {}).get(name) or {}
    exposed = exposed_secret(config_path(config), document) if document else ""
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
        f"there is no profile {name}{_suggest(name, [*profiles, SANDBOX])}",
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
        is_good = _is_text(text) and parts.scheme in schemes and bool(parts.hostname) and (parts.port or True)
    except ValueError:
        is_good = False
    if not is_good:
        raise ConfigError(f"the endpoint {shown_url(text)!r} is not a URL that begins with {' or '.join(schemes)}://")
    return text.rstrip("/")


def _suggest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


# Reading the file --------------------------------------------------------------------------------------


def _load(given: str | None) -> Mapping[str, Any]:
    """The file as a mapping of strings, empty when there is none where one is looked for."""
    path = config_path(given)
    if given is None and not path.exists():
        return {}
    document, findings = read(path)
    findings = [finding for finding in findings if finding.stops]
    if findings:
        where = [f"{path}:{finding.line}: {finding.message}" for finding in findings]
        raise ConfigError("\n  ".join(where), hint="`tadh config validate` checks the file")
    return document


def read(path: Path) -> tuple[Mapping[str, Any], list[Finding]]:
    """A configuration file and everything that is wrong with it; raises ConfigError when it can't be read.

    All scalars stay strings: an appkey like 0123 or a word like `no` means just what is written.
    """
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        text = limited_text(path)
        if too_deep := nesting(text):
            return {}, [too_deep]
        root = yaml.compose(text, Loader=loader)
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration file {path}", hint="config.example.yaml shows one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not valid YAML"
        return {}, [Finding(mark.line + 1 if mark else 1, f"not valid YAML: {problem}")]
    if root is None:
        return {}, []
    findings: list[Finding] = []
    document = _mapping(root, "the file", FILE_KEYS, findings)
    nodes = _items(document.get("profiles"), "profiles", findings)
    default = document.get("default_profile")
    document["profiles"] = {name: _profile(node, name, findings) for name, node in nodes}
    document["default_profile"] = _scalar("default_profile", default, findings)
    findings += _of_no_effect(dict(nodes), default, document["default_profile"])
    return document, findings


def limited_text(path: Path) -> str:
    """The text of a small file; raises ConfigError for a large one, OSError and UnicodeDecodeError."""
    with open(path, "rb") as file:
        data = file.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        raise ConfigError(f"{path} is larger than {_LARGEST_BYTES >> 20} MiB: is it the right file?")
    return data.decode("utf-8-sig")


def nesting(text: str) -> Finding | None:
    """What is wrong with a YAML text that is nested too deeply: to build it would exhaust the stack of the parser.

    Raises yaml.YAMLError.
    """
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return Finding(_line(event), f"it is nested deeper than {_DEEPEST} levels")
    return None


def _of_no_effect(profiles: Mapping[str, Any], node: Any, default: str) -> list[Finding]:
    """What can be read, but does not do what its writer wanted."""
    found = []
    if default and default not in (*profiles, SANDBOX):
        near = _suggest(default, [*profiles, SANDBOX])
        found.append(Finding(_line(node), f"default_profile {default} is not one of the profiles{near}", stops=False))
    if SANDBOX in profiles:
        what = f"the profile {SANDBOX} is built in, so this one is never used: give it another name"
        found.append(Finding(_line(profiles[SANDBOX]), what, stops=False))
    return found


def _profile(node: Any, name: str, findings: list[Finding]) -> dict[str, Any]:
    nodes = _mapping(node, f"profile {name}", PROFILE_KEYS, findings)
    profile: dict[str, Any] = {}
    for key, child in nodes.items():
        if key == "defaults":
            values = _mapping(child, "defaults", DEFAULTS_KEYS, findings)
            profile[key] = {name: _scalar(name, value, findings) for name, value in values.items()}
            _check_timeout(profile[key].get("timeout"), child, findings)
        elif key == "services":
            profile[key] = _services(child, findings)
        else:
            profile[key] = _scalar(key, child, findings)
    _check_provider(profile, node, findings)
    _check_tokens(profile, node, findings)
    return profile


def _services(node: Any, findings: list[Finding]) -> dict[str, Any]:
    services = {}
    for name, child in _mapping(node, "services", dict.fromkeys(SERVICES, ""), findings).items():
        keys = _mapping(child, f"service {name}", SERVICE_KEYS, findings)
        services[name] = {key: _scalar(key, value, findings) for key, value in keys.items()}
        _check_tokens(services[name], child, findings)
    return services


def _check_provider(profile: Mapping[str, Any], node: Any, findings: list[Finding]) -> None:
    provider = profile.get("provider")
    if provider and provider not in PROVIDERS:
        findings.append(Finding(_line(node), f"provider {provider} is not one of {', '.join(PROVIDERS)}"))


def _check_tokens(profile: Mapping[str, Any], node: Any, findings: list[Finding]) -> None:
    ways = [key for key in _TOKEN_KEYS if profile.get(key)]
    if len(ways) > 1:
        findings.append(Finding(_line(node), f"only one of {', '.join(ways)} can be given"))


def _check_timeout(text: str | None, node: Any, findings: list[Finding]) -> None:
    if text:
        try:
            seconds(text)
        except ValueError as error:
            findings.append(Finding(_line(node), f"timeout {error}"))


def _mapping(node: Any, what: str, known: Mapping[str, str], findings: list[Finding]) -> dict[str, Any]:
    """The children of a mapping node by key; unknown keys become findings."""
    children = dict(_items(node, what, findings))
    for key, child in children.items():
        if key not in known:
            near = _suggest(key, list(known))
            findings.append(
                Finding(_line(child), f"{what} has an unknown key {key}{near or '; known: ' + ', '.join(known)}")
            )
    return {key: child for key, child in children.items() if key in known}


def _items(node: Any, what: str, findings: list[Finding]) -> list[tuple[str, Any]]:
    if node is None or (node.id == "scalar" and not node.value):
        return []
    if node.id != "mapping":
        findings.append(Finding(_line(node), f"{what} has to be a mapping of keys to values"))
        return []
    return [(str(key.value), child) for key, child in node.value]


def _scalar(key: str, node: Any, findings: list[Finding]) -> str:
    if node is None:
        return ""
    if node.id != "scalar":
        findings.append(Finding(_line(node), f"{key} has to be a single value"))
        return ""
    return "" if node.value in ("~", "null") and not node.style else str(node.value)


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def exposed_secret(path: Path, document: Mapping[str, Any]) -> str:
    """A warning when others may read a file with a token in it, else nothing."""
    profiles = document.get("profiles", {}).values()
    holders = [*profiles, *(own for profile in profiles for own in (profile.get("services") or {}).values())]
    if os.name != "posix" or not any(holder.get("access_token") for holder in holders):
        return ""
    if not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return ""
    return f"{path} contains an access token and can be read by others; run: chmod 600 {path}"
