"""Stopping a mail that waits, and sending one again."""

from datetime import datetime

from sqlalchemy import func, select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.jobs.ledger import enqueue
from lms.infra.jobs.models import Job, JobState
from lms.infra.mail.models import MailState, OutboxMail
from lms.infra.mail.outbox import drop_secrets
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.notifications import policy
from lms.notifications.errors import MailDeskError


def _locked(mail_id: str) -> OutboxMail:
    mail: OutboxMail | None = lock_row(OutboxMail, mail_id)
    if mail is None:
        raise NotFoundError
    return mail


def stop_mail(actor: Actor, mail_id: str, *, at: datetime) -> None:
    """Stop a mail that waits.

    Raises MailDeskError: `not_waiting`, or `being_sent` when a worker has it in hand.
    """
    policy.require_manage_mail(actor)
    # The job first, as the worker does, so that the two never wait for each other.
    job_id = db.session.scalar(select(OutboxMail.job_id).where(OutboxMail.id == mail_id))
    job: Job | None = lock_row(Job, job_id) if job_id else None
    mail = _locked(mail_id)
    if mail.state != MailState.QUEUED:
        raise MailDeskError("not_waiting")
    if job is not None and job.state == JobState.RUNNING:
        raise MailDeskError("being_sent")
    if job is not None and job.state == JobState.QUEUED:
        job.state = JobState.STOPPED
        job.finished_at = at
    mail.state = MailState.STOPPED
    drop_secrets(mail)
    record_act(actor, "mail.stopped", "mail", mail.id, at=at, template=mail.template)


def send_mail_again(actor: Actor, mail_id: str, *, at: datetime) -> None:
    """Send once more what was sent, failed or was stopped, to the same address.

    Raises MailDeskError: `waits_already`, `no_address`, or `secret_gone` when it held a link
    for one person that is no longer kept.
    """
    policy.require_manage_mail(actor)
    mail = _locked(mail_id)
    if mail.state == MailState.QUEUED:
        raise MailDeskError("waits_already")
    if mail.params.get("secrets_removed"):
        raise MailDeskError("secret_gone")
    if not mail.to_address:
        raise MailDeskError("no_address")
    tries = db.session.scalar(
        select(func.count())
        .select_from(Job)
        .where(Job.idempotency_key.startswith(f"mail:{mail.id}", autoescape=True))
    )
    # Staff decide that it is still wanted, so the moment after which it is not goes.
    mail.params = {key: value for key, value in mail.params.items() if key != "not_after"}
    mail.state = MailState.QUEUED
    mail.last_error = None
    mail.job_id = enqueue("send_mail", {"mail_id": mail.id}, key=f"mail:{mail.id}:{tries}")
    record_act(actor, "mail.sent_again", "mail", mail.id, at=at, template=mail.template)
