"""The routes under /-/ by which its owner steers a running sandbox; they need the token of server.json."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any

from tadh_cli.providers.tencent import operations
from tadh_cli.sandbox import faults, housekeeping, livestream, memoirs
from tadh_cli.sandbox.catalogue import DAY_S
from tadh_cli.sandbox.faults import Faults
from tadh_cli.sandbox.journal import Journal
from tadh_cli.sandbox.replies import Reply
from tadh_cli.sandbox.service import Service
from tadh_cli.sandbox.wire import Incoming
from tadh_cli.sandbox.workshop import Workshop

PREFIX = "/-/"


class Admin:
    """Status, reset, stop, faults, the clock, the journal, and storage for results."""

    def __init__(
        self,
        service: Service,
        workshop: Workshop,
        rules: Faults,
        journal: Journal,
        token: str,
        stop: Callable[[], None],
    ) -> None:
        self._service = service
        self._workshop = workshop
        self._faults = rules
        self._first_faults = rules.rules
        self._journal = journal
        self._token = token
        self._stop = stop
        self._routes: dict[tuple[str, str], Callable[[bytes], Any]] = {
            ("GET", "status"): self._status,
            ("POST", "reset"): self._reset,
            ("POST", "stop"): self._stop_server,
            ("GET", "faults"): self._show_faults,
            ("PUT", "faults"): self._set_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "advance"): self._advance,
            ("GET", "journal"): self._show_journal,
            ("POST", "storage"): self._storage,
        }

    async def answer(self, incoming: Incoming) -> Reply:
        given = incoming.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return _reply(401, {"Error": "the token of server.json is needed"})
        if (incoming.method, incoming.path) == ("POST", f"{PREFIX}settle"):
            await self._workshop.settle()
            return _reply(200, {})
        route = self._routes.get((incoming.method, incoming.path.removeprefix(PREFIX)))
        if incoming.method == "GET" and incoming.path.startswith(f"{PREFIX}{memoirs.ROUTE}"):
            return memoirs.answer(self._service, incoming.path.removeprefix(f"{PREFIX}{memoirs.ROUTE}"))
        if route is None:
            return _reply(404, {"Error": f"there is no {incoming.method} {incoming.path}"})
        try:
            return _reply(200, route(incoming.body))
        except (ValueError, KeyError, TypeError) as error:
            return _reply(400, {"Error": f"{type(error).__name__}: {error}"})

    def _status(self, _body: bytes) -> dict[str, Any]:
        clock = self._service.clock
        now, paced = clock.now(), clock.paced()
        sessions = self._service.sessions.values()
        return {
            "Now": now,
            "Productions": len(self._service.tasks),
            "Customizations": len(self._service.customizations),
            "Inspections": len(self._service.inspections),
            "Sessions": sum(livestream.is_open(one, now, paced) for one in sessions),
            "Objects": len(self._service.store.objects),
            "Uploads": len(self._service.store.uploads),
            "FaultRules": len(self._faults.rules),
        }

    def _reset(self, _body: bytes) -> dict[str, Any]:
        self._workshop.forget()
        self._service.reset()
        housekeeping.keep_clock(self._service.state, self._service.clock)
        self._faults.set(self._first_faults)
        self._journal.forget()
        self._journal.note("reset")
        return {}

    def _stop_server(self, _body: bytes) -> dict[str, Any]:
        self._stop()
        return {}

    def _show_faults(self, _body: bytes) -> dict[str, Any]:
        rules = self._faults.rules
        return {"Faults": [{**rule.document(), "seen": rule.seen, "fired": rule.fired} for rule in rules]}

    def _set_faults(self, body: bytes) -> dict[str, Any]:
        rules, findings = faults.read(body.decode(), tuple(operations()))
        if findings:
            raise ValueError("; ".join(f"line {finding.line}: {finding.message}" for finding in findings))
        self._faults.set(rules)
        self._journal.note(f"faults set: {len(rules)}")
        return self._show_faults(b"")

    def _clear_faults(self, _body: bytes) -> dict[str, Any]:
        self._faults.set(())
        self._journal.note("faults cleared")
        return self._show_faults(b"")

    def _advance(self, body: bytes) -> dict[str, Any]:
        self._service.clock.advance(float(json.loads(body)["Seconds"]))
        housekeeping.keep_clock(self._service.state, self._service.clock)
        return {"Now": self._service.clock.now()}

    def _show_journal(self, _body: bytes) -> dict[str, Any]:
        return {"Entries": self._journal.entries()}

    def _storage(self, body: bytes) -> dict[str, Any]:
        """URLs to put a result to, and to fetch it from."""
        path = f"/s3/{json.loads(body)['Key']}"
        now = self._service.clock.now()
        return {"Url": self._service.links.link(path, now, valid_s=7 * DAY_S, method="PUT")}


def _reply(status: int, document: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(document, ensure_ascii=False).encode(), {"Content-Type": "application/json"})
