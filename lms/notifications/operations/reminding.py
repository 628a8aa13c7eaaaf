"""Reminders of live sessions: written down once for each start, taken back when not wanted."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select

from lms.infra.db import db
from lms.infra.jobs.ledger import enqueue
from lms.infra.mail.models import MailState, OutboxMail
from lms.infra.mail.outbox import drop_secrets
from lms.notifications import queries

_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)
_TOO_NEAR_FOR_A_DAY = timedelta(hours=3)


def tell_starting_sessions(*, at: datetime) -> None:
    """Write the jobs that remind of what starts within a day and within an hour.

    One job a session, kind and start: a session put off is reminded of again.
    """
    for live_session_id, _edition_id, starts_at in queries.sessions_starting(at, _DAY):
        if starts_at <= at + _HOUR:
            template = "reminder_hour"
        elif starts_at > at + _TOO_NEAR_FOR_A_DAY:
            template = "reminder_day"
        else:
            continue
        mark = f"{starts_at:%Y%m%dT%H%M}"
        enqueue(
            "tell_of_session",
            {"template": template, "live_session_id": live_session_id, "mark": mark},
            key=f"tell:{template}:{live_session_id}:{mark}",
        )


def forget_reminders(live_session_ids: Collection[str], person_id: str | None = None) -> int:
    """Stop reminders that wait, of these sessions (for one person, or all); return how many."""
    wanted = set(live_session_ids)
    stopped = 0
    for mail in db.session.scalars(
        select(OutboxMail).where(
            OutboxMail.state == MailState.QUEUED,
            OutboxMail.template.in_(["reminder_day", "reminder_hour"]),
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
