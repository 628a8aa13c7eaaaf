"""Sessions as everyone who may know of them sees them: without the web address and passcode."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, true

from lms.courses.models import Edition, Programme
from lms.enrolment.models import Attending, Enrolment, EnrolmentState
from lms.enrolment.rules import WAITING_STATES
from lms.infra.db import db
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, LiveSessionId, PartId, PersonId, ProgrammeId
from lms.kernel.localized import Localized, localized
from lms.people.models import Person
from lms.people.rules import display_name, latin_name
from lms.sessions.models import JoinPress, LiveSession, SessionSpeaker, SessionWay
from lms.sessions.queries.groups import is_meant
from lms.sessions.rules import JoinDecision, JoinFacts, Standing, decide_join
from lms.sessions.rules.changes import SessionNotice, read_notice
from lms.sessions.rules.joining import way_in_session

# Longer than any meeting with its grace: a session that began before cannot be going on.
_LOOK_BACK = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class SessionCard:
    """A session for learners' pages, mails and calendars.

    `starts_local`/`ends_local` are naive times in `timezone`; `*_at` are aware UTC. `has_web`
    and `has_passcode` tell that there is a web address or passcode, which the card never holds.
    `recording_state` is empty, asked, allowed or forbidden. `notice` is the last change that
    people were told of. `is_on_hold`: put off until a date is set; until then it is cancelled.
    """

    id: LiveSessionId
    edition_id: EditionId
    part_id: PartId | None
    programme_id: ProgrammeId
    programme_slug: str
    edition_slug: str
    edition_title: Localized
    edition_state: str
    title: Localized
    starts_local: datetime
    ends_local: datetime
    timezone: str
    starts_at: datetime
    ends_at: datetime
    venue_name: Localized
    venue_address: Localized
    venue_access: Localized
    map_url: str
    has_web: bool
    has_passcode: bool
    join_opens_minutes: int
    grace_minutes: int
    is_recorded: bool
    interpretation: bool
    is_cancelled: bool
    sequence: int
    created_at: datetime
    recording_state: str = ""
    room: Localized = field(default_factory=dict)
    seats: int | None = None
    channels: tuple[str, ...] = ()
    name_format: Localized = field(default_factory=dict)
    host_id: PersonId | None = None
    notice: SessionNotice | None = None
    changed_at: datetime | None = None
    is_on_hold: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the place, in which the session was set."""
        return ZoneInfo(self.timezone)

    @property
    def has_venue(self) -> bool:
        """Whether it is held in a room (too)."""
        return bool(self.venue_name or self.venue_address)

    @property
    def joins_from(self) -> datetime:
        """When the join button opens."""
        return self.starts_at - timedelta(minutes=self.join_opens_minutes)

    @property
    def joins_until(self) -> datetime:
        """When the join button closes."""
        return self.ends_at + timedelta(minutes=self.grace_minutes)


_COLUMNS: tuple[Any, ...] = (
    LiveSession.id,
    LiveSession.edition_id,
    LiveSession.part_id,
    LiveSession.title,
    LiveSession.starts_local,
    LiveSession.ends_local,
    LiveSession.timezone,
    LiveSession.starts_at,
    LiveSession.ends_at,
    LiveSession.venue_name,
    LiveSession.venue_address,
    LiveSession.venue_access,
    LiveSession.map_url,
    (LiveSession.web_url != "").label("has_web"),
    (LiveSession.web_passcode != "").label("has_passcode"),
    LiveSession.join_opens_minutes,
    LiveSession.grace_minutes,
    LiveSession.is_recorded,
    LiveSession.recording_state,
    LiveSession.interpretation,
    LiveSession.cancelled_at,
    LiveSession.on_hold_at,
    LiveSession.sequence,
    LiveSession.created_at,
    LiveSession.notice,
    LiveSession.changed_at,
    LiveSession.room,
    LiveSession.seats,
    LiveSession.channels,
    LiveSession.name_format,
    LiveSession.host_id,
    Edition.programme_id,
    Edition.slug.label("edition_slug"),
    Edition.title.label("edition_title"),
    Edition.state.label("edition_state"),
    Programme.slug.label("programme_slug"),
    Programme.title.label("programme_title"),
)


