"""Uploads in pieces (tus 1.0): what headers say, and what the first bytes of a file give away."""

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta

from lms.recordings.errors import MediaFault
from lms.recordings.rules.media import looks_like_pdf

#: An upload nobody goes on with is kept this long after its last piece.
UPLOAD_KEPT = timedelta(days=3)
#: So much of a file is looked at before the rest of it is taken.
SNIFFED_BYTES = 4096
CHECKSUMS: Mapping[str, int] = {"sha1": 20, "sha256": 32}
"""The algorithms that a piece may be checked with, and the lengths of their digests in bytes."""

_LONGEST_METADATA = 4096
# Files that people take for a film: documents, pictures, archives, pages, programs, play lists.
_NO_MEDIUM = (
    b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"GIF8",
    b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"<!DOCTYPE", b"<!doctype", b"<html", b"<?xml", b"MZ",
    b"#EXTM3U", b"ffconcat", b"WEBVTT",
)  # fmt: skip


def parse_metadata(header: str) -> dict[str, str] | None:
    """Read an Upload-Metadata header: names and values in base64; None when it is malformed."""
    if len(header) > _LONGEST_METADATA:
        return None
    found: dict[str, str] = {}
    for pair in header.split(","):
        name, _space, value = pair.strip().partition(" ")
        if not name and not value:
            continue
        try:
            found[name] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
    return found


def parse_checksum(header: str) -> tuple[str, bytes] | None:
    """Read an Upload-Checksum header: algorithm and digest; None when it cannot be used."""
    algorithm, _space, value = header.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        return None
    return (algorithm, digest) if CHECKSUMS.get(algorithm) == len(digest) else None


def parse_count(header: str | None) -> int | None:
    """Read a number of bytes; None when it is none."""
    if header is None or not header.isascii() or not header.isdigit() or len(header) > 18:  # noqa: PLR2004 - all that a 64-bit number holds
        return None
    return int(header)


def sniff_head(head: bytes, *, paper: bool, sound: bool = False) -> MediaFault | None:
    """Return why a file that begins so cannot be what it is to become, or None.

    Says no only where it is certain: everything else is judged when the file is whole.
    """
    if paper:
        if looks_like_pdf(head):
            return None
        return MediaFault.VIDEO_AS_PDF if _looks_like_film(head) else MediaFault.NOT_PDF
    if looks_like_pdf(head):
        return MediaFault.PDF_AS_VIDEO
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_NO_MEDIUM):
        return MediaFault.NOT_SOUND if sound else MediaFault.NOT_VIDEO
    return None


def _looks_like_film(head: bytes) -> bool:
    is_avi = head.startswith(b"RIFF") and head[8:12] == b"AVI "
    return is_avi or head[4:8] == b"ftyp" or head.startswith(b"\x1a\x45\xdf\xa3")
