"""Rules of putting an edition off: its new dates, when people are asked again, who is open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import combinations
from zoneinfo import ZoneInfo

MOST_DAYS = 3660
LONGEST_WORDS = 500


class PostponeKind(StrEnum):
    """What becomes of an edition."""

    MOVED = "moved"  # the new dates are there
    OPEN = "open"  # they follow
    OFF = "off"  # it is never held


class Cause(StrEnum):
    """Why; each has a sentence in every language."""

    WEATHER = "weather"
    INFECTION = "infection"
    STRIKE = "strike"
    SPEAKER = "speaker"
    OTHER = "other"


class Answer(StrEnum):
    """What somebody says about the new dates."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Days:
    """The first and the last day of an edition; None: not known."""

    starts_on: date | None
    ends_on: date | None


def new_days(days: Days, before: Sequence[date], after: Sequence[date], *, has_begun: bool) -> Days:
    """Return the dates of an edition whose sessions were on the days `before` and are `after`.

    The first day moves as its first session does, the last as its last; an edition that has begun
    keeps its first day. No session lies outside. `before` and `after` are not empty.
    """
    first, last = min(after), max(after)
    starts_on, ends_on = days.starts_on, days.ends_on
    if not has_begun:
        starts_on = first if starts_on is None else starts_on + (first - min(before))
        starts_on = min(starts_on, first)
    ends_on = last if ends_on is None else ends_on + (last - max(before))
    ends_on = max(ends_on, last)
    if starts_on is not None:
        ends_on = max(ends_on, starts_on)
    return Days(starts_on, ends_on)


def days_unknown(days: Days, *, has_begun: bool) -> Days:
    """Return the dates of an edition whose new ones follow; one that has begun keeps its first."""
    return Days(days.starts_on if has_begun else None, None)


def remind_at(asked_at: datetime, answer_until: datetime) -> datetime:
    """Return when those who did not answer are reminded, once: three days before the end.

    With little time, in the middle of it.
    """
    return answer_until - min(timedelta(days=3), (answer_until - asked_at) / 2)


def suggest_answer_until(at: datetime, first_at: datetime, zone: ZoneInfo) -> datetime:
    """Return until when to ask: 17:00 a week from now, or of the day before the first session.

    Where that is past already, the middle of the time that is left.
    """
    here = at.astimezone(zone).date()
    day = min(here + timedelta(days=7), first_at.astimezone(zone).date() - timedelta(days=1))
    moment = datetime.combine(day, time(17), tzinfo=zone)
    return moment if moment > at + timedelta(hours=1) else at + (first_at - at) / 2


def overlapping(
    spans: Sequence[tuple[datetime, datetime]], before: Sequence[tuple[datetime, datetime]]
) -> tuple[tuple[int, int], ...]:
    """Return the pairs of sessions that go on at the same time and did not before.

    Groups meet side by side: what overlapped all along is no news. `spans` and `before` hold
    start and end of the same sessions in the same order.
    """
    return tuple(
        (one, other)
        for one, other in combinations(range(len(spans)), 2)
        if _meet(spans[one], spans[other]) and not _meet(before[one], before[other])
    )


def _meet(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


@dataclass(frozen=True, slots=True)
class Counts:
    """How those who were asked stand; `gone` gave their seat up or were released."""

    yes: int = 0
    no: int = 0
    unsure: int = 0
    none: int = 0
    gone: int = 0


def count_answers(answers: Iterable[tuple[str, bool]]) -> Counts:
    """Count pairs of an answer ('' for none) and whether the person still has the seat."""
    found = {"yes": 0, "no": 0, "unsure": 0, "none": 0, "gone": 0}
    for answer, has_seat in answers:
        if answer == Answer.NO:
            found["no"] += 1
        elif not has_seat:
            found["gone"] += 1
        else:
            found[answer or "none"] += 1
    return Counts(**found)
