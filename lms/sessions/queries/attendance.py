"""Who was there: evidence side by side, and the status that counts."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, literal, select, union_all

from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import LiveSessionId, OrganisationId, PersonId
from lms.kernel.localized import Localized
from lms.people.models import Membership, Person
from lms.people.queries import active_on, name_of, organisation_paths
from lms.people.rules import OrganisationPath, PersonName, display_name
from lms.sessions.models import Attendance, JoinPress, LiveSession, SessionWay
from lms.sessions.queries.cards import SessionCard, list_edition_sessions
from lms.sessions.queries.evidence import (
    NO_EVIDENCE,
    Evidence,
    Narrow,
    decide_rows,
    evidence_arms,
    evidence_of_rows,
    meeting_arm,
    meetings_of_rows,
)
from lms.sessions.queries.groups import is_meant, meant_arms, meant_of_rows
from lms.sessions.rules.attendance_status import (
    AttendanceFacts,
    Meeting,
    StatusDecision,
    decide_status,
)


def _narrowed(live_session_ids: Collection[str] | None, person_id: str | None) -> Narrow:
    def narrow(statement: Any, person: Any) -> Any:
        if live_session_ids is not None:
            statement = statement.where(LiveSession.id.in_(live_session_ids))
        if person_id is not None and person is not None:
            statement = statement.where(person == person_id)
        return statement

    return narrow


def _rows(
    live_session_ids: Collection[str] | None, person_id: str | None, *, meetings: bool = False
) -> Sequence[Any]:
    """Return the rows of evidence, and of the sessions where asked for, in one query."""
    narrow = _narrowed(live_session_ids, person_id)
    arms = evidence_arms(narrow)
    if meetings:
        arms = (*arms, meeting_arm(narrow))
    rows: Any = db.session.execute(union_all(*arms))
    found: Sequence[Any] = rows.all()
    return found


def attended_session_ids(person_id: PersonId) -> frozenset[LiveSessionId]:
    """Return the sessions that a person attended: present, late or left early. One query."""
    return frozenset(
        session_id
        for (session_id, _who), decision in decide_rows(_rows(None, person_id)).items()
        if decision.attended
    )


def attendance_of(
    live_session_ids: Collection[str], person_id: PersonId
) -> dict[LiveSessionId, StatusDecision]:
    """Return a person's status in each of these sessions, in one query; unknown included."""
    rows = _rows(live_session_ids, person_id, meetings=True) if live_session_ids else ()
    found = decide_rows(rows)
    return {
        session_id: found.get((session_id, person_id)) or decide_status(AttendanceFacts(), meeting)
        for session_id, meeting in meetings_of_rows(rows).items()
    }


def attendance_by_session(
    live_session_ids: Collection[str],
) -> dict[LiveSessionId, dict[PersonId, StatusDecision]]:
    """Return what is known of everyone in these sessions, in one query.

    People of whom there is no evidence are left out, settled reports or not.
    """
    found: dict[LiveSessionId, dict[PersonId, StatusDecision]] = {
        LiveSessionId(key): {} for key in live_session_ids
    }
    if live_session_ids:
        for (session_id, who), decision in decide_rows(_rows(live_session_ids, None)).items():
            found[session_id][who] = decision
    return found


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One enrolled person with all that is known of them in a session.

    `organisation` is the name in force that day; `hand_reason` belongs to the status by hand.
    `decision` is the status that counts, by the rule of the edition.
    """

    person_id: PersonId
    name: str
    kana: str
    organisation: Localized
    attending: str
    evidence: Evidence
    decision: StatusDecision
    hand_reason: str = ""

    @property
    def presses(self) -> int:
        """How often the person pressed join."""
        return self.evidence.presses

    @property
    def first_press_at(self) -> datetime | None:
        """When the person pressed join first."""
        return self.evidence.facts.pressed_at

    @property
    def hand_status(self) -> str | None:
        """The status that was set by hand."""
        return self.evidence.facts.hand_status

    @property
    def hand_way(self) -> str | None:
        """The way that was set by hand."""
        return self.evidence.facts.hand_way


def enrolled_places(edition_id: str, day: date) -> dict[str, OrganisationPath]:
    """Return each enrolled person's organisation of that day, the first in protocol order."""
    paths = organisation_paths(day)
    memberships = db.session.execute(
        select(Membership.person_id, Membership.organisation_id)
        .join(Enrolment, Enrolment.person_id == Membership.person_id)
        .where(
            Enrolment.edition_id == edition_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
            active_on(day),
        )
    )
    found: dict[str, OrganisationPath] = {}
    for person_id, organisation_id in memberships:
        path = paths[OrganisationId(organisation_id)]
        if person_id not in found or path.order < found[person_id].order:
            found[person_id] = path
    return found


