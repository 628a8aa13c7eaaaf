from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kernel.intervals import Intervals, length, normalise
from lms.sessions.rules.attendance_status import (
    DEFAULT_RULE,
    UNKNOWN,
    AttendanceFacts,
    AttendanceRule,
    Meeting,
    ReportState,
    Source,
    StatusDecision,
    clip_stays,
    decide_status,
    minutes_asked,
    needs_reason,
)

START = datetime(2026, 10, 12, 7, 0, tzinfo=UTC)
END = START + timedelta(minutes=90)
MEETING = Meeting(START, END)
SETTLED = replace(MEETING, report=ReportState.SETTLED)
OPEN = replace(MEETING, report=ReportState.OPEN)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def stays(*pairs: tuple[float, float]) -> Intervals:
    return tuple((int(at(a).timestamp()), int(at(b).timestamp())) for a, b in pairs)


def reported(*pairs: tuple[float, float]) -> AttendanceFacts:
    return AttendanceFacts(stays=stays(*pairs), reported_minutes=0)


def asking(**rule: Any) -> Meeting:
    return replace(SETTLED, rule=replace(DEFAULT_RULE, **rule))


def test_nothing_known_is_no_absence() -> None:
    for meeting in (MEETING, OPEN, SETTLED):
        assert decide_status(AttendanceFacts(), meeting) is UNKNOWN


def test_status_by_hand_stands_before_everything() -> None:
    facts = replace(reported((0, 90)), hand_status="excused", hand_way="venue", desk_at=at(0))

    assert decide_status(facts, asking(min_percent=100)) == StatusDecision(
        "excused", "venue", Source.HAND
    )


@pytest.mark.parametrize(
    ("pressed", "status", "minutes"),
    [(-10, "present", 90), (0, "present", 90), (10, "present", 80), (11, "late", 79)],
)
def test_press_counts_from_then_to_the_end(pressed: int, status: str, minutes: int) -> None:
    found = decide_status(AttendanceFacts(pressed_at=at(pressed)), MEETING)

    assert (found.status, found.way, found.source) == (status, "web", Source.PRESS)
    assert found.minutes == minutes
    assert found.left_at == END


def test_press_after_the_end_is_no_presence() -> None:
    assert decide_status(AttendanceFacts(pressed_at=at(90)), MEETING) is UNKNOWN


def test_press_does_not_count_where_minutes_are_asked_or_presses_are_not_taken() -> None:
    pressed = AttendanceFacts(pressed_at=at(0))

    for rule in (
        AttendanceRule(min_minutes=1),
        AttendanceRule(min_percent=1),
        AttendanceRule(press_counts=False),
    ):
        assert decide_status(pressed, Meeting(START, END, rule)) is UNKNOWN


def test_press_counts_while_somebody_in_the_report_waits_and_no_longer() -> None:
    pressed = AttendanceFacts(pressed_at=at(0))
    strict = AttendanceRule(missing_is_absent=True)

    assert decide_status(pressed, OPEN).source is Source.PRESS
    assert decide_status(pressed, SETTLED) is UNKNOWN
    assert decide_status(pressed, replace(SETTLED, rule=strict)).status == "absent"


def test_missing_is_absent_only_after_a_settled_report() -> None:
    strict = AttendanceRule(missing_is_absent=True)

    assert decide_status(AttendanceFacts(), replace(MEETING, rule=strict)) is UNKNOWN
    assert decide_status(AttendanceFacts(), replace(OPEN, rule=strict)) is UNKNOWN
    absent = decide_status(AttendanceFacts(), replace(SETTLED, rule=strict))
    assert (absent.status, absent.source, absent.minutes) == ("absent", Source.NOTHING, 0)


