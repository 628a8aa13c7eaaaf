"""Reads of one person's enrolments, of seats and of the waiting list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased, defer

from lms.courses.models import Approval, Edition, EditionState, Programme
from lms.courses.queries import Entry, reach_condition
from lms.enrolment.models import Enrolment, EnrolmentChange, EnrolmentState
from lms.enrolment.rules import ACTIVE_STATES, RIGHTS_STATUS, OpeningFacts, Waiting
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.people.models import Person
from lms.people.queries import is_id


@dataclass(frozen=True, slots=True)
class MyEnrolment:
    """One's own enrolment with what it is in."""

    enrolment: Enrolment
    programme: Programme
    edition: Edition


def find_enrolment(edition_id: str, person_id: str) -> Enrolment | None:
    """Return a person's enrolment in an edition, in whatever state, or None."""
    return db.session.scalar(
        select(Enrolment).where(
            Enrolment.edition_id == edition_id, Enrolment.person_id == person_id
        )
    )


def get_enrolment(enrolment_id: str) -> Enrolment | None:
    """Return an enrolment by its id, or None."""
    return db.session.get(Enrolment, enrolment_id) if is_id(enrolment_id) else None


def enrolment_state_map(
    person_id: str, edition_ids: Collection[str] | None = None
) -> dict[str, str]:
    """Return a person's state by edition id (of all editions, or of those named)."""
    query = select(Enrolment.edition_id, Enrolment.state).where(Enrolment.person_id == person_id)
    if edition_ids is not None:
        query = query.where(Enrolment.edition_id.in_(edition_ids))
    return dict(db.session.execute(query).all())


