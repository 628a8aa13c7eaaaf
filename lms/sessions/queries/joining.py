"""The real way in, and what surrounds joining. For the redirect, organisers and hosts only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, union

from lms.enrolment.models import Attending, Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.clock import day_in
from lms.kernel.ids import LiveSessionId, OrganisationId, PersonId
from lms.kernel.localized import Localized, pick
from lms.people.models import Membership, Person
from lms.people.queries import active_on, name_of, organisation_paths
from lms.people.rules import OrganisationPath
from lms.sessions.models import (
    AddressRelease,
    LiveSession,
    MeetingState,
    PersonalLink,
    ProviderMeeting,
    SessionSpeaker,
    SessionWay,
)
from lms.sessions.queries.cards import WAY, SessionCard
from lms.sessions.queries.groups import is_meant
from lms.sessions.rules.joining import ReleaseFacts, SwitchFacts, service_of, way_in_session


@dataclass(frozen=True, slots=True)
class WayIn:
    """The real way into a meeting for one person.

    `url` is the plain address, which always works; `personal_url` the person's own, made by the
    service; `room` the meeting's name or number at `provider` (both empty: a plain address).
    `moderates`: the person leads the meeting. `dial_in`: how to take part by telephone.
    """

    url: str
    passcode: str
    provider: str = ""
    room: str = ""
    personal_url: str = ""
    moderates: bool = False
    dial_in: str = ""


def find_way_in(live_session_id: str, person_id: PersonId | None) -> WayIn | None:
    """Return the way in, or None when there is no address. One query."""
    row = db.session.execute(
        select(
            LiveSession.web_url,
            LiveSession.web_passcode,
            ProviderMeeting.provider,
            ProviderMeeting.meeting_id,
            PersonalLink.join_url,
            LiveSession.dial_in,
        )
        .join(
            ProviderMeeting,
            and_(
                ProviderMeeting.live_session_id == LiveSession.id,
                ProviderMeeting.state != MeetingState.REMOVED,
                ProviderMeeting.meeting_id != "",
            ),
            isouter=True,
        )
        .join(
            PersonalLink,
            and_(
                PersonalLink.live_session_id == LiveSession.id,
                PersonalLink.person_id == person_id,
                PersonalLink.meeting_id == ProviderMeeting.meeting_id,
            ),
            isouter=True,
        )
        .where(LiveSession.id == live_session_id, LiveSession.web_url != "")
    ).first()
    if row is None:
        return None
    url, passcode, provider, room, personal, dial_in = row
    return WayIn(url, passcode, provider or "", room or "", personal or "", dial_in=dial_in)


def find_service_name(live_session_id: str) -> str:
    """Return which service a meeting is at, as far as its address tells ('': unknown)."""
    url = db.session.scalar(select(LiveSession.web_url).where(LiveSession.id == live_session_id))
    return service_of(url or "")


@dataclass(frozen=True, slots=True)
class OwnWay:
    """How an enrolled person takes part in a session (`venue` or `web`), as they may change it."""

    way: str
    facts: SwitchFacts


def find_own_way(card: SessionCard, person_id: PersonId | None) -> OwnWay:
    """Return a person's way and the facts of changing it, in two queries.

    Who is not enrolled has none to change.
    """
    wanted = db.session.scalar(
        select(WAY)
        .select_from(Enrolment)
        .join(
            SessionWay,
            and_(
                SessionWay.person_id == Enrolment.person_id,
                SessionWay.live_session_id == card.id,
            ),
            isouter=True,
        )
        .where(
            Enrolment.edition_id == card.edition_id,
            Enrolment.person_id == person_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
            is_meant(card.id),
        )
    )
    seats, taken = _seats(card, person_id)
    facts = SwitchFacts(
        is_enrolled=wanted is not None,
        is_cancelled=card.is_cancelled,
        closes_at=card.joins_until,
        has_venue=card.has_venue,
        has_web=card.has_web,
        seats=seats,
        taken=taken,
    )
    return OwnWay(way_in_session(wanted or "web", has_venue=card.has_venue), facts)


def _seats(card: SessionCard, but: PersonId | None) -> tuple[int | None, int]:
    """Return the seats of the room, and how many others come to it."""
    taken = (
        select(func.count())
        .select_from(Enrolment)
        .join(
            SessionWay,
            and_(
                SessionWay.person_id == Enrolment.person_id,
                SessionWay.live_session_id == card.id,
            ),
            isouter=True,
        )
        .where(
            Enrolment.edition_id == card.edition_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
            Enrolment.person_id != (but or ""),
            is_meant(card.id),
            WAY.in_([Attending.VENUE.value]),
        )
        .scalar_subquery()
    )
    row = db.session.execute(
        select(LiveSession.seats, taken).where(LiveSession.id == card.id)
    ).one()
    return row[0], row[1]


def ways_in_session(live_session_id: str) -> dict[PersonId, str]:
    """Return who chose another way for this session than their enrolment says, in one query."""
    rows = db.session.execute(
        select(SessionWay.person_id, SessionWay.way).where(
            SessionWay.live_session_id == live_session_id
        )
    )
    return {PersonId(person_id): way for person_id, way in rows}


def names_in_meeting(
    person_id: PersonId, language: str, at: datetime, *, organisation: bool
) -> dict[str, str]:
    """Return what fills a format of names for a person (see `rules.joining.PLACES`).

    The organisation, read where it is asked for, is the first in protocol order of those of
    today, in the reader's language. One query, four with the organisation.
    """
    person = db.session.get_one(Person, person_id)
    name = name_of(person)
    day = day_in(at)
    places: list[OrganisationPath] = []
    if organisation:
        paths = organisation_paths(day)
        own = db.session.scalars(
            select(Membership.organisation_id).where(
                Membership.person_id == person_id, active_on(day)
            )
        )
        known = (paths[OrganisationId(key)] for key in own if OrganisationId(key) in paths)
        places = sorted(known, key=lambda path: path.order)
    return {
        "name": name.shown,
        "kana": name.kana,
        "latin": name.latin,
        "organisation": pick(places[0].names[-1], language).text if places else "",
        "country": person.country or "",
    }


# --- the release by mail ----------------------------------------------------------------------


def admitted_ids(live_session_id: str) -> tuple[PersonId, ...]:
    """Return for whom the button is live: enrolled on the web, speakers and the host.

    Staff of the programme come in by the desk and are not counted. Two queries.
    """
    session = db.session.get_one(LiveSession, live_session_id)
    has_venue = bool(session.venue_name or session.venue_address)
    enrolled = (
        select(Enrolment.person_id)
        .join(
            SessionWay,
            and_(
                SessionWay.person_id == Enrolment.person_id,
                SessionWay.live_session_id == live_session_id,
            ),
            isouter=True,
        )
        .where(
            Enrolment.edition_id == session.edition_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
            is_meant(live_session_id),
            *([WAY.in_([Attending.WEB.value])] if has_venue else ()),
        )
    )
    speaking = select(SessionSpeaker.person_id).where(
        SessionSpeaker.live_session_id == live_session_id, SessionSpeaker.person_id.is_not(None)
    )
    hosting = select(LiveSession.host_id).where(
        LiveSession.id == live_session_id, LiveSession.host_id.is_not(None)
    )
    wanted = union(enrolled, speaking, hosting).subquery()
    rows = db.session.scalars(
        select(Person.id)
        .where(Person.id.in_(select(wanted.c.person_id)), Person.suspended_at.is_(None))
        .order_by(Person.id)
    )
    return tuple(PersonId(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Release:
    """That the address was released: when, by whom (a name), and to how many."""

    at: datetime
    by_name: str
    people: int


def find_release(live_session_id: str) -> Release | None:
    """Return the release of a session, or None. One query."""
    row: Any = db.session.execute(
        select(AddressRelease, Person)
        .join(Person, Person.id == AddressRelease.by_id, isouter=True)
        .where(AddressRelease.live_session_id == live_session_id)
    ).first()
    if row is None:
        return None
    release, person = row
    return Release(release.at, name_of(person).shown if person is not None else "", release.people)


def release_facts(card: SessionCard) -> ReleaseFacts:
    """Return the facts of releasing the address by mail. One query."""
    return ReleaseFacts(
        starts_at=card.starts_at,
        closes_at=card.joins_until,
        has_link=card.has_web,
        is_cancelled=card.is_cancelled,
        was_released=find_release(card.id) is not None,
    )


# --- the host's sheet -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostSheet:
    """What a host holds in case this server cannot be reached: the real way in, and the list."""

    url: str
    passcode: str
    dial_in: str
    host_name: str
    people: tuple[tuple[str, str, Localized], ...]


def find_host_id(live_session_id: str) -> PersonId | None:
    """Return whose meeting it is, or None."""
    found = db.session.scalar(select(LiveSession.host_id).where(LiveSession.id == live_session_id))
    return PersonId(found) if found is not None else None


def get_host_sheet(card: SessionCard) -> HostSheet:
    """Return the sheet; its people are (name, reading, organisation) of those admitted."""
    row: Any = db.session.execute(
        select(LiveSession.web_url, LiveSession.web_passcode, LiveSession.dial_in, Person)
        .join(Person, Person.id == LiveSession.host_id, isouter=True)
        .where(LiveSession.id == card.id)
    ).one()
    url, passcode, dial_in, host = row
    return HostSheet(
        url,
        passcode,
        dial_in,
        name_of(host).shown if host is not None else "",
        _listed(admitted_ids(card.id), card),
    )


def _listed(
    person_ids: Collection[PersonId], card: SessionCard
) -> tuple[tuple[str, str, Localized], ...]:
    day = card.starts_local.date()
    paths = organisation_paths(day)
    people = db.session.scalars(select(Person).where(Person.id.in_(person_ids))).all()
    places: dict[str, Any] = {}
    for person_id, organisation_id in db.session.execute(
        select(Membership.person_id, Membership.organisation_id).where(
            Membership.person_id.in_(person_ids), active_on(day)
        )
    ):
        path = paths[OrganisationId(organisation_id)]
        if person_id not in places or path.order < places[person_id].order:
            places[person_id] = path
    return tuple(
        (
            name.shown,
            name.kana,
            places[name.person_id].names[-1] if name.person_id in places else {},
        )
        for name in sorted(map(name_of, people), key=lambda name: name.sort_key)
    )


def sessions_for_hosts(since: datetime, until: datetime) -> tuple[LiveSessionId, ...]:
    """Return the sessions with an address that start in `[since, until)` and are not cancelled."""
    rows = db.session.scalars(
        select(LiveSession.id)
        .where(
            LiveSession.starts_at >= since,
            LiveSession.starts_at < until,
            LiveSession.cancelled_at.is_(None),
            LiveSession.web_url != "",
        )
        .order_by(LiveSession.starts_at, LiveSession.id)
    )
    return tuple(LiveSessionId(row) for row in rows)
