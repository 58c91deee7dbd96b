"""Tasks: submitted once, looked at, followed, and written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tadh_cli.api.waiter import State
from tadh_cli.engine.client import Prepared
from tadh_cli.engine.clock import iso
from tadh_cli.engine.ledger import Ledger
from tadh_cli.engine.tasks import Tasks, kept_until, used
from tadh_cli.engine.trace import Observer
from tadh_cli.engine.transport import Transport
from tadh_cli.engine.waiting import Patience
from tadh_cli.errors import ConfigError, Interrupted, NetworkError, NotFound, TadhError
from tadh_cli.masking import Mask
from tadh_cli.providers.tencent import TENCENT
from tests import processes, wire
from tests.calls import client_for, creation
from tests.clocks import NOON_S, FakeClock
from tests.wire import Server, Step, reply, say, serving

MADE = TENCENT.waiter("video")
WEEK_S = 7 * 86_400


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(say({"TaskId": "T1"})) as server:
        yield server


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def tasks(
    server: Server, transport: Transport, clock: FakeClock, tmp_path: Path, warnings: list[str]
) -> Iterator[Tasks]:
    ledger = Ledger(tmp_path / "ledger.db", clock)
    yield Tasks(client_for(server.url, transport, clock), ledger, clock, warnings.append)
    ledger.close()


def progress(status: str, **more: object) -> Step:
    return say({"Status": status, "FailCode": 0, **more})


def noted(tasks: Tasks) -> list[tuple[str, str]]:
    return [(record["TaskId"], record["State"]) for record in tasks.ledger.tasks()]


# Submitting --------------------------------------------------------------------------------------------


def test_a_submitted_task_is_a_record_and_an_entry(tasks: Tasks) -> None:
    record = tasks.submit(creation(tasks.client, **{"SpeechParam.TimbreKey": "voice-1"}))
    assert record == {
        "TaskId": "T1",
        "Kind": "video",
        "Profile": "test",
        "Status": "COMMIT",
        "SubmittedAt": iso(NOON_S),
        "FinishedAt": None,
        "VirtualmanKey": "avatar-1",
        "TimbreKey": "voice-1",
    }
    (entry,) = tasks.ledger.tasks()
    assert (entry["State"], entry["Operation"], entry["Request"]["InputSsml"]) == ("queued", "video.create", "Hello")


def test_the_entry_is_there_before_the_request_arrives(tasks: Tasks, server: Server, tmp_path: Path) -> None:
    seen: list[list[tuple[str, str]]] = []

    def step(connection: wire.Connection) -> bool | None:
        with closing(Ledger(tmp_path / "ledger.db", tasks.clock)) as ledger:
            seen.append([(record["TaskId"], record["State"]) for record in ledger.tasks()])
        return say({"TaskId": "T1"})(connection)

    server.steps[:] = [step]
    tasks.submit(creation(tasks.client))
    assert seen == [[("#1", "sending")]]


@pytest.mark.parametrize(
    ("step", "kind", "state"),
    [
        (say({}, code=100008), "QuotaError", "refused"),
        (say({}, code=801004), "Refused", "refused"),
        (say({}, code=100001), "Refused", "refused"),
        (say({}, code=110006), "NotFound", "refused"),
        (reply("", status=403), "AuthError", "refused"),
        (say({}, code=100000), "ServiceError", "unknown"),
        (say({}, code=-101000), "ServiceError", "unknown"),
        (say({}, code=801000), "ServiceError", "unknown"),
        (say({}, code=424242, status=500), "ServiceError", "unknown"),
        (reply("<html>", status=502), "OutcomeUnknown", "unknown"),
        (wire.close_after_reading, "OutcomeUnknown", "unknown"),
        (say({}), "OutcomeUnknown", "unknown"),
    ],
)
def test_what_became_of_a_request_is_written_down(
    tasks: Tasks, server: Server, step: Step, kind: str, state: str
) -> None:
    server.steps[:] = [step]
    with pytest.raises(TadhError) as caught:
        tasks.submit(creation(tasks.client))
    assert type(caught.value).__name__ == kind
    assert noted(tasks) == [("#1", state)]
    assert caught.value.task_id == ("#1" if state == "unknown" else "")
    assert ("paid twice" in caught.value.hint) == (state == "unknown")


def session(tasks: Tasks) -> Prepared:
    values = {"AssetVirtualmanKey": "a1", "UserId": "u", "Protocol": "rtmp", "DriverType": 1}
    return tasks.client.prepare(TENCENT.operation("session.create-by-avatar"), values)


@pytest.mark.parametrize("step", [wire.close_after_reading, reply("<html>", status=502), say({}, code=-101000)])
def test_a_session_that_may_stand_is_not_written_down_as_refused(tasks: Tasks, server: Server, step: Step) -> None:
    """It may be asked for again, and is; but that all the answers were lost does not mean that none was made."""
    server.steps[:] = [step]
    with pytest.raises(TadhError) as caught:
        tasks.submit(session(tasks))
    assert noted(tasks) == [("#1", "unknown")]
    assert caught.value.task_id == "#1" and "paid twice" in caught.value.hint


@pytest.mark.parametrize("make", [creation, None], ids=["video", "session"])
def test_what_never_left_is_refused(tasks: Tasks, make: Any) -> None:
    tasks.client.settings = tasks.client.settings._replace(endpoint=wire.closed_url())
    with pytest.raises(NetworkError) as caught:
        tasks.submit(make(tasks.client) if make else session(tasks))
    assert noted(tasks) == [("#1", "refused")] and "paid twice" not in caught.value.hint


def test_nothing_is_sent_without_credentials_and_that_is_known(tasks: Tasks, server: Server) -> None:
    tasks.client.settings = tasks.client.settings._replace(keys={})
    with pytest.raises(ConfigError):
        tasks.submit(creation(tasks.client))
    assert noted(tasks) == [("#1", "refused")] and server.seen == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_trace_that_can_not_be_written_costs_no_task(tasks: Tasks) -> None:
    said: list[str] = []
    tasks.client.transport.observe = Observer(said.append, Mask(), verbosity=0, path="/dev/full").saw
    assert tasks.submit(creation(tasks.client))["TaskId"] == "T1"
    assert noted(tasks) == [("T1", "queued")] and len(said) == 1


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (wire.close_after_reading, "OutcomeUnknown"),
        (say({}), "OutcomeUnknown"),
        (say({}, code=100008), "QuotaError"),
        (say({}, code=-101000), "ServiceError"),
    ],
)
def test_a_ledger_that_breaks_does_not_hide_what_became_of_a_request(
    tasks: Tasks, server: Server, warnings: list[str], tmp_path: Path, step: Step, kind: str
) -> None:
    before = tasks.ledger

    def broken(connection: wire.Connection) -> bool | None:
        tasks.ledger = Ledger(tmp_path / "ledger.db" / "not a directory")
        return step(connection)

    server.steps[:] = [broken]
    with pytest.raises(TadhError) as caught:
        tasks.submit(creation(tasks.client))
    before.close()
    assert type(caught.value).__name__ == kind
    assert len(warnings) == 1 and "go on without it" in warnings[0]


def test_an_interrupted_request_has_an_unknown_outcome(tasks: Tasks, server: Server) -> None:
    class Impatient(FakeClock):
        def sleep(self, span_s: float) -> None:
            raise KeyboardInterrupt

    server.steps[:] = [say({}, code=801004)]
    tasks.client.clock = Impatient()
    with pytest.raises(Interrupted, match="the outcome is unknown") as caught:
        tasks.submit(creation(tasks.client))
    assert caught.value.task_id == "#1"
    assert noted(tasks) == [("#1", "unknown")]


def test_secrets_of_a_request_do_not_reach_the_ledger(tasks: Tasks, tmp_path: Path) -> None:
    operation = TENCENT.operation("session.create")
    values = {"VirtualmanProjectId": "p", "UserId": "u", "Protocol": "trtc", "DriverType": 1}
    values["ProtocolOption.TrtcUserSig"] = "s3cret-signature"
    record = tasks.submit(tasks.client.prepare(operation, values))
    assert record["Kind"] == "session"
    tasks.ledger.close()
    assert b"s3cret" not in b"".join(file.read_bytes() for file in tmp_path.glob("ledger.db*"))


def test_signatures_of_links_do_not_reach_the_ledger(tasks: Tasks, server: Server, tmp_path: Path) -> None:
    """Neither by an answer, nor by what was learned otherwise."""
    link = {"MediaUrl": "https://example.com/a.mp4?q-signature=s3cret-signature"}
    server.steps[:] = [say({"TaskId": "T1"}), progress("MAKING", **link)]
    tasks.submit(creation(tasks.client))
    record = tasks.look(MADE, "T1")
    assert record["MediaUrl"] == link["MediaUrl"]
    tasks.note(MADE, {**record, "Status": "SUCCESS"})
    found = tasks.ledger.find("T1")
    assert found and (found["State"], found["MediaUrl"]) == ("done", "https://example.com/a.mp4?q-signature=***")
    tasks.ledger.close()
    assert b"s3cret" not in b"".join(file.read_bytes() for file in tmp_path.glob("ledger.db*"))


def test_a_session_is_a_task_by_its_own_id(tasks: Tasks, server: Server) -> None:
    server.steps[:] = [say({"ReqId": "r", "SessionId": "m1", "SessionStatus": 3})]
    values = {"AssetVirtualmanKey": "a1", "UserId": "u", "Protocol": "rtmp", "DriverType": 1}
    record = tasks.submit(tasks.client.prepare(TENCENT.operation("session.create-by-avatar"), values))
    assert (record["TaskId"], record["Status"], record["VirtualmanKey"]) == ("m1", "PREPARING", "a1")


def test_nothing_is_sent_that_can_not_be_written_down(tasks: Tasks, server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tasks.ledger = Ledger(tmp_path / "file" / "ledger.db")
    with pytest.raises(ConfigError):
        tasks.submit(creation(tasks.client))
    assert server.seen == []


FULL_DISK = """if True:
    import resource, signal, sys
    from pathlib import Path
    from tadh_cli.engine.ledger import Ledger
    from tadh_cli.engine.tasks import Tasks
    from tadh_cli.engine.transport import Transport
    from tadh_cli.errors import ConfigError
    from tests.calls import client_for, creation
    from tests.clocks import FakeClock
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    clock = FakeClock()
    client = client_for(sys.argv[1], Transport(use_proxies=False), clock)
    try:
        Tasks(client, Ledger(Path(sys.argv[2])), clock, print).submit(creation(client))
    except ConfigError:
        print("told")
    """


@pytest.mark.skipif("sys.platform == 'win32'", reason="limits of POSIX")
def test_nothing_is_sent_when_the_disk_is_full(server: Server, tmp_path: Path) -> None:
    assert processes.run(FULL_DISK, server.url, tmp_path / "ledger.db") == "told\n"
    assert server.seen == []


def test_a_ledger_that_breaks_after_the_answer_costs_a_warning_and_not_the_task(
    tasks: Tasks, server: Server, warnings: list[str], tmp_path: Path
) -> None:
    def step(connection: wire.Connection) -> bool | None:
        tasks.ledger = Ledger(tmp_path / "ledger.db" / "not a directory")
        return say({"TaskId": "T1"})(connection)

    server.steps[:] = [step]
    before = tasks.ledger
    assert tasks.submit(creation(tasks.client))["TaskId"] == "T1"
    before.close()
    assert len(warnings) == 1 and "go on without it" in warnings[0]


# Looking -----------------------------------------------------------------------------------------------


def test_a_task_is_shown_with_its_past(tasks: Tasks, server: Server, clock: FakeClock) -> None:
    server.steps[:] = [say({"TaskId": "T1"}), progress("SUCCESS", MediaUrl="https://a/b.mp4", Duration=11810, New="n")]
    tasks.submit(creation(tasks.client))
    clock.advance(90)
    record = tasks.look(MADE, "T1")
    assert list(record)[:7] == ["TaskId", "Kind", "Profile", "Status", "SubmittedAt", "FinishedAt", "VirtualmanKey"]
    assert (record["SubmittedAt"], record["FinishedAt"]) == (iso(NOON_S), iso(NOON_S + 90))
    assert (record["Duration"], record["New"], record["ExpiresAt"]) == (11810, "n", iso(NOON_S + 90 + WEEK_S))
    assert noted(tasks) == [("T1", "done")]


def test_the_end_of_a_task_is_when_it_was_first_seen(tasks: Tasks, server: Server, clock: FakeClock) -> None:
    server.steps[:] = [say({"TaskId": "T1"}), progress("SUCCESS", MediaUrl="https://a/b.mp4")]
    tasks.submit(creation(tasks.client))
    first = tasks.look(MADE, "T1")["FinishedAt"]
    clock.advance(3600)
    assert tasks.look(MADE, "T1")["FinishedAt"] == first == iso(NOON_S)


def test_a_task_from_elsewhere_is_shown_but_not_written_down(tasks: Tasks, server: Server) -> None:
    server.steps[:] = [progress("MAKING", ArrayCount=3)]
    record = tasks.look(MADE, "T9")
    assert (record["TaskId"], record["Kind"], record["SubmittedAt"], record["ArrayCount"]) == ("T9", "video", None, 3)
    assert noted(tasks) == []


def test_an_audio_asked_for_as_a_video_is_an_audio(tasks: Tasks, server: Server) -> None:
    """Both are asked for by the same call: the ledger knows which it was."""
    server.steps[:] = [say({"TaskId": "A1"}), progress("SUCCESS", MediaUrl="https://a/b.mp3")]
    audio = {"TimbreKey": "v", "InputSsml": "Hello", "Speed": 1.0}
    tasks.submit(tasks.client.prepare(TENCENT.operation("audio.create"), audio))
    assert tasks.look(MADE, "A1")["Kind"] == "audio"


@pytest.mark.parametrize("storage", ["VideoStorageS3Url", "SubtitleStorageS3Url"])
def test_what_lies_in_ones_own_storage_does_not_expire(tasks: Tasks, server: Server, storage: str) -> None:
    server.steps[:] = [say({"TaskId": "T1"}), progress("SUCCESS", MediaUrl="https://a/b.mp4")]
    tasks.submit(creation(tasks.client, **{storage: "https://s3.example.com/put"}))
    assert ("ExpiresAt" in tasks.look(MADE, "T1")) == (storage == "SubtitleStorageS3Url")


def test_files_of_a_task_are_part_of_its_record(tasks: Tasks, server: Server) -> None:
    server.steps[:] = [say({"TaskId": "T1"}), progress("SUCCESS")]
    tasks.submit(creation(tasks.client))
    tasks.ledger.claim("T1", ["/out/T1.mp4", "/out/T1.srt"])
    assert tasks.look(MADE, "T1")["Files"] == ["/out/T1.mp4", "/out/T1.srt"]


def test_two_questions_about_a_task_keep_their_distance(tasks: Tasks, server: Server, clock: FakeClock) -> None:
    server.steps[:] = [progress("MAKING")]
    for _ in range(3):
        tasks.look(MADE, "T1")
    tasks.look(MADE, "T2")
    assert [span_s for span_s in clock.slept if span_s > 0] == [1.0, 1.0]


def test_a_question_in_a_wait_is_asked_once_and_has_its_own_limit(tasks: Tasks, server: Server) -> None:
    """The waiting loop repeats it: retries inside would hide how the time passes."""
    server.steps[:] = [reply("", status=502), progress("SUCCESS")]
    snapshots = list(tasks.watch(MADE, ["T1"], Patience(60)))
    assert [(snapshot.state, snapshot.error is None) for snapshot in snapshots] == [
        (State.QUEUED, False),
        (State.DONE, True),
    ]
    assert len(server.seen) == 2


def test_a_status_that_is_missing_is_derived(tasks: Tasks, server: Server) -> None:
    server.steps[:] = [say({"Progress": 100, "MediaUrl": "https://a/b.mp4"}), say({"Progress": -1})]
    assert [tasks.look(MADE, task_id)["Status"] for task_id in ("T1", "T2")] == ["SUCCESS", "FAIL"]


def test_a_ledger_that_breaks_does_not_keep_the_answer(tasks: Tasks, server: Server, warnings: list[str]) -> None:
    server.steps[:] = [progress("MAKING")]
    Path("ledger").write_text("no database" * 1000)
    tasks.ledger = Ledger(Path("ledger"))
    assert tasks.look(MADE, "T1")["Status"] == "MAKING"
    assert len(warnings) == 1


def test_a_ledger_that_is_broken_is_warned_about_once_in_a_wait(
    tasks: Tasks, server: Server, warnings: list[str], tmp_path: Path
) -> None:
    server.steps[:] = [progress("MAKING"), progress("MAKING"), progress("SUCCESS")]
    (tmp_path / "broken").write_text("no database" * 1000)
    tasks.ledger = Ledger(tmp_path / "broken")
    assert [snapshot.state for snapshot in tasks.watch(MADE, ["T1"], Patience(600))][-1] is State.DONE
    assert len(server.seen) == 3 and len(warnings) == 1


def test_the_failure_of_a_task_says_why(tasks: Tasks) -> None:
    record = {"TaskId": "T1", "FailCode": 801510, "FailMessage": "too long"}
    error = tasks.failure(MADE, record)
    assert error.message == "video T1 failed: too long (video: the length of the audio is not allowed)"
    assert (error.exit_code, error.code, error.task_id) == (7, 801510, "T1")


def submitted(tasks: Tasks, kind: str, operation: str, task_id: str = "T1") -> None:
    """A task in the ledger, whatever its request was."""
    entry = tasks.ledger.intend(kind=kind, profile="test", operation=operation, request={})
    tasks.ledger.accepted(entry, task_id, "MAKING", {})


@pytest.mark.parametrize(
    ("kind", "operation", "asked", "hint"),
    [
        ("avatar", "customization.create", ("video", ""), "T1 is an avatar: `tadh avatar status T1`"),
        ("voice", "customization.create", ("voice-check", "basic"), "T1 is a voice: `tadh voice status T1`"),
        ("video", "video.create", ("avatar", ""), "T1 is a video: `tadh video status T1`"),
        ("audio", "audio.create", ("voice", ""), "T1 is an audio: `tadh video status T1`"),
        (
            "voice-check",
            "basic-check.create",
            ("voice-check", "ultra"),
            "T1 is a voice-check: `tadh voice check-status T1 --edition basic`",
        ),
        ("session", "session.create", ("video", ""), "T1 is a session: `tadh session status T1`"),
    ],
)
def test_a_task_asked_for_by_the_wrong_command_is_not_lost(
    tasks: Tasks, server: Server, kind: str, operation: str, asked: tuple[str, str], hint: str
) -> None:
    submitted(tasks, kind, operation)
    server.steps[:] = [say({}, code=110006)]
    with pytest.raises(NotFound) as caught:
        tasks.look(TENCENT.waiter(*asked), "T1")
    assert caught.value.hint == hint and noted(tasks) == [("T1", "queued")]


@pytest.mark.parametrize(
    ("kind", "operation", "asked"),
    [
        ("video", "video.create", ("video", "")),
        ("audio", "audio.create", ("video", "")),
        ("avatar", "customization.create", ("avatar", "")),
        ("voice", "customization.create", ("avatar", "")),
        ("voice-check", "basic-check.create", ("voice-check", "basic")),
        ("voice-check", "ultra-check.create", ("voice-check", "ultra")),
    ],
)
def test_a_task_that_its_own_call_does_not_know_is_lost(
    tasks: Tasks, server: Server, kind: str, operation: str, asked: tuple[str, str]
) -> None:
    submitted(tasks, kind, operation)
    server.steps[:] = [say({}, code=110006)]
    with pytest.raises(NotFound) as caught:
        tasks.look(TENCENT.waiter(*asked), "T1")
    assert "does not know it any more" in caught.value.hint and noted(tasks) == [("T1", "failed")]


# Small decisions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_body", "wanted"),
    [
        ({}, {}),
        ({"VirtualmanKey": "a", "TimbreKey": "v"}, {"VirtualmanKey": "a", "TimbreKey": "v"}),
        ({"AssetVirtualmanKey": "a", "SpeechParam": {"TimbreKey": "v"}}, {"VirtualmanKey": "a", "TimbreKey": "v"}),
        ({"SpeechParam": None, "VirtualmanKey": ""}, {}),
    ],
)
def test_avatar_and_voice_are_read_from_the_request(request_body: dict[str, Any], wanted: dict[str, str]) -> None:
    assert used(request_body) == wanted


@pytest.mark.parametrize(
    ("change", "is_kept"),
    [
        ({}, True),
        ({"Kind": "audio"}, True),
        ({"Kind": "avatar"}, False),
        ({"FinishedAt": None}, False),
        ({"MediaUrl": ""}, False),
        ({"Request": {"AudioStorageS3Url": "https://a"}}, False),
    ],
)
def test_results_are_kept_for_a_week(change: dict[str, Any], is_kept: bool) -> None:
    record = {"Kind": "video", "FinishedAt": iso(NOON_S), "MediaUrl": "u", "Request": {}, **change}
    assert kept_until(record) == (NOON_S + WEEK_S if is_kept else None)


def test_too_frequent_submissions_are_repeated_and_written_down_once(tasks: Tasks, server: Server) -> None:
    server.steps[:] = [say({}, code=801004), say({}, code=801004), say({"TaskId": "T1"})]
    tasks.submit(creation(tasks.client))
    assert noted(tasks) == [("T1", "queued")]
