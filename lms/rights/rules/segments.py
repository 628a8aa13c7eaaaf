"""What may be written about a part of a recording, and where it stands on the clearing board."""

import re
from enum import StrEnum
from typing import Final

from lms.rights.rules.facts import Disposition

KINDS: Final = ("slide", "music", "face", "quotation", "performance", "unknown")

#: Why a part needs nobody's agreement. The articles are of the Copyright Act of Japan.
BASES: Final = ("quotation", "incidental", "statute", "own_work", "contract", "other")

#: Bases of which the words alone say too little: the note names the contract, or the ground.
BASES_WITH_NOTE: Final = frozenset({"contract", "other"})

#: Which kind of rightsholder is asked first about a kind of part.
HOLDER_KINDS: Final = {
    "slide": "slides",
    "music": "music",
    "face": "person_shown",
    "performance": "performer",
    "quotation": "slides",
    "unknown": "slides",
}

_CLOCK: Final = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:\.(\d{1,3}))?")
_SECONDS: Final = re.compile(r"(\d{1,6})(?:\.(\d{1,3}))?")
_PAGES: Final = re.compile(r"(\d{1,5})(?:\s*[-\u2010-\u2015~]\s*(\d{1,5}))?")


class Column(StrEnum):
    """A column of the clearing board."""

    UNRESOLVED = "unresolved"
    ASKED = "asked"
    EXEMPT = "exempt"
    CUT = "cut"
    REPLACED = "replaced"


def column_of(disposition: str, way: str) -> Column:
    """Return where a part stands on the board.

    What is to be cut or replaced stands there from the decision on, although it counts as
    unresolved, and is hidden, until it is done.
    """
    if disposition == Disposition.EXEMPT:
        return Column.EXEMPT
    if way in (Column.CUT, "replace"):
        return Column.CUT if way == Column.CUT else Column.REPLACED
    if disposition == Disposition.REMOVED:
        return Column.CUT
    return Column.ASKED if disposition == Disposition.NEEDS_AGREEMENT else Column.UNRESOLVED


def is_settled(disposition: str) -> bool:
    """Whether a part is shown whatever its rightsholders say, as it was judged or taken out."""
    return disposition in (Disposition.EXEMPT, Disposition.REMOVED)


def read_clock(text: str) -> int | None:
    """Return the ms of `12:34`, `1:02:03`, `12:34.5` or plain seconds; None if it is none."""
    found = _CLOCK.fullmatch(text)
    if found:
        hours, minutes, seconds, part = found.groups()
        if hours is not None and int(minutes) > 59:  # noqa: PLR2004 - minutes of an hour
            return None
        whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
        return whole * 1000 + _thousandths(part)
    found = _SECONDS.fullmatch(text)
    if found:
        return int(found.group(1)) * 1000 + _thousandths(found.group(2))
    return None


def write_clock(ms: int) -> str:
    """Return a moment as `read_clock` reads it."""
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}.{rest:03}".rstrip("0") if rest else text


def read_pages(text: str) -> tuple[int, int] | None:
    """Return `[a, b)` counting pages from 0 for `14` or `14-16`; None if it is none."""
    found = _PAGES.fullmatch(text)
    if not found:
        return None
    first = int(found.group(1))
    last = int(found.group(2) or first)
    return (first - 1, last) if 1 <= first <= last else None


def write_pages(a: int, b: int) -> str:
    """Return pages as they are printed on paper: the first is 1."""
    return str(a + 1) if b == a + 1 else f"{a + 1}-{b}"


def _thousandths(part: str | None) -> int:
    return int((part or "0").ljust(3, "0"))