def select_cards(*more: Any) -> Select[Any]:
    """Return the statement that reads cards, in order of time; `more` columns beside them."""
    return (
        select(*_COLUMNS, *more)
        .select_from(LiveSession)
        .join(Edition, Edition.id == LiveSession.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .order_by(LiveSession.starts_at, LiveSession.id)
    )


def card_of(row: Row[Any]) -> SessionCard:
    """Return the card that a row of `select_cards` holds."""
    return SessionCard(
        id=LiveSessionId(row.id),
        edition_id=EditionId(row.edition_id),
        part_id=PartId(row.part_id) if row.part_id else None,
        programme_id=ProgrammeId(row.programme_id),
        programme_slug=row.programme_slug,
        edition_slug=row.edition_slug,
        edition_title=row.edition_title or row.programme_title,
        edition_state=row.edition_state,
        title=row.title,
        starts_local=row.starts_local,
        ends_local=row.ends_local,
        timezone=row.timezone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        venue_name=row.venue_name or {},
        venue_address=row.venue_address or {},
        venue_access=row.venue_access or {},
        map_url=row.map_url,
        has_web=bool(row.has_web),
        has_passcode=bool(row.has_passcode),
        join_opens_minutes=row.join_opens_minutes,
        grace_minutes=row.grace_minutes,
        is_recorded=row.is_recorded,
        interpretation=row.interpretation,
        is_cancelled=row.cancelled_at is not None,
        sequence=row.sequence,
        created_at=row.created_at,
        recording_state=row.recording_state,
        notice=read_notice(row.notice),
        changed_at=row.changed_at,
        is_on_hold=row.on_hold_at is not None,
        room=row.room,
        seats=row.seats,
        channels=tuple(row.channels),
        name_format=row.name_format,
        host_id=PersonId(row.host_id) if row.host_id else None,
    )


def find_live_session(live_session_id: str) -> SessionCard | None:
    """Return the session, or None. One query."""
    row = db.session.execute(select_cards().where(LiveSession.id == live_session_id)).first()
    return None if row is None else card_of(row)


def get_live_session(live_session_id: str) -> SessionCard:
    """Return the session. Raises NotFoundError. One query."""
    card = find_live_session(live_session_id)
    if card is None:
        raise NotFoundError
    return card


def list_edition_sessions(edition_id: str) -> tuple[SessionCard, ...]:
    """Return all sessions of an edition in order of time, cancelled ones included."""
    return sessions_of([edition_id]).get(EditionId(edition_id), ())


def sessions_of(edition_ids: Collection[str]) -> dict[EditionId, tuple[SessionCard, ...]]:
    """Return the sessions of several editions in one query; editions without any are left out."""
    if not edition_ids:
        return {}
    found: dict[EditionId, list[SessionCard]] = {}
    for row in db.session.execute(select_cards().where(LiveSession.edition_id.in_(edition_ids))):
        card = card_of(row)
        found.setdefault(card.edition_id, []).append(card)
    return {edition_id: tuple(cards) for edition_id, cards in found.items()}


# --- how a person stands to sessions ----------------------------------------------------------


def _speaks(person_id: str | None) -> ColumnElement[bool]:
    return exists().where(
        SessionSpeaker.live_session_id == LiveSession.id, SessionSpeaker.person_id == person_id
    )


def _role(person_id: str | None) -> ColumnElement[str | None]:
    """Whether a person speaks or interprets; who does both speaks."""
    return (
        select(func.max(SessionSpeaker.role))
        .where(
            SessionSpeaker.live_session_id == LiveSession.id, SessionSpeaker.person_id == person_id
        )
        .correlate(LiveSession)
        .scalar_subquery()
    )


def _pressed(person_id: str | None) -> ColumnElement[bool]:
    return exists().where(
        JoinPress.live_session_id == LiveSession.id, JoinPress.person_id == person_id
    )


def _for_person(person_id: str | None) -> Select[Any]:
    """Return cards with the person's enrolment, way, speaking and presses beside them.

    Nobody in particular is nobody's id: compared with NULL, who speaks by name only would match.
    """
    person_id = person_id or ""
    return (
        select_cards(
            Enrolment.state.label("enrolment_state"),
            WAY.label("attending"),
            (LiveSession.host_id == person_id).label("hosts"),
            _role(person_id).label("role"),
            is_meant(LiveSession.id).label("meant"),
            _pressed(person_id).label("pressed"),
        )
        .join(
            Enrolment,
            and_(Enrolment.edition_id == LiveSession.edition_id, Enrolment.person_id == person_id),
            isouter=True,
        )
        .join(
            SessionWay,
            and_(SessionWay.live_session_id == LiveSession.id, SessionWay.person_id == person_id),
            isouter=True,
        )
    )


#: By which way an enrolled person takes part in a session: chosen for it, else for the edition.
#: Wants Enrolment and, by an outer join, SessionWay in the statement.
WAY: ColumnElement[str] = func.coalesce(SessionWay.way, Enrolment.attending)


def _standing(row: Row[Any], *, organises: bool) -> Standing:
    if row.hosts:
        return Standing.HOST
    enrolled = row.enrolment_state == EnrolmentState.ENROLLED.value
    if enrolled and row.meant and not row.role:
        has_venue = bool(row.venue_name or row.venue_address)
        way = way_in_session(row.attending, has_venue=has_venue)
        return Standing.VENUE if way == Attending.VENUE.value else Standing.WEB
    if row.role:
        return Standing.SPEAKER
    if organises:
        return Standing.STAFF
    if enrolled:
        return Standing.OTHER_GROUP
    return Standing.APPLICANT if row.enrolment_state in WAITING_STATES else Standing.NONE


def join_facts(card: SessionCard, standing: Standing) -> JoinFacts:
    """Return the facts of the decision to join. No query."""
    return JoinFacts(
        standing=standing,
        starts_at=card.starts_at,
        ends_at=card.ends_at,
        opens_minutes=card.join_opens_minutes,
        grace_minutes=card.grace_minutes,
        has_link=card.has_web,
        is_cancelled=card.is_cancelled,
    )


@dataclass(frozen=True, slots=True)
class UpcomingSession:
    """A session with how one person stands to it and whether they may join now.

    `role`: `speaker` or `interpreter` for who does so, else ''.
    """

    card: SessionCard
    standing: Standing
    decision: JoinDecision
    has_pressed: bool = False
    role: str = ""


def _for_viewer(row: Row[Any], at: datetime, *, organises: bool = False) -> UpcomingSession:
    card = card_of(row)
    standing = _standing(row, organises=organises)
    return UpcomingSession(
        card,
        standing,
        decide_join(join_facts(card, standing), at),
        bool(row.pressed),
        row.role or "",
    )


def find_live_session_for(
    live_session_id: str,
    person_id: PersonId | None,
    at: datetime,
    organises: Callable[[str], bool],
) -> UpcomingSession | None:
    """Return a session as one person sees it, or None when there is none. One query.

    `organises` is the policy's answer for a programme. A person who may not know of the session
    gets standing `none`.
    """
    row = db.session.execute(
        _for_person(person_id).where(LiveSession.id == live_session_id)
    ).first()
    if row is None:
        return None
    return _for_viewer(row, at, organises=organises(row.programme_id))


def next_sessions(
    person_id: PersonId,
    edition_ids: Collection[str],
    at: datetime,
    limit: int = 50,
    *,
    with_cancelled: bool = False,
) -> tuple[UpcomingSession, ...]:
    """Return what lies before a person, soonest first, with the decision to join. One query.

    Holds the sessions of these editions that are for the person, and those that they run (speak,
    interpret, host), until their join window closes; cancelled ones only `with_cancelled`.
    """
    rows = db.session.execute(
        _for_person(person_id)
        .where(
            or_(
                and_(LiveSession.edition_id.in_(edition_ids), is_meant(LiveSession.id)),
                _speaks(person_id),
                LiveSession.host_id == person_id,
            ),
            true() if with_cancelled else LiveSession.cancelled_at.is_(None),
            LiveSession.ends_at > at - _LOOK_BACK,
        )
        .limit(limit)
    )
    found = (_for_viewer(row, at) for row in rows)
    return tuple(each for each in found if each.decision.closes_at > at)


def edition_sessions_for(
    edition_id: str, person_id: PersonId | None, at: datetime, *, organises: bool = False
) -> tuple[UpcomingSession, ...]:
    """Return all sessions of an edition as one person stands to each, in order. One query.

    `organises` is the policy's answer for the edition's programme. Cancelled ones are included,
    those for other seminar groups than an enrolled person's are not.
    """
    rows = db.session.execute(_for_person(person_id).where(LiveSession.edition_id == edition_id))
    found = (_for_viewer(row, at, organises=organises) for row in rows)
    return tuple(one for one in found if one.standing is not Standing.OTHER_GROUP)


# --- speakers and the way in --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks or interprets (`role`): `person_id` when known here; `name` as shown."""

    person_id: PersonId | None
    name: Localized
    role: str = "speaker"


def _names(person: Person) -> Localized:
    return localized(display_name(person), latin_name(person))


def speakers_of(live_session_ids: Collection[str]) -> dict[LiveSessionId, tuple[Speaker, ...]]:
    """Return the speakers of several sessions, in order, in one query."""
    if not live_session_ids:
        return {}
    rows: Any = db.session.execute(
        select(SessionSpeaker, Person)
        .join(Person, Person.id == SessionSpeaker.person_id, isouter=True)
        .where(SessionSpeaker.live_session_id.in_(live_session_ids))
        .order_by(SessionSpeaker.live_session_id, SessionSpeaker.position, SessionSpeaker.id)
    )
    found: dict[LiveSessionId, list[Speaker]] = {}
    for speaker, person in rows:
        found.setdefault(LiveSessionId(speaker.live_session_id), []).append(
            Speaker(
                PersonId(speaker.person_id) if speaker.person_id else None,
                speaker.name or (_names(person) if person is not None else {}),
                speaker.role,
            )
        )
    return {key: tuple(speakers) for key, speakers in found.items()}
