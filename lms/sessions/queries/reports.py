"""Reports of meetings: files, who stands in them, and who they might be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, literal, or_, select, union_all

from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import EditionId, LiveSessionId, PersonId
from lms.kernel.intervals import Intervals
from lms.people.models import Person
from lms.people.queries import list_names, name_of
from lms.sessions.models import (
    AttendanceAlias,
    AttendanceReport,
    CheckIn,
    EditionAttendanceRule,
    JoinPress,
    LiveSession,
    MatchState,
    ReportedPerson,
    ReportMapping,
    ReportRow,
    SessionSpeaker,
)
from lms.sessions.models.joining import PersonalLink, ProviderMeeting
from lms.sessions.queries.evidence import read_stays
from lms.sessions.queries.groups import is_meant
from lms.sessions.rules import reports as reading
from lms.sessions.rules.attendance_status import DEFAULT_RULE, AttendanceRule
from lms.sessions.rules.reconciling import (
    KnownPeople,
    identity_of,
    match_reported,
    number_in_link,
    row_keys,
)

# --- files --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportCard:
    """A file of a session without its bytes. `applied_at` is None while it is only shown."""

    id: str
    file_name: str
    service: str
    zone: str
    uploaded_at: datetime
    applied_at: datetime | None
    rows: int


def list_reports(live_session_id: str) -> tuple[ReportCard, ...]:
    """Return the files of a session, the newest first, in one query."""
    lines = (
        select(func.count())
        .where(ReportRow.report_id == AttendanceReport.id)
        .correlate(AttendanceReport)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            AttendanceReport.id, AttendanceReport.file_name, AttendanceReport.service,
            AttendanceReport.zone, AttendanceReport.uploaded_at, AttendanceReport.applied_at, lines,
        )
        .where(AttendanceReport.live_session_id == live_session_id)
        .order_by(AttendanceReport.uploaded_at.desc(), AttendanceReport.id.desc())
    )  # fmt: skip
    return tuple(ReportCard(*row) for row in rows)


def find_report(live_session_id: str, report_id: str) -> AttendanceReport | None:
    """Return a file of a session with its bytes while it is only shown, or None."""
    return db.session.scalar(
        select(AttendanceReport).where(
            AttendanceReport.id == report_id, AttendanceReport.live_session_id == live_session_id
        )
    )


def find_report_by_checksum(live_session_id: str, checksum: str) -> AttendanceReport | None:
    """Return the file of a session with these bytes, or None."""
    return db.session.scalar(
        select(AttendanceReport).where(
            AttendanceReport.checksum == checksum,
            AttendanceReport.live_session_id == live_session_id,
        )
    )


def find_mapping(signature: str) -> ReportMapping | None:
    """Return how columns with these headings were told apart last, or None."""
    return db.session.scalar(select(ReportMapping).where(ReportMapping.signature == signature))


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line as it was read. `reported_id` is None for one that counts for nobody."""

    number: int
    name: str
    email: str
    starts_at: datetime | None
    ends_at: datetime | None
    minutes: int | None
    cells: tuple[str, ...]


def list_lines(report_id: str, page: int, size: int) -> tuple[tuple[RawLine, ...], int]:
    """Return a page of the lines that a file brought, and how many there are. Two queries."""
    total = db.session.scalar(
        select(func.count()).select_from(ReportRow).where(ReportRow.report_id == report_id)
    )
    rows = db.session.scalars(
        select(ReportRow)
        .where(ReportRow.report_id == report_id)
        .order_by(ReportRow.number)
        .offset((page - 1) * size)
        .limit(size)
    )
    lines = tuple(
        RawLine(
            row.number, row.name, row.email, row.starts_at, row.ends_at, row.minutes,
            tuple(str(cell) for cell in row.cells),
        )
        for row in rows
    )  # fmt: skip
    return lines, total or 0


