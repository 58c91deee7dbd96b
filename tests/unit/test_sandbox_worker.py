"""The process that renders, from its owner's side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tadh_cli.sandbox.jobs import Audio, JobFailed, Line, Video
from tadh_cli.sandbox.worker import Worker, WorkerDied


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()
    worker.join()


def audio(target: Path, text: str = "Hello") -> Audio:
    return Audio(target, Line(text, "female_1", "female", "en-US"))


def test_jobs_are_done_one_after_the_other(worker: Worker, tmp_path: Path) -> None:
    for name in ("a.mp3", "b.mp3"):
        assert worker.do(audio(tmp_path / name)).duration_ms > 100
    assert (tmp_path / "a.mp3").read_bytes() == (tmp_path / "b.mp3").read_bytes()


def test_what_a_job_fails_of_has_a_code(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(JobFailed) as caught:
        worker.do(Video(tmp_path / "a.mp4", "anna", "female", (270, 480), "Mp4", sound=tmp_path / "text.wav"))
    assert caught.value.code == 801510
    assert str(tmp_path) not in caught.value.message
    with pytest.raises(JobFailed) as caught:
        worker.do(audio(tmp_path / "a.mp3", "…"))
    assert caught.value.code == 801009


def test_what_should_not_happen_is_told_whole_and_the_process_goes_on(worker: Worker, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Traceback"):
        worker.do(audio(tmp_path / "missing" / "a.mp3"))
    assert worker.do(audio(tmp_path / "a.mp3")).duration_ms > 100


def test_a_job_that_is_given_up_leaves_room_for_the_next(worker: Worker, tmp_path: Path) -> None:
    ended = threading.Event()

    def work() -> None:
        with pytest.raises(WorkerDied):
            worker.do(audio(tmp_path / "long.mp3", "a very long text. " * 5000))
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not ended.wait(0.05):
        worker.interrupt()
    thread.join()
    assert not (tmp_path / "long.mp3").exists()
    assert worker.do(audio(tmp_path / "a.mp3")).duration_ms > 100


def test_an_idle_process_is_not_interrupted(worker: Worker, tmp_path: Path) -> None:
    worker.do(audio(tmp_path / "a.mp3"))
    worker.interrupt()
    assert worker.do(audio(tmp_path / "b.mp3")).duration_ms > 100


def test_nothing_is_done_after_closing(worker: Worker, tmp_path: Path) -> None:
    worker.do(audio(tmp_path / "a.mp3"))
    worker.close()
    worker.join()
    with pytest.raises(WorkerDied):
        worker.do(audio(tmp_path / "b.mp3"))
