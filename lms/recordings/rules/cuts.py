"""What is cut from a copy that is taken away, and moments as people write them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from lms.kernel.intervals import Intervals, normalise, subtract

_MOMENT = re.compile(r"^(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:\.(\d{1,3}))?$")
_SECONDS = re.compile(r"^(\d{1,5})(?:\.(\d{1,3}))?$")
_RANGE = re.compile(r"\s*(?:[-~\u2013\u2014\u301c\uff5e]|\bto\b)\s*")
_PAGES = re.compile(r"^(\d{1,4})(?:-(\d{1,4}))?$")


def read_moment(text: str) -> int | None:
    """Return `m:ss`, `mm:ss.mmm` or `h:mm:ss` in ms, full-width too, or None for what is none."""
    match = _MOMENT.match(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        return None
    hours, minutes, seconds = int(match[1] or 0), int(match[2]), int(match[3])
    if match[1] is not None and minutes > 59:  # noqa: PLR2004 - of an hour
        return None
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((match[4] or "").ljust(3, "0"))


def read_shift(text: str) -> int | None:
    """Return seconds such as `2.5` or `-3`, or `-1:10`, in ms; empty is 0; None for neither."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-").lstrip("+")
    sign = -1 if plain.startswith("-") else 1
    plain = plain.removeprefix("-")
    if not plain:
        return 0 if sign > 0 else None
    if match := _SECONDS.match(plain):
        return sign * (int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0")))
    moment = read_moment(plain)
    return None if moment is None else sign * moment


def write_shift(ms: int) -> str:
    """Return a shift in seconds as `read_shift` reads it."""
    whole, rest = divmod(abs(ms), 1000)
    text = f"{whole}.{rest:03}".rstrip("0").rstrip(".")
    return f"-{text}" if ms < 0 else text


def write_moment(ms: int) -> str:
    """Return a moment as `read_moment` reads it: `h:mm:ss`, with milliseconds where there are."""
    seconds, rest = divmod(ms, 1000)
    text = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{rest:03}" if rest else text


def read_range(text: str) -> tuple[int, int] | None:
    """Return `1:00-1:30` in ms, or None for what is no range."""
    ends = _RANGE.split(text.strip())
    if len(ends) != 2:  # noqa: PLR2004 - from and to
        return None
    a, b = (read_moment(end) for end in ends)
    return (a, b) if a is not None and b is not None and a < b else None


def read_pages(text: str) -> tuple[int, int] | None:
    """Return pages `14` or `14-16` as `[13, 16)`, counted from 0, or None for what is none."""
    plain = "-".join(_RANGE.split(unicodedata.normalize("NFKC", text).strip()))
    match = _PAGES.match(plain)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return (first - 1, last) if 1 <= first <= last else None


def merge_cuts(cuts: Iterable[Sequence[int]], whole: int) -> Intervals | None:
    """Return cuts merged and in order; None when one does not lie in `[0, whole)`, or all goes.

    `whole` in ms of a recording, or in pages of a paper.
    """
    pairs = [(int(a), int(b)) for a, b in cuts]
    if any(not 0 <= a < b <= whole for a, b in pairs):
        return None
    merged = normalise(pairs)
    return merged if kept_ranges(merged, whole) else None


def kept_ranges(cuts: Iterable[tuple[int, int]], whole: int) -> Intervals:
    """Return what stays of `[0, whole)` without the cuts."""
    return subtract(normalise([(0, whole)]), normalise(cuts))
