"""Putting mails into the outbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms.infra.db import db
from lms.infra.jobs.ledger import enqueue
from lms.infra.mail.models import OutboxMail
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

    `template` names `mail/<template>.txt`, whose first line is the subject. `params` must be
    JSON; moments go in as ISO 8601 text. With `dedup_key` the same thing is never told twice
    (None is returned). Nothing goes to an empty address.
    """
    if not to.address:
        return None
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
    db.session.flush()
    mail.job_id = enqueue("send_mail", {"mail_id": mail.id}, key=f"mail:{mail.id}")
    return mail.id
