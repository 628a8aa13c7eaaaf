"""Moments as services write them: read as written, then placed in a day and a zone."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lms.sessions.rules.reports.report import DateOrder
from lms.sessions.rules.reports.words import marks

_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_NAMED_FIRST: Final = re.compile(r"\b([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_NAMED_SECOND: Final = re.compile(
    r"\b(\d{1,2})(?:st|nd|rd|th)?[\s-]([a-z]{3,9})\.?,?[\s-](\d{4}|\d{2})\b"
)
_MOMENT: Final = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s*)?"
    r"(?:(?P<a>\d{1,4})\s?(?P<mark>[/.-])\s?(?P<b>\d{1,2})\s?[/.-]\s?(?P<c>\d{1,4})\.?(?:,?\s+|t|$))?"
    r"(?:at\s+)?(?P<before>[ap])?(?:\.?m\.?)?\s*"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})?(?::(?P<second>\d{1,2})?(?:[.,]\d+)?)?"
    r"\s*(?:(?P<after>[ap])\.?\s?m\.?)?"
    r"\s*\(?(?P<zone>z|utc|gmt|jst|kst)?\s*"
    r"(?:(?P<sign>[+-])(?P<far>\d{1,2}):?(?P<further>\d{2})?)?\)?"
)
_HOURS: Final = {"z": 0, "utc": 0, "gmt": 0, "jst": 9, "kst": 9}
_FILE_DAY: Final = re.compile(r"(?<!\d)(20\d\d)[-_. ]?(0[1-9]|1[0-2])[-_. ]?([0-2]\d|3[01])(?!\d)")
_FORMAT_MARKS: Final = dict.fromkeys(
    [0xFEFF, 0x200B, *range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_LONGEST_TEXT: Final = 80
_CENTURY: Final = 2000
_NOON: Final = 12
_LONGEST: Final = timedelta(days=2)
_HALF_DAY: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Written:
    """A moment as it is written, before anything is assumed.

    `parts` are the numbers of its day in their order (None: a time without a day); `order` is
    set where they can mean one day only by their form.
    """

    text: str
    parts: tuple[int, int, int] | None
    order: DateOrder | None
    clock: time
    offset: timedelta | None = None
    mark: str = ""
    is_twelve: bool = False

    def day(self, order: DateOrder) -> date | None:
        """Return its day when parts stand in `order` (its own goes first), None for no day."""
        if self.parts is None:
            return None
        return _day(self.parts, self.order or order)


def _day(parts: tuple[int, int, int], order: DateOrder) -> date | None:
    a, b, c = parts
    year, month, day = {
        DateOrder.YMD: (a, b, c),
        DateOrder.MDY: (c, a, b),
        DateOrder.DMY: (c, b, a),
    }[order]
    year += _CENTURY if year < 100 else 0  # noqa: PLR2004 - two digits
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_written(text: str) -> Written | None:
    """Read a moment as it is written, or return None for what is none."""
    if len(text) > _LONGEST_TEXT:
        return None
    value = unicodedata.normalize("NFKC", text).translate(_FORMAT_MARKS).strip().casefold()
    if not value.isascii():
        for mark, meaning in marks():
            value = value.replace(mark, meaning)
    if any(month in value for month in _MONTHS):
        value = _NAMED_SECOND.sub(_second_named, _NAMED_FIRST.sub(_first_named, value))
    match = _MOMENT.fullmatch(" ".join(value.split()).removesuffix(" -").strip())
    if match is None:
        return None
    clock = _clock(match)
    if clock is None:
        return None
    parts, order = None, None
    if match["a"] is not None:
        parts = (int(match["a"]), int(match["b"]), int(match["c"]))
        if len(match["a"]) > 2:  # noqa: PLR2004 - a year
            order = DateOrder.YMD
    try:
        offset = _offset(match)
    except ValueError:
        return None
    is_twelve = bool(match["before"] or match["after"])
    return Written(text.strip(), parts, order, clock, offset, match["mark"] or "", is_twelve)


def _offset(match: re.Match[str]) -> timedelta | None:
    """Return the distance from UTC that a moment tells. Raises ValueError for none there is."""
    if not match["zone"] and not match["sign"]:
        return None
    far = timedelta(hours=int(match["far"] or 0), minutes=int(match["further"] or 0))
    offset = timedelta(hours=_HOURS.get(match["zone"] or "", 0))
    offset += -far if match["sign"] == "-" else far
    if abs(offset) >= timedelta(days=1):
        raise ValueError
    return offset


def _month(name: str) -> int:
    return _MONTHS.index(name[:3]) + 1 if name[:3] in _MONTHS else 0


def _first_named(match: re.Match[str]) -> str:
    return f"{match[3]}/{_month(match[1])}/{match[2]}"


def _second_named(match: re.Match[str]) -> str:
    year = match[3] if len(match[3]) > 2 else f"20{match[3]}"  # noqa: PLR2004 - two digits
    return f"{year}/{_month(match[2])}/{match[1]}"


def _clock(match: re.Match[str]) -> time | None:
    hour = int(match["hour"])
    half = match["before"] or match["after"]
    if half:
        if hour > _NOON:
            # Seen in files that went through a spreadsheet: 13:05 PM.
            half = "" if half == "p" else "x"
        else:
            hour = hour % _NOON + (_NOON if half == "p" else 0)
    try:
        return (
            None
            if half == "x"
            else time(hour, int(match["minute"] or 0), int(match["second"] or 0))
        )
    except ValueError:
        return None


def day_in(filename: str) -> date | None:
    """Return the day that a file name tells (2026-11-24, 20261124, 2026_11_24), or None."""
    match = _FILE_DAY.search(filename)
    return _day((int(match[1]), int(match[2]), int(match[3])), DateOrder.YMD) if match else None


@dataclass(frozen=True, slots=True)
class OrderGuess:
    """In which order days are written; `example` is one that could be another day ('' if none)."""

    order: DateOrder
    example: str = ""
    read_as: date | None = None


def infer_order(
    pairs: Sequence[tuple[Written | None, Written | None]],
    *,
    hint: date | None = None,
    japanese: bool = False,
) -> OrderGuess:
    """Infer the order of the parts of days from all beginnings and ends of a file.

    Orders in which fewer of the days exist, more rows end before they begin, or all of it does
    not lie within two days are dropped. Among several that remain: the one with the day of the
    file name (`hint`); else, told as ambiguous, month first where the clock has twelve hours;
    year first where two digits stand first in a `japanese` file; else day first.
    """
    every = [one for pair in pairs for one in pair if one is not None and one.parts is not None]
    open_ones = {one.parts: one for one in every if one.order is None and one.parts is not None}
    if not open_ones:
        return OrderGuess(DateOrder.YMD)
    orders = [DateOrder.MDY, DateOrder.DMY]
    if all(parts[2] < 100 for parts in open_ones):  # noqa: PLR2004 - two digits
        if japanese:
            orders.append(DateOrder.YMD)
        elif all(_day(parts, order) is None for parts in open_ones for order in orders):
            return OrderGuess(DateOrder.YMD)
    scores = {order: _score(order, pairs, every, open_ones) for order in orders}
    best = min(scores.values())
    left = [order for order in orders if scores[order] == best]
    readings = {order: [_day(parts, order) for parts in open_ones] for order in left}
    first = left[0]
    if all(days == readings[first] for days in readings.values()):
        return OrderGuess(first)
    told = [order for order in left if hint is not None and hint in readings[order]]
    if len(told) == 1:
        return OrderGuess(told[0])
    order = _likeliest(left, every, japanese=japanese)
    example = next(
        one for one in every if one.order is None and len({one.day(each) for each in left}) > 1
    )
    return OrderGuess(order, example.text, example.day(order))


def _score(
    order: DateOrder,
    pairs: Iterable[tuple[Written | None, Written | None]],
    every: Iterable[Written],
    open_ones: Iterable[tuple[int, int, int]],
) -> tuple[int, int, int]:
    """Return how badly an order fits: days that do not exist, rows reversed, spread too wide."""
    missing = sum(_day(parts, order) is None for parts in open_ones)
    days = {one.day(order) for one in every} - {None}
    known = [day for day in days if day is not None]
    reversed_rows = 0
    for start, end in pairs:
        if start is None or end is None or start.parts == end.parts:
            continue
        first, last = start.day(order), end.day(order)
        reversed_rows += first is not None and last is not None and last < first
    spread = max(known) - min(known) if known else timedelta()
    return missing, reversed_rows, int(spread > _LONGEST)


def _likeliest(left: Sequence[DateOrder], every: Iterable[Written], *, japanese: bool) -> DateOrder:
    wanted = [DateOrder.DMY, DateOrder.MDY]
    if any(one.is_twelve and one.mark == "/" for one in every):
        wanted = [DateOrder.MDY, DateOrder.DMY]
    if japanese:
        wanted.insert(0, DateOrder.YMD)
    return next(order for order in wanted if order in left)


@dataclass(frozen=True, slots=True)
class Placed:
    """The instants that a moment can be, in UTC: two where the clocks were set back.

    `skipped`: it does not exist, the clocks were set forward; the instant is as far after the
    change as the moment is written after it.
    """

    instants: tuple[datetime, ...]
    skipped: bool = False


def place(written: Written, order: DateOrder, zone: ZoneInfo, day: date | None) -> Placed | None:
    """Return when a moment was. `day` is that of times without one. None: there is no such day."""
    on = written.day(order) if written.parts is not None else day
    if on is None:
        return None
    local = datetime.combine(on, written.clock)
    try:
        if written.offset is not None:
            return Placed(((local - written.offset).replace(tzinfo=UTC),))
        first = local.replace(tzinfo=zone).astimezone(UTC)
        second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError:
        return None
    if first == second:
        return Placed((first,))
    if first > second:  # before the change the offset is the smaller: the clocks were set forward
        return Placed((first,), skipped=True)
    return Placed((first, second))


def pick(
    starts: Placed, ends: Placed, *, seconds: int | None, day_known: bool
) -> tuple[datetime, datetime]:
    """Return the beginning and end that fit best, of those that they can be.

    Not ending before it starts goes first, then the length that the row tells, then the earlier.
    An end without a day (`day_known` false) that lies before the start belongs to the next day.
    """
    choices = [(start, end) for start in starts.instants for end in ends.instants]
    if not day_known:
        choices = [
            (start, end + timedelta(days=1) if start - end > _HALF_DAY else end)
            for start, end in choices
        ]

    def misfit(choice: tuple[datetime, datetime]) -> tuple[bool, float]:
        length = (choice[1] - choice[0]).total_seconds()
        return length < 0, abs(length - seconds) if seconds is not None else 0

    return min(choices, key=misfit)
