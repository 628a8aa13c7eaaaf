"""Reads of programmes, editions, parts and lessons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from lms.courses.models import Edition, EditionState, Lesson, Part, Programme, Reach
from lms.courses.rules import REACH_LEVELS, EditionFacts
from lms.infra.db import db
from lms.kernel import clock
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError
from lms.kernel.japanese import search_key
from lms.people.models import Organisation
from lms.people.queries import is_id

_NUL = "\0"  # PostgreSQL refuses it in any text, so it is in none
# States in which an edition has a page; in the catalogue stand the published ones.
SHOWN_STATES = (EditionState.PUBLISHED, EditionState.CLOSED, EditionState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Entry:
    """An edition with its programme."""

    programme: Programme
    edition: Edition


def find_programme(programme_id: str) -> Programme | None:
    """Return the programme, or None."""
    return db.session.get(Programme, programme_id) if is_id(programme_id) else None


def get_programme(programme_id: str) -> Programme:
    """Return the programme. Raises NotFoundError."""
    programme = find_programme(programme_id)
    if programme is None:
        raise NotFoundError
    return programme


def find_edition(edition_id: str) -> Edition | None:
    """Return the edition, or None."""
    return db.session.get(Edition, edition_id) if is_id(edition_id) else None


def get_edition(edition_id: str) -> Edition:
    """Return the edition. Raises NotFoundError."""
    edition = find_edition(edition_id)
    if edition is None:
        raise NotFoundError
    return edition


def get_entry(edition_id: str) -> Entry:
    """Return an edition with its programme in one query. Raises NotFoundError."""
    row = db.session.execute(
        select(Programme, Edition)
        .join(Edition, Edition.programme_id == Programme.id)
        .where(Edition.id == (edition_id if is_id(edition_id) else ""))
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return Entry(row[0], row[1])


def list_entries(edition_ids: Sequence[str]) -> dict[str, Entry]:
    """Return editions with their programmes by edition id, in one query."""
    rows = db.session.execute(
        select(Programme, Edition)
        .join(Edition, Edition.programme_id == Programme.id)
        .where(Edition.id.in_(edition_ids))
    )
    return {edition.id: Entry(programme, edition) for programme, edition in rows}


def _staff_scope(
    actor: Actor, programme: type[Programme] = Programme
) -> ColumnElement[bool] | None:
    """Which programmes a member of staff sees whatever their reach; None = not staff."""
    if actor.system or actor.has(Role.ADMIN) or actor.has_everywhere(Role.ORGANISER):
        return true()
    ids = [s.removeprefix("programme:") for s in actor.scopes(Role.ORGANISER)]
    return programme.id.in_(ids) if ids else None


def reach_condition(actor: Actor, programme: type[Programme] = Programme) -> ColumnElement[bool]:
    """Return the SQL of `rules.within_reach` on Programme for an actor; staff see their own.

    `programme` may be an alias. Levels are read from the organisations of the actor's
    memberships inside the same query.
    """
    conditions: list[ColumnElement[bool]] = [programme.reach == Reach.OUTSIDE]
    if (staff := _staff_scope(actor, programme)) is not None:
        conditions.append(staff)
    if actor.organisation_ids:
        allowed = [
            and_(programme.reach == reach, Organisation.level.in_(sorted(levels)))
            for reach, levels in REACH_LEVELS.items()
        ]
        conditions.append(
            exists(
                select(Organisation.id).where(
                    Organisation.id.in_(actor.organisation_ids), or_(*allowed)
                )
            )
        )
    return or_(*conditions)


def find_published_edition(
    programme_slug: str, edition_slug: str, actor: Actor | None = None
) -> Entry | None:
    """Return what stands at a course's public address (published, closed or cancelled), or None.

    With `actor` only when the programme's reach takes the actor in; without, whatever the
    reach, for a caller that knows another reason (the person is enrolled).
    """
    query = (
        select(Programme, Edition)
        .join(Edition, Edition.programme_id == Programme.id)
        .where(
            Programme.slug == programme_slug,
            Edition.slug == edition_slug,
            Edition.state.in_(SHOWN_STATES),
        )
    )
    if _NUL in programme_slug + edition_slug:
        return None
    if actor is not None:
        query = query.where(reach_condition(actor))
    row = db.session.execute(query).one_or_none()
    return Entry(row[0], row[1]) if row is not None else None


def list_catalogue(
    actor: Actor,
    at: datetime,
    *,
    text: str = "",
    reach: str = "",
    language: str = "",
    mode: str = "",
    kind: str = "",
    programme_slug: str = "",
    include_past: bool = False,
) -> list[Entry]:
    """Return the published editions that the actor may see, in one query, soonest first.

    `text` is looked for in titles, summaries, purposes, audiences and keywords of either
    language; every word must be found. Without `include_past`, editions that ended before the
    day of `at` and closed ones are left out; those on demand never end. What has no date stands
    last. Seats left: see `enrolment.queries.seats_taken`.
    """
    if _NUL in reach + mode + kind + programme_slug:
        return []
    query = (
        select(Programme, Edition)
        .join(Edition, Edition.programme_id == Programme.id)
        .where(Programme.archived_at.is_(None), reach_condition(actor))
    )
    if include_past:
        query = query.where(Edition.state.in_((EditionState.PUBLISHED, EditionState.CLOSED)))
    else:
        query = query.where(
            Edition.state == EditionState.PUBLISHED,
            or_(Edition.ends_on.is_(None), Edition.ends_on >= clock.day_in(at)),
        )
    for word in text.split()[:10]:
        if key := search_key(word):
            query = query.where(Programme.search_key.contains(key, autoescape=True))
    if reach:
        query = query.where(Programme.reach == reach)
    if mode:
        query = query.where(Edition.mode == mode)
    if kind:
        query = query.where(Programme.kind == kind)
    if programme_slug:
        query = query.where(Programme.slug == programme_slug)
    query = query.order_by(Edition.starts_on.is_(None), Edition.starts_on, Edition.id)
    entries = [Entry(programme, edition) for programme, edition in db.session.execute(query)]
    # Languages are a JSON list, which the two engines search differently: chosen here.
    return [e for e in entries if not language or language in e.edition.languages]


def list_desk_entries(actor: Actor, *, programme_id: str = "") -> list[Entry]:
    """Return every edition that the actor looks after, newest first, in one query."""
    staff = _staff_scope(actor)
    if staff is None:
        return []
    query = (
        select(Programme, Edition)
        .join(Edition, Edition.programme_id == Programme.id)
        .where(staff)
        .order_by(Edition.starts_on.is_(None).desc(), Edition.starts_on.desc(), Edition.id.desc())
    )
    if programme_id:
        query = query.where(Programme.id == programme_id)
    return [Entry(programme, edition) for programme, edition in db.session.execute(query)]


def list_programmes(actor: Actor, *, with_archived: bool = False) -> list[Programme]:
    """Return the programmes that the actor looks after, oldest first."""
    staff = _staff_scope(actor)
    if staff is None:
        return []
    query = select(Programme).where(staff).order_by(Programme.id)
    if not with_archived:
        query = query.where(Programme.archived_at.is_(None))
    return list(db.session.scalars(query))


def find_next_programme(programme: Programme, actor: Actor) -> Programme | None:
    """Return the programme that this one leads to, when the actor may see it."""
    if programme.leads_to_id is None:
        return None
    return db.session.scalar(
        select(Programme).where(
            Programme.id == programme.leads_to_id,
            Programme.archived_at.is_(None),
            reach_condition(actor),
        )
    )


def list_parts(edition_id: str) -> list[Part]:
    """Return the parts of an edition in order."""
    return list(
        db.session.scalars(
            select(Part).where(Part.edition_id == edition_id).order_by(Part.position, Part.id)
        )
    )


def find_part(part_id: str) -> Part | None:
    """Return the part, or None."""
    return db.session.get(Part, part_id) if is_id(part_id) else None


def list_lessons(edition_id: str) -> list[Lesson]:
    """Return the lessons of an edition in the order of parts and lessons, in one query."""
    return list(
        db.session.scalars(
            select(Lesson)
            .join(Part, Part.id == Lesson.part_id)
            .where(Part.edition_id == edition_id)
            .order_by(Part.position, Part.id, Lesson.position, Lesson.id)
        )
    )


def find_lesson(lesson_id: str) -> Lesson | None:
    """Return the lesson, or None."""
    return db.session.get(Lesson, lesson_id) if is_id(lesson_id) else None


def find_lesson_of(edition_id: str, lesson_slug: str) -> Lesson | None:
    """Return the lesson with that slug in an edition (the first, in order), or None."""
    return db.session.scalars(
        select(Lesson)
        .join(Part, Part.id == Lesson.part_id)
        .where(Part.edition_id == edition_id, Lesson.slug == lesson_slug.replace(_NUL, ""))
        .order_by(Part.position, Lesson.position)
        .limit(1)
    ).first()


def edition_facts(entry: Entry, parts: Sequence[Part]) -> EditionFacts:
    """Return the frozen facts that the rules of courses take."""
    edition, programme = entry.edition, entry.programme
    return EditionFacts(
        title=edition.title,
        purpose=programme.purpose,
        audience=programme.audience,
        languages=tuple(edition.languages),
        mode=edition.mode,
        state=edition.state,
        starts_on=edition.starts_on,
        ends_on=edition.ends_on,
        timezone=edition.timezone,
        apply_until_at=edition.apply_until_at,
        part_titles=tuple(part.title for part in parts),
    )
