"""CRC-64 as the object store tells it (x-cos-hash-crc64ecma): of bytes, and of things put together from parts."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from functools import lru_cache
from typing import Any

# The CRC of xz and of COS: ECMA-182, reflected.
_POLYNOMIAL = 0xC96C5795D7870F42
_ONE = 1 << 63

Update = Callable[[bytes, int], int]


@lru_cache(maxsize=1)
def crc64() -> Update:
    """The function that continues a CRC with more bytes; the first CRC is 0.

    The C library of xz does it at several GB/s beside other threads; without it crcmod does, at a tenth of that.
    """
    name = ctypes.util.find_library("lzma")
    try:
        function: Any = ctypes.CDLL(name).lzma_crc64 if name else None
    except (OSError, AttributeError):
        function = None
    if function is None:
        import crcmod  # type: ignore[import-untyped]

        slow: Update = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, rev=True, xorOut=0xFFFFFFFFFFFFFFFF)
        return slow
    function.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)
    function.restype = ctypes.c_uint64

    def quick(data: bytes, before: int) -> int:
        return int(function(data, len(data), before))

    return quick


def joined(first: int, second: int, second_bytes: int) -> int:
    """The CRC of two things one after the other, from theirs and the length of the second."""
    return _product(first, _power(second_bytes)) ^ second


@lru_cache(maxsize=64)
def _power(count: int) -> int:
    """x to the power of 8 * count: what so many bytes do to the CRC of what stands before them."""
    result, square = _ONE, _ONE >> 8
    while count:
        if count & 1:
            result = _product(result, square)
        square = _product(square, square)
        count >>= 1
    return result


def _product(left: int, right: int) -> int:
    """The product of two polynomials modulo that of the CRC; the highest bit is the constant term."""
    product = 0
    while left:
        if left & _ONE:
            product ^= right
        left = (left << 1) & 0xFFFFFFFFFFFFFFFF
        right = (right >> 1) ^ (_POLYNOMIAL if right & 1 else 0)
    return product
