"""Bytes -> text, in the encodings that services and spreadsheets write."""

import codecs
import re
from typing import Final

from lms.sessions.rules.reports.report import ReportUnreadableError, Unreadable

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Single bytes that CP932 does not define and Python lets through.
_STRAY: Final = re.compile("[\x80\uf8f0-\uf8f3]")
_FIRST_OF_THREE: Final = 0x0800  # from here on, UTF-8 takes three bytes


def decode(data: bytes) -> str:
    """Decode by BOM; else as UTF-16 where NULs say so, as UTF-8, as CP932; always strictly.

    Raises ReportUnreadableError (`report_encoding` with the line, `report_format`).
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strict(data[len(bom) :], encoding)
    if b"\0" in data:
        return _strict(data, _wide(data))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        _refuse_mixture(data)
        text = _strict(data, "cp932")
        if stray := _STRAY.search(text):
            row = text[: stray.start()].count("\n") + 1
            raise ReportUnreadableError(Unreadable.ENCODING, row=row) from None
        return text


def _strict(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        raise ReportUnreadableError(Unreadable.ENCODING, row=before.count("\n") + 1) from None
    if "\0" in text:
        raise ReportUnreadableError(Unreadable.FORMAT)
    return text.removeprefix("\ufeff")


def _wide(data: bytes) -> str:
    """Return the byte order of UTF-16 without BOM: that in which more is ASCII.

    Every report has line ends and digits, whatever the language of its names.
    """
    little, big = data[1::2].count(0), data[0::2].count(0)
    return "utf-16-le" if little >= big else "utf-16-be"


def _refuse_mixture(data: bytes) -> None:
    """Refuse a file some of whose lines are UTF-8 and others are not.

    CP932 would read the UTF-8 of Japanese names as other characters, often without complaint.
    """
    wide = other = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.isascii():
            continue
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            other = other or number
        else:
            # Half-width kana of CP932 can pass for two-byte UTF-8, hardly for three bytes.
            if any(ord(char) >= _FIRST_OF_THREE for char in text):
                wide = wide or number
        if wide and other:
            raise ReportUnreadableError(Unreadable.ENCODING, row=max(wide, other))
