"""Putting mails into the outbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms.infra.db import db
from lms.infra.jobs.ledger import enqueue
from lms.infra.mail.models import MailState, OutboxMail
from lms.kernel import clock


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a mail goes and how it speaks to them."""

    address: str
    name: str = ""
    language: str = "ja"
    timezone: str = "Asia/Tokyo"
    person_id: str | None = None


def queue_mail(
    to: Recipient,
    template: str,
    params: Mapping[str, Any],
    *,
    dedup_key: str | None = None,
) -> str | None:
    """Write a mail and the job that sends it in the current transaction; return its id.

    `template` names `mail/<language>/<template>.txt`, whose first line is the subject. `params`
    must be JSON; moments go in as ISO 8601 text. Of them `secrets` (a dict) is taken out once
    the mail is sent, `not_after` (a moment) stops a mail that would come too late, `calendar`
    (a list of {"live_session_id", "method"}) adds calendar parts. With `dedup_key` the same
    thing is never told twice (None is returned). A mail for which there is no address is written
    down as failed, so that staff see who was not told.
    """
    if dedup_key is not None and db.session.scalar(
        select(OutboxMail.id).where(OutboxMail.dedup_key == dedup_key)
    ):
        return None
    mail = OutboxMail(
        to_address=to.address,
        to_name=to.name,
        person_id=to.person_id,
        template=template,
        params=dict(params),
        language=to.language,
        timezone=to.timezone,
        dedup_key=dedup_key,
        created_at=clock.now(),
    )
    db.session.add(mail)
    if not to.address:
        mail.state = MailState.FAILED
        mail.last_error = "no_address"
        drop_secrets(mail)
        return None
    db.session.flush()
    mail.job_id = enqueue("send_mail", {"mail_id": mail.id}, key=f"mail:{mail.id}")
    return mail.id


def drop_secrets(mail: OutboxMail) -> None:
    """Take the links that are for one person only out of a mail that needs them no more."""
    if "secrets" in mail.params:
        kept = {key: value for key, value in mail.params.items() if key != "secrets"}
        mail.params = {**kept, "secrets_removed": True}
