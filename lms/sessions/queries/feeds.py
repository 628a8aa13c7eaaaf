"""Reads for calendars: sessions by id, a person's private subscription and what it holds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select

from lms.courses.models import Edition, EditionState
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.sessions.models import CalendarFeed, LiveSession, SessionSpeaker
from lms.sessions.queries.cards import SessionCard, card_of, select_cards
from lms.sessions.queries.groups import is_meant

KEPT: timedelta = timedelta(days=90)
"""How long a session stays in a subscription after its end."""


def find_cards(live_session_ids: Collection[str]) -> tuple[SessionCard, ...]:
    """Return these sessions, in order of time, without those that are gone. One query."""
    if not live_session_ids:
        return ()
    rows = db.session.execute(select_cards().where(LiveSession.id.in_(live_session_ids)))
    return tuple(card_of(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Whose subscription it is. `revoked`: the address was taken back."""

    person_id: PersonId
    language: str
    timezone: str
    revoked: bool


def find_subscriber(secret_hash: str) -> Subscriber | None:
    """Return who reads by a secret (its SHA-256), or None; nobody who is suspended. One query."""
    row = db.session.execute(
        select(Person.id, Person.language, Person.timezone, CalendarFeed.revoked_at)
        .join(CalendarFeed, CalendarFeed.person_id == Person.id)
        .where(CalendarFeed.secret_hash == secret_hash, Person.suspended_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return Subscriber(
        PersonId(row.id), row.language, row.timezone, revoked=row.revoked_at is not None
    )


def find_feed(person_id: str) -> CalendarFeed | None:
    """Return a person's subscription that is not revoked, or None. One query."""
    return db.session.scalars(
        select(CalendarFeed).where(
            CalendarFeed.person_id == person_id, CalendarFeed.revoked_at.is_(None)
        )
    ).one_or_none()


def list_own_sessions(person_id: str, at: datetime) -> tuple[SessionCard, ...]:
    """Return the sessions of a person's calendar: of their courses, or which they run. One query.

    From 90 days back on, cancelled ones included, drafts not.
    """
    speaking = select(SessionSpeaker.live_session_id).where(SessionSpeaker.person_id == person_id)
    # Somebody whose enrolment ended with a cancelled edition keeps its sessions, as cancelled.
    own = exists().where(
        Enrolment.edition_id == LiveSession.edition_id,
        Enrolment.person_id == person_id,
        or_(
            Enrolment.state == EnrolmentState.ENROLLED.value,
            and_(
                Enrolment.state == EnrolmentState.CANCELLED.value,
                LiveSession.cancelled_at.is_not(None),
            ),
        ),
        is_meant(LiveSession.id),
    )
    rows = db.session.execute(
        select_cards().where(
            LiveSession.ends_at > at - KEPT,
            Edition.state != EditionState.DRAFT,
            or_(
                own,
                LiveSession.id.in_(speaking),
                LiveSession.host_id == person_id,
            ),
        )
    )
    return tuple(card_of(row) for row in rows)
