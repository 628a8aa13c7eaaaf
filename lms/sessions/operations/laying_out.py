"""The planned timetable of an edition: laid out in one act, taken along when it is run again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sqlalchemy import select

from lms.courses.models import Edition
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, LiveSessionId, PartId
from lms.kernel.localized import Localized
from lms.sessions import policy
from lms.sessions.errors import GroupRefusedError
from lms.sessions.models import PlannedPlace, PlannedSession, SeminarGroup
from lms.sessions.operations.scheduling import SessionPlan
from lms.sessions.operations.series import schedule_series
from lms.sessions.queries.groups import list_groups
from lms.sessions.rules.planning import MOST_PLANNED, days_of_course


@dataclass(frozen=True, slots=True)
class LayoutPlan:
    """When and where a planned timetable is held.

    `skipped` are days on which nothing is held: the days of the plan go on after them. What is
    held on the web gets `web_url`, what is held in a room the venue.
    """

    first_day: date
    skipped: tuple[date, ...] = ()
    venue_name: Localized = field(default_factory=dict)
    venue_address: Localized = field(default_factory=dict)
    venue_access: Localized = field(default_factory=dict)
    map_url: str = ""
    web_url: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """What would be laid out: by planned entry its plan, in order of time.

    `lost` are titles of entries whose seminar group is not there any more: they are left out.
    """

    sessions: tuple[tuple[str, SessionPlan], ...]
    lost: tuple[Localized, ...] = ()

    @property
    def plans(self) -> tuple[SessionPlan, ...]:
        """The plans alone."""
        return tuple(plan for _entry, plan in self.sessions)


def plan_layout(actor: Actor, edition_id: str, plan: LayoutPlan) -> Layout:
    """Return the sessions of the planned timetable that were not laid out yet. Three queries."""
    edition = policy.require_organiser_of_edition(actor, edition_id)
    rows = list(
        db.session.scalars(
            select(PlannedSession)
            .where(
                PlannedSession.edition_id == edition_id, PlannedSession.live_session_id.is_(None)
            )
            .order_by(PlannedSession.day, PlannedSession.starts, PlannedSession.id)
        )
    )
    groups = {one.slug: one.id for one in list_groups(edition_id) if one.slug is not None}
    last = max((row.day for row in rows), default=0)
    days = days_of_course(plan.first_day, last, plan.skipped)
    found = [
        (row.id, _session(row, days[row.day - 1], plan, groups, edition.timezone))
        for row in rows
        if groups.keys() >= set(row.groups)
    ]
    lost = tuple(row.title for row in rows if not groups.keys() >= set(row.groups))
    return Layout(tuple(found), lost)


def _session(
    row: PlannedSession, day: date, plan: LayoutPlan, groups: Mapping[str, str], timezone: str
) -> SessionPlan:
    in_room = row.place != PlannedPlace.WEB.value
    return SessionPlan(
        title=dict(row.title),
        starts_local=datetime.combine(day, time.fromisoformat(row.starts)),
        ends_local=datetime.combine(day, time.fromisoformat(row.ends)),
        timezone=timezone,
        part_id=PartId(row.part_id) if row.part_id else None,
        venue_name=plan.venue_name if in_room else {},
        venue_address=plan.venue_address if in_room else {},
        venue_access=plan.venue_access if in_room else {},
        map_url=plan.map_url if in_room else "",
        room=dict(row.room) if in_room else {},
        web_url="" if row.place == PlannedPlace.VENUE.value else plan.web_url,
        group_ids=tuple(groups[slug] for slug in row.groups),
    )


def lay_out(
    actor: Actor, edition_id: str, plan: LayoutPlan, *, at: datetime
) -> tuple[LiveSessionId, ...]:
    """Make all sessions of the planned timetable that are missing, in one act.

    A session that was laid out before is not made again, whatever became of it. All or nothing:
    one that does not fit undoes all (SessionInputError). Raises GroupRefusedError (`plan_empty`).
    """
    policy.require_organiser_of_edition(actor, edition_id)
    if lock_row(Edition, edition_id) is None:
        raise NotFoundError
    layout = plan_layout(actor, edition_id, plan)
    if not layout.sessions:
        raise GroupRefusedError("plan_empty")
    made = schedule_series(actor, edition_id, layout.plans, at=at, most=MOST_PLANNED)
    for (entry_id, _plan), session_id in zip(layout.sessions, made, strict=True):
        db.session.get_one(PlannedSession, entry_id).live_session_id = session_id
    db.session.flush()
    record_act(actor, "timetable.laid_out", "edition", edition_id, at=at, sessions=len(made))
    return made


def clone_groups(source_id: str, edition_id: EditionId, *, at: datetime) -> dict[str, str]:
    """Copy the groups of an edition into a new one; return the new ids by the old.

    Tutor and room belong to their time, members to the people: they stay behind.
    """
    found: dict[str, str] = {}
    for row in db.session.scalars(
        select(SeminarGroup)
        .where(SeminarGroup.edition_id == source_id, SeminarGroup.removed_at.is_(None))
        .order_by(SeminarGroup.position, SeminarGroup.id)
    ).all():
        copy = SeminarGroup(
            edition_id=edition_id,
            slug=row.slug,
            title=dict(row.title),
            theme=dict(row.theme),
            tutor_name={},
            room={},
            seats=row.seats,
            position=row.position,
            created_at=at,
        )
        db.session.add(copy)
        db.session.flush()
        found[row.id] = copy.id
    return found


def clone_plan(
    source_id: str,
    edition_id: EditionId,
    part_ids: Mapping[str, str],
    session_ids: Mapping[str, str],
) -> None:
    """Copy the planned timetable; what was laid out and held again counts as laid out."""
    for row in db.session.scalars(
        select(PlannedSession)
        .where(PlannedSession.edition_id == source_id)
        .order_by(PlannedSession.day, PlannedSession.starts, PlannedSession.id)
    ).all():
        db.session.add(
            PlannedSession(
                edition_id=edition_id,
                day=row.day,
                starts=row.starts,
                ends=row.ends,
                title=dict(row.title),
                part_id=part_ids[row.part_id] if row.part_id else None,
                room=dict(row.room),
                groups=list(row.groups),
                place=row.place,
                live_session_id=session_ids.get(row.live_session_id or ""),
            )
        )
    db.session.flush()
