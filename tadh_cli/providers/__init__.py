"""How each vendor says it: declarations, a signer, a code table."""

from __future__ import annotations

from tadh_cli.api.provider import Provider


def provider(name: str) -> Provider:
    """The provider of this name, one of `config.PROVIDERS`."""
    from tadh_cli.providers.tencent import TENCENT

    return {TENCENT.name: TENCENT}[name]
