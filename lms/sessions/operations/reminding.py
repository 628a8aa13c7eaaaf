"""Choosing reminders, and writing down which went out."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.sessions import policy
from lms.sessions.models import EditionReminders, LiveSession, ReminderChoice, SessionReminder
from lms.sessions.queries.reminding import Reminders
from lms.sessions.rules.reminding import ReminderKind


def set_edition_reminders(
    actor: Actor, edition_id: str, wanted: Reminders, *, at: datetime
) -> None:
    """Set which reminders an edition sends. Raises NotFoundError for who does not run it."""
    policy.require_organiser_of_edition(actor, edition_id)
    db.session.merge(
        EditionReminders(edition_id=edition_id, week=wanted.week, day=wanted.day, hour=wanted.hour)
    )
    db.session.flush()
    record_act(
        actor,
        "edition.reminders_set",
        "edition",
        edition_id,
        at=at,
        week=wanted.week,
        day=wanted.day,
        hour=wanted.hour,
    )


def choose_reminders(actor: Actor, wanted: Reminders, *, at: datetime) -> None:
    """Set which reminders the actor wants for themselves."""
    if actor.person_id is None:
        raise NotFoundError
    db.session.merge(
        ReminderChoice(
            person_id=actor.person_id, week=wanted.week, day=wanted.day, hour=wanted.hour
        )
    )
    db.session.flush()
    record_act(actor, "person.reminders_chosen", "person", actor.person_id, at=at)


def note_reminders(
    live_session_id: str,
    kind: ReminderKind,
    starts_at: datetime,
    person_ids: Collection[str],
    *,
    at: datetime,
) -> list[str]:
    """Note that these people are reminded now; return those who were not before.

    The session is locked, so that two workers never remind the same person; the table's
    constraint holds it besides. Nobody is reminded of a session that was cancelled or moved in
    the meantime. Done by the product itself: there is no actor.
    """
    row: LiveSession | None = lock_row(LiveSession, live_session_id)
    if row is None or row.cancelled_at is not None or row.starts_at != starts_at:
        return []
    known = {
        one.person_id: one
        for one in db.session.scalars(
            select(SessionReminder).where(
                SessionReminder.live_session_id == live_session_id,
                SessionReminder.kind == kind.value,
                SessionReminder.person_id.in_(person_ids),
            )
        )
    }
    noted = []
    for person_id in person_ids:
        sent = known.get(person_id)
        if sent is not None and sent.starts_at == starts_at:
            continue
        if sent is None:
            sent = SessionReminder(
                live_session_id=live_session_id, person_id=person_id, kind=kind.value
            )
            db.session.add(sent)
        sent.starts_at, sent.sent_at = starts_at, at
        noted.append(person_id)
    db.session.flush()
    return noted
