"""Writes of the record of learning."""

from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, LessonId, PersonId, ProgrammeId
from lms.records.events import LessonRead
from lms.records.models import Achievement, LessonReading
from lms.records.queries import find_achievement


def mark_lesson_read(
    actor: Actor, lesson_id: LessonId, edition_id: EditionId, *, at: datetime
) -> bool:
    """Note that the actor has read a lesson; False when that was known. Any reader may.

    Raises NotFoundError for somebody who is not signed in.
    """
    if actor.person_id is None:
        raise NotFoundError
    if db.session.get(LessonReading, (actor.person_id, lesson_id)) is not None:
        return False
    db.session.add(LessonReading(person_id=actor.person_id, lesson_id=lesson_id, read_at=at))
    raise_event(LessonRead(lesson_id, edition_id, actor.person_id, at))
    return True


def mark_lesson_unread(
    actor: Actor, lesson_id: LessonId, edition_id: EditionId, *, at: datetime
) -> bool:
    """Take the note back; False when there was none. What was earned by it stays."""
    if actor.person_id is None:
        raise NotFoundError
    reading = db.session.get(LessonReading, (actor.person_id, lesson_id))
    if reading is None:
        return False
    db.session.delete(reading)
    db.session.flush()
    raise_event(LessonRead(lesson_id, edition_id, actor.person_id, at))
    return True


def record_achievement(
    person_id: PersonId, edition_id: EditionId, programme_id: ProgrammeId, *, at: datetime
) -> Achievement | None:
    """Write down an earned completion, once; None when it stands already (revoked or not).

    The machine never takes it back; `revoke_achievement` is a person's act.
    """
    if find_achievement(person_id, edition_id) is not None:
        return None
    achievement = Achievement(
        person_id=person_id, edition_id=edition_id, programme_id=programme_id, earned_at=at
    )
    db.session.add(achievement)
    db.session.flush()
    return achievement


def revoke_achievement(
    actor: Actor, achievement: Achievement, reason: str, *, at: datetime
) -> None:
    """Revoke an earned completion with a reason. The caller has asked its policy."""
    achievement.revoked_at = at
    achievement.revoked_by = actor.person_id
    achievement.revoke_reason = reason
    record_act(actor, "achievement.revoked", "achievement", achievement.id, at=at)
