"""Reads of editions that are put off: what can be moved, who is told, who answered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select

from lms.courses.models import Edition
from lms.courses.rules import EditionNotice, read_edition_notice
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.enrolment.rules import ACTIVE_STATES, WAITING_STATES
from lms.infra.db import db
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.people.rules import display_name
from lms.sessions.models import EditionPostponement, LiveSession, PostponementAnswer
from lms.sessions.queries.audience import list_hands_of
from lms.sessions.queries.cards import SessionCard, card_of, select_cards
from lms.sessions.rules.clashes import Meeting, place_keys
from lms.sessions.rules.postponing import Counts, PostponeKind, count_answers

_ENROLLED = EnrolmentState.ENROLLED.value


def list_movable(edition_id: str, at: datetime) -> tuple[SessionCard, ...]:
    """Return what is put off together: sessions that have not begun, and those on hold. One query.

    In order of the time at which they are, or were, to be held.
    """
    rows = db.session.execute(
        select_cards().where(
            LiveSession.edition_id == edition_id,
            or_(
                LiveSession.cancelled_at.is_(None) & (LiveSession.starts_at > at),
                LiveSession.on_hold_at.is_not(None),
            ),
        )
    )
    return tuple(card_of(row) for row in rows)


@dataclass(frozen=True, slots=True)
class EditionFrame:
    """The dates of an edition. `has_begun`: a session of it was held, or is being held."""

    starts_on: date | None
    ends_on: date | None
    timezone: str
    apply_until_at: datetime | None
    notice: EditionNotice | None
    has_begun: bool


def find_frame(edition_id: str, at: datetime) -> EditionFrame | None:
    """Return the dates of an edition, or None. Two queries."""
    row = db.session.get(Edition, edition_id)
    if row is None:
        return None
    begun = db.session.scalar(
        select(LiveSession.id)
        .where(
            LiveSession.edition_id == edition_id,
            LiveSession.cancelled_at.is_(None),
            LiveSession.starts_at <= at,
        )
        .limit(1)
    )
    return EditionFrame(
        row.starts_on,
        row.ends_on,
        row.timezone,
        row.apply_until_at,
        read_edition_notice(row.notice),
        has_begun=begun is not None,
    )


@dataclass(frozen=True, slots=True)
class ToldCounts:
    """How many are told of it: with a seat, waiting or applying, running a session."""

    enrolled: int
    waiting: int
    hands: int


def count_told(edition_id: str, live_session_ids: Sequence[str]) -> ToldCounts:
    """Return how many people a mail about these sessions reaches. Two queries."""
    rows = db.session.execute(
        select(Enrolment.state, func.count())
        .where(Enrolment.edition_id == edition_id, Enrolment.state.in_(ACTIVE_STATES))
        .group_by(Enrolment.state)
    )
    states: dict[str, int] = {row[0]: row[1] for row in rows}
    hands = list_hands_of(live_session_ids)
    return ToldCounts(
        states.get(_ENROLLED, 0),
        sum(states.get(state, 0) for state in WAITING_STATES),
        len({person for people in hands.values() for person in people}),
    )


def meeting_on(
    card: SessionCard,
    span: tuple[datetime, datetime],
    speakers: Sequence[PersonId | None],
    group_ids: Collection[str],
) -> Meeting:
    """Return a session at other times, as clashes see it. No query.

    `group_ids`: the seminar groups that it is for, as `queries.groups` tells; none: everybody.
    """
    return Meeting(
        span[0],
        span[1],
        card.timezone,
        frozenset(str(person) for person in speakers if person is not None),
        card.host_id,
        place_keys(card.venue_name, card.room),
        frozenset(group_ids),
    )


# --- what was told, and who answered ----------------------------------------------------------


def find_postponement(edition_id: str) -> EditionPostponement | None:
    """Return how an edition was put off last, or None. One query."""
    found: EditionPostponement | None = db.session.scalars(
        select(EditionPostponement)
        .where(EditionPostponement.edition_id == edition_id)
        .order_by(EditionPostponement.at.desc(), EditionPostponement.id.desc())
        .limit(1)
    ).first()
    return found


def find_answer(postponement_id: str, person_id: str) -> PostponementAnswer | None:
    """Return what a person who is asked said, or None for who is not asked. One query."""
    found: PostponementAnswer | None = db.session.scalars(
        select(PostponementAnswer).where(
            PostponementAnswer.postponement_id == postponement_id,
            PostponementAnswer.person_id == person_id,
        )
    ).one_or_none()
    return found


def list_answers(
    postponement_id: str, person_ids: Collection[str]
) -> tuple[PostponementAnswer, ...]:
    """Return what those of these people said who are asked, to be written to. One query."""
    return tuple(
        db.session.scalars(
            select(PostponementAnswer)
            .where(
                PostponementAnswer.postponement_id == postponement_id,
                PostponementAnswer.person_id.in_(person_ids),
            )
            .order_by(PostponementAnswer.id)
        )
    )


def find_answers(postponement_id: str, person_ids: Collection[str]) -> dict[str, str]:
    """Return what those of these people said who are asked ('': nothing yet). One query."""
    rows = db.session.execute(
        select(PostponementAnswer.person_id, PostponementAnswer.answer).where(
            PostponementAnswer.postponement_id == postponement_id,
            PostponementAnswer.person_id.in_(person_ids),
        )
    )
    return {row.person_id: row.answer for row in rows}


def has_seat(edition_id: str, person_id: PersonId | None) -> bool:
    """Whether a person holds a seat in an edition. One query."""
    state = db.session.scalar(
        select(Enrolment.state).where(
            Enrolment.edition_id == edition_id, Enrolment.person_id == person_id
        )
    )
    return bool(state == _ENROLLED)


@dataclass(frozen=True, slots=True)
class AskedPerson:
    """Somebody who was asked. `has_seat`: still enrolled."""

    person_id: PersonId
    enrolment_id: str
    name: str
    answer: str
    answered_at: datetime | None
    by_other: bool
    is_reminded: bool
    outcome: str
    has_seat: bool


def list_asked(postponement: EditionPostponement) -> tuple[AskedPerson, ...]:
    """Return everyone who was asked, by name. One query."""
    rows: Any = db.session.execute(
        select(PostponementAnswer, Person, Enrolment.id, Enrolment.state)
        .join(Person, Person.id == PostponementAnswer.person_id)
        .join(
            Enrolment,
            (Enrolment.person_id == PostponementAnswer.person_id)
            & (Enrolment.edition_id == postponement.edition_id),
        )
        .where(PostponementAnswer.postponement_id == postponement.id)
        .order_by(Person.sort_key, Person.id)
    )
    return tuple(
        AskedPerson(
            PersonId(person.id),
            enrolment_id,
            display_name(person),
            answer.answer,
            answer.answered_at,
            by_other=answer.by_id not in {None, person.id},
            is_reminded=answer.reminded_at is not None,
            outcome=answer.outcome,
            has_seat=state == _ENROLLED,
        )
        for answer, person, enrolment_id, state in rows
    )


def count_asked(people: Sequence[AskedPerson]) -> Counts:
    """Count those who were asked by what they said. No query."""
    return count_answers((one.answer, one.has_seat) for one in people)


def list_open_postponements(at: datetime) -> tuple[EditionPostponement, ...]:
    """Return those that still wait for answers, the newest of each edition alone. One query."""
    later = (
        select(EditionPostponement.edition_id, func.max(EditionPostponement.at).label("at"))
        .group_by(EditionPostponement.edition_id)
        .subquery()
    )
    return tuple(
        db.session.scalars(
            select(EditionPostponement)
            .join(
                later,
                (later.c.edition_id == EditionPostponement.edition_id)
                & (later.c.at == EditionPostponement.at),
            )
            .where(
                EditionPostponement.kind == PostponeKind.MOVED.value,
                EditionPostponement.answer_until > at,
                EditionPostponement.settled_at.is_(None),
            )
            .order_by(EditionPostponement.id)
        )
    )


def list_unreminded_ids(postponement: EditionPostponement) -> list[str]:
    """Return who has a seat, said neither yes nor no, and was not reminded yet. One query."""
    return list(
        db.session.scalars(
            select(PostponementAnswer.person_id)
            .join(
                Enrolment,
                (Enrolment.person_id == PostponementAnswer.person_id)
                & (Enrolment.edition_id == postponement.edition_id),
            )
            .where(
                PostponementAnswer.postponement_id == postponement.id,
                PostponementAnswer.answer.in_(("", "unsure")),
                PostponementAnswer.reminded_at.is_(None),
                PostponementAnswer.outcome == "",
                Enrolment.state == _ENROLLED,
            )
            .order_by(PostponementAnswer.person_id)
        )
    )
