"""When a reminder goes out: by the person's own clock, across clock changes, and in its sense."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lms.sessions.rules.inviting import LastWord, next_sequence
from lms.sessions.rules.reminding import (
    KINDS,
    ReminderKind,
    is_reminder_due,
    may_be_due,
    reminder_window,
)

TOKYO, LUMPUR = ZoneInfo("Asia/Tokyo"), ZoneInfo("Asia/Kuala_Lumpur")
BERLIN, YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def wall(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone).astimezone(UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("kind", "starts", "zone", "opens"),
    [
        # by day at the session's own time of day
        (ReminderKind.DAY, wall(TOKYO, 2026, 10, 12, 16), TOKYO, wall(TOKYO, 2026, 10, 11, 16)),
        (ReminderKind.WEEK, wall(TOKYO, 2026, 10, 12, 16), TOKYO, wall(TOKYO, 2026, 10, 5, 16)),
        # an evening session: before the night, not in it
        (ReminderKind.DAY, wall(TOKYO, 2026, 10, 12, 21), TOKYO, wall(TOKYO, 2026, 10, 11, 19)),
        # at five in the morning elsewhere: the morning before
        (ReminderKind.DAY, wall(YORK, 2026, 10, 12, 5), YORK, wall(YORK, 2026, 10, 11, 8)),
        # ten in Japan is yesterday evening in New York, so the day before that
        (ReminderKind.DAY, wall(TOKYO, 2026, 10, 12, 10), YORK, wall(YORK, 2026, 10, 10, 19)),
        # the clocks go back in Berlin on 25 October, forward on 28 March: the same wall-clock time
        (ReminderKind.DAY, wall(BERLIN, 2026, 10, 25, 10), BERLIN, wall(BERLIN, 2026, 10, 24, 10)),
        (ReminderKind.WEEK, wall(BERLIN, 2027, 3, 30, 9), BERLIN, wall(BERLIN, 2027, 3, 23, 9)),
        # an hour is an hour, also over the gap
        (ReminderKind.HOUR, wall(BERLIN, 2027, 3, 28, 3), BERLIN, wall(BERLIN, 2027, 3, 28, 1)),
        (ReminderKind.HOUR, wall(TOKYO, 2026, 10, 12, 6), TOKYO, wall(TOKYO, 2026, 10, 12, 5)),
    ],
)
def test_a_window_opens(
    kind: ReminderKind, starts: datetime, zone: ZoneInfo, opens: datetime
) -> None:
    window = reminder_window(kind, starts, zone)
    assert window.opens_at == opens
    assert window.opens_at < window.closes_at <= starts


def test_over_a_clock_change_a_day_is_not_24_hours() -> None:
    starts = wall(BERLIN, 2026, 10, 25, 10)
    assert starts - reminder_window(ReminderKind.DAY, starts, BERLIN).opens_at == timedelta(
        hours=25
    )


@pytest.mark.parametrize(
    ("kind", "at", "due"),
    [
        (ReminderKind.DAY, wall(TOKYO, 2026, 10, 11, 15, 59), False),
        (ReminderKind.DAY, wall(TOKYO, 2026, 10, 11, 16), True),
        (ReminderKind.DAY, wall(TOKYO, 2026, 10, 11, 19, 59), True),
        (ReminderKind.DAY, wall(TOKYO, 2026, 10, 11, 20), False),  # night
        (ReminderKind.DAY, wall(TOKYO, 2026, 10, 12, 8), False),  # "tomorrow" would be wrong
        (ReminderKind.WEEK, wall(TOKYO, 2026, 10, 5, 16), True),
        (ReminderKind.WEEK, wall(TOKYO, 2026, 10, 6, 3), False),  # night
        (ReminderKind.WEEK, wall(TOKYO, 2026, 10, 7, 12), True),  # the worker was down for two days
        (ReminderKind.WEEK, wall(TOKYO, 2026, 10, 7, 20), False),
        (ReminderKind.HOUR, wall(TOKYO, 2026, 10, 12, 15), True),
        (ReminderKind.HOUR, wall(TOKYO, 2026, 10, 12, 15, 59), True),
        (ReminderKind.HOUR, wall(TOKYO, 2026, 10, 12, 16), False),  # it has begun
    ],
)
def test_what_is_due(kind: ReminderKind, at: datetime, *, due: bool) -> None:
    starts = wall(TOKYO, 2026, 10, 12, 16)
    assert is_reminder_due(kind, starts, TOKYO, LONG_AGO, at) is due


def test_who_was_told_since_is_not_reminded() -> None:
    starts = wall(TOKYO, 2026, 10, 12, 16)
    at = wall(TOKYO, 2026, 10, 11, 17)
    opens = reminder_window(ReminderKind.DAY, starts, TOKYO).opens_at
    assert is_reminder_due(ReminderKind.DAY, starts, TOKYO, opens, at)
    told = opens + timedelta(seconds=1)
    assert not is_reminder_due(ReminderKind.DAY, starts, TOKYO, told, at)


@pytest.mark.parametrize("kind", KINDS)
def test_the_quick_look_overlooks_nobody(kind: ReminderKind) -> None:
    zones = [ZoneInfo(name) for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Tokyo")]
    for hour in range(24):
        starts = datetime(2026, 10, 12, hour, tzinfo=UTC)
        for back in range(10 * 24 * 2):
            at = starts - timedelta(minutes=30 * back)
            if any(is_reminder_due(kind, starts, zone, LONG_AGO, at) for zone in zones):
                assert may_be_due(kind, starts, at)


def test_the_number_of_an_invitation_never_falls() -> None:
    last = None
    numbers = []
    for method, own in (
        ("REQUEST", 0), ("REQUEST", 0), ("CANCEL", 0), ("REQUEST", 0), ("REQUEST", 1),
        ("CANCEL", 2), ("CANCEL", 2),
    ):  # fmt: skip
        number = next_sequence(method, own, last)
        last = LastWord(method, number, own)
        numbers.append(number)
    assert numbers == [0, 0, 1, 2, 3, 4, 4]
    assert next_sequence("CANCEL", 5, None) == 6
    assert next_sequence("REQUEST", 9, LastWord("REQUEST", 2, 1)) == 9
