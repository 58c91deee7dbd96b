"""The CRC by which the object store vouches for what it has: that of xz, 64 bits, reflected."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

_POLYNOMIAL = 0xC96C5795D7870F42
_BITS = 64


def crc64(data: bytes | memoryview, before: int = 0) -> int:
    """The CRC of data that follows data whose CRC is `before`."""
    return _function()(data, before)


def combine(first: int, second: int, second_bytes: int) -> int:
    """The CRC of two pieces in a row, from that of each and the length of the second."""
    return _times(_shift(second_bytes), first) ^ second


@cache
def _function() -> Callable[[Any, int], int]:
    try:
        from fastcrc import crc64 as fast
    except ImportError:
        # A hundred times slower, but the SDK of COS brings it along.
        import crcmod  # type: ignore[import-untyped]

        function = crcmod.mkCrcFun(_POLYNOMIAL_OF_CRCMOD, initCrc=0, rev=True, xorOut=(1 << _BITS) - 1)
        return lambda data, before: int(function(data, before))
    return lambda data, before: fast.xz(data, before)


# The same polynomial in the notation of crcmod: not reflected, with its highest bit.
_POLYNOMIAL_OF_CRCMOD = 0x142F0E1EBA9EA3693

# A linear map of CRCs: what becomes of each bit.
_Matrix = tuple[int, ...]


@lru_cache(maxsize=16)
def _shift(count: int) -> _Matrix:
    """What `count` zero bytes do to a CRC before them: the step of one bit, raised to 8 x count by squaring."""
    step: _Matrix = (_POLYNOMIAL, *(1 << bit for bit in range(_BITS - 1)))
    whole: _Matrix = tuple(1 << bit for bit in range(_BITS))
    bits = 8 * count
    while bits:
        if bits & 1:
            whole = tuple(_times(step, row) for row in whole)
        step = tuple(_times(step, row) for row in step)
        bits >>= 1
    return whole


def _times(matrix: _Matrix, vector: int) -> int:
    product = 0
    for row in matrix:
        if not vector:
            break
        if vector & 1:
            product ^= row
        vector >>= 1
    return product
