"""`tadh video` against the sandbox: made, followed, brought home, and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import srt

from tadh_cli.sandbox.hosting import Hosted
from tests.cli.conftest import TEXT
from tests.media import look, wav
from tests.program import Program, Ran
from tests.wire import reply, say, serving

On = Callable[..., Ran]


def test_create_prints_a_record(on: On, avatar: str) -> None:
    record = on("video", "create", "--avatar", avatar, "--text", TEXT).json
    assert record["TaskId"] and record["Status"] == "COMMIT" and record["FinishedAt"] is None
    assert (record["Kind"], record["Profile"], record["VirtualmanKey"]) == ("video", "sandbox", avatar)


def test_create_gives_just_the_id_to_a_shell(on: On, avatar: str) -> None:
    assert len(on("video", "create", "--avatar", avatar, "--text", TEXT, "-o", "id").out.strip()) == 32


def test_the_video_and_its_subtitles_are_brought_home(on: On, avatar: str) -> None:
    record = on("video", "create", "--avatar", avatar, "--text", TEXT, "--wait", "--download", "out/").json
    media, subtitles = record["Files"]
    assert media == f"out/{record['TaskId']}.webm" and subtitles == f"out/{record['TaskId']}.srt"
    assert look(media).seconds == pytest.approx(record["Duration"] / 1000, abs=0.1)
    assert " ".join(cue.content for cue in srt.parse(Path(subtitles).read_text("utf-8"))) == TEXT


@pytest.mark.parametrize(
    ("form", "container", "codecs"),
    [
        ("mp4", "mov,mp4,m4a,3gp,3g2,mj2", ("h264", "aac")),
        ("green-screen-mp4", "mov,mp4,m4a,3gp,3g2,mj2", ("h264", "aac")),
        ("transparent-webm", "matroska,webm", ("vp9", "opus")),
    ],
)
def test_each_format_is_what_it_is_called(
    on: On, avatar: str, form: str, container: str, codecs: tuple[str, ...]
) -> None:
    record = on("video", "create", "--avatar", avatar, "--text", TEXT, "--format", form, "--download", "out/").json
    seen = look(record["Files"][0])
    assert (seen.container, seen.codecs, seen.size) == (container, codecs, (540, 960))


def test_a_local_sound_is_uploaded_and_drives_the_avatar(
    on: On, avatar: str, voice_file: Path, sandbox: Hosted
) -> None:
    record = on("video", "create", "--avatar", avatar, "--audio", voice_file, "--wait", "--download", "talk.webm").json
    assert look("talk.webm").seconds == pytest.approx(1.0, abs=0.1)
    assert record["Files"] == ["talk.webm"], "a video from sound has no subtitles"
    sent = [entry["operation"] for entry in sandbox.journal() if entry["operation"] != "video.get"]
    assert sent[-4:-1] == ["assets.credentials", "cos.put", "video.create"]


def test_a_sound_can_come_from_a_pipe(on: On, avatar: str) -> None:
    record = on("video", "create", "--avatar", avatar, "--audio", "-", "--wait", stdin=wav(seconds=1.0)).json
    assert record["Duration"] == pytest.approx(1000, abs=50)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("short.wav", wav(seconds=0.2), "length: 0.2 s, allowed: 0.5 s to 60 minutes"),
        ("empty.wav", b"", "is empty"),
        ("notes.txt", b"just text", "format: no known format"),
        ("voice.flac", wav(seconds=1.0), "voice.flac, although it is wav"),
        ("page.mp3", b"<html><body>Sign in</body></html>", "format: a web page"),
    ],
)
def test_a_sound_that_can_not_drive_an_avatar_is_refused_before_anything_is_sent(
    on: On, avatar: str, sandbox: Hosted, name: str, content: bytes, reason: str
) -> None:
    Path(name).write_bytes(content)
    before = len(sandbox.journal())
    ran = on("video", "create", "--avatar", avatar, "--audio", name, code=2)
    assert f"--audio {name}" in ran.err and reason in ran.err
    assert len(sandbox.journal()) == before


def test_all_problems_are_told_at_once_and_nothing_is_sent(on: On, sandbox: Hosted) -> None:
    ran = on("video", "create", "--speed", 3, "--volume", "loud", "--format", "avi", "--logo", "x.png,y=1.5", code=2)
    for part in (
        "--avatar is required",
        "exactly one of --text, --ssml, --audio is needed",
        "--speed 3.0 is outside 0.5..1.5 (SpeechParam.Speed, Video Production API",
        "--volume 'loud' is not a whole number",
        "--format 'avi' is not one of transparent-webm, green-screen-mp4, mp4",
        "--logo y=1.5 is not a whole number",
    ):
        assert part in ran.err
    assert ran.error["ExitCode"] == 2 and sandbox.journal() == []


def test_what_depends_on_other_options_is_told_by_their_names(on: On, avatar: str) -> None:
    video = ("video", "create", "--avatar", avatar)
    assert "--intensity needs --emotion" in on(*video, "--text", TEXT, "--intensity", 100, code=2).err
    ran = on(*video, "--text", TEXT, "--driver", "original-voice", code=2)
    assert "--audio is required when --driver is original-voice" in ran.err
    assert "--voice or --avatar is required" in on("voice", "speak", "--text", TEXT, code=2).err


def test_an_enumeration_is_matched_in_any_case(on: On, avatar: str, sandbox: Hosted) -> None:
    on(
        "video",
        "create",
        "--avatar",
        avatar,
        "--text",
        TEXT,
        "--format",
        "Green-Screen-MP4",
        "--concurrency-type",
        "SHARED",
    )
    assert sandbox.journal("video.create")[-1]["code"] == 0


def test_a_dry_run_shows_the_request_and_sends_nothing(on: On, avatar: str, voice_file: Path, sandbox: Hosted) -> None:
    before = len(sandbox.journal())
    shown = on("video", "create", "--avatar", avatar, "--audio", voice_file, "--dry-run").json
    assert shown["Method"] == "POST" and "/videomake?appkey=" in shown["Url"] and "signature=***" in shown["Url"]
    assert shown["Body"]["Payload"]["VirtualmanKey"] == avatar and shown["Body"]["Header"] == {}
    assert shown["Uploads"] == [{"File": "voice.wav", "Bytes": voice_file.stat().st_size, "Folder": "audio/"}]
    assert shown["EstimatedMinutes"] == pytest.approx(1 / 60, abs=0.01)
    assert len(sandbox.journal()) == before


def test_a_video_longer_than_wanted_is_not_ordered(on: On, avatar: str, sandbox: Hosted) -> None:
    ran = on("video", "create", "--avatar", avatar, "--text", "word " * 500, "--max-minutes", 1, code=2)
    assert "--max-minutes 1 would be exceeded" in ran.err and sandbox.journal("video.create") == []


@pytest.mark.parametrize("limit", ["nan", "inf", "-1", "two"])
def test_a_limit_in_minutes_is_a_number(on: On, avatar: str, sandbox: Hosted, limit: str) -> None:
    ran = on("video", "create", "--avatar", avatar, "--text", TEXT, "--max-minutes", limit, code=2)
    assert f"--max-minutes {limit!r} is not a number of minutes" in ran.err and sandbox.journal("video.create") == []


@pytest.mark.parametrize("command", [("avatar", "list"), ("voice", "list"), ("video", "list"), ("task", "list")])
def test_a_limit_in_items_is_not_negative(on: On, command: tuple[str, str]) -> None:
    assert "--limit" in on(*command, "--limit", -1, code=2).err
    assert on(*command, "--limit", 0).json == []


def test_text_comes_from_a_file_or_stdin(on: On, avatar: str) -> None:
    Path("hello.txt").write_text("你好，\n世界。\nA & B", "utf-8")
    from_file = on("video", "create", "--avatar", avatar, "--text", "@hello.txt", "--dry-run").json
    from_pipe = on(
        "video", "create", "--avatar", avatar, "--text", "-", "--dry-run", stdin="你好，\n世界。\nA & B".encode()
    )
    assert from_file["Body"]["Payload"]["InputSsml"] == "你好，世界。A &amp; B"
    assert from_pipe.json["Body"] == from_file["Body"]


def test_a_text_file_in_another_encoding_is_named(on: On, avatar: str) -> None:
    Path("hello.txt").write_bytes("你好".encode("gb18030"))
    ran = on("video", "create", "--avatar", avatar, "--text", "@hello.txt", code=2)
    assert "hello.txt is not UTF-8" in ran.err and "iconv" in ran.error["Hint"]


def test_ssml_is_checked_with_line_and_column(on: On, avatar: str) -> None:
    Path("talk.ssml").write_text('Hello\n<break time="5"/> & you')
    ran = on("video", "create", "--avatar", avatar, "--ssml", "talk.ssml", code=2)
    assert "--ssml talk.ssml:2:8:" in ran.err and "--ssml talk.ssml:2:19:" in ran.err


def test_ssml_is_spoken(on: On, avatar: str) -> None:
    Path("talk.ssml").write_text('<speak>Hello<break time="3s"/>you</speak>\n')
    record = on("video", "create", "--avatar", avatar, "--ssml", "talk.ssml", "--wait").json
    assert record["Duration"] > 3000


def test_plain_text_with_tags_is_spoken_as_it_stands_and_said_so(on: On, avatar: str) -> None:
    ran = on("video", "create", "--avatar", avatar, "--text", 'a<break time="1s"/>b', "--dry-run")
    assert "use --ssml FILE" in ran.err
    assert ran.json["Body"]["Payload"]["InputSsml"] == 'a&lt;break time="1s"/&gt;b'


def test_a_newer_value_goes_out_unchecked(on: On, avatar: str) -> None:
    ran = on(
        "video", "create", "--avatar", avatar, "--text", TEXT, "--set", "VideoParam.Format=TransparentMov", code=11
    )
    assert ran.error["Code"] == 100002 and "VideoParam.Format" in ran.err, "it is the service that refuses it"


def test_the_advanced_call_is_used_when_it_is_needed(on: On, avatar: str) -> None:
    plain = on("video", "create", "--avatar", avatar, "--text", TEXT, "--dry-run").json["Url"]
    placed = on("video", "create", "--avatar", avatar, "--text", TEXT, "--x", 0, "--dry-run").json
    assert "/videomake?" in plain and "/videomakeadvanced?" in placed["Url"]
    assert placed["Body"]["Payload"]["VideoParam"] == {"AnchorParam": {"HorizontalPosition": 0.0}}


def test_an_existing_file_is_refused_before_the_video_is_ordered(on: On, avatar: str, sandbox: Hosted) -> None:
    Path("talk.webm").write_text("precious")
    ran = on("video", "create", "--avatar", avatar, "--text", TEXT, "--download", "talk.webm", code=2)
    assert "exists already; use --force" in ran.err and sandbox.journal("video.create") == []


def test_status_of_several(on: On, made: str, avatar: str) -> None:
    other = on("video", "create", "--avatar", avatar, "--text", TEXT).json["TaskId"]
    assert [record["TaskId"] for record in on("video", "status", made, other).json] == [made, other]
    assert on("video", "status", made).json["Status"] == "SUCCESS"
    assert [record["TaskId"] for record in on("video", "status", "--all").json] == [other]


def test_an_unknown_task_is_not_found(on: On) -> None:
    error = on("video", "status", "0" * 32, code=5).error
    assert error["Code"] == 110006 and error["TaskId"] == "0" * 32 and error["RequestId"]


def test_a_failed_production_tells_code_and_remedy(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "task_fail": 801010, "times": 1}])
    ran = on("video", "create", "--avatar", avatar, "--text", TEXT, "--wait", code=7)
    assert ran.json["Status"] == "FAIL" and ran.json["FailCode"] == 801010
    assert ran.error["Code"] == 801010 and "URL" in ran.error["Hint"]


def test_a_wait_that_times_out_leaves_the_task_and_names_the_way_back(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.get", "delay_s": 0.3}])
    text = "Many words. " * 200
    ran = on("video", "create", "--avatar", avatar, "--text", text, "--wait", "--timeout", "1s", code=8)
    task = ran.json["TaskId"]
    assert ran.error["Resume"] == f"tadh -p sandbox video wait {task}" and ran.error["TaskId"] == task


def test_a_wait_survives_failing_questions(on: On, avatar: str, sandbox: Hosted) -> None:
    task = on("video", "create", "--avatar", avatar, "--text", TEXT, "-o", "id").out.strip()
    sandbox.set_faults([{"operation": "video.get", "http": 502, "times": 3}])
    ran = on("video", "wait", task)
    assert ran.json["Status"] == "SUCCESS" and "no answer, trying again" in ran.err


def test_patience_with_failing_questions_ends(on: On, made: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.get", "http": 502}])
    error = on("video", "wait", made, "--poll-patience", "0s", code=10).error
    assert error["TaskId"] == made and error["Resume"].endswith(f"video wait {made}")


def test_a_lost_answer_is_never_repeated(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "reset": "after", "times": 1}])
    error = on("video", "create", "--avatar", avatar, "--text", TEXT, code=12).error
    assert len(sandbox.journal("video.create")) == 1
    (entry,) = on("task", "list", "--state", "unknown").json
    assert entry["TaskId"] == error["TaskId"] and entry["Request"]["InputSsml"] == TEXT


def test_an_unreadable_answer_to_a_creation_is_never_repeated(on: On, avatar: str, sandbox: Hosted) -> None:
    for fault in ({"http": 502}, {"bad_json": True}, {"truncate": 0.5}):
        sandbox.reset()
        sandbox.set_faults([{"operation": "video.create", "times": 1, **fault}])
        on("video", "create", "--avatar", avatar, "--text", TEXT, code=12)
        assert len(sandbox.journal("video.create")) == 1


def test_a_creation_that_was_surely_not_accepted_is_sent_again(on: On, avatar: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "video.create", "code": 801004, "times": 1}])
    assert on("video", "create", "--avatar", avatar, "--text", TEXT).json["TaskId"]
    assert [entry["code"] for entry in sandbox.journal("video.create")] == [801004, 0]


def test_the_sixth_video_at_once_exceeds_the_quota(on: On, avatar: str, sandbox: Hosted) -> None:
    text = "Many words. " * 400
    for _ in range(5):
        on("video", "create", "--avatar", avatar, "--text", text)
    error = on("video", "create", "--avatar", avatar, "--text", text, code=6).error
    assert error["Code"] == 100008 and "limit" in error["Message"]


def test_a_text_that_moderation_refuses(on: On, avatar: str) -> None:
    assert on("video", "create", "--avatar", avatar, "--text", "SENSITIVE words", code=11).error["Code"] == 801005


def test_a_download_goes_on_where_it_broke_off(on: On, made: str, sandbox: Hosted) -> None:
    whole = on("video", "download", made, "-").raw
    sandbox.set_faults([{"operation": "media.get", "truncate": 0.5, "times": 2}])
    on("video", "download", made, "talk.webm")
    assert Path("talk.webm").read_bytes() == whole
    assert [entry["status"] for entry in sandbox.journal("media.get")][-3:] == [200, 206, 206]


def test_an_expired_link_is_asked_for_anew(on: On, made: str, sandbox: Hosted) -> None:
    sandbox.set_faults([{"operation": "media.get", "link_expired": True, "times": 1}])
    asked = len(sandbox.journal("video.get"))
    assert on("video", "download", made, "out/").json["Files"]
    assert len(sandbox.journal("video.get")) == asked + 2


def test_only_the_subtitles(on: On, made: str) -> None:
    record = on("video", "download", made, "talk.srt", "--subtitles-only").json
    assert record["Files"] == ["talk.srt"] and "Hello" in Path("talk.srt").read_text()


def test_a_file_is_overwritten_by_its_own_task_alone(on: On, made: str, avatar: str) -> None:
    on("video", "download", made, "talk.webm")
    on("video", "download", made, "talk.webm")
    other = on("video", "create", "--avatar", avatar, "--text", TEXT, "--wait").json["TaskId"]
    assert "use --force" in on("video", "download", other, "talk.webm", code=2).error["Hint"]
    on("video", "download", other, "talk.webm", "--force")


def test_a_video_that_is_not_finished_can_not_be_downloaded(on: On, avatar: str) -> None:
    task = on("video", "create", "--avatar", avatar, "--text", "Many words. " * 300, "-o", "id").out.strip()
    assert "is not finished" in on("video", "download", task, code=7).err


def test_the_list_comes_from_the_ledger(on: On, made: str, sandbox: Hosted) -> None:
    before = len(sandbox.journal())
    (record,) = on("video", "list", "--state", "done", "--since", "1h").json
    assert record["TaskId"] == made and record["DaysLeft"] == 6 and record["ExpiresAt"] > record["FinishedAt"]
    assert on("video", "list", "--state", "failed").json == []
    assert len(sandbox.journal()) == before


def test_waiting_for_several_fetches_all(on: On, avatar: str) -> None:
    ids = [on("video", "create", "--avatar", avatar, "--text", TEXT).json["TaskId"] for _ in range(2)]
    records = on("video", "wait", *ids, "--download", "out/").json
    assert [Path(record["Files"][0]).stem for record in records] == ids
    assert all(Path(name).stat().st_size for record in records for name in record["Files"])


def test_defaults_of_the_profile_fill_in(tadh: Program, sandbox: Hosted, tmp_path: Path) -> None:
    profile = {
        "endpoint": sandbox.url,
        "app_key": sandbox.app_key,
        "access_token": sandbox.access_token,
        "defaults": {"avatar": "0" * 32, "voice": "female_2"},
    }
    (tmp_path / "config.yaml").write_text(json.dumps({"profiles": {"mine": profile}}))
    (tmp_path / "config.yaml").chmod(0o600)
    body = tadh("video", "create", "--text", TEXT, "--dry-run").json["Body"]["Payload"]
    assert body["VirtualmanKey"] == "0" * 32 and body["SpeechParam"]["TimbreKey"] == "female_2"


def test_every_number_that_is_none_is_named(sandbox: Hosted, tadh: Program) -> None:
    ran = tadh(
        "-p", "sandbox", "video", "create", "--avatar", "k", "--text", "Hi", "--speed", "nan", "--x", "inf", code=2
    )
    assert "--speed NaN is not a finite number" in ran.err and "--x Infinity is not a finite number" in ran.err


ACTION = '<speak>hello<insert-action type="nod"/></speak>'


@pytest.mark.parametrize("command", [("video", "create"), ("voice", "speak")])
def test_a_rehearsal_asks_nothing_even_about_actions(on: On, sandbox: Hosted, command: tuple[str, ...]) -> None:
    Path("a.ssml").write_text(ACTION)
    ran = on(*command, "--avatar", "a" * 32, "--ssml", "a.ssml", "--dry-run")
    assert sandbox.journal() == []
    wanted = "--ssml a.ssml: whether the avatar knows these actions is not checked in a rehearsal"
    assert wanted in ran.json["Warnings"]


def test_actions_are_asked_for_once_and_briefly(tadh: Program) -> None:
    """A service that does not answer this question may answer the order."""
    Path("a.ssml").write_text(ACTION)
    with serving(reply("", status=502), say({"TaskId": "T1"})) as server:
        env = {"TADH_ENDPOINT": server.url, "TADH_APP_KEY": "k", "TADH_ACCESS_TOKEN": "token-1"}
        assert tadh("video", "create", "--avatar", "a" * 32, "--ssml", "a.ssml", **env).json["TaskId"] == "T1"
    assert [path.rpartition("/")[2] for path in server.targets] == ["getaction", "videomake"]
