"""Everyone presses at the same minute; two desks send the same roster. On the engine under test."""

from functools import partial

from flask import Flask
from sqlalchemy import func, select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor
from lms.kernel.ids import PersonId
from lms.sessions.models import Attendance, AttendanceStatus, JoinPress
from lms.sessions.operations import AttendanceMark, join_live_session, record_attendance
from tests.at_once import at_once
from tests.conftest import add_person
from tests.sessions.conftest import ENDS_AT, OPEN_AT, World

CROWD = 20


def test_every_press_of_a_crowd_is_kept(world: World, app: Flask) -> None:
    key = world.add()
    with unit_of_work():
        people = [add_person(f"crowd{n}", "群", f"{n}") for n in range(CROWD)]
    for person in people:
        world.enrol(person)
    acts = [
        partial(join_live_session, Actor(person_id=PersonId(person.id)), key, at=OPEN_AT)
        for person in people
        for _twice in range(2)
    ]

    assert at_once(app, acts) == []

    db.session.rollback()
    rows = db.session.execute(
        select(JoinPress.person_id, func.count()).group_by(JoinPress.person_id)
    )
    assert sorted(count for _person, count in rows) == [2] * CROWD


def test_the_same_roster_sent_twice_at_once_is_one_entry(world: World, app: Flask) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)
    mark = AttendanceMark(trainee, AttendanceStatus.PRESENT, "venue")
    act = partial(record_attendance, world.organiser, key, [mark], at=ENDS_AT)

    assert at_once(app, [act] * 4) == []

    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Attendance)) == 1
    assert (
        db.session.scalar(
            select(func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.action == "attendance.recorded")
        )
        == 1
    )
