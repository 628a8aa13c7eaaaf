"""Rules of planning: what a channel of interpretation is, which days a series takes."""

import re
from collections.abc import Collection
from datetime import date, timedelta

MAX_SEATS = 100_000
MOST_MEETINGS = 60
MOST_PLANNED = 300
SPEAKER_ROLES = ("speaker", "interpreter")

# The shape of a tag of BCP 47: a language of two or three letters, then subtags.
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def is_language_tag(text: str) -> bool:
    """Whether a text has the shape of a language tag (BCP 47): ja, en, zh-Hant, pt-BR."""
    return len(text) <= 35 and _TAG.fullmatch(text) is not None  # noqa: PLR2004 - RFC 5646 4.4.1


def weekly_days(first: date, weekdays: Collection[int], count: int) -> tuple[date, ...]:
    """Return the first `count` days from `first` on that fall on these weekdays (Monday is 0).

    The first day itself counts when it falls on one. Raises ValueError without any weekday.
    """
    wanted = frozenset(weekdays)
    if not wanted:
        raise ValueError("A series needs a day of the week.")
    days: list[date] = []
    day = first
    while len(days) < count:
        if day.weekday() in wanted:
            days.append(day)
        day += timedelta(days=1)
    return tuple(days)


def days_of_course(first: date, count: int, skipped: Collection[date]) -> tuple[date, ...]:
    """Return the first `count` days from `first` on that are not skipped."""
    days: list[date] = []
    day = first
    while len(days) < count:
        if day not in skipped:
            days.append(day)
        day += timedelta(days=1)
    return tuple(days)


def shift_keeping_weekday(old: date, wanted: date) -> int:
    """Return the days by which to move so that `old` lands nearest to `wanted` on its weekday.

    The nearest multiple of seven; never more than three days from what was wanted.
    """
    return 7 * round((wanted - old).days / 7)
