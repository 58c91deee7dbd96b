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
    """getuploadcredentials: a key that opens one more folder for a while, and those that were handed out before.

    The documentation's `{uuid}` is taken for one of the call's own. That fresh keys open older folders is not written
    there; without it no upload could outlive its keys.
    """
    kind, value = (call.fault.kind, call.fault.value) if call.fault is not None else ("", 0)
    valid_s: float = value * service.clock.speed if kind == "valid_s" else VALID_S
    made = Grant(
        secret_id=f"AKID{secrets.token_hex(24)}",
        secret_key=secrets.token_urlsafe(32),
        token=secrets.token_urlsafe(96),
        prefix=f"{ROOT}/{CUSTOMER}/{uuid.uuid4()}/",
        expires=call.now if kind == "expired_credentials" else call.now + valid_s,
    )
    service.grants.put(made.secret_id, made)
    return {
        "Credentials": {"Token": made.token, "TmpSecretId": made.secret_id, "TmpSecretKey": made.secret_key},
        # In real time: the client compares them with its own clock.
        "StartTime": int(call.real),
        "ExpiredTime": int(call.real + valid_s / service.clock.speed),
        "PathPrefix": f"{service.links.base_url}/{made.prefix}",
    }


HANDLERS: dict[str, Handler] = {"assets.credentials": grant}
