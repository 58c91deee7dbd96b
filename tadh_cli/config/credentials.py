"""The key pair that signs requests: where it comes from, and how the settings around it are shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from tadh_cli.config.keys import TOKEN_KEYS
from tadh_cli.errors import ConfigError
from tadh_cli.masking import MASK


class Credentials(NamedTuple):
    """The key pair that signs requests; the secret stays out of every representation."""

    app_key: str
    access_token: str

    def __repr__(self) -> str:
        return f"Credentials({self.app_key!r}, ***)"


def source_of(keys: Mapping[str, Mapping[str, str]], service: str) -> Mapping[str, str]:
    """How to come by the key pair of a service; "" in `keys` stands for all services."""
    return {**keys.get("", {}), **_own(keys.get(service, {}))}


def _own(keys: Mapping[str, str]) -> Mapping[str, str]:
    """A service's keys; a token of its own replaces every way to the common one."""
    if not any(name in keys for name in TOKEN_KEYS):
        return keys
    return {**dict.fromkeys(TOKEN_KEYS, ""), **keys}


def is_text(value: str) -> bool:
    """False for what the environment holds in other encodings."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def token_from(source: Mapping[str, str], profile: str) -> str:
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
