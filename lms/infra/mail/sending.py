"""The jobs of mail: sending one, and mending the outbox.

A server that takes a mail and dies before we write that down gets it again under the same
Message-ID; nothing can be done against that from this side.
"""

from datetime import datetime, timedelta
from typing import Any, NoReturn

from flask import current_app
from sqlalchemy import select

from lms.config import Settings
from lms.infra.db import db, lock_row, unit_of_work
from lms.infra.jobs.models import Job, JobState
from lms.infra.jobs.running import JobContext, JobRefused
from lms.infra.mail.models import MailState, OutboxMail
from lms.infra.mail.outbox import drop_secrets
from lms.infra.mail.rendering import UnusableAddressError, build_message, message_id_of
from lms.infra.mail.transport import PermanentMailError, TemporaryMailError, deliver
from lms.kernel import clock

SECRETS_KEPT = timedelta(days=3)


def send_mail(context: JobContext, payload: dict[str, Any]) -> None:
    """Render and send the mail of `mail_id` if it still waits and is still in time."""
    mail = db.session.get(OutboxMail, payload["mail_id"])
    if mail is None or mail.state != MailState.QUEUED:
        return
    settings: Settings = current_app.extensions["settings"]
    at = clock.now()
    if _too_late(mail, at):
        with context.finish():
            _change(mail.id, context.attempt, MailState.STOPPED, "too_late")
        return
    try:
        message = build_message(mail, settings)
        db.session.commit()  # no read transaction stays open while a server answers
        deliver(message, mail.id, settings)
    except (PermanentMailError, UnusableAddressError) as error:
        _give_up(mail.id, context, getattr(error, "code", "address_unusable"))
    except TemporaryMailError as error:
        if context.is_last_attempt:
            _give_up(mail.id, context, error.code)
        with unit_of_work():
            _change(mail.id, context.attempt, MailState.QUEUED, error.code)
        raise
    sent_at = clock.now()
    with context.finish():
        sent = _change(mail.id, context.attempt, MailState.SENT, None)
        sent.sent_at = sent_at
        sent.message_id = message_id_of(sent, settings)


def _too_late(mail: OutboxMail, at: datetime) -> bool:
    limit = mail.params.get("not_after")
    return limit is not None and datetime.fromisoformat(limit) <= at


def _give_up(mail_id: str, context: JobContext, code: str) -> NoReturn:
    with unit_of_work():
        _change(mail_id, context.attempt, MailState.FAILED, code)
    raise JobRefused(code)


def _change(mail_id: str, attempt: int, state: MailState, error: str | None) -> OutboxMail:
    mail: OutboxMail = lock_row(OutboxMail, mail_id)
    mail.state = state
    mail.attempts = attempt
    mail.last_error = error
    if state in {MailState.SENT, MailState.STOPPED}:
        drop_secrets(mail)
    return mail


def mend_outbox(context: JobContext, _payload: dict[str, Any]) -> None:
    """Let no mail wait for a job that has given up; drop the secrets of what failed."""
    at = clock.now()
    with context.finish():
        orphans = db.session.scalars(
            select(OutboxMail)
            .join(Job, Job.id == OutboxMail.job_id)
            .where(
                OutboxMail.state == MailState.QUEUED,
                Job.state.in_([JobState.FAILED, JobState.STOPPED]),
            )
            .with_for_update(of=OutboxMail)
        ).all()
        for mail in orphans:
            job = db.session.get_one(Job, mail.job_id)
            mail.state = MailState.FAILED
            mail.attempts = job.attempts
            mail.last_error = job.last_error or job.state
        failed = db.session.scalars(
            select(OutboxMail).where(
                OutboxMail.state == MailState.FAILED,
                OutboxMail.created_at.between(at - 2 * SECRETS_KEPT, at - SECRETS_KEPT),
            )
        ).all()
        for mail in failed:
            drop_secrets(mail)


JOBS = {"send_mail": send_mail, "mend_outbox": mend_outbox}
TICKS = {"mend_outbox": 300}
