"""What the front desk sees: who is expected, who is here, who came unannounced, who is missing."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import aliased

from lms.courses.models import Edition, Programme
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import EditionId, PersonId, ProgrammeId
from lms.kernel.japanese import search_key
from lms.kernel.localized import Localized
from lms.people.models import Person
from lms.people.queries import name_of
from lms.people.rules import display_name
from lms.sessions.models import (
    Attendance,
    CheckIn,
    DeskHand,
    GroupMember,
    JoinPress,
    LiveSession,
    MissingCall,
    SeminarGroup,
    SessionWay,
    TicketIssue,
    WalkIn,
    WalkInState,
)
from lms.sessions.queries.attendance import enrolled_places
from lms.sessions.queries.cards import WAY
from lms.sessions.queries.groups import is_meant
from lms.sessions.rules.checking_in import Where, find_where
from lms.sessions.rules.tickets import Ticket

_ENROLLED = EnrolmentState.ENROLLED.value


@dataclass(frozen=True, slots=True)
class DoorRow:
    """An enrolled person at the door, with all that is known of where they are.

    `here_at` is when the desk saw them, `source` how; `web_at` the first press of join.
    """

    person_id: PersonId
    enrolment_id: str
    name: str
    kana: str
    latin: str
    language: str
    sort_key: str
    organisation: Localized
    organisation_order: tuple[Any, ...]
    attending: str
    here_at: datetime | None
    source: str | None
    web_at: datetime | None
    hand_status: str | None
    hand_way: str | None

    @property
    def where(self) -> Where:
        """Where the person is, as far as is known."""
        return find_where(
            checked_in=self.here_at is not None,
            pressed=self.web_at is not None,
            hand_status=self.hand_status,
            hand_way=self.hand_way,
        )


def list_door(
    live_session_id: str, edition_id: str, day: date | None = None
) -> tuple[DoorRow, ...]:
    """Return everyone enrolled whom a session is for, in the order of readings, in one query.

    With `day` (of the session, at its place) also the organisation of that day: three more.
    """
    pressed = (
        select(JoinPress.person_id, func.min(JoinPress.at).label("first_at"))
        .where(JoinPress.live_session_id == live_session_id)
        .group_by(JoinPress.person_id)
        .subquery()
    )
    rows: Any = db.session.execute(
        select(Person, Enrolment, WAY, CheckIn, pressed.c.first_at, Attendance)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(
            SessionWay,
            and_(SessionWay.person_id == Person.id, SessionWay.live_session_id == live_session_id),
            isouter=True,
        )
        .join(
            CheckIn,
            and_(
                CheckIn.person_id == Person.id,
                CheckIn.live_session_id == live_session_id,
                CheckIn.undone_at.is_(None),
            ),
            isouter=True,
        )
        .join(pressed, pressed.c.person_id == Person.id, isouter=True)
        .join(
            Attendance,
            and_(Attendance.person_id == Person.id, Attendance.live_session_id == live_session_id),
            isouter=True,
        )
        .where(
            Enrolment.edition_id == edition_id,
            Enrolment.state == _ENROLLED,
            is_meant(live_session_id),
        )
        .order_by(Person.sort_key, Person.id)
    )
    places = enrolled_places(edition_id, day) if day is not None else {}
    return tuple(_door_row(row, places) for row in rows)


def _door_row(row: Any, places: Mapping[str, Any]) -> DoorRow:
    person, enrolment, way, check_in, web_at, mark = row
    name = name_of(person)
    place = places.get(person.id)
    return DoorRow(
        person_id=name.person_id,
        enrolment_id=enrolment.id,
        name=name.shown,
        kana=name.kana,
        latin=name.latin,
        language=person.language,
        sort_key=name.sort_key,
        organisation=place.names[-1] if place is not None else {},
        organisation_order=(place is None, place.order if place is not None else ()),
        attending=way,
        here_at=check_in.at if check_in is not None else None,
        source=check_in.source if check_in is not None else None,
        web_at=web_at,
        hand_status=mark.status if mark is not None else None,
        hand_way=mark.way if mark is not None else None,
    )


def by_organisation(rows: Iterable[DoorRow]) -> tuple[DoorRow, ...]:
    """Return rows by organisation in protocol order, then by reading; without one, last."""
    return tuple(
        sorted(rows, key=lambda row: (row.organisation_order, row.sort_key, row.person_id))
    )


def find_at_door(edition_id: str, term: str) -> frozenset[PersonId]:
    """Return who of an edition's enrolled is found by a word in any form of a name. One query."""
    words = search_key(term).split()[:10]
    rows = db.session.scalars(
        select(Person.id)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            Enrolment.edition_id == edition_id,
            Enrolment.state == _ENROLLED,
            *(Person.search_key.contains(word, autoescape=True) for word in words),
        )
    )
    return frozenset(PersonId(row) for row in rows)


