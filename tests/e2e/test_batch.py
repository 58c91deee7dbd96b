"""Batches as processes: killed at any moment and run again, two at once, interrupted."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tadh_cli.sandbox.hosting import Hosted
from tests.media import look, wav
from tests.program import SCRIPT, Program, call, spawn, until

ON = ("-p", "sandbox", "video", "batch", "list.jsonl", "--out", "out/")
COUNT = 8


@pytest.fixture
def texts(tadh: Program, sandbox: Hosted) -> list[str]:
    """What the videos of the list say: each something else."""
    avatar = tadh("-p", "sandbox", "avatar", "list", "--limit", 1, "-o", "id").out.strip()
    texts = [f"This is video number {number}." for number in range(COUNT)]
    rows = [{"name": f"v{number}", "avatar": avatar, "text": text} for number, text in enumerate(texts)]
    Path("list.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return texts


def creations(sandbox: Hosted) -> int:
    return sum(entry["operation"] == "video.create" and entry["code"] == 0 for entry in sandbox.journal())


def accepted() -> Counter[str]:
    """How often the ledger knows of each text to have been made, or may have been."""
    entries = call("task", "list", "--kind", "video").json
    return Counter(entry["Request"]["InputSsml"] for entry in entries if entry["State"] != "refused")


def complete() -> int:
    """Videos that are there; each of them can be played, and nothing unfinished carries its name."""
    files = sorted(Path("out").glob("*.webm"))
    assert all(look(file).seconds > 0.5 for file in files)
    return len(files)


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment_and_run_again_it_makes_everything_once(
    sandbox: Hosted, texts: list[str], seed: int
) -> None:
    """The moments are counted in requests of the process, so that all phases are met however fast the machine is."""
    dice = random.Random(seed)
    for _ in range(5):
        before = len(sandbox.journal())
        moment = before + dice.randrange(1, 10)
        with spawn(*ON, "--quiet", "-o", "ndjson") as process:
            until(lambda moment=moment, process=process: len(sandbox.journal()) >= moment or process.poll() is not None)
            process.kill()
        complete()
    ran = call(*ON, "--quiet", code=None)
    assert ran.code in (0, 12)
    states = Counter(record["State"] for record in ran.json)
    assert set(states) <= {"done", "unknown"} and (states["unknown"] > 0) == (ran.code == 12)
    known = accepted()
    assert set(known) == set(texts) and set(known.values()) == {1}, "one attempt for each video"
    assert COUNT - states["unknown"] <= creations(sandbox) <= COUNT, "and no request beside"
    assert complete() == states["done"]
    assert not [name for name in os.listdir("out") if name.endswith(".webm.part") and states["unknown"] == 0]


def test_two_runs_at_once_make_everything_once(sandbox: Hosted, texts: list[str]) -> None:
    runs = [spawn(*ON, "--quiet") for _ in range(2)]
    ended = [run.communicate(timeout=100) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ended
    for out, _ in ended:
        assert {record["State"] for record in json.loads(out)} == {"done"}
    assert creations(sandbox) == COUNT and complete() == COUNT and set(accepted().values()) == {1}


def test_two_lists_share_the_slots_and_both_finish(sandbox: Hosted, texts: list[str]) -> None:
    rows = [json.loads(line) for line in Path("list.jsonl").read_text().splitlines()]
    other = [{**row, "name": f"w{number}", "text": f"{row['text']} Again."} for number, row in enumerate(rows)]
    Path("other.jsonl").write_text("\n".join(map(json.dumps, other)))
    lines = [[*ON, "--quiet"], ["-p", "sandbox", "video", "batch", "other.jsonl", "--out", "out/", "--quiet"]]
    runs = [spawn(*line) for line in lines]
    ended = [run.communicate(timeout=100) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ended
    assert creations(sandbox) == 2 * COUNT and complete() == 2 * COUNT


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_names_what_is_under_way_and_the_next_run_adopts_it(
    sandbox: Hosted, texts: list[str], name: str
) -> None:
    sandbox.set_faults([{"operation": "video.get", "http": 502}])
    with spawn(*ON, "--report", "report.json", "-o", "json") as process:
        until(lambda: creations(sandbox) >= 5)
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=60)
    error = json.loads(err.splitlines()[-1])["error"]
    assert process.returncode == 130 and "under way at the service: v0" in error["Message"] and b"Traceback" not in err
    assert error["Resume"] == "tadh -p sandbox video batch list.jsonl --out out/ --report report.json"
    sandbox.clear_faults()
    states = Counter(record["State"] for record in json.loads(out))
    assert states["waiting"] >= 1 and states["running"] >= 1
    report = json.loads(Path("report.json").read_text())
    assert report["ExitCode"] == 130 and len(report["Items"]) == COUNT
    again = call(*ON, "--quiet").json
    assert Counter(record["Action"] for record in again)["adopt"] >= 1 and creations(sandbox) == COUNT


def test_killed_while_a_request_is_on_its_way_its_outcome_is_unknown(sandbox: Hosted, texts: list[str]) -> None:
    sandbox.set_faults([{"operation": "video.create", "delay_s": 10, "times": 1}])
    with spawn(*ON) as process:
        until(lambda: any(entry["State"] == "sending" for entry in call("task", "list").json))
        process.kill()
    sandbox.clear_faults()
    ran = call(*ON, "--quiet", code=12)
    assert Counter(record["State"] for record in ran.json) == {"unknown": 1, "done": COUNT - 1}
    assert re.search(r"--retry-unknown", ran.err)
    call(*ON, "--quiet", "--retry-unknown")
    assert complete() == COUNT
    # Its outcome is one of this test, not of the next one.
    until(lambda: creations(sandbox) == COUNT + 1)


def test_a_full_disk_fails_the_video_and_loses_nothing(sandbox: Hosted, texts: list[str]) -> None:
    """Room for the ledger, but for no video of half a minute."""
    row = json.loads(Path("list.jsonl").read_text().splitlines()[0])
    Path("list.jsonl").write_text(json.dumps({**row, "text": " ".join(texts * 6)}))
    bounded = ["sh", "-c", 'ulimit -f 500; exec "$0" "$@"', SCRIPT, *ON, "--quiet"]
    ran = subprocess.run(bounded, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 7 and "file too large" in ran.stderr.lower(), ran.stderr
    assert json.loads(ran.stdout)[0]["TaskId"]
    assert os.listdir("out") == [] or complete() == 0
    again = call(*ON, "--quiet")
    assert again.json[0]["State"] == "done" and complete() == 1 and creations(sandbox) == 1


def test_what_another_run_could_not_send_is_made_completely_by_this_one(tadh: Program, sandbox: Hosted) -> None:
    """Its sound is uploaded and its voice's name looked up although it was the other run's at first."""
    avatar = tadh("-p", "sandbox", "avatar", "list", "--limit", 1, "-o", "id").out.strip()
    voice = tadh("-p", "sandbox", "voice", "list", "--limit", 1).json[0]
    Path("voice.wav").write_bytes(wav(seconds=1.0))
    rows = [{"name": "v0", "text": "Hello", "voice": voice["TimbreName"]}, {"name": "v1", "audio": "voice.wav"}]
    Path("list.jsonl").write_text("\n".join(json.dumps({**row, "avatar": avatar}) for row in rows))
    for name in ("v0", "v1"):
        sandbox.set_faults([{"operation": "video.create", "code": 100013, "times": 1}])
        call(*ON, "--only", name, code=6)
    # Another run, which lives, tries again, and is refused again.
    write("UPDATE tasks SET state = 'sending', pid = ?", os.getpid())
    with open("log", "wb") as log, spawn(*ON, stderr=log) as process:
        until(lambda: Path("log").read_text().count("another run is making it") == 2)
        write("UPDATE tasks SET state = 'refused', record = '{\"ExitCode\": 6}'")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, Path("log").read_text()
    assert {(found["State"], found["Action"]) for found in json.loads(out)} == {("done", "make")}
    sound, text = (entry["Request"] for entry in call("task", "list").json)
    assert text["SpeechParam"]["TimbreKey"] == voice["TimbreKey"]
    assert sound["InputAudioUrl"].startswith("http://127.0.0.1")


def write(sql: str, *values: object) -> None:
    """What another process writes into the ledger."""
    with closing(sqlite3.connect(Path(os.environ["TADH_STATE_DIR"]) / "ledger.db")) as db, db:
        db.execute(sql, values)


def test_whoever_reads_no_more_leaves_no_outcome_unknown(sandbox: Hosted, texts: list[str]) -> None:
    """`| head -1`: the request on its way is still answered, and written down."""
    with spawn(*ON, "-o", "id", "--report", "report.json") as process:
        assert process.stdout and process.stderr
        sandbox.set_faults([{"operation": "video.create", "delay_s": 2}])
        assert process.stdout.readline()
        until(lambda: any(entry["State"] == "sending" for entry in call("task", "list").json))
        process.stdout.close()
        said = process.stderr.read()
        process.wait(60)
    assert b"under way at the service: v" in said
    assert {entry["State"] for entry in call("task", "list").json} <= {"queued", "running", "done"}
    assert len(json.loads(Path("report.json").read_text())["Items"]) == COUNT


def test_cron_follows_a_batch_that_runs(sandbox: Hosted, texts: list[str]) -> None:
    """Each end is printed once, and the batch does not notice."""
    ended: Counter[str] = Counter()
    with spawn(*ON, "--quiet") as process:
        is_over = False
        while not is_over:
            is_over = process.poll() is not None
            lines = call("-p", "sandbox", "task", "sync", "--changed", "-o", "ndjson").out.splitlines()
            ended += Counter(record["TaskId"] for record in map(json.loads, lines) if record["State"] == "done")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and complete() == COUNT and creations(sandbox) == COUNT
    assert ended == Counter(record["TaskId"] for record in json.loads(out))
