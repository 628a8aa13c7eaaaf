"""Putting an edition off: new dates together, dates to follow, answers, seats, what stays."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bench.world import counted
from lms.courses.models import Edition, EditionState
from lms.courses.rules import read_edition_notice
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.errors import InvalidInputError, NotFoundError, RefusedError
from lms.people.models import Person
from lms.sessions import queries
from lms.sessions.models import (
    EditionPostponement,
    LiveSession,
    PostponementAnswer,
    ProviderMeeting,
    SessionChange,
)
from lms.sessions.operations import cancel_live_session
from lms.sessions.operations.cloning import plan_clone
from lms.sessions.operations.groups import GroupPlan, Placing, add_group, place_people
from lms.sessions.operations.postponing import (
    PostponePlan,
    SessionMove,
    answer_new_dates,
    move_of,
    note_answer,
    postpone_edition,
    settle_answers,
)
from lms.sessions.queries import postponing as reading
from lms.sessions.queries.meetings import find_wanted_meeting
from lms.sessions.rules.postponing import (
    Cause,
    Days,
    PostponeKind,
    count_answers,
    new_days,
    overlapping,
    remind_at,
    suggest_answer_until,
)
from tests.at_once import at_once
from tests.conftest import NOW
from tests.sessions.conftest import World, add_edition

SignIn = Callable[[Person], FlaskClient]
LATER = {
    "starts_local": datetime(2026, 11, 2, 16, 0),  # noqa: DTZ001 - wall time
    "ends_local": datetime(2026, 11, 2, 17, 30),  # noqa: DTZ001
}
SECOND = {
    "starts_local": datetime(2026, 11, 9, 16, 0),  # noqa: DTZ001
    "ends_local": datetime(2026, 11, 9, 17, 30),  # noqa: DTZ001
}
UNTIL = NOW + timedelta(days=10)
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(cast: Any) -> World:
    programme, edition = add_edition("labour-lectures", "published", NOW)
    with unit_of_work():
        row = db.session.get_one(Edition, edition.id)
        row.starts_on, row.ends_on = date(2026, 11, 1), date(2026, 11, 10)
        row.apply_until_at = NOW + timedelta(days=3)
        row.capacity, row.published_at = 2, NOW
    return World(cast, programme, edition, NOW)


def plan(world: World, *, shift: timedelta = WEEK, **changes: Any) -> PostponePlan:
    cards = reading.list_movable(world.edition_id, NOW)
    given_plan = PostponePlan(
        PostponeKind.MOVED, Cause.WEATHER, {"ja": "台風のため", "en": "A typhoon"},
        tuple(move_of(card, shift) for card in cards), UNTIL,
    )  # fmt: skip
    return replace(given_plan, **changes)


def put_off(world: World, at: datetime = NOW, **changes: Any) -> str:
    with unit_of_work():
        return postpone_edition(world.organiser, world.edition_id, plan(world, **changes), at=at)


def hold(world: World, at: datetime = NOW) -> str:
    return put_off(world, at, kind=PostponeKind.OPEN, moves=(), answer_until=None)


def edition(world: World) -> Edition:
    db.session.rollback()
    return db.session.get_one(Edition, world.edition_id)


def state_of(world: World, person: Person) -> str:
    db.session.rollback()
    return str(
        db.session.scalars(
            select(Enrolment.state).where(
                Enrolment.edition_id == world.edition_id, Enrolment.person_id == person.id
            )
        ).one()
    )


def add_waiting(world: World, person: Person) -> None:
    with unit_of_work():
        db.session.add(
            Enrolment(
                edition_id=world.edition_id, person_id=person.id, queue_position=1,
                state=EnrolmentState.WAITLISTED, applied_at=NOW, changed_at=NOW,
            )
        )  # fmt: skip


# --- the rules ----------------------------------------------------------------------------------

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(
    st.lists(DAYS, min_size=1, max_size=6),
    st.integers(-300, 300),
    st.booleans(),
)
def test_an_edition_moves_with_its_sessions_and_none_lies_outside(
    before: list[date], shift: int, has_begun: bool
) -> None:
    after = [day + timedelta(days=shift) for day in before]
    days = Days(min(before), max(before))
    moved = new_days(days, before, after, has_begun=has_begun)
    assert moved.ends_on is not None
    assert moved.starts_on is not None
    assert moved.starts_on <= moved.ends_on
    assert moved.ends_on >= max(after)
    if not has_begun:
        assert moved == Days(min(after), max(after))
    unknown = new_days(Days(None, None), before, after, has_begun=False)
    assert unknown == Days(min(after), max(after))


def test_people_are_reminded_three_days_before_the_end_or_in_the_middle() -> None:
    assert remind_at(NOW, NOW + timedelta(days=10)) == NOW + timedelta(days=7)
    assert remind_at(NOW, NOW + timedelta(days=2)) == NOW + timedelta(days=1)


@given(st.integers(1, 100_000))
def test_the_suggested_end_lies_between_now_and_the_first_session(minutes: int) -> None:
    first_at = NOW + timedelta(minutes=minutes)
    until = suggest_answer_until(NOW, first_at, ZoneInfo("Asia/Tokyo"))
    assert NOW < until < first_at


def test_what_overlaps_anew_is_found_and_groups_side_by_side_are_not() -> None:
    hours = [NOW + timedelta(hours=n) for n in range(6)]
    before = [(hours[0], hours[1]), (hours[0], hours[1]), (hours[2], hours[3])]
    after = [(hours[0], hours[1]), (hours[0], hours[1]), (hours[0], hours[1])]
    assert overlapping(after, before) == ((0, 2), (1, 2))
    assert overlapping(before, before) == ()


def test_a_no_counts_though_the_seat_is_gone() -> None:
    counts = count_answers(
        [("yes", True), ("no", False), ("", True), ("", False), ("unsure", True)]
    )
    assert (counts.yes, counts.no, counts.none, counts.gone, counts.unsure) == (1, 1, 1, 1, 1)


# --- to new dates -------------------------------------------------------------------------------


def test_all_sessions_to_come_move_together_and_seats_stay(world: World) -> None:
    past = world.add(
        starts_local=datetime(2026, 10, 1, 16, 0),  # noqa: DTZ001
        ends_local=datetime(2026, 10, 1, 17, 0),  # noqa: DTZ001
    )
    first, second = world.add(**LATER), world.add(**SECOND)
    gone = world.add(**SECOND)
    with unit_of_work():
        cancel_live_session(world.organiser, gone, at=NOW)
        db.session.get_one(Edition, world.edition_id).starts_on = date(2026, 10, 1)
    world.enrol(world.cast.trainee)
    add_waiting(world, world.cast.overseas)
    put_off(world)
    rows = {row.id: row for row in db.session.scalars(select(LiveSession))}
    assert rows[first].starts_local == LATER["starts_local"] + WEEK
    assert rows[second].ends_at == datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
    assert {key: row.sequence for key, row in rows.items()} == {
        past: 0, first: 1, second: 1, gone: 1,
    }  # fmt: skip
    assert rows[gone].starts_local == SECOND["starts_local"]
    row = edition(world)
    # It has begun, so it keeps its first day; the last moves with the last session.
    assert (row.starts_on, row.ends_on) == (date(2026, 10, 1), date(2026, 11, 17))
    assert row.apply_until_at == NOW + timedelta(days=10)
    notice = read_edition_notice(row.notice)
    assert notice is not None
    assert (notice.kind, notice.cause, notice.answer_until) == ("moved", "weather", UNTIL)
    assert notice.shown_until == datetime(2026, 11, 9, 7, 0, tzinfo=UTC)
    assert state_of(world, world.cast.trainee) == "enrolled"
    assert state_of(world, world.cast.overseas) == "waitlisted"
    asked = list(db.session.scalars(select(PostponementAnswer.person_id)))
    assert asked == [world.cast.trainee.id]
    actions = set(db.session.scalars(select(AuditEntry.action)))
    assert {"edition.postponed", "edition.put_off", "live_session.put_off"} <= actions


def test_a_session_may_be_corrected_and_one_that_stays_is_told_nothing_new(world: World) -> None:
    first, second = world.add(**LATER), world.add(**SECOND)
    moves = tuple(
        SessionMove(
            card.id,
            card.starts_local + (timedelta(days=3, hours=2) if card.id == first else timedelta()),
            card.ends_local + (timedelta(days=3, hours=2) if card.id == first else timedelta()),
        )
        for card in reading.list_movable(world.edition_id, NOW)
    )
    put_off(world, moves=moves)
    cards = {card.id: card for card in queries.list_edition_sessions(world.edition_id)}
    assert cards[first].starts_local == datetime(2026, 11, 5, 18, 0)  # noqa: DTZ001
    assert (cards[second].sequence, cards[second].notice) == (0, None)
    row = edition(world)
    assert (row.starts_on, row.ends_on) == (date(2026, 11, 4), date(2026, 11, 10))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"moves": ()}, "sessions_changed"),
        ({"answer_until": None}, "answer_until_missing"),
        ({"answer_until": NOW}, "answer_until_past"),
        ({"answer_until": NOW + timedelta(days=60)}, "answer_until_late"),
        ({"cause": Cause.OTHER, "words": {"ja": "都合により"}}, "words_missing"),
        ({"words": {"en": "x" * 501}}, "words_too_long"),
        ({"shift": -timedelta(days=60)}, "already_past"),
        ({"shift": timedelta(days=40000)}, "unlikely_year"),
    ],
)
def test_what_does_not_fit_changes_nothing(
    world: World, changes: dict[str, Any], code: str
) -> None:
    world.add(**LATER)
    with pytest.raises(InvalidInputError) as caught:
        put_off(world, **changes)
    assert caught.value.code == code
    db.session.rollback()
    assert db.session.scalars(select(EditionPostponement)).all() == []
    assert queries.list_edition_sessions(world.edition_id)[0].sequence == 0


def test_only_a_published_edition_with_sessions_to_come_is_put_off(world: World) -> None:
    with pytest.raises(RefusedError) as caught:
        put_off(world)
    assert caught.value.code == "nothing_to_move"
    db.session.rollback()
    world.add(**LATER)
    with unit_of_work():
        db.session.get_one(Edition, world.edition_id).state = EditionState.DRAFT
    with pytest.raises(RefusedError) as caught:
        put_off(world)
    assert caught.value.code == "not_published"
    with pytest.raises(NotFoundError), unit_of_work():
        postpone_edition(world.cast.actor("trainee"), world.edition_id, plan(world), at=NOW)


def test_the_same_twice_is_told_once(world: World) -> None:
    world.add(**LATER)
    once = plan(world)
    for kind in ("moved", "open"):
        again = once if kind == "moved" else replace(
            once, kind=PostponeKind.OPEN, moves=(), answer_until=None
        )  # fmt: skip
        with unit_of_work():
            postpone_edition(world.organiser, world.edition_id, again, at=NOW)
        with pytest.raises(RefusedError) as caught, unit_of_work():
            postpone_edition(world.organiser, world.edition_id, again, at=NOW)
        assert caught.value.code == "no_change"


# --- dates to follow ----------------------------------------------------------------------------


def test_what_is_on_hold_is_not_held_and_gets_its_date_later(
    world: World, clock: time_machine.Traveller
) -> None:
    key = world.add(**LATER)
    world.enrol(world.cast.trainee)
    with unit_of_work():
        db.session.add(
            ProviderMeeting(
                live_session_id=key, provider="zoom", state="ready", meeting_id="1", created_at=NOW
            )
        )
    hold(world)
    card = queries.get_live_session(key)
    assert card.is_cancelled
    assert card.is_on_hold
    assert card.notice is not None
    assert card.notice.kind == "postponed"
    assert (edition(world).starts_on, edition(world).ends_on) == (None, None)
    assert db.session.scalars(select(PostponementAnswer)).all() == []  # nothing to ask yet
    wanted = find_wanted_meeting(key)
    assert wanted is not None
    assert not wanted.is_cancelled  # the service keeps the meeting and moves it later

    after = NOW + timedelta(days=60)  # the old date has long gone by
    clock.move_to(after)
    cards = reading.list_movable(world.edition_id, after)
    assert [one.id for one in cards] == [key]
    moves = tuple(move_of(one, timedelta(days=90)) for one in cards)
    put_off(world, after, moves=moves, answer_until=after + timedelta(days=7))
    card = queries.get_live_session(key)
    assert (card.is_cancelled, card.is_on_hold, card.sequence) == (False, False, 2)
    assert card.starts_local == LATER["starts_local"] + timedelta(days=90)
    assert edition(world).ends_on == date(2027, 1, 31)
    assert [row.kind for row in db.session.scalars(select(SessionChange).order_by(SessionChange.at))
            ] == ["postponed", "moved"]  # fmt: skip
    assert len(db.session.scalars(select(PostponementAnswer)).all()) == 1


def test_pages_bear_an_edition_that_has_begun_and_waits_for_its_dates(
    world: World, sign_in: SignIn
) -> None:
    begun = datetime(2026, 10, 1, 16, 0)  # noqa: DTZ001
    world.add(starts_local=begun, ends_local=begun + timedelta(hours=1))
    world.add(**LATER)
    with unit_of_work():
        db.session.get_one(Edition, world.edition_id).starts_on = begun.date()
    world.enrol(world.cast.trainee)
    hold(world)
    assert (edition(world).starts_on, edition(world).ends_on) == (begun.date(), None)
    desk, me = sign_in(world.cast.organiser), sign_in(world.cast.trainee)
    for client, address in (
        (desk, "/desk"),
        (desk, "/desk/programmes"),
        (desk, f"/desk/editions/{world.edition_id}"),
        (desk, f"/desk/editions/{world.edition_id}/settings"),
        (desk, f"/desk/editions/{world.edition_id}/sessions"),
        (desk, f"/desk/editions/{world.edition_id}/postpone"),
        (desk, f"/desk/editions/{world.edition_id}/again"),
        (me, "/courses"),
        (me, "/courses/labour-lectures/2026"),
        (me, "/courses/labour-lectures/2026/timetable"),
        (me, "/my/record"),
        (me, "/my/schedule"),
    ):
        assert client.get(address).status_code == 200, address
    plans = plan_clone(world.organiser, world.edition_id, shift=WEEK).sessions
    assert len(plans) == 2  # what waits for a date is held again too


def test_what_was_on_hold_can_be_called_off_for_good(world: World) -> None:
    key = world.add(**LATER)
    world.enrol(world.cast.trainee)
    hold(world)
    later = NOW + timedelta(minutes=5)
    put_off(world, later, kind=PostponeKind.OFF, moves=(), answer_until=None)
    card = queries.get_live_session(key)
    assert (card.is_cancelled, card.is_on_hold) == (True, False)
    assert edition(world).state == "cancelled"
    assert state_of(world, world.cast.trainee) == "cancelled"
    notice = read_edition_notice(edition(world).notice)
    assert notice is not None
    assert notice.words["en"] == "A typhoon"


# --- answers ------------------------------------------------------------------------------------


def answer(world: World, who: str, said: str, at: datetime = NOW) -> None:
    with unit_of_work():
        answer_new_dates(world.cast.actor(who), world.edition_id, said, at=at)


def test_a_no_frees_the_seat_and_the_list_moves_up(world: World) -> None:
    world.add(**LATER)
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.other_trainee)
    add_waiting(world, world.cast.overseas)
    put_off(world)
    answer(world, "other_trainee", "unsure")
    answer(world, "other_trainee", "yes")
    answer(world, "trainee", "no")
    assert state_of(world, world.cast.trainee) == "withdrawn"
    assert state_of(world, world.cast.overseas) == "enrolled"
    row = reading.find_postponement(world.edition_id)
    assert row is not None
    counts = reading.count_asked(reading.list_asked(row))
    assert (counts.yes, counts.no, counts.unsure, counts.none) == (1, 1, 0, 0)
    with pytest.raises(RefusedError) as caught:
        answer(world, "trainee", "yes")
    assert caught.value.code == "seat_gone"
    # Who moved up read of the new dates in the mail about the seat, and is not asked.
    with pytest.raises(NotFoundError):
        answer(world, "overseas", "yes")


def test_answers_end_when_the_first_session_begins(world: World) -> None:
    world.add(**LATER)
    world.enrol(world.cast.trainee)
    put_off(world)
    answer(world, "trainee", "unsure", UNTIL + timedelta(days=1))  # late, and welcome
    with pytest.raises(RefusedError) as caught:
        answer(world, "trainee", "no", datetime(2026, 11, 9, 7, 0, tzinfo=UTC))
    assert caught.value.code == "answers_over"
    assert state_of(world, world.cast.trainee) == "enrolled"


def test_the_organiser_decides_about_seats_without_an_answer(world: World) -> None:
    world.add(**LATER)
    for person in (world.cast.trainee, world.cast.other_trainee):
        world.enrol(person)
    add_waiting(world, world.cast.overseas)
    put_off(world)
    answer(world, "other_trainee", "unsure")
    with unit_of_work():
        count = settle_answers(
            world.organiser, world.edition_id, "", keep=False, reason="No answer", at=NOW
        )
    assert count == 1
    assert state_of(world, world.cast.trainee) == "cancelled"
    assert state_of(world, world.cast.overseas) == "enrolled"
    with unit_of_work():
        settle_answers(world.organiser, world.edition_id, "unsure", keep=True, reason="", at=NOW)
    assert state_of(world, world.cast.other_trainee) == "enrolled"
    row = reading.find_postponement(world.edition_id)
    assert row is not None
    assert row.settled_at == NOW
    assert reading.list_unreminded_ids(row) == []
    with pytest.raises(RefusedError) as caught, unit_of_work():
        settle_answers(world.organiser, world.edition_id, "", keep=True, reason="", at=NOW)
    assert caught.value.code == "nobody_left"
    for group in ("yes", "x"):
        with pytest.raises(InvalidInputError), unit_of_work():
            settle_answers(world.organiser, world.edition_id, group, keep=True, reason="", at=NOW)


def test_what_somebody_said_by_telephone_is_noted(world: World) -> None:
    world.add(**LATER)
    world.enrol(world.cast.trainee)
    put_off(world)
    with unit_of_work():
        note_answer(
            world.organiser, world.edition_id, world.cast.trainee.id, "yes", reason="", at=NOW
        )
    row = reading.find_postponement(world.edition_id)
    assert row is not None
    [one] = reading.list_asked(row)
    assert (one.answer, one.by_other) == ("yes", True)
    with unit_of_work():
        note_answer(
            world.organiser, world.edition_id, world.cast.trainee.id, "no", reason="Cannot", at=NOW
        )
    assert state_of(world, world.cast.trainee) == "cancelled"
    with pytest.raises(NotFoundError), unit_of_work():
        note_answer(
            world.cast.actor("trainee"), world.edition_id, world.cast.trainee.id, "yes",
            reason="", at=NOW,
        )  # fmt: skip


def test_a_second_postponement_asks_everybody_anew(world: World) -> None:
    world.add(**LATER)
    world.enrol(world.cast.trainee)
    put_off(world)
    answer(world, "trainee", "yes")
    put_off(world, NOW + timedelta(hours=1), shift=timedelta(days=14))
    row = reading.find_postponement(world.edition_id)
    assert row is not None
    assert [one.answer for one in reading.list_asked(row)] == [""]
    assert [one.id for one in reading.list_open_postponements(NOW)] == [row.id]


# --- at the same time ---------------------------------------------------------------------------


def test_two_presses_at_once_are_one_act(app: Flask, world: World) -> None:
    world.add(**LATER)
    world.enrol(world.cast.trainee)
    once, actor = plan(world), world.organiser
    act = partial(postpone_edition, actor, world.edition_id, once, at=NOW)
    db.session.remove()
    faults = at_once(app, [act] * 3)
    assert [getattr(fault, "code", repr(fault)) for fault in faults] == ["no_change"] * 2
    assert len(db.session.scalars(select(EditionPostponement)).all()) == 1
    assert [card.sequence for card in queries.list_edition_sessions(world.edition_id)] == [1]


def test_answers_at_the_moment_of_the_decision_leave_one_person_a_seat(
    app: Flask, world: World
) -> None:
    world.add(**LATER)
    for person in (world.cast.trainee, world.cast.other_trainee):
        world.enrol(person)
    add_waiting(world, world.cast.overseas)
    put_off(world)
    me, staff = world.cast.actor("trainee"), world.organiser
    db.session.remove()
    faults = at_once(
        app,
        [
            partial(answer_new_dates, me, world.edition_id, "no", at=NOW),
            partial(answer_new_dates, me, world.edition_id, "yes", at=NOW),
            partial(
                settle_answers, staff, world.edition_id, "", keep=False, reason="x", at=NOW
            ),
        ],
    )  # fmt: skip
    assert all(isinstance(fault, RefusedError) for fault in faults), faults
    seats = db.session.scalars(
        select(Enrolment.seat).where(
            Enrolment.edition_id == world.edition_id, Enrolment.seat.is_not(None)
        )
    ).all()
    assert len(seats) == len(set(seats)) <= 2
    assert state_of(world, world.cast.overseas) == "enrolled"


# --- the pages ----------------------------------------------------------------------------------


def test_the_preview_shows_dates_and_clashes_then_all_is_done_in_one_act(
    world: World, sign_in: SignIn
) -> None:
    key = world.add(**LATER)
    world.add(**SECOND)
    world.enrol(world.cast.trainee)
    desk = sign_in(world.cast.organiser)
    address = f"/desk/editions/{world.edition_id}/postpone"
    assert desk.get(address).status_code == 200
    fields = {"kind": "moved", "cause": "weather", "days": "1", "words_en": "A typhoon comes"}
    answer_page = desk.post(address, data={**fields, "look": "1"})
    assert answer_page.status_code == 200
    page = answer_page.get_data(as_text=True)
    # The third of November is a holiday in Japan.
    assert "文化の日" in page
    assert 'data-testid="postpone-save"' in page
    assert f'name="day-{key}" value="2026-11-03"' in page
    mark = page.split('name="anyway" value="')[1].split('"')[0]
    until = {"answer_on": "2026-10-19", "answer_time": "17:00", "shown_days": "1",
             "with_deadline": "y"}  # fmt: skip
    changed = desk.post(
        address,
        data={**fields, **until, f"day-{key}": "2026-11-04", f"starts-{key}": "18:00",
              f"ends-{key}": "19:30", "anyway": mark},
    )  # fmt: skip
    assert changed.status_code == 200  # something else than was looked at: shown again
    page = changed.get_data(as_text=True)
    assert "文化の日" not in page
    mark = page.split('name="anyway" value="')[1].split('"')[0]
    done = desk.post(
        address,
        data={**fields, **until, f"day-{key}": "2026-11-04", f"starts-{key}": "18:00",
              f"ends-{key}": "19:30", "anyway": mark},
    )  # fmt: skip
    assert done.status_code == 303
    cards = {card.id: card for card in queries.list_edition_sessions(world.edition_id)}
    assert cards[key].starts_local == datetime(2026, 11, 4, 18, 0)  # noqa: DTZ001
    page = desk.get(done.location).get_data(as_text=True)
    assert "山瀬 春夫" in page
    told = desk.get(f"/desk/sessions/{key}/told")
    assert told.status_code == 200


def two_groups(world: World, sign_in: SignIn) -> tuple[str, str, Callable[..., dict[str, str]]]:
    """Put a person into each of two groups, with a session of each at the same time.

    Return the two sessions, and how to look at the notes of each when the days are these.
    """
    cast, keys = world.cast, []
    for title, person in (("Red", cast.trainee), ("Blue", cast.other_trainee)):
        world.enrol(person)
        with unit_of_work():
            group = add_group(
                world.organiser, world.edition_id, GroupPlan(title={"ja": title}), at=NOW
            )
            place_people(
                world.organiser, world.edition_id, [Placing(person.id, group, None)], at=NOW
            )
        keys.append(world.add(**LATER, group_ids=(group,), title={"ja": title}))
    red, blue = keys
    desk = sign_in(cast.organiser)

    def look(red_day: str, blue_day: str, **more: str) -> dict[str, str]:
        fields = {"kind": "moved", "cause": "weather", "days": "7", "shown_days": "7",
                  "words_en": "A typhoon comes", "anyway": "x",
                  f"day-{red}": red_day, f"day-{blue}": blue_day}  # fmt: skip
        for key in cards():
            fields.setdefault(f"day-{key}", "2026-11-09")
            fields[f"starts-{key}"], fields[f"ends-{key}"] = "16:00", "17:30"
        answer_page = desk.post(
            f"/desk/editions/{world.edition_id}/postpone", data={**fields, **more}
        )
        assert answer_page.status_code == 200
        rows = answer_page.get_data(as_text=True).split('name="day-')[1:]
        return {row.split('"')[0]: row.split("</tr>")[0] for row in rows}

    def cards() -> list[str]:
        db.session.rollback()
        return [card.id for card in reading.list_movable(world.edition_id, NOW)]

    return red, blue, look


def test_the_preview_tells_only_of_those_whom_a_group_session_is_for(
    world: World, sign_in: SignIn
) -> None:
    red, blue, look = two_groups(world, sign_in)
    programme, other = add_edition("elsewhere", "published", NOW)
    there = World(world.cast, programme, other, NOW)
    there.enrol(world.cast.other_trainee)
    there.add(**SECOND)
    elsewhere = "名が、同じ時間に"

    side_by_side = look("2026-11-09", "2026-11-09")
    assert (elsewhere in side_by_side[red], elsewhere in side_by_side[blue]) == (False, True)
    apart = look("2026-11-09", "2026-11-10")
    assert not any(elsewhere in row for row in apart.values())


def test_groups_that_come_to_meet_side_by_side_are_not_in_each_others_way(
    world: World, sign_in: SignIn
) -> None:
    red, blue, look = two_groups(world, sign_in)
    with unit_of_work():  # so far one after the other
        row = db.session.get_one(LiveSession, blue)
        row.starts_at, row.ends_at = row.starts_at + DAY, row.ends_at + DAY
    common = world.add(**SECOND)

    rows = look("2026-11-16", "2026-11-16", **{f"day-{common}": "2026-11-17"})
    assert not any("line-note" in row for row in rows.values())
    # What is for everybody is in the way of each of them, though not they of each other.
    rows = look("2026-11-16", "2026-11-16", **{f"day-{common}": "2026-11-16"})
    assert [rows[key].count("line-note") for key in (red, blue, common)] == [1, 1, 2]
    # The same lecturer cannot be in both rooms, nor run one group and learn in the other.
    cast = world.cast
    for of_red, of_blue, notes in (
        (cast.speaker.id, cast.speaker.id, 1),
        (None, cast.trainee.id, 1),
        (cast.other_trainee.id, None, 1),
        (None, cast.speaker.id, 0),
    ):
        with unit_of_work():
            db.session.get_one(LiveSession, red).host_id = of_red
            db.session.get_one(LiveSession, blue).host_id = of_blue
        rows = look("2026-11-16", "2026-11-16", **{f"day-{common}": "2026-11-17"})
        assert [rows[key].count("line-note") for key in (red, blue, common)] == [notes, notes, 0]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "sideways"},
        {"kind": "moved", "cause": "weather"},
        {"kind": "moved", "cause": "weather", "days": "99999"},
        {"kind": "moved", "cause": "weather", "days": "-300"},
        {"kind": "moved", "cause": "weather", "days": "7", "answer_on": "2026-13-01"},
        {"kind": "moved", "cause": "weather", "days": "7", "answer_on": "2026-10-20"},
        {"kind": "open", "cause": "other"},
    ],
)
def test_a_form_that_does_not_fit_is_shown_again(
    world: World, sign_in: SignIn, fields: dict[str, str]
) -> None:
    world.add(**LATER)
    desk = sign_in(world.cast.organiser)
    address = f"/desk/editions/{world.edition_id}/postpone"
    page = desk.post(address, data={**fields, "anyway": "x"})
    assert page.status_code in {200, 422}
    if "other" not in fields.values():
        assert page.status_code == 422
    db.session.rollback()
    assert db.session.scalars(select(EditionPostponement)).all() == []


def test_learners_see_the_notice_and_answer(world: World, sign_in: SignIn) -> None:
    world.add(**LATER)
    world.enrol(world.cast.overseas)
    put_off(world)
    me = sign_in(world.cast.overseas)
    course = "/courses/labour-lectures/2026"
    for address in (course, "/my"):
        page = me.get(address).get_data(as_text=True)
        assert "Postponed to new dates" in page
        assert "A typhoon" in page
        assert f"{course}/new-dates" in page
    assert "/new-dates" not in sign_in(world.cast.stranger).get(course).get_data(as_text=True)
    page = me.get(f"{course}/new-dates").get_data(as_text=True)
    assert "2 November 2026 (Mon) 15:00" in page  # in Kuala Lumpur, an hour behind
    assert "9 November 2026 (Mon) 15:00" in page
    assert me.post(f"{course}/new-dates", data={}).status_code == 422
    assert me.post(f"{course}/new-dates", data={"answer": "perhaps"}).status_code == 422
    assert me.post(f"{course}/new-dates", data={"answer": "yes"}).status_code == 303
    assert "Your answer: Can come" in me.get(f"{course}/new-dates").get_data(as_text=True)
    assert me.post(f"{course}/new-dates", data={"answer": "no"}).location == course
    assert state_of(world, world.cast.overseas) == "withdrawn"
    assert me.post(f"{course}/new-dates", data={"answer": "yes"}).status_code == 409
    for who in ("trainee", "stranger", "organiser"):
        other = sign_in(getattr(world.cast, who))
        assert other.get(f"{course}/new-dates").status_code == 404


def test_on_hold_the_pages_say_that_the_date_follows(world: World, sign_in: SignIn) -> None:
    key = world.add(**LATER)
    world.enrol(world.cast.overseas)
    hold(world)
    me = sign_in(world.cast.overseas)
    for address in ("/courses/labour-lectures/2026", "/my", f"/live-sessions/{key}"):
        page = me.get(address).get_data(as_text=True)
        assert "Postponed: the new dates follow" in page or "the new date follows" in page
        assert "This session was cancelled" not in page
    assert me.post(f"/live-sessions/{key}/join").status_code == 409
    page = sign_in(world.cast.organiser).get(f"/desk/sessions/{key}").get_data(as_text=True)
    assert 'data-testid="on-hold-notice"' in page


def test_the_pages_ask_no_more_for_more(world: World, sign_in: SignIn) -> None:
    desk = sign_in(world.cast.organiser)
    address = f"/desk/editions/{world.edition_id}/postpone"
    fields = {"kind": "moved", "cause": "weather", "days": "7", "look": "1"}
    counts: list[list[int]] = []
    for sessions, names in ((2, ("trainee",)), (40, ("overseas", "other_trainee", "stranger"))):
        for number in range(sessions):
            start = LATER["starts_local"] + timedelta(days=number % 20, hours=number // 20)
            world.add(starts_local=start, ends_local=start + timedelta(minutes=30))
        for name in names:
            world.enrol(getattr(world.cast, name))
        put_off(world, NOW + timedelta(minutes=sessions))
        me = sign_in(getattr(world.cast, names[0]))
        found = []
        for ask in (
            lambda: desk.get(address),
            lambda: desk.post(address, data=fields),
            lambda: desk.get(f"/desk/editions/{world.edition_id}/postponed"),
            lambda me=me: me.get("/courses/labour-lectures/2026/new-dates"),
        ):
            db.session.remove()
            ask()  # what a process reads once in a while is known
            db.session.remove()
            with counted() as sent:
                assert ask().status_code == 200
            found.append(len(sent))
        counts.append(found)
    assert counts[0] == counts[1]
    assert all(count <= 14 for count in counts[0]), counts


def test_a_session_called_off_while_its_edition_is_put_off_stays_so(
    world: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(**LATER)
    second = world.add(**SECOND)
    read = reading.list_movable
    act = partial(cancel_live_session, world.organiser, second, at=NOW)
    calls: list[threading.Thread] = []

    def call_off() -> None:
        assert at_once(app, [act]) == []

    def read_and_let_another_act(edition_id: str, at: datetime) -> tuple[queries.SessionCard, ...]:
        cards = read(edition_id, at)
        calls.append(threading.Thread(target=call_off))
        calls[0].start()
        calls[0].join(timeout=0.5)  # waits for the lock, or has done it by then
        return cards

    given_plan = PostponePlan(PostponeKind.OPEN, Cause.STRIKE)
    monkeypatch.setattr(reading, "list_movable", read_and_let_another_act)
    with unit_of_work():
        postpone_edition(world.organiser, world.edition_id, given_plan, at=NOW)
    calls[0].join(timeout=60)
    db.session.rollback()
    row = db.session.get_one(LiveSession, second, populate_existing=True)
    assert (row.cancelled_at, row.on_hold_at) == (NOW, None)


def test_seats_are_settled_in_as_many_queries_for_one_as_for_many(world: World) -> None:
    world.add(**LATER)
    world.enrol(world.cast.trainee)

    def settled() -> int:
        put_off(world, shift=DAY)
        with counted() as queries_made, unit_of_work():
            settle_answers(
                world.organiser, world.edition_id, "", keep=True, reason="", at=NOW + DAY
            )
        return len(queries_made)

    one = settled()
    world.enrol(world.cast.other_trainee)
    assert settled() <= one
