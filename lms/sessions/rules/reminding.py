"""When people are reminded of a session: a week, a day and an hour before, by their own clock.

Reminders of a week and a day go out in the daytime of the person's zone, at the session's own
time of day where that is daytime; across a change of the clocks the wall-clock time counts. The
reminder of an hour goes out an hour before, whatever the time. One that is late by more than its
sense is not sent: nobody reads "tomorrow" on the day itself.

Of a course with several sessions a day, people are reminded of the first of them: sixty sessions in
two weeks would else be a hundred and twenty mails, in which nobody finds the one that matters.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo


class ReminderKind(StrEnum):
    """How long before the start."""

    WEEK = "week"
    DAY = "day"
    HOUR = "hour"


KINDS: Final = tuple(ReminderKind)
MORNING: Final = time(8)
LAST_START: Final = time(19)
EVENING: Final = time(20)
_DAYS_BEFORE: Final = {ReminderKind.WEEK: 7, ReminderKind.DAY: 1}
_DAYS_LATE: Final = {ReminderKind.WEEK: 2, ReminderKind.DAY: 0}
HOUR: Final = timedelta(hours=1)


#: What an edition sends that set nothing, by the kind of its programme. Who travels and stays
#: needs a week; who opens a page in the evening, an hour.
_USUAL: Final = {
    "web_lecture": (ReminderKind.DAY, ReminderKind.HOUR),
    "series": (ReminderKind.DAY, ReminderKind.HOUR),
    "residential": (ReminderKind.WEEK, ReminderKind.DAY),
}

SAME_DAY: Final = timedelta(hours=13)
"""Sessions of a course that start within this time are of one day, whatever the zone."""
SAME_WEEK: Final = timedelta(days=6, hours=12)
"""Within this time after one session nobody is reminded a week ahead of the next.

What is held every week has a reminder each, also where the clocks change or one begins earlier.
"""


def usual_reminders(programme_kind: str) -> tuple[ReminderKind, ...]:
    """Return what an edition of a programme of this kind sends where nothing was set."""
    return _USUAL.get(programme_kind, KINDS)


@dataclass(frozen=True, slots=True)
class Window:
    """From when on a reminder goes out, and until when it still makes sense (excluded)."""

    opens_at: datetime
    closes_at: datetime


def reminder_window(kind: ReminderKind, starts_at: datetime, zone: ZoneInfo) -> Window:
    """Return when somebody who lives in `zone` is reminded of what starts at `starts_at`."""
    if kind is ReminderKind.HOUR:
        return Window(starts_at - HOUR, starts_at)
    local = starts_at.astimezone(zone)
    day = local.date() - timedelta(days=_DAYS_BEFORE[kind])
    clock = min(max(local.time(), MORNING), LAST_START)
    last = day + timedelta(days=_DAYS_LATE[kind])
    return Window(
        datetime.combine(day, clock, zone).astimezone(UTC),
        datetime.combine(last, EVENING, zone).astimezone(UTC),
    )


def is_reminder_due(
    kind: ReminderKind, starts_at: datetime, zone: ZoneInfo, told_at: datetime, at: datetime
) -> bool:
    """Whether a person is reminded now.

    `told_at` is when the person was last told of this start (by an invitation, or by the mail
    about a change): a reminder that would have been due before says nothing new.
    """
    window = reminder_window(kind, starts_at, zone)
    if not window.opens_at <= at < window.closes_at or told_at > window.opens_at:
        return False
    return kind is ReminderKind.HOUR or MORNING <= at.astimezone(zone).time() < EVENING


def may_be_due(kind: ReminderKind, starts_at: datetime, at: datetime) -> bool:
    """Whether a reminder may be due for anybody on earth (zones lie within 26 hours)."""
    ahead = starts_at - at
    if kind is ReminderKind.HOUR:
        return timedelta() < ahead <= HOUR
    days = _DAYS_BEFORE[kind]
    late = days - _DAYS_LATE[kind]
    return timedelta(days=late - 1) < ahead <= timedelta(days=days + 1)
