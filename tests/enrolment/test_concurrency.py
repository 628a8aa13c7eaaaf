"""Thirty people at once for ten seats, on the engine under test."""

from collections import Counter
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from lms.courses.models import Edition
from lms.enrolment.models import Enrolment
from lms.enrolment.operations import apply_for_edition, withdraw_enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor
from lms.kernel.ids import PersonId
from tests.at_once import at_once
from tests.conftest import NOW, add_person
from tests.enrolment.conftest import add_edition


def _people(count: int) -> list[Actor]:
    with unit_of_work():
        return [
            Actor(person_id=PersonId(add_person(f"crowd{n}", "群", f"{n}").id))
            for n in range(count)
        ]


@pytest.fixture
def crowd(app: Flask) -> list[Actor]:
    del app  # its context is what is needed
    return _people(30)


def _rows(edition_id: str) -> list[Enrolment]:
    db.session.rollback()
    return list(
        db.session.scalars(
            select(Enrolment)
            .where(Enrolment.edition_id == edition_id)
            .execution_options(populate_existing=True)
        )
    )


def test_ten_seats_hold_ten_of_thirty_who_apply_at_once(app: Flask, crowd: list[Actor]) -> None:
    with unit_of_work():
        edition_id = add_edition(capacity=10).id
    faults = at_once(app, [partial(apply_for_edition, edition_id, actor=a, at=NOW) for a in crowd])
    assert faults == []
    rows = _rows(edition_id)
    assert Counter(row.state for row in rows) == {"enrolled": 10, "waitlisted": 20}
    assert {row.seat for row in rows if row.seat is not None} == set(range(1, 11))
    places = [row.queue_position for row in rows if row.state == "waitlisted"]
    assert sorted(places, key=str) == sorted(range(1, 21), key=str)


def test_seats_given_up_at_once_go_to_the_head_of_the_list_and_not_to_newcomers(
    app: Flask, crowd: list[Actor]
) -> None:
    first, waiting, newcomers = crowd[:5], crowd[5:15], crowd[15:25]
    with unit_of_work():
        edition_id = add_edition(capacity=5).id
        for actor in (*first, *waiting):
            apply_for_edition(edition_id, actor=actor, at=NOW)
    faults = at_once(
        app,
        [
            *[partial(withdraw_enrolment, edition_id, actor=a, at=NOW) for a in first],
            *[partial(apply_for_edition, edition_id, actor=a, at=NOW) for a in newcomers],
        ],
    )
    assert faults == []
    state = {row.person_id: row for row in _rows(edition_id)}
    assert {state[a.person_id or ""].state for a in first} == {"withdrawn"}
    assert [state[a.person_id or ""].state for a in waiting] == ["enrolled"] * 5 + [
        "waitlisted"
    ] * 5
    assert {state[a.person_id or ""].state for a in newcomers} == {"waitlisted"}
    held = [row.seat for row in state.values() if row.state == "enrolled"]
    assert sorted(held, key=str) == sorted(range(1, 6), key=str)


def test_the_database_itself_refuses_a_second_holder_of_a_seat(crowd: list[Actor]) -> None:
    with unit_of_work():
        edition = add_edition(capacity=5)
        for actor in crowd[:2]:
            apply_for_edition(edition.id, actor=actor, at=NOW)
    rows = _rows(edition.id)
    rows[1].seat = rows[0].seat
    with pytest.raises(Exception, match=r"(?i)unique"):
        db.session.flush()
    db.session.rollback()
    assert db.session.get(Edition, edition.id) is not None
