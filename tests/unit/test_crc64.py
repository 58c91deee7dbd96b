"""The CRC of the object store: known values, pieces in a row, and both libraries alike."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.engine import crc64 as module
from tadh_cli.engine.crc64 import combine, crc64

# The check value of CRC-64/XZ in the catalogue of parametrised CRC algorithms.
CHECK = 0x995DC9BBDF1939FA


@pytest.fixture(params=["fastcrc", "crcmod"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each of the libraries; the slow one is taken where the fast one is missing."""
    if request.param == "fastcrc":
        pytest.importorskip("fastcrc")
    else:
        real = builtins.__import__

        def without(name: str, *args: Any, **options: Any) -> Any:
            if name == "fastcrc":
                raise ImportError(name)
            return real(name, *args, **options)

        monkeypatch.setattr(builtins, "__import__", without)
    module._function.cache_clear()
    yield request.param
    module._function.cache_clear()


@pytest.mark.usefixtures("library")
def test_the_check_value() -> None:
    assert crc64(b"123456789") == crc64(memoryview(b"6789"), crc64(b"12345")) == CHECK
    assert crc64(b"") == 0


@given(pieces=st.lists(st.binary(max_size=300), max_size=6))
def test_pieces_in_a_row(pieces: list[bytes]) -> None:
    whole = 0
    for piece in pieces:
        whole = combine(whole, crc64(piece), len(piece))
    assert whole == crc64(b"".join(pieces))


def test_a_long_piece() -> None:
    zeros = bytes(16 * 1024**2)
    assert combine(crc64(b"a"), crc64(zeros), len(zeros)) == crc64(zeros, crc64(b"a"))
