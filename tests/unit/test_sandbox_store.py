"""Checksums of what is put together, and bytes that are read across the files that hold them."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random

import crcmod
import pytest

from tadh_cli.sandbox.checksum import crc64, joined
from tadh_cli.sandbox.spliced import Stored

plain = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, rev=True, xorOut=0xFFFFFFFFFFFFFFFF)


@pytest.mark.parametrize("sizes", [(0, 0), (0, 9), (9, 0), (1, 1), (1000, 12_345), (70_000, 1)])
def test_the_checksum_of_a_whole_comes_from_those_of_its_parts(sizes: tuple[int, int]) -> None:
    one, two = (Random(size).randbytes(size) for size in sizes)
    assert joined(plain(one), plain(two), len(two)) == plain(one + two)


def test_whichever_library_computes_it_the_checksum_is_the_same() -> None:
    data = Random(1).randbytes(5000)
    assert crc64()(data[1000:], crc64()(data[:1000], 0)) == plain(data)
    assert crc64()(b"123456789", 0) == 0x995DC9BBDF1939FA


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    pieces = []
    # Of a file that is longer, only what counts is read.
    for number, (data, counts) in enumerate([(b"abc", 3), (b"", 0), (b"defXX", 3), (b"ghi", 3)]):
        path = tmp_path / str(number)
        path.write_bytes(data)
        pieces.append((path, counts))
    return Stored(tuple(pieces))


def test_pieces_are_read_as_one_file(stored: Stored) -> None:
    with stored.open() as file:
        assert file.read() == b"abcdefghi"
        assert file.seek(2) == 2
        assert file.read(5) == b"cdefg"
        assert file.seek(-2, io.SEEK_END) == 7
        assert (file.read(), file.read()) == (b"hi", b"")
        assert file.seek(100) == 100
        assert file.read() == b""
        with pytest.raises(ValueError, match="negative"):
            file.seek(-1)


def test_any_block_is_the_same_as_of_the_whole(stored: Stored) -> None:
    with stored.open() as file:
        for start in range(9):
            for end in range(start, 10):
                file.seek(start)
                assert file.read(end - start) == b"abcdefghi"[start:end]
