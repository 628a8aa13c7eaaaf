"""What may be done with a request, and which dates can be wished for."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.requests.rules import (
    OPEN,
    DateFault,
    State,
    Step,
    WishedDate,
    days_waiting,
    first_date_fault,
    judge_date,
    may_follow,
)

AT = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("state", list(State))
def test_only_what_is_open_is_changed_withdrawn_and_decided(state: State) -> None:
    for step in (Step.CHANGED, Step.WITHDRAWN, Step.ACCEPTED, Step.DECLINED):
        assert may_follow(state, step) == (state in OPEN)


def test_talks_begin_once_and_one_may_write_until_it_is_withdrawn() -> None:
    assert [state for state in State if may_follow(state, Step.IN_TALKS)] == [State.RECEIVED]
    assert [state for state in State if not may_follow(state, Step.MESSAGE)] == [State.WITHDRAWN]


@pytest.mark.parametrize("step", [Step.RECEIVED])
def test_nothing_is_received_twice(step: Step) -> None:
    assert not any(may_follow(state, step) for state in State)


@pytest.mark.parametrize(
    ("starts", "ends", "zone", "fault"),
    [
        ("2026-11-05 10:00", "2026-11-05 12:00", "Asia/Tokyo", None),
        ("2026-11-05 10:00", "2026-11-05 10:00", "Asia/Tokyo", DateFault.ENDS_BEFORE_START),
        ("2026-11-05 10:00", "2026-11-05 09:00", "Asia/Tokyo", DateFault.ENDS_BEFORE_START),
        ("2026-11-05 10:00", "2026-11-06 10:01", "Asia/Tokyo", DateFault.LONGER_THAN_DAY),
        ("2026-10-12 10:00", "2026-10-12 12:00", "Asia/Tokyo", DateFault.ALREADY_PAST),
        ("2026-10-12 10:00", "2026-10-12 12:00", "Europe/Zurich", None),
        ("2026-11-05 10:00", "2026-11-05 12:00", "Asia/Nowhere", DateFault.UNKNOWN_ZONE),
        # Clocks in Zurich skip from 02:00 to 03:00 that night.
        ("2027-03-28 02:30", "2027-03-28 04:00", "Europe/Zurich", DateFault.NO_SUCH_TIME),
    ],
)
def test_a_date_that_cannot_be(starts: str, ends: str, zone: str, fault: DateFault | None) -> None:
    assert judge_date(WishedDate(at(starts), at(ends)), zone, AT) is fault


def test_the_first_date_that_does_not_fit_is_named() -> None:
    good = WishedDate(at("2026-11-05 10:00"), at("2026-11-05 12:00"))
    late = WishedDate(at("2026-10-01 10:00"), at("2026-10-01 12:00"))
    assert first_date_fault((), "Asia/Tokyo", AT) is None
    assert first_date_fault((good, late), "Asia/Tokyo", AT) == (1, DateFault.ALREADY_PAST)
    assert first_date_fault((good, good), "Asia/Tokyo", AT) == (1, DateFault.TWICE)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 1000))
def test_days_are_counted_as_a_calendar_does(since: date, days: int) -> None:
    assert days_waiting(since, since + timedelta(days=days)) == days
    assert days_waiting(since + timedelta(days=days), since) == 0
