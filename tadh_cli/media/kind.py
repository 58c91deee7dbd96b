"""What a file is, by its first bytes and not by its name."""

from __future__ import annotations

# How many bytes `kind_of` wants to see.
HEAD_BYTES = 512

EXTENSIONS = {
    "mp4": ".mp4",
    "mov": ".mov",
    "webm": ".webm",
    "mp3": ".mp3",
    "wav": ".wav",
    "m4a": ".m4a",
    "aac": ".aac",
    "wma": ".wma",
    "ogg": ".ogg",
    "flac": ".flac",
    "png": ".png",
    "jpg": ".jpg",
    "webp": ".webp",
    "pdf": ".pdf",
    "zip": ".zip",
    # Never wanted, but named when they are handed in.
    "avi": ".avi",
    "flv": ".flv",
    "3gp": ".3gp",
    "heic": ".heic",
    "avif": ".avif",
    "gif": ".gif",
    "bmp": ".bmp",
    "tiff": ".tiff",
    "rar": ".rar",
    "7z": ".7z",
}


def kind_of(head: bytes) -> str:
    """One of `EXTENSIONS`, "html", "xml", "empty" or "unknown"."""
    if not head:
        return "empty"
    if head[4:8] == b"ftyp":
        return _iso_brand(head[8:12])
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return _frame_or_text(head)


_RIFF = {b"WAVE": "wav", b"WEBP": "webp", b"AVI ": "avi"}
_MAGIC = (
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"ID3", "mp3"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma"),
    (b"OggS", "ogg"),
    (b"fLaC", "flac"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"FLV\x01", "flv"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
)
# QuickTime files are older than the box that names their brand.
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"pnot")
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def _iso_brand(brand: bytes) -> str:
    if brand in (b"M4A ", b"M4B "):
        return "m4a"
    if brand in _HEIF:
        return "heic"
    if brand in (b"avif", b"avis"):
        return "avif"
    if brand.startswith(b"3g"):
        return "3gp"
    return "mov" if brand == b"qt  " else "mp4"


def _frame_or_text(head: bytes) -> str:
    """An MPEG audio frame begins with eleven set bits; its layer bits are zero in AAC's ADTS."""
    if head[4:8] in _OLD_QUICKTIME:
        return "mov"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0x16 == 0x10 else "mp3"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "html"
    return "xml" if text.startswith(b"<") else "unknown"
