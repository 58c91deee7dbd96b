"""Profiles, precedence, secrets, and files that are not what they should be."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from tadh_cli import config
from tadh_cli.commands.context import Common, Tadh
from tadh_cli.commands.options import Following
from tadh_cli.config import Credentials, Settings, settings
from tadh_cli.config.file import read
from tadh_cli.errors import ConfigError

FULL = """
default_profile: prod
profiles:
  prod:
    endpoint: https://prod.example.com
    ws_endpoint: wss://ws.example.com
    app_key: prod-key
    access_token: prod-token
    defaults: {avatar: A1, timeout: 10m, output_dir: out}
    proxy: http://proxy.example.com:3128
    ca_bundle: /etc/ca.pem
  test:
    endpoint: https://test.example.com
    app_key: test-key
    access_token: test-token
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The configuration file that TADH_CONFIG names."""
    return tmp_path / "config.yaml"


def write(file: Path, text: str, mode: int = 0o600) -> None:
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


def profile(file: Path, *lines: str) -> Settings:
    """The settings of a file whose only profile has these lines."""
    write(file, "profiles:\n  only:\n" + "".join(f"    {line}\n" for line in lines))
    return settings()


def findings(file: Path, text: str) -> list[tuple[int, str]]:
    write(file, text)
    return [tuple(finding) for finding in read(file)[1]]


# Precedence --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "environment", "default", "wanted"),
    [
        ("test", "prod", "prod", "test"),
        (None, "test", "prod", "test"),
        (None, "", "prod", "prod"),
        (None, None, "test", "test"),
    ],
)
def test_the_profile_is_that_of_option_then_environment_then_file(
    file: Path, monkeypatch: pytest.MonkeyPatch, option: str, environment: str, default: str, wanted: str
) -> None:
    write(file, FULL.replace("default_profile: prod", f"default_profile: {default}"))
    if environment is not None:
        monkeypatch.setenv("TADH_PROFILE", environment)
    assert settings(profile=option).profile == wanted


@pytest.mark.parametrize(
    ("variable", "value", "read_as"),
    [
        ("TADH_ENDPOINT", "https://env.example.com", lambda found: found.endpoint),
        ("TADH_WS_ENDPOINT", "wss://env.example.com", lambda found: found.ws_endpoint),
        ("TADH_APP_KEY", "env-key", lambda found: found.credentials("video").app_key),
        ("TADH_ACCESS_TOKEN", "env-token", lambda found: found.credentials("video").access_token),
    ],
)
def test_the_environment_comes_before_the_profile_and_the_profile_before_the_default(
    file: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, read_as: object
) -> None:
    write(file, FULL)
    before = read_as(settings())  # type: ignore[operator]
    assert "example.com" in before or before.startswith("prod-")
    monkeypatch.setenv(variable, value)
    assert read_as(settings()) == value  # type: ignore[operator]


def test_a_file_named_by_option_comes_before_that_of_the_environment(file: Path, tmp_path: Path) -> None:
    write(file, FULL)
    other = tmp_path / "other.yaml"
    write(other, FULL.replace("prod-key", "other-key"))
    assert settings(str(other)).credentials("video").app_key == "other-key"
    assert settings().credentials("video").app_key == "prod-key"


def test_without_a_variable_the_file_is_in_the_platforms_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TADH_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere")
    assert config.config_path(None).parts[-2:] == ("tadh", "config.yaml")


@pytest.mark.parametrize(
    ("option", "environment", "wanted"), [("yaml", "csv", "yaml"), (None, "CSV", "csv"), (None, None, "json")]
)
def test_the_output_format_is_that_of_option_then_environment(
    monkeypatch: pytest.MonkeyPatch, option: str | None, environment: str | None, wanted: str
) -> None:
    if environment:
        monkeypatch.setenv("TADH_OUTPUT", environment)
    assert Tadh(Common(output=option)).form == wanted


@pytest.mark.parametrize(
    ("option", "environment", "line", "wanted_s"),
    [
        (5.0, "20s", "10m", 5),
        (0.0, "20s", "10m", 0),
        (None, "20s", "10m", 20),
        (None, None, "10m", 600),
        (None, None, "", 1800),
    ],
)
def test_the_longest_wait_is_that_of_option_environment_profile_default(
    file: Path, monkeypatch: pytest.MonkeyPatch, option: float, environment: str, line: str, wanted_s: float
) -> None:
    profile(file, "app_key: a", "access_token: b", f"defaults: {{timeout: {line}}}")
    if environment:
        monkeypatch.setenv("TADH_TIMEOUT", environment)
    assert Following(timeout=option).patience(Tadh()).timeout_s == wanted_s


def test_an_empty_variable_counts_as_not_set(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, FULL)
    for name in ("TADH_ENDPOINT", "TADH_APP_KEY", "TADH_ACCESS_TOKEN", "TADH_WS_ENDPOINT"):
        monkeypatch.setenv(name, "")
    assert settings().endpoint == "https://prod.example.com"
    assert settings().credentials("video") == Credentials("prod-key", "prod-token")


def test_with_three_variables_no_file_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TADH_ENDPOINT", "https://env.example.com/")
    monkeypatch.setenv("TADH_APP_KEY", "k")
    monkeypatch.setenv("TADH_ACCESS_TOKEN", "t")
    found = settings()
    assert (found.endpoint, found.credentials("session")) == ("https://env.example.com", Credentials("k", "t"))


def test_everything_of_a_profile_arrives(file: Path) -> None:
    write(file, FULL)
    found = settings()
    assert (found.provider, found.proxy, found.ca_bundle) == ("tencent", "http://proxy.example.com:3128", "/etc/ca.pem")
    assert found.defaults == {"avatar": "A1", "timeout": "10m", "output_dir": "out"}
    assert found.is_sandbox is False


@pytest.mark.parametrize(
    ("lines", "websocket"),
    [
        (["endpoint: https://gw.tvs.qq.com"], "wss://gw.tvs.qq.com"),
        (["endpoint: http://127.0.0.1:8080/"], "ws://127.0.0.1:8080"),
        (["endpoint: https://a.example.com", "ws_endpoint: wss://b.example.com/"], "wss://b.example.com"),
        ([], "wss://gw-sg.tvs.qq.com"),
    ],
)
def test_the_websocket_is_derived_from_the_endpoint(file: Path, lines: list[str], websocket: str) -> None:
    assert profile(file, "app_key: a", *lines).websocket == websocket


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TADH_ENDPOINT", "gw.tvs.qq.com"),
        ("TADH_ENDPOINT", "ftp://gw.tvs.qq.com"),
        ("TADH_ENDPOINT", "https://"),
        ("TADH_ENDPOINT", "https://host:port"),
        ("TADH_ENDPOINT", "https://[::1"),
        ("TADH_WS_ENDPOINT", "https://gw.tvs.qq.com"),
    ],
)
def test_an_endpoint_that_is_no_url_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match="is not a URL that begins with"):
        settings()


# Choosing a profile ------------------------------------------------------------------------------------


def test_the_only_profile_needs_no_choice(file: Path) -> None:
    assert profile(file, "app_key: a").profile == "only"


def test_several_profiles_without_a_default_have_to_be_chosen_from(file: Path) -> None:
    write(file, FULL.replace("default_profile: prod", ""))
    with pytest.raises(ConfigError, match="no profile is chosen; there are prod, test"):
        settings()


def test_an_unknown_profile_is_answered_with_the_nearest(file: Path) -> None:
    write(file, FULL)
    with pytest.raises(ConfigError, match=r"there is no profile pord; did you mean prod\?") as caught:
        settings(profile="pord")
    assert caught.value.hint == "profiles: prod, test, sandbox"


def test_without_file_and_environment_only_the_credentials_are_missing() -> None:
    found = settings()
    assert (found.profile, found.endpoint) == ("default", config.DEFAULT_ENDPOINT)
    with pytest.raises(ConfigError, match="has no app_key and no access_token for the video service") as caught:
        found.credentials("video")
    assert "TADH_APP_KEY" in caught.value.hint and "tadh demo" in caught.value.hint


# Credentials -------------------------------------------------------------------------------------------


def test_a_token_comes_from_a_variable_of_the_users_choice(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = profile(file, "app_key: a", "access_token_env: MY_TOKEN")
    with pytest.raises(ConfigError, match="variable MY_TOKEN, named by access_token_env, is not set"):
        found.credentials("video")
    monkeypatch.setenv("MY_TOKEN", "from-env")
    assert found.credentials("video") == Credentials("a", "from-env")


def command(code: str) -> str:
    """A shell command that runs Python, as a line of YAML."""
    return f"access_token_command: {json.dumps(f'{shlex.quote(sys.executable)} -c {shlex.quote(code)}')}"


def test_a_token_comes_from_a_command(file: Path) -> None:
    found = profile(file, "app_key: a", command("print('from-command')"))
    assert found.credentials("video") == Credentials("a", "from-command")


@pytest.mark.parametrize(
    ("code", "what"), [("raise SystemExit(3)", "ended with exit code 3"), ("print('  ')", "printed nothing")]
)
def test_a_command_without_a_token_is_told(file: Path, code: str, what: str) -> None:
    found = profile(file, "app_key: a", command(code))
    with pytest.raises(ConfigError, match=what):
        found.credentials("video")


def test_a_command_for_the_token_can_not_swallow_our_stdin(file: Path) -> None:
    found = profile(file, "app_key: a", command("import sys; print(repr(sys.stdin.read()) + 'token')"))
    assert found.credentials("video").access_token == "''token"


class Safe(KeyringBackend):
    """A keyring in memory; `locked` can't be opened."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, locked: bool = False) -> None:
        super().__init__()
        self.passwords: dict[tuple[str, str], str] = {}
        self.locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringError("locked")
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password


