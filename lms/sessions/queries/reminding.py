"""Reads for reminders: which sessions, whom, and what each wants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, null, or_, select, true, union_all
from sqlalchemy.orm import aliased

from lms.courses.models import Edition, EditionState, Programme
from lms.enrolment.models import Enrolment, EnrolmentChange, EnrolmentState
from lms.infra.db import db
from lms.kernel.wall import is_zone
from lms.people.models import Person
from lms.sessions.models import (
    EditionReminders,
    LiveSession,
    ReminderChoice,
    SessionChange,
    SessionReminder,
    SessionSpeaker,
)
from lms.sessions.queries.groups import is_meant
from lms.sessions.rules.reminding import (
    HOUR,
    KINDS,
    SAME_DAY,
    SAME_WEEK,
    ReminderKind,
    may_be_due,
    usual_reminders,
)

_AHEAD = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Coming:
    """A session of which somebody may have to be reminded now, of these kinds.

    `told_at` is when its present start was made known: when it was set up, or moved.
    """

    live_session_id: str
    starts_at: datetime
    kinds: tuple[ReminderKind, ...]
    told_at: datetime


def list_coming(at: datetime) -> tuple[Coming, ...]:
    """Return what starts soon in open editions, with the kinds their editions send. Two queries."""
    rows = db.session.execute(
        select(
            LiveSession.id,
            LiveSession.starts_at,
            LiveSession.created_at,
            Programme.kind,
            EditionReminders.week,
            EditionReminders.day,
            EditionReminders.hour,
        )
        .join(Edition, Edition.id == LiveSession.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .outerjoin(EditionReminders, EditionReminders.edition_id == LiveSession.edition_id)
        .where(
            LiveSession.starts_at > at,
            LiveSession.starts_at <= at + _AHEAD,
            LiveSession.cancelled_at.is_(None),
            Edition.state.in_([EditionState.PUBLISHED, EditionState.CLOSED]),
        )
        .order_by(LiveSession.starts_at, LiveSession.id)
    ).all()
    moved = _moved_at([row.id for row in rows])
    found = []
    for row in rows:
        kinds = tuple(
            kind for kind in KINDS if _is_sent(kind, row) and may_be_due(kind, row.starts_at, at)
        )
        if kinds:
            told_at = moved.get(row.id, row.created_at)
            found.append(Coming(row.id, row.starts_at, kinds, told_at))
    return tuple(found)


def _is_sent(kind: ReminderKind, row: Any) -> bool:
    """Whether an edition sends a kind: as it was set, else as its programme's kind has it."""
    chosen = getattr(row, kind.value)
    return kind in usual_reminders(row.kind) if chosen is None else bool(chosen)


def _moved_at(live_session_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when each was put to its present time, of those that were moved."""
    if not live_session_ids:
        return {}
    rows = db.session.execute(
        select(SessionChange.live_session_id, SessionChange.was, SessionChange.at)
        .where(SessionChange.live_session_id.in_(live_session_ids))
        .order_by(SessionChange.at, SessionChange.id)
    )
    return {key: at for key, was, at in rows if "starts_at" in was}


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who was not reminded yet. `told_at` None: as the session itself."""

    person_id: str
    zone: ZoneInfo
    told_at: datetime | None


def list_unreminded(
    live_session_id: str, kind: ReminderKind, starts_at: datetime
) -> tuple[Listener, ...]:
    """Return who is on a session's list, wants this kind, and did not get it for this start.

    One query. Who withdrew is not on the list, nor who is reminded of an earlier session of the
    same edition instead (see `rules.reminding`); those who run the session are, all the same.
    """
    # Whose seat was confirmed read of what is ahead in that mail.
    confirmed_at = (
        select(func.max(EnrolmentChange.at))
        .where(
            EnrolmentChange.enrolment_id == Enrolment.id,
            EnrolmentChange.to_state == EnrolmentState.ENROLLED.value,
        )
        .scalar_subquery()
    )
    enrolled = (
        select(Enrolment.person_id, confirmed_at.label("told_at"))
        .join(LiveSession, LiveSession.edition_id == Enrolment.edition_id)
        .where(
            LiveSession.id == live_session_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
            is_meant(live_session_id),
            ~_reminded_before(kind, starts_at),
        )
    )
    hands = [
        select(column, null().label("told_at")).where(key == live_session_id, column.is_not(None))
        for column, key in (
            (SessionSpeaker.person_id, SessionSpeaker.live_session_id),
            (LiveSession.host_id, LiveSession.id),
        )
    ]
    people = union_all(enrolled, *hands).subquery()
    wants = getattr(ReminderChoice, kind.value)
    rows = db.session.execute(
        select(Person.id, Person.timezone, func.max(people.c.told_at))
        .join(people, people.c.person_id == Person.id)
        .outerjoin(ReminderChoice, ReminderChoice.person_id == Person.id)
        .outerjoin(
            SessionReminder,
            and_(
                SessionReminder.person_id == Person.id,
                SessionReminder.live_session_id == live_session_id,
                SessionReminder.kind == kind.value,
            ),
        )
        .where(
            Person.suspended_at.is_(None),
            or_(ReminderChoice.person_id.is_(None), wants == true()),
            or_(SessionReminder.id.is_(None), SessionReminder.starts_at != starts_at),
        )
        .group_by(Person.id, Person.timezone)
        .order_by(Person.id)
    )
    return tuple(
        Listener(person_id, ZoneInfo(zone if is_zone(zone) else "Asia/Tokyo"), told_at)
        for person_id, zone, told_at in rows
    )


def _reminded_before(kind: ReminderKind, starts_at: datetime) -> ColumnElement[bool]:
    """Whether another session of the edition that is for the person stands for this one."""
    other = aliased(LiveSession)
    near = {
        ReminderKind.WEEK: other.starts_at > starts_at - SAME_WEEK,
        ReminderKind.DAY: other.starts_at > starts_at - SAME_DAY,
        ReminderKind.HOUR: other.ends_at > starts_at - HOUR,  # one sits in it when the mail comes
    }
    return exists().where(
        other.edition_id == Enrolment.edition_id,
        other.starts_at < starts_at,
        near[kind],
        other.cancelled_at.is_(None),
        is_meant(other.id),
    )


def has_more_soon(live_session_id: str, kind: ReminderKind) -> bool:
    """Whether sessions follow of which people are not reminded by themselves. One query."""
    other = aliased(LiveSession)
    ahead = SAME_WEEK if kind is ReminderKind.WEEK else SAME_DAY
    row = db.session.get_one(LiveSession, live_session_id)
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    other.edition_id == row.edition_id,
                    other.starts_at > row.starts_at,
                    other.starts_at < row.starts_at + ahead,
                    other.cancelled_at.is_(None),
                )
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Reminders:
    """Which kinds are on."""

    week: bool = True
    day: bool = True
    hour: bool = True


def edition_reminders(edition_id: str) -> Reminders:
    """Return which reminders an edition sends: as set, else as usual for its kind. One query."""
    row = db.session.execute(
        select(Programme.kind, EditionReminders.week, EditionReminders.day, EditionReminders.hour)
        .join(Edition, Edition.programme_id == Programme.id)
        .outerjoin(EditionReminders, EditionReminders.edition_id == Edition.id)
        .where(Edition.id == edition_id)
    ).one()
    return Reminders(*(_is_sent(kind, row) for kind in KINDS))


def own_reminders(person_id: str) -> Reminders:
    """Return which reminders a person wants. One query."""
    row = db.session.get(ReminderChoice, person_id)
    return Reminders() if row is None else Reminders(row.week, row.day, row.hour)
