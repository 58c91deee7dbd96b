"""The sandbox as a running server: one port for calls, channel, object store, files and administration."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from aiohttp import web

from tadh_cli.sandbox import envelope, file_routes, housekeeping, object_routes, record, replies, uploads
from tadh_cli.sandbox.admin import PREFIX as ADMIN
from tadh_cli.sandbox.admin import Admin
from tadh_cli.sandbox.channel import PATH as CHANNEL_PATH
from tadh_cli.sandbox.channel import Channels
from tadh_cli.sandbox.faults import CHANNEL, Fault, Faults
from tadh_cli.sandbox.file_routes import MEDIA, SAMPLES, FileRoutes
from tadh_cli.sandbox.gateway import Gateway
from tadh_cli.sandbox.journal import Entry, Journal
from tadh_cli.sandbox.links import Links
from tadh_cli.sandbox.livestream import Session
from tadh_cli.sandbox.object_routes import ObjectRoutes
from tadh_cli.sandbox.record import DEFAULT_SEED, DEFAULT_SPEED, Options, Running
from tadh_cli.sandbox.replies import Reply
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.state import State
from tadh_cli.sandbox.store import Store
from tadh_cli.sandbox.wire import Incoming, Outgoing
from tadh_cli.sandbox.workshop import Workshop

HOST = "127.0.0.1"
STORAGE = "/s3/"
OBJECTS = f"/{uploads.ROOT}/"
# For connections that are still busy when the server stops.
FAREWELL_S = 1.0
# Of a body that arrives: the default of 64 KiB costs a sixth of the rate of large uploads.
READ_BUFFER_BYTES = 256 * 1024


class Sandbox:
    """Everything that answers, by path; bodies that are spoilt on purpose are spoilt on their way out."""

    def __init__(self, service: Service, workshop: Workshop, rules: Faults, journal: Journal, admin: Admin) -> None:
        tokens = {service.app_key: service.access_token}
        self._gateway = Gateway(service, tokens)
        self.channels = Channels(service, tokens, rules)
        self._objects = ObjectRoutes(service)
        self._files = FileRoutes(service, workshop, service.media.parent / "samples")
        self._faults = rules
        self._journal = journal
        self._admin = admin

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, or let happen to it what the rules say."""
        started = time.perf_counter()
        incoming = _incoming(request)
        if incoming.path.startswith(ADMIN):
            asked = _with_body(incoming, await request.read())
            return await replies.send(request, await self._admin.answer(asked), None)
        target = self._target(incoming)
        fault = self._faults.pick(target, incoming.path)
        reply: Reply | None = None
        try:
            if fault is not None and fault.kind == "delay_s":
                await asyncio.sleep(fault.value)
            if fault is not None and fault.kind == "reset" and fault.value == "before":
                return replies.abort(request)
            admitted = self.channels.admit(incoming, fault) if target == CHANNEL and not _is_http(fault) else None
            if isinstance(admitted, Session):
                reply = Reply(101)
                return await self.channels.serve(request, admitted)
            refused = replies.of(admitted) if isinstance(admitted, Outgoing) else None
            reply = refused or await self._reply(request, incoming, fault)
            if fault is not None and fault.kind == "reset":
                return replies.abort(request)
            return await replies.send(request, replies.spoiled(reply, fault), fault)
        except ConnectionError:
            # The client is gone: there is nobody to answer.
            return web.Response()
        finally:
            self._note(target, reply, fault, started)

    def _target(self, incoming: Incoming) -> str:
        """What a request is for, as the rules and the log call it."""
        if incoming.path == CHANNEL_PATH:
            return CHANNEL
        if _is_for_store(incoming):
            return object_routes.target_of(incoming)
        if incoming.path.startswith((MEDIA, SAMPLES)):
            return file_routes.target_of(incoming)
        if incoming.path.startswith(STORAGE):
            return "storage"
        operation = self._gateway.operation(incoming.path)
        return operation.name if operation else "unknown"

    async def _reply(self, request: web.Request, incoming: Incoming, fault: Fault | None) -> Reply:
        if fault is not None and fault.kind == "http":
            return replies.html(fault)
        try:
            if _is_for_store(incoming):
                return await self._objects.answer(request, incoming, fault)
            if incoming.path.startswith((MEDIA, SAMPLES)):
                return await self._files.answer(incoming, fault)
            if incoming.path.startswith(STORAGE):
                return await self._objects.put_signed(request, incoming)
            return replies.of(self._gateway.answer(_with_body(incoming, await request.read()), fault))
        except web.HTTPRequestEntityTooLarge:
            return replies.of(envelope.failure(413, 100001, "InvalidParameter:the body is too large", ""))
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # a fault of the sandbox itself must look like one of the service
            self._journal.failure(incoming.path, error)
            return replies.of(envelope.failure(500, 100000, "InternalError:Internal system error", ""))

    def _note(self, target: str, reply: Reply | None, fault: Fault | None, started: float) -> None:
        status = reply.status if reply else 0
        code = status if reply is None or reply.code is None else reply.code
        hit = f"{fault.kind}={fault.value}" if fault else ""
        ms = round((time.perf_counter() - started) * 1000, 1)
        self._journal.request(Entry(time.time(), target, code, status, ms, hit))


