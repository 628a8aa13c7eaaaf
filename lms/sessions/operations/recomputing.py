"""Deriving the moments of sessions again when the rules of time zones changed."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from lms.infra.db import db, lock_row
from lms.kernel.actor import SYSTEM
from lms.kernel.ids import LiveSessionId
from lms.kernel.localized import Localized
from lms.kernel.wall import WallTime, WallTimeError, zone_rules_version
from lms.sessions import queries
from lms.sessions.models import LiveSession
from lms.sessions.operations.announcing import write_change
from lms.sessions.operations.scheduling import TOLD


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A session that moved, or (`is_lost`) whose time exists no more: that one stays as it was."""

    live_session_id: LiveSessionId
    title: Localized
    starts_local: datetime
    timezone: str
    was_at: datetime
    starts_at: datetime
    is_lost: bool = False


def recompute_times(*, at: datetime) -> tuple[Recomputed, ...]:
    """Derive the moments of all sessions to come that were set by older rules than today's.

    What people were told in wall-clock time stays; the moment follows. A moment that moved is
    told as any change is. Doing it again does nothing.
    """
    rules = zone_rules_version()
    ids = db.session.scalars(
        select(LiveSession.id)
        .where(
            LiveSession.ends_at > at,
            LiveSession.cancelled_at.is_(None),
            LiveSession.zone_rules < rules,  # 2025b < 2026a; a worker with older ones waits
        )
        .order_by(LiveSession.starts_at, LiveSession.id)
    ).all()
    found = (_recompute(live_session_id, rules, at) for live_session_id in ids)
    return tuple(one for one in found if one is not None)


def _recompute(live_session_id: str, rules: str, at: datetime) -> Recomputed | None:
    row: LiveSession = lock_row(LiveSession, live_session_id)
    edition = queries.find_edition_desk(row.edition_id)
    if edition is None:
        raise AssertionError(row.edition_id)
    row.zone_rules = rules
    told = Recomputed(
        LiveSessionId(row.id), row.title, row.starts_local, row.timezone, row.starts_at,
        row.starts_at,
    )  # fmt: skip
    try:
        starts_at = WallTime(row.starts_local, row.timezone).instant()
        ends_at = WallTime(row.ends_local, row.timezone).instant()
    except WallTimeError:
        return replace(told, is_lost=True)
    if ends_at <= starts_at:
        return replace(told, is_lost=True)
    if (starts_at, ends_at) == (row.starts_at, row.ends_at):
        return None
    moments = {"starts_at": starts_at, "ends_at": ends_at, "timezone": row.timezone}
    write_change(SYSTEM, edition, row, moments, told=TOLD, at=at)
    return replace(told, starts_at=starts_at)
