"""Meetings that services hold: what a session is to be there, and who needs a way in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.ids import EditionId, LiveSessionId, PersonId
from lms.kernel.localized import Localized
from lms.people.models import Person
from lms.people.queries import has_own_address
from lms.people.rules import display_name
from lms.sessions.models import LiveSession, MeetingState, PersonalLink, ProviderMeeting
from lms.sessions.queries.joining import admitted_ids

AHEAD = timedelta(days=2)
"""How long before the start everyone admitted is given a way in of their own."""


@dataclass(frozen=True, slots=True)
class MeetingCard:
    """Where the meeting of a session stands at a service; what of it is secret is not here.

    `provider` '' = a plain address; `fault` a code of `ServiceFault`, '' while all is well.
    """

    provider: str
    state: str
    fault: str
    fault_at: datetime | None
    fetched_at: datetime | None
    registered: int
    has_meeting: bool
    fetch_fault: str = ""


def find_meeting_card(live_session_id: str) -> MeetingCard:
    """Return where the meeting stands. Two queries."""
    row = db.session.scalar(
        select(ProviderMeeting).where(ProviderMeeting.live_session_id == live_session_id)
    )
    if row is None or row.state == MeetingState.REMOVED:
        return MeetingCard("", "", "", None, None, 0, has_meeting=False)
    links = db.session.scalars(
        select(PersonalLink.id).where(PersonalLink.live_session_id == live_session_id)
    ).all()
    return MeetingCard(
        row.provider,
        row.state,
        row.fault,
        row.fault_at,
        row.fetched_at,
        len(links),
        has_meeting=bool(row.meeting_id),
        fetch_fault=row.fetch_fault,
    )


@dataclass(frozen=True, slots=True)
class WantedMeeting:
    """What a service is to hold for a session, and what it was told last (`told`).

    A session on hold keeps its meeting, which is moved once the new date is set. `generation`:
    how often a meeting of this session was given up before.
    """

    live_session_id: LiveSessionId
    edition_id: EditionId
    provider: str
    state: str
    meeting_id: str
    told: str
    title: Localized
    starts_at: datetime
    ends_at: datetime
    timezone: str
    host_address: str
    is_cancelled: bool
    generation: int = 0


def _wanted() -> Any:
    return (
        select(LiveSession, ProviderMeeting, Person)
        .join(ProviderMeeting, ProviderMeeting.live_session_id == LiveSession.id)
        .join(Person, Person.id == LiveSession.host_id, isouter=True)
        .where(ProviderMeeting.state != MeetingState.REMOVED)
        .order_by(LiveSession.starts_at, LiveSession.id)
    )


def _as_wanted(
    session: LiveSession, meeting: ProviderMeeting, host: Person | None
) -> WantedMeeting:
    return WantedMeeting(
        live_session_id=LiveSessionId(session.id),
        edition_id=EditionId(session.edition_id),
        provider=meeting.provider,
        state=meeting.state,
        meeting_id=meeting.meeting_id,
        told=meeting.told,
        title=session.title,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        timezone=session.timezone,
        host_address=host.address or "" if host is not None and has_own_address(host) else "",
        is_cancelled=session.cancelled_at is not None and session.on_hold_at is None,
        generation=meeting.generation,
    )


def find_wanted_meeting(live_session_id: str) -> WantedMeeting | None:
    """Return what a service is to hold for a session; None for a plain address. One query."""
    row = db.session.execute(_wanted().where(LiveSession.id == live_session_id)).first()
    return None if row is None else _as_wanted(*row)


def list_wanted_meetings(at: datetime) -> tuple[WantedMeeting, ...]:
    """Return those of the sessions that are not over, in order of time."""
    rows = db.session.execute(_wanted().where(LiveSession.ends_at > at))
    return tuple(_as_wanted(*row) for row in rows)


def list_unfetched(since: datetime, until: datetime) -> tuple[LiveSessionId, ...]:
    """Return the sessions that ended in `[since, until)` and whose attendance was never read."""
    rows = db.session.scalars(
        select(LiveSession.id)
        .join(ProviderMeeting, ProviderMeeting.live_session_id == LiveSession.id)
        .where(
            LiveSession.ends_at >= since,
            LiveSession.ends_at < until,
            LiveSession.cancelled_at.is_(None),
            ProviderMeeting.state != MeetingState.REMOVED,
            ProviderMeeting.meeting_id != "",
            ProviderMeeting.fetched_at.is_(None),
            ProviderMeeting.fetch_fault == "",
        )
        .order_by(LiveSession.ends_at, LiveSession.id)
    )
    return tuple(LiveSessionId(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Somebody admitted who has no way in of their own yet at the service."""

    person_id: PersonId
    name: str
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Dismissed:
    """Somebody who has a way in of their own and is admitted no more."""

    person_id: PersonId
    registrant_id: str
    address: str


def registrations(
    live_session_id: str, meeting_id: str
) -> tuple[tuple[Unregistered, ...], tuple[Dismissed, ...]]:
    """Return who is to be registered at the service, and whose link is to be taken back.

    Who has no address of their own comes in by the plain address.
    """
    admitted = admitted_ids(live_session_id)
    links = {
        link.person_id: link
        for link in db.session.scalars(
            select(PersonalLink).where(
                PersonalLink.live_session_id == live_session_id,
                PersonalLink.meeting_id == meeting_id,
            )
        )
    }
    missing = [person_id for person_id in admitted if person_id not in links]
    gone = [person_id for person_id in links if person_id not in set(admitted)]
    people = _people([*missing, *gone])
    return (
        tuple(
            Unregistered(
                person_id, display_name(people[person_id]), people[person_id].address or "",
                people[person_id].language,
            )
            for person_id in missing
            if has_own_address(people[person_id])
        ),
        tuple(
            Dismissed(
                PersonId(person_id), links[person_id].registrant_id,
                people[person_id].address or "",
            )
            for person_id in gone
        ),
    )  # fmt: skip


def _people(person_ids: Collection[str]) -> dict[str, Person]:
    rows = db.session.scalars(select(Person).where(Person.id.in_(person_ids)))
    return {person.id: person for person in rows}
