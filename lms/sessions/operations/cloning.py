"""Running an edition again with its sessions, under new dates and without anybody in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from lms.courses import operations as courses
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.ids import EditionId, LiveSessionId, PartId
from lms.kernel.localized import Localized
from lms.sessions import policy
from lms.sessions.events import EditionCloned
from lms.sessions.models import EditionAttendanceRule, EditionReminders, LiveSession
from lms.sessions.operations.laying_out import clone_groups, clone_plan
from lms.sessions.operations.scheduling import SessionPlan, schedule_drafted_session
from lms.sessions.queries.groups import group_ids_of_edition_sessions


@dataclass(frozen=True, slots=True)
class ClonePlan:
    """What is run again: by the id of each session that will be held again, its plan."""

    sessions: tuple[tuple[LiveSessionId, SessionPlan], ...]


def plan_clone(actor: Actor, edition_id: str, *, shift: timedelta) -> ClonePlan:
    """Return the sessions of an edition as they would be held again, in order. Three queries.

    Cancelled ones are left out, those that wait for a new date are not. Speakers, the host,
    the meeting's address, passcode and dial-in and what was to be recorded belong to somebody
    and stay behind.
    """
    policy.require_organiser_of_edition(actor, edition_id)
    rows = db.session.scalars(
        select(LiveSession)
        .where(
            LiveSession.edition_id == edition_id,
            or_(LiveSession.cancelled_at.is_(None), LiveSession.on_hold_at.is_not(None)),
        )
        .order_by(LiveSession.starts_at, LiveSession.id)
    )
    groups = group_ids_of_edition_sessions(edition_id)
    return ClonePlan(
        tuple(
            (LiveSessionId(row.id), _again(row, shift, groups.get(LiveSessionId(row.id), ())))
            for row in rows
        )
    )


def _again(row: LiveSession, shift: timedelta, group_ids: tuple[str, ...]) -> SessionPlan:
    return SessionPlan(
        title=dict(row.title),
        starts_local=row.starts_local + shift,
        ends_local=row.ends_local + shift,
        timezone=row.timezone,
        part_id=PartId(row.part_id) if row.part_id else None,
        venue_name=dict(row.venue_name or {}),
        venue_address=dict(row.venue_address or {}),
        venue_access=dict(row.venue_access or {}),
        map_url=row.map_url,
        join_opens_minutes=row.join_opens_minutes,
        grace_minutes=row.grace_minutes,
        interpretation=row.interpretation,
        room=dict(row.room),
        seats=row.seats,
        channels=tuple(row.channels),
        name_format=dict(row.name_format),
        group_ids=group_ids,
    )


def clone_edition(
    actor: Actor, edition_id: str, title: Localized, *, shift: timedelta, at: datetime
) -> EditionId:
    """Draft an edition with parts, lessons, sessions and rules of another, `shift` later.

    Seminar groups come along with their titles and themes, without tutor, room and members.
    All or nothing: a time that does not exist on its new day undoes the act (SessionInputError).
    Raises `EditionCloned`, for the rules kept by features above.
    """
    policy.require_organiser_of_edition(actor, edition_id)
    cloned = courses.clone_edition(edition_id, title, shift=shift, actor=actor, at=at)
    group_ids = clone_groups(edition_id, cloned.edition_id, at=at)
    session_ids: dict[str, str] = {}
    for old_id, plan in plan_clone(actor, edition_id, shift=shift).sessions:
        session_ids[old_id] = schedule_drafted_session(
            cloned.edition_id, _renamed(plan, cloned.part_ids, group_ids), actor=actor, at=at
        )
    clone_plan(edition_id, cloned.edition_id, cloned.part_ids, session_ids)
    _clone_rules(edition_id, cloned.edition_id, actor, at)
    raise_event(
        EditionCloned(
            EditionId(edition_id),
            cloned.edition_id,
            shift,
            cloned.part_ids,
            cloned.lesson_ids,
            session_ids,
            at,
        )
    )
    return cloned.edition_id


def _renamed(
    plan: SessionPlan, part_ids: Mapping[str, str], group_ids: Mapping[str, str]
) -> SessionPlan:
    """Return a plan in the part, and for the groups, of the new edition."""
    part_id = PartId(part_ids[plan.part_id]) if plan.part_id is not None else None
    return replace(plan, part_id=part_id, group_ids=tuple(group_ids[key] for key in plan.group_ids))


def _clone_rules(source_id: str, edition_id: EditionId, actor: Actor, at: datetime) -> None:
    """Take along what the edition asks of those who were there, and which reminders it sends."""
    asked = db.session.scalar(
        select(EditionAttendanceRule).where(EditionAttendanceRule.edition_id == source_id)
    )
    if asked is not None:
        db.session.add(
            EditionAttendanceRule(
                edition_id=edition_id,
                min_minutes=asked.min_minutes,
                min_percent=asked.min_percent,
                late_minutes=asked.late_minutes,
                early_minutes=asked.early_minutes,
                press_counts=asked.press_counts,
                missing_is_absent=asked.missing_is_absent,
                changed_by=actor.person_id,
                changed_at=at,
            )
        )
    reminders = db.session.get(EditionReminders, source_id)
    if reminders is not None:
        db.session.add(
            EditionReminders(
                edition_id=edition_id, week=reminders.week, day=reminders.day, hour=reminders.hour
            )
        )
