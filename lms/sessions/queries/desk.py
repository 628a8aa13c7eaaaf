"""What organisers see and change: the whole record, the web address included."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.courses.models import Edition, Part, Programme
from lms.infra.db import db
from lms.kernel.ids import EditionId, LiveSessionId, PartId, PersonId, ProgrammeId
from lms.kernel.localized import Localized
from lms.people.models import Person
from lms.people.rules import display_name
from lms.sessions.models import LiveSession, SessionSpeaker
from lms.sessions.queries.groups import groups_of_sessions


@dataclass(frozen=True, slots=True)
class EditionDesk:
    """The edition around sessions, for the desk."""

    edition_id: EditionId
    programme_id: ProgrammeId
    title: Localized
    state: str
    timezone: str


def find_edition_desk(edition_id: str) -> EditionDesk | None:
    """Return the edition, or None. One query."""
    row = db.session.execute(
        select(
            Edition.id,
            Edition.programme_id,
            Edition.title,
            Edition.state,
            Edition.timezone,
            Programme.title.label("programme_title"),
        )
        .join(Programme, Programme.id == Edition.programme_id)
        .where(Edition.id == edition_id)
    ).first()
    if row is None:
        return None
    return EditionDesk(
        EditionId(row.id),
        ProgrammeId(row.programme_id),
        row.title or row.programme_title,
        row.state,
        row.timezone,
    )


def edition_of_session(live_session_id: str) -> EditionId | None:
    """Return which edition a session belongs to, or None when there is no such session."""
    found = db.session.scalar(
        select(LiveSession.edition_id).where(LiveSession.id == live_session_id)
    )
    return EditionId(found) if found is not None else None


@dataclass(frozen=True, slots=True)
class SpeakerRecord:
    """A speaker as the form shows it: `handle` is a sign-in id or address of a known person."""

    person_id: PersonId | None
    person_name: str
    handle: str
    name: Localized
    role: str = "speaker"


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """Everything that an organiser set."""

    id: LiveSessionId
    edition_id: EditionId
    part_id: PartId | None
    title: Localized
    starts_local: datetime
    ends_local: datetime
    timezone: str
    venue_name: Localized
    venue_address: Localized
    venue_access: Localized
    map_url: str
    web_url: str
    web_passcode: str
    join_opens_minutes: int
    grace_minutes: int
    is_recorded: bool
    interpretation: bool
    speakers: tuple[SpeakerRecord, ...]
    room: Localized
    seats: int | None
    dial_in: str
    host: SpeakerRecord | None
    channels: tuple[str, ...]
    name_format: Localized
    group_ids: tuple[str, ...] = ()


def find_session_record(live_session_id: str) -> SessionRecord | None:
    """Return a session with its speakers and groups for the form, or None. Three queries."""
    row = db.session.get(LiveSession, live_session_id)
    if row is None:
        return None
    speakers: Any = db.session.execute(
        select(SessionSpeaker, Person)
        .join(Person, Person.id == SessionSpeaker.person_id, isouter=True)
        .where(SessionSpeaker.live_session_id == live_session_id)
        .order_by(SessionSpeaker.position, SessionSpeaker.id)
    )
    return SessionRecord(
        id=LiveSessionId(row.id),
        edition_id=EditionId(row.edition_id),
        part_id=PartId(row.part_id) if row.part_id else None,
        title=row.title,
        starts_local=row.starts_local,
        ends_local=row.ends_local,
        timezone=row.timezone,
        venue_name=row.venue_name or {},
        venue_address=row.venue_address or {},
        venue_access=row.venue_access or {},
        map_url=row.map_url,
        web_url=row.web_url,
        web_passcode=row.web_passcode,
        join_opens_minutes=row.join_opens_minutes,
        grace_minutes=row.grace_minutes,
        is_recorded=row.is_recorded,
        interpretation=row.interpretation,
        speakers=tuple(
            SpeakerRecord(
                person_id=PersonId(speaker.person_id) if speaker.person_id else None,
                person_name=display_name(person) if person else "",
                handle=(person.login_id or person.address or person.id) if person else "",
                name=speaker.name or {},
                role=speaker.role,
            )
            for speaker, person in speakers
        ),
        room=row.room,
        seats=row.seats,
        dial_in=row.dial_in,
        host=_host(row.host_id),
        channels=tuple(row.channels),
        name_format=row.name_format,
        group_ids=tuple(
            key for key, _title in groups_of_sessions([row.id]).get(LiveSessionId(row.id), ())
        ),
    )


def _host(person_id: str | None) -> SpeakerRecord | None:
    person = db.session.get(Person, person_id) if person_id else None
    if person is None:
        return None
    handle = person.login_id or person.address or person.id
    return SpeakerRecord(PersonId(person.id), display_name(person), handle, {})


def part_choices(edition_id: str) -> tuple[tuple[PartId, Localized], ...]:
    """Return the parts of an edition in order, for a select."""
    rows = db.session.execute(
        select(Part.id, Part.title).where(Part.edition_id == edition_id).order_by(Part.position)
    )
    return tuple((PartId(part_id), title) for part_id, title in rows)


def list_open_session_ids(edition_id: str) -> tuple[LiveSessionId, ...]:
    """Return the sessions of an edition that are not cancelled."""
    rows = db.session.scalars(
        select(LiveSession.id)
        .where(LiveSession.edition_id == edition_id, LiveSession.cancelled_at.is_(None))
        .order_by(LiveSession.starts_at)
    )
    return tuple(LiveSessionId(row) for row in rows)


def count_without_place(edition_ids: Collection[str], at: datetime) -> dict[EditionId, int]:
    """Return, by edition, how many sessions to come have neither room nor web address."""
    if not edition_ids:
        return {}
    rows = db.session.execute(
        select(LiveSession.edition_id, LiveSession.venue_name).where(
            LiveSession.edition_id.in_(edition_ids),
            LiveSession.cancelled_at.is_(None),
            LiveSession.web_url == "",
            LiveSession.ends_at > at,
        )
    )
    counts: dict[EditionId, int] = {}
    for edition_id, venue_name in rows:
        if not venue_name:
            counts[EditionId(edition_id)] = counts.get(EditionId(edition_id), 0) + 1
    return counts
