"""Reminders of live sessions: written once for each start, taken back when not wanted."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms.infra.db import db
from lms.infra.mail.models import MailState, OutboxMail
from lms.infra.mail.outbox import drop_secrets
from lms.notifications.operations.telling import tell_of_reminder
from lms.sessions.operations.reminding import note_reminders
from lms.sessions.queries.reminding import Coming, list_coming, list_unreminded
from lms.sessions.rules.reminding import ReminderKind, is_reminder_due, reminder_window

TEMPLATES = tuple(f"reminder_{kind.value}" for kind in ReminderKind)


def due_reminders(at: datetime) -> list[tuple[Coming, ReminderKind, dict[str, ZoneInfo]]]:
    """Return what is due: session, kind, and the zone of each person to be reminded."""
    due = []
    for coming in list_coming(at):
        for kind in coming.kinds:
            people = {
                one.person_id: one.zone
                for one in list_unreminded(coming.live_session_id, kind, coming.starts_at)
                if is_reminder_due(
                    kind, coming.starts_at, one.zone, one.told_at or coming.told_at, at
                )
            }
            if people:
                due.append((coming, kind, people))
    return due


def remind(
    live_session_id: str,
    kind: ReminderKind,
    starts_at: datetime,
    people: dict[str, ZoneInfo],
    *,
    at: datetime,
) -> int:
    """Write the reminders of these people; return how many. Who was reminded before is not again.

    A mail that could not be sent until its sense was gone is not sent at all.
    """
    noted = note_reminders(live_session_id, kind, starts_at, sorted(people), at=at)
    for zone in sorted({people[key] for key in noted}, key=lambda each: each.key):
        tell_of_reminder(
            kind.value,
            live_session_id,
            [key for key in noted if people[key] == zone],
            not_after=reminder_window(kind, starts_at, zone).closes_at,
        )
    return len(noted)


def forget_reminders(live_session_ids: Collection[str], person_id: str | None = None) -> int:
    """Stop reminders that wait, of these sessions (for one person, or all); return how many."""
    wanted = set(live_session_ids)
    stopped = 0
    for mail in db.session.scalars(
        select(OutboxMail).where(
            OutboxMail.state == MailState.QUEUED, OutboxMail.template.in_(TEMPLATES)
        )
    ):
        # The key is template:session:start:person; the mail itself may go to a coordinator.
        _template, session_id, _start, member_id = (mail.dedup_key or ":::").split(":")
        if session_id in wanted and person_id in {None, member_id}:
            mail.state = MailState.STOPPED
            mail.last_error = "not_wanted"
            drop_secrets(mail)
            stopped += 1
    return stopped
