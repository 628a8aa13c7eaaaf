"""Reads that join several features into one page, within its budget of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import String, and_, bindparam, select
from sqlalchemy.orm import aliased

from lms.courses.models import Edition, Lesson, Part, Programme
from lms.courses.queries import SHOWN_STATES, Entry, reach_condition
from lms.enrolment.models import Enrolment
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.localized import Localized


@dataclass(frozen=True, slots=True)
class Course:
    """What stands at a course's address: the edition, one's own enrolment, what comes after."""

    entry: Entry
    own: Enrolment | None
    next_programme: Programme | None
    within_reach: bool


@dataclass(frozen=True, slots=True)
class LessonLine:
    """A lesson in a list: everything but its text."""

    id: str
    slug: str
    title: Localized
    minutes: int


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part in a list with its lessons in order."""

    id: str
    slug: str
    title: Localized
    summary: Localized
    lessons: tuple[LessonLine, ...]


def find_course(programme_slug: str, edition_slug: str, actor: Actor) -> Course | None:
    """Return what the actor may see at a course's address, in one query, or None.

    Who is (or was) in an edition sees it whatever its reach has become; the next programme is
    shown when its reach takes the actor in.
    """
    row = db.session.execute(
        _course_query(Actor(roles=actor.roles, organisation_ids=actor.organisation_ids)),
        {
            "programme_slug": programme_slug,
            "edition_slug": edition_slug,
            "person_id": actor.person_id,
        },
    ).one_or_none()
    if row is None:
        return None
    programme, edition, own, following, within_reach, next_within_reach = row
    if not within_reach and own is None:
        return None
    return Course(
        Entry(programme, edition), own, following if next_within_reach else None, bool(within_reach)
    )


@lru_cache(maxsize=256)
def _course_query(like: Actor) -> Any:
    """Return the query of a course's page for everybody with these roles and memberships.

    Remembered, because making it takes longer than asking it.
    """
    following = aliased(Programme)
    return (
        select(
            Programme,
            Edition,
            Enrolment,
            following,
            reach_condition(like).label("reach"),
            reach_condition(like, following).label("next_reach"),
        )
        .join(Edition, Edition.programme_id == Programme.id)
        .outerjoin(
            Enrolment,
            and_(
                Enrolment.edition_id == Edition.id,
                Enrolment.person_id == bindparam("person_id", type_=String),
            ),
        )
        .outerjoin(
            following,
            and_(following.id == Programme.leads_to_id, following.archived_at.is_(None)),
        )
        .where(
            Programme.slug == bindparam("programme_slug"),
            Edition.slug == bindparam("edition_slug"),
            Edition.state.in_(SHOWN_STATES),
        )
    )


def list_outline(edition_id: str) -> tuple[PartLine, ...]:
    """Return the parts of an edition with their lessons' titles, in order, in one query."""
    rows = db.session.execute(
        select(
            Part.id, Part.slug, Part.title, Part.summary,
            Lesson.id, Lesson.slug, Lesson.title, Lesson.minutes,
        )
        .outerjoin(Lesson, Lesson.part_id == Part.id)
        .where(Part.edition_id == edition_id)
        .order_by(Part.position, Part.id, Lesson.position, Lesson.id)
    ).all()  # fmt: skip
    parts: dict[str, tuple[str, Localized, Localized]] = {}
    lessons: dict[str, list[LessonLine]] = {}
    for part_id, part_slug, title, summary, lesson_id, slug, lesson_title, minutes in rows:
        parts[part_id] = (part_slug, title, summary)
        found = lessons.setdefault(part_id, [])
        if lesson_id is not None:
            found.append(LessonLine(lesson_id, slug, lesson_title, minutes))
    return tuple(
        PartLine(part_id, slug, title, summary, tuple(lessons[part_id]))
        for part_id, (slug, title, summary) in parts.items()
    )


def programme_titles(programme_ids: Sequence[str]) -> dict[str, Localized]:
    """Return titles of programmes by id, in one query."""
    if not programme_ids:
        return {}
    rows = db.session.execute(
        select(Programme.id, Programme.title).where(Programme.id.in_(programme_ids))
    )
    return {key: title for key, title in rows}  # noqa: C416 - dict() cannot type the rows