def meeting_numbers(live_session_id: str) -> tuple[str, ...]:
    """Return the numbers of the meetings known for a session, '' for links without. One query."""
    rows: Any = db.session.execute(
        union_all(
            select(literal("link"), LiveSession.web_url).where(LiveSession.id == live_session_id),
            select(literal("id"), ProviderMeeting.meeting_id).where(
                ProviderMeeting.live_session_id == live_session_id
            ),
        )
    )
    return tuple(number_in_link(text) if kind == "link" else text for kind, text in rows)


# --- people of a session ------------------------------------------------------------------------


def in_reports_of(live_session_id: str, edition_id: str) -> Any:
    """Return the condition under which a person is looked for in the reports of a session.

    Who holds a seat, speaks or has been seen; nobody else is known to its organisers by it.
    """
    return or_(
        exists().where(
            Enrolment.person_id == Person.id,
            Enrolment.edition_id == edition_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
            is_meant(live_session_id),
        ),
        exists().where(
            SessionSpeaker.person_id == Person.id, SessionSpeaker.live_session_id == live_session_id
        ),
        exists().where(
            JoinPress.person_id == Person.id, JoinPress.live_session_id == live_session_id
        ),
        exists().where(CheckIn.person_id == Person.id, CheckIn.live_session_id == live_session_id),
    )


def is_listed(live_session_id: str, edition_id: str, person_id: str) -> bool:
    """Whether somebody in a report of this session can be that person. One query."""
    return bool(
        db.session.scalar(
            select(
                exists()
                .where(Person.id == person_id)
                .where(in_reports_of(live_session_id, edition_id))
            )
        )
    )


def known_people(live_session_id: str, edition_id: str) -> KnownPeople:
    """Return by what people of a session can be told apart for certain, in one query."""
    condition = in_reports_of(live_session_id, edition_id)
    rows: Any = db.session.execute(
        union_all(
            select(literal("address"), Person.address, Person.id).where(
                Person.address.is_not(None), condition
            ),
            select(literal("alias"), AttendanceAlias.email, AttendanceAlias.person_id).where(
                AttendanceAlias.edition_id == edition_id
            ),
            select(literal("registrant"), PersonalLink.registrant_id, PersonalLink.person_id).where(
                PersonalLink.live_session_id == live_session_id
            ),
        )
    )
    registrants: dict[str, PersonId] = {}
    aliases: dict[str, PersonId] = {}
    addresses: dict[str, set[PersonId]] = {}
    for kind, key, person_id in rows:
        if kind == "address":
            addresses.setdefault(key, set()).add(PersonId(person_id))
        else:
            (aliases if kind == "alias" else registrants)[key] = PersonId(person_id)
    return KnownPeople(
        registrants, aliases, {key: frozenset(holders) for key, holders in addresses.items()}
    )


# --- who stands in reports ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reported:
    """Somebody as reports know them, with what was decided. `person_name` is '' while waiting."""

    id: str
    name: str
    email: str
    stays: Intervals
    minutes: int
    state: str
    person_id: PersonId | None
    person_name: str
    matched_by: str
    has_alias: bool