@pytest.mark.parametrize(
    ("pairs", "status", "minutes"),
    [
        ([(-5, 95)], "present", 90),
        ([(0, 40), (45, 90)], "present", 85),
        ([(10, 80)], "present", 70),
        ([(10.5, 90)], "late", 79),
        ([(0, 79.5)], "left_early", 79),
        ([(20, 60)], "late", 40),
        ([(0, 30), (10, 40), (40, 90)], "present", 90),
    ],
)
def test_report_is_the_union_inside_the_session(
    pairs: list[tuple[float, float]], status: str, minutes: int
) -> None:
    found = decide_status(reported(*pairs), SETTLED)

    assert (found.status, found.minutes) == (status, minutes)
    assert (found.way, found.source) == ("web", Source.REPORT)


def test_a_stay_outside_the_session_is_no_presence() -> None:
    before = reported((-60, -10))

    assert decide_status(before, SETTLED) is UNKNOWN
    assert decide_status(before, asking(missing_is_absent=True)).status == "absent"


def test_too_short_a_presence_is_an_absence() -> None:
    short = reported((0, 29))

    assert decide_status(short, asking(min_minutes=29)).status == "left_early"
    assert decide_status(short, asking(min_minutes=30)).status == "absent"
    assert decide_status(short, asking(min_percent=33)).status == "absent"
    assert decide_status(short, asking(min_percent=32)).status == "left_early"
    # Longer than the session is asked of nobody.
    assert decide_status(reported((0, 90)), asking(min_minutes=600)).status == "present"


def test_a_length_without_times_shows_neither_lateness_nor_leaving() -> None:
    found = decide_status(AttendanceFacts(reported_minutes=30), SETTLED)
    long = decide_status(AttendanceFacts(reported_minutes=900), SETTLED)

    assert (found.status, found.minutes, found.arrived_at) == ("present", 30, None)
    assert long.minutes == 90
    assert (
        decide_status(AttendanceFacts(reported_minutes=30), asking(min_minutes=31)).status
        == "absent"
    )


def test_the_desk_saw_somebody_from_then_to_the_end() -> None:
    early, late = AttendanceFacts(desk_at=at(-20)), AttendanceFacts(desk_at=at(30))

    assert decide_status(early, SETTLED) == StatusDecision(
        "present", "venue", Source.DESK, 90, START, END
    )
    assert decide_status(late, SETTLED).status == "late"
    # From paper, when all was over: the hour is not known.
    assert decide_status(AttendanceFacts(desk_at=at(200)), SETTLED).status == "present"


def test_desk_and_report_together_are_one_presence() -> None:
    both = replace(reported((0, 25)), desk_at=at(30))
    found = decide_status(both, SETTLED)

    assert (found.status, found.way, found.minutes) == ("present", "venue", 85)


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (AttendanceRule(), 1),
        (AttendanceRule(min_minutes=45), 45),
        (AttendanceRule(min_percent=50), 45),
        (AttendanceRule(min_percent=51), 46),
        (AttendanceRule(min_minutes=45, min_percent=80), 72),
        (AttendanceRule(min_minutes=1000), 90),
    ],
)
def test_minutes_asked(rule: AttendanceRule, asked: int) -> None:
    assert minutes_asked(rule, START, END) == asked


@pytest.mark.parametrize(
    ("status", "attended"),
    [
        ("present", True),
        ("late", True),
        ("left_early", True),
        ("absent", False),
        ("excused", False),
        (None, False),
    ],
)
def test_what_counts_as_attended(status: str | None, attended: bool) -> None:
    assert StatusDecision(status).attended is attended


def test_only_a_correction_needs_a_reason() -> None:
    by_press = decide_status(AttendanceFacts(pressed_at=at(0)), MEETING)

    assert not needs_reason(UNKNOWN, "late")
    assert not needs_reason(by_press, "present")
    assert needs_reason(by_press, "absent")
    assert needs_reason(decide_status(AttendanceFacts("late", "web"), MEETING), None)


# --- properties -------------------------------------------------------------------------------

