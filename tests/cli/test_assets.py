"""`tadh assets`: what is stored, what is printed, what is refused, and what stays secret."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tadh_cli.engine import upload as module
from tadh_cli.engine import upload_job
from tadh_cli.engine.crc64 import crc64
from tadh_cli.main import run
from tadh_cli.providers.tencent import store
from tadh_cli.sandbox.hosting import Hosted
from tests.cli.conftest import SANDBOX, TEXT
from tests.media import wav
from tests.objects import stored
from tests.program import Program, Ran

On = Callable[..., Ran]
MIB = 1024**2


@pytest.fixture
def film(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of several parts."""
    monkeypatch.setattr(module, "PART_BYTES", MIB)
    path = Path("Mein Film (1).MP4")
    path.write_bytes(b"\0\0\0\x18ftypisom" + random.Random(1).randbytes(6 * MIB + 5 - 12))
    return path


# Upload ------------------------------------------------------------------------------------------------


def test_a_file_is_stored_and_its_url_printed(on: On, voice_file: Path, sandbox: Hosted) -> None:
    record = on("assets", "upload", voice_file, "--kind", "audio").json
    assert re.fullmatch(
        rf"{sandbox.url}/customer-pipeline/352/[0-9a-f-]{{36}}/audio/voice-\w{{12}}\.wav", record["Url"]
    )
    assert record["Url"] == f"{sandbox.url}/{record['Key']}"
    assert (record["Bytes"], record["File"], record["Folder"]) == (voice_file.stat().st_size, "voice.wav", "audio")
    assert record["Crc64"] == str(crc64(voice_file.read_bytes()))
    assert stored(sandbox, record["Url"]) == voice_file.read_bytes()


def test_the_url_alone_is_for_other_commands(on: On, avatar: str, voice_file: Path) -> None:
    url = on("assets", "upload", voice_file, "--kind", "AUDIO", "-o", "id").out.strip()
    assert on("video", "create", "--avatar", avatar, "--audio", url, "--wait").json["Status"] == "SUCCESS"


def test_a_large_file_goes_in_parts_under_a_safe_name(on: On, film: Path, sandbox: Hosted) -> None:
    ran = on("assets", "upload", film, "--kind", "video")
    assert re.search(r"/video/Mein-Film-1-\w{12}\.mp4$", ran.json["Url"])
    assert ran.err.splitlines() == [
        "uploading Mein Film (1).MP4: 6.3 MB",
        "Mein Film (1).MP4 is uploaded: 6.3 MB",
    ]
    # Begun, seven parts, completed; nothing else was asked.
    assert [entry["operation"] for entry in sandbox.journal()] == [
        "assets.credentials",
        "cos.multipart",
        *["cos.part"] * 7,
        "cos.multipart",
    ]
    assert stored(sandbox, ran.json["Url"]) == film.read_bytes()


@pytest.mark.parametrize(
    "rule",
    [
        {"operation": "cos.part", "http": 500, "probability": 0.2},
        {"operation": "cos.part", "reset": "before", "probability": 0.2},
        {"operation": "cos.part", "reset": "after", "probability": 0.2},
        {"operation": "cos.part", "expired_credentials": True, "after": 4, "times": 3},
        {"operation": "assets.credentials", "expired_credentials": True, "times": 1},
        {"operation": "assets.credentials", "http": 502, "times": 2},
    ],
)
def test_what_goes_wrong_on_the_way_is_survived(
    on: On, film: Path, sandbox: Hosted, rule: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_job, "FIRST_PAUSE_S", 0.001)
    sandbox.set_faults([rule])
    url = on("assets", "upload", film, "--kind", "video").json["Url"]
    sandbox.clear_faults()
    assert stored(sandbox, url) == film.read_bytes()


