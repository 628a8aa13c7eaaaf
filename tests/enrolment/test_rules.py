"""Who may apply, who gets a seat, who comes next."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.enrolment.models import EnrolmentState
from lms.enrolment.rules import (
    RIGHTS_STATUS,
    Hindrance,
    OpeningFacts,
    Outcome,
    Waiting,
    allocate_next,
    allocate_seat,
    judge_opening,
    may_be_promoted,
    promotion_is_open,
    ways_to_attend,
)
from tests.conftest import NOW

DEADLINE = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
OPEN = OpeningFacts(
    edition_state="published",
    approval="first_come",
    capacity=2,
    seats_taken=0,
    waiting=0,
    starts_on=date(2026, 11, 2),
    ends_on=date(2026, 11, 3),
    timezone="Asia/Tokyo",
    apply_until_at=DEADLINE,
)
MS = timedelta(milliseconds=1)


def test_an_open_edition_with_a_free_seat_seats_at_once() -> None:
    opening = judge_opening(OPEN, NOW)
    assert opening.is_open
    assert opening.outcome is Outcome.SEAT


@pytest.mark.parametrize(
    ("change", "hindrance"),
    [
        ({"edition_state": "draft"}, Hindrance.NOT_PUBLISHED),
        ({"edition_state": "closed"}, Hindrance.EDITION_CLOSED),
        ({"edition_state": "cancelled"}, Hindrance.EDITION_CANCELLED),
        ({"within_reach": False}, Hindrance.OUT_OF_REACH),
        ({"suspended": True}, Hindrance.SUSPENDED),
        ({"signed_in": False}, Hindrance.NOT_SIGNED_IN),
        ({"state": "enrolled"}, Hindrance.ALREADY_IN),
        ({"state": "waitlisted"}, Hindrance.ALREADY_IN),
        ({"state": "applied"}, Hindrance.ALREADY_IN),
        ({"state": "declined"}, Hindrance.DECLINED),
        ({"state": "cancelled"}, Hindrance.TAKEN_OFF),
        ({"ends_on": date(2026, 10, 11), "apply_until_at": None}, Hindrance.OVER),
    ],
)  # fmt: skip
def test_each_hindrance_is_named(change: dict[str, object], hindrance: Hindrance) -> None:
    opening = judge_opening(replace(OPEN, **change), NOW)  # type: ignore[arg-type]
    assert opening.hindrance is hindrance
    assert opening.outcome is None


def test_the_deadline_is_a_moment() -> None:
    assert judge_opening(OPEN, DEADLINE - MS).is_open
    assert judge_opening(OPEN, DEADLINE).hindrance is Hindrance.DEADLINE_PASSED


def test_without_a_deadline_the_last_day_counts_where_the_edition_is_held() -> None:
    undated = replace(OPEN, apply_until_at=None)
    over = datetime(2026, 11, 3, 15, 0, tzinfo=UTC)  # midnight in Japan
    assert judge_opening(undated, over - MS).is_open
    assert judge_opening(undated, over).hindrance is Hindrance.OVER


def test_who_withdrew_may_apply_again() -> None:
    assert judge_opening(replace(OPEN, state="withdrawn"), NOW).is_open


@pytest.mark.parametrize(
    ("approval", "capacity", "taken", "waiting", "outcome"),
    [
        ("first_come", 2, 1, 0, Outcome.SEAT),
        ("first_come", 2, 2, 0, Outcome.WAITING_LIST),
        ("first_come", 2, 1, 1, Outcome.WAITING_LIST),  # a freed seat belongs to the queue
        ("first_come", None, 500, 0, Outcome.SEAT),
        ("organiser", 2, 0, 0, Outcome.DECISION),  # the option is heeded, free or not
        ("organiser", 2, 2, 3, Outcome.DECISION),
        ("organiser", None, 0, 0, Outcome.DECISION),
    ],
)
def test_approval_capacity_and_queue_in_combination(
    approval: str, capacity: int | None, taken: int, waiting: int, outcome: Outcome
) -> None:
    facts = replace(OPEN, approval=approval, capacity=capacity, seats_taken=taken, waiting=waiting)
    assert judge_opening(facts, NOW).outcome is outcome


def test_no_option_opens_a_closed_door() -> None:
    for approval, capacity, taken, at in product(
        ("first_come", "organiser"), (None, 2), (0, 2), (DEADLINE, DEADLINE + timedelta(days=1))
    ):
        facts = replace(OPEN, approval=approval, capacity=capacity, seats_taken=taken)
        assert not judge_opening(facts, at).is_open


def test_the_list_moves_until_the_first_day_begins_there() -> None:
    begins = datetime(2026, 11, 1, 15, 0, tzinfo=UTC)  # midnight in Japan
    assert promotion_is_open(OPEN, DEADLINE)  # the deadline is for newcomers
    assert promotion_is_open(OPEN, begins - MS)
    assert not promotion_is_open(OPEN, begins)
    for state in ("draft", "closed", "cancelled"):
        assert not promotion_is_open(replace(OPEN, edition_state=state), NOW)
    assert promotion_is_open(replace(OPEN, starts_on=None, ends_on=None), NOW)


def test_the_head_comes_first_whatever_the_order_given() -> None:
    queue = [Waiting("c", 7), Waiting("a", 2), Waiting("b", 3)]
    given_seats = allocate_next(queue, capacity=4, taken={1, 3}, approval="first_come")
    assert given_seats == (("a", 2), ("b", 4))


def test_gates_of_persons_are_passed_over() -> None:
    queue = [
        Waiting("suspended", 1, suspended=True, approved=True),
        Waiting("unapproved", 2),
        Waiting("approved", 3, approved=True),
    ]
    assert allocate_next(queue, capacity=1, taken=(), approval="organiser") == (("approved", 1),)
    assert allocate_next(queue, capacity=1, taken=(), approval="first_come") == (("unapproved", 1),)


def test_more_seats_held_than_there_are_leaves_none() -> None:
    assert allocate_seat(2, {1, 2, 3}) is None
    assert allocate_seat(3, {2, 3}) == 1
    assert allocate_seat(None, {1, 2}) == 3


waiting_lists = st.lists(
    st.builds(
        Waiting,
        enrolment_id=st.uuids().map(str),
        queue_position=st.integers(1, 10_000),
        suspended=st.booleans(),
        approved=st.booleans(),
    ),
    unique_by=lambda w: w.queue_position,
)


@given(
    queue=waiting_lists,
    capacity=st.none() | st.integers(0, 20),
    taken=st.sets(st.integers(1, 25)),
    approval=st.sampled_from(["first_come", "organiser"]),
)
def test_seats_are_never_given_twice_nor_beyond_nor_out_of_turn(
    queue: list[Waiting], capacity: int | None, taken: set[int], approval: str
) -> None:
    pairs = allocate_next(queue, capacity=capacity, taken=taken, approval=approval)
    seats = [seat for _id, seat in pairs]
    assert len(set(seats)) == len(seats)
    assert not taken & set(seats)
    assert capacity is None or not seats or len(taken) + len(seats) <= capacity
    eligible = sorted(
        (w for w in queue if may_be_promoted(w, approval)), key=lambda w: w.queue_position
    )
    assert [i for i, _seat in pairs] == [w.enrolment_id for w in eligible[: len(pairs)]]
    if len(pairs) < len(eligible):
        assert capacity is not None
        assert len(taken) + len(pairs) >= capacity


def test_every_state_has_its_word_for_the_rights_decision() -> None:
    assert set(RIGHTS_STATUS) == {state.value for state in EnrolmentState}


def test_ways_to_attend_follow_the_mode() -> None:
    assert ways_to_attend("hybrid") == ("venue", "web")
    assert ways_to_attend("venue") == ("venue",)
    assert ways_to_attend("web") == ways_to_attend("on_demand") == ("web",)
