"""Temporary keys to the object store."""

from __future__ import annotations

import secrets
import uuid

from tadh_cli.sandbox.cos import Grant
from tadh_cli.sandbox.service import Call, Handler, Service
from tadh_cli.sandbox.wire import Json

# The window in the documentation's sample, in virtual seconds.
VALID_S = 7200.0
# The first folder of every granted prefix.
ROOT = "customer-pipeline"
CUSTOMER = 352


def grant(service: Service, call: Call) -> dict[str, Json]:
    """getuploadcredentials: a key that opens one folder of its own, for a while."""
    is_stale = call.fault is not None and call.fault.kind == "expired_credentials"
    made = Grant(
        secret_id=f"AKID{secrets.token_hex(24)}",
        secret_key=secrets.token_urlsafe(32),
        token=secrets.token_urlsafe(96),
        prefix=f"{ROOT}/{CUSTOMER}/{uuid.uuid4()}/",
        expires=call.now if is_stale else call.now + VALID_S,
    )
    service.grants.put(made.secret_id, made)
    return {
        "Credentials": {"Token": made.token, "TmpSecretId": made.secret_id, "TmpSecretKey": made.secret_key},
        # In real time: the client compares them with its own clock.
        "StartTime": int(call.real),
        "ExpiredTime": int(call.real + VALID_S / service.clock.speed),
        "PathPrefix": f"{service.links.base_url}/{made.prefix}",
    }


HANDLERS: dict[str, Handler] = {"assets.credentials": grant}
