"""Bytes -> text, in the encodings that services and spreadsheets write."""

import codecs
import re
from dataclasses import dataclass
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
_HIGH_RUN: Final = re.compile("[^\x00-\x7f]+")
# Letters with marks, and the signs that word processors put for those of a typewriter.
_WESTERN: Final = re.compile(
    "[\u00a0\u00aa\u00ab\u00b0\u00b7\u00ba\u00bb\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff"
    "\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u2013\u2014\u2018\u2019\u201c\u201d\u2026]{1,2}"
)
_MOST_WESTERN: Final = 4  # of so many letters at least one has no mark


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file. `is_guess`: taken as Windows-1252, which cannot be told for certain."""

    text: str
    is_guess: bool = False


def decode(data: bytes) -> Decoded:
    """Decode by BOM; else as UTF-16 where NULs say so, as UTF-8, as CP932; always strictly.

    What can be none of these or looks like letters of Western Europe misread is taken as
    Windows-1252. Raises ReportUnreadableError (`report_encoding` with the line, `report_format`).
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return Decoded(_strict(data[len(bom) :], encoding))
    if b"\0" in data:
        return Decoded(_strict(data, _wide(data)))
    try:
        return Decoded(data.decode("utf-8"))
    except UnicodeDecodeError:
        _refuse_mixture(data)
    western = _western(data)
    if western is not None:
        return Decoded(western, is_guess=True)
    text = _strict(data, "cp932")
    if stray := _STRAY.search(text):
        row = text[: stray.start()].count("\n") + 1
        raise ReportUnreadableError(Unreadable.ENCODING, row=row)
    return Decoded(text)


def _western(data: bytes) -> str | None:
    """Return a file as Windows-1252 where it is plainly that, else None.

    Its letters with marks stand alone among others: read as CP932, each would be one character
    of Japanese grown into a word of Latin letters, or none at all.
    """
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    runs = list(_HIGH_RUN.finditer(text))
    if not all(_WESTERN.fullmatch(run[0]) for run in runs):
        return None
    letters = sum(char.isalpha() for char in text)
    if sum(len(run[0]) for run in runs) * _MOST_WESTERN > letters:
        return None
    try:
        japanese = data.decode("cp932")
    except UnicodeDecodeError:
        return text
    return text if all(map(_grown_in, _HIGH_RUN.finditer(japanese))) else None


def _grown_in(run: re.Match[str]) -> bool:
    """Whether a single character touches a letter of a Latin word."""
    around = (
        run.string[max(0, run.start() - 1) : run.start()] + run.string[run.end() : run.end() + 1]
    )
    return len(run[0]) == 1 and any(char.isascii() and char.isalpha() for char in around)


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
