"""What a file is, by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tadh_cli.media.kind import EXTENSIONS, kind_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", "empty"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "mp4"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", "mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00", "mov"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00", "m4a"),
        (b"\x1a\x45\xdf\xa3\x01\x00\x00\x00", "webm"),
        (b"RIFF\x24\x08\x00\x00WAVEfmt ", "wav"),
        (b"RIFF\x24\x08\x00\x00WEBPVP8 ", "webp"),
        (b"RIFF\x24\x08\x00\x00AVI LIST", "avi"),
        (b"RIFF\x24\x08\x00\x00CDDA", "unknown"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "heic"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "avif"),
        (b"\x00\x00\x00\x183gp5", "unknown"),
        (b"\x00\x00\x00\x18ftyp3gp5\x00\x00\x00\x00", "3gp"),
        (b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", "mov"),
        (b"FLV\x01\x05", "flv"),
        (b"GIF89a", "gif"),
        (b"BM\x00\x00", "bmp"),
        (b"II*\x00", "tiff"),
        (b"Rar!\x1a\x07\x01", "rar"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"ID3\x04\x00", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf3\x40\xc0", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\xff\xf9\x50\x80", "aac"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", "wma"),
        (b"OggS\x00\x02", "ogg"),
        (b"fLaC\x00\x00", "flac"),
        (b"\x89PNG\r\n\x1a\n\x00", "png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpg"),
        (b"%PDF-1.7\n", "pdf"),
        (b"PK\x03\x04\x14\x00", "zip"),
        (b"PK\x05\x06\x00\x00", "zip"),
        (b"<!DOCTYPE html><html>", "html"),
        (b"\xef\xbb\xbf \r\n<HTML>", "html"),
        (b"<?xml version='1.0'?>", "xml"),
        (b"<Error><Code>AccessDenied</Code>", "xml"),
        (b'{"Header": {}}', "unknown"),
        (b"1\n00:00:00,000 --> 00:00:01,000\n", "unknown"),
        (b"\xff", "unknown"),
        (b"\x00\x00\x00", "unknown"),
    ],
)
def test_the_first_bytes_tell_what_a_file_is(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind


@given(head=st.binary(max_size=64))
def test_any_bytes_have_a_kind(head: bytes) -> None:
    assert kind_of(head) in {*EXTENSIONS, "html", "xml", "empty", "unknown"}


@given(start=st.sampled_from([b"ID3", b"\x1a\x45\xdf\xa3", b"OggS", b"PK\x03\x04"]), rest=st.binary(max_size=600))
def test_what_follows_does_not_change_the_kind(start: bytes, rest: bytes) -> None:
    if rest[:4] != b"ftyp" and (start + rest)[4:8] != b"ftyp":
        assert kind_of(start + rest) == kind_of(start)
