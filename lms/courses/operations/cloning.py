"""Running an edition again: its parts and lessons under new dates, without anybody in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from lms.courses import policy
from lms.courses.errors import CoursesError
from lms.courses.models import Edition, EditionState, Lesson, Part, Programme
from lms.courses.queries import get_edition
from lms.courses.rules import make_slug
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError
from lms.kernel.ids import EditionId
from lms.kernel.localized import Localized
from lms.kernel.wall import shift_moment


@dataclass(frozen=True, slots=True)
class ClonedEdition:
    """The new edition, and by old id the new part and lesson."""

    edition_id: EditionId
    part_ids: Mapping[str, str]
    lesson_ids: Mapping[str, str]


def clone_edition(
    source_id: str, title: Localized, *, shift: timedelta, actor: Actor, at: datetime
) -> ClonedEdition:
    """Draft an edition with the settings, parts and lessons of another, `shift` days later.

    Nobody and nothing that belongs to somebody comes along: no enrolment, recording, right or
    consent. Deadlines keep their wall-clock time. Raises NotFoundError for who may not,
    CoursesError("archived"), InvalidInputError.
    """
    source = get_edition(source_id)
    policy.require_edition_manager(actor, source)
    home: Programme = lock_row(Programme, source.programme_id)
    if home.archived_at is not None:
        raise CoursesError("archived")
    if not title:
        raise InvalidInputError("title", "required")
    starts_on, ends_on = _moved(source.starts_on, shift), _moved(source.ends_on, shift)
    slugs = list(db.session.scalars(select(Edition.slug).where(Edition.programme_id == home.id)))
    base = f"{starts_on:%Y-%m-%d}" if starts_on else f"edition-{len(slugs) + 1}"
    edition = Edition(
        programme_id=home.id,
        slug=make_slug((), base, slugs),
        title=title,
        mode=source.mode,
        languages=list(source.languages),
        starts_on=starts_on,
        ends_on=ends_on,
        timezone=source.timezone,
        capacity=source.capacity,
        apply_until_at=(
            None
            if source.apply_until_at is None
            else shift_moment(source.apply_until_at, source.timezone, shift)
        ),
        approval=source.approval,
        state=EditionState.DRAFT,
        created_by=actor.person_id,
        created_at=at,
    )
    db.session.add(edition)
    db.session.flush()
    part_ids, lesson_ids = _clone_parts(source.id, edition.id)
    record_act(
        actor, "edition.cloned", "edition", edition.id, at=at,
        programme_id=home.id, source_id=source.id,
    )  # fmt: skip
    return ClonedEdition(EditionId(edition.id), part_ids, lesson_ids)


def _moved(day: date | None, shift: timedelta) -> date | None:
    return None if day is None else day + shift


def _clone_parts(source_id: str, edition_id: str) -> tuple[dict[str, str], dict[str, str]]:
    part_ids: dict[str, str] = {}
    lesson_ids: dict[str, str] = {}
    for part in db.session.scalars(
        select(Part).where(Part.edition_id == source_id).order_by(Part.position)
    ).all():
        copy = Part(
            edition_id=edition_id,
            slug=part.slug,
            position=part.position,
            title=dict(part.title),
            summary=dict(part.summary),
        )
        db.session.add(copy)
        db.session.flush()
        part_ids[part.id] = copy.id
    lessons = db.session.scalars(
        select(Lesson).where(Lesson.part_id.in_(list(part_ids))).order_by(Lesson.position)
    ).all()
    for lesson in lessons:
        again = Lesson(
            part_id=part_ids[lesson.part_id],
            slug=lesson.slug,
            position=lesson.position,
            title=dict(lesson.title),
            minutes=lesson.minutes,
            objectives=dict(lesson.objectives),
            body=dict(lesson.body),
            sources=dict(lesson.sources),
            glossary=dict(lesson.glossary),
        )
        db.session.add(again)
        db.session.flush()
        lesson_ids[lesson.id] = again.id
    return part_ids, lesson_ids
