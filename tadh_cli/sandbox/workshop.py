"""Renders beside the server: a few processes, and what is done with what comes out of them."""

from __future__ import annotations

import asyncio
import os
import queue
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tadh_cli.sandbox import customization, delivery, orders, production, progress
from tadh_cli.sandbox.files import content_type_of
from tadh_cli.sandbox.jobs import Audio, Audit, Job, JobFailed, Listen, Result, Video
from tadh_cli.sandbox.journal import Journal
from tadh_cli.sandbox.progress import Task
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.stages import Customization, Inspection
from tadh_cli.sandbox.worker import Worker, WorkerDied

# Encoders use several cores themselves.
MOST_WORKERS = 2


class Workshop:
    """Takes productions, inspections, audits and samples; all its methods belong to the server's loop."""

    def __init__(self, journal: Journal) -> None:
        count = min(MOST_WORKERS, max(1, (os.cpu_count() or 1) // 2))
        self._journal = journal
        self._service: Service | None = None
        self._workers = [Worker() for _ in range(count)]
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="studio")
        # What is being rendered, and what waits for its moment.
        self._work: set[asyncio.Task[None]] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._samples: dict[Path, asyncio.Lock] = {}

    def open(self, service: Service) -> None:
        """Take up what was under way when the last server ended."""
        self._service = service
        for task in service.tasks.values():
            if task.made is None and task.failed is None:
                self.produce(task)
            elif task.payload.get("CallbackUrl") and not task.called_back:
                self._start(self._call_back(task), self._calls)
        for inspection in service.inspections.values():
            if inspection.heard is None:
                self.inspect(inspection)
        for made in service.customizations.values():
            if made.audited is None:
                self.audit(made)

    async def close(self) -> None:
        """End all processes; what they were at is taken up by the next server."""
        under_way = [*self._work, *self._calls]
        for task in under_way:
            task.cancel()
        for worker in self._workers:
            worker.close()
        await asyncio.gather(*under_way, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        for worker in self._workers:
            worker.join()

    def produce(self, task: Task) -> None:
        self._start(self._produce(task), self._work)

    def inspect(self, inspection: Inspection) -> None:
        self._start(self._inspect(inspection), self._work)

    def audit(self, made: Customization) -> None:
        self._start(self._audit(made), self._work)

    def forget(self) -> None:
        """After a reset nobody waits for what is being made."""
        for task in (*self._work, *self._calls):
            task.cancel()
        for worker in self._workers:
            worker.interrupt()

    async def settle(self) -> None:
        """Wait until nothing is being rendered."""
        while self._work:
            await asyncio.wait(self._work)

    async def sample(self, path: Path, job: Job) -> None:
        """Render a file unless it is there already; raises JobFailed."""
        async with self._samples.setdefault(path, asyncio.Lock()):
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                await self._do(job)

    @property
    def service(self) -> Service:
        assert self._service is not None
        return self._service

    def _start(self, work: Coroutine[Any, Any, None], kind: set[asyncio.Task[None]]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        kind.add(task)
        task.add_done_callback(kind.discard)

    async def _do(self, job: Job) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._do_on_idle, job)

    def _do_on_idle(self, job: Job) -> Result:
        worker = self._idle.get()
        try:
            return worker.do(job)
        finally:
            self._idle.put(worker)

    # Productions -----------------------------------------------------------------------------------------

    async def _produce(self, task: Task) -> None:
        try:
            job = orders.job_of(self.service, task, self.service.media)
            result = await self._do(job)
            await self._store(task, job)
        except JobFailed as error:
            self._end(task, failed=self.service.clock.now(), fail_code=error.code, fail_message=error.message)
        except WorkerDied as error:
            self._journal.note(f"task {task.id}: {error}")
            self._crashed(task, 801004, "Task production encountered a crash")
        except Exception as error:  # a fault of the sandbox: the task fails, the reason is in the log
            self._journal.note(f"task {task.id}: {error}")
            self._crashed(task, 801000, "Internal system error")
        else:
            subtitles = job.subtitles.name if isinstance(job, Video) and job.subtitles else ""
            self._end(
                task,
                made=self.service.clock.now(),
                duration_ms=result.duration_ms,
                timestamps=result.timestamps,
                media=job.target.name,
                subtitles=subtitles,
            )

    def _crashed(self, task: Task, code: int, message: str) -> None:
        self._end(task, failed=self.service.clock.now(), fail_code=code, fail_message=message)

    def _end(self, task: Task, **facts: Any) -> None:
        if task.id not in self.service.tasks:
            return
        ended = self.service.tasks.change(task.id, **facts)
        if ended.payload.get("CallbackUrl"):
            self._start(self._call_back(ended), self._calls)

    async def _store(self, task: Task, job: Audio | Video) -> None:
        """Bring the result to the storage that the request names."""
        payload = task.payload
        media_url = payload.get("VideoStorageS3Url") or payload.get("AudioStorageS3Url")
        if media_url:
            await delivery.store(media_url, job.target, content_type_of(job.target))
        if isinstance(job, Video) and job.subtitles is not None and payload.get("SubtitleStorageS3Url"):
            await delivery.store(payload["SubtitleStorageS3Url"], job.subtitles, content_type_of(job.subtitles))

    async def _call_back(self, task: Task) -> None:
        end = progress.ending(task)
        assert end is not None
        clock = self.service.clock
        await clock.until(end)
        # Noted first: a callback is sent once or, if the server is killed just now, not at all.
        self.service.tasks.change(task.id, called_back=True)
        payload: dict[str, Any] = {"Progress": -1, "MediaUrl": "", "SubtitlesUrl": "", "Status": "FAIL"}
        if task.failed is None:
            found = production.result(self.service, task, clock.now())
            payload |= {"Progress": 100, "MediaUrl": found["MediaUrl"], "Status": "SUCCESS"}
            payload["SubtitlesUrl"] = found.get("SubtitlesUrl", "")
        payload |= {"FailMessage": task.fail_message, "TaskId": task.id}
        await delivery.call_back(
            task.payload["CallbackUrl"], payload, lambda text: self._journal.note(f"task {task.id}: {text}")
        )

    # Inspections -----------------------------------------------------------------------------------------

    async def _inspect(self, inspection: Inspection) -> None:
        facts: dict[str, Any] = {}
        try:
            heard = await self._do(Listen(customization.recording(self.service, inspection)))
            facts["flaw"] = "; ".join(heard.flaws)
            if heard.measured is not None:
                values = heard.measured
                facts |= {"speech_s": values.speech_s, "snr_db": values.snr_db}
                facts |= {"c50_db": values.c50_db, "clipping": values.clipping}
        except JobFailed as error:
            facts["flaw"] = error.message
        except Exception as error:  # as above: the inspection fails, the reason is in the log
            self._journal.note(f"inspection {inspection.id}: {error}")
            facts["flaw"] = "Internal system error"
        if inspection.id in self.service.inspections:
            self.service.inspections.change(inspection.id, heard=self.service.clock.now(), **facts)

    async def _audit(self, made: Customization) -> None:
        facts: dict[str, Any] = {}
        try:
            found = await self._do(Audit(customization.files(self.service, made)))
            facts["flaw"] = "; ".join(found.flaws)
            if found.size is not None:
                facts["resolution"] = "x".join(map(str, found.size))
        except JobFailed as error:
            facts["flaw"] = error.message
        except Exception as error:  # as above
            self._journal.note(f"customization {made.id}: {error}")
            facts["flaw"] = "Internal system error"
        if made.id in self.service.customizations:
            self.service.customizations.change(made.id, audited=self.service.clock.now(), **facts)