@pytest.fixture
def safe() -> Iterator[Safe]:
    before, backend = keyring.get_keyring(), Safe()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def test_a_token_comes_from_the_keyring(file: Path, safe: Safe) -> None:
    safe.set_password("tadh", "only:a", "from-keyring")
    found = profile(file, "app_key: a", "access_token_keyring: True")
    assert found.credentials("video") == Credentials("a", "from-keyring")


@pytest.mark.parametrize(("locked", "what"), [(False, "has no token for profile only"), (True, "can't be read")])
def test_a_keyring_without_a_token_is_told(file: Path, safe: Safe, locked: bool, what: str) -> None:
    safe.locked = locked
    found = profile(file, "app_key: a", "access_token_keyring: true")
    with pytest.raises(ConfigError, match=what):
        found.credentials("video")


def test_a_keyring_that_is_switched_off_is_not_asked(file: Path, safe: Safe) -> None:
    safe.locked = True
    found = profile(file, "app_key: a", "access_token_keyring: no")
    with pytest.raises(ConfigError, match="has no access_token"):
        found.credentials("video")


OWN = ("app_key: common", "access_token: common-token", "services:", "  video: {app_key: v, access_token_env: V_TOKEN}")


def test_a_service_signs_with_credentials_of_its_own(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V_TOKEN", "video-token")
    found = profile(file, *OWN, "  assets: {app_key: only-the-key}")
    assert found.credentials("video") == Credentials("v", "video-token")
    assert found.credentials("session") == Credentials("common", "common-token")
    assert found.credentials("assets") == Credentials("only-the-key", "common-token")


def test_the_environment_comes_before_a_services_own_credentials(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TADH_APP_KEY", "env-key")
    monkeypatch.setenv("TADH_ACCESS_TOKEN", "env-token")
    found = profile(file, *OWN)
    assert found.credentials("video") == found.credentials("session") == Credentials("env-key", "env-token")


# The sandbox -------------------------------------------------------------------------------------------


def running(text: str | None = None) -> None:
    record = {"url": "http://127.0.0.1:7", "app_key": "sandbox-key", "access_token": "sandbox-token"}
    config.sandbox_dir().mkdir(parents=True)
    (config.sandbox_dir() / "server.json").write_text(json.dumps(record) if text is None else text)


@pytest.mark.parametrize("by", ["option", "environment"])
def test_the_sandbox_is_never_redirected_by_the_environment(monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    running()
    for name in ("TADH_ENDPOINT", "TADH_APP_KEY", "TADH_ACCESS_TOKEN", "TADH_WS_ENDPOINT"):
        monkeypatch.setenv(name, "https://production.example.com")
    if by == "environment":
        monkeypatch.setenv("TADH_PROFILE", "sandbox")
    found = settings(profile="sandbox" if by == "option" else None)
    assert (found.endpoint, found.websocket) == ("http://127.0.0.1:7", "ws://127.0.0.1:7")
    assert found.credentials("video") == Credentials("sandbox-key", "sandbox-token")
    assert found.is_sandbox


def test_a_sandbox_that_does_not_run_is_told_with_the_command_that_starts_it() -> None:
    with pytest.raises(ConfigError, match="the sandbox is not running") as caught:
        settings(profile="sandbox")
    assert "tadh sandbox start" in caught.value.hint


@pytest.mark.parametrize("text", ["", "not json", "{}", "[]", '{"url": "http://127.0.0.1:7"}'])
def test_a_damaged_record_of_the_sandbox_counts_as_none(text: str) -> None:
    running(text)
    with pytest.raises(ConfigError, match="the sandbox is not running"):
        settings(profile="sandbox")


def test_the_sandbox_can_be_the_default_profile(file: Path) -> None:
    running()
    write(file, FULL.replace("default_profile: prod", "default_profile: sandbox"))
    assert settings().is_sandbox


# Reading the file --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["no", "0123", "1:30", "1e3", "0x1F", "2026-03-01", "on", ".5", "12_000"])
def test_values_are_the_text_that_is_written(file: Path, value: str) -> None:
    assert profile(file, f"app_key: {value}", "access_token: t").credentials("video").app_key == value


@pytest.mark.parametrize("value", ["~", "null", "", '""'])
def test_nothing_is_nothing(file: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="no app_key for"):
        profile(file, f"app_key: {value}", "access_token: t").credentials("video")


def test_a_quoted_null_is_a_word(file: Path) -> None:
    assert profile(file, 'app_key: "null"', "access_token: t").credentials("video").app_key == "null"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("profile: {}\n", 1, "the file has an unknown key profile; did you mean profiles?"),
        ("profiles:\n  a:\n    app_kay: x\n", 3, "profile a has an unknown key app_kay; did you mean app_key?"),
        ("profiles:\n  a:\n    zzz: x\n", 3, "profile a has an unknown key zzz; known: provider, endpoint,"),
        (
            "profiles:\n  a:\n    defaults:\n      avatr: x\n",
            4,
            "defaults has an unknown key avatr; did you mean avatar?",
        ),
        (
            "profiles:\n  a:\n    services:\n      vidio: {}\n",
            4,
            "services has an unknown key vidio; did you mean video?",
        ),
        (
            "profiles:\n  a:\n    services:\n      video:\n        app_kay: x\n",
            5,
            "service video has an unknown key app_kay; did you mean app_key?",
        ),
        ("profiles:\n  a: [1]\n", 2, "profile a has to be a mapping of keys to values"),
        ("- profiles\n", 1, "the file has to be a mapping of keys to values"),
        ("just a text\n", 1, "the file has to be a mapping of keys to values"),
        ("profiles:\n  a:\n    app_key: [x]\n", 3, "app_key has to be a single value"),
        ("profiles:\n  a:\n    provider: acme\n", 3, "provider acme is not one of tencent"),
        ("profiles:\n  a:\n    defaults: {timeout: soon}\n", 3, "timeout 'soon' is not a duration"),
        (
            "profiles:\n  a:\n    access_token: x\n    access_token_env: Y\n",
            3,
            "only one of access_token, access_token_env can be given",
        ),
        ("profiles:\n  a:\n\tb: 1\n", 3, "not valid YAML: "),
        ("profiles: {a: {app_key: x}\n", 2, "not valid YAML: "),
        ("profiles: *nowhere\n", 1, "not valid YAML: "),
        ("profiles:\n  a:\n    app_key: \x07\n", 1, "not valid YAML"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(file: Path, text: str, line: int, message: str) -> None:
    (found,) = findings(file, text)
    assert (found[0], found[1][: len(message)]) == (line, message)


def test_everything_wrong_in_a_file_is_told_at_once(file: Path) -> None:
    write(file, "defaults: x\nprofiles:\n  a:\n    app_kay: x\n    provider: acme\n")
    with pytest.raises(ConfigError) as caught:
        settings()
    told = caught.value.message.splitlines()
    assert [line.strip().removeprefix(f"{file}:").partition(":")[0] for line in told] == ["1", "4", "4"]
    assert "tadh config validate" in caught.value.hint


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "profiles:\n", "profiles: {}\n"])
def test_an_empty_file_is_no_mistake(file: Path, text: str) -> None:
    write(file, text)
    assert settings().profile == "default"


def test_a_byte_order_mark_is_looked_through(file: Path) -> None:
    write(file, "\ufeff" + FULL)
    assert settings().profile == "prod"


def test_a_directory_instead_of_a_file_is_told(file: Path) -> None:
    file.mkdir()
    with pytest.raises(ConfigError, match=r"config\.yaml can't be read: Is a directory"):
        settings()


def test_a_file_that_is_not_utf_8_is_told(file: Path) -> None:
    file.write_bytes("profiles: {数: {}}".encode("gb18030"))
    with pytest.raises(ConfigError, match="it is not UTF-8"):
        settings()


def test_a_file_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no configuration file"):
        settings(str(tmp_path / "none.yaml"))


# Who else may read it ----------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="modes of files are a matter of POSIX")
@pytest.mark.parametrize(
    ("mode", "line", "is_exposed"),
    [
        (0o600, "access_token: t", False),
        (0o640, "access_token: t", True),
        (0o604, "access_token: t", True),
        (0o644, "access_token_env: T", False),
        (0o644, "services: {video: {access_token: t}}", True),
    ],
)
def test_a_token_that_others_may_read_is_warned_about(file: Path, mode: int, line: str, is_exposed: bool) -> None:
    write(file, f"profiles:\n  a:\n    app_key: k\n    {line}\n", mode)
    exposed = settings().exposed
    assert exposed == (
        f"{file} contains an access token and can be read by others; run: chmod 600 {file}" if is_exposed else ""
    )


# Where files live --------------------------------------------------------------------------------------


def test_state_lives_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TADH_STATE_DIR", str(tmp_path / "here"))
    assert config.ledger_path() == tmp_path / "here" / "ledger.db"
    assert config.sandbox_dir() == tmp_path / "here" / "sandbox"
    assert config.cache_dir() == tmp_path / "here" / "cache"


def test_without_the_variable_state_and_cache_live_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TADH_STATE_DIR")
    assert config.state_dir().name == config.cache_dir().name == "tadh"
    assert config.state_dir() != config.cache_dir()


@pytest.mark.parametrize("variable", ["TADH_STATE_DIR", "TADH_CONFIG"])
def test_a_tilde_is_the_home_directory(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv(variable, "~/here")
    found = config.state_dir() if variable == "TADH_STATE_DIR" else config.config_path(None)
    assert found == Path("/home/somebody/here")
