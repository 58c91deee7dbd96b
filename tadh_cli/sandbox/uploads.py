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
    """getuploadcredentials: a key and a folder of its own, for a while.

    The key opens all folders of the customer: an upload that outlives its keys goes on with the next ones where
    it began.
    """
    is_stale = call.fault is not None and call.fault.kind == "expired_credentials"
    made = Grant(
        secret_id=f"AKID{secrets.token_hex(24)}",
        secret_key=secrets.token_urlsafe(32),
        token=secrets.token_urlsafe(96),
        prefix=f"{ROOT}/{CUSTOMER}/",
        expires=call.now if is_stale else call.now + VALID_S,
    )
    service.grants.put(made.secret_id, made)
    for old in service.grants.values():
        if old.expires + VALID_S < call.now:
            service.grants.remove(old.secret_id)
    return {
        "Credentials": {"Token": made.token, "TmpSecretId": made.secret_id, "TmpSecretKey": made.secret_key},
        # In real time: the client compares them with its own clock.
        "StartTime": int(call.real),
        "ExpiredTime": int(call.real + VALID_S / service.clock.speed),
        "PathPrefix": f"{service.links.base_url}/{made.prefix}{uuid.uuid4()}/",
    }


HANDLERS: dict[str, Handler] = {"assets.credentials": grant}
