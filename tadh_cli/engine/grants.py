"""Temporary keys to the object store, renewed before they expire and when the store says that they have."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from tadh_cli.engine.client import Client
from tadh_cli.errors import TadhError

# Renewed so long before their end, or a fifth of their life when that is shorter.
_MARGIN_S = 120.0


@dataclass(frozen=True)
class Grant:
    """Keys as the service gave them, and the place they are for; times are on the clock that never jumps."""

    keys: Mapping[str, str]
    path_prefix: str
    renew_at_s: float
    ends_at_s: float


class Grants:
    """The keys of one upload, the same for all its threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._grant: Grant | None = None

    def current(self) -> Grant:
        """Keys that are good for a while; raises what the service answers instead."""
        with self._lock:
            if self._grant is None:
                self._grant = self._ask()
            elif self._now_s() >= self._grant.renew_at_s:
                self._grant = self._renewed(self._grant)
            return self._grant

    def renew(self, stale: Grant) -> None:
        """New keys after the store refused these; whoever comes second finds it done."""
        with self._lock:
            if self._grant is stale:
                self._grant = self._ask()

    def _renewed(self, grant: Grant) -> Grant:
        """Better keys in time; while there are none the old ones are used to their end."""
        try:
            return self._ask()
        except TadhError as error:
            if not error.transient or self._now_s() >= grant.ends_at_s:
                raise
            return Grant(grant.keys, grant.path_prefix, grant.ends_at_s, grant.ends_at_s)

    def _ask(self) -> Grant:
        answer = self._client.call("assets.credentials")
        now_s = self._now_s()
        # By the service's own clock: ours may be minutes off.
        life_s = answer["ExpiredTime"] - self._client.service_now_s()
        # Keys that are past their end on arrival are used until the store refuses them: asking again and again
        # for better ones would lead nowhere.
        ends_at_s = now_s + life_s if life_s > 0 else float("inf")
        return Grant(
            keys=answer["Credentials"],
            path_prefix=answer["PathPrefix"],
            renew_at_s=ends_at_s - min(_MARGIN_S, life_s / 5),
            ends_at_s=ends_at_s,
        )

    def _now_s(self) -> float:
        return self._client.clock.monotonic_s()