def door_version(live_session_id: str, edition_id: str) -> str:
    """Return a text that changes whenever something on the board of a session does. One query."""
    enrolled = (
        Enrolment.edition_id == edition_id,
        Enrolment.state == _ENROLLED,
        is_meant(live_session_id),
    )
    placed = (
        select(func.max(GroupMember.placed_at))
        .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
        .where(Enrolment.edition_id == edition_id)
    )
    row = db.session.execute(
        select(
            *_newest(CheckIn, live_session_id, CheckIn.entered_at, CheckIn.undone_at),
            *_newest(JoinPress, live_session_id, JoinPress.at),
            *_newest(Attendance, live_session_id, Attendance.set_at),
            *_newest(WalkIn, live_session_id, WalkIn.at, WalkIn.decided_at),
            *_newest(MissingCall, live_session_id, MissingCall.at),
            select(func.count()).where(*enrolled).scalar_subquery(),
            select(func.max(Enrolment.changed_at)).where(*enrolled).scalar_subquery(),
            placed.scalar_subquery(),
        )
    ).one()
    return hashlib.sha256(repr(tuple(row)).encode()).hexdigest()[:24]


def _newest(model: Any, live_session_id: str, *moments: Any) -> tuple[Any, ...]:
    of_session = model.live_session_id == live_session_id
    return (
        select(func.count()).select_from(model).where(of_session).scalar_subquery(),
        *(select(func.max(moment)).where(of_session).scalar_subquery() for moment in moments),
    )


@dataclass(frozen=True, slots=True)
class Here:
    """An open check-in: of whom, since when, how, and by whom at the desk."""

    name: str
    kana: str
    at: datetime
    source: str
    by_name: str


def list_here(live_session_id: str) -> dict[PersonId, tuple[datetime, str]]:
    """Return since when each person is checked in, and how. One query."""
    rows = db.session.execute(
        select(CheckIn.person_id, CheckIn.at, CheckIn.source).where(
            CheckIn.live_session_id == live_session_id, CheckIn.undone_at.is_(None)
        )
    )
    return {PersonId(person_id): (at, source) for person_id, at, source in rows}