def _is_for_store(incoming: Incoming) -> bool:
    """Objects, and the bucket itself, which the granted keys do not open."""
    return incoming.path.startswith(OBJECTS) or incoming.path == "/"


def _is_http(fault: Fault | None) -> bool:
    """Whether the answer comes from something in front of the service."""
    return fault is not None and fault.kind == "http"


def _incoming(request: web.Request) -> Incoming:
    path, _, query = request.raw_path.partition("?")
    return Incoming(request.method, unquote(path), query, request.headers)


def _with_body(incoming: Incoming, body: bytes) -> Incoming:
    return Incoming(incoming.method, incoming.path, incoming.query, incoming.headers, body)


# Running -----------------------------------------------------------------------------------------------


async def serve(
    directory: Path,
    options: Options,
    rules: Faults,
    journal: Journal,
    *,
    ready: Callable[[Running], None],
    stop: asyncio.Event,
) -> None:
    """Run a sandbox on a directory until `stop` is set; raises Busy, and OSError when the port is taken."""
    state = State(directory)
    try:
        with _listening(state, options.port) as listener:
            workshop = Workshop(journal)
            service = _service(state, directory, options, workshop, listener.getsockname()[1])
            admin_token = secrets.token_urlsafe(24)
            admin = Admin(service, workshop, rules, journal, admin_token, stop.set)
            sandbox = Sandbox(service, workshop, rules, journal, admin)
            runner = _runner(sandbox)
            await runner.setup()
            try:
                await web.SockSite(runner, listener).start()
                running = _running(service, directory, options, admin_token)
                inode = record.write(directory, running)
                workshop.open(service)
                journal.note(f"listening at {running.url}, speed {running.speed:g}, seed {running.seed}")
                ready(running)
                await _until_stopped(service, directory, inode, stop)
            finally:
                await sandbox.channels.close()
                await runner.cleanup()
                service.lives.close()
                await workshop.close()
                housekeeping.keep_clock(state, service.clock, is_last=True)
            record.remove(directory, running)
            journal.note("stopped")
    finally:
        state.close()


async def _until_stopped(service: Service, directory: Path, inode: int, stop: asyncio.Event) -> None:
    house = asyncio.create_task(housekeeping.keep_house(service, directory, inode, stop.set))
    try:
        await stop.wait()
    finally:
        house.cancel()
        await asyncio.gather(house, return_exceptions=True)


def _listening(state: State, port: int | None) -> socket.socket:
    """A socket at the port that is wanted, else at the last one, so that old links go on to work, else at any."""
    last: int | None = state.note("port")
    for choice in [port] if port is not None else [last or 0, 0]:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, choice))
            listener.listen(128)
        except OSError:
            listener.close()
            if choice in (port, 0):
                raise
        else:
            state.set_note("port", listener.getsockname()[1])
            return listener
    raise AssertionError("unreachable: the last choice binds or raises")


def _service(state: State, directory: Path, options: Options, workshop: Workshop, port: int) -> Service:
    media = directory / "media"
    media.mkdir(exist_ok=True)
    return Service(
        state=state,
        store=Store(directory / "objects", state),
        media=media,
        clock=housekeeping.resumed_clock(state, options.speed or DEFAULT_SPEED),
        links=Links(f"http://{HOST}:{port}", _noted(state, "link_secret")),
        studio=workshop,
        seed=_seed(state, options.seed),
        app_key=_noted(state, "app_key"),
        access_token=_noted(state, "access_token"),
    )


def _noted(state: State, name: str) -> str:
    """A secret of this sandbox, made when it is first needed."""
    if state.note(name) is None:
        state.set_note(name, secrets.token_hex(16))
    return str(state.note(name))


def _seed(state: State, wanted: int | None) -> int:
    seed = wanted if wanted is not None else state.note("seed") or DEFAULT_SEED
    state.set_note("seed", seed)
    return int(seed)


def _runner(sandbox: Sandbox) -> web.AppRunner:
    app = web.Application(client_max_size=envelope.LARGEST_BODY_BYTES)
    app.router.add_route("*", "/{tail:.*}", sandbox.dispatch)
    # Objects are stored as they are sent, whatever their Content-Encoding.
    return web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        auto_decompress=False,
        shutdown_timeout=FAREWELL_S,
        read_bufsize=READ_BUFFER_BYTES,
    )


def _running(service: Service, directory: Path, options: Options, admin_token: str) -> Running:
    url = service.links.base_url
    return Running(
        url=url,
        app_key=service.app_key,
        access_token=service.access_token,
        admin_token=admin_token,
        pid=os.getpid(),
        port=int(url.rpartition(":")[2]),
        speed=service.clock.speed,
        seed=service.seed,
        directory=str(directory),
        faults=str(options.faults or ""),
        started=service.clock.real(),
        projects=list(service.projects),
    )
