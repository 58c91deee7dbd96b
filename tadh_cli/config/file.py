"""The configuration file: what it says, and everything that is wrong with it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tadh_cli.config.keys import (
    DEFAULTS_KEYS,
    FILE_KEYS,
    PROFILE_KEYS,
    PROVIDERS,
    SANDBOX,
    SERVICE_KEYS,
    SERVICES,
    TOKEN_KEYS,
    suggestion,
)
from tadh_cli.duration import seconds
from tadh_cli.errors import ConfigError

# A file larger or nested deeper than this is no configuration, whatever it is.
_LARGEST_BYTES = 1024 * 1024
_DEEPEST = 50


class Finding(NamedTuple):
    """Something wrong in a configuration file, and where."""

    line: int
    message: str
    # Whether nothing can be done with the file; else it is only told by `tadh config validate`.
    stops: bool = True


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
        near = suggestion(default, [*profiles, SANDBOX])
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
    ways = [key for key in TOKEN_KEYS if profile.get(key)]
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
            near = suggestion(key, list(known))
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
