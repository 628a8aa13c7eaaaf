"""Writing parts and the lessons in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms.courses import policy
from lms.courses.errors import CoursesError
from lms.courses.models import Edition, EditionState, Lesson, Part
from lms.courses.queries import find_lesson, find_part, get_edition, list_parts
from lms.courses.rules import MAX_PARTS, make_slug
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import LessonId, PartId, new_id
from lms.kernel.localized import Localized
from lms.people.queries import is_id


@dataclass(frozen=True, slots=True)
class LessonTexts:
    """What an organiser may change of a lesson. `body` is Markdown a language."""

    title: Localized
    minutes: int
    objectives: dict[str, list[str]]
    body: Localized


def add_part(edition_id: str, title: Localized, *, actor: Actor, at: datetime) -> PartId:
    """Add a part at the end of an edition."""
    edition = _managed(edition_id, actor)
    if not title:
        raise InvalidInputError("title", "required")
    parts = list_parts(edition_id)
    if len(parts) >= MAX_PARTS:
        raise InvalidInputError("title", "number_of_parts", most=MAX_PARTS)
    part = Part(
        edition_id=edition.id,
        slug=make_slug((), f"part-{len(parts) + 1}", {p.slug for p in parts}),
        position=parts[-1].position + 1 if parts else 1,
        title=title,
        summary={},
    )
    db.session.add(part)
    db.session.flush()
    record_act(actor, "part.added", "part", part.id, at=at, edition_id=edition.id)
    return PartId(part.id)


def update_part(
    part_id: str, title: Localized, summary: Localized, *, version: int, actor: Actor, at: datetime
) -> None:
    """Rename a part and change its summary, unless another edit came between."""
    part = _managed_part(part_id, actor)
    if part.version != version:
        raise CoursesError("edited_meanwhile")
    if not title:
        raise InvalidInputError("title", "required")
    part.title, part.summary = title, summary
    part.version += 1
    record_act(actor, "part.updated", "part", part.id, at=at, edition_id=part.edition_id)


def move_part(part_id: str, *, up: bool, actor: Actor, at: datetime) -> None:
    """Move a part one place up or down; at the end of the list nothing changes."""
    part = _managed_part(part_id, actor)
    if _move(list_parts(part.edition_id), part, up=up):
        record_act(actor, "part.moved", "part", part.id, at=at, edition_id=part.edition_id)


def remove_part(part_id: str, *, actor: Actor, at: datetime) -> None:
    """Remove a part to which nothing belongs (no lesson, session, recording, requirement).

    Raises CoursesError("part_in_use"); a published edition keeps at least one part.
    """
    part = _managed_part(part_id, actor)
    edition = get_edition(part.edition_id)
    if edition.state != EditionState.DRAFT and len(list_parts(edition.id)) == 1:
        raise CoursesError("part_in_use")
    edition_id = part.edition_id
    _remove(part, "part_in_use")
    record_act(actor, "part.removed", "part", part_id, at=at, edition_id=edition_id)


def add_lesson(part_id: str, texts: LessonTexts, *, actor: Actor, at: datetime) -> LessonId:
    """Add a lesson at the end of a part."""
    part = _managed_part(part_id, actor)
    _check_lesson(texts)
    lessons = _lessons(part.id)
    lesson_id = new_id()
    # A lesson's address stands directly under its edition's: unique among all its lessons.
    taken = set(
        db.session.scalars(
            select(Lesson.slug)
            .join(Part, Part.id == Lesson.part_id)
            .where(Part.edition_id == part.edition_id)
        )
    )
    titles = (texts.title.get("en", ""), *texts.title.values())
    db.session.add(
        Lesson(
            id=lesson_id,
            part_id=part.id,
            slug=make_slug(titles, f"lesson-{len(taken) + 1}", taken),
            position=lessons[-1].position + 1 if lessons else 1,
            title=texts.title,
            minutes=texts.minutes,
            objectives=texts.objectives,
            body=texts.body,
            sources={},
            glossary={},
        )
    )
    db.session.flush()
    record_act(actor, "lesson.added", "lesson", lesson_id, at=at, edition_id=part.edition_id)
    return LessonId(lesson_id)


def update_lesson(
    lesson_id: str, texts: LessonTexts, *, version: int, actor: Actor, at: datetime
) -> None:
    """Change a lesson's text, unless another edit came between."""
    lesson, part = _managed_lesson(lesson_id, actor)
    if lesson.version != version:
        raise CoursesError("edited_meanwhile")
    _check_lesson(texts)
    lesson.title = texts.title
    lesson.minutes = texts.minutes
    lesson.objectives = texts.objectives
    lesson.body = texts.body
    lesson.version += 1
    record_act(actor, "lesson.updated", "lesson", lesson.id, at=at, edition_id=part.edition_id)


def move_lesson(lesson_id: str, *, up: bool, actor: Actor, at: datetime) -> None:
    """Move a lesson one place up or down within its part."""
    lesson, part = _managed_lesson(lesson_id, actor)
    if _move(_lessons(part.id), lesson, up=up):
        record_act(actor, "lesson.moved", "lesson", lesson.id, at=at, edition_id=part.edition_id)


def remove_lesson(lesson_id: str, *, actor: Actor, at: datetime) -> None:
    """Remove a lesson that nobody has marked as read: CoursesError("lesson_in_use") else."""
    lesson, part = _managed_lesson(lesson_id, actor)
    _remove(lesson, "lesson_in_use")
    record_act(actor, "lesson.removed", "lesson", lesson_id, at=at, edition_id=part.edition_id)


def _check_lesson(texts: LessonTexts) -> None:
    if not texts.title:
        raise InvalidInputError("title", "required")
    if not 1 <= texts.minutes <= 600:  # noqa: PLR2004 - ten hours of reading
        raise InvalidInputError("minutes", "minutes")


def _lessons(part_id: str) -> list[Lesson]:
    return list(
        db.session.scalars(
            select(Lesson).where(Lesson.part_id == part_id).order_by(Lesson.position, Lesson.id)
        )
    )


def _move(siblings: Sequence[Part] | Sequence[Lesson], thing: Part | Lesson, *, up: bool) -> bool:
    order: list[Part | Lesson] = [*siblings]
    place = [s.id for s in order].index(thing.id)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(order):
        return False
    order[place], order[other] = order[other], order[place]
    for position, sibling in enumerate(order, start=1):
        sibling.position = position
    return True


def _remove(thing: Part | Lesson, code: str) -> None:
    """Delete a row; the foreign keys of every feature say whether anything belongs to it."""
    try:
        with db.session.begin_nested():
            db.session.delete(thing)
    except IntegrityError:
        raise CoursesError(code) from None


def _managed(edition_id: str, actor: Actor) -> Edition:
    edition: Edition | None = lock_row(Edition, edition_id) if is_id(edition_id) else None
    if edition is None:
        raise NotFoundError
    policy.require_edition_manager(actor, edition)
    return edition


def _managed_part(part_id: str, actor: Actor) -> Part:
    part = find_part(part_id)
    if part is None:
        raise NotFoundError
    _managed(part.edition_id, actor)
    db.session.refresh(part)  # as it stands under the lock
    return part


def _managed_lesson(lesson_id: str, actor: Actor) -> tuple[Lesson, Part]:
    lesson = find_lesson(lesson_id)
    if lesson is None:
        raise NotFoundError
    part = _managed_part(lesson.part_id, actor)
    db.session.refresh(lesson)
    return lesson, part