RANK = {None: 0, "absent": 0, "late": 1, "left_early": 1, "present": 2}
spans = st.lists(
    st.tuples(st.integers(-120, 200), st.integers(1, 150)).map(lambda p: (p[0], p[0] + p[1])),
    max_size=6,
)
moments = st.none() | st.integers(-120, 200).map(at)
rules = st.builds(
    AttendanceRule,
    min_minutes=st.integers(0, 120),
    min_percent=st.integers(0, 100),
    late_minutes=st.integers(0, 100),
    early_minutes=st.integers(0, 100),
    press_counts=st.booleans(),
    missing_is_absent=st.booleans(),
)
meetings = st.builds(
    Meeting, st.just(START), st.just(END), rules, st.sampled_from(list(ReportState))
)
facts = st.builds(
    AttendanceFacts,
    pressed_at=moments,
    desk_at=moments,
    stays=spans.map(lambda pairs: normalise(stays(*pairs))),
    reported_minutes=st.none() | st.integers(0, 200),
)


@given(facts, meetings, st.sampled_from(["present", "late", "left_early", "absent", "excused"]))
def test_what_was_set_by_hand_always_stands(
    known: AttendanceFacts, meeting: Meeting, status: str
) -> None:
    by_hand = decide_status(replace(known, hand_status=status, hand_way="web"), meeting)

    assert (by_hand.status, by_hand.source) == (status, Source.HAND)


@given(facts, meetings)
def test_presence_is_never_more_than_the_session(known: AttendanceFacts, meeting: Meeting) -> None:
    found = decide_status(known, meeting)

    assert found.minutes is None or 0 <= found.minutes <= 90
    assert found.arrived_at is None or START <= found.arrived_at < END
    assert found.left_at is None or START < found.left_at <= END
    assert (found.status is None) == (found.source is None)
    if found.attended and meeting.rule.asks_minutes:
        assert found.minutes is not None
        assert found.minutes >= minutes_asked(meeting.rule, START, END)


@given(spans, st.randoms(use_true_random=False), meetings)
def test_order_and_repetition_of_stays_change_nothing(
    pairs: list[tuple[int, int]], random: object, meeting: Meeting
) -> None:
    once = decide_status(AttendanceFacts(stays=stays(*pairs)), meeting)
    shuffled = [*pairs, *pairs]
    random.shuffle(shuffled)  # type: ignore[attr-defined] # what hypothesis gives

    assert decide_status(AttendanceFacts(stays=stays(*shuffled)), meeting) == once


@given(spans, st.tuples(st.integers(-120, 200), st.integers(1, 150)), meetings)
def test_a_longer_stay_never_makes_it_worse(
    pairs: list[tuple[int, int]], more: tuple[int, int], meeting: Meeting
) -> None:
    one = AttendanceFacts(stays=stays(*pairs))
    other = replace(one, stays=normalise([*one.stays, *stays((more[0], more[0] + more[1]))]))

    before, after = decide_status(one, meeting), decide_status(other, meeting)
    assert RANK[after.status] >= RANK[before.status]
    assert length(clip_stays(other.stays, meeting)) >= length(clip_stays(one.stays, meeting))


@given(facts, meetings, rules)
def test_a_stricter_rule_never_makes_it_better(
    known: AttendanceFacts, meeting: Meeting, other: AttendanceRule
) -> None:
    mine = meeting.rule
    stricter = AttendanceRule(
        max(mine.min_minutes, other.min_minutes),
        max(mine.min_percent, other.min_percent),
        min(mine.late_minutes, other.late_minutes),
        min(mine.early_minutes, other.early_minutes),
        mine.press_counts and other.press_counts,
        mine.missing_is_absent or other.missing_is_absent,
    )

    before = decide_status(known, meeting)
    after = decide_status(known, replace(meeting, rule=stricter))
    assert RANK[after.status] <= RANK[before.status]


@given(facts, meetings)
def test_the_desk_decides_the_way(known: AttendanceFacts, meeting: Meeting) -> None:
    found = decide_status(known, meeting)

    if known.desk_at is not None:
        assert (found.way, found.source) == ("venue", Source.DESK)
    else:
        assert found.way in {None, "web"}
