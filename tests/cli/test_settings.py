"""`tadh config`, `tadh task` and `tadh help`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli.commands.topics import TOPICS
from tests.program import Program, Ran
from tests.snapshots import ROOT

On = Callable[..., Ran]


def test_the_path_is_where_the_file_is_looked_for(tadh: Program, tmp_path: Path) -> None:
    assert tadh("config", "path").out.strip() == str(tmp_path / "config.yaml")
    assert tadh("--config", "other.yaml", "config", "path").out.strip() == "other.yaml"


def test_the_example_is_valid_and_shows_every_key(tadh: Program) -> None:
    from tadh_cli.config.keys import DEFAULTS_KEYS, PROFILE_KEYS

    example = ROOT / "config.example.yaml"
    assert tadh("config", "validate", "--config", example).json == []
    text = example.read_text()
    assert all(f"{key}:" in text for key in (*PROFILE_KEYS, *DEFAULTS_KEYS))


def test_everything_wrong_is_listed_with_its_line(tadh: Program, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("profiles:\n  a:\n    endpont: x\n    defaults: {timeout: soon}\n")
    ran = tadh("config", "validate", code=3)
    assert [(row["Line"], row["Problem"].split(";")[0]) for row in ran.json] == [
        (3, "profile a has an unknown key endpont"),
        (4, "timeout 'soon' is not a duration such as 90s, 30m, 2h or 7d"),
    ]
    assert "did you mean endpoint?" in ran.err


def test_secrets_are_masked_and_an_open_file_is_warned_about(tadh: Program, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("profiles: {a: {app_key: k, access_token: canary-token-1}}\n")
    (tmp_path / "config.yaml").chmod(0o644)
    ran = tadh("config", "show")
    assert ran.json["Keys"] == {"app_key": "k", "access_token": "***"} and "canary" not in ran.out + ran.err
    assert "chmod 600" in ran.err
    (tmp_path / "config.yaml").chmod(0o600)
    assert tadh("config", "show").err == ""


def test_no_login_is_shown(tadh: Program, tmp_path: Path) -> None:
    """Neither one in a URL, nor one that a command for the token is given."""
    (tmp_path / "config.yaml").write_text("""profiles:
  a:
    endpoint: https://me:canary1@gw.example.com
    proxy: http://me:canary2/x@y@proxy:8080
    app_key: k
    access_token_command: vault read --token canary3 tadh
    services: {video: {access_token_command: "PASSWORD=canary4 get-token"}}