@dataclass(frozen=True, slots=True)
class _Seated:
    """Somebody who holds a seat, with the organisation of a day."""

    name: PersonName
    attending: str
    organisation: Localized


def _seated(edition_id: str, day: date) -> tuple[_Seated, ...]:
    """Return everyone enrolled, organisations in protocol order, then kana, in four queries."""
    rows = db.session.execute(
        select(Person, Enrolment.attending)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            Enrolment.edition_id == edition_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
        )
    ).all()
    places = enrolled_places(edition_id, day)
    people = [(name_of(person), attending) for person, attending in rows]

    def order(name: PersonName) -> tuple[object, ...]:
        place = places.get(name.person_id)
        return (place is None, place.order if place else (), name.sort_key, name.person_id)

    return tuple(
        _Seated(
            name, attending, places[name.person_id].names[-1] if name.person_id in places else {}
        )
        for name, attending in sorted(people, key=lambda each: order(each[0]))
    )


def _rosters(
    edition_id: str, day: date, live_session_ids: Collection[str]
) -> dict[LiveSessionId, tuple[RosterRow, ...]]:
    people = _seated(edition_id, day)
    told = _rows(live_session_ids, None, meetings=True)
    evidence = evidence_of_rows(told)
    reasons: dict[tuple[str, str], str] = {}
    ways: dict[tuple[str, str], str] = {}
    beside: Any = db.session.execute(
        union_all(
            select(
                literal("reason"), Attendance.live_session_id, Attendance.person_id,
                Attendance.reason,
            ).where(Attendance.live_session_id.in_(live_session_ids)),
            select(
                literal("way"), SessionWay.live_session_id, SessionWay.person_id, SessionWay.way
            ).where(SessionWay.live_session_id.in_(live_session_ids)),
            *meant_arms(live_session_ids),
        )
    ).all()  # fmt: skip
    meant = meant_of_rows(beside)
    for kind, session_key, who, text in beside:
        if kind in {"reason", "way"}:
            (reasons if kind == "reason" else ways)[session_key, who] = text

    def roster_of(session_id: LiveSessionId, meeting: Meeting) -> Iterator[RosterRow]:
        unseen = replace(NO_EVIDENCE, decision=decide_status(AttendanceFacts(), meeting))
        for one in people:
            person_id = one.name.person_id
            if session_id in meant and person_id not in meant[session_id]:
                continue  # of another group
            known = evidence.get((session_id, person_id), unseen)
            yield RosterRow(
                person_id=person_id,
                name=one.name.shown,
                kana=one.name.kana,
                organisation=one.organisation,
                attending=ways.get((session_id, person_id), one.attending),
                evidence=known,
                decision=known.decision,
                hand_reason=reasons.get((session_id, person_id), ""),
            )

    return {
        session_id: tuple(roster_of(session_id, meeting))
        for session_id, meeting in meetings_of_rows(told).items()
    }


def list_roster(live_session_id: str, edition_id: str, day: date) -> tuple[RosterRow, ...]:
    """Return everyone enrolled whom a session is for, in six queries.

    Organisations in protocol order, then kana. `day` (of the session, at its place) decides
    which membership and name were in force. People without an organisation come last.
    """
    return _rosters(edition_id, day, [live_session_id])[LiveSessionId(live_session_id)]


def list_edition_attendance(
    edition_id: str,
) -> tuple[tuple[SessionCard, tuple[RosterRow, ...]], ...]:
    """Return the roster of each session of an edition that takes place, in seven queries.

    The organisations are those of the day of the first session.
    """
    cards = [card for card in list_edition_sessions(edition_id) if not card.is_cancelled]
    if not cards:
        return ()
    rosters = _rosters(edition_id, cards[0].starts_local.date(), [card.id for card in cards])
    return tuple((card, rosters[card.id]) for card in cards)


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody who pressed join without being on the roster (speakers, staff, who withdrew)."""

    name: str
    presses: int
    first_at: datetime


def list_other_presses(live_session_id: str, edition_id: str) -> tuple[Press, ...]:
    """Return the presses of people who are not on the roster now, in one query."""
    enrolled = select(Enrolment.person_id).where(
        Enrolment.edition_id == edition_id,
        Enrolment.state == EnrolmentState.ENROLLED.value,
        is_meant(live_session_id),
    )
    counts = (
        select(
            JoinPress.person_id,
            func.count().label("presses"),
            func.min(JoinPress.at).label("first_at"),
        )
        .where(JoinPress.live_session_id == live_session_id, JoinPress.person_id.not_in(enrolled))
        .group_by(JoinPress.person_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Person, counts.c.presses, counts.c.first_at)
        .join(counts, counts.c.person_id == Person.id)
        .order_by(counts.c.first_at)
    )
    return tuple(Press(display_name(person), n, at) for person, n, at in rows)
