"""Days and times as they are written: read from any hand, written in the house format."""

import re
import unicodedata
from datetime import date, time

_JA_DAYS = "月火水木金土日"
_EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EN_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
# The Gregorian year before the era's first year.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "R": 2018, "H": 1988, "S": 1925}
_ERA = re.compile(
    r"(令和|平成|昭和|[RHS])\s*(元|\d{1,2})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})日?"
)
_YMD = re.compile(
    r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})日?(?:\([月火水木金土日]\))?"
)
_HM = re.compile(r"(\d{1,2})\s*[:時]\s*(?:(\d{1,2})分?)?")
_HYPHENS = re.compile("[\u2010-\u2015\u2212\uff0d]")


YEARS = range(1868, 2300)


class DateFaultError(ValueError):
    """Text that is no date or time. `readable`: well written, but not in the calendar."""

    def __init__(self, *, readable: bool):
        super().__init__("date")
        self.readable = readable


def plain(text: str) -> str:
    """Turn full-width digits, letters and marks into plain ones (for input, never names)."""
    return _HYPHENS.sub("-", unicodedata.normalize("NFKC", text)).strip()


def read_day(text: str) -> date:
    """Read 2026-10-12, 2026/10/12, 2026年10月12日(月), 令和8年10月12日 or R8.10.12, any width.

    Raises DateFaultError; also for years in which nobody here lives, so that whatever is counted
    on from a day (the next day, a renewal) is a day again.
    """
    value = plain(text)
    if match := _ERA.fullmatch(value):
        year = _ERAS[match[1]] + (1 if match[2] == "元" else int(match[2]))
        month, day = int(match[3]), int(match[4])
    elif match := _YMD.fullmatch(value):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
    else:
        raise DateFaultError(readable=False)
    if year not in YEARS:
        raise DateFaultError(readable=True)
    try:
        return date(year, month, day)
    except ValueError:
        raise DateFaultError(readable=True) from None


def read_time(text: str) -> time:
    """Read 10:00, 10時30分 or 10時 in any width; 24 hours. Raises DateFaultError."""
    match = _HM.fullmatch(plain(text))
    if match is None or (match[2] is None and ":" in plain(text)):
        raise DateFaultError(readable=False)
    try:
        return time(int(match[1]), int(match[2] or 0))
    except ValueError:
        raise DateFaultError(readable=True) from None


def format_day(day: date, language: str, *, year: bool = True, weekday: bool = True) -> str:
    """2026年10月12日(月) / 12 October 2026 (Mon). A date is never shifted between zones."""
    if language == "ja":
        text = f"{day.month}月{day.day}日"
        if year:
            text = f"{day.year}年{text}"
        return f"{text}({_JA_DAYS[day.weekday()]})" if weekday else text
    text = f"{day.day} {_EN_MONTHS[day.month - 1]}"
    if year:
        text = f"{text} {day.year}"
    return f"{text} ({_EN_DAYS[day.weekday()]})" if weekday else text


def fiscal_year(day: date, starts_in: int) -> int:
    """Return the fiscal year (by the year in which it starts) of a day; `starts_in` a month."""
    return day.year if day.month >= starts_in else day.year - 1


def days_of_fiscal_year(year: int, starts_in: int) -> tuple[date, date]:
    """Return the first day of a fiscal year, and the first day of the next."""
    return date(year, starts_in, 1), date(year + 1, starts_in, 1)