""")
    ran = tadh("config", "show")
    assert "canary" not in ran.out + ran.err
    assert ran.json["Endpoint"] == "https://***@gw.example.com" and ran.json["WsEndpoint"] == "wss://***@gw.example.com"
    assert ran.json["Proxy"] == "http://***@proxy:8080"
    assert "x@y" not in ran.out
    assert ran.json["Keys"]["access_token_command"] == "vault …"
    assert ran.json["Services"]["video"]["access_token_command"] == "*** …"


@pytest.mark.parametrize("endpoint", ["ftp://me:canary@host", "me:canary@host", "https://me:canary@host:port"])
def test_a_bad_endpoint_is_quoted_without_its_login(tadh: Program, endpoint: str) -> None:
    ran = tadh("config", "show", code=3, TADH_ENDPOINT=endpoint)
    assert "is not a URL" in ran.err and "***@host" in ran.err and "canary" not in ran.err


def test_a_command_that_fails_is_told_without_its_arguments(tadh: Program, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "profiles: {a: {app_key: k, access_token_command: 'no-such-program --token canary'}}"
    )
    ran = tadh("avatar", "list", code=3)
    assert "it is: no-such-program …" in ran.err and "canary" not in ran.err


def test_a_missing_file_that_was_named(tadh: Program) -> None:
    assert "no configuration file nowhere.yaml" in tadh("--config", "nowhere.yaml", "avatar", "list", code=3).err


def test_the_ledger_lists_every_kind(on: On, avatar: str, made: str) -> None:
    audio = on("voice", "speak", "--voice", "female_1", "--text", "hello").json["TaskId"]
    assert [(record["TaskId"], record["Kind"]) for record in on("task", "list").json] == [
        (audio, "audio"),
        (made, "video"),
    ]
    assert [record["TaskId"] for record in on("task", "list", "--kind", "audio", "--limit", 1).json] == [audio]


def test_a_task_is_shown_with_its_request(on: On, made: str) -> None:
    record = on("task", "show", made).json
    assert record["Operation"] == "video.create" and record["Request"]["SpeechParam"] == {"Speed": 1.0}
    assert "has no task" in on("task", "show", "nobody", code=5).err


def test_kinds_are_those_there_are(on: On, made: str) -> None:
    assert "--kind 'bogus' is not one of video, audio," in on("task", "list", "--kind", "bogus", code=2).err
    assert len(on("task", "list", "--kind", "Video").json) == 1


def test_links_without_their_signatures_are_not_listed(on: On, made: str) -> None:
    for command in ("video", "task"):
        (record,) = on(command, "list").json
        assert "***" not in str(record) and record["TaskId"] == made


@pytest.mark.parametrize("args", [("--version", "-o", "json"), ("-o", "json", "-V"), ("-p", "x", "--version")])
def test_the_version_is_told_among_other_options(tadh: Program, args: tuple[str, ...]) -> None:
    assert tadh(*args).out.startswith("tadh ")


@pytest.mark.parametrize("topic", TOPICS)
def test_topics_are_explained(tadh: Program, topic: str) -> None:
    assert len(tadh("help", topic).out.splitlines()) > 10


def test_the_table_of_exit_codes_is_complete(tadh: Program) -> None:
    listed = [
        int(line.split()[0]) for line in tadh("help", "exit-codes").out.splitlines() if line[:4].strip().isdigit()
    ]
    assert listed == [*range(13), 130]


def test_ssml_commands(on: On) -> None:
    Path("a.ssml").write_text('<speak>Hello <sub alias="World Health Organization">WHO</sub></speak>')
    assert on("ssml", "check", "a.ssml").json == []
    assert on("ssml", "strip", "a.ssml").out == "Hello WHO\n"
    assert on("ssml", "escape", "Fish & chips\n<now>").out == "Fish &amp; chips &lt;now&gt;\n"
    Path("b.ssml").write_text("a & b")
    ran = on("ssml", "check", "b.ssml", code=2)
    assert "b.ssml:1:3:" in ran.err and [found["Line"] for found in ran.json] == [1]
    Path("b.ssml").write_text('<break time="5"/> & you')
    assert "problems" in (text := on("ssml", "check", "b.ssml", code=2).err) and "nothing was sent" not in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "default_profile: prd\nprofiles: {prod: {}}",
            ":1: default_profile prd is not one of the profiles; did you mean prod?",
        ),
        ("profiles:\n  sandbox:\n    app_key: x", ":3: the profile sandbox is built in"),
        ("profiles:\n  a:\n    proxy: [x]", ":3: proxy has to be a single value"),
        ("[" * 100_000, ":1: it is nested deeper than 50 levels"),
        ("- " * 100_000, ":1: it is nested deeper than 50 levels"),
        ("x" * 2_000_000, " is larger than 1 MiB"),
    ],
)
def test_a_file_that_does_not_do_what_it_should_is_found_out(
    tadh: Program, tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "config.yaml").write_text(text)
    assert f"config.yaml{problem}" in tadh("config", "validate", code=3).err


def test_what_is_wrong_with_another_profile_stops_nobody(on: On, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("default_profile: nope\nprofiles: {prod: {}}")
    assert on("-p", "prod", "config", "show").json["Profile"] == "prod"


def test_findings_are_an_array_also_when_there_is_only_one(on: On, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("profils: {}")
    assert [found["Line"] for found in on("config", "validate", code=3).json] == [1]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_a_file_without_an_end_is_not_read_to_it(on: On) -> None:
    assert "is larger than 1 MiB" in on("--config", "/dev/zero", "-p", "x", "avatar", "list", code=3).err
    for command in (("start", "--faults"), ("faults", "set")):
        assert "is larger than 1 MiB" in on("sandbox", *command, "/dev/zero", code=2).err


def test_rules_that_are_nested_too_deeply_are_refused(on: On) -> None:
    Path("faults.yaml").write_text("[" * 100_000)
    assert "nested deeper" in on("sandbox", "faults", "set", "faults.yaml", code=2).err


def test_a_file_named_by_the_environment_that_is_not_there_explains_missing_keys(tadh: Program) -> None:
    hint = tadh("avatar", "list", code=3, TADH_CONFIG="/nope").error["Hint"]
    assert "The file /nope, named by TADH_CONFIG, does not exist" in hint
    assert "TADH_CONFIG" not in tadh("avatar", "list", code=3, TADH_CONFIG="").error["Hint"]


@pytest.mark.parametrize("name", ["TADH_APP_KEY", "TADH_ACCESS_TOKEN", "TADH_ENDPOINT"])
def test_keys_that_are_no_text_are_refused(tadh: Program, name: str) -> None:
    keys = {"TADH_APP_KEY": "key", "TADH_ACCESS_TOKEN": "token", name: "\udcff\udcfe"}
    ran = tadh("avatar", "list", "-o", "table", code=3, **keys)
    assert "error: the " in ran.err
