"""Many complete at the same moment; one person by two things at once. On the engine under test."""

from functools import partial

from flask import Flask

from lms.completion.operations import judge_people
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.kernel.ids import PersonId
from lms.sessions.events import AttendanceChanged
from lms.sessions.models import Attendance
from tests.at_once import at_once
from tests.completion.conftest import Course
from tests.conftest import add_person

CROWD = 16


def test_numbers_have_neither_gaps_nor_twins(course: Course, app: Flask) -> None:
    course.rule(course.requirement(0, "attend"))
    with unit_of_work():
        people = [add_person(f"crowd{n}", "群", f"{n}") for n in range(CROWD)]
    for person in people:
        course.enrol(person)
        with unit_of_work():
            db.session.add(
                Attendance(
                    live_session_id=course.sessions[0].id,
                    person_id=person.id,
                    status="present",
                    set_at=course.now,
                )
            )
    acts = [
        partial(judge_people, [PersonId(person.id)], course.id, "test", at=course.now)
        for person in people
        for _twice in range(2)
    ]

    assert at_once(app, acts) == []

    numbers = [certificate.number for certificate in course.certificates()]
    assert numbers == [f"2026-{n:04d}" for n in range(1, CROWD + 1)]


def test_two_halves_at_once_complete(course: Course, app: Flask) -> None:
    course.both_parts()
    me = PersonId(course.cast.trainee.id)
    ids = [session.id for session in course.sessions]

    def attend(session_id: str) -> None:
        db.session.add(
            Attendance(
                live_session_id=session_id, person_id=me, status="present", set_at=course.now
            )
        )
        raise_event(AttendanceChanged(session_id, course.id, me, course.now))  # type: ignore[arg-type] # a plain id

    assert at_once(app, [partial(attend, one) for one in ids]) == []

    assert len(course.achievements()) == 1
    assert [one.number for one in course.certificates()] == ["2026-0001"]
