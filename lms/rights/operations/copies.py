"""Signed copies and scans as files: set or judged outside any transaction, then kept."""

import hashlib
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO, Final

from lms.infra.storage import Storage
from lms.infra.typesetting import Block, typeset
from lms.kernel.errors import InvalidInputError
from lms.kernel.ids import new_id

MAX_SCAN_BYTES: Final = 20_000_000
_SHOWN_NAME: Final = 200


def print_copy(
    storage: Storage,
    request_id: str,
    blocks: Sequence[Block],
    *,
    language: str,
    title: str,
    author: str,
    at: datetime,
    foot: str,
) -> tuple[str, str]:
    """Set the signed copy as PDF and store it; return its key and SHA-256 in hex.

    The same words give the same bytes, so that two who set it at once store one file.
    """
    pdf = typeset(blocks, language=language, title=title, author=author, at=at, foot=foot)
    digest = hashlib.sha256(pdf).hexdigest()
    key = f"consents/{request_id}/{digest[:24]}.pdf"
    if not storage.exists(key):
        storage.put(key, io.BytesIO(pdf))
    return key, digest


def store_scan(
    storage: Storage, request_id: str, stream: BinaryIO, name: str
) -> tuple[str, str, str]:
    """Store the scan of a paper form; return its key, SHA-256 in hex and name.

    It is judged by its content: a PDF that opens, a JPEG or a PNG. Raises InvalidInputError
    (scan: scan_missing, scan_unreadable, scan_too_large), with nothing stored.
    """
    data = stream.read(MAX_SCAN_BYTES + 1)
    if not data:
        raise InvalidInputError("scan", "scan_missing")
    if len(data) > MAX_SCAN_BYTES:
        raise InvalidInputError("scan", "scan_too_large")
    ending = _kind_of(data)
    if ending is None:
        raise InvalidInputError("scan", "scan_unreadable")
    key = f"consents/{request_id}/scan-{new_id()}.{ending}"
    _size, digest = storage.put(key, io.BytesIO(data))
    shown = PurePath(name.replace("\\", "/")).name
    clean = "".join(char for char in shown if char.isprintable())[-_SHOWN_NAME:]
    return key, digest, clean or f"scan.{ending}"


def drop_scan(storage: Storage, key: str) -> None:
    """Remove a scan that was not entered after all."""
    storage.delete_tree(key)


def _kind_of(data: bytes) -> str | None:
    if data.startswith(b"%PDF-"):
        return "pdf" if _opens(data) else None
    if data.startswith(b"\xff\xd8\xff") and data.rstrip(b"\0").endswith(b"\xff\xd9"):
        return "jpg"
    if data.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in data[-32:]:
        return "png"
    return None


def _opens(data: bytes) -> bool:
    import pikepdf  # noqa: PLC0415 - heavy, and only for scans

    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            return len(pdf.pages) > 0
    except (pikepdf.PdfError, RuntimeError, ValueError):  # a password counts as unreadable
        return False