def list_reported(
    live_session_id: str, edition_id: str, state: MatchState, page: int, size: int
) -> tuple[Reported, ...]:
    """Return a page of those in one state, by name as written, in one query."""
    rows: Any = db.session.execute(
        select(ReportedPerson, Person, AttendanceAlias.id)
        .join(Person, Person.id == ReportedPerson.person_id, isouter=True)
        .join(
            AttendanceAlias,
            and_(
                AttendanceAlias.edition_id == edition_id,
                AttendanceAlias.email == ReportedPerson.email,
                AttendanceAlias.person_id == ReportedPerson.person_id,
                ReportedPerson.email != "",
            ),
            isouter=True,
        )
        .where(
            ReportedPerson.live_session_id == live_session_id,
            ReportedPerson.state == state.value,
        )
        .order_by(ReportedPerson.name, ReportedPerson.id)
        .offset((page - 1) * size)
        .limit(size)
    )
    return tuple(
        Reported(
            id=one.id,
            name=one.name,
            email=one.email,
            stays=read_stays(one.stays),
            minutes=one.minutes,
            state=one.state,
            person_id=PersonId(one.person_id) if one.person_id else None,
            person_name=name_of(person).shown if person is not None else "",
            matched_by=one.matched_by,
            has_alias=alias is not None,
        )
        for one, person, alias in rows
    )


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """Somebody in a file that is only shown; `known_as` is who they are for certain, or ''."""

    name: str
    email: str
    minutes: int
    known_as: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would bring: lines, and people by what is known of them already."""

    new_rows: int
    known_rows: int
    people: tuple[ShownPerson, ...]

    @property
    def certain(self) -> int:
        """How many people are known for certain."""
        return sum(1 for one in self.people if one.known_as)


def preview_report(
    live_session_id: str, edition_id: str, report: reading.AttendanceReport
) -> Preview:
    """Return what a file would bring if it were applied now, in four queries."""
    known_rows = set(
        db.session.scalars(
            select(ReportRow.row_key).where(ReportRow.live_session_id == live_session_id)
        )
    )
    decided: Any = db.session.execute(
        select(ReportedPerson.identity, ReportedPerson.person_id).where(
            ReportedPerson.live_session_id == live_session_id,
            ReportedPerson.person_id.is_not(None),
        )
    )
    by_identity: dict[str, PersonId] = {identity: PersonId(who) for identity, who in decided}
    certain = known_people(live_session_id, edition_id)
    found: list[tuple[reading.ReportPerson, PersonId | None]] = []
    for person in report.people:
        match = match_reported(person.email, person.registrant_id, certain)
        identity = identity_of(person.name, person.email, person.registrant_id)
        found.append((person, by_identity.get(identity) or (match[0] if match else None)))
    names = list_names(who for _person, who in found if who is not None)
    keys = row_keys(report.rows).values()
    return Preview(
        new_rows=sum(1 for key in keys if key not in known_rows),
        known_rows=sum(1 for key in keys if key in known_rows),
        people=tuple(
            ShownPerson(
                person.name, person.email, person.minutes,
                names[who].shown if who is not None and who in names else "",
            )
            for person, who in found
        ),
    )  # fmt: skip


def count_reported(live_session_id: str) -> dict[MatchState, int]:
    """Return how many stand in reports of a session, by state; one query."""
    rows: Any = db.session.execute(
        select(ReportedPerson.state, func.count())
        .where(ReportedPerson.live_session_id == live_session_id)
        .group_by(ReportedPerson.state)
    )
    found = {MatchState(state): number for state, number in rows}
    return {state: found.get(state, 0) for state in MatchState}


def count_waiting(live_session_ids: Iterable[str]) -> dict[LiveSessionId, int]:
    """Return how many wait to be told apart, by session; sessions without any are left out."""
    rows: Any = db.session.execute(
        select(ReportedPerson.live_session_id, func.count())
        .where(
            ReportedPerson.live_session_id.in_(tuple(live_session_ids)),
            ReportedPerson.state == MatchState.WAITING.value,
        )
        .group_by(ReportedPerson.live_session_id)
    )
    return {LiveSessionId(key): number for key, number in rows}


# --- the rule of an edition ---------------------------------------------------------------------


def attendance_rule_of(edition_id: EditionId) -> AttendanceRule:
    """Return what an edition asks of those who were there; the usual where nothing was set."""
    row = db.session.scalar(
        select(EditionAttendanceRule).where(EditionAttendanceRule.edition_id == edition_id)
    )
    if row is None:
        return DEFAULT_RULE
    return AttendanceRule(
        row.min_minutes, row.min_percent, row.late_minutes, row.early_minutes, row.press_counts,
        row.missing_is_absent,
    )  # fmt: skip