def test_what_broke_off_goes_on_with_the_same_command(
    on: On, film: Path, sandbox: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_job, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(upload_job, "LONGEST_PAUSE_S", 0.001)
    sandbox.set_faults([{"operation": "cos.part", "http": 503, "after": 5}])
    ran = on("assets", "upload", film, "--kind", "video", code=10)
    assert "run the same command again" in ran.error["Hint"]
    assert ran.error["Resume"] == "tadh -p sandbox assets upload 'Mein Film (1).MP4' --kind video"
    sandbox.clear_faults()
    ran = on("assets", "upload", film, "--kind", "video")
    assert re.search(r"is uploaded: 6\.3 MB, [2-5]\.\d MB of it in an earlier run", ran.err)
    assert stored(sandbox, ran.json["Url"]) == film.read_bytes()


def test_stdin_is_uploaded_as_what_it_is(on: On, sandbox: Hosted) -> None:
    sound = wav(seconds=1.0)
    url = on("assets", "upload", "-", "--kind", "audio", stdin=sound).json["Url"]
    assert url.endswith(".wav") and stored(sandbox, url) == sound


@pytest.mark.parametrize(
    ("name", "kind", "reasons"),
    [
        ("talk.wav", "video", ["--kind video takes .mp4, .mov"]),
        ("talk.wav", "audios", ["--kind 'audios' is not one of idcard, video, audio, photo, zeroshot"]),
        ("gone.wav", "audio", ["gone.wav can't be read: No such file or directory"]),
        ("empty.wav", "audio", ["empty.wav is empty"]),
        (".", "audio", [". is no file", "takes .zip"]),
        ("empty.wav", "photo", ["empty.wav is empty", "--kind photo takes .jpg"]),
    ],
)
def test_what_can_not_be_right_is_refused_before_anything_is_sent(
    on: On, sandbox: Hosted, name: str, kind: str, reasons: list[str]
) -> None:
    Path("talk.wav").write_bytes(wav(seconds=1.0))
    Path("empty.wav").touch()
    ran = on("assets", "upload", name, "--kind", kind, code=2)
    assert all(reason in ran.err for reason in reasons) and sandbox.journal() == []


def test_checks_can_be_skipped(on: On, sandbox: Hosted) -> None:
    Path("new.xyz").write_bytes(b"something newer than this program")
    assert on("assets", "upload", "new.xyz", "--kind", "video", "--skip-checks").json["Url"].endswith(".xyz")


def test_a_dry_run_sends_nothing(on: On, voice_file: Path, sandbox: Hosted) -> None:
    found = on("assets", "upload", voice_file, "--kind", "audio", "--dry-run").json
    assert found["Uploads"] == [{"File": "voice.wav", "Bytes": voice_file.stat().st_size, "Folder": "audio/"}]
    assert found["Url"].endswith("signature=***") and sandbox.journal() == []


def test_what_was_uploaded_for_a_call_that_failed_is_named(
    on: On, avatar: str, voice_file: Path, sandbox: Hosted
) -> None:
    sandbox.set_faults([{"operation": "video.create", "code": 100008}])
    hint = on("video", "create", "--avatar", avatar, "--audio", voice_file, code=6).error["Hint"]
    url = re.search(r"need not be uploaded again: --audio (\S+)", hint)
    sandbox.clear_faults()
    assert url and on("video", "create", "--avatar", avatar, "--audio", url[1], "--wait").json["Status"] == "SUCCESS"


HEADS = {
    ".mp4": b"\0\0\0\x18ftypisom",
    ".zip": b"PK\x05\x06" + bytes(18),
    ".jpg": b"\xff\xd8\xff\xe0",
    ".wav": b"RIFF\x04\0\0\0WAVE",
}


def test_every_kind_is_a_folder_of_the_documentation(on: On, sandbox: Hosted) -> None:
    for folder, suffixes in store.FOLDERS.items():
        path = Path(f"a{suffixes[0]}")
        path.write_bytes(HEADS[suffixes[0]])
        assert f"/{folder}/a-" in on("assets", "upload", path, "--kind", folder).json["Key"]


def test_a_name_does_not_make_a_film(on: On, sandbox: Hosted) -> None:
    Path("a.mp4").write_text(TEXT)
    assert "its content is of no kind that is known" in on("assets", "upload", "a.mp4", "--kind", "video", code=2).err
    assert sandbox.journal() == []
    assert on("assets", "upload", "a.mp4", "--kind", "video", "--skip-checks").json["Key"].endswith(".mp4")


# Credentials -------------------------------------------------------------------------------------------


def test_keys_are_masked_and_their_place_and_end_are_shown(on: On, sandbox: Hosted) -> None:
    found = on("assets", "credentials").json
    assert found["Credentials"] == {"Token": "***", "TmpSecretId": "***", "TmpSecretKey": "***"}
    assert found["PathPrefix"] == f"{sandbox.url}/{found['KeyPrefix']}" and found["Host"] in sandbox.url
    assert re.fullmatch(r"1m1\ds", found["ExpiresIn"]) and re.fullmatch(r"20\S+T\S+Z", found["ExpiresAt"])


@pytest.mark.parametrize("form", ["json", "table", "yaml", "wide", "csv"])
def test_keys_are_shown_on_demand_and_nowhere_else(on: On, form: str) -> None:
    ran = on("assets", "credentials", "--reveal", "-o", form, "--trace", "t.jsonl", "-vv")
    ids = re.findall(r"AKID\w{40,}", ran.out)
    assert len(set(ids)) == 1 and ids[0] not in ran.err + Path("t.jsonl").read_text()


def test_keys_are_masked_in_every_form(on: On) -> None:
    for form in ("json", "table", "yaml", "wide", "csv", "ndjson"):
        assert "AKID" not in on("assets", "credentials", "-o", form).out


class Screen(io.StringIO):
    """A terminal."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def printed(monkeypatch: pytest.MonkeyPatch, columns: int, *args: str) -> str:
    """What a terminal of so many columns shows, without the breaks of its lines."""
    screen = Screen()
    with monkeypatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        patch.setattr("sys.stdout", screen)
        assert run([*SANDBOX, *args]) == 0
    return re.sub(r"\s+", "", screen.getvalue())


@pytest.mark.parametrize("columns", [40, 60, 100])
@pytest.mark.usefixtures("tadh", "sandbox")
def test_keys_are_masked_where_a_terminal_folds_them(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    for args in (["assets", "credentials"], ["api", "assets.credentials"]):
        shown = printed(monkeypatch, columns, *args, "--no-color")
        assert "TmpSecretId" in shown and shown.count("***") == 3
        assert "AKID" not in shown and max(map(len, re.findall(r"\w+", shown))) < 60


def test_revealed_keys_open_the_store(on: On, tadh: Program) -> None:
    from qcloud_cos import CosConfig, CosS3Client

    found = json.loads(on("assets", "credentials", "--reveal").out)
    keys = found["Credentials"]
    config = CosConfig(
        Region="ap-nanjing",
        SecretId=keys["TmpSecretId"],
        SecretKey=keys["TmpSecretKey"],
        Token=keys["Token"],
        Scheme="http",
        Domain=found["Host"],
    )
    assert CosS3Client(config).put_object(Bucket="b-1", Key=f"{found['KeyPrefix']}a.txt", Body=b"x")["ETag"]
