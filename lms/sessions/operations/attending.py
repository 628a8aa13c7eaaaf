"""Joining a session, and attendance written down by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import PersonId
from lms.sessions import policy, queries
from lms.sessions.errors import LiveSessionRefusedError, NotAdmittedError, SessionInputError
from lms.sessions.events import AttendanceChanged
from lms.sessions.models import Attendance, AttendanceStatus, JoinPress, LiveSession
from lms.sessions.queries import RosterRow, SessionCard
from lms.sessions.queries.joining import WayIn, find_way_in
from lms.sessions.rules import JoinOutcome, Standing
from lms.sessions.rules.attendance_status import needs_reason


def join_live_session(actor: Actor, live_session_id: str, *, at: datetime) -> WayIn:
    """Record that a person pressed join, and return the real way in.

    Every press is kept. Raises NotFoundError for those who may not know of the session,
    NotAdmittedError for those who may but are not on its list, LiveSessionRefusedError
    outside the window.
    """
    found = policy.require_known(actor, live_session_id, at)
    outcome = found.decision.outcome
    if outcome is JoinOutcome.NOT_ADMITTED or actor.person_id is None:
        raise NotAdmittedError
    if outcome is not JoinOutcome.OPEN:
        raise LiveSessionRefusedError(outcome.value, opens_at=found.decision.opens_at)
    access = find_way_in(live_session_id, actor.person_id)
    if access is None:
        raise LiveSessionRefusedError(JoinOutcome.NO_LINK.value)
    by_hand = db.session.scalar(
        select(
            exists().where(
                Attendance.live_session_id == live_session_id,
                Attendance.person_id == actor.person_id,
            )
        )
    )
    db.session.add(JoinPress(live_session_id=live_session_id, person_id=actor.person_id, at=at))
    db.session.flush()
    if not found.has_pressed and not by_hand:
        raise_event(AttendanceChanged(found.card.id, found.card.edition_id, actor.person_id, at))
    leads = found.standing in {Standing.HOST, Standing.STAFF}
    return replace(access, moderates=leads)


class RestMark(StrEnum):
    """What becomes of the people of whom nothing is known."""

    LEAVE = "leave"
    PRESENT = "present"
    ABSENT = "absent"


WAYS = ("venue", "web")


@dataclass(frozen=True, slots=True)
class AttendanceMark:
    """What the desk entered for one person.

    `status` None = nothing by hand; `was` is the status by hand that the desk saw when it
    opened the page, so that two desks do not undo each other's work.
    """

    person_id: PersonId
    status: AttendanceStatus | None
    way: str
    reason: str = ""
    was: AttendanceStatus | None = None


def record_attendance(
    actor: Actor,
    live_session_id: str,
    marks: Sequence[AttendanceMark],
    *,
    rest: RestMark = RestMark.LEAVE,
    at: datetime,
) -> int:
    """Write down who was there, for all at once; return how many people's entry changed.

    Entries equal to what stands are no change, so that sending a form twice does nothing
    twice. A correction of what counted before needs a reason. Raises SessionInputError with
    the person's id as `field`; then nothing is written.
    """
    policy.require_organiser_of_session(actor, live_session_id)
    lock_row(LiveSession, live_session_id)
    card = queries.get_live_session(live_session_id)
    roster = _roster(card)
    wanted = {mark.person_id: mark for mark in marks}
    if not wanted.keys() <= roster.keys():
        raise NotFoundError
    changed = 0
    for person_id, row in roster.items():
        mark = _wanted(row, wanted.get(person_id), rest, card)
        if mark is None:
            continue
        if not _is_change(row, mark):
            continue
        _check(row, mark)
        _write(actor, card, row, mark, at)
        changed += 1
    return changed


def _roster(card: SessionCard) -> dict[PersonId, RosterRow]:
    rows = queries.list_roster(card.id, card.edition_id, card.starts_local.date())
    return {row.person_id: row for row in rows}


def _wanted(
    row: RosterRow, mark: AttendanceMark | None, rest: RestMark, card: SessionCard
) -> AttendanceMark | None:
    """Return the entry for a person: what was entered, else what the rest gets."""
    if mark is not None and mark.status is not None:
        return mark
    if rest is RestMark.LEAVE or row.decision.status is not None:
        return mark
    way = row.attending if card.has_venue else "web"
    return AttendanceMark(row.person_id, AttendanceStatus(rest.value), way)


def _is_change(row: RosterRow, mark: AttendanceMark) -> bool:
    """Whether an entry says something that the page did not show and that does not stand yet."""
    if mark.status is None:
        return row.hand_status is not None and mark.was is not None
    if (mark.status, mark.way) == (row.hand_status, row.hand_way):
        return bool(mark.reason) and mark.reason != row.hand_reason
    return not (mark.status == mark.was and mark.status != row.hand_status)


def _check(row: RosterRow, mark: AttendanceMark) -> None:
    if row.hand_status != mark.was and row.hand_status is not None:
        raise SessionInputError(row.person_id, "changed_meanwhile")
    if mark.way not in WAYS:
        raise SessionInputError(row.person_id, "status_unknown")
    if needs_reason(row.decision, mark.status) and not mark.reason:
        raise SessionInputError(row.person_id, "reason_missing")


def _write(
    actor: Actor, card: SessionCard, row: RosterRow, mark: AttendanceMark, at: datetime
) -> None:
    entry = db.session.scalar(
        select(Attendance).where(
            Attendance.live_session_id == card.id, Attendance.person_id == row.person_id
        )
    )
    if mark.status is None:
        if entry is not None:
            db.session.delete(entry)
    else:
        if entry is None:
            entry = Attendance(live_session_id=card.id, person_id=row.person_id)
            db.session.add(entry)
        entry.status, entry.way, entry.reason = mark.status, mark.way, mark.reason
        entry.set_by, entry.set_at = actor.person_id, at
    record_act(
        actor,
        "attendance.recorded",
        "live_session",
        card.id,
        at=at,
        person_id=row.person_id,
        before=row.hand_status,
        after=mark.status.value if mark.status is not None else None,
        way=mark.way,
    )
    raise_event(AttendanceChanged(card.id, card.edition_id, row.person_id, at))
