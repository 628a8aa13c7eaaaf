"""Writing a change down once for page, banner, calendar and mail: all follow from one act."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from lms.courses.models import EditionState
from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.ids import EditionId, LiveSessionId
from lms.kernel.localized import Localized
from lms.sessions.events import (
    LiveSessionCancelled,
    LiveSessionChanged,
    LiveSessionPeopleChanged,
)
from lms.sessions.models import LiveSession, SessionChange
from lms.sessions.queries import EditionDesk

_TIMES = frozenset({"starts_at", "ends_at", "timezone"})
_PLACE = frozenset({"venue_name", "venue_address", "room"})
_HANDS = frozenset({"speakers", "host_id"})


def write_change(
    actor: Actor,
    edition: EditionDesk,
    row: LiveSession,
    columns: Mapping[str, Any],
    *,
    told: Collection[str],
    at: datetime,
    also: Collection[str] = (),
    kind: str = "moved",
    message: Localized | None = None,
) -> tuple[str, ...]:
    """Change the locked row; return the names of what changed, in order (none: nothing done).

    What people were told of (one of `told`) raises `sequence`; once the edition is no draft any
    more it also becomes a SessionChange, the banner of the pages and LiveSessionChanged. `also`
    names what the caller has changed beside the row.
    """
    before = {name: getattr(row, name) for name in columns}
    had_web = row.web_url != ""
    changed = {name for name, value in columns.items() if before[name] != value} | set(also)
    for name, value in columns.items():
        setattr(row, name, value)
    if had_web != (row.web_url != ""):
        changed.add("has_web")
    if not changed:
        return ()
    row.changed_at = at
    record_act(
        actor,
        "live_session.changed",
        "live_session",
        row.id,
        at=at,
        edition_id=edition.edition_id,
        fields=sorted(changed),
    )
    if changed & set(told):
        row.sequence += 1
        if edition.state != EditionState.DRAFT:
            was = _was(changed, before, had_web=had_web)
            _note(actor, row, kind, was=was, message=message or {}, at=at)
            raise_event(LiveSessionChanged(LiveSessionId(row.id), edition.edition_id, at))
    if changed & _HANDS and edition.state != EditionState.DRAFT:
        raise_event(LiveSessionPeopleChanged(LiveSessionId(row.id), edition.edition_id, at))
    return tuple(sorted(changed))


def write_postponement(
    actor: Actor,
    row: LiveSession,
    moved: Mapping[str, Any] | None,
    message: Localized,
    *,
    at: datetime,
) -> None:
    """Put the locked row to the times in `moved`, or on hold (None) until a date is set.

    One act puts off all sessions of an edition and tells of it: nothing is raised here.
    """
    names = ("starts_at", "ends_at", "timezone")
    before = {name: getattr(row, name) for name in names}
    for name, value in (moved or {}).items():
        setattr(row, name, value)
    row.cancelled_at = row.on_hold_at = at if moved is None else None
    row.changed_at = at
    row.sequence += 1
    record_act(
        actor, "live_session.put_off", "live_session", row.id, at=at, edition_id=row.edition_id
    )
    kind = "postponed" if moved is None else "moved"
    _note(actor, row, kind, was=_was(names, before, had_web=False), message=message, at=at)


def write_cancellation(
    actor: Actor,
    row: LiveSession,
    at: datetime,
    message: Localized | None = None,
    *,
    among_others: bool = False,
) -> bool:
    """Cancel the locked row. False when it was cancelled before: then nothing is told again.

    What was on hold is cancelled for good.
    """
    if row.cancelled_at is not None and row.on_hold_at is None:
        return False
    row.cancelled_at = row.changed_at = at
    row.on_hold_at = None
    row.sequence += 1
    record_act(
        actor,
        "live_session.cancelled",
        "live_session",
        row.id,
        at=at,
        edition_id=row.edition_id,
    )
    _note(actor, row, "cancelled", was={}, message=message or {}, at=at)
    raise_event(
        LiveSessionCancelled(
            LiveSessionId(row.id), EditionId(row.edition_id), at, among_others=among_others
        )
    )
    return True


def _was(changed: Collection[str], before: Mapping[str, Any], *, had_web: bool) -> dict[str, Any]:
    """Return what changed as it stood, in the form in which it is kept."""
    was: dict[str, Any] = {}
    if _TIMES & set(changed):
        was["starts_at"] = before["starts_at"].isoformat()
        was["ends_at"] = before["ends_at"].isoformat()
        was["timezone"] = before["timezone"]
    if _PLACE & set(changed):
        was["venue_name"] = before["venue_name"] or {}
        was["room"] = before["room"] or {}
    if "has_web" in changed:
        was["has_web"] = had_web
    if "title" in changed:
        was["title"] = before["title"]
    return was


def _note(
    actor: Actor,
    row: LiveSession,
    kind: str,
    *,
    was: Mapping[str, Any],
    message: Localized,
    at: datetime,
) -> None:
    change = SessionChange(
        live_session_id=row.id,
        kind=kind,
        sequence=row.sequence,
        was=dict(was),
        message=message,
        by_id=actor.person_id,
        at=at,
    )
    db.session.add(change)
    db.session.flush()
    row.notice = {
        "id": change.id,
        "kind": kind,
        "at": at.isoformat(),
        "was": change.was,
        "message": message,
    }