def my_enrolments(person_id: str, *, only_active: bool = True) -> list[MyEnrolment]:
    """Return a person's enrolments with programme and edition, in one query, soonest first."""
    query = (
        select(Enrolment, Programme, Edition)
        .join(Edition, Edition.id == Enrolment.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .where(Enrolment.person_id == person_id, Edition.state != EditionState.DRAFT)
        .order_by(Edition.starts_on.is_(None), Edition.starts_on, Edition.id)
        # Long texts that no list of one's own courses shows.
        .options(
            *(
                defer(column, raiseload=True)
                for column in (
                    Programme.summary, Programme.purpose, Programme.audience,
                    Programme.keywords, Programme.search_key,
                )
            )
        )
    )  # fmt: skip
    if only_active:
        query = query.where(Enrolment.state.in_(sorted(ACTIVE_STATES)))
    return [MyEnrolment(*row) for row in db.session.execute(query)]


def seats_taken(edition_ids: Collection[str]) -> dict[str, int]:
    """Return how many seats are held, by edition id; 0 where none is."""
    counts = dict.fromkeys(edition_ids, 0)
    rows = db.session.execute(
        select(Enrolment.edition_id, func.count())
        .where(Enrolment.edition_id.in_(edition_ids), Enrolment.state == EnrolmentState.ENROLLED)
        .group_by(Enrolment.edition_id)
    )
    counts.update(dict(rows.all()))
    return counts


def seats_left(entries: Sequence[Entry]) -> dict[str, int | None]:
    """Return how many seats are left for a newcomer, by edition id; None = no limit.

    A free seat that the waiting list will take is not left for a newcomer: 0 while people wait.
    """
    limited = [e.edition for e in entries if e.edition.capacity is not None]
    left: dict[str, int | None] = dict.fromkeys((e.edition.id for e in entries), None)
    if not limited:
        return left
    rows = db.session.execute(
        select(Enrolment.edition_id, Enrolment.state, func.count())
        .where(
            Enrolment.edition_id.in_([e.id for e in limited]),
            Enrolment.state.in_((EnrolmentState.ENROLLED, EnrolmentState.WAITLISTED)),
        )
        .group_by(Enrolment.edition_id, Enrolment.state)
    )
    counts = {(edition_id, state): count for edition_id, state, count in rows}
    for edition in limited:
        free = (edition.capacity or 0) - counts.get((edition.id, EnrolmentState.ENROLLED), 0)
        waiting = counts.get((edition.id, EnrolmentState.WAITLISTED), 0)
        left[edition.id] = 0 if waiting else max(0, free)
    return left


def count_by_state(edition_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Return the number of enrolments by edition id and state, in one query."""
    counts: dict[str, dict[str, int]] = {edition_id: {} for edition_id in edition_ids}
    rows = db.session.execute(
        select(Enrolment.edition_id, Enrolment.state, func.count())
        .where(Enrolment.edition_id.in_(edition_ids))
        .group_by(Enrolment.edition_id, Enrolment.state)
    )
    for edition_id, state, count in rows:
        counts[edition_id][state] = count
    return counts


def enrolment_facts(person_id: str) -> list[dict[str, str]]:
    """Return what the rights decision knows of a person: [{"course", "status"}]."""
    rows = db.session.execute(
        select(Enrolment.edition_id, Enrolment.state)
        .where(Enrolment.person_id == person_id)
        .order_by(Enrolment.edition_id)
    )
    return [{"course": edition_id, "status": RIGHTS_STATUS[state]} for edition_id, state in rows]


def waiting_place(enrolment: Enrolment) -> int | None:
    """Return a person's place on the waiting list, from 1; None when not on it."""
    if enrolment.state != EnrolmentState.WAITLISTED or enrolment.queue_position is None:
        return None
    ahead = db.session.scalar(
        select(func.count()).where(
            Enrolment.edition_id == enrolment.edition_id,
            Enrolment.state == EnrolmentState.WAITLISTED,
            Enrolment.queue_position < enrolment.queue_position,
        )
    )
    return (ahead or 0) + 1


def opening_facts(edition: Edition, actor: Actor) -> OpeningFacts:
    """Return the facts for `rules.judge_opening` and this actor, in one query.

    A person who is suspended no longer acts (an Actor is never suspended), so that the page
    needs no look at the account; the operation asks again for the person it enrols.
    """
    own = aliased(Enrolment)
    waiting_person = aliased(Person)
    eligible = [
        Enrolment.state == EnrolmentState.WAITLISTED,
        Enrolment.edition_id == edition.id,
        waiting_person.suspended_at.is_(None),
    ]
    if edition.approval != Approval.FIRST_COME:
        eligible.append(Enrolment.approved_at.is_not(None))
    row = db.session.execute(
        select(
            select(func.count())
            .where(Enrolment.edition_id == edition.id, Enrolment.state == EnrolmentState.ENROLLED)
            .scalar_subquery(),
            select(func.count())
            .select_from(Enrolment)
            .join(waiting_person, waiting_person.id == Enrolment.person_id)
            .where(*eligible)
            .scalar_subquery(),
            select(own.state)
            .where(own.edition_id == edition.id, own.person_id == (actor.person_id or ""))
            .scalar_subquery(),
            exists(
                select(Programme.id).where(
                    Programme.id == edition.programme_id, reach_condition(actor)
                )
            ),
        )
    ).one()
    return OpeningFacts(
        edition_state=edition.state,
        approval=edition.approval,
        capacity=edition.capacity,
        seats_taken=row[0],
        waiting=row[1],
        starts_on=edition.starts_on,
        ends_on=edition.ends_on,
        timezone=edition.timezone,
        apply_until_at=edition.apply_until_at,
        signed_in=actor.signed_in,
        within_reach=bool(row[3]),
        state=row[2],
    )


def taken_seats(edition_id: str) -> frozenset[int]:
    """Return the numbers of the seats held in an edition."""
    rows = db.session.scalars(
        select(Enrolment.seat).where(
            Enrolment.edition_id == edition_id, Enrolment.seat.is_not(None)
        )
    )
    return frozenset(seat for seat in rows if seat is not None)


def next_queue_position(edition_id: str) -> int:
    """Return the place after every place ever given in an edition (under its lock)."""
    highest = db.session.scalar(
        select(func.max(Enrolment.queue_position)).where(Enrolment.edition_id == edition_id)
    )
    return (highest or 0) + 1


def list_waiting(edition_id: str) -> list[Waiting]:
    """Return who is on the waiting list, head first."""
    rows = db.session.execute(
        select(Enrolment.id, Enrolment.queue_position, Person.suspended_at, Enrolment.approved_at)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.edition_id == edition_id, Enrolment.state == EnrolmentState.WAITLISTED)
        .order_by(Enrolment.queue_position)
    )
    return [
        Waiting(
            enrolment_id,
            position or 0,
            suspended=suspended_at is not None,
            approved=approved_at is not None,
        )
        for enrolment_id, position, suspended_at, approved_at in rows
    ]


def list_enrolled(edition_id: str) -> list[Person]:
    """Return the persons who hold a seat, in kana order."""
    return list(
        db.session.scalars(
            select(Person)
            .join(Enrolment, Enrolment.person_id == Person.id)
            .where(Enrolment.edition_id == edition_id, Enrolment.state == EnrolmentState.ENROLLED)
            .order_by(Person.sort_key, Person.id)
        )
    )


def list_enrolled_ids(edition_id: str) -> list[str]:
    """Return the ids of the persons who hold a seat."""
    return list(
        db.session.scalars(
            select(Enrolment.person_id).where(
                Enrolment.edition_id == edition_id, Enrolment.state == EnrolmentState.ENROLLED
            )
        )
    )


def list_changes(enrolment_id: str) -> list[EnrolmentChange]:
    """Return the life of an enrolment, first step first."""
    return list(
        db.session.scalars(
            select(EnrolmentChange)
            .where(EnrolmentChange.enrolment_id == enrolment_id)
            .order_by(EnrolmentChange.at, EnrolmentChange.id)
        )
    )
