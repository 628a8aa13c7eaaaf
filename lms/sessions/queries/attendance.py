"""Who was there: evidence side by side, and the status that counts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, literal, null, select, union_all

from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import LiveSessionId, OrganisationId, PersonId
from lms.kernel.localized import Localized
from lms.people.models import Membership, Person
from lms.people.queries import active_on, name_of, organisation_paths
from lms.people.rules import OrganisationPath, PersonName, display_name
from lms.sessions.models import Attendance, JoinPress
from lms.sessions.rules import UNKNOWN, AttendanceFacts, StatusDecision, decide_status


def _statuses(
    live_session_ids: Collection[str] | None, person_id: str | None
) -> dict[tuple[LiveSessionId, PersonId], StatusDecision]:
    """Return the decided status by session and person, in one query."""
    by_hand = select(
        Attendance.live_session_id,
        Attendance.person_id,
        Attendance.status.label("status"),
        Attendance.way.label("way"),
    )
    by_press = select(
        JoinPress.live_session_id, JoinPress.person_id, null(), literal("web")
    ).distinct()
    if live_session_ids is not None:
        by_hand = by_hand.where(Attendance.live_session_id.in_(live_session_ids))
        by_press = by_press.where(JoinPress.live_session_id.in_(live_session_ids))
    if person_id is not None:
        by_hand = by_hand.where(Attendance.person_id == person_id)
        by_press = by_press.where(JoinPress.person_id == person_id)
    hand: dict[tuple[str, str], tuple[str, str]] = {}
    pressed: set[tuple[str, str]] = set()
    rows: Any = db.session.execute(union_all(by_hand, by_press))
    for session_id, who, status, way in rows:
        if status is None:
            pressed.add((session_id, who))
        else:
            hand[session_id, who] = (status, way)
    return {
        (LiveSessionId(session_id), PersonId(who)): decide_status(
            _facts(hand.get((session_id, who)), pressed=(session_id, who) in pressed)
        )
        for session_id, who in {*hand, *pressed}
    }


def _facts(by_hand: tuple[str, str] | None, *, pressed: bool) -> AttendanceFacts:
    status, way = by_hand if by_hand is not None else (None, None)
    return AttendanceFacts(status, way, pressed)


def attended_session_ids(person_id: PersonId) -> frozenset[LiveSessionId]:
    """Return the sessions that a person attended: present, late or left early. One query.

    What was set by hand stands before presses.
    """
    return frozenset(
        session_id
        for (session_id, _who), decision in _statuses(None, person_id).items()
        if decision.attended
    )


def attendance_of(
    live_session_ids: Collection[str], person_id: PersonId
) -> dict[LiveSessionId, StatusDecision]:
    """Return a person's status in each of these sessions, in one query; unknown included."""
    found = _statuses(live_session_ids, person_id) if live_session_ids else {}
    return {
        LiveSessionId(key): found.get((LiveSessionId(key), person_id), UNKNOWN)
        for key in live_session_ids
    }


def attendance_by_session(
    live_session_ids: Collection[str],
) -> dict[LiveSessionId, dict[PersonId, StatusDecision]]:
    """Return what is known of everyone in these sessions, in one query."""
    found: dict[LiveSessionId, dict[PersonId, StatusDecision]] = {
        LiveSessionId(key): {} for key in live_session_ids
    }
    if live_session_ids:
        for (session_id, who), decision in _statuses(live_session_ids, None).items():
            found[session_id][who] = decision
    return found


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One enrolled person with all that is known of them in a session.

    `organisation` is the name in force that day; `presses` counts, `first_press_at` is the
    first; `hand_*` is what was set by hand.
    """

    person_id: PersonId
    name: str
    kana: str
    organisation: Localized
    attending: str
    presses: int
    first_press_at: datetime | None
    hand_status: str | None
    hand_way: str | None
    hand_reason: str

    @property
    def decision(self) -> StatusDecision:
        """The status that counts."""
        return decide_status(
            AttendanceFacts(self.hand_status, self.hand_way, has_press=self.presses > 0)
        )


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


def list_roster(live_session_id: str, edition_id: str, day: date) -> tuple[RosterRow, ...]:
    """Return everyone enrolled: organisations in protocol order, then kana, in four queries.

    `day` (of the session, at its place) decides which membership and name were in force.
    People without an organisation come last.
    """
    pressed = (
        select(
            JoinPress.person_id,
            func.count().label("presses"),
            func.min(JoinPress.at).label("first_at"),
        )
        .where(JoinPress.live_session_id == live_session_id)
        .group_by(JoinPress.person_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Person, Enrolment.attending, pressed.c.presses, pressed.c.first_at, Attendance)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(pressed, pressed.c.person_id == Person.id, isouter=True)
        .join(
            Attendance,
            and_(Attendance.person_id == Person.id, Attendance.live_session_id == live_session_id),
            isouter=True,
        )
        .where(
            Enrolment.edition_id == edition_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
        )
    ).all()
    places = enrolled_places(edition_id, day)
    people = [(name_of(row[0]), *row[1:]) for row in rows]

    def order(name: PersonName) -> tuple[object, ...]:
        place = places.get(name.person_id)
        return (place is None, place.order if place else (), name.sort_key, name.person_id)

    return tuple(
        RosterRow(
            person_id=name.person_id,
            name=name.shown,
            kana=name.kana,
            organisation=places[name.person_id].names[-1] if name.person_id in places else {},
            attending=attending,
            presses=presses or 0,
            first_press_at=first_at,
            hand_status=mark.status if mark is not None else None,
            hand_way=mark.way if mark is not None else None,
            hand_reason=mark.reason if mark is not None else "",
        )
        for name, attending, presses, first_at, mark in sorted(
            people, key=lambda each: order(each[0])
        )
    )


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody who pressed join without being on the roster (speakers, staff, who withdrew)."""

    name: str
    presses: int
    first_at: datetime


def list_other_presses(live_session_id: str, edition_id: str) -> tuple[Press, ...]:
    """Return the presses of people who are not enrolled now, in one query."""
    enrolled = select(Enrolment.person_id).where(
        Enrolment.edition_id == edition_id, Enrolment.state == EnrolmentState.ENROLLED.value
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
