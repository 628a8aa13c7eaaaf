"""Reads of the record of learning."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.ids import EditionId, LessonId, PersonId, ProgrammeId
from lms.records.models import Achievement, LessonReading


def read_lesson_ids(person_id: PersonId, lesson_ids: Collection[str]) -> set[LessonId]:
    """Return which of these lessons the person has marked as read (one query)."""
    if not lesson_ids:
        return set()
    rows = db.session.scalars(
        select(LessonReading.lesson_id).where(
            LessonReading.person_id == person_id, LessonReading.lesson_id.in_(lesson_ids)
        )
    )
    return {LessonId(row) for row in rows}


def readers_of(lesson_ids: Collection[str]) -> dict[LessonId, set[PersonId]]:
    """Return who has read each of these lessons (one query)."""
    readers: dict[LessonId, set[PersonId]] = {LessonId(key): set() for key in lesson_ids}
    if lesson_ids:
        for lesson_id, person_id in db.session.execute(
            select(LessonReading.lesson_id, LessonReading.person_id).where(
                LessonReading.lesson_id.in_(lesson_ids)
            )
        ):
            readers[LessonId(lesson_id)].add(PersonId(person_id))
    return readers


def list_achievements(person_id: PersonId) -> Sequence[Achievement]:
    """Return what the person has earned and keeps, the latest first."""
    return db.session.scalars(
        select(Achievement)
        .where(Achievement.person_id == person_id, Achievement.revoked_at.is_(None))
        .order_by(Achievement.earned_at.desc())
    ).all()


def find_achievement(person_id: PersonId, edition_id: EditionId) -> Achievement | None:
    """Return what the person earned in an edition, revoked or not, or None."""
    return db.session.scalar(
        select(Achievement).where(
            Achievement.person_id == person_id, Achievement.edition_id == edition_id
        )
    )


def has_completed(person_id: PersonId, programme_id: ProgrammeId) -> bool:
    """Whether the person has completed any edition of a programme (prerequisites ask this)."""
    return (
        db.session.scalar(
            select(Achievement.id)
            .where(
                Achievement.person_id == person_id,
                Achievement.programme_id == programme_id,
                Achievement.revoked_at.is_(None),
            )
            .limit(1)
        )
        is not None
    )
