"""Reading lessons and earning completions, on a real database."""

from datetime import datetime

import pytest
from sqlalchemy import select

from lms.courses.models import Edition, Lesson, Part, Programme
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import ANONYMOUS
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, LessonId, PersonId, ProgrammeId
from lms.records.operations import (
    mark_lesson_read,
    mark_lesson_unread,
    record_achievement,
    revoke_achievement,
)
from lms.records.queries import (
    find_achievement,
    has_completed,
    list_achievements,
    read_lesson_ids,
    readers_of,
)
from tests.conftest import Cast


@pytest.fixture
def course(cast: Cast, now: datetime) -> tuple[ProgrammeId, EditionId, LessonId]:
    assert cast.trainee.id
    with unit_of_work():
        programme = Programme(
            slug="p", kind="series", title={"en": "P"}, summary={}, purpose={}, audience={},
            languages=["en"], created_at=now,
        )  # fmt: skip
        db.session.add(programme)
        db.session.flush()
        edition = Edition(
            programme_id=programme.id, slug="e", title={"en": "E"}, mode="web", languages=["en"],
            created_at=now,
        )  # fmt: skip
        db.session.add(edition)
        db.session.flush()
        part = Part(edition_id=edition.id, slug="a", position=1, title={"en": "A"}, summary={})
        db.session.add(part)
        db.session.flush()
        lesson = Lesson(
            part_id=part.id, slug="l", position=1, title={"en": "L"}, objectives={}, body={},
            sources={}, glossary={},
        )  # fmt: skip
        db.session.add(lesson)
        db.session.flush()
    return ProgrammeId(programme.id), EditionId(edition.id), LessonId(lesson.id)


def test_reading_is_noted_once_and_can_be_taken_back(
    cast: Cast, course: tuple[ProgrammeId, EditionId, LessonId], now: datetime
) -> None:
    _programme, edition_id, lesson_id = course
    actor = cast.actor("trainee")
    assert actor.person_id is not None
    with unit_of_work():
        assert mark_lesson_read(actor, lesson_id, edition_id, at=now) is True
        assert mark_lesson_read(actor, lesson_id, edition_id, at=now) is False
    assert read_lesson_ids(actor.person_id, [lesson_id]) == {lesson_id}
    assert readers_of([lesson_id]) == {lesson_id: {actor.person_id}}
    with unit_of_work():
        assert mark_lesson_unread(actor, lesson_id, edition_id, at=now) is True
        assert mark_lesson_unread(actor, lesson_id, edition_id, at=now) is False
    assert read_lesson_ids(actor.person_id, [lesson_id]) == set()


def test_somebody_unknown_reads_without_a_note(
    course: tuple[ProgrammeId, EditionId, LessonId], now: datetime
) -> None:
    with pytest.raises(NotFoundError), unit_of_work():
        mark_lesson_read(ANONYMOUS, course[2], course[1], at=now)
    assert readers_of([course[2]]) == {course[2]: set()}


def test_earned_once_kept_and_revoked_only_by_a_person(
    cast: Cast, course: tuple[ProgrammeId, EditionId, LessonId], now: datetime
) -> None:
    programme_id, edition_id, _lesson = course
    person_id = PersonId(cast.trainee.id)
    with unit_of_work():
        earned = record_achievement(person_id, edition_id, programme_id, at=now)
        assert record_achievement(person_id, edition_id, programme_id, at=now) is None
    assert earned is not None
    assert has_completed(person_id, programme_id) is True
    assert [one.id for one in list_achievements(person_id)] == [earned.id]
    with unit_of_work():
        standing = find_achievement(person_id, edition_id)
        assert standing is not None
        revoke_achievement(cast.actor("organiser"), standing, "a mistake", at=now)
    assert has_completed(person_id, programme_id) is False
    assert list_achievements(person_id) == []
    with unit_of_work():
        assert record_achievement(person_id, edition_id, programme_id, at=now) is None
    acts = db.session.scalars(select(AuditEntry.action)).all()
    assert acts == ["achievement.revoked"]