def find_here(live_session_id: str, person_id: str) -> Here | None:
    """Return the open check-in of a person, or None. One query."""
    hand = aliased(Person)
    row: Any = db.session.execute(
        select(CheckIn, hand, Person)
        .join(hand, hand.id == CheckIn.by_id)
        .join(Person, Person.id == CheckIn.person_id)
        .where(
            CheckIn.live_session_id == live_session_id,
            CheckIn.person_id == person_id,
            CheckIn.undone_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    check_in, by, person = row
    name = name_of(person)
    return Here(name.shown, name.kana, check_in.at, check_in.source, display_name(by))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another session held at the same moment where a ticket was shown already."""

    title: Localized
    at: datetime


def find_elsewhere(live_session_id: str, person_id: str, at: datetime) -> Elsewhere | None:
    """Return where else a ticket of this person was shown for a session held now. One query."""
    row = db.session.execute(
        select(LiveSession.title, CheckIn.at)
        .join(CheckIn, CheckIn.live_session_id == LiveSession.id)
        .where(
            CheckIn.person_id == person_id,
            CheckIn.live_session_id != live_session_id,
            CheckIn.undone_at.is_(None),
            CheckIn.source == "qr",
            LiveSession.cancelled_at.is_(None),
            LiveSession.starts_at <= at,
            LiveSession.ends_at > at,
        )
        .order_by(CheckIn.at.desc())
        .limit(1)
    ).first()
    return None if row is None else Elsewhere(row.title, row.at)


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """The enrolment that a ticket names. `last_end` is when its edition's last session ends.

    `issue` is the number of the ticket that is good, `issued_at` since when (None: the first).
    """

    enrolment_id: str
    edition_id: EditionId
    programme_id: ProgrammeId
    edition_title: Localized
    person_id: PersonId
    name: str
    kana: str
    state: str
    last_end: datetime | None
    issue: int = 0
    issued_at: datetime | None = None


def find_ticket_record(enrolment_id: str) -> TicketRecord | None:
    """Return what a ticket stands for, or None when the enrolment is gone. One query."""
    last_end = (
        select(func.max(LiveSession.ends_at))
        .where(LiveSession.edition_id == Enrolment.edition_id, LiveSession.cancelled_at.is_(None))
        .scalar_subquery()
    )
    row: Any = db.session.execute(
        select(Enrolment, Person, Edition, Programme.title, last_end, TicketIssue)
        .join(Person, Person.id == Enrolment.person_id)
        .join(Edition, Edition.id == Enrolment.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .join(TicketIssue, TicketIssue.enrolment_id == Enrolment.id, isouter=True)
        .where(Enrolment.id == enrolment_id)
    ).first()
    if row is None:
        return None
    enrolment, person, edition, programme_title, ends, issue = row
    name = name_of(person)
    return TicketRecord(
        enrolment_id=enrolment.id,
        edition_id=EditionId(edition.id),
        programme_id=ProgrammeId(edition.programme_id),
        edition_title=edition.title or programme_title,
        person_id=name.person_id,
        name=name.shown,
        kana=name.kana,
        state=enrolment.state,
        last_end=ends,
        issue=issue.number if issue is not None else 0,
        issued_at=issue.at if issue is not None else None,
    )


def tickets_of(edition_id: str) -> tuple[Ticket, ...]:
    """Return the ticket that is good of every enrolment of an edition, in whatever state.

    Whose short code may be typed. One query.
    """
    rows = db.session.execute(
        select(Enrolment.id, func.coalesce(TicketIssue.number, 0))
        .join(TicketIssue, TicketIssue.enrolment_id == Enrolment.id, isouter=True)
        .where(Enrolment.edition_id == edition_id)
        .order_by(Enrolment.id)
    )
    return tuple(Ticket(*row) for row in rows)


def find_own_enrolment(edition_id: str, person_id: str) -> str | None:
    """Return the enrolment of a person who holds a seat in an edition, or None. One query."""
    return db.session.scalar(
        select(Enrolment.id).where(
            Enrolment.edition_id == edition_id,
            Enrolment.person_id == person_id,
            Enrolment.state == _ENROLLED,
        )
    )


@dataclass(frozen=True, slots=True)
class Expected:
    """Whether a session is for somebody who holds a seat; `group` is the title of their own."""

    here: bool
    group: Localized | None


def find_expected(live_session_id: str, edition_id: str, person_id: str) -> Expected | None:
    """Return whether a session is for a person, or None for who holds no seat. One query."""
    row = db.session.execute(
        select(is_meant(live_session_id), SeminarGroup.title)
        .select_from(Enrolment)
        .join(
            GroupMember,
            and_(GroupMember.enrolment_id == Enrolment.id, GroupMember.until_at.is_(None)),
            isouter=True,
        )
        .join(SeminarGroup, SeminarGroup.id == GroupMember.group_id, isouter=True)
        .where(
            Enrolment.edition_id == edition_id,
            Enrolment.person_id == person_id,
            Enrolment.state == _ENROLLED,
        )
    ).first()
    return None if row is None else Expected(bool(row[0]), row[1])


@dataclass(frozen=True, slots=True)
class WalkInRow:
    """Somebody who came unannounced. `enrolment_state`: where they stand in the edition."""

    id: str
    person_id: PersonId | None
    name: str
    organisation: str
    at: datetime
    by_name: str
    enrolment_state: str | None


def list_walk_ins(live_session_id: str, edition_id: str) -> tuple[WalkInRow, ...]:
    """Return the notes that nobody has decided on, in the order of coming. One query."""
    hand = aliased(Person)
    rows: Any = db.session.execute(
        select(WalkIn, Person, hand, Enrolment.state)
        .join(Person, Person.id == WalkIn.person_id, isouter=True)
        .join(hand, hand.id == WalkIn.by_id)
        .join(
            Enrolment,
            and_(Enrolment.person_id == WalkIn.person_id, Enrolment.edition_id == edition_id),
            isouter=True,
        )
        .where(WalkIn.live_session_id == live_session_id, WalkIn.state == WalkInState.NOTED.value)
        .order_by(WalkIn.at, WalkIn.id)
    )
    return tuple(
        WalkInRow(
            id=note.id,
            person_id=PersonId(note.person_id) if note.person_id else None,
            name=display_name(person) if person is not None else note.name,
            organisation=note.organisation,
            at=note.at,
            by_name=display_name(by),
            enrolment_state=state,
        )
        for note, person, by, state in rows
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person of the edition who holds no seat, and how they stand."""

    person_id: PersonId
    name: str
    kana: str
    state: str


def list_candidates(edition_id: str, term: str, limit: int = 20) -> tuple[Candidate, ...]:
    """Return who applied, waits, withdrew or was declined and is found by a word. One query."""
    words = search_key(term).split()[:10]
    if not words:
        return ()
    rows: Any = db.session.execute(
        select(Person, Enrolment.state)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            Enrolment.edition_id == edition_id,
            Enrolment.state != _ENROLLED,
            *(Person.search_key.contains(word, autoescape=True) for word in words),
        )
        .order_by(Person.sort_key, Person.id)
        .limit(limit)
    )
    return tuple(
        Candidate(PersonId(person.id), display_name(person), name_of(person).kana, state)
        for person, state in rows
    )


def is_candidate(edition_id: str, person_id: str) -> bool:
    """Whether a person is known to an edition and holds no seat in it. One query."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Enrolment.edition_id == edition_id,
                    Enrolment.person_id == person_id,
                    Enrolment.state != _ENROLLED,
                )
            )
        )
    )


def last_call(live_session_id: str) -> datetime | None:
    """Return when the missing were last written to, or None. One query."""
    found: datetime | None = db.session.scalar(
        select(func.max(MissingCall.at)).where(MissingCall.live_session_id == live_session_id)
    )
    return found


def is_desk_hand(edition_id: str, person_id: str | None) -> bool:
    """Whether a person was asked to sit at the front desk of an edition. One query."""
    return person_id is not None and bool(
        db.session.scalar(
            select(
                exists().where(DeskHand.edition_id == edition_id, DeskHand.person_id == person_id)
            )
        )
    )


@dataclass(frozen=True, slots=True)
class DeskHandRow:
    """A person of the front desk."""

    person_id: PersonId
    name: str


def list_desk_hands(edition_id: str) -> tuple[DeskHandRow, ...]:
    """Return who sits at the front desk of an edition. One query."""
    rows = db.session.scalars(
        select(Person)
        .join(DeskHand, DeskHand.person_id == Person.id)
        .where(DeskHand.edition_id == edition_id)
        .order_by(Person.sort_key, Person.id)
    )
    return tuple(DeskHandRow(PersonId(person.id), display_name(person)) for person in rows)


def missing_of(rows: Collection[DoorRow]) -> tuple[PersonId, ...]:
    """Return who of these is neither in the room nor on the web, nor known to be away."""
    return tuple(row.person_id for row in rows if row.where is Where.MISSING)
